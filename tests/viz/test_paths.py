"""Whatever draws into a file refuses by its name what is no path."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import viz
from tinygrad_cnn import nn
from tinygrad_cnn.errors import ArgumentError, DTypeError

MODEL = nn.Linear(2, 2)
LOSS = MODEL(np.ones((1, 2), "f4")).sum()
DOORS: dict[str, Callable[[Any], Any]] = {
    "viz.render": lambda path: viz.render(LOSS, path),
    "viz.curves": lambda path: viz.curves({"loss": [2.0, 1.0]}, path),
}


@pytest.mark.parametrize("door", DOORS)
def test_what_is_no_path_is_refused_by_name(
    door: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if door == "viz.curves":
        pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    for nonsense in (3, 3.5, b"a.png", [], "a\0b.png", ""):
        with pytest.raises((DTypeError, ArgumentError), match=rf"^{door}: a path "):
            DOORS[door](nonsense)
    assert not list(tmp_path.iterdir())
