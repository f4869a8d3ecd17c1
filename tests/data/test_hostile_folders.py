"""Folders and files that are not what they seem: pipes, links, shut folders, pictures too large."""

import io
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tinygrad_cnn import nn, optim
from tinygrad_cnn.data import ConcatDataset, DataLoader, ImageFolder, Subset, load_image, read_idx
from tinygrad_cnn.data.image import FORMATS
from tinygrad_cnn.errors import ArgumentError, DTypeError, FormatError
from tinygrad_cnn.serial import load_metadata, load_tensors, opened, save_tensors
from tinygrad_cnn.train import History, Trainer, load_checkpoint, load_model, load_notes, load_trainer


def photographs(folder, *classes, count=2):
    for name in classes:
        (folder / name).mkdir(parents=True)
        for k in range(count):
            Image.new("RGB", (6, 4), (40 * k, 20, 60)).save(folder / name / f"{k}.png")
    return folder


# --------------------------------------------------------------------------- pipes and devices
READERS = {
    "a.npz": [load_tensors, load_metadata, load_model, load_notes, load_trainer, load_checkpoint],
    "a.safetensors": [load_tensors, load_model],
    "a.idx": [read_idx],
    "a.idx.gz": [read_idx],
    "a.png": [load_image],
    "a.json": [History.load],
}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
@pytest.mark.parametrize("name", READERS)
def test_a_pipe_or_a_device_is_refused_and_not_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / name)
    (tmp_path / f"device-{name}").symlink_to("/dev/zero")
    for read in READERS[name]:
        with pytest.raises(FormatError, match=rf"{name}: expected a file, found a pipe"):
            read(tmp_path / name)
        with pytest.raises(FormatError, match=rf"device-{name}: expected a file, found a device"):
            read(tmp_path / f"device-{name}")


def test_a_path_that_becomes_a_pipe_while_it_is_opened(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.touch()
    regular = os.stat(path)
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(os, "stat", lambda *_: regular)
    with pytest.raises(FormatError, match="found a pipe"):
        opened(path)


@pytest.mark.filterwarnings("ignore:ImageFolder")
def test_a_pipe_among_photographs_is_left_out(tmp_path):
    folder = photographs(tmp_path, "cat", "dog")
    os.mkfifo(folder / "cat" / "z.png")
    data = ImageFolder(folder, 4)
    assert sum(len(labels) for _, labels in DataLoader(data, 3)) == 4
    assert data.unreadable_files == {"cat/z.png": "expected a file, found a pipe (FIFO)"}


# --------------------------------------------------------------------------- folders
def test_links_to_folders_are_followed_and_circles_are_seen(tmp_path):
    folder = photographs(tmp_path / "all", "cat", "dog")
    photographs(tmp_path / "elsewhere", "more", count=3)
    (folder / "cat" / "linked").symlink_to(tmp_path / "elsewhere" / "more")
    (folder / "cat" / "circle").symlink_to(folder / "cat")
    (folder / "cat" / "twice").symlink_to(tmp_path / "elsewhere" / "more")
    (folder / "bird").symlink_to(tmp_path / "elsewhere" / "more")
    data = ImageFolder(folder, 4)
    assert data.classes == ["bird", "cat", "dog"] and np.bincount(data.labels).tolist() == [3, 5, 2]


def shut(monkeypatch, name):
    """Whoever is root opens every folder: so the system's answer is put in place of a folder's."""
    scandir = os.scandir

    def refusing(path):
        if os.fspath(path).endswith(name):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)


def test_a_folder_that_cannot_be_opened_is_told_of(tmp_path, monkeypatch):
    folder = photographs(tmp_path, "cat", "dog")
    photographs(folder / "cat", "inner")
    shut(monkeypatch, "inner")
    with pytest.warns(UserWarning, match=r"cat/inner: a folder that cannot be opened: Permission denied"):
        data = ImageFolder(folder, 4)
    assert list(data.unreadable_files) == ["cat/inner"] and len(data) == 4
    assert sum(len(labels) for _, labels in DataLoader(data, 3)) == 4  # and no second warning
    with pytest.raises(FormatError, match=r"inner: expected a folder to read"):
        ImageFolder(folder, 4, unreadable="raise")


def test_a_whole_class_that_cannot_be_opened_is_an_error(tmp_path, monkeypatch):
    folder = photographs(tmp_path, "cat", "dog")
    shut(monkeypatch, "dog")
    with pytest.raises(FormatError, match=r"dog: expected at least one image .* Permission denied"):
        ImageFolder(folder, 4)


def test_a_link_that_leads_nowhere_is_told_of(tmp_path):
    folder = photographs(tmp_path, "cat", "dog")
    (folder / "bird").symlink_to(tmp_path / "nowhere")
    with pytest.warns(UserWarning, match="bird: a link that leads nowhere"):
        assert ImageFolder(folder, 4).classes == ["cat", "dog"]


def test_a_link_inside_a_class_that_leads_nowhere_is_told_of(tmp_path: Path) -> None:  # R5
    folder = photographs(tmp_path, "cat", "dog")
    (folder / "cat" / "more").symlink_to(tmp_path / "not mounted")
    (folder / "dog" / "itself").symlink_to("itself")
    with pytest.warns(UserWarning, match=r"cat/more: a link that leads nowhere\s+dog/itself: a link"):
        ImageFolder(folder, 4)
    with pytest.raises(FormatError, match="more: expected a folder to read, found a link that"):
        ImageFolder(folder, 4, unreadable="raise")


# --------------------------------------------------------------------------- classes that differ
def test_folders_of_other_classes_are_not_validated_with(tmp_path):
    train = ImageFolder(photographs(tmp_path / "train", "a", "b", "c"), 4)
    other = ImageFolder(photographs(tmp_path / "val", "b", "c"), 4)
    model = nn.Sequential(nn.Flatten(), nn.Linear(48, 3))
    trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
    says = r"'val' has the classes \['b', 'c'\], the training data \['a', 'b', 'c'\]"
    for data, validation in ((train, other), (DataLoader(train, 2), DataLoader(other, 2))):
        with pytest.raises(ArgumentError, match=says):
            trainer.fit(data, epochs=1, validation=validation)
    trainer.fit(train, epochs=1, validation=ImageFolder(tmp_path / "train", 4))
    with pytest.raises(ArgumentError, match="evaluate"):
        trainer.evaluate(other)


class Named(list[Any]):
    """Samples of which the names of the classes are known."""

    classes: tuple[str, ...]


def test_parts_and_chains_of_datasets_have_the_classes_of_what_is_in_them() -> None:  # R4
    cats, dogs = (Named([(np.zeros(2, "f4"), k % 2) for k in range(4)]) for _ in range(2))
    cats.classes, dogs.classes = ("cat", "lion"), ("dog", "wolf")
    model = nn.Linear(2, 2)
    trainer = Trainer(model, optim.SGD(model.parameters(), lr=0.1))
    for validation in (Subset(dogs, [0, 1]), ConcatDataset([cats, Subset(dogs, [0])])):
        with pytest.raises(ArgumentError, match=r"'val' has the classes .*'dog'"):
            trainer.fit(DataLoader(Subset(cats, [0, 2]), 2), epochs=1, validation=DataLoader(validation, 2))
    with pytest.raises(ArgumentError, match=r"'a part of x' has the classes .*'dog'"):
        trainer.fit(DataLoader(ConcatDataset([cats, dogs]), 2), epochs=1)
    trainer.fit(DataLoader(ConcatDataset([cats, cats]), 2), epochs=1, validation=DataLoader(cats, 2))


# --------------------------------------------------------------------------- formats
def test_a_postscript_file_under_an_image_s_name_starts_nothing(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")
    with pytest.raises(FormatError, match=r"a.jpg: expected an image of one of the formats BMP, GIF"):
        load_image(path)


@pytest.mark.parametrize("name", FORMATS)
def test_each_listed_format_is_read(tmp_path, name):
    Image.new("RGB", (6, 4), (255, 0, 0)).save(tmp_path / "a", format=name)
    image = load_image(tmp_path / "a")
    assert image.shape == (3, 4, 6) and image[0].mean() > 0.9


def test_other_formats_that_pillow_knows_are_refused(tmp_path):
    for name in ("ICO", "TGA", "PCX", "PDF"):
        Image.new("RGB", (16, 16)).save(tmp_path / "a.png", format=name)
        with pytest.raises(FormatError, match=r"a.png: expected an image of one of the formats"):
            load_image(tmp_path / "a.png")


# --------------------------------------------------------------------------- bombs
def big_png(width, height):
    """A black PNG of any size in a few bytes: a row is compressed to next to nothing."""

    def chunk(kind, content):
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    rows = zlib.compressobj(9)
    body = b"".join(rows.compress(bytes(1 + width // 8)) for _ in range(height)) + rows.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_a_picture_that_would_fill_the_memory_is_refused(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(big_png(8 * 1024 + 8, 8 * 1024))
    assert path.stat().st_size < 20_000
    with pytest.raises(FormatError, match=r"a.png: expected at most 67,108,864 pixels, found 8192 x 8200"):
        load_image(path, 8)
    path.write_bytes(big_png(80, 40))
    with pytest.raises(FormatError, match=r"expected at most 3,199 pixels, found 40 x 80; max_pixels="):
        load_image(path, max_pixels=3199)
    assert load_image(path, max_pixels=3200).shape == (3, 40, 80)
    for bad, error in ((0, ArgumentError), (2.5, DTypeError), (True, DTypeError)):
        with pytest.raises(error, match="max_pixels"):
            load_image(path, max_pixels=bad)


@pytest.mark.filterwarnings("ignore:ImageFolder")
def test_a_folder_skips_it_or_raises_as_chosen(tmp_path):
    folder = photographs(tmp_path, "cat", "dog")
    (folder / "cat" / "big.png").write_bytes(big_png(80, 40))
    data = ImageFolder(folder, 4, max_pixels=100)
    assert sum(len(labels) for _, labels in DataLoader(data, 3)) == 4
    assert "at most 100 pixels" in data.unreadable_files["cat/big.png"]
    with pytest.raises(FormatError, match="at most 100 pixels"):
        list(DataLoader(ImageFolder(folder, 4, max_pixels=100, unreadable="raise"), 3))


def archive(*members):
    """A zip archive with these (name, content); names may repeat."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def array_bytes(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_with_two_members_of_one_name_is_refused(tmp_path):
    one = array_bytes(np.zeros(3))
    (tmp_path / "a.npz").write_bytes(archive(("w.npy", one), ("w.npy", one)))
    with pytest.raises(FormatError, match=r"a.npz: .* two members named 'w.npy'"):
        load_tensors(tmp_path / "a.npz")


def test_an_archive_whose_members_share_bytes_is_refused(tmp_path):
    """Many entries of the directory point to one compressed member: a quadratic bomb."""
    content = archive(("w.npy", array_bytes(np.zeros(100))), ("v.npy", array_bytes(np.zeros(100))))
    at = content.index(b"PK\1\2")
    second = content.index(b"PK\1\2", at + 4)
    changed = bytearray(content)
    changed[second + 42 : second + 46] = struct.pack("<I", 0)  # where the second member begins
    (tmp_path / "a.npz").write_bytes(changed)
    with pytest.raises(FormatError, match=r"a.npz: "):
        load_tensors(tmp_path / "a.npz")


def test_an_archive_of_zeros_is_not_unpacked_beyond_bounds(tmp_path, monkeypatch):
    monkeypatch.setattr("tinygrad_cnn.serial.npz_format.MOST_UNPACKED", 10_000)
    monkeypatch.setattr("tinygrad_cnn.data.idx.MOST_UNPACKED", 10_000)
    (tmp_path / "a.npz").write_bytes(archive(("w.npy", array_bytes(np.zeros(5000)))))
    with pytest.raises(FormatError, match=r"a.npz: .*members of 40,128 bytes when unpacked, from"):
        load_tensors(tmp_path / "a.npz")
    np.savez_compressed(tmp_path / "b.npz", w=np.arange(5000.0))  # a usual one
    assert len(load_tensors(tmp_path / "b.npz")["w"]) == 5000
    save_tensors(tmp_path / "c.npz", {"w": np.zeros(5000)})  # not compressed: as large as it is
    assert len(load_tensors(tmp_path / "c.npz")["w"]) == 5000


STRUCTURES = """
import json, resource
from tinygrad_cnn import nn
from tinygrad_cnn.errors import FormatError
LIMIT = 2**24  # elements of float32: 64 MiB
def used():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**16
def tried(layer, **arguments):
    model = {"class": layer, "arguments": arguments}
    text = json.dumps({"format": "tinygrad_cnn.structure", "version": 2, "model": model})
    before = used()
    try:
        nn.from_json(text, limit=LIMIT)
        said = "made"
    except FormatError as error:
        said = "refused" if "more than the limit" in str(error) else str(error)
    print(layer, said, used() - before < (1.3 if said == "made" else 0.3))
tried("ReLU")
tried("Linear", in_features=2**12, out_features=2**12 - 1, dtype="float64")
tried("LSTM", input_size=1, hidden_size=2**13)  # 4 times hidden squared weights
tried("RNN", input_size=1, hidden_size=1, num_layers=10**9)
tried("MultiheadAttention", embed_dim=2**13, num_heads=1)
tried("Transformer", d_model=2**12, nhead=1)
tried("LayerNorm", normalized_shape=[2**12, 2**13])
tried("Linear", in_features=2**12, out_features=2**12 - 1)
"""


def test_a_structure_takes_no_more_memory_than_its_limit_allows():
    pytest.importorskip("resource", reason="peak memory is not told here")
    done = subprocess.run([sys.executable, "-c", STRUCTURES], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "ReLU made True", "Linear refused True", "LSTM refused True", "RNN refused True",
        "MultiheadAttention refused True", "Transformer refused True", "LayerNorm refused True",
        "Linear made True",
    ]  # fmt: skip
