"""The error function."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

from tinygrad_cnn import kernels
from tinygrad_cnn.ops.elementwise import Exp
from tinygrad_cnn.ops.families import Elementwise

__all__ = ["Erf"]


class Erf(Elementwise):
    """2/√π times the integral of e^(-t²) from 0 to x."""

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.erf(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g * (Exp()(x * -x) * (2 / sqrt(pi))),)
