"""Random programs: what they are, and that the engine differentiates every one of them rightly."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from tinygrad_cnn import ArgumentError, Tensor, checkpoint, grad
from tinygrad_cnn.testing import gradcheck
from tinygrad_cnn.testing.program_steps import OPERATIONS, Program, Step
from tinygrad_cnn.testing.strategies import modules, programs

EXAMPLES = 120
QUICK = settings(max_examples=400, database=None, suppress_health_check=list(HealthCheck))


def leaves(program: Program) -> list[Tensor]:
    return [Tensor(x, requires_grad=True) for x in program.points]


def gradients(program: Program, create_graph: bool = False) -> list[np.ndarray]:
    xs = leaves(program)
    found = grad(program(*xs), xs, create_graph=create_graph, allow_unused=True)
    return [np.zeros(x.shape) if g is None else g.numpy() for x, g in zip(xs, found, strict=True)]


@pytest.mark.slow
@settings(max_examples=EXAMPLES)
@given(programs())
def test_gradcheck_never_fails(program: Program) -> None:
    result = gradcheck(program.held(), *program.points, order=2, directions=1)
    assert result.status != "fail", f"{result}\n{program!r}"


@pytest.mark.slow
def test_gradcheck_passes_most_programs() -> None:
    """A check that leaves everything unchecked would never fail either."""
    answers = []

    @settings(max_examples=100, database=None)
    @given(programs())
    def look(program: Program) -> None:
        answers.append(gradcheck(program.held(), *program.points, order=2, directions=1).status)

    look()
    assert answers.count("pass") > 0.9 * len(answers)


@settings(max_examples=EXAMPLES)
@given(programs())
def test_first_order_and_create_graph_agree_bit_by_bit(program: Program) -> None:
    for g, h in zip(gradients(program), gradients(program, create_graph=True), strict=True):
        np.testing.assert_array_equal(g, h, strict=True)


@settings(max_examples=EXAMPLES)
@given(programs())
def test_grad_equals_backward_and_a_second_run(program: Program) -> None:
    xs = leaves(program)
    y = program(*xs)
    y.backward()
    assert y.item() == program(*leaves(program)).item() == program(*program.points)
    for x, g, again in zip(xs, gradients(program), gradients(program), strict=True):
        np.testing.assert_array_equal(np.zeros(x.shape) if x.grad is None else x.grad.numpy(), g)
        np.testing.assert_array_equal(g, again)


@settings(max_examples=EXAMPLES)
@given(programs(), st.data())
def test_a_checkpointed_part_gives_the_same_gradients(program: Program, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([step.name for step in program.steps]))
    xs = leaves(program)
    part = checkpoint(program.until(name), *xs)
    y = program(*xs, given={name: part})
    assert y.item() == program(*program.points)
    found = grad(y, xs, allow_unused=True)
    for g, expected in zip(found, gradients(program), strict=True):
        value = np.zeros(expected.shape) if g is None else g.numpy()
        scale = np.abs(expected).max(initial=1.0)
        np.testing.assert_allclose(value, expected, rtol=1e-10, atol=1e-12 * scale)


@given(programs())
def test_the_printed_program_is_the_program(program: Program) -> None:
    again = eval(repr(program), {"Program": Program, "Step": Step})
    assert again == program and hash(again) == hash(program)
    assert again(*again.points) == program(*program.points)
    assert np.ndim(program(*program.points)) == 0


def test_every_operation_is_drawn() -> None:
    seen: set[str] = set()

    @settings(max_examples=400, database=None)
    @given(programs())
    def look(program: Program) -> None:
        seen.update(step.op for step in program.steps)

    look()
    assert seen == set(OPERATIONS)


@pytest.mark.slow
@pytest.mark.parametrize("op", ["mean", "slice", "max_pool2d"])
def test_programs_shrink_to_the_steps_that_matter(op: str) -> None:
    program = find(programs(), lambda p: any(step.op == op for step in p.steps), settings=QUICK)
    assert len(program.steps) <= 2, repr(program)


def shares(p: Program) -> bool:
    uses = [name for step in p.steps for name in step.inputs]
    return any(uses.count(step.name) > 1 for step in p.steps)


def broadcasts(p: Program) -> bool:
    values = p.values(*p.points)
    binary = [step for step in p.steps if step.op in ("add", "mul", "sub")]
    return any(len({np.shape(values[n]) for n in step.inputs}) > 1 for step in binary)


def repeats(p: Program) -> bool:
    keys = [step.options["indices"] for step in p.steps if step.op == "take"]
    return any(len(set(key)) < len(key) for key in keys)


@pytest.mark.parametrize("wanted", [shares, broadcasts, repeats])
def test_programs_share_values_broadcast_and_repeat_indices(wanted) -> None:
    assert wanted(find(programs(), wanted, settings=QUICK))


def test_a_failing_program_shrinks_to_few_steps() -> None:
    assert len(find(programs(), lambda p: abs(p(*p.points)) > 3, settings=QUICK).steps) <= 5


def test_bad_programs_are_refused() -> None:
    with pytest.raises(ArgumentError, match="no operation 'sine'"):
        Step("a", "sine", "x")
    with pytest.raises(ArgumentError, match="2 inputs"):
        Program({"a": 1.0}, [Step("b", "exp", "a")])(1.0, 2.0)


@settings(max_examples=40)
@given(modules(smooth=True))
def test_gradients_of_modules_by_input(drawn) -> None:
    network, x = drawn
    assert gradcheck(network, x, directions=1).status != "fail"


@settings(max_examples=40)
@given(modules())
def test_modules_take_their_inputs_and_train(drawn) -> None:
    network, x = drawn
    y = network(Tensor(x))
    assert y.shape[0] == len(x) and y.dtype == np.float64
    (y * y).sum().backward()
    assert all(p.grad is not None and np.isfinite(p.grad.numpy()).all() for p in network.parameters())


def test_from_type_draws_tensors_without_an_import_of_testing() -> None:
    code = """
from hypothesis import find, strategies as st
from tinygrad_cnn import Tensor
print(find(st.from_type(Tensor), lambda t: t.ndim == 2 and t.requires_grad).shape)
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout.strip() == "(0, 0)"


@given(st.from_type(Tensor))
def test_from_type_in_a_test(x: Tensor) -> None:
    assert isinstance(x, Tensor) and x.dtype == np.float64


def test_importing_the_package_does_not_import_hypothesis() -> None:
    code = "import sys, tinygrad_cnn; print('hypothesis' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout.strip() == "False"
