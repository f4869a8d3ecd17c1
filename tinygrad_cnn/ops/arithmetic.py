"""Arithmetic on one operand, or on two that broadcast; the walk undoes the broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.graph import OUT, Needs
from tinygrad_cnn.ops.elementwise import Log
from tinygrad_cnn.ops.families import Elementwise
from tinygrad_cnn.ops.pairs_of_arrays import of_two
from tinygrad_cnn.ops.rounding import FloorDiv, Round, Sign
from tinygrad_cnn.ops.select import Gate, Where

__all__ = [
    "Abs", "Add", "Div", "Fmod", "Maximum", "Minimum", "Mul", "Neg", "Pow", "Reciprocal", "Remainder",
    "Sqrt", "Square", "Sub",
]  # fmt: skip


class Add(Elementwise):
    """a + b."""

    wide = False
    symbol = "+"

    def forward(self, a: Any, b: Any) -> Any:
        return a + b

    def backward(self, g: Any) -> tuple[Any, ...]:
        return g, g


class Sub(Elementwise):
    """a - b."""

    wide = False
    symbol = "−"

    def forward(self, a: Any, b: Any) -> Any:
        return a - b

    def backward(self, g: Any, *, needs: Needs) -> tuple[Any, ...]:
        return g, -g if needs[1] else None


class Mul(Elementwise):
    """a * b."""

    wide = False
    symbol = "×"
    keep = (0, 1)

    def forward(self, a: Any, b: Any) -> Any:
        return a * b

    def backward(self, g: Any, a: Any, b: Any, *, needs: Needs) -> tuple[Any, ...]:
        return g * b if needs[0] else None, g * a if needs[1] else None


class Div(Elementwise):
    """a / b."""

    symbol = "÷"
    keep = (1, OUT)

    def forward(self, a: Any, b: Any) -> Any:
        return a / b

    def backward(self, g: Any, b: Any, y: Any, *, needs: Needs) -> tuple[Any, ...]:
        share = g / b
        return share, -share * y if needs[1] else None


class Neg(Elementwise):
    """-x."""

    wide = False
    symbol = "−"

    def forward(self, x: Any) -> Any:
        return -x

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (-g,)


class Pow(Elementwise):
    """a ** b, with d/da = b·a^(b-1), 0 where b = 0, and d/db = a^b·ln a.

    At a = 0 that is 0 for b of at least 0, and -inf below.
    """

    symbol = "^"
    keep = (0, 1, OUT)

    def forward(self, a: Any, b: Any) -> Any:
        cubed = isinstance(a, np.ndarray) and np.ndim(b) == 0 and b == 3
        if cubed and getattr(b, "dtype", a.dtype) == a.dtype != np.half:
            return a * a * a  # takes a tenth of the time
        return a**b

    def backward(self, g: Any, a: Any, b: Any, y: Any, *, needs: Needs) -> tuple[Any, ...]:
        # The comparisons lift 0^-1 to 0^0 and ln 0 to ln 1, beside a factor that is 0 there.
        if not needs[1] and np.ndim(b) == 0 and abs(float(b)) == 0.5:
            return g * (0.5 / y if float(b) > 0 else -0.5 * (y * y * y)), None  # instead of another power
        da = g * (b * a ** (b - 1 + (b == 0))) if needs[0] else None
        if not needs[1]:
            return da, None
        flat = np.logical_and(a == 0, b >= 0)
        with np.errstate(divide="ignore"):  # below, 0^b is infinite and falls: -inf
            return da, g * Gate(np.logical_not(flat))(y * Log()(a + flat))


class Abs(Elementwise):
    """|x|, with derivative 0 at 0."""

    wide = False
    symbol = "|x|"
    keep = (0,)

    def forward(self, x: Any) -> Any:
        return np.abs(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g * Sign()(x),)


class Square(Elementwise):
    """x²."""

    symbol = "x²"
    keep = (0,)

    def forward(self, x: Any) -> Any:
        return np.square(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g * 2 * x,)


class Sqrt(Elementwise):
    """The square root of x, with derivative inf at 0.

    y = √x
    """

    symbol = "√"
    keep = (OUT,)

    def forward(self, x: Any) -> Any:
        return np.sqrt(x)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (g / (2 * y),)


class Reciprocal(Elementwise):
    """1 / x."""

    symbol = "1/x"
    keep = (OUT,)

    def forward(self, x: Any) -> Any:
        return np.reciprocal(x)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (-g * y * y,)


class Remainder(Elementwise):
    """a - b * floor(a / b): what is left of a, with the sign of b."""

    keep = (0, 1)

    def forward(self, a: Any, b: Any) -> Any:
        return of_two("remainder", a, b)

    def backward(self, g: Any, a: Any, b: Any, *, needs: Needs) -> tuple[Any, ...]:
        return g, -g * FloorDiv()(a, b) if needs[1] else None


class Fmod(Elementwise):
    """a - b * trunc(a / b): what is left of a, with its own sign."""

    keep = (0, 1, OUT)

    def forward(self, a: Any, b: Any) -> Any:
        return of_two("fmod", a, b)

    def backward(self, g: Any, a: Any, b: Any, y: Any, *, needs: Needs) -> tuple[Any, ...]:
        return g, -g * Round()((a - y) / b) if needs[1] else None


class Maximum(Elementwise):
    """The larger of a and b; equal ones get half the gradient each.

    y = max(a, b)
    """

    wide = False
    symbol = "max"
    keep = (0, 1)

    def forward(self, a: Any, b: Any) -> Any:
        return np.maximum(a, b)

    def backward(self, g: Any, a: Any, b: Any, *, needs: Needs) -> tuple[Any, ...]:
        return shared(g, a < b, b < a, a == b, needs)


class Minimum(Elementwise):
    """The smaller of a and b; equal ones get half the gradient each.

    y = min(a, b)
    """

    wide = False
    symbol = "min"
    keep = (0, 1)

    def forward(self, a: Any, b: Any) -> Any:
        return np.minimum(a, b)

    def backward(self, g: Any, a: Any, b: Any, *, needs: Needs) -> tuple[Any, ...]:
        return shared(g, a > b, b > a, a == b, needs)


def shared(g: Any, lost: Any, won: Any, tied: Any, needs: tuple[bool, ...]) -> tuple[Any, ...]:
    """`g` for the operand that won, half of it for each in a tie; where one is NaN, all of it for both."""
    on_device = type(getattr(tied, "_array", tied)) in devices.ON_DEVICES
    if on_device or tied.any():  # asking a device is waiting for it
        g = Where(tied)(g / 2, g)
    return Gate(~lost)(g) if needs[0] else None, Gate(~won)(g) if needs[1] else None
