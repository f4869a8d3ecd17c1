"""Inference of networks from ONNX files: our module of the file beside onnxruntime.

Each network is written as a file in a process of its own, in which both then take turns with the same
number of threads.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks import ours
from benchmarks.networks import batch_of, find
from tinygrad_cnn import no_grad, set_num_threads

#: Turns of each, and calls before the first.
TURNS, WARM = 5, 3


def race_onnx(names: Sequence[str], threads: int, seconds: float) -> dict[str, dict[str, float]]:
    """Median milliseconds of a batch, ours and onnxruntime's; {} where the packages are not installed."""
    if not all(map(find_spec, ("onnx", "onnxruntime"))):
        return {}
    found = {}
    for name in names:
        command = [sys.executable, "-m", "benchmarks.onnx_files", name, str(threads), str(seconds)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=900)
        found[name] = json.loads(done.stdout.splitlines()[-1])
    return found


def times(name: str, threads: int, seconds: float) -> dict[str, float]:
    """The two medians for one network, in this process."""
    import onnxruntime

    from tinygrad_cnn.onnx import load, save

    set_num_threads(threads)
    network = find(name)
    x = batch_of(network)[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "net.onnx")
        save(network.build(ours.nn), path, x[:2])
        net = load(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    key = session.get_inputs()[0].name
    runs: dict[str, Callable[[], Any]] = {
        "ours": lambda: net(x),
        "onnxruntime": lambda: session.run(None, {key: x}),
    }
    taken: dict[str, list[float]] = {who: [] for who in runs}
    with no_grad():
        for run in runs.values():
            for _ in range(WARM):
                run()
        for _ in range(TURNS):
            for who, run in runs.items():
                end = perf_counter() + seconds / TURNS / 2
                while not taken[who] or perf_counter() < end:
                    start = perf_counter()
                    run()
                    taken[who].append((perf_counter() - start) * 1000)
    return {who: median(values) for who, values in taken.items()}


if __name__ == "__main__":
    print(json.dumps(times(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))
