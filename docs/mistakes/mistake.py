"""What is told of a mistake, and what its code may use."""

from __future__ import annotations

from dataclasses import dataclass

#: What the code of a mistake may use; and the same for PyTorch.
NAMES = """\
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np
import viz
from tinygrad_cnn import Op, Tensor, detect_anomaly, nn, no_grad, ones, optim, tensor, train, use_kernels
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import ArrayDataset, DataLoader, read_idx
from tinygrad_cnn.serial import load_tensors
from tinygrad_cnn.testing import assert_gradients, check_op
"""
THEIR_NAMES = """\
from pathlib import Path
import numpy as np
import torch
from torch import cat, nn, no_grad, ones, optim, tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
"""


@dataclass(frozen=True)
class Mistake:
    """One mistake.

    Attributes:
        title: what was done.   code: statements that do it.   cause: why it is wrong.
        cure: what to write instead.   theirs: the same for PyTorch; None for the same code, '' where
            PyTorch has no counterpart.   lines: how many lines of the messages are shown.
    """

    title: str
    code: str
    cause: str
    cure: str
    theirs: str | None = None
    lines: int = 9
