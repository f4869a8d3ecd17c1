"""CIFAR-10 and CIFAR-100 as torchvision lays them out: pickled batches, read by the machine that runs no code."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.serial import read_file
from tinygrad_cnn.torch.files.machine import Machine
from tinygrad_cnn.torchvision.datasets.vision import VisionDataset, image_class


class CIFAR10(VisionDataset):
    """Colour images of 32×32 pixels in 10 classes.

    Args:
        root: the folder with `cifar-10-batches-py/`.   train: 50,000 images for training, or 10,000 for testing.
        transform, target_transform: functions of an image, of a label.
        download: ignored where the files are there; they are not fetched.
    Raises:
        RuntimeError: the files are not there.
    """

    base_folder = "cifar-10-batches-py"
    train_list: ClassVar[list[str]] = [f"data_batch_{i}" for i in range(1, 6)]
    test_list: ClassVar[list[str]] = ["test_batch"]
    meta, names = "batches.meta", "label_names"

    def __init__(
        self,
        root: Any,
        train: bool = True,
        transform: Any = None,
        target_transform: Any = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, None, transform, target_transform)
        self.train = train
        folder = Path(self.root, self.base_folder)
        files = [folder / name for name in (self.train_list if train else self.test_list)]
        if not all(file.exists() for file in files):
            raise RuntimeError(
                f"Dataset not found or corrupted in {folder}. You can use download=True to download it; here it is not "
                f"fetched: unpack the archive of the dataset in {self.root}"
            )
        parts = [_batch(file) for file in files]
        self.data = np.concatenate([data for data, _ in parts]).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        self.targets: list[int] = [label for _, labels in parts for label in labels]
        self.classes: list[str] = _names(folder / self.meta, self.names)
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        return self.changed(image_class().fromarray(self.data[index]), self.targets[index])

    def __len__(self) -> int:
        return len(self.data)


class CIFAR100(CIFAR10):
    """Colour images of 32×32 pixels in 100 classes."""

    base_folder = "cifar-100-python"
    train_list: ClassVar[list[str]] = ["train"]
    test_list: ClassVar[list[str]] = ["test"]
    meta, names = "meta", "fine_label_names"


def _content(file: Path) -> dict[str, Any]:
    content = Machine(_no_storage, [], False).run(read_file(file))
    if not isinstance(content, dict):
        raise FormatError(f"{file}: a dict was expected, found {type(content).__name__}")
    return {
        key.decode("latin1") if isinstance(key, bytes) else str(key): value
        for key, value in content.items()
    }


def _batch(file: Path) -> tuple[Any, list[int]]:
    content = _content(file)
    labels = content.get("labels", content.get("fine_labels"))
    data = content.get("data")
    if not isinstance(data, np.ndarray) or labels is None or len(labels) != len(data):
        raise FormatError(f"{file}: no batch of CIFAR")
    return data.reshape(len(data), 3072), [int(label) for label in labels]


def _names(file: Path, key: str) -> list[str]:
    if not file.exists():
        return []
    return [name.decode() if isinstance(name, bytes) else str(name) for name in _content(file).get(key, [])]


def _no_storage(*_: Any) -> Any:
    raise FormatError("load: a storage of PyTorch in a file of CIFAR")
