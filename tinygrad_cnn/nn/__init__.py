"""Layers, containers and losses, with PyTorch's names, arguments, defaults and state-dict keys."""

from tinygrad_cnn.nn import init as init
from tinygrad_cnn.nn.activation import ReLU as ReLU
from tinygrad_cnn.nn.activation import Sigmoid as Sigmoid
from tinygrad_cnn.nn.activation import Tanh as Tanh
from tinygrad_cnn.nn.container import Sequential as Sequential
from tinygrad_cnn.nn.conv import Conv2d as Conv2d
from tinygrad_cnn.nn.dropout import Dropout as Dropout
from tinygrad_cnn.nn.linear import Flatten as Flatten
from tinygrad_cnn.nn.linear import Linear as Linear
from tinygrad_cnn.nn.loss import CrossEntropyLoss as CrossEntropyLoss
from tinygrad_cnn.nn.module import Buffer as Buffer
from tinygrad_cnn.nn.module import LoadResult as LoadResult
from tinygrad_cnn.nn.module import Module as Module
from tinygrad_cnn.nn.module import Parameter as Parameter
from tinygrad_cnn.nn.norm import BatchNorm2d as BatchNorm2d
from tinygrad_cnn.nn.pool import AvgPool2d as AvgPool2d
from tinygrad_cnn.nn.pool import MaxPool2d as MaxPool2d
