"""SVHN: the numbers of houses, in MATLAB's files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tinygrad_cnn.data import svhn
from tinygrad_cnn.torchvision.datasets.vision import VisionDataset, image_class


class SVHN(VisionDataset):
    """Colour images of 32×32 pixels of the digits 0 to 9.

    Args:
        root: the folder with `train_32x32.mat` and so on.   split: "train", "test" or "extra".
        transform, target_transform: functions of an image, of a label.
        download: ignored where the file is there; it is not fetched.
    Raises:
        RuntimeError: the file is not there.   ValueError: another split.
        MissingExtraError: SciPy, which reads such files, is not installed.
    Source: Netzer et al. 2011, "Reading digits in natural images with unsupervised feature learning".
    """

    def __init__(
        self,
        root: Any,
        split: str = "train",
        transform: Any = None,
        target_transform: Any = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, None, transform, target_transform)
        if split not in ("train", "extra", "test"):
            raise ValueError(f"SVHN: split is 'train', 'extra' or 'test', got {split!r}")
        self.split, self.filename = split, f"{split}_32x32.mat"
        if not Path(self.root, self.filename).exists():
            raise RuntimeError(
                "Dataset not found or corrupted. You can use download=True to download it; here it is not "
                f"fetched: put {self.filename} into {self.root}"
            )
        self.data, self.labels = svhn(self.root, split, normalize=False).arrays

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        image = image_class().fromarray(self.data[index].transpose(1, 2, 0))
        return self.changed(image, int(self.labels[index]))

    def __len__(self) -> int:
        return len(self.data)
