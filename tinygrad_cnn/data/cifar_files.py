"""CIFAR-10, CIFAR-100 and SVHN from their published files: small colour images of 32×32 pixels."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.data.dataset import ArrayDataset
from tinygrad_cnn.errors import FormatError, MissingExtraError
from tinygrad_cnn.serial import opened, read_file
from tinygrad_cnn.serial.paths import path_of
from tinygrad_cnn.signal_handlers import let_through
from tinygrad_cnn.switches import flags

Array = NDArray[Any]

PIXELS = 3 * 32 * 32
#: No published file is larger; a file that is, is none of them.
MOST_BYTES = 2**30


def cifar10(
    folder: str | os.PathLike[str], train: bool = True, *, normalize: bool = True, one_hot: bool = False
) -> ArrayDataset:
    """Read CIFAR-10's training or test part from the files of its binary version.

    The files are data_batch_1.bin to data_batch_5.bin and test_batch.bin, in the folder or in
    `cifar-10-batches-bin` inside it. (Files of the Python version are pickled, and never read.)

    Args:
        folder: where the files lie.   train: the 50,000 training images, or the 10,000 test images.
        normalize: float32 pixels in [0, 1]; otherwise uint8 from 0 to 255, as in the files.
        one_hot: labels as rows of ten float32, 1 at the class and 0 elsewhere.
    Returns:
        A dataset of images (N, 3, 32, 32) and labels, (N,) int64 or (N, 10). The classes are airplane,
        automobile, bird, cat, deer, dog, frog, horse, ship, truck.
    Raises:
        FileNotFoundError: a file is not there; says what was looked for.
        FormatError: a file of another length, or with other labels.
    Source: Krizhevsky 2009, "Learning multiple layers of features from tiny images".

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "test_batch.bin").write_bytes(bytes([7]) + bytes(3072))
    ...     cifar10(folder, train=False)
    ArrayDataset((1, 3, 32, 32) float32, (1,) int64)
    """
    flags("cifar10", train=train, normalize=normalize, one_hot=one_hot)
    names = [f"data_batch_{k}.bin" for k in range(1, 6)] if train else ["test_batch.bin"]
    records = _records("cifar10", Path(path_of("cifar10", folder)), "cifar-10-batches-bin", names, labels=1)
    return _dataset(records[:, 1:], records[:, 0], 10, normalize, one_hot)


def cifar100(
    folder: str | os.PathLike[str], train: bool = True, *, coarse: bool = False, normalize: bool = True,
    one_hot: bool = False,
) -> ArrayDataset:  # fmt: skip
    """Read CIFAR-100's training or test part from the files of its binary version.

    The files are train.bin and test.bin, in the folder or in `cifar-100-binary` inside it.

    Args:
        folder, normalize, one_hot: as `cifar10`.   train: 50,000 training or 10,000 test images.
        coarse: labels of the 20 superclasses in place of the 100 classes.
    Returns:
        A dataset of images (N, 3, 32, 32) and labels, (N,) int64 or rows.
    Raises:
        As `cifar10`.
    Source: Krizhevsky 2009, as `cifar10`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "test.bin").write_bytes(bytes([7, 93]) + bytes(3072))
    ...     cifar100(folder, train=False).arrays[1], cifar100(folder, train=False, coarse=True).arrays[1]
    (array([93]), array([7]))
    """
    flags("cifar100", train=train, coarse=coarse, normalize=normalize, one_hot=one_hot)
    name = "train.bin" if train else "test.bin"
    records = _records("cifar100", Path(path_of("cifar100", folder)), "cifar-100-binary", [name], labels=2)
    return _dataset(
        records[:, 2:], records[:, 0 if coarse else 1], 20 if coarse else 100, normalize, one_hot
    )


def svhn(
    folder: str | os.PathLike[str], part: str = "train", *, normalize: bool = True, one_hot: bool = False
) -> ArrayDataset:
    """Read the cropped house numbers of SVHN from train_32x32.mat, test_32x32.mat or extra_32x32.mat.

    Args:
        folder, normalize, one_hot: as `cifar10`.   part: 'train', 'test' or 'extra'.
    Returns:
        A dataset of images (N, 3, 32, 32) and labels of the digits 0 to 9 (the files write 10 for 0).
    Raises:
        FileNotFoundError: the file is not there.   FormatError: another file.
        MissingExtraError: SciPy, which reads such files, is not installed.
    Source: Netzer et al. 2011, "Reading digits in natural images with unsupervised feature learning".
    """
    flags("svhn", normalize=normalize, one_hot=one_hot)
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise MissingExtraError("svhn needs SciPy: pip install 'tinygrad-cnn[data]'") from error
    path = _found("svhn", Path(path_of("svhn", folder)), "", f"{part}_32x32.mat")
    try:
        with opened(path) as file:
            content = loadmat(file, variable_names=["X", "y"])
        images, labels = np.asarray(content["X"]), np.asarray(content["y"]).reshape(-1)
    except FormatError:
        raise
    except Exception as error:  # its reader raises many kinds on other files
        let_through(error)
        raise FormatError(f"{path}: expected a MATLAB file with X and y, {str(error)[:200]}") from error
    if (
        images.shape != (32, 32, 3, len(labels))
        or images.dtype != np.uint8
        or labels.dtype.kind not in "iu"
    ):
        raise FormatError(
            f"{path}: expected X (32, 32, 3, N) uint8 and y (N, 1), found {images.shape} {images.dtype} "
            f"and {labels.shape}"
        )
    if labels.size and not 1 <= labels.min() <= labels.max() <= 10:
        raise FormatError(f"{path}: expected labels from 1 to 10, found {labels.min()} to {labels.max()}")
    pixels = images.transpose(3, 2, 0, 1).reshape(len(labels), PIXELS)
    return _dataset(pixels, labels % 10, 10, normalize, one_hot)


def _found(function: str, folder: Path, inner: str, name: str) -> Path:
    """A file of the folder, or of one inside it."""
    for path in (folder / name, folder / inner / name):
        if path.exists():
            return path
    there = sorted(entry.name for entry in folder.iterdir())[:10] if folder.is_dir() else []
    listed = ", ".join(there) or ("nothing" if folder.is_dir() else "no such folder")
    raise FileNotFoundError(
        errno.ENOENT, f"{function}: looked for {name}; found {listed} in folder", str(folder)
    )


def _records(function: str, folder: Path, inner: str, names: list[str], *, labels: int) -> Array:
    """The records of several files: so many bytes of labels, then the pixels of an image."""
    parts = []
    for name in names:
        path = _found(function, folder, inner, name)
        with opened(path) as file:
            length = os.fstat(file.fileno()).st_size
        if not length or length % (labels + PIXELS) or length > MOST_BYTES:
            raise FormatError(
                f"{path}: expected records of {labels + PIXELS} bytes (labels, then 3 x 32 x 32 pixels), "
                f"found {length} bytes"
            )
        records = np.frombuffer(read_file(path), np.uint8).reshape(-1, labels + PIXELS)
        for column, count in enumerate((10,) if labels == 1 else (20, 100)):
            wrong = np.flatnonzero(records[:, column] >= count)
            if wrong.size:
                raise FormatError(
                    f"{path}: expected labels from 0 to {count - 1}, found {records[wrong[0], column]} in "
                    f"record {wrong[0]}"
                )
        parts.append(records)
    return np.concatenate(parts)


def _dataset(pixels: Array, labels: Array, classes: int, normalize: bool, one_hot: bool) -> ArrayDataset:
    """Images and labels in the forms that were asked for."""
    images = np.ascontiguousarray(pixels).reshape(-1, 3, 32, 32)
    if normalize:
        images = images.astype(np.float32)
        images /= 255
    numbers = labels.astype(np.int64)
    return ArrayDataset(images, np.eye(classes, dtype=np.float32)[numbers] if one_hot else numbers)
