"""Order along a dimension: sorted elements, the largest, medians, modes, quantiles."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch.comparing import value
from tinygrad_cnn.torch.named_results import VALUES_AND_INDICES, at_places
from tinygrad_cnn.torch.registry import name
from tinygrad_cnn.torch.tensors import Tensor


@name()
def sort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """The elements in order, and where they were."""
    places = _ordered(input, dim, descending)
    return at_places("sort", input, places, dim)


@name()
def argsort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """The places that sort."""
    return Tensor.detached(_ordered(input, dim, descending))


def _ordered(input: Any, dim: int, descending: bool) -> Any:
    array = input._array
    if not descending:
        return np.argsort(array, dim, kind="stable")
    turned = np.flip(array, dim)
    return np.flip(array.shape[dim] - 1 - np.argsort(turned, dim, kind="stable"), dim)


@name()
def msort(input: Any) -> Any:
    """Sorted along the first dimension."""
    return sort(input, 0).values


@name()
def topk(input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The k largest elements, and their places."""
    if k > input._array.shape[dim]:
        raise RuntimeError("selected index k out of range")
    if input._array.dtype.kind != "f":
        places = np.take(_ordered(input, dim, largest), range(k), dim)
        return at_places("topk", input, places, dim)
    return VALUES_AND_INDICES["topk"](*F.topk(input, int(k), dim, largest))


@name()
def kthvalue(input: Any, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest element, and its place."""
    size = input._array.shape[dim] if input._array.ndim else 1
    if not 1 <= k <= size:
        raise RuntimeError(f"kthvalue(): selected number k out of range: {k}, 1 to {size} fit")
    places = np.take(_ordered(input, dim, False), [k - 1], dim)
    return at_places("kthvalue", input, places, dim, keepdim)


@name()
def median(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle element, the lower of two; with a dimension also its place."""
    if dim is None:
        flat = F.flatten(input)
        return at_places(
            "median", flat, _ordered(flat, 0, False)[(input._array.size - 1) // 2][None], 0, False
        ).values
    places = np.take(_ordered(input, dim, False), [(input._array.shape[dim] - 1) // 2], dim)
    return at_places("median", input, places, dim, keepdim)


@name()
def mode(input: Any, dim: int = -1, keepdim: bool = False) -> Any:
    """The most frequent element, the smallest of several, and the last place where it stands."""
    moved = np.moveaxis(input._array, dim, -1)
    places = np.zeros(moved.shape[:-1], np.int64)
    for at in np.ndindex(*places.shape):
        found, counts = np.unique(moved[at], return_counts=True)
        places[at] = np.flatnonzero(moved[at] == found[counts.argmax()])[-1]
    return at_places("mode", input, np.expand_dims(places, dim), dim, keepdim)


@name()
def quantile(
    input: Any, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Any:
    """Quantiles along a dimension, interpolated."""
    x = F.flatten(input) if dim is None else input
    axis = 0 if dim is None else dim
    ordered, n = F.sort(x, axis), x._array.shape[axis]
    wanted = np.atleast_1d(value(q)).astype(np.float64) * (n - 1)
    low = np.floor(wanted).astype(np.int64)
    high = np.minimum(low + 1, n - 1)
    share = (wanted - low).astype(x._array.dtype)
    rows = []
    for a, b, w in zip(low, high, share, strict=True):
        first, second = _row(ordered, a, axis), _row(ordered, b, axis)
        row = {"lower": first, "higher": second if w else first}.get(interpolation)
        row = first + float(w) * (second - first) if row is None else row
        rows.append(row if not keepdim else F.expand_dims(row, axis))
    return rows[0] if np.ndim(value(q)) == 0 else F.stack(rows)


def _row(x: Any, place: int, axis: int) -> Any:
    return F.index(x, (slice(None),) * (axis % x._array.ndim) + (int(place),))
