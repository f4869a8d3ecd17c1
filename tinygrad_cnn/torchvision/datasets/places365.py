"""Places365: scenes, in folders that a list of files names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.serial import read_file
from tinygrad_cnn.torchvision.datasets.folders import default_loader
from tinygrad_cnn.torchvision.datasets.vision import VisionDataset

_SPLITS = ("train-standard", "train-challenge", "val", "test")


class Places365(VisionDataset):
    """Images of 365 kinds of places.

    Args:
        root: the folder with `categories_places365.txt`, the list of the split and the folder of its images.
        split: "train-standard", "train-challenge", "val" or "test", which has no labels.
        small: the images of 256×256 pixels.   download: ignored where the lists are there; nothing is fetched.
        transform, target_transform: functions of an image, of a label.   loader: makes an image of a path.
    Raises:
        RuntimeError: a list is not there.   FormatError: a list is not one.   ValueError: another split.
    Source: Zhou et al. 2017, "Places: a 10 million image database for scene recognition".
    """

    def __init__(
        self,
        root: Any,
        split: str = "train-standard",
        small: bool = False,
        download: bool = False,
        transform: Any = None,
        target_transform: Any = None,
        loader: Any = default_loader,
    ) -> None:
        super().__init__(root, None, transform, target_transform)
        if split not in _SPLITS:
            raise ValueError(f"Places365: split is one of {', '.join(_SPLITS)}, got {split!r}")
        self.split, self.small, self.loader = split, small, loader
        listed = _rows(Path(self.root, "categories_places365.txt"), 2)
        self.class_to_idx = {name: int(number) for name, number in listed}
        self.classes = sorted(self.class_to_idx)
        rows = _rows(
            Path(self.root, f"places365_{split.replace('-', '_')}.txt"), 1 if split == "test" else 2
        )
        self.targets = [int(row[1]) if len(row) > 1 else None for row in rows]
        home = Path(self.images_dir)
        paths = [str(home / row[0].lstrip("/")) for row in rows]
        self.imgs = list(zip(paths, self.targets, strict=True))

    @property
    def variant(self) -> str:
        """Which collection of images for training."""
        return "challenge" if "challenge" in self.split else "standard"

    @property
    def images_dir(self) -> str:
        """Where the images are."""
        size = "256" if self.small else "large"
        train = self.split.startswith("train")
        return str(Path(self.root, f"data_{size}_{self.variant}" if train else f"{self.split}_{size}"))

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        path, target = self.imgs[index]
        return self.changed(self.loader(path), target)

    def __len__(self) -> int:
        return len(self.imgs)


def _rows(path: Path, words: int) -> list[list[str]]:
    """The words of each line: a name, and a whole number where two are expected."""
    if not path.exists():
        raise RuntimeError(
            f"The file {path} does not exist or is corrupted. You can set download=True to download it; here it "
            f"is not fetched: unpack the published lists in {path.parent}"
        )
    rows = [line.split() for line in read_file(path).decode().splitlines()]
    for k, row in enumerate(rows):
        if len(row) < words or (len(row) > 1 and not row[1].lstrip("-").isdecimal()):
            raise FormatError(
                f"{path}: a name and a whole number were expected in line {k + 1}, found {row}"
            )
    return rows
