"""Optimizers: one a file, with the update equation and its paper in the docstring."""

from tinygrad_cnn.optim.adam import Adam as Adam
from tinygrad_cnn.optim.optimizer import Optimizer as Optimizer
from tinygrad_cnn.optim.sgd import SGD as SGD
