"""Rprop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import number
from tinygrad_cnn.functional.checks import not_negative
from tinygrad_cnn.optim.optimizer import Array, Group, Optimizer


def shrink_and_grow(owner: str, name: str, value: Any) -> tuple[float, float]:
    """A check: a factor in (0, 1), and one of at least 1.

    >>> shrink_and_grow("Rprop", "etas", (0.5, 1.2))
    (0.5, 1.2)
    """
    low, high = _pair(owner, name, value)
    if not 0 < low < 1 <= high:
        raise ArgumentError(f"{owner}: {name} must be a factor in (0, 1) and one above 1, got {value!r}")
    return low, high


def bounds(owner: str, name: str, value: Any) -> tuple[float, float]:
    """A check: a lower and an upper bound, at least 0.

    >>> bounds("Rprop", "step_sizes", (1e-6, 50))
    (1e-06, 50.0)
    """
    low, high = _pair(owner, name, value)
    if not 0 <= low <= high:
        raise ArgumentError(f"{owner}: {name} must be a lower and an upper bound, got {value!r}")
    return low, high


def _pair(owner: str, name: str, value: Any) -> tuple[float, float]:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise ArgumentError(f"{owner}: {name} must be two numbers, got {value!r}")
    return number(owner, name, value[0]), number(owner, name, value[1])


class Rprop(Optimizer):
    """Steps by the sign of the gradient; each element's step grows while its sign stays, for whole batches.

        s <- clip(s * (eta+ if g * g_before > 0, eta- if g * g_before < 0, else 1), smallest, largest)
        g <- 0 where the sign changed
        p <- p - sign(g) * s

    Args:
        params: parameters, or groups of them.   lr: the first step of every element, at least 0.
        etas: what a step is multiplied by when the sign changes, and when it stays.
        step_sizes: the smallest and the largest step.
        maximize: climb up the gradient instead of down it.
    Raises:
        ArgumentError: an option out of its range.
    Source: Riedmiller & Braun 1993, "A direct adaptive method for faster backpropagation learning".

    >>> from tinygrad_cnn import Tensor
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = Rprop([w], lr=0.1)
    >>> (w * w).sum().backward(); optimizer.step(); w.numpy().round(4)
    array([0.9], dtype=float32)
    """

    checks: ClassVar = {"lr": not_negative, "etas": shrink_and_grow, "step_sizes": bounds}
    states = frozenset({"step", "prev", "step_size"})

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0), *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, {"lr": lr, "etas": etas, "step_sizes": step_sizes}, maximize=maximize)

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """One step of one parameter, in place.

        >>> w, options = np.array([1.0]), {"lr": 0.1, "etas": (0.5, 1.2), "step_sizes": (0, 50)}
        >>> Rprop.update(Rprop.__new__(Rprop), w, np.array([-3.0]), {}, options); w
        array([1.1])
        """
        if not state:
            state.update(step=0, prev=np.zeros_like(p), step_size=np.full_like(p, group["lr"]))
        state["step"] += 1
        same, size = np.sign(g * state["prev"]), state["step_size"]
        (shrink, grow), (smallest, largest) = group["etas"], group["step_sizes"]
        size *= np.where(same > 0, grow, np.where(same < 0, shrink, 1)).astype(size.dtype)
        np.clip(size, smallest, largest, out=size)
        g = np.where(same < 0, g.dtype.type(0), g)
        p -= np.sign(g) * size
        state["prev"] = g.copy()
