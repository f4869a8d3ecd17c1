"""Equal blocks that follow each other, each feeding the next: found by their order of creation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import NamedTuple

import numpy as np

from viz.model.boxes import Box, Model
from viz.model.places import Group
from viz.reduce.closing import common

#: Longest block looked for, stretches examined at most, and places in each: they bound the time.
_LONGEST, _TRIES, _PLACES = 400, 300, 12
#: In a large model one stretch is examined for so many operations: else a round finds next to nothing.
_SHARE = 20


class Repeat(NamedTuple):
    """A block and its repetitions, oldest first; the boxes of each in the order of their creation."""

    blocks: list[list[Box]]


class _Wires(NamedTuple):
    """The operations of a model by their place in the order of creation.

    Equal labels: the operations, or the leaves, may be drawn as one.
    """

    ops: list[Box]
    labels: list[int]
    place: dict[int, int]
    operands: dict[int, list[int]]
    takers: dict[int, list[int]]
    leaves: dict[int, Box]
    leaf_labels: dict[int, object]
    ends: frozenset[int]


def repeats(model: Model) -> list[Repeat]:
    """Blocks that may be drawn once: equal in structure, options, shapes and wiring.

    Blocks do not overlap, and those that save most boxes come first; a module's bounds are
    preferred where a repetition could begin at several places.

    >>> from tinygrad_cnn import Tensor
    >>> from viz.model.building import build
    >>> from viz.model.node_graph import roots_of
    >>> y = Tensor([1.0], requires_grad=True)
    >>> for _ in range(3):
    ...     y = (y * 2).tanh()
    >>> [[[box.name for box in block] for block in found.blocks] for found in repeats(build(roots_of(y)))]
    [[['Mul', 'Tanh'], ['Mul', 'Tanh'], ['Mul', 'Tanh']]]
    """
    wires = _wires(model)
    labels = np.array(wires.labels)
    found, used = [], np.zeros(len(labels), bool)
    tries = 0
    for _, length, start, equal in sorted(_candidates(labels)):
        if tries == max(_TRIES, len(labels) // _SHARE):
            break
        if _is_full(used[start : start + equal + length], 2 * length):
            continue
        tries += 1
        begin, count = _best(wires, start, equal, length)
        stretch = slice(begin, begin + count * length)
        if count > 1 and not used[stretch].any():
            used[stretch] = True
            found.append(Repeat([wires.ops[k : k + length] for k in range(begin, stretch.stop, length)]))
    return found


def _is_full(used: np.ndarray, room: int) -> bool:
    """Whether so many operations that nothing stands for yet lie nowhere side by side.

    >>> _is_full(np.array([False, True, False, False]), 2), _is_full(np.array([False, True, False]), 2)
    (False, True)
    """
    taken = np.flatnonzero(used)
    gaps = np.diff(np.concatenate([[-1], taken, [len(used)]])) - 1
    return bool(gaps.max() < room)


def _wires(model: Model) -> _Wires:
    ops = [box for box in model.boxes if not box.is_leaf]
    numbers: dict[object, int] = {}
    labels = [numbers.setdefault(signature(box), len(numbers)) for box in ops]
    operands: dict[int, list[int]] = {}
    takers: dict[int, list[int]] = {}
    for edge in model.edges:
        operands.setdefault(edge.head, []).append(edge.tail)
        takers.setdefault(edge.tail, []).append(edge.head)
    leaves = {box.id: box for box in model.boxes if box.is_leaf}
    return _Wires(
        ops, labels, {box.id: k for k, box in enumerate(ops)}, operands, takers,
        leaves, {number: signature(leaf) for number, leaf in leaves.items()},
        frozenset(result.box for result in model.results),
    )  # fmt: skip


def signature(box: Box) -> object:
    """Note what must agree for two boxes to be drawn as one.

    Numbers in the names of modules may differ, those in an index (`x[:, 0]` and `x[:, 1]`), and the
    names of inputs.

    >>> one, other = (Box(k, "op", "Index", (2,), "float32", options=f"[:, {k}]") for k in range(2))
    >>> signature(one) == signature(other)
    True
    """
    parameters = tuple((p.name, p.shape, p.trainable, p.shared, p.times) for p in box.parameters)
    name: object = (
        (_numberless(box.module), box.contents) if box.module else "" if box.is_leaf else box.name
    )
    options = re.sub(r"\[[^]]*\]", lambda index: re.sub(r"\d+", "#", index[0]), box.options)
    return (box.kind, name, options, box.shape, box.dtype, parameters, box.operations,
            box.multiply_adds, box.repeats, box.order, box.recorded, box.wants, _numberless(box.group),
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
    """Count the blocks from `begin` that are wired alike.

    Each feeds itself, the next one, and behind them all what takes a result of each of them.
    """
    if not _enters_like(*(_pattern(wires, begin + k * length, length) for k in (0, 1))):
        return 1
    first, second = (list(_pattern(wires, begin + k * length, length)) for k in (0, 1))
    if not _flows_through(second, length):
        return 1
    end = begin + most * length
    outputs = _outputs(wires, begin, length, end)
    count = 1
    seen = [{source.value} for source in first]
    while count < most:
        block = begin + count * length
        if outputs is None or _outputs(wires, block - length, length, end) != outputs:
            return count
        if not all(map(_is_like, second, _pattern(wires, block, length), first, seen)):
            break
        count += 1
    if outputs and not set(outputs) <= set(
        _outputs(wires, begin + (count - 1) * length, length, end) or ()
    ):
        count -= 1  # the last has no output of its own
    return count


def _outputs(wires: _Wires, begin: int, length: int, end: int) -> list[tuple[int, int]] | None:
    """Find the results of a block that go to what lies behind `end`; None if some go where they may not."""
    found = []
    for k in range(length):
        box = wires.ops[begin + k]
        if box.id in wires.ends and begin + length < end:
            return None
        for place in (wires.place[taker] for taker in wires.takers.get(box.id, ())):
            if place >= end:
                found.append((k, wires.labels[place]))
            elif place >= begin + 2 * length:
                return None
    return sorted(found)


class _Source(NamedTuple):
    """Where an operand of a block comes from; boxes of one label are alike."""

    kind: str
    value: object
    label: object = None


#: Where one block has an operand more than another.
_NOTHING = _Source("nothing", None)


def _enters_like(first: Iterable[_Source], later: Iterable[_Source]) -> bool:
    """Whether a first block is wired like a later one, but for what it takes from before it.

    Where the later block takes a result of the block before it, the first one takes something else,
    always the same for the same result.
    """
    entries: dict[object, _Source] = {}
    for one, other in zip_longest(first, later, fillvalue=_NOTHING):
        if other.kind == "outside":
            if one.value != other.value and (one.kind in ("op", "inside") or one.label != other.label):
                return False
        elif other.kind != "before":
            if one[:2] != other[:2]:
                return False
        elif one.kind == "constant":  # such as the zeros that a state begins with
            if entries.setdefault(other, _Source("constant", other.value)).kind != "constant":
                return False
        elif one.kind in ("inside", "op") or entries.setdefault(other, one) != one:
            return False
    return len(set(entries.values())) == len(entries)


def _flows_through(block: list[_Source], length: int) -> bool:
    """Whether something that a block hands on depends on what it was handed."""
    reached: set[object] = set()
    number: object = 0
    for source in block:
        if source.kind == "op":
            number = source.value
        elif source.kind == "before" or (source.kind == "inside" and source.value in reached):
            reached.add(number)
    handed = {int(str(source.value)) + length for source in block if source.kind == "before"}
    return not reached.isdisjoint(handed)


def _is_like(second: _Source, later: _Source, first: _Source, seen: set[object]) -> bool:
    """Whether an operand of a later block comes from where that of the second one does.

    Either all blocks take the same from outside, or each takes its own from boxes that are alike.
    """
    if second.kind != "outside" or second.value == first.value:
        return later[:2] == second[:2]
    own = later.kind == "outside" and later.label == second.label and later.value not in seen
    seen.add(later.value)
    return own


def _pattern(wires: _Wires, begin: int, length: int) -> Iterator[_Source]:
    """Where the operands of a block come from, operand by operand."""
    for k in range(begin, begin + length):
        yield _Source("op", k - begin)
        for tail in wires.operands.get(wires.ops[k].id, ()):
            leaf = wires.leaves.get(tail)
            if leaf is not None:
                if leaf.kind == "constant" and len(wires.takers[tail]) == 1:
                    yield _Source("constant", leaf.shape, tail)
                else:
                    yield _Source("outside", tail, wires.leaf_labels[tail])
                continue
            at, label = wires.place[tail] - begin, wires.labels[wires.place[tail]]
            if at >= 0:
                yield _Source("inside", at)
            elif at >= -length:
                yield _Source("before", at, label)
            else:
                yield _Source("outside", tail, label)
