"""Numerical differentiation along a direction: a few evaluations, whatever the size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def central_difference(
    fn: Callable[..., float], arrays: Sequence[Array], directions: Sequence[Array], step: float = 1e-5
) -> float:
    """Slope of a scalar function along directions: (f(x + h·v) - f(x - h·v)) / 2h.

    Args:
        fn: from arrays to a number.   arrays, directions: float64, of equal shapes.
        step: h; the error is of the order h² plus rounding / h.
    Returns:
        The slope, approximately sum_k <df/dx_k, v_k>.
    Source: Press et al. 2007, "Numerical Recipes", 5.7.

    >>> round(central_difference(lambda x: float((x * x).sum()), [np.array([3.0])], [np.array([1.0])]), 6)
    6.0
    """
    ahead = fn(*(x + step * v for x, v in zip(arrays, directions, strict=True)))
    behind = fn(*(x - step * v for x, v in zip(arrays, directions, strict=True)))
    return (ahead - behind) / (2 * step)


class Slope(NamedTuple):
    """A numerical derivative and what is known of its quality.

    Attributes:
        value: the derivative.
        error: estimate of its error, from how much the extrapolations differ, and from rounding.
        jump: difference of the one-sided slopes at the point, beyond what curvature and rounding
            explain: far above `error` at a kink, near 0 elsewhere.
    """

    value: float
    error: float
    jump: float


def slope(f: Callable[[float], float], first_step: float, noise: float, levels: int = 7) -> Slope:
    """Derivative at 0 of a function of one number, by central differences extrapolated to step 0.

    The steps h, h/2, h/4, ... give differences whose errors are powers of h²; Neville's scheme
    removes them one by one. The entry that differs least from its neighbours is taken, and that
    difference is the estimate of its error.

    Args:
        f: the function.   first_step: the largest h.
        noise: relative rounding error of f, such as 2e-16 or 1e-7.   levels: how many steps.
    Returns:
        The derivative with its quality; NaN and infinite error where f is not finite.
    Source: Ridders 1982, "Accurate computation of F'(x) and F'(x) F''(x)".

    >>> found = slope(lambda t: np.sin(1 + t), 0.1, 2e-16)
    >>> bool(abs(found.value - np.cos(1)) < 1e-11), bool(found.error < 1e-9), bool(found.jump < 1e-6)
    (True, True, True)
    >>> round(slope(abs, 0.1, 2e-16).jump, 6)
    2.0
    """
    middle = f(0.0)
    size = abs(middle)
    best, error = np.nan, np.inf
    row: list[float] = []
    bends: list[float] = []  # one-sided slopes apart: h·f'' where smooth, a constant at a kink
    h = first_step
    for _ in range(levels):
        ahead, behind = f(h), f(-h)
        size = max(size, abs(ahead), abs(behind))
        bends.append((ahead - 2 * middle + behind) / h)
        last, row = row, [(ahead - behind) / (2 * h)]
        for j, before in enumerate(last, start=1):
            row.append(row[-1] + (row[-1] - before) / (4.0**j - 1))
            apart = max(abs(row[-1] - row[-2]), abs(row[-1] - before))
            rounding = noise * size / h
            if apart + rounding < error:
                best, error = row[-1], apart + rounding
        h /= 2
    # Extrapolated to step 0, a bend that is proportional to h vanishes, and a kink's stays.
    jump = abs(2 * bends[-1] - bends[-2])
    jump = max(0.0, jump - 10 * noise * size / (2 * h)) if np.isfinite(jump) else np.nan
    return Slope(float(best), float(error), float(jump))


def weights(shape: tuple[int, ...], seed: int) -> Array:
    """Fixed pseudo-random numbers in [-1, 1], to weigh the elements of an array by.

    >>> weights((2,), 0).shape
    (2,)
    """
    return np.random.default_rng(seed).uniform(-1, 1, shape)
