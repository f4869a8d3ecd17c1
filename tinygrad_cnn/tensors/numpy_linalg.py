"""NumPy's functions of matrices that differ from this package's in their arguments: `np.linalg.cond(t)`."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import operand


def cond(x: Any, p: Any = None) -> Any:
    """`np.linalg.cond`: how much a matrix may magnify relative errors, |A|·|A⁻¹|."""
    if p in (None, 2, -2):
        s = F.svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return F.matrix_norm(x, p) * F.matrix_norm(F.inv(x), p)


def matrix_norm(x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """`np.linalg.matrix_norm`."""
    found = F.matrix_norm(x, ord)
    return F.reshape(found, (*found.shape, 1, 1)) if keepdims else found


def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """`np.linalg.tensorsolve`: the x whose `tensordot` with a, over all its axes, is b."""
    a, b = operand("tensorsolve", a), operand("tensorsolve", b)
    if axes is not None:
        kept = [k for k in range(a.ndim) if k not in axes]
        a = F.transpose(a, (*kept, *axes))
    shape = a.shape[b.ndim :]
    if prod(shape) != b.size:
        raise ShapeError(f"np.linalg.tensorsolve: a {a.shape} and b {b.shape} do not make a square matrix")
    return F.reshape(F.solve(F.reshape(a, (b.size, -1)), F.flatten(b, 0)), shape)


def tensorinv(a: Any, ind: int = 2) -> Any:
    """`np.linalg.tensorinv`: the inverse with respect to `tensordot` over `ind` axes."""
    a = operand("tensorinv", a)
    if ind <= 0:
        raise ArgumentError(f"np.linalg.tensorinv: ind must be at least 1, got {ind}")
    return F.reshape(F.inv(F.reshape(a, (prod(a.shape[:ind]), -1))), (*a.shape[ind:], *a.shape[:ind]))


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """`np.linalg.svd` in its reduced form, which is the full one where U and V' are square."""
    if not compute_uv:
        return F.svdvals(a)
    if full_matrices and np.shape(a)[-1] != np.shape(a)[-2]:
        raise ArgumentError("np.linalg.svd: full_matrices=False is what is supported for Tensors")
    return F.svd(a)


#: By NumPy's name.
MATRICES: dict[str, Callable[..., Any]] = {
    "linalg.cond": cond,
    "linalg.diagonal": lambda x, /, *, offset=0: F.diagonal(x, offset, -2, -1),
    "linalg.matmul": F.matmul,
    "linalg.matrix_norm": matrix_norm,
    "linalg.outer": F.outer,
    "linalg.svd": svd,
    "linalg.tensordot": F.tensordot,
    "linalg.tensorinv": tensorinv,
    "linalg.tensorsolve": tensorsolve,
    "linalg.trace": lambda x, /, *, offset=0: F.trace(x, offset, -2, -1),
    "linalg.vecdot": F.vecdot,
}
