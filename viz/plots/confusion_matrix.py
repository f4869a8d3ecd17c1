"""The confusion matrix: which class was taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from viz.plots.figures import figure, finish, look
from viz.recording.summary import values_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Above this many classes numbers in the cells could not be read.
_READABLE = 32


def confusion(
    labels: Any, predictions: Any, path: str | Path | None = None,
    class_names: Sequence[str] | None = None,
) -> Figure:  # fmt: skip
    """Draw how often each true class was taken for each class.

    Args:
        labels, predictions: (N,) integers, class numbers from 0; arrays, lists or Tensors.
        path: where to save it, .png, .svg or .pdf; None saves nothing.
        class_names: one per class; None numbers the classes up to the largest that occurs.
    Returns:
        The Matplotlib Figure. Cells hold counts; colours are shares of their row, the true class.
    Raises:
        ShapeError: not two vectors of one length.   ArgumentError: no sample, or a class out of range.
        DTypeError: not integers.   MissingExtraError: Matplotlib is not installed.

    >>> confusion([0, 0, 1, 2], [0, 1, 1, 2]).get_suptitle()
    'Accuracy 75.0 % · 3 of 4 right'
    """
    true, guessed = _classes("labels", labels), _classes("predictions", predictions)
    if true.shape != guessed.shape or true.ndim != 1 or not true.size:
        raise ShapeError(
            f"viz.confusion: labels {true.shape} and predictions {guessed.shape}; "
            "two vectors of the same length, at least 1, fit"
        )
    largest = int(max(true.max(), guessed.max()))
    names = [str(k) for k in range(largest + 1)] if class_names is None else list(map(str, class_names))
    if int(min(true.min(), guessed.min())) < 0 or largest >= len(names):
        raise ArgumentError(
            f"viz.confusion: classes run from {min(true.min(), guessed.min())} to {largest}; "
            f"0 to {len(names) - 1} fit"
        )
    counts = np.bincount(true * len(names) + guessed, minlength=len(names) ** 2)
    with look():
        drawn = _draw(counts.reshape(len(names), len(names)), names)
        return finish("viz.confusion", drawn, path)


def _classes(what: str, values: Any) -> Any:
    found = values_of(values)
    if found.dtype.kind not in "iu" and found.size:
        raise DTypeError(f"viz.confusion: {what} has dtype {found.dtype}; class numbers fit")
    return found.astype(np.int64)


def _draw(counts: Any, names: list[str]) -> Any:
    side = min(max(4.2, 0.52 * len(names) + 1.6), 16.0)  # narrower would cut off the title
    drawn = figure("viz.confusion", (side, side))
    axes = drawn.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    right, total = int(np.trace(counts)), int(counts.sum())
    drawn.suptitle(f"Accuracy {100 * right / total:.1f} % · {right:,} of {total:,} right")
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    steep = max(map(len, names)) > 3
    axes.set_xticks(range(len(names)), names, rotation=45 if steep else 0,
                    ha="right" if steep else "center", rotation_mode="anchor")  # fmt: skip
    axes.set_yticks(range(len(names)), names)
    between = np.arange(1, len(names)) - 0.5
    axes.set_xticks(between, minor=True)
    axes.set_yticks(between, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="both", length=0)
    for edge in axes.spines.values():
        edge.set_visible(False)
    if len(names) <= _READABLE:
        for i, j in np.ndindex(counts.shape):
            colour = "white" if shares[i, j] > 0.55 else "#b5b5b5" if not counts[i, j] else "#1a1a1a"
            axes.text(j, i, f"{counts[i, j]:,}", ha="center", va="center", color=colour, fontsize=9)
    return drawn
