"""Parameters that are computed from others: read, trained, saved, removed, copied."""

import copy

import numpy as np
import pytest

from tinygrad_cnn import nn, optim
from tinygrad_cnn.errors import ArgumentError

X = np.random.default_rng(1).standard_normal((5, 4)).astype("float32")


class Symmetric(nn.Module):
    def forward(self, x):
        return (x + x.T) / 2


def test_weight_norm_leaves_the_weight_as_it_was():
    layer = nn.Linear(4, 3, rng=0)
    before = layer.weight.numpy().copy()
    nn.weight_norm(layer)
    np.testing.assert_allclose(layer.weight.numpy(), before, rtol=1e-6)
    assert nn.is_parametrized(layer) and nn.is_parametrized(layer, "weight")
    assert repr(layer).startswith("Linear(\n  in_features=4")


def test_the_originals_are_trained():
    layer = nn.weight_norm(nn.Linear(4, 3, rng=0))
    before = [p.numpy().copy() for p in layer.parameters()]
    (layer(X) ** 2).sum().backward()
    optim.SGD(layer.parameters(), 0.01).step()
    assert all((p.numpy() != q).any() for p, q in zip(layer.parameters(), before, strict=True))


def test_a_parametrization_of_ones_own():
    layer = nn.register_parametrization(nn.Linear(4, 4, rng=0), "weight", Symmetric())
    np.testing.assert_array_equal(layer.weight.numpy(), layer.weight.numpy().T)
    twice = nn.register_parametrization(layer, "weight", nn.Tanh())
    w = twice.parametrizations.weight.original.numpy()
    np.testing.assert_allclose(twice.weight.numpy(), np.tanh((w + w.T) / 2), rtol=1e-6)


def test_removed_it_is_an_ordinary_layer():
    layer = nn.weight_norm(nn.register_parametrization(nn.Linear(4, 4, rng=0), "bias", nn.ReLU()))
    y = layer(X).numpy()
    nn.remove_parametrizations(layer, "bias")
    assert nn.is_parametrized(layer, "weight") and not nn.is_parametrized(layer, "bias")
    nn.remove_parametrizations(layer, "weight")
    assert type(layer) is nn.Linear and sorted(layer.state_dict()) == ["bias", "weight"]
    np.testing.assert_allclose(layer(X).numpy(), y, rtol=1e-5)
    with pytest.raises(ArgumentError, match="is not computed"):
        nn.remove_parametrizations(layer, "weight")


def test_state_and_copies_keep_their_values():
    layer = nn.spectral_norm(nn.Linear(4, 3, rng=0), rng=1)
    layer(X)
    again = nn.spectral_norm(nn.Linear(4, 3, rng=5), rng=6)
    again.load_state_dict(layer.state_dict())
    np.testing.assert_array_equal(again.eval()(X).numpy(), copy.deepcopy(layer).eval()(X).numpy())
    keys = ["original", "0._u", "0._v"]
    assert list(layer.state_dict()) == ["bias", *(f"parametrizations.weight.{key}" for key in keys)]


def test_what_does_not_fit_is_refused():
    with pytest.raises(ArgumentError, match="no parameter 'nothing'"):
        nn.weight_norm(nn.Linear(2, 2), "nothing")
