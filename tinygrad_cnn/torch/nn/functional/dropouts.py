"""Dropout: elements, channels, and with the mean and variance kept."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import ops
from tinygrad_cnn.torch import views
from tinygrad_cnn.torch.generators import DRAWS, default_generator
from tinygrad_cnn.torch.view_links import become


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Elements set to 0 with probability p, the others times 1 / (1 - p)."""
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    out = _dropped(input, p, input._array.shape) if training and p > 0 else input
    return become(input, out) if inplace and out is not input else out


def _dropped(x: Any, p: float, shape: tuple[int, ...]) -> Any:
    kept = default_generator.bernoulli(1 - p, math.prod(shape))
    order = views.memory_order(x) if shape == x._array.shape else None
    if order is not None:  # drawn as the elements lie in PyTorch's memory
        kept = kept.reshape([shape[k] for k in order]).transpose(np.argsort(order))
    return ops.Dropout(kept.reshape(shape), p)(x)


def _dropout_channels(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Whole channels set to 0 with probability p."""
    if not (training and p > 0):
        return input
    shape = input._array.shape
    return _dropped(input, p, (*shape[:2], *(1 for _ in shape[2:])))


dropout1d = dropout2d = dropout3d = feature_dropout = _dropout_channels


def alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """Dropout that keeps mean and variance behind SELU."""
    out = F.alpha_dropout(input, p, training, rng=DRAWS)
    return become(input, out) if inplace and out is not input else out


def feature_alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """`alpha_dropout` of whole channels."""
    out = F.feature_alpha_dropout(input, p, training, rng=DRAWS)
    return become(input, out) if inplace and out is not input else out
