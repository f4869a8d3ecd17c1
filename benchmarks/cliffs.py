"""The sweep for cliffs: layers over sizes, and each point where we are slower, or slow beside neighbours.

A point is listed if it takes longer than PyTorch's, or if it takes clearly longer than the next larger
value of its series: a size that does not suit a kernel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.figures import OURS, geometric_mean
from benchmarks.parts import say
from benchmarks.picture import PEER
from benchmarks.race import Effort, race, workers
from benchmarks.report import number, table
from benchmarks.sweep import SERIES

#: Of the effort's seconds, for one task of one point.
SHARE = 0.02
#: A point that takes so many times what the next larger one takes is a jump.
JUMP = 1.25
TASKS = ("step", "infer")


def time_cliffs(engines: Sequence[str], effort: Effort, quick: bool = False) -> dict[str, Any]:
    """Minima in ms under [series][value][task][engine]; of a quick run the ends of each series only."""
    found: dict[str, Any] = {}
    with workers(engines, effort.threads) as running:
        for name, series in SERIES.items():
            say(f"{name} ...")
            values = (series.values[0], series.values[-1]) if quick else series.values
            found[name] = {}
            for value in values:
                for worker in running.values():
                    worker.ask("prepare", kind="point", name=f"{name}: {value}")
                times = race(running, TASKS, effort, SHARE)["times"]
                found[name][str(value)] = {
                    task: {engine: entry["min_ms"] for engine, entry in times[task].items()}
                    for task in TASKS
                }
    return found


def cliffs(found: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The points that are slower than PyTorch's, or than the next larger of their series; worst first.

    >>> fast, slow = {"ours": 1.0, "torch": 2.0}, {"ours": 3.0, "torch": 2.0}
    >>> points = {"pool": {"2": {"step": slow, "infer": fast}, "3": {"step": fast, "infer": fast}}}
    >>> [(p["point"], p["task"], p["ratio"], p["jump"]) for p in cliffs(points)]
    [('pool: 2', 'step', 1.5, 3.0)]
    """
    listed = []
    for name, points in found.items():
        values = list(points)
        for value, following in zip(values, [*values[1:], None], strict=True):
            for task in TASKS:
                times = points[value][task]
                ratio = times[OURS] / times[PEER] if PEER in times else 0.0
                jump = times[OURS] / points[following][task][OURS] if following is not None else 0.0
                if ratio > 1 or jump > JUMP:
                    listed.append({"point": f"{name}: {value}", "task": task, "ours_ms": times[OURS],
                                   "ratio": ratio, "jump": jump})  # fmt: skip
    return sorted(listed, key=lambda entry: -max(entry["ratio"], entry["jump"] / JUMP))


def cliffs_table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The list of `cliffs`, and the means over all points."""
    rows = [
        [p["point"], p["task"], number(p["ours_ms"]), f"{p['ratio']:.2f}",
         f"{p['jump']:.2f}" if p["jump"] > JUMP else ""]
        for p in cliffs(found)
    ]  # fmt: skip
    pairs = [times for points in found.values() for point in points.values() for times in point.values()]
    compared = [times[OURS] / times[PEER] for times in pairs if PEER in times]
    title = f"Cliffs: {len(rows)} of {len(pairs)} points"
    if compared:
        title += f"; geometric mean of all against PyTorch {geometric_mean(compared):.2f}"
    return table(title, ["point", "task", "ours, ms", "ours / torch", "to the next"], rows)
