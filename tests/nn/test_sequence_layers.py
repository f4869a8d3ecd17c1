"""Recurrent layers, packed sequences, attention: what no comparison with PyTorch shows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_cnn import Tensor, manual_seed, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError


@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.booleans())
def test_packing_and_unpacking_give_the_sequences_back(lengths, as_tensor):
    made = [np.random.default_rng(n).standard_normal((n, 2)) for n in lengths]
    given_ = [Tensor(x) for x in made] if as_tensor else made
    packed = nn.pack_sequence(given_, enforce_sorted=False)
    assert packed.batch_sizes.sum() == sum(lengths) and (np.diff(packed.batch_sizes) <= 0).all()
    for x, y in zip(made, nn.unpack_sequence(packed), strict=True):
        assert np.array_equal(x, np.asarray(y))


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.booleans())
def test_a_packed_batch_gives_what_each_sequence_gives_alone(name, lengths, both):
    layer = getattr(nn, name)(2, 3, bidirectional=both, num_layers=2, rng=0, dtype=np.float64)
    rng = np.random.default_rng(1)
    sequences = [rng.standard_normal((n, 2)) for n in lengths]
    packed, _ = layer(nn.pack_sequence(sequences, enforce_sorted=False))
    for x, y in zip(sequences, nn.unpack_sequence(packed), strict=True):
        alone, _ = layer(x)
        np.testing.assert_allclose(y.numpy(), alone.numpy(), atol=1e-12)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_a_cell_in_a_loop_is_the_layer(name):
    layer = getattr(nn, name)(3, 2, rng=0)
    cell = getattr(nn, f"{name}Cell")(3, 2)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})
    x, state, outputs = np.random.default_rng(1).standard_normal((4, 5, 3)).astype("f4"), None, []
    for step in x:
        state = cell(step, state)
        outputs.append(state[0] if name == "LSTM" else state)
    y, _ = layer(x)
    # not bit by bit: the layer adds both biases first, and multiplies the inputs of all steps at once
    np.testing.assert_allclose(y.numpy(), np.stack([o.numpy() for o in outputs]), rtol=1e-5, atol=1e-6)


def test_structure_goes_through_json_and_back():
    encoder = nn.TransformerEncoderLayer(4, 2, 8, activation="gelu", norm_first=True, rng=0)
    models = [
        nn.LSTM(3, 2, num_layers=2, bidirectional=True, dropout=0.1),
        nn.GRUCell(3, 2, bias=False),
        nn.MultiheadAttention(4, 2, kdim=3, vdim=4),
        nn.TransformerEncoder(encoder, 2, nn.LayerNorm(4)),
        nn.Transformer(4, 2, 1, 1, 8),
    ]
    for model in models:
        other = nn.from_json(nn.to_json(model))
        other.load_state_dict(model.state_dict())
        assert repr(other) == repr(model)


def test_layers_of_a_transformer_draw_their_own_dropout():
    layer = nn.TransformerEncoderLayer(8, 2, 8, dropout=0.5, rng=0)
    first, second = nn.TransformerEncoder(layer, 2).layers
    x = np.ones((3, 1, 8), "float32")
    assert not np.array_equal(first(x).numpy(), second(x).numpy())


def test_a_seed_fixes_the_weights():
    states = []
    for _ in range(2):
        manual_seed(3)
        states.append(nn.LSTM(3, 2).state_dict() | nn.MultiheadAttention(4, 2).state_dict())
    assert all(np.array_equal(states[0][key], states[1][key]) for key in states[0])


def test_a_query_that_sees_nothing_gets_zeros_and_no_nan():
    x = Tensor(np.ones((1, 2, 4)), requires_grad=True)
    mask = np.array([[False, False], [True, False]])
    y = F.scaled_dot_product_attention(x, x, x, mask)
    y.sum().backward()
    assert np.array_equal(y.numpy()[0], [[0] * 4, [1] * 4]) and np.isfinite(x.grad.numpy()).all()


BAD = [
    (lambda: nn.LSTM(3, 2, proj_size=2), ArgumentError, "proj_size 2 fits below hidden_size 2"),
    (lambda: nn.RNN(3, 2, nonlinearity="sigmoid"), ArgumentError, "nonlinearity"),
    (lambda: nn.GRU(3, 2, bias="yes"), DTypeError, "bias is True or False"),
    (lambda: nn.GRU(3, 2)(np.ones((4, 1, 5), "f4")), ShapeError, r"x has shape \(4, 1, 5\)"),
    (lambda: nn.GRU(3, 2)(np.ones((0, 1, 3), "f4")), ShapeError, "at least 1 step"),
    (lambda: nn.GRU(3, 2)(np.ones((4, 1, 3), "f4"), np.ones((1, 2, 2), "f4")), ShapeError, "hx has shape"),
    (lambda: nn.LSTM(3, 2)(np.ones((4, 1, 3), "f4"), [np.ones((1, 1, 2), "f4")]), ShapeError, "a pair"),
    (lambda: nn.LSTMCell(3, 2)(np.ones((1, 4), "f4")), ShapeError, r"\(N, 3\) or \(3,\) fits"),
    (lambda: nn.MultiheadAttention(4, 3), ArgumentError, "does not divide"),
    (lambda: nn.MultiheadAttention(4, 2)(*[np.ones((1, 2, 3, 4), "f4")] * 3), ShapeError, "3 axes each"),
    (lambda: nn.TransformerEncoder("layer", 2), DTypeError, "a layer is a Module"),
    (lambda: nn.TransformerEncoderLayer(4, 2, activation="tanh"), ArgumentError, "activation"),
    (lambda: nn.pack_padded_sequence(np.ones((3, 2)), [1, 3]), ArgumentError, "rise"),
    (lambda: nn.pack_padded_sequence(np.ones((3, 2)), [4, 3]), ArgumentError, "lengths of 1 to 3"),
    (lambda: nn.pad_sequence([]), ShapeError, "alike after their first axis"),
]


@pytest.mark.parametrize(("call", "error", "words"), BAD)
def test_what_does_not_fit_is_refused_with_words(call, error, words):
    with pytest.raises(error, match=words):
        call()
