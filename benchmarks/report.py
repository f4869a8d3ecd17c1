"""The results as text. Columns: minimum, median (med), and interquartile range (iqr), the spread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from benchmarks.figures import OURS

#: Where an engine cannot do an entry.
EMPTY = "–"
TITLES = {"step": "Training step, ms", "infer": "Inference without recording, ms"}


def table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns in line: the first to the left, numbers to the right.

    >>> print(table("Times", ["net", "ms"], [["mlp", "0.3"], ["alex", "240"]]))
    Times
    net    ms
    mlp   0.3
    alex  240
    """
    widths = [max(len(row[k]) for row in (headers, *rows)) for k in range(len(headers))]
    lines = [title]
    for row in (headers, *rows):
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        cells[0] = row[0].ljust(widths[0])
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def number(value: float) -> str:
    """Three digits that matter.

    >>> number(0.01234), number(1.5), number(261.7)
    ('0.0123', '1.50', '262')
    """
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3 if value >= 0.1 else 4
    return f"{value:.{digits}f}"


def columns(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """The keys of all entries, each once: an engine that cannot do the first may do a later one.

    >>> columns([{"ours": 1}, {"ours": 1, "jax": 2}])
    ['ours', 'jax']
    """
    return list(dict.fromkeys(key for entry in entries for key in entry))


def times_table(
    title: str, task: str, entries: Mapping[str, Any], mean: Mapping[str, Any] | None = None
) -> str:
    """Minimum, median and spread of each engine and our ratios to the others, one entry a line.

    More than two engines would make a line too wide: then there are two tables, of the minima, and of
    the medians with their spread.

    Args:
        entries: what `race` returned, by name.   mean: geometric means of the ratios, for a last line.
    """
    if len(columns(entry["times"][task] for entry in entries.values())) <= 2:
        every = {" min": _minimum, " med": _median, " iqr": _spread}
        return _times(title, task, entries, mean, every, ("min", "median"))
    both = {"": lambda figures: f"{_median(figures)} ±{_spread(figures)}"}
    return "\n\n".join([
        _times(f"{title}: minimum", task, entries, mean, {"": _minimum}, ("min",)),
        _times(f"{title}: median ±interquartile range", task, entries, mean, both, ("median",)),
    ])  # fmt: skip


def _minimum(figures: Mapping[str, float]) -> str:
    return number(figures["min_ms"])


def _median(figures: Mapping[str, float]) -> str:
    return number(figures["median_ms"])


def _spread(figures: Mapping[str, float]) -> str:
    return number(figures["iqr_ms"])


def _times(
    title: str, task: str, entries: Mapping[str, Any], mean: Mapping[str, Any] | None,
    words: Mapping[str, Callable[[Mapping[str, float]], str]], keys: Sequence[str],
) -> str:  # fmt: skip
    """One table: for each engine the `words`, and of each ratio the `keys`."""
    engines = columns(entry["times"][task] for entry in entries.values())
    peers = columns(entry["ratio"][task] for entry in entries.values())
    short = {"min": " min", "median": " med"} if len(keys) > 1 else dict.fromkeys(keys, "")
    headers = ["", *(f"{e}{word}" for e in engines for word in words)]
    headers += [f"{OURS}/{p}{short[key]}" for p in peers for key in keys]
    rows = []
    for name, entry in entries.items():
        times, ratio = entry["times"][task], entry["ratio"][task]
        cells = [shown(times[e]) if e in times else EMPTY for e in engines for shown in words.values()]
        cells += [f"{ratio[p][key]:.2f}" if p in ratio else EMPTY for p in peers for key in keys]
        rows.append([name, *cells])
    if mean and peers:
        whole = all(mean[p]["networks"] == len(entries) for p in peers)
        cells = [f"{mean[p][key]:.2f}" + ("" if whole else f" ({mean[p]['networks']})")
                 for p in peers for key in keys]  # fmt: skip
        label = "geometric mean" if whole else "geometric mean (of how many)"
        rows.append([label, *[""] * (len(words) * len(engines)), *cells])
    return table(title, headers, rows)


def memory_table(networks: Mapping[str, Any]) -> str:
    """Peak memory of training and time of the first step, one network a line."""
    engines = columns(entry["peak_mb"] for entry in networks.values())
    headers = ["", *(f"{e} MB" for e in engines), *(f"{e} ms" for e in engines)]
    rows = [
        [name, *(f"{mb[e]:.0f}" if e in mb else EMPTY for e in engines)]
        + [number(first[e]) if e in first else EMPTY for e in engines]
        for name, entry in networks.items()
        for mb, first in [(entry["peak_mb"], entry["first_step_ms"])]
    ]
    return table("Peak memory of training beyond the import, MB, and the first step, ms, each in a new "
                 "process", headers, rows)  # fmt: skip


def roof_table(networks: Mapping[str, Any], peak: Mapping[str, float]) -> str:
    """Compare each engine with what the machine allows, one network a line."""
    engines = columns(entry["times"]["step"] for entry in networks.values())
    headers = ["", "GFLOP", "weights MB", "roof ms", *(f"{e} / roof" for e in engines)]
    rows = []
    for name, entry in networks.items():
        done, roof, times = entry["work"]["step"], entry["limit_ms"]["step"], entry["times"]["step"]
        shares = [f"{times[e]['min_ms'] / roof:.2f}" if e in times else EMPTY for e in engines]
        size = entry["work"]["infer"]["gbyte"] * 1e3
        rows.append([name, number(done["gflop"]), number(size), number(roof), *shares])
    title = (f"A training step against the roof: {peak['gflops']:.0f} GFLOP/s in a matrix product, "
             f"{peak['gbytes']:.0f} GB/s in a copy")  # fmt: skip
    return table(title, headers, rows)


def shares_table(shares: Mapping[str, Any]) -> str:
    """Where a training step's time goes, one network a line, in percent of the step."""
    kinds = [kind for kind in next(iter(shares.values())) if kind != "step"]
    headers = ["", "step ms", *kinds, "the rest"]
    rows = []
    for name, entry in shares.items():
        parts = [entry[kind] / entry["step"] for kind in kinds]
        cells = [f"{part:.0%}" for part in (*parts, max(0.0, 1 - sum(parts)))]
        rows.append([name, number(entry["step"]), *cells])
    return table("Where a training step of ours spends its time, medians", headers, rows)


def ways_table(name: str, ways: Mapping[str, Any]) -> str:
    """Peak memory of a step of one network, by the way it is trained; shares of the first way."""
    usual = next(iter(ways.values()))
    rows = [
        [way, number(entry["mb"]), f"{entry['mb'] / usual['mb']:.2f}", f"{entry['ms'] / usual['ms']:.2f}"]
        for way, entry in ways.items()
    ]
    headers = ["", "arrays MB", "share", "time, share"]
    return table(f"Peak of the arrays that a training step of {name} makes", headers, rows)


def start_table(starts: Mapping[str, Any]) -> str:
    """The first step with an empty and with a full cache of compiled kernels, one network a line."""
    headers = ["", "cold first step s", "until compiled s", "warm first step s"]
    keys = ("cold_first_s", "until_fast_s", "warm_first_s")
    rows = [
        [name, *(number(entry[key]) if key in entry else EMPTY for key in keys)]
        for name, entry in starts.items()
    ]
    return table("Starting to train with compiled kernels, in a new process", headers, rows)


def ranks_table(found: Mapping[str, float]) -> str:
    """Training of one network by threads and by ranks, one way a line."""
    first = next(iter(found.values()), 1.0)
    rows = [[name, number(speed), f"{speed / first:.2f}"] for name, speed in found.items()]
    return table("SimpleConvNet, batches of 100: images a second", ["", "images/s", "of the first"], rows)


def onnx_table(files: Mapping[str, Any]) -> str:
    """Inference of networks from files, beside onnxruntime, one network a line."""
    rows = [
        [name, number(e["ours"]), number(e["onnxruntime"]), f"{e['ours'] / e['onnxruntime']:.2f}"]
        for name, e in files.items()
    ]
    return table("Inference of ONNX files, ms", ["", "ours", "onnxruntime", "ratio"], rows)


def nodes_table(nodes: Mapping[str, Any]) -> str:
    """µs per node by length of the chain, minima: each engine's, and ours above NumPy's own calls."""
    tasks = ("forward", "backward", "second")
    first = next(iter(nodes.values()))["us_per_node"]
    columns = [name for task in tasks for name in first[task]] + list(first["above_numpy"])
    headers = ["nodes", *(f"{e} {task}" for task in tasks for e in first[task])]
    headers += [f"above NumPy {task}" for task in first["above_numpy"]]
    rows = []
    for length, entry in nodes.items():
        costs = entry["us_per_node"]
        cells = [number(v) for task in tasks for v in costs[task].values()]
        rows.append([length, *cells, *(f"{v:.2f}" for v in costs["above_numpy"].values())])
    assert len(columns) + 1 == len(headers)
    return table(
        "Cost of a node, µs: 8×8 multiply; backward is both ways, second both ways with create_graph",
        headers, rows,
    )  # fmt: skip


def imports_table(imports: Mapping[str, Any]) -> str:
    """Import times, one package a line."""
    rows = [
        [package, *(number(entry[f"{key}_ms"]) for key in ("min", "median", "iqr"))]
        for package, entry in imports.items()
    ]
    return table("Import, ms (of NumPy; of the others beyond NumPy)", ["", "min", "med", "iqr"], rows)


def notes(result: Mapping[str, Any]) -> str:
    """The machine, what was left out, and whether the machine was idle enough to believe the rest."""
    machine, idle = result["machine"], result["idle"]
    versions = ", ".join(f"{name} {v}" for name, v in machine["versions"].items() if v)
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {result['settings']['threads']} threads; "
        f"Python {machine['python']}, {versions}, {machine['blas']}"
    ]
    lines += result["left_out"]
    if idle is not None and idle["median"] < 0.93:
        lines.append(f"The machine was busy with other work: {1 - idle['median']:.0%} of it between turns "
                     "(median). Repeat the run when it is idle.")  # fmt: skip
    return "\n".join(lines)
