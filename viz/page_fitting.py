"""Layouts where nobody chooses one, and on a page: the direction, and the number of boxes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from viz.model.boxes import Model
from viz.options import Choice
from viz.page_sizes import READABLE, best
from viz.write.arrangement import PLAIN, Arrangement, as_u, in_columns, worth
from viz.write.dot import source

#: How many boxes a page gets, one after the other, until they are read.
_FEWER = (30, 20, 12)


def usual(model: Model, choice: Choice) -> Arrangement:
    """A U where the graph is one and nobody asked for a direction; else no arrangement at all."""
    return as_u(model) if choice.direction is None and not choice.arrows else PLAIN


def on_page(
    fewer: Callable[..., Model], max_nodes: int | None, choice: Choice, size: tuple[float, float]
) -> tuple[Model, str]:
    """The most boxes with which the drawing fits a page and is read, and its DOT text."""
    found: list[tuple[float, Model, str]] = []
    for most in [max_nodes, *(few for few in _FEWER if max_nodes is None or few < max_nodes)]:
        model = fewer(max_nodes=most)
        if found and len(model.boxes) == len(found[-1][1].boxes):
            continue
        ways = _ways(model, choice)
        laid = [partial(_laid, model, choice, way) for way in ways]
        text, scale = best(laid, size, [worth(model, way[1]) for way in ways])
        found.append((scale, model, text))
        if scale >= READABLE:
            break
    _, model, text = max(found, key=lambda one: one[0])
    return model, text


def _ways(model: Model, choice: Choice) -> list[tuple[str, Arrangement]]:
    """Directions and arrangements to try, the usual one first."""
    directions = ["right"] if choice.arrows else ["down", "right"]
    directions = [choice.direction] if choice.direction else directions
    ways = [(directions[0], PLAIN)]
    if choice.direction is None and not choice.arrows:
        u = as_u(model)
        ways = [("down", u), *ways] if u.is_u else ways
        ways += [("right", PLAIN)]
    if not choice.arrows:
        ways += [(d, in_columns(model, count)) for d in directions for count in range(2, 7)]
    return [way for k, way in enumerate(ways) if way not in ways[:k]]


def _laid(model: Model, choice: Choice, way: tuple[str, Arrangement]) -> str:
    return source(model, replace(choice, direction=way[0]), arrangement=way[1])
