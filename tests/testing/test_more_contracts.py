"""Optimizers against a rule, wrong buffers, Hessian-vector products, complex steps, branches."""

from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import Op, Tensor, nn, optim
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.testing import (
    backward_branches,
    check_layer_against,
    check_module,
    check_optimizer_against,
    gradcheck,
)


# --------------------------------------------------------------------------- optimizers
def adam(value, gradient, state, step):
    m = state["m"] = 0.9 * state.get("m", 0) + 0.1 * gradient
    v = state["v"] = 0.999 * state.get("v", 0) + 0.001 * gradient**2
    return value - 0.1 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)


def test_adam_takes_the_steps_of_its_paper() -> None:
    assert check_optimizer_against(lambda params: optim.Adam(params, lr=0.1), adam).status == "pass"


@pytest.mark.parametrize(
    ("make", "noticed"),
    [
        (lambda params: optim.Adam(params, lr=0.1, eps=1e-7), "large_and_small_gradients"),
        (lambda params: optim.Adam(params, lr=0.1, betas=(0.9, 0.99)), "drawn_gradients"),
        (lambda params: optim.AdamW(params, lr=0.1), "gradients_of_a_quadratic"),
    ],
)
def test_another_rule_is_noticed(make, noticed: str) -> None:
    report = check_optimizer_against(make, adam)
    assert report[noticed].status == "fail"
    assert "by the reference" in report[noticed].reason


def test_an_optimizer_that_forgets_is_noticed() -> None:
    class Forgetful(optim.Adam):
        def load_state_dict(self, state_dict, *args, **kwargs):
            pass

    class Counts(optim.Adam):
        """Its moments decay also where there is no gradient."""

        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.grad = p * 0 if p.grad is None else p.grad
            return super().step(closure)

    only = ["restart_from_a_state", "missing_gradients"]
    report = check_optimizer_against(lambda params: Forgetful(params, lr=0.1), adam, only=only)
    assert [outcome.status for outcome in report.outcomes] == ["fail", "pass"]
    assert report["restart_from_a_state"].reason.startswith("after step 6")
    report = check_optimizer_against(lambda params: Counts(params, lr=0.1), adam, only=only)
    assert report["missing_gradients"].status == "fail"
    assert "which had no gradient" in report["missing_gradients"].reason


# --------------------------------------------------------------------------- NumPy functions
X = np.array([0.3, -1.2, 2.0])


def cubes(x):
    return (x**3).sum()


def test_a_hessian_vector_product_by_hand() -> None:
    given = {"order": 2, "gradient": lambda x: 3 * x**2}
    assert gradcheck(cubes, X, hvp=lambda v, x: 6 * x * v, **given).status == "pass"
    wrong = gradcheck(cubes, X, hvp=lambda v, x: 6.01 * x * v, **given)
    assert wrong.status == "fail" and wrong.findings[-1].order == 2

    def product(v, x, y):
        return v[1] * np.cos(y), v[0] * np.cos(y) - v[1] * x * np.sin(y)

    given = {"order": 2, "gradient": lambda x, y: (np.sin(y), x * np.cos(y)), "hvp": product}
    one, two = np.array(0.5), np.array(0.7)
    assert gradcheck(lambda x, y: float(x * np.sin(y)), one, two, **given).status == "pass"
    with pytest.raises(ArgumentError, match="needs hvp="):
        gradcheck(cubes, X, order=2, gradient=lambda x: 3 * x**2)


@pytest.mark.parametrize("off", [1e-10, 1e-11])
def test_a_complex_step_sees_what_differences_cannot(off: float) -> None:
    def gradient(x):
        return 3 * x**2 * (1 + off)

    assert gradcheck(cubes, X, gradient=gradient).status == "pass"
    found = gradcheck(cubes, X, gradient=gradient, complex_step=True)
    assert found.status == "fail" and "complex step" in str(found)
    assert gradcheck(cubes, X, gradient=lambda x: 3 * x**2, complex_step=True).status == "pass"


def test_a_complex_step_that_cannot_be_taken_says_why() -> None:
    def gradient(x):
        return x / np.linalg.norm(x)

    found = gradcheck(np.linalg.norm, X, gradient=gradient, complex_step=True)
    assert found.status == "unchecked" and "abs, real, norm" in found.headline
    with pytest.raises(ArgumentError, match="of tinygrad_cnn"):
        gradcheck(lambda x: x * x, X, complex_step=True)


# --------------------------------------------------------------------------- branches
class Branching(Op):
    """Its backward has two branches, and one line for large arrays alone."""

    keep = (0,)

    def forward(self, x):
        return x * x

    def backward(self, g, x):
        slope = 2 * x
        if x.ndim > 1:
            slope = 3 * x
        return (g * slope,)


def test_branches_that_no_problem_reaches_are_named() -> None:
    found = backward_branches(Branching, [(np.ones(3),)])
    assert not found
    assert "slope = 3 * x" in str(found) and "1 problems" in str(found)
    matrices = backward_branches(Branching, [(np.ones((2, 2)),)])
    assert not matrices and not matrices.lines and "never led to" in str(matrices)
    assert backward_branches(Branching, [(np.ones(3),), (np.ones((2, 2)),)])


def test_branches_need_a_source() -> None:
    exec("class Made(Op):\n def forward(self, x): return x\n def backward(self, g): return (g,)", globals())
    with pytest.raises(ArgumentError, match="no source"):
        backward_branches(globals()["Made"], [(np.ones(3),)])


# --------------------------------------------------------------------------- buffers that are wrong
class Centred(nn.Module):
    """x minus its mean, or in eval mode minus the mean that training has followed."""

    def __init__(self) -> None:
        self.mean = nn.Buffer(np.zeros(3))

    def follow(self, x: Any) -> None:
        self.mean.data = 0.9 * self.mean.numpy() + 0.1 * x.numpy().mean(0)

    def forward(self, x: Any) -> Any:
        if self.training:
            self.follow(x)
            return x - x.mean(0)
        return x - Tensor(np.asarray(self.mean))


class CentredTheWrongWay(Centred):
    def follow(self, x: Any) -> None:
        self.mean.data = 0.1 * self.mean.numpy() + 0.9 * x.numpy().mean(0)


class CentredInEval(Centred):
    def forward(self, x: Any) -> Any:
        y = super().forward(x)
        if not self.training:
            self.follow(x)
        return y


class CentredUnsaved(Centred):
    def __init__(self) -> None:
        object.__setattr__(self, "mean", np.zeros(3))

    def follow(self, x: Any) -> None:
        object.__setattr__(self, "mean", 0.9 * self.mean + 0.1 * x.numpy().mean(0))


@pytest.mark.parametrize(
    ("kind", "name", "words", "against"),
    [
        (Centred, "", "", ""),
        (CentredTheWrongWay, "", "", "mean after call 1 in training mode"),
        (CentredInEval, "deterministic_in_eval", "mean, after a call", "mean, after a call in eval mode"),
        (CentredUnsaved, "training_is_saved", "training changes mean, which is not in state_dict", ""),
    ],
)
def test_a_buffer_that_is_wrong_is_found_and_no_other_property_is_blamed(
    kind: type[Centred], name: str, words: str, against: str
) -> None:
    x = np.random.default_rng(0).normal(size=(6, 3))
    report = check_module(kind(), x)
    failed = {outcome.name: outcome.reason for outcome in report.outcomes if outcome.status == "fail"}
    assert list(failed) == ([name] if name else []) and words in failed.get(name, ""), str(report)
    if kind is not CentredUnsaved:
        layer = check_layer_against(
            kind(), lambda x: x - x.mean(0), x,
            buffers=lambda before, x: {"mean": 0.9 * before["mean"] + 0.1 * x.mean(0)},
        )  # fmt: skip
        assert against in layer["buffers_agree"].reason, str(layer)
        assert layer["buffers_agree"].status == ("fail" if against else "pass"), str(layer)
