"""Inverses, systems of equations, determinants and factorizations of matrices, each of a stack.

Matrices are the last two axes. They need float32 or float64, which LAPACK computes in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cnn import devices, ops
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.functional.arguments import (
    Operand,
    T,
    choice,
    floating,
    integer,
    like,
    number,
    operand,
    values,
)
from tinygrad_cnn.functional.linalg import matmul
from tinygrad_cnn.functional.reduce import max as max_over
from tinygrad_cnn.functional.reduce import min as min_over
from tinygrad_cnn.functional.reduce import sum as sum_over

__all__ = [
    "cholesky", "det", "eigh", "eigvalsh", "inv", "lstsq", "matrix_norm", "matrix_power", "matrix_rank",
    "multi_dot", "pinv", "qr", "slogdet", "solve", "svd", "svdvals",
]  # fmt: skip


def inv(a: Operand[T]) -> T:
    """Inverse of each matrix: A·A⁻¹ = I. With G the gradient of Y = A⁻¹ that of A is -Y'·G·Y'.

    Args:
        a: (..., N, N) float32 or float64.
    Returns:
        Shape and dtype of a.
    Raises:
        ShapeError: not square.   ArgumentError: a singular matrix.   DTypeError: another dtype.
    Source: NumPy's `linalg.inv`; Giles 2008, "Collected matrix derivative results".
    >>> inv(np.array([[2.0, 0.0], [0.0, 4.0]]))
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    return _run("inv", ops.Inverse(), _square("inv", a))


def solve(a: Operand[T], b: Operand[T]) -> T:
    """The X of A·X = B: more exact, and faster, than the product with an inverse.

    Args:
        a: (..., N, N) float32 or float64.   b: (N,), one right-hand side, or (..., N, K), K of them.
    Returns:
        (N,) or (..., N, K), NumPy's result type.
    Raises:
        ShapeError: sizes that do not fit.   ArgumentError: a singular matrix.   DTypeError: another dtype.
    Source: NumPy's `linalg.solve`; Giles 2008, "Collected matrix derivative results".
    >>> solve(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([2.0, 2.0]))
    array([1. , 0.5])
    """
    a, b = _square("solve", a), _matrix("solve", b, "b", axes=1)
    line = b.ndim == 1
    b = b[:, None] if line else b
    if b.shape[-2] != a.shape[-1]:
        raise ShapeError(f"solve: a {a.shape} and b {b.shape} do not fit; {a.shape[-1]} rows of b do")
    x = _run("solve", ops.Solve(), a, b)
    return x[..., 0] if line else x


def det(a: Operand[T]) -> T:
    """Determinant of each matrix; its derivative are the cofactors, which singular matrices have too.

    Args:
        a: (..., N, N) float32 or float64.
    Returns:
        (...), dtype of a.
    Raises:
        ShapeError: not square.   DTypeError: another dtype.
    Source: NumPy's `linalg.det`; Giles 2008, "Collected matrix derivative results".
    >>> det(np.array([[2.0, 1.0], [0.0, 4.0]])).round(4)
    np.float64(8.0)
    """
    return _run("det", ops.Determinant(), _square("det", a))


def slogdet(a: Operand[T]) -> tuple[T, T]:
    """Sign of each determinant, and ln |det A|, which overflows later; the derivative of it is A⁻'.

    Args:
        a: (..., N, N) float32 or float64.
    Returns:
        Signs, without a gradient, and logarithms, (...), dtype of a; a singular matrix gives 0 and -inf.
    Raises:
        ShapeError: not square.   DTypeError: another dtype.
    Source: NumPy's `linalg.slogdet`.
    >>> [float(x) for x in slogdet(np.array([[-1.0, 0.0], [0.0, 1.0]]))]
    [-1.0, 0.0]
    """
    a = _square("slogdet", a)
    return like(a, np.linalg.slogdet(values(a))[0]), _run("slogdet", ops.LogAbsDet(), a)


def cholesky(a: Operand[T]) -> T:
    """The lower triangular L of A = L·L', for symmetric, positive definite matrices.

    Args:
        a: (..., N, N) float32 or float64; its symmetric part is taken.
    Returns:
        Shape and dtype of a.
    Raises:
        ShapeError: not square.   ArgumentError: not positive definite.   DTypeError: another dtype.
    Source: NumPy's `linalg.cholesky`; Murray 2016, arXiv:1602.07527.
    >>> cholesky(np.array([[4.0, 2.0], [2.0, 2.0]]))
    array([[2., 0.],
           [1., 1.]])
    """
    return _run("cholesky", ops.Cholesky(), _square("cholesky", a))


def eigh(a: Operand[T]) -> tuple[T, T]:
    """Eigenvalues and eigenvectors of symmetric matrices: A·V = V·diag(w).

    The derivative of V holds where no two eigenvalues are equal; that of w holds everywhere.

    Args:
        a: (..., N, N) float32 or float64; its symmetric part is taken.
    Returns:
        w (..., N), rising, and V (..., N, N), eigenvectors as columns, whose signs are LAPACK's choice.
    Raises:
        ShapeError: not square.   DTypeError: another dtype.
    Source: NumPy's `linalg.eigh`; Giles 2008, "Collected matrix derivative results".
    >>> eigh(np.array([[2.0, 0.0], [0.0, 1.0]]))[0]
    array([1., 2.])
    """
    y = _run("eigh", ops.SymmetricEigen(), _square("eigh", a))
    return y[..., 0, :], y[..., 1:, :]


def eigvalsh(a: Operand[T]) -> T:
    """Eigenvalues of symmetric matrices, rising.

    Args:
        a: (..., N, N) float32 or float64; its symmetric part is taken.
    Returns:
        (..., N), dtype of a.
    Raises:
        ShapeError: not square.   DTypeError: another dtype.
    Source: NumPy's `linalg.eigvalsh`.
    >>> eigvalsh(np.array([[2.0, 0.0], [0.0, 1.0]]))
    array([1., 2.])
    """
    return eigh(a)[0]


def svd(a: Operand[T]) -> tuple[T, T, T]:
    """Singular values and vectors: A = U·diag(s)·V'; the reduced form, `full_matrices=False` in NumPy.

    Derivatives hold where no two singular values are equal, and none is 0.

    Args:
        a: (..., M, N) float32 or float64.
    Returns:
        U (..., M, K), s (..., K), falling, and V' (..., K, N), with K the smaller of M and N; the signs
        of the vectors are LAPACK's choice.
    Raises:
        ShapeError: fewer than 2 axes.   DTypeError: another dtype.
    Source: NumPy's `linalg.svd`; Townsend 2016, "Differentiating the singular value decomposition".
    >>> [x.shape for x in svd(np.ones((2, 3)))]
    [(2, 2), (2,), (2, 3)]
    """
    a = _matrix("svd", a)
    m = a.shape[-2]
    y = _run("svd", ops.SingularValues(m), a)
    return y[..., :m, :], y[..., m, :], ops.matrices.transposed(y[..., m + 1 :, :])


def svdvals(a: Operand[T]) -> T:
    """Singular values of each matrix, falling.

    Args:
        a: (..., M, N) float32 or float64.
    Returns:
        (..., K), K the smaller of M and N, dtype of a.
    Raises:
        ShapeError: fewer than 2 axes.   DTypeError: another dtype.
    Source: NumPy's `linalg.svdvals`.
    >>> svdvals(np.array([[3.0, 0.0], [0.0, 4.0]]))
    array([4., 3.])
    """
    return svd(a)[1]


def qr(a: Operand[T]) -> tuple[T, T]:
    """Orthogonal columns times an upper triangle: A = Q·R, the reduced form.

    Args:
        a: (..., M, N) float32 or float64; derivatives need the first K columns to be independent.
    Returns:
        Q (..., M, K) and R (..., K, N), K the smaller of M and N; the signs are LAPACK's choice.
    Raises:
        ShapeError: fewer than 2 axes.   DTypeError: another dtype.
    Source: NumPy's `linalg.qr`; Walter & Lehmann 2010, arXiv:1001.1654.
    >>> [x.shape for x in qr(np.ones((3, 2)))]
    [(3, 2), (2, 2)]
    """
    a = _matrix("qr", a)
    m, n = a.shape[-2:]
    y = _run("qr", ops.OrthogonalTriangular(m), a if m >= n else a[..., :m])
    q, r = y[..., :m, :], y[..., m:, :]
    if m < n:  # the other columns of R follow from Q
        r = ops.Concatenate(-1 % a.ndim)(r, matmul(ops.matrices.transposed(q), a[..., m:]))
    return q, r


def pinv(a: Operand[T], rcond: float = 1e-15) -> T:
    """Pseudo-inverse of each matrix, by Moore and Penrose; derivatives hold where the rank is the same
    around.

    Args:
        a: (..., M, N) float32 or float64.
        rcond: singular values of at most this share of the largest count as 0.
    Returns:
        (..., N, M), dtype of a.
    Raises:
        ShapeError: fewer than 2 axes.   DTypeError: another dtype.   ArgumentError: rcond below 0.
    Source: NumPy's `linalg.pinv`; Golub & Pereyra 1973, "The differentiation of pseudo-inverses".
    >>> pinv(np.array([[2.0], [0.0]]))
    array([[0.5, 0. ]])
    """
    return _run("pinv", ops.PseudoInverse(number("pinv", "rcond", rcond, 0)), _matrix("pinv", a))


def lstsq(a: Operand[T], b: Operand[T]) -> T:
    """The X with the least |A·X - B|², and of several the shortest: A⁺·B.

    Args:
        a: (M, N) float32 or float64.   b: (M,) or (M, K).
    Returns:
        (N,) or (N, K): NumPy's first result; the others are left out.
    Raises:
        ShapeError: sizes that do not fit.   DTypeError: another dtype.
    Source: NumPy's `linalg.lstsq`.
    >>> lstsq(np.array([[1.0], [1.0]]), np.array([1.0, 3.0])).round(4)
    array([2.])
    """
    return matmul(pinv(a), _matrix("lstsq", b, "b", axes=1))


def matrix_power(a: Operand[T], n: int) -> T:
    """Product of n copies of each matrix; of copies of its inverse where n is below 0.

    Args:
        a: (..., N, N) float32 or float64.   n: integer.
    Returns:
        Shape and dtype of a.
    Raises:
        ShapeError: not square.   ArgumentError: a singular matrix with n below 0.
        DTypeError: another dtype.
    Source: NumPy's `linalg.matrix_power`.
    >>> matrix_power(np.array([[2.0, 0.0], [0.0, 3.0]]), 2)
    array([[4., 0.],
           [0., 9.]])
    """
    a, times = _square("matrix_power", a), integer("matrix_power", "n", n)
    base = inv(a) if times < 0 else a
    result, times = a * 0 + np.eye(a.shape[-1], dtype=a.dtype), abs(times)
    while times:
        if times % 2:
            result = matmul(result, base)
        times //= 2
        base = matmul(base, base) if times else base
    return result


def matrix_rank(a: Operand[T], tol: float | None = None) -> T:
    """Count the singular values of each matrix that are above a bound; no gradient.

    Args:
        a: (..., M, N) float32 or float64.   tol: the bound; None for NumPy's.
    Returns:
        Integers, (...).
    Raises:
        ShapeError: fewer than 2 axes.   DTypeError: another dtype.
    Source: NumPy's `linalg.matrix_rank`.
    >>> int(matrix_rank(np.ones((3, 3))))
    1
    """
    a = _matrix("matrix_rank", a)
    bound = None if tol is None else number("matrix_rank", "tol", tol, 0)
    return like(a, devices.as_array(np.linalg.matrix_rank(values(a), bound)))


def matrix_norm(a: Operand[T], ord: str | float = "fro") -> T:
    """Norm of each matrix.

        'fro' sqrt(sum a²)   'nuc' sum of singular values   2, -2 largest, smallest singular value
        1, -1 largest, smallest sum of a column's |a|   inf, -inf the same of rows

    Args:
        a: (..., M, N) float32 or float64.   ord: which one.
    Returns:
        (...), dtype of a.
    Raises:
        ShapeError: fewer than 2 axes.   DTypeError: another dtype.   ArgumentError: another ord.
    Source: NumPy's `linalg.matrix_norm`.
    >>> matrix_norm(np.array([[3.0, 0.0], [0.0, 4.0]]), "nuc")
    array(7.)
    """
    a = _matrix("matrix_norm", a)
    known = {"fro": "fro", "nuc": "nuc", 2: "2", -2: "-2", 1: "1", -1: "-1", np.inf: "inf", -np.inf: "-inf"}
    kind = choice("matrix_norm", "ord", known.get(ord, repr(ord)), tuple(known.values()))
    if kind == "fro":
        return ops.Sqrt()(sum_over(a * a, (-2, -1)))
    if kind in ("nuc", "2", "-2"):
        s = svdvals(a)
        return {"nuc": sum_over, "2": max_over, "-2": min_over}[kind](s, -1)
    sums = sum_over(ops.Abs()(a), -2 if kind in ("1", "-1") else -1)
    return (min_over if kind[0] == "-" else max_over)(sums, -1)


def multi_dot(arrays: Sequence[Operand[T]]) -> T:
    """Product of several matrices, in the order that needs the fewest multiplications.

    Args:
        arrays: at least two; the first and the last may be vectors.
    Returns:
        The product, NumPy's result type.
    Raises:
        ShapeError: fewer than two, or sizes that do not fit.
    Source: NumPy's `linalg.multi_dot`; Cormen et al. 2009, "Introduction to Algorithms", 15.2.
    >>> multi_dot([np.ones((2, 3)), np.ones((3, 4)), np.ones(4)])
    array([12., 12.])
    """
    parts = [operand("multi_dot", x) for x in arrays]
    if len(parts) < 2:
        raise ShapeError(f"multi_dot: at least two arrays fit, got {len(parts)}")
    sizes = [1 if parts[0].ndim == 1 else parts[0].shape[0], *(x.shape[-1] for x in parts)]
    best: dict[tuple[int, int], tuple[int, int]] = {(i, i): (0, i) for i in range(len(parts))}
    for length in range(1, len(parts)):
        for i in range(len(parts) - length):
            j = i + length
            best[i, j] = min(
                (best[i, k][0] + best[k + 1, j][0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
                for k in range(i, j)
            )

    def product(i: int, j: int) -> Any:
        return parts[i] if i == j else matmul(product(i, best[i, j][1]), product(best[i, j][1] + 1, j))

    return product(0, len(parts) - 1)


def _matrix(function: str, value: Operand[T], name: str = "a", axes: int = 2) -> T:
    """A float array or Tensor with at least so many axes, in a type of LAPACK."""
    a = floating(function, value, name)
    if a.ndim < axes:
        raise ShapeError(f"{function}: {name} has shape {a.shape}, at least {axes} axes fit")
    if a.dtype not in (np.float32, np.float64):
        raise DTypeError(f"{function}: {name} has dtype {a.dtype}, float32 and float64 fit")
    return a


def _square(function: str, value: Operand[T]) -> T:
    a = _matrix(function, value)
    if a.shape[-1] != a.shape[-2]:
        raise ShapeError(f"{function}: a has shape {a.shape}, square matrices fit")
    return a


def _run(function: str, op: Any, *operands: Any) -> Any:
    """The op's result; what LAPACK cannot do is told with the function's name."""
    try:
        return op(*operands)
    except (ArgumentError, ShapeError) as error:  # a singular matrix, say: the op tells what LAPACK said
        shapes = [x.shape for x in operands]
        raise type(error)(f"{function}: {error.__cause__ or error}, shapes {shapes}") from error
