"""The ratios against PyTorch as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.figures import mean_ratios
from viz.plots import figure, look, save

PEER = "torch"
_FASTER, _SLOWER, _INK = "#3b6ea5", "#c2410c", "#1a1a1a"
_PANELS = {"step": "Training step", "infer": "Inference"}


def compared_networks(result: Mapping[str, Any]) -> dict[str, Any]:
    """All networks of a result, the zoo's too, in which both we and PyTorch took part.

    >>> compared_networks({"networks": {"mlp": {"ratio": {"step": {}, "infer": {}}}}})
    {}
    """
    every = {**result["networks"], **result.get("zoo", {})}
    return {name: e for name, e in every.items() if all(PEER in e["ratio"][task] for task in _PANELS)}


def draw_ratios(networks: Mapping[str, Any], path: Path) -> None:
    """Draw our time as a share of PyTorch's, a bar per network and one for the geometric mean.

    Bars and the numbers beside them show the ratio of the minima, a tick the ratio of the medians,
    a diamond what the roof of the machine allows; the line at 1.0 is PyTorch.

    Args:
        networks: that both took part in, see `compared_networks`.   path: a .png, .svg or .pdf.
    Raises:
        MissingExtraError: Matplotlib is not installed.
    """
    mean, names = mean_ratios(networks), [*networks, "geometric mean"]
    with look():
        drawn = figure("benchmarks", (10.5, 1.6 + 0.36 * len(names)))
        panels = drawn.subplots(1, len(_PANELS), sharey=True, squeeze=False)[0]
        for axes, (task, title) in zip(panels, _PANELS.items(), strict=True):
            ratios = [entry["ratio"][task][PEER] for entry in networks.values()]
            _bars(axes, names, [*ratios, mean[task][PEER]])
            roofs = [e["limit_ms"][task] / e["times"][task][PEER]["min_ms"] for e in networks.values()]
            axes.plot(roofs, range(len(roofs)), "D", color=_INK, markerfacecolor="white", markersize=5)
            axes.set_title(title, loc="left")
        panels[0].invert_yaxis()  # shared: once for both
        drawn.supxlabel(
            "time of tinygrad-cnn / time of PyTorch (bar: minimum; tick: median; diamond: the roof)",
            fontsize=10,
        )
        save("benchmarks", drawn, path)


def _bars(axes: Any, names: list[str], ratios: list[Mapping[str, float]]) -> None:
    """One panel: bars, their values, and the line where both take the same time."""
    minima, medians = ([ratio[key] for ratio in ratios] for key in ("min", "median"))
    places = list(range(len(names)))
    colours = [_FASTER if value <= 1 else _SLOWER for value in minima]
    axes.barh(places, minima, color=colours, height=0.62)
    axes.plot(medians, places, "|", color=_INK, markersize=13, markeredgewidth=1.4)
    axes.axvline(1.0, color=_INK, linewidth=1, linestyle="--")
    for place, low in zip(places, minima, strict=True):
        beside = axes.get_yaxis_transform()  # x from 0 to 1 across the panel
        axes.text(1.02, place, f"{low:.2f}", transform=beside, va="center", fontsize=9)
    axes.set_yticks(places, names)
    axes.set_xlim(0, 1.05 * max(1.0, *minima, *medians))
    axes.axhline(len(names) - 1.5, color="#c4c4c4", linewidth=0.8)
