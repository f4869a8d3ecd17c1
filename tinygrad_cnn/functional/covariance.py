"""Covariances and correlations of variables."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ShapeError
from tinygrad_cnn.functional.arguments import Operand, T, TensorLike, flag, floating, integer, on_host, wide
from tinygrad_cnn.functional.arrange import diagonal
from tinygrad_cnn.functional.linalg import matmul
from tinygrad_cnn.functional.reduce import mean
from tinygrad_cnn.functional.reduce import sum as sum_over
from tinygrad_cnn.functional.shape import concatenate, reshape, transpose

__all__ = ["corrcoef", "cov"]


def _variables(function: str, x: Any, rowvar: bool) -> Any:
    """The variables as rows."""
    x = floating(function, x)
    if x.ndim > 2:
        raise ShapeError(f"{function}: a variable has shape {x.shape}, 1 or 2 axes fit")
    return reshape(x, (1, -1)) if x.ndim < 2 else x if rowvar else transpose(x)


def _weights(fweights: Any, aweights: Any, less: int, rows: Any) -> tuple[Any, Any]:
    """How much each observation counts, and by what sums of products are divided; constants."""
    much, factors = np.ones(rows.shape[1], rows.dtype), np.ones(rows.shape[1], rows.dtype)
    for name, given in (("fweights", fweights), ("aweights", aweights)):
        if given is None:
            continue
        found = on_host(given).astype(rows.dtype)
        if found.shape != much.shape or (found < 0).any():
            raise ShapeError(
                f"cov: {name} needs {much.size} numbers of at least 0, got shape {found.shape}"
            )
        much, factors = much * found, found
    total = much.sum()
    rest = less if aweights is None else less * (much * factors).sum() / total
    return much, np.asarray(total - rest, rows.dtype)


@wide
def cov(
    x: Operand[T], y: TensorLike | None = None, rowvar: bool = True, bias: bool = False,
    ddof: int | None = None, *, fweights: Any = None, aweights: Any = None,
) -> T:  # fmt: skip
    """Covariances of variables: C[i,j] = Σ (x_i - mean)(x_j - mean) / (N - ddof).

    Args:
        x: (K, N) float, a variable a row; (N,) for one.   y: more variables, of the same kind.
        rowvar: False for a variable a column.
        ddof: taken from the number of observations; 1 if None, and 0 with `bias`.
        fweights, aweights: (N,) how often each observation was made, and how much it counts; constants.
    Returns:
        (K, K), or 0-d for one; dtype of x.
    Raises:
        ShapeError: more than 2 axes, or weights that do not fit.   DTypeError: x is not float.
    Source: NumPy's `cov`.
    >>> cov(np.array([[1.0, 3.0], [2.0, 4.0]]))
    array([[2., 2.],
           [2., 2.]])
    """
    flag("cov", "rowvar", rowvar), flag("cov", "bias", bias)
    x = rows = _variables("cov", x, rowvar)
    if y is not None:
        rows = concatenate([x, _variables("cov", y, rowvar)], 0)
    less = integer("cov", "ddof", (0 if bias else 1) if ddof is None else ddof)
    if fweights is None and aweights is None:
        centred = rows - mean(rows, 1, True)
        found = matmul(centred, transpose(centred)) / (rows.shape[1] - less)
    else:
        much, divisor = _weights(fweights, aweights, less, rows)
        centred = rows - sum_over(rows * much, 1, True) / much.sum()
        found = matmul(centred * much, transpose(centred)) / divisor
    return ops.Index((0, 0))(found) if rows.shape[0] == 1 else found


@wide
def corrcoef(x: Operand[T], y: TensorLike | None = None, rowvar: bool = True) -> T:
    """Correlations of variables: C[i,j] / sqrt(C[i,i]·C[j,j]), C the covariances.

    Args:
        x: (K, N) float, a variable a row; (N,) for one.   y: more variables, of the same kind.
        rowvar: False for a variable a column.
    Returns:
        (K, K), or 0-d for one; dtype of x.
    Raises:
        ShapeError: more than 2 axes.   DTypeError: x is not float.
    Source: NumPy's `corrcoef`.
    >>> corrcoef(np.array([[1.0, 3.0], [2.0, 4.0]])).round(4)
    array([[1., 1.],
           [1., 1.]])
    """
    c = cov(x, y, rowvar)
    if not c.ndim:
        return ops.Div()(c, c)
    root = ops.Sqrt()(diagonal(c))
    return c / reshape(root, (-1, 1)) / root
