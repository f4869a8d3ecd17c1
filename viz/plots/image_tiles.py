"""Many small pictures as one array, with gaps between them."""

from __future__ import annotations

from typing import Any

import numpy as np


def mosaic(tiles: Any, columns: int, gap: int = 1) -> Any:
    """Tiles of one size in rows, NaN in the gaps and where the last row ends early.

    Args:
        tiles: (N, H, W), N at least 1.   columns: tiles a row.   gap: pixels between two tiles.
    Returns:
        (rows * (H + gap) - gap, columns * (W + gap) - gap) float64; no wider than N tiles need.

    >>> mosaic(np.ones((3, 1, 1)), columns=2)
    array([[ 1., nan,  1.],
           [nan, nan, nan],
           [ 1., nan, nan]])
    """
    count, height, width = np.shape(tiles)
    columns = min(columns, count)
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), np.nan)
    for k, tile in enumerate(tiles):
        top, left = k // columns * (height + gap), k % columns * (width + gap)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def columns_for(count: int, most: int) -> int:
    """Choose the tiles of a row: as many as `most`, or some fewer where that fills the last row.

    >>> columns_for(32, 8), columns_for(30, 8), columns_for(13, 8), columns_for(3, 8)
    (8, 6, 8, 3)
    """
    if count <= most:
        return count
    full = [columns for columns in range(-(-most // 2), most + 1) if count % columns == 0]
    return full[-1] if full else most


def diverging() -> Any:
    """Colours for values around 0: blue below, white at 0, red above; gaps between tiles are grey.

    >>> diverging().name
    'RdBu_r'
    """
    from matplotlib import colormaps

    return colormaps["RdBu_r"].with_extremes(bad="#d6d6d6")


def extent(values: Any) -> float:
    """The largest finite magnitude, or 1 where there is none: ends of a colour scale around 0.

    >>> extent(np.array([-2.0, 1.0, np.nan])), extent(np.zeros(2))
    (2.0, 1.0)
    """
    finite = np.abs(np.asarray(values, dtype=np.float64))
    return float(np.max(finite[np.isfinite(finite)], initial=0.0)) or 1.0
