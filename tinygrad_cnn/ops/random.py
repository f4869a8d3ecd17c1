"""Operations with a random draw; the draw is an attribute, so the op itself is deterministic."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import kernels
from tinygrad_cnn.graph import Op

__all__ = ["Dropout"]


class Dropout(Op):
    """x * keep * scale: `keep` is the boolean draw, True with probability 1 - p.

    The scale is 1 / (1 - p) in mode 'inverted' and 1 in mode 'classic'.
    """

    family = "dropout"
    pointwise = True

    def __init__(self, keep_mask: np.ndarray[Any, Any], p: float, mode: str = "inverted") -> None:
        self._mask, self.p, self.mode = keep_mask, p, mode

    def forward(self, x: Any) -> Any:
        scale = 1.0 if self.mode == "classic" else 0.0 if self.p == 1 else 1 / (1 - self.p)
        return kernels.dropout(x, self._mask, scale)

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (Dropout(self._mask, self.p, self.mode)(g),)

    def options(self) -> dict[str, Any]:
        return {"p": self.p} if self.mode == "inverted" else {"p": self.p, "mode": self.mode}
