"""Pages: what is in the file, and what a browser does with it."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import viz
from tinygrad_cnn import Tensor, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import MissingExtraError

page = importlib.import_module("viz.page")
drawing = importlib.import_module("viz.render")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_engine = pytest.mark.skipif(viz.engine() is None, reason="no layout engine installed")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH")
HOSTILE = (
    '</script><script>document.title="hit"</script><img src=x onerror=\'document.title="hit"\'> <!-- "{b}\\'
)


def network() -> nn.Module:
    conv = nn.Sequential(nn.Conv2d(1, 4, 3, rng=0), nn.ReLU(), nn.MaxPool2d(2))
    return nn.Sequential(conv, nn.Flatten(), nn.Sequential(nn.Linear(36, 8, rng=0), nn.ReLU(), nn.Tanh()))


def picture(**options: Any) -> viz.Picture:
    return viz.graph(network(), inputs=np.ones((2, 1, 8, 8), np.float32), **options)


def written(thing: viz.Picture, folder: Path) -> str:
    return thing.render(folder / "out.html").read_text(encoding="utf-8")


class Parts(HTMLParser):
    """Elements of a page, and what its scripts and attributes hold."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "script":
            self.scripts[-1] += data


def data(text: str) -> dict[str, Any]:
    return json.loads(Parts(text).scripts[0])


# --------------------------------------------------------------------------- the file
@needs_engine
def test_every_level_of_detail_is_there(tmp_path: Path) -> None:
    made = picture()
    text = written(made, tmp_path)
    levels = data(text)["levels"]
    assert "<h1>Sequential · 7 operations · 336 parameters</h1>" in text
    assert [level["label"] for level in levels] == ["4 boxes", "8 boxes"] and data(text)["start"] == 1
    assert text.count('<div class="view"') == 2 and text.count('<div class="view" hidden>') == 1
    for level, view in zip(levels, text.split('<div class="view"')[1:], strict=True):
        assert set(re.findall(r'data-box="(\w+)"', view)) == set(level["boxes"])
    first = levels[0]["boxes"]
    assert [one["title"] for one in first.values()][1:4] == ["0", "Reshape", "2"]
    assert dict(first["n1"]["rows"])["contains"] == "Sequential: Conv · ReLU · MaxPool"
    assert first["n1"]["module"] and first["n1"]["takes"] == ["n0"] and first["out0"]["feeds"] == []


@needs_engine
def test_what_is_told_of_a_box(tmp_path: Path) -> None:
    x = Tensor(np.ones((2, 3), np.float32), name="x")
    layer = nn.Linear(3, 9, rng=0)
    with viz.record() as recorder:
        loss = F.sum(layer(x))
        loss.backward()
    told = data(written(viz.graph(loss, recorder=recorder), tmp_path))["levels"][0]["boxes"]["n1"]
    rows = dict(told["rows"])
    assert told["title"] == "Linear" and rows["formula of Linear"].startswith("x @ w.T (+ b)")
    assert rows["shape of the result"] == "2×9" and rows["element type"] == "float32"
    assert rows["multiply-adds"] == "54" and rows["made at"].startswith("test_viz_page.py:")
    assert rows["value"].startswith("min ") and rows["gradient"] == "min 1 · mean 1 · max 1 · norm 4.243"
    assert (
        "27 numbers\nvalue: min " in rows["parameter weight"]
        and "gradient: min 2" in rows["parameter weight"]
    )
    assert "forward" not in rows and "kept for backward" in rows


@needs_engine
def test_times_are_told_when_asked_for(tmp_path: Path) -> None:
    rows = dict(data(written(picture(times=True), tmp_path))["levels"][0]["boxes"]["n1"]["rows"])
    assert rows["forward"].endswith(" ms") and "gradient: not computed" in rows["parameter weight"]


@needs_engine
def test_nothing_is_loaded(tmp_path: Path) -> None:
    text = written(picture(legend=True), tmp_path)
    assert not re.search(r"https?://(?!www\.w3\.org)|url\(|@import|\bimport\(|fetch\(|XMLHttp|eval\(", text)
    assert not any({"src", "href", "action"} & set(attributes) for _, attributes in Parts(text).tags)
    assert "default-src 'none'" in text


@needs_engine
def test_the_bytes_do_not_depend_on_the_process(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_viz_page as t;"
        "t.picture(flops=True).render(sys.argv[2])"
    )
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", program, str(Path(__file__).parent), str(tmp_path / f"{seed}.html")],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[1])},
            check=True,
        )  # fmt: skip
    assert (tmp_path / "1.html").read_bytes() == (tmp_path / "2.html").read_bytes()


@needs_engine
@pytest.mark.parametrize("name", [HOSTILE, "a\x1b\x00\ud800b", "重み\u2028\nγ"])
def test_names_are_text(tmp_path: Path, name: str) -> None:
    plain = Tensor(2.0, requires_grad=True, name="x")
    evil = Tensor(2.0, requires_grad=True, name=name)
    before = Parts(written(viz.graph(plain * 2, title="t"), tmp_path))
    after = Parts(written(viz.graph(evil * 2, title=name), tmp_path))
    assert [tag for tag, _ in after.tags if tag != "text"] == [
        tag for tag, _ in before.tags if tag != "text"
    ]
    expected = page._clean(name)
    told = json.loads(after.scripts[0])["levels"][0]["boxes"]["n0"]["title"]
    assert told == name.replace("\ud800", "�")
    labels = [attributes.get("aria-label") for _, attributes in after.tags]
    # In an attribute of XML a line break is a space.
    assert expected in labels or expected.replace("\n", " ") in labels


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_data_cannot_end_its_element(text: str, more: dict[str, str]) -> None:
    made = page._json({"text": text, "more": more})
    assert not set("<>&\u2028\u2029") & set(made)
    json.loads(made.encode("utf-8"))
    if page._clean(text) == text and all(page._clean(k + v) == k + v for k, v in more.items()):
        assert json.loads(made) == {"text": text, "more": more}


@needs_engine
def test_a_large_graph_is_a_page_with_what_can_be_read(tmp_path: Path) -> None:
    y = Tensor([1.0], requires_grad=True)
    for k in range(400):
        y = (y * k).tanh() if k % 3 else y.tanh() + y
    made = viz.graph(y)
    levels = data(written(made, tmp_path))["levels"]
    assert len(levels) == 1 and len(levels[0]["boxes"]) <= 40


@needs_engine
def test_a_tensor_without_a_graph_and_a_textbook_drawing(tmp_path: Path) -> None:
    assert list(data(written(viz.graph(Tensor(2.0, name="x")), tmp_path))["levels"][0]["boxes"]) == ["n0"]
    price = Tensor(100.0, requires_grad=True, name="price")
    with viz.record() as recorder:
        pay = price * 2.0
        pay.backward()
    boxes = data(written(viz.graph(pay, recorder=recorder), tmp_path))["levels"][0]["boxes"]
    assert dict(boxes["n0"]["rows"])["gradient"] == "2"


def test_without_an_engine_the_dot_text_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "engine", lambda: None)
    with pytest.raises(MissingExtraError, match="draw"):
        picture().render(tmp_path / "a.html")
    assert [file.name for file in tmp_path.iterdir()] == ["a.dot"]


# --------------------------------------------------------------------------- in a browser
def seen(text: str, folder: Path, act: str = "", fragment: str = "") -> dict[str, Any]:
    """What `act`, a body of a function in JavaScript, returns in the page opened by a browser."""
    assert CHROMIUM is not None
    told = (
        "<script>addEventListener('error', (e) => { document.title = 'error ' + e.message; });</script>"
        f"<script>{'{'}const told = (() => {{ {act} }})();"
        "document.body.innerHTML = ''; document.body.textContent = JSON.stringify(told);}</script></body>"
    )
    file = folder / "seen.html"
    head, end, rest = text.rpartition("</body>")
    file.write_text(head + told + rest, encoding="utf-8")
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}",
         "--window-size=1200,800", "--virtual-time-budget=3000", "--dump-dom",
         f"{file.as_uri()}{fragment}"],
        capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    body = re.search(r"<body>(.*)</body>", done.stdout.decode("utf-8"), re.S)
    assert end and body is not None, done.stderr.decode("utf-8", "replace")[-2000:]
    return json.loads(unescape(body[1]))


PRESS = "const press = (key) => dispatchEvent(new KeyboardEvent('keydown', { key }));"
CLICK = """const click = (id) => {
  const g = document.querySelector(`.view:not([hidden]) [data-box="${id}"]`);
  const at = g.getBoundingClientRect();
  const where = { bubbles: true, button: 0, buttons: 1, pointerId: 1,
                  clientX: at.x + at.width / 2, clientY: at.y + at.height / 2 };
  for (const type of ["pointerdown", "pointerup"]) g.dispatchEvent(new PointerEvent(type, where));
};
const heading = () => document.querySelector("aside h2").textContent;
const drawn = () => document.querySelector(".view:not([hidden]) svg");
const box = () => drawn().getAttribute("viewBox").split(" ").map(Number);
"""


@needs_engine
@needs_browser
def test_click_search_zoom_and_levels_in_a_browser(tmp_path: Path) -> None:
    act = f"""{PRESS}{CLICK}
    const told = {{ hint: heading(), level: byId("level").value, before: box() }};
    click("n1"); told.clicked = heading(); told.rows = document.querySelectorAll("aside dt").length;
    told.address = location.hash; told.near = document.querySelectorAll(".near").length;
    byId("search").value = "reLU"; byId("search").dispatchEvent(new Event("input"));
    told.found = byId("found").value; told.hits = drawn().querySelectorAll(".hit").length;
    press("n"); told.first = heading(); press("n"); told.second = byId("found").value;
    press("Escape"); told.cleared = [heading(), document.querySelectorAll(".hit").length];
    press("+"); told.closer = box(); press("0"); press("ArrowRight"); told.moved = box();
    const at = {{ deltaY: 300, clientX: 300, clientY: 300, cancelable: true }};
    stage.dispatchEvent(new WheelEvent("wheel", at));
    told.farther = box();
    click("n2"); press("["); told.module = heading(); told.coarse = byId("level").value;
    [...document.querySelectorAll("aside button")].find((b) => b.textContent === "Open").click();
    told.opened = [heading(), byId("level").value]; return told;"""
    told = seen(written(picture(), tmp_path), tmp_path, act)
    assert told["hint"] == "Click a box for its details" and told["level"] == "8 boxes"
    assert told["clicked"] == "Conv  3×3" and told["rows"] > 6 and told["near"] == 2
    assert told["address"] == "#box=n1&level=1"
    assert told["found"] == "2 found" and told["hits"] == 2
    assert told["first"] == "ReLU" and told["second"] == "2 of 2"
    assert told["cleared"] == ["Click a box for its details", 0]
    assert told["closer"][2] == pytest.approx(told["before"][2] / 1.25, rel=1e-6)
    assert told["farther"][2] > told["moved"][2] and told["moved"][0] > told["before"][0]
    assert told["module"] == "0" and told["coarse"] == "4 boxes"
    assert told["opened"] == ["Conv  3×3", "8 boxes"]


@needs_engine
@needs_browser
def test_dragging_moves_the_drawing_and_chooses_nothing(tmp_path: Path) -> None:
    act = f"""{CLICK}
    stage.setPointerCapture = () => {{}}; // made-up events have no pointer to capture
    const before = box(), g = drawn().querySelector('[data-box="n1"]');
    const send = (type, x, y) => g.dispatchEvent(new PointerEvent(type,
      {{ bubbles: true, button: 0, buttons: 1, pointerId: 1, clientX: x, clientY: y }}));
    send("pointerdown", 300, 300); send("pointermove", 302, 301); const still = box();
    send("pointermove", 350, 280); send("pointerup", 350, 280);
    return {{ before, still, after: box(), width: stage.clientWidth, heading: heading() }};"""
    told = seen(written(picture(), tmp_path), tmp_path, act)
    scale = told["width"] / told["before"][2]
    assert told["still"] == told["before"] and told["heading"] == "Click a box for its details"
    assert told["after"][0] == pytest.approx(told["before"][0] - 50 / scale)
    assert told["after"][1] == pytest.approx(told["before"][1] + 20 / scale)


@needs_engine
@needs_browser
def test_keys_alone_reach_a_box(tmp_path: Path) -> None:
    act = """const g = document.querySelector('.view:not([hidden]) [data-box="n2"]'); g.focus();
    g.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    return { heading: document.querySelector("aside h2").textContent, focus: document.activeElement === g,
             name: g.getAttribute("aria-label"), role: g.getAttribute("role") };"""
    told = seen(written(picture(), tmp_path), tmp_path, act)
    assert told == {"heading": "ReLU", "focus": True, "name": "ReLU", "role": "button"}


@needs_engine
@needs_browser
def test_the_address_chooses_a_box_and_a_level(tmp_path: Path) -> None:
    act = 'return [document.querySelector("aside h2").textContent, byId("level").value];'
    text = written(picture(), tmp_path)
    assert seen(text, tmp_path, act, "#box=n3&level=0") == ["0", "4 boxes"]
    assert seen(text, tmp_path, act, "#box=n3") == ["MaxPool  2×2", "8 boxes"]
    assert seen(text, tmp_path, act, "#box=%3Cb%3E&level=x") == ["Click a box for its details", "8 boxes"]


@needs_engine
@needs_browser
def test_hostile_names_do_nothing_in_a_browser(tmp_path: Path) -> None:
    y = Tensor(2.0, requires_grad=True, name=HOSTILE) * 2
    y.name = HOSTILE
    act = """choose("n0");
    return [document.title, document.querySelector("aside h2").textContent, document.images.length,
            document.querySelector("h1").textContent];"""
    title, heading, images, head = seen(written(viz.graph(y, title=HOSTILE), tmp_path), tmp_path, act)
    assert title == " ".join(HOSTILE.split()) and heading == head == HOSTILE and images == 0
