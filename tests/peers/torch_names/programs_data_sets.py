"""Programs about data sets on disk, each a function of `torch` and `tv` that returns what it saw."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from tests.peers.torch_names.vision import fill, unchecked
from tests.peers.torch_names.worlds import refusal


def _filled(folder):
    fill(Path(folder))
    return Path(folder)


def transforms_of_samples_and_labels(torch, tv):
    with tempfile.TemporaryDirectory() as folder:
        root = str(_filled(folder) / "ImageFolder")
        both = tv.datasets.ImageFolder(root, target_transform=lambda label: label + 10)
        old = unchecked(tv.datasets.MNIST)(str(Path(folder, "MNIST")))
        named = tv.datasets.VisionDataset(root, transforms=lambda image, label: (label, image))
        places = unchecked(tv.datasets.Places365)(str(Path(folder, "Places365")), "val", small=True)
        return [
            both[1][1], old.train_data.shape, old.train_labels.tolist(), old.class_to_idx,
            named.transforms(1, 2), places.variant, str(both).splitlines()[:3] == [
                "Dataset ImageFolder", "    Number of datapoints: 4", f"    Root location: {root}"],
            refusal(len, named), refusal(tv.datasets.FakeData(2, (3, 4, 4)).__getitem__, 2),
        ]  # fmt: skip


def data_sets_that_are_not_there(torch, tv):
    with tempfile.TemporaryDirectory() as folder:
        root, sets = _filled(folder), tv.datasets
        Path(folder, "empty", "a").mkdir(parents=True)
        return [
            refusal(sets.CIFAR10, str(root / "empty")), refusal(sets.ImageFolder, str(root / "empty" / "a")),
            refusal(sets.ImageFolder, str(root / "empty")), refusal(sets.EMNIST, str(root), "letters"),
            refusal(sets.QMNIST, str(root), "nowhere"),
        ]  # fmt: skip


def faces(torch, tv):
    with tempfile.TemporaryDirectory() as folder:
        root, kind = str(_filled(folder) / "CelebA"), unchecked(tv.datasets.CelebA)
        only = kind(root, "all", target_type=[], transform=lambda image: image.size)
        return [
            only[0], refusal(kind, root, target_type=[], target_transform=len),
            refusal(kind(root, "all", target_type="age").__getitem__, 0),
        ]  # fmt: skip


def species(torch, tv):
    with tempfile.TemporaryDirectory() as folder:
        root, kind = _filled(folder) / "INaturalist", tv.datasets.INaturalist
        found = [refusal(kind, str(root), "2021_train", "super")]
        data = kind(str(root))
        found += [data.category_name("full", 1), data.category_name("genus", 1)]
        found += [refusal(data.category_name, "genus", 9), refusal(data.category_name, "soul", 0)]
        for names in (["Aves/x"], ["Aves/0", "Fungi/00"], ["Aves/0", "Aves/2"]):
            home = root / "2018"
            for name in names:
                (home / name).mkdir(parents=True)
            found.append(refusal(kind, str(root), "2018", "super"))
            for path in sorted(home.rglob("*"), reverse=True):
                path.rmdir()
        (root / "2021_train" / "not_a_name").mkdir()
        return [*found, refusal(kind, str(root))]


def words_of_classes(torch, tv):
    with tempfile.TemporaryDirectory() as folder:
        root = _filled(folder) / "ImageNet"
        data = tv.datasets.ImageNet(str(root), "val")
        found = [Path(data.split_folder).name, data.classes]
        torch.save(({"n01": ("tench",)}, ["n01"]), root / "meta.bin")
        return [*found, type(refusal(tv.datasets.ImageNet, str(root), "val")) is str]


def labels_of_one_number(torch, tv):
    with tempfile.TemporaryDirectory() as folder:
        raw = _filled(folder) / "QMNIST" / "QMNIST" / "raw"
        (raw / "qmnist-test-labels-idx2-int").write_bytes(
            b"\0\0\x0c\x01" + np.array([3, 1, 2, 3], ">i4").tobytes()
        )
        return refusal(unchecked(tv.datasets.QMNIST), str(raw.parent.parent), "test")


def pictures_in_files(torch, tv):
    with tempfile.TemporaryDirectory() as folder:
        path, pixels = str(Path(folder, "a.png")), torch.arange(12, dtype=torch.uint8).reshape(1, 3, 4)
        if tv.__name__ == "torchvision":  # its own writer is compiled, and may not fit this PyTorch
            Image.fromarray(pixels[0].numpy()).save(path)
        else:
            tv.io.write_png(pixels, path)
        return tv.io.read_image(path).tolist()
