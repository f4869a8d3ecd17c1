"""Reductions along axes, places of the largest and smallest, running sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.onnx.importers.call import Call, array, axis_of, is_float, scalar
from tinygrad_cnn.onnx.importers.registry import importer

Function = Callable[[Any, tuple[int, ...], bool], Any]


def _reduction(kind: str, of_floats: Function, of_arrays: Function) -> None:
    """Axes are an attribute in older versions, an input in newer ones; none means all."""

    def compute(call: Call, x: Any, axes: Any = None) -> Any:
        found = call.axes(x.ndim, axes)
        if not found:
            found = () if call.get("noop_with_empty_axes") else tuple(range(x.ndim))
        keep = bool(call.get("keepdims", 1))
        if is_float(x):
            return of_floats(x, found, keep)
        return np.asarray(of_arrays(array(x), found, keep)).astype(x.dtype)

    importer(kind)(compute)


def _numpy(function: Callable[..., Any]) -> Function:
    return lambda x, axes, keep: function(x, axis=axes, keepdims=keep)


def _or_if_empty(function: Function, value: Any) -> Function:
    """The reduction, or a constant where it is over no elements."""

    def reduced(x: Any, axes: tuple[int, ...], keep: bool) -> Any:
        if all(x.shape[axis] for axis in axes):
            return function(x, axes, keep)
        shape = [1 if i in axes else n for i, n in enumerate(x.shape) if keep or i not in axes]
        edge = value(x.dtype) if callable(value) else value
        return np.full(shape, edge, x.dtype)

    return reduced


def _lowest(dtype: Any) -> Any:
    return False if dtype.kind == "b" else np.iinfo(dtype).min


def _highest(dtype: Any) -> Any:
    return True if dtype.kind == "b" else np.iinfo(dtype).max


def _log_of_sum(x: Any, axes: tuple[int, ...], keep: bool) -> Any:
    return F.log(F.sum(x, axes, keep))


def _as_floats(function: Function) -> Function:
    """Of integers, computed in floats."""
    return lambda x, axes, keep: function(x.astype(np.float64), axes, keep)


_l1: Function = lambda x, axes, keep: F.sum(F.abs(x), axes, keep)  # noqa: E731
_l2: Function = lambda x, axes, keep: F.norm(x, 2, axes, keep)  # noqa: E731
_squares: Function = lambda x, axes, keep: F.sum(F.square(x), axes, keep)  # noqa: E731

_reduction("ReduceSum", F.sum, _numpy(np.sum))
_reduction("ReduceMean", F.mean, _numpy(np.mean))
_reduction("ReduceProd", F.prod, _numpy(np.prod))
_reduction("ReduceMax", _or_if_empty(F.max, -np.inf), _or_if_empty(_numpy(np.max), _lowest))
_reduction("ReduceMin", _or_if_empty(F.min, np.inf), _or_if_empty(_numpy(np.min), _highest))
_reduction("ReduceL1", _l1, _l1)
_reduction("ReduceL2", _l2, _as_floats(_l2))
_reduction("ReduceSumSquare", _squares, _squares)
_reduction("ReduceLogSum", _log_of_sum, _as_floats(_log_of_sum))
_reduction("ReduceLogSumExp", _or_if_empty(F.logsumexp, -np.inf), _as_floats(F.logsumexp))


def _place(kind: str, function: Callable[..., Any]) -> None:
    def compute(call: Call, x: Any) -> Any:
        values, axis = array(x), axis_of(call.get("axis", 0), x.ndim)
        if call.get("select_last_index"):
            found = values.shape[axis] - 1 - function(np.flip(values, axis), axis)
        else:
            found = function(values, axis)
        return np.expand_dims(found, axis) if call.get("keepdims", 1) else np.asarray(found)

    importer(kind)(compute)


_place("ArgMax", np.argmax)
_place("ArgMin", np.argmin)


def _running(kind: str, of_floats: Callable[..., Any], of_arrays: Callable[..., Any], start: int) -> None:
    """Up to each place, without it if `exclusive`, from the end if `reverse`."""

    def compute(call: Call, x: Any, axis: Any) -> Any:
        along = axis_of(int(scalar(axis)), x.ndim)
        back = (slice(None),) * along + (slice(None, None, -1),)
        y = F.index(x, back) if call.get("reverse") else x
        if call.get("exclusive"):
            first = np.full(
                (*x.shape[:along], min(1, x.shape[along]), *x.shape[along + 1 :]), start, x.dtype
            )
            rest = F.index(y, (slice(None),) * along + (slice(0, -1),))
            y = F.concatenate([first, rest], along)
        y = of_floats(y, along) if is_float(x) else of_arrays(array(y), axis=along, dtype=x.dtype)
        return F.index(y, back) if call.get("reverse") else y

    importer(kind)(compute)


_running("CumSum", F.cumsum, np.cumsum, 0)
_running("CumProd", F.cumprod, np.cumprod, 1)
