"""Layers and losses give on a device what they give on the CPU, with the gradients of input and weights."""

import numpy as np
import pytest

from tinygrad_cnn import Tensor, manual_seed, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.testing.stand_in import transfers

#: What makes each layer, and the shape of its input.
LAYERS = {
    "Linear": (lambda: nn.Linear(4, 3), (2, 4)),
    "Bilinear": (lambda: nn.Bilinear(4, 4, 3), (2, 4)),
    "Conv1d": (lambda: nn.Conv1d(2, 3, 3, padding=1), (2, 2, 6)),
    "Conv2d": (lambda: nn.Conv2d(2, 4, 3, stride=2, dilation=2, padding=2, groups=2), (2, 2, 7, 7)),
    "Conv3d": (lambda: nn.Conv3d(2, 3, 2), (2, 2, 3, 3, 3)),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(2, 3, 3, stride=2), (2, 2, 4, 4)),
    "MaxPool2d": (lambda: nn.MaxPool2d(3, 2, padding=1), (2, 2, 7, 7)),
    "AvgPool2d": (lambda: nn.AvgPool2d(3, 2, padding=1, ceil_mode=True), (2, 2, 7, 7)),
    "LPPool2d": (lambda: nn.LPPool2d(2, 2), (2, 2, 6, 6)),
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d((3, 2)), (2, 2, 7, 5)),
    "AdaptiveMaxPool2d": (lambda: nn.AdaptiveMaxPool2d((3, 2)), (2, 2, 7, 5)),
    "FractionalMaxPool2d": (lambda: nn.FractionalMaxPool2d(2, (3, 2), rng=0), (2, 2, 7, 5)),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(3), (5, 3)),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(3), (2, 3, 4, 4)),
    "BatchNorm2d in use": (lambda: nn.BatchNorm2d(3).eval(), (2, 3, 4, 4)),
    "LayerNorm": (lambda: nn.LayerNorm((3, 4)), (2, 3, 4)),
    "RMSNorm": (lambda: nn.RMSNorm(4), (2, 3, 4)),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), (2, 4, 3)),
    "InstanceNorm2d": (lambda: nn.InstanceNorm2d(3, affine=True), (2, 3, 4, 4)),
    "LocalResponseNorm": (lambda: nn.LocalResponseNorm(3), (2, 4, 3, 3)),
    "Dropout": (lambda: nn.Dropout(0.5), (4, 6)),
    "Dropout2d": (lambda: nn.Dropout2d(0.5), (4, 6, 2, 2)),
    "PReLU": (lambda: nn.PReLU(3), (2, 3, 4)),
    "GELU": (lambda: nn.GELU(), (2, 3)),
    "SiLU": (lambda: nn.SiLU(), (2, 3)),
    "ELU": (lambda: nn.ELU(), (2, 3)),
    "Softplus": (lambda: nn.Softplus(), (2, 3)),
    "Hardswish": (lambda: nn.Hardswish(), (2, 3)),
    "LogSoftmax": (lambda: nn.LogSoftmax(1), (2, 3)),
    "GLU": (lambda: nn.GLU(), (2, 4)),
    "Upsample": (lambda: nn.Upsample(scale_factor=2, mode="bilinear"), (2, 2, 3, 3)),
    "PixelShuffle": (lambda: nn.PixelShuffle(2), (2, 4, 3, 3)),
    "ReflectionPad2d": (lambda: nn.ReflectionPad2d(1), (2, 2, 3, 3)),
    "ZeroPad2d": (lambda: nn.ZeroPad2d(1), (2, 2, 3, 3)),
    "Flatten": (lambda: nn.Flatten(), (2, 3, 4)),
    "LSTM": (lambda: nn.LSTM(3, 4, num_layers=2, bidirectional=True), (5, 2, 3)),
    "GRU": (lambda: nn.GRU(3, 4), (5, 2, 3)),
    "RNN": (lambda: nn.RNN(3, 4), (5, 2, 3)),
    "TransformerEncoderLayer": (lambda: nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0), (5, 2, 4)),
}  # fmt: skip

#: Losses of scores (4, 3), and what makes their targets.
LOSSES = {
    "CrossEntropyLoss": (nn.CrossEntropyLoss, lambda rng: rng.integers(0, 3, 4)),
    "NLLLoss": (nn.NLLLoss, lambda rng: rng.integers(0, 3, 4)),
    "MultiMarginLoss": (nn.MultiMarginLoss, lambda rng: rng.integers(0, 3, 4)),
    "smoothed": (lambda: nn.CrossEntropyLoss(label_smoothing=0.1), lambda rng: rng.integers(0, 3, 4)),
    "weighted": (
        lambda: nn.CrossEntropyLoss(weight=np.array([1.0, 2.0, 0.5])),
        lambda rng: rng.integers(0, 3, 4),
    ),
    "MSELoss": (nn.MSELoss, lambda rng: rng.normal(size=(4, 3))),
    "L1Loss": (nn.L1Loss, lambda rng: rng.normal(size=(4, 3))),
    "SmoothL1Loss": (nn.SmoothL1Loss, lambda rng: rng.normal(size=(4, 3))),
    "HuberLoss": (nn.HuberLoss, lambda rng: rng.normal(size=(4, 3))),
    "BCEWithLogitsLoss": (nn.BCEWithLogitsLoss, lambda rng: rng.uniform(size=(4, 3))),
    "KLDivLoss": (nn.KLDivLoss, lambda rng: rng.uniform(size=(4, 3))),
    "HingeEmbeddingLoss": (nn.HingeEmbeddingLoss, lambda rng: rng.choice([-1.0, 1.0], (4, 3))),
}


def there_and_back(make, shape, place):
    """The output of a layer on a device, and the gradients of its input and its parameters."""
    manual_seed(3)
    layer = make().double().to(place)
    x = Tensor(np.random.default_rng(0).normal(size=shape)).to(place).requires_grad_()
    y = layer(*(x,) * (2 if isinstance(layer, nn.Bilinear) else 1))
    y = y[0] if isinstance(y, tuple) else y
    weights = Tensor(np.random.default_rng(1).normal(size=y.shape)).to(place)
    (y * weights).sum().backward()
    return [y.detach(), x.grad, *(p.grad for p in layer.parameters())]


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_and_its_gradients_are_the_same_on_a_device(name, device):
    want = there_and_back(*LAYERS[name], "cpu")
    with transfers() as counted:
        got = there_and_back(*LAYERS[name], device)
    assert set(counted) <= {"upload"}
    for here, found in zip(want, got, strict=True):
        assert found.device == device
        np.testing.assert_allclose(found.cpu().numpy(), here.numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_and_its_gradient_are_the_same_on_a_device_with_targets_here_or_there(name, device):
    make, target = LOSSES[name]
    targets = target(np.random.default_rng(2))
    found = []
    for place, its in (("cpu", targets), (device, targets), (device, Tensor(targets).to(device))):
        x = Tensor(np.random.default_rng(0).normal(size=(4, 3))).to(place).requires_grad_()
        loss = make().double().to(place)(x, its)
        loss.backward()
        found.append((loss.item(), x.grad.cpu().numpy()))
    for loss, gradient in found[1:]:
        assert loss == pytest.approx(found[0][0], rel=1e-9)
        np.testing.assert_allclose(gradient, found[0][1], rtol=1e-9, atol=1e-9)


def test_an_embedding_looks_up_on_a_device_and_checks_its_indices(device):
    indices = np.array([[0, 2], [2, 1]])
    gradients = []
    for place in ("cpu", device):
        manual_seed(0)
        layer = nn.Embedding(4, 3).double().to(place)
        (layer(Tensor(indices).to(place)) ** 2).sum().backward()
        gradients.append(layer.weight.grad.cpu().numpy())
    np.testing.assert_allclose(*gradients)
    with pytest.raises(ValueError, match="4 rows"):
        F.embedding(Tensor(np.array([4])).to(device), layer.weight)
