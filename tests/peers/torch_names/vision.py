"""What expressions of torchvision see: an image, a tensor of one, and data sets of a few samples."""

from __future__ import annotations

import pickle

import numpy as np
import torch as theirs
from PIL import Image
from scipy.io import savemat

from tests.peers.torch_names.worlds import plain, world


def vision(torch, tv, folder):
    """The names that expressions of torchvision use; `folder` holds data sets, and takes what is written."""
    pixels = np.random.default_rng(0).integers(0, 256, (20, 24, 3), np.uint8)
    photo = Image.fromarray(pixels)

    def data(kind, transform=None, **options):
        found = unchecked(getattr(tv.datasets, kind))(str(folder / kind), transform=transform, **options)
        image, label = found[1]
        return len(found), np.asarray(image).tolist(), label, list(getattr(found, "classes", []))

    def fake(kind):
        image, label = kind(4, (3, 5, 5), 3)[2]
        return np.asarray(image).tolist(), int(label)

    def keys(name):
        init = torch.nn.init  # nothing is drawn: the large ones take seconds
        drawing = [f for f in dir(init) if f.endswith(("uniform_", "normal_"))]
        kept = {f: getattr(init, f) for f in drawing}
        try:
            for f in drawing:
                setattr(init, f, lambda tensor, *_, **__: tensor)
            model = getattr(tv.models, name)(num_classes=2)
        finally:
            for f, function in kept.items():
                setattr(init, f, function)
        return [(k, tuple(v.shape)) for k, v in model.state_dict().items()]

    def scores(name):
        torch.manual_seed(0)
        model = getattr(tv.models, name)(num_classes=3).eval()
        return model(torch.rand(1, 3, 64, 64)).detach()

    def written(save):
        save(torch.rand(2, 3, 4, 4), str(folder / "grid.png"))
        return np.asarray(Image.open(folder / "grid.png")).shape

    def photograph():
        return str(folder / "ImageFolder" / "a" / "0.png")

    torch.manual_seed(5)
    return {
        **world(torch), "tv": tv, "T": tv.transforms, "TF": tv.transforms.functional, "photo": photo, "data": data, "fake": fake,
        "t": torch.rand(3, 20, 24), "boxes": torch.tensor([[0.0, 0, 4, 4], [1.0, 1, 5, 5], [2.0, 0, 7, 3]]), "keys": keys,
        "scores": scores, "written": written, "photograph": photograph,
    }  # fmt: skip


def unchecked(cls):
    """A data set that takes other files than the published ones."""
    if not hasattr(cls, "_check_integrity"):  # of here, or without a check
        return cls
    own = {"_check_integrity": lambda self, *_: True}
    if isinstance(getattr(cls, "meta", None), dict):
        own["meta"] = {**cls.meta, "md5": None}
    return type(cls.__name__, (cls,), own)


def fill(folder):
    """Data sets of a few samples, as torchvision lays them out."""
    rng = np.random.default_rng(1)
    for name in ("MNIST", "FashionMNIST", "KMNIST"):
        raw = folder / name / name / "raw"
        raw.mkdir(parents=True)
        for part, n in (("train", 4), ("t10k", 3)):
            images = rng.integers(0, 256, (n, 28, 28), np.uint8)
            head = b"\0\0\x08\x03" + np.array([n, 28, 28], ">i4").tobytes()
            (raw / f"{part}-images-idx3-ubyte").write_bytes(head + images.tobytes())
            head = b"\0\0\x08\x01" + np.array([n], ">i4").tobytes()
            (raw / f"{part}-labels-idx1-ubyte").write_bytes(head + bytes(range(n)))
    colours = rng.integers(0, 256, (3, 3072), np.uint8)
    for name, parts, label in (
        ("cifar-10-batches-py", [*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"], "labels"),
        ("cifar-100-python", ["train", "test"], "fine_labels"),
    ):
        home = folder / ("CIFAR10" if "10-" in name else "CIFAR100") / name
        home.mkdir(parents=True)
        for part in parts:
            (home / part).write_bytes(pickle.dumps({"data": colours, label: [2, 0, 1]}, 2))
        names = {"label_names": list("abc"), "fine_label_names": list("abc")}
        (home / ("batches.meta" if "10-" in name else "meta")).write_bytes(pickle.dumps(names, 2))
    for k in range(2):
        for c in "ab":
            path = folder / "ImageFolder" / c / f"{k}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 256, (6, 7, 3), np.uint8)).save(path)
    _fill_others(folder, rng)


def _fill_others(folder, rng):
    def picture(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (6, 7, 3), np.uint8)).save(path)

    raw = folder / "QMNIST" / "QMNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "test"):
        head = b"\0\0\x08\x03" + np.array([3, 28, 28], ">i4").tobytes()
        (raw / f"qmnist-{part}-images-idx3-ubyte").write_bytes(head + rng.bytes(3 * 784))
        labels = rng.integers(0, 10, (3, 8)).astype(">i4").tobytes()
        (raw / f"qmnist-{part}-labels-idx2-int").write_bytes(
            b"\0\0\x0c\x02" + np.array([3, 8], ">i4").tobytes() + labels
        )
    (folder / "SVHN").mkdir()
    houses = {
        "X": rng.integers(0, 256, (32, 32, 3, 3), np.uint8),
        "y": np.array([[10], [1], [9]], np.uint8),
    }
    savemat(folder / "SVHN" / "test_32x32.mat", houses)
    home = folder / "CelebA" / "celeba"
    for k in range(3):
        picture(home / "img_align_celeba" / f"{k}.png")
    for name, columns, values in (
        ("list_eval_partition", 0, [[0], [1], [1]]),
        ("identity_CelebA", 0, [[5], [7], [9]]),
        ("list_bbox_celeba", 4, rng.integers(0, 9, (3, 4))),
        ("list_landmarks_align_celeba", 10, rng.integers(0, 9, (3, 10))),
        ("list_attr_celeba", 4, [[1, -1, 1, -1], [-1, -1, 1, 1], [1, 1, 1, -1]]),
    ):
        rows = [f"{k}.png  " + " ".join(str(v) for v in values[k]) for k in range(3)]
        head = ["3", " ".join("abcdefghij"[:columns])] if columns else []
        (home / f"{name}.txt").write_text("\n".join([*head, *rows]) + "\n")
    for number in ("n01", "n02"):
        picture(folder / "ImageNet" / "val" / number / "0.png")
    words = {"n01": ("tench", "Tinca tinca"), "n02": ("goldfish",)}
    theirs.save((words, ["n02", "n01"]), folder / "ImageNet" / "meta.bin")
    home = folder / "Places365"
    for k in range(2):
        picture(home / "val_256" / f"{k}.png")
    (home / "categories_places365.txt").write_text("/a/airfield 0\n/b/bar 1\n")
    (home / "places365_val.txt").write_text("0.png 1\n1.png 0\n")
    for k, name in enumerate(["A_B_C_D_E_F_s", "A_B_C_D_G_H_t"]):
        picture(folder / "INaturalist" / "2021_train" / f"{k:05d}_{name}" / "0.png")


def shown(value, torch):
    """A result of torchvision as plain values; images as nested lists."""
    if isinstance(value, Image.Image):
        return np.asarray(value).tolist()
    if isinstance(value, (tuple, list)):
        return [shown(v, torch) for v in value]
    return plain(value, torch)
