"""Functions that are wrong in one subtle way each, at points where that can be seen.

`op` is who is to blame; None where no op of a graph is one. `reason` stands where no look at a point
can see it, and says why.
"""
# ruff: noqa: E501  (tables, one row a line)

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_cnn import Op, Tensor
from tinygrad_cnn import functional as F

Rng = np.random.Generator


@dataclass
class Wrong:
    """A wrong function, and what draws its inputs."""

    fn: Callable[..., Any]
    points: Callable[[Rng], tuple[Any, ...]]
    op: str | None = "Planted"
    order: int = 1
    reason: str = ""
    #: (forward, backward, how many operands) in NumPy, and what the result is multiplied by: from these
    #: the same function is made in other frameworks.
    rule: tuple[Callable[..., Any], Callable[..., Any], int] | None = None
    factor: float = 1.0


WRONG: dict[str, Wrong] = {}


def planted(
    forward: Callable[..., Any], backward: Callable[..., Any], operands: int = 1
) -> Callable[..., Any]:
    """A function of Tensors with a derivative by hand: backward(g, *operands) -> a tuple."""

    class Planted(Op):
        keep = tuple(range(operands))

        def forward(self, *xs: Any) -> Any:
            return forward(*xs)

        def backward(self, g: Any, *xs: Any) -> Any:
            found = backward(g, *xs)
            return found if isinstance(found, tuple) else (found,)

    return lambda *xs: Planted()(*xs)


def normal(*shapes: tuple[int, ...], scale: float = 1.0, dtype: Any = np.float64) -> Callable[[Rng], Any]:
    """Arrays of normal numbers, none close to 0."""

    def draw(rng: Rng) -> tuple[np.ndarray, ...]:
        arrays = (rng.normal(size=shape) for shape in shapes)
        return tuple(((x + 0.1 * np.sign(x)) * scale).astype(dtype) for x in arrays)

    return draw


ONE, ROWS, SQUARE, PAIR = (5,), (3, 4), (3, 3), ((3, 4), (3, 4))

# --------------------------------------------------------------------------- numbers that are off
RULES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "x²": (lambda x: x * x, lambda x: 2 * x), "exp": (np.exp, np.exp), "sin": (np.sin, np.cos),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2), "x³ - x": (lambda x: x**3 - x, lambda x: 3 * x**2 - 1),
    "1 / (1 + x²)": (lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2),
}  # fmt: skip
SPOILT: dict[str, Callable[[Any, Any], Any]] = {
    "times 1 + 1e-6": lambda d, x: d * (1 + 1e-6), "times 1.001": lambda d, x: d * 1.001,
    "wrong sign": lambda d, x: -d, "halved": lambda d, x: d / 2, "plus 1e-5": lambda d, x: d + 1e-5,
    "reversed": lambda d, x: d[::-1], "shifted by one": lambda d, x: np.roll(d, 1),
    "wrong where x > 0.5": lambda d, x: np.where(x > 0.5, 1.01 * d, d), "summed": lambda d, x: d.sum() + 0 * d,
    "last entry lost": lambda d, x: d * (np.arange(d.size) < d.size - 1),
}  # fmt: skip
for rule, (f, df) in RULES.items():
    for how, spoil in SPOILT.items():
        # The point shows every way: some x is above 0.5, and no two entries are alike.
        spoilt = lambda g, x, df=df, spoil=spoil: spoil(g * df(x), x)  # noqa: E731
        WRONG[f"{rule}: {how}"] = Wrong(
            planted(f, spoilt),
            lambda rng: (rng.permutation(np.linspace(-1.3, 1.7, 7)) + rng.uniform(-0.05, 0.05, 7),),
            rule=(f, spoilt, 1),
        )  # fmt: skip


def wrong(name: str, points: Callable[[Rng], Any], **about: Any) -> Callable[[Any], Any]:
    """Enter the decorated function, or what it returns."""

    def enter(fn: Any) -> Any:
        WRONG[name] = Wrong(fn, points, **about)
        return fn

    return enter


def rule(
    name: str, points: Callable[[Rng], Any], forward: Any, backward: Any, count: int = 1, **about: Any
) -> None:
    """Enter a planted op, inside a composed function."""
    made = planted(forward, backward, count)
    about |= {"rule": (forward, backward, count), "factor": 1.5}
    WRONG[name] = Wrong(lambda *xs: made(*xs) * 1.5, points, **about)


# --------------------------------------------------------------------------- structure
rule("product rule without one factor", normal(*PAIR), lambda a, b: a * b, lambda g, a, b: (g, g * a), 2)
rule(
    "quotient without the square", normal(*PAIR), lambda a, b: a / b, lambda g, a, b: (g / b, -g * a / b), 2
)
rule(
    "matmul: operands swapped",
    normal(SQUARE, SQUARE),
    lambda a, b: a @ b,
    lambda g, a, b: (g @ b.T, g @ a),
    2,
)
rule(
    "matmul: no transpose", normal(SQUARE, SQUARE), lambda a, b: a @ b, lambda g, a, b: (g @ b, a.T @ g), 2
)
rule(
    "row broadcast: one row for the sum",
    normal(ROWS, (4,)),
    lambda x, b: x + b,
    lambda g, x, b: (g, g[0]),
    2,
)
rule(
    "row broadcast: the mean for the sum",
    normal(ROWS, (4,)),
    lambda x, b: x + b,
    lambda g, x, b: (g, g.mean(0)),
    2,
)
rule("column broadcast along the wrong axis", normal(SQUARE, (3, 1)), lambda x, b: x + b,
     lambda g, x, b: (g, g.sum(0).reshape(3, 1)), 2)  # fmt: skip
rule("transpose not undone", normal(SQUARE), lambda x: x.T * 2, lambda g, x: g * 2)
rule(
    "reshape in the other order",
    normal((2, 6)),
    lambda x: x.reshape(3, 4),
    lambda g, x: g.reshape(2, 6, order="F") * 1.0,
)
rule("mean without 1/n", normal(ROWS), lambda x: x.mean(0), lambda g, x: np.broadcast_to(g, x.shape))
rule(
    "variance over n - 1",
    normal(ROWS),
    lambda x: x.var(0),
    lambda g, x: g * 2 * (x - x.mean(0)) / (len(x) - 1),
)
rule("norm without its root", normal(ONE), np.linalg.norm, lambda g, x: g * x)
rule("softmax without the sum", normal(ONE), lambda x: np.exp(x) / np.exp(x).sum(),
     lambda g, x: g * np.exp(x) / np.exp(x).sum())  # fmt: skip
rule("cumulative sum not reversed", normal(ONE), np.cumsum, lambda g, x: np.cumsum(g))
rule("product without one factor", normal(ONE), np.prod, lambda g, x: g * np.prod(x) * x)
rule(
    "repeated index counted once",
    normal(ONE),
    lambda x: x[[0, 0, 2]],
    lambda g, x: np.where(np.arange(5) == 0, g[0], np.where(np.arange(5) == 2, g[2], 0)),
)
rule("convolution with kernel not flipped", normal((6,), (3,)), lambda x, w: np.convolve(x, w),
     lambda g, x, w: (np.convolve(g, w)[1:7], np.correlate(g, x)), 2)  # fmt: skip
rule("clip passes everything", normal((9,), scale=2), lambda x: np.clip(x, -1, 1), lambda g, x: g)
rule("max gives everybody the gradient", normal(ONE), lambda x: x.max(), lambda g, x: g * np.ones(5))
rule("outer product: one side lost", normal((3,), (4,)), np.outer, lambda g, a, b: (g @ b, 0 * b), 2)
rule("trace with all entries", normal(SQUARE), np.trace, lambda g, x: g * np.ones((3, 3)))
rule(
    "inverse without its second factor", normal(SQUARE), np.linalg.inv, lambda g, x: -np.linalg.inv(x).T @ g
)
rule(
    "determinant without the transpose",
    normal(SQUARE),
    np.linalg.det,
    lambda g, x: g * np.linalg.det(x) * np.linalg.inv(x),
)
rule("log of abs without the sign", normal(ONE), lambda x: np.log(abs(x)), lambda g, x: g / abs(x))
rule("power with the exponent's term lost", lambda rng: (rng.uniform(1, 2, 4), rng.uniform(1, 2, 4)),
     lambda a, b: a**b, lambda g, a, b: (g * b * a ** (b - 1), 0 * b), 2)  # fmt: skip
rule(
    "one entry of 100 off by 10 %",
    normal((10, 10)),
    lambda x: x * x,
    lambda g, x: g * 2 * x * (1 + 0.1 * (np.arange(100).reshape(10, 10) == 57)),
)
rule("one entry of 10,000 off by 10 %", normal((100, 100)), lambda x: x * x,
     lambda g, x: g * 2 * x * (1 + 0.1 * (np.arange(10000).reshape(100, 100) == 4321)))  # fmt: skip
rule("sigmoid saturated too early", lambda rng: (rng.uniform(4, 8, 6),), lambda x: 1 / (1 + np.exp(-x)),
     lambda g, x: np.where(x > 5, 0, g * np.exp(-x) / (1 + np.exp(-x)) ** 2))  # fmt: skip
rule("a small term lost", normal(ONE), lambda x: x + 1e-4 * np.sin(x), lambda g, x: g * 1.0)
rule(
    "wrong at negative numbers",
    normal((9,)),
    lambda x: np.where(x > 0, x, 0.1 * x),
    lambda g, x: np.where(x > 0, g, 0.01 * g),
)

# --------------------------------------------------------------------------- scales and types
rule(
    "values of 1e-11, factor 2",
    normal(ONE),
    lambda x: 1e-11 * np.sin(x),
    lambda g, x: 2e-11 * g * np.cos(x),
)
rule("values of 1e-30, factor 1.01", normal(ONE), lambda x: 1e-30 * x * x, lambda g, x: 2.02e-30 * g * x)
rule("values of 1e30, factor 1.01", normal(ONE), lambda x: 1e30 * x * x, lambda g, x: 2.02e30 * g * x)
rule("inputs of 1e-11, factor 1.01", normal(ONE, scale=1e-11), lambda x: x * x, lambda g, x: 2.02 * g * x)
rule("inputs of 1e6, factor 1.01", normal(ONE, scale=1e6), lambda x: x * x, lambda g, x: 2.02 * g * x)
rule(
    "a small slope on a large constant, halved",
    normal(ONE),
    lambda x: 1.0 + 1e-6 * x,
    lambda g, x: 0.5e-6 * g,
)
rule("float32, factor 1.001", normal(ONE, dtype=np.float32), lambda x: x * x, lambda g, x: g * x * 2.002)
rule(
    "float32, factor 1 + 1e-5",
    normal(ONE, dtype=np.float32),
    lambda x: x * x,
    lambda g, x: g * x * (2 + 2e-5),
)
rule(
    "float16, factor 1.1",
    normal(ONE, dtype=np.float16),
    lambda x: x * x,
    lambda g, x: g * x * x.dtype.type(2.2),
)
rule("right in float64, 10 % off in float16", normal(ONE, dtype=np.float16), lambda x: x * x,
     lambda g, x: g * x * x.dtype.type(2.2 if x.dtype == np.float16 else 2), op=None)  # fmt: skip
rule("right in float64, 1 % off in float32", normal(ONE, dtype=np.float32), lambda x: x * x,
     lambda g, x: g * x * x.dtype.type(2.02 if x.dtype == np.float32 else 2), op=None)  # fmt: skip

# --------------------------------------------------------------------------- what is not finite, and kinks
rule(
    "NaN in one entry",
    normal(ONE),
    lambda x: x * x,
    lambda g, x: np.where(np.arange(5) == 2, np.nan, g * 2 * x),
)
rule(
    "inf in one entry",
    normal(ONE),
    lambda x: x * x,
    lambda g, x: np.where(np.arange(5) == 2, np.inf, g * 2 * x),
)
WRONG["where over a root of negative numbers"] = Wrong(
    lambda x: F.where(x > 0, F.sqrt(x), 0.0), lambda rng: (np.array([-1.0, rng.uniform(1, 4)]),), op=None)  # fmt: skip


def at_zero(rng: Rng) -> tuple[np.ndarray, ...]:
    return (np.array([0.0, *rng.uniform(0.5, 1, 2)]),)


rule("relu: 2 at 0", at_zero, lambda x: np.maximum(x, 0), lambda g, x: np.where(x == 0, 2 * g, g * (x > 0)))
rule("abs: 3 at 0", at_zero, np.abs, lambda g, x: np.where(x == 0, 3 * g, g * np.sign(x)))
rule("relu: -1 at 0", at_zero, lambda x: np.maximum(x, 0), lambda g, x: np.where(x == 0, -g, g * (x > 0)))
rule("ties counted twice", lambda rng: (np.array([1.0, 1.0, rng.uniform(-1, 0)]),), lambda x: x.max(),
     lambda g, x: g * (x == x.max()))  # fmt: skip
rule("wrong just beside a kink", lambda rng: (rng.uniform(1, 9, 3) * 1e-6,), lambda x: np.maximum(x, 0),
     lambda g, x: 1.1 * g * (x > 0))  # fmt: skip


# --------------------------------------------------------------------------- memory
@wrong("writes to its input", normal(ONE))
class WritesToInput(Op):
    def forward(self, x: Any) -> Any:
        y = x * 2
        x *= 1.0
        x[0] = 0
        return y

    def backward(self, g: Any) -> Any:
        return (g * 2,)


@wrong("writes to the gradient that comes in", normal(ONE))
class WritesToGradient(Op):
    keep = (0,)

    def forward(self, x: Any) -> Any:
        return x * x

    def backward(self, g: Any, x: Any) -> Any:
        g *= 2 * x
        return (g,)


@wrong("writes to what it kept", normal(ONE))
class WritesToKept(Op):
    keep = (0,)

    def forward(self, x: Any) -> Any:
        return x * x

    def backward(self, g: Any, x: Any) -> Any:
        d = g * 2 * x
        x += 1
        return (d,)


@wrong("one buffer for all its gradients", normal(ONE))
class OneBuffer(Op):
    keep = (0,)
    buffer = np.empty(5)

    def forward(self, x: Any) -> Any:
        return x * x

    def backward(self, g: Any, x: Any) -> Any:
        return (np.multiply(g, 2 * x, out=self.buffer) if isinstance(g, np.ndarray) else g * 2 * x,)


@wrong("reads memory as if it were contiguous", normal(ROWS))
class IgnoresStrides(Op):
    keep = (0,)

    def forward(self, x: Any) -> Any:
        return np.arange(1.0, 13).reshape(3, 4) * x

    def backward(self, g: Any, x: Any) -> Any:
        plain = np.asarray(g).ravel(order="K").reshape(g.shape)  # in the order of the memory
        return (plain * np.arange(1.0, 13).reshape(3, 4),)


@wrong("result depends on strides", normal(ROWS))
class ForwardIgnoresStrides(Op):
    def forward(self, x: Any) -> Any:
        return x.ravel(order="K").reshape(x.shape) * 1.0

    def backward(self, g: Any) -> Any:
        return (g,)


@wrong("clips its gradient at 5", normal(ONE))
class Clips(Op):
    keep = (0,)

    def forward(self, x: Any) -> Any:
        return x * x

    def backward(self, g: Any, x: Any) -> Any:
        return (2 * x * np.clip(g, -5, 5),)


@wrong("rounds its gradient to float16", normal(ONE))
class Rounds(Op):
    keep = (0,)

    def forward(self, x: Any) -> Any:
        return x * x

    def backward(self, g: Any, x: Any) -> Any:
        return ((2 * x * g).astype(np.float16).astype(x.dtype),)


@wrong("ignores the sign of what comes in", normal(ONE))
class IgnoresSign(Op):
    keep = (0,)

    def forward(self, x: Any) -> Any:
        return x * x

    def backward(self, g: Any, x: Any) -> Any:
        return (2 * x * abs(g),)


class Aliased(Op):
    """Wrong where its two operands are one array."""

    def forward(self, a: Any, b: Any) -> Any:
        self.__dict__["same"] = a is b or np.shares_memory(a, b)
        return a + 2 * b

    def backward(self, g: Any) -> Any:
        return (g, g) if self.__dict__["same"] else (g, 2 * g)


WRONG["one array as two operands"] = Wrong(lambda a, b: Aliased()(a, b), normal((4,), (4,)), op=None)

STATE: dict[str, Any] = {}


@wrong("second walk gives half", normal(ONE))
class SecondWalk(Op):
    keep = (0,)

    def forward(self, x: Any) -> Any:
        STATE["walks"] = 0
        return x * x

    def backward(self, g: Any, x: Any) -> Any:
        STATE["walks"] += 1
        return (2 * x * g / min(STATE["walks"], 2),)


for made in ("writes to its input", "writes to the gradient that comes in", "writes to what it kept",
             "one buffer for all its gradients", "reads memory as if it were contiguous",
             "result depends on strides", "clips its gradient at 5", "rounds its gradient to float16",
             "ignores the sign of what comes in", "second walk gives half"):  # fmt: skip
    kind = WRONG[made].fn
    WRONG[made].op = kind.__name__
    WRONG[made].fn = lambda x, kind=kind: kind()(x)
# What is written shows only where something else reads it afterwards.
WRONG["writes to the gradient that comes in"].fn = lambda x: WritesToGradient()(x) + x
WRONG["one buffer for all its gradients"].fn = lambda x: OneBuffer()(x) + OneBuffer()(x) * 3


# --------------------------------------------------------------------------- the graph
def cut(
    name: str, fn: Callable[..., Any], points: Callable[[Rng], Any], order: int = 1, op: str | None = "Mul"
) -> None:
    """A function that takes something out of the graph."""
    WRONG[name] = Wrong(fn, points, op=op, order=order)


cut("a factor detached", lambda x: x * x.detach(), normal(ONE))
cut("a factor as an array", lambda x: x * np.exp(x.numpy()), normal(ONE))
cut("a mean detached", lambda x: (x - x.mean().detach()) ** 2, normal(ONE), op="Sub")
cut(
    "a mask that scales",
    lambda x: x * (1.0 + x.numpy() * (x.numpy() > 0)),
    lambda rng: (rng.uniform(0.5, 1, 4),),
)
cut("made anew in the middle", lambda x: Tensor(F.sin(x).numpy()) * x, normal(ONE))

# --------------------------------------------------------------------------- the second derivative alone


def second(name: str, forward: Any, backward: Any) -> None:
    """Right at first order, wrong at second."""
    rule(name, normal(ONE), forward, backward, order=2)


def held(x: Any) -> Any:
    return x.numpy() if isinstance(x, Tensor) else x


second("slope taken as a constant", lambda x: x * x, lambda g, x: g * 2 * held(x))
second("half of the slope taken as a constant", lambda x: x**3, lambda g, x: g * 3 * x * held(x))
second("tanh with a constant inside", np.tanh, lambda g, x: g * (1 - np.tanh(held(x)) * np.tanh(x)))
second("exp as a constant", np.exp, lambda g, x: g * np.exp(held(x)))

# --------------------------------------------------------------------------- what no look at a point can see
rule("wrong beyond 100, looked at below", normal(ONE), lambda x: x * x, lambda g, x: g * 2 * x * np.where(abs(x) > 100, 2, 1),
     reason="the point holds no element beyond 100; strategies that draw large numbers find it")  # fmt: skip
rule("wrong above 1,000 elements, looked at with 5", normal(ONE), lambda x: x * x, lambda g, x: g * 2 * x * (2 if x.size > 1000 else 1),
     reason="the point has 5 elements; strategies that draw large arrays find it")  # fmt: skip
rule("wrong at exactly 3", normal(ONE), lambda x: x * x, lambda g, x: np.where(x == 3, 0, g * 2 * x),
     reason="a set of measure zero that the point does not hold")  # fmt: skip
rule("off by 1e-9", normal(ONE), lambda x: x * x, lambda g, x: g * x * (2 + 2e-9),
     reason="less than rtol = 1e-7; a difference of this size is rounding in many right functions")  # fmt: skip
rule("wrong in 1 of 1,000 calls", normal(ONE), lambda x: x * x, lambda g, x: g * 2 * x,
     reason="no call of a check need be the one")  # fmt: skip
