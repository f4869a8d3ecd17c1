"""The kernels of a convolution as pictures, before and after training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_cnn.errors import DTypeError, ShapeError
from viz.plots.figures import figure, finish, look
from viz.plots.image_tiles import columns_for, diverging, extent, mosaic
from viz.recording.summary import values_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: More would be too small to see at the width of a page.
_KERNELS, _CHANNELS = 64, 32


def filters(layer: Any, path: str | Path | None = None, before: Any = None) -> Figure:
    """Draw the kernels of a convolution: blue below 0, white at 0, red above, on one scale.

    A kernel over several channels is a strip, one tile per input channel.

    Args:
        layer: a Conv2d, or what else has a `weight` of 4 axes.
        path: where to save it, .png, .svg or .pdf; None saves nothing.
        before: weights of an earlier time, as `state_dict()` gave them, to stand on the left.
    Returns:
        The Matplotlib Figure: the first 64 kernels and 32 channels.
    Raises:
        DTypeError: a layer without such weights.   ShapeError: `before` has another shape.
        ArgumentError, FileNotFoundError: a path that does not fit.
        MissingExtraError: Matplotlib is not installed.
    Source: Krizhevsky et al. 2012, "ImageNet classification with deep convolutional neural
        networks", figure 3.

    >>> from tinygrad_cnn import nn
    >>> conv = nn.Conv2d(1, 8, 3, rng=0)
    >>> drawn = filters(conv, before=np.zeros((8, 1, 3, 3)))
    >>> [axes.get_title(loc="left") for axes in drawn.axes[:2]]
    ['Before', 'After']
    """
    now = _weights("layer", getattr(layer, "weight", None), type(layer).__name__)
    sets = {"": now}
    if before is not None:
        earlier = _weights("before", before, "array")
        if earlier.shape != now.shape:
            raise ShapeError(f"viz.filters: before has shape {earlier.shape}, the layer's is {now.shape}")
        sets = {"Before": earlier, "After": now}
    with look():
        return finish("viz.filters", _draw(sets, now.shape), path)


def _weights(what: str, weight: Any, kind: str) -> Any:
    values = values_of(weight)
    if values.ndim != 4 or values.dtype.kind != "f" or not values.size:
        said = f"shape {values.shape}" if values.ndim else "none"
        raise DTypeError(
            f"viz.filters: {what} is a {kind} with weights of {said}; "
            "a Conv2d fits, whose weights are (kernels, channels, KH, KW)"
        )
    return values.astype(np.float64)


def _draw(sets: dict[str, Any], shape: tuple[int, ...]) -> Any:
    kernels, channels = min(shape[0], _KERNELS), min(shape[1], _CHANNELS)
    sheets = {name: _sheet(w[:kernels, :channels]) for name, w in sets.items()}
    height, width = next(iter(sheets.values())).shape
    wide = min(3.8, 9.0 * width / height)
    tall = max(wide * height / width, 1.2)
    drawn = figure("viz.filters", (max(wide * len(sheets) + 1.1, 4.2), tall + 0.7))
    drawn.get_layout_engine().set(wspace=0.05)
    limit = max(extent(w[:kernels, :channels]) for w in sets.values())
    panels = np.ravel(drawn.subplots(1, len(sheets), squeeze=False))
    for axes, (name, sheet) in zip(panels, sheets.items(), strict=True):
        shown = axes.imshow(sheet, cmap=diverging(), vmin=-limit, vmax=limit, interpolation="nearest")
        axes.set_title(name, loc="left")
        axes.set_axis_off()
    bar = drawn.colorbar(shown, ax=list(panels), shrink=0.9, aspect=7 * tall, pad=0.02)
    bar.outline.set_visible(False)
    part = "" if shape[:2] == (kernels, channels) else f" · the first {kernels} × {channels}"
    depth = f" × {shape[1]} channels" if shape[1] > 1 else ""
    drawn.suptitle(f"{shape[0]} kernels{depth} of {shape[2]}×{shape[3]}{part}", fontsize=10)
    return drawn


def _sheet(w: Any) -> Any:
    """A tile per kernel, or a strip of tiles where a kernel has several channels."""
    strips = np.stack([mosaic(kernel, columns=len(kernel)) for kernel in w])
    several = w.shape[1] > 1
    columns = columns_for(len(w), max(1, 16 // w.shape[1]) if several else 8)
    return mosaic(strips, columns, gap=2 if several and columns > 1 else 1)
