"""Reductions over axes; `axis` is a tuple of non-negative axes, normalised at the door."""

from __future__ import annotations

from math import prod
from typing import Any

from tinygrad_cnn.graph import OUT, Op
from tinygrad_cnn.ops.shape import BroadcastTo


class Reduction(Op):
    """What reductions share: the axes, and how a reduced array stands beside the full one."""

    def __init__(self, axis: tuple[int, ...], keepdims: bool = False) -> None:
        self.axis, self.keepdims = axis, keepdims

    def aligned(self, y: Any, shape: tuple[int, ...]) -> Any:
        """`y` with length 1 on each reduced axis of `shape`, so that the two broadcast."""
        return y.reshape(tuple(1 if i in self.axis else n for i, n in enumerate(shape)))

    def options(self) -> dict[str, Any]:
        return {"axis": self.axis}


class Sum(Reduction):
    """Sum of the elements along axes."""

    def forward(self, x: Any) -> Any:
        self._shape = x.shape
        return x.sum(axis=self.axis, keepdims=self.keepdims)

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (BroadcastTo(self._shape)(self.aligned(g, self._shape)),)


class Mean(Reduction):
    """Mean of the elements along axes."""

    def forward(self, x: Any) -> Any:
        self._shape = x.shape
        return x.mean(axis=self.axis, keepdims=self.keepdims)

    def backward(self, g: Any) -> tuple[Any, ...]:
        count = prod(self._shape[i] for i in self.axis)
        return (BroadcastTo(self._shape)(self.aligned(g, self._shape) / count),)


class Max(Reduction):
    """Largest element along axes; elements that tie for it share the gradient evenly."""

    keep = (0, OUT)

    def forward(self, x: Any) -> Any:
        return x.max(axis=self.axis, keepdims=self.keepdims)

    def backward(self, g: Any, x: Any, y: Any) -> tuple[Any, ...]:
        tied = (x == self.aligned(y, x.shape)).astype(g.dtype)
        share = tied / tied.sum(axis=self.axis, keepdims=True)
        return (self.aligned(g, x.shape) * share,)
