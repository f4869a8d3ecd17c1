"""Spreads of values, layer by layer: activations and gradients, or any arrays by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_cnn import Tensor, enable_grad, grad, nn, no_grad
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from viz.plots.figures import figure, finish, look
from viz.plots.layer_calls import choose, computes, named, noting, undisturbed
from viz.recording.module_run import beside
from viz.recording.summary import values_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Table = dict[str, dict[str, Any]]
_BINS = 60
#: Rows whose spreads differ by more than this factor are drawn over powers of ten.
_WIDE = 300.0


def histograms(
    source: nn.Module | Mapping[str, Any], inputs: Any = None, loss: Callable[[Any], Any] | None = None,
    path: str | Path | None = None, layers: Sequence[str | nn.Module] | None = None,
) -> Figure:  # fmt: skip
    """Draw a histogram per layer, one row each: activations and, with a loss, their gradients.

    Heights are shares of each row's own peak. All rows of a column share the axis of values, and
    arrays by name share one over all columns. A model's gradients, and arrays whose spreads differ
    by more than 300, are magnitudes over powers of ten. A model runs once in the modes that it has;
    modes, gradients, buffers and generators stay as they were.

    Args:
        source: a Module; or arrays by row, `{'conv1': w, ...}`; or columns of rows,
            `{'std 0.01': {'layer 1': a, ...}, 'Xavier': {...}}`.
        inputs: a batch for the Module.
        loss: gives a one-element Tensor from the Module's result; adds the column of gradients.
        path: where to save it, .png, .svg or .pdf; None saves nothing.
        layers: paths or modules; None: all without parts of their own, but Flatten and Dropout.
    Returns:
        The Matplotlib Figure, one axes per row and column, row by row.
    Raises:
        ArgumentError: nothing to draw, no inputs, or no such layer.
        DTypeError: not a Module nor arrays of numbers.   ShapeError: a loss of several elements.
        MissingExtraError: Matplotlib is not installed.
    Source: Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural
        networks", figures 6 and 7.

    >>> model = nn.Sequential(nn.Linear(4, 8, rng=0), nn.Tanh())
    >>> drawn = histograms(model, np.ones((5, 4), "float32"), loss=lambda y: (y * y).mean())
    >>> [axes.get_title(loc="left") for axes in drawn.axes]
    ['Activations', 'Gradients', '', '']
    """
    if isinstance(source, nn.Module):
        table = _of_model(source, inputs, loss, layers)
        groups = [({title: rows}, title == "Gradients") for title, rows in table.items()]
    elif isinstance(source, Mapping):
        if inputs is not None or loss is not None or layers is not None:
            raise ArgumentError("viz.histograms: inputs, loss and layers fit a Module, not arrays by name")
        table = _of_arrays(source)
        groups = [(table, False)]
    else:
        raise DTypeError(f"viz.histograms: got a {type(source).__name__}; a Module or arrays by name fit")
    with look():
        return finish("viz.histograms", _draw(table, groups), path)


# --------------------------------------------------------------------------- what to draw
def _of_arrays(source: Mapping[str, Any]) -> Table:
    nested = [isinstance(value, Mapping) for value in source.values()]
    if any(nested) and not all(nested):
        raise DTypeError("viz.histograms: columns of rows, or rows alone, fit; this mapping mixes them")
    columns = source if any(nested) else {"": source}
    table = {
        str(column): {str(row): _numbers(row, values) for row, values in rows.items()}
        for column, rows in columns.items()
    }
    if not any(rows for rows in table.values()):
        raise ArgumentError("viz.histograms: no array to draw; {'conv1': weights} fits")
    return table


def _numbers(name: Any, values: Any) -> Any:
    try:
        found = values_of(values)
    except ValueError:  # lists of different lengths
        found = np.asarray(None)
    if found.dtype.kind not in "biuf":
        raise DTypeError(f"viz.histograms: {name!r} is not an array of real numbers")
    return found.astype(np.float64).ravel()


def _of_model(
    model: nn.Module, inputs: Any, loss: Callable[[Any], Any] | None,
    layers: Sequence[str | nn.Module] | None,
) -> Table:  # fmt: skip
    if inputs is None:
        raise ArgumentError("viz.histograms: a Module needs inputs, a batch to run on")
    values = values_of(inputs)
    # Asking for the inputs' gradient records all layers, frozen ones too.
    x = beside(model, Tensor(values, requires_grad=loss is not None and values.dtype.kind == "f"))
    chosen = choose("viz.histograms", model, layers, computes)
    with undisturbed(model), noting(chosen) as calls, enable_grad() if loss is not None else no_grad():
        result = model(x)
        rows = [(title, y) for title, y in named(calls, chosen) if isinstance(y, Tensor) and y.size]
        if not rows:
            raise ArgumentError("viz.histograms: no layer gave a Tensor with elements")
        table = {"Activations": {title: _numbers(title, y) for title, y in rows}}
        if loss is not None:
            table["Gradients"] = _gradients(loss(result), rows)
    return table


def _gradients(value: Any, rows: list[tuple[str, Tensor]]) -> dict[str, Any]:
    if not isinstance(value, Tensor) or not value.requires_grad:
        raise DTypeError("viz.histograms: the loss gives no Tensor that depends on the model's result")
    if value.size != 1:
        raise ShapeError(f"viz.histograms: the loss has shape {value.shape}; one element fits")
    wanted = {title: y for title, y in rows if y.requires_grad}
    found = grad(value.reshape(()), list(wanted.values()), allow_unused=True)
    slopes = dict(zip(wanted, found, strict=True))
    return {
        title: _numbers(title, slope) if (slope := slopes.get(title)) is not None else np.empty(0)
        for title, _ in rows
    }


# --------------------------------------------------------------------------- drawing
def _draw(table: Table, groups: list[tuple[Table, bool]]) -> Any:
    """One cell per row and column; the columns of a group share their axis of values.

    The flag beside a group asks for powers of ten in any case.
    """
    names = list(dict.fromkeys(row for rows in table.values() for row in rows))
    drawn = figure("viz.histograms", (2.9 * len(table) + 1.8, 0.78 * len(names) + 0.9))
    cells = drawn.subplots(len(names), len(table), squeeze=False, sharex="col")
    columns = iter(cells.T)
    for group, powers in groups:
        values = [v for rows in group.values() for v in rows.values()]
        log = powers or _differ(values)
        edges = _edges([_scaled(v, log) for v in values])
        for title, rows in group.items():
            _column(next(columns), title, [rows.get(name, np.empty(0)) for name in names], edges, log)
    for axes, name in zip(cells[:, 0], names, strict=True):
        axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9, color="#1a1a1a")
    return drawn


def _column(cells: Any, title: str, rows: list[Any], edges: Any, log: bool) -> None:
    for axes, values in zip(cells, rows, strict=True):
        _cell(axes, _scaled(values, log), values, edges)
    cells[0].set_title(title, loc="left")
    cells[-1].tick_params(bottom=True, labelbottom=True)
    if log:
        cells[-1].set_xlabel("magnitude")
        cells[-1].xaxis.get_major_locator().set_params(integer=True, nbins=5)
        cells[-1].xaxis.set_major_formatter(lambda value, _: f"1e{value:.0f}")


def _differ(rows: list[Any]) -> bool:
    """Whether one axis of plain values would show most rows as a single bar."""
    spreads = [float(np.std(v[np.isfinite(v)])) for v in rows if np.isfinite(v).any()]
    some = [spread for spread in spreads if spread > 0]
    return bool(some) and max(some) > _WIDE * min(some)


def _scaled(values: Any, log: bool) -> Any:
    """The finite values, or the logarithms of their magnitudes."""
    found = values[np.isfinite(values)]
    return np.log10(np.abs(found[found != 0])) if log else found


def _edges(rows: list[Any]) -> Any:
    values = np.concatenate(rows)
    if not values.size:
        return np.linspace(-1, 1, _BINS + 1)
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-9 * max(abs(low), abs(high)):  # one value only: a bar in the middle
        room = max(abs(low), 1.0) / 2
        low, high = low - room, high + room
    return np.linspace(low, high, _BINS + 1)


def _cell(axes: Any, scaled: Any, values: Any, edges: Any) -> None:
    counts = np.histogram(scaled, bins=edges)[0]
    axes.stairs(counts / max(counts.max(), 1), edges, fill=True, color="#3b6ea5")
    axes.set_ylim(0, 1.4)  # room above the bars for the note
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(bottom=False)
    finite = values[np.isfinite(values)]
    said = [f"std {np.std(finite):.2g}" if finite.size else "none"]
    zeros = float(np.mean(finite == 0)) if finite.size else 0.0
    if zeros >= 0.005:
        said.append(f"{100 * zeros:.0f} % zero")
    lost = values.size - finite.size
    if lost:
        said.append(f"{lost:,} NaN or Inf")
    axes.text(
        0.995, 0.98, " · ".join(said), transform=axes.transAxes, ha="right", va="top", fontsize=8,
        color="#b91c1c" if lost else "#333333",
    )  # fmt: skip
