"""Time tinygrad-cnn beside PyTorch.

    python -m benchmarks                         # everything, some minutes
    python -m benchmarks --quick                 # small networks, few repetitions: does it work?
    python -m benchmarks --only vgg11-32 alex8   # these networks; or ops, nodes, small, start, import

Engines take turns, each in a process of its own with the same number of threads. Writes tables to
standard output, and bench.json and bench.png under runs/bench/. Without PyTorch (the extra `bench`)
the rest runs all the same.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import OURS, mean_ratios
from benchmarks.imports import race_imports
from benchmarks.machine import cores, machine
from benchmarks.networks import NETWORKS, SMALL
from benchmarks.operations import OPERATIONS, QUICK
from benchmarks.picture import PEER, draw_ratios
from benchmarks.race import ENGINES, BenchmarkError, Effort, race, race_network, workers
from benchmarks.report import (
    TITLES,
    imports_table,
    memory_table,
    nodes_table,
    notes,
    roof_table,
    start_table,
    times_table,
)
from benchmarks.roofline import limits_ms, peaks
from benchmarks.start import race_start
from tinygrad_cnn import set_num_threads
from tinygrad_cnn.errors import MissingExtraError
from tinygrad_cnn.serial import writing

PARTS = ("ops", "nodes", "small", "start", "import")
QUICK_NETWORKS = ("mlp100", "seed001", "simple100", "lenet64")
LENGTHS, QUICK_LENGTHS = ("10", "100", "1000", "10000", "100000"), ("10", "100")
#: Seconds for one operation or chain, as a share of those for a network.
SMALL_SHARE = 0.1


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options; see `python -m benchmarks --help`."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", choices=[*NETWORKS, *PARTS], metavar="NAME",
                        help=f"some of {', '.join([*NETWORKS, *PARTS])}")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="small networks, few repetitions")
    parser.add_argument("--seconds", type=float, help="per network, task and engine (default 5)")
    parser.add_argument("--engines", nargs="+", choices=list(ENGINES), help="default: ours torch")
    parser.add_argument("--torch-malloc", action="store_true",
                        help="also PyTorch with an allocator that keeps freed memory")  # fmt: skip
    parser.add_argument("--kernels", choices=["fast", "reference"],
                        help="ours: compiled, or plain NumPy (default: what is installed)")  # fmt: skip
    parser.add_argument("--threads", type=int, default=min(2, cores()), help="of each engine (default 2)")
    parser.add_argument("--out", type=Path, default=Path("runs/bench"), help="folder (default runs/bench)")
    options = parser.parse_args(arguments)
    if options.seconds is not None and not options.seconds > 0:
        parser.error(f"--seconds must be above 0, got {options.seconds}")
    if options.threads < 1:
        parser.error(f"--threads must be at least 1, got {options.threads}")
    return options


def choose_engines(options: argparse.Namespace) -> tuple[list[str], list[str]]:
    """(engines that take part, sentences about those that cannot)."""
    wanted = list(dict.fromkeys(options.engines or [OURS, PEER]))
    if options.torch_malloc and "torch-malloc" not in wanted:
        wanted.append("torch-malloc")
    here = [engine for engine in wanted if find_spec(ENGINES[engine].package) is not None]
    missing = sorted({ENGINES[engine].package for engine in wanted} - {ENGINES[e].package for e in here})
    left_out = [
        f"{package} is not installed, so the comparison with it is left out: "
        "pip install 'tinygrad-cnn[bench]'"
        for package in missing
    ]
    return here, left_out


def say(what: str) -> None:
    """Progress, for whoever waits; results go to standard output."""
    print(what, file=sys.stderr, flush=True)


def time_networks(names: list[str], engines: list[str], effort: Effort) -> dict[str, Any]:
    """All figures of these networks, by name."""
    found = {}
    for name in names:
        say(f"{name} ...")
        found[name] = race_network(name, engines, effort)
    return found


def time_operations(names: list[str], engines: list[str], effort: Effort) -> dict[str, Any]:
    """Times of single operations, by name."""
    found = {}
    with workers(engines, effort.threads) as running:
        for name in names:
            say(f"{name} ...")
            for worker in running.values():
                worker.ask("prepare", kind="operation", name=name)
            found[name] = race(running, ("forward", "backward"), effort, SMALL_SHARE)
    return found


def time_nodes(lengths: list[str], engines: list[str], effort: Effort) -> dict[str, Any]:
    """Times of chains by length, with µs per node, also above NumPy's own where we take part."""
    found = {}
    with workers(engines, effort.threads) as running:
        for length in lengths:
            say(f"chain of {length} nodes ...")
            for worker in running.values():
                worker.ask("prepare", kind="chain", name=length)
            entry = race(running, ("forward", "backward", "second"), effort, SMALL_SHARE)
            bare = {e: running[e] for e in running if e == OURS}
            entry["times"] |= race(bare, ("numpy_forward", "numpy_backward"), effort, SMALL_SHARE)["times"]
            found[length] = {**entry, "us_per_node": _per_node(entry["times"], int(length))}
    return found


def _per_node(times: dict[str, Any], length: int) -> dict[str, Any]:
    """Minima in µs per node by task and engine, and ours above the same calls on bare arrays."""
    costs = {
        task: {engine: entry["min_ms"] * 1e3 / length for engine, entry in by_engine.items()}
        for task, by_engine in times.items()
    }
    above = {
        task: costs[task][OURS] - costs[f"numpy_{task}"][OURS]
        for task in ("forward", "backward")
        if OURS in costs[task]
    }
    return {**costs, "above_numpy": above}


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Run what was asked for, and print each part's table as soon as it is there."""
    engines, left_out = choose_engines(options)
    kernels = options.kernels or ("fast" if find_spec("numba") else "reference")
    os.environ["TINYGRAD_CNN_KERNELS"] = kernels  # the engines' processes inherit it
    set_num_threads(options.threads)
    if not engines:
        raise BenchmarkError("no engine to run: " + " ".join(left_out))
    seconds = options.seconds or (0.2 if options.quick else 5.0)
    effort = Effort(seconds, *((2, 2) if options.quick else (5, 3)), options.threads)
    chosen = options.only or [*(QUICK_NETWORKS if options.quick else NETWORKS), *PARTS]
    names = [name for name in NETWORKS if name in chosen]
    result: dict[str, Any] = {
        "format": 1,
        "settings": {"engines": engines, "threads": effort.threads, "seconds": seconds,
                     "turns": effort.turns, "least": effort.least, "quick": options.quick,
                     "kernels": kernels},
        "machine": machine(), "left_out": left_out, "networks": {}, "geometric_mean": {},
    }  # fmt: skip
    if names:
        networks = result["networks"] = time_networks(names, engines, effort)
        peak = result["peaks"] = peaks()
        for entry in networks.values():
            entry["limit_ms"] = limits_ms(entry["work"], peak)
        mean = result["geometric_mean"] = mean_ratios(networks)
        for task, title in TITLES.items():
            show(times_table(title, task, networks, mean[task]))
        show(roof_table(networks, peak))
        show(memory_table(networks))
    if "small" in chosen:
        small = result["small"] = time_networks(list(SMALL), engines, effort)
        show(times_table("Training step of the smallest, ms", "step", small))
    if "ops" in chosen:
        found = result["ops"] = time_operations(
            list(QUICK if options.quick else OPERATIONS), engines, effort
        )
        show(times_table("Operations, forward without recording, ms", "forward", found))
        show(times_table("Operations, forward and backward, ms", "backward", found))
    if "nodes" in chosen:
        result["nodes"] = time_nodes(list(QUICK_LENGTHS if options.quick else LENGTHS), engines, effort)
        show(nodes_table(result["nodes"]))
    if "start" in chosen and OURS in engines and find_spec("numba") is not None:
        found = ["mlp100"] if options.quick else list(NETWORKS)
        result["start"] = race_start(found, effort.threads)
        show(start_table(result["start"]))
    if "import" in chosen:
        result["import"] = race_imports(engines, effort)
        show(imports_table(result["import"]))
    idle = {"median": median(effort.idle), "min": min(effort.idle)} if effort.idle else None
    result["idle"] = idle
    return result


def show(text: str) -> None:
    """A table, and an empty line."""
    print(text, end="\n\n", flush=True)


def save(result: dict[str, Any], folder: Path) -> list[Path]:
    """Write bench.json and, where PyTorch took part, bench.png; the files that were written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / "bench.json"]
    with writing(written[0]) as temporary:
        temporary.write_text(json.dumps(result, indent=1) + "\n")
    compared = result["geometric_mean"].get("step", {})
    if OURS in result["settings"]["engines"] and PEER in compared:
        try:
            draw_ratios(result, folder / "bench.png")
            written.append(folder / "bench.png")
        except MissingExtraError as error:
            print(f"no picture: {error}")
    return written


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, save. Returns the exit status."""
    options = parse(arguments)
    try:
        result = measure(options)
    except BenchmarkError as error:
        print(f"python -m benchmarks: {error}", file=sys.stderr)
        return 1
    print(notes(result))
    for path in save(result, options.out):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
