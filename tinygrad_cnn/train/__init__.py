"""Training: the loop, its callbacks, measures, history, and checkpoints that go on bit by bit.

`save_model` writes a model or a whole training to one file, structure included; `load_model`,
`load_trainer` and `load_notes` read it in another program.
"""

import typing as _typing

from tinygrad_cnn.other_names import guard as _guard
from tinygrad_cnn.train.callbacks import (
    Callback,
    Checkpoint,
    CSVLogger,
    EarlyStopping,
    LearningRate,
    Log,
    NaNStop,
    ProgressBar,
    TensorBoardLogger,
)
from tinygrad_cnn.train.evaluation import Evaluator
from tinygrad_cnn.train.files.checkpoints import load_checkpoint, save_checkpoint
from tinygrad_cnn.train.files.models import load_model, load_notes, load_trainer, save_model
from tinygrad_cnn.train.history import History
from tinygrad_cnn.train.metrics import (
    accuracy,
    confusion_matrix,
    f1,
    mae,
    mse,
    precision,
    recall,
    top_k_accuracy,
)
from tinygrad_cnn.train.metrics_over_batches import Confusion, Mean, Metric, TopK
from tinygrad_cnn.train.train_step import Learner
from tinygrad_cnn.train.trainer import Trainer

__all__ = [
    "CSVLogger", "Callback", "Checkpoint", "Confusion", "EarlyStopping", "Evaluator", "History", "Learner",
    "LearningRate", "Log", "Mean", "Metric", "NaNStop", "ProgressBar", "TensorBoardLogger", "TopK",
    "Trainer", "accuracy", "confusion_matrix", "f1", "load_checkpoint", "load_model", "load_notes",
    "load_trainer", "mae", "mse", "precision", "recall", "save_checkpoint", "save_model", "top_k_accuracy",
]  # fmt: skip

if not _typing.TYPE_CHECKING:  # a checker knows the names as they are
    __getattr__ = _guard(globals())
