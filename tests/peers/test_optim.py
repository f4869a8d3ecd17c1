"""Every optimizer over 50 steps, and gradient clipping, beside PyTorch's.

Gradients depend on the parameters, so that a difference would feed itself; they are compared after
every step. One parameter is without a gradient now and then, and one is empty.
"""

import inspect

import numpy as np
import pytest
import torch

from tests.peers.compare import DTYPES, TOLERANCE, same
from tinygrad_cnn import Tensor, optim

STEPS = 50
SHAPES = ((3, 4), (4,), (), (2, 3, 2), (0, 2))

MAXIMIZING = (
    "SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta", "Rprop", "ASGD",
    "Adafactor",
)  # fmt: skip

#: PyTorch keeps rate and share of ASGD in single precision, whatever the parameters.
COARSE = {"ASGD": 1e-5}

#: Name and options of each optimizer. The learning rates let a parameter move by several times its size.
TABLE = [
    *[
        ("SGD", {"lr": 0.05, **more})
        for more in (
            {},
            {"momentum": 0.9},
            {"momentum": 0.9, "nesterov": True},
            {"momentum": 0.8, "dampening": 0.3},
            {"momentum": 0.9, "weight_decay": 0.1},
            {"weight_decay": 0.1},
            {"momentum": 0.9, "weight_decay": 0.1, "nesterov": True},
        )
    ],
    *[
        ("Adagrad", {"lr": 0.1, **more})
        for more in (
            {},
            {"lr_decay": 0.05},
            {"weight_decay": 0.1},
            {"initial_accumulator_value": 0.5, "eps": 1e-3},
        )
    ],
    *[("Adadelta", {**more}) for more in ({}, {"lr": 0.5, "rho": 0.8}, {"weight_decay": 0.1, "eps": 1e-3})],
    *[
        ("RMSprop", {**more})
        for more in (
            {},
            {"lr": 0.05, "alpha": 0.9},
            {"momentum": 0.9},
            {"centered": True},
            {"weight_decay": 0.1},
            {"momentum": 0.8, "centered": True, "weight_decay": 0.1, "eps": 1e-4},
        )
    ],
    *[
        (name, {"lr": 0.05, **more})
        for name in ("Adam", "AdamW")
        for more in (
            {},
            {"betas": (0.8, 0.95)},
            {"weight_decay": 0.1},
            {"amsgrad": True},
            {"eps": 1e-3, "weight_decay": 0.0},
        )
    ],
    *[
        ("Adamax", {"lr": 0.05, **more})
        for more in ({}, {"betas": (0.8, 0.95)}, {"weight_decay": 0.1, "eps": 1e-3})
    ],
    *[
        ("NAdam", {"lr": 0.05, **more})
        for more in (
            {},
            {"betas": (0.8, 0.95)},
            {"weight_decay": 0.1},
            {"momentum_decay": 0.02},
            {"weight_decay": 0.1, "decoupled_weight_decay": True},
        )
    ],
    *[
        ("RAdam", {"lr": 0.05, **more})
        for more in (
            {},
            {"betas": (0.8, 0.95)},
            {"weight_decay": 0.1},
            {"weight_decay": 0.1, "decoupled_weight_decay": True},
        )
    ],
    *[("Rprop", {"lr": 0.05, **more}) for more in ({}, {"etas": (0.3, 1.5)}, {"step_sizes": (1e-3, 0.1)})],
    *[
        ("ASGD", {"lr": 0.05, **more})
        for more in ({}, {"t0": 10}, {"lambd": 0.01, "alpha": 0.5}, {"weight_decay": 0.1})
    ],
    *[
        ("Adafactor", {"lr": 0.05, **more})
        for more in ({}, {"beta2_decay": -0.5}, {"weight_decay": 0.1}, {"eps": (1e-6, 1e-2), "d": 2.0})
    ],
    *[
        (name, {"lr": 0.005, "maximize": True})  # uphill the bowl grows steeper, and so would differences
        for name in MAXIMIZING
    ],
]

#: Optimizers without an entry above, each with the reason.
EXEMPT = {
    "LARS": "PyTorch has none; tests/optim/test_optimizers.py",
    "Lion": "PyTorch has none; tests/optim/test_optimizers.py",
    "Muon": "PyTorch's rounds to bfloat16 inside; compared below, more coarsely",
    "LBFGS": "takes a closure; compared below",
}


def optimizers():
    """Names of all public optimizers."""
    return {
        name
        for name, value in vars(optim).items()
        if inspect.isclass(value) and issubclass(value, optim.Optimizer) and value is not optim.Optimizer
    }


def test_every_optimizer_is_compared():
    assert {name for name, _ in TABLE} == optimizers() - EXEMPT.keys()
    functions = {n for n, value in vars(optim).items() if inspect.isfunction(value) and n[0] != "_"}
    assert functions == {"clip_grad_norm_", "clip_grad_value_"}  # both compared below


def made(dtype, seed=0):
    """Parameters of equal values, ours and theirs."""
    rng = np.random.default_rng(seed)
    values = [np.asarray(rng.standard_normal(shape), dtype) for shape in SHAPES]
    ours = [Tensor(value, requires_grad=True) for value in values]
    theirs = [torch.from_numpy(value.copy()).requires_grad_() for value in values]
    return ours, theirs


def groups(parameters, options):
    """Two groups, the second with a learning rate of its own."""
    return [{"params": parameters[:3]}, {"params": parameters[3:], "lr": options.get("lr", 0.01) / 2}]


def give_gradients(step, ours, theirs, dtype):
    """The gradient of a bumpy bowl, worked out on each side from its own parameters."""
    rng = np.random.default_rng([3, step])
    for k, (p, q) in enumerate(zip(ours, theirs, strict=True)):
        noise = np.asarray(rng.standard_normal(p.shape), dtype)
        if k == 1 and step % 7 == 3:
            p.grad = q.grad = None
        elif k == 2 and step % 5 == 4:
            p.grad, q.grad = Tensor(np.zeros(p.shape, dtype)), torch.zeros_like(q)
        else:
            p.grad = Tensor(np.asarray(p.numpy() + np.sin(3 * p.numpy()) + noise, dtype))
            q.grad = (q + torch.sin(3 * q) + torch.from_numpy(noise)).detach()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "options"), TABLE, ids=lambda x: str(x).replace(" ", ""))
def test_fifty_steps(name, options, dtype):
    ours, theirs = made(dtype)
    if name == "Adafactor":  # PyTorch's divides by the size of a parameter
        ours, theirs = ours[:-1], theirs[:-1]
    here = getattr(optim, name)(groups(ours, options), **options)
    there = getattr(torch.optim, name)(groups(theirs, options), **options)
    start = [p.numpy().copy() for p in ours]
    for step in range(STEPS):
        give_gradients(step, ours, theirs, dtype)
        here.step()
        there.step()
        for k, (p, q) in enumerate(zip(ours, theirs, strict=True)):
            same(
                p,
                q,
                10 * TOLERANCE[dtype] if dtype == "float32" else COARSE.get(name, 1e-9),
                f"{name}, step {step}, parameter {k}",
            )
    for p, first in zip(ours, start, strict=True):
        assert p.size == 0 or not np.array_equal(p.numpy(), first)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("options", [{}, {"nesterov": False}, {"adjust_lr_fn": "match_rms_adamw"}])
def test_muon_is_near(options, dtype):
    ours, theirs = (side[:1] for side in made(dtype))
    here, there = optim.Muon(ours, lr=0.05, **options), torch.optim.Muon(theirs, lr=0.05, **options)
    for step in range(10):
        give_gradients(step, ours, theirs, dtype)
        here.step()
        there.step()
    same(ours[0], theirs[0], 0.02, "after 10 steps")


def valley(p, square):
    """Rosenbrock's curved valley in 6 dimensions: hard for gradient descent."""
    a, b = p[:-1], p[1:]
    return (100 * square(b - square(a)) + square(1 - a)).sum()


@pytest.mark.parametrize("line_search_fn", [None, "strong_wolfe"])
@pytest.mark.parametrize("options", [{}, {"max_iter": 5, "history_size": 3}, {"lr": 0.5, "max_eval": 7}])
def test_lbfgs(options, line_search_fn):
    start = np.array([-1.2, 1.0, -0.5, 0.8, 1.1, 0.3]) if line_search_fn else np.linspace(0.9, 1.1, 6)
    p, q = Tensor(start, requires_grad=True), torch.tensor(start, requires_grad=True)
    options = {"lr": 1.0 if line_search_fn else 1e-3, "line_search_fn": line_search_fn, **options}
    here, there = optim.LBFGS([p], **options), torch.optim.LBFGS([q], **options)

    def closure(optimizer, x, square):
        def run():
            optimizer.zero_grad()
            loss = valley(x, square)
            loss.backward()
            return loss

        return run

    for step in range(6):
        mine, other = (
            here.step(closure(here, p, lambda x: x * x)),
            there.step(closure(there, q, torch.square)),
        )
        if line_search_fn is None:  # the same steps; two line searches may differ, and still go down
            assert mine.item() == pytest.approx(other.item(), rel=1e-6), f"step {step}"
    mine, other = valley(p, lambda x: x * x).item(), valley(q, torch.square).item()
    assert mine < valley(Tensor(start), lambda x: x * x).item()
    assert mine <= other * 3 + 1e-8


@pytest.mark.parametrize(("name", "options"), TABLE, ids=lambda x: str(x).replace(" ", ""))
def test_the_defaults_are_pytorch_s(name, options):
    ours, theirs = made("float64")
    here = getattr(optim, name)(ours, **({"lr": 0.1} if name == "SGD" else {}))
    there = getattr(torch.optim, name)(theirs, **({"lr": 0.1} if name == "SGD" else {}))
    for key, value in here.defaults.items():
        assert there.defaults[key] == value, f"{name}.{key}"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.0, float("inf")])
@pytest.mark.parametrize("max_norm", [0.5, 1e3])
@pytest.mark.parametrize("spoil", [None, float("inf"), float("nan")])
def test_clip_grad_norm(dtype, norm_type, max_norm, spoil):
    # Without the empty parameter, of which PyTorch can give no infinity norm.
    ours, theirs = (side[:-1] for side in made(dtype))
    give_gradients(3, ours, theirs, dtype)  # the second is without one
    if spoil is not None:
        ours[0].grad = Tensor(np.full((3, 4), spoil, dtype))
        theirs[0].grad = torch.full_like(theirs[0], spoil)
    norm = optim.clip_grad_norm_(ours, max_norm, norm_type)
    expected = torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type)
    same(np.asarray(norm, dtype), expected, TOLERANCE[dtype], "norm")
    for k, (p, q) in enumerate(zip(ours, theirs, strict=True)):
        if q.grad is None:
            assert p.grad is None
        else:
            same(p.grad, q.grad, TOLERANCE[dtype], f"gradient {k}")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bound", [0.0, 0.3, 10.0])
def test_clip_grad_value(dtype, bound):
    ours, theirs = made(dtype)
    give_gradients(3, ours, theirs, dtype)
    optim.clip_grad_value_(ours, bound)
    torch.nn.utils.clip_grad_value_(theirs, bound)
    for p, q in zip(ours, theirs, strict=True):
        assert (p.grad is None) == (q.grad is None)
        if q.grad is not None:
            same(p.grad, q.grad, TOLERANCE[dtype], "gradient")
            assert np.abs(p.grad.numpy()).max(initial=0) <= np.asarray(bound, dtype)
