"""Every layer beside PyTorch's of the same name and arguments, with our weights in both.

The weights travel by `state_dict`, by equal keys: PyTorch's strict loading shows that keys and
shapes are the same. Compared are the output, the gradients of the input and of every parameter,
and the buffers, in training and after `eval()`.
"""

import inspect
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

from tests.peers.compare import (
    DTYPES,
    LAYOUTS,
    TOLERANCE,
    as_tuple,
    back,
    chosen,
    integers,
    is_float,
    our_tensor,
    prepared,
    same,
    same_gradient,
    their_tensor,
    uniform,
)
from tinygrad_cnn import Tensor, manual_seed, nn


@dataclass(frozen=True)
class Layer:
    """A layer made with the same arguments here and there, and inputs for it.

    Attributes:
        name: of the class.   arguments, options: of the constructor, the same on both sides.
        draws: each gives the inputs.
        renamed: options that PyTorch calls by another name.
        modes: False for `eval`, where training draws at random.
    """

    name: str
    draws: list = field(default_factory=list)
    arguments: tuple = ()
    options: dict = field(default_factory=dict)
    renamed: dict = field(default_factory=dict)
    modes: tuple = (True, False)
    tolerance: float = TOLERANCE["float32"]
    tolerance64: float = TOLERANCE["float64"]

    def make(self, dtype):
        """The layer of both sides, with equal parameters that are not their defaults."""
        cls = getattr(nn, self.name)
        dtypes = {"dtype": dtype} if "dtype" in inspect.signature(cls).parameters else {}
        ours = cls(*self.arguments, **self.options, **dtypes)
        options = {self.renamed.get(key, key): value for key, value in self.options.items()}
        theirs = getattr(torch.nn, self.name)(*self.arguments, **options).to(getattr(torch, dtype))
        move_away(ours)
        state = {key: torch.from_numpy(value.copy()) for key, value in ours.state_dict().items()}
        theirs.load_state_dict(state, strict=True)
        for key, value in theirs.state_dict().items():
            assert tuple(value.shape) == ours.state_dict()[key].shape, f"{self.name}.{key}"
        return ours, theirs

    def __repr__(self):
        options = [*map(repr, self.arguments), *(f"{k}={v!r}" for k, v in self.options.items())]
        return f"{self.name}({', '.join(options)})"


def move_away(module):
    """Give every float parameter values that are not its defaults: a fresh norm has only ones and zeros."""
    rng = np.random.default_rng(5)
    state = {
        key: (value + 0.3 * rng.random(value.shape)).astype(value.dtype) if is_float(value) else value
        for key, value in module.state_dict().items()
    }
    module.load_state_dict(state)


ANY = [uniform((4, 5)), chosen([-3, -1, 0, 1, 3, 6], (4, 5)), uniform((0, 3)), uniform((2, 3, 2, 2))]
IMAGE = [uniform((2, 4, 8, 7)), uniform((1, 4, 9, 9))]
LINE = [uniform((2, 4, 9))]
BLOCK = [uniform((2, 4, 5, 6, 4))]


def unpooled(rng):
    """Maxima of windows of 2×2 pixels, and a place for each in its window of a plane of 6×8 pixels."""
    rows, columns = (
        2 * np.arange(3)[:, None] + rng.integers(0, 2, (2, 3, 3, 4)),
        2 * np.arange(4) + rng.integers(0, 2, (2, 3, 3, 4)),
    )
    return [rng.standard_normal((2, 3, 3, 4)), rows * 8 + columns]


TIES = [uniform((2, 3, 7, 8)), chosen([0, 1], (2, 3, 7, 8))]

#: Those with options that matter, or kinks; the rest are found by their names.
ACTIVATIONS = [
    Layer("Hardshrink", ANY, (1.0,)),
    Layer("Softshrink", ANY, (1.0,)),
    Layer("Threshold", ANY, (0.5, -2.0)),
    Layer("RReLU", ANY, (0.2, 0.3), modes=(False,)),
    Layer("GLU", [uniform((4, 6))]),
    Layer("GLU", [uniform((4, 6))], (0,)),
    Layer("Softmin", [uniform((4, 6))], (1,)),
    Layer("Softmax2d", IMAGE),
    Layer("Hardsigmoid", ANY, tolerance64=1e-8),  # PyTorch's 1/6 is rounded to float32
    Layer("LeakyReLU", ANY, (0.3,)),
    Layer("ELU", ANY, (0.5,)),
    Layer("CELU", ANY, (0.5,)),
    Layer("GELU", ANY, options={"approximate": "tanh"}),
    Layer("Softplus", ANY, (2.0, 5.0)),
    Layer("Hardtanh", ANY, (-0.5, 2.0)),
    Layer("PReLU", ANY),
    Layer("PReLU", [uniform((2, 4, 3))], (4,)),
    *[Layer(name, ANY[::3], (dim,)) for name in ("Softmax", "LogSoftmax") for dim in (0, 1, -1)],
]

WEIGHTED = [
    Layer("Linear", [uniform((5, 3)), uniform((3,)), uniform((2, 4, 3)), uniform((0, 3))], (3, 4)),
    Layer("Linear", [uniform((5, 3))], (3, 4), {"bias": False}),
    *[
        Layer(name, draws, (4, 6, 3), options)
        for name, draws in (("Conv1d", LINE), ("Conv2d", IMAGE), ("Conv3d", BLOCK))
        for options in (
            {},
            {"stride": 2, "padding": 1},
            {"padding": "same"},
            {"groups": 2},
            {"bias": False, "dilation": 1},
        )
    ],
    Layer(
        "Conv2d",
        IMAGE,
        (4, 8, (3, 2)),
        {"stride": (2, 1), "padding": (0, 2), "dilation": (1, 2), "groups": 4},
    ),
    *[
        Layer(name, draws, (4, 6, 3), options)
        for name, draws in (
            ("ConvTranspose1d", LINE),
            ("ConvTranspose2d", IMAGE),
            ("ConvTranspose3d", BLOCK),
        )
        for options in (
            {},
            {"stride": 2, "padding": 1, "output_padding": 1},
            {"groups": 2, "bias": False},
            {"dilation": 2},
        )
    ],
    *(
        Layer(f"{kind}Pad{dims}d", draws, (padding, *value))
        for dims, draws in ((1, LINE), (2, IMAGE), (3, BLOCK))
        for kind, value in (
            ("Constant", (1.5,)),
            ("Zero", ()),
            ("Reflection", ()),
            ("Replication", ()),
            ("Circular", ()),
        )
        for padding in (0, 2, (2, 1, 0, 2, 1, 0)[: 2 * dims])
    ),
    *[
        Layer(name, draws, (4, 6, 3), {"padding": padding, "padding_mode": mode})
        for name, draws in (("Conv1d", LINE), ("Conv2d", IMAGE), ("Conv3d", BLOCK))
        for padding, mode in ((1, "reflect"), (2, "replicate"), (1, "circular"), ("same", "reflect"))
    ],
    Layer("Bilinear", [uniform((5, 3), (5, 2)), uniform((3,), (2,))], (3, 2, 4)),
    Layer("Bilinear", [uniform((5, 3), (5, 2))], (3, 2, 4), {"bias": False}),
    *[Layer("EmbeddingBag", [integers(0, 7, (4, 3))], (7, 3), {"mode": m}) for m in ("sum", "mean", "max")],
    Layer("Embedding", [integers(0, 7, (4,)), integers(0, 7, (2, 3))], (7, 3)),
    Layer("Embedding", [integers(0, 4, (3, 5))], (4, 3), {"padding_idx": 1}),
]

NORMS = [
    *[
        Layer(name, draws, (4,), options)
        for name, draws in (
            ("BatchNorm1d", [uniform((6, 4)), *LINE]),
            ("BatchNorm2d", IMAGE),
            ("BatchNorm3d", BLOCK),
            ("InstanceNorm1d", LINE),
            ("InstanceNorm2d", IMAGE),
            ("InstanceNorm3d", BLOCK),
        )
        for options in (
            {},
            {"momentum": 0.3, "eps": 0.1},
            {"affine": False},
            {"track_running_stats": False},
            {"affine": True, "track_running_stats": True},
            {"momentum": None, "track_running_stats": True},
        )
        if not (name.startswith("Instance") and "momentum" in options and options["momentum"] is None)
    ],
    *[
        Layer("LayerNorm", [uniform((2, 3, 4, 5)), uniform((0, 3, 4, 5))], (shape,), options)
        for shape in (5, (4, 5))
        for options in ({}, {"elementwise_affine": False}, {"eps": 0.1}, {"bias": False})
    ],
    *[
        Layer("GroupNorm", [uniform((2, 6, 4)), uniform((2, 6, 4, 5))], (groups, 6), options)
        for groups in (1, 3, 6)
        for options in ({}, {"affine": False, "eps": 0.1})
    ],
    *[
        Layer("RMSNorm", [uniform((2, 3, 4, 5))], (shape,), options)
        for shape in (5, (4, 5))
        for options in ({}, {"elementwise_affine": False}, {"eps": 0.1})
    ],
    Layer("LocalResponseNorm", [uniform((2, 7, 4, 3))], (3,)),
    Layer("LocalResponseNorm", [uniform((2, 7, 4, 3))], (2,), {"alpha": 0.1, "beta": 0.5, "k": 2.0}),
]


def draw_positive(axes):
    """A signal or a volume above 0, where every power has a derivative."""
    return uniform((2, 3, 7) if axes == 1 else (2, 2, 4, 5, 3), low=0.1)


POOLS = [
    *[
        Layer(name, draws, options=options)
        for name, draws in (
            ("MaxPool1d", LINE),
            ("MaxPool2d", TIES),
            ("MaxPool3d", BLOCK),
            ("AvgPool1d", LINE),
            ("AvgPool2d", TIES),
            ("AvgPool3d", BLOCK),
        )
        for options in (
            {"kernel_size": 2},
            {"kernel_size": 3, "stride": 2, "padding": 1},
            {"kernel_size": 3, "ceil_mode": True},
        )
    ],
    Layer("MaxPool2d", TIES, (3, 2), {"dilation": 2}),
    Layer("MaxPool2d", TIES, (2,), {"return_indices": True}),
    Layer("AvgPool2d", TIES, (3, 2, 1), {"count_include_pad": False}),
    Layer("AvgPool2d", TIES, (3,), {"divisor_override": 4}),
    Layer("LPPool2d", TIES[:1], (2, 3)),
    Layer("LPPool2d", TIES[:1], (2, 3), {"stride": 2, "ceil_mode": True}),
    *[
        Layer(name, TIES, (size,))
        for name in ("AdaptiveAvgPool2d", "AdaptiveMaxPool2d")
        for size in (1, (3, 5), (None, 2))
    ],
    Layer("AdaptiveMaxPool2d", TIES, (3,), {"return_indices": True}),
    *[
        Layer(f"Adaptive{kind}Pool{n}d", draws, (2,))
        for kind in ("Avg", "Max")
        for n, draws in ((1, LINE), (3, BLOCK))
    ],
    *[Layer(f"LPPool{n}d", [draw_positive(n)], (3, 2), {"ceil_mode": True}) for n in (1, 3)],
]

SHAPES = [
    Layer("Flatten", [uniform((2, 3, 4)), uniform((0, 3, 4)), uniform((2, 3))]),
    Layer("Flatten", [uniform((2, 3, 4))], (0,)),
    Layer("Flatten", [uniform((2, 3, 4))], (0, 1)),
    Layer("Unflatten", [uniform((2, 12))], (1, (3, 4))),
    Layer("Upsample", TIES, options={"scale_factor": 2}),
    Layer("Upsample", TIES, options={"size": (5, 9), "mode": "bilinear"}),
    Layer("Upsample", TIES, options={"scale_factor": 2, "mode": "bilinear", "align_corners": True}),
    Layer("MaxUnpool2d", [unpooled], (2,)),
    Layer("UpsamplingNearest2d", TIES, options={"scale_factor": 2}),
    Layer("UpsamplingBilinear2d", TIES, options={"size": (5, 9)}),
    Layer("Upsample", IMAGE, options={"scale_factor": 2, "mode": "bicubic"}),
    Layer("Upsample", LINE, options={"scale_factor": 2, "mode": "linear"}),
    Layer("ChannelShuffle", [uniform((2, 6, 4))], (3,)),
    Layer("CosineSimilarity", [uniform((3, 4), (3, 4))]),
    Layer("PairwiseDistance", [uniform((3, 4), (3, 4))], (1.0,)),
    Layer("PixelShuffle", [uniform((2, 12, 3, 4))], (2,)),
    Layer("PixelUnshuffle", [uniform((2, 3, 6, 4))], (2,)),
    Layer("Unfold", [uniform((2, 3, 6, 7))], ((3, 2),), {"stride": 2, "padding": 1}),
    Layer("Fold", [uniform((2, 12, 6))], ((5, 6), 2), {"stride": 2}),
    *[
        Layer(name, draws, (p,), modes=modes)
        for name, draws in (
            ("Dropout", ANY),
            ("Dropout2d", IMAGE),
            ("Dropout1d", LINE),
            ("Dropout3d", BLOCK),
        )
        for p, modes in ((0.0, (True, False)), (1.0, (True, False)), (0.4, (False,)))
    ],
]

SHAPES += [
    Layer(name, [uniform((4, 5))], (0.4,), modes=(False,))
    for name in ("AlphaDropout", "FeatureAlphaDropout")
]

LISTED = [*ACTIVATIONS, *WEIGHTED, *NORMS, *POOLS, *SHAPES]

#: Layers without an entry in the table, each with the reason and the place of its tests.
EXEMPT = {
    "Module": "the base of layers; tests/nn/test_module.py",
    "Sequential": "a container: compared below, as a part of whole networks",
    "ModuleList": "a container: compared below, as a part of whole networks",
    "ModuleDict": "a container: compared below, as a part of whole networks",
    "HandWritten": "a user's layer; tests/nn/test_hand_written.py",
    "ParameterList": "a container: tests/nn/test_parameter_containers.py",
    "ParameterDict": "a container: tests/nn/test_parameter_containers.py",
    **{f"MaxUnpool{n}d": "as a function, max_unpool1d and max_unpool3d" for n in (1, 3)},
    **{
        name: "become the layers of this table: tests/nn/test_lazy_layers.py"
        for name in vars(nn)
        if name[:4] == "Lazy"
    },
    **{f"FractionalMaxPool{n}d": "drawn; compared as functions, with samples given" for n in (2, 3)},
    "AveragedModel": "in PyTorch's optim.swa_utils: tests/peers/test_averaging.py",
    "ConnectionConv2d": "PyTorch has none; tests/nn/test_lenet.py",
    "SubSampling2d": "PyTorch has none; tests/nn/test_lenet.py",
    "ScaledTanh": "PyTorch has none; tests/nn/test_lenet.py",
    "RBF": "PyTorch has none; tests/nn/test_lenet.py",
    **dict.fromkeys(
        ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"), "tests/peers/test_sequence_layers.py"
    ),
    **dict.fromkeys(
        ("MultiheadAttention", "Transformer", "TransformerEncoder", "TransformerDecoder"),
        "tests/peers/test_sequence_layers.py",
    ),
    **dict.fromkeys(
        ("TransformerEncoderLayer", "TransformerDecoderLayer"), "tests/peers/test_sequence_layers.py"
    ),
}


def layers():
    """Names of all public layers but the losses, which test_losses.py compares."""
    return {
        name
        for name, value in vars(nn).items()
        if inspect.isclass(value) and issubclass(value, nn.Module) and not name.endswith("Loss")
    }


def found():
    """An entry for each layer of one element at a time that is not listed, and that PyTorch has."""
    names = layers() - {layer.name for layer in LISTED} - EXEMPT.keys()
    return [Layer(name, ANY) for name in sorted(names) if theirs(name) and getattr(nn, name).pointwise]


def theirs(name):
    """PyTorch's layer of a name, if it has one."""
    return getattr(torch.nn, name, None)


TABLE = [*LISTED, *found()]


def test_every_layer_is_compared():
    compared = {layer.name for layer in TABLE}
    wanted = {name for name in layers() if theirs(name)}  # what PyTorch lacks has tests of its own
    assert wanted - compared - EXEMPT.keys() == set(), "layers that are not compared with PyTorch's"
    assert compared - layers() == set(), "entries of layers that are not there"
    assert EXEMPT.keys() - layers() == set() and EXEMPT.keys() & compared == set(), "needless exemptions"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layer", TABLE, ids=lambda layer: repr(layer).replace(" ", ""))
def test_layer(layer, dtype, layout):
    tolerance = layer.tolerance64 if dtype == "float64" else layer.tolerance
    for draw in layer.draws:
        ours, theirs = layer.make(dtype)
        for training in (*layer.modes, *layer.modes[:1]):  # a second time: running statistics move on
            ours.train(training)
            theirs.train(training)
            ours.zero_grad()
            theirs.zero_grad()
            inputs = [prepared(x, dtype, layout) for x in draw(np.random.default_rng(7))]
            compare(ours, theirs, inputs, tolerance, f"{layer!r}, training {training}")


def compare(ours, theirs, inputs, tolerance, place):
    """Output, gradients and buffers of one step of two modules with equal weights."""
    here = [our_tensor(x, True) for x in inputs]
    there = [their_tensor(x, True) for x in inputs]
    results, expected = as_tuple(ours(*here)), as_tuple(theirs(*there))
    for k, (y, z) in enumerate(zip(results, expected, strict=True)):
        same(y, z, tolerance, f"{place}, output {k}")
    rng = np.random.default_rng(9)
    back(results, expected, [rng.standard_normal(z.shape) for z in expected])
    for k, (x, t) in enumerate(zip(here, there, strict=True)):
        if is_float(inputs[k]):
            same_gradient(x.grad, t.grad, tolerance, f"{place}, gradient of input {k}")
    parameters = dict(theirs.named_parameters())
    assert [name for name, _ in ours.named_parameters()] == list(parameters), f"{place}: parameters"
    for name, p in ours.named_parameters():
        same_gradient(p.grad, parameters[name].grad, tolerance, f"{place}, gradient of {name}")
    buffers = dict(theirs.named_buffers())
    assert [name for name, _ in ours.named_buffers()] == list(buffers), f"{place}: buffers"
    for name, buffer in ours.named_buffers():
        same(Tensor(buffer), buffers[name], tolerance, f"{place}, buffer {name}")


DRAWN = [layer for layer in TABLE if layer.name in ("Linear", "PReLU", "Embedding") or "Conv" in layer.name]


@pytest.mark.parametrize("layer", [*DRAWN, *NORMS], ids=lambda layer: repr(layer).replace(" ", ""))
def test_first_values_are_drawn_like_pytorch_s(layer):
    """Not the same draws, but the same mean and spread, over many layers."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        manual_seed(1)
        make = getattr(nn, layer.name), getattr(torch.nn, layer.name)
        ours, theirs = (
            [cls(*layer.arguments, **layer.options).state_dict() for _ in range(100)] for cls in make
        )
    for key in theirs[0]:
        a, b = (np.array([np.asarray(state[key]) for state in states], float) for states in (ours, theirs))
        if np.ptp(b) == 0:
            assert np.array_equal(a, b), f"{key}: drawn, where PyTorch has a constant {b.flat[0]}"
            continue
        error = b.std() / np.sqrt(b.size)
        assert abs(a.mean() - b.mean()) < 7 * error, f"{key}: mean {a.mean()}, PyTorch's {b.mean()}"
        assert a.std() == pytest.approx(b.std(), rel=7 / np.sqrt(b.size)), f"{key}: spread"
        assert np.ptp(a) == pytest.approx(np.ptp(b), rel=0.35), f"{key}: range"
        assert len(np.unique(a)) > 0.9 * np.count_nonzero(b), f"{key}: values come up again"
