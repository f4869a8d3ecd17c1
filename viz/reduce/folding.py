"""Equal blocks that follow each other drawn once, and layers with what follows them in one box."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from viz.model.boxes import Box, Edge, Model
from viz.model.places import Group, Place
from viz.reduce.closing import common
from viz.reduce.joining import joined, replaced
from viz.reduce.repetition import Repeat, repeats
from viz.reduce.side_by_side import side_by_side
from viz.reduce.spans import later, span, span_of_names

#: What may stand in one box with the layer before it: no products of its own, one operand.
FOLLOWERS = frozenset({"activation", "dropout", "pool", "norm", "shape"})
#: What may stand so too where there is little room: a chain of operations that each take the last result.
CHAINS = FOLLOWERS | {"arithmetic", "other"}
#: Lines of a box at most.
_LINES = 4


def folded(model: Model, followers: frozenset[str] = FOLLOWERS) -> Model:
    """Equal blocks that follow each other drawn once, then followers in the box of their layer.

    Args:
        model: what is drawn.   followers: families of operations that may follow in a box.

    >>> from tinygrad_cnn import Tensor
    >>> from viz.model.building import build
    >>> from viz.model.node_graph import roots_of
    >>> x = Tensor([1.0], requires_grad=True)
    >>> box = folded(build(roots_of((x * 2).tanh()))).boxes[-1]
    >>> box.name, [line.name for line in box.lines]
    ('Mul', ['Tanh'])
    """
    boxes = len(model.boxes) + 1
    while len(model.boxes) < boxes:
        boxes = len(model.boxes)
        while found := repeats(model):
            model = _with_repeats(model, found)
        model = side_by_side(model)
    return _with_lines(model, followers)


def _with_repeats(model: Model, found: list[Repeat]) -> Model:
    made = []
    keys = count(min((place.key for box in model.boxes for place in box.group), default=0) - 1, -1)
    for repeat in found:
        for place, group in enumerate(_groups(repeat, keys)):
            equal = [block[place] for block in repeat.blocks]
            equal[1:] = map(later, equal[1:])
            whole = joined(equal, group=group, repeats=equal[0].repeats * len(equal))
            made.append((replace(whole, **span_of_names(equal[0], equal[-1])), equal))
    made += _constants(model, found)
    inside = {box.id: k for k, repeat in enumerate(found) for block in repeat.blocks for box in block}
    further = {box.id for repeat in found for block in repeat.blocks[1:] for box in block}
    constants = {box.id for box in model.boxes if box.kind == "constant"}
    first = inside.keys() - further
    known = {(inside[edge.head], edge.tail) for edge in model.edges if edge.head in first}

    def is_own(edge: Edge) -> bool:
        """Whether an edge brings a later block what it alone takes."""
        repeat = inside[edge.head]
        taken = edge.tail in constants or (repeat, edge.tail) in known
        return not taken and inside.get(edge.tail) != repeat

    kept = [edge for edge in model.edges if edge.head not in further or is_own(edge)]
    loops = (*model.loops, *(edge for repeat in found for edge in _loops(model, repeat)))
    return replaced(replace(model, edges=tuple(kept), loops=loops), made)


def _constants(model: Model, found: list[Repeat]) -> list[tuple[Box, list[Box]]]:
    """The constants that only later blocks take, with that of the first block in the same place."""
    boxes = {box.id: box for box in model.boxes if box.kind == "constant"}
    taken: dict[int, list[int]] = {}
    for edge in model.edges:
        if edge.tail in boxes:
            taken.setdefault(edge.head, []).append(edge.tail)
    later = {box.id for repeat in found for block in repeat.blocks[1:] for box in block}
    elsewhere = {tail for head, tails in taken.items() if head not in later for tail in tails}
    made: dict[int, list[Box]] = {}
    for repeat in found:
        for equal in zip(*repeat.blocks, strict=True):
            for row in zip(*(taken.get(box.id, []) for box in equal), strict=False):
                own = {number: boxes[number] for number in row[1:] if number not in elsewhere}
                made.setdefault(row[0], [boxes[row[0]]]).extend(own.values())
    alike = [boxes for boxes in made.values() if len(boxes) > 1]
    return [(replace(one[0], repeats=sum(box.repeats for box in one)), one) for one in alike]


def _loops(model: Model, repeat: Repeat) -> list[Edge]:
    """Find what flows from a block to the next, where all blocks share parameters: the state of a loop."""
    first, second = repeat.blocks[:2]
    keys = {p.key for box in first for p in box.parameters}
    if not any(p.key in keys for box in second for p in box.parameters):
        return []
    inside = {box.id for box in first}
    place = {box.id: k for k, box in enumerate(second)}
    return [
        edge._replace(head=first[place[edge.head]].id)
        for edge in model.edges
        if edge.tail in inside and edge.head in place
    ]


def _groups(repeat: Repeat, keys: Iterator[int]) -> list[Group]:
    """Groups of the boxes that stay; one place is around them all if there are several."""
    first, last = ([box.group for box in repeat.blocks[k]] for k in (0, -1))
    start, end = common(first), common(last)
    times = len(repeat.blocks) if len(repeat.blocks[0]) > 1 else 1
    shared = common([start, end])
    level = len(shared)
    inside = level + 1  # below this level the groups of the first block stay
    if len(start) > level and len(end) > level:  # blocks are modules: layers.0 to layers.2
        around: Group = (span(start[level], end[level], times),)
    else:  # stretches of one module: features.2 and .3, .4 and .5
        inside = max(map(len, first))
        names = [path[level].name for path in (first[0], last[-1]) if len(path) > level]
        name = " – ".join(dict.fromkeys(filter(None, names)))
        around = (Place(next(keys), name, times=times),) if name or times > 1 else ()
        boxes = Counter(path[level] for path in first if len(path) > level)
        if any(number > 1 for number in boxes.values()):  # calls among other operations stay calls
            around = (Place(next(keys), "", times=times),)
            return [(*shared, *around, *path[level:]) for path in first]
    return [(*shared, *around, *path[inside:]) for path in first]


# --------------------------------------------------------------------------- layers with followers
def _with_lines(model: Model, followers: frozenset[str]) -> Model:
    boxes = {box.id: box for box in model.boxes}
    pairs = dict.fromkeys(edge[:2] for edge in model.edges)  # equal boxes as one have several edges
    feeding = Counter(tail for tail, _ in pairs)
    feeding.update(result.box for result in model.results)
    operands: dict[int, list[int]] = {}
    for tail, head in pairs:
        operands.setdefault(head, []).append(tail)
    layers: dict[int, list[Box]] = {}  # by the id of the last box in them
    for box in model.boxes:
        tails = operands.get(box.id, [])
        before = layers.pop(tails[0], None) if len(tails) == 1 else None
        if before is not None and feeding[tails[0]] == 1 and _follows(box, before, followers):
            layers[box.id] = [*before, box]
        else:
            if before is not None:
                layers[tails[0]] = before
            if box.kind == "op":
                layers[box.id] = [box]
    made = []
    for inside in layers.values():
        if len(inside) > 1:
            last, group = inside[-1], common([box.group for box in inside])
            lines = tuple(inside[1:])
            whole = joined(inside, lines=lines, shape=last.shape, dtype=last.dtype, group=group)
            made.append((replace(whole, value=last.value, gradient=last.gradient), inside))
    assert all(box.id in boxes for box, _ in made)
    return replaced(model, made)


def _follows(box: Box, layer: list[Box], followers: frozenset[str]) -> bool:
    first, last = layer[0], layer[-1]
    around = {last.group, last.group[:-1]}
    return (
        box.kind == "op"
        and not box.lines
        and not last.lines
        and box.family in followers
        and (not box.parameters or box.family == "norm")
        and box.repeats == first.repeats
        and box.order == first.order
        and len(layer) < _LINES
        and (box.group in around or box.group[:-1] in around)
    )
