"""The command `python -m tinygrad_cnn.testing.mutation`."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases import CASES, Case
from tinygrad_cnn.testing.mutation.judged_by_properties import survivors
from tinygrad_cnn.testing.mutation.judged_by_tests import score


def cases_of(targets: Sequence[str]) -> dict[type[Op], Case]:
    """The cases of some ops of this package, and of modules with a table CASES; all ops if no targets.

    Args:
        targets: names of ops, or of modules that can be imported.
    Raises:
        ImportError: neither.   ArgumentError: a module without such a table.

    >>> [op.__name__ for op in cases_of(["Neg"])]
    ['Neg']
    """
    cases = dict(CASES) if not targets else {}
    by_name = {op.__name__: op for op in CASES}
    for target in targets:
        if target in by_name:
            cases[by_name[target]] = CASES[by_name[target]]
        else:
            module = importlib.import_module(target)
            if not hasattr(module, "CASES"):
                raise ArgumentError(
                    f"{target} has no table CASES; the name of an op of this package fits, a module with "
                    "such a table, or module:Class for an op that your own tests judge"
                )
            cases.update(module.CASES)
    return cases


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns 1 if a mutant survived, 2 if a name or a test is wrong.

    >>> main(["Neg"])
    Neg                        9 of   9 noticed
    9 of 9 mutants noticed
    0
    """
    parser = argparse.ArgumentParser(
        prog="python -m tinygrad_cnn.testing.mutation",
        description="Alter derivatives, and see whether the checks notice.",
    )
    parser.add_argument(
        "targets", nargs="*", metavar="OP",
        help="an op of this package, a module with a table CASES, or module:Class with --tests",
    )  # fmt: skip
    parser.add_argument("--examples", type=int, default=300, help="problems per check and mutant")
    parser.add_argument("--seed", type=int, help="other problems; the same number repeats a run")
    parser.add_argument(
        "--tests", nargs=argparse.REMAINDER, metavar="ARG",
        help="your own tests judge the op module:Class: arguments of pytest, to the end of the line",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    custom = [target for target in options.targets if ":" in target]
    if options.tests is None and custom:
        parser.error(f"{custom[0]}: say with --tests which tests judge it")
    if options.tests is not None and len(custom) != len(options.targets):
        parser.error("with --tests, each OP must be written module:Class")
    try:
        return _judged(options, custom)
    except (ArgumentError, ImportError) as error:  # of the user's names and tests, not of this program
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2


def _judged(options: argparse.Namespace, custom: list[str]) -> int:
    """The scores, printed."""
    if custom:
        scores = [score(target, options.tests) for target in custom]
        print(*scores, sep="\n")
        return 1 if any(found.survived for found in scores) else 0
    left, total = survivors(
        cases_of(options.targets), max_examples=options.examples, report=print, random_seed=options.seed
    )
    for mutant in left:
        print(f"survived: {mutant}")
    print(f"{total - len(left)} of {total} mutants noticed")
    return 1 if left else 0
