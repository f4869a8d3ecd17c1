"""Activations: a function of each element, and softmax and its kin along an axis."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, prod
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.onnx.importers.call import Call, array, axis_of, is_float, scalar
from tinygrad_cnn.onnx.importers.registry import importer


def _alone(kind: str, function: Callable[[Any], Any]) -> None:
    """An operator that is a function of one operand, without attributes."""
    importer(kind)(lambda call, x: function(x))


_alone("Sigmoid", F.sigmoid)
_alone("Tanh", F.tanh)
_alone("Softsign", F.softsign)
_alone("Mish", F.mish)
_alone("HardSwish", F.hardswish)
_alone("Softplus", lambda x: F.softplus(x, 1.0, inf))


@importer("Relu")
def _relu(call: Call, x: Any) -> Any:
    return F.relu(x) if is_float(x) else np.maximum(array(x), 0)


@importer("LeakyRelu")
def _leaky_relu(call: Call, x: Any) -> Any:
    return F.leaky_relu(x, call.get("alpha", 0.01))


@importer("PRelu", weights=(1,))
def _prelu(call: Call, x: Any, slope: Any) -> Any:
    """A slope per channel, or whatever broadcasts to x."""
    channels = x.shape[1] if x.ndim > 1 else 1
    if not is_float(x):
        return np.where(array(x) < 0, array(x) * array(slope), array(x))
    if slope.size == 1 or (
        slope.size == channels and slope.ndim == x.ndim - 1 and slope.shape[0] == channels
    ):
        return F.prelu(x, F.reshape(slope, (slope.size,)))
    if call.version < 7 and slope.ndim == 1 and slope.size == channels:
        return F.prelu(x, slope)
    return F.where(array(x) < 0, x * slope, x)


@importer("Elu")
def _elu(call: Call, x: Any) -> Any:
    return F.elu(x, call.get("alpha", 1.0))


@importer("Selu")
def _selu(call: Call, x: Any) -> Any:
    return F.elu(x, call.get("alpha", 1.67326319217681884765625)) * call.get(
        "gamma", 1.05070102214813232421875
    )


@importer("Celu")
def _celu(call: Call, x: Any) -> Any:
    return F.celu(x, call.get("alpha", 1.0))


@importer("Gelu")
def _gelu(call: Call, x: Any) -> Any:
    return F.gelu(x, call.get("approximate", "none"))


@importer("Swish")
def _swish(call: Call, x: Any) -> Any:
    alpha = call.get("alpha", 1.0)
    return F.silu(x) if alpha == 1 else x * F.sigmoid(x * alpha)


@importer("HardSigmoid")
def _hard_sigmoid(call: Call, x: Any) -> Any:
    alpha, beta = call.get("alpha", 0.2), call.get("beta", 0.5)
    if np.float32(alpha) == np.float32(1 / 6) and beta == 0.5:
        return F.hardsigmoid(x)
    return F.clip(x * alpha + beta, 0, 1)


@importer("ThresholdedRelu")
def _thresholded_relu(call: Call, x: Any) -> Any:
    return x * (array(x) > call.get("alpha", 1.0)).astype(x.dtype)


@importer("Shrink")
def _shrink(call: Call, x: Any) -> Any:
    bias, bound, values = call.get("bias", 0.0), call.get("lambd", 0.5), array(x)
    above, below = (values > bound).astype(x.dtype), (values < -bound).astype(x.dtype)
    bias = np.asarray(bias).astype(x.dtype)
    return x * (above + below) + bias * below - bias * above


@importer("Clip", options=(1, 2))
def _clip(call: Call, x: Any, low: Any = None, high: Any = None) -> Any:
    """Bounds are attributes before version 11. Where they cross, the upper one wins."""
    least = call.get("min") if low is None else scalar(low)
    most = call.get("max") if high is None else scalar(high)
    if least is None and most is None:
        return x
    if least is not None and most is not None and least > most:
        least = most
    if not is_float(x):
        return np.clip(array(x), least, most)
    if least == 0 and most == 6:
        return F.relu6(x)
    return F.clip(x, least, most)


# --------------------------------------------------------------------------- along an axis
def _along(call: Call, x: Any, function: Callable[[Any, int], Any]) -> Any:
    """Since version 13 along one axis; before along all axes from the named one on, as one."""
    if call.version >= 13:
        return function(x, axis_of(call.get("axis", -1), x.ndim))
    axis = call.get("axis", 1)
    first = x.ndim if axis == x.ndim else axis_of(axis, x.ndim)
    if first == x.ndim - 1:
        return function(x, first)
    rows = F.reshape(x, (prod(x.shape[:first]), prod(x.shape[first:])))
    return F.reshape(function(rows, 1), x.shape)


@importer("Softmax")
def _softmax(call: Call, x: Any) -> Any:
    return _along(call, x, F.softmax)


@importer("LogSoftmax")
def _log_softmax(call: Call, x: Any) -> Any:
    return _along(call, x, F.log_softmax)


@importer("Hardmax")
def _hardmax(call: Call, x: Any) -> Any:
    def first_largest(values: Any, axis: int) -> Any:
        numbers = array(values)
        y = np.zeros_like(numbers)
        np.put_along_axis(y, np.expand_dims(numbers.argmax(axis), axis), 1, axis)
        return y

    return _along(call, array(x), first_largest)


@importer("SwiGLU")
def _swiglu(call: Call, gate: Any, x: Any) -> Any:
    return _swish(call, gate) * x
