"""Adafactor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Any, ClassVar

import numpy as np

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import number
from tinygrad_cnn.functional.checks import above_0, between, not_negative
from tinygrad_cnn.optim.optimizer import Array, Group, Optimizer
from tinygrad_cnn.tensors import Tensor


def two_floors(owner: str, name: str, value: Any) -> tuple[float | None, float]:
    """A check: two numbers of at least 0, the first of which may be None.

    >>> two_floors("Adafactor", "eps", (None, 1e-3))
    (None, 0.001)
    """
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise ArgumentError(f"{owner}: {name} must be two numbers, got {value!r}")
    first = None if value[0] is None else number(owner, name, value[0], 0)
    return first, number(owner, name, value[1], 0)


class Adafactor(Optimizer):
    """Steps as large as the parameter itself asks for, with squares kept by rows and columns only.

        b = t^beta2_decay                          alpha = max(eps2, rms(p)) * min(lr, 1 / sqrt(t))
        r <- r + b * (row means of g² - r)         c <- c + b * (column means of g² - c)
        u = g / sqrt(r c / mean(r))                (a vector keeps all of g² instead)
        p <- p * (1 - lr * weight_decay) - alpha * u / max(1, rms(u) / d)

    Args:
        params: parameters, or groups of them.   lr: the largest rate, at least 0.
        beta2_decay: power by which the means forget, at most 0.
        eps: the least root of the squares (None: that of the type), and the least size of a parameter.
        d: how large a step may be before it is cut, above 0.
        weight_decay: how much the parameters shrink.
        maximize: climb up the gradient instead of down it.
    Raises:
        ArgumentError: an option out of its range.
    Source: Shazeer & Stern 2018, arXiv:1804.04235; defaults as in PyTorch.

    >>> from tinygrad_cnn import Tensor
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = Adafactor([w], lr=0.1)
    >>> (w * w).sum().backward(); optimizer.step(); w.numpy().round(4)
    array([0.9], dtype=float32)
    """

    checks: ClassVar = {
        "lr": not_negative, "beta2_decay": between(-1e9, 0), "eps": two_floors, "d": above_0,
        "weight_decay": not_negative,
    }  # fmt: skip
    states = frozenset({"step", "row_var", "col_var", "variance"})

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3), d: float = 1.0, weight_decay: float = 0.0, *,
        maximize: bool = False,
    ) -> None:  # fmt: skip
        options = {"lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d, "weight_decay": weight_decay}
        super().__init__(params, options, maximize=maximize)

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """One step of one parameter, in place.

        >>> w = np.array([[1.0]])
        >>> options = {"lr": 0.1, "beta2_decay": -0.8, "eps": (None, 0), "d": 1, "weight_decay": 0}
        >>> Adafactor.update(Adafactor.__new__(Adafactor), w, np.array([[3.0]]), {}, options); w
        array([[0.9]])
        """
        if not p.size:
            return
        t = state["step"] = state.get("step", 0) + 1
        share, (first, second) = t ** group["beta2_decay"], group["eps"]
        least = np.finfo(p.dtype).eps if first is None else first
        alpha = max(second, rms(p)) * min(group["lr"], 1 / sqrt(t))
        p *= 1 - group["lr"] * group["weight_decay"]
        square = g * g
        if p.ndim > 1:
            row = _moved(state, "row_var", square.mean(axis=-1, keepdims=True), share)
            column = _moved(state, "col_var", square.mean(axis=-2, keepdims=True), share)
            variance = row * column / np.maximum(row.mean(axis=-2, keepdims=True), least)
        else:
            variance = _moved(state, "variance", square, share)
        u = g / np.sqrt(np.maximum(variance, least * least))
        p -= (alpha / max(1.0, rms(u) / group["d"])) * u

    def _checked(self, k: int, p: Tensor, own: Mapping[str, Any]) -> dict[str, Any]:
        """The state of one parameter, copied; rows and columns are smaller than the parameter."""
        small = {key: own[key] for key in ("row_var", "col_var") if own.get(key) is not None}
        rest = {key: value for key, value in own.items() if key not in small}
        return {**super()._checked(k, p, rest), **{key: np.array(value) for key, value in small.items()}}


def _moved(state: dict[str, Any], key: str, towards: Array, share: float) -> Array:
    """A running mean in the state, moved a share of the way towards a new value."""
    mean: Array = state.setdefault(key, np.zeros_like(towards))
    mean += share * (towards - mean)
    return mean


def rms(x: Array) -> float:
    """The root of the mean square.

    >>> rms(np.array([3.0, -3.0]))
    3.0
    """
    return sqrt(float(np.square(x, dtype=np.float64).mean()))
