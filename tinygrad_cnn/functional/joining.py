"""Arrays joined, taken apart, turned, and given further axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad_cnn.errors import ShapeError
from tinygrad_cnn.functional.arguments import Operand, T, broadcastable, choice, integer, one_axis, operand
from tinygrad_cnn.functional.arrange import flip
from tinygrad_cnn.functional.shape import broadcast_to, concatenate, flatten, reshape, swapaxes

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "column_stack", "dstack", "fliplr",
    "flipud", "hstack", "meshgrid", "rot90", "unstack", "vstack",
]  # fmt: skip


def hstack(arrays: Sequence[Operand[T]]) -> T:
    """Arrays side by side: along axis 1, or the only one.

    Args:
        arrays: a sequence of arrays or Tensors.
    Returns:
        One array or Tensor, NumPy's result type.
    Raises:
        ShapeError: none, or shapes that do not fit.
    Source: NumPy's `hstack`.
    >>> hstack([[1.0], [2.0]])
    array([1., 2.], dtype=float32)
    """
    parts = [atleast_1d(x) for x in _several("hstack", arrays)]
    return concatenate(parts, 0 if parts[0].ndim == 1 else 1)


def vstack(arrays: Sequence[Operand[T]]) -> T:
    """Arrays below each other: along axis 0, lines as rows.

    Args:
        arrays: a sequence of arrays or Tensors.
    Returns:
        One array or Tensor, NumPy's result type.
    Raises:
        ShapeError: none, or shapes that do not fit.
    Source: NumPy's `vstack`.
    >>> vstack([[1.0], [2.0]])
    array([[1.],
           [2.]], dtype=float32)
    """
    parts = [atleast_2d(x) for x in _several("vstack", arrays)]
    return concatenate(parts, 0)


def dstack(arrays: Sequence[Operand[T]]) -> T:
    """Arrays behind each other: along axis 2.

    Args:
        arrays: a sequence of arrays or Tensors.
    Returns:
        One array or Tensor, NumPy's result type.
    Raises:
        ShapeError: none, or shapes that do not fit.
    Source: NumPy's `dstack`.
    >>> dstack([[1.0], [2.0]]).shape
    (1, 1, 2)
    """
    parts = [atleast_3d(x) for x in _several("dstack", arrays)]
    return concatenate(parts, 2)


def column_stack(arrays: Sequence[Operand[T]]) -> T:
    """Lines as the columns of a matrix; matrices side by side.

    Args:
        arrays: a sequence of arrays or Tensors.
    Returns:
        One array or Tensor, NumPy's result type.
    Raises:
        ShapeError: none, or shapes that do not fit.
    Source: NumPy's `column_stack`.
    >>> column_stack([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 3.],
           [2., 4.]], dtype=float32)
    """
    parts = [operand("column_stack", x) for x in _several("column_stack", arrays)]
    return concatenate([reshape(x, (-1, 1)) if x.ndim < 2 else x for x in parts], 1)


def atleast_1d(x: Operand[T]) -> T:
    """x with at least 1 axis; those that are missing have length 1.

    Args:
        x: array or Tensor.
    Returns:
        A view of x.
    Source: NumPy's `atleast_1d`.
    >>> atleast_1d(5.0).shape
    (1,)
    """
    x = operand("atleast_1d", x)
    return reshape(x, (1,)) if x.ndim == 0 else x


def atleast_2d(x: Operand[T]) -> T:
    """x with at least 2 axes; those that are missing have length 1.

    Args:
        x: array or Tensor.
    Returns:
        A view of x.
    Source: NumPy's `atleast_2d`.
    >>> atleast_2d(5.0).shape
    (1, 1)
    """
    x = operand("atleast_2d", x)
    return x if x.ndim >= 2 else reshape(x, (1, -1))


def atleast_3d(x: Operand[T]) -> T:
    """x with at least 3 axes; those that are missing have length 1.

    Args:
        x: array or Tensor.
    Returns:
        A view of x.
    Source: NumPy's `atleast_3d`.
    >>> atleast_3d(5.0).shape
    (1, 1, 1)
    """
    x = operand("atleast_3d", x)
    return x if x.ndim >= 3 else reshape(x, (*x.shape, 1)) if x.ndim == 2 else reshape(x, (1, -1, 1))


def unstack(x: Operand[T], axis: int = 0) -> tuple[T, ...]:
    """The slices along an axis, which is gone: the inverse of `stack`.

    Args:
        x: array or Tensor.   axis: int.
    Returns:
        A tuple of views.
    Raises:
        ShapeError: no such axis.
    Source: NumPy's `unstack`.
    >>> unstack(np.arange(4.0).reshape(2, 2))
    (array([0., 1.]), array([2., 3.]))
    """
    x = operand("unstack", x)
    axis = one_axis("unstack", axis, x.ndim)
    places: list[Any] = [(*(slice(None),) * axis, k) for k in range(x.shape[axis])]
    return tuple(x[place] for place in places)


def broadcast_arrays(*arrays: Operand[T]) -> tuple[T, ...]:
    """All arrays in the shape that they broadcast to.

    Args:
        arrays: arrays or Tensors.
    Returns:
        A tuple of views.
    Raises:
        ShapeError: they do not broadcast.
    Source: NumPy's `broadcast_arrays`.
    >>> [x.shape for x in broadcast_arrays(np.ones((2, 1)), np.ones(3))]
    [(2, 3), (2, 3)]
    """
    shape = broadcastable("broadcast_arrays", *arrays)
    return tuple(broadcast_to(operand("broadcast_arrays", x), shape) for x in arrays)


def meshgrid(*arrays: Operand[T], indexing: str = "xy") -> tuple[T, ...]:
    """Coordinates of all points of a grid, given the coordinates along each axis.

    Args:
        arrays: one per axis.   indexing: 'xy', the first axis along columns, or 'ij', along rows.
    Returns:
        A tuple with an array per axis, of the grid's shape.
    Raises:
        ArgumentError: another indexing.
    Source: NumPy's `meshgrid`.
    >>> meshgrid([1.0, 2.0], [3.0])[0]
    array([[1., 2.]], dtype=float32)
    """
    order = choice("meshgrid", "indexing", indexing, ("xy", "ij"))
    lines = [flatten(operand("meshgrid", x)) for x in arrays]
    grid = [x.size for x in lines]
    made = []
    for k, x in enumerate(lines):
        made.append(broadcast_to(reshape(x, [-1 if j == k else 1 for j in range(len(lines))]), grid))
    return tuple(swapaxes(y, 0, 1) if order == "xy" and len(lines) > 1 else y for y in made)


def fliplr(x: Operand[T]) -> T:
    """The elements along axis 1 in the other direction.

    Args:
        x: array or Tensor.
    Returns:
        Shape and dtype of x.
    Raises:
        ShapeError: x has too few axes.
    Source: NumPy's `fliplr`.
    >>> fliplr([[1.0, 2.0]])
    array([[2., 1.]], dtype=float32)
    """
    x = operand("fliplr", x)
    return flip(x, 1)


def flipud(x: Operand[T]) -> T:
    """The elements along axis 0 in the other direction.

    Args:
        x: array or Tensor.
    Returns:
        Shape and dtype of x.
    Raises:
        ShapeError: x has too few axes.
    Source: NumPy's `flipud`.
    >>> flipud([[1.0, 2.0]])
    array([[1., 2.]], dtype=float32)
    """
    x = operand("flipud", x)
    return flip(x, 0)


def rot90(x: Operand[T], k: int = 1, axes: tuple[int, int] = (0, 1)) -> T:
    """x turned by quarters, from the first axis towards the second.

    Args:
        x: array or Tensor.   k: number of quarter turns.   axes: the plane.
    Returns:
        The two axes exchanged where k is odd; dtype of x.
    Raises:
        ShapeError: no such axes, or twice the same.
    Source: NumPy's `rot90`.
    >>> rot90([[1.0, 2.0]])
    array([[2.],
           [1.]], dtype=float32)
    """
    x, turns = operand("rot90", x), integer("rot90", "k", k) % 4
    first, second = (one_axis("rot90", a, x.ndim) for a in axes)
    if first == second:
        raise ShapeError(f"rot90: two different axes fit, got {axes}")
    if turns == 2:
        return flip(flip(x, first), second)
    if not turns:
        return x
    turned = swapaxes(x, first, second)
    return flip(turned, first) if turns == 1 else flip(turned, second)


def _several(function: str, arrays: Sequence[Operand[T]]) -> list[T]:
    given: list[Any] = list(arrays)
    if not given:
        raise ShapeError(f"{function}: at least one array is needed")
    return [operand(function, x, given) for x in given]
