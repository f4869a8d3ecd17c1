"""Every switch that users meet is True or False: nothing that is merely true is taken for it."""

import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import functional as F
from tinygrad_cnn import nn, optim, train
from tinygrad_cnn.errors import DTypeError

MODULES = (
    "tinygrad_cnn", "tinygrad_cnn.functional", "tinygrad_cnn.nn",
    "tinygrad_cnn.nn.models", "tinygrad_cnn.optim", "tinygrad_cnn.data", "tinygrad_cnn.train",
    "tinygrad_cnn.testing", "tinygrad_cnn.onnx", "tinygrad_cnn.parallel",
    "tinygrad_cnn.array_api", "tinygrad_cnn.array_api.linalg", "tinygrad_cnn.serial", "viz",
)  # fmt: skip
Call = tuple[tuple[Any, ...], dict[str, Any]]


def call(*args: Any, **options: Any) -> Call:
    return args, options


def ones(*shape: int) -> Any:
    return np.ones(shape, np.float32)


def switches(function: Callable[..., Any]) -> list[str]:
    """The parameters that are switches."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [
        p.name
        for p in parameters
        if p.annotation in (bool, "bool", "bool | None") or isinstance(p.default, bool)
    ]


def public() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Functions, constructors and methods that have a switch, by name; what is inherited once."""
    seen: set[str] = set()
    for path in MODULES:
        module = importlib.import_module(path)
        for name in getattr(module, "__all__", vars(module)):
            found = getattr(module, name)
            error = inspect.isclass(found) and issubclass(found, BaseException)
            if name[0] == "_" or not callable(found) or error:
                continue
            if switches(found):
                yield f"{path}.{name}", found
            for method in dir(found) if inspect.isclass(found) else ():
                function = getattr(found, method, None)
                if method[0] == "_" or not inspect.isfunction(function) or not switches(function):
                    continue
                if function.__qualname__ not in seen:
                    seen.add(function.__qualname__)
                    yield f"{path}.{function.__qualname__}", function


X, ROW, IMAGE = ones(2, 3), ones(1, 2, 4), ones(1, 2, 4, 4)
LABELS = np.array([0, 1])
LAYER = nn.Linear(3, 2)
STEPS = optim.SGD(LAYER.parameters(), lr=0.1, momentum=0.9)
ATTENTION, FLOW = nn.MultiheadAttention(2, 1), ones(3, 1, 2)
PACKED = nn.pack_sequence([ones(2, 1)])

#: Arguments with which each is called: under its whole name, its last one, or a part of it with `*`.
CALLS: dict[str, Call] = {
    # creation
    "Tensor": call(X), "Parameter": call(X), "tensor": call(X), "arange": call(3), "eye": call(2),
    "empty": call(2), "full": call(2, 1.0), "ones": call(2), "zeros": call(2), "tri": call(2),
    "empty_like": call(X), "full_like": call(X, 1.0), "ones_like": call(X), "zeros_like": call(X),
    "rand": call(2), "randn": call(2), "rand_like": call(X), "randn_like": call(X),
    "linspace": call(0.0, 1.0, 3), "logspace": call(0.0, 1.0, 3), "multinomial": call([0.5, 0.5], 1),
    # the graph
    "grad": call(tg.Tensor([1.0], requires_grad=True).sum(), tg.Tensor([1.0], requires_grad=True)),
    "detect_anomaly": call(), "set_grad_enabled": call(), "use_kernels": call("reference"),
    "GradientMethods.backward": call(tg.Tensor([1.0], requires_grad=True).sum()),
    "GradientMethods.*": call(tg.Tensor([1.0])), "ReduceMethods.*": call(tg.Tensor([1.0])),
    "ReduceMethods.topk": call(tg.Tensor([1.0]), 1),
    # functions
    **{f"{name}_pool1d": call(ROW, 2) for name in ("max", "avg")},
    **{f"{name}_pool2d": call(IMAGE, 2) for name in ("max", "min", "avg", "global_avg", "global_max")},
    **{f"{name}_pool3d": call(IMAGE[None], 2) for name in ("max", "avg")},
    "global_avg_pool2d": call(IMAGE), "global_max_pool2d": call(IMAGE),
    "lp_pool1d": call(ROW, 2, 2), "lp_pool2d": call(IMAGE, 2, 2), "lp_pool3d": call(IMAGE[None], 2, 2),
    **{f"adaptive_max_pool{n}d": call(ones(1, 2, *[4] * n), 2) for n in (1, 2, 3)},
    **{f"fractional_max_pool{n}d": call(ones(1, 2, *[4] * n), 2, 2) for n in (2, 3)},
    "affine_grid": call(ones(1, 2, 3), (1, 1, 2, 2)), "grid_sample": call(IMAGE, ones(1, 2, 2, 2)),
    "allclose": call(X, X), "isclose": call(X, X), "isin": call(X, X), "corrcoef": call(X), "cov": call(X),
    "batch_norm": call(X), "instance_norm": call(ROW),
    **{f"dropout{n}d": call(ones(1, 2, *[4] * n)) for n in (1, 2, 3)},
    "dropout": call(X), "alpha_dropout": call(X), "feature_alpha_dropout": call(ROW), "rrelu": call(X),
    "ctc_loss": call(ones(3, 1, 2), np.array([[1]]), [3], [1]), "gumbel_softmax": call(X),
    "embedding_bag": call(LABELS, X, np.array([0])), "interpolate": call(IMAGE, 2, mode="bilinear"),
    "gaussian_nll_loss": call(X, X, X), "poisson_nll_loss": call(X, X), "kl_div": call(X, X),
    "pairwise_distance": call(X, X), "scaled_dot_product_attention": call(ROW, ROW, ROW),
    "scatter_reduce": call(X, np.zeros((2, 3), int), X, 0), "topk": call(X, 1),
    "triplet_margin_loss": call(X, X, X), "triplet_margin_with_distance_loss": call(X, X, X),
    "percentile": call(X, 50), "quantile": call(X, 0.5), "functional.*": call(X),
    # layers
    **{f"Adaptive{name}Pool{n}d": call(1) for n in (1, 2, 3) for name in ("Max", "Avg")},
    **{f"{name}Pool{n}d": call(2) for n in (1, 2, 3) for name in ("Max", "Avg")},
    **{f"LPPool{n}d": call(2, 2) for n in (1, 2, 3)},
    **{f"FractionalMaxPool{n}d": call(2, 2) for n in (2, 3)}, "LinearCrossEntropyLoss": call(3, 2),
    **{f"{name}BatchNorm{n}d": call(2) for n in (1, 2, 3) for name in ("", "Sync")},
    **{f"InstanceNorm{n}d": call(2) for n in (1, 2, 3)},
    **{f"Lazy{name}{n}d": call() for n in (1, 2, 3) for name in ("BatchNorm", "InstanceNorm")},
    **{f"{name}{n}d": call(2, 2, 1) for n in (1, 2, 3) for name in ("Conv", "ConvTranspose")},
    **{f"Lazy{name}{n}d": call(2, 1) for n in (1, 2, 3) for name in ("Conv", "ConvTranspose")},
    "Linear": call(2, 2), "LazyLinear": call(2), "Bilinear": call(2, 2, 2), "EmbeddingBag": call(2, 2),
    "AdaptiveLogSoftmaxWithLoss": call(4, 10, [3]),
    "ConnectionConv2d": call(np.ones((2, 2), bool), 1), "GroupNorm": call(1, 2), "LayerNorm": call(2),
    "RMSNorm": call(2), "GRU": call(2, 2), "LSTM": call(2, 2), "RNN": call(2, 2), "GRUCell": call(2, 2),
    "LSTMCell": call(2, 2), "RNNCell": call(2, 2), "MultiheadAttention": call(2, 1), "RBF": call(X),
    "MultiheadAttention.forward": call(ATTENTION, *[tg.Tensor(FLOW)] * 3), "Upsample": call(2),
    "Transformer": call(2, 1, 1, 1, 2), "TransformerDecoderLayer": call(2, 1, 2),
    "Transformer.forward": call(nn.Transformer(2, 1, 1, 1, 2), tg.Tensor(FLOW), tg.Tensor(FLOW)),
    "TransformerEncoderLayer": call(2, 1, 2),
    "TransformerEncoderLayer.forward": call(nn.TransformerEncoderLayer(2, 1, 2), tg.Tensor(FLOW)),
    "TransformerEncoder.forward": call(
        nn.TransformerEncoder(nn.TransformerEncoderLayer(2, 1, 2), 1), tg.Tensor(FLOW)
    ),
    "TransformerDecoderLayer.forward": call(
        nn.TransformerDecoderLayer(2, 1, 2), tg.Tensor(FLOW), tg.Tensor(FLOW)
    ),
    "AveragedModel": call(LAYER), "PairwiseDistance": call(), "Loss": call(), "ConvNet": call(),
    **{name: call() for name in ("CTCLoss", "GaussianNLLLoss", "KLDivLoss", "PoissonNLLLoss")},
    "TripletMarginLoss": call(), "TripletMarginWithDistanceLoss": call(), "thin_vgg": call(11),
    "vgg_plan": call(11), "pack_padded_sequence": call(FLOW, [3]), "pack_sequence": call([ones(2, 1)]),
    "pad_packed_sequence": call(PACKED), "pad_sequence": call([ones(2, 1)]),
    "load_state_dict": call(LAYER, LAYER.state_dict()), "register_buffer": call(LAYER, "mean", X),
    "ModuleHooks.*": call(LAYER, print), "ModuleState.*": call(LAYER),
    # optimization, data, training
    "optim.*": call([*LAYER.parameters()]), "Optimizer.zero_grad": call(STEPS),
    "Optimizer": call([*LAYER.parameters()], {}), "CyclicLR": call(STEPS, 0.1, 0.2),
    "OneCycleLR": call(STEPS, 0.2, 5), "clip_grad_norm_": call(LAYER.parameters(), 1.0),
    "BatchSampler": call([0, 1], 1), "DataLoader": call([X, X]), "RandomSampler": call([X, X]),
    "WeightedRandomSampler": call([0.5, 0.5], 1), "Zoom": call(0.1), "split": call((X, LABELS), 0.5),
    "cifar10": call("nowhere"), "cifar100": call("nowhere"), "mnist": call("nowhere"),
    "fashion_mnist": call("nowhere"), "svhn": call("nowhere"),
    "ImageFolder": call("nowhere", 4), "EarlyStopping": call(), "ProgressBar": call(),
    "LearningRate": call(optim.StepLR(STEPS, 1)),
    "Trainer.fit": call(train.Trainer(LAYER, STEPS, F.cross_entropy), X, LABELS, epochs=1),
    # testing, drawing, files
    "assert_gradients": call(F.sum, X), "gradcheck": call(F.sum, X), "record": call(),
    "graph": call(tg.Tensor([1.0], requires_grad=True) * 2), "Recorder": call(),
    "onnx.save": call(LAYER, "nowhere/model.onnx", X),
    # the array standard
    "asarray": call(X), "astype": call(tg.Tensor(X), np.float64), "from_dlpack": call(X),
    "reshape": call(tg.Tensor(X), (6,)), "cholesky": call(tg.Tensor(np.eye(2))),
    **{f"array_api.cumulative_{name}": call(tg.Tensor([1.0])) for name in ("prod", "sum")},
    "array_api.isin": call(tg.Tensor(X), tg.Tensor(X)),
    "array_api.linspace": call(0.0, 1.0, 3), "array_api.*": call(tg.Tensor(X)),
}  # fmt: skip

#: What is no part of what users call.
LEFT_OUT = {
    "Tensor.results": "made by ops", "Node.leaf": "made by ops", "RemovableHandle": "made by Module",
    "TensorMachine.leaf": "called by hypothesis", "TensorMachine.backward": "called by hypothesis",
}  # fmt: skip


def arguments(name: str) -> Call | None:
    """The entry of the longest part of a name."""
    parts = name.split(".")
    wholes = [".".join(parts[k:]) for k in range(len(parts))]
    families = [f"{part}.*" for part in reversed(parts[:-1])]
    return next((CALLS[key] for key in [*wholes, *families] if key in CALLS), None)


FOUND = [
    (name, function, switch)
    for name, function in public()
    if ".".join(name.split(".")[-2:]) not in LEFT_OUT and name.split(".")[-1] not in LEFT_OUT
    for switch in switches(function)
]


@pytest.mark.parametrize(
    ("name", "function", "switch"), FOUND, ids=lambda part: part if isinstance(part, str) else ""
)
def test_a_switch_is_true_or_false(name: str, function: Callable[..., Any], switch: str) -> None:  # E13
    found = arguments(name)
    assert found is not None, f"no arguments are given for {name}"
    args, options = found
    for wrong in ("False", 1):
        with pytest.raises(DTypeError, match=rf"\b{switch} is True or False"):
            function(*args, **{**options, switch: wrong})
