"""The contract of an op.

PYTEST_DONT_REWRITE: its messages are complete, and meant to be read as they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.graph import OUT, Op, run_backward, run_forward
from tinygrad_cnn.testing.assertions import is_read
from tinygrad_cnn.testing.cases import Case, Problem
from tinygrad_cnn.testing.check.gradchecks import gradcheck
from tinygrad_cnn.testing.check.slopes import weights
from tinygrad_cnn.testing.contracts.module import reasons_of
from tinygrad_cnn.testing.contracts.op_properties import PROPERTIES
from tinygrad_cnn.testing.contracts.report import (
    FEW,
    Property,
    Report,
    UncheckedError,
    in_words,
    insist_same,
    run_properties,
)


def check_op(
    op: Callable[[], Op], cases: Any, *, reference: Callable[..., Any] | None = None,
    only: Iterable[str] | None = None, max_examples: int = 30, random_seed: int = 0,
) -> Report:  # fmt: skip
    """Check an op of one's own: everything that is checked of the ops of this package.

    Args:
        op: the op's class, or a function that makes one.
        cases: a `Case`; a strategy of `Problem`s or of tuples of operands; or a list of tuples of
            operands, float64 arrays away from kinks and ties.
        reference: the result by a slow and obvious computation, (op, *operands) -> array; the
            reference of a `Case` is taken from there.
        only: names of `OP_PROPERTIES`; None for all.
        max_examples: problems per property, where they are drawn.   random_seed: of the draws.
    Returns:
        A report; a problem that fails is shrunk and named.
    Raises:
        ArgumentError: an unknown property, or cases of another kind.

    >>> from tinygrad_cnn import ops
    >>> print(check_op(ops.Neg, [(np.array([1.0, -2.0]),)], only=["gradient_is_right"]))
    Neg: pass
      pass      gradient_is_right
    """
    case = cases if isinstance(cases, Case) else None
    source = cases.problems if isinstance(cases, Case) else cases
    if not isinstance(source, st.SearchStrategy):
        source = list(source) if isinstance(source, (list, tuple)) else []
        if not source or not all(isinstance(operands, (tuple, list)) for operands in source):
            raise ArgumentError(
                f"check_op: a Case, a strategy or a list of tuples of operands fits, got {cases!r}"
            )
    known = case or Case(st.nothing(), reference)  # type: ignore[arg-type]
    each = partial(_every_problem, known, op, source, max_examples, random_seed)
    table = {name: partial(each, check) for name, check in OP_PROPERTIES.items()}
    return run_properties("check_op", getattr(op, "__name__", type(op).__name__), table, only)


def _every_problem(
    case: Case, op: Callable[[], Op], source: Any, max_examples: int, random_seed: int, check: Property
) -> None:
    """A property of each problem: those of a list, or some drawn ones, the failing one shrunk."""
    if check is PROPERTIES["forward_is_right"] and case.reference is None:
        raise UncheckedError("no reference is given")
    if check is PROPERTIES["adjoint_identity"] and not case.linear_in:
        raise UncheckedError("no operand is said to be linear: linear_in of a Case")
    unsure: list[str] = []
    tried: list[str] = []

    def holds(drawn: Any) -> None:
        problem = drawn
        if not isinstance(drawn, Problem):
            problem = Problem(op, [np.array(x, np.float64) for x in drawn])
        values = "; ".join(np.array2string(x, precision=17, separator=", ") for x in problem.operands)
        few = sum(x.size for x in problem.operands) <= SHOWN
        tried.append(f"{problem!r}\noperands: {values}" if few else repr(problem))
        made = type(problem.make())
        assert not isinstance(op, type) or made is op, f"the cases are of {made.__name__}"
        try:
            checked(check, case, problem)
        except UncheckedError as why:
            unsure.append(str(why))

    try:
        if isinstance(source, list):
            for operands in source:
                holds(operands)
        else:
            on_examples(source, holds, max_examples, random_seed)
    except Exception as error:
        raise AssertionError(f"on {tried[-1] if tried else 'no problem'}\n{in_words(error)}") from error
    if len(unsure) == len(tried):
        raise UncheckedError(unsure[0] if unsure else "no problem was drawn")


def on_examples(source: Any, holds: Callable[[Any], None], max_examples: int, random_seed: int) -> None:
    """Call a function with examples of a strategy; it is called last with a failing one, shrunk."""

    @seed(random_seed)
    @settings(_QUIET, max_examples=max_examples)
    @given(source)
    def run(drawn: Any) -> None:
        holds(drawn)

    run()


def checked(check: Property, case: Case, problem: Problem) -> None:
    """A property of one problem; a failing derivative is judged once more, and explained."""
    try:
        check(case, problem)
    except AssertionError as error:
        order = {"gradient_is_right": 1, "second_order_is_right": 2}.get(check.__name__)
        if order is None or not problem.operands:
            raise
        few, read = sum(x.size for x in problem.operands) <= FEW, is_read()
        options: dict[str, Any] = {"order": order, "entries": few and read, "forward": False}
        options["brief"] = not read  # while the problem shrinks, that it fails is enough
        result = gradcheck(lambda *xs: problem.make()(*xs), *problem.operands, **options)
        if result.status == "unchecked":
            raise UncheckedError(reasons_of(result)) from error
        if result.status == "fail":
            result.reproduce = ""  # the op and the operands are named already
            raise AssertionError(str(result)) from error
        raise


def operands_are_not_written_to(case: Case, problem: Problem) -> None:
    """Neither forward nor backward writes to the operands, the result or the incoming gradient.

    >>> from tinygrad_cnn import ops
    >>> operands_are_not_written_to(Case(st.nothing(), None), Problem(ops.Exp, [np.ones(3)]))
    """
    op = problem.make()
    needs = tuple(True for _ in problem.operands)
    arrays = [x.copy() for x in problem.operands]
    y, residual = run_forward(op, arrays, needs)
    g = weights(y.shape, 1)
    for what in ("forward", "backward"):
        for k, (x, before) in enumerate(zip(arrays, problem.operands, strict=True)):
            insist_same(f"{what} wrote to operand {k}: it", x, before)
        if what == "forward":
            before_y, before_g = y.copy(), g.copy()
            run_backward(op, g, [y if k == OUT else arrays[k] for k in op.keep], residual, needs)
    insist_same("backward wrote to the result: it", y, before_y)
    insist_same("backward wrote to the incoming gradient: it", g, before_g)


#: Operands of so many elements are printed.
SHOWN = 20

_QUIET = settings(
    database=None, deadline=None, report_multiple_bugs=False, suppress_health_check=list(HealthCheck)
)

OP_PROPERTIES: dict[str, Property] = {
    **PROPERTIES,
    "operands_are_not_written_to": operands_are_not_written_to,
}
