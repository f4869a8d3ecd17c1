"""Matrix products."""

from __future__ import annotations

from math import prod
from typing import Any

from tinygrad_cnn.graph import Op


class MatMul(Op):
    """a @ b over the last two axes; the axes before them broadcast. Both have at least two."""

    keep = (0, 1)

    def forward(self, a: Any, b: Any) -> Any:
        return a @ b

    def backward(self, g: Any, a: Any, b: Any) -> tuple[Any, ...]:
        da = g @ b.swapaxes(-1, -2) if self.needs[0] else None
        db = a.swapaxes(-1, -2) @ g if self.needs[1] else None
        return da, db


class Linear(Op):
    """x @ w.T (+ b) over the last axis of x: x (..., I), w (O, I), b (O,)."""

    keep = (0, 1)

    def forward(self, x: Any, w: Any, *b: Any) -> Any:
        y = x @ w.T
        for bias in b:
            y += bias
        return y

    def backward(self, g: Any, x: Any, w: Any) -> tuple[Any, ...]:
        samples = prod(x.shape[:-1])
        rows = g.reshape((samples, w.shape[0]))  # (M, O)
        dx = g @ w if self.needs[0] else None
        dw = rows.T @ x.reshape((samples, w.shape[1])) if self.needs[1] else None
        return (dx, dw, *(rows.sum(axis=0) for _ in self.needs[2:]))
