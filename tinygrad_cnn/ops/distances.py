"""Distances of all pairs of points, without an array of all differences."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import kernels
from tinygrad_cnn.graph import OUT, Needs, Op
from tinygrad_cnn.ops.linalg import MatMul
from tinygrad_cnn.ops.reduce import over_unless_zero

__all__ = ["PairDistances", "WeightedDifferences"]


class PairDistances(Op):
    """Length of the difference of each point of a (N, P, M) and each of b (N, R, M): (N, P, R).

        y[n, i, j] = √(sum_m (a[n, i, m] - b[n, j, m])²)

    Where it is 0, so is its derivative.
    """

    family = "arithmetic"
    wide = True
    keep = (0, 1, OUT)

    def forward(self, a: Any, b: Any) -> Any:
        return kernels.pair_distances(a, b)

    def backward(self, g: Any, a: Any, b: Any, y: Any, *, needs: Needs) -> tuple[Any, ...]:
        w = over_unless_zero(g, y)
        da = WeightedDifferences()(w, a, b) if needs[0] else None
        return da, WeightedDifferences()(w.swapaxes(1, 2), b, a) if needs[1] else None


class WeightedDifferences(Op):
    """Sum of the differences of each point of a and all of b, times weights (N, P, R): (N, P, M).

    y[n, i, m] = sum_j w[n, i, j] · (a[n, i, m] - b[n, j, m])
    """

    family = "arithmetic"
    wide = True
    keep = (0, 1, 2)

    def forward(self, w: Any, a: Any, b: Any) -> Any:
        return kernels.weighted_differences(w, a, b)

    def backward(self, h: Any, w: Any, a: Any, b: Any, *, needs: Needs) -> tuple[Any, ...]:
        dw = None
        if needs[0]:
            (count, points, size), others = a.shape, b.shape[1]
            left, right = (count, points, 1, size), (count, 1, others, size)
            dw = (h.reshape(left) * (a.reshape(left) - b.reshape(right))).sum(axis=3)
        da = h * w.sum(axis=2, keepdims=True) if needs[1] else None
        return dw, da, -MatMul()(w.swapaxes(1, 2), h) if needs[2] else None
