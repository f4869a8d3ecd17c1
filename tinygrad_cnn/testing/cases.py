"""The table of cases: for every op, a strategy that draws problems, and what it should compute.

A problem is an op with float64 operands, away from kinks and ties, over all ranks, sizes down to
zero, broadcasting and geometries. Elements come from a drawn seed, not from one draw each, so an
example costs little and shrinks in its shape. `CASES` must name every op: a test sees to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing import slow
from tinygrad_cnn.testing.geometry import conv_grids, pool_grids

Array = NDArray[Any]
Draw = Any


@dataclass
class Problem:
    """An op, made anew by each call of `make`, and operands for it."""

    make: Callable[[], Op]
    operands: list[Array]

    def __repr__(self) -> str:
        op = self.make()
        options = ", ".join(f"{k}={v!r}" for k, v in op.options().items())
        return f"{op.name}({options}) on {[x.shape for x in self.operands]}"


@dataclass(frozen=True)
class Case:
    """How an op is tested.

    Attributes:
        problems: strategy of `Problem`s.
        reference: the op's result by a slow and obvious computation: (op, *operands) -> array.
        linear_in: operands in each of which the op is linear; the adjoint identity is checked there.
    """

    problems: st.SearchStrategy[Problem]
    reference: Callable[..., Any]
    linear_in: tuple[int, ...] = ()


# --------------------------------------------------------------------------- operands
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
FILLED = hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=4)
SEEDS = st.integers(0, 2**16)


def uniform(draw: Draw, shape: tuple[int, ...], low: float = -2, high: float = 2) -> Array:
    """Numbers between two bounds, from a drawn seed."""
    return np.random.default_rng(draw(SEEDS)).uniform(low, high, shape)


def apart(draw: Draw, shape: tuple[int, ...]) -> Array:
    """Numbers of which no two are closer than 0.1, nor any closer than 0.05 to 0."""
    count = int(np.prod(shape))
    order = np.random.default_rng(draw(SEEDS)).permutation(count)
    return ((order - count // 2) * 0.1 + 0.05).reshape(shape)


def each(make: Callable[[], Op], low: float = -2, high: float = 2) -> st.SearchStrategy[Problem]:
    """One operand of any shape."""
    return st.composite(lambda draw: Problem(make, [uniform(draw, draw(SHAPES), low, high)]))()


def pairs(make: Callable[[], Op], *bounds: tuple[float, float]) -> st.SearchStrategy[Problem]:
    """Operands whose shapes broadcast, each between its bounds."""

    @st.composite
    def problems(draw: Draw) -> Problem:
        shapes = draw(
            hnp.mutually_broadcastable_shapes(num_shapes=len(bounds), min_side=0, max_dims=3, max_side=3)
        ).input_shapes
        return Problem(make, [uniform(draw, s, *b) for s, b in zip(shapes, bounds, strict=True)])

    return problems()


def axes_of(draw: Draw, ndim: int) -> tuple[int, ...]:
    """Some of the axes, in order."""
    return tuple(sorted(draw(st.sets(st.sampled_from(range(ndim))) if ndim else st.just(set()))))


# --------------------------------------------------------------------------- families
@st.composite
def reductions(draw: Draw, op: type[Op], shapes: Any = SHAPES, distinct: bool = False) -> Problem:
    """A reduction over some axes."""
    shape = draw(shapes)
    axis, keepdims = axes_of(draw, len(shape)), draw(st.booleans())
    x = apart(draw, shape) if distinct else uniform(draw, shape)
    return Problem(lambda: op(axis, keepdims), [x])  # type: ignore[call-arg]


@st.composite
def along_axis(draw: Draw, op: type[Op]) -> Problem:
    """An op along one axis that has elements."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=4))
    axis = draw(st.integers(0, len(shape) - 1))
    return Problem(lambda: op(axis), [uniform(draw, shape)])  # type: ignore[call-arg]


@st.composite
def kinked(draw: Draw, op: type[Op]) -> Problem:
    """Elements that stay away from 0."""
    return Problem(op, [apart(draw, draw(SHAPES))])


@st.composite
def reshapes(draw: Draw) -> Problem:
    """Any order of the factors of the number of elements."""
    shape = draw(SHAPES)
    wanted = tuple(draw(st.permutations([*shape, 1])))
    return Problem(lambda: ops.Reshape(wanted), [uniform(draw, shape)])


@st.composite
def transposes(draw: Draw) -> Problem:
    """Any order of the axes."""
    shape = draw(SHAPES)
    axes = tuple(draw(st.permutations(range(len(shape)))))
    return Problem(lambda: ops.Transpose(axes), [uniform(draw, shape)])


@st.composite
def broadcasts(draw: Draw, op: type[Op]) -> Problem:
    """A shape, and one that it broadcasts to."""
    large = draw(SHAPES)
    small = tuple(draw(st.sampled_from((1, n))) for n in large)[draw(st.integers(0, len(large))) :]
    if op is ops.SumTo:
        return Problem(lambda: ops.SumTo(small), [uniform(draw, large)])
    return Problem(lambda: ops.BroadcastTo(large), [uniform(draw, small)])


@st.composite
def concatenations(draw: Draw) -> Problem:
    """One to three operands that differ along one axis."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=3))
    axis = draw(st.integers(0, len(shape) - 1))
    sizes = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    arrays = [uniform(draw, (*shape[:axis], n, *shape[axis + 1 :])) for n in sizes]
    return Problem(lambda: ops.Concatenate(axis), arrays)


@st.composite
def pads(draw: Draw) -> Problem:
    """Any border on each axis."""
    shape = draw(SHAPES)
    widths = tuple((draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in shape)
    value = draw(st.sampled_from([0.0, -1.5]))
    return Problem(lambda: ops.Pad(widths, value), [uniform(draw, shape)])


@st.composite
def keys(draw: Draw, shape: tuple[int, ...]) -> Any:
    """A basic key, a mask, or arrays of integers with repeats."""
    style = draw(st.sampled_from(["basic", "mask", "integers", "mixed"]))
    if style == "mask":
        return np.random.default_rng(draw(SEEDS)).random(shape) < 0.5
    if style == "basic" or 0 in shape or not shape:
        return draw(hnp.basic_indices(shape, allow_ellipsis=True, allow_newaxis=True))
    if style == "integers":
        return draw(hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=4)))
    first = draw(hnp.integer_array_indices(shape[:1], result_shape=st.just((3,))))
    return (*first, *(draw(st.slices(n)) for n in shape[1:]))


@st.composite
def indexings(draw: Draw, op: type[Op]) -> Problem:
    """A shape, and a key into it."""
    shape = draw(SHAPES)
    key = draw(keys(shape))
    if op is ops.Index:
        return Problem(lambda: ops.Index(key), [uniform(draw, shape)])
    return Problem(lambda: ops.IndexAdd(key, shape), [uniform(draw, np.zeros(shape)[key].shape)])


@st.composite
def matrices(draw: Draw) -> Problem:
    """Stacks of matrices that fit and broadcast."""
    n, k, m = (draw(st.integers(0, 3)) for _ in range(3))
    stacks = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=2)).input_shapes
    return Problem(ops.MatMul, [uniform(draw, (*stacks[0], n, k)), uniform(draw, (*stacks[1], k, m))])


@st.composite
def affine(draw: Draw) -> Problem:
    """Samples with any number of leading axes, weights, and perhaps a bias."""
    lead = draw(hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3))
    i, o = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    bias = [uniform(draw, (o,))] if draw(st.booleans()) else []
    return Problem(ops.Linear, [uniform(draw, (*lead, i)), uniform(draw, (o, i)), *bias])


@st.composite
def convolutions(draw: Draw, op: type[Op]) -> Problem:
    """Any geometry with one or two spatial axes, groups, and perhaps a bias."""
    grid = draw(conv_grids())
    groups = draw(st.sampled_from([1, 1, 2]))
    n, c, f = draw(st.integers(0, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    x = uniform(draw, (n, c * groups, *grid.image))
    w = uniform(draw, (f * groups, c, *grid.kernel))
    y = uniform(draw, (n, f * groups, *grid.output))
    b = [uniform(draw, (f * groups,))] if draw(st.booleans()) else []
    operands = {ops.Conv: [x, w, *b], ops.ConvImage: [y, w], ops.ConvKernel: [x, y]}[op]
    return Problem(lambda: op(grid, groups), operands)  # type: ignore[call-arg]


@st.composite
def poolings(draw: Draw, op: type[Op]) -> Problem:
    """Any geometry with one or two spatial axes; distinct elements, so that no maximum is tied."""
    dilated = op not in (ops.AvgPool, ops.Spread)
    grid = draw(pool_grids(dilated))
    n, c = draw(st.integers(0, 2)), draw(st.integers(1, 2))
    x = apart(draw, (n, c, *grid.image))
    g = uniform(draw, (n, c, *grid.output))
    if op is ops.MaxPool:
        return Problem(lambda: ops.MaxPool(grid), [x])
    if not dilated:
        counted = draw(st.booleans())
        return Problem(lambda: op(grid, counted), [x if op is ops.AvgPool else g])  # type: ignore[call-arg]
    finder = ops.MaxPool(grid)
    finder.needs = (True,)
    finder.forward(x)
    places = finder._places
    return Problem(lambda: op(grid, places), [x if op is ops.Pick else g])  # type: ignore[call-arg]


@st.composite
def normalisations(draw: Draw, op: type[Op]) -> Problem:
    """A few samples of a few channels, with up to two spatial axes."""
    space = draw(hnp.array_shapes(min_dims=0, max_dims=2, max_side=3))
    n, c = draw(st.integers(2, 4)), draw(st.integers(1, 3))
    x, w, b = uniform(draw, (n, c, *space)), uniform(draw, (c,)), uniform(draw, (c,))
    if op is ops.BatchNorm:
        # A channel with hardly any variance has a derivative that no difference can follow.
        x += 2 * np.arange(n).reshape(n, *(1 for _ in x.shape[1:]))
        return Problem(lambda: ops.BatchNorm(1e-5), [x, w, b])
    mean, var = uniform(draw, (c,)), uniform(draw, (c,), 0.5, 2)
    # In the operand's own type, as `functional.batch_norm` hands them over.
    return Problem(lambda: ops.FixedNorm(mean, var, 1e-5), [x, w, b])


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


@st.composite
def dropouts(draw: Draw) -> Problem:
    """A draw of what to keep."""
    x = uniform(draw, draw(SHAPES))
    p = draw(st.sampled_from([0.0, 0.25, 0.5, 1.0]))
    keep = np.random.default_rng(draw(SEEDS)).random(x.shape) >= p
    return Problem(lambda: ops.Dropout(keep, p), [x])


CASES: dict[type[Op], Case] = {
    ops.Add: Case(pairs(ops.Add, (-2, 2), (-2, 2)), slow.each(lambda a, b: a + b)),
    ops.Sub: Case(pairs(ops.Sub, (-2, 2), (-2, 2)), slow.each(lambda a, b: a - b)),
    ops.Mul: Case(pairs(ops.Mul, (-2, 2), (-2, 2)), slow.each(lambda a, b: a * b), (0, 1)),
    ops.Div: Case(pairs(ops.Div, (-2, 2), (0.5, 2)), slow.each(lambda a, b: a / b), (0,)),
    ops.Neg: Case(each(ops.Neg), slow.each(lambda x: -x), (0,)),
    ops.Pow: Case(pairs(ops.Pow, (0.5, 2), (-2, 2)), slow.each(lambda a, b: a**b)),
    ops.Exp: Case(each(ops.Exp), slow.each(slow.math.exp)),
    ops.Log: Case(each(ops.Log, 0.5, 3), slow.each(slow.math.log)),
    ops.Cast: Case(each(lambda: ops.Cast("float64")), slow.each(float), (0,)),
    ops.ReLU: Case(kinked(ops.ReLU), slow.each(lambda x: max(x, 0.0))),
    ops.Sigmoid: Case(each(ops.Sigmoid), slow.each(lambda x: 1 / (1 + slow.math.exp(-x)))),
    ops.Tanh: Case(each(ops.Tanh), slow.each(slow.math.tanh)),
    ops.Softmax: Case(along_axis(ops.Softmax), slow.softmax),
    ops.LogSoftmax: Case(along_axis(ops.LogSoftmax), slow.log_softmax),
    ops.Sum: Case(reductions(ops.Sum), slow.reduction(slow.math.fsum), (0,)),
    ops.Mean: Case(reductions(ops.Mean, FILLED), slow.reduction(slow.mean), (0,)),
    ops.Max: Case(reductions(ops.Max, FILLED, distinct=True), slow.reduction(max)),
    ops.Reshape: Case(reshapes(), slow.reshape, (0,)),
    ops.Transpose: Case(transposes(), slow.transpose, (0,)),
    ops.BroadcastTo: Case(broadcasts(ops.BroadcastTo), slow.broadcast_to, (0,)),
    ops.SumTo: Case(broadcasts(ops.SumTo), slow.sum_to, (0,)),
    ops.Concatenate: Case(concatenations(), slow.concatenate),
    ops.Pad: Case(pads(), slow.pad),
    ops.Index: Case(indexings(ops.Index), slow.index, (0,)),
    ops.IndexAdd: Case(indexings(ops.IndexAdd), slow.index_add, (0,)),
    ops.MatMul: Case(matrices(), slow.matmul, (0, 1)),
    ops.Linear: Case(affine(), slow.linear),
    ops.Conv: Case(convolutions(ops.Conv), slow.conv),
    ops.ConvImage: Case(convolutions(ops.ConvImage), slow.conv_image, (0, 1)),
    ops.ConvKernel: Case(convolutions(ops.ConvKernel), slow.conv_kernel, (0, 1)),
    ops.MaxPool: Case(poolings(ops.MaxPool), slow.max_pool),
    ops.Place: Case(poolings(ops.Place), slow.place, (0,)),
    ops.Pick: Case(poolings(ops.Pick), slow.pick, (0,)),
    ops.AvgPool: Case(poolings(ops.AvgPool), slow.avg_pool, (0,)),
    ops.Spread: Case(poolings(ops.Spread), slow.spread, (0,)),
    ops.BatchNorm: Case(normalisations(ops.BatchNorm), slow.batch_norm),
    ops.FixedNorm: Case(normalisations(ops.FixedNorm), slow.fixed_norm),
    ops.SoftmaxCrossEntropy: Case(classifications(), slow.cross_entropy),
    ops.Dropout: Case(dropouts(), slow.dropout, (0,)),
}
