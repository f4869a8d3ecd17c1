"""MNIST and Fashion-MNIST: small grey images of 28×28 pixels, in files of the same names and format."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.data.dataset import ArrayDataset
from tinygrad_cnn.data.download import fetch
from tinygrad_cnn.data.idx import magic, read_idx
from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.serial.paths import path_of
from tinygrad_cnn.switches import flags

Array = NDArray[Any]

CLASSES = 10


class Source(NamedTuple):
    """Where a dataset is downloaded from: a folder of the network, and the checksums of its files."""

    url: str
    checksums: dict[str, str]


#: Checksums as the publishers' mirrors have them, of the compressed files.
SOURCES = {
    "mnist": Source(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        {
            "train-images-idx3-ubyte.gz": "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "train-labels-idx1-ubyte.gz": "md5:d53e105ee54ea40749a09fcbcd1e9432",
            "t10k-images-idx3-ubyte.gz": "md5:9fb629c4189551a2d022fa330f9573f3",
            "t10k-labels-idx1-ubyte.gz": "md5:ec29112dd5afa0611ce80d1b7f02629c",
        },
    ),
    "fashion_mnist": Source(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        {
            "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
            "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
            "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
        },
    ),
}


def mnist(
    folder: str | os.PathLike[str], train: bool = True, *, download: bool = False,
    normalize: bool = True, flatten: bool = False, one_hot: bool = False,
) -> ArrayDataset:  # fmt: skip
    """Read MNIST's training or test part from a folder of its IDX files, compressed or not.

    The files have their usual names: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, and
    `t10k-...` for the test part, each also with `.idx` in place of `-idx` and with `.gz` at the
    end. Where there are several, the uncompressed one is read.

    Args:
        folder: where the files lie.
        train: the 60,000 training images; otherwise the 10,000 test images.
        download: fetch a file that is not in the folder into it, check its checksum, and keep it;
            a file that is there is read as it is.
        normalize: float32 pixels in [0, 1]; otherwise uint8 pixels from 0 to 255, as in the file.
        flatten: images as rows of 784 pixels.
        one_hot: labels as rows of ten float32, 1 at the digit and 0 elsewhere.
    Returns:
        A dataset of images, (N, 1, 28, 28) or (N, 784), and labels, (N,) int64 or (N, 10).
    Raises:
        FileNotFoundError: no such folder, or a file is not there; says what was looked for.
        FormatError: a corrupt or mislabelled file, or images and labels that do not match, or a
            download with another checksum.
        ConnectionError: a download failed.
        MissingExtraError: `download` without pooch: pip install 'tinygrad-cnn[download]'.
    Source: LeCun, Bottou, Bengio & Haffner 1998, doi:10.1109/5.726791.

    >>> import tempfile
    >>> from tinygrad_cnn.data.idx import write_idx
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_idx(f"{folder}/t10k-images-idx3-ubyte.gz", np.zeros((3, 28, 28), np.uint8))
    ...     write_idx(f"{folder}/t10k-labels-idx1-ubyte.gz", np.array([7, 2, 1], np.uint8))
    ...     mnist(folder, train=False)
    ArrayDataset((3, 1, 28, 28) float32, (3,) int64)
    """
    return _load("mnist", folder, train, download, normalize, flatten, one_hot)


def fashion_mnist(
    folder: str | os.PathLike[str], train: bool = True, *, download: bool = False,
    normalize: bool = True, flatten: bool = False, one_hot: bool = False,
) -> ArrayDataset:  # fmt: skip
    """Read Fashion-MNIST's training or test part from a folder: photographs of ten kinds of clothing.

    The labels are, from 0 to 9: T-shirt or top, trouser, pullover, dress, coat, sandal, shirt,
    sneaker, bag, ankle boot. The files have MNIST's names, so the two need folders of their own.

    Args:
        folder, train, download, normalize, flatten, one_hot: as `mnist`.
    Returns:
        A dataset of images, (N, 1, 28, 28) or (N, 784), and labels, (N,) int64 or (N, 10).
    Raises:
        As `mnist`.
    Source: Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747.

    >>> import tempfile
    >>> from tinygrad_cnn.data.idx import write_idx
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_idx(f"{folder}/t10k-images-idx3-ubyte.gz", np.zeros((3, 28, 28), np.uint8))
    ...     write_idx(f"{folder}/t10k-labels-idx1-ubyte.gz", np.array([9, 2, 1], np.uint8))
    ...     fashion_mnist(folder, train=False, flatten=True)
    ArrayDataset((3, 784) float32, (3,) int64)
    """
    return _load("fashion_mnist", folder, train, download, normalize, flatten, one_hot)


def _load(
    name: str, folder: str | os.PathLike[str], train: bool, download: bool,
    normalize: bool, flatten: bool, one_hot: bool,
) -> ArrayDataset:  # fmt: skip
    """One part of one dataset."""
    flags(name, train=train, download=download, normalize=normalize, flatten=flatten, one_hot=one_hot)
    part = "train" if train else "t10k"
    place = Path(path_of(name, folder))
    images_file = _find(name, place, f"{part}-images", "idx3-ubyte", download)
    labels_file = _find(name, place, f"{part}-labels", "idx1-ubyte", download)
    labels = _read_labels(labels_file)
    images = _read_images(images_file)
    if len(images) != len(labels):
        raise FormatError(
            f"{labels_file}: expected {len(images)} labels, as many as images in {images_file.name}, "
            f"found {len(labels)}"
        )
    if normalize:
        images = images.astype(np.float32)
        images /= 255
    images = images.reshape((len(images), 784) if flatten else (len(images), 1, 28, 28))
    return ArrayDataset(images, np.eye(CLASSES, dtype=np.float32)[labels] if one_hot else labels)


def _find(name: str, folder: Path, what: str, kind: str, download: bool) -> Path:
    """The file of one part, under the first of its usual names that is there, or downloaded."""
    names = [f"{what}{mark}{kind}{end}" for end in ("", ".gz") for mark in ("-", ".")]
    for candidate in names:
        if (folder / candidate).is_file():
            return folder / candidate
    if download:
        source, file = SOURCES[name], f"{what}-{kind}.gz"
        return fetch(name, source.url + file, source.checksums[file], folder)
    if not folder.is_dir():
        raise FileNotFoundError(errno.ENOENT, f"{name}: there is no such folder", str(folder))
    there = sorted(entry.name for entry in folder.iterdir())
    listed = ", ".join(there[:10]) + (f" and {len(there) - 10} more" if len(there) > 10 else "")
    raise FileNotFoundError(
        errno.ENOENT,
        f"{name}: looked for {', '.join(names[:-1])} or {names[-1]}; found {listed or 'nothing'} in "
        "folder; download=True fetches it",
        str(folder),
    )


def _read_images(path: Path) -> Array:
    """(N, 28, 28) uint8."""
    images = _read(path, "images", 3)
    if images.shape[1:] != (28, 28):
        raise FormatError(f"{path}: expected images of (28, 28) pixels, found {images.shape[1:]}")
    return images


def _read_labels(path: Path) -> Array:
    """(N,) int64 from 0 to 9."""
    labels = _read(path, "labels", 1)
    wrong = np.flatnonzero(labels >= CLASSES)
    if wrong.size:
        raise FormatError(
            f"{path}: expected labels from 0 to {CLASSES - 1}, found {labels[wrong[0]]} at {wrong[0]}"
        )
    return labels.astype(np.int64)


def _read(path: Path, what: str, ndim: int) -> Array:
    """A file of bytes with the right number of axes."""
    array = read_idx(path)
    if array.dtype != np.uint8 or array.ndim != ndim:
        raise FormatError(
            f"{path}: expected {what}, magic number 0x{0x800 + ndim:08x} (uint8, {ndim} axes), "
            f"found 0x{magic(array):08x} ({array.dtype}, sizes {array.shape})"
        )
    return array
