"""The words of the caller's own functions on nodes: notes and colours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite
from numbers import Real
from typing import Any

from tinygrad_cnn.errors import ArgumentError, DTypeError

#: From the least number to the greatest.
_SCALE = ("#fafdf7", "#ecf7e4", "#d9efcd", "#c2e5b4", "#a8d99b", "#8acb83")  # text is read on all


def notes_of(said: Any) -> tuple[str, ...]:
    """Write a note in a box: nothing for None, a number in four digits, text as it is.

    Raises:
        DTypeError: something else.

    >>> notes_of(0.123456), notes_of("mine"), notes_of(None)
    (('0.1235',), ('mine',), ())
    """
    if said is None or said == "":
        return ()
    if isinstance(said, str):
        return (said,)
    if isinstance(said, Real):
        return (f"{float(said):.4g}".replace("-", "−"),)
    raise DTypeError(f"viz.graph: note gave a {type(said).__name__}; text, a number or None fits")


def colors_of(said: Sequence[Any]) -> list[str]:
    """The fill of each box: '' for None, '#rrggbb' as it is, numbers from pale to dark over all boxes.

    Raises:
        DTypeError, ArgumentError: something else.

    >>> colors_of([None, "#ff0000", 0.0, 5.0])
    ['', '#ff0000', '#fafdf7', '#8acb83']
    """
    numbers = [float(one) for one in said if _is_number(one) and isfinite(one)]
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    return [_color(one, low, high) for one in said]


def _is_number(one: Any) -> bool:
    return isinstance(one, Real) and not isinstance(one, bool)


def _color(one: Any, low: float, high: float) -> str:
    if one is None or one == "":
        return ""
    if isinstance(one, str):
        if not re.fullmatch("#[0-9a-fA-F]{6}", one):
            raise ArgumentError(f"viz.graph: color gave {one!r:.40}; '#rrggbb', a number or None fits")
        return one
    if not _is_number(one):
        raise DTypeError(f"viz.graph: color gave a {type(one).__name__}; '#rrggbb', a number or None fits")
    if not isfinite(one):
        return "#ffb3a6"
    share = (float(one) - low) / (high - low) if high > low else 1.0
    return _SCALE[min(int(share * len(_SCALE)), len(_SCALE) - 1)]
