"""Less detail: modules as one box, repeated blocks once; what must be kept, and what must not be joined."""

from __future__ import annotations

import re
import sys
from collections import Counter
from math import prod
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import viz
from tinygrad_cnn import Tensor, grad, manual_seed, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.graph import ancestors, scope
from viz.model.boxes import Model
from viz.model.building import build
from viz.model.node_graph import roots_of
from viz.options import Choice
from viz.output.engines import draw_all
from viz.page import document as page
from viz.page.cutting import Part, parts
from viz.page.svg_pieces import piece
from viz.reduce import repetition
from viz.reduce.closing import closed
from viz.reduce.folding import folded
from viz.reduce.simplifying import simplified, stretches
from viz.write.dot import source

needs_engine = pytest.mark.skipif(viz.engine() is None, reason="no layout engine installed")


@pytest.fixture(autouse=True)
def _seed() -> None:
    """Weights decide which units are dead, and a block with an alarm is not drawn as an equal one."""
    manual_seed(1)


def parameter(shape: tuple[int, ...], name: str) -> Tensor:
    made = Tensor(np.ones(shape, np.float32), requires_grad=True, name=name)
    made.node.role = "parameter"
    return made


def model_of(thing: object) -> Model:
    return build(roots_of(thing))


def of(made: viz.Picture | Model) -> list[str]:
    """Names of the boxes, with lines and repetitions."""
    model = made.model if isinstance(made, viz.Picture) else made
    return [
        "+".join([box.name, *(line.name for line in box.lines)])
        + (f"×{box.repeats}" if box.repeats > 1 else "")
        for box in model.boxes
        if not box.is_leaf
    ]


# --------------------------------------------------------------------------- what is kept
STEPS = st.lists(
    st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(0, 7)), min_size=1, max_size=25
)
SCOPES = st.sampled_from(["a", "b.c", "b.d", "e.0", "e.1", ""])
BLOCKS = st.lists(st.tuples(SCOPES, STEPS, st.integers(1, 4)), min_size=1, max_size=5)


def step(what: int, a: Tensor, b: Tensor, shared: Tensor) -> Tensor:
    if what == 0:
        return a + b
    if what == 1:
        return F.tanh(a)
    if what == 2:
        return F.relu(a) * 0.5
    if what == 3:
        return a @ parameter((2, 2), "w")
    if what == 4:
        return a @ b
    if what == 5:
        return F.linear(a, parameter((2, 2), "weight"), parameter((2,), "bias"))
    return a * np.ones((2, 2), np.float32) if what == 6 else a @ shared


def random_graph(blocks: list, ends: int) -> tuple[list[Tensor], viz.Recorder]:
    """Blocks in scopes, some run several times, which look back at most six results."""
    shared = parameter((2, 2), "shared")
    made = [Tensor(np.ones((2, 2), np.float32), requires_grad=True, name="x")]
    with viz.record() as recorder, np.errstate(all="ignore"):
        for path, steps, times in blocks:
            for _ in range(times):
                for back, other, what in steps:
                    a, b = made[-min(back, len(made))], made[-min(other, len(made))]
                    with scope(path):
                        made.append(step(what, a, b, shared))
    return made[-ends:], recorder


def totals(model: Model) -> tuple[object, ...]:
    kept = sum(box.kept or 0 for box in model.boxes)
    times = sum(box.forward_ms or 0.0 for box in model.boxes)
    keys = sorted((p.key, p.name, p.shape) for p in model.parameters)
    taken = Counter()
    for box in model.boxes:
        taken.update({p.key: p.times for p in box.parameters})
    return (
        model.operations,
        keys,
        taken,
        model.multiply_adds,
        kept,
        pytest.approx(times),
        len(model.results),
    )


def check(model: Model) -> None:
    """What holds of every model: unique ids, edges between boxes, no cycle."""
    ids = [box.id for box in model.boxes]
    assert len(ids) == len(set(ids)) and ids == sorted(ids)
    assert {edge.tail for edge in model.edges} | {edge.head for edge in model.edges} <= set(ids)
    assert {result.box for result in model.results} <= set(ids)
    leaves = {box.id for box in model.boxes if box.is_leaf}
    assert all(edge.head not in leaves for edge in model.edges)
    assert all(edge.tail < edge.head for edge in model.edges if edge.tail not in leaves)
    # Every box leads to a result, as every node of the graph does.
    leads = {result.box for result in model.results}
    for edge in sorted(model.edges, key=lambda edge: -edge.head):
        if edge.head in leads:
            leads.add(edge.tail)
    assert leads >= {box.id for box in model.boxes if not box.is_leaf}


@settings(max_examples=20)
@given(BLOCKS, st.integers(1, 3), st.integers(0, 3), st.integers(2, 30))
def test_numbers_are_kept_whatever_is_joined(blocks: list, ends: int, depth: int, limit: int) -> None:
    tensors, recorder = random_graph(blocks, ends)
    model = build(roots_of(tensors), recorder)
    check(model)
    want = totals(model)
    nodes = ancestors(*(t.node for t in tensors))
    assert model.operations == sum(node.op is not None for node in nodes)
    products = [n for n in nodes if n.op is not None and n.op.name in ("MatMul", "Linear")]
    assert model.multiply_adds == 8 * len(products)  # all are 2×2 by 2×2
    for less in (
        closed(model, depth), folded(model), folded(closed(model, depth)), stretches(model, limit),
        *(simplified(model, max_nodes=limit, fold=fold, depth=d) for fold in (None, True, False)
          for d in (None, depth)),
    ):  # fmt: skip
        check(less)
        assert totals(less) == want
        text = source(less, Choice(flops=True, memory=True, times=True, legend=True, statistics=True))
        assert text.count("{") == text.count("}")
        drawn = re.findall(r"^\t+(n\d+|out\d+) \[", text, re.M)
        assert len(drawn) == len(set(drawn)) == len(less.boxes) + len(less.results)


@settings(max_examples=40)
@given(BLOCKS, st.integers(1, 3), st.integers(6, 30))
@example([("a", [(1, 1, 6), (1, 1, 6)], 3)], 1, 6)  # each turn has a constant of its own
@example([("a", [(1, 1, 0), (1, 1, 6)], 4)], 2, 6)
def test_max_nodes_is_kept(blocks: list, ends: int, limit: int) -> None:
    tensors, _ = random_graph(blocks, ends)
    for fold in (None, True, False):
        model = simplified(model_of(tensors), max_nodes=limit, fold=fold)
        assert len(model.boxes) + len(model.results) <= limit


def test_one_box_and_the_results_are_the_least() -> None:
    x = [Tensor([1.0], requires_grad=True, name=f"x{k}") for k in range(9)]
    y = x[0] * 1
    for one in x[1:]:
        y = (y + one).tanh()
    model = simplified(model_of(y), max_nodes=2)
    assert len(model.boxes) == len(model.results) == 1 and model.operations == 17
    alone = simplified(model_of(x), max_nodes=2)
    assert len(alone.boxes) == 9  # results without a graph: nothing to join


# --------------------------------------------------------------------------- modules
class Block(nn.Module):
    def __init__(self, size: int) -> None:
        self.first, self.second = nn.Linear(size, size), nn.Linear(size, size)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.second(F.relu(self.first(x))))


class Net(nn.Module):
    def __init__(self) -> None:
        self.stem, self.head = nn.Linear(3, 4), nn.Linear(4, 2)
        self.body = nn.Sequential(*(Block(4) for _ in range(5)))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(F.relu(self.stem(x))))


X = np.ones((2, 3), np.float32)


def test_depth_opens_modules() -> None:
    zero, one = (viz.graph(Net(), inputs=X, depth=depth, fold=False) for depth in (0, 1))
    assert of(zero) == ["Linear", "ReLU", "body", "Linear"]
    assert of(one) == ["Linear", "ReLU", *(f"body.{k}" for k in range(5)), "Linear"]
    assert "Sequential: 10 Linear · 10 ReLU · 5 Add" in zero.source
    assert "200 parameters" in zero.source and one.source.count(">40 parameters<") == 5
    assert ">body<" in one.source and "<B>3</B>" in one.source  # inside its frame a name is short
    assert "Block: 2 Linear · 2 ReLU · Add" in one.source
    assert len(viz.graph(Net(), inputs=X, depth=9, fold=False, max_nodes=None).model.boxes) == 29


def test_equal_modules_are_drawn_as_one_box() -> None:
    picture = viz.graph(Net(), inputs=X, depth=1, fold=True)
    assert of(picture) == ["Linear+ReLU", "body.0 – 4×5", "Linear"]
    assert "Block: 2 Linear" in picture.source and "200 parameters" in picture.source


def test_a_module_that_is_used_twice_is_a_box_each_time() -> None:
    block = Block(3)

    class Twice(nn.Module):
        def __init__(self) -> None:
            self.block = block

        def forward(self, x: Tensor) -> Tensor:
            return self.block(F.exp(self.block(x)))

    picture = viz.graph(Twice(), inputs=X, depth=0, fold=False)
    assert of(picture) == ["block", "Exp", "block, 2nd call"]
    assert len(picture.model.parameters) == 4


# --------------------------------------------------------------------------- repeated blocks
def test_equal_blocks_are_drawn_once() -> None:
    picture = viz.graph(Net(), inputs=X, fold=True)
    assert of(picture) == ["Linear+ReLU", "Linear+ReLU×5", "Linear×5", "Add+ReLU×5", "Linear"]
    assert "body.0 – 4  ×5" in picture.source and "5 × 20" in picture.source
    assert "· 226 parameters · drawn in 6 boxes" in picture.source
    # Inside its frame a box does not say again how often it stands.
    assert "<B>&#160;&#160; ×5</B>" not in picture.source
    inside = {box.id: box.name for box in picture.model.boxes}
    arrows = Counter((inside[e.tail], inside[e.head]) for e in picture.model.edges)
    assert arrows[("Linear", "Add")] == 2  # from the stem, in the place of the block before; and within


def test_stretches_of_one_module_are_found_too() -> None:
    layers = [layer for _ in range(4) for layer in (nn.Linear(3, 3), nn.Tanh())]
    picture = viz.graph(nn.Sequential(*layers), inputs=X, fold=True)
    assert of(picture) == ["Linear+Tanh×4"]
    assert "<B>&#160;&#160; ×4</B>" in picture.source and "4 × 12" in picture.source
    assert "weight 3×3 · bias 3 · 4" in picture.source


@pytest.mark.parametrize("middle", [nn.Linear(3, 3, bias=False), nn.ReLU()])
def test_different_blocks_are_not_equal(middle: nn.Module) -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), middle, nn.Tanh(), nn.Linear(3, 3), nn.Tanh())
    assert not any(box.repeats > 1 for box in viz.graph(net, inputs=X, fold=True).model.boxes)


def test_a_block_whose_result_is_used_elsewhere_stays() -> None:
    x = Tensor(X, requires_grad=True)
    kept = []
    for _ in range(4):
        x = F.tanh(x * 2)
        kept.append(x)
    apart = folded(model_of(kept[0] + kept[3]))
    # The first block's result is needed at the end; the later ones fold.
    assert of(apart) == ["Mul+Tanh", "Mul+Tanh×3", "Add"]
    assert of(folded(model_of([kept[1], kept[3]]))) == ["Mul+Tanh×2", "Mul+Tanh×2"]


def test_branches_that_are_alike_are_drawn_once() -> None:
    x = Tensor(X, requires_grad=True)
    branches = [F.exp(x * 2) for _ in range(3)]
    joined = folded(model_of(F.concatenate(branches)))
    assert of(joined) == ["Mul×3", "Exp×3", "Concatenate"] and len(joined.edges) == 7
    two = folded(model_of(branches[0] + branches[1]))
    assert of(two) == ["Mul", "Exp", "Mul", "Exp", "Add"]
    assert of(folded(model_of(branches[0] + branches[1] * branches[2]))).count("Exp") == 3
    y = Tensor(X, requires_grad=True)
    crossed = (x, y)
    for k in range(4):  # the operands change places every second time
        crossed = (crossed[0] - crossed[1], crossed[0]) if k % 2 else (crossed[1] - crossed[0], crossed[0])
    check(folded(model_of(list(crossed))))


def test_shared_weights_count_once() -> None:
    w = parameter((3, 3), "w")
    x = Tensor(X, requires_grad=True)
    for _ in range(5):
        x = F.tanh(x @ w)
    picture = viz.graph(x, fold=True)
    assert of(picture) == ["MatMul+Tanh×5"]
    assert "· 9 parameters" in picture.source and "w 3×3 (shared, 5 times) · 9" in picture.source


def test_a_box_with_its_followers_has_the_last_one_s_result() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
    picture = viz.graph(net, inputs=np.ones((2, 1, 6, 6), np.float32), fold=True)
    assert of(picture) == ["Conv+BatchNorm+ReLU+MaxPool", "Reshape"]  # four lines are enough
    layer = picture.model.boxes[1]
    assert layer.shape == (2, 2, 2, 2) and sum(prod(p.shape) for p in layer.parameters) == 20 + 4


# --------------------------------------------------------------------------- loops
class Cell(nn.Module):
    def __init__(self) -> None:
        self.inner, self.outer = nn.Linear(2, 3, rng=0), nn.Linear(3, 3, bias=False, rng=1)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        return F.tanh(self.inner(x) + self.outer(h))


STARTS = {"zeros": np.zeros((4, 3), np.float32), "given": Tensor(np.ones((4, 3), np.float32), name="h")}


@pytest.mark.parametrize("start", STARTS)
def test_a_loop_is_drawn_once_with_an_input_and_an_output_for_each_step(start: str) -> None:
    cell, head, h, outputs = Cell(), nn.Linear(3, 1, rng=2), STARTS[start], []
    for t in range(20):
        h = cell(Tensor(np.ones((4, 2), np.float32), name=f"x{t}"), h)
        outputs.append(head(h))
    picture = viz.graph(F.stack(outputs), fold=True, names={"cell": cell, "head": head})
    assert of(picture) == ["Linear", "Linear", "Add+Tanh", "Linear", "Reshape×20", "Concatenate"] or of(
        picture
    ) == ["Linear×20", "Linear×20", "Add+Tanh×20", "Linear×20", "Reshape×20", "Concatenate"]
    assert "x0 – x19" in picture.source and ">cell<" in picture.source and ">×20<" in picture.source
    assert "4×2  ×20" in picture.source and "4×1  ×20" in picture.source  # what goes in, what comes out
    (loop,) = picture.model.loops
    names = {box.id: box.name for box in picture.model.boxes}
    assert (names[loop.tail], names[loop.head]) == ("Add", "Linear") and "next step" in picture.source
    assert "· 22 parameters" in picture.source
    closed_cells = viz.graph(F.stack(outputs), fold=True, depth=0, names={"cell": cell, "head": head})
    assert "cell×20" in of(closed_cells)


def test_a_sequence_that_is_cut_into_its_steps_feeds_the_loop() -> None:
    cell, x, h = (
        Cell(),
        Tensor(np.ones((4, 12, 2), np.float32), name="x", requires_grad=True),
        STARTS["given"],
    )
    for t in range(12):
        h = cell(x[:, t], h)
    assert of(viz.graph(h, fold=True))[0] == "Index×12"
    assert "[:, 0] – [:, 11]" in viz.graph(h, fold=True).source
    h, steps = STARTS["given"], [x[:, t] for t in range(12)]
    for step in steps:
        h = cell(step, h)
    assert of(viz.graph(h, fold=True))[0] == "Index×12" and len(viz.graph(h, fold=True).model.boxes) == 6


@pytest.mark.parametrize(("layer", "boxes"), [
    (nn.RNN(2, 3, rng=0), 12), (nn.LSTM(2, 3, num_layers=2, rng=0), 26), (nn.GRU(2, 3, rng=0), 12),
    (nn.GRU(2, 3, bidirectional=True, rng=0), 20),
])  # fmt: skip
def test_recurrent_layers_do_not_grow_with_the_sequence(layer: nn.Module, boxes: int) -> None:
    short, long = (
        viz.graph(layer, inputs=np.ones((steps, 1, 2), np.float32), fold=True).model for steps in (7, 23)
    )
    assert len(short.boxes) == len(long.boxes) <= boxes
    assert long.operations == short.operations and not long.loops  # a whole sequence is one operation


def test_layers_with_weights_of_their_own_are_no_loop() -> None:
    assert not viz.graph(Net(), inputs=X, fold=True).model.loops


# --------------------------------------------------------------------------- large graphs
def test_a_stretch_that_is_folded_is_not_examined_at_each_multiple_of_its_period(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Sums of branches: stretches of 150 operations each, which equal themselves 1, 2, 3, ... later.
    examined: list[int] = []
    best = repetition._best

    def counted(*arguments: Any) -> tuple[int, int]:
        examined.append(1)
        return best(*arguments)

    monkeypatch.setattr(repetition, "_best", counted)
    x = Tensor(np.ones(3, np.float32), requires_grad=True)
    total = F.tanh(x)
    branches = [F.tanh(x * k) for k in range(150)]
    for branch in branches:
        total = total + branch
    viz.graph(total)
    assert len(examined) < 50


def vgg19(width: float = 1 / 16, image: int = 32, hidden: int = 64) -> nn.Module:
    """The layers of VGG-19 (Simonyan & Zisserman 2014, arXiv:1409.1556, table 1, column E), thinner."""
    layers: list[nn.Module] = []
    channels = 3
    for plan in ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4)):
        for _ in range(plan[1]):
            out = int(plan[0] * width)
            layers += [nn.Conv2d(channels, out, 3, padding=1), nn.ReLU()]
            channels = out
        layers.append(nn.MaxPool2d(2))
    size = channels * (image // 32) ** 2

    class VGG19(nn.Module):
        def __init__(self) -> None:
            self.features = nn.Sequential(*layers)
            self.classifier = nn.Sequential(
                nn.Linear(size, hidden), nn.ReLU(), nn.Dropout(), nn.Linear(hidden, hidden), nn.ReLU(),
                nn.Dropout(), nn.Linear(hidden, 1000),
            )  # fmt: skip

        def forward(self, x: Tensor) -> Tensor:
            return self.classifier(F.flatten(self.features(x), 1))

    return VGG19()


def points(svg: str) -> tuple[float, float]:
    """Width and height of a drawing in points, 72 to the inch."""
    width, height = re.search(r'viewBox="0.00 0.00 ([\d.]+) ([\d.]+)"', svg).groups()
    return float(width), float(height)


@needs_engine
def test_vgg19_fits_a_page() -> None:
    net = vgg19()
    picture = viz.graph(net, inputs=np.ones((1, 3, 32, 32), np.float32), flops=True)
    assert len(picture.model.boxes) + 1 <= 60
    assert of(picture).count("Conv+ReLU×3") == 2 and of(picture).count("Conv+ReLU×4") == 1
    whole = viz.graph(net, inputs=np.ones((1, 3, 32, 32), np.float32), max_nodes=60)
    assert whole.model.operations == picture.model.operations == 45 and len(whole.model.boxes) == 46
    assert whole.model.multiply_adds == picture.model.multiply_adds
    count = sum(p.size for p in net.parameters())
    assert sum(prod(p.shape) for p in picture.model.parameters) == count
    assert f"{count:,} parameters" in picture.source
    svg = picture._repr_mimebundle_()["image/svg+xml"]
    width, height = points(svg)
    # On A4 with margins (523 × 770 points), names of 11 points stay at least 6 points high.
    assert 11 * min(1, 523 / width, 770 / height) >= 6
    ElementTree.fromstring(svg[svg.index("<svg") :])


def large(operations: int = 10_000) -> Tensor:
    """Nothing repeats: the operations and the scopes follow no pattern."""
    rng = np.random.default_rng(0)
    x = Tensor([1.0], requires_grad=True, name="x")
    made = [x, x]
    for what in rng.integers(4, size=operations):
        a, b = made[-1], made[-int(rng.integers(1, 8)) % len(made)]
        with scope("abcde"[rng.integers(5)]):
            made.append((a + b, a * b)[what] if what < 2 else F.tanh(a) if what == 2 else F.relu(a))
    return made[-1]


@pytest.mark.slow
def test_ten_thousand_operations_need_no_recursion() -> None:
    root = large()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    try:
        whole = viz.graph(root, max_nodes=None)
    finally:
        sys.setrecursionlimit(limit)
    assert len(whole.model.boxes) == 10_001


@pytest.mark.slow
@needs_engine
def test_a_picture_of_ten_thousand_operations(tmp_path: Path) -> None:
    root = large()
    path = viz.render(root, tmp_path / "large.svg")
    boxes = path.read_text(encoding="utf-8").count('class="node"')
    assert 2 < boxes <= 40


@pytest.mark.parametrize(("option", "value"), [
    ("depth", -1), ("depth", 1.5), ("depth", True), ("max_nodes", 1), ("max_nodes", "all")])  # fmt: skip
def test_options_that_do_not_fit(option: str, value: object) -> None:
    with pytest.raises(ArgumentError, match=option):
        viz.graph(Tensor(1.0), **{option: value})


# --------------------------------------------------------------------------- taken apart, for pages
def stubs(part: Part) -> set[int]:
    return {*part.ins.values(), *part.outs.values()}


def opened(cut: list[Part]) -> Counter[tuple[int, int, int]]:
    """The edges with every module open: each arrow followed through its stubs to both its ends."""
    by_id = {part.id: part for part in cut}

    def inside(part: Part, end: int, tensor: int, side: str) -> set[int]:
        """The boxes at which an arrow ends that comes to a box of a part."""
        if end not in by_id:
            return {end}
        child = by_id[end]
        stub = (child.ins if side == "in" else child.outs)[tensor]
        ends = {e.head if side == "in" else e.tail for e in child.model.edges
                if (e.tail if side == "in" else e.head) == stub}  # fmt: skip
        assert ends, "an arrow ends at a stub that leads nowhere"
        return {box for one in ends for box in inside(child, one, tensor, side)}

    found: Counter[tuple[int, int, int]] = Counter()
    for part in cut:
        outside = stubs(part)
        for edge in part.model.edges:
            if not outside & {edge.tail, edge.head}:
                for tail in inside(part, edge.tail, edge.tensor, "out"):
                    for head in inside(part, edge.head, edge.tensor, "in"):
                        found[tail, head, edge.tensor] += 1
    return found


def check_parts(model: Model) -> None:
    cut = parts(model)
    assert cut[0].parent is None and all(part.parent is not None for part in cut[1:])
    drawn = [box.id for part in cut for box in part.model.boxes if box.id not in stubs(part)]
    modules = {part.id for part in cut[1:]}
    assert len(drawn) == len(set(drawn)) and set(drawn) - modules == {box.id for box in model.boxes}
    assert modules <= set(drawn)
    wanted = {(edge.tail, edge.head, edge.tensor) for edge in model.edges}
    assert set(opened(cut)) == wanted
    for part in cut[1:]:
        assert part.closed is not None
        box, inside = part.closed
        held = [one for one in model.boxes if one.id in inside]
        assert len(held) > 1 and box.operations == sum(one.operations for one in held)
        assert box.multiply_adds == sum(one.multiply_adds for one in held)
        assert {p.key for p in box.parameters} == {p.key for one in held for p in one.parameters}


@given(BLOCKS)
def test_every_box_and_every_edge_is_in_one_part(blocks: list) -> None:
    ends, recorder = random_graph(blocks, 2)
    check_parts(build(roots_of(ends), recorder))


@needs_engine
@settings(max_examples=10)
@given(BLOCKS)
def test_the_drawing_has_every_box_edge_and_frame(blocks: list) -> None:
    ends, _ = random_graph(blocks, 2)
    cut = parts(build(roots_of(ends)))
    for part, svg in zip(cut, draw_all([page._text(part, Choice()) for part in cut]), strict=True):
        made = piece(part, svg)
        names = {f"n{box.id}" for box in part.model.boxes} | {f"out{k}" for k in range(len(part.ends))}
        assert set(made.data["places"]) == names
        shown = set(re.findall(r'data-box="(\w+)"', made.svg))
        assert shown == names - {f"n{stub}" for stub in stubs(part)}
        carried = {(tail, head, tensor) for tail, head, tensors in made.data["edges"] for tensor in tensors}
        wanted = {(f"n{e.tail}", f"n{e.head}", e.tensor) for e in part.model.edges}
        wanted |= {(f"n{r.box}", f"out{k}", part.ends[k]) for k, r in enumerate(part.model.results)}
        assert carried == wanted
        assert part.parent is None or made.data["frames"]


def test_parts_of_derivatives() -> None:
    x = Tensor(np.ones((2, 3)), requires_grad=True)
    with viz.record() as recorder:
        y = nn.Sequential(nn.Sequential(nn.Linear(3, 4, rng=0), nn.Tanh()), nn.Linear(4, 1, rng=0))(x).sum()
        slope = grad(y, x, create_graph=True)
    model = build(roots_of([y, slope]), recorder)
    check_parts(model)
    assert any(part.path.startswith("derivative") for part in parts(model))


def test_what_is_not_foldable_is_one_part() -> None:
    y = nn.Sequential(nn.Sequential(nn.Linear(3, 4, rng=0), nn.Tanh()))(Tensor(np.ones((2, 3), "float32")))
    (whole,) = parts(build(roots_of(y)), {"n1": {"color": "red"}}, foldable=False)
    assert whole.looks == {"n1": {"color": "red"}} and len(whole.model.boxes) == 3


def test_stretches_end_where_one_tensor_goes_on() -> None:
    x = Tensor(np.ones((1, 4)), requires_grad=True)
    for k in range(9):  # blocks that no module frames and that differ, so that none is folded
        y = (x * (k + 2)).tanh().exp() * (k + 0.5)
        x = x + (y.sqrt() if k % 2 else y.sin().cos())
    model = viz.graph(x, max_nodes=12, fold=False).model
    ops = [box for box in model.boxes if not box.is_leaf]
    assert len(ops) == 9 and all(dict(box.contents)["Add"] == 1 for box in ops)
    assert len([edge for edge in model.edges if edge.tail in {box.id for box in ops}]) == 8


def test_constants_of_repeated_blocks_are_one_box_with_their_number() -> None:
    x = parameter((2,), "x")
    for k in range(5):
        x = F.tanh(x * np.full(2, k, np.float32))
    constants = [box.repeats for box in folded(model_of(x)).boxes if box.kind == "constant"]
    assert constants == [1, 4]  # four turns are drawn as one


def test_layers_stay_where_chains_of_arithmetic_make_room() -> None:
    class Features(nn.Module):
        def __init__(self) -> None:
            self.layers = nn.ModuleList(nn.Linear(24 if k == 0 else 8 + k, 9 + k, rng=k) for k in range(6))

        def forward(self, place: Tensor) -> Tensor:
            x = F.concatenate([f(2.0**k * place) for k in range(4) for f in (F.sin, F.cos)], axis=1)
            for layer in self.layers:
                x = F.exp(F.sqrt(F.relu(layer(x)) + 1.0) * 0.5)
            return x

    picture = viz.graph(Features(), inputs=np.ones((2, 3), np.float32))
    assert picture.model.operations == 8 + 8 + 1 + 6 * 6 and len(picture.model.boxes) <= 40
    assert [box.name for box in picture.model.boxes].count("Linear") == 6
    assert picture.model.boxes[0].name == "place"  # as the module calls it


def test_stretches_end_at_losses_and_around_derivatives() -> None:
    w, total = parameter((3, 1), "w"), None
    x = np.ones((4, 3), np.float32)
    for _ in range(8):
        inner = F.mse_loss(F.tanh(Tensor(x) @ w) * 2, np.ones((4, 1), np.float32))
        step = w - grad(inner, w, create_graph=True) * 0.1
        outer = F.mse_loss(F.tanh(Tensor(x) @ step), np.zeros((4, 1), np.float32))
        total = outer if total is None else total + outer
    boxes = stretches(model_of(total), 60).boxes
    inside = {box.name: dict(box.contents) for box in boxes if box.kind == "module"}
    assert all(list(found)[-1] == "MSELoss" for found in inside.values() if "MSELoss" in found)
