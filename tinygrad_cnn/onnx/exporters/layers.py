"""Ops with windows, products and normalisation: what layers are made of."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.grid import Grid
from tinygrad_cnn.onnx.exporters.registry import exporter, plain
from tinygrad_cnn.onnx.exporters.target import Target


def _windows(to: Target, grid: Grid, **options: Any) -> dict[str, Any]:
    """Attributes of a grid; only the image may vary with the size of the inputs."""
    other = to.twin.grid
    for name in ("kernel", "stride", "padding", "dilation", "ceil_mode"):
        if getattr(grid, name) != getattr(other, name):
            raise to.refuse(f"its {name} depends on the size of the inputs")
    before, after = zip(*grid.padding, strict=True)
    return {
        "kernel_shape": grid.kernel, "strides": grid.stride, "pads": (*before, *after), **options,
    }  # fmt: skip


@exporter(ops.Conv, sized=("grid",))
def _conv(to: Target, op: ops.Conv, *operands: str) -> str:
    options = _windows(to, op.grid, dilations=op.grid.dilation, group=op.groups)
    return to.node("Conv", operands, **options)


@exporter(ops.ConvTranspose, ops.ConvImage, sized=("grid",))
def _conv_transpose(to: Target, op: ops.ConvTranspose, *operands: str) -> str:
    """Cut off what is beyond the image, if anything is; what is added there is output_padding."""
    options = _windows(to, op.grid, dilations=op.grid.dilation, group=op.groups)
    before, after, extra = [], [], []
    grid = op.grid
    axes = zip(
        grid.image,
        to.operand_shape(0)[2:],
        grid.kernel,
        grid.stride,
        grid.padding,
        grid.dilation,
        strict=True,
    )
    for n, o, k, s, (b, _), d in axes:
        cut = (o - 1) * s + (k - 1) * d + 1 - b - n  # pixels of the full result after the image
        before.append(b)
        after.append(max(cut, 0))
        extra.append(max(-cut, 0))
    # Symmetric padding with output_padding, as most programs write it, where that says the same.
    for i, (b, a) in enumerate(zip(before, after, strict=True)):
        if 0 < b - a < grid.stride[i] and not extra[i]:
            after[i], extra[i] = b, b - a
    options["pads"] = (*before, *after)
    if all(e < s for e, s in zip(extra, grid.stride, strict=True)):
        return to.node("ConvTranspose", operands, **options, output_padding=extra)
    # Programs insist on less output_padding than the stride: further pixels get the bias alone.
    x, w, *bias = operands
    y = to.node("ConvTranspose", [x, w], **options)
    y = to.node("Pad", [y, to.ints(*[0] * (4 + len(extra)), *extra)])
    side = to.ints(-1, *(1 for _ in extra))
    return to.node("Add", [y, to.node("Reshape", [bias[0], side])]) if bias else y


def _pool_windows(to: Target, grid: Grid, **options: Any) -> dict[str, Any]:
    """Attributes of a pool, with padding for what overhangs in ceil mode, whose rules differ by program."""
    made = _windows(to, grid, **options)
    if not grid.ceil_mode:
        return made
    if any(a != b for a, b in to.operand_pairs(0)[-len(grid.image) :]):
        return {**made, "ceil_mode": 1}
    after = []
    axes = zip(grid.image, grid.kernel, grid.stride, grid.padding, grid.dilation, grid.output, strict=True)
    for n, k, s, (b, a), d, out in axes:
        reach = (out - 1) * s + (k - 1) * d + 1 - b - n  # of the last window, beyond the image
        after.append(a if reach <= a < reach + s else max(reach, 0))
    return {**made, "pads": (*(b for b, _ in grid.padding), *after)}


@exporter(ops.MaxPool, sized=("grid",))
def _max_pool(to: Target, op: ops.MaxPool, x: str) -> str:
    return to.node("MaxPool", [x], **_pool_windows(to, op.grid, dilations=op.grid.dilation))


@exporter(ops.AvgPool, sized=("grid",))
def _avg_pool(to: Target, op: ops.AvgPool, x: str) -> str:
    return _mean(to, op.grid, x, op.count_include_pad)


def _mean(to: Target, grid: Grid, x: str, counted: bool) -> str:
    """Mean of each window; padding counts if `counted`, the overhang of ceil mode never."""
    options = _pool_windows(to, grid, count_include_pad=int(counted))
    y = to.node("AveragePool", [x], **options)
    if not counted or not grid.ceil_mode or "ceil_mode" in options:
        return y
    share = prod(grid.kernel) / grid.coverage(True)
    return y if (share == 1).all() else to.node("Mul", [y, to.constant(share.astype(to.dtype))])


@exporter(ops.LpPool, sized=("grid",))
def _lp_pool(to: Target, op: ops.LpPool, x: str) -> str:
    """(taps · mean of x^p)^(1/p)."""
    mean = _mean(to, op.grid, to.node("Pow", [x, to.constant(float(op.p))]), True)
    total = to.node("Mul", [mean, to.constant(float(prod(op.grid.kernel)))])
    return to.node("Pow", [total, to.constant(1 / op.p)])


@exporter(ops.Unfold, sized=("grid",))
def _unfold(to: Target, op: ops.Unfold, x: str) -> str:
    """A convolution whose kernels each have a single 1."""
    channels, taps = to.operand_shape(0)[1], prod(op.grid.kernel)
    ones = np.tile(
        np.eye(taps, dtype=to.dtype).reshape(taps, 1, *op.grid.kernel),
        (channels, *(1,) * (1 + len(op.grid.kernel))),
    )
    options = _windows(to, op.grid, dilations=op.grid.dilation, group=channels)
    y = to.node("Conv", [x, to.constant(ones)], **options)
    return to.node("Reshape", [y, to.ints(0, channels * taps, -1)])


@exporter(ops.Fold, sized=())
def _fold(to: Target, op: ops.Fold, x: str) -> str:
    if len(op.grid.image) != 2:  # seen with dilation and with uneven padding, in version 1.32
        raise to.refuse("onnxruntime folds images other than planes in another way")
    options = _windows(to, op.grid, dilations=op.grid.dilation)
    kernel = options.pop("kernel_shape")
    return to.node("Col2Im", [x, to.ints(*op.grid.image), to.ints(*kernel)], **options)


# --------------------------------------------------------------------------- sizes of images
@exporter(ops.AdaptiveAvgPool, sized=("_maps", "_windows"))
def _adaptive_avg_pool(to: Target, op: ops.AdaptiveAvgPool, x: str) -> str:
    output, image = to.shape[2:], to.operand_shape(0)[2:]
    if all(o == 1 for o in output):
        return to.node("GlobalAveragePool", [x])
    if any(a != b for a, b in to.operand_pairs(0)[2:]):
        raise to.refuse(f"bins of {output} depend on the size of the image")
    if all(n % o == 0 for n, o in zip(image, output, strict=True)):
        kernel = [n // o for n, o in zip(image, output, strict=True)]
        return to.node("AveragePool", [x], kernel_shape=kernel, strides=kernel)
    if len(op._maps) != 2:
        raise to.refuse(f"bins of {output} do not divide an image of {image} evenly")
    return _by_matrices(to, x, op._maps)


def _by_matrices(to: Target, x: str, maps: Sequence[Any]) -> str:
    """Linear maps along the last two axes: M x Nᵀ."""
    down, across = (along(np.eye(along.n), 0).astype(to.dtype) for along in maps)
    return to.node("MatMul", [to.constant(down), to.node("MatMul", [x, to.constant(across.T)])])


@exporter(ops.AdaptiveMaxPool)
def _adaptive_max_pool(to: Target, op: ops.AdaptiveMaxPool, x: str) -> str:
    image = to.operand_shape(0)[2:]
    if all(o == 1 for o in op.output):
        return to.node("GlobalMaxPool", [x])
    if any(a != b for a, b in to.operand_pairs(0)[2:]) or any(
        n % o for n, o in zip(image, op.output, strict=True)
    ):
        raise to.refuse(f"bins of {op.output} do not divide an image of {image} evenly")
    kernel = [n // o for n, o in zip(image, op.output, strict=True)]
    return to.node("MaxPool", [x], kernel_shape=kernel, strides=kernel)


@exporter(ops.Interpolate, sized=("_maps",))
def _interpolate(to: Target, op: ops.Interpolate, x: str) -> str:
    """Resize where one of its modes computes the same, else products with the weights."""
    count = len(op._maps)
    image, output = to.operand_shape(0)[-count:], to.shape[-count:]
    varies = any(a != b for a, b in to.operand_pairs(0)[-count:])
    factors = [o / n for n, o in zip(image, output, strict=True)]
    for mode, coordinates in _RESIZE_MODES:
        if all(_is_resize(along, mode, coordinates) for along in op._maps):
            options: dict[str, Any] = {
                "mode": mode,
                "coordinate_transformation_mode": coordinates,
                "axes": tuple(range(2, 2 + count)),
            }
            if mode == "nearest":
                options["nearest_mode"] = "floor"
            if varies and any(a != b for a, b in to.pairs()[-count:]):
                return to.node("Resize", [x, "", to.constant(np.array(factors, np.float32))], **options)
            return to.node("Resize", [x, "", "", to.ints(*output)], **options)
    if varies:
        raise to.refuse("its weights depend on the size of the image")
    if count != 2:
        raise to.refuse(f"its weights along {count} axes are none of Resize's")
    return _by_matrices(to, x, op._maps)


_RESIZE_MODES = (("nearest", "asymmetric"), ("linear", "half_pixel"), ("linear", "align_corners"))


def _is_resize(along: Any, mode: str, coordinates: str) -> bool:
    """Whether a map along an axis is what Resize computes, by sizes alone."""
    i, n, count = np.arange(along.count), along.n, along.count
    if coordinates == "asymmetric":
        place = i * (n / count)
    elif coordinates == "half_pixel":
        place = np.clip((i + 0.5) * (n / count) - 0.5, 0, n - 1)
    else:
        place = i * ((n - 1) / (count - 1) if count > 1 else 0.0)
    low = np.clip(np.floor(place), 0, n - 1).astype(int)
    expected = np.zeros((count, n))
    if mode == "nearest":
        expected[i, low] = 1
    else:
        np.add.at(expected, (i, low), 1 - (place - low))
        np.add.at(expected, (i, np.minimum(low + 1, n - 1)), place - low)
    return bool(np.allclose(along(np.eye(n), 0), expected, atol=1e-7))


def _on_images(to: Target, x: str, kind: str, operands: Sequence[str] = (), **attributes: Any) -> str:
    """An operator that insists on four axes, (N, C, H, W), on whatever leads up to (C, H, W)."""
    lead = to.operand_pairs(0)[:-3]
    if len(lead) == 1:
        return to.node(kind, [x, *operands], **attributes)
    last = to.operand_pairs(0)[-3:]
    batch = to.node("Reshape", [x, to.sizes([(-1, -1), *last])])
    y = to.node(kind, [batch, *operands], **attributes)
    return to.node("Reshape", [y, to.sizes(to.pairs())])


@exporter(ops.PixelShuffle)
def _pixel_shuffle(to: Target, op: ops.PixelShuffle, x: str) -> str:
    return _on_images(to, x, "DepthToSpace", blocksize=op.r, mode="CRD")


@exporter(ops.PixelUnshuffle)
def _pixel_unshuffle(to: Target, op: ops.PixelUnshuffle, x: str) -> str:
    """Each r × r block as a convolution with kernels of a single 1, per channel."""
    channels, r = to.operand_shape(0)[-3], op.r
    ones = np.tile(np.eye(r * r, dtype=to.dtype).reshape(r * r, 1, r, r), (channels, 1, 1, 1))
    options = {"kernel_shape": (r, r), "strides": (r, r), "group": channels}
    return _on_images(to, x, "Conv", [to.constant(ones)], **options)


# --------------------------------------------------------------------------- products
plain(ops.MatMul, "MatMul")
plain(ops.Einsum, "Einsum", equation="subscripts")


@exporter(ops.Linear)
def _linear(to: Target, op: ops.Linear, x: str, w: str, *b: str) -> str:
    if len(to.operand_shape(0)) == 2:
        return to.node("Gemm", [x, w, *b], transB=1)
    y = to.node("MatMul", [x, to.node("Transpose", [w], perm=(1, 0))])
    return to.node("Add", [y, *b]) if b else y


@exporter(ops.Embedding, sized=("_indices",))
def _embedding(to: Target, op: ops.Embedding, w: str) -> str:
    indices = to.name_of(op._indices, to.twin._indices)
    if indices is None:
        if op._indices.shape != to.twin._indices.shape:
            raise to.refuse(
                "its indices depend on the size of the inputs, and are not an input of their own"
            )
        indices = to.constant(np.asarray(op._indices, np.int64))
    return to.node("Gather", [w, indices], axis=0)


# --------------------------------------------------------------------------- determinants


@exporter(ops.Determinant)
def _determinant(to: Target, op: ops.Determinant, a: str) -> str:
    return to.node("Det", [a])


@exporter(ops.LogAbsDet)
def _log_abs_det(to: Target, op: ops.LogAbsDet, a: str) -> str:
    return to.node("Log", [to.node("Abs", [to.node("Det", [a])])])
