"""Triangular factors, and hues of float images."""

import numpy as np
import pytest

from tinygrad_cnn import torch
from tinygrad_cnn.torchvision.transforms import functional as TF


@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 4), (3, 5), (5, 3), (1, 1)])
def test_factors_multiply_to_the_matrix_with_the_largest_pivots(shape: tuple[int, ...]) -> None:
    a = torch.from_numpy(np.random.default_rng(0).standard_normal(shape))
    P, L, U = torch.linalg.lu(a)
    assert torch.allclose(P @ L @ U, a) and bool((L.abs() <= 1).all())
    for part, again in zip((P, L, U), torch.lu_unpack(*a.lu()), strict=True):
        assert torch.equal(part, again)


def test_what_has_no_factors_or_no_derivative_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="detach"):
        torch.linalg.lu_factor(torch.eye(2).requires_grad_())
    with pytest.raises(RuntimeError, match="pivot=True fits"):
        torch.linalg.lu_factor(torch.eye(2), pivot=False)
    factors, pivots, failed = torch.lu(torch.zeros(2, 2), get_infos=True)
    assert not factors.any() and pivots.tolist() == [1, 2] and not failed.any()
    assert torch.lu_unpack(factors, pivots, unpack_pivots=False).P.numel() == 0


def test_a_hue_goes_round_and_greys_have_none() -> None:
    image = torch.from_numpy(np.random.default_rng(0).random((3, 4, 4), "float32"))
    there = TF.adjust_hue(image, 0.5)
    assert torch.allclose(TF.adjust_hue(there, 0.5), image, atol=1e-6)
    assert torch.allclose(TF.adjust_hue(image, 0.0), image, atol=1e-6)
    grey = torch.full((3, 2, 2), 0.25)
    assert torch.equal(TF.adjust_hue(grey, 0.3), grey)
    assert torch.equal(TF.adjust_hue(grey[:1], 0.3), grey[:1])
    whole = TF.adjust_hue((image * 255).to(torch.uint8), 0.1)
    assert whole.dtype == torch.uint8
    with pytest.raises(ValueError, match="hue_factor"):
        TF.adjust_hue(image, 0.7)
