"""Words where a program runs and does not do what was meant: each is said once in a process, as a warning.

Python's own filters rule over them: `python -W error::tinygrad_cnn.hints.Hint`, or
`warnings.filterwarnings("ignore", category=Hint)`.
"""

from __future__ import annotations

import sys
import warnings
from typing import Literal

#: What a hint is about.
Kind = Literal["softmax", "plain list", "channels last", "nan", "leaf"]
KINDS: tuple[Kind, ...] = ("softmax", "plain list", "channels last", "nan", "leaf")

#: Those that were said already.
_said: set[str] = set()


class Hint(UserWarning):
    """A warning that a program probably means something else."""


def say(kind: Kind, text: str) -> None:
    """Warn, at the line of the program that led here, unless a hint of this kind was given before.

    Args:
        kind: which of `KINDS`.   text: what was seen, and what would fit.

    >>> again()
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     say("nan", "the loss is NaN"); say("nan", "the loss is NaN")
    >>> [str(w.message) for w in caught]
    ['the loss is NaN']
    """
    if kind in _said:
        return
    _said.add(kind)
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("tinygrad_cnn."):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, Hint, stacklevel=level)


def again() -> None:
    """Forget what was said, so that each hint is given once more.

    >>> again()
    """
    _said.clear()


def enough() -> None:
    """Give no more hints in this process.

    >>> enough()
    >>> say("nan", "nobody reads this")
    """
    _said.update(KINDS)
