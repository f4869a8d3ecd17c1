"""Right functions of more kinds at hostile points: compositions, selections, losses, matrices, images."""
# ruff: noqa: E501  (tables, one row a line)

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import Tensor, nn
from tinygrad_cnn import functional as F

Rng = np.random.Generator
Points = Callable[[Rng], tuple[np.ndarray, ...]]

#: Name -> a function, and what draws its inputs.
COMPOSED: dict[str, tuple[Callable[..., Any], Points]] = {}


def normal(*shapes: Any, scale: float = 1.0, shift: float = 0.0, dtype: Any = np.float64) -> Points:
    """Arrays of normal numbers."""
    return lambda rng: tuple((rng.normal(size=s) * scale + shift).astype(dtype) for s in shapes)


def mixed(low: float, high: float, *shapes: Any, positive: bool = False, dtype: Any = np.float64) -> Points:
    """Arrays of numbers whose magnitudes lie between two powers of ten."""

    def draw(rng: Rng) -> tuple[np.ndarray, ...]:
        arrays = [10.0 ** rng.uniform(low, high, s) for s in shapes]
        return tuple((x if positive else x * rng.choice([-1, 1], x.shape)).astype(dtype) for x in arrays)

    return draw


def close(*shapes: Any, gap: float = 1e-7) -> Points:
    """Arrays of few values, nearly the same again and again."""

    def draw(rng: Rng) -> tuple[np.ndarray, ...]:
        gaps = (gap * 10.0 ** rng.uniform(-5, 5, s) * rng.choice([-1, 0, 1], s) for s in shapes)
        return tuple(rng.integers(-2, 3, e.shape) + e for e in gaps)

    return draw


def add(name: str, function: Callable[..., Any], *points: Points) -> None:
    """Enter a function, once for each way of drawing its inputs."""
    for number, draw in enumerate(points):
        COMPOSED[name if len(points) == 1 else f"{name}, points {number}"] = function, draw


F4, F2 = np.float32, np.float16
LINE, ROWS, CUBE, IMAGE = (6,), (3, 4), (2, 3, 4), (1, 2, 5, 5)


# fmt: off
# --------------------------------------------------------------------------- compositions of scales
add("log of a softmax", lambda x: F.log(F.softmax(x)), normal(LINE, scale=10), normal(LINE, scale=3, dtype=F4))
add("softmax of a softmax", lambda x: F.softmax(50 * F.softmax(x)), normal(LINE), normal(LINE, dtype=F4))
add("softmin far apart", lambda x: F.softmin(x), normal(LINE, scale=40), normal(LINE, scale=20, dtype=F4))
add("tanh of tanh, steep", lambda x: F.tanh(30 * F.tanh(30 * x)), mixed(-6, 0, LINE), mixed(-4, 0, LINE, dtype=F4))
add("exp of exp", lambda x: F.exp(F.exp(x)), normal(LINE, scale=1.5), normal(LINE, dtype=F4))
add("exp of minus exp", lambda x: F.exp(-F.exp(x)), normal(LINE, scale=4))
add("log of log", lambda x: F.log(F.log(x)), lambda rng: (1 + 10.0 ** rng.uniform(-10, 3, 6),))
add("log of cosh by its terms", lambda x: F.log(F.cosh(x)), normal(LINE, scale=50), normal(LINE, scale=5, dtype=F4))
add("x - sin x", lambda x: x - F.sin(x), mixed(-8, 1, LINE), mixed(-4, 1, LINE, dtype=F4))
add("tanh x - x", lambda x: F.tanh(x) - x, mixed(-8, 1, LINE))
add("1 - tanh²", lambda x: 1 - F.tanh(x) ** 2, normal(LINE, scale=8), normal(LINE, scale=4, dtype=F4))
add("sigmoid times its complement", lambda x: F.sigmoid(x) * (1 - F.sigmoid(x)), normal(LINE, scale=15), normal(LINE, scale=6, dtype=F4))
add("sqrt(x² + eps) - eps", lambda x: F.sqrt(x * x + 1e-12) - 1e-6, mixed(-9, 1, LINE))
add("hypot with a tiny partner", lambda a, b: F.hypot(a, b), lambda rng: (rng.normal(size=4), 10.0 ** rng.uniform(-12, -3, 4)))
add("difference of squares", lambda a, b: a * a - b * b, lambda rng: (x := rng.normal(size=5) * 1e4, x + rng.normal(size=5) * 1e-4))
add("quotient of nearly equal", lambda a, b: (a - b) / (a + b), lambda rng: (x := rng.uniform(1, 2, 5), x + rng.normal(size=5) * 1e-8))
add("a zero divided by a tiny", lambda a, b: a / b, lambda rng: (np.zeros(4), 10.0 ** rng.uniform(-12, -2, 4)))
add("x^x", lambda x: F.exp(x * F.log(x)), mixed(-8, 1, LINE, positive=True))
add("powers of both", lambda a, b: a**b, lambda rng: (10.0 ** rng.uniform(-3, 2, 5), rng.normal(size=5) * 4))
add("polynomial with large cancelling terms", lambda x: x**3 - 3e3 * x**2 + 3e6 * x - 1e9, normal(LINE, shift=1e3))
add("Chebyshev by recurrence", lambda x: 2 * x * (2 * x * (2 * x * x - 1) - x) - (2 * x * x - 1), lambda rng: (rng.uniform(-1, 1, 6),))
add("a Gaussian's tail", lambda x: F.exp(-0.5 * x * x) * 0.3989422804014327, normal(LINE, scale=9))
add("log of an erf's rest", lambda x: F.log(1 - F.erf(x)), lambda rng: (rng.uniform(0, 3.5, 5),))
add("erfinv near 1", F.erfinv, lambda rng: (rng.choice([-1, 1], 5) * (1 - 10.0 ** rng.uniform(-6, -1, 5)),))
add("lgamma near its poles", F.lgamma, lambda rng: (rng.integers(-3, 1, 4) + 10.0 ** rng.uniform(-6, -1, 4),), mixed(-5, 5, LINE, positive=True))
add("digamma", F.digamma, mixed(-4, 4, LINE, positive=True))
add("sinc", F.sinc, close((6,), gap=1e-5), mixed(-9, 2, LINE))
add("logit near 0 and 1", lambda p: F.log(p) - F.log(1 - p), lambda rng: (10.0 ** rng.uniform(-9, -0.3, 4),))
add("entropy of unlikely things", lambda p: -(p * F.log(p)).sum(), mixed(-12, -1, LINE, positive=True))
add("xlogy at 0", lambda x, y: F.xlogy(x, y), lambda rng: (np.array([0.0, 1e-9, 2.0]), rng.uniform(1e-3, 2, 3)))
add("angles by arctan2 across the cut", lambda y, x: F.arctan2(y, x), lambda rng: (rng.choice([-1, 1], 4) * 10.0 ** rng.uniform(-9, -3, 4), -rng.uniform(0.5, 2, 4)))
add("arccosh near 1", F.arccosh, lambda rng: (1 + 10.0 ** rng.uniform(-9, 2, 5),))
add("arctanh near 1", F.arctanh, lambda rng: (rng.choice([-1, 1], 5) * (1 - 10.0 ** rng.uniform(-9, -1, 5)),))
add("logaddexp far apart", F.logaddexp, normal(LINE, LINE, scale=200), normal(LINE, LINE, scale=30, dtype=F4))

# --------------------------------------------------------------------------- sums, scans, statistics
add("variance of a scaled cumsum", lambda x: F.var(F.cumsum(x)), normal((20,), shift=3), normal((12,), dtype=F4))
add("standard deviation of nearly equal", lambda x: F.std(x), normal((6,), scale=1e-6, shift=1), normal((6,), scale=0, shift=1))
add("logcumsumexp far apart", lambda x: F.logcumsumexp(x), normal((7,), scale=60), normal((7,), scale=20, dtype=F4))
add("cummax of close numbers", lambda x: F.cummax(x), close((7,)))
add("a sum of huge and tiny", lambda x: x.sum() ** 2, mixed(-8, 8, (9,)), mixed(-3, 3, (9,), dtype=F4))
add("an alternating sum", lambda x: (x * (-1.0) ** np.arange(10)).sum() ** 3, normal((10,), shift=1e5))
add("mean of products less product of means", lambda a, b: (a * b).mean() - a.mean() * b.mean(), normal((9,), (9,), shift=300), normal((9,), (9,), shift=30, dtype=F4))
add("correlation", lambda a, b: ((a - a.mean()) * (b - b.mean())).sum() / (F.norm(a - a.mean()) * F.norm(b - b.mean())), normal((8,), (8,), shift=10), normal((8,), (8,), dtype=F4))
add("skewness", lambda x: (((x - x.mean()) / x.std()) ** 3).mean(), normal((9,)), normal((9,), shift=100), normal((9,), dtype=F4))
add("geometric mean", lambda x: F.exp(F.log(x).mean()), mixed(-9, 9, LINE, positive=True))
add("harmonic mean", lambda x: 1 / (1 / x).mean(), mixed(-6, 6, LINE, positive=True))
add("quantile between", lambda x: F.quantile(x, 0.3), close((7,)), normal((9,)), normal((9,), dtype=F4))
add("median of an even number", lambda x: F.median(x), close((6,)), normal((6,)))
add("norm of order 3", lambda x: F.norm(x, 3), mixed(-9, 2, LINE), normal(LINE, dtype=F4))
add("norm of order 1", lambda x: F.norm(x, 1), close(LINE), normal(LINE))
add("largest norm", lambda x: F.norm(x, np.inf), close(LINE), normal(LINE, dtype=F4))
add("range of values", lambda x: x.max() - x.min(), close((6,)), normal((6,), dtype=F4))
add("product of rows with zeros", lambda x: F.prod(x, axis=1), lambda rng: (rng.integers(-1, 2, ROWS) * rng.normal(size=ROWS),))
add("cumulative product of small", lambda x: F.cumprod(x), mixed(-3, 1, (7,)), mixed(-1, 1, (7,), dtype=F4))
add("differences of a smooth row", lambda x: (F.diff(x) ** 2).sum(), lambda rng: (np.sin(np.arange(9) * 1e-4) + rng.normal() * 3,))

# --------------------------------------------------------------------------- selections
add("top three", lambda x: F.topk(x, 3)[0] * np.arange(1.0, 4), close((7,)), normal((7,)))
add("sorted and weighed", lambda x: (F.sort(x) * np.arange(6.0)).sum() ** 2, normal((6,), scale=1e-5), normal((6,), dtype=F4))
add("repeated picks", lambda x: F.exp(F.take(x, [0, 0, 2, 5, 2])), normal((6,), scale=5), normal((6,), dtype=F4))
add("take along an axis", lambda x: F.tanh(F.take_along_axis(x, np.array([[0, 0, 3], [1, 2, 1], [3, 3, 3]]), 1)), normal(ROWS, scale=4))
add("scatter of many to one", lambda x, v: F.scatter_add(x, np.array([0, 0, 1, 0]), v, 0) ** 2, normal((3,), (4,), scale=100), normal((3,), (4,), dtype=F4))
add("where with a safe root", lambda x: F.where(x > 0, F.sqrt(F.where(x > 0, x, 1.0)), 0.0), mixed(-10, 2, LINE))
add("masked filling", lambda x: F.softmax(F.masked_fill(x, np.array([0, 1, 0, 0, 1, 0], bool), -1e9)), normal(LINE, scale=10), normal(LINE, dtype=F4))
add("piecewise quadratic and linear", lambda x: F.where(F.abs(x) < 1, 0.5 * x * x, F.abs(x) - 0.5), close(LINE), normal(LINE, scale=2, dtype=F4))
add("a hat", lambda x: F.maximum(1 - F.abs(x), 0.0), close(LINE), normal(LINE, dtype=F4))
add("maxout", lambda x: F.max(x.reshape(3, 2), axis=1) ** 2, close((6,)), normal((6,), dtype=F2))
add("minimum of maximum", lambda a, b: F.minimum(F.maximum(a, b), 1.0), close(LINE, LINE), normal(LINE, LINE))
add("remainder", lambda x: F.remainder(x, 2.0) ** 2, normal(LINE, scale=50))
add("triangle wave", lambda x: F.abs(F.remainder(x, 2.0) - 1), normal(LINE, scale=10))
add("a rounding straight through none", lambda x: x + 0 * F.round(x), normal(LINE, scale=3))
add("hard and soft shrinkage", lambda x: F.softshrink(x) + F.hardshrink(x) * 2, normal(LINE), lambda rng: (rng.choice([-0.5, 0.5], 6) + rng.normal(size=6) * 1e-6,))
add("prelu", lambda x, w: F.prelu(x, w), lambda rng: (rng.normal(size=(2, 3)) * 1e-5, rng.normal(size=3)))
add("glu", F.glu, normal((6,), scale=30), normal((6,), dtype=F4))
add("copysign", lambda x: F.copysign(x, -1.0) * x, mixed(-9, 1, LINE))

# --------------------------------------------------------------------------- norms and distances
add("rms norm of tiny", lambda x: F.rms_norm(x, (4,)), mixed(-12, -4, ROWS), normal(ROWS, dtype=F4), normal(ROWS, scale=0))
add("group norm", lambda x: F.group_norm(x, 2), normal((2, 4, 3), scale=1e-3, shift=1), normal((2, 4, 3), dtype=F4))
add("instance norm", lambda x: F.instance_norm(x), normal((2, 2, 4), shift=50), normal((2, 2, 4), dtype=F4))
add("local response norm", lambda x: F.local_response_norm(x, 3), normal((1, 5, 3), scale=10), normal((1, 5, 3), dtype=F4))
add("normalised vectors near 0", lambda x: F.normalize(x), mixed(-14, 0, ROWS), normal(ROWS, dtype=F4))
add("cosine of nearly parallel", lambda a, b: F.cosine_similarity(a, b), lambda rng: (x := rng.normal(size=(2, 4)), x * 3 + rng.normal(size=(2, 4)) * 1e-5))
add("distances of close points", lambda a, b: F.cdist(a, b), lambda rng: (x := rng.normal(size=(3, 2)), x[::-1] + rng.normal(size=(3, 2)) * 1e-6), normal((3, 2), (2, 2), dtype=F4))
add("distances of points to themselves", lambda x: F.pdist(x), normal((4, 2)), close((4, 2)))
add("batch norm of one value", lambda x: F.batch_norm(x, None, None, training=True), normal((4, 2), scale=1e-9, shift=3))
add("weight norm by hand", lambda v, g: g * v / F.norm(v, axis=1, keepdims=True), normal((3, 4), (3, 1), scale=1e-3), normal((3, 4), (3, 1), dtype=F4))
add("spectral entropy", lambda x: -(F.softmax(x) * F.log_softmax(x)).sum(), normal(LINE, scale=20), normal(LINE, dtype=F4))

# --------------------------------------------------------------------------- losses
T3 = np.array([0, 2, 1])
add("cross entropy with smoothing", lambda x: F.cross_entropy(x, T3, label_smoothing=0.1), normal((3, 3), scale=30), normal((3, 3), scale=10, dtype=F4), normal((3, 3), dtype=F2))
add("nll of log-softmax", lambda x: F.nll_loss(F.log_softmax(x), T3), normal((3, 3), scale=60), normal((3, 3), scale=12, dtype=F4))
add("focal loss by hand", lambda x: -((1 - F.softmax(x)) ** 2 * F.log_softmax(x))[:, 0].sum(), normal((3, 3), scale=6), normal((3, 3), scale=2, dtype=F4))
add("KL of two softmaxes", lambda a, b: F.kl_div(F.log_softmax(a), F.softmax(b)), normal((2, 4), (2, 4), scale=8), normal((2, 4), (2, 4), dtype=F4))
add("binary cross entropy of sure", lambda p: F.binary_cross_entropy(p, np.array([0.0, 1, 1, 0])), lambda rng: (10.0 ** rng.uniform(-9, -0.1, 4),))
add("gaussian likelihood", lambda m, v: F.gaussian_nll_loss(m, np.zeros(4), v), lambda rng: (rng.normal(size=4), 10.0 ** rng.uniform(-4, 2, 4)))
add("poisson likelihood", lambda x: F.poisson_nll_loss(x, np.array([0.0, 3, 1, 9])), normal((4,), scale=5), normal((4,), dtype=F4))
add("hinge of several classes", lambda x: F.multi_margin_loss(x, T3), normal((3, 3)), close((3, 3)))
add("triplets", lambda a, p, n: F.triplet_margin_loss(a, p, n), normal(ROWS, ROWS, ROWS), normal(ROWS, ROWS, ROWS, dtype=F4))
add("angles of pairs", lambda a, b: F.cosine_embedding_loss(a, b, np.array([1.0, -1, 1])), normal(ROWS, ROWS), normal(ROWS, ROWS, scale=1e-6))
add("huber at the joint", lambda x: F.huber_loss(x, np.zeros(6), delta=0.5), lambda rng: (rng.choice([-0.5, 0.5], 6) + rng.normal(size=6) * 10.0 ** rng.uniform(-9, -2, 6),))
add("connectionist loss", lambda x: F.ctc_loss(F.log_softmax(x), np.array([[1, 2, 1]]), np.array([6]), np.array([3])), normal((6, 1, 4), scale=4), normal((6, 1, 4), dtype=F4))
add("contrastive loss of a batch", lambda x: F.cross_entropy(F.normalize(x) @ F.normalize(x).T / 0.07, T3), normal((3, 4)), normal((3, 4), dtype=F4))
add("soft margin", lambda x: F.soft_margin_loss(x, np.array([1.0, -1, 1, -1, 1, 1])), normal(LINE, scale=100), normal(LINE, scale=5, dtype=F4))
add("dice of probabilities", lambda x: 1 - (2 * F.sigmoid(x) * np.array([0, 1, 1, 0, 0, 1.0])).sum() / (F.sigmoid(x).sum() + 3), normal(LINE, scale=10), normal(LINE, dtype=F4))

# --------------------------------------------------------------------------- matrices


def nearly_singular(rng: Rng) -> tuple[np.ndarray, ...]:
    u, v = (np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(2))
    return (u @ np.diag([1, 1e-2, 10.0 ** rng.uniform(-7, -2)]) @ v,)


def covariance(rng: Rng) -> tuple[np.ndarray, ...]:
    x = rng.normal(size=(5, 3))
    return (x.T @ x / 5 + 10.0 ** rng.uniform(-6, 0) * np.eye(3),)


def nearly_equal_eigenvalues(rng: Rng) -> tuple[np.ndarray, ...]:
    q = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    return (q @ np.diag([1, 1 + 10.0 ** rng.uniform(-9, -1), 3]) @ q.T,)


add("determinant near 0", F.det, nearly_singular, normal((3, 3), dtype=F4))
add("log of a determinant", lambda x: F.slogdet(x)[1], nearly_singular, normal((3, 3), dtype=F4))
add("inverse, nearly singular", F.inv, nearly_singular)
add("solving, nearly singular", lambda a: F.solve(a, np.array([1.0, 2, 3])), nearly_singular)
add("cholesky of a covariance", F.cholesky, covariance)
add("eigenvalues nearly equal", F.eigvalsh, nearly_equal_eigenvalues, covariance)
add("sum of squared eigenvalues", lambda x: (F.eigh(x)[0] ** 2).sum(), nearly_equal_eigenvalues)
add("projector of the largest eigenvalue", lambda x: F.eigh(x)[1][:, 2:] @ F.eigh(x)[1][:, 2:].T, nearly_equal_eigenvalues)
add("nuclear norm", lambda x: F.svdvals(x).sum(), nearly_singular, normal((3, 4)))
add("a Rayleigh quotient", lambda x, a: (x @ a @ x) / (x @ x), normal((3,), (3, 3)), normal((3,), (3, 3), scale=1e-4))
add("power of a matrix", lambda x: F.matrix_power(x, 5), normal((3, 3), scale=3), normal((3, 3), dtype=F4))
add("least squares by normal equations", lambda a, b: F.solve(a.T @ a, a.T @ b), normal((5, 2), (5,)), normal((5, 2), (5,), dtype=F4))
add("Mahalanobis distance", lambda x, s: F.sqrt(x @ F.solve(s @ s.T + 1e-3 * np.eye(3), x)), normal((3,), (3, 3)))
add("einsum of three", lambda a, b, c: F.einsum("ij,jk,ki->i", a, b, c), normal((2, 3), (3, 4), (4, 2), scale=20), normal((2, 3), (3, 4), (4, 2), dtype=F4))
add("a Gram matrix's logsumexp", lambda x: F.logsumexp(x @ x.T), normal(ROWS, scale=5), normal(ROWS, dtype=F4))
add("Kronecker and trace", lambda a, b: F.trace(F.kron(a, b)) ** 2, normal((2, 2), (3, 3)))

# --------------------------------------------------------------------------- images, sequences, layers
add("bilinear resizing", lambda x: F.interpolate(x, (7, 3), mode="bilinear"), normal(IMAGE, scale=100), normal(IMAGE, dtype=F4))
add("bicubic resizing", lambda x: F.interpolate(x, (3, 8), mode="bicubic"), normal(IMAGE), normal(IMAGE, dtype=F4))
add("sampling at a grid", lambda x, g: F.grid_sample(x, g), lambda rng: (rng.normal(size=(1, 2, 4, 4)), rng.uniform(-0.9, 0.9, (1, 3, 3, 2))), lambda rng: (rng.normal(size=(1, 1, 4, 4)), rng.integers(-2, 3, (1, 2, 2, 2)) * 0.25))
add("folding what was unfolded", lambda x: F.fold(F.unfold(x, 3) ** 2, (5, 5), 3), normal(IMAGE), normal(IMAGE, dtype=F4))
add("pool of any power", lambda x: F.lp_pool2d(F.abs(x) + 1e-3, 3, 2), normal((1, 2, 4, 4)), normal((1, 2, 4, 4), dtype=F4))
add("max-pool of overlapping windows", lambda x: F.max_pool2d(x, 3, 1), close(IMAGE), normal(IMAGE, dtype=F2))
add("a depthwise convolution", lambda x, w: F.conv2d(x, w, groups=2, padding=1), normal(IMAGE, (2, 1, 3, 3), scale=30), normal(IMAGE, (2, 1, 3, 3), dtype=F4), normal(IMAGE, (2, 1, 3, 3), dtype=F2))
add("a transposed convolution", lambda x, w: F.conv_transpose2d(x, w, stride=2), normal((1, 2, 3, 3), (2, 1, 2, 2)), normal((1, 2, 3, 3), (2, 1, 2, 2), dtype=F4))
add("a Laplacian of a ramp", lambda x: (F.conv2d(x, np.array([[[[0, 1, 0], [1, -4, 1], [0, 1, 0.0]]]])) ** 2).sum(), lambda rng: (np.add.outer(np.arange(5.0), np.arange(5.0)).reshape(1, 1, 5, 5) * 100 + rng.normal(size=(1, 1, 5, 5)) * 1e-3,))
add("reflected padding", lambda x: F.tanh(F.pad(x, ((0, 0), (0, 0), (2, 2), (1, 1)), mode="reflect")), normal(IMAGE, scale=4))
add("pixels shuffled and pooled", lambda x: F.avg_pool2d(F.pixel_shuffle(x, 2), 3) ** 2, normal((1, 4, 3, 3)), normal((1, 4, 3, 3), dtype=F2))
add("a bag of embeddings", lambda w: F.embedding_bag(np.array([[0, 0, 1], [2, 1, 1]]), w) ** 3, normal((3, 4)), normal((3, 4), scale=1e-5), normal((3, 4), dtype=F4))
add("attention, causal and sure", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True), normal(*[(1, 1, 4, 3)] * 3, scale=6), normal(*[(1, 1, 4, 3)] * 3, dtype=F4))
add("an angle's rotation", lambda x, t: F.stack([x[0] * F.cos(t) - x[1] * F.sin(t), x[0] * F.sin(t) + x[1] * F.cos(t)]), lambda rng: (rng.normal(size=2) * 1e3, np.array(rng.normal() * 1e4)))

SMALL = nn.LSTM(3, 4, rng=0, dtype=np.float64)
add("a recurrent layer", lambda x: SMALL(x)[0], normal((5, 2, 3), scale=5), normal((5, 2, 3), scale=1e-6))
NET = nn.Sequential(nn.Conv2d(1, 2, 3, rng=0, dtype=np.float64), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(2, 3, rng=1, dtype=np.float64))
add("a small network's loss", lambda x: F.cross_entropy(NET(x), np.array([1, 2])), normal((2, 1, 5, 5), scale=10), normal((2, 1, 5, 5), scale=0), normal((2, 1, 5, 5), scale=1e-5))


def newton(x: Tensor) -> Tensor:
    """The square root by Newton's steps."""
    y = 1.0 + 0 * x
    for _ in range(12):
        y = 0.5 * (y + x / y)
    return y


def logistic_map(x: Tensor) -> Tensor:
    """Chaotic: an error doubles at each step."""
    for _ in range(12):
        x = 3.9 * x * (1 - x)
    return x


def interpolated(x: Tensor) -> Tensor:
    """A table read between its entries."""
    table = np.array([0.0, 1, 4, 9, 16, 25])
    k = np.clip(np.floor(x.numpy()).astype(int), 0, 4)
    return table[k] + (x - k) * (table[k + 1] - table[k])


def sinkhorn(x: Tensor) -> Tensor:
    """Rows and columns made to sum to 1 in turn."""
    p = F.exp(x)
    for _ in range(5):
        p = p / p.sum(axis=0)
        p = p / p.sum(axis=1, keepdims=True)
    return p


def kepler(x: Tensor) -> Tensor:
    """An energy of two bodies that come close."""
    return 0.5 * (x[2:] ** 2).sum() - 1 / F.norm(x[:2])


add("Newton's square root", newton, mixed(-3, 3, LINE, positive=True))
add("a chaotic map", logistic_map, lambda rng: (rng.uniform(0.1, 0.9, 4),))
add("a table, interpolated", interpolated, lambda rng: (rng.uniform(0, 5, 5),), lambda rng: (np.round(rng.uniform(1, 4, 5)) + rng.choice([-1, 0, 1], 5) * 1e-7,))
add("doubly stochastic by turns", sinkhorn, normal((3, 3), scale=3), normal((3, 3), scale=15))
add("two bodies", kepler, lambda rng: (rng.normal(size=4) * np.array([1e-3, 1e-3, 10, 10]),), normal((4,)))
