"""Every network of ours as a file: in onnxruntime at batches of 1, 3 and 7, and back, gradients and all.

It takes minutes, so `make test` does not collect it: `make test-onnx`.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx", minversion="1.21", reason="needs onnx: pip install 'tinygrad-cnn[onnx]'")
pytest.importorskip("onnxruntime", reason="needs onnxruntime")

import onnxruntime

from benchmarks import ours
from benchmarks.networks import NETWORKS
from benchmarks.zoo import ZOO
from tinygrad_cnn import Tensor, nn
from tinygrad_cnn.nn import models
from tinygrad_cnn.onnx import load, save

MODELS = {
    "ConvNet": (lambda: models.ConvNet(rng=0), (1, 28, 28)),
    "Inception": (lambda: models.Inception(4, 4, 4, 4, 2, 2, 2, rng=0), (4, 8, 8)),
    "alexnet_like": (lambda: models.alexnet_like(rng=0), (3, 224, 224)),
    "deep_convnet": (lambda: models.deep_convnet(rng=0), (1, 28, 28)),
    "lenet5": (lambda: models.lenet5(rng=0), (1, 32, 32)),
    "lenet5 of dense ends": (lambda: models.lenet5(output="dense", down="max", rng=0), (1, 32, 32)),
    "resnet18": (lambda: models.resnet18(rng=0), (3, 64, 64)),
    "resnet50": (
        lambda: models.ResNet(models.Bottleneck, [3, 4, 6, 3], [64, 128, 256, 512], rng=0),
        (3, 64, 64),
    ),
    "simple_convnet": (lambda: models.simple_convnet(rng=0), (1, 28, 28)),
    "small_resnet": (lambda: models.small_resnet(rng=0), (3, 32, 32)),
    "thin_vgg": (lambda: models.thin_vgg(rng=0), (1, 32, 32)),
    # The convolutions are those of the whole networks, which come last.
    "vgg16 of small images": (lambda: models.vgg16(hidden=64, pooled=1, rng=0), (3, 64, 64)),
    "vgg19 of small images": (lambda: models.vgg19(hidden=64, pooled=1, rng=0), (3, 64, 64)),
}


def of(example: str, name: str, *args: Any, **options: Any) -> Callable[[], nn.Module]:
    """A function that makes a network of the examples, which the ledger trains."""

    def build() -> nn.Module:
        if EXAMPLES not in sys.path:
            sys.path.append(EXAMPLES)  # they import each other
        return getattr(import_module(example), name)(*args, **options)

    return build


EXAMPLES = str(Path(__file__).parents[2] / "examples")
IMAGES = np.random.default_rng(0).random((8, 3, 32, 32)).astype("f4")
LEDGER = {
    "best_of_all": (of("best_of_all", "network", 0), (1, 28, 28)),
    "cats_dogs": (of("cats_dogs", "network", IMAGES, (8, 16), 0), (3, 32, 32)),
    "character_lstm": (of("character_lstm", "Writer", 0), "character_lstm"),
    "digits": (of("digits", "build_model", 8), (1, 8, 8)),
    "gru_classifier": (of("gru_classifier", "Reader", 0), (8, 8)),
    "hyperparameter_search": (of("hyperparameter_search", "net", 64, 0), (64,)),
    "mnist_convnet": (of("mnist_convnet", "build_model"), (1, 28, 28)),
    "optimizers": (of("optimizers", "net", 0), (1, 8, 8)),
    "residual_and_inception": (of("residual_and_inception", "network", 0), (1, 8, 8)),
    "a stack with shortcuts": (of("residual_and_inception", "Stack", 10, True, 0), (8, 8, 8)),
    "a stack without": (of("residual_and_inception", "Stack", 10, False, 0), (8, 8, 8)),
    "dense": (of("shift_invariance", "dense", 0), (1, 28, 28)),
    "convolution and pooling": (of("shift_invariance", "pooled", 0), (1, 28, 28)),
    "largest of all places": (of("shift_invariance", "anywhere", 0), (1, 28, 28)),
    "small_transformer": (of("small_transformer", "Sorter", 0), "small_transformer"),
    "ConvNet that gives probabilities": (lambda: models.ConvNet(probabilities=True, rng=0), (1, 28, 28)),
    "lenet5 of padded images": (lambda: models.lenet5(padding=2, rng=0), (1, 28, 28)),
    "small_resnet of grey images": (lambda: models.small_resnet(in_channels=1, rng=0), (1, 28, 28)),
    "thin_vgg without norms": (lambda: models.thin_vgg(batch_norm=False, rng=0), (1, 32, 32)),
}
WHOLE = {
    "vgg16": (lambda: models.vgg16(rng=0), (3, 224, 224)),
    "vgg19": (lambda: models.vgg19(rng=0), (3, 224, 224)),
}
NETS = {
    **MODELS,
    **LEDGER,
    **{
        name: ((lambda n=net: n.build(ours.nn)), net.batch[1:]) for name, net in {**NETWORKS, **ZOO}.items()
    },
    **WHOLE,
}


def drawn(rng: np.random.Generator, batch: int, shape: Any) -> np.ndarray:
    """Random images, or letters for the example of that name."""
    if isinstance(shape, str):
        return rng.integers(0, len(import_module(shape).LETTERS), (batch, 8))
    return rng.normal(size=(batch, *shape)).astype("f4")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NETS)
def test_a_network_goes_out_and_comes_back(tmp_path, name):
    build, shape = NETS[name]
    model, rng = build().eval(), np.random.default_rng(0)
    path = tmp_path / "net.onnx"
    save(model, path, drawn(rng, 1, shape), verify=False)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    key, again = session.get_inputs()[0].name, load(path)
    for batch in (1, 3, 7):
        x = drawn(rng, batch, shape)
        wanted = model(Tensor(x))
        wanted = wanted[0] if isinstance(wanted, tuple) else wanted
        scale = abs(wanted.numpy()).max()
        found = session.run(None, {key: x})[0]
        assert found.shape == wanted.shape and abs(found - wanted.numpy()).max() <= 1e-4 * scale, batch
    compare_gradients(model, again, x[:2])


def compare_gradients(model: nn.Module, again: nn.Module, x: np.ndarray) -> None:
    """The gradients of both, of the input and of each parameter of the same name."""
    ins = [Tensor(x, requires_grad=x.dtype.kind == "f") for _ in range(2)]
    for net, one in zip((model, again), ins, strict=True):
        out = net(one)
        (out[0] if isinstance(out, tuple) else out).square().mean().backward()
    named = dict(again.named_parameters())
    pairs = [(ins[0].grad, ins[1].grad)] if x.dtype.kind == "f" else []
    for path, p in model.named_parameters():
        if p.grad is not None:
            pairs.append((p.grad, named[path].grad))
    largest = max(abs(one.numpy()).max() for one, _ in pairs)
    for one, other in pairs:  # a bias before a norm has gradients that are 0 but for rounding
        scale = abs(one.numpy()).max() + 1e-4 * largest
        assert abs(one.numpy() - other.numpy()).max() <= 2e-3 * scale
