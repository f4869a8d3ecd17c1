"""More functions that are wrong in one subtle way each: rules in NumPy, one a line.

They stand in `WRONG` with those of `wrong_functions`, and are made in other frameworks as those are.
"""
# ruff: noqa: E501  (tables, one row a line)

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from verdicts.wrong_functions import WRONG as WRONG
from verdicts.wrong_functions import Rng, held, normal, rule

Points = Callable[[Rng], tuple[np.ndarray, ...]]


def between(low: float, high: float, *shapes: Any) -> Points:
    """Arrays of numbers between two bounds."""
    return lambda rng: tuple(rng.uniform(low, high, shape) for shape in shapes)


def spread(low: float, high: float, count: int = 7) -> Points:
    """Numbers spread over a range, so that all of its parts are met, in any order."""
    step = (high - low) / count
    return lambda rng: (rng.permutation(low + step * (np.arange(count) + rng.uniform(0.2, 0.8, count))),)


LINE, ROWS, SQUARE = (5,), (3, 4), (3, 3)


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-x))


# fmt: off
# --------------------------------------------------------------------------- element by element
rule("softplus taken for linear beyond 3", spread(-2, 5), lambda x: np.log1p(np.exp(x)), lambda g, x: g * np.where(x > 3, 1, sigmoid(x)))
rule("silu without its 1 - s", spread(-2, 3), lambda x: x * sigmoid(x), lambda g, x: g * (sigmoid(x) + x * sigmoid(x)))
rule("log10 with a constant of five digits", between(0.5, 3, LINE), np.log10, lambda g, x: g / x / 2.3026)
rule("arctan without its square", spread(0.5, 3), np.arctan, lambda g, x: g / (1 + x))
rule("arcsin with a wrong sign inside", spread(-0.9, 0.9), np.arcsin, lambda g, x: g / np.sqrt(1 + x * x))
rule("sqrt without its half", between(0.5, 3, LINE), np.sqrt, lambda g, x: g / np.sqrt(x))
rule("cube root by the wrong power", between(1.5, 3, LINE), np.cbrt, lambda g, x: g / 3 * x ** (-1 / 3))
rule("tan without its square", spread(-1.2, 1.2), np.tan, lambda g, x: g * (1 + np.tan(x)))
rule("expm1 taken for its own derivative", spread(-2, 2), np.expm1, lambda g, x: g * np.expm1(x))
rule("log1p taken for log", between(0.5, 2, LINE), np.log1p, lambda g, x: g / x)
rule("an exponent that is off by 1e-4", between(0.5, 2, LINE), lambda x: x**3, lambda g, x: g * 3 * x**2.0001)
rule("elu without its alpha", spread(-2, 2), lambda x: np.where(x > 0, x, 1.5 * np.expm1(x)), lambda g, x: g * np.where(x > 0, 1, np.exp(x)))
rule("hardtanh that lets 1.2 through", spread(-2, 2, 20), lambda x: np.clip(x, -1, 1), lambda g, x: g * (np.abs(x) < 1.2))
rule("clip of one side alone", spread(-2, 2, 9), lambda x: np.clip(x, -1, 1), lambda g, x: g * (x < 1))
rule("sinc that is flat too far", spread(-2, 2, 20), np.sinc, lambda g, x: g * np.where(abs(x) < 0.3, 0, np.cos(np.pi * x) / x - np.sin(np.pi * x) / (np.pi * x * x)))
rule("smooth step without a square", between(0.2, 0.8, LINE), lambda x: 3 * x**2 - 2 * x**3, lambda g, x: g * (6 * x - 6 * x**3))
rule("x |x| with half the slope", normal(LINE), lambda x: x * abs(x), lambda g, x: g * abs(x))
rule("a Gaussian without its 2", spread(-2, 2), lambda x: np.exp(-x * x), lambda g, x: -g * x * np.exp(-x * x))
rule("cosh with the sign of cos", spread(-2, 2), np.cosh, lambda g, x: -g * np.sinh(x))
rule("hypot with its operands swapped", normal(LINE, LINE), np.hypot, lambda g, a, b: (g * b / np.hypot(a, b), g * a / np.hypot(a, b)), 2)
rule("logaddexp with its shares swapped", normal(LINE, LINE), np.logaddexp, lambda g, a, b: (g * sigmoid(b - a), g * sigmoid(a - b)), 2)
rule("remainder's divisor without a gradient", between(1.2, 1.8, LINE, LINE), lambda a, b: np.mod(5 * a, b), lambda g, a, b: (5 * g, 0 * b), 2)
rule("maximum that halves for both", normal(LINE, LINE), np.maximum, lambda g, a, b: (g / 2, g / 2), 2)
rule("where with its sides swapped", normal((9,), (9,)), lambda a, b: np.where(a > 0, a, b), lambda g, a, b: (g * (a <= 0), g * (a > 0)), 2)
rule("arctan2 with both signs plus", normal(LINE, LINE), np.arctan2, lambda g, a, b: (g * b / (a * a + b * b), g * a / (a * a + b * b)), 2)
rule("a gate whose value gets no gradient where it is shut", spread(-3, 3, 12), lambda x: x * sigmoid(4 * x), lambda g, x: g * np.where(x < -1, 0, sigmoid(4 * x) * (1 + 4 * x * (1 - sigmoid(4 * x)))))

# --------------------------------------------------------------------------- reductions, scans, norms
rule("mean over the other axis's length", normal(ROWS), lambda x: x.mean(1), lambda g, x: np.broadcast_to(g[:, None] / 3, x.shape))
rule("variance without its 2", normal(ROWS), lambda x: x.var(1), lambda g, x: g[:, None] * (x - x.mean(1, keepdims=True)) / 4)
rule("standard deviation without 1/n", normal(ROWS), lambda x: x.std(1), lambda g, x: g[:, None] * (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True))
rule("maximum whose gradient goes to the minimum", normal(ROWS), lambda x: x.max(1), lambda g, x: g[:, None] * (x == x.min(1, keepdims=True)))
rule("running maximum to its own place", normal((7,)), np.maximum.accumulate, lambda g, x: g * 1.0)
rule("norms of rows by the norm of all", normal(ROWS), lambda x: np.linalg.norm(x, axis=1), lambda g, x: g[:, None] * x / np.linalg.norm(x))
rule("weighted mean: weights without the mean", between(0.5, 2, LINE, LINE), lambda x, w: (x * w).sum() / w.sum(), lambda g, x, w: (g * w / w.sum(), g * x / w.sum()), 2)
rule("median's gradient to the middle place", normal((5,)), np.median, lambda g, x: g * (np.arange(5) == 2) if np.median(x) != x[2] else g * (np.arange(5) == 1))
rule("sort that is not undone", lambda rng: (np.array([2.0, 0, 1, 4, 3]) + rng.uniform(0, 0.5, 5),), np.sort, lambda g, x: g * 1.0)
rule("difference without its minus", normal(LINE), np.diff, lambda g, x: np.append(0, g) + np.append(g, 0))
rule("softmax of columns with the sum of rows", normal(SQUARE), lambda x: np.exp(x) / np.exp(x).sum(0), lambda g, x: (y := np.exp(x) / np.exp(x).sum(0)) * (g - (g * y).sum(1, keepdims=True)))
rule("log-softmax with the mean for the sum", normal(LINE), lambda x: x - np.log(np.exp(x).sum()), lambda g, x: g - np.exp(x) / np.exp(x).sum() * g.mean())
rule("layer norm without its mean term", normal(ROWS), lambda x: (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True), lambda g, x: (g - (y := (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)) * (g * y).mean(1, keepdims=True)) / x.std(1, keepdims=True))
rule("rms norm without its square", normal(ROWS), lambda x: x / np.sqrt((x * x).mean(1, keepdims=True)), lambda g, x: (g - x * (g * x).mean(1, keepdims=True) / np.sqrt((x * x).mean(1, keepdims=True))) / np.sqrt((x * x).mean(1, keepdims=True)))
rule("normalising without the projection", normal(LINE), lambda x: x / np.linalg.norm(x), lambda g, x: g / np.linalg.norm(x))
rule("cosine whose second length is a constant", normal(LINE, LINE), lambda a, b: a @ b / np.linalg.norm(a) / np.linalg.norm(b), lambda g, a, b: (g * (b / np.linalg.norm(b) - a * (a @ b) / np.linalg.norm(b) / (a @ a)) / np.linalg.norm(a), g * a / np.linalg.norm(a) / np.linalg.norm(b)), 2)
rule("cumulative product not reversed", between(0.5, 2, LINE), np.cumprod, lambda g, x: np.cumsum(g * np.cumprod(x)) / x)
rule("logsumexp of an axis by the sum of all", normal(ROWS), lambda x: np.log(np.exp(x).sum(1)), lambda g, x: g[:, None] * np.exp(x) / np.exp(x).sum())

# --------------------------------------------------------------------------- matrices
rule("a batch whose weight sees the last item", normal((2, 3, 4), (4, 2)), lambda x, w: x @ w, lambda g, x, w: (g @ w.T, x[-1].T @ g[-1]), 2)
rule("product with a transpose, its gradient transposed", normal(SQUARE, SQUARE), lambda a, b: a @ b.T, lambda g, a, b: (g @ b, a.T @ g), 2)
rule("a quadratic form taken for a symmetric one", normal((3,), SQUARE), lambda x, a: x @ a @ x, lambda g, x, a: (2 * g * a @ x, g * np.outer(x, x)), 2)
rule("trace of a product without a transpose", normal(SQUARE, SQUARE), lambda a, b: np.trace(a @ b), lambda g, a, b: (g * b, g * a.T), 2)
rule("solving: the matrix's gradient transposed", lambda rng: (rng.normal(size=(3, 3)) + 3 * np.eye(3), rng.normal(size=3)), np.linalg.solve, lambda g, a, b: (-np.outer(np.linalg.solve(a, b), np.linalg.solve(a.T, g)), np.linalg.solve(a.T, g)), 2)
rule("log of a determinant that forgets what comes in", lambda rng: (rng.normal(size=(3, 3)) + 3 * np.eye(3),), lambda x: np.linalg.slogdet(x)[1], lambda g, x: np.linalg.inv(x).T)
rule("symmetric part not symmetrised", normal(SQUARE), lambda x: (x + x.T) / 2, lambda g, x: g * 1.0)
rule("upper triangle that passes all", normal(SQUARE), np.triu, lambda g, x: g * 1.0)
rule("diagonal beside the diagonal", normal(SQUARE), lambda x: np.diagonal(x).copy(), lambda g, x: np.roll(np.diag(g), 1, axis=1))

# --------------------------------------------------------------------------- places
rule("roll in the same direction", normal(LINE), lambda x: np.roll(x, 2), lambda g, x: np.roll(g, 2))
rule("both axes flipped, one flipped back", normal(SQUARE), lambda x: x[::-1, ::-1] * 1.0, lambda g, x: g[::-1] * 1.0)
rule("padding cropped from the other side", normal(LINE), lambda x: np.pad(x, (2, 1)), lambda g, x: g[1:6])
rule("stacked pieces swapped", normal(LINE, LINE), lambda a, b: np.stack([a, b]), lambda g, a, b: (g[1], g[0]), 2)
rule("repeat undone as if tiled", normal(LINE), lambda x: np.repeat(x, 2), lambda g, x: g.reshape(2, 5).sum(0))
rule("tile undone as if repeated", normal(LINE), lambda x: np.tile(x, 2), lambda g, x: g.reshape(5, 2).sum(1))
rule("every other element, one too late", normal((6,)), lambda x: x[::2] * 1.0, lambda g, x: np.stack([0 * g, g], 1).ravel())
rule("indices from the end taken from the front", normal((6,)), lambda x: x[[-1, 2]], lambda g, x: np.bincount([1, 2], g, 6))
rule("repeated picks averaged", normal((4,)), lambda x: x[[1, 1, 3]], lambda g, x: np.bincount([1, 1, 3], g, 4) / np.maximum(np.bincount([1, 1, 3], minlength=4), 1))
rule("axes of three permuted once more", normal((2, 2, 2)), lambda x: x.transpose(1, 2, 0) * 1.0, lambda g, x: g.transpose(1, 2, 0) * 1.0)

# --------------------------------------------------------------------------- windows and images
rule("linear resizing with its weights swapped", normal((4,)), lambda x: 0.75 * x[:-1] + 0.25 * x[1:], lambda g, x: np.append(0.25 * g, 0) + np.append(0, 0.75 * g))
rule("nearest pixels averaged", normal((2, 2)), lambda x: np.kron(x, np.ones((2, 2))), lambda g, x: g.reshape(2, 2, 2, 2).mean((1, 3)))
rule("maximum of windows spread over them", normal((6,)), lambda x: x.reshape(3, 2).max(1), lambda g, x: np.repeat(g, 2) / 2)
rule("overlapping windows counted once", normal((5,)), lambda x: np.convolve(x, np.ones(2) / 2, "valid"), lambda g, x: np.append(g, g[-1]) / 2)
rule("a strided convolution's kernel at stride 1", normal((7,), (3,)), lambda x, w: np.correlate(x, w, "valid")[::2], lambda g, x, w: (np.convolve(np.insert(g, [1, 2], 0), w), np.array([x[k : k + 3] @ g for k in range(3)])), 2)

# --------------------------------------------------------------------------- losses
LABELS = np.array([0, 2, 1])


def shares(x: Any) -> Any:
    return np.exp(x) / np.exp(x).sum(1, keepdims=True)


rule("cross entropy with the labels of the row before", normal(SQUARE), lambda x: -np.log(shares(x)[[0, 1, 2], LABELS]).mean(), lambda g, x: g * (shares(x) - np.eye(3)[np.roll(LABELS, 1)]) / 3)
rule("cross entropy over the number of classes", normal((2, 3)), lambda x: -np.log(shares(x)[[0, 1], LABELS[:2]]).mean(), lambda g, x: g * (shares(x) - np.eye(3)[LABELS[:2]]) / 3)
rule("mean squared error without its 2", normal(LINE), lambda x: (x * x).mean(), lambda g, x: g * x / 5)
rule("huber with slope 1 beyond", spread(-3, 3), lambda x: np.where(abs(x) < 0.5, x * x / 2, 0.5 * (abs(x) - 0.25)), lambda g, x: g * np.clip(x / 0.5, -1, 1) * np.where(abs(x) < 0.5, 0.5, 1))
rule("binary cross entropy without the weight", normal(LINE), lambda x: 3 * np.log1p(np.exp(-x)) * (np.arange(5) % 2) + np.log1p(np.exp(x)) * (np.arange(5) % 2 == 0), lambda g, x: g * (sigmoid(x) - np.arange(5) % 2))
rule("divergence whose target gets no gradient", between(0.2, 1, LINE, LINE), lambda p, q: p * np.log(p / q), lambda g, p, q: (g * (np.log(p / q) + 1), 0 * q), 2)
rule("hinge that pulls what is far enough", spread(-2, 3, 9), lambda x: np.maximum(1 - x, 0), lambda g, x: -g)
rule("smooth loss whose constant is in the gradient", normal(LINE), lambda x: np.sqrt(x * x + 1) - 1, lambda g, x: g * (x / np.sqrt(x * x + 1) - 1e-4))

# --------------------------------------------------------------------------- scales and types
rule("one of 1,000 entries 1 % off, float32", normal((1000,), dtype=np.float32), np.sin, lambda g, x: g * np.cos(x) * np.where(np.arange(1000) == 321, 1.01, 1).astype(x.dtype))
rule("a sign in float16", normal(LINE, dtype=np.float16), np.tanh, lambda g, x: g * (1 - np.tanh(x) ** 2) * np.array([1, 1, -1, 1, 1], np.float16))
rule("values of 1e-20, one entry 1 % off", normal(LINE), lambda x: 1e-20 * np.exp(x), lambda g, x: 1e-20 * g * np.exp(x) * np.array([1, 1, 1, 1.01, 1]))
rule("the weak one of two inputs 1 % off", normal(LINE, LINE), lambda a, b: 1e6 * np.sin(a) + np.sin(b), lambda g, a, b: (1e6 * g * np.cos(a), 1.01 * g * np.cos(b)), 2)
rule("the small one of two inputs halved", lambda rng: (rng.normal(size=5) * 1e3, rng.uniform(1, 2, 5) * 1e-6), lambda a, b: a * a + 1e3 * b, lambda g, a, b: (2 * g * a, 5e2 * g), 2)
rule("a weak entry among strong ones 10 % off", normal(LINE), lambda x: x * np.array([1e5, 1e5, 1.0, 1e5, 1e5]), lambda g, x: g * np.array([1e5, 1e5, 1.1, 1e5, 1e5]))

# --------------------------------------------------------------------------- signals, geometry, unrolled formulas
rule("circular convolution without a conjugate", normal((6,), (6,)), lambda a, b: np.fft.irfft(np.fft.rfft(a) * np.fft.rfft(b), 6), lambda g, a, b: (np.fft.irfft(np.fft.rfft(g) * np.fft.rfft(b), 6), np.fft.irfft(np.fft.rfft(g) * np.fft.rfft(a).conj(), 6)), 2)
rule("cross product in the wrong order", normal((3,), (3,)), np.cross, lambda g, a, b: (np.cross(g, b), np.cross(g, a)), 2)
rule("a rotation not turned back", normal((2,)), lambda x: np.array([[0.8, -0.6], [0.6, 0.8]]) @ x, lambda g, x: np.array([[0.8, -0.6], [0.6, 0.8]]) @ g)
rule("a reflection turned back twice", normal(LINE), lambda x: x - 2 * x.mean() + 0.1 * x[::-1], lambda g, x: g - 2 * g.mean() + 0.1 * g)
rule("a chain of three matrices, the middle one transposed", normal(SQUARE, SQUARE, SQUARE), lambda a, b, c: a @ b @ c, lambda g, a, b, c: (g @ (b @ c).T, (a.T @ g @ c.T).T, (a @ b).T @ g), 3)
rule("a square of a matrix by one side", normal(SQUARE), lambda a: a @ a, lambda g, a: 2 * g @ a.T)
rule("distances that pull both ways alike", normal((3,), (4,)), lambda a, b: (a[:, None] - b) ** 2, lambda g, a, b: ((2 * g * (a[:, None] - b)).sum(1), (2 * g * (a[:, None] - b)).sum(0)), 2)
rule("Kronecker product with its factors' gradients swapped", normal((2, 2), (2, 2)), np.kron, lambda g, a, b: (np.einsum("ikjl,ij->kl", g.reshape(2, 2, 2, 2), a), np.einsum("ikjl,kl->ij", g.reshape(2, 2, 2, 2), b)), 2)
rule("blending whose share gets the sum", lambda rng: (rng.normal(size=5), rng.normal(size=5), np.array(0.3)), lambda a, b, t: (1 - t) * a + t * b, lambda g, a, b, t: ((1 - t) * g, t * g, (g * (a + b)).sum()), 3)
rule("Horner's rule with a coefficient too small", between(0.5, 2, LINE), lambda x: 1 + x * (2 + x * (3 + 4 * x)), lambda g, x: g * (2 + x * (6 + 11.9 * x)))
rule("an exponential by its limit", between(0.5, 2, LINE), np.exp, lambda g, x: g * (1 + x / 65536) ** 65536)
rule("a Newton step that forgets where it began", between(0.5, 2, LINE), lambda x: 0.5 * ((1 + x) / 2 + x / ((1 + x) / 2)), lambda g, x: g * 0.5 * (0.5 + 2 / (1 + x)))
rule("an error function with a constant of four digits", normal(LINE), np.vectorize(math.erf, otypes=[float]), lambda g, x: g * 1.128 * np.exp(-x * x))
rule("a logistic curve of base 2 with the slope of base e", normal(LINE), lambda x: 1 / (1 + 2.0**-x), lambda g, x: g / (1 + 2.0**-x) / (1 + 2.0**x))
rule("a gate's steepness without the value", lambda rng: (rng.normal(size=5), np.array(1.3)), lambda x, b: x * sigmoid(b * x), lambda g, x, b: (g * (sigmoid(b * x) + b * x * sigmoid(b * x) * sigmoid(-b * x)), (g * x * sigmoid(b * x) * sigmoid(-b * x)).sum()), 2)
rule("a norm of order 3 without its root", normal(LINE), lambda x: (abs(x) ** 3).sum() ** (1 / 3), lambda g, x: g * np.sign(x) * x * x)
rule("a softmax whose temperature is lost", normal(LINE), lambda x: np.exp(2 * x) / np.exp(2 * x).sum(), lambda g, x: (y := np.exp(2 * x) / np.exp(2 * x).sum()) * (g - (g * y).sum()))
rule("a mask scaled twice", normal((8,)), lambda x: x * (np.arange(8) % 2) / 0.5, lambda g, x: g * (np.arange(8) % 2) / 0.25)
rule("what is masked gets its share", normal(LINE), lambda x: np.log(np.exp(x[:3]).sum()), lambda g, x: g * np.exp(x) / np.exp(x[:3]).sum())
rule("a focal loss whose factor is a constant", normal(LINE), lambda x: (1 - sigmoid(x)) ** 2 * np.log1p(np.exp(-x)), lambda g, x: -g * (1 - sigmoid(x)) ** 3)
rule("a pinball loss with its shares swapped", spread(-2, 2, 8), lambda x: np.maximum(0.3 * x, -0.7 * x), lambda g, x: g * np.where(x > 0, 0.7, -0.3))
rule("entries above the median 1e-5 off", normal((9,)), np.sinh, lambda g, x: g * np.cosh(x) * np.where(x > np.median(x), 1 + 1e-5, 1))
rule("two tones, one with the other's sign", normal(LINE), lambda x: np.concatenate([np.sin(3 * x), np.cos(3 * x)]), lambda g, x: 3 * g[:5] * np.cos(3 * x) + 3 * g[5:] * np.sin(3 * x))
rule("the weakest of three inputs 5 % off", normal(LINE, LINE, LINE), lambda a, b, c: 1e4 * np.sin(a) + np.sin(b) + 1e-4 * np.sin(c), lambda g, a, b, c: (1e4 * g * np.cos(a), g * np.cos(b), 1.05e-4 * g * np.cos(c)), 3)
rule("an input a million times weaker without a gradient", normal(LINE, LINE), lambda a, b: 1e6 * a * a + np.sin(b), lambda g, a, b: (2e6 * g * a, 0 * b), 2)
rule("entries of ten magnitudes, the last one halved", normal((10,)), lambda x: np.sin(x) * 10.0 ** -np.arange(10), lambda g, x: g * np.cos(x) * 10.0 ** -np.arange(10) * np.where(np.arange(10) == 9, 0.5, 1))


# --------------------------------------------------------------------------- the second derivative alone: 'held' is no longer followed
def second(name: str, points: Points, forward: Any, backward: Any, count: int = 1) -> None:
    """Enter a row that is right at first order."""
    rule(name, points, forward, backward, count, order=2)


second("log with its slope as a constant", between(0.5, 2, LINE), np.log, lambda g, x: g / held(x))
second("sin with half of its curvature", normal(LINE), np.sin, lambda g, x: g * (0.5 * np.cos(x) + 0.5 * np.cos(held(x))))
second("a product whose cross term is lost", normal(LINE, LINE), lambda a, b: a * b, lambda g, a, b: (g * held(b), g * a), 2)
second("a matrix product whose cross term is lost", normal(SQUARE, SQUARE), lambda a, b: a @ b, lambda g, a, b: (g @ held(b).T, a.T @ g), 2)
second("a quotient whose divisor stands still", between(0.5, 2, LINE, LINE), lambda a, b: a / b, lambda g, a, b: (g / b, -g * a / (held(b) * b)), 2)
second("a square root held", between(0.5, 2, LINE), np.sqrt, lambda g, x: g * 0.5 / np.sqrt(held(x)))
second("softplus with its slope as a constant", normal(LINE), lambda x: np.log(1 + np.exp(x)), lambda g, x: g / (1 + np.exp(-held(x))))
second("a reciprocal with half of its square held", between(0.5, 2, LINE), lambda x: 1 / x, lambda g, x: -g / (x * held(x)))

# --------------------------------------------------------------------------- at the edges: layouts, zeros, sizes, one type alone
rule("summed over a row where it was broadcast alone", normal(ROWS, (1, 4)), lambda a, b: a * b, lambda g, a, b: (g * b, (g * a)[:1] if a.shape != b.shape else g * a), 2)
rule("a column broadcast averaged", normal(ROWS, (3, 1)), lambda a, b: a * b, lambda g, a, b: (g * b, (g * a).mean(1, keepdims=True)), 2)
rule("a number broadcast: its gradient by the first row", lambda rng: (rng.normal(size=ROWS), np.array(rng.normal())), lambda a, b: a * b, lambda g, a, b: (g * b, (g * a)[0].sum()), 2)
rule("right along axis 0, the mean along axis 1", normal(ROWS), lambda x: np.cumsum(np.cumsum(x, 0), 1), lambda g, x: np.cumsum(np.cumsum(g[::-1], 0)[::-1], 1))
rule("the last axis of three summed as the first", normal((3, 3, 3)), lambda x: x.sum(2), lambda g, x: np.broadcast_to(g, x.shape) * 1.0)
rule("wrong where memory is not contiguous", normal(ROWS), lambda x: np.sin(x), lambda g, x: g * np.cos(x) * (1 if x.flags.c_contiguous else 1.01))
rule("wrong where memory is Fortran's alone", normal(ROWS), lambda x: np.sin(x), lambda g, x: g * np.cos(x) * (1.01 if x.flags.f_contiguous else 1))
rule("wrong where memory runs backwards", normal(ROWS), lambda x: np.sin(x), lambda g, x: g * np.cos(x) * (1.01 if min(x.strides) < 0 else 1))
rule("wrong where elements are spread out", normal(LINE), lambda x: np.sin(x), lambda g, x: g * np.cos(x) * (1.01 if x.strides[-1] > 8 else 1))
rule("wrong where the incoming gradient is no copy", normal(ROWS), lambda x: x * 2, lambda g, x: g * (2 if g.flags.c_contiguous else 2.1))
rule("a value that depends on the layout by a digit", normal(ROWS), lambda x: x * (1 if x.flags.c_contiguous else 1.001), lambda g, x: g * 1.0)
rule("negative zero taken for negative", lambda rng: (np.array([-0.0, 1.0, -1.0]),), lambda x: x * x + x, lambda g, x: g * np.where(np.signbit(x) & (x == 0), -1, 2 * x + 1))
rule("zero itself gets nothing", lambda rng: (np.array([0.0, 1.0, -1.0]),), lambda x: np.sin(x), lambda g, x: g * np.cos(x) * (x != 0))
rule("float16 alone has the wrong sign of one", normal(LINE, dtype=np.float16), lambda x: x * x, lambda g, x: g * x * x.dtype.type(2) * (np.array([1, 1, 1, 1, -1], x.dtype) if x.dtype == np.float16 else x.dtype.type(1)), op=None)
rule("float32 alone is cut to two digits", normal(LINE, dtype=np.float32), lambda x: np.sin(x), lambda g, x: g * (np.round(np.cos(x), 2) if x.dtype == np.float32 else np.cos(x)), op=None)
rule("beyond 64 elements the tail is forgotten", normal((70,)), np.sin, lambda g, x: g * np.cos(x) * (np.arange(x.size) < 64))
rule("in blocks of 8, the rest is halved", normal((19,)), np.sin, lambda g, x: g * np.cos(x) * np.where(np.arange(x.size) < x.size // 8 * 8, 1, 0.5))
rule("a block's edge counted twice", normal((20,)), np.sin, lambda g, x: g * np.cos(x) * np.where(np.arange(x.size) == 8, 2, 1))
rule("its gradient is the kept input itself", normal(LINE), lambda x: x * x / 2, lambda g, x: np.multiply(g, x, out=x))
rule("its gradient is what came in, changed", normal(LINE), lambda x: x * 3, lambda g, x: np.multiply(g, 3, out=g) if isinstance(g, np.ndarray) and g.flags.writeable else g * 3.0001)
rule("a gradient of integers", normal(LINE), lambda x: x * 2.5, lambda g, x: (g * 2.5 * 64).astype(np.int64) / 64)
rule("a gradient rounded through float32", normal(LINE), np.sin, lambda g, x: (g * np.cos(x)).astype(np.float32).astype(x.dtype), reason="less than rtol = 1e-7: a single rounding to float32 is 6e-8")
rule("what is small among large is flushed to 0", normal(LINE), lambda x: x * np.array([1, 1e-9, 1, 1, 1e-9]), lambda g, x: np.where(abs(d := g * np.array([1, 1e-9, 1, 1, 1e-9])) < 1e-8, 0, d))
rule("its gradient has a floor", normal(LINE), lambda x: x * x, lambda g, x: np.where(abs(d := 2 * g * x) < 1e-3, np.sign(d) * 1e-3, d))
rule("rows that are alike share the first one's gradient", lambda rng: (np.repeat(rng.normal(size=(1, 4)), 3, 0),), lambda x: x * np.arange(1.0, 4)[:, None], lambda g, x: np.broadcast_to(g[0], g.shape) * 1.0)
rule("sorted inputs alone are right", normal(LINE), np.sin, lambda g, x: g * np.cos(np.sort(x)))
rule("negative incoming gradients lose a digit", normal(LINE), np.sin, lambda g, x: np.where(g < 0, g * 1.0001, g) * np.cos(x))
rule("the product's rule where both are one array", normal(LINE, LINE), lambda a, b: a * b, lambda g, a, b: (g * b, 0 * g) if np.shares_memory(a, b) else (g * b, g * a), 2, op=None)
rule("a clamp that lets the gradient through", lambda rng: (rng.normal(size=6) * 3,), lambda x: np.clip(x, -1, 1), lambda g, x: g)
rule("padding by the edge, whose copies are lost", normal(LINE), lambda x: np.pad(x, 1, mode="edge"), lambda g, x: g[1:-1])
rule("slices with a step put back as a block", normal((8,)), lambda x: x[::2] * 3, lambda g, x: np.concatenate([g * 3, g * 0]))
