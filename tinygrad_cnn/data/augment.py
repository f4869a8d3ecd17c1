"""Flip, crop and scale images, and join changes, each a function of the image and of a seed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import groupby
from numbers import Real
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.data.affine import check_numbers, resample
from tinygrad_cnn.data.geometric import Geometric, drawn
from tinygrad_cnn.data.image import sides
from tinygrad_cnn.data.transform import Transform
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError

Array = NDArray[Any]


class HorizontalFlip(Transform):
    """Mirror left and right, with a probability.

        result[c, i, j] = image[c, i, W - 1 - j]

    Args:
        p: probability, 0 to 1; 0 changes nothing.
    Raises:
        ArgumentError, DTypeError: p does not fit.

    >>> HorizontalFlip(p=1.0)(np.arange(3).reshape(1, 1, 3))
    array([[[2, 1, 0]]])
    """

    def __init__(self, p: float = 0.5) -> None:
        (self.p,) = check_numbers("HorizontalFlip", 0, 1, p=p)

    def apply(self, image: Array, rng: np.random.Generator) -> Array:
        """One image, mirrored or not; one draw."""
        return image[:, :, ::-1].copy() if rng.random() < self.p else image


class RandomCrop(Transform):
    """Cut out a part of a given size, at a place drawn evenly.

        result[c, i, j] = image[c, top + i, left + j]

    Args:
        size: (H, W) of the part in pixels, or one number for both.
        padding: pixels of 0 put around the image first, so that a part of its own size can be cut out.
    Raises:
        ArgumentError, DTypeError: size or padding do not fit.
        ShapeError: when called, an image smaller than the part.

    >>> RandomCrop(4)(np.zeros((2, 3, 8, 6)), rng=0).shape
    (2, 3, 4, 4)
    """

    def __init__(self, size: int | tuple[int, int], padding: int = 0) -> None:
        self.size = sides("RandomCrop", "size", size)
        if isinstance(padding, bool) or not isinstance(padding, (int, np.integer)):
            raise DTypeError(f"RandomCrop: padding must be an integer, got {padding!r}")
        if padding < 0:
            raise ArgumentError(f"RandomCrop: padding must be at least 0, got {padding}")
        self.padding = int(padding)

    def apply(self, image: Array, rng: np.random.Generator) -> Array:
        """One part of (C, *size); two draws."""
        if self.padding:
            image = np.pad(image, ((0, 0), (self.padding,) * 2, (self.padding,) * 2))
        room = _room("RandomCrop", image, self.size)
        top, left = (int(rng.integers(0, n, endpoint=True)) for n in room)
        return image[:, top : top + self.size[0], left : left + self.size[1]].copy()


class CenterCrop(Transform):
    """Cut out the middle; where it cannot be halved, the spare row or column is cut off below or right.

        result[c, i, j] = image[c, (H - h) // 2 + i, (W - w) // 2 + j]

    Args:
        size: (h, w) of the part in pixels, or one number for both.
    Raises:
        ArgumentError, DTypeError: size does not fit.
        ShapeError: when called, an image smaller than the part.

    >>> CenterCrop((1, 2))(np.arange(12).reshape(1, 3, 4))
    array([[[5, 6]]])
    """

    def __init__(self, size: int | tuple[int, int]) -> None:
        self.size = sides("CenterCrop", "size", size)

    def apply(self, image: Array, rng: np.random.Generator) -> Array:
        """The middle of one image, (C, *size); no draw."""
        top, left = (n // 2 for n in _room("CenterCrop", image, self.size))
        return image[:, top : top + self.size[0], left : left + self.size[1]].copy()


class Rescale(Transform):
    """Multiply by a factor: bytes from 0 to 255 become float32 numbers from 0 to 1.

        result = image * factor

    Args:
        factor: any finite number; 1 changes the type at most.
    Raises:
        ArgumentError, DTypeError: factor does not fit.

    Floats keep their type, other numbers become float32.

    >>> Rescale(1 / 255)(np.full((1, 1, 2), 255, np.uint8))
    array([[[1., 1.]]], dtype=float32)
    """

    def __init__(self, factor: float = 1 / 255) -> None:
        (self.factor,) = check_numbers("Rescale", -np.inf, np.inf, factor=factor)

    def apply(self, image: Array, rng: np.random.Generator) -> Array:
        """One image, multiplied; no draw."""
        return _floats("Rescale", image) * self.factor


class Normalize(Transform):
    """Subtract a mean and divide by a standard deviation, per channel.

        result[c] = (image[c] - mean[c]) / std[c]

    Args:
        mean, std: a number per channel, or one for all; std above 0. Mean 0 and std 1 change the type
            at most.
    Raises:
        ArgumentError, DTypeError: mean or std do not fit.
        ShapeError: when called, an image with another number of channels.

    Floats keep their type, other numbers become float32.

    >>> Normalize(0.5, 0.25)(np.float32([[[0.5, 1.0]]]))
    array([[[0., 2.]]], dtype=float32)
    """

    def __init__(self, mean: float | Sequence[float], std: float | Sequence[float]) -> None:
        self.mean = _per_channel("mean", mean)
        self.std = _per_channel("std", std)
        if min(self.std) <= 0:
            raise ArgumentError(f"Normalize: std must be above 0, got {std!r}")

    def apply(self, image: Array, rng: np.random.Generator) -> Array:
        """One image, normalized; no draw."""
        for name, numbers in (("mean", self.mean), ("std", self.std)):
            if len(numbers) not in (1, len(image)):
                raise ShapeError(
                    f"Normalize: {name} has {len(numbers)} numbers, the image {len(image)} channels"
                )
        floats = _floats("Normalize", image)
        mean, std = (np.array(numbers, floats.dtype)[:, None, None] for numbers in (self.mean, self.std))
        return (floats - mean) / std


class Compose(Transform):
    """One change after another.

    Neighbours that move pixels (`Rotation`, `Shift`, `Shear`, `Zoom`) with the same fill are joined: their
    matrices are multiplied, and the image is resampled once. That is faster, sharper, and brings back
    what one alone would have moved out of the picture.

    Args:
        transforms: from the first to the last; none changes nothing.
    Raises:
        DTypeError: something else than a Transform.

    >>> from tinygrad_cnn.data import Rotation, Shift
    >>> change = Compose(Rotation(20), Shift(0.2, 0.2), HorizontalFlip(), Normalize(0.5, 0.25))
    >>> change(np.full((4, 3, 8, 8), 0.5, np.float32), rng=0).shape
    (4, 3, 8, 8)
    """

    def __init__(self, *transforms: Transform) -> None:
        for transform in transforms:
            if not isinstance(transform, Transform):
                raise DTypeError(f"Compose: Transforms fit, got {transform!r}")
        self.transforms = transforms

    def apply(self, image: Array, rng: np.random.Generator) -> Array:
        """One image after all changes; draws in the order of the transforms."""
        for fill, group in groupby(self.transforms, _joinable):
            if fill is None:
                for transform in group:
                    image = transform.apply(image, rng)
            else:
                matrices = [drawn(cast(Geometric, move), image, rng) for move in group]
                image = resample("Compose", image, reduce(np.matmul, matrices), fill)
        return image

    def __repr__(self) -> str:
        return f"Compose({', '.join(map(repr, self.transforms))})"


def _joinable(transform: Transform) -> float | str | None:
    """The fill of a transform that does nothing but move pixels; None of any other."""
    if isinstance(transform, Geometric) and type(transform).apply is Geometric.apply:
        return transform.fill
    return None


def _room(function: str, image: Array, size: tuple[int, int]) -> tuple[int, int]:
    """Pixels left over each way."""
    height, width = image.shape[1] - size[0], image.shape[2] - size[1]
    if min(height, width) < 0:
        raise ShapeError(
            f"{function}: an image of at least {size} pixels fits, got {image.shape[1:]} (H, W)"
        )
    return height, width


def _floats(function: str, image: Array) -> Array:
    if image.dtype.kind not in "biuf":
        raise DTypeError(f"{function}: numbers fit, got elements of type {image.dtype}")
    return image if image.dtype.kind == "f" else image.astype(np.float32)


def _per_channel(name: str, numbers: Any) -> tuple[float, ...]:
    listed = [numbers] if isinstance(numbers, Real) else list(np.ravel(numbers).tolist())
    if not listed:
        raise ArgumentError(f"Normalize: {name} must be a number or one per channel, got {numbers!r}")
    return tuple(check_numbers("Normalize", -np.inf, np.inf, **{name: n})[0] for n in listed)
