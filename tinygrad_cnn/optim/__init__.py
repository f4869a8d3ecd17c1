"""Optimizers: one a file, with the update equation and its paper in the docstring.

Beside them the schedulers of the learning rate, and the clipping of gradients.
"""

import typing as _typing

from tinygrad_cnn.optim.adadelta import Adadelta
from tinygrad_cnn.optim.adafactor import Adafactor
from tinygrad_cnn.optim.adagrad import Adagrad
from tinygrad_cnn.optim.adam import Adam
from tinygrad_cnn.optim.adamax import Adamax
from tinygrad_cnn.optim.adamw import AdamW
from tinygrad_cnn.optim.asgd import ASGD
from tinygrad_cnn.optim.averaging_rate import SWALR
from tinygrad_cnn.optim.clip import clip_grad_norm_, clip_grad_value_
from tinygrad_cnn.optim.combined import ChainedScheduler, SequentialLR
from tinygrad_cnn.optim.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts, OneCycleLR
from tinygrad_cnn.optim.cyclic import CyclicLR
from tinygrad_cnn.optim.decays import (
    ConstantLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from tinygrad_cnn.optim.lars import LARS
from tinygrad_cnn.optim.lbfgs import LBFGS
from tinygrad_cnn.optim.lion import Lion
from tinygrad_cnn.optim.muon import Muon
from tinygrad_cnn.optim.nadam import NAdam
from tinygrad_cnn.optim.optimizer import Optimizer
from tinygrad_cnn.optim.plateau import ReduceLROnPlateau
from tinygrad_cnn.optim.radam import RAdam
from tinygrad_cnn.optim.rmsprop import RMSprop
from tinygrad_cnn.optim.rprop import Rprop
from tinygrad_cnn.optim.scheduler import LRScheduler
from tinygrad_cnn.optim.sgd import SGD
from tinygrad_cnn.optim.user_factors import LambdaLR, MultiplicativeLR
from tinygrad_cnn.other_names import guard as _guard

__all__ = [
    "ASGD",
    "LARS",
    "LBFGS",
    "SGD",
    "SWALR",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "Lion",
    "MultiStepLR",
    "MultiplicativeLR",
    "Muon",
    "NAdam",
    "OneCycleLR",
    "Optimizer",
    "PolynomialLR",
    "RAdam",
    "RMSprop",
    "ReduceLROnPlateau",
    "Rprop",
    "SequentialLR",
    "StepLR",
    "clip_grad_norm_",
    "clip_grad_value_",
]

if not _typing.TYPE_CHECKING:  # a checker knows the names as they are
    __getattr__ = _guard(globals())
