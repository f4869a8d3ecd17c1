"""What each op should compute, by loops over elements: slow, obvious, and written apart from it.

Every reference takes the op (for its attributes) and the operands, and gives an array.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.ops.window import Grid

Array = NDArray[Any]
Reference = Callable[..., Array]


def each(function: Callable[..., float]) -> Reference:
    """A function of numbers, applied element by element to operands that broadcast."""

    def reference(op: Any, *operands: Array) -> Array:
        shape = np.broadcast_shapes(*(x.shape for x in operands))
        full = [np.broadcast_to(x, shape) for x in operands]
        out = np.empty(shape)
        for i in np.ndindex(shape):
            out[i] = function(*(float(x[i]) for x in full))
        return out

    return reference


def reduction(function: Callable[[list[float]], float]) -> Reference:
    """A function of a list of numbers, applied along the op's axes."""

    def reference(op: Any, x: Array) -> Array:
        kept = [n if i not in op.axis else 1 for i, n in enumerate(x.shape)]
        groups: dict[tuple[int, ...], list[float]] = {i: [] for i in np.ndindex(*kept)}
        for i in np.ndindex(x.shape):
            groups[tuple(0 if a in op.axis else n for a, n in enumerate(i))].append(float(x[i]))
        out = np.array([function(group) for group in groups.values()]).reshape(kept)
        return out if op.keepdims else out.squeeze(op.axis)

    return reference


def mean(numbers: list[float]) -> float:
    return math.fsum(numbers) / len(numbers)


def softmax(op: Any, x: Array) -> Array:
    return np.exp(log_softmax(op, x))


def log_softmax(op: Any, x: Array) -> Array:
    out = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        others = (math.exp(x[(*i[: op.axis], k, *i[op.axis + 1 :])]) for k in range(x.shape[op.axis]))
        out[i] = x[i] - math.log(math.fsum(others))
    return out


# --------------------------------------------------------------------------- shape and index
def reshape(op: Any, x: Array) -> Array:
    return np.array(list(x.flat)).reshape(op.shape)


def transpose(op: Any, x: Array) -> Array:
    out = np.empty([x.shape[a] for a in op.axes])
    for i in np.ndindex(x.shape):
        out[tuple(i[a] for a in op.axes)] = x[i]
    return out


def broadcast_to(op: Any, x: Array) -> Array:
    out = np.empty(op.shape)
    for i in np.ndindex(*op.shape):
        out[i] = x[tuple(0 if n == 1 else k for k, n in zip(i[len(i) - x.ndim :], x.shape, strict=True))]
    return out


def sum_to(op: Any, x: Array) -> Array:
    out = np.zeros(op.shape)
    for i in np.ndindex(x.shape):
        tail = i[len(i) - len(op.shape) :]
        out[tuple(0 if n == 1 else k for k, n in zip(tail, op.shape, strict=True))] += x[i]
    return out


def concatenate(op: Any, *arrays: Array) -> Array:
    shape = list(arrays[0].shape)
    shape[op.axis] = sum(x.shape[op.axis] for x in arrays)
    out, start = np.empty(shape), 0
    for x in arrays:
        for i in np.ndindex(x.shape):
            out[(*i[: op.axis], i[op.axis] + start, *i[op.axis + 1 :])] = x[i]
        start += x.shape[op.axis]
    return out


def pad(op: Any, x: Array) -> Array:
    out = np.full([n + sum(w) for n, w in zip(x.shape, op.widths, strict=True)], op.value)
    for i in np.ndindex(x.shape):
        out[tuple(k + before for k, (before, _) in zip(i, op.widths, strict=True))] = x[i]
    return out


def places_of(op: Any, shape: tuple[int, ...]) -> Array:
    """The flat positions that the op's key takes from an array of that shape."""
    return np.asarray(np.arange(math.prod(shape)).reshape(shape)[op._key])


def index(op: Any, x: Array) -> Array:
    places, elements = places_of(op, x.shape), list(x.flat)
    return np.array([elements[p] for p in places.flat], dtype=float).reshape(places.shape)


def index_add(op: Any, g: Array) -> Array:
    out = np.zeros(math.prod(op.shape))
    for p, value in zip(places_of(op, op.shape).flat, g.flat, strict=True):
        out[p] += value
    return out.reshape(op.shape)


# --------------------------------------------------------------------------- products
def matmul(op: Any, a: Array, b: Array) -> Array:
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = np.broadcast_to(a, stack + a.shape[-2:]), np.broadcast_to(b, stack + b.shape[-2:])
    out = np.zeros((*stack, a.shape[-2], b.shape[-1]))
    for *s, i, j in np.ndindex(out.shape):
        out[(*s, i, j)] = math.fsum(a[(*s, i, k)] * b[(*s, k, j)] for k in range(a.shape[-1]))
    return out


def linear(op: Any, x: Array, w: Array, *b: Array) -> Array:
    out = np.zeros((*x.shape[:-1], len(w)))
    for *s, o in np.ndindex(out.shape):
        products = (x[(*s, i)] * w[o, i] for i in range(w.shape[1]))
        out[(*s, o)] = math.fsum([*products, *(bias[o] for bias in b)])
    return out


# --------------------------------------------------------------------------- windows
def reads(grid: Grid) -> Iterable[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]]:
    """(output position, tap, image position) of all reads that fall on the image."""
    for o in np.ndindex(*grid.output):
        for u in np.ndindex(*grid.kernel):
            at = tuple(
                position * s + tap * d - before
                for position, s, tap, d, (before, _) in zip(
                    o, grid.stride, u, grid.dilation, grid.padding, strict=True
                )
            )
            if all(0 <= i < n for i, n in zip(at, grid.image, strict=True)):
                yield o, u, at


def conv_terms(op: Any, n: int, f: int, channels: int) -> Iterable[tuple[Any, Any, Any]]:
    """(index into y, into w, into x) of all products of a convolution."""
    per_group = f // op.groups
    for o, u, at in reads(op.grid):
        for image, kernel, c in np.ndindex(n, f, channels):
            channel = kernel // per_group * channels + c
            yield (image, kernel, *o), (kernel, c, *u), (image, channel, *at)


def conv(op: Any, x: Array, w: Array, *b: Array) -> Array:
    out = np.zeros((len(x), len(w), *op.grid.output))
    for y_at, w_at, x_at in conv_terms(op, len(x), *w.shape[:2]):
        out[y_at] += x[x_at] * w[w_at]
    for bias in b:
        for i in np.ndindex(out.shape):
            out[i] += bias[i[1]]
    return out


def conv_image(op: Any, g: Array, w: Array) -> Array:
    out = np.zeros((len(g), w.shape[1] * op.groups, *op.grid.image))
    for y_at, w_at, x_at in conv_terms(op, len(g), *w.shape[:2]):
        out[x_at] += g[y_at] * w[w_at]
    return out


def conv_kernel(op: Any, x: Array, g: Array) -> Array:
    out = np.zeros((g.shape[1], x.shape[1] // op.groups, *op.grid.kernel))
    for y_at, w_at, x_at in conv_terms(op, len(x), *out.shape[:2]):
        out[w_at] += x[x_at] * g[y_at]
    return out


def max_pool(op: Any, x: Array) -> Array:
    out = np.full((*x.shape[:2], *op.grid.output), -np.inf)
    for o, _, at in reads(op.grid):
        for n, c in np.ndindex(*x.shape[:2]):
            out[(n, c, *o)] = max(out[(n, c, *o)], x[(n, c, *at)])
    return out


def placed(op: Any, lead: tuple[int, ...]) -> Iterable[tuple[Any, Any]]:
    """(index into the output, into the image) of the tap that each window's place names."""
    taps = {u: t for t, u in enumerate(np.ndindex(*op.grid.kernel))}
    for o, u, at in reads(op.grid):
        for i in np.ndindex(*lead):
            if op._places[(*i, *o)] == taps[u]:
                yield (*i, *o), (*i, *at)


def place(op: Any, g: Array) -> Array:
    out = np.zeros((*g.shape[:2], *op.grid.image))
    for y_at, x_at in placed(op, g.shape[:2]):
        out[x_at] += g[y_at]
    return out


def pick(op: Any, x: Array) -> Array:
    out = np.zeros((*x.shape[:2], *op.grid.output))
    for y_at, x_at in placed(op, x.shape[:2]):
        out[y_at] = x[x_at]
    return out


def divisors(op: Any) -> Array:
    """How many pixels each window of an average counts."""
    out = np.zeros(op.grid.output)
    for o in np.ndindex(*op.grid.output):
        count = 1
        for i, s, k, n, (before, after) in zip(
            o, op.grid.stride, op.grid.kernel, op.grid.image, op.grid.padding, strict=True
        ):
            start, stop = i * s - before, i * s - before + k
            low, high = (-before, n + after) if op.count_include_pad else (0, n)
            count *= min(stop, high) - max(start, low)
        out[o] = count
    return out


def avg_pool(op: Any, x: Array) -> Array:
    out = np.zeros((*x.shape[:2], *op.grid.output))
    for o, _, at in reads(op.grid):
        for i in np.ndindex(*x.shape[:2]):
            out[(*i, *o)] += x[(*i, *at)]
    return out / divisors(op)


def spread(op: Any, g: Array) -> Array:
    out, share = np.zeros((*g.shape[:2], *op.grid.image)), g / divisors(op)
    for o, _, at in reads(op.grid):
        for i in np.ndindex(*g.shape[:2]):
            out[(*i, *at)] += share[(*i, *o)]
    return out


# --------------------------------------------------------------------------- norm, loss, random
def batch_norm(op: Any, x: Array, w: Array, b: Array) -> Array:
    out = np.empty(x.shape)
    for c in range(x.shape[1]):
        values = [float(v) for v in x[:, c].flat]
        middle = mean(values)
        deviation = math.sqrt(mean([(v - middle) ** 2 for v in values]) + op.eps)
        out[:, c] = w[c] * (x[:, c] - middle) / deviation + b[c]
    return out


def fixed_norm(op: Any, x: Array, w: Array, b: Array) -> Array:
    out = np.empty(x.shape)
    for c in range(x.shape[1]):
        deviation = math.sqrt(op._var[c] + op.eps)
        out[:, c] = w[c] * (x[:, c] - op._mean[c]) / deviation + b[c]
    return out


def cross_entropy(op: Any, x: Array) -> Array:
    labels, weight = op._labels[:, 0], op._weight[:, 0]
    losses = np.empty(labels.shape)
    for n, *space in np.ndindex(labels.shape):
        scores = x[(n, slice(None), *space)]
        at = (n, *space)
        losses[at] = weight[at] * (math.log(math.fsum(map(math.exp, scores))) - scores[labels[at]])
    return losses if op.reduction == "none" else np.asarray(math.fsum(losses.flat))


def dropout(op: Any, x: Array) -> Array:
    out = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        if op._mask[i]:
            out[i] = x[i] / (1 - op.p)
    return out
