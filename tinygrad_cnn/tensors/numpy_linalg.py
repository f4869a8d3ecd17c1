"""NumPy's functions of matrices that differ from this package's in their arguments: `np.linalg.cond(t)`."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import on_host, operand


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


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """`np.linalg.norm`: of vectors along one axis, of matrices over two."""
    x = operand("norm", x)
    pair = axis if isinstance(axis, tuple) else (0, 1) if axis is None and x.ndim == 2 else None
    if ord is None or pair is None or len(pair) != 2:
        if ord is not None and axis is None and x.ndim != 1:
            raise ArgumentError(f"np.linalg.norm: ord={ord!r} of shape {x.shape} needs an axis, or two")
        return F.norm(x, 2 if ord is None else ord, axis, keepdims)
    found = F.matrix_norm(F.moveaxis(x, pair, (-2, -1)), ord)
    return F.expand_dims(found, tuple(a % x.ndim for a in pair)) if keepdims else found


def lstsq(a: Any, b: Any, rcond: float | None = None) -> tuple[Any, Any, int, Any]:
    """`np.linalg.lstsq`: the solution, the sums of squares that remain, the rank, and singular values."""
    a, b = operand("lstsq", a), operand("lstsq", b)
    found, s = F.lstsq(a, b), F.svdvals(a)
    least = rcond if rcond is not None else np.finfo(a.dtype).eps * max(a.shape)
    rank = int((on_host(s) > least * on_host(s).max(initial=0)).sum())
    whole = rank == a.shape[1] < a.shape[0]
    rest = F.sum(F.square(b - F.matmul(a, found)), 0) if whole else np.zeros(0, a.dtype)
    return found, F.reshape(rest, (-1,)), rank, s


def qr(a: Any, mode: str = "reduced") -> Any:
    """`np.linalg.qr`, reduced or R alone; unless a matrix is tall, the complete form is the reduced one."""
    if mode not in ("reduced", "r", "complete"):
        raise ArgumentError(f"np.linalg.qr: mode is 'reduced', 'complete' or 'r', got {mode!r}")
    rows, columns = np.shape(a)[-2:]
    if mode == "complete" and rows > columns:
        raise ArgumentError("np.linalg.qr: mode 'reduced' is what is supported for tall Tensors")
    return F.qr(a)[1] if mode == "r" else F.qr(a)


def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """`np.linalg.cholesky`: the lower factor, or the upper one."""
    return F.matrix_transpose(F.cholesky(a)) if upper else F.cholesky(a)


#: By NumPy's name.
MATRICES: dict[str, Callable[..., Any]] = {
    "linalg.cholesky": cholesky,
    "linalg.cond": cond,
    "linalg.diagonal": lambda x, /, *, offset=0: F.diagonal(x, offset, -2, -1),
    "linalg.lstsq": lstsq,
    "linalg.matmul": F.matmul,
    "linalg.matrix_norm": matrix_norm,
    "linalg.norm": norm,
    "linalg.outer": F.outer,
    "linalg.qr": qr,
    "linalg.svd": svd,
    "linalg.tensordot": F.tensordot,
    "linalg.tensorinv": tensorinv,
    "linalg.tensorsolve": tensorsolve,
    "linalg.trace": lambda x, /, *, offset=0: F.trace(x, offset, -2, -1),
    "linalg.vecdot": F.vecdot,
}
