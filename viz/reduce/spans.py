"""Names of several equal boxes drawn as one, and of the places that they lie in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from viz.model.boxes import Box
from viz.model.places import Place, path_text


def span(first: Place, last: Place, times: int = 1) -> Place:
    """Equal places as one: '0 – 3' for 0 to 3, 'cell' for calls of one module.

    >>> span(Place(-2, "0"), Place(-5, "3"), 4)
    Place(key=-2, name='0 – 3', call=1, kind='', times=4)
    """
    name = first.name if first.name == last.name else f"{first.name} – {last.name}"
    return first._replace(name=name, call=1, times=first.times * times)


def span_of_names(first: Box, last: Box) -> dict[str, Any]:
    """Name what differs about the box of x0 to x3, or of modules body.0 to body.3, from that of the first.

    >>> span_of_names(Box(0, "input", "x0", (), ""), Box(3, "input", "x3", (), ""))
    {'name': 'x0 – x3'}
    """
    if first.module and last.module:
        module = (*first.module[:-1], span(first.module[-1], last.module[-1]))
        return {"module": module, "name": path_text(module)}
    pairs = {field: (getattr(first, field), getattr(last, field)) for field in ("name", "options")}
    return {field: f"{one} – {other}" for field, (one, other) in pairs.items() if one != other}


def later(box: Box) -> Box:
    """A box of a further repetition, whose parameters are counted and not listed.

    >>> later(Box(0, "op", "Mul", (), "")).parameters
    ()
    """
    return replace(box, parameters=tuple(p._replace(first=False) for p in box.parameters))
