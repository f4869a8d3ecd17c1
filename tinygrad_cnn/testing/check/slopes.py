"""Numerical differentiation along a direction: a few evaluations, whatever the size."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
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


def complex_step(
    fn: Callable[..., Any], arrays: Sequence[Array], directions: Sequence[Array], step: float = 1e-30
) -> Array:
    """Derivative of an analytic function along directions: Im f(x + i·h·v) / h, exact but for rounding.

    Nothing is subtracted, so that h can be as small as one likes.

    Args:
        fn: from arrays to a number or an array; it must compute with complex numbers, and be made of
            analytic functions: not abs, real, conj, norm, nor comparisons of complex numbers.
        arrays, directions: float64, of equal shapes.   step: h.
    Returns:
        sum_k df/dx_k · v_k, of the shape of the result.
    Source: Squire & Trapp 1998, "Using complex variables to estimate derivatives of real functions".

    >>> float(complex_step(np.exp, [np.array(0.0)], [np.array(2.0)]))
    2.0
    """
    moved = [x + 1j * step * np.asarray(v) for x, v in zip(arrays, directions, strict=True)]
    return np.asarray(np.imag(fn(*moved)) / step)


class Slope(NamedTuple):
    """A numerical derivative and what is known of its quality.

    Attributes:
        value: the derivative.
        error: estimate of its error, from how much extrapolations differ, and from the noise.
        jump: by how much the one-sided slopes differ at the point, beyond what curvature and noise
            explain: that of a kink; 0 where the function is smooth.
        noise: of the function's values, absolute.
    """

    value: float
    error: float
    jump: float
    noise: float = 0.0


#: A difference of one-sided slopes counts for a kink if it is so many times the noise over the step.
KINK_MARGIN = 20.0

#: Smaller steps contradict an entry if they differ from it by so many errors.
AGREEMENT = 10.0

#: The rounding of a number of float64, as a share of it.
EPS = float(np.finfo(np.float64).eps)

#: Weights of arrays with so many elements or fewer are kept.
KEPT = 256

#: Extrapolations use so many steps at once: beyond that, old ones spoil new ones.
COLUMNS = 5


def slope(change: Callable[[float], float], first_step: float, noise: float, levels: int = 7) -> Slope:
    """Derivative at 0 of a function of one number, by central differences extrapolated to step 0.

    The steps h, h/2, h/4, ... give differences whose errors are powers of h²; Neville's scheme
    removes them one by one. The entry that differs least from its neighbours is taken, and that
    difference, or that from the next best entry of another step if it is larger, is the estimate of its
    error: one agreement may be luck, and two are not. (Of two steps there is one entry, which only a
    comparison with another number confirms.)

    Args:
        change: f(t) - f(0).   first_step: the largest h.
        noise: absolute noise of the values.   levels: how many steps, at least 2.
    Returns:
        The derivative with its quality; NaN and infinite error where f is not finite.
    Source: Ridders 1982, "Accurate computation of F'(x) and F'(x) F''(x)".

    >>> found = slope(lambda t: np.sin(1 + t) - np.sin(1), 0.1, 2e-16)
    >>> bool(abs(found.value - np.cos(1)) < 1e-11), bool(found.error < 1e-9), round(found.jump, 6)
    (True, True, 0.0)
    >>> round(slope(abs, 0.1, 2e-16).jump, 6)
    2.0
    """
    row: list[float] = []
    plain: list[float] = []  # central differences, not extrapolated
    bends: list[float] = []  # one-sided slopes apart: h·f'' where smooth, a constant at a kink
    best_of: list[tuple[float, float]] = []  # for each step the least error and its value
    rounding: list[float] = []
    steps = [first_step / 2**k for k in range(levels)]
    for h in steps:
        ahead, behind = change(h), change(-h)
        # A change is rounded itself, where the value is 0 as well.
        rounding.append(max(noise, EPS * max(abs(ahead), abs(behind))) / h)
        bends.append((ahead + behind) / h)
        last, row = row, [(ahead - behind) / (2 * h)]
        plain.append(row[0])
        found = (np.inf, np.nan)
        for j, before in enumerate(last[: COLUMNS - 1], start=1):
            row.append(row[-1] + (row[-1] - before) / (4.0**j - 1))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - before)) + rounding[-1]
            if error < found[0]:  # never with a NaN
                found = (error, row[-1])
        best_of.append(found)
    place, value, error = _agreed(best_of, plain, rounding)
    # Extrapolated to step 0, a bend that is proportional to h vanishes, and a kink's stays.
    jumps = [
        max(0.0, abs(2 * bends[k] - bends[k - 1]) - KINK_MARGIN * noise / steps[k])
        for k in (place - 1, place, place + 1)
        if 1 <= k < levels and np.isfinite(bends[k - 1])
    ]
    return Slope(float(value), float(error), float(min(jumps, default=0.0)), float(noise))


def _agreed(
    best_of: list[tuple[float, float]], plain: list[float], rounding: list[float]
) -> tuple[int, float, float]:
    """The step, the value and the error of the best entry that no smaller step contradicts.

    Between kinks at several distances, entries of large steps may agree by accident: then the smaller
    steps, which see fewer kinks, say something else, and they count.
    """
    start, levels = 0, len(plain)
    while start < levels - 1:
        place = min(range(start, levels), key=lambda k: best_of[k][0])
        error, value = best_of[place]
        beside = [best_of[k][0] for k in (place - 1, place + 1) if start <= k < levels]
        error = max(error, min(beside)) if levels > 2 else error
        against = [
            k
            for k in range(place + 1, levels)
            if abs(plain[k] - value) > AGREEMENT * (error + rounding[k]) + 1e-6 * abs(value)
        ]
        if not against:
            return place, value, error
        start = max(start + 1, against[-1])
    return levels - 1, np.nan, np.inf


def weights(shape: tuple[int, ...], seed: int) -> Array:
    """Fixed pseudo-random numbers in [-1, 1], to weigh the elements of an array by.

    >>> weights((2,), 0).shape
    (2,)
    """
    few = math.prod(shape) <= KEPT
    return _kept(tuple(shape), seed).copy() if few else np.random.default_rng(seed).uniform(-1, 1, shape)


@lru_cache(maxsize=1024)
def _kept(shape: tuple[int, ...], seed: int) -> Array:
    """The weights of a small array, which a test asks for a thousand times: to seed takes longest."""
    return np.random.default_rng(seed).uniform(-1, 1, shape)
