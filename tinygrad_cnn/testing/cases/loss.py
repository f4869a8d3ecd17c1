"""Cases: losses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import SEEDS, Array, Case, Draw, Problem, uniform


@st.composite
def classifications(draw: Draw) -> Problem:
    """Scores of some classes, perhaps per pixel, with labels."""
    space = draw(hnp.array_shapes(min_dims=0, max_dims=2, max_side=2))
    n, k = draw(st.integers(0, 3)), draw(st.integers(1, 4))
    labels = np.random.default_rng(draw(SEEDS)).integers(0, k, (n, *space))
    reduction = draw(st.sampled_from(["mean", "sum", "none"]))
    weight = np.full(labels.shape, 1 / max(labels.size, 1) if reduction == "mean" else 1.0)
    return Problem(
        lambda: ops.SoftmaxCrossEntropy(labels, weight, reduction), [uniform(draw, (n, k, *space))]
    )


def cross_entropy(op: Any, x: Array) -> Array:
    labels, weight = op._labels[:, 0], op._weight[:, 0]
    losses = np.empty(labels.shape)
    for n, *space in np.ndindex(labels.shape):
        scores = x[(n, slice(None), *space)]
        at = (n, *space)
        losses[at] = weight[at] * (math.log(math.fsum(map(math.exp, scores))) - scores[labels[at]])
    return losses if op.reduction == "none" else np.asarray(math.fsum(losses.flat))


CASES: dict[type[Op], Case] = {
    ops.SoftmaxCrossEntropy: Case(classifications(), cross_entropy),
}
