"""`torchvision.utils`: several images in one."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_cnn.mode import no_grad
from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torch.tensors import Tensor
from tinygrad_cnn.torchvision.datasets.vision import image_class


def make_grid(
    tensor: Any,
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: Any = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
    **_: Any,
) -> Any:
    """Images (N, C, H, W) side by side in rows, grey ones as colour.

    >>> from tinygrad_cnn import torch
    >>> make_grid(torch.zeros(3, 1, 4, 4), nrow=2).shape
    torch.Size([3, 14, 14])
    """
    images = np.stack([t._array for t in tensor]) if isinstance(tensor, (list, tuple)) else tensor._array
    if images.ndim == 2:
        images = images[None]
    if images.ndim == 3:
        images = np.concatenate([images] * 3) if images.shape[0] == 1 else images
        images = images[None]
    if images.shape[1] == 1:
        images = np.concatenate([images] * 3, axis=1)
    if normalize:
        images = images.copy()
        for part in images if scale_each else [images]:
            low, high = value_range or (part.min(), part.max())
            np.clip(part, low, high, out=part)
            part -= low
            part /= max(high - low, 1e-5)
    if len(images) == 1:
        return Tensor.detached(images[0])
    columns = min(nrow, len(images))
    rows = math.ceil(len(images) / columns)
    H, W = images.shape[2] + padding, images.shape[3] + padding
    grid = np.full((images.shape[1], H * rows + padding, W * columns + padding), pad_value, images.dtype)
    for k, image in enumerate(images):
        top, left = k // columns * H + padding, k % columns * W + padding
        grid[:, top : top + H - padding, left : left + W - padding] = image
    return Tensor.detached(grid)


def save_image(tensor: Any, fp: Any, format: str | None = None, **options: Any) -> None:
    """Write images as one file."""
    with no_grad():
        grid = make_grid(tensor, **options)._array
    pixels = np.clip(grid * 255 + 0.5, 0, 255).transpose(1, 2, 0).astype(np.uint8)
    image_class().fromarray(pixels).save(fp if hasattr(fp, "write") else Path(fp), format=format)


__getattr__ = _guard("torchvision.utils", globals())
