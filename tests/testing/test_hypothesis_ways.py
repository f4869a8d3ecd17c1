"""What people who use hypothesis expect: ghostwriters, stateful machines, programs of one's own ops."""

import sys
from types import ModuleType

import pytest
from hypothesis import find, given, settings
from hypothesis.stateful import run_state_machine_as_test

from tinygrad_cnn import Op, Tensor
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.graph import Result
from tinygrad_cnn.testing import GradientError, Step, TensorMachine, gradcheck
from tinygrad_cnn.testing.strategies import programs


class Swish(Op):
    """Right."""

    keep = (0,)

    def forward(self, x):
        return x * F.sigmoid(x)

    def backward(self, g, x):
        s = F.sigmoid(x)
        return (g * (s + x * s * (1 - s)),)


class Wrong(Swish):
    """A term is missing."""

    def backward(self, g, x):
        return (g * F.sigmoid(x),)


def swish(x: Tensor) -> Tensor:
    return Swish()(x)


def wrong(x: Tensor) -> Tensor:
    return Wrong()(x)


def blend(a: Tensor, b: Tensor, *, share: float = 0.5) -> Tensor:
    return a * share + b * (1 - share)


# --------------------------------------------------------------------------- programs
@settings(max_examples=25)
@given(programs(ops={swish, blend}))
def test_programs_hold_the_ops_that_are_asked_for(program) -> None:
    assert {step.op for step in program.steps} & {swish, blend}
    assert gradcheck(program.held(), *program.points, directions=1, forward=False).status != "fail"


def test_a_wrong_op_in_a_program_shrinks_to_itself() -> None:
    found = find(programs(ops=[wrong, blend]), lambda p: any(step.op is wrong for step in p.steps))
    assert [step.op for step in found.steps] in ([wrong, "sum"], [wrong])
    assert gradcheck(found, *found.points).status == "fail"
    assert eval(repr(found), {**globals(), "Program": type(found)}) == found


def picky(x: Tensor) -> Tensor:
    if x.ndim != 2 or x[0, 0].item() < 0:
        raise ArgumentError("picky: a matrix fits whose first element is positive")
    return x.T


def test_an_op_that_refuses_its_operands_gives_way() -> None:
    assert find(programs(ops=[picky]), lambda p: any(s.op is picky for s in p.steps)).steps
    assert find(programs(ops=[picky]), lambda p: p.steps[0].op == "tanh").steps


def test_what_is_no_function_of_tensors_is_refused() -> None:
    with pytest.raises(ArgumentError, match="takes no operand"):
        find(programs(ops=[lambda: 1]), lambda p: True)
    with pytest.raises(ArgumentError, match="no operation 'swish'"):
        Step("a", "swish", "x")


# --------------------------------------------------------------------------- the machine
def test_the_machine_finds_nothing_in_tensors() -> None:
    run_state_machine_as_test(TensorMachine, settings=settings(max_examples=15, stateful_step_count=20))


class OwnOps(TensorMachine):
    ops = (swish, blend, picky)


class OneOfThemWrong(TensorMachine):
    ops = (swish, blend, wrong, picky)


def test_the_machine_takes_ops_of_ones_own() -> None:
    run_state_machine_as_test(OwnOps, settings=settings(max_examples=5, stateful_step_count=10))


def test_a_wrong_op_fails_in_the_machine_where_it_is_called() -> None:
    machine = OneOfThemWrong()
    try:
        x = machine.start(1)
        seen = len(machine.seen.steps)
        machine.own(0, [x])
        assert len(machine.seen.steps) == seen + 1, "the check itself is not watched"
        with pytest.raises(GradientError, match="first wrong op: Wrong"):
            machine.own(2, [x])
    finally:
        machine.teardown()


@pytest.mark.slow
def test_a_wrong_op_in_the_machine_shrinks_to_one_call_of_it() -> None:
    few = settings(max_examples=50, stateful_step_count=5, database=None, derandomize=True)
    with pytest.raises(GradientError, match="first wrong op: Wrong") as caught:
        run_state_machine_as_test(OneOfThemWrong, settings=few)
    steps = [line for note in caught.value.__notes__ for line in note.splitlines() if "state." in line]
    assert [line.split("(")[0].split(".")[-1] for line in steps] == ["start", "own", "teardown"], steps


class Aliasing(Op):
    """Its residual is the memory of its operand: what is written there later is not noticed."""

    def forward(self, x):
        return Result(x * x, x)

    def backward(self, g, x):
        return (2 * g * x,)


def test_the_machine_notices_a_residual_that_a_write_reaches() -> None:
    """Driven by hand: the order in which the rules must run."""
    machine = TensorMachine()
    try:
        x = machine.start(1)
        y = Aliasing()(x)
        machine.backward(y, True)
        machine.write("row", x, 9)
        with pytest.raises(AssertionError, match="the gradient of leaf 0"):
            machine.backward(y, False)
    finally:
        machine.teardown()


# --------------------------------------------------------------------------- ghostwriters
def test_what_a_ghostwriter_writes_runs(monkeypatch) -> None:
    ghostwriter = pytest.importorskip("hypothesis.extra.ghostwriter", reason="it needs black")
    mine = ModuleType("mine")
    for function in (swish, blend):
        setattr(mine, function.__name__, function)
        monkeypatch.setattr(function, "__module__", "mine")
    monkeypatch.setitem(sys.modules, "mine", mine)
    text = ghostwriter.magic(swish) + ghostwriter.fuzz(swish, except_=ValueError)
    written: dict = {}
    exec(text, written)
    assert "any_tensors" in text
    for name in [name for name in written if name.startswith("test_")]:
        settings(max_examples=5)(written[name])()
