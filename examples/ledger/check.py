"""The parts of checks: a mark that names the row, and what they are given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


class Given(NamedTuple):
    """Given to a check: where to write, how much to do, the folder of MNIST or None, the seed."""

    folder: Path
    quick: bool
    mnist: Path | None
    seed: int

    def rng(self) -> np.random.Generator:
        """A generator of its own."""
        return np.random.default_rng(self.seed)


Check = Callable[..., None]
Shown = Callable[[Check, Given], None]


def shows(row: int | str) -> Callable[[Shown], Shown]:
    """Mark a function as the check of a row. It is called with `check(what, claimed, measured, ...)`."""

    def mark(function: Shown) -> Shown:
        function.row = row
        return function

    return mark


def difference(a: Any, b: Any) -> float:
    """The largest absolute difference of two arrays or Tensors of one shape.

    >>> difference(np.zeros(2), np.array([0.0, -3.0]))
    3.0
    """
    a, b = (np.asarray(v.numpy() if hasattr(v, "numpy") else v, float) for v in (a, b))
    if a.shape != b.shape:
        raise ValueError(f"shapes differ: {a.shape} and {b.shape}")
    return float(np.abs(a - b).max())
