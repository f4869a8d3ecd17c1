"""Networks from the literature, ready to build, with PyTorch's names of their weights."""

import typing as _typing

from tinygrad_cnn.nn.models.alexnet import alexnet_like, alexnet_like_plan
from tinygrad_cnn.nn.models.convnet import ConvNet, deep_convnet, simple_convnet
from tinygrad_cnn.nn.models.inception import Inception
from tinygrad_cnn.nn.models.lenet import digit_codes, lenet5, lenet5_loss, lenet5_table
from tinygrad_cnn.nn.models.plan import build, parameter_count, state_shapes
from tinygrad_cnn.nn.models.resnet import BasicBlock, Bottleneck, ResNet, resnet18, small_resnet
from tinygrad_cnn.nn.models.vgg_networks import thin_vgg, vgg, vgg16, vgg19, vgg_plan
from tinygrad_cnn.other_names import guard as _guard

__all__ = [
    "BasicBlock",
    "Bottleneck",
    "ConvNet",
    "Inception",
    "ResNet",
    "alexnet_like",
    "alexnet_like_plan",
    "build",
    "deep_convnet",
    "digit_codes",
    "lenet5",
    "lenet5_loss",
    "lenet5_table",
    "parameter_count",
    "resnet18",
    "simple_convnet",
    "small_resnet",
    "state_shapes",
    "thin_vgg",
    "vgg",
    "vgg16",
    "vgg19",
    "vgg_plan",
]

if not _typing.TYPE_CHECKING:  # a checker knows the names as they are
    __getattr__ = _guard(globals())
