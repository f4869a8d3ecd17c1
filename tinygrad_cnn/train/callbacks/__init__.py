"""Callbacks: what is told of the steps of a training, to report, save, schedule or stop."""

from tinygrad_cnn.train.callbacks.base import Callback
from tinygrad_cnn.train.callbacks.checkpoints import Checkpoint
from tinygrad_cnn.train.callbacks.learning_rate import LearningRate
from tinygrad_cnn.train.callbacks.reports import CSVLogger, Log, ProgressBar, TensorBoardLogger
from tinygrad_cnn.train.callbacks.stopping import EarlyStopping, NaNStop

__all__ = [
    "CSVLogger", "Callback", "Checkpoint", "EarlyStopping", "LearningRate", "Log", "NaNStop",
    "ProgressBar", "TensorBoardLogger",
]  # fmt: skip
