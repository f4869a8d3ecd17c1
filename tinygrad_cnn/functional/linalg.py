"""Matrix products, and the affine layer."""

from __future__ import annotations

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ShapeError
from tinygrad_cnn.functional.arguments import Operand, T, floating, operand, shape_of

__all__ = ["linear", "matmul"]


def matmul(a: Operand[T], b: Operand[T]) -> T:
    """Matrix product: y[..., i, j] = sum_k a[..., i, k] * b[..., k, j].

    Args:
        a: (..., I, K) or (K,).   b: (..., K, J) or (K,). The axes before the last two broadcast.
    Returns:
        (..., I, J), without the axis that a vector lacks.
    Raises:
        ShapeError: an operand is 0-d, the inner sizes differ, or the others do not broadcast.
    Source: NumPy's `matmul`.
    >>> matmul([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    array([3., 7.], dtype=float32)
    """
    a, b = operand("matmul", a), operand("matmul", b)
    if a.ndim == 0 or b.ndim == 0:
        raise ShapeError(f"matmul: needs at least 1 axis each, got {a.shape} and {b.shape}; use *")
    if a.shape[-1] != b.shape[-2 if b.ndim > 1 else 0]:
        raise ShapeError(
            f"matmul: inner sizes differ, {a.shape} @ {b.shape}: "
            f"{a.shape[-1]} against {b.shape[-2 if b.ndim > 1 else 0]}"
        )
    if a.ndim > 1 and b.ndim > 1:
        return ops.MatMul()(a, b)
    left = ops.Reshape((1, *a.shape))(a) if a.ndim == 1 else a
    right = ops.Reshape((*b.shape, 1))(b) if b.ndim == 1 else b
    y = ops.MatMul()(left, right)
    rows = y.shape[-2:-1] if a.ndim > 1 else ()
    cols = y.shape[-1:] if b.ndim > 1 else ()
    return ops.Reshape((*y.shape[:-2], *rows, *cols))(y)


def linear(x: Operand[T], w: Operand[T], b: Operand[T] | None = None) -> T:
    """Affine map of the last axis: y[..., o] = sum_i x[..., i] * w[o, i] + b[o].

    Args:
        x: (..., I) float.   w: (O, I) float.   b: (O,) float or None.
    Returns:
        (..., O), in NumPy's result type: a float64 x makes all of it float64.
    Raises:
        ShapeError: w is not (O, I) for x's I, or b is not (O,).   DTypeError: one is not float.
    Source: Rosenblatt 1958, "The perceptron".
    >>> linear([[1.0, 2.0]], [[1.0, 1.0], [0.0, 3.0]], [0.0, 10.0])
    array([[ 3., 16.]], dtype=float32)
    """
    x, w = floating("linear", x), floating("linear", w, "w")
    given, taken = shape_of(x), shape_of(w)
    if len(taken) != 2 or not given or given[-1] != taken[1]:
        raise ShapeError(
            f"linear: x has {given[-1] if given else 'no'} features, w expects "
            f"{taken[1] if len(taken) == 2 else '(O, I)'} (x {given}, w {taken})"
        )
    if b is None:
        return ops.Linear()(x, w)
    b = floating("linear", b, "b")
    if shape_of(b) != taken[:1]:
        raise ShapeError(f"linear: b has shape {b.shape}, w {taken} expects {taken[:1]}")
    return ops.Linear()(x, w, b)
