"""Mutation score of a test suite: pytest runs the tests anew for each alteration of an op's derivative.

`score` starts one more pytest; there the plugin of this package hands the collected tests to `trials`,
which runs them once as they are and once for each alteration, until one fails. So the tests may be of
any kind, and none is changed; they must not depend on each other.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.graph import Needs, Op
from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.testing.mutation.altered_derivatives import (
    CONSTANT,
    altered,
    mutants,
    patched,
    told_needs,
)


class Score(NamedTuple):
    """The fate of the alterations of an op: noticed by a test, survived, or without an effect."""

    noticed: list[str]
    survived: list[str]
    idle: list[str]

    def __str__(self) -> str:
        lines = [f"{kind + ':':10}{mutant}" for kind, some in self._asdict().items() for mutant in some]
        total = len(self.noticed) + len(self.survived)
        idle = f", {len(self.idle)} had no effect in these tests" if self.idle else ""
        return "\n".join([*lines, f"{len(self.noticed)} of {total} mutants noticed{idle}"])


def score(target: str, arguments: Sequence[str], folder: Path | None = None) -> Score:
    """Find the alterations of an op's derivative that no test notices.

    Args:
        target: 'module:Class', the op; it may be defined in a test file.
        arguments: of pytest: which tests judge it.   folder: where pytest runs; None for here.
    Returns:
        The alterations by what became of them; printed, a line for each. One is idle if it changed
        no gradient that the tests computed: a transpose where all are vectors, say.
    Raises:
        ArgumentError: there is no such op, no test differentiates it, or the tests fail as they are.
    """
    with tempfile.TemporaryDirectory() as scratch:
        order, answer = Path(scratch, "order.json"), Path(scratch, "answer.json")
        order.write_text(json.dumps({"op": target, "answer": str(answer)}), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", *arguments, f"--grad-alter={order}"]
        if importlib.util.find_spec("xdist") is not None and "no:xdist" not in arguments:
            command.append("-n0")  # the runs follow each other in one process
        # Examples that fail because of an alteration must not be remembered for the next run.
        environment = {**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(Path(scratch, "hypothesis"))}
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
        if not answer.exists():
            said = (done.stdout + done.stderr)[-2000:]
            raise ArgumentError(f"{target}: pytest ended with status {done.returncode}\n{said}")
        found = json.loads(answer.read_text(encoding="utf-8"))
    if "error" in found:
        raise ArgumentError(f"{target}: {found['error']}")
    return Score(**found)


# --------------------------------------------------------------------------- in the run of the tests
def trials(order: str, passes: Callable[[], bool]) -> None:
    """Carry out an order written by `score`, and write the answer.

    Args:
        order: path of a file with the op, and the path of the answer.
        passes: runs the tests, up to the first that fails, and says whether all passed.
    """
    told = json.loads(Path(order).read_text(encoding="utf-8"))
    try:
        answer: dict[str, Any] = _score(found_op(told["op"]), passes)._asdict()
    except ArgumentError as error:
        answer = {"error": str(error)}
    Path(told["answer"]).write_text(json.dumps(answer), encoding="utf-8")


def _score(op: type[Op], passes: Callable[[], bool]) -> Score:
    """The tests as they are, and with each alteration."""
    operands, right = 0, told_needs(op)

    def looking(self: Any, g: Any, *kept: Any, needs: Needs) -> tuple[Any, ...]:
        nonlocal operands
        results = right(self, g, *kept, needs=needs)
        operands = max(operands, len(results))
        return results

    with patched(op, backward=looking):
        if not passes():
            raise ArgumentError("a test fails without an alteration")
    if not operands:
        raise ArgumentError("no test runs its backward")
    found = Score([], [], [])
    for mutant in mutants(op, operands):
        changed: list[bool] = []
        with altered(mutant), _watched(op, right, changed, mutant.kind == CONSTANT):
            verdict = found.survived if passes() else found.noticed
        if verdict is found.survived and not changed:
            verdict = found.idle
        verdict.append(str(mutant))
    return found


def _watched(
    op: type[Op], right: Callable[..., Any], changed: list[bool], constant: bool
) -> Restoring[None]:
    """Note whether an altered backward gives other gradients than the right one, or other graphs."""
    wrong = told_needs(op)

    def comparing(self: Any, g: Any, *kept: Any, needs: Needs) -> tuple[Any, ...]:
        results = wrong(self, g, *kept, needs=needs)
        if not changed:
            pairs = zip(results, right(self, g, *kept, needs=needs), strict=True)
            cut = constant and any(isinstance(k, Tensor) and k.requires_grad for k in kept)
            if cut or any(_differ(a, b) for a, b in pairs):
                changed.append(True)
        return results

    return patched(op, backward=comparing)


def _differ(a: Any, b: Any) -> bool:
    """Whether two gradients differ."""
    if a is None or b is None:
        return a is not b
    x, y = (t.numpy() if isinstance(t, Tensor) else np.asarray(t) for t in (a, b))
    return x.shape != y.shape or not np.allclose(x, y, rtol=1e-9, atol=1e-12)


def found_op(target: str) -> type[Op]:
    """The op 'module:Class', imported, or among the ops that the collected tests have defined.

    >>> found_op("tinygrad_cnn.ops:Neg").__name__
    'Neg'
    """
    module, _, name = target.partition(":")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError:
        found = None
    if isinstance(found, type) and issubclass(found, Op):
        return found
    stack: list[type[Op]] = [Op]
    while stack:
        op = stack.pop()
        if op.__qualname__ == name and op.__module__.split(".")[-1] == module.split(".")[-1]:
            return op
        stack += op.__subclasses__()
    raise ArgumentError("no such op; module:Class fits, a subclass of tinygrad_cnn.Op")
