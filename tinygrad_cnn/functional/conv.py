"""Convolution layers' functions: kernels slid over signals, images and volumes."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import Operand, Pads, Sizes, T, choice, floating, integer, sizes
from tinygrad_cnn.functional.layout import as_given, channels_first
from tinygrad_cnn.functional.remembered import Remembered
from tinygrad_cnn.grid import grid

_convolutions = Remembered()
__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]

#: Paddings that have a name: an output of the image's size, none (two names), all that overlaps.
PADDINGS = ("same", "valid", "narrow", "wide")


def conv1d(
    x: Operand[T], w: Operand[T], b: Operand[T] | None = None, *,
    stride: Sizes = 1, padding: Pads | str = 0, dilation: Sizes = 1, groups: int = 1,
) -> T:  # fmt: skip
    """Slide each kernel of `w` over each signal of `x` (cross-correlation, kernels not flipped).

        y[n,f,i] = b[f] + sum_{c,u} x[n, c, i*S + u*D - P] * w[f,c,u]

    Args:
        x: (N, C, L) float.   w: (F, C/groups, K), dtype of x.   b: (F,) or None.
        stride, padding, dilation, groups: as `conv2d`. A 'narrow' convolution has L - K + 1
            outputs, a 'wide' one L + K - 1.
    Returns:
        (N, F, OL), dtype of x; OL = (L + 2*P - D*(K-1) - 1) // S + 1.
    Raises:
        ShapeError: channels of x and w differ, b does not fit, or the kernel exceeds the padded signal.
        DTypeError: x, w or b is not float.   ArgumentError: an option out of its range.
    Source: Waibel et al. 1989, "Phoneme recognition using time-delay neural networks".
    >>> conv1d(np.array([[[1.0, 2.0, 4.0]]]), np.array([[[1.0, 1.0]]]), padding="wide")
    array([[[1., 3., 6., 4.]]])
    """
    return _slide("conv1d", 1, x, w, b, stride, padding, dilation, groups)


def conv2d(
    x: Operand[T], w: Operand[T], b: Operand[T] | None = None, *,
    stride: Sizes = 1, padding: Pads | str = 0, dilation: Sizes = 1, groups: int = 1,
    data_format: str = "NCHW",
) -> T:  # fmt: skip
    """Slide each kernel of `w` over each image of `x` (cross-correlation, kernels not flipped).

        y[n,f,i,j] = b[f] + sum_{c,u,v} x[n, c, i*SH + u*DH - PH, j*SW + v*DW - PW] * w[f,c,u,v]

    Args:
        x: (N, C, H, W) float.   w: (F, C/groups, KH, KW), dtype of x.   b: (F,) or None.
        stride: pixels from window to window, int or (SH, SW), at least 1.
        padding: zeros per side, int or (PH, PW), or pairs ((top, bottom), (left, right)) in which a
            negative number cuts pixels off; 'valid' or 'narrow' for none; 'same' for an output
            of the image's size, at stride 1 (an odd zero goes after the image); 'wide' for all
            positions at which the kernel touches the image.
        dilation: pixels from tap to tap, int or (DH, DW), at least 1.
        groups: channels and kernels are split into so many parts that do not see each other.
        data_format: 'NCHW', or 'NHWC' for x and y with the channels last.
    Returns:
        (N, F, OH, OW), dtype of x; OH = (H + 2*PH - DH*(KH-1) - 1) // SH + 1.
    Raises:
        ShapeError: channels of x and w differ, b does not fit, or the kernel exceeds the padded image.
        DTypeError: x, w or b is not float.   ArgumentError: an option out of its range.
    Note:
        Compiled kernels do many 3×3 convolutions of float32 by Winograd's transforms, 4×4 neighbouring
        results of all kernels at a time. Their error is at most 1e-5 of the largest of these: one pixel
        of 1e6 leaves errors of up to 10 times the largest weight in results up to 3 pixels away from
        those that read it, and none farther away. `use_kernels("reference")` sums directly.
    Source: Dumoulin & Visin 2016, arXiv:1603.07285.
    >>> conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2))).shape
    (1, 1, 2, 2)
    """
    x = channels_first("conv2d", x, data_format)
    return as_given(_slide("conv2d", 2, x, w, b, stride, padding, dilation, groups), data_format)


def conv3d(
    x: Operand[T], w: Operand[T], b: Operand[T] | None = None, *,
    stride: Sizes = 1, padding: Pads | str = 0, dilation: Sizes = 1, groups: int = 1,
) -> T:  # fmt: skip
    """Slide each kernel of `w` over each volume of `x` (cross-correlation, kernels not flipped).

        y[n,f,h,i,j] = b[f] + sum_{c,t,u,v} x[n, c, h*SD + t*DD - PD, i*SH + ..., j*SW + ...] * w[f,c,t,u,v]

    Args:
        x: (N, C, D, H, W) float.   w: (F, C/groups, KD, KH, KW), dtype of x.   b: (F,) or None.
        stride, padding, dilation, groups: as `conv2d`, with three numbers per tuple.
    Returns:
        (N, F, OD, OH, OW), dtype of x; OD = (D + 2*PD - DD*(KD-1) - 1) // SD + 1.
    Raises:
        ShapeError: channels of x and w differ, b does not fit, or the kernel exceeds the padded volume.
        DTypeError: x, w or b is not float.   ArgumentError: an option out of its range.
    Source: Ji et al. 2013, "3D convolutional neural networks for human action recognition".
    >>> conv3d(np.ones((1, 1, 2, 3, 3)), np.ones((4, 1, 2, 2, 2))).shape
    (1, 4, 1, 2, 2)
    """
    return _slide("conv3d", 3, x, w, b, stride, padding, dilation, groups)


def conv_transpose1d(
    x: Operand[T], w: Operand[T], b: Operand[T] | None = None, *,
    stride: Sizes = 1, padding: Sizes = 0, output_padding: Sizes = 0, dilation: Sizes = 1, groups: int = 1,
) -> T:  # fmt: skip
    """The adjoint of `conv1d` in the signal: each x spread by a kernel, overlaps added.

        y[n, f, i*S + u*D - P] += sum_c x[n,c,i] * w[c,f,u], for all i and u; then y[n,f] += b[f]

    Args:
        x: (N, C, L) float.   w: (C, F/groups, K), dtype of x.   b: (F,) or None.
        stride, padding, output_padding, dilation, groups: as `conv_transpose2d`.
    Returns:
        (N, F, OL), dtype of x; OL = (L-1)*S - 2*P + D*(K-1) + output_padding + 1.
    Raises:
        ShapeError: channels of x and w differ, b does not fit, or no output is left.
        DTypeError: x, w or b is not float.   ArgumentError: an option out of its range.
    Source: Dumoulin & Visin 2016, arXiv:1603.07285, chapter 4.
    >>> conv_transpose1d(np.array([[[1.0, 2.0]]]), np.array([[[1.0, 10.0]]]), stride=2)
    array([[[ 1., 10.,  2., 20.]]])
    """
    return _spread("conv_transpose1d", 1, x, w, b, stride, padding, output_padding, dilation, groups)


def conv_transpose2d(
    x: Operand[T], w: Operand[T], b: Operand[T] | None = None, *,
    stride: Sizes = 1, padding: Sizes = 0, output_padding: Sizes = 0, dilation: Sizes = 1, groups: int = 1,
    data_format: str = "NCHW",
) -> T:  # fmt: skip
    """The adjoint of `conv2d` in the image: each pixel of x spread by a kernel, overlaps added.

        y[n, f, i*SH + u*DH - PH, j*SW + v*DW - PW] += sum_c x[n,c,i,j] * w[c,f,u,v]; then + b[f]

    Args:
        x: (N, C, H, W) float.   w: (C, F/groups, KH, KW), dtype of x.   b: (F,) or None.
        stride: pixels of y from pixel to pixel of x.   dilation: pixels from tap to tap.
        padding: pixels cut off each side of y: those of the convolution that this one is adjoint to.
        output_padding: pixels that y has more at the end, below the stride or the dilation: it tells
            apart the image sizes from which that convolution makes the same output size.
        groups: channels of x and y are split into so many parts that do not see each other.
        data_format: 'NCHW', or 'NHWC' for x and y with the channels last.
    Returns:
        (N, F, OH, OW), dtype of x; OH = (H-1)*SH - 2*PH + DH*(KH-1) + output_padding + 1.
    Raises:
        ShapeError: channels of x and w differ, b does not fit, or no output is left.
        DTypeError: x, w or b is not float.   ArgumentError: an option out of its range.
    Source: Dumoulin & Visin 2016, arXiv:1603.07285, chapter 4.
    >>> conv_transpose2d(np.ones((1, 2, 4, 4)), np.ones((2, 3, 3, 3)), stride=2).shape
    (1, 3, 9, 9)
    """
    name, x = "conv_transpose2d", channels_first("conv_transpose2d", x, data_format)
    y = _spread(name, 2, x, w, b, stride, padding, output_padding, dilation, groups)
    return as_given(y, data_format)


def conv_transpose3d(
    x: Operand[T], w: Operand[T], b: Operand[T] | None = None, *,
    stride: Sizes = 1, padding: Sizes = 0, output_padding: Sizes = 0, dilation: Sizes = 1, groups: int = 1,
) -> T:  # fmt: skip
    """The adjoint of `conv3d` in the volume: each x spread by a kernel, overlaps added.

        y[n, f, h*SD + t*DD - PD, ...] += sum_c x[n,c,h,i,j] * w[c,f,t,u,v], for all taps; then + b[f]

    Args:
        x: (N, C, D, H, W) float.   w: (C, F/groups, KD, KH, KW), dtype of x.   b: (F,) or None.
        stride, padding, output_padding, dilation, groups: as `conv_transpose2d`, three per tuple.
    Returns:
        (N, F, OD, OH, OW), dtype of x; OD = (D-1)*SD - 2*PD + DD*(KD-1) + output_padding + 1.
    Raises:
        ShapeError: channels of x and w differ, b does not fit, or no output is left.
        DTypeError: x, w or b is not float.   ArgumentError: an option out of its range.
    Source: Dumoulin & Visin 2016, arXiv:1603.07285, chapter 4.
    >>> conv_transpose3d(np.ones((1, 2, 2, 3, 4)), np.ones((2, 3, 2, 2, 2)), stride=2).shape
    (1, 3, 4, 6, 8)
    """
    return _spread("conv_transpose3d", 3, x, w, b, stride, padding, output_padding, dilation, groups)


def _slide(
    name: str, count: int, x: Any, w: Any, b: Any, stride: Any, padding: Any, dilation: Any, groups: Any
) -> Any:
    """Convolution over `count` spatial axes, channels first."""
    x, w, b = _operands(name, count, x, w, b)
    shapes, options = (
        (name, x.shape, w.shape, None if b is None else b.shape),
        (stride, padding, dilation, groups),
    )
    if (known := _convolutions.get(shapes, options)) is not None:
        return ops.Conv(*known)(x, w) if b is None else ops.Conv(*known)(x, w, b)
    groups = integer(name, "groups", groups, 1)
    if x.shape[1] != w.shape[1] * groups:
        last = x.shape[-1] == w.shape[1] * groups and x.shape[-1] != x.shape[-2]
        turned = "; x seems to have its channels last: x.transpose(0, 3, 1, 2), or data_format='NHWC', fits"
        raise ShapeError(
            f"{name}: x has {x.shape[1]} channels, w expects {w.shape[1] * groups} {_shapes(x, w, groups)}"
            + (turned if last and count == 2 else "")
        )
    if w.shape[0] % groups:
        raise ShapeError(
            f"{name}: {w.shape[0]} kernels do not split into {groups} groups {_shapes(x, w, groups)}"
        )
    if b is not None and b.shape != w.shape[:1]:
        raise ShapeError(f"{name}: b has shape {b.shape}, expected {w.shape[:1]} {_shapes(x, w, groups)}")
    kernel = w.shape[2:]
    stride = sizes(name, "stride", stride, count, at_least=1)
    dilation = sizes(name, "dilation", dilation, count, at_least=1)
    x, sides = cropped(name, x, paddings(name, padding, kernel, stride, dilation))
    made = grid(name, x.shape[2:], kernel, stride, sides, dilation)
    if x.shape == shapes[1]:  # nothing was cut off
        _convolutions.keep(shapes, options, (made, groups))
    op = ops.Conv(made, groups)
    return op(x, w) if b is None else op(x, w, b)


def _spread(
    name: str, count: int, x: Any, w: Any, b: Any, stride: Any, padding: Any, output_padding: Any,
    dilation: Any, groups: Any,
) -> Any:  # fmt: skip
    """Transposed convolution over `count` spatial axes, channels first."""
    x, w, b = _operands(name, count, x, w, b)
    groups = integer(name, "groups", groups, 1)
    shapes = _shapes(x, w, groups)
    if x.shape[1] != w.shape[0]:
        raise ShapeError(f"{name}: x has {x.shape[1]} channels, w expects {w.shape[0]} {shapes}")
    if x.shape[1] % groups:
        raise ShapeError(f"{name}: {x.shape[1]} channels do not split into {groups} groups {shapes}")
    if b is not None and b.shape != (w.shape[1] * groups,):
        raise ShapeError(f"{name}: b has shape {b.shape}, expected {(w.shape[1] * groups,)} {shapes}")
    kernel = w.shape[2:]
    steps = sizes(name, "stride", stride, count, at_least=1)
    gaps = sizes(name, "dilation", dilation, count, at_least=1)
    pads = sizes(name, "padding", padding, count, at_least=0)
    extras = sizes(name, "output_padding", output_padding, count, at_least=0)
    if any(e >= max(s, d) for e, s, d in zip(extras, steps, gaps, strict=True)):
        raise ArgumentError(
            f"{name}: output_padding {extras} must be smaller than stride {steps} or dilation {gaps}"
        )
    options = tuple(zip(x.shape[2:], kernel, steps, gaps, pads, extras, strict=True))
    image = tuple((n - 1) * s - 2 * p + d * (k - 1) + e + 1 for n, k, s, d, p, e in options)
    if any(size < 1 for size in image) or 0 in x.shape[2:]:
        raise ShapeError(f"{name}: the output would have {image} pixels {shapes}; less padding fits")
    # The convolution that this is adjoint to makes n positions of that image: with whole strides of
    # extra pixels it would make more, so these are taken off the padding after the image.
    sides = tuple((p, p - e // s * s) for _, _, s, _, p, e in options)
    op = ops.ConvTranspose(grid(name, image, kernel, steps, sides, gaps), groups)
    return op(x, w) if b is None else op(x, w, b)


def paddings(
    function: str, padding: Any, kernel: tuple[int, ...], stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> tuple[tuple[int, int], ...]:  # fmt: skip
    """Pads as (before, after) per axis, from a number, numbers, pairs or one of the words `PADDINGS`.

    Raises:
        ArgumentError: another word, a negative number that is in no pair, or 'same' with a stride.

    >>> paddings("conv2d", "same", (3, 4), (1, 1), (1, 1))
    ((1, 1), (1, 2))
    >>> paddings("conv2d", ((0, 1), (-1, 2)), (3, 4), (1, 1), (1, 1))
    ((0, 1), (-1, 2))
    """
    if not isinstance(padding, str):
        return sides_of(function, padding, len(kernel))
    choice(function, "padding", padding, PADDINGS)
    reach = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
    if padding in ("valid", "narrow"):
        return tuple((0, 0) for _ in kernel)
    if padding == "wide":
        return tuple((r, r) for r in reach)
    if any(s != 1 for s in stride):
        raise ArgumentError(f"{function}: padding 'same' needs stride 1, got {stride}")
    return tuple((r // 2, r - r // 2) for r in reach)


def sides_of(function: str, padding: Any, count: int) -> tuple[tuple[int, int], ...]:
    """Pads as (before, after) per axis, from a number, one per axis, or one pair per axis.

    Numbers are at least 0; in a pair a negative one cuts pixels off.

    >>> sides_of("max_pool2d", (1, 2), 2), sides_of("max_pool1d", ((0, -1),), 1)
    (((1, 1), (2, 2)), ((0, -1),))
    """
    if not any(isinstance(side, (tuple, list)) for side in _several(padding)):
        return tuple((p, p) for p in sizes(function, "padding", padding, count, at_least=0))
    sides = tuple(_several(padding))
    if len(sides) != count or any(len(_several(side)) != 2 for side in sides):
        raise ArgumentError(
            f"{function}: padding needs one pair (before, after) for each of {count} axes, got {padding!r}"
        )
    return tuple((integer(function, "padding", a), integer(function, "padding", b)) for a, b in sides)


def _several(value: Any) -> Any:
    return value if isinstance(value, (tuple, list)) else ()


def cropped(
    function: str, x: Any, sides: tuple[tuple[int, int], ...]
) -> tuple[Any, tuple[tuple[int, int], ...]]:
    """x without the pixels that negative padding cuts off, and the padding that is left.

    >>> cropped("conv1d", np.arange(4.0).reshape(1, 1, 4), ((-1, 2),))
    (array([[[1., 2., 3.]]]), ((0, 2),))
    """
    if all(before >= 0 and after >= 0 for before, after in sides):
        return x, sides
    cuts = [(max(-before, 0), max(-after, 0)) for before, after in sides]
    if any(a + b >= n for (a, b), n in zip(cuts, x.shape[2:], strict=True)):
        raise ShapeError(f"{function}: padding {sides} leaves no pixel of an image of {x.shape[2:]}")
    key = (
        slice(None),
        slice(None),
        *(slice(a, n - b) for (a, b), n in zip(cuts, x.shape[2:], strict=True)),
    )
    return x[key], tuple((max(before, 0), max(after, 0)) for before, after in sides)


def _operands(
    name: str, count: int, x: Operand[T], w: Operand[T], b: Operand[T] | None
) -> tuple[T, T, T | None]:
    """x, w and b as floats, of which x and w have `count` spatial axes, and w's are not empty."""
    x, w = floating(name, x), floating(name, w, "w")
    if x.ndim != count + 2 or w.ndim != count + 2:
        raise ShapeError(f"{name}: x and w need {count + 2} axes, got x {x.shape}, w {w.shape}")
    if not all(w.shape[2:]):
        raise ShapeError(f"{name}: the kernel has no pixels {_shapes(x, w, 1)}")
    return x, w, None if b is None else floating(name, b, "b")


def _shapes(x: Any, w: Any, groups: int) -> str:
    return f"(x {x.shape}, w {w.shape}" + (f", groups {groups})" if groups > 1 else ")")
