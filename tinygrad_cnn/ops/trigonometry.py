"""Functions of angles and their inverses, and the hyperbolic ones; angles are in radians."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import kernels
from tinygrad_cnn.graph import OUT, Needs
from tinygrad_cnn.ops.arithmetic import Sqrt
from tinygrad_cnn.ops.families import Elementwise
from tinygrad_cnn.ops.pairs import Hypot
from tinygrad_cnn.ops.pairs_of_arrays import of_two
from tinygrad_cnn.ops.select import Where

__all__ = [
    "Arccos", "Arccosh", "Arcsin", "Arcsinh", "Arctan", "Arctan2", "Arctanh", "Cos", "Cosh", "Sin", "Sinh",
    "Tan",
]  # fmt: skip


class Sin(Elementwise):
    """The sine of x.

    y = sin(x)
    """

    symbol = "sin"
    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.sin(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g * Cos()(x),)


class Cos(Elementwise):
    """The cosine of x.

    y = cos(x)
    """

    symbol = "cos"
    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.cos(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (-g * Sin()(x),)


class Tan(Elementwise):
    """The tangent of x.

    y = tan(x)
    """

    keep = (OUT,)

    def forward(self, x: Any) -> Any:
        return kernels.tan(x)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (g * (1 + y * y),)


class Arcsin(Elementwise):
    """The angle in [-π/2, π/2] whose sine is x."""

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.arcsin(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g / Sqrt()(1 - x * x),)


class Arccos(Elementwise):
    """The angle in [0, π] whose cosine is x.

    cos(y) = x
    """

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.arccos(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (-g / Sqrt()(1 - x * x),)


class Arctan(Elementwise):
    """The angle in [-π/2, π/2] whose tangent is x."""

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.arctan(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g / (1 + x * x),)


class Arctan2(Elementwise):
    """The angle in [-π, π] of the point with ordinate a and abscissa b; derivative 0 at the origin."""

    keep = (0, 1)

    def forward(self, a: Any, b: Any) -> Any:
        return of_two("arctan2", a, b)

    def backward(self, g: Any, a: Any, b: Any, *, needs: Needs) -> tuple[Any, ...]:
        distance = Hypot()(a, b)  # its square may overflow, or vanish
        safe = Where(distance == 0)(1.0, distance)
        share = g / safe
        return share * (b / safe), -share * (a / safe) if needs[1] else None


class Sinh(Elementwise):
    """(e^x - e^-x) / 2."""

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.sinh(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g * Cosh()(x),)


class Cosh(Elementwise):
    """(e^x + e^-x) / 2."""

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.cosh(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g * Sinh()(x),)


class Arcsinh(Elementwise):
    """The number whose hyperbolic sine is x.

    sinh(y) = x
    """

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.arcsinh(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g / Hypot()(x, 1.0),)


class Arccosh(Elementwise):
    """The number of at least 0 whose hyperbolic cosine is x.

    cosh(y) = x
    """

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.arccosh(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g / (Sqrt()(x - 1) * Sqrt()(x + 1)),)


class Arctanh(Elementwise):
    """The number whose hyperbolic tangent is x.

    tanh(y) = x
    """

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return kernels.arctanh(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g / ((1 - x) * (1 + x)),)
