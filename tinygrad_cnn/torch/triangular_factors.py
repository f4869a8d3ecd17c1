"""Triangular factors of matrices with rows exchanged: P·L·U, as LAPACK lays them out."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.graph import MODE
from tinygrad_cnn.torch.named_results import named_result
from tinygrad_cnn.torch.registry import name
from tinygrad_cnn.torch.tensors import Tensor

_FACTORS: Any = named_result("linalg_lu_factor", "LU", "pivots")
_PARTS: Any = named_result("linalg_lu", "P", "L", "U")
_UNPACKED: Any = named_result("lu_unpack", "P", "L", "U")


def _eliminated(a: Any) -> Any:
    """One matrix with L below its diagonal and U from it on, and by row the row it was exchanged with, from 1."""
    a, steps = a.copy(), min(a.shape)
    pivots = np.arange(1, steps + 1, dtype=np.int32)
    for k in range(steps):
        best = k + int(np.abs(a[k:, k]).argmax())
        pivots[k] = best + 1
        a[[k, best]] = a[[best, k]]
        if a[k, k] != 0:
            a[k + 1 :, k] /= a[k, k]
            a[k + 1 :, k + 1 :] -= np.outer(a[k + 1 :, k], a[k, k + 1 :])
    return a, pivots


def lu_factor(A: Any, *, pivot: bool = True) -> Any:
    """Both factors in one matrix, and the exchanges of rows, counted from 1.

    Raises:
        NotImplementedError: A requires a gradient: these factors have no derivative here.

    >>> lu_factor(Tensor([[1.0, 2.0], [2.0, 2.0]])).pivots
    tensor([2, 2], dtype=torch.int32)
    """
    if not pivot:
        raise RuntimeError(
            "linalg.lu_factor: pivot=True fits, LU without pivoting is not implemented on the CPU"
        )
    if A.requires_grad and MODE.get().recording:
        raise NotImplementedError("torch.linalg.lu_factor: it has no derivative; detach the matrix first")
    array = A._array
    rows, columns = array.shape[-2:]
    done = [_eliminated(matrix) for matrix in array.reshape(-1, rows, columns)]
    factors = np.array([a for a, _ in done], array.dtype).reshape(array.shape)
    pivots = np.array([p for _, p in done], np.int32).reshape(*array.shape[:-2], min(rows, columns))
    return _FACTORS(Tensor.detached(factors), Tensor.detached(pivots))


def _parted(factors: Any, pivots: Any) -> tuple[Any, Any, Any]:
    a, exchanges = factors._array, pivots._array
    rows, columns = a.shape[-2:]
    steps = min(rows, columns)
    lower = np.tril(a[..., :steps], -1) + np.eye(rows, steps, dtype=a.dtype)
    orders = np.tile(np.arange(rows), (*a.shape[:-2], 1)).reshape(-1, rows)
    for order, exchange in zip(orders, exchanges.reshape(-1, steps), strict=True):
        for k, other in enumerate(exchange.tolist()):
            order[[k, other - 1]] = order[[other - 1, k]]
    permutation = np.swapaxes(np.eye(rows, dtype=a.dtype)[orders.reshape(*a.shape[:-2], rows)], -1, -2)
    return tuple(Tensor.detached(part) for part in (permutation, lower, np.triu(a[..., :steps, :])))  # type: ignore[return-value]


def lu(A: Any, *, pivot: bool = True) -> Any:
    """P, L and U with A = P·L·U.

    >>> P, L, U = lu(Tensor([[1.0, 2.0], [2.0, 2.0]])); P @ L @ U
    tensor([[1., 2.],
            [2., 2.]])
    """
    return _PARTS(*_parted(*lu_factor(A, pivot=pivot)))


@name("lu")
def _packed(input: Any, pivot: bool = True, get_infos: bool = False) -> Any:
    """`torch.linalg.lu_factor` under its old name."""
    found = tuple(lu_factor(input, pivot=pivot))
    return (*found, Tensor.detached(np.zeros(input._array.shape[:-2], np.int32))) if get_infos else found


@name(method=False)
def lu_unpack(LU_data: Any, LU_pivots: Any, unpack_data: bool = True, unpack_pivots: bool = True) -> Any:
    """P, L and U out of what `lu_factor` gives."""
    P, L, U = _parted(LU_data, LU_pivots)
    nothing = Tensor.detached(np.zeros(0, LU_data._array.dtype))
    return _UNPACKED(P if unpack_pivots else nothing, *((L, U) if unpack_data else (nothing, nothing)))
