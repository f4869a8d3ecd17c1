"""Convolutions and pools: what slides a window over signals, images and volumes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import kernels, ops
from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.grid import Grid, grid
from tinygrad_cnn.onnx.importers.call import Call, array, ints, is_float
from tinygrad_cnn.onnx.importers.registry import importer

Sides = tuple[tuple[int, int], ...]


def windows(call: Call, image: Sequence[int], kernel: Sequence[int], ceil_mode: bool = False) -> Grid:
    """Where the windows of a node lie, from its attributes strides, pads, auto_pad and dilations."""
    image, kernel, count = tuple(image), tuple(kernel), len(image)
    stride = _per_axis(call, "strides", count)
    dilation = _per_axis(call, "dilations", count)
    if len(kernel) != count:
        raise FormatError(f"a window of shape {kernel} does not fit {count} spatial axes")
    if call.get("auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER"):
        ceil_mode = False
    sides = _sides(call, image, kernel, stride, dilation)
    padded = call.room(tuple(n + b + a for n, (b, a) in zip(image, sides, strict=True)))
    # Each window is a loop or a copy per tap of the kernel.
    call.room((prod(kernel),))
    if prod(padded) == 0:
        raise FormatError(f"an image of {image} has no pixels")
    return grid(call.node.kind, image, kernel, stride, sides, dilation, ceil_mode)


def _per_axis(call: Call, name: str, count: int, least: int = 1) -> tuple[int, ...]:
    """An attribute with an integer per spatial axis."""
    values = call.ints(name, (1,) * count) or ()
    if len(values) != count or min(values, default=least) < least:
        raise FormatError(f"{name} {values} does not give a number of at least {least} per spatial axis")
    return values


def _pads(call: Call, count: int) -> Sides:
    pads = call.ints("pads", (0,) * (2 * count)) or ()
    if len(pads) != 2 * count or min(pads, default=0) < 0:
        raise FormatError(f"pads {pads} do not give two sizes per spatial axis")
    return tuple(zip(pads[:count], pads[count:], strict=True))


def _sides(
    call: Call, image: Sequence[int], kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> Sides:
    """Padding before and after each axis."""
    auto = call.get("auto_pad", "NOTSET")
    if auto in ("NOTSET", ""):
        return _pads(call, len(image))
    if auto == "VALID":
        return ((0, 0),) * len(image)
    if auto not in ("SAME_UPPER", "SAME_LOWER"):
        raise FormatError(f"auto_pad is {auto!r}")
    sides = []
    for n, k, s, d in zip(image, kernel, stride, dilation, strict=True):
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        less, more = total // 2, total - total // 2
        sides.append((less, more) if auto == "SAME_UPPER" else (more, less))
    return tuple(sides)


def _given(*operands: Any) -> tuple[Any, ...]:
    return tuple(operand for operand in operands if operand is not None)


# --------------------------------------------------------------------------- convolutions
@importer("Conv", weights=(1, 2))
def _conv(call: Call, x: Any, w: Any, b: Any = None) -> Any:
    groups = call.get("group", 1)
    _check_channels(x, w, groups)
    where = windows(call, x.shape[2:], w.shape[2:])
    call.room((x.shape[0], w.shape[0], *where.output))
    return ops.Conv(where, groups)(*_given(x, w, b))


def _check_channels(x: Any, w: Any, groups: int) -> None:
    if x.ndim < 3 or x.ndim != w.ndim or groups < 1 or x.shape[1] != w.shape[1] * groups:
        raise FormatError(f"x {x.shape} and w {w.shape} do not fit in {groups} groups")
    if w.shape[0] % groups:
        raise FormatError(f"{w.shape[0]} kernels do not split into {groups} groups")


@importer("ConvTranspose", weights=(1, 2))
def _conv_transpose(call: Call, x: Any, w: Any, b: Any = None) -> Any:
    groups, count, kernel = call.get("group", 1), x.ndim - 2, tuple(w.shape[2:])
    if x.ndim < 3 or x.ndim != w.ndim or groups < 1 or x.shape[1] != w.shape[0] or x.shape[1] % groups:
        raise FormatError(f"x {x.shape} and w {w.shape} do not fit in {groups} groups")
    stride, dilation = _per_axis(call, "strides", count), _per_axis(call, "dilations", count)
    extra = call.ints("output_padding", (0,) * count) or ()
    if len(extra) != count or min(extra, default=0) < 0:
        raise FormatError(f"output_padding {extra} does not give a size per spatial axis")
    options = zip(x.shape[2:], kernel, stride, dilation, strict=True)
    full = [(n - 1) * s + (k - 1) * d + 1 for n, k, s, d in options]
    pads = _transposed_pads(call, x.shape[2:], full, stride, extra)
    # Pixels of the image after the last window, that output_padding adds, are padding taken away.
    sides = tuple((before, after - more) for (before, after), more in zip(pads, extra, strict=True))
    image = call.room([n - before - after for n, (before, after) in zip(full, sides, strict=True)])
    call.room((x.shape[0], w.shape[1] * groups, *full))
    where = grid("ConvTranspose", image, kernel, stride, sides, dilation)
    return ops.ConvTranspose(where, groups)(*_given(x, w, b))


def _transposed_pads(
    call: Call, small: Sequence[int], full: Sequence[int], stride: Sequence[int], extra: Sequence[int]
) -> Sides:
    """Find what is cut off each side of the full result."""
    auto, count = call.get("auto_pad", "NOTSET"), len(full)
    wanted = call.ints("output_shape")
    if wanted is None and auto in ("SAME_UPPER", "SAME_LOWER"):
        wanted = tuple(n * s for n, s in zip(small, stride, strict=True))
    if wanted is None:
        return ((0, 0),) * count if auto == "VALID" else _pads(call, count)
    totals = [n + more - size for n, more, size in zip(full, extra, wanted[-count:], strict=True)]
    if auto == "SAME_UPPER":
        return tuple((total // 2, total - total // 2) for total in totals)
    return tuple((total - total // 2, total // 2) for total in totals)


@importer("Col2Im")
def _col2im(call: Call, x: Any, image: Any, block: Any) -> Any:
    size = call.room(ints(image))
    where = windows(call, size, ints(block))
    channels = x.shape[1] // max(prod(where.kernel), 1)
    call.room((x.shape[0], channels, *where.padded))
    return ops.Fold(where)(x)


@importer("DeformConv", weights=(1, 3))
def _deform_conv(call: Call, x: Any, w: Any, offset: Any, b: Any = None, mask: Any = None) -> Any:
    """Each tap reads the image at its place plus an offset, by bilinear interpolation."""
    groups, parts = call.get("group", 1), call.get("offset_group", 1)
    _check_channels(x, w, groups)
    if x.ndim != 4:
        raise FormatError(f"x {x.shape} is not a batch of images")
    where = windows(call, x.shape[2:], w.shape[2:])
    (count, channels), taps, out = x.shape[:2], prod(where.kernel), where.output
    call.room((count, channels, taps, *out))
    offset = F.reshape(offset, (count, parts, taps, 2, *out))
    places = []
    for axis in range(2):
        side = tuple(-1 if i == axis else 1 for i in range(2))
        tap = (np.indices(where.kernel)[axis].reshape(-1) * where.dilation[axis]).reshape(taps, 1, 1)
        start = np.arange(out[axis]).reshape(side) * where.stride[axis] - where.padding[axis][0]
        places.append(offset[:, :, :, axis] + (start + tap).astype(offset.dtype))
    split = F.reshape(x, (count, parts, channels // parts, *x.shape[2:]))
    seen = bilinear(split, *places)  # (N, parts, C / parts, taps, *out)
    if mask is not None:
        seen = seen * F.reshape(mask, (count, parts, 1, taps, *out))
    columns = F.reshape(seen, (count, groups, channels // groups * taps, prod(out)))
    kernel = F.reshape(w, (1, groups, w.shape[0] // groups, prod(w.shape[1:])))
    y = F.reshape(F.matmul(kernel, columns), (count, w.shape[0], *out))
    return y if b is None else y + F.reshape(b, (-1, 1, 1))


def bilinear(x: Any, rows: Any, columns: Any) -> Any:
    """Images x (N, P, C, H, W) read between pixels at rows and columns (N, P, ...); 0 outside.

    Returns (N, P, C, ...). The gradient flows to the image and to the places.
    """
    height, width = x.shape[3:]
    top, left = np.floor(array(rows)), np.floor(array(columns))
    down, right = rows - top, columns - left  # in [0, 1)
    batch, part = np.indices(x.shape[:2]).reshape(2, *x.shape[:2], *(1,) * (top.ndim - 2))
    pixels = F.moveaxis(x, 2, 4)  # (N, P, H, W, C)
    total: Any = None
    for i, share in ((0, 1 - down), (1, down)):
        for j, part_of in ((0, 1 - right), (1, right)):
            row, column = top + i, left + j
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            key = (
                batch, part, np.clip(row, 0, height - 1).astype(np.intp),
                np.clip(column, 0, width - 1).astype(np.intp),
            )  # fmt: skip
            weight = share * part_of * inside.astype(x.dtype)
            term = F.index(pixels, key) * F.expand_dims(weight, -1)
            total = term if total is None else total + term
    return F.moveaxis(total, -1, 2)


# --------------------------------------------------------------------------- pools
def _pool_windows(call: Call, x: Any) -> Grid:
    kernel = call.ints("kernel_shape") or ()
    where = windows(call, x.shape[2:], kernel, bool(call.get("ceil_mode", 0)))
    call.room((*x.shape[:2], *where.padded))
    # A window is read tap by tap.
    call.room((prod(where.kernel) * prod(where.output),))
    return where


@importer("MaxPool")
def _max_pool(call: Call, x: Any) -> Any:
    where, given = _pool_windows(call, x), x
    if not is_float(x):
        x = array(x).astype(np.float64)
    y = ops.MaxPool(where)(x)
    if not is_float(given):
        y = y.astype(given.dtype)
    if not call.wants(1):
        return y
    _, taps = kernels.max_pool_places(array(x), where)
    flat = where.flat(taps)
    if call.get("storage_order"):
        height, width = x.shape[-2:]
        flat = flat // width + flat % width * height
    images = np.arange(prod(x.shape[:2])).reshape(*x.shape[:2], *(1,) * len(where.image))
    return y, (flat + images * prod(where.image)).astype(np.int64)


@importer("AveragePool")
def _average_pool(call: Call, x: Any) -> Any:
    return ops.AvgPool(_pool_windows(call, x), bool(call.get("count_include_pad", 0)))(x)


@importer("LpPool")
def _lp_pool(call: Call, x: Any) -> Any:
    return ops.LpPool(_pool_windows(call, x), call.get("p", 2))(F.abs(x))


@importer("GlobalAveragePool")
def _global_average_pool(call: Call, x: Any) -> Any:
    return F.mean(x, tuple(range(2, x.ndim)), True)


@importer("GlobalMaxPool")
def _global_max_pool(call: Call, x: Any) -> Any:
    return F.max(x, tuple(range(2, x.ndim)), True)


@importer("GlobalLpPool")
def _global_lp_pool(call: Call, x: Any) -> Any:
    return F.norm(x, call.get("p", 2), tuple(range(2, x.ndim)), True)


@importer("MaxUnpool")
def _max_unpool(call: Call, x: Any, places: Any, shape: Any = None) -> Any:
    """Each element at the place that MaxPool counted over the whole batch; zeros elsewhere."""
    count = x.ndim - 2
    kernel, stride = call.ints("kernel_shape") or (), _per_axis(call, "strides", count)
    options = zip(x.shape[2:], kernel, stride, _pads(call, count), strict=True)
    image = [(n - 1) * s - before - after + k for n, k, s, (before, after) in options]
    size = call.room((*x.shape[:2], *image))
    flat = array(places).reshape(-1).astype(np.intp)
    if flat.size and not 0 <= flat.min() <= flat.max() < prod(size):
        raise FormatError(f"an index lies outside {size}")
    # As an expression of `x`: the element whose turn it is for each place, or zero.
    turn = np.full(prod(size), x.size, np.intp)
    turn[flat] = np.arange(x.size)
    longer = F.concatenate([F.reshape(x, (x.size,)), np.zeros(1, x.dtype)])
    y = F.reshape(F.index(longer, turn), size)
    if shape is None:
        return y
    # A larger shape only adds zeros: the places are counted in the image that the kernel makes.
    wanted = call.room(ints(shape))
    y = y[tuple(slice(n) for n in wanted)]
    return F.pad(y, [(0, n - m) for n, m in zip(wanted, y.shape, strict=True)])
