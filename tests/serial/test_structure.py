"""Structure as JSON: every layer and model comes back, and what does not fit is named and does nothing."""

import json
import subprocess
import sys

import numpy as np
import pytest

import viz
from tinygrad_cnn import functional as F
from tinygrad_cnn import manual_seed, nn
from tinygrad_cnn.errors import ArgumentError, DTypeError, FormatError, TinygradCnnError
from tinygrad_cnn.nn import models
from tinygrad_cnn.nn.function_layer import FunctionLayer

PUBLIC = {
    name: cls for name, cls in vars(nn).items()
    if isinstance(cls, type) and issubclass(cls, nn.Module)
    and cls not in (nn.Module, nn.HandWritten)  # which holds code of its user's
}  # fmt: skip

#: Arguments that are not defaults, so that losing one shows.
PADS = {f"{kind}Pad{n}d": ((1, 2) * n,) for kind in ("Zero", "Reflection", "Replication", "Circular")
        for n in (1, 2, 3)}  # fmt: skip
NORMS = {f"{kind}Norm{n}d": (3, 1e-3, 0.2, kind == "Instance", kind == "Instance")
         for kind in ("Batch", "Instance") for n in (1, 2, 3)}  # fmt: skip
ENCODER_LAYER = (4, 2, 8, 0.2, "gelu", 1e-3, True, True, False)
ARGUMENTS: dict[str, tuple] = {
    **PADS, **NORMS,
    **{f"ConstantPad{n}d": ((1, 2) * n, 0.5) for n in (1, 2, 3)},
    **{f"Conv{n}d": (4, 6, 3, 2, 1, 2, 2, False) for n in (1, 2, 3)},
    "ConvTranspose1d": (4, 6, 3, 2, 1, 1, 2, False, 1),
    "ConvTranspose2d": (4, 6, (3, 2), 2, 1, (1, 0), 2, True, 2),
    **{f"MaxPool{n}d": (3, 2, 1, 2, False, True) for n in (1, 2, 3)},
    **{f"AvgPool{n}d": (3, 2, 1, True, False) for n in (1, 2, 3)},
    "LPPool2d": (3, (2, 3), None, True), "MaxUnpool2d": ((2, 3), 2, 0),
    "AdaptiveAvgPool2d": ((2, None),), "AdaptiveMaxPool2d": (2, True),
    "ConnectionConv2d": ([[1, 0, 1], [0, 1, 1]], (3, 2), 2, "valid", 1, False),
    "SubSampling2d": (3, (2, 3), 2), "ScaledTanh": (2.0, 0.5), "RBF": ([[1.0, 2.0], [0.5, np.inf]], True),
    "Linear": (4, 2, False), "Flatten": (0, 2), "Unflatten": (1, (2, -1)), "Embedding": (5, 3, -1),
    "Dropout": (0.2,), "Dropout2d": (0.3,), "Softmax": (1,), "LogSoftmax": (0,), "GELU": ("tanh",),
    "Softplus": (2.0, 10.0), "LeakyReLU": (0.2,), "PReLU": (3, 0.1), "ELU": (0.5,), "CELU": (0.5,),
    "Hardtanh": (-2.0, np.inf), "LayerNorm": ((2, 3), 1e-3, True, False), "GroupNorm": (2, 4, 1e-3, False),
    "LocalResponseNorm": (3, 1e-3, 0.5, 2.0), "Fold": ((6, 5), 2, 1, 0, 2), "Unfold": ((2, 3), 1, 1, 2),
    "PixelShuffle": (2,), "PixelUnshuffle": (3,), "Upsample": (None, (2.0, 1.5), "bilinear", True),
    "CrossEntropyLoss": (np.array([1.0, 2.5]),), "NLLLoss": (np.array([1.0, 2.5]),),
    "MSELoss": ("sum",), "L1Loss": ("none",), "SmoothL1Loss": ("sum", 0.5), "HuberLoss": ("sum", 0.5),
    "BCELoss": (np.array([1.0, 0.5]),), "BCEWithLogitsLoss": (np.array([1.0]),),
    "KLDivLoss": ("sum",), "MultiMarginLoss": (2, 0.5, np.array([1.0, 2.0])), "HingeEmbeddingLoss": (0.5,),
    "ConvTranspose3d": (4, 6, (3, 2, 1), 2, 1, (1, 0, 1), 2, True, 2),
    **{f"AdaptiveAvgPool{n}d": (2,) for n in (1, 3)}, **{f"AdaptiveMaxPool{n}d": (2, True) for n in (1, 3)},
    **{f"LPPool{n}d": (3, 2, None, True) for n in (1, 3)}, **{f"MaxUnpool{n}d": (3, 2, 0) for n in (1, 3)},
    "ChannelShuffle": (2,), "UpsamplingNearest2d": (None, (2.0, 1.5)), "UpsamplingBilinear2d": ((3, 4),),
    "Dropout1d": (0.2,), "Dropout3d": (0.2,), "AlphaDropout": (0.2,), "FeatureAlphaDropout": (0.2,),
    "RReLU": (0.2, 0.3), "Hardshrink": (0.2,), "Softshrink": (0.2,), "Threshold": (0.2, 1.0), "GLU": (0,),
    "Softmin": (1,), "RMSNorm": ((2, 3), 1e-3, False), "Bilinear": (2, 3, 4, False),
    "EmbeddingBag": (5, 3, "sum", True, -1), "CosineSimilarity": (0, 1e-3),
    "AdaptiveLogSoftmaxWithLoss": (8, 9, (3, 5), 2.0, True),
    "FractionalMaxPool2d": ((2, 3), None, (0.5, 0.7), True), "FractionalMaxPool3d": (2, 3, None, True),
    "LinearCrossEntropyLoss": (4, 3),
    "PairwiseDistance": (1.0, 1e-3, True),
    "SoftMarginLoss": ("sum",), "MultiLabelMarginLoss": ("sum",), "MarginRankingLoss": (0.5, "sum"),
    "MultiLabelSoftMarginLoss": (np.array([1.0, 2.0]), "sum"), "CosineEmbeddingLoss": (0.5, "sum"),
    "TripletMarginLoss": (0.5, 1.0, 1e-3, True, "sum"), "PoissonNLLLoss": (False, True, 1e-3, "sum"),
    "CTCLoss": (1, "sum", True), "ParameterList": ([[1.0, 2.0]],), "ParameterDict": ({"a": [1.0, 2.0]},),
    "LazyLinear": (3, False), **{f"LazyConv{n}d": (6, 3, 2, 1, 2, 2, False) for n in (1, 2, 3)},
    **{f"LazyConvTranspose{n}d": (6, 3, 2, 1, 1, 2, False, 1) for n in (1, 2, 3)},
    **{f"LazyBatchNorm{n}d": (1e-3, 0.2) for n in (1, 2, 3)},
    **{f"LazyInstanceNorm{n}d": (1e-3, 0.2, True) for n in (1, 2, 3)},
    "Sequential": (nn.ReLU(), nn.Sequential(nn.Flatten())), "ModuleList": ([nn.ReLU(), nn.Tanh()],),
    "ModuleDict": ({"a": nn.ReLU(), "b.c".replace(".", "_"): nn.Linear(2, 1)},),
    "RNN": (3, 2, 2, "relu", False, True, 0.1, True), "LSTM": (3, 4, 2, False, True, 0.1, True, 2),
    "GRU": (3, 2, 2, False, True, 0.1, True), "RNNCell": (3, 2, False, "relu"), "LSTMCell": (3, 2, False),
    "GRUCell": (3, 2, False), "MultiheadAttention": (4, 2, 0.1, False, True, True, 3, 4, True),
    "TransformerEncoderLayer": ENCODER_LAYER, "TransformerDecoderLayer": ENCODER_LAYER,
    "TransformerEncoder": (nn.TransformerEncoderLayer(*ENCODER_LAYER), 2, nn.LayerNorm(4)),
    "TransformerDecoder": (nn.TransformerDecoderLayer(*ENCODER_LAYER), 2, nn.LayerNorm(4)),
    "Transformer": (4, 2, 1, 1, 8, 0.2, "gelu", 1e-3, True, True, False),
    "AveragedModel": (nn.Linear(2, 3), None, True),
    "Identity": (),
    "TripletMarginWithDistanceLoss": (), "GaussianNLLLoss": (),
}  # fmt: skip


def moved(name):
    """Options of a layer that only calls a function, each moved away from its default; None for others."""
    cls = PUBLIC[name]
    if not issubclass(cls, FunctionLayer):
        return None
    values = [option.default for option in cls._options.values()]
    if not all(type(value) in (bool, int, float) for value in values):
        return None
    return tuple(not v if type(v) is bool else v + 1 if type(v) is int else v / 2 + 0.25 for v in values)


#: Layers with numbers as options need no line.
ARGUMENTS |= {name: moved(name) for name in PUBLIC.keys() - ARGUMENTS.keys() if moved(name) is not None}
KEYWORDS: dict[str, dict] = {
    "TripletMarginWithDistanceLoss": {"distance_function": F.cdist, "margin": 0.5, "swap": True},
    "GaussianNLLLoss": {"full": True, "eps": 1e-3}, "AlphaDropout": {"rng": 3},
    "LazyLinear": {"dtype": np.float64}, "FractionalMaxPool2d": {"rng": 3, "data_format": "NHWC"},
    "LinearCrossEntropyLoss": {"out_features": (2, 3), "bias": True, "reduction": "sum", "ignore_index": 1,
                               "label_smoothing": 0.2, "weight": [1.0, 2.0, 3.0]},
    "Dropout": {"mode": "classic", "rng": 3}, "Conv2d": {"dtype": np.float64},
    "SubSampling2d": {"down": "max", "activation": F.tanh},
    "CrossEntropyLoss": {"ignore_index": 3, "label_smoothing": 0.1, "reduction": "sum"},
    "NLLLoss": {"ignore_index": 3, "reduction": "sum"}, "BCELoss": {"reduction": "sum"},
    "BCEWithLogitsLoss": {"pos_weight": np.array([2.0]), "reduction": "none"},
}  # fmt: skip


def options(module):
    """All attributes of a module and those below it, as text that tells types apart, modules last."""
    found = []
    for path, part in module.named_modules():
        for name, value in sorted(vars(part).items(), key=lambda item: isinstance(item[1], nn.Module)):
            if isinstance(value, (nn.Parameter, nn.Buffer)):
                value = (type(value).__name__, value.shape, value.dtype, value.requires_grad, value.name)
            elif isinstance(value, np.random.Generator):
                value = type(value.bit_generator)
            elif isinstance(value, nn.Module):
                value = type(value)
            found.append((path, name, repr(value)))
    return found


def comes_back(module, rng=0):
    """The module that the JSON makes, after everything about it was compared."""
    text = nn.to_json(module)
    again = nn.from_json(text, rng=rng)
    assert nn.to_json(again) == text and repr(again) == repr(module)
    assert options(again) == options(module)
    state, fresh = module.state_dict(), again.state_dict()
    assert list(state) == list(fresh)
    again.load_state_dict(state)
    return again


# --------------------------------------------------------------------------- what comes back
@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_layer_comes_back(name):
    assert name in ARGUMENTS, f"{name}: a new class; give arguments that are not defaults"
    comes_back(PUBLIC[name](*ARGUMENTS[name], **KEYWORDS.get(name, {})))


def test_the_arguments_above_are_no_defaults():
    same = [
        n
        for n in PUBLIC
        if ARGUMENTS[n] and not KEYWORDS.get(n) and _default(n) == nn.to_json(PUBLIC[n](*ARGUMENTS[n]))
    ]
    assert not same


def _default(name):
    try:
        return nn.to_json(PUBLIC[name]())
    except (TypeError, ArgumentError):  # it has required arguments
        return None


BUILT = {
    "ConvNet": (lambda: models.ConvNet(probabilities=True), (1, 28, 28)),
    "lenet5": (models.lenet5, (1, 32, 32)),
    "simple_convnet": (models.simple_convnet, (1, 28, 28)),
    "deep_convnet": (models.deep_convnet, (1, 28, 28)),
    "small_resnet": (lambda: models.small_resnet(1, 4), (3, 16, 16)),
    "resnet18": (lambda: models.resnet18(classes=2), (3, 32, 32)),
    "bottleneck": (lambda: models.Bottleneck(4, 2, 2), (4, 6, 6)),
    "thin_vgg": (models.thin_vgg, (1, 32, 32)),
    "vgg": (lambda: models.vgg(11, divisor=16, pooled=1, hidden=8, classes=2), (3, 32, 32)),
    "inception": (lambda: models.Inception(4, 2, 2, 3, 2, 3, 2), (4, 6, 6)),
}


@pytest.mark.parametrize("name", BUILT)
def test_every_model_comes_back_and_draws_and_computes_the_same(name):
    make, shape = BUILT[name]
    manual_seed(1)
    model = make()
    again = comes_back(model)
    x = np.random.default_rng(0).standard_normal((2, *shape)).astype("f4")
    assert viz.graph(model, inputs=(x,)).source == viz.graph(again, inputs=(x,)).source
    model.eval(), again.eval()
    one, other = model(x), again(x)
    for y, z in zip(*((r if isinstance(r, tuple) else (r,)) for r in (one, other)), strict=True):
        assert y.numpy().tobytes() == z.numpy().tobytes()


def test_every_network_class_of_the_library_is_tried():
    classes = {cls for cls in vars(models).values() if isinstance(cls, type) and issubclass(cls, nn.Module)}
    tried = {type(part) for make, _ in BUILT.values() for part in make().modules()}
    assert classes <= tried


def test_a_text_that_was_written_once_is_read_for_ever():
    text = """{"format":"tinygrad_cnn.structure","version":1,"model":{"class":"Sequential","attributes":{},
        "modules":{"a":{"class":"Linear","arguments":{"in_features":2,"out_features":3,"dtype":"float64"}},
        "b":{"class":"Dropout","arguments":{"p":0.25,"rng":{"generator":"PCG64","number":0}}},
        "c":{"same":"a"},"d":{"class":"Hardtanh","arguments":{"min_val":0,"max_val":{"float":"inf"}}}}},
        "frozen":["a.bias"]}"""
    model = nn.from_json(text)
    assert model[0] is model[2] and model[0].weight.dtype == np.float64 and model[1].p == 0.25
    assert not model[0].bias.requires_grad and model[3].max_val == np.inf


def test_the_alexnet_like_plan_comes_back_without_its_47_million_numbers():
    model = models.build(models.alexnet_like_plan())
    text = nn.to_json(model)
    assert len(text) < 5000 and nn.to_json(nn.from_json(text)) == text


def test_what_is_shared_stays_shared():
    layer, draws = nn.Linear(3, 3), np.random.default_rng(0)
    model = nn.Sequential(
        layer, nn.Dropout(0.5, rng=draws), nn.Sequential(layer, nn.Dropout(0.2, rng=draws))
    )
    model.append(nn.Linear(3, 3)).append(nn.Dropout(0.5, rng=1))
    model[3].weight = layer.weight
    model[3].bias.requires_grad_(False)
    again = comes_back(model)
    assert again[0] is again[2][0] and again[3].weight is again[0].weight
    assert again[3].bias is not again[0].bias and not again[3].bias.requires_grad
    assert again[1].rng is again[2][1].rng is not again[4].rng


def test_a_changed_network_comes_back_changed():
    model = models.small_resnet(1, 4)
    model.fc = nn.Sequential(nn.Dropout(0.1), nn.Linear(16, 2))
    assert comes_back(model)(np.zeros((1, 3, 8, 8), "f4")).shape == (1, 2)


def test_new_weights_are_drawn_from_the_seed_and_the_default_generator():
    text = nn.to_json(nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2)))
    one, same, other = (nn.from_json(text, rng=seed).state_dict() for seed in (1, 1, 2))
    np.testing.assert_equal(one, same)
    assert (one["0.weight"] != other["0.weight"]).all()
    manual_seed(1)
    np.testing.assert_equal(nn.from_json(text).state_dict(), one)


# --------------------------------------------------------------------------- classes of one's own
@nn.register
class Gated(nn.Module):
    """Modules, own parameters and buffers, plain values, a function; and a constructor that counts."""

    made = 0

    def __init__(self, width):
        type(self).made += 1
        self.scale = nn.Parameter(np.full((width,), 2.0, "f4"))
        self.seen = nn.Buffer(np.array(3))
        self.inner = nn.Linear(width, width)
        self.sizes = {"width": width, "steps": [1, 2.5, None], "bound": float("-inf")}
        self.act = F.relu
        self.mask = np.array([[True, False]])

    def forward(self, x):
        return self.act(self.inner(x)) * self.scale


def test_a_registered_class_comes_back_without_its_constructor():
    model = nn.Sequential(Gated(3), nn.Linear(3, 1))
    before = Gated.made
    again = comes_back(model)
    assert Gated.made == before
    x = np.ones((2, 3), "f4")
    assert again(x).numpy().tobytes() == model(x).numpy().tobytes()


def test_another_class_is_refused_and_told_how():
    class Mine(nn.Module):
        pass

    with pytest.raises(
        ArgumentError, match=r"to_json: 0 is a .*Mine, which is not registered; write @nn.register"
    ):
        nn.to_json(nn.Sequential(Mine()))
    with pytest.raises(DTypeError, match="a subclass of Module fits"):
        nn.register(int)
    with pytest.raises(ArgumentError, match=r"the name .ReLU. is taken by .*\.ReLU"):
        nn.register(type("ReLU", (nn.Module,), {}))
    text = nn.to_json(nn.ReLU()).replace("ReLU", "Nowhere")
    with pytest.raises(FormatError, match=r"^m.json: unknown class 'Nowhere'; .* @nn.register"):
        nn.from_json(text, where="m.json")


def test_what_json_cannot_hold_is_refused_by_its_path():
    model = nn.Sequential(Gated(2))
    model[0].act = lambda x: x
    with pytest.raises(DTypeError, match=r"to_json: 0.act is a function, which JSON cannot hold"):
        nn.to_json(model)
    with pytest.raises(DTypeError, match="a Module fits, got int"):
        nn.to_json(3)
    deep = nn.ReLU()
    for _ in range(150):
        deep = nn.Sequential(deep)
    with pytest.raises(ArgumentError, match=r"nested more than 100 deep"):
        nn.to_json(deep)


# --------------------------------------------------------------------------- what does not fit
def tree(model):
    return {"format": "tinygrad_cnn.structure", "version": 1, "model": model}


def sequence(**modules):
    return tree({"class": "Sequential", "attributes": {}, "modules": modules})


def linear(**changes):
    arguments = {"in_features": 2, "out_features": 3, **changes}
    return sequence(
        a={"class": "Linear", "arguments": {k: v for k, v in arguments.items() if v != "leave out"}}
    )


def nested(depth, inner):
    for _ in range(depth):
        inner = {"class": "Sequential", "attributes": {}, "modules": {"0": inner}}
    return tree(inner)


RELU = {"class": "ReLU", "arguments": {}}
WRONG = [
    ("", "expected JSON"),
    ("[1", "expected JSON"),
    (b"\xff\xfe\x00", "expected JSON"),
    ("[]", "expected an object"),
    ("3", "expected an object"),
    ('{"a": 1}', "expected an object with"),
    ("[" * 100_000, "nested|expected JSON"),
    ({**tree(RELU), "version": 3}, "expected version 1 to 2, found 3"),
    ({"format": "tinygrad_cnn.structure", "version": 1}, r"missing keys: \['model'\]"),
    ({**tree(RELU), "code": "x"}, r"unknown keys: \['code'\]"),
    (tree(None), "expected an object, found 'None'"),
    (tree({}), r"missing keys: \['class'\]"),
    (tree({"class": "ReLU"}), r"missing keys: \['attributes', 'modules'\]"),
    (tree({"class": ["ReLU"], "arguments": {}}), "unknown class"),
    (tree({"class": "Sequential", "arguments": {}}), 'has "attributes" and "modules"'),
    (sequence(a=3), "a: expected an object"),
    (sequence(**{"": RELU}), "cannot be the name"),
    (sequence(a={"same": "b"}), "a: is the same as 'b', which is not there"),
    (sequence(forward=RELU), "forward: 'forward' cannot be the name"),
    (sequence(__class__=RELU), "cannot be the name"),
    (sequence(_name=RELU), "the name is taken"),
    (sequence(**{"a.b": RELU}), "cannot be the name"),
    (linear(in_features="leave out"), r"a: missing keys: \['in_features'\]"),
    (linear(color="red"), r"a: missing keys: none, unknown keys: \['color'\]"),
    (linear(in_features="2"), "a: no Linear can be made of this: Linear: in_features"),
    (linear(in_features=-2), "a: no Linear can be made of this"),
    (linear(in_features=[2]), "a: no Linear can be made of this"),
    (linear(bias={"x": 1}), "a.bias: expected a value|a: no Linear"),
    (linear(dtype="object"), "a.dtype: one of"),
    (linear(dtype=[1]), "a.dtype: one of"),
    (
        linear(in_features=10**6, out_features=10**6),
        "a: asks for 1,000,000,000,000 elements, more|a: no Linear can be made of this: Unable",
    ),
    (linear(in_features=10**4000), "a.in_features: asks for more than"),
    (linear(in_features=True, out_features=2**31), "limit|made"),
    (nested(150, RELU), "nested more than 100 deep"),
    ({**tree(RELU), "tied": [["a", "b"]]}, "there is no parameter 'a'"),
    ({**tree(RELU), "tied": 3}, "a list of pairs"),
    ({**tree(RELU), "frozen": ["a.weight"]}, "there is no parameter 'a.weight'"),
    ({**tree(RELU), "frozen": [3]}, "there is no parameter"),
    ({**tree(RELU), "frozen": "a"}, "a list of paths"),
]


@pytest.mark.parametrize(("text", "says"), WRONG, ids=range(len(WRONG)))
def test_what_is_no_structure_is_refused_by_file_and_place(text, says):
    text = text if isinstance(text, (str, bytes)) else json.dumps(text)
    with pytest.raises(FormatError, match=rf"^m\.json: .*({says})"):
        nn.from_json(text, where="m.json")


def gated(**attributes):
    return tree({"class": "Gated", "attributes": attributes, "modules": {}})


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"parameter": [2**20, 2**20], "dtype": "float32"}, "asks for 1,099,511,627,776 elements"),
        ({"parameter": [-1], "dtype": "float32"}, "expected a shape"),
        ({"parameter": [2], "dtype": "O"}, "expected an element type"),
        ({"parameter": [2], "dtype": "int64"}, "no parameter can be made"),
        ({"parameter": [2]}, r"missing keys: \['dtype'\]"),
        ({"parameter": 2, "dtype": "float32"}, "expected a shape"),
        ({"array": [1, 2], "shape": [3], "dtype": "int64"}, "has not the elements"),
        ({"array": ["a"], "shape": [1], "dtype": "int64"}, "holds numbers only"),
        ({"array": [300], "shape": [1], "dtype": "uint8"}, "no array can be made"),
        ({"array": [1], "shape": [1], "dtype": "datetime64"}, "expected an element type"),
        ({"function": "eval"}, "expected a value"),
        ({"function": "os.system"}, "expected a value"),
        ({"generator": "RandomState", "number": 0}, "expected one of PCG64"),
        ({"float": "1e9"}, "expected a value"),
        ({"list": 3}, "expected a value"),
        ({}, "expected a value"),
        ({"class": "os.system"}, "unknown class"),
        ({"list": [{"dict": {"a": {"x": 1}}}]}, r"\.0\.a: expected a value"),
    ],
)
def test_values_that_do_not_fit_are_refused(value, says):
    with pytest.raises(FormatError, match=rf"^m\.json: scale.*{says}"):
        nn.from_json(json.dumps(gated(scale=value)), where="m.json")


HOSTILE = ["os.system", "subprocess.Popen", "builtins.eval", "__import__", "Module.__init__", "type",
           "tinygrad_cnn.nn.Linear", "../Linear", "FormatError", "Tensor"]  # fmt: skip


def test_hostile_text_does_nothing(tmp_path):
    code = """
import json, resource, sys
from tinygrad_cnn import nn
from tinygrad_cnn.errors import FormatError
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
before = set(sys.modules)
for text in json.loads(sys.stdin.read()):
    try:
        nn.from_json(text)
    except FormatError:
        continue
    print("made", text[:80])
print(sorted(set(sys.modules) - before))
"""
    call = {"arguments": {"command": f"touch {tmp_path}/mark"}}
    texts = [json.dumps(tree({"class": name, **call})) for name in HOSTILE]
    texts += [json.dumps(sequence(a={"class": name, "attributes": {}, "modules": {}})) for name in HOSTILE]
    texts += [
        text if isinstance(text, str) else json.dumps(text)
        for text, _ in WRONG
        if not isinstance(text, bytes)
    ]
    texts += ['{"format":' * 50_000, json.dumps(nested(300, RELU))]
    done = subprocess.run([sys.executable, "-I", "-c", code], input=json.dumps(texts), text=True,
                          capture_output=True, timeout=300)  # fmt: skip
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("[]", "", 0)
    assert not list(tmp_path.iterdir())


def test_damaged_text_gives_a_model_or_a_named_error():
    """Every piece of the JSON is replaced in turn by values of other kinds."""
    manual_seed(0)
    text = json.dumps(
        json.loads(nn.to_json(nn.Sequential(Gated(2), nn.Conv2d(2, 2, 3), nn.Dropout(rng=1))))
    )
    whole = json.loads(text)
    places = list(_places(whole))
    assert len(places) > 40
    refused = 0
    for place in places:
        for other in (None, True, -7, 2.5, "x", [], {}, [[]], {"x": 1}, 10**12):
            changed = json.loads(text)
            spot = changed
            for key in place[:-1]:
                spot = spot[key]
            spot[place[-1]] = other
            try:
                nn.from_json(json.dumps(changed), where="m.json")
            except FormatError as error:
                assert str(error).startswith("m.json: ")
                refused += 1
    assert refused > 5 * len(places)


def _places(value, path=()):
    items = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in items:
        yield (*path, key)
        yield from _places(inner, (*path, key))


def test_errors_are_of_this_package():
    assert issubclass(FormatError, TinygradCnnError)
    with pytest.raises(DTypeError, match="JSON text fits"):
        nn.from_json({"format": 1})
    with pytest.raises(ArgumentError, match="limit"):
        nn.from_json("{}", limit=-1)
