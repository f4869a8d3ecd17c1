"""PyTorch with `torch.compile` as an engine: the same names as `peers_torch`, the model compiled.

The loss is computed outside of what is compiled, as in most training programs. Compiling happens in the
first step, before anything is timed.
"""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.peers_torch import SGD as SGD
from benchmarks.peers_torch import Adam as Adam
from benchmarks.peers_torch import AdamW as AdamW
from benchmarks.peers_torch import functional as functional
from benchmarks.peers_torch import grad as grad
from benchmarks.peers_torch import labels as labels
from benchmarks.peers_torch import load as load
from benchmarks.peers_torch import nn as nn
from benchmarks.peers_torch import no_grad as no_grad
from benchmarks.peers_torch import shapes as shapes
from benchmarks.peers_torch import tensor as tensor


def ready(model: Any) -> Any:
    """The model, compiled when it is first called; the same parameters."""
    return torch.compile(model)
