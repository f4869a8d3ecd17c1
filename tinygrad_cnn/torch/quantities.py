"""Statistics without NaN, histograms, slopes and integrals along a dimension."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch import linalg
from tinygrad_cnn.torch.creating import array_of
from tinygrad_cnn.torch.named_results import at_places, named_result
from tinygrad_cnn.torch.registry import name
from tinygrad_cnn.torch.tensors import Tensor

_Histogram: Any = named_result("histogram", "hist", "bin_edges")


@name()
def nanmedian(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """`median` of what is not NaN.

    >>> nanmedian(Tensor([3.0, float("nan"), 1.0]))
    tensor(1.)
    """
    whole = dim is None
    x = F.reshape(input, (-1,)) if whole else input
    axis = 0 if dim is None else dim
    order = np.argsort(x._array, axis=axis, kind="stable")
    there = np.maximum((~np.isnan(x._array)).sum(axis, keepdims=True) - 1, 0) // 2
    places = np.take_along_axis(order, there, axis)
    found = at_places("nanmedian", x, places, axis, keepdim and not whole)
    return found.values if whole else found


@name()
def nanquantile(
    input: Any, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Any:
    """`quantile` of what is not NaN; its gradient is left out."""
    wanted = array_of(q)
    if interpolation not in ("linear", "lower", "higher", "nearest", "midpoint"):
        raise RuntimeError(
            f"nanquantile() interpolation must be linear, lower, higher, midpoint or nearest, got {interpolation}"
        )
    method: Any = interpolation
    found = np.nanquantile(input._array, wanted, axis=dim, keepdims=keepdim, method=method)
    return Tensor.detached(np.asarray(found, input._array.dtype))


@name()
def histogram(
    input: Any, bins: Any, *, range: Any = None, weight: Any = None, density: bool = False
) -> Any:
    """Counts in bins, and the bins' edges.

    >>> histogram(Tensor([1.0, 2.0, 2.0]), 2).hist
    tensor([1., 2.])
    """
    edges = array_of(bins) if not isinstance(bins, int) else bins
    weights = None if weight is None else weight._array.ravel()
    counts, where = np.histogram(input._array.ravel(), edges, range, density, weights)
    kind = input._array.dtype
    return _Histogram(Tensor.detached(counts.astype(kind)), Tensor.detached(where.astype(kind)))


@name()
def gradient(input: Any, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1) -> list[Any]:
    """Slopes by central differences, one tensor a dimension."""
    x, slopes = input._array, getattr(np, "gradient")  # noqa: B009  # its many types say nothing here
    axes = tuple(range(x.ndim)) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    steps = [spacing] * len(axes) if isinstance(spacing, (int, float)) else [array_of(s) for s in spacing]
    found = [
        slopes(x, step, axis=axis, edge_order=edge_order) for step, axis in zip(steps, axes, strict=True)
    ]
    return tuple(Tensor.detached(f.astype(x.dtype)) for f in found)  # type: ignore[return-value]


@name("cumulative_trapezoid", method=False)
def cumulative_trapezoid(y: Any, x: Any = None, *, dx: float = 1.0, dim: int = -1) -> Any:
    """The trapezoid rule, up to each place."""
    n = y._array.shape[dim]
    middle = (y.narrow(dim, 1, n - 1) + y.narrow(dim, 0, n - 1)) / 2
    if x is None:
        return (middle * dx).cumsum(dim)
    step = x.narrow(dim if x._array.ndim > 1 else 0, 1, n - 1) - x.narrow(
        dim if x._array.ndim > 1 else 0, 0, n - 1
    )
    if x._array.ndim == 1 and dim % y._array.ndim != y._array.ndim - 1:
        step = step.reshape([-1] + [1] * (y._array.ndim - 1 - dim % y._array.ndim))
    return (middle * step).cumsum(dim)


@name(method=False)
def nuclear_norm(input: Any, keepdim: bool = False) -> Any:
    """The sum of the singular values of a matrix."""
    found = linalg.svdvals(input).sum()
    return found.reshape(1, 1) if keepdim else found


@name(method=False)
def frobenius_norm(input: Any, dim: Any, keepdim: bool = False) -> Any:
    """The root of the sum of squares."""
    return (input * input).sum(dim, keepdim).sqrt()
