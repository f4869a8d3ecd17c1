"""Arithmetic between tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch.mixing import mixed, result_type, tensor_of
from tinygrad_cnn.torch.pointwise import trunc
from tinygrad_cnn.torch.registry import name
from tinygrad_cnn.torch.tensors import Tensor


@name(in_place=True)
def add(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """input + alpha·other."""
    return tensor_of(input) + (other if alpha == 1 else tensor_of(other) * alpha)


@name("sub", "subtract", in_place=True)
def sub(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """input - alpha·other."""
    return tensor_of(input) - (other if alpha == 1 else tensor_of(other) * alpha)


@name("rsub")
def rsub(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """other - alpha·input."""
    return other - (input if alpha == 1 else input * alpha)


@name("mul", "multiply", in_place=True)
def mul(input: Any, other: Any) -> Any:
    """input · other."""
    return tensor_of(input) * other


@name("div", "divide", "true_divide", in_place=True)
def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    """input / other, rounded to whole numbers down ('floor') or towards 0 ('trunc') if asked."""
    if rounding_mode is None:
        return tensor_of(input) / other
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode != "trunc":
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found {rounding_mode!r}"
        )
    kind = result_type(input, other)
    out = trunc(tensor_of(input) / other)
    return out if kind.is_floating_point else F.astype(out, kind.dtype)


@name(in_place=True)
def floor_divide(input: Any, other: Any) -> Any:
    """input / other, rounded down."""
    return tensor_of(input) // other


@name(in_place=True)
def remainder(input: Any, other: Any) -> Any:
    """The remainder of floor division; the sign is the divisor's."""
    return tensor_of(input) % other


@name(in_place=True)
def fmod(input: Any, other: Any) -> Any:
    """The remainder of division rounded towards 0; the sign is the input's."""
    a, b = mixed(input, other)
    if a._array.dtype.kind != "f":
        return Tensor.detached(np.fmod(a._array, getattr(b, "_array", b)))
    return F.fmod(a, b)


@name("pow", in_place=True)
def pow_(input: Any, exponent: Any) -> Any:
    """input ^ exponent."""
    return tensor_of(input) ** exponent


@name("float_power")
def float_power(input: Any, exponent: Any) -> Any:
    """input ^ exponent in float64."""
    return F.astype(tensor_of(input), np.float64) ** exponent
