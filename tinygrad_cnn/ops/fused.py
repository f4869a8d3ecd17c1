"""Formulas of other ops that plain arrays take in one pass: what derivatives call.

A derivative runs on arrays, or on Tensors when the walk itself is recorded. Written in operators it
would carry large arrays to memory and back with each of them. A fused function has both: called on
arrays it is a kernel; with a Tensor among its operands it is its formula, whose ops are recorded. So
it is not an op, never stands in a graph, and no derivative asks what it was given. The reference
kernel does what the formula does, in the same order, so that both give the same bits on arrays that
are small enough for one block (tests/test_fused.py).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tinygrad_cnn import kernels
from tinygrad_cnn.graph import Traced

#: All fused functions, by the name of their kernel; a test has problems for each.
FUSED: dict[str, Callable[..., Any]] = {}


def fused(formula: Callable[..., Any]) -> Callable[..., Any]:
    """Let a formula of ops be the kernel of the same name where its operands are arrays.

    >>> @fused
    ... def relu(x): return x * (x > 0)
    >>> relu(np.array([-1.0, 2.0]))              # by kernels.relu, not by the formula
    array([0., 2.])
    >>> _ = FUSED.pop("relu")
    """
    name = formula.__name__

    @functools.wraps(formula)
    def choose(*operands: Any) -> Any:
        for operand in operands:
            if isinstance(operand, Traced):
                return formula(*operands)
        return getattr(kernels, name)(*operands)

    FUSED[name] = choose
    return choose
