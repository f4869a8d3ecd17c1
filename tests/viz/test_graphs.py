"""What is on a picture: a module's run, reverse arrows, derivatives, marks, figures, legend."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from processes import outputs_with_two_hash_seeds

import tinygrad_cnn.ops
import viz
from tinygrad_cnn import Tensor, grad, manual_seed, nn, no_grad
from tinygrad_cnn import functional as F
from tinygrad_cnn import rng as random
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.graph import Node, Op, scope
from tinygrad_cnn.ops.conv import Conv, ConvImage, ConvKernel
from viz.write import style

GOLDEN = Path(__file__).parent / "golden"
needs_pygraphviz = pytest.mark.skipif(
    importlib.util.find_spec("pygraphviz") is None, reason="pygraphviz is not installed"
)
needs_engine = pytest.mark.skipif(viz.engine() is None, reason="no layout engine installed")


def parameter(values: object, name: str, frozen: bool = False) -> Tensor:
    made = Tensor(np.asarray(values, np.float32), requires_grad=not frozen, name=name)
    made.node.role = "parameter"
    return made


def edges(source: str) -> list[tuple[str, str]]:
    return re.findall(r"^\t+(\w+) -> (\w+)", source, re.M)


# --------------------------------------------------------------------------- golden files
def apple() -> viz.Picture:
    with viz.record() as recorder:
        names = (("apple price", 100.0), ("number of apples", 2.0), ("tax", 1.1))
        price, count, tax = (Tensor(value, requires_grad=True, name=name) for name, value in names)
        total = price * count * tax
        total.name = "to pay"
        total.backward()
    return viz.graph(total, recorder=recorder)


def square() -> tuple[Tensor, Tensor, Tensor, viz.Recorder]:
    """z = (x + y)², with its first and second derivative by x."""
    with viz.record() as recorder:
        x, y = Tensor(1.0, requires_grad=True, name="x"), Tensor(2.0, requires_grad=True, name="y")
        z = (x + y) ** 2
        slope = grad(z, x, create_graph=True)
        curvature = grad(slope, x, create_graph=True)
        z.name, slope.name, curvature.name = "z", "∂z/∂x", "∂²z/∂x²"
    return z, slope, curvature, recorder


def derivatives() -> viz.Picture:
    *results, recorder = square()
    return viz.graph(list(results), recorder=recorder, values=True)


def ill() -> viz.Picture:
    """A dead rectifier, what vanishes behind it, and figures of everything."""
    x = Tensor(np.linspace(0, 1, 60, dtype=np.float32).reshape(20, 3), name="x")
    with viz.record() as recorder:
        h = F.relu(F.linear(x, parameter(np.ones((4, 3)), "weight"), parameter([-9.0] * 4, "bias")))
        loss = F.cross_entropy(F.linear(h, parameter(np.ones((2, 4)), "weight")), np.arange(20) % 2)
        loss.backward()
    return viz.graph(loss, recorder=recorder, flops=True, memory=True, statistics=True, legend=True)


def blocks() -> viz.Picture:
    """Residual blocks, folded."""
    x = Tensor(np.ones((2, 4), np.float32), requires_grad=True, name="x")
    for k in range(3):
        with scope(f"body.{k}"):
            x = x + F.tanh(F.linear(x, parameter(np.ones((4, 4)), "weight"), parameter(np.ones(4), "bias")))
    return viz.graph(x.sum(), fold=True, flops=True)


PICTURES = {"apple": apple, "derivatives": derivatives, "ill": ill, "blocks": blocks}


@pytest.mark.parametrize("name", PICTURES)
def test_dot_is_the_golden_file(name: str) -> None:
    # After a wanted change of the look: REWRITE_GOLDEN=1 make test, and read the difference.
    # Places in the code would change with every line of this file.
    source, path = re.sub(r' tooltip="[^"]*"', "", PICTURES[name]().source), GOLDEN / f"{name}.dot"
    if os.environ.get("REWRITE_GOLDEN"):
        path.write_text(source, encoding="utf-8")
    assert source == path.read_text(encoding="utf-8")


def test_dot_does_not_depend_on_the_process() -> None:
    program = (
        "import sys; import test_graphs as t;"
        "sys.stdout.buffer.write(''.join(t.PICTURES[k]().source for k in t.PICTURES).encode())"
    )
    texts = outputs_with_two_hash_seeds(program, Path(__file__).parent)
    assert texts[0] == texts[1] == "".join(make().source for make in PICTURES.values()).encode()


@needs_engine
@pytest.mark.parametrize("name", PICTURES)
def test_an_engine_draws_it(name: str, tmp_path: Path) -> None:
    picture = PICTURES[name]()
    svg = picture.render(tmp_path / "a.svg").read_text(encoding="utf-8")
    assert svg.count('class="node"') == len(picture.model.boxes) + len(picture.model.results)


# --------------------------------------------------------------------------- reverse arrows
def test_the_apples_are_drawn_as_in_a_textbook() -> None:
    source = apple().source
    assert "rankdir=LR" in source and source.count("shape=circle") == 2
    black = dict.fromkeys(re.findall(r'-> \w+ \[label=([\d.]+) color="#1a1a1a"', source))
    red = dict.fromkeys(re.findall(r"-> \w+ \[label=([\d.]+) arrowsize|-> \w+ \[label=([\d.]+)", source))
    assert set(black) == {"100", "2", "200", "1.1", "220"}
    back = re.findall(r'(\w+) -> (\w+) \[label=([\d.]+) color="#c0392b" dir=back', source)
    assert {label for *_, label in back} == {"2.2", "110", "1.1", "200", "1"} and red
    assert len(back) == 5 and len(edges(source)) == 10
    assert sorted(edges(source)) == sorted(2 * [(a, b) for a, b, _ in back])


def test_arrows_only_where_backward_was_seen_and_the_graph_is_small() -> None:
    with viz.record() as recorder:
        x = Tensor(2.0, requires_grad=True, name="x")
        y = x * x
    assert "circle" not in viz.graph(y, recorder=recorder).source
    assert "not computed" in viz.graph(y, recorder=recorder, gradients="arrows").source
    with viz.record() as recorder:
        y = x * x
        for _ in range(20):
            y = y * 1.5
        y.backward()
        z = Tensor([1.0, 2.0], requires_grad=True).sum()
        z.backward()
    for thing in (y, z):
        assert "circle" not in viz.graph(thing, recorder=recorder).source
        forced = viz.graph(thing, recorder=recorder, gradients="arrows", max_nodes=None).source
        assert "circle" in forced and "dir=back" in forced
    assert "norm" not in forced and "[1, 2]" in forced
    assert "circle" not in viz.graph(y, recorder=recorder, gradients=True).source


def test_each_arrow_has_its_own_share_and_constants_have_none() -> None:
    with viz.record() as recorder:
        x = Tensor(3.0, requires_grad=True, name="x")
        y = x * x - 4 * x
        y.backward()
    source = viz.graph(y, recorder=recorder).source
    red = re.findall(r'(\w+) -> (\w+) \[label="?([^" ]+)"? color="#c0392b"', source)
    assert sorted(label for tail, _, label in red if tail == "n0") == ["3", "3", "−4"]
    assert "dashed" in source  # the 4


def test_a_nan_is_marked_among_arrows() -> None:
    with viz.record() as recorder, np.errstate(all="ignore"):
        x = Tensor(-1.0, requires_grad=True, name="x")
        y = x.log() * 2
        y.backward()
    assert "#c62828" in viz.graph(y, recorder=recorder).source


# --------------------------------------------------------------------------- derivatives
def test_forward_and_derivative_are_told_apart() -> None:
    picture = derivatives()
    groups = {box.name: box.path for box in picture.model.boxes if not box.is_leaf and not box.order}
    assert groups == {"Add": "", "Pow": ""}
    assert {box.path for box in picture.model.boxes if box.order} == {"derivative", "second derivative"}
    assert ">derivative<" in picture.source and ">second derivative<" in picture.source
    assert picture.source.count(style.DERIVATIVE_FILL) == 2
    for text in ("z = 9", "∂z/∂x = 6", "∂²z/∂x² = 2"):
        assert text in picture.source


def test_a_derivative_keeps_the_modules_that_it_belongs_to() -> None:
    x = Tensor(np.ones((2, 3), np.float32), requires_grad=True, name="x")
    with viz.record() as recorder:
        with scope("net"):
            y = F.tanh(F.tanh(x)).sum()
        slope = grad(y, x, create_graph=True)
    groups = {box.path for box in viz.graph(slope, recorder=recorder).model.boxes if box.order}
    assert groups == {"derivative.net", "derivative"}
    whole = viz.graph(slope, recorder=recorder, depth=0).model
    assert [box.name for box in whole.boxes if box.kind == "module"] == ["net", "derivative"]


# --------------------------------------------------------------------------- marks
def marks(picture: viz.Picture) -> dict[str, list[str]]:
    return {box.name: [mark.text for mark in box.marks] for box in picture.model.boxes if box.marks}


def test_dead_units_and_vanished_gradients() -> None:
    picture = ill()
    assert marks(picture) == {
        "Linear": ["no gradient arrives"],
        "ReLU": ["dead: the result is 0 everywhere", "no gradient arrives"],
    }  # fmt: skip
    assert "▲ dead" in picture.source and picture.source.count("penwidth=2") == 2


@pytest.mark.parametrize("image", [np.zeros, np.ones])
def test_an_input_that_says_nothing_accuses_no_unit(image: Any) -> None:
    net = nn.Sequential(nn.Linear(3, 4, rng=0), nn.ReLU(), nn.Linear(4, 2, rng=0))
    net[0].weight.data, net[0].bias.data = -np.ones((4, 3), "float32"), -np.ones(4, "float32")
    assert marks(viz.graph(net, inputs=image((20, 3), "float32"))) == {}
    varied = np.linspace(0, 1, 60, dtype=np.float32).reshape(20, 3)
    assert marks(viz.graph(net, inputs=varied)) == {"ReLU": ["dead: the result is 0 everywhere"]}


def test_some_dead_units() -> None:
    values = np.where(np.arange(8) < 7, -1.0, 1.0) * np.ones((20, 1))
    with viz.record() as recorder:
        y = F.relu(Tensor(values, requires_grad=True))
    assert marks(viz.graph(y, recorder=recorder)) == {"ReLU": ["7 of 8 units dead in this batch"]}


def test_exploded_gradients() -> None:
    w = parameter(np.ones(2), "w")
    with viz.record() as recorder:
        y = (w * np.float32(10)).sum()
        for _ in range(12):
            y = y * np.float32(10)
        y.backward()
    found = marks(viz.graph(y, recorder=recorder))
    assert found == {"Mul": ["exploded gradient"], "Sum": ["exploded gradient"]}
    again = viz.graph(y)  # without a recorder: the parameters' own gradients
    assert marks(again) == {"Mul": ["exploded gradient"]}


def test_the_first_nan_and_no_other_is_marked() -> None:
    w = parameter([0.5, -1.0], "w")
    with viz.record() as recorder, np.errstate(all="ignore"):
        y = ((w * 2).log() + 1).sum()
        y.backward()
    assert marks(viz.graph(y, recorder=recorder)) == {"Log": ["first NaN"]}
    with viz.record() as recorder, np.errstate(all="ignore"):
        y = F.exp(parameter([np.inf], "w") * 1).sum()
    assert marks(viz.graph(y, recorder=recorder)) == {"Mul": ["first infinity"]}  # which holds w
    with viz.record() as recorder, np.errstate(all="ignore"):
        y = (parameter([0.0], "w") * 1).sqrt().sum()
        y.backward()
    assert marks(viz.graph(y, recorder=recorder)) == {"Sqrt": ["first NaN or infinity in a gradient"]}


# --------------------------------------------------------------------------- what is asked for
def test_gradients_that_were_not_computed() -> None:
    y = F.linear(Tensor(np.ones((1, 2), np.float32)), parameter(np.ones((1, 2)), "weight")).sum()
    assert "|∂" not in viz.graph(y).source
    source = viz.graph(y, gradients=True).source
    assert "gradients: not computed" in source and "|∂w| not computed" in source
    y.backward()
    source = viz.graph(y, gradients=True).source
    assert "not computed" not in source and "|∂w| 1.4" in source
    assert "|∂" not in viz.graph(y, gradients=False).source


@pytest.mark.parametrize("options", [
    {"values": True}, {"statistics": True}, {"times": True}, {"gradients": "arrows"}])  # fmt: skip
def test_what_was_not_recorded_is_asked_for_in_vain(options: dict) -> None:
    with pytest.raises(ArgumentError, match=rf"{next(iter(options))}.*viz\.record\(\) as recorder"):
        viz.graph(Tensor(1.0, requires_grad=True) * 2, **options)


def test_values_of_small_tensors_and_statistics_of_large_ones() -> None:
    w = parameter([[1.0, -2.0]], "w")
    x = Tensor(np.arange(20, dtype=np.float32).reshape(2, 10), name="x")
    with viz.record() as recorder:
        y = (w.T * x).sum()
        y.backward()
    values = viz.graph(y, recorder=recorder, values=True).source
    assert "w [[1, −2]]" in values and "w’s gradient [[45, 145]]" in values and "min" not in values
    statistics = viz.graph(y, recorder=recorder, statistics=True).source
    assert "min 0 · mean 9.5 · max 19" in statistics and "5 % zeros" in statistics
    both = viz.graph(y, recorder=recorder, statistics=True, values=True).source
    assert "w [[1, −2]]" in both and "value min −38" in both
    without = viz.graph(y, recorder=recorder, values=True, gradients=False).source
    assert "gradient" not in without


def test_bytes_kept_and_freed() -> None:
    x = Tensor(np.ones((64, 4), np.float32), requires_grad=True, name="x")
    y = F.tanh(x * 2).sum()
    assert "1 KiB kept for backward" in viz.graph(y, memory=True).source
    y.backward()
    freed = viz.graph(y, memory=True).source
    assert "kept arrays are freed" in freed and "KiB" not in freed


def test_times_are_shown_when_they_were_taken() -> None:
    with viz.record() as recorder:
        y = F.tanh(Tensor(np.ones((9, 9)), requires_grad=True)).sum()
    source = viz.graph(y, recorder=recorder, times=True).source
    assert re.search(r"· [\d.e-]+ ms forward<", source) and "ms backward" not in source
    with viz.record() as recorder:
        y = F.tanh(Tensor(np.ones((9, 9)), requires_grad=True)).sum()
        y.backward()
    assert "ms forward" in (source := viz.graph(y, recorder=recorder, times=True).source)
    assert "ms backward" in source


def test_the_place_in_the_code_is_a_tooltip() -> None:
    with viz.record() as recorder:
        y = F.tanh(Tensor([1.0], requires_grad=True))
    source = viz.graph(y, recorder=recorder).source
    assert re.search(r'tooltip="Tanh, made at test_graphs\.py:\d+"', source)


def test_an_element_type_that_changes_is_written() -> None:
    x = Tensor(np.ones(2, np.float32), requires_grad=True)
    boxes = viz.graph((x * 2).astype("float64")).model.boxes
    assert [box.options for box in boxes] == ["", "× 2", "dtype float64"]


def test_many_tensors_between_two_boxes_are_one_arrow() -> None:
    x = Tensor([1.0], requires_grad=True)
    with scope("a"):
        made = [x * k for k in range(2, 6)]
    with scope("b"):
        y = made[0] + made[1] + made[2] + made[3]
    whole, closed = viz.graph(y), viz.graph(y, depth=0)
    assert len(edges(whole.source)) == 4 + 6 + 1
    assert edges(closed.source) == [("n0", "n1"), ("n1", "n5"), ("n5", "out0")]
    assert " 1  ×4" in closed.source and len(closed.model.edges) == 5


def test_kinds_of_tensors_are_told_apart() -> None:
    x, w, f = Tensor([1.0], name="x"), parameter([1.0], "w"), parameter([1.0], "f", frozen=True)
    y = (x * w) * (f * w) * np.ones(1, np.float32)
    picture = viz.graph([y, w, f], legend=True)
    source = picture.source
    said = re.findall(r">(input|parameter|frozen parameter|constant)(?: 1)? float(?:32|64)<", source)
    assert sorted(said) == ["constant", "frozen parameter", "input", "parameter"]
    lines = [line for line in source.splitlines() if "dashed" in line]
    assert len(lines) == 3  # the frozen parameter, the constant, and its edge
    assert source.count(style.PARAMETER_FILL) == 2
    for word in ("arithmetic", "input", "parameter", "constant, frozen"):
        assert re.search(rf">{word}</FONT>&#160;</TD>", source)
    assert "convolution" not in source and "convolution" not in viz.graph(y).source


@pytest.mark.parametrize("wrong", [{"gradients": "red"}, {"direction": "left"}, {"gradients": 2}])
def test_options_that_do_not_fit(wrong: dict) -> None:
    with pytest.raises(ArgumentError, match=next(iter(wrong))):
        viz.graph(Tensor(1.0), **wrong)


def test_an_unknown_option_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="colour"):
        viz.render(Tensor(1.0), tmp_path / "a.dot", colour=True)
    assert not list(tmp_path.iterdir())


NASTY = [
    '"];x[', "{a|b}", "<b>x</b>", "&amp;", "&", "\\N\\G\\n", "a\nb", "重み", "\x00\ud800", "", " ", "%s",
    "a.b", "}",
]  # fmt: skip


def hostile(names: list[str]) -> list[viz.Picture]:
    with viz.record() as recorder:
        x = Tensor(2.0, requires_grad=True, name=names[0])
        with scope(names[1]), scope(names[2]):
            y = F.tanh(F.tanh(x * 3))
        y.name = names[2]
        y.backward()
    options = ({}, {"gradients": True}, {"depth": 0}, {"fold": True, "legend": True, "values": True})
    return [viz.graph(y, recorder=recorder, title=names[1], **one) for one in options]


READ = """
import json, sys
import pygraphviz
print(json.dumps([sorted(pygraphviz.AGraph(string=s).nodes()) for s in json.load(sys.stdin)]))
"""


@needs_pygraphviz
def test_names_leave_dot_that_can_be_read() -> None:
    """By Graphviz's own parser, in a process of its own: it is C code that is fed hostile text."""
    pictures: list[viz.Picture] = []

    @settings(max_examples=40)
    @given(st.lists(st.sampled_from(NASTY) | st.text(max_size=8), min_size=3, max_size=3))
    def collect(names: list[str]) -> None:
        pictures.extend(hostile(names))

    collect()
    done = subprocess.run(
        [sys.executable, "-c", READ],
        input=json.dumps([picture.source for picture in pictures]),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    for picture, nodes in zip(pictures, json.loads(done.stdout), strict=True):
        ids = {f"n{box.id}" for box in picture.model.boxes}
        assert set(nodes) == ids | {f"out{k}" for k in range(len(picture.model.results))}


@needs_engine
def test_names_are_drawn(tmp_path: Path) -> None:
    for start in range(0, len(NASTY), 3):
        for picture in hostile([*NASTY, *NASTY][start : start + 3])[:2]:
            assert b"</svg>" in picture.render(tmp_path / "a.svg").read_bytes()


# --------------------------------------------------------------------------- multiply-adds
def multiply_adds(node: Node) -> int:
    return node.op.multiply_adds(node.shape, tuple(parent.shape for parent in node.parents))


@pytest.mark.parametrize(("make", "count"), [
    (lambda: F.conv2d(grown((1, 4, 9, 9)), np.ones((6, 4, 3, 3)), stride=2, padding=1), 6 * 5 * 5 * 4 * 9),
    (lambda: F.conv2d(grown((1, 4, 8, 8)), np.ones((6, 2, 3, 3)), groups=2), 6 * 6 * 6 * 2 * 9),
    (lambda: grown((2, 3, 5)) @ np.ones((5, 7)), 2 * 3 * 5 * 7),
    (lambda: F.linear(grown((4, 5)), np.ones((3, 5)), np.ones(3)), 4 * 5 * 3),
    (lambda: F.einsum("ij,jk,k->i", grown((2, 3)), np.ones((3, 4)), np.ones(4)), 2 * 3 * 4 * 2),
    (lambda: F.relu(grown((4, 5))), 0),
])  # fmt: skip
def test_multiply_adds(make: object, count: int) -> None:
    node = make().node
    while node.op.name in ("Reshape", "Transpose"):
        node = node.parents[0]
    assert multiply_adds(node) == count


def grown(shape: tuple[int, ...]) -> Tensor:
    return Tensor(np.ones(shape), requires_grad=True)


def test_a_convolution_and_its_derivatives_cost_the_same() -> None:
    y = F.conv2d(grown((2, 4, 8, 8)), grown((6, 4, 3, 3)), padding=1)
    grid, groups = y.node.op.grid, y.node.op.groups
    x, w = grown((2, 4, 8, 8)), grown((6, 4, 3, 3))
    costs = [multiply_adds(op(grid, groups)(a, b).node) for op, a, b in (
        (Conv, x, w), (ConvImage, grown(y.shape), w), (ConvKernel, x, grown(y.shape)))]  # fmt: skip
    assert costs == [2 * 6 * 8 * 8 * 4 * 9] * 3


def test_each_family_of_ops_has_a_colour_and_a_word() -> None:
    families = set()
    for module in pkgutil.iter_modules(tinygrad_cnn.ops.__path__):
        found = importlib.import_module(f"tinygrad_cnn.ops.{module.name}")
        families |= {v.family for v in vars(found).values() if isinstance(v, type) and issubclass(v, Op)}
    assert len(families) > 8 and families <= set(style.KINDS)
    assert set(style.KINDS) == set(style.KIND_WORDS)


def test_an_op_of_another_library_is_drawn_by_what_its_own_class_says() -> None:
    class Conv(Op):  # one operand, no grid: nothing but the name is that of ours
        family, symbol, rectifies = "of its own", "∗", True

        def forward(self, x: np.ndarray) -> np.ndarray:
            return x * 0

        def backward(self, g: np.ndarray) -> tuple[np.ndarray]:
            return (g * 0,)

        def multiply_adds(self, result: tuple[int, ...], operands: tuple[tuple[int, ...], ...]) -> int:
            return 1234 * len(operands)

    with viz.record() as recorder:
        x = Tensor(np.linspace(1, 2, 64).reshape(32, 2), requires_grad=True, name="x")
        y = Conv()(x)
        y.sum().backward(retain_graph=True)
    source = viz.graph(y, recorder=recorder, flops=True, legend=True).source
    assert "<B>Conv</B>" in source and "1,234 multiply-adds" in source and "other" in source
    assert f'fillcolor="{style.KINDS["other"]}"' in source and "dead" in source
    assert '<FONT POINT-SIZE="18">∗</FONT>' in viz.graph(y, recorder=recorder, gradients="arrows").source


# --------------------------------------------------------------------------- a module's run
class Model(nn.Module):
    """Everything that a run could change: running averages, random draws, a mode."""

    def __init__(self) -> None:
        self.first, self.norm = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)
        self.drop, self.own = nn.Dropout(0.5), nn.Dropout(0.5, rng=3)
        self.fail = False

    def forward(self, x: Tensor) -> dict[str, object]:
        h = self.own(self.drop(self.norm(self.first(x))))
        if self.fail:
            raise ShapeError("no")
        return {"image": h, "sums": [h.sum(), (h * h).sum()]}


IMAGES = np.linspace(0, 1, 2 * 36, dtype=np.float32).reshape(2, 1, 6, 6)


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_a_module_is_left_as_it_was(training: bool, fails: bool) -> None:
    manual_seed(5)
    model = Model().train(training)
    model(Tensor(IMAGES))["sums"][0].backward()
    state = {k: v.copy() for k, v in model.state_dict().items()}
    grads = [p.grad.numpy().copy() for p in model.parameters()]
    states = [random.generator().bit_generator.state, model.own.rng.bit_generator.state]
    model.fail = fails
    if fails:
        with pytest.raises(ShapeError):
            viz.graph(model, inputs=IMAGES)
    else:
        picture = viz.graph(model, inputs=IMAGES, values=True)
        names = [box.name for box in picture.model.boxes if not box.is_leaf]
        assert names[:2] == ["Conv", "BatchNorm"]
        assert ("Dropout" in names) is training
        assert len(picture.model.results) == 3 and picture.summary.startswith("Model · ")
    assert all(m.training is training for m in model.modules())
    for key, value in model.state_dict().items():
        np.testing.assert_array_equal(value, state[key])
    for p, before in zip(model.parameters(), grads, strict=True):
        np.testing.assert_array_equal(p.grad.numpy(), before)
    assert states == [random.generator().bit_generator.state, model.own.rng.bit_generator.state]


def test_everything_that_is_done_to_the_input_is_drawn() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 2)).requires_grad_(False)
    x = Tensor(IMAGES, name="digits")
    with no_grad(), scope("somewhere"):
        picture = viz.graph(model, inputs=x)
    assert [box.name for box in picture.model.boxes] == ["digits", "Reshape", "Linear"]
    assert [box.path for box in picture.model.boxes] == ["", "0", "1"]
    assert "(74 frozen)" in picture.source and x.grad is None and not x.requires_grad


def test_several_inputs() -> None:
    class Sum(nn.Module):
        def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
            return a + b, a

    picture = viz.graph(Sum(), inputs=(np.ones(2), Tensor([1, 2])))
    assert [box.name for box in picture.model.boxes] == ["a", "b", "Add"]


def test_a_run_that_cannot_be() -> None:
    with pytest.raises(ArgumentError, match="give inputs="):
        viz.graph(nn.ReLU())
    with pytest.raises(DTypeError, match="inputs hold str"):
        viz.graph(nn.ReLU(), inputs="x")
    with pytest.raises(ArgumentError, match="inputs= is for a Module"):
        viz.graph(Tensor(1.0), inputs=np.ones(1))

    class Nothing(nn.Module):
        def forward(self, x: Tensor) -> None:
            return None

    with pytest.raises(DTypeError, match="Nothing gave NoneType"):
        viz.graph(Nothing(), inputs=np.ones(1))


def test_a_module_into_a_file(tmp_path: Path) -> None:
    path = viz.render(nn.Linear(2, 1), tmp_path / "a.dot", inputs=np.ones((1, 2), np.float32), flops=True)
    text = path.read_text(encoding="utf-8")
    assert "Linear · 1 operation · 3 parameters · 2 multiply-adds" in text
    assert math.isfinite(len(text))


def test_operations_are_drawn_under_the_names_that_users_know() -> None:
    layers = [name for name in dir(nn) if not name.startswith("_")]
    for one in vars(tinygrad_cnn.ops).values():
        if isinstance(one, type) and issubclass(one, Op) and one.family in ("loss", "norm", "activation"):
            word = vars(one).get("word") or one.__name__
            own = one.forward is not Op.forward and word != "GRU gates" and word != "LSTM gates"
            assert not own or any(name.startswith(word) for name in layers), one


def test_a_subclass_does_not_inherit_the_word_of_an_operation() -> None:
    class Mine(tinygrad_cnn.ops.SquaredError):
        pass

    loss = Mine("mean")(Tensor([1.0, 2.0], requires_grad=True), np.ones(2))
    assert viz.graph(loss).model.boxes[-1].name == "Mine"
