"""Arithmetic on two operands that broadcast, and negation. The walk undoes the broadcasting."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.graph import OUT, Op
from tinygrad_cnn.ops.elementwise import Log


class Add(Op):
    """a + b."""

    def forward(self, a: Any, b: Any) -> Any:
        return a + b

    def backward(self, g: Any) -> tuple[Any, ...]:
        return g, g


class Sub(Op):
    """a - b."""

    def forward(self, a: Any, b: Any) -> Any:
        return a - b

    def backward(self, g: Any) -> tuple[Any, ...]:
        return g, -g if self.needs[1] else None


class Mul(Op):
    """a * b."""

    keep = (0, 1)

    def forward(self, a: Any, b: Any) -> Any:
        return a * b

    def backward(self, g: Any, a: Any, b: Any) -> tuple[Any, ...]:
        return g * b if self.needs[0] else None, g * a if self.needs[1] else None


class Div(Op):
    """a / b."""

    keep = (1, OUT)

    def forward(self, a: Any, b: Any) -> Any:
        return a / b

    def backward(self, g: Any, b: Any, y: Any) -> tuple[Any, ...]:
        share = g / b
        return share, -share * y if self.needs[1] else None


class Neg(Op):
    """-x."""

    def forward(self, x: Any) -> Any:
        return -x

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (-g,)


class Pow(Op):
    """a ** b, with d/da = b·a^(b-1), 0 where b = 0, and d/db = a^b·ln a, 0 where a = 0."""

    keep = (0, 1, OUT)

    def forward(self, a: Any, b: Any) -> Any:
        return a**b

    def backward(self, g: Any, a: Any, b: Any, y: Any) -> tuple[Any, ...]:
        # The comparisons lift 0^-1 to 0^0 and ln 0 to ln 1, beside a factor that is 0 there.
        da = g * (b * a ** (b - 1 + (b == 0))) if self.needs[0] else None
        db = g * (y * Log()(a + (a == 0)) * (a != 0)) if self.needs[1] else None
        return da, db
