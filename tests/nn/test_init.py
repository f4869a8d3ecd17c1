"""Starting values: their distribution with fixed seeds, their bounds, and what is refused."""

from math import sqrt

import numpy as np
import pytest

from tinygrad_cnn import ArgumentError, DTypeError, ShapeError, Tensor, manual_seed
from tinygrad_cnn.nn import init

SHAPE = (64, 32, 3, 3)  # fan_in 288, fan_out 576
ROOT2 = sqrt(2)

#: function, options, and the standard deviation that it should have.
SPREADS = [
    (init.xavier_uniform_, {}, sqrt(2 / 864)),
    (init.xavier_uniform_, {"gain": 5 / 3}, 5 / 3 * sqrt(2 / 864)),
    (init.xavier_normal_, {}, sqrt(2 / 864)),
    (init.xavier_normal_, {"gain": 2}, 2 * sqrt(2 / 864)),
    (init.kaiming_uniform_, {}, ROOT2 / sqrt(288)),
    (init.kaiming_uniform_, {"a": sqrt(5)}, sqrt(1 / 3) / sqrt(288)),
    (init.kaiming_uniform_, {"mode": "fan_out", "nonlinearity": "relu"}, ROOT2 / sqrt(576)),
    (init.kaiming_normal_, {}, ROOT2 / sqrt(288)),
    (init.kaiming_normal_, {"mode": "fan_out", "nonlinearity": "linear"}, 1 / sqrt(576)),
    (init.lecun_uniform_, {}, 1 / sqrt(288)),
    (init.lecun_normal_, {}, 1 / sqrt(288)),
    (init.uniform_, {"low": -1.0, "high": 1.0}, 1 / sqrt(3)),
    (init.normal_, {"std": 0.5}, 0.5),
]


@pytest.mark.parametrize(("function", "options", "std"), SPREADS)
def test_distributions(function, options, std):
    w = Tensor(np.zeros(SHAPE, np.float32), requires_grad=True)
    assert function(w, **options, rng=0) is w
    values = w.numpy().ravel().astype(float)
    count = values.size
    assert w.dtype == np.float32 and w.shape == SHAPE and w.is_leaf and w.requires_grad
    # Four standard errors of each moment.
    assert abs(values.mean()) < 4 * std / sqrt(count)
    assert abs(values.std() / std - 1) < 4 / sqrt(2 * count)
    fourth = (values**4).mean() / std**4
    if "uniform" in function.__name__:
        assert abs(values).max() <= sqrt(3) * std * (1 + 1e-6) and abs(values).max() > 1.73 * std
        assert abs(fourth - 1.8) < 0.05
    else:
        assert abs(values).max() > 3.5 * std and abs(fourth - 3) < 0.2


@pytest.mark.parametrize(("function", "options", "std"), SPREADS)
def test_seeds(function, options, std):
    def drawn(rng):
        return function(Tensor(np.zeros((4, 5))), **options, rng=rng).numpy()

    assert np.array_equal(drawn(3), drawn(3)) and not np.array_equal(drawn(3), drawn(4))
    manual_seed(5)
    first = drawn(None)
    manual_seed(5)
    assert np.array_equal(drawn(None), first) and not np.array_equal(drawn(None), first)


@pytest.mark.parametrize("shape", [(3, 8), (8, 3), (5, 5), (4, 2, 3, 3), (20, 2, 3)])
def test_orthogonal(shape):
    w = init.orthogonal_(Tensor(np.zeros(shape)), gain=1.5, rng=0).numpy().reshape(shape[0], -1)
    short = w if w.shape[0] <= w.shape[1] else w.T
    np.testing.assert_allclose(short @ short.T, 2.25 * np.eye(len(short)), atol=1e-12)


def test_orthogonal_is_uniform_over_signs():
    firsts = [init.orthogonal_(Tensor(np.zeros((2, 2))), rng=k).numpy()[0, 0] for k in range(200)]
    assert 70 < sum(v > 0 for v in firsts) < 130


def test_constants():
    assert init.zeros_(Tensor([1.0, 2.0])).numpy().tolist() == [0, 0]
    assert init.ones_(Tensor(np.zeros((2, 2), int))).numpy().tolist() == [[1, 1], [1, 1]]
    assert init.constant_(Tensor(1.0), -2.5).item() == -2.5


def test_gains():
    expected = {"linear": 1, "conv2d": 1, "sigmoid": 1, "tanh": 5 / 3, "relu": ROOT2, "selu": 0.75}
    for name, gain in expected.items():
        assert init.calculate_gain(name) == pytest.approx(gain)
    assert init.calculate_gain("leaky_relu") == pytest.approx(sqrt(2 / 1.0001))
    assert init.calculate_gain("leaky_relu", 1) == pytest.approx(1)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 3, 0)])
def test_weights_without_elements(shape):
    for function in (init.xavier_normal_, init.kaiming_uniform_, init.lecun_normal_, init.orthogonal_):
        assert function(Tensor(np.zeros(shape)), rng=0).shape == shape


@pytest.mark.parametrize(
    "function",
    [init.xavier_uniform_, init.xavier_normal_, init.kaiming_uniform_, init.kaiming_normal_,
     init.lecun_uniform_, init.lecun_normal_, init.orthogonal_],
)  # fmt: skip
def test_weights_need_two_axes(function):
    w = Tensor([7.0])
    with pytest.raises(ShapeError, match=rf"{function.__name__}: needs weights .* got \(1,\)"):
        function(w)
    assert w.item() == 7.0


def test_options_are_checked_first():
    w = Tensor(np.ones((2, 2)))
    with pytest.raises(ArgumentError, match="kaiming_normal_: mode must be one of 'fan_in', 'fan_out'"):
        init.kaiming_normal_(w, mode="fan_avg")
    with pytest.raises(ArgumentError, match="calculate_gain: nonlinearity must be one of"):
        init.kaiming_uniform_(w, nonlinearity="softmax")
    with pytest.raises(ArgumentError, match="xavier_normal_: gain"):
        init.xavier_normal_(w, gain=-1)
    with pytest.raises(DTypeError, match="calculate_gain: param must be a number"):
        init.calculate_gain("leaky_relu", "steep")
    assert w.numpy().tolist() == [[1, 1], [1, 1]]
