"""Functions of each element by itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.graph import OUT, Op


class Exp(Op):
    """e^x."""

    keep = (OUT,)

    def forward(self, x: Any) -> Any:
        return np.exp(x)

    def backward(self, g: Any, y: Any) -> tuple[Any, ...]:
        return (g * y,)


class Log(Op):
    """ln x."""

    keep = (0,)

    def forward(self, x: Any) -> Any:
        return np.log(x)

    def backward(self, g: Any, x: Any) -> tuple[Any, ...]:
        return (g / x,)


class Cast(Op):
    """x with another element type; its gradient returns in the operand's own type."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)

    def forward(self, x: Any) -> Any:
        return x.astype(self.dtype)

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (g,)  # the walk casts every gradient to its operand's type

    def options(self) -> dict[str, Any]:
        return {"dtype": str(self.dtype)}
