"""Pages: what is in the file, and what a browser does with it."""

from __future__ import annotations

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
from viz.output import engines as drawing
from viz.page import document as page
from viz.write import style

PYTHONPATH = os.pathsep.join(map(str, Path(__file__).parents[1:3]))
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
def test_every_module_is_a_drawing_of_its_own(tmp_path: Path) -> None:
    text = written(picture(), tmp_path)
    told = data(text)
    drawn = {part["path"]: part for part in told["parts"].values()}
    assert "<h1>Sequential · 7 operations · 336 parameters</h1>" in text
    assert list(drawn) == ["", "0", "2"] and len(told["open"]) == 2
    assert text.count('data-part="') == 3 and text.count('<g class="node" data-box="') == 11
    pieces = re.split(r'data-part="(-?\d+)"', text)
    for key, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        part = told["parts"][key]
        stubs = {*part["ins"].values(), *part["outs"].values()}
        assert set(re.findall(r'data-box="(\w+)"', piece)) == set(part["places"]) - stubs
    titles = {key: box["title"] for key, box in told["boxes"].items()}
    assert {titles[key] for key in drawn[""]["places"]} == {"x", "0", "Reshape", "2", "result"}
    assert [titles[key] for key in drawn["0"]["places"] if key in titles] == [
        "Conv  3×3",
        "ReLU",
        "MaxPool  2×2",
    ]
    (module,) = (box for box in told["boxes"].values() if box["title"] == "0")
    assert dict(module["rows"])["contains"] == "Sequential: Conv · ReLU · MaxPool"
    assert module["takes"] == ["n0"] and module["feeds"] == ["n4"] and told["boxes"]["out0"]["feeds"] == []


@needs_engine
@pytest.mark.parametrize(("options", "opened", "boxes"), [
    ({}, 2, 8), ({"depth": 0}, 0, 4), ({"depth": 1}, 2, 8), ({"max_nodes": 5}, 0, 4),
    ({"fold": True}, 0, 4),
])  # fmt: skip
def test_the_page_opens_as_the_picture_is_drawn(
    tmp_path: Path, options: dict[str, Any], opened: int, boxes: int
) -> None:
    made = picture(**options)
    told = data(written(made, tmp_path))
    assert len(told["open"]) == opened and len(made.model.boxes) == boxes


@needs_engine
def test_what_is_told_of_a_box(tmp_path: Path) -> None:
    x = Tensor(np.ones((2, 3), np.float32), name="x")
    layer = nn.Linear(3, 9, rng=0)
    with viz.record() as recorder:
        loss = F.sum(layer(x))
        loss.backward()
    told = data(written(viz.graph(loss, recorder=recorder), tmp_path))["boxes"]["n1"]
    rows = dict(told["rows"])
    assert told["title"] == "Linear" and rows["formula of Linear"].startswith("x @ w.T (+ b)")
    assert rows["shape of the result"] == "2×9" and rows["element type"] == "float32"
    assert rows["multiply-adds"] == "54" and rows["made at"].startswith("test_page.py:")
    assert rows["value"].startswith("min ") and rows["gradient"] == "min 1 · mean 1 · max 1 · norm 4.243"
    assert (
        "27 numbers\nvalue: min " in rows["parameter weight"]
        and "gradient: min 2" in rows["parameter weight"]
    )
    assert "forward" not in rows and "kept for backward" in rows


@needs_engine
def test_times_are_told_when_asked_for(tmp_path: Path) -> None:
    rows = dict(data(written(picture(times=True), tmp_path))["boxes"]["n1"]["rows"])
    assert rows["forward"].endswith(" ms") and "gradient: not computed" in rows["parameter weight"]


@needs_engine
def test_nothing_is_loaded(tmp_path: Path) -> None:
    text = written(picture(legend=True), tmp_path)
    assert not re.search(r"https?://(?!www\.w3\.org)|url\(|@import|\bimport\(|fetch\(|XMLHttp|eval\(", text)
    assert not any({"src", "href", "action"} & set(attributes) for _, attributes in Parts(text).tags)
    assert "default-src 'none'" in text


@pytest.mark.slow
@needs_engine
def test_the_bytes_do_not_depend_on_the_process(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_page as t;"
        "t.picture(flops=True).render(sys.argv[2])"
    )
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", program, str(Path(__file__).parent), str(tmp_path / f"{seed}.html")],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": PYTHONPATH},
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
    expected = page.clean(name)
    told = json.loads(after.scripts[0])["boxes"]["n0"]["title"]
    assert told == name.replace("\ud800", "�")
    labels = [attributes.get("aria-label") for _, attributes in after.tags]
    # In an attribute of XML a line break is a space.
    assert expected in labels or expected.replace("\n", " ") in labels


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_data_cannot_end_its_element(text: str, more: dict[str, str]) -> None:
    made = page._json({"text": text, "more": more})
    assert not set("<>&\u2028\u2029") & set(made)
    json.loads(made.encode("utf-8"))
    if page.clean(text) == text and all(page.clean(k + v) == k + v for k, v in more.items()):
        assert json.loads(made) == {"text": text, "more": more}


@needs_engine
def test_a_large_graph_is_a_page_with_what_can_be_read(tmp_path: Path) -> None:
    y = Tensor([1.0], requires_grad=True)
    for k in range(400):
        y = (y * k).tanh() if k % 3 else y.tanh() + y
    made = viz.graph(y)
    told = data(written(made, tmp_path))
    assert len(told["parts"]) == 1 and 2 < len(told["boxes"]) <= 40


@needs_engine
def test_a_tensor_without_a_graph_and_a_textbook_drawing(tmp_path: Path) -> None:
    assert list(data(written(viz.graph(Tensor(2.0, name="x")), tmp_path))["boxes"]) == ["n0"]
    price = Tensor(100.0, requires_grad=True, name="price")
    with viz.record() as recorder:
        pay = price * 2.0
        pay.backward()
    boxes = data(written(viz.graph(pay, recorder=recorder), tmp_path))["boxes"]
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
        "<script>addEventListener('error', (e) => { document.body.textContent = JSON.stringify("
        "e.error.stack); throw new Error('stop'); }, { once: true });</script>"
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
        capture_output=True, timeout=300, check=True,
    )  # fmt: skip
    body = re.search(r"<body>(.*)</body>", done.stdout.decode("utf-8"), re.S)
    assert end and body is not None, done.stderr.decode("utf-8", "replace")[-2000:]
    return json.loads(unescape(body[1]))


PRESS = "const press = (key) => dispatchEvent(new KeyboardEvent('keydown', { key }));"
CLICK = """const at = (g) => {
  const edge = g.getBoundingClientRect();
  return { bubbles: true, button: 0, buttons: 1, pointerId: 1,
           clientX: edge.x + edge.width / 2, clientY: edge.y + edge.height / 2 };
};
const press_at = (g) => {
  for (const type of ["pointerdown", "pointerup"]) g.dispatchEvent(new PointerEvent(type, at(g)));
};
const click = (key) => press_at(element(key));
const corner = (key) => press_at(foldOf(key));
const heading = () => document.querySelector("aside h2").textContent;
const box = () => svg.getAttribute("viewBox").split(" ").map(Number);
const module = (title) => modules.find((key) => data.boxes[key].title === title);
const seen_boxes = () => [...svg.querySelectorAll("[data-box]")].filter((g) => !g.closest("defs")
  && g.style.display !== "none").map((g) => data.boxes[g.dataset.box].title);
"""


@needs_engine
@needs_browser
def test_click_search_and_zoom_in_a_browser(tmp_path: Path) -> None:
    act = f"""{PRESS}{CLICK}
    const told = {{ hint: heading(), count: byId("count").value, before: box() }};
    click("n1"); told.clicked = heading(); told.rows = document.querySelectorAll("aside dt").length;
    told.address = location.hash; told.near = document.querySelectorAll(".near").length;
    byId("search").value = "reLU"; byId("search").dispatchEvent(new Event("input"));
    told.found = byId("found").value; told.hits = svg.querySelectorAll(".hit").length;
    press("n"); told.first = heading(); press("n"); told.second = byId("found").value;
    press("Escape"); told.cleared = [heading(), document.querySelectorAll(".hit").length];
    press("0"); const all = box();
    press("+"); told.closer = box()[2] / all[2]; press("0"); press("ArrowRight"); told.moved = box();
    const wheel = {{ deltaY: 300, clientX: 300, clientY: 300, cancelable: true }};
    stage.dispatchEvent(new WheelEvent("wheel", wheel)); told.farther = box();
    return {{ ...told, all }};"""
    told = seen(written(picture(), tmp_path), tmp_path, act)
    assert told["hint"] == "Click a box for its details" and told["count"] == "8 boxes"
    assert told["clicked"] == "Conv  3×3" and told["rows"] > 6 and told["near"] == 2
    assert told["address"] == "#box=n1"
    assert told["found"] == "2 found" and told["hits"] == 2
    assert told["first"] == "ReLU" and told["second"] == "2 of 2"
    assert told["cleared"] == ["Click a box for its details", 0]
    assert told["closer"] == pytest.approx(1 / 1.25, rel=1e-6)
    assert told["farther"][2] > told["moved"][2] and told["moved"][0] > told["all"][0]


@needs_engine
@needs_browser
def test_each_module_is_folded_and_unfolded_by_a_click(tmp_path: Path) -> None:
    act = f"""{CLICK}
    const told = {{ start: seen_boxes() }}, before = element(module("0")).getBoundingClientRect().top;
    corner(module("0")); told.one = seen_boxes(); told.count = byId("count").value;
    told.still = element(module("0")).getBoundingClientRect().top - before;
    corner(module("2")); told.both = seen_boxes(); told.less = byId("less").disabled;
    corner(module("0")); told.other = seen_boxes(); told.heading = heading();
    element(module("2")).dispatchEvent(new MouseEvent("dblclick", at(element(module("2")))));
    told.end = seen_boxes(); return told;"""
    told = seen(written(picture(), tmp_path), tmp_path, act)
    first, second = ["Conv  3×3", "ReLU", "MaxPool  2×2"], ["Linear", "ReLU", "Tanh"]
    assert sorted(told["start"]) == sorted(["x", "0", *first, "Reshape", "2", *second, "result"])
    assert sorted(told["one"]) == sorted(["x", "0", "Reshape", "2", *second, "result"])
    assert told["count"] == "6 boxes" and abs(told["still"]) < 1
    assert sorted(told["both"]) == sorted(["x", "0", "Reshape", "2", "result"]) and told["less"]
    assert sorted(told["other"]) == sorted(["x", "0", *first, "Reshape", "2", "result"])
    assert told["heading"] == "Click a box for its details" and told["end"] == told["start"]


@needs_engine
@needs_browser
def test_folding_by_keys_and_buttons(tmp_path: Path) -> None:
    act = f"""{PRESS}{CLICK}
    const told = {{}};
    click("n2"); press("["); told.folded = [heading(), byId("count").value];
    press("]"); told.unfolded = [heading(), byId("count").value];
    [...document.querySelectorAll("aside button")].find((b) => b.textContent === "Fold").click();
    told.panel = byId("count").value; press("Escape"); press("["); told.all = byId("count").value;
    press("]"); told.back = byId("count").value; byId("less").click(); told.less = byId("count").value;
    byId("more").click(); told.more = [byId("count").value, byId("more").disabled];
    const g = foldOf(module("2")); g.focus();
    g.dispatchEvent(new KeyboardEvent("keydown", {{ key: "Enter", bubbles: true }}));
    told.entered = [byId("count").value, document.activeElement.getAttribute("aria-label")];
    byId("search").value = "tanh"; byId("search").dispatchEvent(new Event("input"));
    told.holds = [byId("found").value, element(module("2")).classList.contains("hit")];
    press("n"); told.shown = [heading(), byId("count").value]; return told;"""
    told = seen(written(picture(), tmp_path), tmp_path, act)
    assert told["folded"] == ["0", "6 boxes"] and told["unfolded"] == ["0", "8 boxes"]
    assert told["panel"] == "6 boxes" and told["all"] == "4 boxes" and told["back"] == "8 boxes"
    assert told["less"] == "4 boxes" and told["more"] == ["8 boxes", True]
    assert told["entered"] == ["6 boxes", "Unfold 2"]
    assert told["holds"] == ["1 found", True] and told["shown"] == ["Tanh", "8 boxes"]


class Nested(nn.Module):
    """Blocks in blocks, with a way around each."""

    def __init__(self, depth: int) -> None:
        self.first, self.second = (nn.Linear(3, 3, rng=0) for _ in range(2))
        self.inner = Nested(depth - 1) if depth else nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.inner(F.relu(self.first(x)))) + x * 2


@needs_engine
@needs_browser
@pytest.mark.parametrize("direction", ["down", "right"])
def test_nothing_overlaps_whatever_is_open(tmp_path: Path, direction: str) -> None:
    net = nn.Sequential(Nested(2), nn.ReLU(), Nested(1))
    made = viz.graph(net, inputs=np.ones((2, 3), np.float32), direction=direction)
    act = f"""{CLICK}
    const rim = (key) => element(key).querySelector(".border").getBoundingClientRect();
    const wrong = [];
    const look = () => {{
      const keys = Object.keys(homes).filter((key) => key in data.boxes && visible(key));
      for (const a of keys) for (const b of keys) {{
        const [p, q] = [rim(a), rim(b)], inside = holders(a).includes(b), holds = holders(b).includes(a);
        const apart = p.right <= q.left || q.right <= p.left || p.bottom <= q.top || q.bottom <= p.top;
        const within = p.left > q.left && p.right < q.right && p.top > q.top && p.bottom < q.bottom;
        if (a < b && !inside && !holds && !apart) wrong.push(["overlap", a, b]);
        if (inside && !within) wrong.push(["outside", a, b]);
      }}
      for (const {{ edges, g }} of pieces.values()) for (const edge of svg.contains(g) ? edges : []) {{
        const end = edge.path.getPointAtLength(edge.path.getTotalLength()), m = edge.path.getScreenCTM();
        const x = end.x * m.a + m.e, y = end.y * m.d + m.f;
        if (edge.head in data.boxes && visible(edge.head)) {{
          const q = rim(edge.head), far = 9 * m.a;
          if (x < q.left - far || x > q.right + far || y < q.top - far || y > q.bottom + far) {{
            wrong.push(["loose", edge.tail, edge.head]);
          }}
        }}
      }}
    }};
    let state = 1;
    look();
    for (let k = 0; k < 25; k++) {{
      state = (state * 75 + 74) % 65537;
      const keys = modules.filter(visible);
      corner(keys[state % keys.length]);
      look();
    }}
    return {{ wrong, modules: modules.length }};"""
    told = seen(written(made, tmp_path), tmp_path, act)
    assert told == {"wrong": [], "modules": 5}


@needs_engine
@needs_browser
def test_dragging_moves_the_drawing_and_chooses_nothing(tmp_path: Path) -> None:
    act = f"""{CLICK}
    stage.setPointerCapture = () => {{}}; // made-up events have no pointer to capture
    const before = box(), g = element("n1");
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
    act = """const g = element("n2"); g.focus();
    g.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    return { heading: document.querySelector("aside h2").textContent, focus: document.activeElement === g,
             name: g.getAttribute("aria-label"), role: g.getAttribute("role") };"""
    told = seen(written(picture(), tmp_path), tmp_path, act)
    assert told == {"heading": "ReLU", "focus": True, "name": "ReLU", "role": "button"}


@needs_engine
@needs_browser
def test_the_address_chooses_a_box_and_opens_what_is_around_it(tmp_path: Path) -> None:
    act = 'return [document.querySelector("aside h2").textContent, byId("count").value];'
    text = written(picture(depth=0), tmp_path)
    assert seen(text, tmp_path, act) == ["Click a box for its details", "4 boxes"]
    assert seen(text, tmp_path, act, "#box=n3") == ["MaxPool  2×2", "6 boxes"]
    assert seen(text, tmp_path, act, "#box=%3Cb%3E") == ["Click a box for its details", "4 boxes"]


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


@needs_engine
@needs_browser
def test_a_comparison_as_a_page_says_what_has_changed(tmp_path: Path) -> None:
    after = nn.Sequential(nn.Conv2d(1, 4, 5, padding=2, rng=0), nn.Tanh())
    before = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1, rng=0), nn.ReLU())
    path = tmp_path / "diff.html"
    viz.diff(before, after, path, inputs=np.ones((1, 1, 8, 8), np.float32))
    act = """const notes = [...document.querySelectorAll("aside li")].map((one) => one.textContent);
    const fills = [...svg.querySelectorAll("[data-box] .border")].map((one) => one.getAttribute("fill"));
    return { notes, fills, head: document.querySelector("h1").textContent };"""
    told = seen(path.read_text(encoding="utf-8"), tmp_path, act)
    assert told["head"] == "1 added, 1 removed, 1 changed, 1 equal"
    assert [note.split(":")[0] for note in told["notes"]] == ["changed", "removed", "added"]
    assert "3×3, padding 1 → 5×5, padding 2" in told["notes"][0] and "ReLU" in told["notes"][1]
    assert {style.CHANGES[sign][0] for sign in "+-~"} <= set(told["fills"])


@needs_browser
@pytest.mark.skipif(viz.engine() is None, reason="no layout engine installed")
def test_the_buttons_give_the_whole_drawing_as_a_file(tmp_path: Path) -> None:
    text = viz.graph(Tensor([1.0], requires_grad=True, name="x") * 2).drawn("html").decode()
    act = """
      const given = [];
      URL.createObjectURL = (blob) => { given.push(blob.type); return "#"; };
      HTMLAnchorElement.prototype.click = function () { given.push(this.download); };
      document.getElementById("save-svg").click();
      const drawn = new DOMParser().parseFromString(picture(), "image/svg+xml");
      return [given, drawn.documentElement.localName, drawn.querySelectorAll("[data-box]").length];
    """
    given, name, boxes = seen(text, tmp_path, act)
    assert given[0] == "image/svg+xml" and given[1].endswith(".svg") and name == "svg" and boxes == 3
