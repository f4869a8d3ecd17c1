"""Defects planted on purpose: each is caught, and blamed on the op that has it.

Each defect is in the code only inside a `with` block. `python tests/test_planted.py` prints how many
drawn examples it takes to find each one, and the median.
"""

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import tinygrad_cnn.backward
from tinygrad_cnn import Result, Tensor, kernels, ops
from tinygrad_cnn import functional as F
from tinygrad_cnn.tensors import gradient
from tinygrad_cnn.testing import CASES, PROPERTIES, gradcheck
from tinygrad_cnn.testing.blaming.first_wrong_op import blame
from tinygrad_cnn.testing.mutation.altered_derivatives import patched
from tinygrad_cnn.testing.strategies import programs


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).normal(size=shape)
    return x + 0.1 * np.sign(x)  # away from 0


@dataclass
class Defect:
    """A defect: where it is planted, a function that meets it, and what blame should say.

    Attributes:
        owner, name, wrong: `owner.name` is replaced by `wrong`, inside the test only.
        fn, inputs: a composed function whose gradient it spoils, and where.
        op: who is to blame; None if no op is.   kind: of the blame.   order: of the derivative.
        ties: it shows only where elements tie.   also: what else of `owner` is replaced for it.
    """

    what: str
    owner: Any
    name: str
    wrong: Any
    fn: Callable[..., Any]
    inputs: tuple[np.ndarray, ...]
    op: str | None
    kind: str = "derivative"
    order: int = 1
    ties: bool = False
    also: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def planted(self) -> Iterator[None]:
        methods = {**self.also, self.name: self.wrong}
        if isinstance(self.owner, type):
            with patched(self.owner, **methods):
                yield
            return
        with pytest.MonkeyPatch.context() as patch:
            for name, wrong in methods.items():
                patch.setattr(self.owner, name, wrong)
            yield


DEFECTS: list[Defect] = []


def defect(what: str, op: Any, fn: Callable[..., Any], *inputs: Any, name: str = "backward", **about: Any):
    """Plants the decorated function as `op.backward`, or another method."""

    def plant(wrong: Any) -> Any:
        DEFECTS.append(Defect(what, op, name, wrong, fn, inputs, op.__name__, **about))
        return wrong

    return plant


X, Y, V = draw(3, 4), draw(3, 4, seed=1), draw(4, seed=2)
SQUARE, IMAGE, KERNEL = draw(3, 3, seed=3), draw(2, 2, 5, 5, seed=4), draw(3, 2, 3, 3, seed=5)
LABELS = np.array([0, 2, 3])
RIGHT_LAYER_NORM = ops.LayerNorm.backward


# --------------------------------------------------------------------------- wrong numbers
@defect("relu gradient halved", ops.ReLU, lambda x: F.relu(x.sin()) * x, X)
def _(self, g, y):
    return (ops.Gate(y > 0)(g) * 0.5,)


@defect(
    "missing sum over the batch", ops.Linear, lambda x, w, b: F.linear(x, w, b).tanh(), X, draw(2, 4), V[:2]
)
def _(self, g, x, w):
    return g @ w, g.T @ x, g[0]


@defect("matmul without its transpose", ops.MatMul, lambda a, b: (a @ b).tanh(), SQUARE, draw(3, 3, seed=6))
def _(self, g, a, b):
    return g @ b, a.swapaxes(-1, -2) @ g


@defect("conv gradient off by one pixel", ops.Conv, lambda x, w: F.conv2d(x.tanh(), w), IMAGE, KERNEL)
def _(self, g, x, w):
    dx = ops.ConvImage(self.grid, self.groups)(g, w)
    return dx[(..., [*range(1, dx.shape[-1]), 0])], ops.ConvKernel(self.grid, self.groups)(x, g)


@defect("conv kernels not flipped", ops.Conv, lambda x, w: F.conv2d(x, w.sin(), padding=1), IMAGE, KERNEL)
def _(self, g, x, w):
    dw = ops.ConvKernel(self.grid, self.groups)(x, g)
    return ops.ConvImage(self.grid, self.groups)(g, w), dw[..., ::-1, ::-1]


@defect("exp off by 1e-6", ops.Exp, lambda x: F.exp(x).sin().sum(), X)
def _(self, g, y):
    return (g * y * (1 + 1e-6),)


@defect("mean without its 1/n", ops.Mean, lambda x: (x - x.mean(axis=0)) ** 2, X)
def _(self, g, shape):
    return (np.broadcast_to(self.aligned(g, shape), shape),)


@defect("average pooling without its 1/n", ops.AvgPool, lambda x: F.avg_pool2d(x * x, 2), IMAGE)
def _(self, g):
    return (ops.Spread(self.grid, self.count_include_pad)(g) * 4,)


@defect(
    "batch norm without the variance term", ops.BatchNorm,
    lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True).tanh(), X, V, V + 1,
)  # fmt: skip
def _(self, g, x, w, statistics):
    xhat = (x - x.mean(0)) / np.sqrt(x.var(0) + self.eps)
    dx = (g - g.mean(0)) * w / np.sqrt(x.var(0) + self.eps)
    return dx, (g * xhat).sum(0), g.sum(0)


@defect("quotient without its minus", ops.Div, lambda a, b: a / (b * b + 1), X, Y)
def _(self, g, b, y):
    return g / b, g / b * y


@defect("power rule without its - 1", ops.Pow, lambda x: (x**3).tanh(), X)
def _(self, g, a, b, y):
    return g * b * a**b, None


@defect("sigmoid with a wrong sign inside", ops.Sigmoid, lambda x: F.sigmoid(x).log(), X)
def _(self, g, y):
    return (g * y * (1 + y),)


@defect("variance over n - 1", ops.Var, lambda x: F.var(x.tanh(), axis=1, ddof=0), X)
def _(self, g, x):
    return (self.aligned(g, x.shape) * 2 * (x - x.mean(1, keepdims=True)) / (x.shape[1] - 1),)


@defect("indices that repeat counted once", ops.Index, lambda x: F.index(x * x, [0, 0, 2]), X)
def _(self, g, shape):
    out = np.zeros(shape)
    out[self._key] = g
    return (out,)


@defect("pieces swapped", ops.Concatenate, lambda a, b: F.concatenate([a, b.sin()]).tanh(), X, Y)
def _(self, g, ends):
    return g[3:], g[:3]


@defect(
    "axes put back by the same permutation", ops.Transpose,
    lambda x: F.transpose(x, (1, 2, 0)).cumsum(axis=0), draw(2, 2, 2),
)  # fmt: skip
def _(self, g):
    return (g.transpose(self.axes),)


@defect("labels not subtracted", ops.SoftmaxCrossEntropy, lambda x: F.cross_entropy(x * 2, LABELS), X)
def _(self, g, x):
    return (ops.Softmax(1)(x) * self.shared(g),)


@defect(
    "scale's gradient without the normalised x", ops.LayerNorm,
    lambda x, w, b: F.layer_norm(x, (4,), w, b), X, V, V,
)  # fmt: skip
def _(self, g, x, w):
    return RIGHT_LAYER_NORM(self, g, x, w, needs=(True,) * 3)[0], g, g


@defect("running sum not reversed", ops.CumSum, lambda x: F.cumsum(x * x, axis=1), X)
def _(self, g):
    return (np.cumsum(g, axis=1),)


@defect("dropout without its scale", ops.Dropout, lambda x: F.dropout(x, 0.5, rng=3) * x, X)
def _(self, g):
    return (g * self._mask,)


@defect("maximum gives both the gradient", ops.Maximum, lambda a, b: F.maximum(a, b).tanh(), X, Y)
def _(self, g, a, b):
    return g, g


@defect("absolute value without its sign", ops.Abs, lambda x: F.abs(x).log(), X)
def _(self, g, x):
    return (g,)


@defect("log-softmax without the sum", ops.LogSoftmax, lambda x: F.log_softmax(x.tanh(), axis=1), X)
def _(self, g, y):
    return (g - np.exp(y) * g,)


# --------------------------------------------------------------------------- ties
TIED = np.repeat(np.arange(8.0), 2).reshape(1, 1, 4, 4)


def pool_and_remember(self, x):
    return Result(kernels.max_pool(x, self.grid), x)


@defect(
    "max-pool ties doubled", ops.MaxPool, lambda x: F.max_pool2d(x, 2) ** 2, TIED, ties=True,
    also={"forward": pool_and_remember},
)  # fmt: skip
def _(self, g, x):
    # Every element that equals its window's maximum gets the whole gradient.
    wide, tops = (np.kron(a, np.ones((2, 2))) for a in (g, kernels.max_pool(x, self.grid)))
    return (wide * (tops == x),)


@defect("maximum of an axis: ties doubled", ops.Max, lambda x: x.max(axis=-1).tanh(), TIED, ties=True)
def _(self, g, x, y):
    return (self.aligned(g, x.shape) * (x == self.aligned(y, x.shape)),)


# --------------------------------------------------------------------------- only the second derivative
@defect("softmax cached as a constant", ops.Softmax, lambda x: F.softmax(x * x, axis=1).sin(), X, order=2)
def _(self, g, y):
    y = y.detach() if isinstance(y, Tensor) else y
    gy = g * y
    return (gy - y * gy.sum(axis=self.axis, keepdims=True),)


@defect("square's slope kept as a number", ops.Square, lambda x: F.square(x.tanh()), X, order=2)
def _(self, g, x):
    return (g * (2 * (x.numpy() if isinstance(x, Tensor) else x)),)


@defect("tanh's second derivative cut from g", ops.Tanh, lambda x: F.tanh(x) * 3, X, order=2)
def _(self, g, y):
    return (g * (1 - y * (y.detach() if isinstance(y, Tensor) else y)),)


# --------------------------------------------------------------------------- shapes and errors
@defect("the reshape dropped", ops.Reshape, lambda x: x.reshape(12).cumsum(axis=0), X, kind="shape")
def _(self, g, shape):
    return (g,)


@defect("a name that was never set", ops.Sum, lambda x: x.tanh().sum(), X, kind="error")
def _(self, g, shape):
    return (np.broadcast_to(g, self.shape_of_x),)


# --------------------------------------------------------------------------- writing where others read
@defect("relu writes to its gradient", ops.ReLU, lambda x: F.relu(x) + x, X, kind="write")
def _(self, g, y):
    g = g.numpy().copy() if isinstance(g, Tensor) else g
    g[y <= 0] = 0
    return (g,)


@defect("log writes to what it kept", ops.Log, lambda x: F.exp(x).log(), X, kind="write")
def _(self, g, x):
    return (g * np.reciprocal(x, out=x),)


BUFFERS: dict[tuple[int, ...], np.ndarray] = {}


def side_by_side(x):
    a, b = x * 1, x * 2
    return a.tanh() * 3 + b.tanh() * x


@defect("an aliasing gradient buffer", ops.Tanh, side_by_side, X, kind="write")
def _(self, g, y):
    if isinstance(g, Tensor):
        return (g * (1 - y * y),)
    buffer = BUFFERS.setdefault(g.shape, np.empty(g.shape))
    return (np.multiply(g, 1 - y * y, out=buffer),)


@defect(
    "a view written in place", ops.Square, lambda x: x.T.square() + x.T, X, name="forward", kind="write"
)
def _(self, x):
    x *= x
    return x


# --------------------------------------------------------------------------- the walk
def walk_with(right: str, wrong: str) -> Any:
    """The engine's walk with a piece of its text replaced."""
    text = inspect.getsource(tinygrad_cnn.backward.gradients)
    assert right in text, "the walk was rewritten: plant this defect anew"
    names = dict(vars(tinygrad_cnn.backward))
    exec("from __future__ import annotations\n" + text.replace(right, wrong), names)
    return names["gradients"]


def add_walk(
    what: str,
    wrong: Any,
    name: str = "gradients",
    owner: Any = gradient,
    op: Any = "Sin",
):
    DEFECTS.append(Defect(what, owner, name, wrong, diamond, (X, V), op, "walk"))


def diamond(x: Any, v: Any) -> Any:
    """One sine used three times, beside a vector that is broadcast."""
    s = x.sin()
    return s * s.tanh() + s * v


SUM = "share = held + share"
add_walk("accumulation dropped at a diamond", walk_with(SUM, "share = share"))
add_walk("the first share kept, later ones lost", walk_with(SUM, "share = held"))
add_walk("a share counted twice", walk_with(SUM, "share = held + share + share"))
add_walk(
    "broadcasting undone by a slice instead of a sum",
    lambda share, op, parent: share[(0,) * (share.ndim - len(parent.shape))],
    "fitted",
    tinygrad_cnn.backward,
    None,
)


@pytest.mark.parametrize("planted", DEFECTS, ids=lambda d: d.what)
def test_defect_is_caught_and_blamed(planted: Defect) -> None:
    assert not blame(planted.fn, *planted.inputs, order=planted.order), "blamed without a defect"
    assert gradcheck(planted.fn, *planted.inputs, order=planted.order).status != "fail"
    with planted.planted():
        found = blame(planted.fn, *planted.inputs, order=planted.order)
        assert (found.op, found.kind, found.order) == (planted.op, planted.kind, planted.order)
        assert found.site is None or found.site[0] == __file__
        assert caught(planted), "gradcheck passes"


def caught(planted: Defect) -> bool:
    """Whether gradcheck says 'fail', or the gradient cannot even be computed."""
    try:
        return gradcheck(planted.fn, *planted.inputs, order=planted.order).status == "fail"
    except Exception:
        return True


def test_there_are_enough_defects_of_enough_kinds() -> None:
    assert len(DEFECTS) >= 25
    assert len({d.op for d in DEFECTS}) >= 20
    assert {d.kind for d in DEFECTS} == {"derivative", "shape", "error", "write", "walk"}


# --------------------------------------------------------------------------- how many examples it takes
SETTINGS = settings(
    derandomize=True, database=None, deadline=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
TIES = st.lists(st.integers(0, 3), min_size=16, max_size=16).map(
    lambda x: np.array(x, float).reshape(1, 1, 4, 4)
)


def examples_needed(planted: Defect) -> int | None:
    """Drawn examples until the first that fails, by the check that needs fewest; None after 300."""
    if planted.ties:
        return first_failure(TIES, lambda x: passes(planted.fn, x))
    if planted.owner in CASES:
        case = CASES[planted.owner]
        names = ("gradient_is_right", "second_order_is_right", "walks_agree", "forward_is_right")
        checks = [lambda problem: passes(lambda *xs: problem.make()(*xs), *problem.operands)]
        checks += [lambda problem, check=PROPERTIES[name]: check(case, problem) for name in names]
        if planted.kind == "write":  # an op that spoils what others read need not spoil itself
            checks.append(lambda problem: clean(lambda *xs: problem.make()(*xs), *problem.operands))
        fewest = None
        for check in checks:  # none needs to try longer than the best so far
            fewest = first_failure(case.problems, check, fewest or 300) or fewest
        if fewest is not None:
            return fewest
    return first_failure(programs(), lambda p: passes(p.held(), *p.points, order=planted.order))


def passes(fn: Any, *inputs: Any, order: int = 1) -> None:
    assert gradcheck(fn, *inputs, order=order, directions=1).status != "fail"


def clean(fn: Any, *inputs: Any) -> None:
    assert not blame(fn, *inputs)


def first_failure(drawn: Any, check: Callable[[Any], None], most: int = 300) -> int | None:
    """How many examples are drawn until a check fails; None if all hold."""
    tried = 0
    failed: list[int] = []

    @settings(SETTINGS, max_examples=most)
    @given(drawn)
    def look(example: Any) -> None:
        nonlocal tried
        if failed:
            return
        tried += 1
        try:
            with np.errstate(all="ignore"):
                check(example)
        except Exception:
            failed.append(tried)

    look()
    return failed[0] if failed else None


def main() -> None:
    counts = []
    for planted in DEFECTS:
        with planted.planted():
            needed = examples_needed(planted)
        print(f"{planted.what:50} {'not in 300' if needed is None else needed}")
        counts.append(1000 if needed is None else needed)
    print(f"median of {len(counts)} defects: {median(counts):g} examples")


if __name__ == "__main__":
    sys.exit(main())
