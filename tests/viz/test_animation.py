"""The walk back as an animation: its frames, its files, and that nothing moves between frames."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import viz
from tinygrad_cnn import Tensor, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, GraphError, MissingExtraError
from viz.animation import backward_walk
from viz.animation.backward_walk import Animation, frames
from viz.output import engines, fonts
from viz.output import engines as drawing
from viz.write import style

needs_engine = pytest.mark.skipif(viz.engine() is None, reason="no layout engine installed")


def apples() -> tuple[Tensor, viz.Recorder]:
    with viz.record() as recorder:
        names = (("apple price", 100.0), ("number of apples", 2.0), ("tax", 1.1))
        price, count, tax = (Tensor(value, requires_grad=True, name=name) for name, value in names)
        total = price * count * tax
        total.name = "to pay"
        total.backward()
    return total, recorder


def network() -> Tensor:
    model = nn.Sequential(nn.Conv2d(1, 2, 3, rng=0), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3, rng=0))
    images = Tensor(np.random.default_rng(0).random((2, 1, 4, 4), dtype="float32"), name="images")
    return F.cross_entropy(model(images), [0, 1])


def red(source: str) -> set[str]:
    """The gradients that are seen on arrows."""
    lines = [line for line in source.splitlines() if " -> " in line and f'color="{style.REVERSE}"' in line]
    lines = [line for line in lines if "invis" not in line]
    return {re.search(r'label="?([^" ]+)', line)[1] for line in lines}


# --------------------------------------------------------------------------- what the frames show
def test_gradients_come_step_by_step_on_red_arrows() -> None:
    total, recorder = apples()
    made = frames(total, recorder)
    assert made.captions == (
        "forward: no gradient yet",
        "step 1 of 2 · Mul gets 1, passes back 1.1, 200",
        "step 2 of 2 · Mul gets 1.1, passes back 2.2, 110",
    )
    assert [red(text) for text in made.sources] == [
        set(), {"1", "1.1", "200"}, {"1", "1.1", "200", "2.2", "110"},
    ]  # fmt: skip
    now = [re.findall(rf'(\w+) \[label[^\n]*fillcolor="{style.NOW}"', text) for text in made.sources]
    assert now == [[], ["n4"], ["n3"]]


def test_chips_come_step_by_step() -> None:
    loss = network()
    made = frames(loss)
    chips = [text.count('BGCOLOR="transparent"') for text in made.sources]
    assert len(made) == 6 and chips == [5, 4, 3, 2, 1, 0]
    assert all(len(re.findall(r"\|∂[wy]\| \d", text)) >= 5 for text in made.sources)  # all hold their place


def test_a_walk_without_a_recorder_changes_nothing() -> None:
    x = Tensor(3.0, requires_grad=True, name="x")
    y = x * x
    made = frames(y)
    assert x.grad is None and red(made.sources[-1]) == {"1", "3"}
    y.backward()
    assert x.grad.item() == 6.0
    with pytest.raises(GraphError, match="freed"):
        frames(y)


def test_a_shared_leaf_has_its_gradient_when_all_have_passed_it_theirs() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    made = frames((x.tanh() + x * 2).sum())
    leaf = [next(line for line in text.splitlines() if ">x<" in line) for text in made.sources]
    assert ["transparent" in line for line in leaf] == [True, True, True, True, False]


def test_modules() -> None:
    made = frames(nn.Sequential(nn.Linear(2, 2, rng=0), nn.Tanh()), inputs=np.ones((1, 2), "float32"))
    assert len(made) == 3 and "Linear (0)" in made.captions[2]


# --------------------------------------------------------------------------- nothing moves
def places(svg: bytes) -> list[tuple[str, ...]]:
    """Where boxes, names and the whole are; colours and widths of lines left out."""
    text = re.sub(r"step \d of \d[^<]*|forward: no gradient yet", "", svg.decode())
    nodes = re.findall(r'class="node">.*?</g>', text, re.DOTALL)
    outlines = [(*re.findall(r' (?:d|cx|cy|rx|ry|points)="([^"]*)"', node)[:2],
                 *re.findall(r'<text[^>]* x="([^"]*)" y="([^"]*)"', node)) for node in nodes]  # fmt: skip
    size = re.findall(r'viewBox="[^"]*"', text)
    return [tuple(size), *outlines]


@needs_engine
@pytest.mark.parametrize("kind", ["arrows", "chips"])
def test_nothing_moves_between_frames(kind: str) -> None:
    made = frames(*apples()) if kind == "arrows" else frames(network())
    drawn = [places(svg) for svg in made.draw("svg")]
    assert len(drawn[0]) > 5 and all(len(outline) > 1 for outline in drawn[0][1:])
    assert all(one == drawn[0] for one in drawn)
    if kind == "arrows":  # an arrow that is there stays where it is
        paths = [re.findall(r'stroke="#1a1a1a" d="([^"]*)"', svg.decode()) for svg in made.draw("svg")]
        assert paths[0] == paths[1] == paths[2] and len(paths[0]) == 5


def test_frames_are_drawn_in_order_and_the_first_failure_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(text: str, *args: object, **options: object) -> bytes:
        if text in ("2", "5"):
            raise ValueError(text)
        return text.encode()

    monkeypatch.setattr(backward_walk, "draw", drawn)
    made = Animation("", tuple("01346789"), tuple("01346789"))
    assert made.draw("svg") == [b"0", b"1", b"3", b"4", b"6", b"7", b"8", b"9"]
    before = threading.active_count()
    with pytest.raises(ValueError, match="2"):
        Animation("", tuple("0123456789"), tuple("0123456789")).draw("svg")
    assert threading.active_count() == before  # no thread stays, though the error is still held


# --------------------------------------------------------------------------- files
@needs_engine
@pytest.mark.parametrize("form", ["gif", "apng", "png"])
def test_moving_pictures(form: str, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    total, recorder = apples()
    path = viz.animate(total, tmp_path / f"a.{form}", recorder, seconds=0.5)
    with image.open(path) as moving:
        assert moving.n_frames == 3 and moving.format == ("GIF" if form == "gif" else "PNG")
        seen = []
        for k in range(3):
            moving.seek(k)
            assert moving.info["duration"] == (2500 if k == 2 else 500)
            colors = np.asarray(moving.convert("RGB"), int)
            seen.append(int((np.abs(colors - (0xC0, 0x39, 0x2B)).sum(axis=2) < 30).sum()))
    assert 0 < seen[0] < seen[1] and seen[2] > seen[0]  # the caption is red, and then the arrows are
    again = viz.animate(total, tmp_path / f"b.{form}", recorder, seconds=0.5)
    assert path.read_bytes() == again.read_bytes()


@needs_engine
def test_the_page(tmp_path: Path) -> None:
    total, recorder = apples()
    path = viz.animate(total, tmp_path / "a.html", recorder, title="<b> & co")
    text = path.read_text(encoding="utf-8")
    assert text.count("<figure") == text.count("<svg") == 3 and "<title>&lt;b&gt; &amp; co</title>" in text
    found = re.findall(r' id="([^"]*)"', text)
    assert len(found) == len(set(found))
    assert not re.findall(r'(?:src|href)="(?!#)', text.replace("xlink:", ""))
    for name in ("ArrowLeft", "ArrowRight", "Home", "End", "Play", 'type="range" min="0" max="2"'):
        assert name in text
    assert text == viz.animate(total, tmp_path / "b.html", recorder, title="<b> & co").read_text("utf-8")


STEPS = """<script>
const seen = [];
const note = () => seen.push(document.querySelectorAll("figure:not([hidden])").length + ":" + at);
const press = (key) => {
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  note();
};
note();
["ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "Home", "End"].forEach(press);
for (const id of ["first", "next", "back", "last"]) { get(id).click(); note(); }
get("place").value = 1;
get("place").dispatchEvent(new Event("input"));
note();
press(" ");
setTimeout(() => { note(); document.title = seen.join(" ") + " " + get("play").textContent; }, 1500);
</script>"""


@needs_engine
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on PATH")
def test_the_page_in_a_browser(tmp_path: Path) -> None:
    total, recorder = apples()
    path = viz.animate(total, tmp_path / "a.html", recorder, seconds=0.2)
    path.write_text(path.read_text("utf-8").replace("</body>", f"{STEPS}</body>"), "utf-8")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu",
               f"--user-data-dir={tmp_path}/browser", "--virtual-time-budget=5000", "--dump-dom",
               path.as_uri()]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", timeout=300, check=True
    )
    keys, buttons = "1:0 1:1 1:2 1:2 1:1 1:0 1:2", "1:0 1:1 1:0 1:2"
    # The slider goes to 1; the space bar plays on to the end, where it stops by itself.
    assert f"<title>{keys} {buttons} 1:1 1:1 1:2 Play</title>" in done.stdout


def test_without_pillow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tinygrad-cnn\[images\]'"):
        viz.animate(*apples()[:1], tmp_path / "a.gif")
    assert not list(tmp_path.iterdir())


# --------------------------------------------------------------------------- bad input
def test_bad_input(tmp_path: Path) -> None:
    x = Tensor(2.0, requires_grad=True)
    y = x * x
    with viz.record() as recorder:
        pass
    for problem, thing, name, options in (
        (ArgumentError, y, "a.svg", {}),
        (ArgumentError, y, "a.gif", {"seconds": 0}),
        (ArgumentError, y, "a.gif", {"gradients": "chips"}),
        (ArgumentError, y, "a.gif", {"recorder": recorder}),
        (ArgumentError, y, "a.gif", {"inputs": x}),
        (ArgumentError, nn.Tanh(), "a.gif", {"inputs": x, "recorder": recorder}),
        (GraphError, Tensor(1.0) * 2, "a.gif", {}),
        (FileNotFoundError, y, "no/a.gif", {}),
    ):
        with pytest.raises(problem, match=r"viz\.animate"):
            viz.animate(thing, tmp_path / name, **options)
    for _ in range(100):
        y = y * 2
    with pytest.raises(ArgumentError, match="101 steps"):
        viz.animate(y, tmp_path / "a.gif")
    assert not list(tmp_path.iterdir())


def test_frames_are_counted() -> None:
    assert len(Animation("", ("digraph {}",), ("",))) == 1


# --------------------------------------------------------------------------- fonts of drawings
def test_the_engine_is_given_the_fonts_of_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a & b" / "cjk.otf"
    monkeypatch.setattr("viz.output.fonts.installed", lambda: file)
    monkeypatch.setattr(sys, "platform", "linux")
    environment = engines._environment(tmp_path)
    text = Path(environment["FONTCONFIG_FILE"]).read_text(encoding="utf-8")
    assert "a &amp; b</dir>" in text


@needs_engine
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="fonts are set up on Linux only")
@pytest.mark.parametrize(
    ("files", "told"), [((), True), (("DejaVuSans.ttf",), True), (("wqy-zenhei.ttc",), False)]
)
def test_a_system_without_a_chinese_font_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: tuple[str, ...], told: bool
) -> None:
    monkeypatch.setattr(fonts, "installed", lambda: None)
    monkeypatch.setattr(fonts, "_told", set())
    monkeypatch.setattr(drawing, "_system_fonts", lambda: iter(map(Path, files)))
    monkeypatch.delenv("FONTCONFIG_FILE", raising=False)
    x = Tensor(2.0, requires_grad=True, name="输入 γ")
    viz.render(x * 2, tmp_path / "a.svg")  # the browser that shows it has fonts of its own
    if told:
        with pytest.warns(UserWarning, match=r"入输.*tinygrad-cnn\[cjk\]"):
            viz.render(x * 2, tmp_path / "a.png")
    viz.render(x * 2, tmp_path / "b.png")  # once is enough
