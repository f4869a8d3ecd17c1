"""The maps that a network's layers make of one image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_cnn import Tensor, nn, no_grad
from tinygrad_cnn.errors import ArgumentError
from viz.plots.figures import figure, finish, look
from viz.plots.image_tiles import diverging, extent, mosaic
from viz.plots.layer_calls import (
    check_model,
    choose,
    computes,
    named,
    noting,
    one_image,
    picture,
    undisturbed,
)
from viz.recording.module_run import beside
from viz.recording.summary import values_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH = 8.0  # inches
_MOST = 64


def feature_maps(
    model: nn.Module, image: Any, path: str | Path | None = None,
    layers: Sequence[str | nn.Module] | None = None,
) -> Figure:  # fmt: skip
    """Draw the maps that convolutions, activations, poolings and the like make of one image.

    The model runs once as after `eval()`; its modes, gradients, buffers and generators stay as they
    were. A layer's maps share one scale: black is 0 and bright is large, or blue below 0 and red
    above where a layer gives both.

    Args:
        model: a Module that takes a batch of images.
        image: (C, H, W) or (1, C, H, W), of a float type.
        path: where to save it, .png, .svg or .pdf; None saves nothing.
        layers: paths such as 'features.0', or modules; None: all that give maps, but Dropout.
    Returns:
        The Matplotlib Figure: the image, then a row of at most 64 maps for each call of a layer.
    Raises:
        ShapeError: the image's shape fits nothing.   ArgumentError: no such layer, or none with maps.
        DTypeError: not a Module, or not floats.   MissingExtraError: Matplotlib is not installed.
    Source: Zeiler & Fergus 2014, "Visualizing and understanding convolutional networks".

    >>> model = nn.Sequential(nn.Conv2d(1, 4, 3, rng=0), nn.ReLU())
    >>> drawn = feature_maps(model, np.ones((1, 8, 8), "float32"))
    >>> [axes.get_title(loc="left").split(" · ")[:3] for axes in drawn.axes]
    [['Image'], ['0', 'Conv2d', '4 maps of 6×6'], ['1', 'ReLU', '4 maps of 6×6']]
    """
    check_model("viz.feature_maps", model)
    x = beside(model, one_image("viz.feature_maps", image))
    chosen = choose("viz.feature_maps", model, layers, computes)
    with undisturbed(model, training=False), noting(chosen) as calls, no_grad():
        model(x)
    rows = [
        (title, np.asarray(values_of(result)[0], dtype=np.float64))
        for title, result in named(calls, chosen)
        if isinstance(result, Tensor) and result.ndim == 4 and result.size
    ]
    if not rows:
        raise ArgumentError(
            f"viz.feature_maps: {', '.join(map(repr, chosen))} gave no maps (1, C, H, W) for this image"
        )
    with look():
        return finish("viz.feature_maps", _draw(x, rows), path)


def _draw(image: Tensor, rows: list[tuple[str, Any]]) -> Any:
    sheets = [mosaic(maps[:_MOST], _columns(maps), gap=max(1, maps.shape[2] // 12)) for _, maps in rows]
    # A sheet takes the whole width, or less where its maps are few; heights follow.
    widths = [_WIDTH * min(len(maps), _columns(maps)) / _columns(maps) for _, maps in rows]
    heights = [1.1] + [w * sheet.shape[0] / sheet.shape[1] for w, sheet in zip(widths, sheets, strict=True)]
    drawn = figure("viz.feature_maps", (_WIDTH + 0.2, sum(heights) + 0.36 * len(heights)))
    panels = np.ravel(drawn.subplots(len(heights), 1, squeeze=False, height_ratios=heights))
    pixels, options = picture(image)
    panels[0].imshow(pixels, **options)
    panels[0].set_title("Image", loc="left")
    for axes, (title, maps), sheet in zip(panels[1:], rows, sheets, strict=True):
        signed = bool(np.nanmin(maps) < 0)
        scale = {"cmap": diverging(), "vmin": -extent(maps)} if signed else {"cmap": "inferno", "vmin": 0.0}
        axes.imshow(sheet, vmax=extent(maps), interpolation="nearest", **scale)
        shown = f" · the first {_MOST}" if len(maps) > _MOST else ""
        axes.set_title(
            f"{title} · {len(maps)} maps of {maps.shape[1]}×{maps.shape[2]}{shown} · "
            f"{np.nanmin(maps):.3g} to {np.nanmax(maps):.3g}",
            loc="left", fontsize=10,
        )  # fmt: skip
    for axes in panels:
        axes.set_anchor("W")
        axes.set_axis_off()
    return drawn


def _columns(maps: Any) -> int:
    return 16 if len(maps) > 8 else 8
