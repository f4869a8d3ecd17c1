"""Where steepest descent leads: the negative gradient of a function of two variables as arrows."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_cnn import Tensor, enable_grad, grad
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from viz.plots.figures import figure, finish, look
from viz.recording.summary import values_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: More arrows than this would be a grey area, and take long.
_MOST = 250
Bounds = tuple[Any, Any]


def field(
    function: Callable[[Any, Any], Any], path: str | Path | None = None,
    bounds: Bounds = (-2.0, 2.25), step: float = 0.25,
) -> Figure:  # fmt: skip
    """Draw -grad f at the points of a grid: where each would go in steepest descent.

    Args:
        function: f(x, y), elementwise on two Tensors of one shape, recorded.
        path: where to save it, .png, .svg or .pdf; None saves nothing.
        bounds: (low, high) for both axes, or ((x low, x high), (y low, y high)); ends included.
        step: distance of two arrows, more than 0.
    Returns:
        The Matplotlib Figure; arrows where the gradient is not finite are left out.
    Raises:
        ArgumentError: bounds or a step that give no grid, or more than 250 arrows a side.
        DTypeError: f gives no recorded Tensor.   ShapeError: f is not elementwise.
        MissingExtraError: Matplotlib is not installed.
    Source: Saito 2016, "Deep Learning from Scratch", 4.4.

    >>> drawn = field(lambda x, y: x**2 + y**2)
    >>> drawn.axes[0].collections[0].N
    324
    """
    (left, right), (bottom, top) = corners("viz.field", bounds)
    if not (isinstance(step, (int, float)) and math.isfinite(step) and step > 0):
        raise ArgumentError(f"viz.field: step is {step!r}; a number above 0 fits")
    # A little more than the end, so that rounding does not lose the last arrow.
    counts = [math.floor((high - low) / step + 1e-9) + 1 for low, high in ((left, right), (bottom, top))]
    if max(counts) > _MOST:
        raise ArgumentError(f"viz.field: step {step:g} gives {max(counts)} arrows a side; {_MOST} fit")
    xs, ys = np.meshgrid(left + step * np.arange(counts[0]), bottom + step * np.arange(counts[1]))
    u, v = _slopes(function, xs, ys)
    finite = np.isfinite(u) & np.isfinite(v)
    if not finite.any():
        raise ArgumentError("viz.field: the gradient is nowhere finite within the bounds")
    xs, ys, u, v = xs[finite], ys[finite], u[finite], v[finite]
    lengths = np.hypot(u, v)
    with look():
        shape = (top - bottom) / (right - left)
        equal = 1 / 3 <= shape <= 3
        drawn = figure("viz.field", (6.0, 4.8 * (min(max(shape, 0.5), 1.3) if equal else 0.8) + 0.4))
        axes = drawn.subplots()
        arrows = axes.quiver(  # the longest almost reaches the next one's start
            xs, ys, -u, -v, lengths, cmap="viridis_r", angles="xy", scale_units="xy",
            scale=(float(lengths.max()) or 1.0) / (0.95 * step),
        )  # fmt: skip
        bar = drawn.colorbar(arrows, ax=axes, shrink=0.9)
        bar.set_label("length of the gradient")
        bar.outline.set_visible(False)
        axes.set_title("Negative gradient", loc="left")
        axes.set_xlabel("x")
        axes.set_ylabel("y")
        axes.set_aspect("equal" if equal else "auto")
        axes.locator_params(nbins=7)
        axes.set_xlim(left - step, right + step)
        axes.set_ylim(bottom - step, top + step)
        return finish("viz.field", drawn, path)


def _slopes(function: Callable[[Any, Any], Any], xs: Any, ys: Any) -> tuple[Any, Any]:
    """df/dx and df/dy on the grid."""
    with enable_grad(), np.errstate(all="ignore"):
        x, y = Tensor(xs, requires_grad=True), Tensor(ys, requires_grad=True)
        z = function(x, y)
        if not isinstance(z, Tensor) or not z.requires_grad:
            raise DTypeError(
                "viz.field: the function gives no Tensor that depends on x and y; "
                "operators and functions on Tensors fit, such as lambda x, y: x**2 + y**2"
            )
        if z.shape != xs.shape:
            raise ShapeError(f"viz.field: the function gives shape {z.shape} for {xs.shape}; the same fits")
        slopes = grad(z.sum(), [x, y], allow_unused=True)
    u, v = (np.zeros_like(xs) if s is None else values_of(s) for s in slopes)
    return u, v


def corners(name: str, bounds: Bounds) -> tuple[tuple[float, float], tuple[float, float]]:
    """((x low, x high), (y low, y high)) of `bounds` in either form.

    Raises:
        ArgumentError: not finite numbers, or low is not below high.

    >>> corners("viz.field", (-1, 1))
    ((-1.0, 1.0), (-1.0, 1.0))
    """
    try:
        pairs = np.broadcast_to(np.asarray(bounds, dtype=np.float64), (2, 2))
    except (TypeError, ValueError):
        pairs = np.full((2, 2), np.nan)
    if not np.isfinite(pairs).all() or (pairs[:, 0] >= pairs[:, 1]).any():
        raise ArgumentError(
            f"{name}: bounds are {bounds!r}; (low, high) or ((x low, x high), (y low, y high)) fits"
        )
    (left, right), (bottom, top) = pairs.tolist()
    return (left, right), (bottom, top)
