"""ImageNet's images of 2012, unpacked into one folder a class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.torch.files import load
from tinygrad_cnn.torchvision.datasets.folders import ImageFolder


class ImageNet(ImageFolder):
    """Images in folders that are named by WordNet's numbers.

    Args:
        root: the folder with `train/` or `val/`, and with `meta.bin`, which torchvision writes when it unpacks
            the published archives: the words of each number.
        split: "train" or "val".   kwargs: as `ImageFolder`.
    Raises:
        RuntimeError: they are not there; archives are not unpacked here.
        FormatError: `meta.bin` does not hold the words.   ValueError: another split.
    Source: Russakovsky et al. 2015, arXiv:1409.0575.
    """

    def __init__(self, root: Any, split: str = "train", **kwargs: Any) -> None:
        if split not in ("train", "val"):
            raise ValueError(f"ImageNet: split is 'train' or 'val', got {split!r}")
        home = Path(root).expanduser()
        meta = home / "meta.bin"
        if not meta.exists() or not (home / split).is_dir():
            raise RuntimeError(
                f"The meta file meta.bin or the folder {split} is not present in {home}. Archives are not unpacked "
                "here: ImageFolder reads folders of images without meta.bin"
            )
        content = load(meta)
        super().__init__(home / split, **kwargs)
        self.root, self.split = str(home), split
        self.wnids, self.wnid_to_idx = self.classes, self.class_to_idx
        try:
            self.words = [content[0][wnid] for wnid in self.wnids]
        except (KeyError, TypeError, IndexError) as error:
            raise FormatError(f"{meta}: the words of each class were expected; {error!r}") from error
        self.classes = self.words
        self.class_to_idx = {word: k for k, words in enumerate(self.words) for word in words}

    @property
    def split_folder(self) -> str:
        """Where the images are."""
        return str(Path(self.root, self.split))
