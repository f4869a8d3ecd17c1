"""The standard's linear algebra, by its names; of real numbers only."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.array_api.arrays import as_type, data, is_float, wrapped
from tinygrad_cnn.array_api.creation_functions import astype
from tinygrad_cnn.functional.arguments import flag
from tinygrad_cnn.tensors import Tensor


class EighResult(NamedTuple):
    """The result of `eigh`."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class QRResult(NamedTuple):
    """The result of `qr`."""

    Q: Tensor
    R: Tensor


class SlogdetResult(NamedTuple):
    """The result of `slogdet`."""

    sign: Tensor
    logabsdet: Tensor


class SVDResult(NamedTuple):
    """The result of `svd`."""

    U: Tensor
    S: Tensor
    Vh: Tensor


def _both(native: Any, plain: Any, x1: Tensor, x2: Tensor, **options: Any) -> Tensor:
    """A product: recorded of floats, computed of integers."""
    if is_float(x1) and is_float(x2):
        result: Tensor = native(x1, x2, **options)
        return result
    return wrapped(plain(data(x1), data(x2), **options))


def matmul(x1: Tensor, x2: Tensor, /) -> Tensor:
    """`matmul` of the array API standard.

    >>> matmul(Tensor([1.0, 2.0]), Tensor([3.0, 4.0]))
    Tensor(11.)
    """
    return _both(F.matmul, np.matmul, x1, x2)


def tensordot(x1: Tensor, x2: Tensor, /, *, axes: Any = 2) -> Tensor:
    """`tensordot` of the array API standard.

    >>> tensordot(Tensor([1.0, 2.0]), Tensor([3.0, 4.0]), axes=1)
    Tensor(11.)
    """
    return _both(F.tensordot, np.tensordot, x1, x2, axes=axes)


def vecdot(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """`vecdot` of the array API standard.

    >>> vecdot(Tensor([1.0, 2.0]), Tensor([3.0, 4.0]))
    Tensor(11.)
    """
    if axis >= 0:
        raise ValueError(f"vecdot: axis {axis} is not negative, as the standard has it")
    return _both(F.vecdot, np.vecdot, x1, x2, axis=axis)


def outer(x1: Tensor, x2: Tensor, /) -> Tensor:
    """`outer` of the array API standard.

    >>> outer(Tensor([1.0]), Tensor([3.0, 4.0]))
    Tensor([[3., 4.]])
    """
    return _both(F.outer, np.outer, x1, x2)


def cross(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """`cross` of the array API standard.

    >>> cross(Tensor([1.0, 0.0, 0.0]), Tensor([0.0, 1.0, 0.0]))
    Tensor([0., 0., 1.])
    """
    if x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ValueError("cross: vectors of 3 elements fit")
    return _both(F.cross, np.cross, x1, x2, axis=axis)


def matrix_transpose(x: Tensor, /) -> Tensor:
    """`matrix_transpose` of the array API standard.

    >>> matrix_transpose(Tensor([[1.0, 2.0]])).shape
    (2, 1)
    """
    return F.matrix_transpose(x) if is_float(x) else wrapped(np.matrix_transpose(data(x)))


def diagonal(x: Tensor, /, *, offset: int = 0) -> Tensor:
    """`diagonal` of the array API standard: of the last two axes.

    >>> diagonal(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([1., 4.])
    """
    return (
        F.diagonal(x, offset, -2, -1)
        if is_float(x)
        else wrapped(np.diagonal(data(x), offset, -2, -1).copy())
    )


def trace(x: Tensor, /, *, offset: int = 0, dtype: Any = None) -> Tensor:
    """`trace` of the array API standard: of the last two axes.

    >>> trace(Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor(5.)
    """
    if is_float(x):
        return F.trace(x if dtype is None else astype(x, dtype), offset, -2, -1)
    return wrapped(np.sum(np.diagonal(data(x), offset, -2, -1), -1, dtype=as_type(dtype)))


def cholesky(x: Tensor, /, *, upper: bool = False) -> Tensor:
    """`cholesky` of the array API standard.

    >>> cholesky(Tensor([[4.0]]))
    Tensor([[2.]])
    """
    flag("cholesky", "upper", upper)
    lower = F.cholesky(x)
    return F.matrix_transpose(lower) if upper else lower


def det(x: Tensor, /) -> Tensor:
    """`det` of the array API standard.

    >>> det(Tensor([[4.0]]))
    Tensor(4.)
    """
    return F.det(x)


def eigh(x: Tensor, /) -> EighResult:
    """`eigh` of the array API standard.

    >>> eigh(Tensor([[4.0]])).eigenvalues
    Tensor([4.])
    """
    return EighResult(*F.eigh(x))


def eigvalsh(x: Tensor, /) -> Tensor:
    """`eigvalsh` of the array API standard.

    >>> eigvalsh(Tensor([[4.0]]))
    Tensor([4.])
    """
    return F.eigvalsh(x)


def inv(x: Tensor, /) -> Tensor:
    """`inv` of the array API standard.

    >>> inv(Tensor([[4.0]]))
    Tensor([[0.25]])
    """
    return F.inv(x)


def matrix_norm(x: Tensor, /, *, keepdims: bool = False, ord: Any = "fro") -> Tensor:
    """`matrix_norm` of the array API standard.

    >>> matrix_norm(Tensor([[3.0, 4.0]]))
    Tensor(5.)
    """
    flag("matrix_norm", "keepdims", keepdims)
    y = F.matrix_norm(x, ord)
    return F.reshape(y, (*y.shape, 1, 1)) if keepdims else y


def matrix_power(x: Tensor, n: int, /) -> Tensor:
    """`matrix_power` of the array API standard.

    >>> matrix_power(Tensor([[2.0]]), 3)
    Tensor([[8.]])
    """
    return F.matrix_power(x, n)


def matrix_rank(x: Tensor, /, *, rtol: Any = None) -> Tensor:
    """`matrix_rank` of the array API standard.

    >>> int(matrix_rank(Tensor([[2.0]])))
    1
    """
    tolerance = None if rtol is None else data(rtol)
    return wrapped(np.linalg.matrix_rank(data(x), rtol=tolerance).astype(np.int64))


def pinv(x: Tensor, /, *, rtol: Any = None) -> Tensor:
    """`pinv` of the array API standard.

    >>> pinv(Tensor([[4.0]]))
    Tensor([[0.25]])
    """
    return F.pinv(x) if rtol is None else wrapped(np.linalg.pinv(data(x), rtol=data(rtol)))


def qr(x: Tensor, /, *, mode: str = "reduced") -> QRResult:
    """`qr` of the array API standard; mode 'complete' carries no gradient.

    >>> abs(qr(Tensor([[4.0]])).R)
    Tensor([[4.]])
    """
    if mode == "reduced":
        return QRResult(*F.qr(x))
    return QRResult(*map(wrapped, np.linalg.qr(data(x), "complete")))


def slogdet(x: Tensor, /) -> SlogdetResult:
    """`slogdet` of the array API standard.

    >>> slogdet(Tensor([[1.0]])).sign
    Tensor(1.)
    """
    return SlogdetResult(*F.slogdet(x))


def solve(x1: Tensor, x2: Tensor, /) -> Tensor:
    """`solve` of the array API standard.

    >>> solve(Tensor([[4.0]]), Tensor([2.0]))
    Tensor([0.5])
    """
    return F.solve(x1, x2)


def svd(x: Tensor, /, *, full_matrices: bool = True) -> SVDResult:
    """`svd` of the array API standard; full matrices carry no gradient.

    >>> svd(Tensor([[4.0]])).S
    Tensor([4.])
    """
    if not flag("svd", "full_matrices", full_matrices):
        return SVDResult(*F.svd(x))
    return SVDResult(*map(wrapped, np.linalg.svd(data(x), True)))


def svdvals(x: Tensor, /) -> Tensor:
    """`svdvals` of the array API standard.

    >>> svdvals(Tensor([[4.0]]))
    Tensor([4.])
    """
    return F.svdvals(x)


def vector_norm(x: Tensor, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Tensor:
    """`vector_norm` of the array API standard.

    >>> vector_norm(Tensor([3.0, 4.0]))
    Tensor(5.)
    """
    return F.norm(x, ord, axis, keepdims)
