"""The stream of random numbers: PyTorch's, as published values show."""

import numpy as np
import pytest

from tinygrad_cnn import torch


def test_the_first_numbers_of_seed_0_are_pytorchs():
    torch.manual_seed(0)
    assert torch.rand(3).tolist() == pytest.approx([0.4962565899, 0.7682217956, 0.0884774327], rel=1e-6)
    torch.manual_seed(0)
    assert torch.randn(3).tolist() == pytest.approx([1.5409960747, -0.2934289277, -2.1787893772], rel=1e-6)
    torch.manual_seed(0)
    assert torch.randperm(5).tolist() == [4, 0, 1, 3, 2]
    torch.manual_seed(0)
    assert torch.randint(10, (3,)).tolist() == [4, 9, 3]


def test_a_state_brings_the_stream_back():
    torch.manual_seed(3)
    torch.randn(3)  # leaves half a pair waiting
    state = torch.get_rng_state()
    first = torch.randn(5), torch.rand(4), torch.randperm(6)
    torch.set_rng_state(state)
    again = torch.randn(5), torch.rand(4), torch.randperm(6)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_layers_draw_the_same_weights_for_the_same_seed():
    made = []
    for _ in range(2):
        torch.manual_seed(1)
        made.append(torch.nn.Linear(4, 3).weight)
    assert torch.equal(*made)
    bound = 1 / 4**0.5
    assert bool((made[0].abs() <= bound).all())


def test_normal_numbers_have_mean_0_and_variance_1():
    drawn = torch.Generator().manual_seed(1).normal(100_000)
    assert abs(drawn.mean()) < 0.02 and abs(drawn.var() - 1) < 0.02
    assert drawn.dtype == np.float32
