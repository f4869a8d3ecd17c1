"""Constants that are tuned for a processor: how they are found, kept, read and forgotten."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numba")

from tinygrad_cnn import tune
from tinygrad_cnn.kernels import cache
from tinygrad_cnn.kernels.compiled.base import constants
from tinygrad_cnn.kernels.compiled.product import matrix


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own."""
    monkeypatch.setenv("TINYGRAD_CNN_CACHE", str(tmp_path))
    return cache.prepare()


def test_what_was_tuned_is_kept_and_forgotten(monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr(tune, "tune", lambda name: (200_000, 400_000))
    monkeypatch.setattr(tune.SERVING, "load", lambda everything: None)
    name = "convolution.direct.WEIGHTS"
    assert tune.main(["--only", name]) == 0
    assert json.loads(constants.path().read_text()) == constants.read() == {name: 400_000}
    assert "200,000 ->    400,000" in capsys.readouterr().out
    monkeypatch.setattr(constants, "_found", constants.read())
    assert constants.tuned(name, 200_000) == 400_000 and constants.tuned("another", 5) == 5
    assert tune.main(["--forget"]) == 0 and not constants.path().exists() and constants.read() == {}


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": "b", "c": -1, "d": 1.5, "e": true}'])
def test_a_file_that_tune_did_not_write_changes_nothing(text: str, caplog: Any) -> None:
    constants.path().write_text(text)
    with caplog.at_level(logging.WARNING):
        assert constants.read() == {}
    assert ("tuned.json" in caplog.text) == (not text.endswith("}"))


def test_a_value_that_is_out_of_reach_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "_found", {"far": 10**12, "near": 20})
    assert constants.tuned("far", 1000) == 1000 and constants.tuned("near", 10) == 20


def test_a_constant_is_as_it_was_after_it_was_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    name, before = "product.matrix.WORTH_PANELS", matrix.WORTH_PANELS
    monkeypatch.setitem(tune.TRIALS, name, lambda: lambda: seen.append(matrix.WORTH_PANELS))
    found = tune.tune(name)
    assert found[0] == matrix.WORTH_PANELS == before
    assert set(seen) == {int(before * factor) for factor in tune.FACTORS}


def test_each_trial_is_of_a_constant(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in tune.TRIALS:
        home, _, constant = name.rpartition(".")
        assert isinstance(getattr(tune._module(home), constant), int)
