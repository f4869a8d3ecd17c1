"""Compiled reading of images at a few places each with a weight, and the adjoints."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import kernel
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, is_served, over, plain

Array = NDArray[Any]

ZERO, INT64 = np.float32(0), np.dtype(np.int64)


@kernel(
    "void(float32[:, :, ::1], int64[:, :, ::1], float32[:, :, ::1], float32[:, :, ::1], int64, int64)",
)
def sums_of_taps(x, places, w, y, start, stop):
    for plane in range(start, stop):
        n, c = plane // x.shape[1], plane % x.shape[1]
        image, out, at, weights = x[n, c], y[n, c], places[n], w[n]
        for p in range(out.size):
            out[p] = ZERO
        for k in range(len(at)):
            factors, pixels = weights[k], at[k]
            for p in range(out.size):
                value = factors[p] * image[pixels[p] if pixels[p] >= 0 else 0]
                out[p] += value if pixels[p] >= 0 else ZERO


@kernel(
    "void(float32[:, :, ::1], int64[:, :, ::1], float32[:, :, ::1], float32[:, :, ::1], int64, int64)",
)
def spread_of_taps(g, places, w, y, start, stop):
    for plane in range(start, stop):
        n, c = plane // y.shape[1], plane % y.shape[1]
        image, line, at, weights = y[n, c], g[n, c], places[n], w[n]
        for i in range(image.size):
            image[i] = ZERO
        for k in range(len(at)):
            factors, pixels = weights[k], at[k]
            for p in range(line.size):
                value = factors[p] * line[p]
                image[pixels[p] if pixels[p] >= 0 else 0] += value if pixels[p] >= 0 else ZERO


@kernel(
    "void(float32[:, :, ::1], float32[:, :, ::1], int64[:, :, ::1], float32[:, :, ::1], int64, int64)",
)
def products_of_taps(g, x, places, y, start, stop):
    for n in range(start, stop):
        out, at = y[n], places[n]
        flat = out.reshape(out.size)
        for i in range(flat.size):
            flat[i] = ZERO
        for c in range(g.shape[1]):
            image, line = x[n, c], g[n, c]
            for k in range(len(at)):
                total, pixels = out[k], at[k]
                for p in range(line.size):
                    value = line[p] * image[pixels[p] if pixels[p] >= 0 else 0]
                    total[p] += value if pixels[p] >= 0 else ZERO


def tap_sum(x: Array, places: Array, w: Array) -> Array:
    """See the reference."""
    if not (_fit(x, w, places, x.shape[2])):
        return reference.tap_sum(x, places, w)
    y = np.empty((*x.shape[:2], places.shape[2]), FLOAT32)
    planes, worth = x.shape[0] * x.shape[1], 16 * places.size * x.shape[1]
    over(planes, worth, sums_of_taps, plain(x), plain(places), plain(w), y)
    return y


def tap_spread(g: Array, places: Array, w: Array, size: int) -> Array:
    """See the reference."""
    if not _fit(g, w, places, size):
        return reference.tap_spread(g, places, w, size)
    y = np.empty((*g.shape[:2], size), FLOAT32)
    planes, worth = g.shape[0] * g.shape[1], 20 * places.size * g.shape[1]
    over(planes, worth, spread_of_taps, plain(g), plain(places), plain(w), y)
    return y


def tap_product(g: Array, x: Array, places: Array) -> Array:
    """See the reference."""
    if not _fit(g, x, places, x.shape[2]):
        return reference.tap_product(g, x, places)
    y = np.empty(places.shape, FLOAT32)
    over(len(x), 20 * places.size * x.shape[1], products_of_taps, plain(g), plain(x), plain(places), y)
    return y


def _fit(first: Array, second: Array, places: Array, size: int) -> bool:
    """Whether both are served; places that lie beyond the end are the reference's to refuse."""
    return is_served(first) and is_served(second) and _are_inside(places, size)


def _are_inside(places: Array, size: int) -> bool:
    return places.dtype == INT64 and places.size > 0 and int(places.max()) < size
