"""Maxima of windows that start where they are told: what fractional max pooling draws anew each time."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.graph import Op, Result
from tinygrad_cnn.ops.index import AddAlongAxis

__all__ = ["FractionalMaxPool"]


class FractionalMaxPool(Op):
    """Largest element of each window: x (*lead, *image) -> (*lead, *output).

        y[o] = max_u x[s[o] + u], for the taps u

    s[o] is where window o starts: `starts` holds an array (*lead, O) for each axis of the image.
    The first maximum in row-major order gets the gradient; the residual holds the maxima's flat positions
    in their images, and the shape of x.
    """

    family = "pool"

    def __init__(self, starts: tuple[Any, ...], kernel: tuple[int, ...]) -> None:
        self._starts, self.kernel = starts, kernel

    def options(self) -> dict[str, Any]:
        return {"output": self._output, "kernel": self.kernel}

    @property
    def _output(self) -> tuple[int, ...]:
        return tuple(along.shape[-1] for along in self._starts)

    def forward(self, x: Any) -> Any:
        lead, image = x.shape[: -len(self.kernel)], x.shape[-len(self.kernel) :]
        taps = self._positions(image)
        reads = devices.beside(taps.reshape(*lead, prod(taps.shape[-2:])), x)
        windows = np.take_along_axis(x.reshape(*lead, prod(image)), reads, -1).reshape(taps.shape)
        best = windows.argmax(-1)[..., None]  # NaN, if there is one
        flat = np.take_along_axis(devices.beside(taps, x), best, -1)[..., 0]
        y = np.take_along_axis(windows, best, -1)[..., 0]
        shape = (*lead, *self._output)
        return Result(y.reshape(shape), (flat.reshape(shape), x.shape))

    def _positions(self, image: tuple[int, ...]) -> Any:
        """Flat positions of the taps of each window: (*lead, windows, taps)."""
        count, flat = len(image), np.zeros((), np.int64)
        for k, (starts, taps, n) in enumerate(zip(self._starts, self.kernel, image, strict=True)):
            along = starts[..., None] + np.arange(taps)
            lead = along.shape[:-2]
            spread = [1] * (2 * count)
            spread[k], spread[count + k] = along.shape[-2:]
            flat = flat * n + along.reshape(*lead, *spread)
        return flat.reshape(*lead, prod(self._output), prod(self.kernel))

    def backward(self, g: Any, residual: tuple[Any, tuple[int, ...]]) -> tuple[Any, ...]:
        flat, shape = residual
        lead, size = shape[: -len(self.kernel)], prod(shape[-len(self.kernel) :])
        lines = (*lead, prod(self._output))
        add = AddAlongAxis(flat.reshape(lines), len(lead), size)
        return (add(g.reshape(lines)).reshape(shape),)
