"""Samples, files and ends of processes that are seldom met."""

import builtins
import os
import sys
from collections import defaultdict, namedtuple
from concurrent.futures.process import BrokenProcessPool
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from refusals import check_refusals

from tinygrad_cnn import ArgumentError, DTypeError, FormatError, ShapeError, data
from tinygrad_cnn.data import image as image_files
from tinygrad_cnn.data import loader, processes, worker_threads
from tinygrad_cnn.data.stream import Augmented, stack
from tinygrad_cnn.data.subsets import labels_of_all
from tinygrad_cnn.errors import MissingExtraError

ARRAYS = data.ArrayDataset(np.zeros((3, 2)), np.arange(3))


class Bytes:
    """What stacks as an array, and is none."""

    def __array__(self, dtype=None, copy=None):
        return np.array([1, 2])


REFUSED = [
    (ShapeError, "have lists of other lengths", lambda: data.default_collate([["a", "b"], ["c"]])),
    (
        DTypeError,
        "RandomSampler: a number of samples is an integer, got 1.5",
        lambda: data.RandomSampler(ARRAYS, num_samples=1.5),
    ),
    (
        ArgumentError,
        "RandomSampler: a number of samples is at least 1, got 0",
        lambda: data.RandomSampler(ARRAYS, num_samples=0),
    ),
    (ShapeError, "have [1, 2] fields; the same number fits", lambda: stack("DataLoader", [(1, 2), (1,)])),
    (DTypeError, "a sample holds 'text', which is not a number", lambda: stack("DataLoader", [("text",)])),
    (
        DTypeError,
        "ConcatDataset: an integer fits as index, got 1.5",
        lambda: data.ConcatDataset([ARRAYS])[1.5],
    ),
    (DTypeError, "random_split: a dataset fits, got int", lambda: data.random_split(3, [1])),
]


def test_what_does_not_fit_is_named():
    check_refusals(REFUSED)


def test_samples_of_other_kinds_are_put_together():
    counts = [defaultdict(int, a=1), defaultdict(int, a=2)]
    made = data.default_collate(counts)
    assert type(made) is dict and made["a"].tolist() == [1, 2]  # no class of dicts that takes a dict
    assert data.default_collate([Bytes(), Bytes()]).tolist() == [[1, 2], [1, 2]]
    Pair = namedtuple("Pair", "x y")
    batch = {"image": np.ones((2, 2)), "pair": Pair(np.ones((1, 1)), np.arange(3)), "name": ["a"]}
    there = loader._on_device(batch, "cpu")
    assert there["pair"].y.tolist() == [0, 1, 2] and there["name"] == ["a"] and type(there["pair"]) is Pair


def test_labels_of_parts_are_known_if_all_are():
    both = data.ConcatDataset([ARRAYS, data.Subset(ARRAYS, [2])])
    assert labels_of_all(both).tolist() == [0, 1, 2, 2]
    assert labels_of_all(data.ConcatDataset([ARRAYS, [(1, 2)]])) is None
    assert repr(both).startswith("ConcatDataset([")


def test_streams_are_shown_by_what_they_hold():
    flipped = Augmented(np.zeros((2, 1, 4, 4), "f4"), np.arange(2), transform=data.HorizontalFlip())
    assert repr(flipped).startswith("Augmented((2, 1, 4, 4) float32, (2,) int64, transform=")
    (part, _) = data.split(flipped, 0.5)
    assert repr(part) == f"Subset({len(part)} of 2 samples of {flipped!r})"


# --------------------------------------------------------------------------- processes
def test_a_process_seeds_all_generators_by_epoch_and_batch(monkeypatch):
    """In this process, as another one runs it: each draw belongs to the batch, whoever makes it."""
    for name in ("_info", "_dataset", "_collate", "_samples"):
        monkeypatch.setattr(processes, name, getattr(processes, name))
    begun = []

    class Noisy:
        def __init__(self):
            self.rng = np.random.default_rng(0)

        def __getitem__(self, i):
            if i == 9:
                raise StopIteration
            return i, self.rng.random(), np.random.random()

    processes._start(SimpleNamespace(id=2), Noisy(), list, begun.append)
    assert begun == [2] and data.get_worker_info().id == 2
    first, again, other = (processes._batch(7, n, [1, 2]) for n in (3, 3, 4))
    assert first == again and first[0] and [s[0] for s in first[1]] == [1, 2] and first != other
    with pytest.raises(RuntimeError, match=r"StopIteration came from a sample of \[9\]"):
        processes._batch(7, 0, [9])
    processes._start(SimpleNamespace(id=0), [1, 2, 3], list, None)  # a stream, two samples at a time
    assert [processes._next_batch(7, n, 2, True) for n in range(2)] == [(True, [1, 2]), (False, None)]


def test_a_process_that_ended_is_told_of(monkeypatch):
    class Broken:
        def __init__(self, *given):
            pass

        def submit(self, *given):
            raise BrokenProcessPool("killed")

        def shutdown(self, **options):
            pass

    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", Broken)
    batches = iter(data.DataLoader(ARRAYS, 1, num_workers=1))
    with pytest.raises(RuntimeError, match="num_workers=0 makes batches in the main process"):
        next(batches)


# --------------------------------------------------------------------------- images and files
def test_images_beyond_what_is_read(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    Image.new("L", (2, 3), 255).save(path)
    monkeypatch.setattr(image_files, "MOST_BYTES", 10)
    with pytest.raises(FormatError, match=r"a\.png: expected at most 10 bytes, found \d+"):
        data.load_image(path, channels=1)
    monkeypatch.undo()

    def damaged(image):
        raise SyntaxError("not a TIFF file")

    monkeypatch.setattr(Image.Image, "getexif", damaged)
    assert data.load_image(path, channels=1).tolist() == [[[1.0, 1.0]] * 3]  # as it lies in the file

    def full(image):
        raise MemoryError

    monkeypatch.setattr(Image.Image, "load", full)
    with pytest.raises(MemoryError):
        data.load_image(path, channels=1)


def test_house_numbers_need_scipy_and_a_file(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("scipy"):
            raise ImportError("no SciPy")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match="svhn needs SciPy"):
        data.svhn(tmp_path)
    monkeypatch.undo()
    if "scipy" in sys.modules or __import__("importlib.util").util.find_spec("scipy"):
        (tmp_path / "train_32x32.mat").mkdir()
        with pytest.raises((FormatError, OSError), match="train_32x32"):
            data.svhn(tmp_path)
        if hasattr(os, "mkfifo"):  # which would wait for somebody who writes
            os.mkfifo(tmp_path / "test_32x32.mat")
            with pytest.raises(FormatError, match="test_32x32"):
                data.svhn(tmp_path, "test")


def test_without_threads_a_call_runs_when_its_result_is_taken() -> None:
    calls: list[int] = []
    results = list(worker_threads.in_order(calls.append, [1, 2], workers=0))
    assert calls == []
    results[1]()
    assert calls == [2]
