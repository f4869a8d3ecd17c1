"""Whole networks: weights that PyTorch wrote as safetensors load here and give the same outputs,
and the other way round; training goes the same way.
"""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.peers.compare import DTYPES, same
from tests.peers.test_layers import compare
from tinygrad_cnn import Tensor, nn, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.serial import load_tensors, save_tensors


def small(m):
    """A convolutional network in a Sequential."""
    return m.Sequential(
        m.Conv2d(3, 8, 3, padding=1),
        m.BatchNorm2d(8),
        m.SiLU(),
        m.MaxPool2d(2),
        m.Conv2d(8, 8, 3, groups=4, bias=False),
        m.GroupNorm(2, 8),
        m.GELU(),
        m.AvgPool2d(2),
        m.Flatten(),
        m.Dropout(0.0),
        m.Linear(32, 16),
        m.LayerNorm(16),
        m.Tanh(),
        m.Linear(16, 5),
    )


def nested(m):
    """A network of the user's own, with lists, dicts, branches and a residual sum."""

    class Block(m.Module):
        def __init__(self, channels):
            super().__init__()
            self.paths = m.ModuleList([m.Conv2d(channels, channels, k, padding=k // 2) for k in (1, 3)])
            self.norm = m.BatchNorm2d(channels)

        def forward(self, x):
            y = x
            for path in self.paths:
                y = y + path(x)
            return self.norm(y)

    class Net(m.Module):
        def __init__(self):
            super().__init__()
            self.stem = m.ConvTranspose2d(3, 4, 2, stride=2)
            self.blocks = m.Sequential(Block(4), m.ELU(), Block(4))
            self.heads = m.ModuleDict({"mean": m.Linear(4, 2), "rest": m.Linear(4, 3)})
            self.act = m.PReLU(4)

        def forward(self, x):
            y = self.act(self.blocks(self.stem(x))).mean((2, 3))
            return self.heads["mean"](y), self.heads["rest"](y)

    return Net()


NETWORKS = pytest.mark.parametrize("build", [small, nested])


def both(build, dtype, tmp_path):
    """The network of both sides, with PyTorch's weights, which travel by a file."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        theirs = build(torch.nn).to(getattr(torch, dtype))
    save_file(theirs.state_dict(), tmp_path / "theirs.safetensors")
    ours = build(nn)
    for p in ours.parameters():
        p.data = Tensor(p.numpy().astype(dtype)) if p.dtype != dtype else p.data
    result = ours.load_state_dict(load_tensors(tmp_path / "theirs.safetensors"))
    assert not result.missing and not result.unexpected
    return ours, theirs


def images(dtype, seed=0):
    return np.random.default_rng(seed).standard_normal((4, 3, 12, 12)).astype(dtype)


@NETWORKS
def test_weights_from_pytorch_give_the_same_outputs_and_gradients(build, tmp_path):
    ours, theirs = both(build, "float32", tmp_path)
    for training in (False, True, False):
        ours.train(training)
        theirs.train(training)
        ours.zero_grad()
        theirs.zero_grad()
        compare(ours, theirs, [images("float32", seed=int(training))], 1e-4, f"training {training}")


@NETWORKS
def test_weights_of_ours_load_in_pytorch(build, tmp_path):
    ours, theirs = build(nn), build(torch.nn)
    save_tensors(tmp_path / "ours.safetensors", ours.state_dict())
    theirs.load_state_dict(load_file(tmp_path / "ours.safetensors"), strict=True)
    compare(ours.eval(), theirs.eval(), [images("float32")], 1e-4, "loaded there")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_training_goes_the_same_way(name, dtype):
    """Ten steps of a smooth network from the same weights on the same batches: the same losses."""

    def build(m, **options):
        layers = (
            m.Conv2d(3, 4, 3, **options),
            m.BatchNorm2d(4, **options),
            m.Tanh(),
            m.AvgPool2d(2),
            m.Flatten(),
            m.Linear(100, 5, **options),
        )
        return m.Sequential(*layers)

    ours, theirs = build(nn, dtype=dtype), build(torch.nn, dtype=getattr(torch, dtype))
    theirs.load_state_dict({key: torch.from_numpy(v.copy()) for key, v in ours.state_dict().items()})
    options = {"lr": 0.05, "weight_decay": 0.01}
    here = getattr(optim, name)(ours.parameters(), **options)
    there = getattr(torch.optim, name)(theirs.parameters(), **options)
    tolerance = 1e-9 if dtype == "float64" else 1e-3
    for step in range(10):
        x, labels = images(dtype, step), np.random.default_rng(step).integers(0, 5, 4)
        here.zero_grad()
        there.zero_grad()
        loss = F.cross_entropy(ours(Tensor(x)), labels)
        other = torch.nn.functional.cross_entropy(theirs(torch.from_numpy(x)), torch.from_numpy(labels))
        same(loss, other, tolerance, f"loss at step {step}")
        loss.backward()
        other.backward()
        here.step()
        there.step()
    state = theirs.state_dict()
    for key, value in ours.state_dict().items():
        same(value, state[key], tolerance, key)
