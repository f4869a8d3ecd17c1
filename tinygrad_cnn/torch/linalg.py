"""`torch.linalg`: products, norms, solutions and decompositions of matrices."""

from __future__ import annotations

from collections import namedtuple
from math import inf
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.graph import MODE
from tinygrad_cnn.torch import autograd, products, reducing
from tinygrad_cnn.torch.refusals import guard
from tinygrad_cnn.torch.tensors import Tensor

matmul, matrix_power = products.matmul, products.matrix_power


def _t(x: Any) -> Any:
    return F.swapaxes(x, -1, -2)


class _Inverse(autograd.Function):
    """X = A^-1; dX = -X dA X."""

    @staticmethod
    def forward(ctx: Any, A: Any) -> Any:
        X = Tensor.detached(np.linalg.inv(A._array))
        ctx.save_for_backward(X)
        return X

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (X,) = ctx.saved_tensors
        return -F.matmul(F.matmul(_t(X), g), _t(X))


def _named(kind: str, fields: tuple[str, ...]) -> Any:
    return namedtuple(kind, fields)


def inv(A: Any) -> Any:
    """The inverse.

    >>> inv(Tensor([[2.0]]))
    tensor([[0.5000]])
    """
    return _Inverse.apply(A)


def solve(A: Any, B: Any, *, left: bool = True) -> Any:
    """X with A X = B.

    >>> solve(Tensor([[2.0]]), Tensor([[4.0]]))
    tensor([[2.]])
    """
    if not left:
        return _t(solve(_t(A), _t(B)))
    vector = B._array.ndim == 1 or B._array.ndim == A._array.ndim - 1
    wide = F.expand_dims(B, -1) if vector else B
    X = _Solution.apply(A, wide)
    return F.squeeze(X, -1) if vector else X


class _Solution(autograd.Function):
    """A X = B; dB = A^-T g, dA = -dB X^T."""

    @staticmethod
    def forward(ctx: Any, A: Any, B: Any) -> Any:
        X = Tensor.detached(np.linalg.solve(A._array, B._array))
        ctx.save_for_backward(A, X)
        return X

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        A, X = ctx.saved_tensors
        h = solve(_t(A), g)
        return -F.matmul(h, _t(X)), h


class _Determinant(autograd.Function):
    """det A; its derivative is det A · A^-T."""

    @staticmethod
    def forward(ctx: Any, A: Any) -> Any:
        y = Tensor.detached(np.asarray(np.linalg.det(A._array)))
        ctx.save_for_backward(A, y)
        return y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        A, y = ctx.saved_tensors
        return (g * y)[..., None, None] * _t(inv(A))


def det(A: Any) -> Any:
    """The determinant.

    >>> det(Tensor([[2.0]]))
    tensor(2.)
    """
    return _Determinant.apply(A)


def logdet(A: Any) -> Any:
    """The logarithm of the determinant; NaN where it is negative."""
    sign, log = slogdet(A)
    return F.where(sign._array > 0, log, np.nan)


def cross(input: Any, other: Any, *, dim: int = -1) -> Any:
    """The cross product of vectors of 3."""
    return products.cross(input, other, dim)


def slogdet(A: Any) -> Any:
    """Sign and logarithm of the determinant."""
    sign, _ = np.linalg.slogdet(A._array)
    pair: Any = _named("slogdet", ("sign", "logabsdet"))
    return pair(Tensor.detached(np.asarray(sign)), _LogDeterminant.apply(A))


class _LogDeterminant(autograd.Function):
    """log |det A|; its derivative is A^-T."""

    @staticmethod
    def forward(ctx: Any, A: Any) -> Any:
        ctx.save_for_backward(A)
        return Tensor.detached(np.asarray(np.linalg.slogdet(A._array)[1]))

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (A,) = ctx.saved_tensors
        return g[..., None, None] * _t(inv(A))


class _Cholesky(autograd.Function):
    """A = L L^T (Murray 2016, arXiv:1602.07527)."""

    @staticmethod
    def forward(ctx: Any, A: Any) -> Any:
        L = Tensor.detached(np.linalg.cholesky(A._array))
        ctx.save_for_backward(L)
        return L

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (L,) = ctx.saved_tensors
        P = F.tril(F.matmul(_t(L), g))
        P = P - 0.5 * P * Tensor.detached(np.eye(P._array.shape[-1], dtype=P._array.dtype))
        K = inv(L)
        S = F.matmul(F.matmul(_t(K), P), K)
        return 0.5 * (S + _t(S))


def cholesky(A: Any, *, upper: bool = False) -> Any:
    """The lower triangle L with A = L L^T.

    >>> cholesky(Tensor([[4.0]]))
    tensor([[2.]])
    """
    L = _Cholesky.apply(A)
    return _t(L) if upper else L


def _constant(name: str, A: Any) -> None:
    if A.requires_grad and MODE.get().recording:
        raise NotImplementedError(
            f"torch.linalg.{name}: it has no derivative here; detach the matrix first"
        )


class _Eigen(autograd.Function):
    """A = Q diag(w) Q^T of a symmetric matrix."""

    @staticmethod
    def forward(ctx: Any, A: Any) -> Any:
        w, Q = (Tensor.detached(x) for x in np.linalg.eigh(A._array))
        ctx.save_for_backward(w, Q)
        return w, Q

    @staticmethod
    def backward(ctx: Any, gw: Any, gQ: Any) -> Any:
        w, Q = ctx.saved_tensors
        gaps = w._array[..., None, :] - w._array[..., :, None]
        shares = np.where(gaps == 0, 0, 1 / np.where(gaps == 0, 1, gaps))
        inner = Tensor.detached(shares) * F.matmul(_t(Q), gQ)
        eye = Tensor.detached(np.eye(w._array.shape[-1], dtype=w._array.dtype))
        return F.matmul(F.matmul(Q, inner + gw[..., None, :] * eye), _t(Q))


def eigh(A: Any, UPLO: str = "L") -> Any:
    """Eigenvalues and eigenvectors of a symmetric matrix."""
    pair: Any = _named("linalg_eigh", ("eigenvalues", "eigenvectors"))
    return pair(*_Eigen.apply(A))


def eigvalsh(A: Any, UPLO: str = "L") -> Any:
    """Eigenvalues of a symmetric matrix."""
    return eigh(A).eigenvalues


def svd(A: Any, full_matrices: bool = True) -> Any:
    """A = U diag(S) Vh; without a derivative."""
    _constant("svd", A)
    triple: Any = _named("linalg_svd", ("U", "S", "Vh"))
    return triple(*(Tensor.detached(x) for x in np.linalg.svd(A._array, full_matrices)))


class _SingularValues(autograd.Function):
    """The singular values; dA = U diag(g) Vh."""

    @staticmethod
    def forward(ctx: Any, A: Any) -> Any:
        U, S, V = np.linalg.svd(A._array, full_matrices=False)
        ctx.save_for_backward(Tensor.detached(U), Tensor.detached(V))
        return Tensor.detached(S)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        U, V = ctx.saved_tensors
        return F.matmul(U * g[..., None, :], V)


def svdvals(A: Any) -> Any:
    """The singular values."""
    return _SingularValues.apply(A)


def qr(A: Any, mode: str = "reduced") -> Any:
    """A = Q R; without a derivative."""
    _constant("qr", A)
    pair: Any = _named("linalg_qr", ("Q", "R"))
    return pair(*(Tensor.detached(x) for x in np.linalg.qr(A._array, mode)))  # type: ignore[call-overload]


def pinv(A: Any, rcond: Any = None, hermitian: bool = False) -> Any:
    """The pseudo-inverse; without a derivative."""
    _constant("pinv", A)
    return Tensor.detached(np.linalg.pinv(A._array) if rcond is None else np.linalg.pinv(A._array, rcond))


def lstsq(A: Any, B: Any, rcond: Any = None, *, driver: Any = None) -> Any:
    """The solution of least squares; without a derivative."""
    _constant("lstsq", A)
    found = np.linalg.lstsq(A._array, B._array, rcond)
    fields: Any = _named("linalg_lstsq", ("solution", "residuals", "rank", "singular_values"))
    return fields(*(Tensor.detached(np.asarray(x)) for x in found))


def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False) -> Any:
    """How many singular values are not 0."""
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


__getattr__ = guard("torch.linalg", globals())
