"""CIFAR-10, CIFAR-100 and SVHN from small files of the published format, made here."""

import numpy as np
import pytest

from tinygrad_cnn.data import cifar10, cifar100, svhn
from tinygrad_cnn.errors import FormatError

RNG = np.random.default_rng(0)


def records(count, *highest):
    labels = np.stack([RNG.integers(0, high, count) for high in highest], axis=1).astype(np.uint8)
    return labels, RNG.integers(0, 256, (count, 3072)).astype(np.uint8)


def test_cifar10_puts_its_files_together(tmp_path):
    inner = tmp_path / "cifar-10-batches-bin"
    inner.mkdir()
    made = [records(3, 10) for _ in range(5)]
    for k, (labels, pixels) in enumerate(made, start=1):
        (inner / f"data_batch_{k}.bin").write_bytes(np.hstack([labels, pixels]).tobytes())
    images, labels = cifar10(tmp_path, normalize=False).arrays
    assert images.shape == (15, 3, 32, 32) and images.dtype == np.uint8 and labels.dtype == np.int64
    # Red is the first third of a record, row by row.
    assert images[4, 0, 1, 2] == made[1][1][1, 32 + 2] and labels[4] == made[1][0][1, 0]
    data = cifar10(inner, one_hot=True)
    np.testing.assert_array_equal(data.arrays[0], images.astype("f4") / 255)
    assert data.arrays[1].argmax(axis=1).tolist() == labels.tolist()
    with pytest.raises(FileNotFoundError, match=r"cifar10: looked for test_batch.bin; found cifar-10"):
        cifar10(tmp_path, train=False)


def test_cifar100_has_two_labels(tmp_path):
    labels, pixels = records(4, 20, 100)
    (tmp_path / "train.bin").write_bytes(np.hstack([labels, pixels]).tobytes())
    assert cifar100(tmp_path).arrays[1].tolist() == labels[:, 1].tolist()
    assert cifar100(tmp_path, coarse=True).arrays[1].tolist() == labels[:, 0].tolist()
    assert cifar100(tmp_path, one_hot=True).arrays[1].shape == (4, 100)


def test_files_that_are_something_else(tmp_path):
    path = tmp_path / "test_batch.bin"
    for content, says in (
        (b"", "found 0 bytes"), (bytes(3072), "records of 3073 bytes"),
        (bytes([10]) + bytes(3072), "labels from 0 to 9, found 10 in record 0"),
    ):  # fmt: skip
        path.write_bytes(content)
        with pytest.raises(FormatError, match=rf"test_batch.bin: .*{says}"):
            cifar10(tmp_path, train=False)
    with pytest.raises(FileNotFoundError, match="no such folder"):
        cifar100(tmp_path / "nowhere")


def test_house_numbers(tmp_path):
    io = pytest.importorskip("scipy.io", reason="SciPy reads MATLAB files")
    pixels = RNG.integers(0, 256, (32, 32, 3, 5)).astype(np.uint8)
    labels = np.array([[1], [10], [9], [2], [10]], np.uint8)
    io.savemat(tmp_path / "train_32x32.mat", {"X": pixels, "y": labels})
    images, found = svhn(tmp_path, normalize=False).arrays
    assert found.tolist() == [1, 0, 9, 2, 0] and images[3, 2, 4, 5] == pixels[4, 5, 2, 3]
    for content in ({"X": pixels[..., :2], "y": labels}, {"X": pixels, "y": labels + 1}, {"z": labels}):
        io.savemat(tmp_path / "test_32x32.mat", content)
        with pytest.raises(FormatError, match=r"test_32x32.mat: expected"):
            svhn(tmp_path, "test")
    (tmp_path / "extra_32x32.mat").write_bytes(b"no MATLAB file")
    with pytest.raises(FormatError, match=r"extra_32x32.mat: expected a MATLAB file"):
        svhn(tmp_path, "extra")
