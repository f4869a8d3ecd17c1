"""gradcheck and blame where little is usual: records, kinks, wrong entries among many, odd ends."""

import html
import runpy
import sys
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

import tinygrad_cnn.testing as kit
from tinygrad_cnn import ArgumentError, DTypeError, Op, Tensor, nn, ops
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import MissingExtraError
from tinygrad_cnn.testing import TensorMachine, blame, gradcheck
from tinygrad_cnn.testing.blaming import first_wrong_op, single_op
from tinygrad_cnn.testing.blaming.first_wrong_op import _Trial
from tinygrad_cnn.testing.cases import pad as pad_cases
from tinygrad_cnn.testing.cases import reduce as reduce_cases
from tinygrad_cnn.testing.check import comparisons, reproductions, side_effects, worst_entries
from tinygrad_cnn.testing.check.comparisons import Comparer
from tinygrad_cnn.testing.check.layouts import laid_out, laid_out_as
from tinygrad_cnn.testing.check.one_comparison import Comparison
from tinygrad_cnn.testing.check.slopes import Slope
from tinygrad_cnn.testing.check.subjects import Subject
from tinygrad_cnn.testing.contracts import op as op_contracts
from tinygrad_cnn.testing.frameworks import numpy_derivatives
from tinygrad_cnn.testing.frameworks.numpy_derivatives import NumpyDerivatives
from tinygrad_cnn.testing.frameworks.own_tensors import OwnTensors
from tinygrad_cnn.testing.ghostwriter import found_inputs, public_names
from tinygrad_cnn.testing.strategies import random_programs

X = np.array([0.5, -1.2, 2.0])
Pair = namedtuple("Pair", "a b")


@dataclass(frozen=True)
class Record:
    x: Any
    scale: float = 2.0


def made(forward, backward, keep=()):
    """A function with a derivative by hand, both of arrays."""

    class Made(Op):
        def forward(self, *xs):
            return forward(*xs)

        def backward(self, g, *kept):
            found = backward(g, *kept)
            return found if isinstance(found, (tuple, list)) else (found,)

    Made.keep = keep
    return lambda *xs: Made()(*xs)


# --------------------------------------------------------------------------- inputs of every form
def test_inputs_may_be_records_named_pairs_ordered_dicts_and_lists_of_numbers() -> None:
    assert gradcheck(lambda r: F.sin(r.x) * r.scale, Record(X))
    assert gradcheck(lambda p: p.a * p.b, Pair(X, X + 1))
    assert gradcheck(lambda d: d["x"] ** 2, OrderedDict(x=X))
    assert gradcheck(lambda x, y: x * y, [0.5, 2.0], 3.0)
    with pytest.raises(DTypeError, match="gradcheck: an input is complex; float inputs fit"):
        gradcheck(F.sin, np.array([1j]))
    with pytest.raises(DTypeError, match="gradcheck: the function returns a complex result"):
        gradcheck(lambda x: x * 1j, X, gradient=lambda x: x)


def test_the_lines_that_reproduce_a_failure_make_containers_and_keywords_again(capsys, monkeypatch) -> None:
    wrong = made(lambda x: x * 2, lambda g: g)
    found = gradcheck(lambda d, k, y: wrong(d["x"]) * k + y, {"x": X}, 3, kwargs={"y": X + 1})
    fn = lambda d, k, y: wrong(d["x"]) * k + y  # noqa: E731
    lines = [line for line in found.reproduce.splitlines() if not line.startswith("fn =")]
    exec("\n".join(lines), {"fn": fn})
    assert "factor of 2" in capsys.readouterr().out and "kwargs={'y': y}" in lines[-1]
    monkeypatch.setattr(reproductions, "MOST", 4)
    subject = Subject(OwnTensors(), fn, [{"x": np.ones(5), "y": X}, np.ones(5)])
    nested, alone = reproductions.reproduction(fn, subject, {}).splitlines()[-3:-1]
    compile(nested, "", "exec")
    assert "np.array([0.5, -1.2, 2." in nested and "large: (5,) float64" in nested
    assert alone.startswith("x1 = ...  # (5,) float64, 5 elements")


# --------------------------------------------------------------------------- wrong, and found
def test_wrong_entries_among_many_are_found_by_halving() -> None:
    places = np.zeros((20, 10))
    places[3, 4] = places[15, 0] = 1
    found = gradcheck(made(lambda x: x * 2, lambda g: 2 * g + places * g), np.ones((20, 10)), entries=True)
    assert found.status == "fail"
    failed = {f.where for f in found.findings if f.status == "fail" and "entry" in f.where}
    assert failed == {"input 0, entry (3, 4)", "input 0, entry (15, 0)"}


def test_a_buffer_that_is_used_again_a_layout_and_one_array_as_both_are_seen() -> None:
    buffer = np.empty(3)
    reused = gradcheck(lambda x: x * 2, X, vjp=lambda g, x: np.multiply(g, 2, out=buffer))
    assert "a second walk writes to the gradient that the first one gave" in str(reused)
    flat = made(lambda x: np.frombuffer(x.tobytes("A"), x.dtype).reshape(x.shape).copy(), lambda g: g)
    assert "lie in memory" in str(gradcheck(flat, np.arange(6.0).reshape(2, 3)))
    calls = []
    later = gradcheck(
        lambda x: x * 2, X, vjp=lambda g, x: (calls.append(1), g * min(len(calls) + 1.0, 2.5))[1]
    )
    assert "a second walk over the same recording gives another gradient" in str(later)


def test_a_gradient_beside_kinks_that_cancel_is_no_error() -> None:
    """|x| - |x| + x is smooth along every line; one of its gradients at 0 is 1 + s for any s."""
    one = made(np.abs, lambda g, x: g * np.where(x == 0, 0.5, np.sign(x)), keep=(0,))
    assert gradcheck(lambda x: one(x) - F.abs(x) + x, np.zeros(2)).status != "pass"
    wrong = made(np.abs, lambda g, x: g * np.where(x == 0, 3.0, np.sign(x)), keep=(0,))
    found = blame(wrong, np.array([[1.0, 0.0]]))
    assert "no subgradient" in found.reason and (found.operand, found.index) == (0, (0, 1))

    def shares(g, x, y):
        return g.sum() * (3.0 if x == 0 else np.sign(x)), g * np.sign(y)

    two = blame(made(lambda x, y: abs(x) + abs(y), shares, keep=(0, 1)), np.array(0.0), np.zeros(2))
    assert "no subgradient" in two.reason and (two.operand, two.index) == (0, ())


FAULTS = {
    "must return a tuple of 1 gradients, and returned list": made(lambda x: x * 1, lambda g: [g]),
    "must return a tuple of 1 gradients, and returned 2 of them": made(lambda x: x * 1, lambda g: (g, g)),
    "its backward gives float64 for operand 0, which is float32": made(
        lambda x: x * 1, lambda g: g.astype(np.float64)
    ),
    "its backward depends on how arrays lie in memory": made(
        lambda x: x * 1, lambda g: np.frombuffer(g.tobytes("A"), g.dtype).reshape(g.shape).copy()
    ),
    "its result depends on how arrays lie in memory": made(
        lambda x: np.frombuffer(x.tobytes("A"), x.dtype).reshape(x.shape).copy(), lambda g: g
    ),
}


@pytest.mark.parametrize("words", FAULTS)
def test_an_op_with_a_fault_is_blamed_in_these_words(words: str) -> None:
    found = blame(FAULTS[words], np.arange(6, dtype=np.float32).reshape(2, 3))
    assert words in found.reason, found.reason
    assert found._repr_html_() == f"<pre>{html.escape(str(found))}</pre>"


def test_what_is_kept_and_written_over_and_walks_that_stop_are_told_of() -> None:
    def written(x):
        y = x * 2
        z = y * y
        y.numpy().flags.writeable or y._array.__setitem__(0, 9.0)
        return z

    found = blame(written, X)
    assert found.kind == "write" and "was written over later" in found.reason

    def stopped(x):
        y = x * 2
        y.register_hook(lambda g: 1 / 0)
        return y

    assert "the walk stops with ZeroDivisionError" in blame(stopped, X).reason

    def late(x):
        y = x * 2
        y.register_hook(lambda g: 1 / 0 if g.requires_grad else None)
        return y * y

    found = blame(late, X, order=2)
    assert found.order == 2 and "the recorded walk stops with ZeroDivisionError" in found.reason
    constant = blame(lambda x: x * Tensor(x.numpy()), X)
    assert constant.kind == "cut" and "operand 1 is a constant here" in constant.reason
    assert blame(lambda x: Tensor(np.tanh(x.numpy())) * 1.0 + x * 0, X).kind == "cut"


# --------------------------------------------------------------------------- small parts
def test_reports_are_shown_in_notebooks() -> None:
    right = gradcheck(F.sin, X)
    assert right._repr_html_() == f"<pre>{html.escape(str(right))}</pre>"
    assert right.headline == f"gradient right along {len(right.findings)} comparisons"


def test_layouts_that_are_not_there() -> None:
    with pytest.raises(ArgumentError, match="laid_out: no layout 'spiral'; contiguous"):
        laid_out(X, "spiral")
    template = np.broadcast_to(np.ones(1), (3,))
    assert laid_out_as(X, template) is X  # elements that share memory cannot hold three values


def test_names_that_need_hypothesis_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}", name=missing.named)

    monkeypatch.setattr(kit.importlib, "import_module", missing)
    missing.named = "hypothesis"
    monkeypatch.delitem(vars(kit), "check_op", raising=False)
    with pytest.raises(
        MissingExtraError, match=r"tinygrad_cnn.testing.check_op needs hypothesis: pip install"
    ):
        kit.__getattr__("check_op")
    missing.named = "another"
    with pytest.raises(ModuleNotFoundError, match="No module named"):
        kit.__getattr__("check_op")


def test_a_gradient_by_hand_of_another_number_of_inputs() -> None:
    found = gradcheck(lambda a, b: (a * b).sum(), X, X + 1, gradient=lambda a, b: (b, a, a))
    assert found.status == "fail" and "3 gradients for 2 float inputs" in str(found)
    assert gradcheck(lambda a, k: (a * k).sum(), X, np.arange(3), gradient=lambda a, k: (k * 1.0, None))
    with pytest.raises(ArgumentError, match="hvp= is for a function that returns one number"):
        gradcheck(lambda x: x * x, X, vjp=lambda g, x: 2 * g * x, hvp=lambda v, x: 2 * v, order=2)


# --------------------------------------------------------------------------- where nothing can be said
def checked(fn: Any, *xs: Any, order: int = 1) -> Comparer:
    """A function at its point, ready to be compared."""
    return Comparer(Subject(OwnTensors(), fn, xs, None, "gradcheck"), 1e-7, 0.0, np.random.default_rng(0))


def test_points_of_another_shape_type_or_domain_leave_it_unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = checked(lambda x: x[x.numpy() > 0], X + 2)
    assert np.isnan(chosen._value_change([X])) and chosen._value_change([X + 3]) != 0
    single = X.astype(np.float32)

    def of_its_own_type(x: Tensor) -> Tensor:
        if x.dtype != np.float32:
            raise TypeError("float32 alone")
        return x * x

    assert gradcheck(of_its_own_type, single).status != "fail"
    assert checked(of_its_own_type, single).wider() is None
    assert "is not finite in float32, and is in float64" in checked(F.exp, np.float32([100.0])).unresolved()
    lost = checked(lambda x: (x + 1e8) - 1e8, single)
    assert "the function's own rounding in float32 is larger" in lost.unresolved()
    monkeypatch.setattr(comparisons, "SECOND_OPINION", 0)
    large = checked(F.sin, single)
    assert large.wider() is None and large.unresolved() == ""


def test_functions_that_know_no_complex_numbers_have_no_complex_step() -> None:
    cube_roots = gradcheck(
        lambda x: np.cbrt(x).sum(), X + 5, gradient=lambda x: np.cbrt(x) / x / 3, complex_step=True
    )
    assert cube_roots.status != "fail" and "does not take complex numbers" in str(cube_roots)
    subject = Subject(NumpyDerivatives(np.exp, None, None), lambda x: np.exp(x).sum(), [np.array([710.0])])
    steep = Comparer(subject, 1e-7, 0.0, np.random.default_rng(0)).complex_step("here", [np.ones(1)])
    assert (steep.status, steep.reason) == ("unchecked", "no complex step: it is not finite here")


def test_a_failure_that_another_look_does_not_confirm_is_none() -> None:
    check = checked(F.sin, X)
    comparison = Comparison(check, 1, "all inputs", check.random())
    doubtful = comparison.said("fail", Slope(1.0, 1e-9, 0.0), "wrong by chance")
    assert comparison.doubted(doubtful, comparison.floor).status == "pass"


def test_what_rounding_may_have_made_is_left_unchecked() -> None:
    rough = gradcheck(lambda x: (x**2).sum(), X, gradient=lambda x: 2 * x * (1 + 1e-6 * np.sin(x * 1e13)))
    assert rough.status == "unchecked" and "the gradient's own rounding is as large" in str(rough)
    zero = gradcheck(lambda x: (x * 0).sum(), X, gradient=lambda x: np.full(3, 1e-17), atol=0)
    assert zero.status == "unchecked" and "the function is 0 to the last digit" in str(zero)
    assert (
        gradcheck(lambda x: (x * 0).sum(), X, gradient=lambda x: np.full(3, 1e-9), atol=0).status == "fail"
    )
    subject = Subject(
        NumpyDerivatives(lambda x: x * np.inf, None, lambda t, x: t[0] * np.inf), np.sum, [X + 2]
    )
    steep = Comparer(subject, 1e-7, 0.0, np.random.default_rng(0)).forward("here", [np.ones(3)])
    assert (steep.status, steep.reason) == ("unchecked", "forward or reverse mode is not finite here")


def test_subgradients_a_little_outside_the_slopes_around_are_left_unchecked() -> None:
    near = made(np.abs, lambda g, x: g * np.where(x == 0, 2.0, np.sign(x)), keep=(0,))
    found = gradcheck(near, np.zeros(1), entries=True)
    assert found.status == "unchecked" and "the slopes around are -1 to 1" in str(found)


def test_inputs_that_may_not_be_one_array_are_not_tried_as_one() -> None:
    def refusing(a: Tensor, b: Tensor) -> Tensor:
        if np.array_equal(a.numpy(), b.numpy()):
            raise ValueError("two different arrays fit")
        return a * b

    def growing(a: Tensor, b: Tensor) -> Tensor:
        return F.concatenate([a * b, a]) if np.array_equal(a.numpy(), b.numpy()) else a * b

    def mixed_up(a: Tensor, b: Tensor) -> Tensor:
        return a * (a.detach() if a is b else b)

    for fn in (refusing, growing):
        assert gradcheck(fn, X, X + 1)
    assert "is not the sum of the two gradients" in str(gradcheck(mixed_up, X, X + 1))

    def in_one_place(x: Tensor) -> Tensor:
        if np.abs(x.numpy() - 0.5).max() > 0 and x.dtype == np.float32:
            raise ValueError("another point")
        return x * x

    assert list(side_effects._narrow(checked(in_one_place, np.float32([0.5])))) == []
    assert side_effects._close(np.ones(2), np.ones(3), 1e-9) is False


def test_looks_end_with_the_first_thing_that_they_find() -> None:
    flat = made(lambda x: np.frombuffer(x.tobytes("A"), x.dtype).reshape(x.shape).copy(), lambda g: g)
    backwards = made(
        lambda x: x * 1, lambda g: np.frombuffer(g.tobytes("A"), g.dtype).reshape(g.shape).copy()
    )
    for fn in (flat, backwards):
        check = checked(fn, np.arange(6.0).reshape(2, 3))
        assert check.repeats() and len(list(side_effects._layouts(check))) == 1
    buffer, calls = np.empty(3), []
    for vjp in (
        lambda g, x: np.multiply(g, 2, out=buffer),
        lambda g, x: (calls.append(1), g * min(len(calls) + 1.0, 2.5))[1],
    ):
        subject = Subject(NumpyDerivatives(None, vjp, None), lambda x: x * 2, [X], None, "gradcheck")
        check = Comparer(subject, 1e-7, 0.0, np.random.default_rng(0))
        check.gradients()
        assert len(list(side_effects._walks(check))) == 1

    def stopped(x: Tensor) -> Tensor:
        y = x * 2
        y.register_hook(lambda g: 1 / 0)
        return y

    trial = _Trial(Subject(OwnTensors(), stopped, [X], None, "blame"), 2, 0)
    for look in (trial.walk, trial.derivatives):
        assert [found.kind for found in look()] == ["walk"]
    cut = _Trial(
        Subject(OwnTensors(), lambda x: Tensor(np.tanh(x.numpy())) + x * 0, [X], None, "blame"), 1, 0
    )
    assert {found.kind for found in cut.cuts()} == {"cut"}
    other = _Trial(Subject(OwnTensors(), F.sin, [X], None, "blame"), 1, 0)
    assert list(cut.constants(other.steps, 1, None)) == []  # another graph tells nothing of constants
    assert first_wrong_op._close(None, np.zeros(2)) and not first_wrong_op._close(None, np.ones(2))


def test_single_ops_at_rare_operands() -> None:
    (step,) = _Trial(Subject(OwnTensors(), F.sin, [np.zeros((0, 3))], None, "blame"), 1, 0).steps
    assert single_op.inspect(step) is None
    unrecorded = made(lambda x: x * 1, lambda g: np.multiply(g, 1, out=np.empty(3)))
    (step,) = _Trial(Subject(OwnTensors(), unrecorded, [X], None, "blame"), 1, 0).steps
    assert (
        "its derivative fails when it is recorded: GraphError: backward: Made.backward gave an array"
        in single_op.inspect_second(step).reason
    )
    assert not single_op._about(np.ones(2), np.ones(3))
    assert gradcheck(lambda d: d["x"] * 2, MappingProxyType({"x": X}))


def test_references_of_borders_and_norms_are_numpys() -> None:
    for mode, theirs in {"replicate": "edge", "circular": "wrap", "reflect": "reflect"}.items():
        places = [pad_cases.shown(i - 5, 4, mode) for i in range(14)]
        assert places == np.pad(np.arange(4), 5, theirs).tolist()
    x = np.array([[0.0, 2.0], [3.0, 0.0]])
    for order in (0, 1, 2, np.inf, -np.inf, 3):
        op = ops.Norm((1,), False, order)
        assert reduce_cases.norm(op, x).tolist() == pytest.approx(np.linalg.norm(x, order, 1).tolist())


# --------------------------------------------------------------------------- contracts
def test_contracts_say_what_they_cannot_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    def twice(x: Any) -> Any:
        return x * 2

    report = kit.check_layer_against(twice, lambda x: x * 2, X, buffers=lambda before, x: {})
    assert "a function has no buffers" in str(report)
    assert report._repr_html_() == f"<pre>{html.escape(str(report))}</pre>"
    Steady = type("Steady", (nn.Module,), {"forward": lambda self, x: {"y": x * 2, "n": None}})
    assert kit.check_module(Steady(), X)
    Counts = type("Counts", (nn.Module,), {"forward": lambda self, x: Tensor(np.arange(3))})
    assert "without a float Tensor" in str(kit.check_module(Counts(), X, only=["gradients_in_eval"]))

    class Plain:
        def __init__(self, params: Any) -> None:
            self.param_groups = [{"params": params}]

    found = kit.check_optimizer(Plain, only=["zero_lr_changes_nothing"])
    assert "its param_groups have no option 'lr'" in str(found)

    def gradient_is_right(case: Any, problem: Any) -> None:
        raise AssertionError("a property of one's own")

    with pytest.raises(AssertionError, match="a property of one's own"):
        op_contracts.checked(gradient_is_right, None, kit.Problem(ops.Neg, [X]))
    with pytest.raises(ArgumentError, match="no problem was drawn or given"):
        kit.backward_branches(ops.Mul, [])
    drawn = kit.backward_branches(ops.Neg, st.just((X,)), max_examples=1)
    assert drawn and drawn._repr_html_().startswith("<pre>Neg.backward: every line")
    monkeypatch.setitem(sys.modules, "coverage", None)
    with pytest.raises(MissingExtraError, match="backward_branches needs coverage"):
        kit.backward_branches(ops.Neg, [(X,)])


def test_functions_of_one_s_own_that_programs_cannot_use(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ArgumentError, match="the parameters of <built-in function max> cannot be seen"):
        random_programs.operand_count(max)
    drawing = random_programs._Drawing((2,))

    def refusing(x: Any) -> Any:
        raise ValueError("three rows fit")

    assert drawing.tried(random_programs.Step("v0", refusing, "x0")) is None
    with pytest.raises((ValueError, TypeError)):
        drawing.tried(random_programs.Step("v0", "matmul", "x0"))
    machine = TensorMachine()
    y = machine.leaf(1, True) * 2
    y.backward(np.ones(y.shape))  # its graph is gone
    machine.backward(y, False)
    machine.teardown()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="need hypothesis: pip install hypothesis"):
        runpy.run_path(kit.__path__[0] + "/hypothesis_extra.py")


def test_where_rounding_hides_a_gradient_nothing_is_said_against_it() -> None:
    """The loss is 2e-7 made of numbers of 100: the weak entries do not change it, whatever they do."""
    x = np.random.default_rng(3).normal(size=(3, 3)) * 60
    found = gradcheck(lambda x: F.nll_loss(F.log_softmax(x), x.data.argmax(1)), x, seed=3)
    assert found.status == "unchecked" and "to its last digit, which rounding decides" in str(found)


def test_where_nothing_changes_a_gradient_is_wrong_all_the_same() -> None:
    never = made(lambda a, b: a * 1e6, lambda g, a, b: (g * 1e6, g * 1e-3), keep=(0, 1))
    found = gradcheck(never, X, X + 1)
    assert found.status == "fail"


def test_an_operand_that_is_kept_outside_the_graph_is_found() -> None:
    class Forgetful(Op):
        def forward(self, x: Any) -> Any:
            kept["x"] = x
            return np.sin(x)

        def backward(self, g: Any, *none: Any) -> Any:
            return (g * np.cos(kept["x"]),)

    kept: dict[str, Any] = {}
    found = gradcheck(lambda x: Forgetful()(x), X)
    assert found.status == "fail" and "an operand is kept outside the graph" in str(found)


@pytest.mark.parametrize(
    ("f", "x", "seed"),
    [
        (F.relu6, [-1.4483486e-06, 5.9178047, 6.0, -3.6154614e-07, -1.6001850e-10, -7.8633780e-11], 63),
        (F.hardtanh, [1.0, 0.9999999, 0.9807214, 1.0260066, 1.0, -1.0], 35),
    ],
)
def test_kinks_at_several_distances_are_no_error(f: Any, x: list[float], seed: int) -> None:
    found = gradcheck(f, np.array(x, np.float32), seed=seed)
    assert found.status == "unchecked" and "the slopes around are" in str(found)


# --------------------------------------------------------------------------- points outside a domain
def test_what_raises_elsewhere_is_judged_at_its_point() -> None:
    here = np.array([0.5, 2.0])

    def only_here(x: Any) -> Any:
        if np.abs(np.asarray(x.numpy()) - here).max() > 0.1:
            raise ValueError("outside of the domain")
        return x * x

    assert gradcheck(only_here, here)


def test_sums_of_two_inputs_need_the_same_results() -> None:
    def picked(x: Any, y: Any) -> Any:
        places = np.flatnonzero(np.asarray(x.numpy()) < np.asarray(y.numpy()))
        return x[places] * y[places]

    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    assert gradcheck(picked, x, y)

    def slopes(g: Any, x: Any, y: Any) -> Any:
        less, (a, b) = x < y, (np.zeros(2), np.zeros(2))
        g = np.resize(g, less.sum())
        a[less], b[less] = g * y[less], g * x[less]
        return a, b

    assert gradcheck(lambda x, y: (x * y)[x < y], x, y, vjp=slopes)


def test_inputs_that_hold_other_arrays_than_the_positional_ones_are_handed_on_as_they_are() -> None:
    subject: Any = SimpleNamespace(framework=SimpleNamespace(holds=bool), inputs=([1, 0], {}))
    assert Subject.positional(subject, [5]) == [5, 0] and Subject.positional(subject, [5, 6]) == [5, 6]


def test_a_numpy_derivative_may_take_the_arrays_alone() -> None:
    def scaled(x: Any, factor: int) -> Any:
        return factor * np.sin(x)

    x = np.array([0.3, 0.8])
    assert gradcheck(scaled, x, 3, vjp=lambda g, x: 3 * g * np.cos(x))
    assert gradcheck(scaled, x, 3, vjp=lambda g, x, factor: factor * g * np.cos(x))
    assert numpy_derivatives._takes(max, 7) and not numpy_derivatives._takes(lambda a: a, 2)


def test_names_that_programs_find_functions_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "needs_another.py").write_text("import no_such_module_anywhere\n")
    (tmp_path / "has_function.py").write_text(
        "class Twice:\n    @classmethod\n    def apply(cls, x): return 2 * x\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ArgumentError, match="f: importing needs_another: No module named"):
        public_names.named("f", "needs_another.one")
    assert str(public_names.named("f", "has_function.Twice")) == "has_function.Twice.apply"
    assert str(public_names.named("f", Fraction.from_float)) == "fractions.Fraction.from_float"
    assert found_inputs._parameters(max) is None


def test_shares_of_a_gradient_that_is_not_finite_name_no_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worst_entries, "_share", lambda *given: np.nan)
    check: Any = SimpleNamespace(active=[0], points=[np.ones(2)], scales=[1.0])
    assert worst_entries.worst_entry(check) is None
