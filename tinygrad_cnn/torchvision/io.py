"""`torchvision.io`: image files as tensors."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_cnn.torch.refusals import guard
from tinygrad_cnn.torch.tensors import Tensor
from tinygrad_cnn.torchvision.datasets.vision import image_class, opened


class ImageReadMode(enum.Enum):
    """The channels that an image shall have."""

    UNCHANGED = ""
    GRAY = "L"
    GRAY_ALPHA = "LA"
    RGB = "RGB"
    RGB_ALPHA = "RGBA"


def read_image(path: Any, mode: Any = ImageReadMode.UNCHANGED) -> Any:
    """An image file as bytes (C, H, W)."""
    image = opened(path)
    array = np.array(image.convert(mode.value) if mode.value else image)
    return Tensor.detached(
        array[None] if array.ndim == 2 else np.ascontiguousarray(array.transpose(2, 0, 1))
    )


decode_image = read_image


def write_png(input: Any, filename: Any, compression_level: int = 6) -> None:
    """Write bytes (C, H, W) as an image file."""
    array = input._array.transpose(1, 2, 0)
    image_class().fromarray(array[:, :, 0] if array.shape[2] == 1 else array).save(Path(filename), "PNG")


__getattr__ = guard("torchvision.io", globals())
