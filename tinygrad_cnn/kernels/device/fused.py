"""The device's own kernels in place of whole-array operations: which serves is decided here.

A device is quick at arithmetic and slow at memory, and each of these needs a few sums and products for
each element that it reads. So what they cost is how often arrays go through memory: each whole-array
operation reads its operands and writes a result, and a max-pool of 2×2 with its places makes some twenty of
them, a batch norm ten, a step of Adam twelve; one kernel reads what it needs once, or as often as it sums.
That is why they serve; **how much it brings was not measured, for no GPU was at hand**. Convolutions and
products are the BLAS's either way.

One kernel serves float32 and float64, contiguous or copied so, where the device has a compiler; images of
two axes and windows of up to 256 pixels; and rows of a softmax that lie side by side. Whole-array
operations serve the rest, and everything after `use_kernels("reference")`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from math import prod, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.kernels import serving
from tinygrad_cnn.kernels.device.sources import THREADS

if TYPE_CHECKING:
    from tinygrad_cnn.devices import Launch
    from tinygrad_cnn.grid import Grid

Array = NDArray[Any]

__all__ = ["by_one_kernel"]

#: Blocks of a kernel whose threads take one element after the other: enough to fill any GPU.
_BLOCKS = 4096


def by_one_kernel(by_arrays: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel of whole-array operations, in whose place the device's own serves where it can."""
    own = _OWN[by_arrays.__name__]

    @functools.wraps(by_arrays)
    def kernel(*operands: Any) -> Any:
        launch = _launch(operands)
        result = NotImplemented if launch is None else own(launch, *operands)
        return by_arrays(*operands) if result is NotImplemented else result

    return kernel


def _launch(operands: tuple[Any, ...]) -> Launch | None:
    """Find what starts the device's own kernels for these operands; None where whole arrays serve."""
    like = next(x for x in operands if type(x) in devices.ON_DEVICES)
    if like.dtype.char not in "fd" or serving.wants_reference():
        return None
    for x in operands:
        if isinstance(x, devices.CLASSES) and x.dtype.kind == "f" and x.dtype != like.dtype:
            return None
    backend = devices.backend_of(like)
    return None if backend is None else backend.launcher(like)


def _compact(x: Array) -> Array:
    """x, its elements side by side."""
    return x if x.flags.c_contiguous else x.copy("C")


def _spread_out(count: int) -> int:
    """Count the blocks that share `count` elements."""
    return max(1, min(_BLOCKS, -(-count // THREADS)))


# --------------------------------------------------------------------------- pooling
def _windows(grid: Grid) -> tuple[int, ...] | None:
    """A grid of two axes as the kernels take it; None for others."""
    if len(grid.image) != 2 or len(grid.taps) > 256:
        return None
    before = tuple(side[0] for side in grid.padding)
    room = tuple(n + b + a for n, (b, a) in zip(grid.image, grid.padding, strict=True))
    return (*grid.image, *grid.output, *grid.kernel, *grid.stride, *before, *grid.dilation, *room)


def _max_pool_places(launch: Launch, x: Array, grid: Grid) -> Any:
    windows, lead = _windows(grid), x.shape[:-2]
    if windows is None:
        return NotImplemented
    y = np.empty_like(x, shape=(*lead, *grid.output))
    places = np.empty_like(y, np.uint8)
    launch("max_pool", _spread_out(y.size), _compact(x), y, places, prod(lead), -np.inf, *windows)
    return y, places


def _max_pool(launch: Launch, x: Array, grid: Grid) -> Any:
    found = _max_pool_places(launch, x, grid)
    return found if found is NotImplemented else found[0]


def _place(launch: Launch, g: Array, places: Array, grid: Grid) -> Any:
    windows, lead = _windows(grid), g.shape[:-2]
    if (
        windows is None
        or type(places) is not type(g)
        or places.dtype != np.uint8
        or g.shape != places.shape
    ):
        return NotImplemented
    out = np.empty_like(g, shape=(*lead, *grid.image))
    launch("place", _spread_out(out.size), _compact(g), _compact(places), out, prod(lead), *windows)
    return out


def _avg_pool(launch: Launch, x: Array, grid: Grid, count_include_pad: bool) -> Any:
    return _averaged("avg_pool", launch, x, grid.output, grid, count_include_pad)


def _spread(launch: Launch, g: Array, grid: Grid, count_include_pad: bool) -> Any:
    return _averaged("spread", launch, g, grid.image, grid, count_include_pad)


def _averaged(
    kernel: str, launch: Launch, x: Array, size: tuple[int, ...], grid: Grid, count_include_pad: bool
) -> Any:
    windows, lead = _windows(grid), x.shape[:-2]
    if windows is None:
        return NotImplemented
    out = np.empty_like(x, shape=(*lead, *size))
    launch(kernel, _spread_out(out.size), _compact(x), out, prod(lead), int(count_include_pad), *windows)
    return out


# --------------------------------------------------------------------------- norms
def _sizes(x: Array) -> tuple[int, int, int]:
    return x.shape[0], x.shape[1], prod(x.shape[2:])


def _batch_norm(launch: Launch, x: Array, w: Array, b: Array, eps: float) -> Any:
    if not x.size:
        return NotImplemented
    x = _compact(x)
    y, mean, var = np.empty_like(x), np.empty_like(w), np.empty_like(w)
    launch("batch_norm", x.shape[1], x, _compact(w), _compact(b), y, mean, var, *_sizes(x), float(eps))
    return y, mean, var


def _batch_norm_slope(
    launch: Launch, g: Array, x: Array, w: Array, mean: Array, var: Array, eps: float, wants_x: bool
) -> Any:
    if not x.size or not wants_x:
        return NotImplemented
    x = _compact(x)
    dx, dw, db = np.empty_like(x), np.empty_like(w), np.empty_like(w)
    arrays = _compact(g), x, _compact(w), _compact(mean), _compact(var), dx, dw, db
    launch("batch_norm_slope", x.shape[1], *arrays, *_sizes(x), float(eps))
    return dx, dw, db


def _layer_norm(launch: Launch, x: Array, w: Array, b: Array, axes: int, eps: float) -> Any:
    length = prod(x.shape[x.ndim - axes :])
    if not x.size or w.size != length or b.size != length:
        return NotImplemented
    x = _compact(x)
    y = np.empty_like(x)
    launch("layer_norm", x.size // length, x, _compact(w), _compact(b), y, length, float(eps))
    return y


def _layer_norm_slope(launch: Launch, g: Any, x: Any, w: Any, axes: int, eps: float, wants_x: bool) -> Any:
    length = prod(x.shape[x.ndim - axes :])
    if not x.size or w.size != length or not wants_x or g.shape != x.shape:
        return NotImplemented
    x, g = _compact(x), _compact(g)
    dx, xhat = np.empty_like(x), np.empty_like(x)
    launch("layer_norm_slope", x.size // length, g, x, _compact(w), dx, xhat, length, float(eps))
    rows = tuple(range(x.ndim - axes))
    return dx, (g * xhat).sum(axis=rows), g.sum(axis=rows)


# --------------------------------------------------------------------------- cross-entropy
def _cross_entropy(launch: Launch, x: Array, labels: Array, weight: Array) -> Any:
    if x.ndim != 2 or not x.size or np.shape(weight) != x.shape[:1]:
        return NotImplemented
    there = devices.beside(labels, x), devices.beside(weight, x)
    losses = np.empty_like(x, shape=x.shape[:1])
    arrays = _compact(x), _compact(there[0].astype(np.int64)), _compact(there[1]), losses
    launch("cross_entropy", len(x), *arrays, x.shape[1], -np.inf)
    return losses


def _cross_entropy_slope(launch: Launch, x: Array, labels: Array, share: Array) -> Any:
    if x.ndim != 2 or not x.size or np.shape(share) != (len(x), 1):
        return NotImplemented
    there = devices.beside(labels, x).astype(np.int64)
    dx = np.empty_like(x)
    arrays = _compact(x), _compact(there), _compact(devices.beside(share, x)), dx
    launch("cross_entropy_slope", len(x), *arrays, x.shape[1], -np.inf)
    return dx


# --------------------------------------------------------------------------- steps of optimizers
def _side_by_side(*arrays: Array | None) -> bool:
    """Whether arrays that are written in place are contiguous."""
    return all(a is None or a.flags.c_contiguous for a in arrays)


def _sgd(
    launch: Launch, p: Array, g: Array, v: Array | None,
    lr: float, momentum: float, kept: float, decay: float, nesterov: bool,
) -> Any:  # fmt: skip
    if not _side_by_side(p, v):
        return NotImplemented
    rates = float(lr), float(momentum), float(kept), float(decay)
    has_v = v is not None
    launch("sgd", _spread_out(p.size), p, _compact(g), v if has_v else p, p.size, int(has_v), int(nesterov),
           *rates)  # fmt: skip
    return None


def _adam(
    launch: Launch, p: Array, g: Array, m: Array, v: Array, largest: Array | None, step: int,
    lr: float, beta1: float, beta2: float, eps: float, decay: float, shrink: float,
) -> Any:  # fmt: skip
    if not _side_by_side(p, m, v, largest):
        return NotImplemented
    has = largest is not None
    rates = (
        beta1,
        1 - beta1,
        beta2,
        1 - beta2,
        sqrt(1 - beta2**step),
        lr / (1 - beta1**step),
        eps,
        decay,
        shrink,
    )
    launch("adam", _spread_out(p.size), p, _compact(g), m, v, largest if has else p, p.size, int(has),
           *map(float, rates))  # fmt: skip
    return None


_OWN: dict[str, Callable[..., Any]] = {
    "max_pool": _max_pool, "max_pool_places": _max_pool_places, "place": _place, "avg_pool": _avg_pool,
    "spread": _spread, "batch_norm": _batch_norm, "batch_norm_slope": _batch_norm_slope,
    "layer_norm": _layer_norm, "layer_norm_slope": _layer_norm_slope, "cross_entropy": _cross_entropy,
    "cross_entropy_slope": _cross_entropy_slope, "sgd": _sgd, "adam": _adam,
}  # fmt: skip
