"""Contracts: the project's own layers, losses and optimizers keep them, and broken ones do not."""

import copy
import inspect

import numpy as np
import pytest

from tinygrad_cnn import ArgumentError, DTypeError, Op, Tensor, nn, ops, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.testing import CASES, Case, Problem
from tinygrad_cnn.testing import strategies as our
from tinygrad_cnn.testing.contracts import (
    LOSS_PROPERTIES,
    MODULE_PROPERTIES,
    OP_PROPERTIES,
    OPTIMIZER_PROPERTIES,
    ContractError,
    check_layer_against,
    check_loss,
    check_module,
    check_op,
    check_optimizer,
)

RNG = np.random.default_rng(0)


def spread(*shape: int) -> np.ndarray:
    """Numbers of which no two are close, nor any at 0, ±1 or ±3: no kinks, no ties."""
    count = int(np.prod(shape))
    return ((RNG.permutation(count) - count / 2 + 0.27) * (3.7 / count)).reshape(shape)


LINE, IMAGE, VOLUME = spread(2, 2, 6), spread(2, 4, 4, 4), spread(1, 2, 4, 4, 4)
ROWS = spread(3, 4)


def pad(kind: str, axes: int) -> nn.Module:
    """A padding layer of one pixel per side."""
    layer = getattr(nn, f"{kind}Pad{axes}d")
    return layer(1, 0.5) if kind == "Constant" else layer(1)


SEQUENCE, MEMORY, STATE = spread(3, 1, 4), spread(2, 1, 4), spread(3, 3)  # (L, N, C) twice, (N, H)
#: Options of the small Transformers: no random draw, and an activation without a kink.
SMALL = {"dim_feedforward": 3, "dropout": 0.0, "activation": "gelu", "rng": 0}


def coder(kind: str) -> nn.Module:
    """An encoder or a decoder of two layers."""
    return getattr(nn, f"Transformer{kind}")(getattr(nn, f"Transformer{kind}Layer")(4, 2, **SMALL), 2)


def is_plain(layer: object) -> bool:
    """Whether this is a layer of one element at a time that needs no argument."""
    if not (isinstance(layer, type) and issubclass(layer, nn.Module) and layer.pointwise):
        return False
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    arguments = inspect.signature(layer).parameters.values()
    return all(p.default is not p.empty or p.kind in variable for p in arguments)


#: Every public layer: how to make it, and its inputs. The plain ones are found.
LAYERS = {
    **{name: (layer, ROWS) for name, layer in vars(nn).items() if is_plain(layer)},
    "LogSoftmax": (nn.LogSoftmax, ROWS),
    "Softmax": (nn.Softmax, ROWS),
    "Softmin": (nn.Softmin, ROWS),
    "GLU": (nn.GLU, ROWS),
    **{f"Dropout{n}d": (getattr(nn, f"Dropout{n}d"), x) for n, x in ((1, LINE), (3, VOLUME))},
    **{
        f"Adaptive{kind}Pool{n}d": (lambda k=kind, n=n: getattr(nn, f"Adaptive{k}Pool{n}d")(2), x)
        for kind in ("Avg", "Max")
        for n, x in ((1, LINE), (3, VOLUME))
    },
    **{
        f"LPPool{n}d": (lambda n=n: getattr(nn, f"LPPool{n}d")(2, 2), abs(x) + 0.1)
        for n, x in ((1, LINE), (3, VOLUME))
    },
    "MaxUnpool1d": (lambda: nn.MaxUnpool1d(2), (spread(1, 1, 2), np.array([[[0, 3]]]))),
    "MaxUnpool3d": (lambda: nn.MaxUnpool3d(2), (spread(1, 1, 1, 1, 2), np.array([[[[[0, 7]]]]]))),
    "ChannelShuffle": (lambda: nn.ChannelShuffle(2), IMAGE),
    "Softmax2d": (nn.Softmax2d, IMAGE),
    "Threshold": (lambda: nn.Threshold(0.1, -1.0), ROWS),
    "RMSNorm": (lambda: nn.RMSNorm(4), ROWS),
    "UpsamplingBilinear2d": (lambda: nn.UpsamplingBilinear2d(scale_factor=2), IMAGE),
    "UpsamplingNearest2d": (lambda: nn.UpsamplingNearest2d(scale_factor=2), IMAGE),
    "Bilinear": (lambda: nn.Bilinear(4, 3, 2, rng=0), (ROWS, spread(3, 3))),
    "EmbeddingBag": (lambda: nn.EmbeddingBag(5, 3, rng=0), np.array([[0, 4], [4, 2]])),
    "AdaptiveLogSoftmaxWithLoss": (
        lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 9, [2, 5], 2.0, rng=0), (ROWS, np.array([0, 3, 8]))
    ),
    "ConvTranspose3d": (lambda: nn.ConvTranspose3d(2, 1, 2, rng=0), VOLUME),
    "CosineSimilarity": (nn.CosineSimilarity, (ROWS, ROWS[::-1] + 0.3)),
    "PairwiseDistance": (nn.PairwiseDistance, (ROWS, ROWS[::-1] + 0.3)),
    "MarginRankingLoss": (lambda: nn.MarginRankingLoss(0.3), (ROWS, ROWS[::-1] + 0.2, 2 * (ROWS > 0) - 1)),
    "CosineEmbeddingLoss": (
        lambda: nn.CosineEmbeddingLoss(-0.9), (ROWS, ROWS[::-1] + 0.3, np.array([1, -1, 1]))
    ),
    **{name: (getattr(nn, name), (ROWS, ROWS[::-1] + 0.3, -ROWS)) for name in (
        "TripletMarginLoss", "TripletMarginWithDistanceLoss"
    )},
    "GaussianNLLLoss": (nn.GaussianNLLLoss, (ROWS, ROWS[::-1] + 0.3, abs(ROWS) + 0.2)),
    "CTCLoss": (
        nn.CTCLoss, (spread(5, 2, 3), np.array([[1, 2], [2, 2]]), np.array([5, 4]), np.array([2, 1]))
    ),
    **{
        f"{kind}Pad{axes}d": (lambda kind=kind, axes=axes: pad(kind, axes), (LINE, IMAGE, VOLUME)[axes - 1])
        for kind in ("Circular", "Constant", "Reflection", "Replication", "Zero")
        for axes in (1, 2, 3)
    },
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d(3), IMAGE),
    "AdaptiveMaxPool2d": (lambda: nn.AdaptiveMaxPool2d(3), IMAGE),
    "FractionalMaxPool2d": (lambda: nn.FractionalMaxPool2d(2, 3, rng=0), IMAGE),
    "FractionalMaxPool3d": (lambda: nn.FractionalMaxPool3d(2, 2, rng=0), VOLUME),
    "LinearCrossEntropyLoss": (lambda: nn.LinearCrossEntropyLoss(4, 5, rng=0), (ROWS, np.array([0, 3, 1]))),
    "AvgPool1d": (lambda: nn.AvgPool1d(2), LINE),
    "AvgPool2d": (lambda: nn.AvgPool2d(2), IMAGE),
    "AvgPool3d": (lambda: nn.AvgPool3d(2), VOLUME),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(2), LINE),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(4), IMAGE),
    "BatchNorm3d": (lambda: nn.BatchNorm3d(2), VOLUME),
    "ConnectionConv2d": (lambda: nn.ConnectionConv2d([[1, 0, 1, 1], [0, 1, 0, 0]], 3, rng=0), IMAGE),
    "Conv1d": (lambda: nn.Conv1d(2, 3, 3, padding=1, rng=0), LINE),
    "Conv2d": (lambda: nn.Conv2d(4, 4, 3, stride=2, groups=2, rng=0), IMAGE),
    "Conv3d": (lambda: nn.Conv3d(2, 1, 2, rng=0), VOLUME),
    "ConvTranspose1d": (lambda: nn.ConvTranspose1d(2, 3, 3, rng=0), LINE),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(4, 2, 3, stride=2, rng=0), IMAGE),
    "Dropout2d": (nn.Dropout2d, IMAGE),
    "Embedding": (lambda: nn.Embedding(5, 3, rng=0), np.array([[0, 4], [4, 2]])),
    "Flatten": (nn.Flatten, IMAGE),
    "Fold": (lambda: nn.Fold(3, 2), spread(2, 4, 4)),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), IMAGE),
    "InstanceNorm1d": (lambda: nn.InstanceNorm1d(2, track_running_stats=True), LINE),
    "InstanceNorm3d": (lambda: nn.InstanceNorm3d(2), VOLUME),
    "InstanceNorm2d": (lambda: nn.InstanceNorm2d(4, affine=True), IMAGE),
    "LPPool2d": (lambda: nn.LPPool2d(2, 2), abs(IMAGE) + 0.1),
    "LayerNorm": (lambda: nn.LayerNorm(4), ROWS),
    "Linear": (lambda: nn.Linear(4, 2, rng=0), ROWS),
    "LocalResponseNorm": (lambda: nn.LocalResponseNorm(3), IMAGE),
    "MaxPool1d": (lambda: nn.MaxPool1d(2), LINE),
    "MaxPool2d": (lambda: nn.MaxPool2d(2), IMAGE),
    "MaxPool3d": (lambda: nn.MaxPool3d(2), VOLUME),
    "MaxUnpool2d": (lambda: nn.MaxUnpool2d(2), (spread(1, 1, 2, 2), np.array([[[[0, 3], [8, 15]]]]))),
    "PixelShuffle": (lambda: nn.PixelShuffle(2), IMAGE),
    "PixelUnshuffle": (lambda: nn.PixelUnshuffle(2), IMAGE),
    "RBF": (lambda: nn.RBF(spread(3, 4), learn=True), ROWS),
    "ScaledTanh": (nn.ScaledTanh, ROWS),
    "Sequential": (lambda: nn.Sequential(nn.Linear(4, 3, rng=0), nn.Tanh(), nn.Linear(3, 1, rng=1)), ROWS),
    "SubSampling2d": (lambda: nn.SubSampling2d(4, activation=nn.Tanh()), IMAGE),
    "Unflatten": (lambda: nn.Unflatten(1, (2, 2)), ROWS),
    "Unfold": (lambda: nn.Unfold(2), IMAGE),
    "AveragedModel": (lambda: nn.AveragedModel(nn.Linear(4, 2, rng=0)), ROWS),
    "GRU": (lambda: nn.GRU(4, 2, bidirectional=True, rng=0), SEQUENCE),
    "GRUCell": (lambda: nn.GRUCell(4, 3, rng=0), (ROWS, STATE)),
    "LSTM": (lambda: nn.LSTM(4, 3, num_layers=2, rng=0), SEQUENCE),
    "LSTMCell": (lambda: nn.LSTMCell(4, 3, rng=0), ROWS),
    "MultiheadAttention": (lambda: nn.MultiheadAttention(4, 2, rng=0), (SEQUENCE, MEMORY, -MEMORY)),
    "RNN": (lambda: nn.RNN(4, 3, rng=0), SEQUENCE),
    "RNNCell": (lambda: nn.RNNCell(4, 3, rng=0), (ROWS, STATE)),
    "Transformer": (lambda: nn.Transformer(4, 2, 1, 1, **SMALL), (MEMORY, SEQUENCE)),
    "TransformerDecoder": (lambda: coder("Decoder"), (SEQUENCE, MEMORY)),
    "TransformerDecoderLayer": (lambda: nn.TransformerDecoderLayer(4, 2, **SMALL), (SEQUENCE, MEMORY)),
    "TransformerEncoder": (lambda: coder("Encoder"), SEQUENCE),
    "TransformerEncoderLayer": (lambda: nn.TransformerEncoderLayer(4, 2, **SMALL), SEQUENCE),
    "Upsample": (lambda: nn.Upsample(scale_factor=2, mode="bilinear"), IMAGE),
}  # fmt: skip

#: Public names of `nn` that are not layers of their own, or losses, which have a contract of theirs.
OTHERS = {"Buffer", "LoadResult", "Module", "ModuleDict", "ModuleList", "Parameter", "ReceptiveField"}
OTHERS |= {"PackedSequence", "ParameterDict", "ParameterList"}
OTHERS |= {"HandWritten"}  # whatever its user wrote: tests/nn/test_hand_written.py
#: They become the layers above at their first call: tests/nn/test_lazy_layers.py.
OTHERS |= {name for name in vars(nn) if name.startswith("Lazy")}

ZEROS_AND_ONES, LABELS = (ROWS > 0).astype(float), np.array([0, 3, 1])
PROBABILITIES = F.softmax(ROWS, 1)
#: Every public loss: how to make it, what it is given, and what its mean divides by, if not by the number.
LOSSES = {
    "BCELoss": (nn.BCELoss, PROBABILITIES, ZEROS_AND_ONES, None),
    "BCEWithLogitsLoss": (lambda: nn.BCEWithLogitsLoss(pos_weight=[2.0]), ROWS, ZEROS_AND_ONES, None),
    "CrossEntropyLoss": (nn.CrossEntropyLoss, ROWS, LABELS, None),
    "HingeEmbeddingLoss": (nn.HingeEmbeddingLoss, ROWS, 2 * ZEROS_AND_ONES - 1, None),
    "HuberLoss": (nn.HuberLoss, ROWS, ROWS[::-1], None),
    "KLDivLoss": (nn.KLDivLoss, ROWS, PROBABILITIES, None),
    "L1Loss": (nn.L1Loss, ROWS, ROWS[::-1] + 0.01, None),
    "MSELoss": (nn.MSELoss, ROWS, ROWS[::-1], None),
    "MultiMarginLoss": (nn.MultiMarginLoss, ROWS, LABELS, None),
    "NLLLoss": (lambda: nn.NLLLoss([1.0, 2.0, 3.0, 4.0]), ROWS, LABELS, 7.0),
    "SmoothL1Loss": (nn.SmoothL1Loss, ROWS, ROWS[::-1], None),
    "SoftMarginLoss": (nn.SoftMarginLoss, ROWS, 2 * ZEROS_AND_ONES - 1, None),
    "MultiLabelSoftMarginLoss": (nn.MultiLabelSoftMarginLoss, ROWS, ZEROS_AND_ONES, None),
    "MultiLabelMarginLoss": (
        nn.MultiLabelMarginLoss, ROWS, np.array([[0, 2, -1, 1], [3, -1, 0, 0], [1, 0, 2, 3]]), None
    ),
    "PoissonNLLLoss": (nn.PoissonNLLLoss, ROWS, 2 * ZEROS_AND_ONES, None),
}  # fmt: skip


class MuonAndAdamW:
    """Muon for matrices, which is all that it takes, and AdamW for the other shapes of the contract."""

    def __init__(self, params, **options) -> None:
        matrices, others = [p for p in params if p.ndim == 2], [p for p in params if p.ndim != 2]
        self.parts = [optim.Muon(matrices, **options)] if matrices else []
        self.parts += [optim.AdamW(others)] if others else []
        self.param_groups = [group for part in self.parts for group in part.param_groups]

    def zero_grad(self) -> None:
        for part in self.parts:
            part.zero_grad()

    def step(self) -> None:
        for part in self.parts:
            part.step()

    def state_dict(self):
        return [part.state_dict() for part in self.parts]

    def load_state_dict(self, states) -> None:
        for part, state in zip(self.parts, states, strict=True):
            part.load_state_dict(state)


#: Every public optimizer: how to make it, and its options.
OPTIMIZERS = {
    "ASGD": (optim.ASGD, {"lr": 0.05, "t0": 2.0}),
    "Adadelta": (optim.Adadelta, {}),
    "Adafactor": (optim.Adafactor, {}),
    "Adagrad": (optim.Adagrad, {"lr_decay": 0.01}),
    "Adam": (optim.Adam, {"amsgrad": True}),
    "AdamW": (optim.AdamW, {}),
    "Adamax": (optim.Adamax, {}),
    "LARS": (optim.LARS, {"lr": 0.05, "trust_coefficient": 0.2}),
    "Lion": (optim.Lion, {}),
    "Muon": (MuonAndAdamW, {}),
    "NAdam": (optim.NAdam, {}),
    "RAdam": (optim.RAdam, {}),
    "RMSprop": (optim.RMSprop, {"momentum": 0.5, "centered": True}),
    "Rprop": (optim.Rprop, {"step_sizes": (0.0, 50.0)}),  # its smallest step is 0, so that lr 0 still steps
    "SGD": (optim.SGD, {"lr": 0.05, "momentum": 0.5}),
}

#: Not under the contract: the base class, and LBFGS, whose step computes the loss itself, by a closure that
#: the contract has none of. tests/optim/test_optimizers.py and tests/peers/test_optim.py check LBFGS.
OTHER_OPTIMIZERS = {"LBFGS", "Optimizer"}


def test_the_tables_name_all_that_is_public() -> None:
    public = {
        n for n, v in vars(nn).items() if isinstance(v, type) and issubclass(v, (nn.Module, Tensor, tuple))
    }
    assert public == LAYERS.keys() | LOSSES.keys() | OTHERS
    optimizers = {
        n for n, v in vars(optim).items() if isinstance(v, type) and issubclass(v, optim.Optimizer)
    }
    assert optimizers == OPTIMIZERS.keys() | OTHER_OPTIMIZERS


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name: str) -> None:
    make, inputs = LAYERS[name]
    module = make()
    report = check_module(module, inputs).raise_if_failed()
    unchecked = {
        outcome.name: outcome.reason for outcome in report.outcomes if outcome.status == "unchecked"
    }
    if not list(module.parameters()):
        assert "no parameter" in unchecked.pop("parameters_get_gradients")
    assert not unchecked


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str) -> None:
    make, x, target, count = LOSSES[name]
    report = check_loss(make(), x, target, count=count).raise_if_failed()
    assert {outcome.status for outcome in report.outcomes} == {"pass"}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name: str) -> None:
    kind, options = OPTIMIZERS[name]
    report = check_optimizer(lambda params: kind(params, **options))
    assert {outcome.status for outcome in report.raise_if_failed().outcomes} == {"pass"}


@pytest.mark.parametrize("op", [ops.Exp, ops.MatMul, ops.Conv, ops.MaxPool], ids=lambda op: op.__name__)
def test_ops_by_their_cases(op: type[Op]) -> None:
    report = check_op(op, CASES[op], max_examples=5).raise_if_failed()
    assert {outcome.status for outcome in report.outcomes} <= {"pass", "unchecked"}
    assert [outcome.name for outcome in report.outcomes] == list(OP_PROPERTIES)


@pytest.mark.parametrize("op", CASES, ids=lambda op: op.__name__)
def test_no_op_writes_to_what_it_is_given(op: type[Op]) -> None:
    check_op(op, CASES[op], only=["operands_are_not_written_to"], max_examples=8).raise_if_failed()


# --------------------------------------------------------------------------- broken ops
class Cube(Op):
    keep = (0,)

    def forward(self, x):
        return x**3

    def backward(self, g, x):
        return (g * 3 * x * x,)


class HalfCube(Cube):
    def backward(self, g, x):
        return (g * 1.5 * x * x,)


class WritingCube(Cube):
    def backward(self, g, x):
        if isinstance(g, np.ndarray):
            g *= 3
            return (g * x * x,)
        return (3 * g * x * x,)


class WritingForward(Cube):
    def forward(self, x):
        x *= x * x
        return x.copy()


POINTS = [(np.array([0.5, -1.0]),), (np.array([[2.0]]),)]


@pytest.mark.parametrize(
    "cases",
    [POINTS, our.arrays((2,)).map(lambda x: (x,)), our.arrays().map(lambda x: Problem(Cube, [x]))],
    ids=["list", "operands", "problems"],
)
def test_kinds_of_cases(cases) -> None:
    report = check_op(Cube, cases, max_examples=10, only=["gradient_is_right", "forward_is_right"])
    assert report["gradient_is_right"].status == "pass", str(report)
    assert report["forward_is_right"].status == "unchecked" and "reference" in str(report)
    with_reference = check_op(Cube, cases, reference=lambda op, x: x * x * x, max_examples=10)
    assert with_reference["forward_is_right"].status == "pass", str(with_reference)


def test_a_wrong_derivative_is_shrunk_and_explained() -> None:
    case = Case(our.arrays(low=1, high=3).map(lambda x: Problem(HalfCube, [x])), lambda op, x: x**3)
    report = check_op(HalfCube, case, max_examples=20)
    assert report["gradient_is_right"].status == "fail" and report["forward_is_right"].status == "pass"
    reason = report["gradient_is_right"].reason
    assert reason.startswith("on HalfCube() on [()]") and "factor of 2" in reason and "input 0" in reason
    with pytest.raises(ContractError, match="factor of 2") as error:
        report.raise_if_failed()
    assert error.value.report is report and not report


@pytest.mark.slow
def test_the_examples_are_the_same_each_time() -> None:
    strategy = our.arrays((2,)).map(lambda x: (x,))
    first, second = (check_op(HalfCube, strategy, random_seed=3, max_examples=5) for _ in range(2))
    assert str(first) == str(second)


def test_kinks_are_left_unchecked() -> None:
    report = check_op(ops.ReLU, [(np.array([0.0, 1.0]),)], only="gradient_is_right")
    assert report.status == "unchecked" and "kink" in str(report)
    assert report.raise_if_failed() is report


@pytest.mark.parametrize(("op", "words"), [(WritingCube, "incoming"), (WritingForward, "operand 0")])
def test_writing_is_noticed(op, words) -> None:
    report = check_op(op, POINTS, only=["operands_are_not_written_to"])
    assert report.status == "fail" and words in str(report)


def test_cases_of_another_op_are_noticed() -> None:
    report = check_op(Cube, CASES[ops.Neg], only=["gradient_is_right"], max_examples=2)
    assert report.status == "fail" and "the cases are of Neg" in str(report)


def test_bad_arguments_of_check_op() -> None:
    with pytest.raises(ArgumentError, match=r"unknown property.*gradient_is_right"):
        check_op(Cube, POINTS, only=["gradients"])
    for cases in ([], np.ones(3), [np.ones(3)], 3):
        with pytest.raises(ArgumentError, match=r"check_op: .*tuples of operands"):
            check_op(Cube, cases)


# --------------------------------------------------------------------------- broken modules
class Scale(nn.Module):
    """A sound module, and the base of those that are not."""

    def __init__(self) -> None:
        self.weight = nn.Parameter([2.0, 3.0])
        self.calls = nn.Buffer(0.0)

    def forward(self, x):
        return x * self.weight


class WrongGradient(Scale):
    def forward(self, x):
        return HalfCube()(x) * self.weight


class WrongInTraining(Scale):
    def forward(self, x):
        return HalfCube()(x) * self.weight if self.training else x**3 * self.weight


class Unused(Scale):
    def __init__(self) -> None:
        super().__init__()
        self.spare = nn.Parameter([1.0])


class Detached(Scale):
    def forward(self, x):
        return x * self.weight.detach()


class Counting(Scale):
    def forward(self, x):
        self.calls.data = self.calls.numpy() + 1
        return x * self.weight


class Random(Scale):
    def forward(self, x):
        return x * self.weight * np.random.default_rng().random()


class Hidden(Scale):
    def __init__(self) -> None:
        super().__init__()
        self.shared = HIDDEN

    def __deepcopy__(self, memo):
        other = type(self)()
        vars(other).update(vars(self))
        return other

    def forward(self, x):
        return x * self.weight


class Switching(Scale):
    def forward(self, x):
        self.training = False
        return x * self.weight


class Forgetful(Scale):
    def state_dict(self):
        return {key: value for key, value in super().state_dict().items() if key != "weight"}

    def load_state_dict(self, state, strict=True):
        return super().load_state_dict(state, strict=False)


class Writing(Scale):
    def forward(self, x):
        y = x * self.weight
        x.data = x.numpy() * 2
        return y


HIDDEN = object()
BROKEN_MODULES = {
    WrongGradient: ("gradients_in_eval", "factor of 2"),
    WrongInTraining: ("gradients_in_training", "factor of 2"),
    Unused: ("parameters_get_gradients", "spare"),
    Detached: ("gradients_in_training", "weight"),
    Counting: ("deterministic_in_eval", "calls"),
    Random: ("deterministic_in_eval", "second result"),
    Hidden: ("deepcopy_is_independent", "of the original"),
    Switching: ("modes_are_restored", "training=False"),
    Forgetful: ("state_dict_round_trips", ""),
    Writing: ("deterministic_in_eval", "input"),
}


@pytest.mark.parametrize("broken", BROKEN_MODULES, ids=lambda kind: kind.__name__)
def test_broken_modules(broken: type[Scale]) -> None:
    name, words = BROKEN_MODULES[broken]
    report = check_module(broken(), np.array([[0.5, 1.0]]))
    assert report[name].status == "fail" and words in report[name].reason, str(report)


def test_a_sound_module_keeps_everything_and_stays_as_it_is() -> None:
    module = Scale()
    before, mode = module.state_dict(), module.training
    report = check_module(module, Tensor([[0.5, 1.0]]))
    assert {outcome.status for outcome in report.outcomes} == {"pass"}, str(report)
    assert [outcome.name for outcome in report.outcomes] == list(MODULE_PROPERTIES)
    np.testing.assert_array_equal(module.weight.numpy(), before["weight"])
    assert module.training is mode and module.weight.dtype == np.float32 and module.weight.grad is None


def test_unused_parameters_may_be_allowed() -> None:
    assert check_module(Unused(), np.ones((1, 2)), unused=["spare"]).status == "pass"


def test_shared_parameters_are_one() -> None:
    module = nn.Sequential(nn.Linear(2, 2, rng=0), nn.Tanh(), nn.Linear(2, 2, rng=1))
    module[2].weight = module[0].weight
    assert check_module(module, np.array([[0.3, -0.4]]), only=["gradients_in_eval"]).status == "pass"


def test_an_error_inside_is_a_failure_with_its_name() -> None:
    report = check_module(nn.Linear(3, 1), np.ones((2, 2)))
    assert report.status == "fail" and "ShapeError: " in str(report)


# --------------------------------------------------------------------------- broken losses
def squares(x, target, reduction="mean"):
    d = (x - target) ** 2
    return d.mean() if reduction == "mean" else d.sum() if reduction == "sum" else d


BROKEN_LOSSES = {
    "mean_and_sum_are_scalars": lambda x, t, reduction="mean": squares(x, t, reduction).reshape(-1),
    "none_keeps_the_shape": lambda x, t, reduction="mean": squares(x.reshape(-1), t.reshape(-1), reduction),
    "reductions_agree": lambda x, t, reduction="mean": (
        squares(x, t, reduction) * (2 if reduction == "sum" else 1)
    ),
    "gradient_is_right": lambda x, t, reduction="mean": squares(HalfCube()(x), t, reduction),
}


@pytest.mark.parametrize("name", BROKEN_LOSSES)
def test_broken_losses(name: str) -> None:
    x, target = spread(2, 3), np.zeros((2, 3))
    assert check_loss(squares, x, target).status == "pass"
    report = check_loss(BROKEN_LOSSES[name], x, target)
    assert report[name].status == "fail", str(report)
    assert report.outcomes[list(LOSS_PROPERTIES).index(name)] is report[name]


def test_a_loss_without_a_reduction() -> None:
    report = check_loss(lambda x, t: ((x - t) ** 2).sum(), np.ones(3), np.zeros(3))
    assert [outcome.status for outcome in report.outcomes] == ["unchecked"] * 3 + ["pass"]


# --------------------------------------------------------------------------- broken optimizers
class Plain:
    """Gradient descent by hand: a sound optimizer, and the base of those that are not."""

    def __init__(self, params) -> None:
        self.params, self.param_groups, self.count = params, [{"lr": 0.1, "params": params}], 0

    def zero_grad(self) -> None:
        for p in self.params:
            p.grad = None

    def step(self) -> None:
        self.count += 1
        for k, p in enumerate(self.params):
            if p.grad is not None:
                p.data = p.numpy() - self.rate(k) * p.grad.numpy()

    def rate(self, k: int) -> float:
        return self.param_groups[0]["lr"] / self.count

    def state_dict(self):
        return {"count": self.count}

    def load_state_dict(self, state) -> None:
        self.count = state["count"]


class Ascending(Plain):
    def rate(self, k):
        return -super().rate(k)


class Amnesic(Plain):
    def load_state_dict(self, state) -> None:
        self.count = 0


class Ordered(Plain):
    def rate(self, k):
        return super().rate(k) / (k + 1)


class Decaying(Plain):
    def step(self) -> None:
        super().step()
        for p in self.params:
            p.data = p.numpy() * 0.9


class Clipping(Plain):
    def step(self) -> None:
        for p in self.params:
            if p.grad is not None:
                p.grad = p.grad.numpy().clip(-0.1, 0.1)
        super().step()


BROKEN_OPTIMIZERS = {
    Ascending: {"first_step_goes_downhill", "decreases_a_quadratic"},
    Amnesic: {"state_round_trips"},
    Ordered: {"order_does_not_matter"},
    Decaying: {"without_gradient_untouched", "zero_lr_changes_nothing"},
    Clipping: {"gradients_are_not_written_to"},
}


@pytest.mark.parametrize("broken", [Plain, *BROKEN_OPTIMIZERS], ids=lambda kind: kind.__name__)
def test_broken_optimizers(broken: type[Plain]) -> None:
    report = check_optimizer(broken)
    failed = {outcome.name for outcome in report.outcomes if outcome.status == "fail"}
    assert failed == BROKEN_OPTIMIZERS.get(broken, set()), str(report)
    assert [outcome.name for outcome in report.outcomes] == list(OPTIMIZER_PROPERTIES)


# --------------------------------------------------------------------------- layers against references
def test_a_layer_against_its_reference() -> None:
    layer = nn.Linear(4, 2, rng=0)
    w, b = layer.weight.numpy().astype(float), layer.bias.numpy().astype(float)
    check_layer_against(layer, lambda x: np.einsum("ni,oi->no", x, w) + b, ROWS).raise_if_failed()
    embedding = nn.Embedding(5, 3, rng=0)
    report = check_layer_against(embedding, lambda k: embedding.weight.numpy()[k], np.array([1, 4]))
    assert [outcome.status for outcome in report.outcomes] == ["pass", "unchecked"]


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (lambda x: x**3 + 1e-6, "values_agree"),
        (lambda x: x.reshape(-1) ** 3, "values_agree"),
        (lambda x: HalfCube()(x), "gradients_agree"),
        (lambda x: x.detach() ** 3, "gradients_agree"),
    ],
)
def test_layers_that_differ_from_their_reference(layer, name) -> None:
    report = check_layer_against(layer, lambda x: x * x * x, ROWS)
    assert report[name].status == "fail", str(report)


def test_a_layer_without_a_tensor() -> None:
    report = check_layer_against(lambda x: 3.0, lambda x: x, ROWS, only="values_agree")
    assert DTypeError.__name__ in str(report)


def test_copies_of_a_report_are_equal() -> None:
    report = check_layer_against(nn.Tanh(), np.tanh, ROWS)
    assert copy.deepcopy(report) == report


def batch_norm(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)


def test_buffers_are_compared_over_two_calls() -> None:
    def right(state: dict, x: np.ndarray) -> dict:
        return {
            "running_mean": 0.9 * state["running_mean"] + 0.1 * x.mean(0),
            "running_var": 0.9 * state["running_var"] + 0.1 * x.var(0, ddof=1),
            "num_batches_tracked": state["num_batches_tracked"] + 1,
        }

    def wrong(state: dict, x: np.ndarray) -> dict:
        return right(state, x) | {"running_mean": 0.9 * state["running_mean"] + 0.1 * x.sum(0)}

    def unknown(state: dict, x: np.ndarray) -> dict:
        return {"mean": 0.0}

    layer, x = nn.BatchNorm1d(4), spread(3, 4)
    reports = [check_layer_against(layer, batch_norm, x, buffers=f) for f in (right, wrong, unknown)]
    outcomes = [report["buffers_agree"] for report in reports]
    assert [outcome.status for outcome in outcomes] == ["pass", "fail", "fail"]
    assert "running_mean after call 1" in outcomes[1].reason
    assert "names ['mean']" in outcomes[2].reason
