"""Pictures: the DOT text, the engines that draw it, and the Matplotlib figures."""

from __future__ import annotations

import importlib
import math
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import outputs_with_two_hash_seeds

import viz
from tinygrad_cnn import Tensor
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError, MissingExtraError, ShapeError
from tinygrad_cnn.graph import Call, Node, Op, ancestors, scope
from viz.output import browser_engine, engines
from viz.write.markup import literal

GOLDEN = Path(__file__).parent / "golden"
PNG = b"\x89PNG\r\n\x1a\n"
needs_engine = pytest.mark.skipif(viz.engine() is None, reason="no layout engine installed")
needs_pygraphviz = pytest.mark.skipif(
    importlib.util.find_spec("pygraphviz") is None, reason="pygraphviz is not installed"
)
needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="`dot` is not on PATH")
plots = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None, reason="Matplotlib is not installed"
)


def parameter(shape: tuple[int, ...], name: str, frozen: bool = False) -> Tensor:
    values = np.linspace(-0.5, 0.5, math.prod(shape), dtype=np.float32).reshape(shape)
    made = Tensor(values, requires_grad=not frozen, name=name)
    made.node.role = "parameter"
    return made


def scalars() -> Tensor:
    x, y = Tensor(1.0, requires_grad=True, name="x"), Tensor(2.0, requires_grad=True, name="y")
    z = (x + y) * 2
    z.name = "z"
    return z


def network(backward: bool = True) -> Tensor:
    x = Tensor(np.linspace(-1, 1, 2 * 36, dtype=np.float32).reshape(2, 1, 6, 6), name="x")
    with scope("features"):
        with scope("0"):
            h = F.conv2d(x, parameter((3, 1, 3, 3), "weight"), parameter((3,), "bias"), padding=1)
        with scope("1"):
            h = F.relu(h)
        with scope("2"):
            h = F.max_pool2d(h, 2)
    h = F.flatten(h, 1)
    with scope("classifier"):
        h = F.linear(h, parameter((4, 27), "weight"), parameter((4,), "bias", frozen=True))
    loss = F.cross_entropy(h, np.array([1, 3]))
    if backward:
        loss.backward(retain_graph=True)
    return loss


def residual() -> Tensor:
    x = Tensor(np.ones((2, 3)), requires_grad=True, name="x")
    w = parameter((3, 3), "weight")
    with scope("body"):
        with scope("left"):
            left = F.relu(x @ w)
        with scope("right"):
            right = F.tanh(x @ w)
        return (left + right) * np.ones((2, 3))


GRAPHS = {"scalars": scalars, "network": network, "residual": residual}


def boxes(source: str) -> list[str]:
    return re.findall(r"^\t+(n\d+|out\d+) \[", source, re.M)


def edges(source: str) -> list[tuple[str, str]]:
    return re.findall(r"^\t+(\w+) -> (\w+)", source, re.M)


# --------------------------------------------------------------------------- DOT text
@pytest.mark.parametrize("name", GRAPHS)
def test_dot_is_the_golden_file(name: str) -> None:
    # Gradients differ in their last digits between machines; two digits of them are drawn.
    # After a wanted change of the look: REWRITE_GOLDEN=1 make test, and read the difference.
    source, path = viz.graph(GRAPHS[name]()).source, GOLDEN / f"{name}.dot"
    if os.environ.get("REWRITE_GOLDEN"):
        path.write_text(source, encoding="utf-8")
    assert source == path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_dot_does_not_depend_on_the_process() -> None:
    program = (
        "import sys; import viz, test_pictures as t;"
        "sys.stdout.buffer.write(viz.graph(t.network()).source.encode())"
    )
    texts = outputs_with_two_hash_seeds(program, Path(__file__).parent)
    assert texts[0] == texts[1] == viz.graph(network()).source.encode()


def test_other_graphs_before_do_not_change_the_text() -> None:
    first = viz.graph(residual()).source
    _ = [Tensor(1.0, requires_grad=True) * 2 for _ in range(100)]
    assert viz.graph(residual()).source == first


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 3)), max_size=30),
       st.integers(0, 2**16))  # fmt: skip
def test_boxes_and_edges_are_those_of_the_graph(steps: list[tuple[int, int, int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = [Tensor(1.0, requires_grad=True), Tensor(np.ones(2), name="x"), parameter((2,), "w")]
    for a, b, what in steps:
        left, right = made[a % len(made)], made[b % len(made)]
        with scope("abc"[rng.integers(3)]), scope("de"[rng.integers(2)]):
            made.append([left + right, F.tanh(left) * right, F.tanh(left), left * 0.5 + right][what])
    root = made[-1]
    source = viz.graph(root).source
    nodes = ancestors(root.node)
    hidden = {
        n for n in nodes
        if n is not root.node and n.op is None
        and (n.role == "parameter" or (n.role == "constant" and n.shape == ()))
    }  # fmt: skip
    result = int(root.node.op is not None)
    drawn = boxes(source)
    assert len(drawn) == len(set(drawn)) == len(nodes) - len(hidden) + result
    arrows = edges(source)
    assert len(arrows) == sum(p not in hidden for n in nodes for p in n.parents) + result
    assert {end for arrow in arrows for end in arrow} <= set(drawn)
    clusters = re.findall(r"subgraph (\w+)", source)
    assert len(clusters) == len(set(clusters))
    assert source.count("{") == source.count("}")


def test_what_the_boxes_say() -> None:
    source = viz.graph(network()).source
    assert "loss · 6 operations · 142 parameters (4 frozen)" in source
    assert "<B>Conv</B>" in source and "3×3, padding 1" in source
    assert "weight 3×1×3×3 · bias 3 · 30" in source
    assert "weight 4×27 · bias 4 (frozen) · 112" in source
    assert "features.0" in source and 'label=" 2×1×6×6"' in source
    assert source.count("subgraph") == 1  # one frame: features; classifier holds a single op
    loss = float(network().numpy())
    assert f"loss = {loss:.5g}" in source


def test_gradients_are_shown_only_after_backward() -> None:
    assert "|∂" not in viz.graph(network(backward=False)).source
    w = parameter((2,), "w")
    (w * np.array([3.0, 4.0], np.float32)).sum().backward()
    assert "|∂w| 5&#160;" in viz.graph(w).source
    x = Tensor([1.0, 1.0], requires_grad=True)
    y = (x * np.array([6.0, 8.0], np.float32)).sum()
    y.backward(retain_graph=True)
    assert "|∂y| 10&#160;" in viz.graph(y).source


def test_the_norm_of_a_box_is_that_of_all_its_parameters() -> None:
    x = Tensor(np.ones((1, 2), np.float32))
    w, b = parameter((1, 2), "weight"), parameter((1,), "bias")
    y = F.linear(x, w, b).sum()
    y.backward(gradient=np.float32(100), retain_graph=True)
    assert "|∂w| 173&#160;" in viz.graph(y).source  # 100 * sqrt(1 + 1 + 1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_is_an_alarm(bad: float) -> None:
    x = Tensor([1.0], requires_grad=True)
    y = (x * 2).sum()
    y.backward(retain_graph=True)
    x.grad = np.array([bad], np.float32)
    source = viz.graph(y).source
    assert "#c62828" in source and f"|∂y| {bad}" in source


def test_shared_tensors_are_drawn_once() -> None:
    source = viz.graph(residual()).source
    assert source.count("<B>x</B>") == 1
    assert source.count("weight 3×3 (shared) · 9") == 2
    assert "· 9 parameters" in source  # counted once
    x = Tensor(3.0, requires_grad=True, name="x")
    assert edges(viz.graph(x * x).source) == [("n0", "n1"), ("n0", "n1"), ("n1", "out0")]


def test_numbers_stand_beside_their_operation_and_arrays_in_boxes() -> None:
    x = Tensor(np.ones(3), requires_grad=True)
    source = viz.graph(1 - x * np.ones(3)).source
    assert "1 −" in source and "dashed" in source and "constant float64" in source


def test_frames_lie_inside_frames() -> None:
    x = Tensor(np.ones(3), requires_grad=True)
    with scope("net"), scope("block"):
        x = F.exp(F.relu(x))
    with scope("net"):
        source = viz.graph(F.exp(x)).source
    outer, inner = source.index(">net<"), source.index(">net.block<")
    between = source[outer:inner]
    assert between.count("subgraph") == 1 and "}" not in between
    only = viz.graph(x).source
    assert ">net.block<" in only and ">net<" not in only  # the same boxes are framed once


def test_a_tensor_without_a_graph_is_one_box() -> None:
    source = viz.graph(Tensor(np.ones((3, 4)), name="alone")).source
    assert boxes(source) == ["n0"] and edges(source) == []
    assert "3 × 4 alone" in source and "input 3×4 float64" in source
    assert "x = 2.5" in viz.graph(Tensor(2.5, name="x")).source


def test_several_results_and_nodes() -> None:
    z = scalars()
    y = z + 1
    source = viz.graph([z, y, z]).source
    assert "2 results" in source and boxes(source).count("out1") == 1 and "out2" not in source
    node = viz.graph(y.node).source
    assert boxes(node)[-1] == "out0" and "result = " not in node  # a node holds no value


NASTY = ['"', "\\", '"];x[', "{a|b}", "<b>x</b>", "<", "&amp;", "\\N\\G\\n", "a\nb", "重み", "é\u0301",
         "\x00\x07", "\ud800", "\uffff", "", " ", "]]>", "-->", "%s", "x" * 5000]  # fmt: skip


@needs_engine
def test_hostile_names_are_shown_literally() -> None:
    for start in range(0, len(NASTY), 5):
        h = Tensor(np.ones(2), requires_grad=True, name=NASTY[start])
        for nasty in NASTY[start : start + 5]:
            with scope(nasty):
                h = F.tanh(h * 1.0) + parameter((2,), nasty)
                h.name = nasty
        source = viz.graph(h, title=NASTY[start]).source
        assert len(boxes(source)) == 17
        assert b"</svg>" in engines.draw(source, "svg")


@needs_engine
def test_what_the_picture_says_is_the_name() -> None:
    name = '"{a|b} <b>x</b> &amp; \\N \\G \\n 重み'
    svg = engines.draw(viz.graph(Tensor([1.0], name=name), title="").source, "svg").decode()
    texts = [e.text or "" for e in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert name in "".join(texts).replace("\u00a0", " ")


@given(st.text(max_size=80))
def test_any_text_leaves_valid_markup(text: str) -> None:
    ElementTree.fromstring(f"<T>{literal(text)}</T>")


def test_options_of_an_unknown_op() -> None:
    class Strange(Op):
        def __init__(self) -> None:
            self.text, self.sizes, self.deep, self.on, self.off = "<b>", (1, 2), 1e-5, True, False

        def forward(self, x: np.ndarray) -> np.ndarray:
            return x

    source = viz.graph(Strange()(Tensor([1.0], requires_grad=True))).source
    assert "text &lt;b&gt;, sizes 1, 2, deep 1e-05, on<" in source


@pytest.mark.slow
def test_ten_thousand_nodes_without_recursion() -> None:
    h = Tensor([1.0], requires_grad=True)
    for k in range(10_000):
        with scope("abc"[k % 3]):
            h = F.tanh(h)
    h = h.sum()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    try:
        source = viz.graph(h, max_nodes=None).source
    finally:
        sys.setrecursionlimit(limit)
    assert len(boxes(source)) == 10_003


def test_deeply_nested_scopes() -> None:
    node = Tensor([1.0], requires_grad=True).node
    for depth in range(1, 150):
        call = Call(None, ".".join("s" * depth))
        node = Node(Op(), (node,), (), (1,), np.dtype(np.float32), call)
    source = viz.graph(node, max_nodes=None).source
    assert source.count("subgraph") == 148 and source.count("{") == source.count("}")


def test_a_wrong_thing_is_refused() -> None:
    with pytest.raises(DTypeError, match="got ndarray"):
        viz.graph(np.ones(3))
    with pytest.raises(ArgumentError, match="the list is empty"):
        viz.graph([])
    with pytest.raises(ArgumentError, match="direction is 'up'"):
        viz.graph(scalars(), direction="up")


# --------------------------------------------------------------------------- files
def png_size(data: bytes) -> tuple[int, int]:
    assert data[:8] == PNG
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


@needs_engine
def test_files_of_each_format(tmp_path: Path) -> None:
    loss = network()
    for suffix, start in (("png", PNG), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("dot", b"digraph")):
        path = viz.render(loss, tmp_path / f"net work.{suffix}")
        assert path.read_bytes().startswith(start)
    width, height = png_size((tmp_path / "net work.png").read_bytes())
    assert 300 < width < 1500 and 600 < height < 3000
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "net work.dot", "net work.pdf", "net work.png", "net work.svg"
    ]  # fmt: skip


@needs_engine
@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_the_same_graph_gives_the_same_bytes(form: str) -> None:
    source = viz.graph(scalars()).source
    first = engines.draw(source, form)
    assert b"CreationDate (D:19700101" in first or form != "pdf"
    assert engines.draw(source, form) == first


@needs_engine
def test_dpi_scales_the_picture(tmp_path: Path) -> None:
    small = png_size(viz.render(scalars(), tmp_path / "a.png", dpi=72).read_bytes())
    large = png_size(viz.render(scalars(), tmp_path / "b.PNG", dpi=144).read_bytes())
    assert abs(large[0] - 2 * small[0]) < 4 and abs(large[1] - 2 * small[1]) < 4


@pytest.mark.parametrize(("name", "error", "says"), [
    ("a.bmp", ArgumentError, "ends in '.bmp'"),
    ("a", ArgumentError, "ends in 'no suffix'"),
    ("nowhere/a.png", FileNotFoundError, "nowhere does not exist"),
    ("folder.png", IsADirectoryError, "folder.png is a folder"),
])  # fmt: skip
def test_paths_that_do_not_fit(tmp_path: Path, name: str, error: type, says: str) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(error, match=re.escape(says)):
        viz.render(scalars(), tmp_path / name)
    assert [p.name for p in tmp_path.rglob("*")] == ["folder.png"]


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="no /sys, a folder that nobody can write to")
def test_a_read_only_folder_is_named() -> None:
    with pytest.raises(OSError, match="/sys/kernel") as caught:
        viz.render(scalars(), "/sys/kernel/a.dot")
    assert isinstance(caught.value, PermissionError)


@pytest.mark.parametrize("options", [{"dpi": 0}, {"dpi": 5000}, {"timeout": 0}, {"timeout": math.nan}])
def test_options_out_of_range(tmp_path: Path, options: dict[str, float]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(options))):
        viz.render(scalars(), tmp_path / "a.dot", **options)
    assert not list(tmp_path.iterdir())


# --------------------------------------------------------------------------- engines
@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines.shutil, "which", lambda name: None)
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    monkeypatch.setattr(browser_engine, "find_spec", lambda name: None)


@pytest.mark.usefixtures("no_engine")
def test_without_an_engine_the_text_is_saved(tmp_path: Path) -> None:
    assert viz.engine() is None
    with pytest.raises(MissingExtraError, match=r"tinygrad-cnn\[draw\].*apt install graphviz") as caught:
        viz.render(scalars(), tmp_path / "a.png")
    assert [p.name for p in tmp_path.iterdir()] == ["a.dot"] and "a.dot" in str(caught.value)
    assert (tmp_path / "a.dot").read_text(encoding="utf-8") == viz.graph(scalars()).source


@pytest.mark.usefixtures("no_engine")
def test_a_notebook_without_an_engine_shows_text() -> None:
    bundle = viz.graph(scalars())._repr_mimebundle_()
    assert list(bundle) == ["text/plain"] and "z · 2 operations" in bundle["text/plain"]


@pytest.mark.usefixtures("no_engine")
def test_a_notebook_without_an_engine_lays_the_graph_out_in_its_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index.js").write_text("export const Graphviz = {}")
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(browser_engine, "find_spec", lambda name: spec if name == "easydot" else None)
    x = Tensor(1.0, requires_grad=True, name="</script><b>")
    page = viz.graph(x * 2)._repr_mimebundle_()["text/html"]
    assert page.count("</script>") == 1 and "<b>" not in page and "import(URL.createObjectURL(" in page
    assert "text/html" not in viz.graph(x * 2)._repr_mimebundle_(exclude=["text/html"])


@needs_engine
def test_a_notebook_shows_svg() -> None:
    bundle = viz.graph(scalars())._repr_mimebundle_(include=None, exclude=None)
    assert 'style="max-width: 100%; height: auto"' in bundle["image/svg+xml"]
    assert "viewBox" in bundle["image/svg+xml"] and bundle["text/plain"] == str(viz.graph(scalars()))


@needs_pygraphviz
def test_pygraphviz_draws_without_dot_on_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engines.shutil, "which", lambda name: None)
    assert viz.engine() == "pygraphviz"
    before = dict(os.environ)
    png_size(viz.render(network(), tmp_path / "a.png").read_bytes())
    assert dict(os.environ) == before


@needs_dot
def test_dot_on_path_draws(tmp_path: Path) -> None:
    assert viz.engine() == "dot"
    png_size(viz.render(network(), tmp_path / "a.png").read_bytes())


@pytest.fixture
def fake_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program called `dot`, in a folder with a space, whose behaviour a test writes."""
    if os.name != "posix":
        pytest.skip("needs a shell script as a program")
    program = tmp_path / "a folder" / "dot"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


def test_dot_gets_the_text_and_its_options(fake_dot: Path, tmp_path: Path) -> None:
    fake_dot.write_text('#!/bin/sh\necho "$@"\ncat\n')
    drawn = viz.render(scalars(), tmp_path / "a.png", dpi=100).read_text(encoding="utf-8")
    assert drawn == "-Tpng -Gdpi=100\n" + viz.graph(scalars()).source


@needs_engine
def test_no_file_beside_the_users_script_hides_a_module_from_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "re.py").write_text("raise SystemExit('not mine')")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert viz.output.engines.draw("digraph {a}", "svg")


def test_an_engine_that_fails_is_quoted(fake_dot: Path, tmp_path: Path) -> None:
    fake_dot.write_text('#!/bin/sh\necho "Format: png not recognized" >&2\nexit 1\n')
    with pytest.raises(viz.DrawingError, match="status 1 and drew no png: Format: png not recognized"):
        viz.render(scalars(), tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()


def test_an_engine_that_hangs_is_stopped(fake_dot: Path, tmp_path: Path) -> None:
    fake_dot.write_text("#!/bin/sh\nexec sleep 600\n")
    start = time.perf_counter()
    with pytest.raises(viz.DrawingError, match=r"did not finish in 0\.2 s"):
        viz.render(scalars(), tmp_path / "a.png", timeout=0.2)
    assert time.perf_counter() - start < 300 and not (tmp_path / "a.png").exists()


def test_a_crash_in_the_engine_is_an_error(fake_dot: Path, tmp_path: Path) -> None:
    fake_dot.write_text("#!/bin/sh\nkill -SEGV $$\n")
    with pytest.raises(viz.DrawingError, match="status -11"):
        viz.render(scalars(), tmp_path / "a.png")


@needs_engine
@plots
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="fonts are set up on Linux only")
def test_text_is_there_on_a_system_without_fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = viz.graph(scalars()).source
    usual = png_size(engines.draw(source, "png"))
    empty = tmp_path / "empty.conf"
    empty.write_text('<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig/>')
    monkeypatch.setenv("FONTCONFIG_FILE", str(empty))
    with_ours = engines.draw(source, "pdf")
    monkeypatch.setattr(engines, "_matplotlib_fonts", lambda: None)
    without = engines.draw(source, "pdf")
    # A PDF carries the glyphs that it shows: only with a font is one embedded.
    assert b"DejaVu" in with_ours and b"DejaVu" not in without
    monkeypatch.undo()
    monkeypatch.setenv("FONTCONFIG_FILE", str(empty))
    # Text has its size; a little room for another version of the same font.
    assert abs(png_size(engines.draw(source, "png"))[0] - usual[0]) < 0.25 * usual[0]


def test_a_system_without_any_font_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engines, "_matplotlib_fonts", lambda: None)
    monkeypatch.setattr(engines, "_system_fonts", lambda: iter(()))
    monkeypatch.setattr(engines.sys, "platform", "linux")
    with pytest.warns(UserWarning, match=r"tinygrad-cnn\[plots\]"):
        engines._environment(tmp_path)


# --------------------------------------------------------------------------- Matplotlib
HISTORY = {
    "train_loss": [2.0, 1.0, 0.5], "test_loss": [2.0, 1.2, 1.3],
    "train_accuracy": [0.2, 0.6, 0.9], "test_accuracy": [0.3, 0.65, 0.6], "lr": [0.1, 0.1, 0.01],
}  # fmt: skip


@plots
def test_curves(tmp_path: Path) -> None:
    figure = viz.curves(HISTORY, tmp_path / "curves.png")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["Loss", "Accuracy", "Learning rate"]
    assert [text.get_text() for text in figure.axes[0].texts] == ["best 1.2 (epoch 2)"]
    assert [text.get_text() for text in figure.axes[1].texts] == ["best 65.0 % (epoch 2)"]
    assert not figure.axes[2].texts
    lines = [line for line in figure.axes[0].lines if not line.get_label().startswith("_")]
    assert [line.get_label() for line in lines] == ["train", "test"]
    assert lines[0].get_ydata().tolist() == HISTORY["train_loss"]
    assert png_size((tmp_path / "curves.png").read_bytes()) == (2246, 518)


@plots
def test_curves_with_gaps_and_one_epoch() -> None:
    gaps = viz.curves({"val_loss": [np.nan, 1.0], "train_loss": [np.inf, np.nan], "custom": [3]})
    assert [text.get_text() for text in gaps.axes[0].texts] == ["best 1 (epoch 2)"]
    assert not viz.curves({"loss": [np.nan, np.nan]}).axes[0].texts
    gaps.canvas.draw()


@plots
@pytest.mark.parametrize(("history", "error"), [
    ({}, ArgumentError), ({"loss": []}, ArgumentError), ({"loss": ["a"]}, DTypeError),
    ({"loss": [[1.0]]}, DTypeError), ({"loss": 3.0}, DTypeError),
])  # fmt: skip
def test_a_history_that_does_not_fit(history: dict, error: type) -> None:
    with pytest.raises(error, match=r"viz\.curves"):
        viz.curves(history)


@plots
def test_confusion(tmp_path: Path) -> None:
    labels, predictions = [0, 0, 0, 1, 2, 2], [0, 0, 1, 1, 2, 0]
    figure = viz.confusion(labels, np.array(predictions, np.uint8), tmp_path / "c.png", ["a", "$b", "c"])
    axes = figure.axes[0]
    assert figure.get_suptitle() == "Accuracy 66.7 % · 4 of 6 right"
    cells = {text.get_position(): (text.get_text(), text.get_color()) for text in axes.texts}
    assert cells[0, 0] == ("2", "white") and cells[1, 0][0] == "1" and cells[0, 2][0] == "1"
    shares = np.array([[2 / 3, 1 / 3, 0], [0, 1, 0], [0.5, 0, 0.5]])
    np.testing.assert_allclose(axes.images[0].get_array(), shares)
    assert png_size((tmp_path / "c.png").read_bytes())[0] > 400


@plots
def test_confusion_refuses_what_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(ShapeError, match=r"\(2,\).*\(1,\)"):
        viz.confusion([0, 1], [0])
    with pytest.raises(ShapeError, match="at least 1"):
        viz.confusion([], [])
    with pytest.raises(DTypeError, match="labels has dtype float64"):
        viz.confusion([0.5], [0])
    for labels, names in (([-1], None), ([2], ["a", "b"])):
        with pytest.raises(ArgumentError, match="classes run from"):
            viz.confusion(labels, [0], class_names=names)
    with pytest.raises(ArgumentError, match=r"\.gif"):
        viz.confusion([0], [0], tmp_path / "a.gif")
    assert not list(tmp_path.iterdir())


@plots
@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_figures_have_the_same_bytes_and_leave_settings_alone(tmp_path: Path, form: str) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    with matplotlib.rc_context({"font.size": 20.0}):
        viz.curves(HISTORY, tmp_path / f"a.{form}")
    viz.curves(HISTORY, tmp_path / f"b.{form}")
    assert (tmp_path / f"a.{form}").read_bytes() == (tmp_path / f"b.{form}").read_bytes()
    assert dict(matplotlib.rcParams) == before


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.style", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tinygrad-cnn\[plots\]'"):
        viz.curves(HISTORY)


def test_drawing_graphs_needs_no_matplotlib_and_no_pyplot_state() -> None:
    program = (
        "import sys, viz; from tinygrad_cnn import Tensor; viz.graph(Tensor(1.0)).source;"
        "assert 'matplotlib' not in sys.modules; viz.confusion([0], [0]);"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    if importlib.util.find_spec("matplotlib") is None:
        program = program.split("viz.confusion")[0]
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])
