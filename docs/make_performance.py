"""Write the figures of a run of the benchmarks into docs/performance.md.

    python -m benchmarks --only zoo vgg11-32 start cliffs     # or everything; an idle machine
    python docs/make_performance.py runs/bench/bench.json

What stands between `<!-- figures: NAME -->` and `<!-- end -->` is replaced by the table of that name, if
the run has it; the rest of the page stays as it is.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from math import exp, log
from pathlib import Path
from typing import Any

from tinygrad_cnn.serial import writing

PAGE = Path(__file__).with_name("performance.md")
OURS, PEER = "ours", "torch"
EMPTY = "–"


def ratio(entry: Mapping[str, Any], task: str, peers: tuple[str, ...] = ()) -> float | None:
    """Our minimum over PyTorch's, or over the fastest of `peers`; None where nobody took part.

    >>> entry = {"times": {"step": {"ours": {"min_ms": 1.0}, "torch": {"min_ms": 2.0}}}}
    >>> ratio(entry, "step"), ratio(entry, "infer")
    (0.5, None)
    """
    times = entry["times"].get(task, {})
    others = [times[peer]["min_ms"] for peer in (peers or (PEER,)) if peer in times]
    return times[OURS]["min_ms"] / min(others) if others and OURS in times else None


def shown(value: float | None, digits: int = 2) -> str:
    """A number, or the sign for none."""
    return EMPTY if value is None else f"{value:.{digits}f}"


def mean(values: list[float | None]) -> float | None:
    """The geometric mean of those that are there.

    >>> mean([1.0, None, 4.0])
    2.0
    """
    found = [value for value in values if value is not None]
    return exp(sum(map(log, found)) / len(found)) if found else None


def networks(result: Mapping[str, Any]) -> str | None:
    """One row a network: ratios to PyTorch and to the fastest of all, peak memory."""
    entries = {**result.get("networks", {}), **result.get("zoo", {})}
    if not entries:
        return None
    everyone = tuple(engine for engine in result["settings"]["engines"] if engine != OURS)
    lines = [
        "| network | training: / PyTorch | / fastest | inference: / PyTorch | / fastest "
        "| peak MB: ours, PyTorch |",
        "|---|---|---|---|---|---|",
    ]
    columns: list[list[float | None]] = []
    for name, entry in entries.items():
        columns.append(
            [ratio(entry, task, peers) for task in ("step", "infer") for peers in ((), everyone)]
        )
        peaks = [entry["peak_mb"].get(engine) for engine in (OURS, PEER)]
        cells = [*map(shown, columns[-1]), ", ".join(shown(peak, 0) for peak in peaks)]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    means = [shown(mean(list(column))) for column in zip(*columns, strict=True)]
    lines.append(f"| geometric mean | {' | '.join(means)} | |")
    for k, task in ((0, "training"), (2, "inference")):
        pairs = [(row[k], name) for row, name in zip(columns, entries, strict=True) if row[k] is not None]
        if pairs:
            worst, name = max(pairs)
            lines.append(f"\nThe worst in {task} is `{name}`: {worst:.2f}.")
    return "\n".join([machine(result), "", *lines])


def machine(result: Mapping[str, Any]) -> str:
    """Where and how it was measured."""
    of, settings = result["machine"], result["settings"]
    idle = result.get("idle") or {}
    versions = ", ".join(f"{name} {version}" for name, version in sorted(of["versions"].items()) if version)
    share = f"; {100 * idle['median']:.0f} % of the processor was idle between turns" if idle else ""
    return f"{of['processor']}, {settings['threads']} threads; {versions}{share}. Ratios of minima."


def cliffs(result: Mapping[str, Any]) -> str | None:
    """How many points of the sweep are slower than PyTorch's, and the worst twenty."""
    found = result.get("cliffs")
    if not found:
        return None
    points = [
        (times[OURS] / times[PEER], f"{name}: {value}", task)
        for name, series in found.items() for value, tasks in series.items()
        for task, times in tasks.items() if PEER in times
    ]  # fmt: skip
    above = sorted((p for p in points if p[0] > 1), reverse=True)
    lines = [f"{len(above)} of {len(points)} points take longer than PyTorch's. The first twenty:", ""]
    lines += ["| point | task | ours / PyTorch |", "|---|---|---|"]
    lines += [f"| {name} | {task} | {value:.2f} |" for value, name, task in above[:20]]
    return "\n".join(lines)


def start(result: Mapping[str, Any]) -> str | None:
    """Seconds of the first step, cold and warm."""
    found = result.get("start")
    if not found:
        return None
    lines = ["| network | cold, s | warm, s |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {shown(entry['cold_first_s'])} | {shown(entry['warm_first_s'])} |"
        for name, entry in found.items()
    ]
    return "\n".join(lines)


TABLES: dict[str, Callable[[Mapping[str, Any]], str | None]] = {
    "networks": networks, "cliffs": cliffs, "start": start,
}  # fmt: skip


def filled(page: str, result: Mapping[str, Any]) -> str:
    """The page with the tables that the result has.

    >>> filled("a <!-- figures: start --> old <!-- end --> b", {}) == (
    ...     "a <!-- figures: start --> old <!-- end --> b")
    True
    """

    def replace(match: re.Match[str]) -> str:
        table = TABLES[match[1]](result)
        return match[0] if table is None else f"<!-- figures: {match[1]} -->\n{table}\n<!-- end -->"

    return re.sub(r"<!-- figures: (\w+) -->.*?<!-- end -->", replace, page, flags=re.DOTALL)


def main(path: str) -> None:
    """Fill in the page from a result file."""
    result = json.loads(Path(path).read_text(encoding="utf-8"))
    page = filled(PAGE.read_text(encoding="utf-8"), result)
    with writing(PAGE) as temporary:
        temporary.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
