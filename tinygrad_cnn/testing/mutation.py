"""Mutation score: alter the derivative of each op, one way at a time, and see who notices.

A mutant is an op whose `backward` is wrong on purpose. A test suite that is worth something kills
every mutant; one that survives shows a gap, or an alteration that changes nothing (a second
derivative that is 0 anyway). From the command line, on the ops of this package or on one's own:

    python -m tinygrad_cnn.testing.mutation                       # every op that has a case
    python -m tinygrad_cnn.testing.mutation Conv Linear           # some of them
    python -m tinygrad_cnn.testing.mutation my_package.my_cases   # a module with a table CASES
"""

from __future__ import annotations

import argparse
import importlib
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings

from tinygrad_cnn.graph import Op
from tinygrad_cnn.tensor import Tensor
from tinygrad_cnn.testing.cases import CASES, Case
from tinygrad_cnn.testing.properties import (
    PROPERTIES,
    Check,
    directions,
    first_order,
    second_order,
)

#: What can be done to one operand's gradient; each works on arrays and on Tensors.
ALTERATIONS: dict[str, Callable[[Any], Any]] = {
    "sign": lambda d: -d,
    "factor 2": lambda d: d * 2,
    "factor 1.0001": lambda d: d * 1.0001,
    "dropped": lambda d: d * 0,
    "reversed": lambda d: d[(slice(None, None, -1),) * d.ndim] if d.ndim else -d,
    "transposed": lambda d: d.swapaxes(-1, -2) if d.ndim > 1 and d.shape[-1] == d.shape[-2] else d,
    "summed": lambda d: d.sum(axis=0, keepdims=True) + d * 0 if d.ndim else d * 3,
    "off by one": lambda d: d[(..., [*range(1, d.shape[-1]), 0])] if d.size and d.ndim else d * 3,
}

#: What is done to all that a backward reads, instead of to a gradient.
CONSTANT = "kept as a constant"


class Mutant(NamedTuple):
    """One alteration of one op's derivative.

    Attributes:
        op: the op.   operand: whose gradient is altered; None for all.   kind: how.
    """

    op: type[Op]
    operand: int | None
    kind: str

    def __str__(self) -> str:
        whose = "" if self.operand is None else f", operand {self.operand}"
        return f"{self.op.__name__}{whose}: {self.kind}"


@contextmanager
def altered(mutant: Mutant) -> Iterator[None]:
    """The op's derivative altered inside the `with` block.

    >>> from tinygrad_cnn import ops
    >>> x = Tensor([3.0], requires_grad=True)
    >>> with altered(Mutant(ops.Neg, 0, "sign")):
    ...     (-x).backward()
    >>> x.grad
    Tensor([1.])
    """
    original = mutant.op.backward

    def backward(self: Op, g: Any, *kept: Any) -> tuple[Any, ...]:
        if mutant.kind == CONSTANT:
            return original(self, g, *(k.detach() if isinstance(k, Tensor) else k for k in kept))
        found = list(original(self, g, *kept))
        for k, d in enumerate(found):
            if k == mutant.operand and d is not None:
                d = np.asarray(d) if not isinstance(d, Tensor) else d
                found[k] = ALTERATIONS[mutant.kind](d)
        return tuple(found)

    inherited = "backward" not in vars(mutant.op)
    mutant.op.backward = backward  # type: ignore[method-assign]
    try:
        yield
    finally:
        if inherited:
            del mutant.op.backward
        else:
            mutant.op.backward = original  # type: ignore[method-assign]


def mutants(op: type[Op], case: Case, operands: int) -> list[Mutant]:
    """All mutants of an op with so many operands."""
    found = [Mutant(op, k, kind) for k in range(operands) for kind in ALTERATIONS]
    return [*found, Mutant(op, None, CONSTANT)] if op.keep else found


def survivors(
    cases: Mapping[type[Op], Case],
    checks: Mapping[str, Check] = PROPERTIES,
    max_examples: int = 300,
    report: Callable[[str], Any] = lambda line: None,
) -> tuple[list[Mutant], int]:
    """The mutants that no check notices, and how many there were.

    An alteration that leaves every first and second derivative of every problem as it was is no
    mutant and does not count: the sign of a gradient that is 0, say.

    Args:
        cases: by op, as the table of this package.   checks: by name, as `PROPERTIES`.
        max_examples: problems that each check tries on each mutant.   report: is told of each op.

    >>> from tinygrad_cnn import ops
    >>> survivors({ops.Neg: CASES[ops.Neg]})
    ([], 8)
    """
    left: list[Mutant] = []
    total = 0
    for op, case in cases.items():
        # Layouts and types are not what a wrong derivative shows in: the derivatives' checks are.
        wanted = {n: c for n, c in checks.items() if "gradient" in n or "order" in n}
        every = mutants(op, case, _operands(case))
        alive = [m for m in every if not any(_kills(m, case, c, max_examples) for c in wanted.values())]
        idle = [m for m in alive if not _has_effect(m, case, max_examples)]
        every, alive = ([m for m in some if m not in idle] for some in (every, alive))
        total += len(every)
        left += alive
        report(f"{op.__name__:24} {len(every) - len(alive):3d} of {len(every):3d} noticed")
    return left, total


def _operands(case: Case) -> int:
    """The largest number of operands among some problems of a case."""
    counts = [0]

    @settings(_SETTINGS, max_examples=20)
    @given(case.problems)
    def look(problem: Any) -> None:
        counts.append(len(problem.operands))

    look()
    return max(counts)


def _kills(mutant: Mutant, case: Case, check: Check, max_examples: int) -> bool:
    """Whether a check notices the mutant within so many problems."""

    @settings(_SETTINGS, max_examples=max_examples)
    @given(case.problems)
    def holds(problem: Any) -> None:
        check(case, problem)

    with altered(mutant), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            holds()
        except Exception:
            return True  # an assertion, or an error: either way somebody notices
    return False


def _has_effect(mutant: Mutant, case: Case, max_examples: int) -> bool:
    """Whether a mutant changes any first or second derivative within so many problems."""
    changed = []

    @settings(_SETTINGS, max_examples=max_examples)
    @given(case.problems)
    def compare(problem: Any) -> None:
        plain = _derivatives(problem)
        with altered(mutant):
            pairs = zip(plain, _derivatives(problem), strict=True)
            changed.append(any(not np.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in pairs))

    compare()
    return any(changed)


def _derivatives(problem: Any) -> list[Any]:
    """All first and second derivatives of a problem, to compare; 0 where there is none."""
    first = first_order(problem)[2]
    second = second_order(problem, directions(problem, 2))
    return [0.0 if g is None else g.numpy() for g in (*first, *second)]


_SETTINGS = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def cases_of(targets: Sequence[str]) -> dict[type[Op], Case]:
    """The cases of some ops of this package, and of modules with a table CASES; all ops if no targets.

    Args:
        targets: names of ops, or of modules that can be imported.
    Raises:
        ImportError: neither.   AttributeError: a module without such a table.

    >>> [op.__name__ for op in cases_of(["Neg"])]
    ['Neg']
    """
    cases = dict(CASES) if not targets else {}
    by_name = {op.__name__: op for op in CASES}
    for target in targets:
        if target in by_name:
            cases[by_name[target]] = CASES[by_name[target]]
        else:
            cases.update(importlib.import_module(target).CASES)
    return cases


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns 1 if a mutant survived.

    >>> main(["Neg"])
    Neg                        8 of   8 noticed
    8 of 8 mutants noticed
    0
    """
    parser = argparse.ArgumentParser(description="Alter derivatives, and see whether the checks notice.")
    parser.add_argument("targets", nargs="*", help="names of ops, or modules with a table CASES")
    parser.add_argument("--examples", type=int, default=300, help="problems per check and mutant")
    options = parser.parse_args(arguments)
    left, total = survivors(cases_of(options.targets), max_examples=options.examples, report=print)
    for mutant in left:
        print(f"survived: {mutant}")
    print(f"{total - len(left)} of {total} mutants noticed")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
