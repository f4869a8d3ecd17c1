"""Policies of several changes: AutoAugment, RandAugment, TrivialAugment. Numbers are drawn in torchvision's order."""

from __future__ import annotations

import enum
import math
from typing import Any

import numpy as np

from tinygrad_cnn.torch.creating import linspace
from tinygrad_cnn.torch.generators import default_generator
from tinygrad_cnn.torch.nn.modules import Module
from tinygrad_cnn.torchvision.transforms import functional as F
from tinygrad_cnn.torchvision.transforms.functional import InterpolationMode
from tinygrad_cnn.torchvision.transforms.random import integer


class AutoAugmentPolicy(enum.Enum):
    """For which images a policy was searched."""

    IMAGENET = "imagenet"
    CIFAR10 = "cifar10"
    SVHN = "svhn"


#: The pairs of changes of each policy, as found by Cubuk et al. 2019 (arXiv:1805.09501): name, probability, strength.
POLICIES = {
    AutoAugmentPolicy.IMAGENET: (
        "Posterize .4 8 Rotate .6 9, Solarize .6 5 AutoContrast .6 -, Equalize .8 - Equalize .6 -, Posterize .6 7 Posterize "
        ".6 6, Equalize .4 - Solarize .2 4, Equalize .4 - Rotate .8 8, Solarize .6 3 Equalize .6 -, Posterize .8 5 Equalize 1 "
        "-, Rotate .2 3 Solarize .6 8, Equalize .6 - Posterize .4 6, Rotate .8 8 Color .4 0, Rotate .4 9 Equalize .6 -, "
        "Equalize 0 - Equalize .8 -, Invert .6 - Equalize 1 -, Color .6 4 Contrast 1 8, Rotate .8 8 Color 1 2, Color .8 8 "
        "Solarize .8 7, Sharpness .4 7 Invert .6 -, ShearX .6 5 Equalize 1 -, Color .4 0 Equalize .6 -, Equalize .4 - Solarize "
        ".2 4, Solarize .6 5 AutoContrast .6 -, Invert .6 - Equalize 1 -, Color .6 4 Contrast 1 8, Equalize .8 - Equalize .6 -"
    ),
    AutoAugmentPolicy.CIFAR10: (
        "Invert .1 - Contrast .2 6, Rotate .7 2 TranslateX .3 9, Sharpness .8 1 Sharpness .9 3, ShearY .5 8 TranslateY .7 9, "
        "AutoContrast .5 - Equalize .9 -, ShearY .2 7 Posterize .3 7, Color .4 3 Brightness .6 7, Sharpness .3 9 Brightness .7 "
        "9, Equalize .6 - Equalize .5 -, Contrast .6 7 Sharpness .6 5, Color .7 7 TranslateX .5 8, Equalize .3 - AutoContrast "
        ".4 -, TranslateY .4 3 Sharpness .2 6, Brightness .9 6 Color .2 8, Solarize .5 2 Invert 0 -, Equalize .2 - "
        "AutoContrast .6 -, Equalize .2 - Equalize .6 -, Color .9 9 Equalize .6 -, AutoContrast .8 - Solarize .2 8, Brightness "
        ".1 3 Color .7 0, Solarize .4 5 AutoContrast .9 -, TranslateY .9 9 TranslateY .7 9, AutoContrast .9 - Solarize .8 3, "
        "Equalize .8 - Invert .1 -, TranslateY .7 9 AutoContrast .9 -"
    ),
    AutoAugmentPolicy.SVHN: (
        "ShearX .9 4 Invert .2 -, ShearY .9 8 Invert .7 -, Equalize .6 - Solarize .6 6, Invert .9 - Equalize .6 -, Equalize .6 "
        "- Rotate .9 3, ShearX .9 4 AutoContrast .8 -, ShearY .9 8 Invert .4 -, ShearY .9 5 Solarize .2 6, Invert .9 - "
        "AutoContrast .8 -, Equalize .6 - Rotate .9 3, ShearX .9 4 Solarize .3 3, ShearY .8 8 Invert .7 -, Equalize .9 - "
        "TranslateY .6 6, Invert .9 - Equalize .6 -, Contrast .3 3 Rotate .8 4, Invert .8 - TranslateY 0 2, ShearY .7 6 "
        "Solarize .4 8, Invert .6 - Rotate .8 4, ShearY .3 7 TranslateX .9 3, ShearX .1 6 Invert .6 -, Solarize .7 2 "
        "TranslateY .6 7, ShearY .8 4 Invert .8 -, ShearX .7 9 TranslateY .8 3, ShearY .8 5 AutoContrast .7 -, ShearX .7 2 "
        "Invert .1 -"
    ),
}


def _space(
    n: int, shear: float, moves: tuple[float, float], turn: float, tone: float, bits: int
) -> dict[str, Any]:
    """By name, the strengths of a change, from none to most, and whether it has a sign."""

    def line(first: float, last: float, n: int) -> Any:  # in float32, whose rounding shows in pixels
        return linspace(first, last, n)._array

    steps = np.arange(n)
    found: dict[str, Any] = {
        "Identity": (None, False), "ShearX": (line(0, shear, n), True), "ShearY": (line(0, shear, n), True),
        "TranslateX": (line(0, moves[0], n), True), "TranslateY": (line(0, moves[1], n), True),
        "Rotate": (line(0, turn, n), True),
    }  # fmt: skip
    found.update(
        {name: (line(0, tone, n), True) for name in ("Brightness", "Color", "Contrast", "Sharpness")}
    )
    found["Posterize"] = (8 - np.round(steps / ((n - 1) / bits)), False)
    found["Solarize"] = (line(255.0, 0.0, n), False)
    found.update(AutoContrast=(None, False), Equalize=(None, False))
    return found


def apply_op(img: Any, name: str, strength: float, interpolation: Any, fill: Any) -> Any:
    """An image changed by one of the named changes."""
    options: dict[str, Any] = {"interpolation": interpolation, "fill": fill}
    if name.startswith("Shear"):
        slant = math.degrees(math.atan(strength))
        shear = [slant, 0.0] if name == "ShearX" else [0.0, slant]
        return F.affine(img, 0.0, [0, 0], 1.0, shear, center=[0, 0], **options)
    if name.startswith("Translate"):
        move = [int(strength), 0] if name == "TranslateX" else [0, int(strength)]
        return F.affine(img, 0.0, move, 1.0, [0.0, 0.0], **options)
    if name == "Rotate":
        return F.rotate(img, strength, **options)
    tones = {
        "Brightness": F.adjust_brightness, "Color": F.adjust_saturation, "Contrast": F.adjust_contrast,
        "Sharpness": F.adjust_sharpness,
    }  # fmt: skip
    if name in tones:
        return tones[name](img, 1.0 + strength)
    if name == "Posterize":
        return F.posterize(img, int(strength))
    if name == "Solarize":
        return F.solarize(img, strength)
    plain = {
        "AutoContrast": F.autocontrast,
        "Equalize": F.equalize,
        "Invert": F.invert,
        "Identity": lambda image: image,
    }
    return plain[name](img)


class AutoAugment(Module):
    """One pair of changes of a policy, drawn for each image."""

    def __init__(
        self, policy: Any = AutoAugmentPolicy.IMAGENET, interpolation: Any = InterpolationMode.NEAREST, fill: Any = None
    ) -> None:  # fmt: skip
        super().__init__()
        self.policy, self.interpolation, self.fill = policy, interpolation, fill
        words = [pair.split() for pair in POLICIES[policy].split(", ")]
        self.policies = [((a, float(p), m), (b, float(q), k)) for a, p, m, b, q, k in words]

    def forward(self, img: Any) -> Any:
        """The changed image."""
        pair = self.policies[integer(0, len(self.policies))]
        chances = default_generator.uniform(2).tolist()
        signs = default_generator.integers(0, 2, 2).tolist()
        _, height, width = F.get_dimensions(img)
        space = _space(10, 0.3, (150.0 / 331.0 * width, 150.0 / 331.0 * height), 30.0, 0.9, 4)
        for (name, p, place), chance, sign in zip(pair, chances, signs, strict=True):
            if chance <= np.float32(p):
                strengths, signed = space.get(name, (None, False))
                strength = 0.0 if place == "-" else float(np.float32(strengths[int(place)]))
                strength *= -1.0 if signed and not sign else 1.0
                img = apply_op(img, name, strength, self.interpolation, self.fill)
        return img

    def __repr__(self) -> str:
        return f"AutoAugment(policy={self.policy}, fill={self.fill})"


class RandAugment(Module):
    """Several changes of one strength (Cubuk et al. 2020, arXiv:1909.13719)."""

    def __init__(
        self, num_ops: int = 2, magnitude: int = 9, num_magnitude_bins: int = 31,
        interpolation: Any = InterpolationMode.NEAREST, fill: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_ops, self.magnitude, self.num_magnitude_bins = num_ops, magnitude, num_magnitude_bins
        self.interpolation, self.fill = interpolation, fill

    def forward(self, img: Any) -> Any:
        """The changed image."""
        _, height, width = F.get_dimensions(img)
        moves = 150.0 / 331.0 * width, 150.0 / 331.0 * height
        space = _space(self.num_magnitude_bins, 0.3, moves, 30.0, 0.9, 4)
        for _ in range(self.num_ops):
            name, (strengths, signed) = list(space.items())[integer(0, len(space))]
            strength = 0.0 if strengths is None else float(np.float32(strengths[self.magnitude]))
            if signed and integer(0, 2):
                strength = -strength
            img = apply_op(img, name, strength, self.interpolation, self.fill)
        return img


class TrivialAugmentWide(Module):
    """One change of any strength (Müller & Hutter 2021, arXiv:2103.10158)."""

    def __init__(
        self, num_magnitude_bins: int = 31, interpolation: Any = InterpolationMode.NEAREST, fill: Any = None
    ) -> None:
        super().__init__()
        self.num_magnitude_bins, self.interpolation, self.fill = num_magnitude_bins, interpolation, fill

    def forward(self, img: Any) -> Any:
        """The changed image."""
        space = _space(self.num_magnitude_bins, 0.99, (32.0, 32.0), 135.0, 0.99, 6)
        name, (strengths, signed) = list(space.items())[integer(0, len(space))]
        strength = 0.0 if strengths is None else float(np.float32(strengths[integer(0, len(strengths))]))
        if signed and integer(0, 2):
            strength = -strength
        return apply_op(img, name, strength, self.interpolation, self.fill)
