"""A stateful test of Tensors: ops, views, writes in place, detaching and walks back, in any order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from contextvars import copy_context
from typing import Any, ClassVar

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, precondition, rule

from tinygrad_cnn.errors import TinygradCnnError
from tinygrad_cnn.graph import observe
from tinygrad_cnn.graph.modes import MODE
from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.testing.assertions import assert_gradients
from tinygrad_cnn.testing.blaming.recorded_steps import Witness
from tinygrad_cnn.testing.fuzz.writes import OPS, SIDE, VIEWS, WRITES, Writes
from tinygrad_cnn.testing.strategies.random_programs import operand_count

#: A gradient may differ from the right one by this share, and by so much.
RTOL, ATOL = 1e-9, 1e-9


def _unwatched(op: Callable[..., Any], arrays: list[Any]) -> None:
    """Check a derivative where the machine's observer does not see it; in a context of its own."""
    MODE.set(MODE.get().replaced(observers=()))
    assert_gradients(op, *arrays)


class TensorMachine(RuleBasedStateMachine):
    """Tensors of shape (3, 3) that are computed with, viewed, written to, detached and walked back from.

    A walk gives the gradients that copies of all operands give, taken when each op ran, or it refuses
    with an error of this package; a silently wrong gradient fails. A write that is refused changes
    nothing. Functions of one's own in `ops` take part: the derivative of each is checked where it is
    called, and a wrong one fails with the fewest rules that lead there. A subclass may add rules, too.

        class MyMachine(TensorMachine):
            ops = (swish, blend)

        TestMine = MyMachine.TestCase

    Attributes:
        ops: functions of one's own, from Tensors to a Tensor: one for each parameter without a default.
            One that refuses its operands with an error of this package is left out there.
        tensors: the bundle of all Tensors that there are.   leaves: those that rules made.
    """

    ops: ClassVar[Sequence[Callable[..., Any]]] = ()
    tensors: Any = Bundle("tensors")

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.seen = self.open.enter_context(observe(Witness()))
        self.open.enter_context(np.errstate(all="ignore"))
        self.leaves: list[Tensor] = []

    def teardown(self) -> None:
        """Nobody watches any more."""
        self.open.close()

    @initialize(target=tensors, seed=st.integers(0, 99))
    def start(self, seed: int) -> Tensor:
        """A first leaf, that requires grad."""
        return self.leaf(seed, True)

    @rule(target=tensors, seed=st.integers(0, 99), requires_grad=st.booleans())
    def leaf(self, seed: int, requires_grad: bool) -> Tensor:
        """A further leaf, of numbers in [0.5, 2]."""
        values = np.random.default_rng(seed).uniform(0.5, 2, (SIDE, SIDE))
        self.leaves.append(Tensor(values, requires_grad=requires_grad))
        return self.leaves[-1]

    @rule(target=tensors, name=st.sampled_from(list(OPS)), a=tensors, b=tensors)
    def compute(self, name: str, a: Tensor, b: Tensor) -> Any:
        """An op of one or two Tensors."""
        return OPS[name](a, b)

    @precondition(lambda self: bool(self.ops))
    @rule(target=tensors, number=st.integers(0, 99), operands=st.lists(tensors, min_size=1, max_size=4))
    def own(self, number: int, operands: list[Tensor]) -> Any:
        """A function of `ops`, whose derivative is checked at these operands."""
        op = self.ops[number % len(self.ops)]
        given = [operands[k % len(operands)] for k in range(operand_count(op))]
        try:
            y = op(*given)
        except TinygradCnnError:
            return multiple()
        copy_context().run(_unwatched, op, [np.array(x.numpy()) for x in given])
        return y if y.shape == (SIDE, SIDE) else multiple()

    @rule(target=tensors, name=st.sampled_from(list(VIEWS)), a=tensors)
    def view(self, name: str, a: Tensor) -> Any:
        """Another Tensor over the same memory, in the graph or detached from it."""
        return VIEWS[name](a)

    @rule(name=st.sampled_from(list(WRITES)), a=tensors, value=st.integers(0, 9))
    def write(self, name: str, a: Tensor, value: int) -> None:
        """A write in place, which may be refused."""
        Writes.write(a, name, value / 10)

    @rule()
    def backward_from_each(self) -> None:
        """A walk from every result that there is; their graphs are kept."""
        for step in list(self.seen.steps):
            self.backward(Tensor.at(np.array(step.result), step.node), True)

    @rule(y=tensors, again=st.booleans())
    def backward(self, y: Tensor, again: bool) -> None:
        """The walk from a Tensor to the leaves; the graph may be kept for another one."""
        if not y.requires_grad:
            return
        w = np.random.default_rng(1).uniform(-1, 1, y.shape)
        expected = Writes.by_copies(self.seen, y.node, w)
        for leaf in self.leaves:
            leaf.grad = None
        try:
            y.backward(w, retain_graph=again)
        except TinygradCnnError:
            return  # refused with words
        for number, leaf in enumerate(self.leaves):
            if leaf.requires_grad:
                got = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()
                right = expected.get(leaf.node, np.zeros(leaf.shape))
                np.testing.assert_allclose(
                    got, right, rtol=RTOL, atol=ATOL, err_msg=f"the gradient of leaf {number}"
                )
