"""Compiled batch norm: its statistics, result and derivatives, channel by channel.

x is (N, C, S), S the pixels of an image. A channel is read twice or three times in a row; it mostly
stays in the cache between. Sums run over at most RUN numbers in float32, in many partial sums side by
side (the lanes of vectors), and over those sums in float64: that is at least as exact as NumPy's sum
by pairs.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled.base.compiling import inlined, kernel
from tinygrad_cnn.kernels.compiled.base.functions import ONE, centred, less
from tinygrad_cnn.kernels.compiled.base.operands import FLOAT32, is_served, over, plain

Array = NDArray[Any]

#: Numbers added up in float32. A vector unit adds 16 or more of them side by side, so at most some
#: 64 roundings follow each other.
RUN = 1024
#: From here on squares of sums and weights, times a factor, might overflow float32.
LARGE = 1e15


@inlined
def sum_of(x, c):
    """The sum of a channel."""
    found = 0.0
    for n in range(x.shape[0]):
        for first in range(0, x.shape[2], RUN):
            part = np.float32(0)
            run = x[n, c, first : first + RUN]
            for i in range(run.size):
                part += run[i]
            found += float(part)
    return found


@kernel("void(float32[:, :, ::1], float32[::1], int64, int64)")
def sums(g, total, start, stop):
    for c in range(start, stop):
        total[c] = np.float32(sum_of(g, c))


@kernel(
    "void(float32[:, :, ::1], float32[::1], float32[::1], float64, float32[:, :, ::1],"
    " float32[::1], float32[::1], int64, int64)"
)
def normalise(x, w, b, eps, y, mean, var, start, stop):
    images, pixels = x.shape[0], x.shape[2]
    for c in range(start, stop):
        middle = np.float32(sum_of(x, c) / (images * pixels))
        found, off = 0.0, 0.0
        for n in range(images):
            for first in range(0, pixels, RUN):
                part, some = np.float32(0), np.float32(0)
                run = x[n, c, first : first + RUN]
                for i in range(run.size):
                    beyond = less(run[i], middle, ONE)
                    part += beyond * beyond
                    some += beyond
                found += float(part)
                off += float(some)
        missing = off / (images * pixels)  # what the mean lost when it was rounded
        square = max(found / (images * pixels) - missing * missing, 0.0)
        rest = np.float32(missing)
        scale = np.float32(w[c] / np.sqrt(square + eps))
        mean[c], var[c] = middle, np.float32(square)
        for n in range(images):
            for i in range(pixels):
                y[n, c, i] = centred(x[n, c, i], middle, rest) * scale + b[c]


@kernel(
    "void(float32[:, :, ::1], float32[:, :, ::1], float32[::1], float32[::1], float32[::1], float64,"
    " boolean, float32[:, :, ::1], float32[::1], float32[::1], int64, int64)"
)
def slopes(g, x, w, mean, var, eps, wants_x, dx, dw, db, start, stop):
    images, pixels = x.shape[0], x.shape[2]
    for c in range(start, stop):
        middle = mean[c]
        plainly, along, off = 0.0, 0.0, 0.0
        for n in range(images):
            for first in range(0, pixels, RUN):
                part, product, some = np.float32(0), np.float32(0), np.float32(0)
                run, beside = g[n, c, first : first + RUN], x[n, c, first : first + RUN]
                for i in range(run.size):
                    part += run[i]
                    beyond = less(beside[i], middle, ONE)
                    product += run[i] * beyond
                    some += beyond
                plainly += float(part)
                along += float(product)
                off += float(some)
        missing = off / (images * pixels)
        along -= missing * plainly
        rest = np.float32(missing)
        inverse = 1 / np.sqrt(var[c] + eps)
        dw[c], db[c] = np.float32(along * inverse), np.float32(plainly)
        if wants_x:
            scale = np.float32(w[c] * inverse)
            shift = np.float32(plainly / (images * pixels))
            tilt = np.float32(along * inverse * inverse / (images * pixels))
            for n in range(images):
                for i in range(pixels):
                    dx[n, c, i] = scale * (g[n, c, i] - shift - tilt * centred(x[n, c, i], middle, rest))


# --------------------------------------------------------------------------- without pixels: (N, C)
@inlined
def column_sums(x, part, total, start, stop):
    """The sum of each column in float64, over RUN rows at a time in float32."""
    total[:] = 0.0
    for top in range(0, len(x), RUN):
        part[:] = np.float32(0)
        for n in range(top, min(top + RUN, len(x))):
            row = x[n, start:stop]
            for c in range(row.size):
                part[c] += row[c]
        for c in range(part.size):
            total[c] += float(part[c])


@kernel(
    "void(float32[:, ::1], float32[::1], float32[::1], float64, float32[:, ::1], float32[::1],"
    " float32[::1], int64, int64)"
)
def normalise_columns(x, w, b, eps, y, mean, var, start, stop):
    """As `normalise`, for columns [start, stop): rows are short, so all columns go side by side."""
    count = stop - start
    part, some, rest = np.empty(count, np.float32), np.empty(count, np.float32), np.empty(count, np.float32)
    total, off, scale = np.empty(count), np.zeros(count), np.empty(count, np.float32)
    column_sums(x, part, total, start, stop)
    middle = mean[start:stop]
    for c in range(count):
        middle[c] = np.float32(total[c] / len(x))
    total[:] = 0.0
    for top in range(0, len(x), RUN):
        part[:] = some[:] = np.float32(0)
        for n in range(top, min(top + RUN, len(x))):
            row = x[n, start:stop]
            for c in range(row.size):
                beyond = less(row[c], middle[c], ONE)
                part[c] += beyond * beyond
                some[c] += beyond
        for c in range(count):
            total[c] += float(part[c])
            off[c] += float(some[c])
    for c in range(count):
        missing = off[c] / len(x)  # what the mean lost when it was rounded
        square = max(total[c] / len(x) - missing * missing, 0.0)
        rest[c], var[start + c] = np.float32(missing), np.float32(square)
        scale[c] = np.float32(w[start + c] / np.sqrt(square + eps))
    shift = b[start:stop]
    for n in range(len(x)):
        row, out = x[n, start:stop], y[n, start:stop]
        for c in range(row.size):
            out[c] = centred(row[c], middle[c], rest[c]) * scale[c] + shift[c]


@kernel(
    "void(float32[:, ::1], float32[:, ::1], float32[::1], float32[::1], float32[::1], float64,"
    " boolean, float32[:, ::1], float32[::1], float32[::1], int64, int64)"
)
def slopes_of_columns(g, x, w, mean, var, eps, wants_x, dx, dw, db, start, stop):
    """As `slopes`, for columns [start, stop)."""
    count = stop - start
    part, product, some = (
        np.empty(count, np.float32),
        np.empty(count, np.float32),
        np.empty(count, np.float32),
    )
    plainly, along, off = np.zeros(count), np.zeros(count), np.zeros(count)
    middle = mean[start:stop]
    for top in range(0, len(x), RUN):
        part[:] = product[:] = some[:] = np.float32(0)
        for n in range(top, min(top + RUN, len(x))):
            run, beside = g[n, start:stop], x[n, start:stop]
            for c in range(run.size):
                slope, beyond = run[c], less(beside[c], middle[c], ONE)
                part[c] += slope
                product[c] += slope * beyond
                some[c] += beyond
        for c in range(count):
            plainly[c] += float(part[c])
            along[c] += float(product[c])
            off[c] += float(some[c])
    for c in range(count):  # the three rows now hold what each column's slopes take
        missing = off[c] / len(x)
        inverse = 1 / np.sqrt(var[start + c] + eps)
        steep = (along[c] - missing * plainly[c]) * inverse
        dw[start + c], db[start + c] = np.float32(steep), np.float32(plainly[c])
        some[c] = np.float32(missing)
        part[c] = np.float32(plainly[c] / len(x))
        product[c] = np.float32(steep * inverse / len(x))
        along[c] = w[start + c] * inverse
    if wants_x:
        scale = np.empty(count, np.float32)
        for c in range(count):
            scale[c] = np.float32(along[c])
        for n in range(len(x)):
            run, beside, out = g[n, start:stop], x[n, start:stop], dx[n, start:stop]
            for c in range(run.size):
                beyond = centred(beside[c], middle[c], some[c])
                out[c] = scale[c] * (run[c] - part[c] - product[c] * beyond)


@kernel("void(float32[:, :, ::1], float32[::1], float32[::1], float32[:, :, ::1], int64, int64)")
def scale_and_shift(x, scale, shift, y, start, stop):
    for n in range(start, stop):
        for c in range(x.shape[1]):
            for i in range(x.shape[2]):
                y[n, c, i] = x[n, c, i] * scale[c] + shift[c]


def channel_sum(g: Array) -> Array:
    """See the reference."""
    if not is_served(g):
        return reference.channel_sum(g)
    if g.ndim == 2:
        return reference.channel_sum(g)
    total, images = np.empty(g.shape[1], FLOAT32), in_images(g)
    over(g.shape[1], 4 * g.size, sums, images, total)
    return total


def batch_norm(x: Array, w: Array, b: Array, eps: float) -> tuple[Array, Array, Array]:
    """See the reference."""
    if not (is_served(x) and w.dtype == b.dtype == FLOAT32):
        return reference.batch_norm(x, w, b, eps)
    y = np.empty(x.shape, FLOAT32)
    mean, var = np.empty(x.shape[1], FLOAT32), np.empty(x.shape[1], FLOAT32)
    if x.ndim == 2:
        over(x.shape[1], 16 * x.size, normalise_columns, plain(x), plain(w), plain(b), eps, y, mean, var)
        return y, mean, var
    operands = (in_images(x), plain(w), plain(b), eps, in_images(y), mean, var)
    over(x.shape[1], 16 * x.size, normalise, *operands)
    return y, mean, var


def batch_norm_slope(
    g: Array, x: Array, w: Array, mean: Array, var: Array, eps: float, wants_x: bool
) -> tuple[Array | None, Array, Array]:
    """See the reference."""
    if not (is_served(x) and all(a.dtype == FLOAT32 for a in (g, w, mean, var))):
        return reference.batch_norm_slope(g, x, w, mean, var, eps, wants_x)
    dx = np.empty(x.shape if wants_x else (0, 1), FLOAT32)
    dw, db = np.empty(x.shape[1], FLOAT32), np.empty(x.shape[1], FLOAT32)
    if x.ndim == 2:
        rows = (plain(g), plain(x), plain(w), plain(mean), plain(var), eps, wants_x, dx, dw, db)
        over(x.shape[1], 20 * x.size, slopes_of_columns, *rows)
    else:
        operands = (in_images(g), in_images(x), plain(w), plain(mean), plain(var), eps, wants_x)
        over(x.shape[1], 20 * x.size, slopes, *operands, in_images(dx), dw, db)
    if not are_moderate(dw, db, w):
        with np.errstate(all="ignore"):
            return reference.batch_norm_slope(g, x, w, mean, var, eps, wants_x)
    return dx if wants_x else None, dw, db


def are_moderate(*sums: Array) -> bool:
    """Whether sums of gradients and weights hold neither NaN nor an infinity, nor what is about to be one.

    Which of several infinities meet, and give NaN, depends on the order of adding, and so does whether a
    part of a sum overflows: where it might, the reference computes it all, so that both sets say the same.

    >>> are_moderate(np.ones(2)), are_moderate(np.ones(2), np.array([np.inf]))
    (True, False)
    >>> are_moderate(np.array([-3e38]))
    False
    """
    return all((abs(each) < LARGE).all() for each in sums)


def fixed_norm(x: Array, w: Array, b: Array, mean: Array, var: Array, eps: float) -> Array:
    """See the reference."""
    if not (is_served(x) and all(a.dtype == FLOAT32 for a in (w, b, mean, var))):
        return reference.fixed_norm(x, w, b, mean, var, eps)
    scale = w * (var + eps) ** -0.5
    shift = b - mean * scale
    if x.ndim == 2:
        return np.asarray(x * scale + shift)
    y = np.empty(x.shape, FLOAT32)
    images, out = in_images(x), in_images(y)
    over(len(x), 8 * x.size, scale_and_shift, images, scale, shift, out)
    return y


def in_images(x: Array) -> Array:
    """x (N, C, ...) as plain memory (N, C, S)."""
    return plain(x).reshape(*x.shape[:2], prod(x.shape[2:]))
