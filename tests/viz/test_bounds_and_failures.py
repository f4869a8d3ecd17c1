"""What happens beyond the bounds of sizes, where a layout engine fails, and to words that do not fit."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import viz
from tinygrad_cnn import Tensor, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.graph import scope
from viz.__main__ import main
from viz.compare import alignment
from viz.compare.alignment import aligned
from viz.model.boxes import Box, Edge, Model, Parameter, Result
from viz.model.building import build
from viz.model.node_graph import roots_of
from viz.options import Choice
from viz.output import engines
from viz.page_sizes import _scale, page_size
from viz.picture import _fitted
from viz.plots.layer_calls import noting
from viz.recording import recorder as recorder_module
from viz.recording.module_run import _names
from viz.recording.summary import values_of
from viz.reduce import repetition, side_by_side
from viz.training.layer_series import Layer, findings
from viz.training.run_picture import _curve
from viz.write import arrangement
from viz.write.dot import source
from viz.write.plain_labels import parameters_text

needs_engine = pytest.mark.skipif(viz.engine() is None, reason="no layout engine installed")
X = np.ones((2, 3), np.float32)


def boxes(y: Tensor) -> Model:
    return build(roots_of(y))


def network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4, rng=0), nn.Tanh(), nn.Linear(4, 2, rng=0))


def tensor(name: str = "x") -> Tensor:
    return Tensor(X, requires_grad=True, name=name)


def test_boxes_that_lead_nowhere_lie_before_the_last_ones() -> None:
    x = tensor()
    model = build(roots_of([F.tanh(x), F.exp(x)]))
    one, two = (box.id for box in model.boxes if not box.is_leaf)
    assert f"n{one} -> n{two} [style=invis]" in source(model, Choice(), last=[two])


# --------------------------------------------------------------------------- sizes
def test_long_graphs_are_compared_by_the_paths_of_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = (
        viz.graph(net(), inputs=X).model.boxes
        for net in (network, lambda: nn.Sequential(*network(), nn.Tanh()))
    )
    wanted = aligned(short, long)
    monkeypatch.setattr(alignment, "_best", alignment._by_path)
    assert aligned(short, long) == wanted and len(wanted) == len(short)


def test_graphs_beyond_the_bounds_are_drawn_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    y = F.concatenate([tensor(f"x{k}") for k in range(9)])
    whole = boxes(y)
    assert len(side_by_side.side_by_side(whole).boxes) == 2
    with monkeypatch.context() as bound:
        bound.setattr(side_by_side, "_ROUNDS", 0)
        assert side_by_side.side_by_side(whole) == whole
        bound.setattr(side_by_side, "_BOXES", 5)
        assert side_by_side.side_by_side(whole) is whole
    z = tensor()
    for _ in range(3):
        z = (z * 2).tanh()
    assert len(repetition.repeats(boxes(z))) == 1
    monkeypatch.setattr(repetition, "_TRIES", 0)
    assert repetition.repeats(boxes(z)) == []


def test_columns_and_the_u_need_what_makes_them() -> None:
    def made(shapes: list[tuple[int, ...]], *skips: tuple[int, int]) -> Model:
        boxes = tuple(Box(k, "op", "Tanh", shape, "float32") for k, shape in enumerate(shapes))
        pairs = [*((k, k + 1) for k in range(len(shapes) - 1)), *skips]
        return Model(boxes, tuple(Edge(a, b, a, ()) for a, b in pairs), (), "", len(boxes), False)

    chain = made([(1, 1, 8, 8)] * 8)
    assert arrangement.in_columns(chain, 1) is arrangement.PLAIN is arrangement.in_columns(chain, 5)
    beside = replace(chain, edges=chain.edges[:3])  # four in a row, and four beside the first one
    assert arrangement.in_columns(beside, 4) is arrangement.PLAIN
    sizes = [8, 8, 4, 2, 2, 2, 4, 8, 8]

    def u(sizes: list[int]) -> Model:
        return replace(
            made([(1, 1, n, n) for n in sizes], (1, 7), (2, 6)),
            results=(Result(8, "y", (), None, None, None),),
        )

    assert arrangement.as_u(u(sizes)).is_u and arrangement.worth(u(sizes), arrangement.as_u(u(sizes))) == 1
    assert arrangement.as_u(u([8, 2, 4, 8, 8, 8, 4, 2, 8])) is arrangement.PLAIN


def test_pages() -> None:
    for page in (("a", "b"), (None, 3), (0, 5), "b9", 3):
        with pytest.raises(
            ArgumentError, match=r"viz.graph: page is .*'a4 landscape'.* or \(width, height\)"
        ):
            page_size(page)
    assert _scale("<svg>", (4.0, 3.0)) == 0 and _fitted("<svg>") == "<svg>"
    assert (
        _fitted('<svg width="90pt" height="20pt">')
        == '<svg width="90pt" height="20pt" style="max-width: 100%; height: auto">'
    )
    assert _scale('<svg width="144pt" height="72pt">', (4.0, 3.0)) == 2


# --------------------------------------------------------------------------- engines and files
def test_engines_that_fail(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engines, "_command", lambda *_: [str(tmp_path / "nothing")])
    with pytest.raises(engines.DrawingError, match=r"viz.render: .*nothing does not start: "):
        engines.draw("digraph {}", "svg")
    monkeypatch.setattr(engines, "_run", lambda *_: b"<?xml?><svg/>")
    with pytest.raises(engines.DrawingError, match="drew 1 of 2 parts"):
        engines.draw_all(["digraph {}", "digraph {}"])
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    monkeypatch.setattr(engines.shutil, "which", lambda name: None)
    assert engines._matplotlib_fonts() is None and engines.engine() is None
    with pytest.raises(engines.MissingExtraError, match=r"tinygrad-cnn\[draw\]"):
        engines.need_engine(tmp_path / "a.png", "digraph {a}")
    assert (tmp_path / "a.dot").read_text() == "digraph {a}"


def test_fonts_where_the_system_has_none_and_on_other_systems(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    (tmp_path / ".fonts").mkdir()
    (tmp_path / ".fonts" / "mine.TTF").touch()
    (tmp_path / ".fonts" / "mine.ttf").touch()
    assert tmp_path / ".fonts" / "mine.ttf" in list(engines._system_fonts())
    for name in ("FONTCONFIG_FILE", "FONTCONFIG_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(engines, "_font_folders", list)
    monkeypatch.setattr(engines, "_system_fonts", lambda: iter(()))
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.warns(UserWarning, match="this system seems to have no font"):
        assert "FONTCONFIG_FILE" not in engines._environment(tmp_path)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert engines._environment(tmp_path)["TZ"] == "UTC"


def test_a_folder_that_takes_no_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(PermissionError, match="cannot be written to"):
        viz.graph(tensor() * 2).render(tmp_path / "a.dot")
    assert list(tmp_path.iterdir()) == []


# --------------------------------------------------------------------------- words
def test_titles_of_mermaid_what_is_hidden_and_where_nothing_lies() -> None:
    y = (tensor() * np.ones(3, np.float32)).tanh()
    assert 'title: "a \\"b\\"\\\\ "' in viz.graph(y, title='a "b"\\\n').drawn("mmd").decode()
    assert "constant" in viz.graph(y).source and "constant" not in viz.graph(y, hide=["constants"]).source
    a, b = tensor("a"), tensor("b")
    with pytest.raises(ArgumentError, match="no operation lies between the two places"):
        viz.graph(a + b, between=("a", "b"))


def test_colours_times_and_long_lists_of_parameters() -> None:
    y = (tensor() * 2).tanh()
    drawn = viz.graph(y, color=lambda node: float("nan") if node.op and node.op.name == "Tanh" else 1.0)
    assert "#ffb3a6" in drawn.source
    listed = tuple(Parameter(k, f"w{k}", (2,)) for k in range(8))
    assert parameters_text(listed).endswith("w5 2 · 2 more · 16")
    with viz.record() as recorder:
        z = network()(Tensor(X))
    data = json.loads(viz.graph(z, recorder=recorder, times=True).drawn("json"))
    assert data["boxes"][-1]["forward_ms"] > 0 and data["boxes"][-1]["backward_ms"] is None


def test_a_model_that_does_not_tell_its_inputs_names() -> None:
    class Nameless(nn.Module):
        forward = max  # a function of C without a signature

    assert _names(Nameless(), 2) == ["x1", "x2"] and _names(Nameless(), 1) == ["x"]


# --------------------------------------------------------------------------- trainings
def layer(name: str, flow: list[float], activation: list[float] | None = None) -> Layer:
    made = Layer(name, learns=True)
    for k, value in enumerate(flow):
        made.activation.append(1.0 if activation is None else activation[k])
        made.flow.append(value)
        made.gradient.append(value)
        made.update.append(1e-3)
        made.dead.append(0.0)
    return made


def test_findings_name_the_first_number_that_is_not_finite_and_growth() -> None:
    inf = float("inf")
    assert (
        findings([layer("0", [1.0, inf]), layer("1", [1.0, inf])], [1, 2], [0.5, 0.5])[0]
        == "step 2: a gradient of 1 is NaN or infinite first"
    )
    assert (
        findings([layer("0", [1.0, 1.0])], [1, 2], [0.5, inf])[0] == "step 2: the loss is NaN or infinite"
    )
    steps = list(range(1, 9))
    grown = findings([layer("0", [10.0**k for k in range(8)])], steps, [0.5] * 8)
    assert grown == ["0: the gradient grew 1e+07 times since step 1"]
    assert _curve([float("nan")] * 3, True, 110, 24) == ""


@pytest.mark.slow
def test_a_sick_run_in_a_notebook_and_as_text() -> None:
    pytest.importorskip("matplotlib", reason="Matplotlib is not installed")
    model = network()
    seen = viz.watch(model)
    assert seen._repr_png_() is None
    model[2].weight.data[0, 0] = np.nan
    with np.errstate(all="ignore"), seen:
        (model(Tensor(X)) ** 2).mean().backward()
    assert seen._repr_png_().startswith(b"\x89PNG")
    lines = str(seen).splitlines()
    assert (
        lines[0] == f"<Watch 1 steps of 3 layers: {len(lines) - 1} to report>"
        and "2 gives NaN or infinity first" in lines[1]
    )


# --------------------------------------------------------------------------- graphs
def test_blocks_that_are_wired_in_another_way_end_a_repetition() -> None:
    x = tensor()
    y = ((x + x).tanh() + x).tanh()
    z = (y + y).tanh()
    (found,) = repetition.repeats(boxes(((z + x).tanh() + x).tanh()))
    assert len(found.blocks) == 2


def test_branches_in_modules_of_their_own_are_joined_with_the_modules() -> None:
    x, outputs = tensor(), []
    for k in range(3):
        with scope(f"branch.{k}"):
            outputs.append(F.tanh(x * 2))
    joined = side_by_side.side_by_side(boxes(F.concatenate(outputs)))
    places = {place.name for box in joined.boxes for place in box.group}
    assert [box.repeats for box in joined.boxes if box.name == "Tanh"] == [3] and len(places) == 2, places


def test_operands_that_come_twice_and_modules_that_were_called_before() -> None:
    a, b = tensor("a"), tensor("b")
    changes = str(viz.diff(F.concatenate([a, b]), F.concatenate([a, b, a])))
    assert "takes a, b -> a, b, a" in changes.replace("→", "->")
    layer, own = nn.ReLU(), lambda x: x
    layer.forward = own  # type: ignore[assignment]
    with noting({"relu": layer}) as calls:
        layer(tensor())
    assert [name for name, _ in calls] == ["relu"] and vars(layer)["forward"] is own


def test_numbers_of_a_recording() -> None:
    with viz.record() as recorder:
        loss = (tensor() * 2).sum()
        loss.backward(np.array(np.inf, np.float32))
    picture = viz.graph(loss.node, recorder=recorder)
    assert picture.model.results[0].number == 12 and recorder.first_bad_gradient == loss.node.serial

    class Foreign:
        def numpy(self) -> np.ndarray:
            return X

    assert values_of(Foreign()) is X
    with pytest.raises(ArgumentError, match="no layer gave a Tensor with elements"):
        viz.histograms(network(), X[:0])


def test_calls_from_nowhere_have_no_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "_OURS", ("",))
    assert recorder_module._site() is None


# --------------------------------------------------------------------------- pages and the command line
def test_a_page_takes_fewer_boxes_until_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    scales = []

    def badly(texts: list, size: tuple[float, float], worth: list[float]) -> tuple[str, float]:
        scales.append(len(texts))
        return texts[0](), 0.1

    monkeypatch.setattr("viz.page_fitting.best", badly)
    assert "digraph" in viz.graph(tensor() * 2, page="a4").source and len(scales) == 1  # fewer are the same


def test_pages_sizes_and_formats_of_the_command_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("viz.page_sizes.engine", lambda: None)
    script = tmp_path / "net.py"
    script.write_text(
        "from tinygrad_cnn import Tensor, nn\nloss = Tensor([1.0], requires_grad=True) * 2\n"
        "model = nn.Linear(2, 1)\n"
    )
    assert main([f"{script}:loss", "--page", "4x3", "--between", ":", "-o", "-"]) == 0
    assert 'size="4,3"' in capsys.readouterr().out
    hidden = main([f"{script}:loss", "--hide", "frames", "--form", "dot", "-o", str(tmp_path / "a.tmp")])
    assert hidden == 0
    assert (tmp_path / "a.tmp").read_text().startswith("digraph")
    for words in (["2:complex64"], ["-1,2"]):
        with pytest.raises(SystemExit):
            main([f"{script}:model", *(f"--input={word}" for word in words)])
        assert "is not a shape" in capsys.readouterr().err
    onnx = pytest.importorskip("tinygrad_cnn.onnx", reason="needs onnx: pip install 'tinygrad-cnn[onnx]'")
    onnx.save(nn.ReLU(), tmp_path / "net.onnx", np.ones((1, 2, 3), np.float32), dynamic=(0, 1))
    for words, says in (([], "give --input with sizes"), (["--note", "f"], "--note is about a script")):
        assert main([str(tmp_path / "net.onnx"), *words]) == 2
        assert says in capsys.readouterr().err


@pytest.mark.slow
@needs_engine
def test_pages_of_differences_and_of_loops(tmp_path: Path) -> None:
    cell, h = nn.Linear(3, 3, rng=0), tensor()
    for _ in range(6):
        h = F.tanh(cell(h))
    picture = viz.graph(h, fold=True)
    assert picture.model.loops and "equal boxes drawn as this one" in picture.drawn("html").decode()
    a, b = tensor("a"), tensor("b")
    text = viz.diff(a * 2, F.tanh(b * 2)).render(tmp_path / "changes.html").read_text("utf-8")
    assert "What has changed" in text and "Tanh" in text
    untitled = (
        viz.diff(a * 2, F.tanh(b * 2), title="").render(tmp_path / "untitled.html").read_text("utf-8")
    )
    assert "What has changed" in untitled
