"""Calls that must be refused: what they raise, and what it says."""

from collections.abc import Callable, Iterable
from typing import Any

Kinds = type[Exception] | tuple[type[Exception], ...]


def check_refusals(rows: Iterable[tuple[Kinds, str, Callable[[], Any]]]) -> None:
    """Make each call, and tell of all whose error is of another kind or lacks the words."""
    wrong = []
    for kind, words, call in rows:
        found: object = "nothing is raised"
        try:
            call()
        except Exception as error:
            found = error
        if not isinstance(found, kind) or words not in str(found):
            wrong.append(f"{words}\n  {found!r}")
    assert not wrong, "\n".join(wrong)
