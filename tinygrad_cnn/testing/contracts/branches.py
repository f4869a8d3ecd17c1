"""The lines and branches of an op's `backward` that some problems reach."""

from __future__ import annotations

import html
import importlib
import inspect
import json
import linecache
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cnn.errors import ArgumentError, MissingExtraError
from tinygrad_cnn.graph import OUT, Op, run_backward, run_forward
from tinygrad_cnn.testing.cases import Case, Problem
from tinygrad_cnn.testing.check.slopes import weights
from tinygrad_cnn.testing.contracts.op import on_examples


@dataclass(frozen=True)
class Branches:
    """The parts of a `backward` that no problem has reached; true if everything was.

    Attributes:
        name: of the op.   file: where its backward stands.   problems: how many were tried.
        lines: numbers of the lines that never ran.
        branches: (from, to): the line of a condition, and the line to which it never led; a negative
            number for the function's end.
    """

    name: str
    file: str
    problems: int
    lines: tuple[int, ...]
    branches: tuple[tuple[int, int], ...]

    def __bool__(self) -> bool:
        return not self.lines and not self.branches

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        return f"<pre>{html.escape(str(self))}</pre>"

    def __str__(self) -> str:
        if self:
            return f"{self.name}.backward: every line and branch was reached by {self.problems} problems"
        told = [f"{self.name}.backward, by {self.problems} problems:"]
        told += [f"  line {n} never ran: {self._text(n)}" for n in self.lines]
        for start, stop in self.branches:
            where = f"line {stop}" if stop > 0 else "the end"
            told.append(f"  line {start} never led to {where}: {self._text(start)}")
        return "\n".join(told)

    def _text(self, number: int) -> str:
        return linecache.getline(self.file, number).strip()


def backward_branches(
    op: Callable[[], Op], cases: Any, *, max_examples: int = 30, random_seed: int = 0
) -> Branches:
    """Find what of the `backward` of an op is reached by no problem, and so is judged by no test of it.

    Args:
        op: the op's class, or a function that makes one; its source must be in a file.
        cases: a `Case`, a strategy of `Problem`s or of tuples of operands, or a list of such tuples.
        max_examples: problems, where they are drawn.   random_seed: of the draws.
    Raises:
        ArgumentError: there is no source, no problem, or a problem of another op.
        MissingExtraError: coverage is not installed.

    >>> from tinygrad_cnn import ops
    >>> print(backward_branches(ops.Mul, [(np.ones(2), np.ones(2))]))
    Mul.backward: every line and branch was reached by 1 problems
    """
    library = _coverage()
    problems = _problems(op, cases, max_examples, random_seed)
    if not problems:
        raise ArgumentError("backward_branches: no problem was drawn or given")
    kind = type(problems[0].make())
    try:
        lines, first = inspect.getsourcelines(kind.backward)
        file = str(Path(inspect.getsourcefile(kind.backward) or "").resolve(strict=True))
    except (OSError, TypeError) as error:
        raise ArgumentError(f"backward_branches: {kind.__name__}.backward has no source: {error}") from None
    watch = library.Coverage(data_file=None, branch=True, include=[file], config_file=False, messages=False)
    prepared = [_forward(problem) for problem in problems]
    watch.start()
    try:  # pragma: no cover: what was started just now measures these lines
        for arguments in prepared:
            run_backward(*arguments)
    finally:  # pragma: no cover: until it stops
        watch.stop()
    with tempfile.TemporaryDirectory() as folder:
        watch.json_report(outfile=f"{folder}/report.json")
        text = Path(folder, "report.json").read_text(encoding="utf-8")
    (found,) = json.loads(text)["files"].values()
    header = kind.backward.__code__.co_firstlineno  # it ran when the class was made
    inside = {n for n in range(first, first + len(lines)) if n != header}
    missed = tuple(n for n in found["missing_lines"] if n in inside)
    arcs = tuple(
        (a, b) for a, b in found["missing_branches"] if a in inside and a not in missed and b not in missed
    )
    return Branches(kind.__name__, file, len(problems), missed, arcs)


def _coverage() -> Any:
    try:
        return importlib.import_module("coverage")
    except ImportError:
        raise MissingExtraError(
            "backward_branches needs coverage: pip install 'tinygrad-cnn[test]'"
        ) from None


def _problems(op: Callable[[], Op], cases: Any, max_examples: int, random_seed: int) -> list[Problem]:
    """The problems of a list, or some that are drawn."""
    source = cases.problems if isinstance(cases, Case) else cases
    found: list[Any] = []
    if isinstance(source, st.SearchStrategy):
        on_examples(source, found.append, max_examples, random_seed)
    else:
        found = list(source)
    return [
        p if isinstance(p, Problem) else Problem(op, [np.array(x, np.float64) for x in p]) for p in found
    ]


def _forward(problem: Problem) -> tuple[Any, ...]:
    """Make what the backward of a problem is given."""
    op, needs = problem.make(), tuple(True for _ in problem.operands)
    y, residual = run_forward(op, problem.operands, needs)
    g = weights(np.shape(y), 1)
    return op, g, [y if k == OUT else problem.operands[k] for k in op.keep], residual, needs
