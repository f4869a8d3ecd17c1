"""Photographs in folders, one folder per class, read in batches."""

from __future__ import annotations

import errno
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.data.image import MOST_PIXELS, load_image, mode, pillow, pixels, sides
from tinygrad_cnn.data.stream import StreamedDataset
from tinygrad_cnn.data.transform import Transform
from tinygrad_cnn.errors import ArgumentError, DTypeError, FormatError
from tinygrad_cnn.serial.paths import path_of
from tinygrad_cnn.signal_handlers import let_through
from tinygrad_cnn.switches import flag

Array = NDArray[Any]

#: Ends of the names of files that are taken for images, in any case.
SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
#: Names of folders that part a data set and are not classes, if there are no others.
_PARTS = {"train", "training", "test", "testing", "val", "valid", "validation"}
#: More names than these would hide what a warning says.
_LISTED = 50


class ImageFolder(StreamedDataset):
    """Image files in one folder per class: a sample is (image, label), read when it is asked for.

        photos/cat/1.jpg    photos/cat/2.png    photos/dog/1.jpg    ...

    A `DataLoader` over it streams batches of images (N, channels, H, W) float32 and labels (N,) int64.
    Only the names of the files are kept, so memory does not depend on how many images there are.
    Each image is converted as `load_image` does. Files in folders within a class belong to that class.
    Files with other ends than `SUFFIXES`, and names that begin with a dot, are left alone. Links to
    folders are followed, each folder once.

    A file that turns out to be no image, or damaged, is left out: its batch has a sample less (or is
    left out, when nothing remains), and once the last batch is made one warning lists all such files
    that were not listed before, and folders that could not be opened. With `unreadable="raise"` its
    error comes in place of its batch, that of a folder at once.

    Args:
        folder: holds the folders of the classes.
        size: (H, W) of the images in pixels, or one number for both.
        channels: 1, 3 or 4, as in `load_image`.
        transform: changes each image anew in each epoch, such as `Compose(Rotation(20), ...)`.
        seed: of the transform.
        workers: threads that decode; 0 decodes in the thread that asks. Values do not depend on it.
        unreadable: 'skip' or 'raise'.
        classes: names of the folders in the order of their labels; None takes all, sorted.
        one_hot: labels as rows of float32, 1 at the class and 0 elsewhere.
        max_pixels: as in `load_image`; an image of more counts as unreadable.
    Attributes:
        classes: the names.   class_indices: the label of each name.
        labels: (N,) int64, of all files.   unreadable_files: path below `folder` and reason of each
            file found unreadable so far.   epoch: as in `StreamedDataset`.
    Raises:
        FileNotFoundError, NotADirectoryError: `folder` is not a folder.
        FormatError: no folder of a class in it, or one without images.
        ArgumentError, DTypeError: another argument does not fit.
        MissingExtraError: Pillow is not installed.

    >>> import tempfile
    >>> from PIL import Image
    >>> from tinygrad_cnn.data import DataLoader
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("dog", "cat"):
    ...         Path(folder, name).mkdir()
    ...         Image.new("RGB", (12, 8)).save(Path(folder, name, "1.png"))
    ...     data = ImageFolder(folder, size=(4, 6))
    ...     images, labels = next(iter(DataLoader(data, batch_size=2)))
    >>> data.class_indices, images.shape, labels
    ({'cat': 0, 'dog': 1}, (2, 3, 4, 6), array([0, 1]))
    """

    def __init__(
        self, folder: str | os.PathLike[str], size: int | tuple[int, int], channels: int = 3, *,
        transform: Transform | None = None, seed: int = 0, workers: int = 4, unreadable: str = "skip",
        classes: Sequence[str] | None = None, one_hot: bool = False, max_pixels: int = MOST_PIXELS,
    ) -> None:  # fmt: skip
        super().__init__(transform, seed, workers)
        pillow("ImageFolder")
        mode(channels, "ImageFolder")
        if unreadable not in ("skip", "raise"):
            raise ArgumentError(f"ImageFolder: unreadable must be 'skip' or 'raise', got {unreadable!r}")
        flag("ImageFolder", "one_hot", one_hot)
        self.folder = Path(path_of("ImageFolder", folder))
        self.size = sides("ImageFolder", "size", size)
        self.channels = channels
        self.max_pixels = pixels("ImageFolder", max_pixels)
        self.unreadable = unreadable
        self.one_hot = bool(one_hot)
        self.classes = _classes(self.folder, classes)
        self.class_indices = {name: k for k, name in enumerate(self.classes)}
        self.unreadable_files = _broken_links(self.folder)
        self._told: set[str] = set()
        files = [self._images(name) for name in self.classes]
        self._names = [name for names in files for name in names]
        self.labels = np.repeat(np.arange(len(files)), [len(names) for names in files])
        self._tell()

    def _images(self, name: str) -> list[str]:
        """The image files of one class, as sorted paths below the folder of all classes."""
        found, others, seen = [], 0, set()

        def unreadable(error: OSError) -> None:
            at = Path(str(error.filename))
            why = f"a folder that cannot be opened: {error.strerror or error}"
            if self.unreadable == "raise":
                raise FormatError(f"{at}: expected a folder to read, found {why}") from error
            self.unreadable_files[at.relative_to(self.folder).as_posix()] = why

        def nowhere(link: Path) -> None:
            if self.unreadable == "raise":
                raise FormatError(f"{link}: expected a folder to read, found a link that leads nowhere")
            self.unreadable_files[link.relative_to(self.folder).as_posix()] = "a link that leads nowhere"

        for at, inner, files in os.walk(self.folder / name, onerror=unreadable, followlinks=True):
            met = os.stat(at)
            if (met.st_dev, met.st_ino) in seen:  # a link back, or two to one folder
                inner.clear()
                continue
            seen.add((met.st_dev, met.st_ino))
            inner[:] = sorted(entry for entry in inner if not entry.startswith("."))
            for file in files:
                if not file.startswith(".") and file.lower().endswith(SUFFIXES):
                    found.append(Path(at, file).relative_to(self.folder).as_posix())
                else:
                    others += 1
                    if "." not in file and not Path(at, file).exists():  # it could be a folder's name
                        nowhere(Path(at, file))
        if not found:
            said = next((why for n, why in self.unreadable_files.items() if n.split("/")[0] == name), "")
            raise FormatError(
                f"ImageFolder: {self.folder / name}: expected at least one image ({', '.join(SUFFIXES)}), "
                f"found {said or (f'{others} other files' if others else 'no file')}"
            )
        return sorted(found)

    def __len__(self) -> int:
        """Number of files, readable or not."""
        return len(self._names)

    def path(self, index: int) -> Path:
        """The file of a sample.

        Raises:
            IndexError: out of range.
        """
        return self.folder / self._names[index]

    def read(self, index: int) -> tuple[Array, Any]:
        """The image of one file, (channels, H, W) float32 in [0, 1], and its label.

        Raises:
            FormatError: the file cannot be opened, is not an image, or damaged.
        """
        path, label = self.path(index), self.labels[index]
        try:
            image = load_image(path, self.size, self.channels, max_pixels=self.max_pixels)
        except OSError as error:
            let_through(error)
            why = error.strerror or error
            raise FormatError(f"{path}: expected a file to read, found: {why}") from error
        return image, np.eye(len(self.classes), dtype=np.float32)[label] if self.one_hot else label

    def _take(self, index: int, outcome: Callable[[], tuple[Any, ...]]) -> tuple[Any, ...] | None:
        try:
            return outcome()
        except FormatError as error:
            if self.unreadable == "raise":
                raise
            reason = str(error).removeprefix(f"{self.path(index)}: ")
            self.unreadable_files[self._names[index]] = reason
            return None

    def _finish(self) -> None:
        """Tell of the files left out."""
        if set(self._names) <= self.unreadable_files.keys():
            name, reason = next(iter(self.unreadable_files.items()))
            raise FormatError(
                f"ImageFolder: {self.folder}: expected images, but none of {len(self)} files can be read; "
                f"{name}: {reason}"
            )
        self._tell()

    def _tell(self) -> None:
        """Warn of what could not be read, once each."""
        new = {n: why for n, why in sorted(self.unreadable_files.items()) if n not in self._told}
        if new:
            self._told.update(new)
            lines = [f"\n  {name}: {reason}" for name, reason in new.items()]
            more = f"\n  and {len(lines) - _LISTED} more" if len(lines) > _LISTED else ""
            warnings.warn(
                f"ImageFolder: {len(new)} of {len(self)} files in {self.folder} could not be read and were "
                f"left out:{''.join(lines[:_LISTED])}{more}",
                stacklevel=3,
            )

    def __repr__(self) -> str:
        counts = np.bincount(self.labels, minlength=len(self.classes))
        listed = ", ".join(f"{name}: {n}" for name, n in zip(self.classes, counts, strict=True))
        return f"ImageFolder({str(self.folder)!r}, {listed}, size={self.size}, channels={self.channels})"


def _broken_links(folder: Path) -> dict[str, str]:
    """Links among the folders of the classes that lead nowhere, and why they are left out."""
    links = (entry for entry in folder.iterdir() if entry.is_symlink() and not entry.name.startswith("."))
    return {link.name: "a link that leads nowhere" for link in links if not link.exists()}


def _classes(folder: Path, wanted: Sequence[str] | None) -> list[str]:
    """The names of the classes; each has a folder."""
    if not folder.exists():
        raise FileNotFoundError(errno.ENOENT, "ImageFolder: there is no such folder", str(folder))
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "ImageFolder: this is a file, not a folder", str(folder))
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    there = [entry.name for entry in entries if entry.is_dir()]
    if not there:
        files = ", ".join(entry.name for entry in entries[:3]) or "nothing"
        raise FormatError(f"ImageFolder: {folder}: expected one folder per class, found {files}")
    if wanted is None:
        if len(there) > 1 and _PARTS.issuperset(name.lower() for name in there):
            raise FormatError(
                f"ImageFolder: {folder}: expected one folder per class, found {there}, parts of data; "
                f"'{folder / there[0]}' may be meant, or classes={there} if they are classes"
            )
        return there
    if isinstance(wanted, str) or not all(isinstance(name, str) for name in wanted):
        raise DTypeError(f"ImageFolder: classes must be a list of names, got {wanted!r}")
    if not wanted or len(set(wanted)) != len(wanted):
        raise ArgumentError(f"ImageFolder: classes must be names, each once, got {list(wanted)}")
    missing = [name for name in wanted if name not in there]
    if missing:
        raise FormatError(f"ImageFolder: {folder}: expected folders {missing}, found {there}")
    return list(wanted)
