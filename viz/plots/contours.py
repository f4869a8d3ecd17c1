"""A function of two variables as contour lines, and the paths of optimisers on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_cnn import no_grad
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from viz.plots.figures import figure, finish, look
from viz.plots.gradient_arrows import Bounds, corners
from viz.recording.summary import values_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_GRID = 240  # points a side
_LEVELS = 14


def surface(
    function: Callable[[Any, Any], Any], paths: Mapping[str, Any] | None = None,
    path: str | Path | None = None, bounds: Bounds | None = None,
) -> Figure:  # fmt: skip
    """Draw contour lines of f, one panel for each path that an optimiser took on it.

    Args:
        function: f(x, y), elementwise on two arrays of one shape.
        paths: points (T, 2) by name, in order; None draws the contour lines alone.
        path: where to save it, .png, .svg or .pdf; None saves nothing.
        bounds: (low, high) for both axes, or ((x low, x high), (y low, y high)); None: a little more
            than the paths need, -2 to 2 without any.
    Returns:
        The Matplotlib Figure. A path's start is a ring and its end a disc; points outside the bounds
        are not seen, and a path that stops being finite ends there.
    Raises:
        ArgumentError: bounds that fit nothing, an empty path, or f is nowhere finite.
        ShapeError: a path is not (T, 2), or f is not elementwise.   DTypeError: not numbers.
        MissingExtraError: Matplotlib is not installed.
    Source: Saito 2016, "Deep Learning from Scratch", 6.1.

    >>> drawn = surface(lambda x, y: x**2 / 20 + y**2, {"SGD": [(-7, 2), (-6, 1)]})
    >>> drawn.axes[0].get_title(loc="left")
    'SGD · 1 step to f = 2.8'
    """
    taken = {str(name): _points(str(name), points) for name, points in (paths or {}).items()}
    box = corners("viz.surface", _around(taken) if bounds is None else bounds)
    x, y = np.meshgrid(*(np.linspace(low, high, _GRID) for low, high in box))
    z = _values(function, x, y)
    if not np.isfinite(z).any():
        raise ArgumentError("viz.surface: the function is nowhere finite within the bounds")
    ends = {name: float(_values(function, *points[-1:].T)[0]) for name, points in taken.items()}
    with look():
        drawn = _draw((x, y, np.ma.masked_invalid(z)), taken, ends, box)
        return finish("viz.surface", drawn, path)


def _points(name: str, points: Any) -> Any:
    try:
        found = np.asarray(values_of(points), dtype=np.float64)
    except (TypeError, ValueError):
        raise DTypeError(f"viz.surface: the path {name!r} is not made of numbers") from None
    if found.ndim != 2 or found.shape[1] != 2:
        raise ShapeError(f"viz.surface: the path {name!r} has shape {found.shape}; (T, 2) fits")
    finite = np.isfinite(found).all(axis=1)
    found = found[: len(found) if finite.all() else int(np.argmin(finite))]
    if not len(found):
        raise ArgumentError(f"viz.surface: the path {name!r} has no finite point to start from")
    return found


def _around(paths: Mapping[str, Any]) -> Any:
    if not paths:
        return (-2.0, 2.0)
    points = np.concatenate(list(paths.values()))
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.15 * np.where(high > low, high - low, 1.0)
    return np.stack([low - margin, high + margin], axis=1)


def _values(function: Callable[[Any, Any], Any], x: Any, y: Any) -> Any:
    """f on arrays, as float64; what overflows is left to be not finite."""
    with no_grad(), np.errstate(all="ignore"):
        result = function(x, y)
    z = values_of(result)
    if z.shape != x.shape:
        raise ShapeError(f"viz.surface: the function gives shape {z.shape} for {x.shape}; the same fits")
    if z.dtype.kind not in "iuf":
        raise DTypeError(f"viz.surface: the function gives dtype {z.dtype}; real numbers fit")
    return z.astype(np.float64)


def _draw(grid: tuple[Any, Any, Any], paths: Mapping[str, Any], ends: Mapping[str, float], box: Any) -> Any:
    panels = max(1, len(paths))
    columns = 1 if panels == 1 else 2 if panels < 5 else 3
    rows = -(-panels // columns)
    drawn = figure("viz.surface", (4.4 * columns + 0.2, 3.3 * rows + 0.2))
    cells = np.ravel(drawn.subplots(rows, columns, squeeze=False, sharex=True, sharey=True))
    for k, axes in enumerate(cells):
        if k >= panels:
            axes.set_axis_off()
            continue
        _contours(axes, *grid)
        axes.set_xlim(box[0])
        axes.set_ylim(box[1])
        if k % columns == 0:
            axes.set_ylabel("y")
        if k + columns >= panels:  # nothing below
            axes.set_xlabel("x")
            axes.tick_params(labelbottom=True)
    for axes, (name, points) in zip(cells, paths.items(), strict=False):
        _route(axes, points)
        steps = len(points) - 1
        axes.set_title(f"{name} · {steps} step{'s' * (steps != 1)} to f = {ends[name]:.3g}", loc="left")
    return drawn


def _contours(axes: Any, x: Any, y: Any, z: Any) -> None:
    """Lines that lie closer where the function is low: evenly spaced for a bowl."""
    low, high = float(z.min()), float(z.max())
    if low == high:
        axes.set_facecolor("#eef3f9")  # flat: there is no line to draw
        return
    levels = low + (high - low) * np.linspace(0, 1, _LEVELS + 1) ** 2
    axes.contourf(x, y, z, levels=levels, cmap="Blues_r", alpha=0.35)
    axes.contour(x, y, z, levels=levels[1:-1], colors="#7f9bb8", linewidths=0.7, linestyles="solid")


def _route(axes: Any, points: Any) -> None:
    colour = "#c2410c"
    dots = "o" if len(points) <= 200 else ""
    axes.plot(*points.T, color=colour, linewidth=1.3, marker=dots, markersize=2.8)
    axes.plot(*points[0], "o", color=colour, markerfacecolor="white", markersize=7, markeredgewidth=1.5)
    axes.plot(*points[-1], "o", color=colour, markersize=7)
