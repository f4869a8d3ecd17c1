"""Weight and spectral norm beside PyTorch's, by equal state dicts: results, gradients, and after steps."""

import numpy as np
import pytest
import torch
from torch.nn.utils import parametrizations

from tinygrad_cnn import nn, optim

CASES = {
    "weight_norm": (lambda m: nn.weight_norm(m), lambda m: parametrizations.weight_norm(m)),
    "weight_norm of columns": (
        lambda m: nn.weight_norm(m, dim=1),
        lambda m: parametrizations.weight_norm(m, dim=1),
    ),
    "weight_norm of all": (
        lambda m: nn.weight_norm(m, dim=None),
        lambda m: parametrizations.weight_norm(m, dim=None),
    ),
    "spectral_norm": (lambda m: nn.spectral_norm(m, rng=0), lambda m: parametrizations.spectral_norm(m)),
}
LAYERS = {
    "Linear": ((4, 3), (5, 4)),
    "Conv2d": ((2, 3, 3), (2, 2, 5, 5)),
    "ConvTranspose1d": ((2, 3, 3), (2, 2, 5)),
}


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("kind", CASES)
def test_norms_are_pytorchs(kind, layer):
    arguments, shape = LAYERS[layer]
    ours, theirs = (
        CASES[kind][0](getattr(nn, layer)(*arguments, rng=0)),
        CASES[kind][1](getattr(torch.nn, layer)(*arguments)),
    )
    theirs.load_state_dict(
        {k: torch.from_numpy(v.copy()) for k, v in ours.state_dict().items()}, strict=True
    )
    our_sgd, their_sgd = optim.SGD(ours.parameters(), 0.05), torch.optim.SGD(theirs.parameters(), 0.05)
    for seed in range(3):
        x = np.random.default_rng(seed).standard_normal(shape).astype("float32")
        y, z = ours(x), theirs(torch.from_numpy(x))
        np.testing.assert_allclose(y.numpy(), z.detach().numpy(), atol=2e-5)
        for optimizer, loss in ((our_sgd, (y * y).sum()), (their_sgd, (z * z).sum())):
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    for (name, p), (other, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert name == other
        np.testing.assert_allclose(p.numpy(), q.detach().numpy(), atol=2e-5)
