"""Functions of square matrices: inverses, systems of equations, determinants; and the pseudo-inverse."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.graph import OUT, Needs, Op
from tinygrad_cnn.ops.linalg import MatMul
from tinygrad_cnn.ops.shape import Transpose

__all__ = ["Cholesky", "Cofactors", "Determinant", "Inverse", "LogAbsDet", "PseudoInverse", "Solve"]


class MatrixFunction(Op):
    """Shared by functions of the last two axes."""

    family = "linear"


class Inverse(MatrixFunction):
    """The inverse of each matrix.

    A⁻¹ · A = I
    """

    keep = (OUT,)

    def forward(self, a: Any) -> Any:
        return np.linalg.inv(a)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        t = transposed(y)
        return (-(t @ g @ t),)


class Solve(MatrixFunction):
    """The X of A X = B, for each pair of matrices."""

    keep = (0, OUT)

    def forward(self, a: Any, b: Any) -> Any:
        return np.linalg.solve(a, b)

    def backward(self, g: Any, a: Any, y: Any, *, needs: Needs) -> tuple[Any, ...]:
        db = Solve()(transposed(a), g)
        return (-MatMul()(db, transposed(y)) if needs[0] else None), db


class Determinant(MatrixFunction):
    """The determinant of each matrix.

    y = det A
    """

    keep = (0,)

    def forward(self, a: Any) -> Any:
        return np.linalg.det(a)

    def backward(self, g: Any, a: Any) -> tuple[Any, ...]:
        return (g[..., None, None] * Cofactors()(a),)


class Cofactors(MatrixFunction):
    """The derivative of each determinant, which singular matrices have too; det(A)·A^-T for others.

    From A = U S V': det(U) · det(V) · U P V', P the diagonal of the products of all other singular
    values. The derivative is that for matrices which are not singular.
    """

    word = "Determinant gradient"
    keep = (0,)

    def forward(self, a: Any) -> Any:
        n = a.shape[-1]
        u, s, vh = np.linalg.svd(a)
        others = np.where(devices.eye(n, bool, like=a), 1.0, s[..., None, :]).prod(axis=-1)
        sign = np.linalg.det(u) * np.linalg.det(vh)
        found = (u * (others * sign[..., None])[..., None, :]) @ vh
        return found.astype(a.dtype, copy=False)

    def backward(self, g: Any, a: Any) -> tuple[Any, ...]:
        inverse, determinant = Inverse()(a), Determinant()(a)
        t = transposed(inverse)
        c = determinant[..., None, None] * t
        return ((g * c).sum(axis=(-2, -1))[..., None, None] * t - c @ transposed(g) @ t,)


class LogAbsDet(MatrixFunction):
    """ln |det A| of each matrix, which overflows later than the determinant."""

    word = "log |det|"
    keep = (0,)

    def forward(self, a: Any) -> Any:
        return np.linalg.slogdet(a)[1]

    def backward(self, g: Any, a: Any) -> tuple[Any, ...]:
        return (g[..., None, None] * transposed(Inverse()(a)),)


class PseudoInverse(MatrixFunction):
    """The pseudo-inverse of Moore and Penrose; its derivative holds where the rank does not change.

    A⁺ = V · S⁺ · U', of A = U · S · V'
    """

    keep = (0, OUT)

    def __init__(self, rcond: float) -> None:
        self.rcond = rcond

    def forward(self, a: Any) -> Any:
        return np.linalg.pinv(a, self.rcond).astype(a.dtype, copy=False)

    def backward(self, g: Any, a: Any, y: Any) -> tuple[Any, ...]:
        # Golub & Pereyra 1973: dY = -Y dA Y + Y Y' dA' (I - A Y) + (I - Y A) dA' Y' Y
        m, n = a.shape[-2:]
        eye = devices.eye(max(m, n), a.dtype, like=a)
        t, gt = transposed(y), transposed(g)
        left, right = eye[:m, :m] - a @ y, eye[:n, :n] - y @ a
        return (left @ gt @ y @ t + t @ y @ gt @ right - t @ g @ t,)


class Cholesky(MatrixFunction):
    """The lower triangular L of S = L L', S the symmetric part of each matrix, positive definite."""

    keep = (OUT,)

    def forward(self, a: Any) -> Any:
        return np.linalg.cholesky(symmetric_part(a))

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        n = y.shape[-1]
        below = np.tril(devices.ones((n, n), y.dtype, like=y), -1)
        half = below + devices.eye(n, y.dtype, like=y) / 2
        middle = (transposed(y) @ g) * half
        inverse = Inverse()(y)
        found = transposed(inverse) @ middle @ inverse
        return ((found + transposed(found)) / 2,)


def symmetric_part(a: Any) -> Any:
    """(A + A') / 2 of each matrix of an array.

    >>> symmetric_part(np.array([[1.0, 4.0], [2.0, 1.0]]))
    array([[1., 3.],
           [3., 1.]])
    """
    return (a + np.swapaxes(a, -2, -1)) * a.dtype.type(0.5)


def transposed(x: Any) -> Any:
    """The last two axes exchanged.

    >>> transposed(np.zeros((2, 3, 4))).shape
    (2, 4, 3)
    """
    axes = tuple(range(x.ndim))
    return Transpose((*axes[:-2], axes[-1], axes[-2]))(x)
