"""Lazy layers become ordinary ones at their first call."""

import numpy as np
import pytest

from tinygrad_cnn import manual_seed, nn
from tinygrad_cnn.errors import ArgumentError, DTypeError

SHAPES = {1: (2, 4, 9), 2: (2, 4, 9, 8), 3: (2, 4, 5, 6, 7)}
KINDS = [(kind, n) for kind in ("Conv", "ConvTranspose", "BatchNorm", "InstanceNorm") for n in (1, 2, 3)]


@pytest.mark.parametrize(("kind", "n"), KINDS)
def test_the_first_call_makes_the_layer(kind, n):
    arguments = (6, 3) if kind.startswith("Conv") else ()
    x = np.random.default_rng(0).standard_normal(SHAPES[n]).astype("float32")
    lazy = getattr(nn, f"Lazy{kind}{n}d")(*arguments)
    assert not list(lazy.parameters())
    manual_seed(3)
    y = lazy(x)
    manual_seed(3)
    plain = getattr(nn, f"{kind}{n}d")(4, *arguments)
    assert type(lazy) is type(plain) and repr(lazy) == repr(plain)
    np.testing.assert_array_equal(y.numpy(), plain(x).numpy())
    assert nn.to_json(lazy) == nn.to_json(plain)


def test_modes_names_and_hooks_stay():
    model = nn.Sequential(nn.LazyLinear(3), nn.ReLU()).eval()
    seen = []
    model[0].register_forward_hook(lambda module, inputs, y: seen.append(type(module).__name__))
    y = model(np.ones((2, 5), "float32"))
    model(np.ones((2, 5), "float32"))
    assert seen == ["Linear", "Linear"] and not model[0].training
    assert [path for path, _ in model.named_parameters()] == ["0.weight", "0.bias"]
    assert y.node.parents[0].scope == "0"


def test_wrong_options_are_told_when_the_layer_is_made():
    with pytest.raises(ArgumentError, match="kernel_size"):
        nn.LazyConv2d(6, 0)
    with pytest.raises(DTypeError, match=r"LazyLinear.*arguments are"):
        nn.LazyLinear(3, nothing=1)


def test_no_random_number_is_drawn_before_the_first_call():
    state = manual_seed(1).bit_generator.state
    nn.LazyConv2d(6, 3, groups=2)
    assert nn.init.generator(None).bit_generator.state == state
