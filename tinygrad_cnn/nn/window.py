"""The window that a layer slides over images, as numbers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.functional.arguments import sizes
from tinygrad_cnn.functional.conv import paddings

Pair = tuple[int, int]


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
        """Count the pixels that come out of `size`; none or fewer where the window does not fit.

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


def window_of(layer: Any) -> Window:
    """The window of a layer over images, from its options.

    >>> from tinygrad_cnn import nn
    >>> window_of(nn.Conv2d(1, 1, 3, padding="same")).padding
    ((1, 1), (1, 1))
    """
    name = type(layer).__name__

    def pair(option: str, value: Any) -> Pair:
        rows, columns = sizes(name, option, value, 2, at_least=1)
        return rows, columns

    kernel = pair("kernel_size", layer.kernel_size)
    stride = kernel if layer.stride is None else pair("stride", layer.stride)
    dilation = pair("dilation", getattr(layer, "dilation", 1))
    given = getattr(layer, "padding", 0)
    (top, bottom), (left, right) = paddings(name, given, kernel, stride, dilation)
    return Window(
        name, kernel, stride, dilation, ((top, bottom), (left, right)), getattr(layer, "ceil_mode", False)
    )
