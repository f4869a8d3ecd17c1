"""Reductions over axes."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import ops
from tinygrad_cnn.functional.arguments import Axis, axes, operand, torch_names


@torch_names
def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Sum of the elements along axes.

    Args:
        x: array or Tensor.   axis: int, tuple of ints, or None for all.
        keepdims: keep the summed axes, with length 1.
    Returns:
        x's shape without the axes; x's dtype (integers as NumPy widens them).
    Raises:
        ShapeError: no such axis, or an axis named twice.
    Source: NumPy's `sum`.
    >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
    array([4., 6.], dtype=float32)
    """
    x = operand("sum", x)
    return ops.Sum(axes("sum", axis, x.ndim), bool(keepdims))(x)


@torch_names
def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Mean of the elements along axes: their sum over their number.

    Args:
        x: array or Tensor; of no elements it is NaN, with NumPy's warning.
        axis: int, tuple of ints, or None for all.
        keepdims: keep the averaged axes, with length 1.
    Returns:
        x's shape without the axes; x's dtype if float, else float64.
    Raises:
        ShapeError: no such axis, or an axis named twice.
    Source: NumPy's `mean`.
    >>> mean([[1.0, 2.0], [3.0, 4.0]], axis=1)
    array([1.5, 3.5], dtype=float32)
    """
    x = operand("mean", x)
    return ops.Mean(axes("mean", axis, x.ndim), bool(keepdims))(x)


@torch_names
def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Largest element along axes. Elements that tie for it share its gradient evenly.

    Args:
        x: array or Tensor; NaN wins.   axis: int, tuple of ints, or None for all.
        keepdims: keep the reduced axes, with length 1.
    Returns:
        x's shape without the axes, x's dtype.
    Raises:
        ShapeError: no such axis, or there is no element along it.
    Source: NumPy's `max`; the subgradient of least norm (Rockafellar 1970, "Convex Analysis", 23).
    >>> max([[1.0, 2.0], [3.0, 0.0]], axis=1)
    array([2., 3.], dtype=float32)
    """
    x = operand("max", x)
    return ops.Max(axes("max", axis, x.ndim), bool(keepdims))(x)
