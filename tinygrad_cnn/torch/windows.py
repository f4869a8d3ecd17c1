"""Windows of signals: weights that fall off at both ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.torch import dtypes
from tinygrad_cnn.torch.registry import name
from tinygrad_cnn.torch.tensors import Tensor


def _window(values: Any, length: int, periodic: bool, options: dict[str, Any]) -> Any:
    """The window of a length, or all but the last of the next longer one."""
    kind = dtypes.to_numpy(options.get("dtype") or dtypes.get_default_dtype())
    if length < 2:
        return Tensor.detached(np.ones(length, kind))
    found = values(length + 1)[:-1] if periodic else values(length)
    return Tensor.detached(found.astype(kind))


@name(method=False)
def bartlett_window(window_length: int, periodic: bool = True, **options: Any) -> Any:
    """A triangle.

    >>> bartlett_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window(np.bartlett, window_length, periodic, options)


@name(method=False)
def blackman_window(window_length: int, periodic: bool = True, **options: Any) -> Any:
    """A sum of two cosines."""
    return _window(lambda n: np.abs(np.blackman(n)), window_length, periodic, options)


@name(method=False)
def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, **options: Any
) -> Any:
    """alpha - beta·cos, which does not reach 0."""
    return _window(
        lambda n: alpha - beta * np.cos(2 * np.pi * np.arange(n) / (n - 1)),
        window_length,
        periodic,
        options,
    )


@name(method=False)
def kaiser_window(window_length: int, periodic: bool = True, beta: float = 12.0, **options: Any) -> Any:
    """Bessel's function of half a circle."""
    return _window(lambda n: np.kaiser(n, beta), window_length, periodic, options)
