"""Single signals and images under one kernel, and windows as columns."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ShapeError
from tinygrad_cnn.functional.arguments import Operand, Sizes, T, choice, floating, sizes
from tinygrad_cnn.functional.layout import as_given, channels_first
from tinygrad_cnn.grid import Grid, grid

__all__ = ["convolve1d", "convolve2d", "correlate1d", "correlate2d", "fold", "unfold"]

#: Which sums of a convolution are wanted; 'wide' and 'narrow' are other names of 'full' and 'valid'.
MODES = ("full", "same", "valid", "wide", "narrow")


def convolve1d(x: Operand[T], w: Operand[T], mode: str = "full") -> T:
    """True convolution of a signal with a kernel: y[i] = sum_u x[i - u] * w[u], the kernel flipped.

    Args:
        x: (L,) float.   w: (K,) float; the longer of the two is taken as the signal.
        mode: 'full' or 'wide': all L + K - 1 sums that have a term; 'valid' or 'narrow': the
            L - K + 1 sums that have all terms; 'same': the middle L of the full ones.
    Returns:
        As `np.convolve`.
    Raises:
        ShapeError: an operand has not 1 axis, or is empty.   ArgumentError: another mode.
    Source: NumPy's `convolve`.
    >>> convolve1d([1.0, 2.0, 4.0], [1.0, 10.0])
    array([ 1., 12., 24., 40.], dtype=float32)
    """
    return _single("convolve1d", 1, x, w, mode, flip=True)


def correlate1d(x: Operand[T], w: Operand[T], mode: str = "valid") -> T:
    """Cross-correlation of a signal with a kernel: y[i] = sum_u x[i + u] * w[u], not flipped.

    Args:
        x: (L,) float.   w: (K,) float; where it is the longer one, the result is reversed.
        mode: as `convolve1d`.
    Returns:
        As `np.correlate`.
    Raises:
        ShapeError: an operand has not 1 axis, or is empty.   ArgumentError: another mode.
    Source: NumPy's `correlate`.
    >>> correlate1d([1.0, 2.0, 4.0], [1.0, 10.0])
    array([21., 42.], dtype=float32)
    """
    return _single("correlate1d", 1, x, w, mode, flip=False)


def convolve2d(x: Operand[T], w: Operand[T], mode: str = "full") -> T:
    """True convolution of an image: y[i,j] = sum_{u,v} x[i-u, j-v] * w[u,v], the kernel flipped.

    Args:
        x: (H, W) float.   w: (KH, KW) float.
        mode: 'full' or 'wide': (H + KH - 1, W + KW - 1), all sums that have a term; 'valid' or
            'narrow': (H - KH + 1, W - KW + 1), those that have all terms, a larger w being taken
            as the image; 'same': the middle (H, W) of the full ones.
    Returns:
        As `scipy.signal.convolve2d`, zeros outside the image.
    Raises:
        ShapeError: an operand has not 2 axes, is empty, or none is the larger one in mode 'valid'.
        ArgumentError: another mode.
    Source: Gonzalez & Woods 2018, "Digital image processing", 3.4.
    >>> convolve2d([[1.0, 2.0]], [[1.0, 10.0]])
    array([[ 1., 12., 20.]], dtype=float32)
    """
    return _single("convolve2d", 2, x, w, mode, flip=True)


def correlate2d(x: Operand[T], w: Operand[T], mode: str = "full") -> T:
    """Cross-correlation of an image: y[i,j] = sum_{u,v} x[i+u, j+v] * w[u,v], not flipped.

    Args:
        x: (H, W) float.   w: (KH, KW) float.   mode: as `convolve2d`.
    Returns:
        As `scipy.signal.correlate2d`, zeros outside the image.
    Raises:
        ShapeError: an operand has not 2 axes, is empty, or none is the larger one in mode 'valid'.
        ArgumentError: another mode.
    Source: Gonzalez & Woods 2018, "Digital image processing", 3.4.
    >>> correlate2d([[1.0, 2.0]], [[1.0, 10.0]])
    array([[10., 21.,  2.]], dtype=float32)
    """
    return _single("correlate2d", 2, x, w, mode, flip=False)


def unfold(
    x: Operand[T], kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1, *,
    data_format: str = "NCHW",
) -> T:  # fmt: skip
    """Each window of an image as a column (im2col): y[n, (c,u,v), (i,j)] = x[n, c, i*SH + u*DH - PH, ...].

    Args:
        x: (N, C, H, W) float.   kernel_size, dilation, padding, stride: int or a pair of ints.
        data_format: 'NCHW', or 'NHWC' for x with the channels last; y is the same for both.
    Returns:
        (N, C*KH*KW, OH*OW), dtype of x; OH = (H + 2*PH - DH*(KH-1) - 1) // SH + 1.
    Raises:
        ShapeError: x has not 4 axes, or the window exceeds the padded image.
        ArgumentError: an option out of its range.   DTypeError: x is not float.
    Source: Chellapilla et al. 2006, "High performance convolutional neural
        networks for document processing".
    >>> unfold(np.arange(6.0).reshape(1, 1, 2, 3), (2, 2))[0]
    array([[0., 1.],
           [1., 2.],
           [3., 4.],
           [4., 5.]])
    """
    x = channels_first("unfold", x, data_format)
    return ops.Unfold(_windows("unfold", x.shape[2:], kernel_size, dilation, padding, stride))(x)


def fold(
    x: Operand[T], output_size: Sizes, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0,
    stride: Sizes = 1, *, data_format: str = "NCHW",
) -> T:  # fmt: skip
    """Columns added where `unfold` reads them (col2im); `unfold`'s adjoint, not its inverse.

    Args:
        x: (N, C*KH*KW, L) float, a column for each of the L windows.
        output_size: (H, W) of the image.   The others: as `unfold`.
        data_format: 'NCHW', or 'NHWC' for y with the channels last.
    Returns:
        (N, C, H, W), dtype of x; pixels that several windows read hold the sum.
    Raises:
        ShapeError: the columns' number or length does not fit the image and its windows.
        ArgumentError: an option out of its range.   DTypeError: x is not float.
    Source: Chellapilla et al. 2006, "High performance convolutional neural
        networks for document processing".
    >>> fold(np.ones((1, 4, 2)), (2, 3), 2)[0, 0]
    array([[1., 2., 1.],
           [1., 2., 1.]])
    """
    name, x = "fold", floating("fold", x)
    choice(name, "data_format", data_format, ("NCHW", "NHWC"))
    image = sizes(name, "output_size", output_size, 2, at_least=1)
    windows = _windows(name, image, kernel_size, dilation, padding, stride)
    taps, count = len(windows.taps), windows.output[0] * windows.output[1]
    if x.ndim != 3 or x.shape[1] % taps or x.shape[2] != count:
        raise ShapeError(
            f"{name}: x has shape {x.shape}; (N, C*{taps}, {count}) fits {windows.output} windows of "
            f"{windows.kernel} over an image of {image}"
        )
    return as_given(ops.Fold(windows)(x), data_format)


def _windows(
    name: str, image: tuple[int, ...], kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> Grid:
    kernel = sizes(name, "kernel_size", kernel_size, 2, at_least=1)
    steps = sizes(name, "stride", stride, 2, at_least=1)
    gaps = sizes(name, "dilation", dilation, 2, at_least=1)
    sides = tuple((p, p) for p in sizes(name, "padding", padding, 2, at_least=0))
    return grid(name, image, kernel, steps, sides, gaps)


def _single(name: str, count: int, x: Any, w: Any, mode: str, flip: bool) -> Any:
    """One image under one kernel, which is flipped for a convolution."""
    x, w = floating(name, x), floating(name, w, "w")
    choice(name, "mode", mode, MODES)
    if x.ndim != count or w.ndim != count or 0 in x.shape or 0 in w.shape:
        axes = f"{count} axis" if count == 1 else f"{count} axes"
        raise ShapeError(f"{name}: x and w need {axes} and an element, got x {x.shape}, w {w.shape}")
    valid = mode in ("valid", "narrow")
    exceeds = x.shape != w.shape and all(k >= n for n, k in zip(x.shape, w.shape, strict=True))
    swap = exceeds and (valid or count == 1)
    if swap:
        x, w = w, x
    backwards = ops.Flip(tuple(range(count)))
    image, kernel, ones = x.shape, w.shape, (1,) * count
    if valid:
        sides = tuple((0, 0) for _ in kernel)
    elif mode == "same":  # which of two middles: NumPy's correlation has it as its convolution
        befores = [k // 2 if flip or count == 1 else (k - 1) // 2 for k in kernel]
        sides = tuple((before, k - 1 - before) for before, k in zip(befores, kernel, strict=True))
    else:
        sides = tuple((k - 1, k - 1) for k in kernel)
    windows = grid(name, image, kernel, ones, sides, ones)
    w = backwards(w) if flip else w
    y = ops.Conv(windows)(x.reshape((1, 1, *image)), w.reshape((1, 1, *kernel))).reshape(windows.output)
    return backwards(y) if swap and not flip else y
