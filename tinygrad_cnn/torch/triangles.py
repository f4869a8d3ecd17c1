"""Equations with triangular matrices and with Cholesky's factors, and products of vectors and tensors."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch import linalg, shaping
from tinygrad_cnn.torch.named_results import named_result
from tinygrad_cnn.torch.registry import name
from tinygrad_cnn.torch.tensors import Tensor


def solve_triangular(A: Any, B: Any, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Any:
    """X with A X = B, where A is triangular; what lies on its other side is not looked at.

    >>> solve_triangular(Tensor([[2.0, 9.0], [0.0, 1.0]]), Tensor([[2.0], [0.0]]), upper=True)
    tensor([[1.],
            [0.]])
    """
    triangle = shaping.triu(A) if upper else shaping.tril(A)
    if unitriangular:
        eye = Tensor.detached(np.eye(A._array.shape[-1], dtype=A._array.dtype))
        triangle = triangle * (1 - eye) + eye
    return linalg.solve(triangle, B, left=left)


@name()
def svd(input: Any, some: bool = True, compute_uv: bool = True) -> Any:
    """A = U diag(S) V^T: the older function, which gives V, and the reduced form unless `some` is False."""
    triple: Any = named_result("svd", "U", "S", "V")
    U, S, Vh = linalg.svd(input, not some)
    if not compute_uv:
        return triple(U * 0, S, Vh * 0)
    return triple(U, S, shaping.transpose(Vh, -2, -1))


@name()
def slogdet(input: Any) -> Any:
    """Sign and logarithm of the determinant: the older function."""
    pair: Any = named_result("slogdet", "sign", "logabsdet")
    return pair(*linalg.slogdet(input))


@name()
def qr(input: Any, some: bool = True) -> Any:
    """A = Q R: the older function, which gives the reduced form unless `some` is False."""
    pair: Any = named_result("qr", "Q", "R")
    return pair(*linalg.qr(input, "reduced" if some else "complete"))


@name()
def cholesky(input: Any, upper: bool = False) -> Any:
    """The triangle L with A = L L^T."""
    return linalg.cholesky(input, upper=upper)


@name("triangular_solve")
def triangular_solve(
    input: Any, A: Any, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    """X with A X = input, and A."""
    matrix = shaping.transpose(A, -2, -1) if transpose else A
    solution = solve_triangular(matrix, input, upper=upper != transpose, unitriangular=unitriangular)
    pair: Any = named_result("triangular_solve", "solution", "cloned_coefficient")
    return pair(solution, A)


@name("cholesky_solve")
def cholesky_solve(input: Any, L: Any, upper: bool = False) -> Any:
    """X with A X = input, from Cholesky's factor of A."""
    low = shaping.transpose(L, -2, -1) if upper else L
    first = solve_triangular(low, input, upper=False)
    return solve_triangular(shaping.transpose(low, -2, -1), first, upper=True)


@name("cholesky_inverse")
def cholesky_inverse(L: Any, upper: bool = False) -> Any:
    """A^-1, from Cholesky's factor of A."""
    return cholesky_solve(Tensor.detached(np.eye(L._array.shape[-1], dtype=L._array.dtype)), L, upper)


def diagonal(A: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """The diagonals of matrices."""
    return shaping.diagonal(A, offset, dim1, dim2)


def vecdot(x: Any, y: Any, *, dim: int = -1) -> Any:
    """Products of vectors along a dimension."""
    return (x * y).sum(dim)


def vander(x: Any, *, N: int | None = None) -> Any:
    """Powers 0, 1, ... of each number, in rows."""
    return F.stack([x**k for k in range(x._array.shape[-1] if N is None else N)], axis=-1)


def tensorinv(A: Any, ind: int = 2) -> Any:
    """The tensor that undoes `tensordot` with A over its last dimensions."""
    shape = A._array.shape
    n = prod(shape[ind:])
    return linalg.inv(F.reshape(A, (-1, n))).reshape(shape[ind:] + shape[:ind])


def tensorsolve(A: Any, B: Any, dims: Any = None) -> Any:
    """X whose `tensordot` with A is B."""
    if dims is not None:
        order = [k for k in range(A._array.ndim) if k not in [d % A._array.ndim for d in dims]]
        A = shaping.permute(A, *order, *dims)
    shape = A._array.shape[B._array.ndim :]
    return linalg.solve(F.reshape(A, (-1, prod(shape))), F.reshape(B, (-1,))).reshape(shape)


def _checked(function: Any, kind: str, field: str) -> Any:
    """The function that gives what was done, and 0 for success, per matrix."""

    def run(*args: Any, check_errors: bool = False, **options: Any) -> Any:
        found = function(*args, **options)
        info = Tensor.detached(np.zeros(args[0]._array.shape[:-2], np.int32))
        return named_result(kind, field, "info")(found, info)

    run.__doc__ = f"`{function.__name__}`, and 0 for each matrix; a matrix that has none is an error."
    return run


inv_ex, solve_ex, cholesky_ex = (
    _checked(linalg.inv, "linalg_inv_ex", "inverse"), _checked(linalg.solve, "linalg_solve_ex", "result"),
    _checked(linalg.cholesky, "linalg_cholesky_ex", "L"),
)  # fmt: skip
#: What `torch.linalg` has of this module.
NAMES: dict[str, Any] = {
    f.__name__: linalg.told(f) for f in (solve_triangular, diagonal, vecdot, vander, tensorinv, tensorsolve)
}
NAMES.update(inv_ex=inv_ex, solve_ex=solve_ex, cholesky_ex=cholesky_ex)
vars(linalg).update(NAMES)
