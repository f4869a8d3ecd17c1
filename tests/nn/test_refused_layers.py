"""What layers, containers and their tools refuse, and what they do in their rarer forms."""

from collections import OrderedDict

import numpy as np
import pytest
from refusals import check_refusals

from tinygrad_cnn import ArgumentError, DTypeError, ShapeError, StateError, Tensor, nn, ops
from tinygrad_cnn import functional as F
from tinygrad_cnn.grid import Grid
from tinygrad_cnn.nn.first_format import upgraded_value
from tinygrad_cnn.nn.inspect.layer_table import multiply_adds
from tinygrad_cnn.nn.layers.packed_sequence import pack_padded_sequence, pad_packed_sequence
from tinygrad_cnn.nn.parametrize import SpectralNorm, register_parametrization, spectral_norm

X = np.ones((2, 3, 4), "float32")


class Halves:
    """A layer by hand whose backward forgets an axis."""

    def __init__(self):
        self.W = np.ones(1)

    def forward(self, x):
        return x / 2

    def backward(self, dout):
        return dout[0] / 2


def attended(**masks):
    return nn.MultiheadAttention(4, 2, batch_first=True, rng=0)(X, X, X, **masks)


REFUSED = [
    (DTypeError, "AveragedModel: model is a Module, got str", lambda: nn.AveragedModel("model")),
    (
        StateError,
        "are not those that were averaged so far",
        lambda: nn.AveragedModel(nn.Linear(2, 1)).update_parameters(nn.Linear(3, 1)),
    ),
    (
        DTypeError,
        "ParameterDict: names must be strings, got 1",
        lambda: nn.ParameterDict().update({1: Tensor([1.0])}),
    ),
    (
        ArgumentError,
        "Sequential: a module is named '1' already",
        lambda: nn.Sequential(OrderedDict({"1": nn.ReLU()})).extend([nn.ReLU()]),
    ),
    (
        ArgumentError,
        "Sequential: insert needs modules named by number, has ['a']",
        lambda: nn.Sequential(OrderedDict(a=nn.ReLU())).insert(0, nn.ReLU()),
    ),
    (
        ShapeError,
        "Halves.backward gives (4,), its input had (3, 4)",
        lambda: nn.HandWritten(Halves())(Tensor(X[0], requires_grad=True)).sum().backward(),
    ),
    (ArgumentError, "HandWritten: 1 params and 0 grads", lambda: nn.HandWritten(Halves(), ("W",), ())),
    (ArgumentError, "is_causal says what attn_mask is; give it too", lambda: attended(is_causal=True)),
    (
        ShapeError,
        "attn_mask has shape (2, 3), (3, 3) or",
        lambda: attended(attn_mask=np.ones((2, 3), bool)),
    ),
    (
        ShapeError,
        "key_padding_mask has shape (3,), (2, 3) fits",
        lambda: attended(key_padding_mask=np.ones(3, bool)),
    ),
    (
        DTypeError,
        "a mask has dtype int64, bool or a float dtype",
        lambda: attended(attn_mask=np.ones((3, 3), int)),
    ),
    (
        ShapeError,
        "pack_padded_sequence: x has shape (2,), at least 2",
        lambda: pack_padded_sequence(np.ones(2), [1, 1]),
    ),
    (
        ShapeError,
        "lengths has shape (3,), x has 2 sequences",
        lambda: pack_padded_sequence(X[:, :2], [1, 1, 1]),
    ),
    (
        ArgumentError,
        "total_length 1 is below the longest, 2",
        lambda: pad_packed_sequence(pack_padded_sequence(X, [2, 2, 1]), total_length=1),
    ),
    (ShapeError, "ZeroPad2d: x needs 4 axes (N, C, ...), got (2, 3, 4)", lambda: nn.ZeroPad2d(1)(X)),
    (
        DTypeError,
        "activation is 'relu', 'gelu' or a function, got 5",
        lambda: nn.TransformerEncoderLayer(4, 2, 8, activation=5),
    ),
    (
        ShapeError,
        "LazyLinear: x (3,) does not tell its number of features",
        lambda: nn.LazyLinear(2)(X[0, :, 0]),
    ),
    (
        DTypeError,
        "register_parameter: a Parameter fits, got Tensor",
        lambda: nn.Module().register_parameter("w", Tensor([1.0])),
    ),
    (DTypeError, "add_module: a Module fits, got function", lambda: nn.Module().add_module("act", F.relu)),
    (
        DTypeError,
        "register_parametrization: a Module fits, got function",
        lambda: register_parametrization(nn.Linear(2, 1), "weight", F.relu),
    ),
    (ArgumentError, "spectral_norm: ReLU has no parameter 'weight'", lambda: spectral_norm(nn.ReLU())),
]


def test_what_does_not_fit_is_named():
    check_refusals(REFUSED)


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_dropout_between_recurrent_layers_takes_what_the_one_below_says(kind):
    """With probability 1 the upper layer hears nothing but zeros; in evaluation all of it."""
    model = kind(4, 5, num_layers=2, dropout=1.0, rng=0)
    upper = kind(5, 5)
    upper.load_state_dict(
        {name.replace("_l1", "_l0"): p for name, p in model.state_dict().items() if name.endswith("_l1")}
    )
    silence = upper(np.zeros((2, 3, 5), "float32"))[0].numpy()
    np.testing.assert_allclose(model(X)[0].numpy(), silence, rtol=1e-6)
    packed = pad_packed_sequence(model(pack_padded_sequence(X, [2, 2, 2]))[0])[0]
    np.testing.assert_allclose(packed.numpy(), silence, rtol=1e-6)
    assert abs(model.eval()(X)[0].numpy() - silence).max() > 1e-3


def test_products_of_every_linear_op_are_counted_like_those_of_its_forward():
    x, w = np.zeros((2, 3, 8, 8)), np.zeros((4, 3, 3, 3))
    grid = Grid((8, 8), (3, 3), (1, 1), ((0, 0), (0, 0)), (1, 1))
    y = np.zeros((2, 4, 6, 6))
    count = multiply_adds(ops.Conv(grid, 1), [x, w], y)
    assert count == y.size * 27
    assert multiply_adds(ops.ConvImage(grid, 1), [y, w], x) == count
    assert multiply_adds(ops.ConvKernel(grid, 1), [x, y], w) == count
    a, b = np.zeros((2, 3)), np.zeros((3, 5))
    assert multiply_adds(ops.Einsum("ij,jk->ik"), [a, b], np.zeros((2, 5))) == 2 * 3 * 5
    assert multiply_adds(ops.Einsum("ij->j"), [a], np.zeros(3)) == multiply_adds(None, [a], a) == 0


def test_the_statistics_of_a_model_without_batch_norm_are_updated_without_a_look_at_the_data():
    nn.update_bn(None, nn.Linear(2, 1))


def test_rarer_forms():
    assert upgraded_value({"dict": {"$a": {"list": [1]}}}) == {"$items": [["$a", [1]]]}
    assert "dilation=(2, 2)" in repr(nn.ConnectionConv2d(np.ones((2, 1), bool), 3, dilation=2))
    assert nn.Linear(2, 1).to(Tensor(np.ones(1))).weight.dtype == np.float64
    own = F.tanh
    assert nn.TransformerEncoderLayer(4, 2, 8, activation=own, rng=0)(X).shape == X.shape
    weight = Tensor([3.0, 4.0])
    assert SpectralNorm(weight).forward(weight).numpy() == pytest.approx([0.6, 0.8])
    assert nn.HandWritten(Halves())(Tensor(X, requires_grad=True)).node.op.options() == {"layer": "Halves"}


def test_a_joint_loss_takes_a_factor_for_each_class() -> None:
    with pytest.raises(ShapeError, match="LinearCrossEntropyLoss: weight needs 3 factors"):
        nn.LinearCrossEntropyLoss(2, 3, weight=np.ones(4, "f4"))


@pytest.mark.parametrize(
    "call",
    [
        lambda: F.cross_entropy(np.zeros((2, 3), "f4"), [[1], [2, 3]]),
        lambda: nn.BatchNorm2d(2)([[1], [2, 3]]),
        lambda: nn.GroupNorm(1, 2)([[1], [2, 3]]),
        lambda: nn.ZeroPad2d(1)([[1], [2, 3]]),
        lambda: nn.Unflatten(1, (1, 1))([[1], [2, 3]]),
    ],
)
def test_lists_of_different_lengths_are_no_array(call) -> None:
    with pytest.raises(DTypeError, match=r"^\w+: cannot make an array of this list"):
        call()
