"""Operations with a random draw; the draw is an attribute, so the op itself is deterministic."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.graph import Op


class Dropout(Op):
    """x * keep / (1 - p): `keep` is the boolean draw, True with probability 1 - p."""

    def __init__(self, keep_mask: np.ndarray[Any, Any], p: float) -> None:
        self._mask, self.p = keep_mask, p

    def forward(self, x: Any) -> Any:
        scale = 0.0 if self.p == 1 else 1 / (1 - self.p)
        return x * self._mask * scale

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (Dropout(self._mask, self.p)(g),)
