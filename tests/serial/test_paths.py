"""Whatever takes a path refuses by its name what is none, before anything else is done."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_cnn.torch as torch
from tinygrad_cnn import data, nn, onnx, optim, serial, train
from tinygrad_cnn.errors import ArgumentError, DTypeError

MODEL, X = nn.Linear(2, 2), np.zeros((2, 2), np.uint8)
TRAINER = train.Trainer(MODEL, optim.SGD(MODEL.parameters(), lr=0.1))


def entered(block: Any) -> None:
    with block:
        pass


DOORS: dict[str, Callable[[Any], Any]] = {
    "save_tensors": lambda p: serial.save_tensors(p, {"a": X}),
    "load_tensors": serial.load_tensors,
    "load_metadata": serial.load_metadata,
    "load_content": serial.load_content,
    "opened": serial.opened,
    "writing": lambda p: entered(serial.writing(p)),
    "save_model": lambda p: train.save_model(p, MODEL),
    "load_model": train.load_model,
    "load_notes": train.load_notes,
    "save_checkpoint": lambda p: train.save_checkpoint(p, model=MODEL),
    "load_checkpoint": lambda p: train.load_checkpoint(p, model=MODEL),
    "load_trainer": train.load_trainer,
    "Trainer.save": TRAINER.save,
    "Trainer.load": TRAINER.load,
    "History.save": lambda p: train.History().save(p),
    "History.load": train.History.load,
    "Checkpoint": train.Checkpoint,
    "CSVLogger": train.CSVLogger,
    "read_idx": data.read_idx,
    "write_idx": lambda p: data.write_idx(p, X),
    "load_image": data.load_image,
    "ImageFolder": lambda p: data.ImageFolder(p, 2),
    "mnist": data.mnist,
    "fashion_mnist": data.fashion_mnist,
    "cifar10": data.cifar10,
    "cifar100": data.cifar100,
    "svhn": data.svhn,
    "torch.save": lambda p: torch.save({"a": torch.tensor([1.0])}, p),
    "torch.load": torch.load,
}


class InBytes:
    def __fspath__(self) -> bytes:
        return b"a.npz"


@pytest.mark.parametrize("door", DOORS)
def test_what_is_no_path_is_refused_by_name(
    door: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for nonsense in (None, 3, 3.5, True, b"a.npz", [], object(), InBytes()):
        with pytest.raises(DTypeError, match=rf"^{door}: a path fits"):
            DOORS[door](nonsense)
    for nonsense in ("", "a\0b.npz", "a\0b.png"):
        with pytest.raises(ArgumentError, match=rf"^{door}: a path has a name"):
            DOORS[door](nonsense)
    assert not list(tmp_path.iterdir())


def test_onnx_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnx")
    monkeypatch.chdir(tmp_path)
    for door in (lambda p: onnx.save(MODEL, p, np.ones((1, 2), "f4")), onnx.load):
        for nonsense in (None, 3, b"a.onnx", "a\0b.onnx", ""):
            with pytest.raises((DTypeError, ArgumentError), match=r"^onnx\.(save|load): a path"):
                door(nonsense)
    assert not list(tmp_path.iterdir())
