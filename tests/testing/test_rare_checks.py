"""gradcheck and blame where little is usual: records, kinks, wrong entries among many, odd ends."""

import html
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import tinygrad_cnn.testing as kit
from tinygrad_cnn import ArgumentError, DTypeError, Op, Tensor
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import MissingExtraError
from tinygrad_cnn.testing import blame, gradcheck
from tinygrad_cnn.testing.check.layouts import laid_out, laid_out_as
from tinygrad_cnn.testing.check.reproductions import MOST

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


def test_the_lines_that_reproduce_a_failure_make_containers_and_keywords_again(capsys) -> None:
    wrong = made(lambda x: x * 2, lambda g: g)
    found = gradcheck(lambda d, k, y: wrong(d["x"]) * k + y, {"x": X}, 3, kwargs={"y": X + 1})
    fn = lambda d, k, y: wrong(d["x"]) * k + y  # noqa: E731
    lines = [line for line in found.reproduce.splitlines() if not line.startswith("fn =")]
    exec("\n".join(lines), {"fn": fn})
    assert "factor of 2" in capsys.readouterr().out and "kwargs={'y': y}" in lines[-1]
    large = gradcheck(lambda d: wrong(d["x"]) + d["y"].sum(), {"x": np.ones(MOST + 1), "y": X})
    line = next(line for line in large.reproduce.splitlines() if line.startswith("x0"))
    compile(line, "", "exec")
    assert "np.array([0.5, -1.2, 2." in line and f"({MOST + 1},)" in line
    alone = gradcheck(wrong, np.ones(MOST + 1)).reproduce
    assert f"x0 = ...  # ({MOST + 1},) float64, {MOST + 1} elements" in alone


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
    assert gradcheck(lambda x: one(x) - F.abs(x) + x, np.zeros(4)).status != "pass"
    assert gradcheck(lambda x: F.max(x) + F.min(x), np.zeros(4)).status in ("unchecked", "pass")
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
