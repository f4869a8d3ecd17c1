"""A watched training as one picture, and as one page."""

from __future__ import annotations

from html import escape
from math import ceil, floor, inf, isfinite, isnan, log10
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.serial.paths import path_of
from viz.output.engines import write
from viz.plots.figures import figure, finish, look
from viz.plots.figures import save as save_figure
from viz.training.layer_series import QUANTITIES, Layer
from viz.write.numbers import size_text

if TYPE_CHECKING:
    from viz.training.watching import Watch

#: Rows of which each gets its name; of more, some.
_NAMED = 40
#: Findings that are written above the picture at most.
_SAID = 6
#: What one label of a colour bar needs, in inches.
_LABEL = 0.17
_ALARM = "#c62828"


def drawn(seen: Watch) -> Any:
    """The Figure: the loss, then a map of layers and steps for each quantity that there is."""
    _need_steps(seen)
    grids = [(word, log, _grid(seen.layers, name)) for name, word, log in QUANTITIES]
    panels = [one for one in grids if np.isfinite(one[2]).any()]
    rows = min(len(seen.layers), _NAMED)
    heights = [1.4, *([0.5 + 0.19 * rows] * len(panels))]
    with look():
        made = figure("viz.watch", (9.0, sum(heights) + 1.0 + 0.2 * min(len(seen.findings), _SAID)))
        made.set_layout_engine("none")  # which would take seconds for this many colour bars
        top = 1 - (0.7 + 0.2 * min(len(seen.findings), _SAID)) / made.get_size_inches()[1]
        room = {"left": 0.16, "right": 0.93, "top": top, "bottom": 0.45 / made.get_size_inches()[1]}
        room["hspace"] = 0.35 * len(heights) / sum(heights)
        axes = made.subplots(
            len(heights), 1, squeeze=False, height_ratios=heights, sharex=True, gridspec_kw=room
        )[:, 0]  # fmt: skip
        _loss(axes[0], seen)
        for one, (word, log, grid) in zip(axes[1:], panels, strict=True):
            _map(made, one, seen, word, log, grid)
        axes[-1].set_xlabel("step")
        axes[-1].locator_params(axis="x", integer=True)
        made.suptitle(_head(seen), x=0.01, y=0.995, va="top", ha="left", fontsize=10, fontweight="normal")
        return finish("viz.watch", made, None)


def _head(seen: Watch) -> str:
    found = seen.findings
    more = [f"and {len(found) - _SAID} more"] if len(found) > _SAID else []
    head = f"{type(seen.model).__name__}, {len(seen.steps):,} steps: "
    if not found:
        return head + "nothing to report"
    return "\n".join([head.rstrip(), *(f"▲ {text}" for text in found[:_SAID]), *more])


def _grid(layers: list[Layer], name: str) -> Any:
    return np.array([getattr(layer, name) for layer in layers])


def _edges(seen: Watch) -> Any:
    steps = np.array(seen.steps, float)
    return np.concatenate([steps - seen.every / 2, steps[-1:] + seen.every / 2])


def _loss(axes: Any, seen: Watch) -> None:
    losses = np.array([value if isfinite(value) else np.nan for value in seen.losses])
    axes.plot(seen.steps, losses, color="#3b6ea5", marker="o" if len(losses) < 3 else "", markersize=4)
    bad = [step for step, value in zip(seen.steps, seen.losses, strict=True) if value == inf]
    for step in bad[:1]:
        axes.axvline(step, color=_ALARM)
        axes.text(step, 0.5, " NaN or infinity", color=_ALARM, transform=axes.get_xaxis_transform())
    axes.set_title("Loss", loc="left")
    axes.grid(axis="y", color="#e6e6e6")


def _map(made: Any, axes: Any, seen: Watch, word: str, log: bool, grid: Any) -> None:
    from matplotlib import colormaps  # an extra
    from matplotlib.colors import LogNorm, Normalize

    colours = colormaps["viridis" if log else "magma_r"].with_extremes(bad="#eeeeee", over=_ALARM)
    good = grid[np.isfinite(grid) & (grid > 0)] if log else grid[np.isfinite(grid)]
    low, high = (good.min(), good.max()) if good.size else (1.0, 1.0)
    # At most eight powers of ten, or what is usual would be of one colour.
    norm: Any = LogNorm(max(low, high * 1e-8), max(high, low * 1.001)) if log else Normalize(0, 1)
    shown = np.where(grid == 0, norm.vmin, grid) if log else grid
    shown = np.where(np.isposinf(grid), norm.vmax * 10 + 1, shown)
    mesh = axes.pcolormesh(
        _edges(seen), np.arange(len(seen.layers) + 1), np.ma.masked_invalid(shown), cmap=colours, norm=norm
    )
    bar = made.colorbar(
        mesh,
        cax=axes.inset_axes((1.01, 0, 0.015, 1)),
        extend="max" if np.isposinf(grid).any() else "neither",
    )
    if log:
        room = axes.get_position().height * made.get_size_inches()[1]
        marks = _marks(norm.vmin, norm.vmax, max(2, int(room / _LABEL)))
        # Formulas are not parsed in our look, so that powers are written out.
        words = [f"{mark:.0e}".replace("e-0", "e-").replace("e+0", "e") for mark in marks]
        bar.set_ticks(marks, labels=words)
        bar.minorticks_off()
    bar.ax.tick_params(labelsize=7)
    every = -(-len(seen.layers) // _NAMED)
    axes.set_yticks(
        np.arange(0, len(seen.layers), every) + 0.5,
        [_short(layer.name) for layer in seen.layers[::every]], fontsize=7,
    )  # fmt: skip
    axes.invert_yaxis()
    axes.tick_params(length=0)
    axes.set_title(word, loc="left", fontsize=9)


def _marks(low: float, high: float, most: int) -> list[float]:
    """Round numbers from low to high, at most so many: powers of ten, and threes where there is room.

    >>> _marks(0.1, 20.0, 5), _marks(0.1, 20.0, 3), _marks(1e-8, 1.0, 3), _marks(4.0, 9.0, 3)
    ([0.1, 0.3, 1.0, 3.0, 10.0], [0.1, 1.0, 10.0], [1e-08, 1e-05, 0.01], [4.0, 9.0])
    """
    exponents = range(floor(log10(low)), ceil(log10(high)) + 1)
    found: list[float] = []
    for digits in ((1, 3), (1,)):
        found = [float(f"{d}e{e}") for e in exponents for d in digits if low <= float(f"{d}e{e}") <= high]
        if len(found) <= most:
            break
    found = found[:: -(-len(found) // most)] if found else found
    return found if len(found) > 1 else [low, high]


def _short(name: str) -> str:
    return name if len(name) <= 28 else f"{name[:13]}…{name[-14:]}"


# --------------------------------------------------------------------------- files
def save(seen: Watch, path: str | Path) -> Path:
    """Write the picture, or for .html the page; errors are those of `Watch.render`."""
    _need_steps(seen)
    target = Path(path_of("viz.watch", path))
    if target.suffix.lower() == ".html":
        return write(target, page(seen).encode("utf-8"))
    with look():  # also the names inside an SVG come from it
        return save_figure("viz.watch", drawn(seen), target)


def _need_steps(seen: Watch) -> None:
    if not seen.steps:
        raise ArgumentError(
            "viz.watch: no step was noted: put forward, backward and step into `with watch:`, or give it "
            "to a Trainer as a callback"
        )


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body {{ font: 14px/1.4 "DejaVu Sans", Verdana, sans-serif; margin: 1.5em; color: #1a1a1a; }}
table {{ border-collapse: collapse; }} th, td {{ padding: 3px 10px; text-align: left; font-size: 12px; }}
th {{ position: sticky; top: 0; background: #fff; border-bottom: 1px solid #8c8c8c; }}
tr:nth-child(even) td {{ background: #f6f6f6; }} td.bad {{ background: #ffdcd9 !important; }}
svg {{ vertical-align: middle; }} polyline {{ fill: none; stroke: #3b6ea5; stroke-width: 1.5; }}
.bad polyline {{ stroke: #c62828; }} li {{ color: #c62828; }} .soft {{ color: #555; }}
</style></head><body>
<h1>{title}</h1>
{findings}
<p>Loss <svg width="320" height="60" role="img" aria-label="loss">{loss}</svg> {last}</p>
<table><thead><tr><th>layer</th>{heads}</tr></thead><tbody>
{rows}
</tbody></table>
<p class="soft">Each curve runs from step {first} to step {end}, on a scale of its own (powers of ten, but
for dead units); the number is the last one. Red: see above.</p>
</body></html>
"""


def page(seen: Watch) -> str:
    """The run as an HTML page: what is wrong, and a table of layers with a curve for each quantity."""
    found = seen.findings
    said = "".join(f"<li>{escape(text)}</li>" for text in found)
    rows = []
    for layer in seen.layers:
        bad = any(text.startswith(f"{layer.name}:") or f" {layer.name} " in f"{text} " for text in found)
        cells = "".join(_cell(getattr(layer, name), log) for name, _, log in QUANTITIES)
        mark = ' class="bad"' if bad else ""
        rows.append(f"<tr><td{mark}>{escape(layer.name)}</td>{cells}</tr>")
    return _PAGE.format(
        title=escape(f"{type(seen.model).__name__}, {len(seen.steps):,} steps"),
        findings=f"<ul>{said}</ul>" if found else "<p>Nothing to report.</p>",
        loss=_curve(seen.losses, False, 320, 60), last=escape(_number(seen.losses[-1])),
        heads="".join(f"<th>{escape(word)}</th>" for _, word, _ in QUANTITIES),
        rows="\n".join(rows), first=seen.steps[0], end=seen.steps[-1],
    )  # fmt: skip


def _cell(series: list[float], log: bool) -> str:
    known = [value for value in series if not isnan(value)]
    if not known:
        return "<td></td>"
    mark = ' class="bad"' if inf in known else ""
    curve = _curve(series, log, 110, 24)
    return f'<td{mark}><svg width="110" height="24">{curve}</svg> {_number(known[-1])}</td>'


def _number(value: float) -> str:
    return "NaN or infinity" if value == inf else "" if isnan(value) else size_text(value)


def _curve(series: list[float], log: bool, width: int, height: int) -> str:
    """The points of a curve; gaps where nothing is known."""
    with np.errstate(all="ignore"):
        values = np.log10(np.maximum(series, 1e-30)) if log else np.array(series, float)
    good = values[np.isfinite(values)]
    if not good.size:
        return ""
    low, high = float(good.min()), float(good.max())
    span = (high - low) or 1.0
    found, line = [], list[str]()
    for k, value in enumerate([*values.tolist(), np.nan]):
        if isfinite(value):
            x = 2 + (width - 4) * k / max(len(series) - 1, 1)
            line.append(f"{x:.1f},{height - 3 - (height - 6) * (value - low) / span:.1f}")
        elif line:
            found.append(f'<polyline points="{" ".join(line)}"/>')
            line = []
    return "".join(found)
