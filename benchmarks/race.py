"""Engines that take turns: one process each, never two at work at the same time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep
from typing import Any

from benchmarks.figures import ratios, summary
from benchmarks.networks import NETWORKS, SMALL
from benchmarks.roofline import work
from benchmarks.zoo import ZOO

ROOT = Path(__file__).resolve().parent.parent

#: Thread pools of BLAS and OpenMP libraries: they read these once, when they are loaded.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NPROC",  # XLA's pools, which JAX starts with so many threads each
)
#: Keep freed memory instead of handing it back to the system: spares page faults (glibc only).
MALLOC_TUNING = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(8 << 30)}

#: Pause before each turn: the threads of the last engine spin for a while before they sleep.
SETTLE_SECONDS = 0.1

#: Losses of two engines agree to this share. float32 rounds by 6e-8 and the engines add in another
#: order; a loss is a mean, where such errors cancel. Measured: at most 2.1e-7 over all networks.
LOSS_TOLERANCE = 1e-5


class BenchmarkError(RuntimeError):
    """A worker failed, or two engines do not compute the same."""


@dataclass(frozen=True)
class Engine:
    """A program that can take part: a module, in a process of its own.

    Attributes:
        module: with the names of `benchmarks.ours`, or with a `Training` for `benchmarks.layers`.
        package: what it times.   extra: with which it is installed.   environment: its variables.
        networks: what it can do, where that is not everything; such an engine runs networks only.
        may_fail: a network that it cannot do is marked, and no reason to stop.
    """

    module: str
    package: str
    extra: str = "bench"
    environment: dict[str, str] = field(default_factory=dict)
    networks: tuple[str, ...] | None = None
    may_fail: bool = False


#: What autograd can do: it has no strides, no batch norm, no windows that overlap. It could do deep100
#: as well, but its convolution is a sum without BLAS: a step took 10 s of processor time.
_PLAIN = ("mlp100", "seed001", "simple100", "lenet64", *SMALL)
_PEERS = "bench-peers"


ENGINES = {
    "ours": Engine("benchmarks.ours", "tinygrad_cnn"),
    "torch": Engine("benchmarks.peers_torch", "torch"),
    "torch-malloc": Engine("benchmarks.peers_torch", "torch", environment=MALLOC_TUNING),
    "torch-compile": Engine(
        "benchmarks.peers_torch_compiled", "torch", networks=(*NETWORKS, *SMALL, *ZOO), may_fail=True
    ),
    "onnxruntime": Engine(
        "benchmarks.peers_onnxruntime", "onnxruntime", "onnx", networks=(*NETWORKS, *ZOO), may_fail=True
    ),
    "jax": Engine("benchmarks.peers_jax", "jax", _PEERS, {"JAX_PLATFORMS": "cpu"}, (*NETWORKS, *SMALL)),
    "autograd": Engine("benchmarks.peers_autograd", "autograd", _PEERS, networks=_PLAIN),
    "mygrad": Engine("benchmarks.peers_mygrad", "mygrad", _PEERS, networks=(*NETWORKS, *SMALL)),
}


@dataclass
class Effort:
    """The time to measure for: seconds per engine and task, in so many turns of at least some calls.

    The clock is 'wall', or 'processor' where others use the machine too: then with one thread.
    """

    seconds: float
    turns: int
    least: int
    threads: int
    clock: str = "wall"
    idle: list[float] = field(default_factory=list)  # shares of idle processor time before turns


class Worker:
    """The process of one engine.

    Args:
        engine: its name in ENGINES.   threads: how many.   environment_: variables for this process.
    """

    def __init__(self, engine: str, threads: int, **environment_: str) -> None:
        self.engine, self.tasks = engine, ()  # what the subject that is prepared can do
        chosen = ENGINES[engine]
        environment = {
            **os.environ, **dict.fromkeys(THREAD_VARIABLES, str(threads)), **chosen.environment,
            **environment_,
        }  # fmt: skip
        path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(path)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", chosen.module],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Send one command and wait for its answer; see `benchmarks.worker`.

        Raises:
            BenchmarkError: the process ended; its own message is on stderr.
        """
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            print(json.dumps({"do": do, **arguments}), file=self.process.stdin, flush=True)
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise BenchmarkError(f"{self.engine}: the process ended at {do} {arguments} (see above)")
        found = dict(json.loads(answer))
        self.tasks = tuple(found.get("tasks", self.tasks))
        return found

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


@contextmanager
def workers(engines: Sequence[str], threads: int) -> Iterator[dict[str, Worker]]:
    """One process per engine, ended when the block ends, however it ends."""
    with ExitStack() as stack:
        started = {}
        for engine in engines:
            started[engine] = Worker(engine, threads)
            stack.callback(started[engine].close)
        yield started


def processor_times() -> tuple[int, int] | None:
    """(idle, all) ticks of all processors since the start of the system, where it tells them."""
    source = Path("/proc/stat")
    if not source.is_file():
        return None
    ticks = [int(value) for value in source.read_text().split("\n", 1)[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def settle(effort: Effort) -> None:
    """Wait a little before a turn, and note how idle the machine was while all engines waited."""
    before = processor_times()
    sleep(SETTLE_SECONDS)
    after = processor_times()
    if before and after and after[1] > before[1]:
        effort.idle.append((after[0] - before[0]) / (after[1] - before[1]))


def race(
    running: dict[str, Worker], tasks: Sequence[str], effort: Effort, share: float = 1.0
) -> dict[str, Any]:
    """Time the tasks of the subject that is prepared, engines taking turns.

    Args:
        running: the processes by engine.   tasks: names of the subject's tasks.
        effort: how long.   share: of the effort's seconds.
    Returns:
        {"times": {task: {engine: summary}}, "ratio": {task: {other engine: {"min", "median"}}}}
    """
    seconds: dict[str, dict[str, list[float]]] = {
        task: {engine: [] for engine, worker in running.items() if task in worker.tasks} for task in tasks
    }
    for task in tasks:
        for _ in range(effort.turns):
            for engine in seconds[task]:
                settle(effort)
                worker = running[engine]
                slice_ = effort.seconds * share / effort.turns
                answer = worker.ask(
                    "time", task=task, seconds=slice_, least=effort.least, clock=effort.clock
                )
                seconds[task][engine] += answer["seconds"]
    times = {task: {e: summary(s) for e, s in by_engine.items()} for task, by_engine in seconds.items()}
    return {"times": times, "ratio": {task: ratios(by_engine) for task, by_engine in times.items()}}


def race_network(name: str, engines: Sequence[str], effort: Effort) -> dict[str, Any]:
    """All figures of one network: losses, times, ratios, first step and peak memory.

    Raises:
        BenchmarkError: two engines give losses that differ by more than LOSS_TOLERANCE.
    """
    with workers(engines, effort.threads) as running:
        losses, failed = prepared(name, running)
        check_losses(name, losses)
        found = {"losses": losses, "failed": failed, **race(running, ("step", "infer"), effort)}
    alone = {engine: measure_alone(name, engine, effort) for engine in losses}
    found["work"] = work(name)
    for key in ("first_step_ms", "peak_mb"):
        found[key] = {engine: values[key] for engine, values in alone.items()}
    return found


def prepared(name: str, running: dict[str, Worker]) -> tuple[dict[str, list[float]], dict[str, str]]:
    """Prepare a network: losses by engine, and what stopped those that cannot do it, which are left out."""
    losses, failed = {}, {}
    for engine, worker in list(running.items()):
        try:
            worker.ask("prepare", kind="network", name=name)
            if "step" in worker.tasks:
                losses[engine] = worker.ask("losses")["losses"]
        except BenchmarkError as error:
            if not ENGINES[engine].may_fail:
                raise
            failed[engine] = str(error)
            del running[engine]
    return losses, failed


def check_losses(name: str, losses: dict[str, list[float]]) -> None:
    """Insist that all engines found the same losses.

    >>> check_losses("net", {"ours": [2.0, 1.9], "torch": [2.000001, 1.9]})
    >>> check_losses("net", {"ours": [2.0], "torch": [2.1]})
    Traceback (most recent call last):
    benchmarks.race.BenchmarkError: net: the engines do not compute the same: ours [2.0], torch [2.1]
    """
    first, *others = losses.values() or [[]]
    for other in others:
        near = [
            abs(a - b) <= LOSS_TOLERANCE * max(abs(a), abs(b)) for a, b in zip(first, other, strict=True)
        ]
        if not all(near):
            shown = ", ".join(f"{engine} {values}" for engine, values in losses.items())
            raise BenchmarkError(f"{name}: the engines do not compute the same: {shown}")


def measure_alone(name: str, engine: str, effort: Effort) -> dict[str, float]:
    """First step and peak memory of training, in a new process.

    The peak is that of the steps, above what the import takes; making the weights does not count.
    """
    with workers([engine], effort.threads) as running:
        worker = running[engine]
        worker.ask("prepare", kind="network", name=name)
        worker.ask("forget peak")
        first = worker.ask("first", task="step")["seconds"]
        worker.ask("time", task="step", seconds=0, least=3)
        return {"first_step_ms": first * 1e3, "peak_mb": worker.ask("peak")["mb"]}
