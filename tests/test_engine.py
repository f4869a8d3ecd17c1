"""The graph and the walk: accumulation, freeing, overwriting, depth, sharing, modes, hooks."""

import asyncio
import contextvars
import gc
import itertools
import os
import sys
import threading
import tracemalloc
import warnings
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import (
    OUT,
    GraphError,
    Node,
    Observer,
    Op,
    Result,
    ShapeError,
    Tensor,
    enable_grad,
    grad,
    graph,
    is_grad_enabled,
    no_grad,
    observe,
    ops,
    scope,
    set_grad_enabled,
)
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.grid import grid


def leaf(*values: float) -> Tensor:
    return Tensor(np.array(values), requires_grad=True)


# --------------------------------------------------------------------------- gradients
def test_gradients_accumulate_until_they_are_cleared() -> None:
    x = leaf(1.0, 2.0)
    (x * 3).sum().backward()
    (x * x).sum().backward()
    assert x.grad.tolist() == [5.0, 7.0]
    x.grad = None
    (x * x).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_inputs_and_parameters_get_gradients_and_unreachable_leaves_none() -> None:
    x, w, unused = leaf(1.0, 2.0), leaf(3.0, 4.0), leaf(5.0)
    (x * w).sum().backward()
    assert x.grad.tolist() == [3.0, 4.0]
    assert w.grad.tolist() == [1.0, 2.0]
    assert unused.grad is None


def test_a_gradient_is_needed_unless_there_is_one_element() -> None:
    x = leaf(1.0, 2.0)
    with pytest.raises(GraphError, match=r"shape \(2,\)"):
        (x * 2).backward()
    (x * 2).backward([1.0, 10.0])
    assert x.grad.tolist() == [2.0, 20.0]
    with pytest.raises(ShapeError, match=r"gradient has shape \(3,\), \(2,\) fits"):
        (x * 2).backward(np.ones(3))


def test_backward_on_a_tensor_without_graph_says_why() -> None:
    with pytest.raises(GraphError, match="does not require grad"):
        Tensor([1.0]).backward()
    with no_grad():
        y = leaf(1.0) * 2
    with pytest.raises(GraphError, match="no_grad"):
        y.backward()


def test_a_leaf_is_its_own_gradient() -> None:
    x = leaf(4.0)
    x.backward()
    assert x.grad.tolist() == [1.0]


def test_gradient_has_the_leafs_type_and_shape() -> None:
    x = Tensor(np.ones((3, 1), np.float32), requires_grad=True)
    y = Tensor(np.ones((1, 4)), requires_grad=True)
    (x * y).sum().backward()
    assert (x.grad.shape, x.grad.dtype) == ((3, 1), np.float32)
    assert (y.grad.shape, y.grad.dtype) == ((1, 4), np.float64)


def test_accumulated_gradients_of_0d_leaves_are_arrays() -> None:
    x = Tensor(np.array(3.0), requires_grad=True)
    seen = []
    x.register_hook(lambda g: seen.append(type(g.numpy())))
    (x * x + x).backward()
    (x * x + x).backward()
    assert seen == [np.ndarray, np.ndarray] and x.grad.item() == 14.0
    assert type(x.grad.numpy()) is np.ndarray
    assert type(grad(x * x, x).numpy()) is np.ndarray


def test_no_gradient_shares_memory_with_another_or_with_the_seed() -> None:
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    seed = np.array([1.0, 1.0])
    (a + b).backward(Tensor(seed))
    ((a + b) * 1).backward(seed)
    a.grad = b.grad = None
    (a + b).backward(seed)
    a.grad.data *= 100
    assert b.grad.tolist() == [1.0, 1.0]
    assert seed.tolist() == [1.0, 1.0]
    x = leaf(1.0, 2.0)
    x.sum().backward()  # a broadcast view inside
    x.grad.data *= 2
    assert x.grad.tolist() == [2.0, 2.0]


def test_a_gradient_that_is_what_the_op_kept_is_copied() -> None:
    class Half(Op):
        """x²/2, whose derivative hands on the very array that was kept."""

        keep = (0,)

        def forward(self, x):
            return x * x / 2

        def backward(self, g, x):
            return (x,)

    x = leaf(3.0, 4.0)
    Half()(x).backward(np.ones(2))
    x.grad.data *= 10
    assert x.tolist() == [3.0, 4.0]


def test_grad_touches_no_leaf() -> None:
    x, y = leaf(2.0), leaf(3.0)
    gx, gy = grad(x * y * y, [x, y])
    assert (gx.tolist(), gy.tolist()) == ([9.0], [12.0])
    assert x.grad is None and y.grad is None


def test_grad_of_results_inside_the_graph() -> None:
    x = leaf(2.0)
    y = x * x
    assert grad(y * y * y, y).tolist() == [48.0]


def test_grad_of_several_outputs_with_weights() -> None:
    x = leaf(2.0)
    assert grad([x * 3, x * x], x, [[10.0], [1.0]]).tolist() == [34.0]
    assert grad([x * 3, x * x], x).tolist() == [7.0]
    y = x * x
    assert grad([y, y], x).tolist() == [8.0]


def test_grad_of_an_unused_input() -> None:
    x, unused = leaf(2.0), leaf(1.0)
    with pytest.raises(GraphError, match="no output depends on input 1"):
        grad(x * x, [x, unused])
    assert grad(x * x, [x, unused], allow_unused=True)[1] is None
    with pytest.raises(GraphError, match="input 0"):
        grad(x * x, Tensor([1.0]))


def test_grad_walks_only_what_lies_between() -> None:
    class Fails(Op):
        def forward(self, x):
            return x * 1

        def backward(self, g):
            raise AssertionError("not on the way to the wanted input")

    x, w = leaf(2.0), leaf(3.0)
    assert grad(x * Fails()(w), x).tolist() == [3.0]


def test_higher_order() -> None:
    x = leaf(2.0)
    y, orders = x**4, []
    for _ in range(4):
        y = grad(y, x, create_graph=True)
        orders.append(y.item())
    assert orders == pytest.approx([32.0, 48.0, 48.0, 24.0])


def test_backward_with_create_graph_leaves_a_differentiable_gradient() -> None:
    x = leaf(3.0)
    (x**3).backward(create_graph=True)
    first = x.grad
    x.grad = None
    first.backward()
    assert first.item() == pytest.approx(27.0)
    assert x.grad.item() == pytest.approx(18.0)
    x.grad = None  # breaks the cycle that create_graph makes


def test_nodes_know_their_order_of_differentiation() -> None:
    x = leaf(2.0)
    y = x**3
    first = grad(y, x, create_graph=True)
    second = grad(first, x, create_graph=True)
    assert (y.node.order, first.node.order, second.node.order) == (0, 1, 2)
    assert (x * first).node.order == 0


def test_create_graph_records_also_under_no_grad() -> None:
    x = leaf(3.0)
    y = x**3
    with no_grad():
        slope = grad(y, x, create_graph=True)
    assert grad(slope, x).item() == pytest.approx(18.0)


# --------------------------------------------------------------------------- freed and overwritten
def test_second_backward_raises_and_changes_nothing() -> None:
    x = leaf(1.0, 2.0)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(GraphError, match="retain_graph=True"):
        y.backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_second_backward_raises_even_where_nothing_was_kept() -> None:
    y = leaf(1.0) + 1
    y.backward()
    with pytest.raises(GraphError):
        y.backward()


def test_backward_through_a_part_that_was_freed_raises() -> None:
    x = leaf(2.0)
    shared = x * x
    (shared * 2).backward()
    other = shared * 3
    with pytest.raises(GraphError):
        other.backward()
    assert x.grad.tolist() == [8.0]


def test_a_shared_part_that_keeps_nothing_can_be_walked_from_several_outputs() -> None:
    x = leaf(2.0)
    shared = (x + 1).reshape((1,)).sum()
    (shared * 2).backward()
    (shared * 3).backward()
    assert x.grad.tolist() == [5.0]


def test_grad_leaves_alone_what_made_its_inputs() -> None:
    x = leaf(2.0)
    moved = x * x  # a step of an inner loop
    (slope,) = grad((moved * moved).sum(), [moved])
    ((moved - 0.1 * slope) ** 2).sum().backward()
    assert x.grad.tolist() == pytest.approx([2 * 3.2 * 4.0])


def test_retain_graph_allows_another_walk() -> None:
    x = leaf(3.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [12.0]


OVERWRITES = {
    "in place on data": lambda x: x.data.__imul__(2),
    "item of data": lambda x: x.data.__setitem__(0, 5.0),
    "assignment to data": lambda x: setattr(x, "data", np.array([7.0, 7.0])),
    "item under no_grad": lambda x: no_grad(lambda: x.__setitem__(0, 5.0))(),
    "operator under no_grad": lambda x: no_grad(lambda: x.__iadd__(1.0))(),
    "out= of NumPy": lambda x: np.add(x.data, 1.0, out=x.data),
    "through a view": lambda x: x.data[:1].__iadd__(1.0),
    "through a reshaped view": lambda x: x.detach().reshape(2, 1).__setitem__((0, 0), 9.0),
}


@pytest.mark.parametrize("write", OVERWRITES.values(), ids=OVERWRITES.keys())
def test_overwriting_what_backward_needs_raises_and_changes_nothing(write) -> None:
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    y = (x * w).sum()
    write(x)
    with pytest.raises(GraphError, match="written over"):
        y.backward()
    assert x.grad is None and w.grad is None


@pytest.mark.parametrize("write", OVERWRITES.values(), ids=OVERWRITES.keys())
def test_overwriting_what_no_derivative_reads_is_allowed(write) -> None:
    x = leaf(1.0, 2.0)
    y = (x + 1).sum()
    write(x)
    y.backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_overwriting_a_constant_operand_raises() -> None:
    x, w = Tensor(np.array([1.0, 2.0])), leaf(3.0, 4.0)
    y = (x * w).sum()
    x += 1
    with pytest.raises(GraphError, match="written over"):
        y.backward()


def test_overwriting_a_result_that_is_kept_raises() -> None:
    y = leaf(0.5, 1.0).exp()
    y.data *= 2
    with pytest.raises(GraphError, match="written over"):
        y.sum().backward()


def test_overwriting_before_the_result_is_computed_is_fine() -> None:
    x = leaf(1.0, 2.0)
    x.data *= 10
    (x * x).sum().backward()
    assert x.grad.tolist() == [20.0, 40.0]


def test_arrays_of_the_caller_may_be_overwritten() -> None:
    source, factor, labels = np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([1])
    x = Tensor(source, requires_grad=True)
    y = (x * factor * x).sum()
    z = F.cross_entropy(x.reshape(1, 2), labels)
    picked = x[np.array([0, 0])]
    source[:], factor[:], labels[:] = 99.0, 99.0, 0
    y.backward()
    assert x.grad.tolist() == [6.0, 16.0]
    x.grad = None
    z.backward()
    assert x.grad.numpy()[1] < 0  # the gradient of label 1, not of label 0
    x.grad = None
    picked.sum().backward()
    assert x.grad.tolist() == [2.0, 0.0]


def test_arrays_handed_out_are_read_only() -> None:
    x = leaf(1.0, 2.0)
    y = (x * x).sum()
    for array in (x.numpy(), x.array, np.asarray(x.detach()), np.asarray(x.data)):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5.0
    y.backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_a_write_between_forward_and_a_second_walk_is_noticed() -> None:
    x = leaf(1.0, 2.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    x.data -= 0.1
    with pytest.raises(GraphError, match="written over"):
        y.backward()


def test_in_place_on_a_leaf_that_requires_grad_raises_and_on_results_is_recorded() -> None:
    x = leaf(1.0, 2.0)
    with pytest.raises(GraphError, match=r"no_grad\(\)"):
        x += 1
    with pytest.raises(GraphError, match="cannot be recorded"):
        x[0] = 3.0
    y = x * 2
    y *= x
    y.sum().backward()
    assert x.grad.tolist() == [4.0, 8.0]


def test_a_constant_in_place_with_a_traced_operand_keeps_the_graph() -> None:
    x, total = leaf(2.0), Tensor(np.zeros(1))
    total += x * x
    total.backward()
    assert x.grad.tolist() == [4.0]


@pytest.mark.parametrize("recorded", [False, True])
def test_an_op_called_again_leaves_what_was_recorded(recorded: bool) -> None:
    op, numbers = ops.Sort(axis=0), np.array([3.0, 1.0, 2.0])
    x = Tensor(numbers, requires_grad=True)
    y = op(x)
    op(Tensor(-numbers, requires_grad=recorded))
    (y * np.array([1.0, 2.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [3.0, 1.0, 2.0]


def test_a_pooling_called_again_leaves_the_gradient_at_its_pixels() -> None:
    op = ops.MaxPool(grid("max_pool1d", (4,), (2,), (2,), ((0, 0),), (1,)))
    x = Tensor([[[1.0, 2.0, 4.0, 3.0]]], requires_grad=True)
    y = op(x)
    op(np.array([[[9.0, 2.0, 3.0, 4.0]]]))
    op.with_residual(Tensor([[[9.0, 2.0, 3.0, 4.0]]]))
    y.sum().backward()
    assert x.grad.tolist() == [[[0.0, 1.0, 1.0, 0.0]]]


def test_nodes_share_an_op_and_have_their_own_needs() -> None:
    x, c = leaf(1.0), Tensor([2.0])
    assert (x + x).node.op is (x + c).node.op
    assert (x + x).node.needs == (True, True)
    assert (x + c).node.needs == (True, False)


def test_both_methods_of_an_op_are_told_what_wants_a_gradient_if_they_ask() -> None:
    class Product(Op):
        keep = (0, 1)

        def forward(self, a, b, *, needs):
            asked.append(needs)
            return a * b

        def backward(self, g, a, b, *, needs):
            asked.append(needs)
            return g * b, None

    class Renamed(Product):
        """Inherits what it does not write anew."""

    asked: list[tuple[bool, ...]] = []
    x = leaf(2.0)
    Renamed()(x, 3.0).sum().backward()
    assert asked == [(True, False)] * 2 and x.grad.tolist() == [3.0]
    asked.clear()
    Renamed()(2.0, 3.0)
    with no_grad():
        Renamed()(x, 3.0)
    assert asked == [(), ()]


@pytest.mark.parametrize("wrong", [(1.0, 2.0), [1.0, 2.0], Result([1.0, 2.0], None)])
@pytest.mark.parametrize("recorded", [False, True])
def test_a_forward_that_returns_a_tuple_or_a_list_is_refused(wrong: Any, recorded: bool) -> None:
    class Split(Op):
        def forward(self, x):
            return wrong

        def backward(self, g):
            return (g,)

    for x in (np.ones(2), Tensor(np.ones(2), requires_grad=recorded)):
        with pytest.raises(GraphError, match=r"Split: forward returned a (tuple|list); one array fits, or"):
            Split()(x)


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        "text",
        1j,
        np.array([1j, 2]),
        np.array([1.0, None]),
        {"y": 1.0},
        np.timedelta64(1, "D"),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("recorded", [False, True])
def test_a_forward_that_returns_no_real_numbers_is_refused(wrong: Any, recorded: bool) -> None:  # E16
    class Odd(Op):
        def forward(self, x: Any) -> Any:
            return wrong

    for x in (np.ones(2), Tensor(np.ones(2), requires_grad=recorded)):
        with pytest.raises(GraphError, match=r"Odd: forward returned elements of type .*; an array"):
            Odd()(x)


@pytest.mark.parametrize("kind", [complex, object])
@pytest.mark.parametrize("hooked", [False, True])
def test_a_gradient_of_no_real_numbers_is_refused(kind: type, hooked: bool) -> None:
    class Odd(Op):
        def forward(self, x: Any) -> Any:
            return x + 1

        def backward(self, g: Any) -> tuple[Any, ...]:
            return (g if hooked else g.astype(kind),)

    x = Tensor(np.ones(2), requires_grad=True)
    if hooked:
        x.register_hook(lambda g: g.numpy().astype(kind))
    with pytest.raises(GraphError, match=r"gradient of type .*; real numbers fit"):
        Odd()(x).sum().backward()


# --------------------------------------------------------------------------- size
@pytest.mark.slow
def test_a_chain_of_100_000_ops() -> None:
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1
    y.backward()
    assert (y.item(), x.grad.item()) == (100_001.0, 1.0)


@pytest.mark.slow
def test_freeing_a_long_chain_needs_no_stack() -> None:
    y = leaf(1.0)
    for _ in range(100_000):
        y = y * 1.0
    del y


def test_a_diamond_with_two_to_the_60_paths_is_walked_once() -> None:
    x = leaf(1.0)
    y = x
    for _ in range(60):
        y = y + y
    steps = Steps()
    with observe(steps):
        y.backward()
    assert x.grad.item() == 2.0**60
    assert len(steps.walked) == 60


def test_a_graph_is_freed_without_the_garbage_collector() -> None:
    x = Tensor(np.ones((8, 8)), requires_grad=True)
    (F.relu(x @ x) * 2).sum().backward()  # what is loaded at the first call may leave garbage of its own
    gc.collect()
    gc.disable()
    try:
        y = F.relu(x @ x) * 2
        inner = weakref.ref(y.node.parents[0])
        array = weakref.ref(y.node.parents[0].kept[0])
        loss = y.sum()
        loss.backward()
        node = weakref.ref(loss.node)
        del y, loss
        assert inner() is None and array() is None and node() is None
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_kept_arrays_are_freed_as_the_walk_passes() -> None:
    x = leaf(1.0, 2.0)
    kept = (x * 2) * (x * 3)
    arrays = [weakref.ref(a) for a in kept.node.kept]
    loss = kept.sum()
    loss.backward()
    assert all(array() is None for array in arrays)


def test_results_that_no_derivative_reads_die_with_their_tensor() -> None:
    x = leaf(1.0, 2.0)
    middle = x + 1
    array = weakref.ref(middle._array)
    end = middle + 1
    del middle
    assert array() is None
    end.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


# --------------------------------------------------------------------------- modes
def test_no_grad_nests_and_survives_exceptions() -> None:
    with no_grad():
        with no_grad():
            assert not is_grad_enabled()
        assert not is_grad_enabled()
        with enable_grad():
            assert (leaf(1.0) * 2).requires_grad
        assert not is_grad_enabled()
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert is_grad_enabled()


def test_one_no_grad_object_may_be_entered_again() -> None:
    off = no_grad()
    with off:
        with off:
            assert not is_grad_enabled()
        assert not is_grad_enabled()
    assert is_grad_enabled()


@pytest.mark.parametrize("decorate", [no_grad, no_grad()], ids=["bare", "called"])
def test_no_grad_as_decorator(decorate) -> None:
    @decorate
    def evaluate(x: Tensor) -> Tensor:
        """Docs stay."""
        return x * 2

    assert not evaluate(leaf(1.0)).requires_grad
    assert evaluate.__doc__ == "Docs stay."
    assert is_grad_enabled()


def test_no_grad_refuses_generators() -> None:
    with pytest.raises(DTypeError, match="generator"):

        @no_grad
        def batches():
            yield 1


def test_set_grad_enabled_as_function_and_block() -> None:
    set_grad_enabled(False)
    assert not is_grad_enabled()
    set_grad_enabled(True)
    with set_grad_enabled(False):
        assert not is_grad_enabled()
    assert is_grad_enabled()


def test_the_mode_belongs_to_the_thread() -> None:
    seen = []
    with no_grad():
        thread = threading.Thread(target=lambda: seen.append(is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_the_mode_belongs_to_the_async_task() -> None:
    async def quiet(gate: asyncio.Event) -> bool:
        with no_grad():
            gate.set()
            await asyncio.sleep(0)
            return is_grad_enabled()

    async def loud(gate: asyncio.Event) -> bool:
        await gate.wait()
        return is_grad_enabled()

    @no_grad
    async def decorated() -> bool:
        await asyncio.sleep(0)
        return is_grad_enabled()

    async def main() -> list[bool]:
        gate = asyncio.Event()
        return await asyncio.gather(quiet(gate), loud(gate), decorated())

    assert asyncio.run(main()) == [False, True, False]


def test_threads_may_differentiate_side_by_side() -> None:
    results = {}

    def work(k: int) -> None:
        x = leaf(float(k))
        for _ in range(200):
            x.grad = None
            (x * x * x).backward()
        results[k] = x.grad.item()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {k: 3.0 * k * k for k in range(4)}


def test_results_without_grad_record_nothing() -> None:
    y = Tensor([1.0]) * 2
    assert not y.requires_grad and y.is_leaf


# --------------------------------------------------------------------------- switches and hooks
def test_detach_and_requires_grad_() -> None:
    x = leaf(2.0)
    y = x * x
    assert not y.detach().requires_grad
    (y.detach() * x).backward()
    assert x.grad.tolist() == [4.0]
    with pytest.raises(GraphError, match="detach"):
        y.requires_grad_(False)
    with pytest.raises(DTypeError, match="int64"):
        Tensor(np.array([1])).requires_grad_()
    x.requires_grad_(False)
    assert not (x * 2).requires_grad


def test_freezing_after_recording_stops_the_gradient() -> None:
    x, w = leaf(2.0), leaf(3.0)
    y = x * w
    w.requires_grad_(False)
    y.backward()
    assert x.grad.tolist() == [3.0] and w.grad is None


def test_retain_grad_on_results() -> None:
    x = leaf(2.0)
    y = x * x
    y.retain_grad()
    (y * 3).backward()
    assert y.grad.tolist() == [3.0]
    with pytest.raises(GraphError):
        Tensor([1.0]).retain_grad()


def test_hooks_see_the_complete_gradient_once_and_may_replace_it() -> None:
    x = leaf(2.0)
    y = x * x
    seen = []
    remove = y.register_hook(lambda g: seen.append(g.item()))
    x.register_hook(lambda g: g * 10)
    (y * 3 + y * 4).backward()
    assert seen == [7.0]
    assert x.grad.item() == 280.0
    remove()
    remove()
    (x * x * 3).backward()
    assert seen == [7.0]


def test_a_hook_with_a_wrong_shape_is_named() -> None:
    x = leaf(2.0)
    x.register_hook(lambda g: np.ones(3))
    with pytest.raises(GraphError, match="hook"):
        (x * 2).backward()


def test_hooks_keep_higher_order() -> None:
    x = leaf(2.0)
    x.register_hook(lambda g: g * 10)
    slope = grad(x**3, x, create_graph=True)
    assert slope.item() == pytest.approx(120.0)
    x.node.hooks = None
    assert grad(slope, x).item() == pytest.approx(120.0)


# --------------------------------------------------------------------------- early gradients
def test_a_leaf_that_is_waited_for_gets_its_gradient_as_soon_as_it_is_complete() -> None:
    steps = []

    class Watch(Observer):
        def step_starts(self, node, g):
            steps.append(node.op.name)

    u, v, w = leaf(2.0), leaf(3.0), leaf(5.0)
    w.register_post_accumulate_grad_hook(lambda t: steps.append(("w", t.grad.item())))
    u.register_post_accumulate_grad_hook(lambda t: steps.append(("u", t.grad.item())))
    y = ((u * v).exp() * w + w).sum()  # w is used twice, and first by the product
    with observe(Watch()):
        y.backward()
    e = float(np.exp(np.float32(6)))
    assert steps == ["Sum", "Add", "Mul", ("w", pytest.approx(e + 1)), "Exp", "Mul",
                     ("u", pytest.approx(3 * 5 * e, rel=1e-6))]  # fmt: skip
    assert v.grad.item() == pytest.approx(2 * 5 * e, rel=1e-6)


def test_gradients_that_are_dropped_early_are_not_all_there_at_once() -> None:
    size = 100_000
    weights = [Tensor(np.ones(size), requires_grad=True) for _ in range(20)]

    def peak() -> int:
        y = Tensor(np.ones(size))
        for w in weights:
            y = y * w
        y = y.sum()
        tracemalloc.start()
        y.backward()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak() > 20 * 8 * size
    for w in weights:
        w.grad = None

        def drop(t: Tensor) -> None:
            assert t.grad.shape == (size,)
            t.grad = None

        w.register_post_accumulate_grad_hook(drop)
    assert peak() < 5 * 8 * size


def test_hooks_for_accumulated_gradients_are_called_in_order_and_end() -> None:
    w, seen = leaf(1.0), []
    first = w.register_post_accumulate_grad_hook(lambda t: seen.append(1))
    w.register_post_accumulate_grad_hook(lambda t: seen.append(2))
    w.register_hook(lambda g: g * 10)
    (w * 2).sum().backward()
    first()
    (w * 2).sum().backward(create_graph=True)
    assert seen == [1, 2, 2] and w.grad.item() == 40.0
    w.backward()
    assert seen == [1, 2, 2, 2] and w.grad.item() == 50.0
    assert grad((w * 2).sum(), w).item() == 20.0 and seen == [1, 2, 2, 2]


def test_hooks_for_accumulated_gradients_are_for_leaves() -> None:
    with pytest.raises(GraphError, match="needs a leaf that requires grad"):
        (leaf(1.0) * 2).register_post_accumulate_grad_hook(print)
    with pytest.raises(GraphError, match="needs a leaf that requires grad"):
        Tensor([1.0]).register_post_accumulate_grad_hook(print)


def test_a_leaf_with_a_hook_dies_with_its_last_reference() -> None:
    w = leaf(1.0)
    w.register_post_accumulate_grad_hook(lambda t: None)
    y, gone = (w * 2).sum(), weakref.ref(w)
    del w
    assert gone() is None
    y.backward()  # nobody is there to be told


def test_writing_over_a_leaf_that_an_older_derivative_needs_is_noticed() -> None:
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    w.register_post_accumulate_grad_hook(lambda t: t.data.__imul__(0))
    older = x * w.detach()  # shares memory with w, and is no use of it that gradients flow to
    with pytest.raises(GraphError, match="written over"):
        (older * w).sum().backward()


# --------------------------------------------------------------------------- observers and scopes
class Steps(Observer):
    def __init__(self) -> None:
        self.events: list[str] = []
        self.walked: list[Node] = []

    def op_starts(self, op, arrays):
        self.events.append(f"start {op.name}")

    def recorded(self, node, arrays, result):
        self.events.append(f"recorded {node.op.name} {result.tolist()}")

    def step_starts(self, node, g):
        self.events.append(f"back {node.op.name}")

    def stepped(self, node, g, gradients):
        self.walked.append(node)
        self.events.append(f"stepped {[None if d is None else d.tolist() for d in gradients]}")


def test_an_observer_is_told_of_everything() -> None:
    with observe(Steps()) as steps:
        (leaf(2.0) * 3.0).backward()
    assert steps.events == [
        "start Mul",
        "recorded Mul [6.0]",
        "back Mul",
        "stepped [[3.0], None]",
    ]
    leaf(2.0) * 3.0
    assert len(steps.events) == 4


def test_scopes_nest_and_end() -> None:
    x = leaf(1.0)
    with scope("features"), scope("3"):
        inner = x * 2
    assert inner.node.scope == "features.3"
    assert (x * 2).node.scope == ""


# --------------------------------------------------------------------------- ops of users
class Cube(Op):
    keep = (0,)

    def forward(self, x):
        return x * x * x

    def backward(self, g, x):
        return (g * 3 * x * x,)


def test_a_custom_op_has_derivatives_of_any_order() -> None:
    x = leaf(2.0)
    slope = grad(Cube()(x), x, create_graph=True)
    curve = grad(slope, x, create_graph=True)
    assert (slope.item(), curve.item(), grad(curve, x).item()) == (12.0, 12.0, 6.0)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (lambda g: g, "must return a tuple"),
        (lambda g: (g, g), "returned 2 of them"),
        (lambda g: (np.ones(5),), r"shape \(5,\) for an operand of shape \(2,\)"),
        (lambda g: (np.ones(()),), r"shape \(\)"),
    ],
)
def test_wrong_derivatives_of_custom_ops_are_explained(result, message) -> None:
    class Wrong(Op):
        def forward(self, x):
            return x * 2

        def backward(self, g):
            return result(g)

    with pytest.raises(GraphError, match=message):
        Wrong()(leaf(1.0, 2.0)).sum().backward()


def test_an_op_that_keeps_its_result() -> None:
    class Root(Op):
        keep = (OUT,)

        def forward(self, x):
            return x**0.5

        def backward(self, g, y):
            return (g / (2 * y),)

    x = leaf(4.0)
    assert grad(Root()(x), x).item() == 0.25


def test_shapes_that_do_not_broadcast_are_named() -> None:
    with pytest.raises(ShapeError, match=r"Add: operands of shapes \(2,\), \(3,\)"):
        leaf(1.0, 2.0) + np.ones(3)


def test_backward_of_a_wide_graph_is_linear_in_time() -> None:
    """Ten times the nodes take ten times the steps: counted, not timed."""

    def visits(n: int) -> int:
        x = leaf(1.0)
        y = x
        for _ in range(n):
            y = y + x
        with observe(Steps()) as steps:
            y.backward()
        return len(steps.walked)

    assert (visits(100), visits(1000)) == (100, 1000)


# --------------------------------------------------------------------------- threads
def test_gradients_from_many_threads_add_up() -> None:  # E7
    w, count, each = leaf(1.0), 4, 100
    start = threading.Barrier(count)

    def walk_often() -> None:
        start.wait()
        for _ in range(each):
            (w * 1.0).sum().backward()

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=walk_often) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert w.grad.tolist() == [count * each]


def test_a_fork_while_another_thread_holds_the_lock_leaves_a_working_child() -> None:  # E18
    if not hasattr(os, "fork"):
        pytest.skip("no fork on this system")
    held, free = threading.Event(), threading.Event()

    def hold() -> None:
        with graph.LOCK:
            held.set()
            free.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of newer Pythons: a fork beside threads
        child = os.fork()
    if not child:
        w = leaf(1.0)
        (w * w).sum().backward()
        os._exit(0 if w.grad.tolist() == [2.0] else 1)
    free.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# --------------------------------------------------------------------------- blocks left elsewhere
def silent() -> Iterator[int]:
    with no_grad():
        yield 1
        yield 2


@pytest.mark.parametrize(
    "finish", [list, lambda g: g.close(), lambda g: next(g)], ids=["run", "close", "go on"]
)
def test_a_generator_finished_in_another_thread_leaves_no_mode_behind(finish: Any) -> None:  # E20
    steps, told = silent(), []
    next(steps)

    def elsewhere() -> None:
        finish(steps)
        told.append(is_grad_enabled())

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    steps.close()
    assert is_grad_enabled() and told == [True]


def test_a_generator_finished_in_another_task_leaves_no_mode_behind() -> None:  # E20
    async def begin(steps: Iterator[int]) -> None:
        next(steps)

    async def main() -> bool:
        steps = silent()
        await asyncio.create_task(begin(steps))
        list(steps)
        return is_grad_enabled()

    assert asyncio.run(main()) and is_grad_enabled()


def test_a_generator_begun_here_and_finished_in_a_task_leaves_no_mode_behind() -> None:  # E20
    """A task begins with a copy of the mode around it, so it has the block's mode too."""

    async def finish(steps: Iterator[int]) -> bool:
        list(steps)
        return is_grad_enabled()

    async def main() -> tuple[bool, bool]:
        steps = silent()
        next(steps)
        inside = await asyncio.create_task(finish(steps))
        return inside, is_grad_enabled()

    assert asyncio.run(main()) == (True, True) and is_grad_enabled()


def test_a_task_that_was_begun_inside_a_block_goes_on_without_recording() -> None:
    async def later(left: asyncio.Event) -> bool:
        await left.wait()
        return is_grad_enabled()

    async def main() -> tuple[bool, bool]:
        left = asyncio.Event()
        with no_grad():
            task = asyncio.create_task(later(left))
        left.set()
        return await task, is_grad_enabled()

    assert asyncio.run(main()) == (False, True)


def test_blocks_may_be_left_in_any_order() -> None:  # E20
    for first, second in itertools.permutations([no_grad(), observe(Observer()), scope("a")], 2):
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        second.__exit__(None, None, None)
        assert graph.MODE.get() == [True, (), None, 0]


def test_one_block_may_be_used_by_many_threads() -> None:
    block, inside, told = no_grad(), threading.Barrier(2), []

    def use() -> None:
        with block:
            inside.wait()
            told.append(is_grad_enabled())
            inside.wait()
        told.append(is_grad_enabled())

    threads = [threading.Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [False, False, True, True]


def test_set_grad_enabled_decorates_a_function() -> None:  # E26
    @set_grad_enabled(False)
    def inside() -> bool:
        return is_grad_enabled()

    assert is_grad_enabled() and not inside() and is_grad_enabled()
    with pytest.raises(DTypeError, match="mode is True or False"):
        set_grad_enabled("False")
    assert is_grad_enabled()


def test_an_interrupt_at_any_line_of_a_block_leaves_the_mode_as_it_was() -> None:
    def work() -> None:
        with no_grad(), observe(Observer()), scope("a"):
            leaf(1.0) * 2

    def observed() -> None:
        try:
            work()
        finally:
            modes.append(list(graph.MODE.get()))

    class StopError(Exception):
        pass

    modes: list[Any] = [[True, (), None, 0]]
    before = sys.gettrace()
    for at in range(400):
        count = 0

        def trace(frame: Any, event: str, argument: Any, at: int = at) -> Any:
            nonlocal count
            if event != "line" or frame.f_code.co_name in ("leave", "__exit__", "work"):
                return trace  # that a block is left cannot be undone by Python
            count += 1
            if count > at:
                sys.settrace(None)
                raise StopError
            return trace

        sys.settrace(trace)
        try:
            contextvars.copy_context().run(observed)
            finished = True
        except StopError:
            finished = False
        finally:
            sys.settrace(before)
        assert modes[-1] == [True, (), None, 0], at
        if finished:
            break
    assert at > 20
