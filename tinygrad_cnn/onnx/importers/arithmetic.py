"""Arithmetic, comparisons and logic: element by element, operands broadcast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.onnx.importers.call import Call, array, is_float
from tinygrad_cnn.onnx.importers.registry import importer

Function = Callable[..., Any]


def _aligned(call: Call, a: Any, b: Any) -> Any:
    """b with the axes that `axis` of versions before 7 means: from that axis of a on."""
    if call.get("broadcast") and call.get("axis") is not None:
        first = call.get("axis") % max(a.ndim, 1)
        return F.reshape(b, (*b.shape, *(1,) * max(a.ndim - first - b.ndim, 0)))
    return b


def _truncated(a: Any, b: Any) -> Any:
    """The quotient of integers, towards zero as in C."""
    quotient = np.floor_divide(a, b)
    if a.dtype.kind == "u":
        return quotient
    return (quotient + ((quotient < 0) & (quotient * b != a))).astype(a.dtype)


def _binary(kind: str, of_floats: Function, of_arrays: Function) -> None:
    def compute(call: Call, a: Any, b: Any) -> Any:
        b = _aligned(call, a, b)
        call.room(np.broadcast_shapes(a.shape, b.shape))
        if is_float(a) and is_float(b):
            return of_floats(a, b)
        return of_arrays(array(a), array(b))

    importer(kind)(compute)


_binary("Add", F.add, np.add)
_binary("Sub", F.sub, np.subtract)
_binary("Mul", F.mul, np.multiply)
_binary("Div", F.div, _truncated)


@importer("Pow", options=())
def _pow(call: Call, a: Any, b: Any) -> Any:
    b = _aligned(call, a, b)
    if not is_float(a):
        base = array(a).astype(np.float64) if array(b).dtype.kind == "f" else array(a)
        exponent = array(b)
        if exponent.dtype.kind == "i" and base.dtype.kind in "iu":
            exponent = exponent.astype(np.int64)
        return np.power(base, exponent).astype(a.dtype)
    if b.size == 1 and b.ndim <= a.ndim:
        exponent = array(b).item()
        if exponent == 2:
            return F.square(F.reshape(a, np.broadcast_shapes(a.shape, b.shape)))
        if exponent == 0.5:
            return F.sqrt(F.reshape(a, np.broadcast_shapes(a.shape, b.shape)))
    return F.pow(a, b if b.dtype == a.dtype else F.astype(b, a.dtype))


@importer("Mod")
def _mod(call: Call, a: Any, b: Any) -> Any:
    """The sign is the divisor's, with `fmod` the dividend's."""
    if call.get("fmod"):
        if is_float(a):
            return F.fmod(a, b)
        return np.fmod(array(a), array(b))
    return np.mod(array(a), array(b))


def _variadic(kind: str, of_floats: Function, of_arrays: Function) -> None:
    def compute(call: Call, first: Any, *others: Any) -> Any:
        total = first
        for other in others:
            call.room(np.broadcast_shapes(total.shape, other.shape))
            total = of_floats(total, other) if is_float(total) else of_arrays(array(total), array(other))
        return total

    importer(kind)(compute)


_variadic("Sum", F.add, np.add)
_variadic("Max", F.maximum, np.maximum)
_variadic("Min", F.minimum, np.minimum)


@importer("Mean")
def _mean(call: Call, first: Any, *others: Any) -> Any:
    total = first
    for other in others:
        total = total + other
    return total * (1 / (1 + len(others)))


# --------------------------------------------------------------------------- of one operand
def _unary(kind: str, of_floats: Function, of_arrays: Function | None = None) -> None:
    def compute(call: Call, x: Any) -> Any:
        if is_float(x) or of_arrays is None:
            return of_floats(x)
        return of_arrays(array(x))

    importer(kind)(compute)


_unary("Abs", F.abs, np.abs)
_unary("Neg", F.neg, np.negative)
_unary("Sign", F.sign, np.sign)
_unary("Floor", F.floor)
_unary("Ceil", F.ceil)
_unary("Round", F.round)
_unary("Reciprocal", F.reciprocal)
_unary("Sqrt", F.sqrt, lambda x: np.sqrt(x).astype(x.dtype))
_unary("Exp", F.exp)
_unary("Log", F.log)
_unary("Erf", F.erf, lambda x: F.erf(x.astype(np.float64)).astype(x.dtype))
_unary("Sin", F.sin)
_unary("Cos", F.cos)
_unary("Tan", F.tan)
_unary("Asin", F.arcsin)
_unary("Acos", F.arccos)
_unary("Atan", F.arctan)
_unary("Sinh", F.sinh)
_unary("Cosh", F.cosh)
_unary("Asinh", lambda x: F.log(x + F.sqrt(F.square(x) + 1)))
_unary("Acosh", lambda x: F.log(x + F.sqrt(F.square(x) - 1)))
_unary("Atanh", lambda x: (F.log1p(x) - F.log1p(F.neg(x))) * 0.5)


# --------------------------------------------------------------------------- comparisons and logic
def _compared(kind: str, function: Function) -> None:
    def compute(call: Call, a: Any, b: Any) -> Any:
        call.room(np.broadcast_shapes(a.shape, b.shape))
        return function(array(a), array(_aligned(call, a, b)))

    importer(kind)(compute)


_compared("Equal", np.equal)
_compared("Less", np.less)
_compared("LessOrEqual", np.less_equal)
_compared("Greater", np.greater)
_compared("GreaterOrEqual", np.greater_equal)
_compared("And", np.logical_and)
_compared("Or", np.logical_or)
_compared("Xor", np.logical_xor)
_compared("BitwiseAnd", np.bitwise_and)
_compared("BitwiseOr", np.bitwise_or)
_compared("BitwiseXor", np.bitwise_xor)


@importer("Not")
def _not(call: Call, x: Any) -> Any:
    return np.logical_not(array(x))


@importer("BitwiseNot")
def _bitwise_not(call: Call, x: Any) -> Any:
    return np.bitwise_not(array(x))


@importer("BitShift")
def _bit_shift(call: Call, x: Any, count: Any) -> Any:
    shift = np.left_shift if call.get("direction") == "LEFT" else np.right_shift
    return shift(array(x), array(count))


@importer("IsNaN")
def _is_nan(call: Call, x: Any) -> Any:
    return np.isnan(array(x))


@importer("IsInf")
def _is_inf(call: Call, x: Any) -> Any:
    values = array(x)
    above, below = call.get("detect_positive", 1), call.get("detect_negative", 1)
    return np.isinf(values) & ((values > 0) & bool(above) | (values < 0) & bool(below))


@importer("Where")
def _where(call: Call, condition: Any, a: Any, b: Any) -> Any:
    call.room(np.broadcast_shapes(condition.shape, a.shape, b.shape))
    mask = array(condition)
    if mask.dtype == bool and is_float(a) and is_float(b):
        return F.where(mask, a, b)
    return np.where(mask, array(a), array(b))
