"""Numbers rounded to floats of one byte or less."""

from __future__ import annotations

from typing import Any

import numpy as np


def to_small_float(x: Any, dtype: np.dtype[Any], saturate: bool = True, round_mode: str = "up") -> Any:
    """x in a small float type; what is too large becomes the largest finite number if it saturates."""
    numbers = np.asarray(x).astype(np.float32)
    if dtype.name == "float8_e8m0fnu":
        return _power_of_two(numbers, dtype, round_mode)
    largest = largest_of(dtype)
    beyond = np.abs(numbers) > largest
    if not saturate or not beyond.any():
        return numbers.astype(dtype)
    return np.clip(numbers, -largest, largest).astype(dtype)  # NaN stays NaN


def largest_of(dtype: np.dtype[Any]) -> float:
    """The largest finite number of a type of at most a byte.

    >>> largest_of(np.dtype(np.int8))
    127.0
    """
    with np.errstate(all="ignore"):
        numbers = np.arange(256, dtype=np.uint8).view(dtype).astype(np.float32)
    return float(numbers[np.isfinite(numbers)].max())


def _power_of_two(x: Any, dtype: np.dtype[Any], round_mode: str) -> Any:
    """The exponent alone, from -127 to 127, rounded as the node says."""
    numbers = np.abs(x.astype(np.float64))
    with np.errstate(all="ignore"):
        exponent = np.log2(numbers)
    if round_mode == "nearest":
        low = np.floor(exponent)
        rounded = low + (numbers >= 1.5 * np.exp2(low))
    else:
        rounded = np.ceil(exponent) if round_mode == "up" else np.floor(exponent)
    bits = np.clip(np.where(np.isnan(rounded), 128, rounded), -127, 127) + 127
    return np.where(np.isnan(x), 255, bits).astype(np.uint8).view(dtype)
