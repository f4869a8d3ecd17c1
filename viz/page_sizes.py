"""Pages and slides that a picture shall fit, and which way of laying it out fits best."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tinygrad_cnn.errors import ArgumentError
from viz.output.engines import draw_all, engine

#: Width and height in inches of what can be printed or shown.
PAGES = {
    "a4": (7.3, 10.7), "a4 landscape": (10.7, 7.3), "letter": (7.5, 10.0), "letter landscape": (10.0, 7.5),
    "a3": (10.7, 15.5), "a3 landscape": (15.5, 10.7), "16:9": (13.3, 7.5), "4:3": (10.0, 7.5),
}  # fmt: skip
#: Text of 11 points is read down to this share of its size.
READABLE = 0.6


def page_size(page: Any) -> tuple[float, float] | None:
    """Width and height in inches of a page by its name, or as given.

    Raises:
        ArgumentError: another name, or numbers that are not a size.

    >>> page_size("16:9"), page_size((4, 3))
    ((13.3, 7.5), (4.0, 3.0))
    """
    if page is None:
        return None
    if isinstance(page, str) and page.lower() in PAGES:
        return PAGES[page.lower()]
    if isinstance(page, (tuple, list)) and len(page) == 2:
        try:
            width, height = map(float, page)
        except (TypeError, ValueError):
            width = height = 0.0
        if 1 <= width <= 200 and 1 <= height <= 200:
            return width, height
    raise ArgumentError(
        f"viz.graph: page is {page!r}; {', '.join(map(repr, PAGES))}, or (width, height) in inches fits"
    )


def best(
    texts: Iterable[Callable[[], str]], page: tuple[float, float], worth: Sequence[float]
) -> tuple[str, float]:
    """The DOT text that reads best on a page, and how well: its scale times its worth, 1 at most.

    Args:
        texts: of the same graph, laid out in different ways; the first is the usual one.
        worth: of each way, from 0 to 1: less for one with arrows all over the page.
        page: width and height in inches.
    """
    made = [text() for text in texts]
    if engine() is None:
        return _sized(made[0], page), 1.0
    scales = [_scale(svg, page) for svg in draw_all(made)]
    reads = [min(scale, 1.0) * own for scale, own in zip(scales, worth, strict=True)]
    k = max(range(len(made)), key=lambda k: (round(reads[k], 3), -k))
    return (_sized(made[k], page) if scales[k] < 1 else made[k]), reads[k]


def _scale(svg: str, page: tuple[float, float]) -> float:
    found = re.search(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"', svg)
    if found is None:
        return 0.0
    return min(72 * size / float(own) for size, own in zip(page, found.groups(), strict=True))


def _sized(text: str, page: tuple[float, float]) -> str:
    """DOT text whose drawing is no larger than the page."""
    size = f'size="{page[0]:g},{page[1]:g}"'
    return text.replace("digraph {", "digraph {\n\tgraph [" + size + "]", 1)
