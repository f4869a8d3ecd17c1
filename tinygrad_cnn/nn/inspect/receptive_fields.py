"""Arithmetic of windows: the padding that keeps a size, and what an output pixel sees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.functional.arguments import integer, sizes
from tinygrad_cnn.functional.conv import paddings
from tinygrad_cnn.nn.containers.sequential import Sequential
from tinygrad_cnn.nn.layers.activation import (
    GELU,
    Identity,
    Mish,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Softsign,
    Tanh,
)
from tinygrad_cnn.nn.layers.channel_norm import BatchNorm2d
from tinygrad_cnn.nn.layers.connection_table import ConnectionConv2d
from tinygrad_cnn.nn.layers.conv import Conv2d
from tinygrad_cnn.nn.layers.dropout import Dropout
from tinygrad_cnn.nn.layers.pool import AvgPool2d, LPPool2d, MaxPool2d
from tinygrad_cnn.nn.layers.rectifier import (
    CELU,
    ELU,
    SELU,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    PReLU,
    ReLU6,
)
from tinygrad_cnn.nn.layers.sub_sampling import ScaledTanh, SubSampling2d
from tinygrad_cnn.nn.module import Module

#: Layers that slide windows over the image, and layers that look at one pixel at a time.
WINDOWED = (Conv2d, ConnectionConv2d, MaxPool2d, AvgPool2d, LPPool2d, SubSampling2d)
POINTWISE = (
    ReLU, Sigmoid, Tanh, Identity, GELU, SiLU, Mish, Softplus, Softsign, ScaledTanh, LeakyReLU, PReLU,
    ReLU6, ELU, CELU, SELU, Hardtanh, Hardsigmoid, Hardswish, Dropout, BatchNorm2d,
)  # fmt: skip

Pair = tuple[int, int]


def same_padding(size: int, output: int, kernel: int, stride: int = 1) -> int:
    """The zeros on each side that make a window layer turn `size` pixels into `output`.

        p = (s·(o - 1) - w + k) / 2

    Args:
        size, output: pixels w before and o after the layer.   kernel, stride: k and s, in pixels.
    Returns:
        p, at least 0.
    Raises:
        ArgumentError: p would not be an integer, or would be negative; or a size is below 1.
    Source: Dumoulin & Visin 2016, arXiv:1603.07285, chapter 2, solved for the padding.

    >>> same_padding(28, 28, 3)
    1
    >>> same_padding(28, 14, 2, stride=2)
    0
    """
    given = {"size": size, "output": output, "kernel": kernel, "stride": stride}
    w, o, k, s = (integer("same_padding", name, value, 1) for name, value in given.items())
    twice = s * (o - 1) - w + k
    if twice < 0 or twice % 2:
        what = "an integer" if twice % 2 else "at least 0"
        raise ArgumentError(
            f"same_padding: p = ({s}·({o}-1) - {w} + {k}) / 2 = {twice / 2:g} is not {what}; "
            "another output, kernel or stride fits"
        )
    return twice // 2


class Window(NamedTuple):
    """One window layer along both axes: rows first, columns second.

    Attributes:
        name: of the layer, for messages.   kernel, stride, dilation: pixels.
        padding: zeros (before, after) per axis.   ceil_mode: output sizes are rounded up.

    >>> Window("pool", (2, 2), (2, 2), (1, 1), ((0, 0), (0, 0)), False).stride
    (2, 2)
    """

    name: str
    kernel: Pair
    stride: Pair
    dilation: Pair
    padding: tuple[Pair, Pair]
    ceil_mode: bool

    def output(self, axis: int, size: int) -> int:
        """How many pixels come out of `size`; none or fewer where the window does not fit.

        >>> Window("pool", (3, 3), (2, 2), (1, 1), ((0, 0), (0, 0)), False).output(0, 54)
        26
        """
        before, after = self.padding[axis]
        stride = self.stride[axis]
        room = size + before + after - (self.kernel[axis] - 1) * self.dilation[axis] - 1
        count = room // stride + 1
        more = self.ceil_mode and room % stride and count * stride < size + before
        return count + 1 if more else count

    def sees(self, axis: int, places: NDArray[np.int64], size: int) -> NDArray[np.int64]:
        """The pixels, among `size`, that any of these output places reads; sorted.

        >>> Window("pool", (2, 2), (2, 2), (1, 1), ((0, 0), (0, 0)), False).sees(0, np.array([1]), 4)
        array([2, 3])
        """
        taps = np.arange(self.kernel[axis]) * self.dilation[axis] - self.padding[axis][0]
        found = np.unique(places[:, None] * self.stride[axis] + taps)
        return found[(found >= 0) & (found < size)]


class ReceptiveField(NamedTuple):
    """What one output pixel sees of the image, per axis: rows first, columns second.

    Output pixel i spans the pixels from `start + i·stride` on, `size` of them; some of these can lie
    in the padding, and with dilation, or strides beyond the kernel, some in between are not read.

    Attributes:
        size: pixels from the first to the last.   stride: how far it moves from output to output.
        start: where that of output pixel 0 begins; negative in the padding.
        windows: the layers, first to last.

    >>> from tinygrad_cnn import nn
    >>> receptive_field(nn.Conv2d(1, 8, 5, padding=2)).size
    (5, 5)
    """

    size: Pair
    stride: Pair
    start: Pair
    windows: tuple[Window, ...]

    def support(self, place: Any, image: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rows and the columns of an image that an output pixel reads, and no others.

        Args:
            place: (i, j) of the output pixel.   image: int or (H, W).
        Returns:
            Rows and columns, sorted; the pixel reads all their pairs.
        Raises:
            ShapeError: the image is too small for a layer, or has no such output pixel.

        >>> from tinygrad_cnn import nn
        >>> receptive_field([nn.Conv2d(1, 1, 3, padding=1)]).support((0, 4), 8)
        (array([0, 1]), array([3, 4, 5]))
        """
        size = sizes("support", "image", image, 2, at_least=1)
        where = sizes("support", "place", place, 2, at_least=0)
        rows, columns = (self._along(axis, where[axis], size[axis]) for axis in (0, 1))
        return rows, columns

    def _along(self, axis: int, place: int, image: int) -> NDArray[np.int64]:
        """`support` along one axis."""
        before = [image]
        for window in self.windows:
            before.append(window.output(axis, before[-1]))
            if before[-1] < 1:
                raise ShapeError(
                    f"support: {window.name} gets {before[-2]} pixels, fewer than its window needs; "
                    f"the image needs {self._smallest(axis)}, got {image}"
                )
        if place >= before[-1]:
            raise ShapeError(f"support: place {place} is not among the {before[-1]} output pixels")
        seen = np.array([place])
        for window, size in zip(self.windows[::-1], before[-2::-1], strict=True):
            seen = window.sees(axis, seen, size)
        return seen

    def smallest_image(self) -> Pair:
        """The smallest image, (H, W), that leaves one output pixel.

        >>> from tinygrad_cnn import nn
        >>> receptive_field([nn.Conv2d(1, 1, 5), nn.MaxPool2d(2)]).smallest_image()
        (6, 6)
        """
        return self._smallest(0), self._smallest(1)

    def _smallest(self, axis: int) -> int:
        """Backwards: how many pixels each layer needs for the one after it."""
        size = 1
        for window in self.windows[::-1]:
            wanted, size = size, 1
            while window.output(axis, size) < wanted:
                size += 1
        return size


def receptive_field(layers: Module | Iterable[Module]) -> ReceptiveField:
    """What an output pixel of a stack of layers sees of the image.

    From layer to layer: size += (k - 1)·d·jump, start -= p·jump, jump ·= s, where jump is the
    stride so far. A maximum counts as seeing its whole window; batch norm counts as after `eval()`.

    Args:
        layers: a Sequential, a layer, or layers that run one after the other: convolutions, poolings
            and layers that treat each pixel on its own.
    Returns:
        Sizes per axis; `support` lists the rows and columns that one pixel reads.
    Raises:
        DTypeError: something that is no Module.
        ArgumentError: a layer that mixes all pixels, or whose windows are not known.
    Source: Dumoulin & Visin 2016, arXiv:1603.07285; Araujo, Norris & Sim 2019, "Computing receptive
        fields of convolutional neural networks", Distill.

    >>> from tinygrad_cnn import nn
    >>> field = receptive_field([nn.Conv2d(1, 8, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3)])
    >>> field.size, field.stride, field.start
    ((8, 8), (2, 2), (-1, -1))
    """
    windows = tuple(_windows(layers, ""))
    size, stride, start = [1, 1], [1, 1], [0, 0]
    for window in windows:
        for axis in (0, 1):
            size[axis] += (window.kernel[axis] - 1) * window.dilation[axis] * stride[axis]
            start[axis] -= window.padding[axis][0] * stride[axis]
            stride[axis] *= window.stride[axis]
    return ReceptiveField((size[0], size[1]), (stride[0], stride[1]), (start[0], start[1]), windows)


def _windows(layers: Any, path: str) -> Iterator[Window]:
    """The window layers below, in the order in which they run."""
    if isinstance(layers, Sequential):
        for name, layer in layers.named_children():
            yield from _windows(layer, f"{path}.{name}" if path else name)
    elif isinstance(layers, WINDOWED):
        yield _window(layers, path)
    elif isinstance(layers, Module):
        if not isinstance(layers, POINTWISE):
            raise ArgumentError(
                f"receptive_field: {path or 'the module'} is a {type(layers).__name__}, which sees the "
                "whole image or has windows that are not known; give the layers before it"
            )
    elif isinstance(layers, Iterable):
        for position, layer in enumerate(layers):
            yield from _windows(layer, f"{path}.{position}" if path else str(position))
    else:
        raise DTypeError(f"receptive_field: needs Modules, got {type(layers).__name__}")


def _window(layer: Any, path: str) -> Window:
    """The geometry of one layer."""
    name = f"{path} ({type(layer).__name__})" if path else type(layer).__name__
    kernel = _pair("kernel_size", layer.kernel_size)
    stride = kernel if layer.stride is None else _pair("stride", layer.stride)
    dilation = _pair("dilation", getattr(layer, "dilation", 1))
    given = getattr(layer, "padding", 0)
    (top, bottom), (left, right) = paddings("receptive_field", given, kernel, stride, dilation)
    sides = ((top, bottom), (left, right))
    return Window(name, kernel, stride, dilation, sides, getattr(layer, "ceil_mode", False))


def _pair(name: str, value: Any) -> Pair:
    rows, columns = sizes("receptive_field", name, value, 2, at_least=1)
    return rows, columns
