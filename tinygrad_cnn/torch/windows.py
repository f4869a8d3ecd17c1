"""Windows of signals: weights that fall off at both ends. All take `dtype`, `device` and `requires_grad`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn.torch.creating import kind_of, made
from tinygrad_cnn.torch.registry import name


def _window(
    values: Callable[[int], Any], length: int, periodic: bool, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, layout: Any = None,
) -> Any:  # fmt: skip
    """The window of a length, or all but the last of the next longer one; a single weight is 1."""
    longer = periodic and length > 1
    found = values(length + 1)[:-1] if longer else values(length) if length > 1 else np.ones(length)
    return made(found.astype(kind_of(dtype)), requires_grad, device)


@name(method=False)
def bartlett_window(window_length: int, periodic: bool = True, **options: Any) -> Any:
    """A triangle.

    >>> bartlett_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window(np.bartlett, window_length, periodic, **options)


@name(method=False)
def blackman_window(window_length: int, periodic: bool = True, **options: Any) -> Any:
    """A sum of two cosines."""
    return _window(lambda n: np.abs(np.blackman(n)), window_length, periodic, **options)


@name(method=False)
def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, **options: Any
) -> Any:
    """alpha - beta·cos, which does not reach 0."""
    return _window(
        lambda n: alpha - beta * np.cos(2 * np.pi * np.arange(n) / (n - 1)),
        window_length,
        periodic,
        **options,
    )


@name(method=False)
def hann_window(window_length: int, periodic: bool = True, **options: Any) -> Any:
    """A cosine, which reaches 0."""
    return _window(np.hanning, window_length, periodic, **options)


@name(method=False)
def kaiser_window(window_length: int, periodic: bool = True, beta: float = 12.0, **options: Any) -> Any:
    """Bessel's function of half a circle."""
    return _window(lambda n: np.kaiser(n, beta), window_length, periodic, **options)
