"""Borders: a constant, or the operand's own elements seen again."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.errors import ShapeError
from tinygrad_cnn.ops.families import Rearrangement

__all__ = ["Pad", "PadAdd"]

Widths = tuple[tuple[int, int], ...]


class Pad(Rearrangement):
    """A border: `widths` holds (before, after) per axis, `mode` says what stands there.

        y[i + p] = x[i], p in front

    'constant' `value`; 'reflect' the elements mirrored at the outermost one; 'replicate' the
    outermost one; 'circular' the elements from the other end.
    """

    def __init__(self, widths: Widths, value: float = 0.0, mode: str = "constant") -> None:
        self.widths, self.value, self.mode = widths, value, mode

    def forward(self, x: Any) -> Any:
        if self.mode == "constant":
            return self._framed(x)
        out, inside = self._middle(x)
        for axis, (before, after) in enumerate(self.widths):
            for i, source in border(x.shape[axis], before, after, self.mode):
                full, bare = (
                    (slice(None),) * axis,
                    inside[axis + 1 :],
                )  # whose border is written, and is not
                out[(*full, i, *bare)] = out[(*full, source, *bare)]
        return out

    def backward(self, g: Any) -> tuple[Any, ...]:
        if self.mode != "constant":
            return (PadAdd(self.widths, self.mode)(g),)
        sides = zip(self.widths, g.shape, strict=True)
        return (g[tuple(slice(before, n - after) for (before, after), n in sides)],)

    def options(self) -> dict[str, Any]:
        last = {"value": self.value} if self.mode == "constant" else {"mode": self.mode}
        return {"widths": self.widths, **last}

    def _middle(self, x: Any) -> tuple[Any, tuple[slice, ...]]:
        """x inside a border that is not written yet, and where it lies there."""
        sides = zip(self.widths, x.shape, strict=True)
        sizes, inside = [], []
        for (before, after), n in sides:
            sizes.append(before + n + after)
            inside.append(slice(before, before + n))
        out = np.empty_like(x, shape=sizes)
        out[tuple(inside)] = x
        return out, tuple(inside)

    def _framed(self, x: Any) -> Any:
        out, inside = self._middle(x)
        for axis, (before, after) in enumerate(self.widths):  # the border alone: half of what is written
            lead = tuple(inside[:axis])
            if before:
                out[(*lead, slice(0, before))] = self.value
            if after:
                out[(*lead, slice(-after, None))] = self.value
        return out


class PadAdd(Rearrangement):
    """Each element of the border added to the element that it shows; `Pad`'s adjoint.

    x[i] = sum_j g[j], for each j that shows i
    """

    word = "Pad gradient"
    wide = True

    def __init__(self, widths: Widths, mode: str) -> None:
        self.widths, self.mode = widths, mode

    def forward(self, g: Any) -> Any:
        out = g.copy()
        sizes = [n - before - after for (before, after), n in zip(self.widths, g.shape, strict=True)]
        inside = [slice(before, before + n) for (before, _), n in zip(self.widths, sizes, strict=True)]
        for axis, (before, after) in enumerate(self.widths):
            for i, source in border(sizes[axis], before, after, self.mode):
                out[(*inside[:axis], source)] += out[(*inside[:axis], i)]
        return out[tuple(inside)].copy()

    def backward(self, h: Any) -> tuple[Any, ...]:
        return (Pad(self.widths, mode=self.mode)(h),)


def border(n: int, before: int, after: int, mode: str) -> list[tuple[int, int]]:
    """Each place of the border along a padded axis, and the place there of the element that it shows.

    >>> border(3, 1, 2, "replicate")
    [(0, 1), (4, 3), (5, 3)]
    """
    if not (before or after):
        return []
    if n < 1:
        raise ShapeError(f"pad: a border of mode {mode!r} shows elements, and the axis has none")
    shown = sources(n, before, after, mode)
    return [(i, before + int(shown[i])) for i in (*range(before), *range(before + n, before + n + after))]


def sources(n: int, before: int, after: int, mode: str) -> Any:
    """For each place of a padded axis, the place among the n elements that it shows.

    >>> sources(3, 2, 2, "reflect"), sources(3, 1, 1, "circular")
    (array([2, 1, 0, 1, 2, 1, 0]), array([2, 0, 1, 2, 0]))
    """
    places = np.arange(-before, n + after)
    if mode == "replicate":
        return places.clip(0, n - 1)
    if mode == "circular":
        return places % n
    period = max(2 * (n - 1), 1)  # there and back again; a single element is its own mirror
    places %= period
    return np.where(places < n, places, period - places)
