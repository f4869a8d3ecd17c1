"""Colours of float images as hue, saturation and value."""

from __future__ import annotations

from typing import Any

import numpy as np


def turned(image: Any, share: float) -> Any:
    """Images (..., 3, H, W) from 0 to 1 with their hues moved on by a share of the circle.

    >>> turned(np.array([1.0, 0.0, 0.0]).reshape(3, 1, 1), 1 / 3).ravel().round(6) + 0.0
    array([0., 1., 0.])
    """
    red, green, blue = (image[..., k, :, :] for k in range(3))
    value = np.maximum(np.maximum(red, green), blue)
    span = value - np.minimum(np.minimum(red, green), blue)
    grey = span == 0
    saturation = span / np.where(grey, 1, value)
    width = np.where(grey, 1, span)
    below_red, below_green, below_blue = ((value - part) / width for part in (red, green, blue))
    sixths = np.where(
        value == red,
        below_blue - below_green,
        np.where(value == green, 2 + below_red - below_blue, 4 + below_green - below_red),
    )
    hue = (np.fmod(sixths / 6 + 1, 1) + share) % 1 * 6
    sector = np.floor(hue)
    rest = hue - sector
    low, falling, rising = (np.clip(value * (1 - saturation * part), 0, 1) for part in (1, rest, 1 - rest))
    sector = sector.astype(np.intp) % 6
    parts = (
        (value, falling, low, low, rising, value),
        (rising, value, value, falling, low, low),
        (low, low, rising, value, value, falling),
    )
    return np.stack([np.choose(sector, part) for part in parts], -3).astype(image.dtype)
