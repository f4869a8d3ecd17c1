"""Random programs whose modules hold and call each other: what holds of the picture of every one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from math import prod
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import viz
from tinygrad_cnn import Tensor, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.graph import Node, ancestors
from viz.model.boxes import Model
from viz.model.building import build
from viz.model.node_graph import roots_of
from viz.model.places import chain
from viz.output.engines import draw_all
from viz.reduce.closing import closed
from viz.reduce.simplifying import simplified, stretches
from viz.write.frames import Frames

X = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)


class Part(nn.Module):
    """A module of several operations that may call modules which others call too."""

    def __init__(self, inner: list[nn.Module], steps: list[int]) -> None:
        self.weight = nn.Parameter(np.ones((4, 4), np.float32) / 8)
        self.inner, self.steps = inner, steps
        for k, one in enumerate(inner):
            setattr(self, f"part{k}", one)

    def forward(self, x: Tensor) -> Tensor:
        start = x
        for step in self.steps:
            if step < len(self.inner):
                x = self.inner[step](x)
            else:
                x = [F.tanh(x), x @ self.weight, x + x * 0.5, x + start][step % 4]
        return x


STEPS = st.lists(st.integers(0, 7), min_size=1, max_size=5)
PARTS = st.lists(st.tuples(st.lists(st.integers(0, 20), max_size=3), STEPS), min_size=1, max_size=5)
#: Which module is called next, and on which of the results before it.
CALLS = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 3)), min_size=1, max_size=6)


def program(parts: list, calls: list[tuple[int, int]]) -> Tensor:
    """What random modules that hold each other make of two inputs, each called on an earlier result."""
    made: list[nn.Module] = [nn.Linear(4, 4, rng=0), nn.ReLU()]
    for inner, steps in parts:
        made.append(Part([made[k % len(made)] for k in inner], steps))
    x = [Tensor(X, requires_grad=True, name="a"), Tensor(X, requires_grad=True, name="b")]
    for k, back in calls:
        x.append(made[k % len(made)](x[-min(back, len(x))]))
    return x[-1] + x[-2] if len(calls) > 2 else x[-1]


def operations(result: Tensor) -> list[Node]:
    """The operations of a graph, oldest first."""
    return [node for node in ancestors(result.node) if node.op is not None]


@settings(max_examples=30)
@given(PARTS, CALLS)
def test_each_call_of_a_module_is_one_place(parts: list, calls: list) -> None:
    result = program(parts, calls)
    nodes = operations(result)
    boxes = [box for box in build(roots_of(result)).boxes if not box.is_leaf]
    assert len(boxes) == len(nodes)
    # Two operations share a place exactly where they share the call, at each depth.
    places: dict[int, int] = {}
    for box, node in zip(boxes, nodes, strict=True):
        call, group = node.call, list(box.group)
        while group:
            assert places.setdefault(group[-1].key, id(call)) == id(call)
            call, _ = call.around, group.pop()
    assert len(set(places.values())) == len(places)
    # The number of a call says how often the module was called before in the same place.
    seen: Counter[tuple[object, ...]] = Counter()
    done = set()
    for box, node in zip(boxes, nodes, strict=True):
        calls_around = chain(node.call)[-len(box.group) :] if box.group else []
        for depth, place in enumerate(box.group):
            if place.key not in done:
                done.add(place.key)
                key = (box.group[:depth], id(calls_around[depth].module))
                seen[key] += 1
                assert place.call == seen[key]


@settings(max_examples=20)
@given(PARTS, CALLS)
def test_closed_modules_are_a_box_for_each_call(parts: list, calls: list) -> None:
    result = program(parts, calls)
    whole = build(roots_of(result))
    held = Counter(box.group[0].key for box in whole.boxes if not box.is_leaf and box.group)
    drawn = Counter(box.module[0].key for box in closed(whole, 0).boxes if box.kind == "module")
    assert drawn == {key: 1 for key, count in held.items() if count > 1}


@settings(max_examples=30)
@given(PARTS, CALLS, st.integers(2, 12))
def test_parameters_are_counted_once_and_nothing_is_dropped_without_its_count(
    parts: list, calls: list, few: int
) -> None:
    result = program(parts, calls)
    whole, nodes = build(roots_of(result)), operations(result)
    taken = {p for node in nodes for p in node.parents if p.role == "parameter"}
    inputs = {p for node in nodes for p in node.parents if p.role == "input"}
    elements = sum(prod(p.shape) for p in taken)
    for less in (
        whole, closed(whole, 0), closed(whole, 1), stretches(whole, few),
        *(simplified(whole, max_nodes=few, fold=fold) for fold in (None, True, False)),
    ):  # fmt: skip
        assert less.operations == len(nodes)
        keys = [p.key for p in less.parameters]
        assert len(keys) == len(set(keys)) and sum(prod(p.shape) for p in less.parameters) == elements
        drawn = sum(box.repeats for box in less.boxes if box.kind == "input")
        assert drawn + sum(box.inputs for box in less.boxes) == len(inputs)
        assert len(less.results) == 1
        assert list(_scattered(less)) == []
    said = viz.graph(result, max_nodes=few).summary
    assert f" {len(nodes):,} operation" in said
    assert f" {elements:,} parameter" in said or not elements


def _scattered(model: Model) -> Iterator[int]:
    """Keys of frames whose boxes do not follow one another."""
    ops = [box for box in model.boxes if not box.is_leaf]
    for key in Frames(model.boxes).framed:
        inside = [k for k, box in enumerate(ops) if key in {place.key for place in box.group}]
        if len(inside) < 2 or inside != list(range(inside[0], inside[-1] + 1)):
            yield key


@settings(max_examples=20)
@given(PARTS, CALLS, st.integers(2, 12))
def test_edges_are_those_of_the_graph(parts: list, calls: list, few: int) -> None:
    result = program(parts, calls)
    nodes = ancestors(result.node)
    made = [node for node in nodes if node.op is not None or node.role == "input"]
    numbers = {node: k for k, node in enumerate(made)}
    wires = [(numbers[p], numbers[node]) for node in nodes for p in node.parents if p in numbers]
    picture = viz.graph(result, max_nodes=None)
    assert sorted(_arrows(picture.source)) == sorted(wires)
    # Where stretches of operations are one box, an arrow is drawn exactly where a wire leads out of it.
    for less in (closed(picture.model, 0), closed(picture.model, 1), stretches(picture.model, few)):
        owner = _owners(less, made)
        between = {(owner[a], owner[b]) for a, b in wires if owner[a] != owner[b]}
        assert {edge[:2] for edge in less.edges} == between


def _arrows(source: str) -> list[tuple[int, int]]:
    found = re.findall(r"^\t+n(\d+) -> n(\d+)", source, re.M)
    return [(int(tail), int(head)) for tail, head in found]


def _owners(model: Model, made: list[Node]) -> dict[int, int]:
    """By the number of a node, the box that it is in: boxes hold stretches of operations."""
    ops = iter([k for k, node in enumerate(made) if node.op is not None])
    owner = {next(ops): box.id for box in model.boxes if not box.is_leaf for _ in range(box.operations)}
    drawn = {box.id for box in model.boxes if box.is_leaf}
    for k, node in enumerate(made):
        if node.op is None:  # in the box that takes it first, if it is not drawn itself
            heads = (owner[j] for j, other in enumerate(made) if node in other.parents)
            owner[k] = k if k in drawn else next(heads)
    return owner


# --------------------------------------------------------------------------- as it is laid out
def random_picture(seed: int) -> str:
    """DOT text of a random program, with or without its modules closed."""
    chance = Random(seed)
    parts = [
        (
            [chance.randrange(21) for _ in range(chance.randrange(4))],
            [chance.randrange(8) for _ in range(chance.randint(1, 5))],
        )
        for _ in range(chance.randint(1, 5))
    ]
    calls = [(chance.randrange(7), chance.randint(1, 3)) for _ in range(chance.randint(2, 6))]
    return viz.graph(program(parts, calls), max_nodes=chance.choice((12, 40, None))).source


def trespassers(source: str, svg: str) -> list[str]:
    """Arrows that cross a frame in which they neither begin nor end."""
    inside = _inside(source)
    bounds = {}
    for name, shape in re.findall(
        r'<g id="clust\d+" class="cluster">\s*<title>(\w+)</title>\s*<(.*?)/>', svg
    ):
        points = _points(re.search(r' (?:d|points)="([^"]*)"', shape)[1])
        bounds[name] = (points.min(axis=0) + 2, points.max(axis=0) - 2)
    found = []
    arrow = r'class="edge">\s*<title>(\w+)&#45;&gt;(\w+)</title>.*?<path[^>]* d="([^"]*)"'
    for tail, head, path in re.findall(arrow, svg, re.S):
        way = _along(_points(path))
        for name, (low, high) in bounds.items():
            within = ((way > low) & (way < high)).all(axis=1).any()
            if within and not {tail, head} & inside[name]:
                found.append(f"{tail} -> {head} through {name}")
    return found


def _inside(source: str) -> dict[str, set[str]]:
    """The boxes in each frame, also those in frames inside it."""
    found: dict[str, set[str]] = {}
    around: list[str] = []
    for line in source.splitlines():
        if opened := re.match(r"\t+subgraph (\w+) {", line):
            around.append(opened[1])
            found[opened[1]] = set()
        elif re.fullmatch(r"\t+}", line):
            around.pop()
        elif box := re.match(r"\t+(\w+) \[label", line):
            for frame in around:
                found[frame].add(box[1])
    return found


def _points(text: str) -> np.ndarray:
    return np.array(re.findall(r"(-?[\d.]+),(-?[\d.]+)", text), float)


def _along(points: np.ndarray) -> np.ndarray:
    """Points on a chain of cubic curves, by the control points of each."""
    t = np.linspace(0, 1, 20)[:, None]
    weights = np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    return np.vstack([weights @ points[k : k + 4] for k in range(0, len(points) - 3, 3)])


def crossed(seeds: range) -> list[tuple[int, list[str]]]:
    """Random pictures with arrows through frames that are not theirs."""
    sources = [random_picture(seed) for seed in seeds]
    pairs = zip(seeds, sources, draw_all(sources, timeout=600.0), strict=True)
    return [(seed, found) for seed, source, svg in pairs if (found := trespassers(source, svg))]


@pytest.mark.skipif(viz.engine() is None, reason="no layout engine installed")
def test_no_frame_is_crossed_by_an_arrow_that_does_not_enter_it() -> None:
    assert crossed(range(8)) == []


@pytest.mark.slow
@pytest.mark.skipif(viz.engine() is None, reason="no layout engine installed")
def test_no_frame_of_five_hundred_programs_is_crossed_by_an_arrow_that_does_not_enter_it() -> None:
    assert crossed(range(500)) == []
