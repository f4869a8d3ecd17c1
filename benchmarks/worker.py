"""A process with one engine: reads commands on stdin, answers on stdout, one JSON object a line.

    {"do": "prepare", "kind": "network", "name": "mlp100"}     -> {"tasks": ["step", "infer"]}
    {"do": "losses"}                                           -> {"losses": [2.31, ...]}
    {"do": "first", "task": "step"}                            -> {"seconds": 0.052}
    {"do": "time", "task": "step", "seconds": 1, "least": 3}   -> {"seconds": [0.0031, ...]}
    {"do": "forget peak"}                                      -> {}
    {"do": "peak"}                                             -> {"mb": 97.3}
    {"do": "shares", "calls": 50}                              -> {"shares": {"step": 0.003, ...}}
    {"do": "wait for kernels", "seconds": 60}                  -> {"seconds": 18.2, "kernels": "fast"}

Commands come when it is this engine's turn; in between the process waits and uses no core.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, TextIO

from benchmarks.subjects import SUBJECTS, Subject
from benchmarks.sweep import PointSubject
from tinygrad_cnn import kernels
from tinygrad_cnn.kernels.compiled import HOME
from tinygrad_cnn.kernels.serving import SERVING

#: What can be prepared, by kind.
KINDS = {**SUBJECTS, "point": PointSubject}


def memory_mb() -> tuple[float, float]:
    """(memory now, largest so far) of this process, resident, in MB of 10^6 bytes.

    Where the system does not tell the first, the largest so far stands for both. Linux is asked
    through /proc: its ru_maxrss also counts the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        now, largest = (int(lines[key].split()[0]) * 1024 / 1e6 for key in ("VmRSS", "VmHWM"))
        return now, largest
    unit = 1 if sys.platform == "darwin" else 1024
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    return largest, largest


def forget_peak() -> None:
    """Let the largest memory so far be the memory of now, where the system can (Linux)."""
    control = Path("/proc/self/clear_refs")
    if control.exists() and os.access(control, os.W_OK):
        control.write_text("5")


def time_task(
    engine: Any, subject: Subject, task: str, seconds: float, least: int, clock: str = "wall"
) -> list[float]:
    """Call one task for about `seconds`, at least `least` times; the seconds of each call.

    One call before them is not counted: caches and threads were somebody else's a moment ago. The
    clock 'processor' counts what this process was given, whoever else uses the machine.
    """
    now = process_time if clock == "processor" else perf_counter
    finish = getattr(engine, "finish", lambda: None)  # a device works on while Python goes on
    function = subject.tasks[task]
    subject.begin(task)
    times: list[float] = []
    with engine.no_grad() if task in subject.unrecorded else nullcontext():
        function()
        finish()
        end = perf_counter() + seconds
        while len(times) < least or perf_counter() < end:
            start = now()
            function()
            finish()
            times.append(now() - start)
    return times


def first_call(subject: Subject, task: str) -> float:
    """Seconds of one call, with nothing warm but the import."""
    subject.begin(task)
    start = perf_counter()
    subject.tasks[task]()
    return perf_counter() - start


def wait_for_kernels(subject: Subject, seconds: float) -> dict[str, Any]:
    """Train until compiled kernels serve all that a step calls, or for so long; the seconds it took."""
    subject.begin("step")
    start = perf_counter()
    needed = kernels_called(subject.tasks["step"])
    while not (done := needed <= SERVING.compiled()) and perf_counter() - start < seconds:
        subject.tasks["step"]()
    return {"seconds": perf_counter() - start, "kernels": "fast" if done else "reference"}


def kernels_called(task: Callable[[], Any]) -> set[str]:
    """The names of the kernels that NumPy serves in a task, and that are compiled elsewhere."""
    own = {getattr(kernels.numpy, name).__code__: name for name in HOME}
    called = set()

    def note(frame: Any, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code in own:
            called.add(own[frame.f_code])

    sys.setprofile(note)
    try:
        task()
    finally:
        sys.setprofile(None)
    return called


def serve(engine: Any, commands: TextIO, answers: TextIO) -> None:
    """Answer commands until there are no more."""
    after_import = memory_mb()[0]
    subject = Subject()
    for line in commands:
        command = json.loads(line)
        answer: dict[str, Any] = {}
        match command["do"]:
            case "prepare":
                subject = Subject()  # frees the last one before the next is made
                kinds = getattr(engine, "SUBJECTS", KINDS)  # some peers have one of their own
                subject = kinds[command["kind"]](engine, command["name"])
                answer["tasks"] = list(subject.tasks)
            case "losses" if hasattr(subject, "losses"):
                answer["losses"] = subject.losses()
            case "first":
                answer["seconds"] = first_call(subject, command["task"])
            case "time":
                answer["seconds"] = time_task(
                    engine, subject, command["task"], command["seconds"], command["least"],
                    command.get("clock", "wall"),
                )  # fmt: skip
            case "forget peak":
                forget_peak()
            case "peak":
                answer["mb"] = memory_mb()[1] - after_import
            case "shares":  # of our own engine only
                shares = importlib.import_module("benchmarks.shares")
                subject.begin("step")
                answer["shares"] = shares.kernel_shares(subject.tasks["step"], command["calls"])
            case "wait for kernels":
                answer |= wait_for_kernels(subject, command["seconds"])
            case other:
                raise ValueError(f"worker: cannot do {other!r} with a {type(subject).__name__}")
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    serve(importlib.import_module(sys.argv[1]), sys.stdin, sys.stdout)
