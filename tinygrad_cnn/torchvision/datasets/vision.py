"""Shared by torchvision's datasets."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from tinygrad_cnn.data.image import formats
from tinygrad_cnn.errors import MissingExtraError
from tinygrad_cnn.serial import read_file
from tinygrad_cnn.torch.utils.data.datasets import Dataset


def image_class() -> Any:
    """Pillow's `Image`, which datasets give their samples as.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError(
            "torchvision's datasets and transforms give images of Pillow; install it with "
            "`pip install 'tinygrad-cnn[images]'`"
        ) from None
    return Image


def opened(path: Any) -> Any:
    """An image file as an image in its own mode, if it has one of the formats of `data.load_image`.

    Raises:
        FormatError: a pipe, a device or a socket.   PIL.UnidentifiedImageError: another format.
    """
    image = image_class().open(io.BytesIO(read_file(path)), formats=formats())
    image.load()
    return image


class VisionDataset(Dataset[Any]):
    """Base of datasets of images: a folder, and functions that change samples and labels."""

    def __init__(
        self, root: Any, transforms: Any = None, transform: Any = None, target_transform: Any = None
    ) -> None:
        self.root = str(Path(root).expanduser())
        self.transform, self.target_transform, self.transforms = transform, target_transform, transforms

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} has no length")

    def changed(self, image: Any, target: Any) -> tuple[Any, Any]:
        """A sample after the transforms."""
        if self.transforms is not None:
            return self.transforms(image, target)
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __repr__(self) -> str:
        lines = [
            f"Dataset {type(self).__name__}",
            f"    Number of datapoints: {len(self)}",
            f"    Root location: {self.root}",
        ]
        return "\n".join(lines)
