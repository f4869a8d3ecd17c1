"""Blame: the first wrong op is named with its place."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from tinygrad_cnn import ArgumentError, DTypeError, Op, Tensor, checkpoint, nn, ops
from tinygrad_cnn import functional as F
from tinygrad_cnn.testing import assert_gradients
from tinygrad_cnn.testing.blaming.first_wrong_op import blame
from tinygrad_cnn.testing.mutation import Mutant, altered
from tinygrad_cnn.testing.strategies import modules, programs

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 4))


class Half(Op):
    """x * x with half its derivative."""

    keep = (0,)

    def forward(self, x):
        return x * x

    def backward(self, g, x):
        return (g * x,)


def wrong_here(x):
    y = x.tanh()
    z = Half()(y)  # the line to be named
    return (z.exp() + y).sum()


def line_of(words: str) -> int:
    lines = Path(__file__).read_text().splitlines()
    return next(i for i, line in enumerate(lines, start=1) if words in line)


# --------------------------------------------------------------------------- who and where
def test_the_op_the_line_the_operand_and_the_numbers_are_named() -> None:
    found = blame(wrong_here, X)
    assert found and found.op == "Half" and found.kind == "derivative" and found.operand == 0
    assert found.site == (__file__, line_of("# the line to be named"))
    assert found.node.op.name == "Half" and found.node.shape == X.shape
    assert found.finding.numeric == pytest.approx(2 * found.finding.analytic)
    text = str(found)
    assert f"{__file__}:{found.site[1]}" in text and "too small by a factor of 2" in text
    assert re.search(r"entry \(\d, \d\)", text)


def test_the_first_wrong_op_is_named_when_there_are_two() -> None:
    with altered(Mutant(ops.Exp, 0, "sign")):
        assert blame(wrong_here, X).op == "Half"
        assert blame(lambda x: x.exp().tanh(), X).op == "Exp"


def test_one_wrong_entry_is_found_in_a_large_operand() -> None:
    class OneOff(Op):
        keep = (0, 1)

        def forward(self, a, b):
            return a * b

        def backward(self, g, a, b):
            off = np.ones(b.shape)
            off[17, 23] = 1.5
            return g * b, g * a * off

    found = blame(lambda a, b: OneOff()(a, b.sin()), RNG.normal(size=(50, 60)), RNG.normal(size=(50, 60)))
    assert (found.operand, found.index) == (1, (17, 23))
    assert found.finding.analytic / found.finding.numeric == pytest.approx(1.5)


def test_the_module_is_named() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 2, rng=0, dtype=np.float64), nn.Tanh())
    with altered(Mutant(ops.Tanh, 0, "factor 2")):
        found = blame(network, X)
    assert found.node.scope == "2" and "in module 2" in str(found)


def test_a_wrong_op_inside_a_derivative_is_named_with_its_caller() -> None:
    def function(x):
        return F.avg_pool2d(x, 2).sin()

    with altered(Mutant(ops.BroadcastTo, 0, "factor 2")):
        found = blame(lambda x: x.sum(axis=0).sin(), X, order=2)
    assert found.op == "BroadcastTo" and found.order == 2 and found.inside.op.name == "Sum"
    assert "in the derivative of Sum" in str(found) and found.site[0] == __file__
    assert not blame(function, RNG.normal(size=(1, 1, 4, 4)), order=2)


def test_the_report_of_assert_gradients_names_the_culprit() -> None:
    with pytest.raises(AssertionError, match=r"first wrong op: Half, called at .*test_blame\.py:\d+"):
        assert_gradients(wrong_here, X)


# --------------------------------------------------------------------------- what no single op shows
def test_a_value_taken_out_of_the_graph_is_found() -> None:
    found = blame(lambda x: x.exp() * x.sin().detach(), X)
    assert (found.kind, found.op, found.operand) == ("cut", "Mul", 1) and "constant" in str(found)
    cached = Tensor(X).sin()

    def caches(x):
        cached.data = np.sin(x.numpy())
        return (x * 2 * cached).sum()

    assert blame(caches, X).kind == "cut"


def test_a_result_written_over_behind_the_engine_is_found() -> None:
    def function(x):
        y = x.exp()
        y._array *= 2
        return y + 1

    found = blame(function, X)
    assert (found.kind, found.op) == ("write", "Exp")


def test_a_walk_that_stops_is_reported() -> None:
    def function(x):
        y = x.exp()
        y.data = np.zeros(X.shape)
        return y + 1

    found = blame(function, X)
    assert found.kind in ("write", "walk") and found


# --------------------------------------------------------------------------- nothing to blame
def test_right_functions_are_not_blamed() -> None:
    image, kernel = RNG.normal(size=(2, 2, 5, 5)), RNG.normal(size=(3, 2, 3, 3))
    assert not blame(lambda x, w: F.max_pool2d(F.relu(F.conv2d(x, w)), 2), image, kernel, order=2)
    assert not blame(lambda x: x.sum(axis=0) * 2, X.astype(np.float32))
    assert not blame(lambda x, k: F.index(x, k.numpy()), X, np.array([0, 0, 2]))
    assert not blame(lambda x: checkpoint(lambda t: (t * t).exp(), x) * x, X, order=2)
    assert not blame(lambda x: F.relu(x), np.zeros(3))  # a kink
    assert not blame(lambda x: x * np.random.default_rng().random(), X)  # a random draw
    assert "nothing" in blame(F.exp, X).kind and str(blame(F.exp, X)).startswith("none")


def test_random_programs_and_networks_are_not_blamed() -> None:
    @settings(max_examples=10, database=None)
    @given(programs(max_steps=5))
    def no_program(program) -> None:
        found = blame(program.held(), *program.points, order=2)
        assert not found, f"{found}\n{program!r}"

    @settings(max_examples=5, database=None)
    @given(modules())
    def no_network(drawn) -> None:
        network, x = drawn
        assert not blame(network, x)

    no_program()
    no_network()


def test_inputs_are_left_as_they_were() -> None:
    x = X.copy()
    blame(wrong_here, x)
    np.testing.assert_array_equal(x, X)


def test_bad_arguments() -> None:
    with pytest.raises(ArgumentError, match="order"):
        blame(F.exp, X, order=3)
    with pytest.raises(DTypeError, match="float"):
        blame(F.relu, np.arange(3))
    with pytest.raises(DTypeError, match="Tensor"):
        blame(lambda x: 3.0, X)


# --------------------------------------------------------------------------- pictures
def test_the_culprit_is_red_in_the_picture(tmp_path: Path) -> None:
    found = blame(wrong_here, X)
    text = found.draw(tmp_path / "graph.dot").read_text()
    (box,) = re.findall(r'(n\d+) \[color="#d00000" penwidth=4\]', text)
    assert re.search(rf"\t{box} \[label=<[^\n]*Half", text), "the red box is the culprit's"
    assert found.draw(tmp_path / "graph.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(ArgumentError, match="no graph"):
        blame(lambda x: Tensor([1.0]), X).draw(tmp_path / "none.dot")
