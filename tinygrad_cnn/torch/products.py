"""Products of vectors, matrices and tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch.mixing import mixed
from tinygrad_cnn.torch.registry import name
from tinygrad_cnn.torch.tensors import Tensor


@name()
def matmul(input: Any, other: Any) -> Any:
    """Product of matrices, or of stacks of them; vectors count as matrices."""
    if input._array.dtype != other._array.dtype:
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {input.dtype} != {other.dtype}"
        )
    if input._array.dtype.kind != "f":
        return Tensor.detached(np.matmul(input._array, other._array))
    return F.matmul(input, other)


def _of_dimensions(
    called: str, first: int, second: int, doc: str, also: dict[str, str] | None = None
) -> None:
    def function(input: Any, mat2: Any) -> Any:
        if input._array.ndim != first or mat2._array.ndim != second:
            raise RuntimeError(
                f"{called}: tensors of {first} and {second} dimensions fit, got {input.shape} and {mat2.shape}"
            )
        return matmul(input, mat2)

    function.__name__, function.__doc__ = called, doc
    name(called, also=also)(function)


_of_dimensions("mm", 2, 2, "Product of two matrices.")
_of_dimensions("bmm", 3, 3, "Products of matrices, batch by batch.")
_of_dimensions("mv", 2, 1, "Product of a matrix and a vector.", {"vec": "mat2"})


@name("dot", "vdot", also={"tensor": "other"})
def dot(input: Any, other: Any) -> Any:
    """Sum of the products of two vectors."""
    if input._array.ndim != 1 or other._array.ndim != 1:
        raise RuntimeError(f"dot: 1D tensors expected, but got {input.shape} and {other.shape}")
    return inner(input, other)


@name()
def inner(input: Any, other: Any) -> Any:
    """Inner product over the last dimensions."""
    if input._array.ndim == 0 or other._array.ndim == 0:
        return input * other
    if input._array.ndim == 1 and other._array.ndim == 1:
        return F.dot(input, other)
    return F.matmul(input, F.moveaxis(other, -1, 0)) if other._array.ndim > 1 else F.matmul(input, other)


@name("outer", "ger")
def outer(input: Any, vec2: Any) -> Any:
    """Products of all pairs."""
    a, b = mixed(input, vec2)
    return F.outer(a, b)


@name(method=False)
def einsum(equation: str, *operands: Any) -> Any:
    """Sums of products by Einstein's convention."""
    given = operands[0] if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else operands
    return F.einsum(equation.replace(" ", ""), *given)


@name(method=False)
def tensordot(a: Any, b: Any, dims: Any = 2) -> Any:
    """Products summed over pairs of dimensions."""
    return F.tensordot(a, b, dims if isinstance(dims, int) else tuple(tuple(d) for d in dims))


def _plus(input: Any, product: Any, beta: Any, alpha: Any) -> Any:
    scaled = product if alpha == 1 else product * alpha
    if beta == 0:
        return scaled
    return (input if beta == 1 else input * beta) + scaled


@name("addmm", "addmv", in_place=True, also={"mat": "mat1", "vec": "mat2"})
def addmm(input: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """beta·input + alpha·(mat1 @ mat2)."""
    return _plus(input, F.matmul(mat1, mat2), beta, alpha)


@name("baddbmm", in_place=True)
def baddbmm(input: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """beta·input + alpha·(batch1 @ batch2)."""
    return _plus(input, F.matmul(batch1, batch2), beta, alpha)


@name("addbmm", in_place=True)
def addbmm(input: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """beta·input + alpha·(the sum of batch1 @ batch2)."""
    return _plus(input, F.sum(F.matmul(batch1, batch2), 0), beta, alpha)


@name("addr", in_place=True)
def addr(input: Any, vec1: Any, vec2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """beta·input + alpha·(vec1 ⊗ vec2)."""
    return _plus(input, F.outer(vec1, vec2), beta, alpha)


@name(method=False)
def chain_matmul(*matrices: Any) -> Any:
    """Product of several matrices."""
    out = matrices[0]
    for m in matrices[1:]:
        out = F.matmul(out, m)
    return out


@name("kron")
def kron(input: Any, other: Any) -> Any:
    """Kronecker's product."""
    n = max(input._array.ndim, other._array.ndim)
    a, b = (F.reshape(x, (1,) * (n - x._array.ndim) + x._array.shape) for x in mixed(input, other))
    p, q = a._array.shape, b._array.shape
    wide = F.reshape(a, tuple(s for k in p for s in (k, 1))) * F.reshape(
        b, tuple(s for k in q for s in (1, k))
    )
    return F.reshape(wide, tuple(i * j for i, j in zip(p, q, strict=True)))


@name("cross")
def cross(input: Any, other: Any, dim: int | None = None) -> Any:
    """The cross product of vectors of 3."""
    axis = list(input._array.shape).index(3) if dim is None else dim
    if input._array.shape[axis] != 3 or other._array.shape[axis] != 3:
        raise RuntimeError(
            f"cross: both must have length 3 in dimension {axis}, got {input.shape} and {other.shape}"
        )
    a, b = F.moveaxis(input, axis, 0), F.moveaxis(other, axis, 0)
    return F.stack(
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]], axis=axis
    )


@name("trace")
def trace(input: Any) -> Any:
    """Sum of the diagonal."""
    return F.trace(input)


@name("matrix_power")
def matrix_power(input: Any, n: int) -> Any:
    """A matrix multiplied by itself."""
    out = Tensor.detached(
        np.broadcast_to(np.eye(input._array.shape[-1], dtype=input._array.dtype), input._array.shape).copy()
    )
    for _ in range(n):
        out = F.matmul(out, input)
    return out


@name("cdist", method=False)
def cdist(x1: Any, x2: Any, p: float = 2.0, compute_mode: str = "") -> Any:
    """Distances of all pairs of rows."""
    gap = F.expand_dims(x1, -2) - F.expand_dims(x2, -3)
    if p == 1:
        return F.sum(F.abs(gap), -1)
    return F.norm(gap, float(p), -1)
