"""Every scheduler over 60 steps, for an optimizer with two groups, beside PyTorch's."""

import inspect

import numpy as np
import pytest
import torch

from tinygrad_cnn import Tensor, optim

STEPS = 60
FLAT, DOWN = (0.5,) * STEPS, tuple(np.exp(-np.arange(STEPS) / 9).round(3))
NOISY = tuple(np.random.default_rng(0).normal(1, 0.3, STEPS) + np.linspace(1, 0, STEPS))


def half(t):
    """A rate by any function."""
    return 0.5 ** (t / 10) + (t % 3)


#: Name and options of each scheduler that counts its steps.
TABLE = [
    ("StepLR", {"step_size": 7}),
    ("StepLR", {"step_size": 1, "gamma": 0.9}),
    ("MultiStepLR", {"milestones": [5, 20, 20, 40], "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [1]}),
    ("ExponentialLR", {"gamma": 0.93}),
    ("PolynomialLR", {"total_iters": 40, "power": 2.0}),
    ("PolynomialLR", {}),
    ("PolynomialLR", {"total_iters": 80, "power": 0.5}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 0.1, "end_factor": 0.7, "total_iters": 30}),
    ("LinearLR", {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 10}),
    ("CosineAnnealingLR", {"T_max": 60}),
    ("CosineAnnealingLR", {"T_max": 13, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 10}),
    ("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 2, "eta_min": 0.001}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 61}),
    ("OneCycleLR", {"max_lr": [0.5, 0.2], "epochs": 7, "steps_per_epoch": 10}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 70, "three_phase": True}),
    (
        "OneCycleLR",
        {
            "max_lr": 0.5,
            "total_steps": 61,
            "anneal_strategy": "linear",
            "pct_start": 0.2,
            "div_factor": 10,
            "final_div_factor": 100,
        },
    ),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 61, "cycle_momentum": False}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 61, "base_momentum": 0.7, "max_momentum": 0.99}),
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.2, "total_iters": 30}),
    ("MultiplicativeLR", {"lr_lambda": lambda t: 0.9 + 0.01 * (t % 5)}),
    ("MultiplicativeLR", {"lr_lambda": [lambda t: 0.95, lambda t: 1 / (1 + 0.01 * t)]}),
    *[
        ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 7, **more})
        for more in (
            {},
            {"step_size_down": 4, "mode": "triangular2"},
            {"mode": "exp_range", "gamma": 0.97, "cycle_momentum": False},
            {"scale_fn": lambda x: 1 / x, "scale_mode": "cycle"},
            {"scale_fn": lambda x: 0.99**x, "scale_mode": "iterations", "max_momentum": 0.95},
        )
    ],
    ("LambdaLR", {"lr_lambda": half}),
    ("LambdaLR", {"lr_lambda": [half, lambda t: 1 / (1 + t)]}),
]

#: Options of the scheduler that looks at a measure, and the measures.
PLATEAUS = [
    ({}, FLAT),
    ({"patience": 3}, FLAT),
    ({"patience": 2, "factor": 0.5, "cooldown": 4}, NOISY),
    ({"patience": 1, "mode": "max"}, DOWN),
    ({"patience": 1, "threshold": 0.1}, DOWN),
    ({"patience": 1, "threshold": 0.05, "threshold_mode": "abs"}, DOWN),
    ({"patience": 0, "min_lr": 0.02}, NOISY),
    ({"patience": 0, "min_lr": [0.01, 0.02], "factor": 0.3}, NOISY),
    ({"patience": 0, "eps": 0.05}, FLAT),
    ({"patience": 3}, (*DOWN[:20], *[float("nan")] * 20, *DOWN[20:40])),
    ({"mode": "max", "patience": 2, "threshold_mode": "abs", "threshold": 0.2}, NOISY),
]

EXEMPT = {"LRScheduler": "the base of schedulers, which computes no rate; tests of each that has one"}
COMPARED = {name for name, _ in TABLE} | {"ReduceLROnPlateau", "SequentialLR", "ChainedScheduler", "SWALR"}


def pair(kind="SGD", **options):
    """An optimizer with two groups, ours and theirs."""
    options = options or {"momentum": 0.9}
    ours = [
        {"params": [Tensor([1.0], requires_grad=True)]},
        {"params": [Tensor([1.0], requires_grad=True)], "lr": 0.03},
    ]
    theirs = [
        {"params": [torch.ones(1, requires_grad=True)]},
        {"params": [torch.ones(1, requires_grad=True)], "lr": 0.03},
    ]
    return getattr(optim, kind)(ours, lr=0.1, **options), getattr(torch.optim, kind)(
        theirs, lr=0.1, **options
    )


def theirs_of(name):
    """PyTorch's scheduler of that name."""
    return getattr(torch.optim.lr_scheduler, name)


def settings(optimizer):
    """What schedulers set, of each group: the rate, the momentum and the first beta, if it has them."""
    return [
        (group["lr"], group.get("momentum", 0), group.get("betas", (0,))[0])
        for group in optimizer.param_groups
    ]


def compare(here, there, ours, theirs, measures=None):
    """Both over 60 steps, each after its optimizer's."""
    for t in range(STEPS + 1):
        for mine, others in zip(settings(here), settings(there), strict=True):
            assert mine == pytest.approx(others, rel=1e-9, abs=1e-15), f"step {t}"
        assert ours.get_last_lr() == pytest.approx(theirs.get_last_lr(), rel=1e-9, abs=1e-15)
        if t < STEPS:
            here.step()
            there.step()
            measure = () if measures is None else (measures[t],)
            ours.step(*measure)
            theirs.step(*measure)


def schedulers():
    """Names of all public schedulers: what has `get_last_lr`."""
    return {
        name
        for name, value in vars(optim).items()
        if inspect.isclass(value) and hasattr(value, "get_last_lr")
    }


def test_every_scheduler_is_compared():
    assert schedulers() - EXEMPT.keys() == COMPARED
    known = (
        schedulers()
        | {"Optimizer", "LARS", "Lion"}
        | {name for name in vars(optim) if hasattr(torch.optim, name)}
    )
    classes = {name for name, value in vars(optim).items() if inspect.isclass(value)}
    assert classes <= known, "a class that is neither an optimizer nor a scheduler"


@pytest.mark.parametrize(("name", "options"), TABLE, ids=lambda x: str(x).replace(" ", "")[:70])
def test_sixty_steps(name, options):
    here, there = pair()
    compare(here, there, getattr(optim, name)(here, **options), theirs_of(name)(there, **options))


@pytest.mark.parametrize(("options", "measures"), PLATEAUS)
def test_sixty_steps_of_a_plateau(options, measures):
    here, there = pair()
    ours, theirs = (
        optim.ReduceLROnPlateau(here, **options),
        theirs_of("ReduceLROnPlateau")(there, **options),
    )
    compare(here, there, ours, theirs, measures)


def test_one_cycle_moves_the_first_beta_of_adam():
    here, there = pair("Adam", betas=(0.9, 0.99))
    options = {"max_lr": 0.5, "total_steps": 61}
    compare(here, there, optim.OneCycleLR(here, **options), theirs_of("OneCycleLR")(there, **options))


@pytest.mark.filterwarnings("ignore:The epoch parameter in:UserWarning")
def test_sixty_steps_of_a_sequence():
    here, there = pair()
    parts = (
        ("LinearLR", {"start_factor": 0.1, "total_iters": 8}),
        ("StepLR", {"step_size": 9, "gamma": 0.5}),
        ("ExponentialLR", {"gamma": 0.9}),
    )
    ours = optim.SequentialLR(here, [getattr(optim, name)(here, **o) for name, o in parts], [8, 35])
    theirs = theirs_of("SequentialLR")(there, [theirs_of(name)(there, **o) for name, o in parts], [8, 35])
    compare(here, there, ours, theirs)


@pytest.mark.filterwarnings("ignore:The epoch parameter in:UserWarning")
def test_sixty_steps_of_a_chain():
    here, there = pair()
    parts = (
        ("ConstantLR", {"factor": 0.1, "total_iters": 8}),
        ("StepLR", {"step_size": 9, "gamma": 0.5}),
        ("ExponentialLR", {"gamma": 0.9}),
    )
    ours = optim.ChainedScheduler([getattr(optim, name)(here, **o) for name, o in parts])
    theirs = theirs_of("ChainedScheduler")([theirs_of(name)(there, **o) for name, o in parts])
    compare(here, there, ours, theirs)


@pytest.mark.parametrize("strategy", ["cos", "linear"])
def test_the_rate_for_averaged_weights(strategy):
    here, there = pair()
    options = {"swa_lr": 0.005, "anneal_epochs": 12, "anneal_strategy": strategy}
    ours, theirs = optim.SWALR(here, **options), torch.optim.swa_utils.SWALR(there, **options)
    compare(here, there, ours, theirs)


def test_a_state_goes_on_where_it_was_saved():
    here, there = pair()
    ours, theirs = optim.CosineAnnealingLR(here, T_max=20), theirs_of("CosineAnnealingLR")(there, T_max=20)
    for _ in range(7):
        here.step(), there.step(), ours.step(), theirs.step()
    again, _ = pair()
    resumed = optim.CosineAnnealingLR(again, T_max=20)
    resumed.load_state_dict(ours.state_dict())
    again.load_state_dict(here.state_dict())
    for _ in range(20):
        again.step(), there.step(), resumed.step(), theirs.step()
        assert resumed.get_last_lr() == pytest.approx(theirs.get_last_lr(), rel=1e-9, abs=1e-15)
