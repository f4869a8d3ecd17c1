"""Right functions at points where a check of gradients is easily wrong: kinks, scales, types."""
# ruff: noqa: E501  (tables, one row a line)

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import grad, nn

Rng = np.random.Generator
Points = Callable[[Rng], tuple[np.ndarray, ...]]

#: Name -> a function, and what draws its inputs.
RIGHT: dict[str, tuple[Callable[..., Any], Points]] = {}


def normal(*shape: int, scale: float = 1.0, shift: float = 0.0, dtype: Any = np.float64) -> Points:
    """One array of normal numbers."""
    return lambda rng: ((rng.normal(size=shape) * scale + shift).astype(dtype),)


def near(*centres: float, dtype: Any = np.float64) -> Points:
    """Numbers at all distances from 1e-12 to 1e-1 of some centres, on both sides."""

    def draw(rng: Rng) -> tuple[np.ndarray, ...]:
        distances = 10.0 ** rng.uniform(-12, -1, 6) * rng.choice([-1, 1], 6)
        return ((rng.choice(centres, 6) + distances).astype(dtype),)

    return draw


def scaled(low: float, high: float, positive: bool = False) -> Points:
    """Numbers whose magnitudes lie between two powers of ten."""

    def draw(rng: Rng) -> tuple[np.ndarray, ...]:
        x = 10.0 ** rng.uniform(low, high, 5)
        return (x if positive else x * rng.choice([-1, 1], 5),)

    return draw


# --------------------------------------------------------------------------- element by element
KINKS: dict[str, tuple[Callable[..., Any], tuple[float, ...]]] = {
    "relu": (F.relu, (0,)), "abs": (F.abs, (0,)), "leaky_relu": (F.leaky_relu, (0,)), "elu": (F.elu, (0,)),
    "selu": (F.selu, (0,)), "celu": (lambda x: F.celu(x, 0.5), (0,)), "relu6": (F.relu6, (0, 6)),
    "hardtanh": (F.hardtanh, (-1, 1)), "hardsigmoid": (F.hardsigmoid, (-3, 3)),
    "hardswish": (F.hardswish, (-3, 3)), "softsign": (F.softsign, (0,)),
    "clip": (lambda x: F.clip(x, -0.5, 0.5), (-0.5, 0.5)), "huber": (lambda x: F.huber_loss(x, x * 0), (-1, 1)),
    "smooth l1": (lambda x: F.smooth_l1_loss(x, x * 0), (-1, 0, 1)), "l1": (lambda x: F.l1_loss(x, x * 0), (0,)),
    "where": (lambda x: F.where(x > 0, x * x, -x), (0,)), "sign times x": (lambda x: F.sign(x) * x, (0,)),
    "maximum with a constant": (lambda x: F.maximum(x, 0.25), (0.25,)),
}  # fmt: skip
SMOOTH: dict[str, Callable[..., Any]] = {
    "gelu": F.gelu, "silu": F.silu, "mish": F.mish, "softplus": F.softplus, "tanh": F.tanh,
    "sigmoid": F.sigmoid, "exp": lambda x: F.exp(-x * x), "sin": F.sin, "cos": F.cos, "erf": F.erf,
    "arctan": F.arctan, "square": F.square, "cube": lambda x: x**3, "expm1": lambda x: F.expm1(-F.abs(x) - 1),
    "logistic loss": lambda x: F.softplus(-x), "rational": lambda x: x / (1 + x * x),
}  # fmt: skip
POSITIVE: dict[str, Callable[..., Any]] = {
    "log": F.log, "sqrt": F.sqrt, "reciprocal": F.reciprocal, "log1p": F.log1p, "power": lambda x: x**1.5,
    "log10": F.log10, "inverse root": lambda x: x**-0.5, "x log x": lambda x: x * F.log(x), "cbrt": lambda x: x ** (1 / 3),
}  # fmt: skip

for name, (function, centres) in KINKS.items():
    RIGHT[f"{name}, near its kinks"] = function, near(*centres)
    RIGHT[f"{name}, at its kinks"] = function, lambda rng, c=centres: (np.array([*c, rng.normal() + 9.0]),)
    RIGHT[f"{name}, float32"] = function, near(*centres, dtype=np.float32)
    RIGHT[f"{name}, float16"] = function, near(*centres, dtype=np.float16)
for name, function in SMOOTH.items():
    RIGHT[f"{name}, tiny"] = function, scaled(-12, -3)
    RIGHT[f"{name}, large"] = function, scaled(0, 3)
    RIGHT[f"{name}, huge"] = function, scaled(4, 7)
    RIGHT[f"{name}, float32"] = function, normal(5, scale=3, dtype=np.float32)
    RIGHT[f"{name}, float16"] = function, normal(5, scale=3, dtype=np.float16)
for name, function in POSITIVE.items():
    RIGHT[f"{name}, tiny"] = function, scaled(-11, -3, positive=True)
    RIGHT[f"{name}, all scales"] = function, scaled(-9, 9, positive=True)
    RIGHT[f"{name}, huge"] = function, scaled(6, 20, positive=True)
    RIGHT[f"{name}, float32"] = function, lambda rng: (10.0 ** rng.uniform(-3, 3, 5).astype(np.float32),)


def right(name: str, points: Points) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter the decorated function."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        RIGHT[name] = function, points
        return function

    return enter


# --------------------------------------------------------------------------- cancellation
for dtype in (np.float64, np.float32):
    what = np.dtype(dtype).name
    for mean in (1.0, 100.0, 1e4):
        RIGHT[f"E[x²] - E[x]² at mean {mean:g}, {what}"] = (
            lambda x: (x * x).mean() - x.mean() ** 2, normal(8, shift=mean, dtype=dtype))  # fmt: skip
    RIGHT[f"variance at mean 1000, {what}"] = F.var, normal(8, shift=1e3, dtype=dtype)
    RIGHT[f"softmax far apart, {what}"] = F.softmax, normal(6, scale=30, dtype=dtype)
    RIGHT[f"log-softmax far apart, {what}"] = F.log_softmax, normal(6, scale=300, dtype=dtype)
    RIGHT[f"logsumexp far apart, {what}"] = F.logsumexp, normal(6, scale=100, dtype=dtype)
    RIGHT[f"cross entropy, sure, {what}"] = (
        lambda x: F.cross_entropy(x, np.array([0, 2])), normal(2, 3, scale=40, dtype=dtype))  # fmt: skip
    RIGHT[f"layer norm of nearly equal numbers, {what}"] = (
        lambda x: F.layer_norm(x, (4,)), normal(2, 4, scale=1e-3, shift=5, dtype=dtype))  # fmt: skip
    RIGHT[f"layer norm of zeros, {what}"] = (
        lambda x: F.layer_norm(x, (4,)),
        normal(2, 4, scale=0, dtype=dtype),
    )
    RIGHT[f"batch norm of nearly equal numbers, {what}"] = (
        lambda x: F.batch_norm(x, None, None, training=True), normal(4, 3, scale=1e-2, shift=1, dtype=dtype))  # fmt: skip
    RIGHT[f"bce with logits, sure, {what}"] = (
        lambda x: F.binary_cross_entropy_with_logits(x, np.array([0, 1, 1, 0], x.dtype)), normal(4, scale=50, dtype=dtype))  # fmt: skip
    RIGHT[f"difference of large sums, {what}"] = (
        lambda x: (x + 1e3).sum() - (x * 0.5 + 1e3).sum(), normal(9, dtype=dtype))  # fmt: skip
    RIGHT[f"norm far from 1, {what}"] = F.norm, normal(5, scale=1e-4, dtype=dtype)
    RIGHT[f"product of many, {what}"] = F.prod, normal(7, scale=2, dtype=dtype)
    RIGHT[f"matmul, {what}"] = lambda a, b: a @ b, lambda rng, t=dtype: (
        rng.normal(size=(3, 40)).astype(t), rng.normal(size=(40, 2)).astype(t))  # fmt: skip
    RIGHT[f"convolution, {what}"] = lambda x, w: F.conv2d(x, w, padding=1), lambda rng, t=dtype: (
        rng.normal(size=(1, 2, 5, 5)).astype(t), rng.normal(size=(2, 2, 3, 3)).astype(t))  # fmt: skip

RIGHT["(1 - cos x) / x²"] = lambda x: (1 - F.cos(x)) / x**2, scaled(-9, 0)
RIGHT["sin x / x"] = lambda x: F.sin(x) / x, scaled(-9, 2)
RIGHT["(exp x - 1) / x"] = lambda x: (F.exp(x) - 1) / x, scaled(-9, 0)
RIGHT["log(1 + x) / x"] = lambda x: F.log(1 + x) / x, scaled(-9, 0, positive=True)
RIGHT["sqrt(1 + x) - 1"] = lambda x: F.sqrt(1 + x) - 1, scaled(-12, 0, positive=True)
RIGHT["sqrt(x + 1) - sqrt(x), large"] = lambda x: F.sqrt(x + 1) - F.sqrt(x), scaled(3, 14, positive=True)
RIGHT["naive logsumexp, large"] = lambda x: F.log(F.exp(x).sum()), normal(4, shift=600)
RIGHT["sin of very large"] = F.sin, scaled(8, 20)
RIGHT["tan near its poles"] = F.tan, near(np.pi / 2)
RIGHT["arcsin near 1"] = F.arcsin, lambda rng: (1 - 10.0 ** rng.uniform(-9, -1, 4),)
RIGHT["arctan2 near 0"] = (
    F.arctan2,
    lambda rng: (10.0 ** rng.uniform(-9, 0, 3), -(10.0 ** rng.uniform(-9, 0, 3))),
)
RIGHT["fast oscillation"] = lambda x: F.sin(1e4 * x), normal(4)
RIGHT["very fast oscillation"] = lambda x: F.sin(1e7 * x), normal(4)
RIGHT["steep sigmoid"] = lambda x: F.sigmoid(1e5 * x), normal(4, scale=1e-5)
RIGHT["narrow bump"] = lambda x: F.exp(-((x * 1e4) ** 2)), normal(4, scale=1e-4)
RIGHT["flat: sigmoid far out"] = F.sigmoid, normal(4, shift=800)
RIGHT["flat: exp of very negative"] = F.exp, normal(4, shift=-900)
RIGHT["constant"] = lambda x: x * 0 + 3, normal(4)
RIGHT["large constant and a small slope"] = lambda x: 1e6 + 1e-6 * x, normal(4)
RIGHT["tiny values"] = lambda x: 1e-30 * F.sin(x), normal(4)
RIGHT["huge values"] = lambda x: 1e30 * F.sin(x), normal(4)
RIGHT["polynomial of high degree"] = lambda x: x**20, normal(4)
RIGHT["near a double root"] = lambda x: (x - 1) ** 2 * (x + 2), near(1)

# --------------------------------------------------------------------------- ties, and many kinks


def tied(rng: Rng) -> tuple[np.ndarray, ...]:
    return (rng.integers(0, 3, (1, 1, 4, 4)).astype(float),)


def nearly_tied(rng: Rng) -> tuple[np.ndarray, ...]:
    return (np.repeat(rng.normal(size=8), 2).reshape(1, 1, 4, 4) + rng.normal(size=(1, 1, 4, 4)) * 1e-7,)


for name, points in {"tied": tied, "nearly tied": nearly_tied}.items():
    RIGHT[f"max-pool, {name}"] = lambda x: F.max_pool2d(x, 2), points
    RIGHT[f"maximum of an axis, {name}"] = lambda x: x.max(axis=-1), points
    RIGHT[f"minimum of an axis, {name}"] = lambda x: x.min(axis=-1), points
    RIGHT[f"sort, {name}"] = lambda x: F.sort(x, axis=-1) * np.arange(4.0), points
    RIGHT[f"maximum of two, {name}"] = lambda x: F.maximum(x, F.flip(x, axis=-1)), points
    RIGHT[f"norm of differences, {name}"] = lambda x: F.norm(x - F.flip(x, axis=-1)), points
RIGHT["many relus"] = lambda x: F.relu(x).sum(), normal(300)
RIGHT["many relus on a grid"] = lambda x: F.relu(x).sum(), lambda rng: (np.round(rng.normal(size=80), 1),)
RIGHT["norm at 0"] = F.norm, normal(4, scale=0)
RIGHT["sqrt at 0"] = F.sqrt, lambda rng: (np.array([0.0, rng.uniform(1, 2)]),)
RIGHT["median filter"] = lambda x: F.sort(x)[2], normal(5)
RIGHT["relu network, float32"] = (
    lambda x, w: F.relu(F.relu(x @ w) @ w).sum(),
    lambda rng: (rng.normal(size=(4, 6)).astype("f4"), rng.normal(size=(6, 6)).astype("f4")))  # fmt: skip
RIGHT["steps"] = lambda x: F.floor(x) * 2 + x, normal(5, scale=5)
RIGHT["prod with zeros"] = F.prod, lambda rng: (np.where(rng.random(5) < 0.3, 0, rng.normal(size=5)),)
RIGHT["cumprod with zeros"] = F.cumprod, lambda rng: (np.where(rng.random(5) < 0.3, 0, rng.normal(size=5)),)
RIGHT["empty"] = lambda x: F.exp(x).sum(), normal(0, 3)
RIGHT["one number"] = F.exp, lambda rng: (np.array(rng.normal()),)

# --------------------------------------------------------------------------- whole layers and odd calls
LAYER = nn.Sequential(
    nn.Linear(4, 8, rng=0, dtype=np.float64), nn.GELU(), nn.Linear(8, 2, rng=1, dtype=np.float64)
)
RIGHT["a network"] = LAYER, normal(3, 4)
RIGHT["a network on float16 inputs scaled"] = (
    lambda x: F.softmax(x * 4).log().sum(),
    normal(3, 4, dtype=np.float16),
)
RIGHT["attention"] = (
    lambda q, k, v: F.softmax(q @ k.T / 2.0) @ v,
    lambda rng: tuple(rng.normal(size=(3, 4)) * 3 for _ in range(3)))  # fmt: skip
RIGHT["reversed memory"] = lambda x: F.tanh(x) * np.arange(5), lambda rng: (rng.normal(size=5)[::-1],)
RIGHT["transposed memory"] = lambda x: F.tanh(x).sum(axis=0), lambda rng: (rng.normal(size=(3, 4)).T,)
RIGHT["broadcast memory"] = F.exp, lambda rng: (np.broadcast_to(rng.normal(size=3), (2, 3)),)
RIGHT["dropout with a seed"] = lambda x: F.dropout(x, 0.5, rng=3), normal(12)
RIGHT["tuple of results"] = lambda x: (F.sin(x), F.relu(x).sum()), normal(4)
RIGHT["two of the same shape"] = (
    lambda a, b: a / (1 + b * b),
    lambda rng: (rng.normal(size=3), rng.normal(size=3)),
)
RIGHT["difference of inputs, not defined where they are equal"] = (
    lambda a, b: 1 / (a - b), lambda rng: (rng.normal(size=3), rng.normal(size=3) + 9))  # fmt: skip


@right("gradient penalty", normal(3))
def gradient_penalty(x: Any) -> Any:
    return (grad((F.tanh(x) * x).sum(), x, create_graph=True) ** 2).sum()


@right("a fixed point by iteration", normal(3))
def fixed_point(x: Any) -> Any:
    y = x
    for _ in range(20):
        y = F.cos(y * 0.3 + x)
    return y


# --------------------------------------------------------------------------- 0 at the point, and steep within 1e-8
RIGHT["a direction, lengths from 1e-8 on, of nothing"] = (
    lambda x: x / F.maximum(F.abs(x), 1e-8),
    lambda rng: (np.zeros((2, 3)),),
)
RIGHT["clipped within 1e-8, of nothing"] = (lambda x: F.clip(x * 1e8, -1, 1), lambda rng: (np.zeros(4),))

# --------------------------------------------------------------------------- losses, unrolls and strides as users write them
RIGHT["a total variation of flat pieces"] = (
    lambda x: F.abs(x[1:] - x[:-1]).sum(),
    lambda rng: (np.repeat(rng.normal(size=3), 3),),
)
RIGHT["an entropy of sure logits"] = (
    lambda x: -(F.softmax(x, -1) * F.log_softmax(x, -1)).sum(),
    normal(2, 4, scale=30.0),
)
RIGHT["a root mean square norm of tiny rows"] = (
    lambda x: x / F.sqrt((x * x).mean(-1, keepdims=True) + 1e-6),
    normal(3, 4, scale=1e-5),
)
RIGHT["a mean of many squares, float16"] = (lambda x: (x * x).mean(), normal(2000, dtype=np.float16))
RIGHT["rows in steps and backwards"] = (lambda x: (x[::2, ::-1] ** 2).sum(0), normal(4, 3))
RIGHT["a geometric mean over twelve decades"] = (
    lambda x: F.exp(F.log(x).mean()),
    scaled(-6, 6, positive=True),
)
