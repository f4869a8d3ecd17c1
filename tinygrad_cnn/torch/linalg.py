"""`torch.linalg`: products, norms, solutions and decompositions of matrices."""

from __future__ import annotations

from functools import wraps
from math import inf
from types import FunctionType
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.graph import MODE
from tinygrad_cnn.torch import products, reducing
from tinygrad_cnn.torch.named_results import named_result
from tinygrad_cnn.torch.refusals import guard
from tinygrad_cnn.torch.registry import with_numpy_names
from tinygrad_cnn.torch.tensors import Tensor
from tinygrad_cnn.torch.triangular_factors import lu as lu
from tinygrad_cnn.torch.triangular_factors import lu_factor as lu_factor

matmul, matrix_power = products.matmul, products.matrix_power


class LinAlgError(RuntimeError):
    """A matrix has no inverse or no such factors."""


def told(function: Any) -> Any:
    """The function with PyTorch's error for matrices that have no result, and NumPy's names of arguments."""

    @wraps(function)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except (ArgumentError, np.linalg.LinAlgError) as error:
            raise LinAlgError(f"torch.linalg.{error}") from error

    return with_numpy_names(run, function)


def _t(x: Any) -> Any:
    return F.swapaxes(x, -1, -2)


def inv(A: Any) -> Any:
    """The inverse.

    >>> inv(Tensor([[2.0]]))
    tensor([[0.5000]])
    """
    return F.inv(A)


def solve(A: Any, B: Any, *, left: bool = True) -> Any:
    """X with A X = B.

    >>> solve(Tensor([[2.0]]), Tensor([[4.0]]))
    tensor([[2.]])
    """
    if not left:
        return _t(solve(_t(A), _t(B)))
    vector = B._array.ndim == 1 or B._array.ndim == A._array.ndim - 1
    X = F.solve(A, F.expand_dims(B, -1) if vector else B)
    return F.squeeze(X, -1) if vector else X


def det(A: Any) -> Any:
    """The determinant.

    >>> det(Tensor([[2.0]]))
    tensor(2.)
    """
    return F.det(A)


def logdet(A: Any) -> Any:
    """The logarithm of the determinant; NaN where it is negative."""
    sign, log = slogdet(A)
    return F.where(sign._array > 0, log, np.nan)


def cross(input: Any, other: Any, *, dim: int = -1) -> Any:
    """The cross product of vectors of 3."""
    return products.cross(input, other, dim)


def slogdet(A: Any) -> Any:
    """Sign and logarithm of the determinant."""
    pair: Any = named_result("linalg_slogdet", "sign", "logabsdet")
    return pair(*F.slogdet(A))


def cholesky(A: Any, *, upper: bool = False) -> Any:
    """The lower triangle L with A = L L^T.

    >>> cholesky(Tensor([[4.0]]))
    tensor([[2.]])
    """
    L = F.cholesky(A)
    return _t(L) if upper else L


def eigh(A: Any, UPLO: str = "L") -> Any:
    """Eigenvalues and eigenvectors of a symmetric matrix."""
    pair: Any = named_result("linalg_eigh", "eigenvalues", "eigenvectors")
    return pair(*F.eigh(A if UPLO == "L" else _t(A)))


def eigvalsh(A: Any, UPLO: str = "L") -> Any:
    """Eigenvalues of a symmetric matrix."""
    return eigh(A, UPLO).eigenvalues


def svd(A: Any, full_matrices: bool = True, *, driver: Any = None) -> Any:
    """A = U diag(S) Vh; the whole bases of a matrix that is not square have no derivative."""
    triple: Any = named_result("linalg_svd", "U", "S", "Vh")
    if not full_matrices or A._array.shape[-1] == A._array.shape[-2]:
        return triple(*F.svd(A))
    _constant("svd with full_matrices=True", A)
    return triple(*(Tensor.detached(x) for x in np.linalg.svd(A._array, True)))


def _constant(name: str, A: Any) -> None:
    if A.requires_grad and MODE.get().recording:
        raise NotImplementedError(f"torch.linalg.{name}: it has no derivative; detach the matrix first")


def svdvals(A: Any) -> Any:
    """The singular values."""
    return F.svdvals(A)


def qr(A: Any, mode: str = "reduced") -> Any:
    """A = Q R; only the reduced form has a derivative."""
    pair: Any = named_result("linalg_qr", "Q", "R")
    if mode == "reduced":
        return pair(*F.qr(A))
    _constant(f"qr with mode={mode!r}", A)
    if mode == "r":
        return pair(
            Tensor.detached(np.zeros(0, A._array.dtype)), Tensor.detached(np.linalg.qr(A._array, "r"))
        )
    return pair(*(Tensor.detached(x) for x in np.linalg.qr(A._array, "complete")))


def pinv(A: Any, rcond: Any = None, hermitian: bool = False) -> Any:
    """The pseudo-inverse."""
    return F.pinv(A) if rcond is None else F.pinv(A, rcond)


def lstsq(A: Any, B: Any, rcond: Any = None, *, driver: Any = None) -> Any:
    """The solution of least squares, with its derivative; the rest of what is found has none."""
    found = np.linalg.lstsq(A._array, B._array, rcond)
    fields: Any = named_result("linalg_lstsq", "solution", "residuals", "rank", "singular_values")
    solution = F.lstsq(A, B) if A.requires_grad or B.requires_grad else Tensor.detached(found[0])
    return fields(solution, *(Tensor.detached(np.asarray(x)) for x in found[1:]))


def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False) -> Any:
    """Count the singular values that are not 0."""
    return Tensor.detached(np.asarray(np.linalg.matrix_rank(A._array, tol), np.int64))


def cond(A: Any, p: Any = None) -> Any:
    """The condition number."""
    return Tensor.detached(np.asarray(np.linalg.cond(A._array, p)))


def vector_norm(
    x: Any, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """The norm of all elements, or along dimensions.

    >>> vector_norm(Tensor([3.0, 4.0]))
    tensor(5.)
    """
    return reducing.norm(x, ord, dim, keepdim, dtype)


def matrix_norm(
    A: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """The norm of matrices."""
    if ord == "fro":
        return reducing.norm(A, 2, dim, keepdim, dtype)
    if ord in ("nuc", 2, -2):
        values = svdvals(A)
        out = F.sum(values, -1) if ord == "nuc" else F.max(values, -1) if ord == 2 else F.min(values, -1)
        return F.reshape(out, (*out._array.shape, 1, 1)) if keepdim else out
    rows, columns = dim
    along = (columns, rows) if abs(ord) == inf else (rows, columns)
    total = F.sum(F.abs(A), along[0], True)
    out = (F.max if ord > 0 else F.min)(total, along[1], True)
    return out if keepdim else F.squeeze(out, tuple(dim))


def norm(x: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The norm of a vector or of matrices.

    >>> norm(Tensor([3.0, 4.0]))
    tensor(5.)
    """
    if isinstance(ord, str) or (isinstance(dim, (tuple, list)) and len(dim) == 2 and ord is not None):
        return matrix_norm(x, ord, dim or (-2, -1), keepdim, dtype=dtype)
    if ord is not None and dim is None and x._array.ndim == 2:
        return matrix_norm(x, ord, keepdim=keepdim, dtype=dtype)
    return vector_norm(x, 2 if ord is None else ord, dim, keepdim, dtype=dtype)


def multi_dot(tensors: Any) -> Any:
    """Product of several matrices."""
    return products.chain_matmul(*tensors)


def matrix_exp(A: Any) -> Any:
    """e^A, by its series on a scaled matrix."""
    halvings = max(0, int(np.ceil(np.log2(max(float(np.abs(A._array).sum(-1).max()), 1e-9)))) + 4)
    X = A / 2**halvings
    eye = Tensor.detached(
        np.broadcast_to(np.eye(A._array.shape[-1], dtype=A._array.dtype), A._array.shape).copy()
    )
    out = term = eye
    for k in range(1, 12):
        term = F.matmul(term, X) / k
        out = out + term
    for _ in range(halvings):
        out = F.matmul(out, out)
    return out


for _name, _made in [item for item in globals().items() if isinstance(item[1], FunctionType)]:
    if _made.__module__ == __name__ and _name[0] != "_" and _made is not told:
        globals()[_name] = told(_made)

__getattr__ = guard("torch.linalg", globals())
