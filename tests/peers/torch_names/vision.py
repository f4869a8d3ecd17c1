"""What expressions of torchvision see: an image, a tensor of one, and data sets of a few samples."""

from __future__ import annotations

import pickle

import numpy as np
from PIL import Image

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
    if not isinstance(getattr(cls, "meta", None), dict):  # of here, or without a check
        return cls
    own = {"_check_integrity": lambda self: True, "meta": {**cls.meta, "md5": None}}
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


def shown(value, torch):
    """A result of torchvision as plain values; images as nested lists."""
    if isinstance(value, Image.Image):
        return np.asarray(value).tolist()
    if isinstance(value, (tuple, list)):
        return [shown(v, torch) for v in value]
    return plain(value, torch)
