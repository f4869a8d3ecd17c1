"""Quantised operators, in inference: integers and the scales that turn them into floats."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import ops
from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.onnx.importers.call import Call, array, axis_of, is_float
from tinygrad_cnn.onnx.importers.recurrent import lstm
from tinygrad_cnn.onnx.importers.registry import importer
from tinygrad_cnn.onnx.importers.small_floats import to_small_float
from tinygrad_cnn.onnx.importers.windows import windows


def _spread(call: Call, value: Any, x: Any) -> Any:
    """A scale or zero point, per tensor, per axis or per block, broadcast against x."""
    value = array(value)
    if value.size == 1 and value.ndim <= 1:
        return value.reshape(())
    axis = axis_of(call.get("axis", 1), x.ndim)
    if value.ndim == 1:
        return value.reshape([-1 if i == axis else 1 for i in range(x.ndim)])
    block = call.get("block_size", 0) or -(-x.shape[axis] // value.shape[axis])
    return np.repeat(value, block, axis)[(*(slice(None),) * axis, slice(x.shape[axis]))]


def _rounded(x: Any, dtype: Any, zero: Any) -> Any:
    """x to the nearest number that a type has, saturated."""
    kind = np.dtype(dtype)
    if kind.kind in "iu":
        bounds = np.iinfo(kind)
        return np.clip(np.rint(x) + zero, bounds.min, bounds.max).astype(kind)
    limits = {"int4": (-8, 7), "uint4": (0, 15), "int2": (-2, 1), "uint2": (0, 3)}
    if kind.name in limits:
        return np.clip(np.rint(x) + zero, *limits[kind.name]).astype(np.int8).astype(kind)
    return to_small_float(x, kind)


@importer("QuantizeLinear", options=(1,))
def _quantize_linear(call: Call, x: Any, scale: Any, zero: Any = None) -> Any:
    dtype = call.dtype(call.get("output_dtype") or 2) if zero is None else zero.dtype
    shift = 0 if zero is None else _spread(call, zero, x).astype(np.float32)
    factor = _spread(call, scale, x)
    precise = np.float32 if factor.dtype != np.float64 else np.float64
    steps = array(x).astype(precise) / factor.astype(precise)
    if dtype.kind not in "iu" and "int" not in dtype.name:
        return to_small_float(steps, dtype, bool(call.get("saturate", 1)))
    return _rounded(steps, dtype, shift)


@importer("DequantizeLinear", options=())
def _dequantize_linear(call: Call, x: Any, scale: Any, zero: Any = None) -> Any:
    """(x - zero) * scale; the gradient flows to the scale."""
    values = array(x)
    dtype = scale.dtype if not call.get("output_dtype") else call.dtype(call.get("output_dtype"))
    wide = np.float32 if values.dtype.itemsize < 4 or values.dtype.kind == "V" else np.float64
    shifted = values.astype(wide)
    if zero is not None:
        shifted = shifted - _spread(call, zero, x).astype(wide)
    if not is_float(scale):
        return (shifted * _spread(call, scale, x).astype(np.float32)).astype(dtype)
    spread = _spread(call, scale, x)
    return (shifted * spread.astype(wide)).astype(dtype)


@importer("DynamicQuantizeLinear")
def _dynamic_quantize_linear(call: Call, x: Any) -> Any:
    """To bytes, over the range of x and 0."""
    values = array(x).astype(np.float32)
    low, high = min(0.0, float(values.min(initial=0))), max(0.0, float(values.max(initial=0)))
    scale = np.float32((np.float32(high) - np.float32(low)) / np.float32(255)) or np.float32(1)
    zero = np.uint8(np.clip(np.rint(-np.float32(low) / scale), 0, 255))
    return _rounded(values / scale, np.uint8, int(zero)), np.asarray(scale), np.asarray(zero)


def _centred(values: Any, zero: Any, shape: tuple[int, ...] = ()) -> Any:
    """Integers without their zero point, exact in double precision."""
    wide = array(values).astype(np.float64)
    if zero is None:
        return wide
    shift = array(zero).astype(np.float64)
    return wide - (
        shift.reshape(shape)
        if shape and shift.size > 1
        else shift.reshape(())
        if shift.size == 1
        else shift
    )


def _products(x: Any, w: Any) -> Any:
    """Matrix products with a zero point per row of x or per column of w."""
    return np.matmul(x, w)


@importer("MatMulInteger")
def _matmul_integer(call: Call, a: Any, b: Any, a_zero: Any = None, b_zero: Any = None) -> Any:
    y = _products(_rows(a, a_zero), _centred(b, b_zero))
    return np.rint(y).astype(np.int32)


def _rows(a: Any, zero: Any) -> Any:
    """a without zero points per row."""
    if zero is not None and array(zero).ndim == 1 and array(zero).size > 1:
        return _centred(a, array(zero)[:, None])
    return _centred(a, zero)


@importer("QLinearMatMul", options=(1, 4, 6))
def _qlinear_matmul(
    call: Call,
    a: Any,
    a_scale: Any,
    a_zero: Any,
    b: Any,
    b_scale: Any,
    b_zero: Any,
    y_scale: Any,
    y_zero: Any,
) -> Any:
    y = _products(_rows(a, a_zero), _centred(b, b_zero))
    rows = array(a_scale).astype(np.float32)
    factor = (rows[:, None] if rows.ndim == 1 and rows.size > 1 else rows) * array(b_scale).astype(
        np.float32
    )
    scaled = y * factor / array(y_scale).astype(np.float32)
    return _rounded(scaled, y_zero.dtype, array(y_zero).astype(np.float32))


def _convolved(call: Call, x: Any, w: Any) -> Any:
    """The convolution of integers held in doubles; exact below 2**53."""
    groups = call.get("group", 1)
    if groups < 1 or x.ndim != w.ndim or x.shape[1] != w.shape[1] * groups or w.shape[0] % groups:
        raise FormatError(f"x {x.shape} and w {w.shape} do not fit in {groups} groups")
    where = windows(call, x.shape[2:], w.shape[2:])
    call.room((x.shape[0], w.shape[0], *where.output))
    return array(ops.Conv(where, groups)(x, w))


@importer("ConvInteger")
def _conv_integer(call: Call, x: Any, w: Any, x_zero: Any = None, w_zero: Any = None) -> Any:
    y = _convolved(call, _centred(x, x_zero), _centred(w, w_zero, (-1, *(1,) * (w.ndim - 1))))
    return np.rint(y).astype(np.int32)


@importer("QLinearConv", options=(1, 4, 6))
def _qlinear_conv(
    call: Call, x: Any, x_scale: Any, x_zero: Any, w: Any, w_scale: Any, w_zero: Any, y_scale: Any,
    y_zero: Any, b: Any = None,
) -> Any:  # fmt: skip
    per_kernel = (-1, *(1,) * (w.ndim - 1))
    y = _convolved(call, _centred(x, x_zero), _centred(w, w_zero, per_kernel))
    channels = (-1, *(1,) * (w.ndim - 2))
    if b is not None:
        y = y + array(b).astype(np.float64).reshape(channels)
    x_factor, w_factor, y_factor = (array(s).astype(np.float32) for s in (x_scale, w_scale, y_scale))
    factor = x_factor * w_factor / y_factor
    scaled = y * (factor.reshape(channels) if factor.size > 1 else factor.reshape(()))
    return _rounded(scaled, y_zero.dtype, array(y_zero).astype(np.float32))


def dequantized(x: Any, scale: Any, zero: Any) -> Any:
    """Integers as floats, with one scale."""
    return (_centred(x, zero) * array(scale)).astype(array(scale).dtype)


def quantized(x: Any, scale: Any, zero: Any) -> Any:
    """Floats as integers of the zero point's type, with one scale."""
    return _rounded(array(x) / array(scale), zero.dtype, array(zero).astype(np.float32))


def _of_two(kind: str, function: Any) -> None:
    """An operator of onnxruntime's own domain: dequantised, computed, quantised."""

    def compute(
        call: Call, a: Any, a_scale: Any, a_zero: Any, b: Any, b_scale: Any, b_zero: Any, y_scale: Any,
        y_zero: Any,
    ) -> Any:  # fmt: skip
        y = function(dequantized(a, a_scale, a_zero), dequantized(b, b_scale, b_zero))
        return quantized(y, y_scale, y_zero)

    importer(kind, domain="com.microsoft", options=(1, 4, 6))(compute)


_of_two("QLinearAdd", F.add)
_of_two("QLinearMul", F.mul)


@importer("DynamicQuantizeLSTM", domain="com.microsoft", options=(8, 10), weights=(3,))
def _dynamic_quantize_lstm(
    call: Call, x: Any, w: Any, r: Any, b: Any = None, lengths: Any = None, h: Any = None, c: Any = None,
    p: Any = None, w_scale: Any = None, w_zero: Any = None, r_scale: Any = None, r_zero: Any = None,
) -> Any:  # fmt: skip
    """An LSTM with weights of bytes (directions, features, 4H); the inputs stay floats here."""
    w = np.swapaxes(_per_direction(w, w_scale, w_zero), 1, 2).astype(x.dtype)
    r = np.swapaxes(_per_direction(r, r_scale, r_zero), 1, 2).astype(x.dtype)
    return lstm(call, x, w, r, b, lengths, h, c, p)


def _per_direction(values: Any, scale: Any, zero: Any) -> Any:
    """Bytes as floats, with a scale per direction, or per direction and column."""
    spread = [array(v).astype(np.float64) for v in (scale, zero)]
    scale, zero = (v.reshape(v.shape[0], 1, -1) if v.ndim else v for v in spread)
    return (array(values).astype(np.float64) - zero) * scale
