"""Convolution of images."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import choice, floating, integer, sizes
from tinygrad_cnn.ops.window import grid


def conv2d(
    x: Any, w: Any, b: Any = None, *,
    stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1, data_format: str = "NCHW",
) -> Any:  # fmt: skip
    """Slide each kernel of `w` over each image of `x` (cross-correlation, kernels not flipped).

        y[n,f,i,j] = b[f] + sum_{c,u,v} x[n, c, i*SH + u*DH - PH, j*SW + v*DW - PW] * w[f,c,u,v]

    Args:
        x: (N, C, H, W) float.   w: (F, C/groups, KH, KW), dtype of x.   b: (F,) or None.
        stride: pixels from window to window, int or (SH, SW), at least 1.
        padding: zeros per side, int, (PH, PW), 'valid' for none, or 'same' for an output of the
            image's size at stride 1 (an odd zero goes after the image).
        dilation: pixels from tap to tap, int or (DH, DW), at least 1.
        groups: channels and kernels are split into so many parts that do not see each other.
        data_format: 'NCHW', or 'NHWC' for x and y with the channels last.
    Returns:
        (N, F, OH, OW), dtype of x; OH = (H + 2*PH - DH*(KH-1) - 1) // SH + 1.
    Raises:
        ShapeError: channels of x and w differ, b does not fit, or the kernel exceeds the padded image.
        DTypeError: x, w or b is not float.   ArgumentError: an option out of its range.
    Source: Dumoulin & Visin 2016, arXiv:1603.07285.
    >>> conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2))).shape
    (1, 1, 2, 2)
    """
    name = "conv2d"
    x, w = floating(name, x), floating(name, w, "w")
    choice(name, "data_format", data_format, ("NCHW", "NHWC"))
    if x.ndim != 4 or w.ndim != 4:
        raise ShapeError(f"{name}: x and w need 4 axes, got x {x.shape}, w {w.shape}")
    if data_format == "NHWC":
        x = x.transpose((0, 3, 1, 2))
    _check_channels(name, x, w, b, integer(name, "groups", groups, 1))
    image, kernel = x.shape[2:], w.shape[2:]
    stride = sizes(name, "stride", stride, 2, at_least=1)
    dilation = sizes(name, "dilation", dilation, 2, at_least=1)
    sides = paddings(name, padding, kernel, stride, dilation)
    op = ops.Conv(grid(name, image, kernel, stride, sides, dilation), groups)
    y = op(x, w) if b is None else op(x, w, floating(name, b, "b"))
    return y.transpose((0, 2, 3, 1)) if data_format == "NHWC" else y


def paddings(
    function: str, padding: Any, kernel: tuple[int, ...], stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> tuple[tuple[int, int], ...]:  # fmt: skip
    """Padding as (before, after) per axis, from a number, numbers, 'valid' or 'same'.

    Raises:
        ArgumentError: another word, a negative number, or 'same' with a stride.

    >>> paddings("conv2d", "same", (3, 4), (1, 1), (1, 1))
    ((1, 1), (1, 2))
    """
    if isinstance(padding, str):
        choice(function, "padding", padding, ("same", "valid"))
        if padding == "valid":
            return tuple((0, 0) for _ in kernel)
        if any(s != 1 for s in stride):
            raise ArgumentError(f"{function}: padding 'same' needs stride 1, got {stride}")
        totals = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
        return tuple((total // 2, total - total // 2) for total in totals)
    return tuple((p, p) for p in sizes(function, "padding", padding, len(kernel), at_least=0))


def _check_channels(name: str, x: Any, w: Any, b: Any, groups: int) -> None:
    shapes = f"(x {x.shape}, w {w.shape}" + (f", groups {groups})" if groups > 1 else ")")
    if x.shape[1] != w.shape[1] * groups:
        raise ShapeError(f"{name}: x has {x.shape[1]} channels, w expects {w.shape[1] * groups} {shapes}")
    if w.shape[0] % groups:
        raise ShapeError(f"{name}: {w.shape[0]} kernels do not split into {groups} groups {shapes}")
    if not all(w.shape[2:]):
        raise ShapeError(f"{name}: the kernel has no pixels {shapes}")
    if b is not None and getattr(b, "shape", None) != w.shape[:1]:
        shape = getattr(b, "shape", None)
        raise ShapeError(f"{name}: b has shape {shape}, expected {w.shape[:1]} {shapes}")
