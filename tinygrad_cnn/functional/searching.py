"""Where elements are, and which there are: integer results, which carry no gradient."""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.functional.arguments import Operand, T, choice, flag, like, operand, values
from tinygrad_cnn.graph import Traced

__all__ = ["argwhere", "nonzero", "searchsorted", "unique"]


def nonzero(x: Operand[T]) -> tuple[T, ...]:
    """Where the elements are that are not 0: the places along each axis; no gradient.

    Args:
        x: array or Tensor.
    Returns:
        A tuple with an array of integers per axis.
    Source: NumPy's `nonzero`.
    >>> nonzero([0.0, 5.0])
    (array([1]),)
    """
    x = operand("nonzero", x)
    return tuple(like(x, places) for places in np.nonzero(np.atleast_1d(values(x))))


def argwhere(x: Operand[T]) -> T:
    """Where the elements are that are not 0, a row for each; no gradient.

    Args:
        x: array or Tensor.
    Returns:
        Integers (count, axes of x). PyTorch's `nonzero`.
    Source: NumPy's `argwhere`.
    >>> argwhere([0.0, 5.0])
    array([[1]])
    """
    x = operand("argwhere", x)
    return like(x, np.argwhere(values(x)))


def searchsorted(x: Operand[T], v: Operand[T], side: str = "left") -> T:
    """Where elements would stand in a sorted line; no gradient.

    Args:
        x: (N,) rising.   v: what to put in, of any shape.   side: before ('left') or behind
        ('right') equal ones.
    Returns:
        Integers from 0 to N, of v's shape.
    Raises:
        ArgumentError: another side.
    Source: NumPy's `searchsorted`.
    >>> searchsorted([1.0, 2.0, 3.0], [2.5])
    array([2])
    """
    places = np.searchsorted(values(x), values(v), choice("searchsorted", "side", side, ("left", "right")))  # type: ignore[call-overload]  # side is checked above
    return like(v if isinstance(v, Traced) else x, devices.as_array(places))


@overload
def unique(  # type: ignore[overload-overlap]  # without a flag there is no tuple
    x: Operand[T], return_index: Literal[False] = False, return_inverse: Literal[False] = False,
    return_counts: Literal[False] = False,
) -> T: ...  # fmt: skip
@overload
def unique(
    x: Operand[T], return_index: bool = False, return_inverse: bool = False, return_counts: bool = False
) -> tuple[T, ...]: ...
def unique(
    x: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False
) -> Any:
    """The different elements, rising; no gradient.

    Args:
        x: array or Tensor.   return_index: where each stands first.   return_inverse: which of them each
        element of x is.   return_counts: how often each occurs.
    Returns:
        The elements (K,), or a tuple with what else is asked for.
    Source: NumPy's `unique`.
    >>> unique([2.0, 1.0, 2.0])
    array([1., 2.], dtype=float32)
    """
    wanted = {
        "return_index": return_index,
        "return_inverse": return_inverse,
        "return_counts": return_counts,
    }
    options = {name: flag("unique", name, value) for name, value in wanted.items()}
    x = operand("unique", x)
    found: Any = np.unique(values(x), **options)  # type: ignore[call-overload]  # the flags are a dict
    return tuple(like(x, part) for part in found) if any(options.values()) else like(x, found)
