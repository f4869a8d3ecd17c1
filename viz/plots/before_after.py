"""Images before and after a change, one below the other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from viz.plots.figures import figure, finish, look
from viz.recording.summary import values_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: More would be too small to see at the width of a page.
_COLUMNS, _ROWS = 12, 12


def sheet(before: Any, after: Any, path: str | Path | None = None) -> Figure:
    """Draw images in a row, and below each what became of it: once, or several times.

    Args:
        before: (N, C, H, W) in [0, 1], 1 to 12 images, with 1 (grey), 3 (RGB) or 4 (RGBA) channels.
        after: (N, C, h, w) in [0, 1], or (K, N, C, h, w), 1 to 12 rows of them; arrays or Tensors.
        path: where to save it, .png, .svg or .pdf; None saves nothing.
    Returns:
        The Matplotlib Figure, with a panel per image, row by row.
    Raises:
        ShapeError: shapes that do not fit.   DTypeError: not numbers.
        ArgumentError: values outside [0, 1], which would be shown as others; or a path that does not fit.
        FileNotFoundError: the folder of `path` does not exist.
        MissingExtraError: Matplotlib is not installed.

    >>> images = np.random.default_rng(0).random((4, 3, 8, 8))
    >>> drawn = sheet(images, images[..., ::-1])
    >>> len(drawn.axes), drawn.axes[4].get_title(loc="left")
    (8, 'After')
    """
    first, rows = _images("before", before), _images("after", after)
    if rows.ndim == 4:
        rows = rows[None]
    fits = first.ndim == 4 and rows.ndim == 5 and first.shape[:2] == rows.shape[1:3]
    fits = fits and 0 < first.shape[0] <= _COLUMNS and 0 < len(rows) <= _ROWS and 0 not in rows.shape
    if not fits or first.shape[1] not in (1, 3, 4) or 0 in first.shape:
        raise ShapeError(
            f"viz.sheet: before has shape {first.shape}, after {np.shape(after)}; (N, C, H, W) and "
            f"(N, C, h, w) or (K, N, C, h, w) fit, N and K from 1 to {_COLUMNS}, C 1, 3 or 4"
        )
    with look():
        return finish("viz.sheet", _draw([first, *rows]), path)


def _images(what: str, images: Any) -> Any:
    values = values_of(images)
    if values.dtype.kind not in "biuf":
        raise DTypeError(f"viz.sheet: {what} has dtype {values.dtype}; numbers from 0 to 1 fit")
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        raise ArgumentError(
            f"viz.sheet: {what} has values from {values.min():g} to {values.max():g}; 0 to 1 fit"
        )
    return values.astype(np.float64)


def _draw(rows: list[Any]) -> Any:
    count = len(rows[0])
    side = min(1.6, 12.0 / count)
    heights = [side * row.shape[2] / row.shape[3] for row in rows]
    titles = {0: "Before", 1: "After"}
    drawn = figure("viz.sheet", (side * count + 0.2, sum(heights) + 0.3 * len(titles) + 0.2))
    drawn.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0.02, hspace=0.02)
    panels = drawn.subplots(len(rows), count, squeeze=False, height_ratios=heights)
    for k, (row, line) in enumerate(zip(rows, panels, strict=True)):
        for axes, image in zip(line, row, strict=True):
            pixels = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
            axes.imshow(pixels, cmap="gray", vmin=0.0, vmax=1.0, interpolation="nearest")
            axes.set_axis_off()
        line[0].set_title(titles.get(k, ""), loc="left")
    return drawn
