"""Random programs and networks, drawn together with inputs away from kinks and ties.

Each step is tried on the values at hand: a step that would come near a kink or a tie, or whose
values would grow beyond bounds, gives way to a tanh. So no drawn example has to be thrown away.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from tinygrad_cnn import nn
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.testing.program_steps import Program, Step, name_of

Array = NDArray[Any]
Draw = Any
T = TypeVar("T")

#: Least distance from kinks and between elements that compete; far above the steps of gradcheck.
GAP = 0.02
#: Values stay below this, so that rounding and curvature do.
BOUND = 20.0
#: Shapes of inputs; the last are images.
SHAPES = [(2,), (), (3,), (2, 3), (2, 2), (3, 1), (2, 1, 3), (1, 1, 3, 3), (1, 2, 4, 4), (2, 1, 4, 3)]


@st.composite
def programs(draw: Draw, max_steps: int = 8, ops: Iterable[Callable[..., Any]] = ()) -> Program:
    """Random programs that end in a single number, with float64 inputs away from kinks and ties.

    They share values, take views, broadcast, index with repeats, detach, reduce, join, convolve and
    pool. They shrink to few steps on small inputs.

    Args:
        max_steps: the most steps before the sums that join the loose ends.
        ops: functions of one's own, from Tensors to a Tensor: one for each parameter without a default.
            Every program has a step of them. Operands of one step have one shape; where a function
            refuses them, or gives no finite numbers, tanh takes its place. Its kinks are not known.

    >>> from hypothesis import find
    >>> find(programs(), lambda p: any(step.op == "tanh" for step in p.steps))
    Program({'x0': [0.05, 0.15]}, [
        Step('v0', 'tanh', 'x0'),
        Step('v1', 'sum', 'v0'),
    ])
    """
    own = sorted(ops, key=name_of)
    drawing = _Drawing(draw(st.sampled_from(SHAPES)), [(op, operand_count(op)) for op in own])
    if own:
        drawing.add_step("own", draw(CHOICES))
    kinds = ["own", "own", *KINDS] if own else list(KINDS)
    steps = st.tuples(st.sampled_from(kinds), CHOICES)
    for kind, choices in draw(st.lists(steps, min_size=0 if own else 1, max_size=max_steps)):
        drawing.add_step(kind, choices)
    return drawing.finish()


def operand_count(op: Callable[..., Any]) -> int:
    """Count the operands that a function of the user's takes."""
    try:
        forward = getattr(op, "forward", None)  # of an Op, made or its class
        found = inspect.signature(forward if forward is not None and not inspect.isfunction(op) else op)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"programs: the parameters of {op!r} cannot be seen: {error}") from None
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    wanted = [p for p in found.parameters.values() if p.kind in plain and p.default is p.empty]
    if not wanted:
        raise ArgumentError(f"programs: {name_of(op)} takes no operand; functions of Tensors fit")
    return len(wanted)


class _Drawing:
    """A program that grows: the values at its point, and what may come next."""

    def __init__(self, shape: tuple[int, ...], own: Sequence[tuple[Callable[..., Any], int]] = ()) -> None:
        self.own = own
        self.inputs: dict[str, Array] = {}
        self.steps: list[Step] = []
        self.values: dict[str, Array] = {}
        self.choices: Iterator[int] = iter(())
        self.new_input(shape)

    def choose(self, options: Sequence[T]) -> T:
        """One of some options by the next byte; the first for 0, and when the bytes are used up."""
        return options[next(self.choices, 0) % len(options)]

    def new_input(self, shape: tuple[int, ...]) -> str:
        """A further input: distinct elements of moderate size, none of them 0."""
        name, size = f"x{len(self.inputs)}", int(np.prod(shape))
        seed = self.choose(range(256))
        order = np.random.default_rng(seed).permutation(size) - size // 2 if seed else np.arange(size)
        spread = min(0.1, 2 / max(size, 1))
        self.inputs[name] = self.values[name] = np.round((order + 0.5) * spread, 4).reshape(shape)
        return name

    def pick(self, fits: Callable[[Array], bool] = lambda x: True) -> str | None:
        """The name of a value that fits, the oldest by preference of shrinking; None if none does."""
        names = [name for name, x in self.values.items() if fits(x)]
        return self.choose(names) if names else None

    def add_step(self, kind: str, choices: bytes) -> None:
        """Take a step of some kind, unless no value fits."""
        self.choices = iter(choices)
        made = _own(self) if kind == "own" else KINDS[kind](self)
        if made is not None:
            self.take(*made)

    def take(self, op: Any, inputs: tuple[str, ...], options: dict[str, Any] | None = None) -> str:
        """Add a step, or 'tanh' of its first operand where its result would not do."""
        step = Step(f"v{len(self.steps)}", op, *inputs, **(options or {}))
        value = None if near_kink(op, [self.values[n] for n in inputs], step.options) else self.tried(step)
        if value is None:
            step = Step(step.name, "tanh", inputs[0])
            value = np.tanh(self.values[inputs[0]])
        self.steps.append(step)
        self.values[step.name] = value
        return step.name

    def tried(self, step: Step) -> Array | None:
        """The value of a step, or None if it is too large."""
        try:
            with np.errstate(all="ignore"):
                value = np.asarray(step.run(self.values))
        except (ValueError, TypeError):
            if isinstance(step.op, str):
                raise
            return None  # the user's function does not take these operands
        return value if value.size and np.abs(value).max() < BOUND and value.size < 200 else None

    def finish(self) -> Program:
        """Sum each value that nothing uses, and add the sums."""
        used = {name for step in self.steps for name in step.inputs}
        ends = [name for name in (step.name for step in self.steps) if name not in used]
        if not self.depends(ends):  # everything was detached
            ends.append(next(iter(self.inputs)))
        sums = [self.close(name) for name in ends]
        total = sums[0]
        for other in sums[1:]:
            total = self.close(total, other)
        used = {name for step in self.steps for name in step.inputs}
        inputs = {name: x for name, x in self.inputs.items() if name in used}
        return Program(inputs, tuple(self.steps))

    def close(self, *names: str) -> str:
        """A step that sums one value, or adds two numbers; no bounds any more."""
        step = Step(f"v{len(self.steps)}", "sum" if len(names) == 1 else "add", *names)
        self.steps.append(step)
        self.values[step.name] = np.asarray(step.run(self.values))
        return step.name

    def depends(self, ends: list[str]) -> bool:
        """Whether a gradient flows from these values to an input."""
        reached = set(self.inputs)
        for step in self.steps:
            if step.op != "detach" and not reached.isdisjoint(step.inputs):
                reached.add(step.name)
        return not reached.isdisjoint(ends)


def near_kink(op: Any, xs: list[Array], options: Mapping[str, Any]) -> bool:
    """Whether an operation has a kink or a tie nearer than `GAP` to its operands.

    >>> near_kink("relu", [np.array([0.001, 1.0])], {}), near_kink("max", [np.array([0.5, 1.0])], {})
    (True, False)
    """
    if op in ("relu", "abs"):
        return bool((np.abs(xs[0]) < GAP).any())
    if op == "maximum":
        return bool((np.abs(xs[0] - xs[1]) < GAP).any())
    if op in ("max", "max_pool2d"):
        return bool((np.diff(np.sort(xs[0], axis=None)) < GAP).any())
    return False


# --------------------------------------------------------------------------- kinds of steps
Made = tuple[Any, tuple[str, ...], dict[str, Any]] | None
UNARY = ["tanh", "sin", "neg", "square", "sigmoid", "exp", "relu", "abs"]


def _unary(d: _Drawing) -> Made:
    return d.choose(UNARY), (d.pick() or "",), {}


def _own(d: _Drawing) -> Made:
    """A function of the user's, on values of one shape."""
    op, count = d.choose(d.own)
    first = d.pick() or ""
    shape = d.values[first].shape
    return op, (first, *(d.pick(lambda x: x.shape == shape) or first for _ in range(count - 1))), {}


def _binary(d: _Drawing) -> Made:
    """Two values whose shapes broadcast; the second may be a new input, or the first again."""
    a = d.pick() or ""
    shape = d.values[a].shape
    b = d.pick(lambda x: _broadcasts(shape, x.shape)) or a
    if d.choose([False, True]):
        b = d.new_input(tuple(d.choose([n, 1]) for n in shape))
    return d.choose(["add", "mul", "sub", "maximum"]), (a, b), {}


def _broadcasts(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return all(m == n or 1 in (m, n) for m, n in zip(a[::-1], b[::-1], strict=False))


def _reduction(d: _Drawing) -> Made:
    a = d.pick(lambda x: x.ndim > 0)
    if a is None:
        return None
    axis = d.choose(range(d.values[a].ndim))
    op = d.choose(["sum", "mean", "max", "logsumexp", "softmax"])
    options: dict[str, Any] = {"axis": axis}
    if op != "softmax" and d.choose([False, True]):
        options["keepdims"] = True
    return op, (a,), options


def _view(d: _Drawing) -> Made:
    a = d.pick(lambda x: x.ndim > 0)
    if a is None:
        return None
    shape = d.values[a].shape
    op = d.choose(["reshape", "transpose", "slice", "broadcast_to"])
    if op == "reshape":
        size = int(np.prod(shape))
        splits = [(size,), *((n, size // n) for n in range(1, size + 1) if size % n == 0)]
        return op, (a,), {"shape": d.choose(splits)}
    if op == "transpose":
        return op, (a,), {"axes": d.choose(list(permutations(range(len(shape)))))}
    if op == "broadcast_to":
        return op, (a,), {"shape": (d.choose([1, 2]), *shape)}
    start = d.choose(range(shape[0]))
    stop = d.choose(range(start + 1, shape[0] + 1))
    if d.choose([False, True]):
        return op, (a,), {"start": None, "stop": None, "step": -1}
    return op, (a,), {"start": start, "stop": stop, "step": 1}


def _take(d: _Drawing) -> Made:
    a = d.pick(lambda x: x.ndim > 0)
    if a is None:
        return None
    count = d.choose([1, 2, 3, 4])
    return "take", (a,), {"indices": tuple(d.choose(range(len(d.values[a]))) for _ in range(count))}


def _concatenate(d: _Drawing) -> Made:
    a = d.pick(lambda x: x.ndim > 0)
    if a is None:
        return None
    shape = d.values[a].shape
    b = d.pick(lambda x: x.shape == shape) or a
    return "concatenate", (a, b), {"axis": d.choose(range(len(shape)))}


def _matmul(d: _Drawing) -> Made:
    a = d.pick(lambda x: x.ndim == 2)
    if a is None:
        return None
    k = d.values[a].shape[1]
    b = d.pick(lambda x: x.ndim == 2 and len(x) == k)
    return "matmul", (a, b or d.new_input((k, d.choose([1, 2, 3])))), {}


def _image(d: _Drawing) -> Made:
    a = d.pick(lambda x: x.ndim == 4 and min(x.shape[2:]) >= 2)
    if a is None:
        return None
    op = d.choose(["conv2d", "max_pool2d", "avg_pool2d"])
    if op != "conv2d":
        return op, (a,), {"kernel_size": 2, "stride": d.choose([1, 2])}
    options = {"stride": d.choose([1, 2]), "padding": d.choose([0, 1])}
    channels = d.values[a].shape[1]
    return op, (a, d.new_input((d.choose([1, 2]), channels, 2, 2))), options


def _detach(d: _Drawing) -> Made:
    return "detach", (d.pick() or "",), {}


#: How to draw each kind of step; the first is the simplest, to which hypothesis shrinks.
KINDS: dict[str, Callable[[_Drawing], Made]] = {
    "unary": _unary,
    "binary": _binary,
    "reduction": _reduction,
    "view": _view,
    "take": _take,
    "concatenate": _concatenate,
    "matmul": _matmul,
    "image": _image,
    "detach": _detach,
}

#: What a step chooses. The bytes mean the same wherever the step stands, so that hypothesis can leave
#: out the steps before it.
CHOICES = st.binary(min_size=10, max_size=10)


# --------------------------------------------------------------------------- networks
@st.composite
def modules(draw: Draw, smooth: bool = False) -> tuple[nn.Sequential, Array]:
    """Small convolutional networks in float64, each with a batch of images that it takes.

    Convolution, perhaps batch norm, an activation, perhaps pooling, once or twice; then a linear layer
    to up to three classes. Weights come from a drawn seed.

    Args:
        smooth: no relu and no max-pool, so that numerical derivatives always exist.

    >>> from hypothesis import find
    >>> network, x = find(modules(smooth=True), lambda drawn: len(drawn[0]) > 4)
    >>> network(x).shape
    (1, 1)
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    n, channels, side = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(4, 6))
    x = rng.uniform(-1, 1, (n, channels, side, side))
    layers: list[nn.Module] = []
    activations = [nn.Tanh, nn.Sigmoid, nn.GELU] if smooth else [nn.Tanh, nn.Sigmoid, nn.GELU, nn.ReLU]
    for _ in range(draw(st.integers(1, 2))):
        wide, kernel, padding = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(0, 1))
        layers.append(nn.Conv2d(channels, wide, kernel, padding=padding, rng=rng, dtype=np.float64))
        channels, side = wide, side + 2 * padding - kernel + 1
        if n > 1 and draw(st.booleans()):
            layers.append(nn.BatchNorm2d(channels, track_running_stats=False, dtype=np.float64))
        layers.append(draw(st.sampled_from(activations))())
        if side >= 4 and draw(st.booleans()):
            layers.append(nn.AvgPool2d(2) if smooth or draw(st.booleans()) else nn.MaxPool2d(2))
            side //= 2
        if side < 3:
            break
    features = channels * side * side
    layers += [nn.Flatten(), nn.Linear(features, draw(st.integers(1, 3)), rng=rng, dtype=np.float64)]
    return nn.Sequential(*layers), x
