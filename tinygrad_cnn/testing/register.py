"""Tells hypothesis how to draw a Tensor: `st.from_type(Tensor)` then works wherever both are installed.

Hypothesis calls `register` by itself, through the entry point of this package.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tinygrad_cnn.tensor import Tensor
from tinygrad_cnn.testing.strategies import tensors


def register() -> None:
    """Register a strategy for Tensor: float64, of any shape, some of which require grad.

    >>> from hypothesis import find
    >>> register()
    >>> find(st.from_type(Tensor), lambda t: t.shape == (2,) and t.requires_grad)
    Tensor([0., 0.], dtype=float64, requires_grad=True)
    """
    drawn: st.SearchStrategy[Any] = tensors(requires_grad=st.booleans())
    st.register_type_strategy(Tensor, drawn)
