"""Two graphs as one: what is found, what is not, and how it is drawn."""

from __future__ import annotations

import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from processes import outputs_with_two_hash_seeds

import viz
from tinygrad_cnn import Tensor, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.graph import scope
from tinygrad_cnn.nn import models
from viz.compare.alignment import aligned
from viz.compare.union import Union
from viz.model.building import build
from viz.model.node_graph import roots_of
from viz.write import style

#: Steps of a chain that keep its shape: name -> how, and the options that it may have.
STEPS = {
    "mul": (lambda x, k: x * k, [2, 3, 4]),
    "add": (lambda x, k: x + k, [5, 6]),
    "softmax": (lambda x, axis: F.softmax(x, axis=axis), [0, 1]),
    "leaky_relu": (lambda x, slope: F.leaky_relu(x, slope), [0.1, 0.2]),
}
PLANS = st.lists(
    st.sampled_from([(name, option) for name, (_, options) in STEPS.items() for option in options]),
    min_size=1, max_size=12,
)  # fmt: skip


def chain(plan: list[tuple[str, float]]) -> Tensor:
    y = Tensor(np.ones((3, 3)), requires_grad=True, name="x")
    for k, (name, option) in enumerate(plan):
        with scope(f"part.{k // 3}"):
            y = STEPS[name][0](y, option)
    return y


def network(kernel: int = 3, *extra: nn.Module) -> nn.Module:
    conv = nn.Conv2d(1, 4, kernel, padding=kernel // 2, rng=0)
    return nn.Sequential(conv, nn.ReLU(), *extra, nn.Flatten(), nn.Linear(256, 10, rng=0))


IMAGE = np.zeros((2, 1, 8, 8), "float32")


# --------------------------------------------------------------------------- properties
@given(PLANS)
def test_a_graph_is_equal_to_itself(plan: list[tuple[str, float]]) -> None:
    y = chain(plan)
    for other in (y, chain(plan), build(roots_of(y))):
        found = viz.diff(y, other)
        assert not found.changes and len(found) == 0 and "no difference" in str(found)
        assert found.equal == len(build(roots_of(y)).boxes)
        colors = {color for pair in style.CHANGES.values() for color in pair}
        assert not any(color in found.picture.source for color in colors)


@given(PLANS, st.data())
def test_one_changed_option_is_found_and_nothing_else(
    plan: list[tuple[str, float]], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(plan) - 1))
    name, before = plan[place]
    after = data.draw(st.sampled_from([option for option in STEPS[name][1] if option != before]))
    changed = [*plan[:place], (name, after), *plan[place + 1 :]]
    found = viz.diff(chain(plan), chain(changed))
    (change,) = found.changes
    assert change.sign == "~" and change.path == f"part.{place // 3}" and len(change.details) == 1
    assert (
        str(before) in change.details[0].split(" → ")[0] and str(after) in change.details[0].split(" → ")[1]
    )
    assert found.picture.source.count(style.CHANGES["~"][0]) == 1


@given(PLANS, st.data())
def test_one_step_more_is_found_and_nothing_else(
    plan: list[tuple[str, float]], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(plan)))
    x = Tensor(np.ones((3, 3)), requires_grad=True, name="x")

    def made(with_it: bool) -> Tensor:
        y = x
        for k in range(len(plan) + 1):
            if k == place and with_it:
                y = y.tanh()
            if k < len(plan):
                y = STEPS[plan[k][0]][0](y, plan[k][1])
        return y

    assert [str(change) for change in viz.diff(made(False), made(True)).changes] == ["+ Tanh"]
    assert [str(change) for change in viz.diff(made(True), made(False)).changes] == ["- Tanh"]


@given(PLANS, PLANS)
def test_swapped_graphs_give_the_mirrored_difference(a: list, b: list) -> None:
    one, other = viz.diff(chain(a), chain(b)), viz.diff(chain(b), chain(a))
    mirror = {"+": "-", "-": "+", "~": "~"}

    def told(changes: tuple, turned: bool) -> Counter:
        return Counter(
            (mirror[c.sign] if turned else c.sign, c.name, c.path if c.sign != "~" else "",
             tuple(tuple(d.split(" → ")[:: -1 if turned else 1]) for d in c.details))
            for c in changes
        )  # fmt: skip

    assert told(one.changes, False) == told(other.changes, True) and one.equal == other.equal


@given(PLANS, PLANS)
def test_every_box_is_there_once(a: list, b: list) -> None:
    first, second = build(roots_of(chain(a))), build(roots_of(chain(b)))
    pairs = aligned(first.boxes, second.boxes)
    assert all(i < k and j < n for (i, j), (k, n) in pairwise(pairs))
    union = Union(first, second)
    signs = Counter(union.signs.values())
    assert signs[""] + signs["~"] == len(pairs)
    assert len(pairs) + signs["-"] == len(first.boxes) and len(pairs) + signs["+"] == len(second.boxes)
    model, _ = union.drawn(None)
    assert all(edge.tail < edge.head for edge in model.edges)  # so that there is no cycle
    small, _ = union.drawn(4)
    assert small.operations == model.operations
    assert len(small.boxes) + len(small.results) <= 6  # an input, two of operations, the results
    assert all(edge.tail < edge.head for edge in small.edges)


# --------------------------------------------------------------------------- cases
def test_modules() -> None:
    found = viz.diff(network(), network(5, nn.Dropout(0.5)), inputs=IMAGE)
    assert str(found).splitlines() == [
        "~ Conv · 0: 3×3, padding 1 → 5×5, padding 2; weight 4×1×3×3 → weight 4×1×5×5",
        "+ Dropout p 0.5 · 2",
        "1 added, 1 changed, 4 equal",
    ]
    assert "3×3, padding 1 → 5×5, padding 2" in found.picture.source
    assert repr(found) == "<Difference 1 added, 1 changed, 4 equal>"
    assert found._repr_mimebundle_()["text/plain"] == str(found)


def test_other_wiring_and_order_of_operands() -> None:
    def made(turned: bool) -> Tensor:
        x, y = (Tensor([1.0, 2.0], requires_grad=True, name=name) for name in "xy")
        return (y - x if turned else x - y).sum()

    (change,) = viz.diff(made(False), made(True)).changes
    assert str(change) == "~ Sub: takes x, y → y, x"


def test_results() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    y, z = x * 2, x * 3
    assert [str(c) for c in viz.diff([y, z], [y]).changes] == ["- Mul × 3", "- result"]
    assert [str(c) for c in viz.diff([y, z], [z, y]).changes] == [
        "~ result: comes from another operation"
    ] * 2
    z.name = "z"
    assert any("result → z" in str(c) or "result 2 → z 2" in str(c) for c in viz.diff(y, z).changes)


def test_names_types_and_frozen_parameters() -> None:
    model = network()
    frozen = network()
    for parameter in frozen.parameters():
        parameter.requires_grad_(False)
    changes = viz.diff(model, frozen, inputs=IMAGE).changes
    assert all("(frozen)" in change.details[0] and change.sign == "~" for change in changes)
    assert len(changes) == 2
    a, b = Tensor(np.ones(2), name="a"), Tensor(np.ones(2, "float32"), name="<b>")
    found = viz.diff(a, b)
    assert str(found.changes[0]) == "~ <b>: a → <b>; float64 → float32"
    assert "a → &lt;b&gt;" in found.picture.source


def test_a_large_network_is_drawn_small() -> None:
    image = np.ones((1, 1, 32, 32), "float32")
    before, after = models.thin_vgg(16, batch_norm=False), models.thin_vgg(19, batch_norm=False)
    found = viz.diff(before, after, inputs=image, max_nodes=30)
    assert Counter(change.sign for change in found.changes) == {"+": 6} and found.equal == 41
    assert len(found.picture.model.boxes) < 30 and "equal operations" in found.picture.source
    assert len(viz.diff(before, after, inputs=image, max_nodes=None).picture.model.boxes) == 47


def test_networks_with_little_in_common_are_drawn_small_too() -> None:
    image = np.ones((1, 1, 32, 32), "float32")
    pair = models.thin_vgg(16), models.small_resnet(in_channels=1)
    found = viz.diff(*pair, inputs=image)
    counts = Counter(change.sign for change in found.changes)
    assert min(counts[sign] for sign in "+-~") > 10
    boxes = found.picture.model.boxes
    assert len(boxes) <= 40
    before, after = found.picture.model, viz.diff(*pair, inputs=image, max_nodes=10).picture.model
    assert len(after.boxes) <= 10 and after.operations == before.operations
    assert any("added" in box.name and "removed" in box.name for box in after.boxes)


def test_constants_are_words_which_are_compared() -> None:
    def made(*sizes: int) -> Tensor:
        y = Tensor(np.ones((3, 3)), requires_grad=True, name="x")
        for size in sizes:
            y = y * np.ones((size, 3))
        return np.ones(3) - y

    assert [box.name for box in viz.diff(made(1), made(1)).picture.model.boxes] == ["x", "Mul", "Sub"]
    (change,) = viz.diff(made(3, 3), made(3, 1)).changes
    assert str(change) == "~ Mul: × constant 3×3 → × constant 1×3"
    assert str(viz.diff(made(), made(3)).changes[0]) == "+ Mul × constant 3×3"
    assert "constant 3 −" in viz.diff(made(), made()).picture.source


def test_twice_as_long_graphs_take_at_most_three_times_the_calls() -> None:
    def made(count: int) -> Tensor:
        y = Tensor([1.0], requires_grad=True)
        for k in range(count):
            y = y * (k % 7)
        return y.tanh()

    def calls(count: int) -> int:
        one, other, seen = made(count), made(count + 1), [0]

        def note(frame: object, event: str, argument: object) -> None:
            seen[0] += 1

        sys.setprofile(note)
        try:
            found = viz.diff(one, other)
        finally:
            sys.setprofile(None)
        assert len(found) > 0 and len(found.picture.model.boxes) < 3000
        return seen[0]

    assert calls(600) < 3 * calls(300)


@pytest.mark.slow
def test_bytes_do_not_depend_on_the_process() -> None:
    program = (
        "import sys; import test_compare as t;"
        "from tinygrad_cnn import nn;"
        "d = t.viz.diff(t.network(), t.network(5, nn.Dropout(0.5)), inputs=t.IMAGE);"
        "sys.stdout.buffer.write((str(d) + d.picture.source).encode())"
    )
    texts = outputs_with_two_hash_seeds(program, Path(__file__).parent)
    assert texts[0] == texts[1] and b"Dropout" in texts[0]


# --------------------------------------------------------------------------- files and bad input
@pytest.mark.skipif(viz.engine() is None, reason="no layout engine installed")
def test_files(tmp_path: Path) -> None:
    a, b = chain([("mul", 2)]), chain([("mul", 3), ("add", 5)])
    found = viz.diff(a, b, tmp_path / "a.svg")
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert svg.count('class="node"') == len(found.picture.model.boxes) + len(found.picture.model.results)
    assert style.CHANGES["+"][0] in svg
    assert viz.diff(a, b, tmp_path / "a.png") and (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    assert found.render(tmp_path / "a.txt").read_text(encoding="utf-8") == f"{found}\n"


def test_bad_input(tmp_path: Path) -> None:
    x = Tensor([1.0])
    for problem, arguments, options in (
        (DTypeError, (x, "x"), {}),
        (ArgumentError, (x, x, tmp_path / "a.jpg"), {}),
        (ArgumentError, (x, x), {"max_nodes": 1}),
        (ArgumentError, (x, x), {"direction": "up"}),
        (ArgumentError, (x, x), {"inputs": x}),
        (ArgumentError, (network(), network()), {}),
        (FileNotFoundError, (x, x, tmp_path / "no" / "a.png"), {}),
    ):
        with pytest.raises(problem, match=r"viz\.(diff|graph)"):
            viz.diff(*arguments, **options)
    assert not list(tmp_path.iterdir())


def test_title() -> None:
    x = Tensor([1.0], name="x")
    assert "&lt;mine&gt;" in viz.diff(x, x, title="<mine>").picture.source
    assert "no difference" in viz.diff(x, x).picture.source
    assert "no difference" not in viz.diff(x, x, title="").picture.source
