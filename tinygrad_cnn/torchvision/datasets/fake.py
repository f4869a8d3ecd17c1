"""Random images, for trying a program without data."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.torch.generators import Generator
from tinygrad_cnn.torchvision.datasets.vision import VisionDataset, image_class


class FakeData(VisionDataset):
    """Images of random numbers with random labels; the same index gives the same image."""

    def __init__(
        self,
        size: int = 1000,
        image_size: Any = (3, 224, 224),
        num_classes: int = 10,
        transform: Any = None,
        target_transform: Any = None,
        random_offset: int = 0,
    ) -> None:
        super().__init__(".", None, transform, target_transform)
        self.size, self.image_size, self.num_classes, self.random_offset = (
            size,
            image_size,
            num_classes,
            random_offset,
        )

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if index >= len(self):
            raise IndexError(f"{type(self).__name__} index out of range")
        stream = Generator().manual_seed(index + self.random_offset)
        drawn = stream.normal(int(np.prod(self.image_size))).reshape(self.image_size)
        label = int(stream.integers(0, self.num_classes, 1)[0])
        pixels = (drawn * 255).astype(np.int64).astype(np.uint8).transpose(1, 2, 0)
        image = image_class().fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
        return self.changed(image, label)

    def __len__(self) -> int:
        return self.size
