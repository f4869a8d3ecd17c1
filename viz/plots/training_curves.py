"""Training curves: one panel per quantity, training and test together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError, DTypeError
from viz.plots.figures import figure, finish, look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PREFIXES = {"train": "train", "test": "test", "val": "validation", "valid": "validation",
             "validation": "validation"}  # fmt: skip
_COLOURS = {"train": "#8a9bb0", "test": "#c2410c", "validation": "#c2410c"}
_TITLES = {"lr": "Learning rate"}
_ORDER = ("loss", "accuracy")
_SMALLER = ("loss", "error", "perplexity")
_LARGER = ("accuracy", "precision", "recall", "f1", "score")


def curves(history: Mapping[str, Sequence[float]], path: str | Path | None = None) -> Figure:
    """Draw how each quantity went from epoch to epoch.

    Args:
        history: a list of numbers per epoch under each name. A name such as 'train_loss',
            'test_loss' or 'val_loss' puts the curve 'train', 'test' or 'validation' into the panel
            'loss'. NaN leaves a gap.
        path: where to save it, .png, .svg or .pdf; None saves nothing.
    Returns:
        The Matplotlib Figure. The best value of a loss, an error or an accuracy is marked, on the
        curve that was not trained on where there is one.
    Raises:
        ArgumentError: nothing to draw, or a suffix that does not fit.
        DTypeError: something that is not a list of numbers.
        MissingExtraError: Matplotlib is not installed.

    >>> figure = curves({"train_loss": [2.0, 1.0], "test_loss": [2.1, 1.3], "test_accuracy": [0.3, 0.6]})
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['Loss', 'Accuracy']
    """
    panels = _panels(history)
    with look():
        drawn = figure("viz.curves", (5.2 * len(panels), 3.6))
        for axes, (quantity, lines) in zip(
            np.ravel(drawn.subplots(1, len(panels), squeeze=False)), panels.items(), strict=True
        ):
            _panel(axes, quantity, lines)
        return finish("viz.curves", drawn, path)


def _panels(history: Mapping[str, Sequence[float]]) -> dict[str, dict[str, Any]]:
    """Arrays by quantity and part, loss and accuracy first."""
    found: dict[str, dict[str, Any]] = {}
    for name, values in history.items():
        try:
            numbers = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError):
            raise DTypeError(f"viz.curves: {name!r} is not a list of numbers") from None
        if numbers.ndim != 1:
            raise DTypeError(f"viz.curves: {name!r} has {numbers.ndim} axes; one number an epoch fits")
        prefix, _, rest = name.partition("_")
        part, quantity = (_PREFIXES[prefix], rest) if rest and prefix in _PREFIXES else ("", name)
        if len(numbers):
            found.setdefault(quantity, {})[part] = numbers
    if not found:
        raise ArgumentError("viz.curves: the history holds no epoch; {'train_loss': [2.3, 1.9]} fits")
    first = [quantity for quantity in _ORDER if quantity in found]
    return {q: found[q] for q in [*first, *(q for q in found if q not in first)]}


def _panel(axes: Any, quantity: str, lines: dict[str, Any]) -> None:
    as_percent = "accuracy" in quantity and all(np.nanmax(v, initial=0) <= 1 for v in lines.values())
    scale = 100.0 if as_percent else 1.0
    for part, values in lines.items():
        epochs = np.arange(1, len(values) + 1)
        colour = _COLOURS.get(part, "#3b6ea5")
        axes.plot(epochs, values * scale, color=colour, label=part or quantity, linewidth=1.8,
                  marker="o" if len(values) < 3 else "", markersize=4)  # fmt: skip
        alone = _alone(values)  # a line needs two points: one between gaps would not be seen
        if len(values) >= 3 and alone.any():
            axes.plot(epochs[alone], values[alone] * scale, "o", color=colour, markersize=4, label="_")
    title = _TITLES.get(quantity, quantity.replace("_", " "))
    # σ stays σ: only the Latin alphabet's capitals are the same letter to a reader of formulas.
    axes.set_title(title[:1].upper() + title[1:] if title[:1].isascii() else title, loc="left")
    axes.set_xlabel("epoch")
    longest = max(map(len, lines.values()))
    room = max(0.4, 0.03 * longest)
    axes.set_xlim(1 - room, longest + room)
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    if as_percent:
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g} %")
    axes.grid(axis="y", color="#e6e6e6")
    if any(lines):
        axes.legend(frameon=False)
    _mark_best(axes, quantity, lines, scale, "{:.1f} %" if as_percent else "{:.4g}")


def _alone(values: Any) -> Any:
    """Find the numbers that have no number beside them."""
    there = np.concatenate([[False], np.isfinite(values), [False]])
    return there[1:-1] & ~there[:-2] & ~there[2:]


def _mark_best(axes: Any, quantity: str, lines: dict[str, Any], scale: float, form: str) -> None:
    """A dot and a number at the best epoch of the curve that tells most about new data."""
    smaller = any(word in quantity for word in _SMALLER)
    if not smaller and not any(word in quantity for word in _LARGER):
        return
    part = next(part for part in ("validation", "test", "train", "") if part in lines)
    values = lines[part]
    if not np.isfinite(values).any():
        return
    judged = np.where(np.isfinite(values), values, np.inf if smaller else -np.inf)
    best = int(np.argmin(judged) if smaller else np.argmax(judged))
    colour = _COLOURS.get(part, "#3b6ea5")
    axes.plot([best + 1], [values[best] * scale], "o", color=colour, markersize=6, label="_")
    # Beside the title, where no curve runs.
    text = f"best {form.format(values[best] * scale)} (epoch {best + 1})"
    axes.text(1, 1.02, text, transform=axes.transAxes, ha="right", va="bottom", color=colour, fontsize=9)
    axes.margins(y=0.08)
