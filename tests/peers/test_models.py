"""Our models beside the same networks written in PyTorch: its safetensors load, and the logits agree."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tinygrad_cnn.nn import models
from tinygrad_cnn.serial import load_tensors

T = torch.nn


def convolutions(*channels):
    """3×3 convolutions that keep the size, each with ReLU, and a pooling after each None."""
    layers, last = [], channels[0]
    for c in channels[1:]:
        layers += [T.MaxPool2d(2)] if c is None else [T.Conv2d(last, c, 3, padding=1), T.ReLU()]
        last = last if c is None else c
    return layers


def simple():
    return T.Sequential(
        T.Conv2d(1, 30, 5), T.ReLU(), T.MaxPool2d(2), T.Flatten(), T.Linear(4320, 100), T.ReLU(),
        T.Linear(100, 10),
    )  # fmt: skip


def deep():
    layers = convolutions(1, 16, 16, None, 32, 32, None, 64, 64, None)
    layers[7] = T.Conv2d(32, 32, 3, padding=2)
    head = [T.Flatten(), T.Linear(1024, 50), T.ReLU(), T.Dropout(), T.Linear(50, 10), T.Dropout()]
    return T.Sequential(*layers, *head)


def thin_vgg():
    """Laid out like torchvision's VGG-16, in eighths."""
    w = (8, 16, 32, 64, 64)
    runs = [c for width, n in zip(w, (2, 2, 3, 3, 3), strict=True) for c in (*[width] * n, None)]
    head = [T.Linear(64, 512), T.ReLU(), T.Dropout(), T.Linear(512, 512), T.ReLU(), T.Dropout()]
    return T.Sequential(
        OrderedDict(
            features=T.Sequential(*convolutions(1, *runs)),
            avgpool=T.AdaptiveAvgPool2d(1),
            flatten=T.Flatten(),
            classifier=T.Sequential(*head, T.Linear(512, 10)),
        )
    )


class Block(T.Module):
    """torchvision's BasicBlock, in short."""

    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1 = T.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = T.BatchNorm2d(width)
        self.conv2 = T.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = T.BatchNorm2d(width)
        self.downsample = None
        if stride != 1 or inputs != width:
            short = T.Conv2d(inputs, width, 1, stride, bias=False)
            self.downsample = T.Sequential(short, T.BatchNorm2d(width))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class SmallResNet(T.Module):
    """torchvision's ResNet, in short, with the stem for small images."""

    def __init__(self):
        super().__init__()
        self.conv1 = T.Conv2d(1, 8, 3, 1, 1, bias=False)
        self.bn1 = T.BatchNorm2d(8)
        self.layer1 = T.Sequential(Block(8, 8, 1), Block(8, 8, 1))
        self.layer2 = T.Sequential(Block(8, 16, 2), Block(16, 16, 1))
        self.layer3 = T.Sequential(Block(16, 32, 2), Block(32, 32, 1))
        self.fc = T.Linear(32, 10)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean(dim=(2, 3)))


@pytest.mark.parametrize(
    ("ours", "theirs", "side"),
    [
        (models.simple_convnet(), simple, 28),
        (models.deep_convnet(), deep, 28),
        (models.thin_vgg(batch_norm=False), thin_vgg, 32),
        (models.small_resnet(2, 8, in_channels=1), SmallResNet, 16),
    ],
    ids=["simple", "deep", "vgg16", "resnet"],
)
def test_weights_of_pytorch_give_its_logits(ours, theirs, side, tmp_path):
    torch.manual_seed(0)
    there = theirs()
    x = np.random.default_rng(0).normal(size=(4, 1, side, side)).astype("float32")
    there(torch.from_numpy(x))  # in training: running statistics leave their start
    there.eval()
    save_file(there.state_dict(), tmp_path / "model.safetensors")
    assert ours.load_state_dict(load_tensors(tmp_path / "model.safetensors")) == ([], [])
    expected = there(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(ours.eval()(x).numpy(), expected, rtol=1e-4, atol=1e-5)
