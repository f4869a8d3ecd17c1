"""What a recorder sees while a graph is made and walked."""

from __future__ import annotations

import gc
import math
import weakref
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import viz
from tinygrad_cnn import Tensor, enable_grad, grad
from tinygrad_cnn import functional as F
from tinygrad_cnn.graph import MODE, Node, ancestors
from viz.recording.summary import SMALL, summarise
from viz.recording.traces import Memory

ARRAYS = hnp.arrays(
    st.sampled_from([np.float32, np.float64]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0),
    elements=st.sampled_from([0.0, 1.5, -2.0, 7.0, math.nan, math.inf, -math.inf]),
)


@given(ARRAYS)
def test_a_summary_says_what_numpy_says(array: np.ndarray) -> None:
    found = summarise(array)
    good = array[np.isfinite(array)]
    assert found.shape == array.shape
    assert (found.nans, found.infs) == (np.isnan(array).sum(), np.isinf(array).sum())
    assert found.finite == bool(np.isfinite(array).all())
    assert found.zeros == pytest.approx(np.mean(array == 0) if array.size else 0)
    want = (good.min(), good.mean(), good.max()) if good.size else (math.nan, math.nan, math.nan)
    assert (found.least, found.mean, found.greatest) == pytest.approx(want, nan_ok=True)
    if found.finite:
        assert found.norm == pytest.approx(np.linalg.norm(array.astype(float).ravel()))
    else:
        assert not math.isfinite(found.norm)
    assert (found.values is None) == (array.size > SMALL)
    if found.values is not None:
        np.testing.assert_array_equal(np.array(found.values).reshape(array.shape), array)


def test_large_numbers_do_not_overflow() -> None:
    assert summarise(np.full(3, 1e30, np.float32)).norm == pytest.approx(math.sqrt(3) * 1e30)


def test_values_and_gradients_of_results_and_leaves() -> None:
    x = Tensor([1.0, -2.0], requires_grad=True)
    with viz.record() as recorder:
        y = x * x
        z = (y + x * 3).sum()
        z.backward()
    assert recorder.trace(y.node).value.values == (1, 4)
    assert recorder.trace(y.node).gradient.values == (1, 1)
    assert recorder.trace(x.node).value.values == (1, -2)
    # Three shares flow to x: the leaf has their sum, each edge its own.
    assert recorder.trace(x.node).gradient.values == tuple(x.grad.numpy()) == (5, -1)
    assert [recorder.shares[y.node.serial, place].values for place in (0, 1)] == [(1, -2), (1, -2)]


def test_gradients_are_those_of_the_last_walk() -> None:
    x = Tensor(3.0, requires_grad=True)
    with viz.record() as recorder:
        for factor in (2, 5):
            (x * factor).backward()
    assert recorder.trace(x.node).gradient.values == (5,) and float(x.grad) == 7


def test_nothing_was_seen_outside_the_block() -> None:
    x = Tensor(3.0, requires_grad=True)
    before = x * 2
    with pytest.raises(ZeroDivisionError), viz.record() as recorder:
        inside = x * 2
        _ = 1 / 0
    after = x * 2
    assert not MODE.get().observers
    assert [recorder.trace(y.node).value is None for y in (before, inside, after)] == [True, False, True]


def test_times_are_those_of_forward_and_backward() -> None:
    a = Tensor(np.ones((200, 200)), requires_grad=True)
    with viz.record() as recorder:
        y = a @ a
        z = y.sum()
    trace = recorder.trace(y.node)
    assert trace.forward_ms > 0 and trace.backward_ms is None
    with viz.record() as recorder:
        z.backward()
    trace = recorder.trace(y.node)
    assert trace.forward_ms is None and trace.backward_ms > 0


def test_memory_is_counted_once_and_leaves_are_not() -> None:
    x = Tensor(np.ones((8, 8)), requires_grad=True)
    with viz.record() as recorder:
        y = x.tanh()  # keeps its result: 512 bytes
        z = y * y  # keeps the same array, twice
        w = z.reshape((64,)).tanh()  # keeps 512 of its own
        v = x * x  # keeps a leaf
    kept = [recorder.trace(t.node).kept for t in (y, z, w, v)]
    assert kept == [512, 0, 512, 0]
    memory = Memory()
    assert sum(memory.kept_by(node) for node in ancestors(w.node)) == 1024


def test_the_place_in_the_code() -> None:
    with viz.record() as recorder:
        y = Tensor(1.0, requires_grad=True) * 2  # this line
    file, line = recorder.trace(y.node).site
    assert Path(file).name == Path(__file__).name
    assert Path(__file__).read_text().splitlines()[line - 1].endswith("# this line")


def test_which_part_is_the_derivative_of_which() -> None:
    x = Tensor(2.0, requires_grad=True)
    z = (x * 3) ** 4
    slope = grad(z, x, create_graph=True)
    curvature = grad(slope, x, create_graph=True)
    more = slope * 2  # forward code with a derivative
    forward = set(ancestors(z.node))
    first = [n for n in ancestors(slope.node) if n not in forward]
    second = [n for n in ancestors(curvature.node) if n not in forward and n not in set(first)]
    assert first and second
    model = viz.graph([more, curvature], fold=False, max_nodes=None).model
    assert {n.order for n in forward if n.op is not None} == {0}
    assert {n.order for n in first if n.op is not None} == {1}
    assert {n.order for n in second if n.op is not None} == {2}
    assert more.node.order == 0
    drawn = [box.order for box in model.boxes if box.kind == "op"]
    assert sorted(set(drawn)) == [0, 1, 2]


def test_the_first_bad_value_and_gradient() -> None:
    x = Tensor(np.array([1.0, 0.0]), requires_grad=True)
    with viz.record() as recorder, np.errstate(all="ignore"):
        y = x * 2
        root = y.sqrt()
        root.sum().backward()
    assert recorder.first_bad_value is None and recorder.first_bad_gradient == root.node.serial
    with viz.record() as recorder, np.errstate(all="ignore"):
        bad = (x - 5).log()
        (bad * 0).sum().backward()
    assert recorder.first_bad_value == bad.node.serial
    with viz.record() as recorder:
        leaf = Tensor(np.array([np.nan]), requires_grad=True)
        _ = leaf * 2
    assert recorder.first_bad_value == leaf.node.serial


@pytest.mark.parametrize(
    ("dead", "batch", "seen"), [(3, 20, (3, 4)), (4, 1, (0, 0)), (4, 5, (4, 4)), (3, 5, (0, 0))]
)
def test_dead_units_need_a_batch_to_be_told(dead: int, batch: int, seen: tuple[int, int]) -> None:
    values = np.where(np.arange(4) < dead, -1.0, 1.0) * np.ones((batch, 1))
    with viz.record() as recorder:
        y = F.relu(Tensor(values, requires_grad=True))
        empty = F.relu(Tensor(np.ones((0, 3)), requires_grad=True))
    trace = recorder.trace(y.node)
    assert (trace.dead, trace.units) == seen
    assert recorder.trace(empty.node).units == 0


def test_a_recorder_keeps_neither_graph_nor_arrays() -> None:
    array = np.ones(1000)
    with viz.record() as recorder:
        y = (Tensor(array, requires_grad=True) * 2).tanh()
        kept = weakref.ref(y.node.kept[0])
        node: weakref.ref[Node] = weakref.ref(y.node)
        y.sum().backward()
    gc.disable()
    try:
        del y
        assert node() is None and kept() is None and len(recorder.traces) == 5
    finally:
        gc.enable()


def test_watching_changes_no_gradient() -> None:
    def gradients(watched: bool) -> list[np.ndarray]:
        w = Tensor(np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4), requires_grad=True)
        with viz.record() if watched else enable_grad():
            y = F.softmax(F.relu(w @ w.T) + w @ w.T, axis=1)
            (y * y).sum().backward()
            (w.grad * 0).sum()
        w.grad.data *= 2  # the leaf owns its gradient: nothing else changes with it
        return [w.grad.numpy(), w.numpy()]

    for plain, seen in zip(gradients(False), gradients(True), strict=True):
        np.testing.assert_array_equal(plain, seen)


@pytest.mark.parametrize("how", ["where", "masked_fill", "added", "input"])
def test_the_infinities_of_a_mask_are_no_alarm(how: str) -> None:
    scores, hidden = Tensor(np.ones((2, 2)), requires_grad=True), np.array([[False, True], [False, False]])
    mask = np.where(hidden, -np.inf, 0.0)

    def masked() -> Tensor:
        if how == "where":
            return F.where(hidden, -np.inf, scores)
        if how == "masked_fill":
            return F.masked_fill(scores, hidden, -np.inf)
        return scores + (Tensor(mask) if how == "input" else mask)

    with viz.record() as recorder:
        loss = (F.softmax(masked(), axis=1) * [1.0, 2.0]).sum()
        loss.backward()
    assert recorder.first_bad_value is None
    with viz.record() as recorder, np.errstate(all="ignore"):
        bad = (masked() - masked()).sum()
    assert recorder.first_bad_value is not None and recorder.trace(bad.node).value.nans  # type: ignore[union-attr]


def test_a_leaf_is_drawn_with_the_value_that_the_drawn_graph_was_computed_from() -> None:
    w = Tensor([1.0, 2.0], requires_grad=True, name="w")
    with viz.record() as recorder:
        losses = []
        for _ in range(3):
            losses.append((w * w).sum())
            losses[-1].backward(retain_graph=True)
            w.data -= 0.25 * w.grad  # type: ignore[operator]
            w.grad = None
        _ = w * 2
    for loss, value in zip(losses, ("[1, 2]", "[0.5, 1]", "[0.25, 0.5]"), strict=True):
        drawn = str(viz.graph(loss, recorder=recorder, values=True))
        assert f"value {value}\n" in drawn and f"result  {loss.item():g}" in drawn
