"""Line search: a search for a step that lowers loss and slope enough."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Point(NamedTuple):
    """A step length, with the loss there, its gradient, and its slope along the direction."""

    t: float
    loss: float
    gradient: Array
    slope: float


def strong_wolfe(
    at: Callable[[float], tuple[float, Array]], t: float, d: Array, loss: float, gradient: Array,
    slope: float, tolerance: float = 1e-9, enough: float = 1e-4, flat: float = 0.9, most: int = 25,
) -> tuple[float, Array, float, int]:  # fmt: skip
    """Find a step t with loss(t) <= loss(0) + enough·t·slope(0) and |slope(t)| <= flat·|slope(0)|.

    First t grows until such a point, or two that hold one between them, are found; then cubics through
    both ends, with their slopes, say where to look between them.

    Args:
        at: loss and gradient at a step.   t: the first to try.   d: the direction.
        loss, gradient, slope: at step 0.   tolerance: the least distance that is worth a call.
        enough, flat: the two constants.   most: calls at most.
    Returns:
        Loss, gradient and step of the best point, and how often `at` was called.
    Source: Nocedal & Wright 2006, "Numerical optimization", algorithms 3.5 and 3.6.

    >>> loss, g, t, calls = strong_wolfe(lambda t: ((t - 2) ** 2, np.array([2 * (t - 2)])), 1.0,
    ...     np.array([1.0]), 4.0, np.array([-4.0]), -4.0)
    >>> t, calls
    (1.0, 1)
    """
    search = Search(at, d, Point(0.0, loss, gradient, slope), enough, flat, most)
    ends = search.grown(t)
    best = ends if isinstance(ends, Point) else search.between(*ends, tolerance)
    return best.loss, best.gradient, best.t, search.calls


class Search:
    """Shared by the two parts of the search: the line, the start, the conditions, and the calls so far."""

    def __init__(
        self, at: Callable[[float], tuple[float, Array]], d: Array, start: Point, enough: float,
        flat: float, most: int,
    ) -> None:  # fmt: skip
        self._at, self._d, self._start = at, d, start
        self._enough, self._flat, self._most = enough, flat, most
        self.calls = 0

    def _point(self, t: float) -> Point:
        self.calls += 1
        loss, gradient = self._at(t)
        return Point(t, loss, gradient, float(gradient @ self._d))

    def _low_enough(self, p: Point) -> bool:
        return p.loss <= self._start.loss + self._enough * p.t * self._start.slope

    def _flat_enough(self, p: Point) -> bool:
        return abs(p.slope) <= -self._flat * self._start.slope

    def grown(self, t: float) -> Point | tuple[Point, Point]:
        """Longer and longer steps, to a point that fits, or to two that hold one between them."""
        before = self._start
        while self.calls < self._most:
            here = self._point(t)
            if not self._low_enough(here) or (self.calls > 1 and here.loss >= before.loss):
                return before, here
            if self._flat_enough(here):
                return here
            if here.slope >= 0:
                return before, here
            t = cubic(before, here, here.t + 0.01 * (here.t - before.t), here.t * 10)
            before = here
        return before

    def between(self, low: Point, high: Point, tolerance: float) -> Point:
        """Closer and closer ends; the lower one in the end."""
        largest = float(abs(self._d).max()) if self._d.size else 0.0
        stuck = False
        while self.calls < self._most and abs(high.t - low.t) * largest >= tolerance:
            if high.loss < low.loss:
                low, high = high, low
            left, right = sorted((low.t, high.t))
            t, margin = cubic(low, high, left, right), 0.1 * (right - left)
            near = min(right - t, t - left) < margin
            if near and (stuck or t >= right or t <= left):  # twice near an end: go a tenth inwards
                t, near = (right - margin if right - t < t - left else left + margin), False
            stuck = near
            here = self._point(t)
            if not self._low_enough(here) or here.loss >= low.loss:
                high = here
                continue
            if self._flat_enough(here):
                return here
            if here.slope * (high.t - low.t) >= 0:
                high = low
            low = here
        return min(low, high, key=lambda p: p.loss)


def cubic(a: Point, b: Point, low: float, high: float) -> float:
    """Where the cubic through two points, with their slopes, is least, within two bounds.

    >>> none = np.zeros(1)
    >>> cubic(Point(0, 4, none, -4), Point(4, 4, none, 4), 0, 4)
    2.0
    """
    if a.t > b.t:
        a, b = b, a
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not np.isfinite(square) or square < 0:
        return (low + high) / 2
    d2 = sqrt(square)
    steepness = b.slope - a.slope + 2 * d2
    if not steepness:  # a straight line
        return high if a.slope < 0 else low
    t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / steepness)
    return float(min(max(t, low), high))
