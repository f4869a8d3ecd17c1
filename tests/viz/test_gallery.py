"""The gallery: its code runs, and the page shows the code that there is."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import tinygrad_cnn
import viz

DOCS = Path(tinygrad_cnn.__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("make_gallery", DOCS / "make_gallery.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(script) -> None:
    assert script.PAGE.read_text(encoding="utf-8") == script.page(), "run `make docs`"


def test_the_pictures_are_small(script) -> None:
    files = list(script.PICTURES.iterdir())
    assert {file.stem for file in files} == {entry.__name__ for entry in script.ENTRIES}
    assert sum(file.stat().st_size for file in files) < 1_500_000


@pytest.mark.skipif(viz.engine() is None, reason="no layout engine installed")
def test_the_code_runs(script, tmp_path: Path) -> None:
    pytest.importorskip("PIL", reason="Pillow is not installed, which makes the animations")
    script.make(tmp_path)
    made = {file.name.replace(".html", ".png") for file in tmp_path.iterdir()}  # pages are photographed
    assert made == {file.name for file in script.PICTURES.iterdir()}
