"""CelebA: faces of known people, with what can be seen on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.serial import read_file
from tinygrad_cnn.torch.tensors import Tensor
from tinygrad_cnn.torchvision.datasets.vision import VisionDataset, opened

_SPLITS = {"train": 0, "valid": 1, "test": 2, "all": None}
_TABLES = {
    "identity": ("identity_CelebA.txt", False),
    "bbox": ("list_bbox_celeba.txt", True),
    "landmarks": ("list_landmarks_align_celeba.txt", True),
    "attr": ("list_attr_celeba.txt", True),
}


class CelebA(VisionDataset):
    """Photographs of faces, and tables of numbers about them.

    Args:
        root: the folder with `celeba/`, which holds `img_align_celeba/` and the five tables.
        split: "train", "valid", "test" or "all".
        target_type: "attr" (40 zeros and ones), "identity", "bbox" or "landmarks", or a list of them.
        transform, target_transform: functions of an image, of what belongs to it.
        download: ignored where the files are there; they are not fetched.
    Raises:
        RuntimeError: a file is not there.   FormatError: a table is not one.
        ValueError: another split, or another type of target.
    Source: Liu et al. 2015, "Deep learning face attributes in the wild".
    """

    base_folder = "celeba"

    def __init__(
        self,
        root: Any,
        split: str = "train",
        target_type: Any = "attr",
        transform: Any = None,
        target_transform: Any = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, None, transform, target_transform)
        self.target_type = target_type if isinstance(target_type, list) else [target_type]
        if not self.target_type and target_transform is not None:
            raise RuntimeError("target_transform is specified but target_type is empty")
        if str(split).lower() not in _SPLITS:
            raise ValueError(f"CelebA: split is one of {', '.join(_SPLITS)}, got {split!r}")
        self.split, folder = split, Path(self.root, self.base_folder)
        files = [
            folder / name for name in ("list_eval_partition.txt", *(file for file, _ in _TABLES.values()))
        ]
        if not all(file.exists() for file in files) or not (folder / "img_align_celeba").is_dir():
            raise RuntimeError(
                "Dataset not found or corrupted. You can use download=True to download it; here it is not "
                f"fetched: unpack the images and the tables in {folder}"
            )
        names, parts, _ = _table(files[0], False)
        wanted = _SPLITS[split.lower()]
        chosen = np.flatnonzero(parts[:, 0] == wanted) if wanted is not None else np.arange(len(names))
        self.filename = [names[k] for k in chosen]
        self._tables: dict[str, Any] = {}
        for kind, (file, titled) in _TABLES.items():
            listed, numbers, header = _table(folder / file, titled)
            if len(listed) != len(names):
                raise FormatError(
                    f"{folder / file}: {len(listed)} rows, {len(names)} in list_eval_partition.txt"
                )
            if kind == "attr":
                numbers, self.attr_names = (numbers + 1) // 2, header
            self._tables[kind] = Tensor.detached(numbers[chosen])
        self.identity, self.bbox = self._tables["identity"], self._tables["bbox"]
        self.landmarks_align, self.attr = self._tables["landmarks"], self._tables["attr"]

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        path = Path(self.root, self.base_folder, "img_align_celeba", self.filename[index])
        targets = []
        for kind in self.target_type:
            if kind not in self._tables:
                raise ValueError(f'Target type "{kind}" is not recognized.')
            row = self._tables[kind][index]
            targets.append(row[0] if kind == "identity" else row)
        image = opened(path)
        if not targets:
            return (image if self.transform is None else self.transform(image)), None
        return self.changed(image, tuple(targets) if len(targets) > 1 else targets[0])

    def __len__(self) -> int:
        return len(self.filename)


def _table(path: Path, titled: bool) -> tuple[list[str], Any, list[str]]:
    """The first word of each row, the numbers behind it, and the columns' names, which the second line may hold."""
    lines = [line.split() for line in read_file(path).decode().splitlines()]
    header, rows = (lines[1], lines[2:]) if titled and len(lines) > 1 else ([], lines)
    try:
        numbers = np.array([[int(word) for word in row[1:]] for row in rows], np.int64)
        return [row[0] for row in rows], numbers.reshape(len(rows), -1), header
    except (ValueError, IndexError) as error:
        raise FormatError(f"{path}: a name and whole numbers in each row were expected: {error}") from error
