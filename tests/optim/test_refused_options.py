"""Options and states that optimizers and schedulers refuse, and steps of a line search that are rare."""

import numpy as np
import pytest
from refusals import check_refusals

from tinygrad_cnn import ArgumentError, DTypeError, ShapeError, StateError, Tensor, optim
from tinygrad_cnn.optim.line_search import strong_wolfe


def parameter(*shape):
    return Tensor(np.ones(shape), requires_grad=True)


def sgd(**options):
    return optim.SGD([parameter(2)], lr=0.1, **options)


def loaded(optimizer, **state):
    given = optimizer.state_dict()
    optimizer.load_state_dict({**given, **state})


def stepped(optimizer, p):
    p.grad = np.ones(p.shape)
    optimizer.step()


def lbfgs():
    p = parameter(2)
    optimizer = optim.LBFGS([p])
    optimizer.step(lambda: [optimizer.zero_grad(), loss := (p * p).sum(), loss.backward()][1])
    state = optimizer.state_dict()
    state["state"][0]["d"] = np.ones(3)
    optimizer.load_state_dict(state)


def muon():
    p = parameter(2, 2)
    optimizer = optim.Muon([p])
    optimizer.update(np.ones(2), np.ones(2), {}, optimizer.param_groups[0])


def lost_option():
    p = parameter(2)
    optimizer = optim.SGD([p], lr=0.1)
    optimizer.update = lambda *given: {}["gone"]
    stepped(optimizer, p)


REFUSED = [
    (
        ArgumentError,
        "Adafactor: eps must be two numbers, got 1",
        lambda: optim.Adafactor([parameter(2)], eps=1),
    ),
    (
        ArgumentError,
        "ChainedScheduler: needs schedulers, all of one optimizer",
        lambda: optim.ChainedScheduler([]),
    ),
    (
        DTypeError,
        "CyclicLR: scale_fn must be a function, got 3",
        lambda: optim.CyclicLR(sgd(momentum=0.9), 0.1, 1.0, scale_fn=3),
    ),
    (
        ArgumentError,
        "CyclicLR: the optimizer has no momentum",
        lambda: optim.CyclicLR(optim.Adagrad([parameter(2)], lr=0.1), 0.1, 1.0),
    ),
    (StateError, "LBFGS: d has shape (3,), vectors of length 2 fit", lbfgs),
    (ShapeError, "Muon: a parameter has shape (2,), a matrix fits", muon),
    (
        StateError,
        "parameter groups of sizes [1, 1], this one has [1]",
        lambda: loaded(sgd(), param_groups=sgd().state_dict()["param_groups"] * 2),
    ),
    (
        ArgumentError,
        "Rprop: etas must be a factor in (0, 1) and one above 1, got (2, 3)",
        lambda: optim.Rprop([parameter(2)], etas=(2, 3)),
    ),
    (
        ArgumentError,
        "Rprop: step_sizes must be a lower and an upper bound, got (3, 2)",
        lambda: optim.Rprop([parameter(2)], step_sizes=(3, 2)),
    ),
    (
        ArgumentError,
        "Rprop: etas must be two numbers, got 0.5",
        lambda: optim.Rprop([parameter(2)], etas=0.5),
    ),
    (KeyError, "gone", lost_option),
]


def test_what_does_not_fit_is_named():
    check_refusals(REFUSED)


def test_groups_are_shown_one_below_the_other():
    optimizer = optim.SGD([{"params": [parameter(2)]}, {"params": [parameter(3)], "lr": 0.5}], lr=0.1)
    lines = repr(optimizer).splitlines()
    assert lines[0] == "SGD(" and lines[1].startswith("  (0): 1 parameters, lr=0.1")
    assert lines[2].startswith("  (1): 1 parameters, lr=0.5") and lines[3] == ")"


def test_nothing_is_left_to_do():
    empty = parameter(0)
    stepped(optim.Adafactor([empty]), empty)
    p = Tensor(np.zeros(2), requires_grad=True)
    optimizer = optim.LBFGS([p])
    calls = []

    def closure():
        calls.append(1)
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 0 and len(calls) == 1  # at the minimum already


def searched(loss, slope, t, **options):
    """A line search along one axis from 0, with the steps that it tried."""
    tried = []

    def at(t):
        tried.append(t)
        return loss(t), np.array([slope(t)])

    found = strong_wolfe(at, t, np.ones(1), loss(0.0), np.array([slope(0.0)]), slope(0.0), **options)
    return found, tried


def test_a_line_search_that_may_ask_no_more_gives_its_best_point():
    (loss, gradient, t, calls), tried = searched(lambda t: -t, lambda t: -1.0, 1.0, most=3)
    assert calls == 3 == len(tried) and t == max(tried) and loss == -t and gradient == -1


@pytest.mark.parametrize(
    "loss", [lambda p: p.sum(), lambda p: abs(p - 7.0).sum()], ids=["a plane", "a valley"]
)
def test_lbfgs_goes_along_straight_lines(loss):
    """The cubic through two points of a straight line has no minimum."""
    p = Tensor(np.zeros(2), requires_grad=True)
    optimizer = optim.LBFGS([p], line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        value = loss(p)
        value.backward()
        return value

    first = optimizer.step(closure).item()
    assert loss(p).item() < first - 1


LINES = {
    "a quartic": (lambda t: (t - 1) ** 4, lambda t: 4 * (t - 1) ** 3),
    "a wave": (lambda t: -np.sin(t) + 0.1 * t, lambda t: -np.cos(t) + 0.1),
    "a narrow bend": (
        lambda t: np.hypot(t - 0.7, 1e-3) - t / 5,
        lambda t: (t - 0.7) / np.hypot(t - 0.7, 1e-3) - 0.2,
    ),
    "steep, then flat": (lambda t: np.exp(-30 * t) + 0.01 * t, lambda t: -30 * np.exp(-30 * t) + 0.01),
    "a wall": (
        lambda t: -t + 1e-3 / np.maximum(1 - t, 1e-300) if t < 1 else np.inf,
        lambda t: -1 + 1e-3 / (1 - t) ** 2 if t < 1 else np.nan,
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_a_step_that_is_found_is_low_and_flat_enough(name):
    """Where a minimum is nearly missed: by bounds of the slope so narrow that cubics meet them seldom."""
    loss, slope = LINES[name]
    for t in np.geomspace(1e-3, 30, 12):
        for flat in (0.9, 0.1, 1e-3):
            (found, gradient, step, calls), tried = searched(loss, slope, float(t), flat=flat, most=60)
            assert calls == len(tried) <= 60 and step in tried
            assert found == loss(step) and gradient[0] == slope(step)
            assert found <= loss(0.0) + 1e-4 * step * slope(0.0), (t, flat, step)
            assert abs(slope(step)) <= flat * abs(slope(0.0)), (t, flat, step)
