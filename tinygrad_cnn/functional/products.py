"""Sums of products: Einstein's notation and what is written with it."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_letters
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import Operand, T, integer, kind, one_axis, operand
from tinygrad_cnn.functional.linalg import matmul

__all__ = ["dot", "einsum", "outer", "tensordot"]


def einsum(subscripts: str, *operands: Operand[T]) -> T:
    """Einstein's sum: multiply the operands, sum over the labels that the result lacks.

    'ij,jk->ik' is the matrix product, 'ii->' the trace, 'ii->i' the diagonal, 'bij,bjk->bik' a
    stack of products, '...ij->...ji' a transpose. Without '->' the result has the labels that occur
    once, in alphabetical order (capitals first), after the axes of '...'. An axis of length 1
    broadcasts. Axes of '...' that the result lacks are summed over. Three operands and more are
    multiplied in a good order.

    Args:
        subscripts: one letter per axis, operands separated by commas, '...' for any further axes.
        operands: arrays or Tensors, one per group of labels.
    Returns:
        One axis per label of the result, in NumPy's result type.
    Raises:
        ArgumentError: subscripts that are not a string or cannot be read.   DTypeError: not numbers.
        ShapeError: labels that do not fit the operands' axes, or sizes that differ.
    Source: NumPy's and PyTorch's `einsum`; Einstein 1916, "Die Grundlage der allgemeinen
        Relativitätstheorie", 5.
    >>> einsum("ij,j->i", np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 1.0]))
    array([3., 7.])
    """
    if not isinstance(subscripts, str):
        raise ArgumentError(
            f"einsum: the subscripts come first, as a string such as 'ij,jk->ik'; got a {kind(subscripts)}"
        )
    tensors = [operand("einsum", x) for x in operands]
    sum_of = parse(subscripts, [x.shape for x in tensors])
    groups = []
    for k, (labels, x) in enumerate(zip(sum_of.inputs, tensors, strict=True)):
        made, tensors[k] = _plain(labels, x, sum_of.sizes)
        groups.append(made)
    return ops.Einsum(f"{','.join(groups)}->{sum_of.result}")(*tensors)


def tensordot(a: Operand[T], b: Operand[T], axes: int | Sequence[int] | Sequence[Sequence[int]] = 2) -> T:
    """Sum of products over some axes of a paired with axes of b; the others follow, a's then b's.

    Args:
        a, b: arrays or Tensors.
        axes: n for the last n of a with the first n of b, or (axes of a, axes of b), each an int or
            a sequence.
    Returns:
        a's other axes, then b's, in NumPy's result type.
    Raises:
        ShapeError: no such axis, one named twice, not as many on both sides, or sizes that differ.
        ArgumentError: more axes than there are letters, 52.   DTypeError: not integers.
    Source: NumPy's `tensordot`.
    >>> tensordot(np.ones((2, 3, 4)), np.ones((3, 4, 5))).shape
    (2, 5)
    """
    a, b = operand("tensordot", a), operand("tensordot", b)
    left, right = _pairs(axes, a.ndim, b.ndim)
    if len(left) != len(right) or len({*left}) != len(left) or len({*right}) != len(right):
        raise ShapeError(f"tensordot: axes {axes!r} must pair as many axes of a and b, each once")
    for i, j in zip(left, right, strict=True):
        if a.shape[i] != b.shape[j]:
            raise ShapeError(
                f"tensordot: axis {i} of a has length {a.shape[i]}, axis {j} of b {b.shape[j]} "
                f"(a {a.shape}, b {b.shape})"
            )
    if a.ndim + b.ndim - len(left) > len(ascii_letters):
        raise ArgumentError(f"tensordot: {a.ndim} and {b.ndim} axes are more than the 52 letters name")
    fresh = iter(ascii_letters)
    first = [next(fresh) for _ in range(a.ndim)]
    second = [first[left[right.index(j)]] if j in right else next(fresh) for j in range(b.ndim)]
    rest = [v for i, v in enumerate(first) if i not in left] + [v for v in second if v not in first]
    return ops.Einsum(f"{''.join(first)},{''.join(second)}->{''.join(rest)}")(a, b)


def dot(a: Operand[T], b: Operand[T]) -> T:
    """Sum of products over the last axis of a and the last but one of b (its only one, if it has one).

    For vectors the inner product, for matrices `matmul`, for a 0-d operand `mul`. With more axes
    nothing broadcasts: all of a's other axes stand before all of b's.

    Args:
        a, b: arrays or Tensors.
    Returns:
        a's other axes, then b's, in NumPy's result type.
    Raises:
        ShapeError: the sizes differ.
    Source: NumPy's `dot`.
    >>> dot([1.0, 2.0], [3.0, 4.0])
    array(11., dtype=float32)
    """
    a, b = operand("dot", a), operand("dot", b)
    if a.ndim == 0 or b.ndim == 0:
        return ops.Mul()(a, b)
    inner = -2 if b.ndim > 1 else -1
    if a.shape[-1] != b.shape[inner]:
        raise ShapeError(
            f"dot: inner sizes differ, {a.shape[-1]} and {b.shape[inner]} (a {a.shape}, b {b.shape})"
        )
    return matmul(a, b) if b.ndim <= 2 else tensordot(a, b, (-1, inner))


def outer(a: Operand[T], b: Operand[T]) -> T:
    """Products of each element of a with each of b: y[i, j] = a[i] * b[j].

    Args:
        a, b: arrays or Tensors, flattened.
    Returns:
        (a.size, b.size), in NumPy's result type.
    Raises:
        DTypeError: not numbers.
    Source: NumPy's `outer`.
    >>> outer([1.0, 2.0], [3.0, 4.0])
    array([[3., 4.],
           [6., 8.]], dtype=float32)
    """
    a, b = operand("outer", a), operand("outer", b)
    return ops.Mul()(ops.Reshape((a.size, 1))(a), ops.Reshape((1, b.size))(b))


# --------------------------------------------------------------------------- subscripts
class Sum(NamedTuple):
    """Subscripts read: a label per axis of each operand, the result's labels, a size per label."""

    inputs: list[str]
    result: str
    sizes: dict[str, int]


def parse(subscripts: str, shapes: Sequence[tuple[int, ...]]) -> Sum:
    """Subscripts for operands of these shapes, with '...' written out in letters that were free.

    >>> parse("...ij,jk", [(7, 2, 3), (3, 4)])
    Sum(inputs=['aij', 'jk'], result='aik', sizes={'a': 7, 'i': 2, 'j': 3, 'k': 4})
    """
    groups, result = _groups(subscripts, len(shapes))
    further = [
        len(shape) - len(group.replace("...", "")) if "..." in group else 0
        for group, shape in zip(groups, shapes, strict=True)
    ]
    for k, (group, shape, more) in enumerate(zip(groups, shapes, further, strict=True)):
        named = len(group.replace("...", ""))
        if more < 0 or ("..." not in group and named != len(shape)):
            raise ShapeError(
                f"einsum: operand {k} has {len(shape)} axes, {group!r} names {named} (shape {shape})"
            )
    free = [letter for letter in ascii_letters if letter not in subscripts]
    if max(further, default=0) > len(free):
        raise ArgumentError(f"einsum: {subscripts!r} and the axes of '...' need more than 52 letters")
    spread = "".join(free[: max(further, default=0)])
    inputs = [
        group.replace("...", spread[len(spread) - more :])
        for group, more in zip(groups, further, strict=True)
    ]
    if result is None:
        named_once = sorted(v for v in {*"".join(groups)} - {"."} if "".join(groups).count(v) == 1)
        result = "..." + "".join(named_once)
    return Sum(inputs, result.replace("...", spread), _sizes(inputs, shapes))


def _groups(subscripts: str, count: int) -> tuple[list[str], str | None]:
    """The labels of each operand, and of the result if it is given."""
    given, arrow, result = subscripts.replace(" ", "").partition("->")
    groups = given.split(",")
    for group in (*groups, result):
        letters = group.replace("...", "", 1)
        wrong = [c for c in letters if c not in ascii_letters]
        if wrong:
            raise ArgumentError(
                f"einsum: {wrong[0]!r} in {subscripts!r} cannot be read; letters, ',', one '...' for "
                "each operand and one '->' fit"
            )
    if len(groups) != count:
        raise ArgumentError(f"einsum: {subscripts!r} names {len(groups)} operands, {count} are given")
    for label in result.replace("...", ""):
        if result.count(label) > 1:
            raise ArgumentError(f"einsum: the result of {subscripts!r} has {label!r} twice")
        if label not in given:
            raise ArgumentError(f"einsum: {label!r} in the result of {subscripts!r} is in no operand")
    return groups, result if arrow else None


def _sizes(inputs: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> dict[str, int]:
    """The size of each label; 1 gives way to another."""
    sizes: dict[str, int] = {}
    holders: dict[str, int] = {}
    for k, (labels, shape) in enumerate(zip(inputs, shapes, strict=True)):
        for label, n in zip(labels, shape, strict=True):
            if labels.count(label) > 1 and any(
                m != n for other, m in zip(labels, shape, strict=True) if other == label
            ):
                raise ShapeError(f"einsum: {label!r} names axes of different length in operand {k} {shape}")
            if sizes.get(label, 1) == 1:
                sizes[label], holders[label] = n, k
            elif n not in (1, sizes[label]):
                raise ShapeError(
                    f"einsum: label {label!r} has size {sizes[label]} in operand {holders[label]} "
                    f"{shapes[holders[label]]} and {n} in operand {k} {shape}"
                )
    return sizes


def _plain(labels: str, x: Any, sizes: dict[str, int]) -> tuple[str, Any]:
    """An operand with each label once, and without the axes of length 1 that broadcast."""
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            i = labels.index(label)
            j = labels.index(label, i + 1)
            x = ops.Diagonal(0, i, j)(x)
            labels = labels[:i] + labels[i + 1 : j] + labels[j + 1 :] + label
    stay = [i for i, label in enumerate(labels) if x.shape[i] == sizes[label]]
    if len(stay) < len(labels):
        x = ops.Reshape(tuple(x.shape[i] for i in stay))(x)
    return "".join(labels[i] for i in stay), x


def _pairs(axes: Any, left: int, right: int) -> tuple[list[int], list[int]]:
    """The axes of a and of b that `tensordot` sums over."""
    if not isinstance(axes, (Sequence, np.ndarray)):
        count = integer("tensordot", "axes", axes, 0)
        if count > min(left, right):
            raise ShapeError(f"tensordot: axes {count} is more than a's {left} or b's {right} axes")
        return list(range(left - count, left)), list(range(count))
    if len(axes) != 2:
        raise ShapeError(f"tensordot: axes must be a number or (axes of a, axes of b), got {axes!r}")
    sides = [side if isinstance(side, (Sequence, np.ndarray)) else (side,) for side in axes]
    return (
        [one_axis("tensordot", i, left) for i in sides[0]],
        [one_axis("tensordot", i, right) for i in sides[1]],
    )
