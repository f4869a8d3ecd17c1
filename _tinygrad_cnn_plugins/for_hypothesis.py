"""Tells hypothesis how to draw a Tensor, so that `st.from_type(Tensor)` works wherever both are installed.

Hypothesis calls `register` when it is imported, and `tinygrad_cnn` calls it when hypothesis is there
already. So whoever is imported last registers, and neither loads the other.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any


def register() -> None:
    """Register a strategy for Tensor: float64, of any shape, some of which require grad.

    >>> from hypothesis import find
    >>> from hypothesis import strategies as st
    >>> find(st.from_type(Tensor), lambda t: t.shape == (2,) and t.requires_grad)
    Tensor([0., 0.], dtype=float64, requires_grad=True)
    """
    tensor = getattr(sys.modules.get("tinygrad_cnn"), "Tensor", None)
    if tensor is not None:  # otherwise its import registers
        import_module("hypothesis.strategies").register_type_strategy(tensor, _tensors)


def _tensors(kind: type) -> Any:
    """The strategy, loaded when a Tensor is asked for; printed, as ghostwriters do, it is Python."""
    strategies = import_module("tinygrad_cnn.testing.strategies")
    return strategies.SHAPES.flatmap(strategies.any_tensors)
