"""Time tinygrad-cnn beside PyTorch, and beside JAX, autograd and MyGrad where they are installed.

    python -m benchmarks                         # everything, some minutes
    python -m benchmarks --quick                 # small networks, few repetitions: does it work?
    python -m benchmarks --device cuda           # the seven networks on a GPU, beside PyTorch there
    python -m benchmarks --only vgg11-32 alex8   # these networks, or a part: ops, nodes, small,
                                                 # shares, memory, start, import, growth, zoo,
                                                 # onnx, cliffs

Engines take turns, each in a process of its own with the same number of threads. Writes tables to
standard output, and bench.json, bench.png and growth.png under runs/bench/. Without PyTorch (the extra
`bench`) the rest runs all the same.

The other peers take part in the networks that they can do, where they are installed:

    .venv-bench/bin/python -m pip install -e '.[bench-peers]'      # then `make bench`, or
    .venv-bench/bin/python -m benchmarks --engines ours jax mygrad

JAX is told of the threads by NPROC, the size of its pools; NumPy's elementwise work has one thread,
whoever calls it, so for autograd and MyGrad the number is that of the matrix products. tinygrad is no
peer here: its CPU device (0.14) calls the compiler `clang`, which does not come with the package.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.cliffs import cliffs_table, time_cliffs
from benchmarks.figures import OURS, mean_ratios
from benchmarks.growth import draw_growth, growth_table, time_growth
from benchmarks.imports import race_imports
from benchmarks.machine import cores, machine
from benchmarks.memory import NAME, time_memory
from benchmarks.networks import NETWORKS, SMALL
from benchmarks.onnx_files import race_onnx
from benchmarks.operations import OPERATIONS, QUICK
from benchmarks.parts import all_round, time_networks, time_nodes, time_operations
from benchmarks.picture import PEER, compared_networks, draw_ratios
from benchmarks.place import VARIABLE, place
from benchmarks.race import ENGINES, BenchmarkError, Effort
from benchmarks.ranks import race_ranks
from benchmarks.report import (
    TITLES,
    imports_table,
    memory_table,
    nodes_table,
    notes,
    onnx_table,
    ranks_table,
    roof_table,
    shares_table,
    start_table,
    times_table,
    ways_table,
)
from benchmarks.roofline import limits_ms, peaks
from benchmarks.shares import time_shares
from benchmarks.start import race_start
from benchmarks.zoo import QUICK_ZOO, ZOO
from tinygrad_cnn import set_num_threads
from tinygrad_cnn.errors import MissingExtraError, TinygradCnnError
from tinygrad_cnn.serial import writing

PARTS = (
    "ops",
    "nodes",
    "small",
    "shares",
    "memory",
    "start",
    "import",
    "growth",
    "zoo",
    "onnx",
    "cliffs",
    "ranks",
)
QUICK_NETWORKS = ("mlp100", "seed001", "simple100", "lenet64")
LENGTHS, QUICK_LENGTHS = ("10", "100", "1000", "10000", "100000"), ("10", "100")
#: Who takes part unless told otherwise, where installed. Of these only PyTorch is missed where it is not.
USUAL = (OURS, PEER, "torch-compile", "onnxruntime", "jax", "autograd", "mygrad")

#: Who compiles for half a minute before each network: left out of a quick run, unless asked for.
SLOW_TO_START = ("torch-compile",)


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
    parser.add_argument("--engines", nargs="+", choices=list(ENGINES),
                        help="default: ours, torch, torch-compile; others where installed")  # fmt: skip
    parser.add_argument("--torch-malloc", action="store_true",
                        help="also PyTorch with an allocator that keeps freed memory")  # fmt: skip
    parser.add_argument("--kernels", choices=["fast", "reference"],
                        help="ours: compiled, or plain NumPy (default: what is installed)")  # fmt: skip
    parser.add_argument("--processor-time", action="store_true",
                        help="count processor time: others use the machine; with --threads 1")  # fmt: skip
    parser.add_argument("--device", default="cpu",
                        help="cuda, cuda:1: the networks alone, on a GPU (default cpu)")  # fmt: skip
    parser.add_argument("--threads", type=int, default=min(2, cores()), help="of each engine (default 2)")
    parser.add_argument("--out", type=Path, default=Path("runs/bench"), help="folder (default runs/bench)")
    options = parser.parse_args(arguments)
    if options.seconds is not None and not options.seconds > 0:
        parser.error(f"--seconds must be above 0, got {options.seconds}")
    if options.processor_time and options.threads != 1:
        parser.error("--processor-time adds up the threads': give --threads 1 with it")
    if options.threads < 1:
        parser.error(f"--threads must be at least 1, got {options.threads}")
    return options


def choose_engines(options: argparse.Namespace) -> tuple[list[str], list[str]]:
    """(engines that take part, sentences about those that cannot)."""
    usual = [engine for engine in USUAL if not (options.quick and engine in SLOW_TO_START)]
    wanted = list(dict.fromkeys(options.engines or usual))
    if options.torch_malloc and "torch-malloc" not in wanted:
        wanted.append("torch-malloc")
    here = [engine for engine in wanted if find_spec(ENGINES[engine].package) is not None]
    asked = options.engines or (OURS, PEER)
    missing = {ENGINES[e].package: ENGINES[e].extra for e in wanted if e in asked and e not in here}
    left_out = [
        f"{package} is not installed, so the comparison with it is left out: "
        f"pip install 'tinygrad-cnn[{extra}]'"
        for package, extra in missing.items()
    ]
    return here, left_out


def on_device(options: argparse.Namespace, engines: list[str]) -> tuple[list[str], list[str]]:
    """The engines that can compute on the device that is asked for, and sentences about the others.

    Raises:
        BenchmarkError: there is no such device, or a part that is not made for one was asked for.
    """
    os.environ[VARIABLE] = options.device
    if parts := sorted(set(options.only or ()) & set(PARTS)):
        raise BenchmarkError(f"--device {options.device}: {', '.join(parts)} run on the CPU; networks fit")
    try:
        kind = place().type
    except TinygradCnnError as error:
        raise BenchmarkError(f"--device {options.device}: {error}") from None
    able = [OURS, *([PEER] if kind == "cuda" and torch_has_cuda() else [])]
    here = [engine for engine in engines if engine in able]
    missed = [] if PEER in here else [f"PyTorch finds no {options.device} here: ours alone is timed."]
    return here, missed


def torch_has_cuda() -> bool:
    """Whether PyTorch is installed and finds a GPU; asked in a process of its own, which then frees it."""
    asked = "import sys, torch; sys.exit(not torch.cuda.is_available())"
    return find_spec("torch") is not None and not subprocess.run([sys.executable, "-c", asked]).returncode


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Run what was asked for, and print each part's table as soon as it is there."""
    engines, left_out = choose_engines(options)
    if options.device != "cpu":
        engines, left_out = on_device(options, engines)
    kernels = options.kernels or ("fast" if find_spec("numba") else "reference")
    os.environ["TINYGRAD_CNN_KERNELS"] = kernels  # the engines' processes inherit it
    set_num_threads(options.threads)
    if not engines:
        raise BenchmarkError("no engine to run: " + " ".join(left_out))
    seconds = options.seconds or (0.2 if options.quick else 5.0)
    clock = "processor" if options.processor_time else "wall"
    effort = Effort(seconds, *((2, 2) if options.quick else (5, 3)), options.threads, clock)
    networks = QUICK_NETWORKS if options.quick else NETWORKS
    chosen = options.only or [*networks, *(PARTS if options.device == "cpu" else ())]
    names = [name for name in NETWORKS if name in chosen]
    result: dict[str, Any] = {
        "format": 1,
        "settings": {"engines": engines, "threads": effort.threads, "seconds": seconds,
                     "turns": effort.turns, "least": effort.least, "quick": options.quick,
                     "kernels": kernels, "device": options.device},
        "machine": machine(), "left_out": left_out, "networks": {}, "geometric_mean": {},
    }  # fmt: skip
    measure_networks(result, names, engines, effort)
    if "small" in chosen and (small := time_networks(SMALL, engines, effort)):
        result["small"] = small
        show(times_table("Training step of the smallest, ms", "step", small))
    if "zoo" in chosen:
        measure_zoo(result, engines, effort)
    whole = all_round(engines)
    if whole:
        measure_operations(result, chosen, whole, effort)
    elif set(chosen) & {"ops", "nodes", "growth"}:
        left_out.append(f"Of {', '.join(engines)} none does single operations: networks only.")
    if "shares" in chosen and OURS in engines:
        few = QUICK_NETWORKS[:1] if options.quick else NETWORKS
        result["shares"] = time_shares(list(few), effort.threads, 5 if options.quick else 50)
        show(shares_table(result["shares"]))
    if "memory" in chosen and OURS in engines:
        result["memory"] = time_memory(2 if options.quick else 10)
        show(ways_table(NAME, result["memory"]))
    if "start" in chosen and OURS in engines and find_spec("numba") is not None:
        result["start"] = race_start(["mlp100"] if options.quick else [*NETWORKS, *ZOO], effort.threads)
        show(start_table(result["start"]))
    if "import" in chosen:
        result["import"] = race_imports(engines, effort)
        show(imports_table(result["import"]))
    if "onnx" in chosen and OURS in engines:
        few = QUICK_NETWORKS[:1] if options.quick else [*NETWORKS, *ZOO]
        result["onnx"] = race_onnx(few, effort.threads, 2 * seconds)
        show(onnx_table(result["onnx"]))
    if "ranks" in chosen and OURS in engines:
        result["ranks"] = race_ranks(seconds)
        show(ranks_table(result["ranks"]))
    if "growth" in chosen and (compared := [e for e in engines if e in (OURS, PEER)]):
        result["growth"] = time_growth(compared, effort, options.quick)
        for name, entries in result["growth"].items():
            show(growth_table(name, entries))
    idle = {"median": median(effort.idle), "min": min(effort.idle)} if effort.idle else None
    result["idle"] = idle
    return result


def measure_networks(result: dict[str, Any], names: list[str], engines: list[str], effort: Effort) -> None:
    """Time whole networks, write the figures into the result, and print their tables."""
    networks = result["networks"] = time_networks(names, engines, effort)
    if missed := [name for name in names if name not in networks]:
        result["left_out"].append(f"None of {', '.join(engines)} can do {', '.join(missed)}.")
    if not networks:
        return
    if result["settings"]["device"] != "cpu":  # its limits and its memory are not the processor's
        mean = result["geometric_mean"] = mean_ratios(networks)
        for task, title in TITLES.items():
            show(times_table(f"{title}, {result['settings']['device']}", task, networks, mean[task]))
        return
    peak = result["peaks"] = peaks()
    for entry in networks.values():
        entry["limit_ms"] = limits_ms(entry["work"], peak)
    mean = result["geometric_mean"] = mean_ratios(networks)
    for task, title in TITLES.items():
        show(times_table(title, task, networks, mean[task]))
    show(roof_table(networks, peak))
    show(memory_table(networks))


def measure_zoo(result: dict[str, Any], engines: list[str], effort: Effort) -> None:
    """Time networks of many kinds, each trained as its kind usually is."""
    quick = result["settings"]["quick"]
    zoo = result["zoo"] = time_networks(QUICK_ZOO if quick else ZOO, engines, effort)
    if zoo:
        peak = result.setdefault("peaks", peaks())
        for entry in zoo.values():
            entry["limit_ms"] = limits_ms(entry["work"], peak)
        mean = result["zoo_mean"] = mean_ratios(zoo)
        for task, title in TITLES.items():
            show(times_table(f"Zoo: {title}", task, zoo, mean[task]))
        show(memory_table(zoo))


def measure_operations(
    result: dict[str, Any], chosen: list[str], engines: list[str], effort: Effort
) -> None:
    """Time operations and chains where they are chosen; figures into the result, tables printed."""
    quick = result["settings"]["quick"]
    if "ops" in chosen:
        found = result["ops"] = time_operations(QUICK if quick else OPERATIONS, engines, effort)
        show(times_table("Operations, forward without recording, ms", "forward", found))
        show(times_table("Operations, forward and backward, ms", "backward", found))
    if "nodes" in chosen:
        result["nodes"] = time_nodes(QUICK_LENGTHS if quick else LENGTHS, engines, effort)
        show(nodes_table(result["nodes"]))
    if "cliffs" in chosen and OURS in engines:
        pair = [engine for engine in engines if engine in (OURS, PEER)]
        result["cliffs"] = time_cliffs(pair, effort, quick)
        show(cliffs_table(result["cliffs"]))


def show(text: str) -> None:
    """A table, and an empty line."""
    print(text, end="\n\n", flush=True)


def save(result: dict[str, Any], folder: Path) -> list[Path]:
    """Write bench.json and the pictures that the figures allow; the files that were written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / "bench.json"]
    with writing(written[0]) as temporary:
        temporary.write_text(json.dumps(result, indent=1) + "\n")
    pictures: dict[str, Callable[[Path], None]] = {}
    if compared := compared_networks(result):
        pictures["bench.png"] = lambda path: draw_ratios(compared, path)
    if "growth" in result:
        pictures["growth.png"] = lambda path: draw_growth(result["growth"], path)
    for name, draw in pictures.items():
        try:
            draw(folder / name)
            written.append(folder / name)
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
