"""The gallery: its code runs, and the page shows the code that there is."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

import tinygrad_cnn
import viz

DOCS = Path(tinygrad_cnn.__file__).parent.parent / "docs"


sys.path.append(str(DOCS))  # the scripts there import each other


def loaded(name: str):
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


import drawn_programs as programs  # noqa: E402  # it lies there

GOLDEN = Path(__file__).with_name("golden") / "programs"
#: Pictures for a page: which way of laying them out fits best the engine says.
PAGES = ("depthwise_on_a_slide",)


@pytest.fixture(scope="module")
def script():
    return loaded("make_gallery")


@pytest.mark.parametrize("name", programs.PROGRAMS)
def test_a_program_is_drawn_as_it_was(name: str) -> None:
    # After a wanted change of the look: `make docs`, and look at the pictures that differ.
    if name in PAGES and viz.engine() != "pygraphviz":
        pytest.skip("drawn for a page by another engine than pygraphviz")
    drawn = re.sub(r' tooltip="[^"]*"', "", programs.draw(name).source)
    assert drawn == (GOLDEN / f"{name}.dot").read_text(encoding="utf-8")


def test_every_program_has_its_picture_on_the_page() -> None:
    text = (DOCS / "programs.md").read_text(encoding="utf-8")
    shown = set(re.findall(r'<img src="programs/(\w+)\.png"', text))
    assert shown == set(programs.PROGRAMS) == {file.stem for file in (DOCS / "programs").iterdir()}
    assert len(shown) >= 30


@pytest.mark.parametrize("name", ["make_gallery", "make_programs"])
def test_the_page_is_up_to_date(name: str) -> None:
    script = loaded(name)
    assert script.PAGE.read_text(encoding="utf-8") == script.page(), "run `make docs`"


def test_the_pictures_are_small(script) -> None:
    files = list(script.PICTURES.iterdir())
    assert {file.stem for file in files} == {entry.__name__ for entry in script.ENTRIES}
    assert sum(file.stat().st_size for file in files) < 1_500_000


@pytest.mark.slow
@pytest.mark.skipif(viz.engine() is None, reason="no layout engine installed")
def test_the_code_runs(script, tmp_path: Path) -> None:
    pytest.importorskip("PIL", reason="Pillow is not installed, which makes the animations")
    script.make(tmp_path)
    made = {file.name.replace(".html", ".png") for file in tmp_path.iterdir()}  # pages are photographed
    assert made == {file.name for file in script.PICTURES.iterdir()}
