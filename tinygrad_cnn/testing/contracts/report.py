"""The report of a contract: one outcome per property, and how the properties are run.

PYTEST_DONT_REWRITE: its messages are complete, and meant to be read as they stand.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError

Array = NDArray[Any]
Property = Callable[..., None]

#: With so many elements or fewer, a wrong gradient is looked for entry by entry.
FEW = 100


class UncheckedError(Exception):
    """Raised by a property that can say neither yes nor no; its message says why."""


class ContractError(AssertionError):
    """A contract that is not kept.

    Attributes:
        report: what was found, printable.
    """

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report


@dataclass(frozen=True)
class Outcome:
    """One property of a contract: its name, 'pass', 'fail' or 'unchecked', and the reason."""

    name: str
    status: str
    reason: str = ""

    def __str__(self) -> str:
        head = f"{self.status:9} {self.name}"
        return f"{head}: {self.reason}".replace("\n", "\n    ") if self.reason else head


@dataclass(frozen=True)
class Report:
    """The answer of a contract; printed, it explains itself, and it is true unless it failed.

    Attributes:
        subject: what was checked.   outcomes: one per property.
    """

    subject: str
    outcomes: tuple[Outcome, ...]

    @property
    def status(self) -> str:
        """'fail' if any property failed, else 'unchecked' if none could be checked, else 'pass'.

        >>> Report("x", (Outcome("a", "pass"), Outcome("b", "unchecked", "no reference"))).status
        'pass'
        """
        found = {outcome.status for outcome in self.outcomes}
        return next((status for status in ("fail", "pass") if status in found), "unchecked")

    def __bool__(self) -> bool:
        return self.status != "fail"

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        return f"<pre>{html.escape(str(self))}</pre>"

    def __str__(self) -> str:
        return "\n  ".join([f"{self.subject}: {self.status}", *map(str, self.outcomes)])

    def __getitem__(self, name: str) -> Outcome:
        return next(outcome for outcome in self.outcomes if outcome.name == name)

    def raise_if_failed(self) -> Report:
        """The report itself, unless a property failed.

        Raises:
            ContractError: an AssertionError whose message is the printed report.

        >>> Report("x", (Outcome("a", "pass"),)).raise_if_failed().status
        'pass'
        """
        if self.status == "fail":
            raise ContractError(self)
        return self


def run_properties(
    function: str, subject: str, properties: Mapping[str, Property], only: Iterable[str] | None, *given: Any
) -> Report:
    """Each property of a table, or those named by `only`, on its own."""
    names = list(properties) if only is None else [only] if isinstance(only, str) else list(only)
    unknown = [name for name in names if name not in properties]
    if unknown:
        raise ArgumentError(f"{function}: unknown property {unknown}; has {list(properties)}")
    outcomes = []
    for name in names:
        status, reason = "pass", ""
        try:
            properties[name](*given)
        except UncheckedError as why:
            status, reason = "unchecked", str(why)
        except Exception as error:
            status, reason = "fail", in_words(error)
        outcomes.append(Outcome(name, status, reason))
    return Report(subject, tuple(outcomes))


def in_words(error: BaseException) -> str:
    """Say what an exception says, with its type where it is no plain assertion."""
    text = str(error).strip("\n") or "an assertion without a message"
    return text if isinstance(error, AssertionError) else f"{type(error).__name__}: {text}"


def by_name(*checks: Property) -> dict[str, Property]:
    """Properties by name."""
    return {check.__name__.lstrip("_"): check for check in checks}


def insist_same(what: str, got: Any, expected: Any) -> None:
    """Insist on equal bits."""
    assert np.array_equal(got, expected, equal_nan=np.asarray(got).dtype.kind == "f"), f"{what} differs"
