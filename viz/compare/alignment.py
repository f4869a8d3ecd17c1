"""Matching the boxes of two graphs.

Both are read in the order of their creation. Boxes may be matched if they are of one kind, and of all
ways to match them without crossing the one with most in common is taken.

Source: S. B. Needleman and C. D. Wunsch 1970, "A general method applicable to the search for
similarities in the amino acid sequence of two proteins".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from difflib import SequenceMatcher

from viz.model.boxes import Box

#: Pairs of boxes that are compared with each other at most; beyond, only paths and names are.
_PAIRS = 400_000
#: What a match is worth, and what adds to it, from the place in the modules to the shape.
_MATCH, _GROUP, _LIKE_GROUP, _WHAT, _PARAMETERS, _SHAPE = 10, 3, 1, 3, 2, 2


def aligned(first: Sequence[Box], second: Sequence[Box]) -> list[tuple[int, int]]:
    """Pairs of places that belong together, rising in both; the same pairs if the two are swapped.

    >>> one, two = Box(0, "op", "Mul", (), "float32"), Box(1, "op", "Tanh", (), "float32")
    >>> aligned([one, two], [two])
    [(1, 0)]
    """
    ours, theirs = [_key(box) for box in first], [_key(box) for box in second]
    if repr(theirs) < repr(ours):  # where two ways are equally good, the order must not decide
        return [(i, j) for j, i in aligned(second, first)]
    start, end = _ends(ours, theirs)
    before = [(k, k) for k in range(start)]
    after = [(len(ours) - k, len(theirs) - k) for k in range(end, 0, -1)]
    a, b = first[start : len(ours) - end], second[start : len(theirs) - end]
    middle = _best(a, b) if len(a) * len(b) <= _PAIRS else _by_path(a, b)
    return [*before, *((start + i, start + j) for i, j in middle), *after]


def what(box: Box) -> tuple[str, str, str]:
    """Note what may change about a box while it stays the same one, but for shape and parameters.

    >>> what(Box(0, "op", "Sum", (), "float32", options="axis 0"))
    ('Sum', 'axis 0', 'float32')
    """
    return (box.name, box.options, box.dtype)


def parameters(box: Box) -> tuple[Hashable, ...]:
    """The parameters of a box, without what a run gave them.

    >>> parameters(Box(0, "op", "Sum", (), "float32"))
    ()
    """
    return tuple((p.name, p.shape, p.trainable, p.shared, p.times) for p in box.parameters)


def numberless(path: str) -> str:
    """A module's path without numbers, which shift where a layer is put in before it.

    >>> numberless("features.12.conv1")
    'features.#.conv#'
    """
    return re.sub(r"\d+", "#", path)


def _kind(box: Box) -> tuple[str, str, int]:
    """Note what must agree for two boxes to be one."""
    return box.kind, "" if box.is_leaf else box.name, box.order


def _key(box: Box) -> Hashable:
    return (*_kind(box), box.path, what(box), box.shape, parameters(box))


def _ends(ours: Sequence[Hashable], theirs: Sequence[Hashable]) -> tuple[int, int]:
    """Count the boxes at the start, and of the rest at the end, that are fully equal."""
    most, start, end = min(len(ours), len(theirs)), 0, 0
    while start < most and ours[start] == theirs[start]:
        start += 1
    while end < most - start and ours[-1 - end] == theirs[-1 - end]:
        end += 1
    return start, end


def _worth(one: Box, other: Box) -> int:
    """Weigh a match of two boxes; 0 if they cannot be one."""
    if _kind(one) != _kind(other):
        return 0
    worth = _MATCH + _WHAT * (what(one) == what(other)) + _SHAPE * (one.shape == other.shape)
    worth += _PARAMETERS * (parameters(one) == parameters(other))
    if one.path == other.path:
        return worth + _GROUP
    return worth + _LIKE_GROUP * (numberless(one.path) == numberless(other.path))


def _best(first: Sequence[Box], second: Sequence[Box]) -> list[tuple[int, int]]:
    """The most worth of all alignments, by dynamic programming from the end."""
    worth = [[_worth(one, other) for other in second] for one in first]
    best = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i in reversed(range(len(first))):
        for j in reversed(range(len(second))):
            both = best[i + 1][j + 1] + worth[i][j] if worth[i][j] else 0
            best[i][j] = max(best[i + 1][j], best[i][j + 1], both)
    found, i, j = [], 0, 0
    while i < len(first) and j < len(second):
        if worth[i][j] and best[i][j] == best[i + 1][j + 1] + worth[i][j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def _by_path(first: Sequence[Box], second: Sequence[Box]) -> list[tuple[int, int]]:
    """For long graphs: the first Conv of a module is the first Conv of the module of that path."""

    def keys(boxes: Sequence[Box]) -> list[Hashable]:
        seen: Counter[Hashable] = Counter()
        made: list[Hashable] = []
        for box in boxes:
            key = (*_kind(box), box.path)
            made.append((*key, seen[key]))
            seen[key] += 1
        return made

    matcher = SequenceMatcher(None, keys(first), keys(second), autojunk=False)
    blocks = matcher.get_matching_blocks()
    return [(i + k, j + k) for i, j, size in blocks for k in range(size)]
