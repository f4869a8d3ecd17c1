"""Averaged models beside PyTorch's, over some steps of training."""

import numpy as np
import pytest
import torch

from tests.peers.compare import same
from tinygrad_cnn import nn, optim


def networks():
    """A network with a batch norm on both sides, with equal weights."""
    ours = nn.Sequential(nn.Linear(3, 4, rng=0), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2, rng=1))
    theirs = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.ReLU(), torch.nn.Linear(4, 2)
    )
    theirs.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in ours.state_dict().items()})
    return ours, theirs


@pytest.mark.parametrize("use_buffers", [False, True])
@pytest.mark.parametrize("decay", [None, 0.9])
def test_averages_over_training(decay, use_buffers):
    swa = torch.optim.swa_utils
    ours, theirs = networks()
    mine = nn.AveragedModel(
        ours, avg_fn=None if decay is None else nn.get_ema_avg_fn(decay), use_buffers=use_buffers
    )
    function = None if decay is None else swa.get_ema_multi_avg_fn(decay)
    other = swa.AveragedModel(theirs, multi_avg_fn=function, use_buffers=use_buffers)
    steps = optim.SGD(ours.parameters(), lr=0.1), torch.optim.SGD(theirs.parameters(), lr=0.1)
    rng = np.random.default_rng(0)
    batches = [rng.standard_normal((8, 3)).astype("f4") for _ in range(5)]
    for x in batches:
        ours.zero_grad()
        theirs.zero_grad()
        (ours(x) ** 2).mean().backward()
        (theirs(torch.from_numpy(x)) ** 2).mean().backward()
        for step in steps:
            step.step()
        mine.update_parameters(ours)
        other.update_parameters(theirs)
    nn.update_bn(batches, mine)
    swa.update_bn([torch.from_numpy(x) for x in batches], other)
    expected = other.state_dict()
    assert mine.state_dict().keys() == expected.keys()
    for key, value in mine.state_dict().items():
        same(value, expected[key], 1e-5, key)
