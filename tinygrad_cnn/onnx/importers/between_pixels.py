"""Images read between pixels: grids of places, affine ones among them, and boxes of interest."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.onnx.importers.call import Call, array, ints
from tinygrad_cnn.onnx.importers.registry import importer
from tinygrad_cnn.onnx.importers.windows import bilinear


@importer("GridSample")
def _grid_sample(call: Call, x: Any, places: Any) -> Any:
    """x (N, C, H, W) or (N, C, D, H, W) read at places from -1 to 1, the last axis first."""
    count, mode = x.ndim - 2, call.get("mode", "linear")
    corners = bool(call.get("align_corners", 0))
    call.room((*x.shape[:2], *places.shape[1:-1]))
    spots = []
    for axis in range(count):
        size = x.shape[2 + axis]
        place = places[..., count - 1 - axis]
        spots.append((place + 1) * ((size - 1) / 2) if corners else ((place + 1) * size - 1) * 0.5)
    border = call.get("padding_mode", "zeros")
    if mode in ("cubic", "bicubic"):  # places stay, their taps are moved inside
        return _between(x, spots, border, _cubic_taps, corners)
    spots = [_inside(spot, n, border, corners) for spot, n in zip(spots, x.shape[2:], strict=True)]
    if mode in ("linear", "bilinear"):
        return _between(x, spots, border, _linear_taps)
    if mode != "nearest":
        raise FormatError(f"mode is {mode!r}")
    return _between(x, [np.rint(array(spot)).astype(x.dtype) for spot in spots], border, _one_tap)


def _inside(spot: Any, size: int, border: str, corners: bool) -> Any:
    """Places beyond the image moved to its edge, or reflected at it."""
    if border == "border":
        return F.clip(spot, 0, size - 1)
    if border != "reflection":
        return spot
    low, high = (0.0, size - 1.0) if corners else (-0.5, size - 0.5)
    span = max(high - low, 1e-9)
    turns = np.floor((array(spot) - low) / span)
    odd = turns % 2 == 1
    sign = np.where(odd, -1.0, 1.0).astype(spot.dtype)
    shift = np.where(odd, 2 * low + (turns + 1) * span, -turns * span).astype(spot.dtype)
    moved = spot * sign + shift
    return moved if corners else F.clip(moved, 0, size - 1)


def _one_tap(spot: Any) -> list[tuple[Any, Any]]:
    return [(array(spot), 1.0)]


def _linear_taps(spot: Any) -> list[tuple[Any, Any]]:
    near = np.floor(array(spot))
    part = spot - near
    return [(near, 1 - part), (near + 1, part)]


def _cubic_taps(spot: Any) -> list[tuple[Any, Any]]:
    near, a = np.floor(array(spot)), -0.75
    part = spot - near
    found = []
    for k in range(-1, 3):
        d = F.abs(part - k)
        weight = ((a + 2) * d - (a + 3)) * d * d + 1 if k in (0, 1) else a * (((d - 5) * d + 8) * d - 4)
        found.append((near + k, weight))
    return found


def _between(x: Any, spots: Any, border: str, taps: Any, corners: bool = False) -> Any:
    """The sum over the taps of each axis of weight times pixel: x (N, C, ...) -> (N, C, ...)."""
    batch = np.arange(x.shape[0]).reshape(-1, *(1,) * (array(spots[0]).ndim - 1))
    pixels = F.moveaxis(x, 1, -1)
    terms: list[tuple[tuple[Any, ...], Any, Any]] = [((batch,), 1.0, True)]
    for spot, size in zip(spots, x.shape[2:], strict=True):
        found = taps(spot)
        terms = [
            ((*key, _at(place, size, border, corners)), weight * share, inside & _seen(place, size, border))
            for key, weight, inside in terms
            for place, share in found
        ]
    total: Any = None
    for key, weight, inside in terms:
        factor = weight * np.asarray(inside).astype(x.dtype)
        term = F.index(pixels, key) * F.expand_dims(factor, -1)
        total = term if total is None else total + term
    return F.moveaxis(total, -1, 1)


def _at(place: Any, size: int, border: str, corners: bool) -> Any:
    """The pixel that a tap reads."""
    if border == "reflection":
        low, high = (0.0, size - 1.0) if corners else (-0.5, size - 0.5)
        span = max(high - low, 1e-9)
        away = np.abs(place - low) % (2 * span)
        place = low + np.where(away > span, 2 * span - away, away)
    return np.clip(np.rint(place), 0, size - 1).astype(np.intp)


def _seen(place: Any, size: int, border: str) -> Any:
    return True if border != "zeros" else (place >= 0) & (place < size)


@importer("AffineGrid")
def _affine_grid(call: Call, theta: Any, size: Any) -> Any:
    """Places of an affinely moved image, for GridSample."""
    sizes = ints(size)
    image, corners = sizes[2:], bool(call.get("align_corners", 0))
    call.room((sizes[0], *image, len(image)))
    lines = []
    for n in image:
        line = np.linspace(-1, 1, n) if corners else (np.arange(n) * 2 + 1) / n - 1
        lines.append(line)
    mesh = np.meshgrid(*lines, indexing="ij")
    points = np.stack([*reversed(mesh), np.ones_like(mesh[0])], -1).reshape(-1, len(image) + 1)
    moved = F.matmul(points.astype(theta.dtype), F.swapaxes(theta, 1, 2))
    return F.reshape(moved, (sizes[0], *image, len(image)))


@importer("RoiAlign", options=())
def _roi_align(call: Call, x: Any, rois: Any, images: Any) -> Any:
    """Each box in bins; a bin is the mean or the largest of points read between pixels."""
    mode, scale = call.get("mode", "avg"), call.get("spatial_scale", 1.0)
    shape = (call.get("output_height", 1), call.get("output_width", 1))
    default = "half_pixel" if call.version >= 16 else "output_half_pixel"
    half = call.get("coordinate_transformation_mode", default) == "half_pixel"
    call.room((rois.shape[0], x.shape[1], *shape))
    found = []
    for box, image in zip(array(rois).astype(np.float64), ints(images), strict=True):
        found.append(_roi(call, x[image], box * scale - (0.5 if half else 0.0), shape, mode, half))
    if not found:
        return np.zeros((0, x.shape[1], *shape), x.dtype)
    return F.stack(found)


def _roi(call: Call, image: Any, box: Any, shape: tuple[int, int], mode: str, half: bool) -> Any:
    """One box of an image (C, H, W) as (C, *shape)."""
    lines = []
    for axis, bins in enumerate(shape):
        start, end = box[1 - axis], box[3 - axis]
        length = end - start if half else max(end - start, 1.0)
        points = call.get("sampling_ratio", 0) or max(ceil(length / bins), 1)
        call.room((bins * points, image.shape[0]))
        lines.append((start + (np.arange(bins * points) + 0.5) * length / (bins * points), points))
    (rows, down), (columns, across) = lines
    call.room((image.shape[0], len(rows), len(columns)))
    values = [_edge(place, n) for place, n in ((rows, image.shape[1]), (columns, image.shape[2]))]
    grid = np.meshgrid(*(place for place, _ in values), indexing="ij")
    inside = values[0][1][:, None] & values[1][1][None, :]
    bins_of = (image.shape[0], shape[0], down, shape[1], across)
    if mode == "avg":
        seen = bilinear(image[None, None], *(g[None, None].astype(image.dtype) for g in grid))[0, 0]
        return F.mean(F.reshape(seen * inside.astype(image.dtype), bins_of), (2, 4))
    # The largest of all weighted pixels, as ONNX defines it.
    parts = [
        seen
        for row in _linear_taps(grid[0])
        for column in _linear_taps(grid[1])
        for seen in [_tap(image, row, column, inside)]
    ]
    return F.max(F.stack([F.reshape(part, bins_of) for part in parts]), (0, 3, 5))


def _edge(place: Any, size: int) -> tuple[Any, Any]:
    """Points up to a pixel beyond the image are moved to its edge; others count as 0."""
    return np.clip(place, 0, size - 1), (place >= -1) & (place <= size)


def _tap(image: Any, row: Any, column: Any, inside: Any) -> Any:
    rows = np.clip(row[0], 0, image.shape[1] - 1).astype(np.intp)
    columns = np.clip(column[0], 0, image.shape[2] - 1).astype(np.intp)
    return F.index(image, (slice(None), rows, columns)) * (row[1] * column[1] * inside).astype(image.dtype)
