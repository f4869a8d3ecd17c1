"""The time until training starts: with no compiled kernel in the cache, and with all of them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.figures import OURS
from benchmarks.race import Worker
from tinygrad_cnn.kernels.compiler import MARK

#: Nobody waits longer for compiled kernels.
PATIENCE_SECONDS = 300


def race_start(names: list[str], threads: int) -> dict[str, Any]:
    """Seconds of the first step, cold and warm, and for the first network until the compiled kernels serve.

    Cold: an empty cache, the reference serves; for the first network while a process beside compiles, which
    is waited for. Warm: the cache that it left, in a new process. Each includes the import of the
    compiler, where it is needed.
    """
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        full, empty = Path(folder, "full"), Path(folder, "empty")
        for name in names:
            cold = _first_step(name, threads, empty if found else full, wait=not found)
            warm = _first_step(name, threads, full, wait=False)
            found[name] = {**cold, "warm_first_s": warm["cold_first_s"]}
    return found


def _first_step(name: str, threads: int, cache: Path, wait: bool) -> dict[str, Any]:
    alone = {} if wait else {MARK: "1"}  # no process beside that compiles, of which many would be left
    worker = Worker(OURS, threads, TINYGRAD_CNN_CACHE=str(cache), TINYGRAD_CNN_KERNELS="auto", **alone)
    try:
        worker.ask("prepare", kind="network", name=name)
        first = worker.ask("first", task="step")["seconds"]
        if not wait:
            return {"cold_first_s": first}
        answer = worker.ask("wait for kernels", seconds=PATIENCE_SECONDS)
        return {"cold_first_s": first, "until_fast_s": first + answer["seconds"],
                "kernels": answer["kernels"]}  # fmt: skip
    finally:
        worker.close()
