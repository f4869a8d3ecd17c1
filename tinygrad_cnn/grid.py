"""Geometry: where a kernel lands on an image. Convolution and pooling share it, and only it knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import Any

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.errors import ShapeError

Ints = tuple[int, ...]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Grid:
    """The windows of a kernel over an image with any number of spatial axes.

    Output position o along an axis reads, for each tap u of the kernel, the padded image at
    `o * stride + u * dilation`.

    Attributes:
        image, kernel: sizes in pixels, one per spatial axis.
        stride, dilation: pixels per axis, at least 1.
        padding: (before, after) pixels per axis; `after` is negative where no window reaches the
            last pixels of the image, as in a transposed convolution with much output padding.
        ceil_mode: round the output size up instead of down; a window that would start in the
            padding after the image is dropped.

    >>> Grid((28, 28), (5, 5), (2, 2), ((2, 2), (2, 2)), (1, 1)).output
    (14, 14)
    """

    image: Ints
    kernel: Ints
    stride: Ints
    padding: tuple[tuple[int, int], ...]
    dilation: Ints
    ceil_mode: bool = False

    @cached_property
    def output(self) -> Ints:
        """Number of positions per axis: floor((image + padding - extent) / stride) + 1."""
        sizes = []
        for n, k, s, (before, after), d in self._axes():
            room = n + before + after - ((k - 1) * d + 1)
            count = room // s + 1
            if self.ceil_mode and room % s and count * s < n + before:
                count += 1
            sizes.append(count)
        return tuple(sizes)

    @cached_property
    def padded(self) -> Ints:
        """Size of the padded image per axis: all that some window reads, and the image itself."""
        sizes = []
        for (n, k, s, (before, after), d), out in zip(self._axes(), self.output, strict=True):
            sizes.append(max(before + n + max(after, 0), (out - 1) * s + (k - 1) * d + 1))
        return tuple(sizes)

    @cached_property
    def taps(self) -> tuple[tuple[Ints, Key], ...]:
        """Per tap of the kernel, in row-major order: its place in the kernel, and the key into a
        padded image (..., *padded) that gives what it reads, (..., *output)."""
        found = []
        for tap in product(*map(range, self.kernel)):
            steps = zip(tap, self.stride, self.dilation, self.output, strict=True)
            reads = (slice(u * d, u * d + (out - 1) * s + 1, s) for u, s, d, out in steps)
            found.append((tap, (..., *reads)))
        return tuple(found)

    @cached_property
    def interior(self) -> Key:
        """The key into a padded image that gives the image."""
        sides = zip(self.image, self.padding, strict=True)
        return (..., *(slice(before, before + n) for n, (before, _) in sides))

    @property
    def is_padded(self) -> bool:
        """Whether the padded image is larger than the image."""
        return self.padded != self.image

    @cached_property
    def is_disjoint(self) -> bool:
        """Whether no pixel is read by two windows."""
        return all((k - 1) * d < s for _, k, s, _, d in self._axes())

    def pad(self, x: Any, value: float = 0.0) -> Any:
        """x (..., *image) -> (..., *padded), with a border of `value`; x itself where none is due."""
        if not self.is_padded:
            return x
        shape = (*x.shape[: -len(self.image)], *self.padded)
        out = np.full_like(x, value, shape=shape) if value else np.zeros_like(x, shape=shape)
        out[self.interior] = x
        return out

    def crop(self, padded: Any) -> Any:
        """The image inside a padded one; the adjoint of `pad`."""
        return padded[self.interior] if self.is_padded else padded

    def coverage(self, count_include_pad: bool) -> Any:
        """Taps per output position that fall on the image (and on its declared padding), as floats."""
        counted = np.zeros(self.padded)
        if count_include_pad:
            inside = zip(self.image, self.padding, strict=True)
            declared: Key = tuple(slice(0, before + n + after) for n, (before, after) in inside)
            counted[declared] = 1
        else:
            counted[self.interior] = 1
        return np.sum([counted[where] for _, where in self.taps], axis=0)

    def flat(self, places: Any) -> Any:
        """Per window, the flat position in the image that its tap number in `places` reads.

        A window that sees only padding has none; it gets the nearest pixel.
        """
        taps = along_axes(places.astype(np.int64), self.kernel)
        found = devices.zeros(places.shape, np.int64, like=places)
        for axis, (n, _, s, (before, _), d) in enumerate(self._axes()):
            side = tuple(out if i == axis else 1 for i, out in enumerate(self.output))
            starts = devices.beside((np.arange(self.output[axis]) * s - before).reshape(side), places)
            found = found * n + np.clip(starts + taps[axis] * d, 0, n - 1)
        return found

    def describe(self) -> dict[str, Any]:
        """The options that differ from their defaults, for drawings."""
        options: dict[str, Any] = {}
        if any(s != 1 for s in self.stride):
            options["stride"] = self.stride
        if any(before or after for before, after in self.padding):
            same = all(before == after for before, after in self.padding)
            options["padding"] = tuple(b for b, _ in self.padding) if same else self.padding
        if any(d != 1 for d in self.dilation):
            options["dilation"] = self.dilation
        return options

    def _axes(self) -> Iterator[tuple[int, int, int, tuple[int, int], int]]:
        return zip(self.image, self.kernel, self.stride, self.padding, self.dilation, strict=True)


@lru_cache(maxsize=1024)
def grid(
    function: str, image: Ints, kernel: Ints, stride: Ints,
    padding: tuple[tuple[int, int], ...], dilation: Ints, ceil_mode: bool = False,
) -> Grid:  # fmt: skip
    """A checked `Grid`, made once per geometry; `function` is named in errors.

    Raises:
        ShapeError: the kernel, spread by its dilation, exceeds the padded image, and in ceil_mode
            by a stride or more.
    """
    made = Grid(image, kernel, stride, padding, dilation, ceil_mode)
    extent = tuple((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))
    room = tuple(n + before + after for n, (before, after) in zip(image, padding, strict=True))
    if any(size < 1 for size in made.output):
        raise ShapeError(
            f"{function}: a kernel of {by(kernel)} covers {by(extent)} pixels with dilation "
            f"{by(dilation)}, but the padded image has only {by(room)} (image {by(image)}); "
            "a larger image or padding, or a smaller kernel, fits"
        )
    return made


def by(sizes: Ints) -> str:
    """Sizes as one reads them.

    >>> by((3, 5))
    '3×5'
    """
    return "×".join(map(str, sizes))


def along_axes(flat: Any, image: tuple[int, ...]) -> tuple[Any, ...]:
    """Per axis of an image, what flat positions name: `np.unravel_index`, which would wait for a device.

    >>> along_axes(np.array(5), (2, 3))
    (np.int64(1), np.int64(2))
    """
    if type(flat) not in devices.ON_DEVICES:
        return np.unravel_index(flat, image)
    found = []
    for n in reversed(image):
        found.append(flat % n)
        flat = flat // n
    return tuple(reversed(found))
