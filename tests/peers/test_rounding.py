"""Rounding in training: how far the losses of float32 go from those of float64, here and with PyTorch.

Adadelta divides gradients by their size, so it blows up the rounding of the smallest ones, and two exact
libraries part after some steps. PyTorch parts from itself as well, as soon as oneDNN is turned off. What
can be asked is that our losses stay as near float64 as those of PyTorch's two ways.
"""

import os
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest
import torch

import tinygrad_cnn.torch as ours

STEPS = 10


def weights(seed: int) -> dict[str, npt.NDArray[np.float64]]:
    """Weights of the network below, as its layers draw them."""
    draws = np.random.default_rng(seed)
    shapes = {"0.weight": (32, 1, 3, 3), "2.weight": (64, 32, 3, 3), "6.weight": (10, 2304)}
    found = {}
    for key, shape in shapes.items():
        limit = 1 / np.sqrt(np.prod(shape[1:]))
        found[key] = draws.uniform(-limit, limit, shape)
        found[key.replace("weight", "bias")] = draws.uniform(-limit, limit, shape[0])
    return found


def losses(lib: ModuleType, dtype: str, seed: int) -> npt.NDArray[np.float64]:
    """The losses of the first steps of a network for digits, trained with `lib`."""
    nn, kind = lib.nn, getattr(lib, dtype)
    body = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    model = nn.Sequential(*body, nn.Linear(2304, 10)).to(kind)
    model.load_state_dict({key: lib.tensor(value, dtype=kind) for key, value in weights(seed).items()})
    optimizer = lib.optim.Adadelta(model.parameters(), lr=1.0)
    draws = np.random.default_rng(seed + 1)
    found = []
    for _ in range(STEPS):
        x = lib.tensor(draws.standard_normal((32, 1, 16, 16)), dtype=kind)
        labels = lib.tensor(draws.integers(0, 10, 32))
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return np.array(found)


@pytest.mark.slow
def test_losses_of_float32_stay_as_near_float64_as_pytorchs(monkeypatch: pytest.MonkeyPatch) -> None:
    far = {"PyTorch": 0.0, "PyTorch without oneDNN": 0.0, "ours": 0.0}
    for seed in range(4):
        exact = losses(torch, "float64", seed)
        assert losses(ours, "float64", seed) == pytest.approx(exact, rel=1e-9)
        theirs = losses(torch, "float32", seed)
        monkeypatch.setattr(torch.backends.mkldnn, "enabled", False)
        plain = losses(torch, "float32", seed)
        monkeypatch.undo()
        found = theirs, plain, losses(ours, "float32", seed)
        for name, values in zip(far, found, strict=True):
            far[name] = max(far[name], float(np.abs(values - exact).max()))
    print(os.environ.get("TINYGRAD_CNN_KERNELS"), far)
    assert far["ours"] <= 3 * max(far["PyTorch"], far["PyTorch without oneDNN"])
