"""What few programs do with `torchvision`: files that are not there or are no data sets, and images as tensors."""

import os
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import torch
from tinygrad_cnn.errors import FormatError, MissingExtraError

pytest.importorskip("PIL", reason="images are an extra")

from tinygrad_cnn import torchvision
from tinygrad_cnn.torchvision.datasets import celeba, cifar, handwriting, utils, vision
from tinygrad_cnn.torchvision.datasets.folders import default_loader
from tinygrad_cnn.torchvision.models import resnet18, squeezenet1_1

functional = torchvision.transforms.functional


def test_weights_lie_where_pytorch_keeps_them_and_are_not_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    kinds = torchvision.models.SqueezeNet1_1_Weights
    with pytest.raises(
        FileNotFoundError, match="IMAGENET1K_V1 are not fetched; put the file squeezenet1_1"
    ):
        squeezenet1_1(pretrained=True)
    model = squeezenet1_1()
    path = kinds.DEFAULT.path()
    path.parent.mkdir(parents=True)
    torch.save(model.state_dict(), path)
    for weights in (kinds.IMAGENET1K_V1, "IMAGENET1K_V1"):
        read = squeezenet1_1(weights=weights)
        assert all(torch.equal(v, model.state_dict()[k]) for k, v in read.state_dict().items())


def test_digits_are_fetched_once(tmp_path, monkeypatch):
    def fetch(folder, train, download):
        raw = tmp_path / "MNIST" / "raw"
        raw.mkdir(parents=True)
        for kind, head, shape in (("images-idx3", 3, [2, 28, 28]), ("labels-idx1", 1, [2])):
            head = bytes([0, 0, 8, head]) + np.array(shape, ">i4").tobytes()
            (raw / f"train-{kind}-ubyte").write_bytes(head + bytes(int(np.prod(shape))))
        fetched.append((folder, train, download))

    fetched = []
    monkeypatch.setattr(handwriting.MNIST, "fetch", staticmethod(fetch))
    for _ in range(2):
        assert len(torchvision.datasets.MNIST(tmp_path, download=True)) == 2
    assert fetched == [(str(tmp_path / "MNIST" / "raw"), True, True)]


def test_files_that_are_no_batches_of_cifar_are_told(tmp_path):
    home = tmp_path / "cifar-10-batches-py"
    home.mkdir()
    for name in [f"data_batch_{k}" for k in range(1, 6)]:
        (home / name).write_bytes(pickle.dumps({"data": np.zeros((1, 3072), "u1"), "labels": [0]}, 2))
    assert torchvision.datasets.CIFAR10(tmp_path).classes == []  # no file of names
    storage = b"\x80\x02(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x01tQ."
    for content, says in (
        (pickle.dumps([1], 2), "a dict was expected, found list"),
        (pickle.dumps({"data": [1], "labels": [0]}, 2), "no batch of CIFAR"),
        (storage, "a storage of PyTorch in a file of CIFAR"),
    ):
        (home / "data_batch_1").write_bytes(content)
        with pytest.raises(FormatError, match=says):
            torchvision.datasets.CIFAR10(tmp_path)


def test_tables_of_faces_that_do_not_fit_are_told(tmp_path):
    home = tmp_path / "celeba"
    (home / "img_align_celeba").mkdir(parents=True)
    tables = {
        "list_eval_partition": "a.png 0\nb.png 0\n",
        "identity_CelebA": "a.png 5\nb.png 6\n",
        "list_bbox_celeba": "2\nx y\na.png 1 2\nb.png 1 2\n",
        "list_landmarks_align_celeba": "2\nx\na.png 1\nb.png 1\n",
        "list_attr_celeba": "2\nx\na.png 1\nb.png 1\n",
    }
    for name, text in tables.items():
        (home / f"{name}.txt").write_text(text)
    assert len(torchvision.datasets.CelebA(tmp_path)) == 2
    for text, says in (
        ("a.png 5\n", "1 rows, 2 in list_eval_partition"),
        ("a.png five\nb.png 6\n", "a name and whole numbers in each row were expected"),
    ):
        (home / "identity_CelebA.txt").write_text(text)
        with pytest.raises(FormatError, match=says):
            torchvision.datasets.CelebA(tmp_path)


def test_without_pillow_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(MissingExtraError, match=r"tinygrad-cnn\[images\]"):
        vision.image_class()


def test_tensors_are_changed_by_way_of_images():
    t = torch.arange(48).reshape(3, 4, 4).float() / 47
    turned = functional.rotate(t, 90)
    assert torch.allclose(turned, torch.rot90(t, 1, (1, 2)), atol=1 / 255)
    assert torch.allclose(functional.adjust_contrast(t, 1.0), t, atol=1 / 255)
    assert torch.allclose(
        functional.adjust_hue(t, 0.0), t, atol=5 / 255
    )  # by bytes of another colour space


def test_a_pretrained_googlenet_changes_its_input(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="googlenet"):
        torchvision.models.googlenet(pretrained=True, init_weights=False, num_classes=2)
    with pytest.raises(KeyError):
        resnet18(weights="NO_SUCH")


# --------------------------------------------------------------------------- hostile files
def test_a_postscript_file_under_an_image_s_name_starts_nothing(tmp_path: Path) -> None:  # R10
    path = tmp_path / "a.png"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")
    for read in (torchvision.io.read_image, default_loader, vision.opened):
        with pytest.raises(OSError, match="cannot identify image file"):
            read(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_or_a_device_is_refused_and_not_waited_for(tmp_path: Path) -> None:  # R12
    pipe, device = tmp_path / "a.zip", tmp_path / "b.zip"
    os.mkfifo(pipe)
    device.symlink_to("/dev/zero")
    readers: list[Callable[[Path], Any]] = [
        torchvision.io.read_image, default_loader, vision.opened, torch.load, utils.calculate_md5,
        utils.extract_archive, cifar._content, partial(celeba._table, titled=False),
    ]  # fmt: skip
    for read in readers:
        with pytest.raises(FormatError, match="expected a file, found a pipe"):
            read(pipe)
        with pytest.raises(FormatError, match="expected a file, found a device"):
            read(device)
