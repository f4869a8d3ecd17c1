"""The standard's functions of each element."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.array_api.arrays import computed, data, is_float, recorded, wrapped
from tinygrad_cnn.tensors import Tensor

__all__ = [
    "abs",
    "acos",
    "acosh",
    "add",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "ceil",
    "clip",
    "conj",
    "copysign",
    "cos",
    "cosh",
    "divide",
    "equal",
    "exp",
    "expm1",
    "floor",
    "floor_divide",
    "greater",
    "greater_equal",
    "hypot",
    "imag",
    "isfinite",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "nextafter",
    "not_equal",
    "positive",
    "pow",
    "real",
    "reciprocal",
    "remainder",
    "round",
    "sign",
    "signbit",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "subtract",
    "tan",
    "tanh",
    "trunc",
]

abs = recorded("abs", F.abs, np.abs)
acos = recorded("acos", F.arccos, np.arccos)
acosh = recorded("acosh", F.arccosh, np.arccosh)
add = recorded("add", F.add, np.add)
asin = recorded("asin", F.arcsin, np.arcsin)
asinh = recorded("asinh", F.arcsinh, np.arcsinh)
atan = recorded("atan", F.arctan, np.arctan)
atan2 = recorded("atan2", F.arctan2, np.arctan2)
atanh = recorded("atanh", F.arctanh, np.arctanh)
ceil = recorded("ceil", F.ceil, np.ceil)
copysign = recorded("copysign", F.copysign, np.copysign)
cos = recorded("cos", F.cos, np.cos)
cosh = recorded("cosh", F.cosh, np.cosh)
divide = recorded("divide", F.div, np.divide)
exp = recorded("exp", F.exp, np.exp)
expm1 = recorded("expm1", F.expm1, np.expm1)
floor = recorded("floor", F.floor, np.floor)


def _floor_divide(a: Any, b: Any) -> Any:
    """The standard's quotient: beside an infinity it is that of `divide`, where Python's is NaN or -1."""
    y = F.floor_divide(a, b)
    infinite = np.isinf(data(a)), np.isinf(data(b))
    if not (infinite[0].any() or infinite[1].any()):
        return y
    with np.errstate(all="ignore"):
        quotient = np.divide(data(a), data(b)).astype(y.dtype)
    return F.where((infinite[0] != infinite[1]) & ~np.isnan(quotient), quotient, y)


floor_divide = recorded("floor_divide", _floor_divide, np.floor_divide)
hypot = recorded("hypot", F.hypot, np.hypot)
log = recorded("log", F.log, np.log)
log10 = recorded("log10", F.log10, np.log10)
log1p = recorded("log1p", F.log1p, np.log1p)
log2 = recorded("log2", F.log2, np.log2)
logaddexp = recorded("logaddexp", F.logaddexp, np.logaddexp)
maximum = recorded("maximum", F.maximum, np.maximum)
minimum = recorded("minimum", F.minimum, np.minimum)
multiply = recorded("multiply", F.mul, np.multiply)
negative = recorded("negative", F.neg, np.negative)
positive = recorded("positive", F.identity, np.positive)
pow = recorded("pow", F.pow, np.power)
reciprocal = recorded("reciprocal", F.reciprocal, np.reciprocal)
remainder = recorded("remainder", F.remainder, np.remainder)
round = recorded("round", F.round, np.round)
sign = recorded("sign", F.sign, np.sign)
sin = recorded("sin", F.sin, np.sin)
sinh = recorded("sinh", F.sinh, np.sinh)
sqrt = recorded("sqrt", F.sqrt, np.sqrt)
square = recorded("square", F.square, np.square)
subtract = recorded("subtract", F.sub, np.subtract)
tan = recorded("tan", F.tan, np.tan)
tanh = recorded("tanh", F.tanh, np.tanh)
trunc = recorded("trunc", F.trunc, np.trunc)

bitwise_and = computed("bitwise_and", np.bitwise_and)
bitwise_invert = computed("bitwise_invert", np.invert)
bitwise_left_shift = computed("bitwise_left_shift", np.left_shift)
bitwise_or = computed("bitwise_or", np.bitwise_or)
bitwise_right_shift = computed("bitwise_right_shift", np.right_shift)
bitwise_xor = computed("bitwise_xor", np.bitwise_xor)
equal = computed("equal", np.equal)
greater = computed("greater", np.greater)
greater_equal = computed("greater_equal", np.greater_equal)
isfinite = computed("isfinite", np.isfinite)
isinf = computed("isinf", np.isinf)
isnan = computed("isnan", np.isnan)
less = computed("less", np.less)
less_equal = computed("less_equal", np.less_equal)
logical_and = computed("logical_and", np.logical_and)
logical_not = computed("logical_not", np.logical_not)
logical_or = computed("logical_or", np.logical_or)
logical_xor = computed("logical_xor", np.logical_xor)
nextafter = computed("nextafter", np.nextafter)
not_equal = computed("not_equal", np.not_equal)
signbit = computed("signbit", np.signbit)


def real(x: Tensor, /) -> Tensor:
    """`real` of the array API standard: x itself, as all numbers are real here.

    >>> real(Tensor([2.0]))
    Tensor([2.])
    """
    return positive(x)


conj = real


def imag(x: Tensor, /) -> Tensor:
    """`imag` of the array API standard: zeros, as all numbers are real here.

    >>> imag(Tensor([2.0]))
    Tensor([0.])
    """
    return wrapped(np.zeros_like(data(x)))


def clip(x: Tensor, /, min: Any = None, max: Any = None) -> Tensor:
    """`clip` of the array API standard: each element between two bounds, in x's type.

    >>> clip(Tensor([-1.0, 5.0]), 0, 2)
    Tensor([0., 2.])
    """
    plain = all_plain(min) and all_plain(max)
    if is_float(x) and plain:
        bounds = [None if b is None else float(b) for b in (min, max)]
        if bounds != [None, None]:
            result: Tensor = F.clip(x, *bounds)
            return result
        return positive(x)
    if is_float(x):
        for bound, choose in ((min, maximum), (max, minimum)):
            x = x if bound is None else choose(x, bound)
        return x
    array = data(x)
    for bound, ufunc in ((min, np.maximum), (max, np.minimum)):
        if bound is not None:
            array = ufunc(array, np.asarray(data(bound)).astype(array.dtype))
    return wrapped(array.copy() if array is data(x) else array)


def all_plain(bound: Any) -> bool:
    """Whether a bound is not an array.

    >>> all_plain(None), all_plain(Tensor([1.0]))
    (True, False)
    """
    return bound is None or isinstance(bound, (int, float))
