"""What CuPy computes otherwise than NumPy, on NumPy's arrays: the stand-in's calls go through here.

Each difference stands in `refusals.DIFFERENCES`, with its source.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["FUNCTIONS", "METHODS", "QUESTIONS", "UFUNC_METHODS", "VIEWS", "WAITS", "cast", "refuse_values"]

#: Functions that only ask an array for its shape or its type, and answer at once.
QUESTIONS = frozenset(
    ["can_cast", "common_type", "iscomplexobj", "isrealobj", "may_share_memory", "min_scalar_type", "ndim",
     "result_type", "shape", "shares_memory", "size"]
)  # fmt: skip

#: Functions and methods that compute nothing: any device may be current.
VIEWS = frozenset(
    ["broadcast_to", "diagonal", "expand_dims", "moveaxis", "squeeze", "swapaxes", "transpose", "view"]
)

#: Functions and methods that wait for the device, to ask how large the result is or whether all is well.
WAITS = frozenset(
    ["argwhere", "average", "bincount", "compress", "delete", "extract", "flatnonzero", "histogram",
     "histogram2d", "histogramdd", "interp", "intersect1d", "nanmax", "nanmin", "nonzero", "place",
     "real_if_close", "setdiff1d", "setxor1d", "trim_zeros", "union1d", "unique", "unique_all",
     "unique_counts", "unique_inverse", "unique_values", "unravel_index", "where"]
)  # fmt: skip

_EVERY = frozenset(name for name in dir(np) if isinstance(getattr(np, name), np.ufunc))
#: Methods of elementwise functions, and those that have them.
UFUNC_METHODS = {
    "reduce": frozenset(["add", "multiply"]),
    "accumulate": frozenset(["add", "multiply"]),
    "reduceat": frozenset(["add"]),
    "outer": _EVERY - {"matmul"},
    "at": frozenset(["add", "bitwise_and", "bitwise_or", "bitwise_xor", "maximum", "minimum", "subtract"]),
}


def refuse_values(name: str, options: dict[str, Any]) -> None:
    """Refuse what CuPy's function takes by name and then does not know.

    >>> refuse_values("argsort", {"kind": "quicksort"})
    Traceback (most recent call last):
    ValueError: argsort: kind can only be None or 'stable'
    """
    if name in ("argsort", "sort") and options.get("kind") not in (None, "stable"):
        raise ValueError(f"{name}: kind can only be None or 'stable'")
    if name == "astype" and (options.get("casting") is not None or options.get("subok") is not None):
        raise TypeError("astype: casting and subok are not supported yet")
    if name.endswith("_like") and options.get("subok") is not None:
        raise TypeError(f"{name}: subok is not supported yet")
    if name == "einsum" and (unknown := options.keys() - {"dtype", "optimize"}):
        raise TypeError(f"einsum: Did not understand the following kwargs: {sorted(unknown)}")


def cast(x: Any, dtype: Any, order: Any = "K", copy: bool = True) -> Any:
    """x.astype(dtype), where floats beyond the ends of an integer type stop there, and NaN gives 0.

    >>> cast(np.array([-1.0, np.inf, np.nan, 300.7]), np.uint8).tolist()
    [0, 255, 0, 255]
    """
    wanted = np.dtype(dtype)
    if x.dtype.kind == "f" and wanted.kind in "iu":
        ends = np.iinfo(wanted)
        inside = np.trunc(np.nan_to_num(x.astype(float), nan=0.0, posinf=np.inf, neginf=-np.inf))
        low, high = inside <= ends.min, inside >= ends.max
        whole = np.where(low | high, 0, inside).astype(wanted)
        whole[low], whole[high] = ends.min, ends.max
        return np.array(whole, order=order)
    return x.astype(wanted, order=order, copy=copy)


def _take(a: Any, indices: Any, axis: Any = None, out: Any = None) -> Any:
    return np.take(a, indices, axis, out, mode="wrap")


def _take_along_axis(a: Any, indices: Any, axis: Any) -> Any:
    return np.take_along_axis(a, indices % max(a.shape[axis or 0], 1), axis)


def _put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> None:
    np.put_along_axis(arr, indices % max(arr.shape[axis or 0], 1), values, axis)


def _silently(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of matrices that gives NaN where there is no result: CuPy does not ask the device."""

    def computed(a: Any, *others: Any) -> Any:
        try:
            return function(a, *others)
        except np.linalg.LinAlgError as error:
            if "ingular" not in str(error) and "positive definite" not in str(error):
                raise
            return np.full_like(others[0] if others else a, np.nan)

    return computed


#: By name, what is computed in place of NumPy's function.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "take": _take,
    "take_along_axis": _take_along_axis,
    "put_along_axis": _put_along_axis,
    "linalg.inv": _silently(np.linalg.inv),
    "linalg.solve": _silently(np.linalg.solve),
    "linalg.cholesky": _silently(np.linalg.cholesky),
}

#: By name, what is computed in place of NumPy's method.
METHODS: dict[str, Callable[..., Any]] = {"take": _take, "astype": cast}
