"""Where a script's time goes: an observer of ops and of steps of the walk."""

from __future__ import annotations

from collections import defaultdict
from time import perf_counter
from typing import Any

from tinygrad_cnn.graph import Observer, observe
from tinygrad_cnn.restoring import Ended


class Profile(Observer, Ended):
    """Sums the time of recorded ops, forward and backward, by module and op; a context.

    Ops have the names that they have on drawings. Where the program calls several models, the names of
    modules begin with the model's class.

    >>> from tinygrad_cnn import torch
    >>> with Profile() as profile:
    ...     (torch.ones(2, requires_grad=True) * 2).sum().backward()
    >>> print(profile.report().splitlines()[0].split()[:3])
    ['forward', 'backward', 'calls']
    """

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0])
        self._began = self._total = 0.0
        self._block = observe(self)

    def __enter__(self) -> Profile:
        self._total, self._ended = perf_counter(), False
        self._block.enter()
        return self

    def leave(self, mark: Any = None) -> None:
        """No longer look."""
        self._block.leave()
        if not self._ended:
            self._total, self._ended = perf_counter() - self._total, True

    def op_starts(self, op: Any, arrays: Any) -> None:
        """Note when an op begins."""
        self._began = perf_counter()

    def recorded(self, node: Any, arrays: Any, result: Any) -> None:
        """Add what it took."""
        row = self.rows[_place(node)]
        row[0] += perf_counter() - self._began
        row[2] += 1

    def step_starts(self, node: Any, g: Any) -> None:
        """Note when a derivative begins."""
        self._began = perf_counter()

    def stepped(self, node: Any, g: Any, gradients: Any) -> None:
        """Add what it took."""
        self.rows[_place(node)][1] += perf_counter() - self._began

    def spent(self) -> float:
        """Seconds in all rows."""
        return sum(forward + backward for forward, backward, _ in self.rows.values())

    def add(self, name: str, seconds: float) -> None:
        """Count what is no op: a step of an optimizer, a batch of a loader."""
        row = self.rows["", "", name]
        row[0] += seconds
        row[2] += 1

    def report(self, most: int = 20) -> str:
        """A table, the slowest first, times in milliseconds."""
        rows = sorted(self.rows.items(), key=lambda item: -item[1][0] - item[1][1])
        lines = [f"{'forward':>10} {'backward':>10} {'calls':>8}  module and op (times in ms)"]
        models = {model for model, scope, _ in self.rows if scope}
        for (model, scope, name), (forward, backward, calls) in rows[:most]:
            path = f"{model}.{scope}" if model and scope and len(models) > 1 else scope
            where = f"{path}: " if path else ""
            lines.append(f"{forward * 1e3:10.1f} {backward * 1e3:10.1f} {calls:8.0f}  {where}{name}")
        if len(rows) > most:
            forward, backward, calls = (sum(row[k] for _, row in rows[most:]) for k in range(3))
            rest = f"{len(rows) - most} more"
            lines.append(f"{forward * 1e3:10.1f} {backward * 1e3:10.1f} {calls:8.0f}  {rest}")
        lines.append(
            f"rows {self.spent():.2f} s of {self._total:.2f} s in all; the rest: Python, ops without a gradient"
        )
        return "\n".join(lines)


def _place(node: Any) -> tuple[str, str, str]:
    """Where a node was made: the class of the outermost module, the module's path, the op."""
    call = node.call
    if call is None:
        return "", "", node.op.drawn_name
    scope = call.path
    while call.around is not None:
        call = call.around
    return "" if call.kind is None else call.kind.__name__, scope, node.op.drawn_name
