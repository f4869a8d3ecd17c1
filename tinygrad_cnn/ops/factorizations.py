"""Factorizations of matrices: eigenvectors, singular vectors, and an orthogonal and a triangular factor.

An op has one result, so each factorization is one array: its parts below each other, as rows.
`functional` takes them apart again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.graph import OUT
from tinygrad_cnn.ops.matrices import Inverse, MatrixFunction, symmetric_part, transposed

__all__ = ["OrthogonalTriangular", "SingularValues", "SymmetricEigen"]


class SymmetricEigen(MatrixFunction):
    """Eigenvalues, rising, in the first row, and below it the eigenvectors as columns.

        S · v_k = λ_k · v_k, S = (A + A') / 2

    Of the symmetric part of each matrix. Derivatives hold for eigenvalues of which no two are equal;
    those of the eigenvalues alone hold for all.
    """

    word = "Eigh"
    keep = (OUT,)

    def forward(self, a: Any) -> Any:
        w, v = np.linalg.eigh(symmetric_part(a))
        return np.concatenate([w[..., None, :], v], axis=-2)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        w, v = y[..., :1, :], y[..., 1:, :]
        gw, gv = g[..., :1, :], g[..., 1:, :]
        middle = transposed(v) @ gv * gaps(w) + gw * devices.eye(w.shape[-1], w.dtype, like=w)
        found = v @ middle @ transposed(v)
        return ((found + transposed(found)) / 2,)


class SingularValues(MatrixFunction):
    """U of A = U S V' in the first M rows, the singular values, falling, in the next, then V.

    U (M, K), V (N, K), K the smaller of M and N. Derivatives hold for singular values of which no two
    are equal and none is 0.
    """

    word = "SVD"
    keep = (OUT,)

    def __init__(self, rows: int) -> None:
        self.rows = rows

    def forward(self, a: Any) -> Any:
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        return np.concatenate([u, s[..., None, :], np.swapaxes(vh, -2, -1)], axis=-2)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        m = self.rows
        u, s, v = y[..., :m, :], y[..., m : m + 1, :], y[..., m + 1 :, :]
        gu, gs, gv = g[..., :m, :], g[..., m : m + 1, :], g[..., m + 1 :, :]
        k, gap, eye = s.shape[-1], gaps(s * s), devices.eye(s.shape[-1], s.dtype, like=s)
        left, right = transposed(u) @ gu, transposed(v) @ gv
        rows = transposed(s)  # s down a column, so that rows * X is S X
        middle = (left - transposed(left)) * gap * s + rows * ((right - transposed(right)) * gap) + gs * eye
        found = u @ middle @ transposed(v)
        if m > k:  # the part of U's gradient outside of U's columns
            found = found + (gu / s - u @ (transposed(u) @ gu / s)) @ transposed(v)
        if v.shape[-2] > k:
            found = found + u @ transposed(gv / s - v @ (transposed(v) @ gv / s))
        return (found,)


class OrthogonalTriangular(MatrixFunction):
    """Q of A = Q R in the first M rows, then R; for matrices (M, N) with M at least N, of full rank."""

    word = "QR"
    keep = (OUT,)

    def __init__(self, rows: int) -> None:
        self.rows = rows

    def forward(self, a: Any) -> Any:
        return np.concatenate(np.linalg.qr(a), axis=-2)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        q, r = y[..., : self.rows, :], y[..., self.rows :, :]
        gq, gr = g[..., : self.rows, :], g[..., self.rows :, :]
        n = r.shape[-1]
        below = np.tril(devices.ones((n, n), r.dtype, like=r), -1)
        half = devices.eye(n, r.dtype, like=r)
        m = r @ transposed(gr * (below.T + half)) - transposed(gq) @ q
        low = m * below
        return ((gq + q @ (low + transposed(low) + m * half)) @ transposed(Inverse()(r)),)


def gaps(w: Any) -> Any:
    """1 / (w_j - w_i) of each pair of a row of numbers, and 0 for a number with itself.

    >>> gaps(np.array([[1.0, 3.0]]))
    array([[ 0. ,  0.5],
           [-0.5,  0. ]])
    """
    eye = devices.eye(w.shape[-1], w.dtype, like=w)
    return (1 - eye) / (w - transposed(w) + eye)
