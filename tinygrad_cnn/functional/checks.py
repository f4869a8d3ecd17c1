"""Checks of one option, to be listed with the option's name.

A check takes the name of the layer or optimizer, the name of the option and the value, and returns the
value. `number`, `integer` and `flag` of `functional.arguments` are checks, too; those here are made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_cnn.errors import ArgumentError, shown
from tinygrad_cnn.functional.arguments import choice, integer, number, sizes

Check = Callable[[str, str, Any], Any]


def one_of(*words: str) -> Check:
    """A check: one of a few words.

    >>> one_of("none", "tanh")("GELU", "approximate", "tanh")
    'tanh'
    """
    return lambda layer, name, value: choice(layer, name, value, words)


def at_least(low: int) -> Check:
    """A check: an integer that is not smaller.

    >>> at_least(1)("PixelShuffle", "upscale_factor", 2)
    2
    """
    return lambda layer, name, value: integer(layer, name, value, low)


def between(low: float, high: float) -> Check:
    """A check: a number in [low, high].

    >>> between(0, 1)("Dropout", "p", 0.5)
    0.5
    """
    return lambda layer, name, value: number(layer, name, value, low, high)


def above_0(layer: str, name: str, value: Any) -> float:
    """A check: a number above 0.

    >>> above_0("HuberLoss", "delta", 1)
    1.0
    """
    found = number(layer, name, value, 0)
    return found if found > 0 else number(layer, name, value, 5e-324)


def per_axis(count: int, low: int) -> Check:
    """A check: an integer, or one per axis; kept as it was given.

    >>> per_axis(2, 1)("Unfold", "kernel_size", (3, 2))
    (3, 2)
    """

    def check(layer: str, name: str, value: Any) -> Any:
        sizes(layer, name, value, count, low)
        return value

    return check


def optional(check: Check) -> Check:
    """A check that lets None pass.

    >>> optional(at_least(1))("AvgPool2d", "divisor_override", None)
    """
    return lambda layer, name, value: None if value is None else check(layer, name, value)


def not_negative(owner: str, name: str, value: Any) -> float:
    """A check: a number of at least 0.

    >>> not_negative("SGD", "lr", 0.1)
    0.1
    """
    return number(owner, name, value, 0)


def two_decays(owner: str, name: str, value: Any) -> tuple[float, float]:
    """A check: two numbers in [0, 1).

    >>> two_decays("Adam", "betas", (0.9, 0.999))
    (0.9, 0.999)
    """
    if isinstance(value, (tuple, list)) and len(value) == 2:
        first, second = (number(owner, name, beta) for beta in value)
        if 0 <= first < 1 and 0 <= second < 1:
            return first, second
    raise ArgumentError(f"{owner}: {name} must be two numbers in [0, 1), got {shown(value)}")
