"""Transforms that draw, from PyTorch's stream, in torchvision's order."""

from __future__ import annotations

import math
import random as python_random
from collections.abc import Sequence
from typing import Any

from tinygrad_cnn.torch.generators import default_generator
from tinygrad_cnn.torch.nn.modules import Module
from tinygrad_cnn.torchvision.transforms import functional as F
from tinygrad_cnn.torchvision.transforms.functional import InterpolationMode


def uniform(low: float = 0.0, high: float = 1.0) -> float:
    """One number between bounds.

    >>> 1 <= uniform(1, 2) <= 2
    True
    """
    return low + float(default_generator.uniform(1)[0]) * (high - low)


def integer(low: int, high: int) -> int:
    """One whole number from `low` to below `high`.

    >>> integer(3, 4)
    3
    """
    return int(default_generator.integers(low, high, 1)[0])


class RandomHorizontalFlip(Module):
    """Left and right exchanged, with a probability."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        """The image, perhaps flipped."""
        return F.hflip(img) if uniform() < self.p else img


class RandomVerticalFlip(RandomHorizontalFlip):
    """Top and bottom exchanged, with a probability."""

    def forward(self, img: Any) -> Any:
        """The image, perhaps flipped."""
        return F.vflip(img) if uniform() < self.p else img


class RandomGrayscale(Module):
    """In grey, with a probability."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        """The image, perhaps in grey."""
        if uniform() >= self.p:
            return img
        return F.rgb_to_grayscale(img, F.get_dimensions(img)[0])


class RandomCrop(Module):
    """A part at a random place."""

    def __init__(
        self,
        size: Any,
        padding: Any = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.crop_size = (size, size) if isinstance(size, int) else (tuple(size) * 2)[:2]
        self.padding, self.pad_if_needed, self.fill, self.padding_mode = (
            padding,
            pad_if_needed,
            fill,
            padding_mode,
        )

    def forward(self, img: Any) -> Any:
        """The part."""
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        (h, w), (width, height) = self.crop_size, F.get_image_size(img)
        if self.pad_if_needed and width < w:
            img = F.pad(img, [w - width, 0], self.fill, self.padding_mode)
        if self.pad_if_needed and height < h:
            img = F.pad(img, [0, h - height], self.fill, self.padding_mode)
        width, height = F.get_image_size(img)
        if width < w or height < h:
            raise ValueError(
                f"Required crop size {(h, w)} is larger than input image size {(height, width)}"
            )
        if (width, height) == (w, h):
            return img
        return F.crop(img, integer(0, height - h + 1), integer(0, width - w + 1), h, w)


class RandomResizedCrop(Module):
    """A part of random size and shape, resized."""

    def __init__(
        self,
        size: Any,
        scale: Any = (0.08, 1.0),
        ratio: Any = (3 / 4, 4 / 3),
        interpolation: Any = InterpolationMode.BILINEAR,
        antialias: Any = True,
    ) -> None:
        super().__init__()
        self.crop_size = (size, size) if isinstance(size, int) else (tuple(size) * 2)[:2]
        self.scale, self.ratio, self.interpolation = scale, ratio, interpolation

    def place(self, img: Any) -> tuple[int, int, int, int]:
        """Top, left, height and width of the part."""
        width, height = F.get_image_size(img)
        for _ in range(10):
            area = width * height * uniform(*self.scale)
            shape = math.exp(uniform(math.log(self.ratio[0]), math.log(self.ratio[1])))
            w, h = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
            if 0 < w <= width and 0 < h <= height:
                return integer(0, height - h + 1), integer(0, width - w + 1), h, w
        shape = width / height
        w = width if shape < self.ratio[0] else round(height * min(shape, self.ratio[1]))
        h = height if shape > self.ratio[1] else round(width / max(shape, self.ratio[0]))
        return (height - h) // 2, (width - w) // 2, h, w

    def forward(self, img: Any) -> Any:
        """The part, resized."""
        return F.resize(F.crop(img, *self.place(img)), self.crop_size, self.interpolation)


class RandomRotation(Module):
    """Turned by a random angle."""

    def __init__(
        self,
        degrees: Any,
        interpolation: Any = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Any = None,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.degrees = (-degrees, degrees) if isinstance(degrees, (int, float)) else tuple(degrees)
        self.interpolation, self.expand, self.center, self.fill = interpolation, expand, center, fill

    def forward(self, img: Any) -> Any:
        """The turned image."""
        return F.rotate(
            img, uniform(*map(float, self.degrees)), self.interpolation, self.expand, self.center, self.fill
        )


class RandomAffine(Module):
    """Turned, moved, scaled and slanted at random."""

    def __init__(
        self, degrees: Any, translate: Any = None, scale: Any = None, shear: Any = None,
        interpolation: Any = InterpolationMode.NEAREST, fill: Any = 0, center: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.degrees = (-degrees, degrees) if isinstance(degrees, (int, float)) else tuple(degrees)
        self.translate, self.scale, self.interpolation, self.fill = translate, scale, interpolation, fill
        self.shear = (-shear, shear) if isinstance(shear, (int, float)) else shear
        self.center = center

    def forward(self, img: Any) -> Any:
        """The changed image."""
        size = F.get_image_size(img)
        angle, move = uniform(*map(float, self.degrees)), [0, 0]
        if self.translate is not None:
            move = [round(uniform(-t * n, t * n)) for t, n in zip(self.translate, size, strict=True)]
        scale = uniform(*self.scale) if self.scale is not None else 1.0
        slant = [0.0, 0.0]
        if self.shear is not None:
            bounds = [self.shear[:2], self.shear[2:]] if len(self.shear) == 4 else [self.shear]
            slant = [uniform(*b) for b in bounds] + [0.0] * (2 - len(bounds))
        return F.affine(img, angle, move, scale, slant, self.interpolation, self.fill, self.center)


class ColorJitter(Module):
    """Brightness, contrast, saturation and hue changed at random, in a random order."""

    def __init__(self, brightness: Any = 0, contrast: Any = 0, saturation: Any = 0, hue: Any = 0) -> None:
        super().__init__()
        self.brightness, self.contrast, self.saturation = (
            self._range(v) for v in (brightness, contrast, saturation)
        )
        self.hue = ((-hue, hue) if hue else None) if isinstance(hue, (int, float)) else tuple(hue)

    @staticmethod
    def _range(value: Any) -> tuple[float, float] | None:
        if isinstance(value, (int, float)):
            return (max(0.0, 1 - value), 1 + value) if value else None
        return tuple(value)

    def forward(self, img: Any) -> Any:
        """The changed image."""
        order = default_generator.permutation(4).tolist()
        ranges = (self.brightness, self.contrast, self.saturation, self.hue)
        factors = [None if r is None else uniform(*r) for r in ranges]
        changes = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
        for k in order:
            if factors[k] is not None:
                img = changes[k](img, factors[k])
        return img


class RandomErasing(Module):
    """A rectangle of a tensor overwritten, with a probability."""

    def __init__(
        self,
        p: float = 0.5,
        scale: Any = (0.02, 0.33),
        ratio: Any = (0.3, 3.3),
        value: Any = 0,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        self.p, self.scale, self.ratio, self.value, self.inplace = p, scale, ratio, value, inplace

    def forward(self, img: Any) -> Any:
        """The tensor, perhaps with a rectangle."""
        if uniform() >= self.p:
            return img
        H, W = img._array.shape[-2:]
        for _ in range(10):
            area = H * W * uniform(*self.scale)
            shape = math.exp(uniform(math.log(self.ratio[0]), math.log(self.ratio[1])))
            h, w = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
            if h < H and w < W:
                top, left = integer(0, H - h + 1), integer(0, W - w + 1)
                out = img if self.inplace else img.clone()
                out[..., top : top + h, left : left + w] = self.value
                return out
        return img


class RandomApply(Module):
    """Transforms, with a probability."""

    def __init__(self, transforms: Sequence[Any], p: float = 0.5) -> None:
        super().__init__()
        self.transforms, self.p = transforms, p

    def forward(self, img: Any) -> Any:
        """The image, perhaps changed."""
        if self.p < uniform():
            return img
        for transform in self.transforms:
            img = transform(img)
        return img


class RandomChoice:
    """One of several transforms."""

    def __init__(self, transforms: Sequence[Any], p: Any = None) -> None:
        self.transforms, self.p = transforms, p

    def __call__(self, img: Any) -> Any:
        return python_random.choices(self.transforms, weights=self.p)[0](img)
