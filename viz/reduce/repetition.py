"""Equal blocks that follow each other, each feeding the next: found by their order of creation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from viz.model.boxes import Box, Model
from viz.model.places import Group
from viz.reduce.closing import common

#: Longest block looked for, stretches examined at most, and places in each: they bound the time.
_LONGEST, _TRIES, _PLACES = 400, 300, 12


class Repeat(NamedTuple):
    """A block and its repetitions, oldest first; the boxes of each in the order of their creation."""

    blocks: list[list[Box]]


class _Wires(NamedTuple):
    """The operations of a model by their place in the order of creation."""

    ops: list[Box]
    place: dict[int, int]
    operands: dict[int, list[int]]
    takers: dict[int, list[int]]
    leaves: dict[int, Box]
    ends: frozenset[int]


def repeats(model: Model) -> list[Repeat]:
    """Blocks that may be drawn once: equal in structure, options, shapes and wiring.

    Blocks do not overlap, and those that save most boxes come first; a module's bounds are
    preferred where a repetition could begin at several places.

    >>> from tinygrad_cnn import Tensor
    >>> from viz.model.building import build, roots_of
    >>> y = Tensor([1.0], requires_grad=True)
    >>> for _ in range(3):
    ...     y = (y * 2).tanh()
    >>> [[[box.name for box in block] for block in found.blocks] for found in repeats(build(roots_of(y)))]
    [[['Mul', 'Tanh'], ['Mul', 'Tanh'], ['Mul', 'Tanh']]]
    """
    wires = _wires(model)
    numbers: dict[object, int] = {}
    labels = np.array([numbers.setdefault(_signature(box), len(numbers)) for box in wires.ops])
    found, used = [], np.zeros(len(labels), bool)
    for tries, (_, length, start, equal) in enumerate(sorted(_candidates(labels))):
        if tries == _TRIES:
            break
        begin, count = _best(wires, start, equal, length)
        stretch = slice(begin, begin + count * length)
        if count > 1 and not used[stretch].any():
            used[stretch] = True
            found.append(Repeat([wires.ops[k : k + length] for k in range(begin, stretch.stop, length)]))
    return found


def _wires(model: Model) -> _Wires:
    ops = [box for box in model.boxes if not box.is_leaf]
    operands: dict[int, list[int]] = {}
    takers: dict[int, list[int]] = {}
    for edge in model.edges:
        operands.setdefault(edge.head, []).append(edge.tail)
        takers.setdefault(edge.tail, []).append(edge.head)
    return _Wires(
        ops, {box.id: k for k, box in enumerate(ops)}, operands, takers,
        {box.id: box for box in model.boxes if box.is_leaf},
        frozenset(result.box for result in model.results),
    )  # fmt: skip


def _signature(box: Box) -> object:
    """What must agree for two boxes to be drawn as one; numbers in module names may differ."""
    parameters = tuple((p.name, p.shape, p.trainable, p.shared, p.times) for p in box.parameters)
    name: object = (_numberless(box.module), box.contents) if box.module else box.name
    return (box.kind, name, box.options, box.shape, box.dtype, parameters, box.operations,
            box.multiply_adds, box.repeats, box.order, _numberless(box.group),
            tuple(mark for mark in box.marks if mark.alarm))  # fmt: skip


def _numberless(group: Group) -> tuple[tuple[str, str], ...]:
    """Names and classes of places, without numbers."""
    return tuple((re.sub(r"\d+", "#", place.name), place.kind) for place in group)


def _candidates(labels: np.ndarray) -> Iterator[tuple[int, int, int, int]]:
    """Stretches in which each box equals the one a block's length later, the most saving first.

    Yields:
        (- boxes saved, length of a block, start, how many boxes equal their later one).
    """
    for length in range(1, min(len(labels) // 2, _LONGEST) + 1):
        same = np.concatenate([[False], labels[:-length] == labels[length:], [False]])
        bounds = np.flatnonzero(same[1:] != same[:-1])
        for start, end in zip(bounds[::2].tolist(), bounds[1::2].tolist(), strict=True):
            if end - start >= length:
                yield -((end - start) // length * length), length, start, end - start


def _best(wires: _Wires, start: int, equal: int, length: int) -> tuple[int, int]:
    """Where in a stretch the longest chain of equal blocks begins, and how many blocks it has."""

    def rank(begin: int) -> tuple[int, int, bool, int]:
        count = (equal - (begin - start)) // length + 1
        bound = 0
        if begin:
            bound = len(common([wires.ops[k].group for k in (begin - 1, begin)]))
        return -count, bound, not wires.ops[begin].parameters, begin

    last = min(equal - length, equal % length + length)
    best = (start, 1)
    for begin in sorted(range(start, start + last + 1), key=rank)[:_PLACES]:
        most = -rank(begin)[0]
        if most > best[1]:
            count = _chain(wires, begin, length, most)
            best = max(best, (begin, count), key=lambda found: found[1])
    return best


def _chain(wires: _Wires, begin: int, length: int, most: int) -> int:
    """How many blocks from `begin` are wired alike, each feeding only itself and the next."""
    first, second = (_pattern(wires, begin + k * length, length) for k in (0, 1))
    if not _enters_like(first, second):
        return 1
    for count in range(1, most):
        block = begin + count * length
        for box in wires.ops[block - length : block]:
            takers = wires.takers.get(box.id, ())
            if box.id in wires.ends or any(wires.place[t] >= block + length for t in takers):
                return count
        if count > 1 and _pattern(wires, block, length) != second:
            return count
    return most


def _enters_like(first: list[tuple[str, object]], later: list[tuple[str, object]]) -> bool:
    """Whether a first block is wired like a later one, but for what it takes from before it.

    Where the later block takes a result of the block before it, the first one takes something else,
    always the same for the same result.
    """
    if len(first) != len(later):
        return False
    entries: dict[object, object] = {}
    for one, other in zip(first, later, strict=True):
        if other[0] != "before":
            if one != other:
                return False
        elif one[0] in ("inside", "constant", "op") or entries.setdefault(other, one) != one:
            return False
    return len(set(entries.values())) == len(entries)


def _pattern(wires: _Wires, begin: int, length: int) -> list[tuple[str, object]]:
    """Where the operands of a block come from, operand by operand."""
    found: list[tuple[str, object]] = []
    for k in range(begin, begin + length):
        found.append(("op", k - begin))
        for tail in wires.operands.get(wires.ops[k].id, ()):
            leaf = wires.leaves.get(tail)
            if leaf is not None:
                private = leaf.kind == "constant" and len(wires.takers[tail]) == 1
                found.append(("constant", leaf.shape) if private else ("outside", tail))
                continue
            at = wires.place[tail] - begin
            if at >= 0:
                found.append(("inside", at))
            elif at >= -length:
                found.append(("before", at))
            else:
                found.append(("outside", tail))
    return found
