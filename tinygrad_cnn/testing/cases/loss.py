"""Cases: losses."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import (
    SEEDS,
    SHAPES,
    Array,
    Case,
    Draw,
    Problem,
    Reference,
    apart,
    uniform,
)

#: From a random generator and a reduction: an op.
Maker = Callable[[np.random.Generator, tuple[int, ...], str], Callable[[], Op]]

REDUCTIONS = st.sampled_from(["mean", "sum", "none"])
BETWEEN = (0.1, 0.9)


# --------------------------------------------------------------------------- losses of elements
def reductions_of(shape: tuple[int, ...]) -> st.SearchStrategy[str]:
    """The reductions whose result is a number: a mean of nothing is NaN, and tested by itself."""
    return REDUCTIONS if math.prod(shape) else st.sampled_from(["sum", "none"])


def pairs(maker: Maker, x: tuple[float, float], t: tuple[float, float]) -> st.SearchStrategy[Problem]:
    """A prediction and a target of one shape, each between its bounds."""

    @st.composite
    def problems(draw: Draw) -> Problem:
        shape = draw(SHAPES)
        make = maker(np.random.default_rng(draw(SEEDS)), shape, draw(reductions_of(shape)))
        return Problem(make, [uniform(draw, shape, *x), uniform(draw, shape, *t)])

    return problems()


def distances(maker: Maker) -> st.SearchStrategy[Problem]:
    """A prediction and a target whose differences stay away from 0 and from the odd tenths."""

    @st.composite
    def problems(draw: Draw) -> Problem:
        shape = draw(SHAPES)
        make = maker(np.random.default_rng(draw(SEEDS)), shape, draw(reductions_of(shape)))
        t = uniform(draw, shape)
        return Problem(make, [t + apart(draw, shape), t])

    return problems()


def signs(rng: np.random.Generator, shape: tuple[int, ...], reduction: str) -> Callable[[], Op]:
    """Targets 1 and -1, with the margin where `apart` never comes."""
    target = rng.choice([-1, 1], shape)
    return lambda: ops.HingeEmbedding(target, 0.4, reduction)


@st.composite
def embeddings(draw: Draw) -> Problem:
    """Problems of `HingeEmbedding`: operands, and options that fit them."""
    shape = draw(SHAPES)
    make = signs(np.random.default_rng(draw(SEEDS)), shape, draw(reductions_of(shape)))
    return Problem(make, [apart(draw, shape)])


def weighed(
    op: Callable[..., Op], *names: str
) -> Callable[[np.random.Generator, tuple[int, ...], str], Callable[[], Op]]:
    """A loss with each of its factors, or none, or one along the last axis only."""

    def maker(rng: np.random.Generator, shape: tuple[int, ...], reduction: str) -> Callable[[], Op]:
        shapes = [None, shape, shape[-1:]]
        chosen = {name: shapes[rng.integers(3)] for name in names}
        factors = {k: None if s is None else np.asarray(rng.uniform(0.5, 2, s)) for k, s in chosen.items()}
        return lambda: op(reduction, **factors)

    return maker


def plain(op: Callable[..., Op], *options: Any) -> Maker:
    """A loss that has options only."""
    return lambda rng, shape, reduction: lambda: op(reduction, *options)


def element_by_element(loss: Callable[..., float]) -> Reference:
    """Losses of numbers, with the op at hand, summed exactly."""

    def reference(op: Any, *operands: Array) -> Array:
        shape = operands[0].shape
        losses = np.empty(shape)
        for i in np.ndindex(shape):
            losses[i] = loss(op, i, *(float(x[i]) for x in operands))
        if op.reduction == "none":
            return losses
        return np.asarray(math.fsum(losses.flat) / (losses.size if op.reduction == "mean" else 1))

    return reference


def factor(values: Any, i: tuple[int, ...]) -> float:
    """The factor of element i: one per element, one per last axis, or 1."""
    if values is None:
        return 1.0
    return float(values[i] if values.ndim == len(i) else values[i[-1:]])


def huber(op: Any, i: Any, x: float, t: float) -> float:
    """The reference of `Huber`: slow, and written apart from it."""
    d = abs(x - t)
    return op.factor * (d * d / 2 if d < op.delta else op.delta * d - op.delta * op.delta / 2)


def binary(op: Any, i: Any, x: float, t: float) -> float:
    """The reference of `BinaryCrossEntropy`: slow, and written apart from it."""
    return -factor(op._weight, i) * (t * math.log(x) + (1 - t) * math.log(1 - x))


def with_logits(op: Any, i: Any, x: float, t: float) -> float:
    """The reference of `BinaryCrossEntropyWithLogits`: slow, and written apart from it."""
    p = 1 / (1 + math.exp(-x))
    positive = factor(op._pos_weight, i)
    return -factor(op._weight, i) * (positive * t * math.log(p) + (1 - t) * math.log(1 - p))


def divergence(op: Any, i: Any, x: float, t: float) -> float:
    """The reference of `KLDivergence`: slow, and written apart from it."""
    p = math.exp(t) if op.log_target else t
    return p * (math.log(p) - x)


def hinge_embedding(op: Any, i: Any, x: float) -> float:
    """The reference of `HingeEmbedding`: slow, and written apart from it."""
    return x if op._like[i] else max(0.0, op.margin - x)


# --------------------------------------------------------------------------- losses of classes
def scores(draw: Draw) -> tuple[Array, np.random.Generator]:
    """Scores of some classes, perhaps per pixel, and a generator for labels and weights."""
    space = draw(hnp.array_shapes(min_dims=0, max_dims=2, max_side=2))
    n, k = draw(st.integers(0, 3)), draw(st.integers(1, 4))
    return uniform(draw, (n, k, *space)), np.random.default_rng(draw(SEEDS))


@st.composite
def classifications(draw: Draw, op: Callable[..., Op]) -> Problem:
    """Scores with labels, some of them ignored, each with a weight."""
    x, rng = scores(draw)
    labels = rng.integers(-1, x.shape[1], (x.shape[0], *x.shape[2:]))
    weight = rng.uniform(0.1, 2, labels.shape) * (labels >= 0)
    reduction = draw(REDUCTIONS)
    return Problem(lambda: op(labels, weight, reduction), [x])


@st.composite
def soft_targets(draw: Draw) -> Problem:
    """Scores with a share of each class, and a weight per class."""
    x, rng = scores(draw)
    weight = rng.uniform(0.1, 2, (1, x.shape[1], *(1 for _ in x.shape[2:])))
    reduction = draw(REDUCTIONS)
    return Problem(lambda: ops.SoftTargetCrossEntropy(weight, reduction), [x, uniform(draw, x.shape, 0, 1)])


@st.composite
def margins(draw: Draw) -> Problem:
    """Scores 0.1 apart, a margin that no difference hits, and labels."""
    n, k = draw(st.integers(0, 3)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(SEEDS))
    labels, weight = rng.integers(0, k, n), rng.uniform(0.1, 2, n)
    p, reduction = draw(st.sampled_from([1, 2])), draw(REDUCTIONS)
    return Problem(lambda: ops.MultiMargin(labels, weight, p, 0.25, reduction), [apart(draw, (n, k))])


def log_softmax(scores: Array) -> list[float]:
    """Logarithms of the softmax of a few scores."""
    total = math.log(math.fsum(math.exp(v) for v in scores))
    return [float(v) - total for v in scores]


def at_labels(score: Callable[[Array], Any]) -> Reference:
    """Minus the weighted score of each label that is not ignored."""

    def reference(op: Any, x: Array) -> Array:
        labels, weight = op._labels, op._weight
        losses = np.zeros(labels.shape)
        for n, *space in np.ndindex(labels.shape):
            at = (n, *space)
            if labels[at] >= 0:
                losses[at] = -weight[at] * score(x[(n, slice(None), *space)])[labels[at]]
        return losses if op.reduction == "none" else np.asarray(math.fsum(losses.flat))

    return reference


def soft_cross_entropy(op: Any, x: Array, t: Array) -> Array:
    """The reference of `SoftTargetCrossEntropy`: slow, and written apart from it."""
    losses = np.zeros((x.shape[0], *x.shape[2:]))
    for n, *space in np.ndindex(losses.shape):
        at = (n, slice(None), *space)
        terms = zip(log_softmax(x[at]), t[at], op._weight.ravel(), strict=True)
        losses[(n, *space)] = -math.fsum(w * share * score for score, share, w in terms)
    return losses if op.reduction == "none" else np.asarray(math.fsum(losses.flat))


def multi_margin(op: Any, x: Array) -> Array:
    """The reference of `MultiMargin`: slow, and written apart from it."""
    losses = np.zeros(x.shape[0])
    for n, label in enumerate(op._labels):
        for k in range(x.shape[1]):
            if k != label:
                excess = max(0.0, op.margin - x[n, label] + x[n, k])
                losses[n] += op._weight[n] * excess**op.p / x.shape[1]
    return losses if op.reduction == "none" else np.asarray(math.fsum(losses))


@st.composite
def alignments(draw: Draw) -> Problem:
    """Sequences of up to four steps, with labels that fit into the steps of each."""
    most, count, classes = draw(st.integers(1, 4)), draw(st.integers(0, 3)), draw(st.integers(2, 3))
    rng, blank = np.random.default_rng(draw(SEEDS)), draw(st.integers(0, 1))
    others = [k for k in range(classes) if k != blank]
    labels = rng.choice(others, (count, draw(st.integers(0, 2))))
    steps = rng.integers(1, most + 1, count)
    repeats = (labels[:, 1:] == labels[:, :-1]).any(axis=1)
    counts = np.minimum(steps, labels.shape[1])
    counts = np.where(repeats & (counts == 2) & (steps < 3), 1, counts)  # equal labels need a blank between
    labels = np.where(np.arange(labels.shape[1]) < counts[:, None], labels, blank)
    return Problem(lambda: ops.CTC(labels, steps, counts, blank), [uniform(draw, (most, count, classes))])


def alignment(op: Any, x: Array) -> Array:
    """The reference of `CTC`: all paths, one by one, and what each says."""
    losses = np.zeros(x.shape[1])
    for n in range(x.shape[1]):
        wanted = [k for k in op._path[n] if k != op.blank]
        total = 0.0
        for path in itertools.product(range(x.shape[2]), repeat=int(op._steps[n])):
            said = [k for k, _ in itertools.groupby(path) if k != op.blank]
            if said == wanted:
                total += math.exp(math.fsum(float(x[t, n, k]) for t, k in enumerate(path)))
        losses[n] = -math.log(total)
    return losses


def either(*strategies: st.SearchStrategy[Problem]) -> st.SearchStrategy[Problem]:
    """Any of several forms of one op."""
    return st.one_of(*strategies)


WIDE = (-2, 2)

CASES: dict[type[Op], Case] = {
    ops.SquaredError: Case(
        either(*(pairs(plain(ops.SquaredError, f), WIDE, WIDE) for f in (1.0, 0.5))),
        element_by_element(lambda op, i, x, t: op.factor * (x - t) ** 2),
    ),
    ops.AbsoluteError: Case(
        distances(plain(ops.AbsoluteError)), element_by_element(lambda op, i, x, t: abs(x - t))
    ),
    ops.Huber: Case(
        either(*(distances(plain(ops.Huber, 0.4, f)) for f in (1.0, 2.5))), element_by_element(huber)
    ),
    ops.BinaryCrossEntropy: Case(
        pairs(weighed(ops.BinaryCrossEntropy, "weight"), BETWEEN, BETWEEN), element_by_element(binary)
    ),
    ops.BinaryCrossEntropyWithLogits: Case(
        pairs(weighed(ops.BinaryCrossEntropyWithLogits, "weight", "pos_weight"), WIDE, BETWEEN),
        element_by_element(with_logits),
    ),
    ops.KLDivergence: Case(
        either(
            pairs(plain(ops.KLDivergence), WIDE, BETWEEN),
            pairs(plain(ops.KLDivergence, True), WIDE, WIDE),
        ),
        element_by_element(divergence),
    ),
    ops.HingeEmbedding: Case(embeddings(), element_by_element(hinge_embedding)),
    ops.SoftmaxCrossEntropy: Case(classifications(ops.SoftmaxCrossEntropy), at_labels(log_softmax)),
    ops.NegativeLogLikelihood: Case(
        classifications(ops.NegativeLogLikelihood), at_labels(lambda scores: scores), (0,)
    ),
    ops.SoftTargetCrossEntropy: Case(soft_targets(), soft_cross_entropy, (1,)),
    ops.MultiMargin: Case(margins(), multi_margin),
    ops.CTC: Case(alignments(), alignment),
}
