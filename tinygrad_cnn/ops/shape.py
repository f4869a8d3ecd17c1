"""Rearranging elements without computing on them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.graph import Needs, Result
from tinygrad_cnn.ops.families import Rearrangement
from tinygrad_cnn.ops.totals import total

__all__ = ["BroadcastTo", "Concatenate", "Reshape", "SumTo", "Transpose"]


class Reshape(Rearrangement):
    """The elements in row-major order, in another shape; a view where the layout allows.

    y[k] = x[k], k counting in row-major order
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def forward(self, x: Any) -> Any:
        return Result(x.reshape(self.shape), x.shape)

    def backward(self, g: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
        return (g.reshape(shape),)


class Transpose(Rearrangement):
    """The axes in another order; a view.

    y[j, i] = x[i, j]
    """

    def __init__(self, axes: tuple[int, ...]) -> None:
        self.axes = axes

    def forward(self, x: Any) -> Any:
        return x.transpose(self.axes)

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (g.transpose(tuple(sorted(range(len(self.axes)), key=self.axes.__getitem__))),)


class BroadcastTo(Rearrangement):
    """The operand repeated to a larger shape without copying; the adjoint of `SumTo`.

    y[n, i] = x[i]
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def forward(self, x: Any) -> Any:
        if type(x) is np.ndarray and x.size == 1 and x.ndim <= len(self.shape):
            # As for every loss; `broadcast_to` takes three times as long.
            y: Any = np.ndarray(self.shape, x.dtype, x, 0, (0,) * len(self.shape))
            y.flags.writeable = False
            return Result(y, x.shape)
        return Result(np.broadcast_to(x, self.shape), x.shape)

    def backward(self, g: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
        return (SumTo(shape)(g),)


class SumTo(Rearrangement):
    """The operand summed to a smaller shape that broadcasts to its own; undoes broadcasting.

    y[i] = sum_n x[n, i]
    """

    word = "Sum"
    wide = True

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def forward(self, x: Any) -> Any:
        lead = x.ndim - len(self.shape)
        pairs = enumerate(zip(x.shape[lead:], self.shape, strict=True), start=lead)
        axes = (*range(lead), *(i for i, (have, want) in pairs if want == 1 != have))
        return Result(total(x, axes, keepdims=True).reshape(self.shape), x.shape)

    def backward(self, g: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
        return (BroadcastTo(shape)(g),)


class Concatenate(Rearrangement):
    """Operands joined along an existing axis.

    y[i] = a[i], y[n + j] = b[j], n the length of a
    """

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def forward(self, *arrays: Any) -> Any:
        joined = np.concatenate(arrays, axis=self.axis)  # first: it says which shapes do not fit
        return Result(joined, np.cumsum([0, *(array.shape[self.axis] for array in arrays)]).tolist())

    def backward(self, g: Any, ends: list[int], *, needs: Needs) -> tuple[Any, ...]:
        before = (slice(None),) * self.axis
        pieces = zip(ends, ends[1:], needs, strict=False)
        return tuple(g[(*before, slice(i, j))] if need else None for i, j, need in pieces)
