"""Functions of each element, and of pairs of elements."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch import dtypes
from tinygrad_cnn.torch.mixing import floats, mixed, tensor_of
from tinygrad_cnn.torch.named_results import named_result
from tinygrad_cnn.torch.registry import name
from tinygrad_cnn.torch.tensors import Tensor

#: PyTorch's names of native functions that give floats.
FLOAT = {
    "acos": F.arccos, "arccos": F.arccos, "asin": F.arcsin, "arcsin": F.arcsin, "atan": F.arctan,
    "arctan": F.arctan, "cos": F.cos, "cosh": F.cosh, "digamma": F.digamma, "erf": F.erf,
    "erfinv": F.erfinv, "lgamma": F.lgamma, "sinc": F.sinc, "exp": F.exp, "expm1": F.expm1,
    "log": F.log, "log10": F.log10, "log1p": F.log1p, "log2": F.log2, "sigmoid": F.sigmoid, "sin": F.sin,
    "sinh": F.sinh, "sqrt": F.sqrt, "tan": F.tan, "tanh": F.tanh, "reciprocal": F.reciprocal,
}  # fmt: skip
#: Native functions that keep integers.
KEEPING = {
    "abs": F.abs, "absolute": F.abs, "neg": F.neg, "negative": F.neg, "relu": F.relu,
    "square": F.square,
}  # fmt: skip


def _of_floats(native: Any) -> Any:
    def function(input: Any) -> Any:
        return native(floats(input))

    return function


def _keeping(native: Any) -> Any:
    def function(input: Any) -> Any:
        return native(input)

    return function


def _table() -> None:
    for called, native in FLOAT.items():
        function = _of_floats(native)
        function.__name__, function.__doc__ = (
            called,
            f"`{native.__name__}` of each element; integers become floats.",
        )
        name(called, in_place=True)(function)
    for called, native in KEEPING.items():
        function = _keeping(native)
        function.__name__, function.__doc__ = called, f"`{native.__name__}` of each element."
        name(called, in_place=True)(function)


_table()


def _whole(input: Any) -> bool:
    return input._array.dtype.kind != "f"


@name(in_place=True)
def ceil(input: Any) -> Any:
    """Whole numbers not below."""
    return input if _whole(input) else F.ceil(input)


@name(in_place=True)
def floor(input: Any) -> Any:
    """Whole numbers not above."""
    return input if _whole(input) else F.floor(input)


@name("trunc", "fix", in_place=True)
def trunc(input: Any) -> Any:
    """Whole numbers towards 0."""
    return input if _whole(input) else F.where(input._array < 0, F.ceil(input), F.floor(input))


@name(in_place=True)
def frac(input: Any) -> Any:
    """The part that trunc leaves."""
    return input - trunc(input)


@name("round", in_place=True)
def round_(input: Any, *, decimals: int = 0) -> Any:
    """Nearest numbers with so many decimals, half to even."""
    return input if _whole(input) else F.round(input, decimals)


@name("sign", "sgn", in_place=True)
def sign(input: Any) -> Any:
    """-1, 0 or 1."""
    return F.sign(input) if not _whole(input) else Tensor.detached(np.sign(input._array))


@name(in_place=True)
def rsqrt(input: Any) -> Any:
    """1 / sqrt(x)."""
    return F.reciprocal(F.sqrt(floats(input)))


@name(in_place=True)
def exp2(input: Any) -> Any:
    """2^x."""
    return F.pow(2.0, floats(input))


@name("asinh", "arcsinh", in_place=True)
def asinh(input: Any) -> Any:
    """Inverse hyperbolic sine."""
    x = floats(input)
    m = F.abs(x)
    return F.sign(x) * F.log1p(m + m * m / (1 + F.sqrt(m * m + 1)))


@name("acosh", "arccosh", in_place=True)
def acosh(input: Any) -> Any:
    """Inverse hyperbolic cosine."""
    x = floats(input)
    return F.log(x + F.sqrt(x - 1) * F.sqrt(x + 1))


@name("atanh", "arctanh", in_place=True)
def atanh(input: Any) -> Any:
    """Inverse hyperbolic tangent."""
    x = floats(input)
    return 0.5 * (F.log1p(x) - F.log1p(-x))


@name("erfc", in_place=True)
def erfc(input: Any) -> Any:
    """1 - erf(x)."""
    return 1 - F.erf(floats(input))


@name("logit", in_place=True)
def logit(input: Any, eps: float | None = None) -> Any:
    """log(x / (1 - x))."""
    x = floats(input) if eps is None else clamp(floats(input), eps, 1 - eps)
    return F.log(x / (1 - x))


@name("deg2rad", in_place=True)
def deg2rad(input: Any) -> Any:
    """Degrees as radians."""
    return floats(input) * (math.pi / 180)


@name("rad2deg", in_place=True)
def rad2deg(input: Any) -> Any:
    """Radians as degrees."""
    return floats(input) * (180 / math.pi)


@name("nan_to_num", in_place=True)
def nan_to_num(
    input: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Any:
    """NaN and infinities replaced by numbers."""
    array, limits = input._array, dtypes.finfo(input.dtype) if not _whole(input) else None
    if limits is None:
        return input
    out = F.where(np.isnan(array), nan, input)
    out = F.where(array == math.inf, limits.max if posinf is None else posinf, out)
    return F.where(array == -math.inf, limits.min if neginf is None else neginf, out)


@name("clamp", "clip", in_place=True)
def clamp(input: Any, min: Any = None, max: Any = None) -> Any:
    """x kept between two bounds, numbers or tensors."""
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        out = input
        if min is not None:
            out = F.maximum(*mixed(out, min))
        return out if max is None else F.minimum(*mixed(out, max))
    if _whole(input):
        return Tensor.detached(np.clip(input._array, min, max))
    return F.clip(input, min, max)


@name(in_place=True)
def clamp_min(input: Any, min: Any) -> Any:
    """x, at least `min`."""
    return clamp(input, min=min)


@name(in_place=True)
def clamp_max(input: Any, max: Any) -> Any:
    """x, at most `max`."""
    return clamp(input, max=max)


@name("maximum", "fmax")
def maximum(input: Any, other: Any) -> Any:
    """The larger of two."""
    return _between(F.maximum, np.maximum, input, other)


@name("minimum", "fmin")
def minimum(input: Any, other: Any) -> Any:
    """The smaller of two."""
    return _between(F.minimum, np.minimum, input, other)


def _between(native: Any, ufunc: Any, a: Any, b: Any) -> Any:
    a, b = mixed(a, b)
    if a._array.dtype.kind != "f":
        return Tensor.detached(ufunc(a._array, getattr(b, "_array", b)))
    return native(a, b)


@name("atan2", "arctan2", in_place=True)
def atan2(input: Any, other: Any) -> Any:
    """The angle of the point (other, input)."""
    return F.arctan2(*mixed(floats(input), other))


@name("hypot", in_place=True)
def hypot(input: Any, other: Any) -> Any:
    """sqrt(input² + other²)."""
    return F.sqrt(F.square(input) + F.square(other))


@name("lerp", in_place=True)
def lerp(input: Any, end: Any, weight: Any) -> Any:
    """input + weight·(end - input)."""
    return input + weight * (end - input)


@name("addcmul", in_place=True)
def addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
    """input + value·tensor1·tensor2."""
    return input + (tensor1 * tensor2 if value == 1 else value * tensor1 * tensor2)


@name("addcdiv", in_place=True)
def addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
    """input + value·tensor1 / tensor2."""
    return input + (tensor1 / tensor2 if value == 1 else value * (tensor1 / tensor2))


@name("logaddexp")
def logaddexp(input: Any, other: Any) -> Any:
    """log(e^input + e^other)."""
    a, b = mixed(input, other)
    return F.maximum(a, b) + F.log1p(F.exp(-F.abs(a - b)))


@name("logaddexp2")
def logaddexp2(input: Any, other: Any) -> Any:
    """log2(2^input + 2^other)."""
    return F.logaddexp2(*mixed(input, other))


@name("ldexp", in_place=True)
def ldexp(input: Any, other: Any) -> Any:
    """input·2^other."""
    return floats(input) * F.pow(2.0, floats(tensor_of(other)))


@name("nextafter", in_place=True)
def nextafter(input: Any, other: Any) -> Any:
    """The next number towards other."""
    return Tensor.detached(np.nextafter(input._array, other._array))


@name("frexp")
def frexp(input: Any) -> Any:
    """Mantissa in [1/2, 1) and exponent."""
    mantissa, exponent = np.frexp(input._array)
    pair: Any = named_result("frexp", "mantissa", "exponent")
    return pair(Tensor.detached(mantissa), Tensor.detached(exponent.astype(np.int32)))


@name("i0", in_place=True)
def i0(input: Any) -> Any:
    """The modified Bessel function of order 0."""
    return F.i0(floats(input))


@name("polygamma", method=False)
def polygamma(n: int, input: Any) -> Any:
    """The n-th derivative of digamma."""
    return F.polygamma(n, floats(input))


@name("mvlgamma", in_place=True)
def mvlgamma(input: Any, p: int) -> Any:
    """The logarithm of the gamma function of several dimensions."""
    x = floats(input)
    parts = [F.lgamma(x - k / 2) for k in range(p)]
    return sum(parts[1:], parts[0]) + p * (p - 1) / 4 * math.log(math.pi)


def _as_it_is(input: Any) -> Any:
    """The tensor itself: it is real."""
    return input


name("positive", "real", "conj", "resolve_conj", "resolve_neg")(_as_it_is)
name("conj_physical", in_place=True)(_as_it_is)
name("isreal")(lambda input: Tensor.detached(np.ones(input._array.shape, bool)))
name("is_signed")(lambda input: input._array.dtype.kind in "if")
name("is_conj", "is_neg", "is_inference", "is_distributed")(lambda input: False)


@name("xlogy", in_place=True)
def xlogy(input: Any, other: Any) -> Any:
    """input·log(other), 0 where input is 0."""
    a, b = mixed(floats(input), other)
    zero = a._array == 0
    return F.where(zero, 0.0, a * F.log(F.where(zero, 1.0, b)))


@name("copysign", in_place=True)
def copysign(input: Any, other: Any) -> Any:
    """input with the sign of other."""
    a, b = floats(input), tensor_of(other)
    return F.abs(a) * Tensor.detached(
        np.copysign(np.ones((), a._array.dtype), b._array).astype(a._array.dtype)
    )


@name("heaviside", in_place=True)
def heaviside(input: Any, values: Any) -> Any:
    """0 below 0, 1 above, `values` at 0."""
    return Tensor.detached(np.heaviside(input._array, values._array))


@name("softmax", method=True)
def softmax(input: Any, dim: int, dtype: Any = None) -> Any:
    """e^x over its sum along a dimension."""
    return F.softmax(input if dtype is None else F.astype(input, dtypes.to_numpy(dtype)), dim)


@name("log_softmax", method=True)
def log_softmax(input: Any, dim: int, dtype: Any = None) -> Any:
    """The logarithm of softmax."""
    return F.log_softmax(input if dtype is None else F.astype(input, dtypes.to_numpy(dtype)), dim)
