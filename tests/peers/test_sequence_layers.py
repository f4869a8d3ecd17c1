"""Recurrent layers, attention and transformers beside PyTorch's, with our weights in both."""

import numpy as np
import pytest
import torch

from tests.peers.compare import TOLERANCE, same, same_gradient
from tinygrad_cnn import Tensor, nn

TIGHT = TOLERANCE["float64"]
D, TD = np.float64, torch.float64

#: The warning is about nested tensors, a matter of PyTorch's own.
pytestmark = pytest.mark.filterwarnings("ignore:enable_nested_tensor:UserWarning")


def twins(name, *args, **options):
    """A layer of ours and PyTorch's of the same name, with the same weights in double precision."""
    ours = getattr(nn, name)(*args, **options, dtype=D)
    theirs = getattr(torch.nn, name)(*args, **options, dtype=TD)
    theirs.load_state_dict({k: torch.from_numpy(v) for k, v in ours.state_dict().items()}, strict=True)
    return ours, theirs


def flat(result):
    """All arrays in a result of tuples and packed sequences; batch sizes are compared apart."""
    if isinstance(result, (nn.PackedSequence, torch.nn.utils.rnn.PackedSequence)):
        return [result.data]
    if isinstance(result, (tuple, list)):
        return [x for part in result for x in flat(part)]
    return [] if result is None else [result]


def compare(ours, theirs, arrays, call_ours, call_theirs):
    """Results, gradients of inputs and of parameters."""
    here = [Tensor(x, requires_grad=True) for x in arrays]
    there = [torch.tensor(x, requires_grad=True) for x in arrays]
    results, expected = flat(call_ours(*here)), flat(call_theirs(*there))
    assert len(results) == len(expected)
    for y, z in zip(results, expected, strict=True):
        same(y, z, TIGHT, "result")
    sum((y**3).sum() for y in results).backward()
    sum((z**3).sum() for z in expected).backward()
    for x, t in zip(here, there, strict=True):
        same_gradient(x.grad, t.grad, TIGHT, "input")
    wanted = dict(theirs.named_parameters())
    assert [name for name, _ in ours.named_parameters()] == list(wanted)
    for name, p in ours.named_parameters():
        same_gradient(p.grad, wanted[name].grad, TIGHT, name)


LAYERS = [
    (name, options)
    for name in ("RNN", "LSTM", "GRU")
    for options in (
        {},
        {"num_layers": 2, "bias": False},
        {"num_layers": 2, "bidirectional": True, "batch_first": True},
    )
]
LAYERS += [("RNN", {"nonlinearity": "relu"}), ("LSTM", {"proj_size": 2, "bidirectional": True})]


@pytest.mark.parametrize("form", ["padded", "packed", "one", "state"])
@pytest.mark.parametrize(("name", "options"), LAYERS)
def test_recurrent_layer(name, options, form):
    rng = np.random.default_rng(0)
    ours, theirs = twins(name, 3, 4, **options)
    x = rng.standard_normal((2, 5, 3) if options.get("batch_first") else (5, 2, 3))
    if form == "one":
        return compare(ours, theirs, [x[0]], ours, theirs)
    if form == "padded":
        return compare(ours, theirs, [x], ours, theirs)
    if form == "packed":
        pack, first = torch.nn.utils.rnn.pack_padded_sequence, options.get("batch_first", False)
        return compare(
            ours,
            theirs,
            [x],
            lambda x: ours(nn.pack_padded_sequence(x, [3, 5], first, enforce_sorted=False)),
            lambda x: theirs(pack(x, torch.tensor([3, 5]), first, enforce_sorted=False)),
        )
    rows = ours.num_layers * (1 + ours.bidirectional)
    states = [rng.standard_normal((rows, 2, ours.proj_size or 4))]
    if name == "LSTM":
        states.append(rng.standard_normal((rows, 2, 4)))
    return compare(
        ours,
        theirs,
        [x, *states],
        lambda x, *s: ours(x, s[0] if len(s) == 1 else s),
        lambda x, *s: theirs(x, s[0] if len(s) == 1 else s),
    )


@pytest.mark.parametrize("name", ["RNNCell", "LSTMCell", "GRUCell"])
def test_cell(name):
    ours, theirs = twins(name, 3, 2)
    x = np.random.default_rng(0).standard_normal((4, 3))
    compare(ours, theirs, [x], ours, theirs)
    ours, theirs = twins(name, 3, 2, bias=False)
    compare(ours, theirs, [x[0]], ours, theirs)


MASKS = {
    "none": {},
    "causal": {"attn_mask": np.triu(np.ones((6, 5), bool), 2)},
    "padding": {"key_padding_mask": np.array([[0, 0, 0, 1, 1], [0, 0, 0, 0, 1]], bool)},
    "added": {"attn_mask": np.random.default_rng(1).standard_normal((4, 6, 5))},
    "heads apart": {"average_attn_weights": False},
    "both": {
        "attn_mask": np.triu(np.full((6, 5), -np.inf), 2),
        "key_padding_mask": np.array([[0, 0, 0, 1, 1], [0, 0, 0, 0, 1]], bool),
    },
}


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize(
    "options", [{}, {"bias": False}, {"add_bias_kv": True, "add_zero_attn": True}, {"kdim": 3, "vdim": 5}]
)
@pytest.mark.filterwarnings("ignore:Support for mismatched:UserWarning")
def test_multihead_attention(options, mask):
    ours, theirs = twins("MultiheadAttention", 4, 2, **options)
    rng, sizes = np.random.default_rng(0), (4, options.get("kdim", 4), options.get("vdim", 4))
    arrays = [rng.standard_normal((n, 2, size)) for n, size in zip((6, 5, 5), sizes, strict=True)]
    given = MASKS[mask]
    there = {k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in given.items()}
    compare(ours, theirs, arrays, lambda *x: ours(*x, **given), lambda *x: theirs(*x, **there))


@pytest.mark.parametrize("options", [{}, {"norm_first": True}, {"activation": "gelu", "bias": False}])
@pytest.mark.parametrize("kind", ["Encoder", "Decoder"])
def test_transformer_layers(kind, options):
    ours, theirs = twins(f"Transformer{kind}Layer", 4, 2, 8, 0.0, **options)
    x = np.random.default_rng(0).standard_normal((3, 2, 4))
    arrays = [x] if kind == "Encoder" else [x, x[::-1].copy()]
    compare(ours, theirs, arrays, ours, theirs)


def test_transformer():
    ours, theirs = twins("Transformer", 4, 2, 2, 2, 8, 0.0)
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal((5, 2, 4)), rng.standard_normal((3, 2, 4))]
    mask = nn.Transformer.generate_square_subsequent_mask(3, D)
    compare(
        ours,
        theirs,
        arrays,
        lambda s, t: ours(s, t, tgt_mask=mask),
        lambda s, t: theirs(s, t, tgt_mask=torch.from_numpy(mask)),
    )


@pytest.mark.parametrize(("cutoffs", "bias"), [([2], True), ([3, 6, 11], False)])
def test_adaptive_softmax(cutoffs, bias):
    ours, theirs = twins("AdaptiveLogSoftmaxWithLoss", 9, 14, cutoffs, 1.5, bias)
    rng = np.random.default_rng(3)
    x, labels = rng.standard_normal((14, 9)), rng.permutation(14)
    compare(ours, theirs, [x], lambda x: ours(x, labels), lambda x: theirs(x, torch.tensor(labels)))
    compare(ours, theirs, [x], ours.log_prob, theirs.log_prob)
    assert ours.predict(x).tolist() == theirs.predict(torch.tensor(x)).tolist()
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("options", [{}, {"out_features": (2,), "bias": True, "label_smoothing": 0.1}])
def test_linear_cross_entropy(options):
    ours, theirs = twins("LinearCrossEntropyLoss", 9, 4, **options)
    rng = np.random.default_rng(3)
    x, labels = rng.standard_normal((6, 9)), rng.integers(0, 4, (6, *options.get("out_features", ())))
    compare(ours, theirs, [x], lambda x: ours(x, labels), lambda x: theirs(x, torch.tensor(labels)))
