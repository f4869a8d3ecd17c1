"""MNIST and its relatives: IDX files as torchvision lays them out, `root/MNIST/raw/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from tinygrad_cnn.data import fashion_mnist, mnist, read_idx
from tinygrad_cnn.torch.tensors import Tensor
from tinygrad_cnn.torchvision.datasets.vision import VisionDataset, image_class


class MNIST(VisionDataset):
    """Handwritten digits: 28×28 grey images and labels.

    Args:
        root: the folder with `MNIST/raw/train-images-idx3-ubyte` and so on, or with `.gz` behind.
        train: the 60,000 images for training, or the 10,000 for testing.
        transform, target_transform: functions of an image, of a label.   download: fetch missing files.
    Raises:
        RuntimeError: the files are not there.
    """

    classes: ClassVar[list[str]] = [
        "0 - zero", "1 - one", "2 - two", "3 - three", "4 - four", "5 - five", "6 - six", "7 - seven", "8 - eight",
        "9 - nine",
    ]  # fmt: skip
    fetch: Any = staticmethod(mnist)
    prefix = ""

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
        if download and not self._there():
            self.fetch(self.raw_folder, train, download=True)
        if not self._there():
            raise RuntimeError(
                f"Dataset not found in {self.raw_folder}. You can use download=True to download it"
            )
        images, labels = self._read()
        self.data, self.targets = Tensor.detached(images), Tensor.detached(labels.astype("int64"))

    @property
    def train_data(self) -> Any:
        """`data`, under its old name."""
        return self.data

    @property
    def train_labels(self) -> Any:
        """`targets`, under its old name."""
        return self.targets

    test_data, test_labels = train_data, train_labels

    @property
    def raw_folder(self) -> str:
        """Where the files are."""
        return str(Path(self.root, type(self).__name__, "raw"))

    def _path(self, kind: str) -> Path:
        name = f"{self.prefix}{'train' if self.train else ('test' if self.prefix else 't10k')}-{kind}"
        plain = Path(self.raw_folder, name)
        return plain if plain.exists() else plain.with_name(name + ".gz")

    def _there(self) -> bool:
        return self._path("images-idx3-ubyte").exists() and self._path("labels-idx1-ubyte").exists()

    def _read(self) -> tuple[Any, Any]:
        return read_idx(self._path("images-idx3-ubyte")), read_idx(self._path("labels-idx1-ubyte"))

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The label of each class."""
        return {name: i for i, name in enumerate(self.classes)}

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        image = image_class().fromarray(self.data._array[index])
        return self.changed(image, int(self.targets._array[index]))

    def __len__(self) -> int:
        return len(self.data)


class FashionMNIST(MNIST):
    """Pieces of clothing, in MNIST's form."""

    classes: ClassVar[list[str]] = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]  # fmt: skip
    fetch = staticmethod(fashion_mnist)


class KMNIST(MNIST):
    """Japanese characters, in MNIST's form."""

    classes: ClassVar[list[str]] = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]


class QMNIST(MNIST):
    """MNIST made again from NIST's forms, with all 60,000 images for testing.

    Args:
        root: the folder with `QMNIST/raw/qmnist-train-images-idx3-ubyte` and so on, or with `.gz` behind.
        what: "train", "test", "test10k" (the first 10,000) or "test50k" (the rest); else `train` says which.
        compat: labels are digits; else the eight numbers that NIST gives.
        train, options: as `MNIST`; nothing is fetched.
    Raises:
        RuntimeError: the files are not there.   ValueError: another part.
    Source: Yadav & Bottou 2019, arXiv:1905.10498.
    """

    def __init__(
        self, root: Any, what: str | None = None, compat: bool = True, train: bool = True, **options: Any
    ) -> None:
        self.what, self.compat = what or ("train" if train else "test"), compat
        if self.what not in ("train", "test", "test10k", "test50k"):
            raise ValueError(f"QMNIST: what is 'train', 'test', 'test10k' or 'test50k', got {what!r}")
        super().__init__(root, train, **{**options, "download": False})

    def _path(self, kind: str) -> Path:
        ending = kind if kind.startswith("images") else "labels-idx2-int"
        plain = Path(self.raw_folder, f"qmnist-{'train' if self.what == 'train' else 'test'}-{ending}")
        return plain if plain.exists() else plain.with_name(plain.name + ".gz")

    def _read(self) -> tuple[Any, Any]:
        images, labels = super()._read()
        if labels.ndim != 2:
            raise ValueError(f"targets should have 2 dimensions instead of {labels.ndim}")
        part = {"test10k": slice(10000), "test50k": slice(10000, None)}.get(self.what, slice(None))
        return images[part], labels[part]

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        image = image_class().fromarray(self.data._array[index])
        return self.changed(
            image, int(self.targets._array[index, 0]) if self.compat else self.targets[index]
        )


class EMNIST(MNIST):
    """Letters and digits, in MNIST's form."""

    def __init__(self, root: Any, split: str, **options: Any) -> None:
        self.split, self.prefix = split, f"emnist-{split}-"
        super().__init__(root, **options)
