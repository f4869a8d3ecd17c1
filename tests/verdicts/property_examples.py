"""Examples of the properties of every op: `python tests/verdicts/property_examples.py --examples 1000000`.

A problem is drawn by hypothesis from the op's case; an example is one property of one problem with one set
of kernels. Rounds go over all ops until there are enough, so a run that ends early has counted what it did.
"""

import argparse
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, seed, settings

from tinygrad_cnn.kernels.serving import use_kernels
from tinygrad_cnn.testing import CASES, PROPERTIES, Problem
from tinygrad_cnn.testing.contracts.op import checked
from tinygrad_cnn.testing.contracts.report import UncheckedError

SETS = ("reference", "fast")


def one_round(op: Any, problems: int, number: int, kernels: tuple[str, ...], counts: Counter[str]) -> str:
    """Count the properties of some drawn problems of an op; returns what failed, or ''."""
    case: Any = CASES[op]
    at: list[Any] = [None, None, None]
    checks: list[tuple[str, Callable[..., None]]] = [
        (name, check) for name, check in PROPERTIES.items() if name != "adjoint_identity" or case.linear_in
    ]

    @seed(number)
    @settings(
        max_examples=problems, database=None, deadline=None, suppress_health_check=list(HealthCheck),
        print_blob=False, report_multiple_bugs=False,
    )  # fmt: skip
    @given(case.problems)
    def holds(problem: Problem) -> None:
        counts["problems"] += 1
        for which in kernels:
            use_kernels(which)
            for name, check in checks:
                at[:] = [name, which, problem]
                try:
                    checked(check, case, problem)
                    counts["held"] += 1
                except UncheckedError as why:
                    counts["unchecked"] += 1
                    counts[f"unchecked: {op.__name__}, {name}: {str(why).splitlines()[0][:150]}"] += 1

    try:
        holds()
    except Exception as error:
        name, which, problem = at
        return f"{op.__name__}, {name}, {which} kernels, {problem!r}\n{type(error).__name__}: {error}"
    return ""


def main() -> int:
    """Print the counts; returns 1 if a property failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1_000_000, help="in all")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="at most")
    parser.add_argument("--problems", type=int, default=50, help="of each op in a round")
    parser.add_argument("--first", type=int, default=0, help="number of the first round: other problems")
    parser.add_argument("--kernels", nargs="+", default=list(SETS), help="sets of kernels")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    counts, start, number, failures = Counter[str](), time.monotonic(), options.first, 0

    def done() -> bool:
        enough = counts["held"] + counts["unchecked"] >= options.examples
        return enough or time.monotonic() - start > options.seconds

    while not done():
        for op in CASES:
            failed = one_round(op, options.problems, number, tuple(options.kernels), counts)
            if failed:
                failures += 1
                print(f"FAILED in round {number}: {failed}\n", flush=True)
            if done():
                break
        seconds = time.monotonic() - start
        print(
            f"round {number}: {counts['held']} held, {counts['unchecked']} unchecked, {failures} failed, "
            f"of {counts['problems']} problems of {len(CASES)} ops; {seconds:.0f} s",
            flush=True,
        )
        number += 1
    for reason, count in sorted(counts.items()):
        if reason.startswith("unchecked: "):
            print(f"{reason}: {count} times")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
