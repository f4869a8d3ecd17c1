"""Files and values that are seldom met: no locks, no rights, trees that are too deep."""

import os
import time

import numpy as np
import pytest
from refusals import check_refusals

from tinygrad_cnn.errors import DTypeError, FormatError
from tinygrad_cnn.serial import atomic
from tinygrad_cnn.serial.atomic import check_writable, writing
from tinygrad_cnn.serial.values import DEPTH, Decoder, Encoder


def test_where_there_are_no_locks_old_leftovers_go_and_young_ones_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(atomic, "fcntl", None)
    old, young = (tmp_path / f".a.txt.writing-{k}.txt" for k in range(2))
    for path in (old, young):
        path.touch()
    long_ago = time.time() - 3 * atomic._A_DAY
    os.utime(old, (long_ago, long_ago))
    with writing(tmp_path / "a.txt") as temporary:
        temporary.write_text("whole")
    assert sorted(os.listdir(tmp_path)) == [young.name, "a.txt"]
    assert (tmp_path / "a.txt").read_text() == "whole"


def test_what_may_not_be_written_is_refused_before_it_is_touched(tmp_path, monkeypatch):
    """As root sees none of it, the system's answers are given here."""
    path = tmp_path / "a.txt"
    path.write_text("old")
    monkeypatch.setattr(atomic.os, "access", lambda *given: False)
    with pytest.raises(PermissionError, match="the file is read-only"):
        check_writable(path)
    monkeypatch.undo()

    def closed(folder):
        raise PermissionError(13, "a folder that cannot be listed")

    monkeypatch.setattr(atomic.os, "listdir", closed)
    with writing(path) as temporary:  # what others left there is not known, and stays
        temporary.write_text("new")
    assert path.read_text() == "new"


def deep(kind):
    tree = []
    for _ in range(DEPTH + 1):
        tree = [tree] if kind is list else {"$tuple": [tree]}
    return tree


REFUSED = [
    (DTypeError, f"save: here{'.0' * 3}", lambda: Encoder("save").value(deep(list), "here")),
    (
        FormatError,
        f"values nested more than {DEPTH} deep",
        lambda: Decoder("a.json").value(deep(list), "here"),
    ),
    (FormatError, "here: expected a value, found a set", lambda: Decoder("a.json").value({1}, "here")),
    (
        FormatError,
        "an object with the mark '$tuple' holds nothing else",
        lambda: Decoder("a.json").value({"$tuple": [], "x": 1}, "here"),
    ),
    (
        FormatError,
        "'x' is not a scalar",
        lambda: Decoder("a.json", {"x": np.ones(2)}).value({"$scalar": "x"}, "here"),
    ),
]


def test_values_that_no_file_holds_are_refused():
    check_refusals(REFUSED)


def test_a_key_that_looks_like_a_path_gets_an_array_of_its_own():
    arrays = {}
    given = {"a.b": np.zeros(2), "a": {"b": np.ones(2), "c": np.float32(3)}}
    tree = Encoder("save", arrays).value(given, "")
    assert len(arrays) == 3
    found = Decoder("a.npz", arrays).value(tree, "")
    assert found["a.b"].tolist() == [0, 0] and found["a"]["b"].tolist() == [1, 1] and found["a"]["c"] == 3
    assert Encoder("save").value(np.float64(2.5), "x") == 2.5
