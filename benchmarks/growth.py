"""Growth of a training step's time with the batch, the image, the channels and the depth.

The network is a stack of 3×3 convolutions with ReLU, a max-pool and a linear layer (`networks.GROWTH`).
One of the four is changed at a time. Time in proportion to the work is a line of slope 1: above it on
the left is what every step costs, however small; a jump is a size that does not suit the kernels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import OURS
from benchmarks.networks import GROWTH_VALUES
from benchmarks.parts import SMALL_SHARE, say
from benchmarks.picture import PEER
from benchmarks.race import Effort, check_losses, race, workers
from benchmarks.report import number, table
from benchmarks.roofline import work
from viz.plots import figure, look, save

#: What a quick run measures.
QUICK_VALUES = {"batch": (1, 4), "image": (16, 27), "channels": (3, 8), "depth": (1, 2)}
_COLOURS, _LABELS = {OURS: "#3b6ea5", PEER: "#c2410c"}, {OURS: "tinygrad-cnn", PEER: "PyTorch"}
_LINE, _TITLES = "#8c8c8c", {"batch": "Batch size", "image": "Image size"}


def time_growth(engines: Sequence[str], effort: Effort, quick: bool = False) -> dict[str, Any]:
    """Training steps of each stack, by measure and value.

    Returns:
        Under [measure][value]: what `race` returned for the task `step`, the `multiply_adds` of a
        step, and by engine `steps_per_second` and `ns_per_multiply_add`, both from the minimum.
    Raises:
        BenchmarkError: two engines give losses that differ.
    """
    found: dict[str, Any] = {}
    with workers(engines, effort.threads) as running:
        for measure, values in (QUICK_VALUES if quick else GROWTH_VALUES).items():
            found[measure] = {}
            for value in values:
                name = f"{measure} {value}"
                say(f"{name} ...")
                losses = {}
                for engine, worker in running.items():
                    worker.ask("prepare", kind="network", name=name)
                    losses[engine] = worker.ask("losses")["losses"]
                check_losses(name, losses)
                entry = race(running, ("step",), effort, SMALL_SHARE)
                products = work(name)["step"]["gflop"] * 1e9 / 2
                found[measure][str(value)] = {**entry, **rates(entry["times"]["step"], products)}
    return found


def rates(times: Mapping[str, Mapping[str, float]], products: float) -> dict[str, Any]:
    """Steps a second and ns per multiply-add by engine, of the minima.

    >>> rates({"ours": {"min_ms": 2.0}}, 4e6)["ns_per_multiply_add"]
    {'ours': 0.5}
    """
    return {
        "multiply_adds": round(products),
        "steps_per_second": {engine: 1e3 / entry["min_ms"] for engine, entry in times.items()},
        "ns_per_multiply_add": {e: entry["min_ms"] * 1e6 / products for e, entry in times.items()},
    }


def growth_table(measure: str, entries: Mapping[str, Any]) -> str:
    """Steps a second and ns per multiply-add, a value of one measure a line."""
    engines = list(next(iter(entries.values()))["steps_per_second"])
    headers = [measure, "million multiply-adds", *(f"{e} steps/s" for e in engines),
               *(f"{e} ns each" for e in engines)]  # fmt: skip
    rows = [
        [value, number(entry["multiply_adds"] / 1e6)]
        + [number(entry["steps_per_second"][e]) for e in engines]
        + [number(entry["ns_per_multiply_add"][e]) for e in engines]
        for value, entry in entries.items()
    ]
    return table(f"Growth with the {measure}: training steps of a stack, minima", headers, rows)


def draw_growth(growth: Mapping[str, Any], path: Path) -> None:
    """Draw time per step against the work, a panel a measure, with the line of slope 1.

    The line goes through the largest work of the first engine. Numbers above the axis are the
    measure's values.

    Args:
        growth: what `time_growth` returned.   path: a .png, .svg or .pdf.
    Raises:
        MissingExtraError: Matplotlib is not installed.
    """
    with look():
        drawn = figure("benchmarks", (10.0, 7.5))
        panels = drawn.subplots(2, 2).flat
        for axes, (measure, entries) in zip(panels, growth.items(), strict=True):
            _panel(axes, entries)
            axes.set_title(_TITLES.get(measure, measure.capitalize()), loc="left")
        drawn.axes[0].legend(frameon=False, fontsize=9)
        drawn.supxlabel("million multiply-adds of a training step", fontsize=10)
        drawn.supylabel("ms a step (minimum)", fontsize=10)
        save("benchmarks", drawn, path)


def _panel(axes: Any, entries: Mapping[str, Any]) -> None:
    """One measure: a curve an engine, the line, and the values above the axis."""
    products = [entry["multiply_adds"] / 1e6 for entry in entries.values()]
    engines = list(next(iter(entries.values()))["steps_per_second"])
    times = {e: [entry["times"]["step"][e]["min_ms"] for entry in entries.values()] for e in engines}
    for engine, ms in times.items():
        axes.plot(products, ms, "o-", color=_COLOURS[engine], label=_LABELS[engine],
                  markersize=4, linewidth=1.2)  # fmt: skip
    first = times[engines[0]]
    ends, slope = [min(products), max(products)], first[-1] / products[-1]
    axes.plot(ends, [slope * end for end in ends], "--", color=_LINE, linewidth=1,
              label="in proportion to the work")  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.minorticks_off()
    every = [ms for by_engine in times.values() for ms in by_engine]
    axes.set_xticks(*_ticks(*ends))
    axes.set_yticks(*_ticks(min(slope * ends[0], *every), max(every)))
    axes.margins(0.08)
    free = 0.0  # values whose numbers would touch the last one get none
    for value, x in zip(entries, products, strict=True):
        if x >= free:
            axes.axvline(x, color="#e4e4e4", linewidth=0.8, zorder=0)
            axes.text(x, 0.015, value, transform=axes.get_xaxis_transform(), ha="center", fontsize=8)
            free = x * (ends[1] / ends[0]) ** 0.04


def _ticks(low: float, high: float) -> tuple[list[float], list[str]]:
    """Places 1, 2 and 5 of each power of ten within a range, and their labels; of a long one only 1.

    >>> _ticks(0.4, 6.0)
    ([0.5, 1.0, 2.0, 5.0], ['0.5', '1', '2', '5'])
    """
    digits = (1, 2, 5) if high < 100 * low else (1,)
    places = [float(f"{digit}e{power}") for power in range(-6, 9) for digit in digits]
    kept = [place for place in places if low <= place <= high]
    return kept, [f"{place:g}" for place in kept]
