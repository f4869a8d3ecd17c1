"""Copies, reversals and rotations of the elements; triangles and diagonals."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.graph import Result
from tinygrad_cnn.ops.families import Rearrangement
from tinygrad_cnn.ops.index import IndexAdd
from tinygrad_cnn.ops.reduce import Sum

__all__ = ["Diagonal", "Flip", "PlaceDiagonal", "Repeat", "Roll", "Tile", "Tril", "Triu"]


class Tile(Rearrangement):
    """The whole operand `repeats[i]` times along axis i.

    y[i] = x[i % n] of n elements
    """

    def __init__(self, repeats: tuple[int, ...]) -> None:
        self.repeats = repeats

    def forward(self, x: Any) -> Any:
        return Result(np.tile(x, self.repeats), x.shape)

    def backward(self, g: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
        pairs = zip(self.repeats, shape, strict=True)
        copies = g.reshape(tuple(size for pair in pairs for size in pair))
        return (Sum(tuple(range(0, 2 * len(self.repeats), 2)))(copies),)


class Repeat(Rearrangement):
    """Each element along an axis `repeats` times; an array of numbers says how often each.

    y[i] = x[i // repeats]
    """

    def __init__(self, repeats: Any, axis: int) -> None:
        self._repeats, self.axis = repeats, axis

    def forward(self, x: Any) -> Any:
        often = self._repeats
        if type(x) in devices.ON_DEVICES and not isinstance(often, int):
            often = often.tolist()  # a device takes numbers of the host
        return Result(np.repeat(x, often, self.axis), x.shape)

    def backward(self, g: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
        before, n, after = shape[: self.axis], shape[self.axis], shape[self.axis + 1 :]
        if isinstance(self._repeats, int):
            return (Sum((self.axis + 1,))(g.reshape((*before, n, self._repeats, *after))),)
        places = np.repeat(np.arange(n), self._repeats)
        return (IndexAdd((*(slice(None) for _ in before), places), shape)(g),)

    def options(self) -> dict[str, Any]:
        often = self._repeats if isinstance(self._repeats, int) else tuple(self._repeats.tolist())
        return {"repeats": often, "axis": self.axis}


class Flip(Rearrangement):
    """The elements in reverse order along axes; a view.

    y[i] = x[n - 1 - i] of n elements
    """

    def __init__(self, axis: tuple[int, ...]) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return np.flip(x, self.axis)

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (Flip(self.axis)(g),)


class Roll(Rearrangement):
    """The elements moved on by `shift` along axes; what leaves at one end comes in at the other.

        y[i] = x[(i - shift) % n] of n elements

    Without axes, x is rolled as if it were flat.
    """

    def __init__(self, shift: tuple[int, ...], axis: tuple[int, ...] | None) -> None:
        self.shift, self.axis = shift, axis

    def forward(self, x: Any) -> Any:
        return np.roll(x, self.shift, self.axis)

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (Roll(tuple(-n for n in self.shift), self.axis)(g),)


class Tril(Rearrangement):
    """The elements on and below diagonal k of the last two axes; zeros above.

    y[i, j] = x[i, j] where j - i <= k, y[i, j] = 0 elsewhere
    """

    def __init__(self, k: int) -> None:
        self.k = k

    def forward(self, x: Any) -> Any:
        return np.tril(x, self.k)

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (Tril(self.k)(g),)


class Triu(Rearrangement):
    """The elements on and above diagonal k of the last two axes; zeros below.

    y[i, j] = x[i, j] where j - i >= k, y[i, j] = 0 elsewhere
    """

    def __init__(self, k: int) -> None:
        self.k = k

    def forward(self, x: Any) -> Any:
        return np.triu(x, self.k)

    def backward(self, g: Any) -> tuple[Any, ...]:
        return (Triu(self.k)(g),)


class Diagonal(Rearrangement):
    """The elements of a diagonal of two axes, as the last axis; a view.

    y[..., i] = x[..., i, i + offset]
    """

    def __init__(self, offset: int, axis1: int, axis2: int) -> None:
        self.offset, self.axis1, self.axis2 = offset, axis1, axis2

    def forward(self, x: Any) -> Any:
        y = np.diagonal(x, self.offset, self.axis1, self.axis2)
        if type(x) is np.ndarray and x.flags.writeable:
            y.flags.writeable = True  # NumPy's is read-only, but what is written there arrives
        return Result(y, x.shape)

    def backward(self, g: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
        return (PlaceDiagonal(self.offset, self.axis1, self.axis2, shape)(g),)


class PlaceDiagonal(Rearrangement):
    """Zeros of `shape` with the last axis of g on a diagonal; the adjoint of `Diagonal`.

    y[..., i, i + offset] = g[..., i]
    """

    word = "Diag"

    def __init__(self, offset: int, axis1: int, axis2: int, shape: tuple[int, ...]) -> None:
        self.offset, self.axis1, self.axis2, self.shape = offset, axis1, axis2, shape

    def forward(self, g: Any) -> Any:
        out = devices.zeros(self.shape, g.dtype, like=g)
        along = devices.arange(0, g.shape[-1], like=g)
        matrices = np.moveaxis(out, (self.axis1, self.axis2), (-2, -1))
        matrices[..., along + max(-self.offset, 0), along + max(self.offset, 0)] = g
        return out

    def backward(self, h: Any) -> tuple[Any, ...]:
        return (Diagonal(self.offset, self.axis1, self.axis2)(h),)
