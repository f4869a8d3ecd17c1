"""Images in folders, one folder a class."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tinygrad_cnn.torchvision.datasets.vision import VisionDataset, opened

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def default_loader(path: Any) -> Any:
    """An image file as an RGB image."""
    return opened(path).convert("RGB")


class DatasetFolder(VisionDataset):
    """Files in folders: the folders are the classes, in the order of their names.

    Args:
        root: the folder of the folders.   loader: makes a sample of a path.
        extensions: which files are samples.   transform, target_transform: functions of a sample, of a label.
    Raises:
        FileNotFoundError: there is no folder, or one without a file that fits.
    """

    def __init__(
        self,
        root: Any,
        loader: Callable[[Any], Any] = default_loader,
        extensions: Any = IMG_EXTENSIONS,
        transform: Any = None,
        target_transform: Any = None,
        is_valid_file: Any = None,
    ) -> None:
        super().__init__(root, None, transform, target_transform)
        self.loader = loader
        self.classes = sorted(entry.name for entry in Path(self.root).iterdir() if entry.is_dir())
        if not self.classes:
            raise FileNotFoundError(f"Couldn't find any class folder in {self.root}.")
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}
        fits = is_valid_file or (lambda path: path.lower().endswith(tuple(extensions)))
        self.samples: list[tuple[str, int]] = []
        for name, label in self.class_to_idx.items():
            found = [
                str(p) for p in sorted(Path(self.root, name).rglob("*")) if p.is_file() and fits(str(p))
            ]
            if not found:
                raise FileNotFoundError(f"Found no valid file for the classes {name}.")
            self.samples += [(path, label) for path in found]
        self.targets = [label for _, label in self.samples]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        return self.changed(self.loader(path), target)

    def __len__(self) -> int:
        return len(self.samples)


class ImageFolder(DatasetFolder):
    """Image files in folders, one folder a class."""

    def __init__(
        self,
        root: Any,
        transform: Any = None,
        target_transform: Any = None,
        loader: Any = default_loader,
        is_valid_file: Any = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(root, loader, IMG_EXTENSIONS, transform, target_transform, is_valid_file)
        self.imgs = self.samples
