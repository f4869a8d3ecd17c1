"""`torch.autograd.profiler`: where a program's time goes, by op, as PyTorch's programs ask for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from tinygrad_cnn.torch.profiling import Profile

__all__ = ["profile", "record_function"]

#: The profiles that run, the innermost last.
_running: list[profile] = []


class Row:
    """The time of one op, or of one named block, in microseconds.

    >>> Row("Add", 2, 10.0).cpu_time
    5.0
    """

    def __init__(self, key: str, count: int, cpu_time_total: float) -> None:
        self.key, self.count, self.cpu_time_total = key, count, cpu_time_total
        self.self_cpu_time_total, self.cpu_time = cpu_time_total, cpu_time_total / max(count, 1)
        self.cpu_memory_usage = self.cuda_time_total = 0.0


class Averages(list[Row]):
    """Rows of a profile, which can be sorted and printed.

    >>> print(Averages([Row("Add", 2, 10.0)]).table().splitlines()[1].split())
    ['Add', '10.0us', '5.0us', '2']
    """

    def table(self, sort_by: str | None = None, row_limit: int = 100, **options: Any) -> str:
        """The rows as text, the longest first; options of PyTorch's that only change its looks are taken."""
        by = (sort_by or "cpu_time_total").replace("self_", "").replace("cuda", "cpu")
        rows = sorted(self, key=lambda row: -float(getattr(row, by, row.cpu_time_total)))[:row_limit]
        lines = [f"{'Name':40s} {'CPU total':>14s} {'CPU time avg':>14s} {'# of Calls':>10s}"]
        for row in rows:
            lines.append(
                f"{row.key:40s} {row.cpu_time_total:>12.1f}us {row.cpu_time:>12.1f}us {row.count:10d}"
            )
        total = sum(row.cpu_time_total for row in self)
        return "\n".join([*lines, f"Self CPU time total: {total / 1e3:.3f}ms"])

    def __str__(self) -> str:
        return self.table()


class profile:
    """Measure the ops of a block.

    Options of PyTorch's that choose devices, shapes or stacks are taken, and change nothing here.

    >>> from tinygrad_cnn import torch
    >>> with profile() as prof:
    ...     with record_function("double"): _ = torch.ones(2, requires_grad=True) * 2
    >>> sorted(row.key for row in prof.key_averages())
    ['Mul', 'double']
    """

    def __init__(
        self, enabled: bool = True, *, on_trace_ready: Callable[[Any], Any] | None = None, **options: Any
    ) -> None:
        self.enabled, self.on_trace_ready = enabled is not False, on_trace_ready
        self._profile, self._blocks = Profile(), {}  # type: tuple[Profile, dict[str, list[float]]]

    def __enter__(self) -> profile:
        if self.enabled:
            self._profile.__enter__()
            _running.append(self)
        return self

    def __exit__(self, *error: Any) -> None:
        if self.enabled:
            _running.remove(self)
            self._profile.__exit__(*error)
            if self.on_trace_ready is not None:
                self.on_trace_ready(self)

    start = __enter__

    def stop(self) -> None:
        """End the measurement."""
        self.__exit__(None, None, None)

    def step(self) -> None:
        """The end of a step of training; all steps are measured here."""

    def key_averages(self, *args: Any, **options: Any) -> Averages:
        """The rows, one for each op and each named block."""
        found: dict[str, list[float]] = {name: list(row) for name, row in self._blocks.items()}
        for (*_, name), (forward, backward, calls) in self._profile.rows.items():
            row = found.setdefault(name, [0.0, 0.0])
            row[0], row[1] = row[0] + forward + backward, row[1] + calls
        return Averages([Row(name, int(calls), 1e6 * time) for name, (time, calls) in found.items()])

    total_average = key_averages
    events = function_events = key_averages

    def table(self, sort_by: str | None = None, row_limit: int = 100, **options: Any) -> str:
        """The rows as text."""
        return self.key_averages().table(sort_by, row_limit)

    @property
    def self_cpu_time_total(self) -> float:
        """The time of all ops, in microseconds."""
        return sum(1e6 * (f + b) for f, b, _ in self._profile.rows.values())

    def export_chrome_trace(self, path: str) -> None:
        """Write the rows as JSON that Chrome's viewer of traces takes."""
        rows = [
            {"name": row.key, "ph": "X", "pid": 0, "tid": 0, "ts": 0, "dur": row.cpu_time_total}
            for row in self.key_averages()
        ]
        Path(path).write_text(json.dumps({"traceEvents": rows}), encoding="utf-8")

    def __str__(self) -> str:
        return self.table()


class record_function:
    """A block with a name of its own in the profiles that run.

    >>> with record_function("nothing"): pass
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name

    def __enter__(self) -> record_function:
        self._began = perf_counter()
        return self

    def __exit__(self, *_: Any) -> None:
        for one in _running:
            row = one._blocks.setdefault(self.name, [0.0, 0.0])
            row[0], row[1] = row[0] + perf_counter() - self._began, row[1] + 1
