"""Arithmetic of windows: the padding that keeps a size, and what an output pixel sees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.functional.arguments import integer, sizes
from tinygrad_cnn.nn.containers.sequential import Sequential
from tinygrad_cnn.nn.module import Module
from tinygrad_cnn.nn.window import Pair, Window

__all__ = ["ReceptiveField", "receptive_field", "same_padding"]


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


class ReceptiveField(NamedTuple):
    """The part of the image that one output pixel sees, per axis: rows first, columns second.

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
    """Find the part of the image that an output pixel of a stack of layers sees.

    From layer to layer: size += (k - 1)·d·jump, start -= p·jump, jump ·= s, where jump is the
    stride so far. A maximum counts as seeing its whole window; batch norm counts as after `eval()`.

    Args:
        layers: a Sequential, a layer, or layers that run one after the other: convolutions, poolings
            and layers that treat each pixel on its own. A layer of yours says so by `pointwise = True`
            in its class, or by a method `window`.
    Returns:
        Sizes per axis; `support` lists the rows and columns that one pixel reads.
    Raises:
        DTypeError: something that is not a Module.
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
    """The windows of the layers below, named by path, in the order in which they run."""
    if isinstance(layers, Sequential):
        for name, layer in layers.named_children():
            yield from _windows(layer, f"{path}.{name}" if path else name)
    elif isinstance(layers, Module):
        window = layers.window()
        if window is not None:
            kind = type(layers).__name__
            yield window._replace(name=f"{path} ({kind})" if path else kind)
        elif not layers.pointwise:
            raise ArgumentError(
                f"receptive_field: {path or 'the module'} is a {type(layers).__name__}, which sees the "
                "whole image or has windows that are not known; give the layers before it"
            )
    elif isinstance(layers, Iterable):
        for position, layer in enumerate(layers):
            yield from _windows(layer, f"{path}.{position}" if path else str(position))
    else:
        raise DTypeError(f"receptive_field: needs Modules, got {type(layers).__name__}")
