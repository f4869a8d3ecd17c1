"""Fewer boxes for the same graph: modules as one box, repeated blocks once, layers with what follows.

Every step takes a `Model` and gives a smaller one. Operations, parameters, multiply-adds, bytes and
times are kept: a box that stands for several has their sums. No step makes a cycle, because what is
joined was created in one stretch, and equal blocks are joined only if each feeds the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from viz.model.boxes import Box, Edge, Model
from viz.reduce.joining import joined, merged, replaced
from viz.reduce.repetition import Repeat, repeats

_T = TypeVar("_T")

#: What may stand in one box with the layer before it: no products of its own, one operand.
_FOLLOWERS = frozenset({"activation", "dropout", "pool", "norm", "shape"})
#: Lines of a box at most.
_LINES = 4


def simplified(
    model: Model, *, depth: int | None = None, fold: bool | None = None, max_nodes: int | None = 40
) -> Model:
    """As much detail as fits.

    Args:
        depth: how many levels of modules are opened; 0 gives a box to each outermost module. None
            opens all.
        fold: draw equal blocks that follow each other once, and an activation, a pooling or a
            normalisation in the box of its layer. None does so if there are more than `max_nodes`.
        max_nodes: the most boxes, results counted too. Where folding is not enough modules are
            closed, the innermost first; where that is not enough either, stretches of operations are
            joined. Results are drawn even so. None sets no limit.

    >>> from tinygrad_cnn import Tensor
    >>> from viz.model.building import build, roots_of
    >>> y = Tensor([1.0], requires_grad=True)
    >>> for _ in range(100):
    ...     y = y.tanh()
    >>> [(box.name, box.repeats) for box in simplified(build(roots_of(y))).boxes]
    [('', 1), ('Tanh', 100)]
    """
    if depth is not None:
        model = closed(model, depth)
    if fold:
        model = folded(model)
    if max_nodes is None or _fits(model, max_nodes):
        return model
    for candidate in _coarser(model, fold):
        if _fits(candidate, max_nodes):
            return candidate
    return stretches(closed(model, 0), max_nodes)


def _fits(model: Model, max_nodes: int) -> bool:
    return len(model.boxes) + len(model.results) <= max_nodes


def _coarser(model: Model, fold: bool | None) -> Iterator[Model]:
    """Models with fewer and fewer boxes."""
    further: Callable[[Model], Model] = (lambda m: m) if fold is False else folded
    if fold is None:
        yield further(model)
    deepest = max((_depth(box.group) for box in model.boxes), default=0)
    for depth in reversed(range(deepest)):
        yield further(closed(model, depth))


def _depth(group: str) -> int:
    return group.count(".") + 1 if group else 0


# --------------------------------------------------------------------------- modules as one box
def closed(model: Model, depth: int) -> Model:
    """Each module below `depth` open levels as one box.

    A module that was left and entered again, as one that is used twice, is a box each time. One
    that holds a single op stays that op, which says more.

    >>> from tinygrad_cnn import Tensor, scope
    >>> from viz.model.building import build, roots_of
    >>> with scope("block"):
    ...     y = (Tensor([1.0], requires_grad=True) * 2).tanh()
    >>> [(box.name, box.options) for box in closed(build(roots_of(y)), 0).boxes]
    [('', ''), ('block', 'Mul · Tanh')]
    """
    stretches: list[list[Box]] = []
    last = ""
    for box in model.boxes:
        if box.is_leaf:
            continue
        path = ".".join(box.group.split(".")[: depth + 1]) if _depth(box.group) > depth else ""
        if path and path == last:
            stretches[-1].append(box)
        else:
            stretches.append([box])
        last = path
    constants = _constants(model)
    made = []
    for inside in stretches:
        if len(inside) > 1:
            path = ".".join(inside[0].group.split(".")[: depth + 1])
            whole = _module(inside, path, path.rpartition(".")[0])
            made.append((whole, [*inside, *_own(constants, inside)]))
    return replaced(model, made)


def _constants(model: Model) -> dict[int, list[tuple[Box, set[int]]]]:
    """By box, the constants that it takes, each with the ids of all boxes that take it."""
    boxes = {box.id: box for box in model.boxes if box.kind == "constant"}
    takers: dict[int, set[int]] = {}
    for edge in model.edges:
        if edge.tail in boxes:
            takers.setdefault(edge.tail, set()).add(edge.head)
    found: dict[int, list[tuple[Box, set[int]]]] = {}
    for constant, ids in takers.items():
        for taker in ids:
            found.setdefault(taker, []).append((boxes[constant], ids))
    return found


def _own(constants: dict[int, list[tuple[Box, set[int]]]], inside: Sequence[Box]) -> list[Box]:
    """The constants that only some boxes take."""
    ids = {box.id for box in inside}
    found = (pair for box in inside for pair in constants.get(box.id, ()))
    return list({box.id: box for box, takers in found if takers <= ids}.values())


def _module(inside: Sequence[Box], name: str, group: str) -> Box:
    return joined(
        inside, kind="module", family="module", name=name, group=group, options=contents(inside),
        shape=inside[-1].shape, dtype=inside[-1].dtype, repeats=1, lines=(), formula="",
    )  # fmt: skip


def whole_module(inside: Sequence[Box], name: str, group: str, classes: Mapping[str, str]) -> Box:
    """Boxes of a module as one box, which says its class and what it holds.

    Args:
        inside: oldest first.   name: the module's path.   group: that of the module around it.
        classes: names of modules' classes, by path.

    >>> one = Box(0, "op", "Conv", (), "float32", group="body")
    >>> whole_module([one, one], "body", "", {"body": "Block"}).options
    'Block: 2 Conv'
    """
    return with_class(_module(inside, name, group), classes)


def with_class(box: Box, classes: Mapping[str, str]) -> Box:
    """A module's box with the name of its class before its contents; another box as it is.

    >>> with_class(Box(0, "module", "body", (), "", options="Conv"), {"body": "Block"}).options
    'Block: Conv'
    """
    name = classes.get(box.name.split(" – ")[0], "") if box.kind == "module" else ""
    return replace(box, options=f"{name}: {box.options}") if name else box


def contents(inside: Iterable[Box]) -> str:
    """Which ops are in some boxes, the first to come first.

    >>> one, other = Box(0, "op", "Conv", (), "float32"), Box(1, "op", "ReLU", (), "float32")
    >>> contents([one, other, one])
    '2 Conv · ReLU'
    """
    counts: Counter[str] = Counter()
    for box in inside:
        if box.kind == "module":
            listed = box.options.rpartition(": ")[2]  # behind the name of a class
            for word in filter(None, listed.split(" · ")):
                number, _, name = word.rpartition(" ")
                counts[name] += int(number.replace(",", "")) if number else 1
        else:
            for line in (box, *box.lines):
                counts[line.name] += box.repeats
    return " · ".join(f"{count:,} {name}" if count > 1 else name for name, count in counts.items())


# --------------------------------------------------------------------------- equal blocks
def folded(model: Model) -> Model:
    """Equal blocks that follow each other drawn once, then followers in the box of their layer.

    >>> from tinygrad_cnn import Tensor
    >>> from viz.model.building import build, roots_of
    >>> x = Tensor([1.0], requires_grad=True)
    >>> box = folded(build(roots_of((x * 2).tanh()))).boxes[-1]
    >>> box.name, [line.name for line in box.lines]
    ('Mul', ['Tanh'])
    """
    while found := repeats(model):
        model = _with_repeats(model, found)
    return _with_lines(model)


def _with_repeats(model: Model, found: list[Repeat]) -> Model:
    made, repeated = [], dict(model.repeated)
    for repeat in found:
        renamed, frame = _groups(repeat)
        for place, group in enumerate(renamed):
            equal = [block[place] for block in repeat.blocks]
            equal[1:] = map(_later, equal[1:])
            whole = joined(equal, group=group, repeats=equal[0].repeats * len(equal))
            made.append((replace(whole, name=_span(equal[0], equal[-1])), equal))
        if frame:
            repeated[frame] = len(repeat.blocks)
    later = {box.id for repeat in found for block in repeat.blocks[1:] for box in block}
    kept = [edge for edge in model.edges if edge.head not in later]
    return replace(replaced(replace(model, edges=tuple(kept)), made), repeated=repeated)


def _span(first: Box, last: Box) -> str:
    """Name of equal boxes as one: 'body.0 – 3' for the modules body.0 to body.3."""
    if first.kind != "module" or first.name == last.name:
        return first.name
    return f"{first.name} – {last.name.rpartition('.')[2]}"


def _later(box: Box) -> Box:
    """A box of a further repetition, whose parameters are counted and not listed."""
    return replace(box, parameters=tuple(p._replace(first=False) for p in box.parameters))


def _groups(repeat: Repeat) -> tuple[list[str], str]:
    """Groups of the boxes that stay, and the one that is around them all if there are several."""
    first, last = ([box.group.split(".") for box in repeat.blocks[k]] for k in (0, -1))
    start, end = common(first), common(last)
    many, count = len(repeat.blocks[0]) > 1, len(repeat.blocks)
    shared = common([start, end])
    inside = len(shared) + 1  # below this level the groups of the first block stay
    if len(start) > len(shared) and len(end) > len(shared):  # blocks are modules: layers.0 to layers.2
        span = f"{start[len(shared)]} – {end[len(shared)]}"
    else:  # stretches of one module: features.2 and .3, .4 and .5
        names = [path[len(shared)] for path in (first[0], last[-1]) if len(path) > len(shared)]
        span = " – ".join(dict.fromkeys(filter(None, names)))
        inside = max(map(len, first))
    if many:
        span = f"{span}  ×{count}" if span else f"×{count}"
    frame = [part for part in (*shared, span) if part]
    groups = [".".join([*frame, *path[inside:]]) for path in first]
    return groups, ".".join(frame) if many else ""


def common(paths: Sequence[Sequence[_T]]) -> list[_T]:
    """The components with which all paths begin.

    >>> common([["body", "0"], ["body", "1"]])
    ['body']
    """
    found = []
    for parts in zip(*paths, strict=False):
        if any(part != parts[0] for part in parts):
            break
        found.append(parts[0])
    return found


# --------------------------------------------------------------------------- layers with followers
def _with_lines(model: Model) -> Model:
    boxes = {box.id: box for box in model.boxes}
    feeding = Counter(edge.tail for edge in model.edges)
    feeding.update(result.box for result in model.results)
    operands: dict[int, list[Edge]] = {}
    for edge in model.edges:
        operands.setdefault(edge.head, []).append(edge)
    layers: dict[int, list[Box]] = {}  # by the id of the last box in them
    for box in model.boxes:
        edges = operands.get(box.id, [])
        before = layers.pop(edges[0].tail, None) if len(edges) == 1 else None
        if before is not None and feeding[edges[0].tail] == 1 and _follows(box, before):
            layers[box.id] = [*before, box]
        else:
            if before is not None:
                layers[edges[0].tail] = before
            if box.kind == "op":
                layers[box.id] = [box]
    made = []
    for inside in layers.values():
        if len(inside) > 1:
            last, group = inside[-1], ".".join(common([box.group.split(".") for box in inside]))
            lines = tuple(inside[1:])
            whole = joined(inside, lines=lines, shape=last.shape, dtype=last.dtype, group=group)
            made.append((replace(whole, value=last.value, gradient=last.gradient), inside))
    assert all(box.id in boxes for box, _ in made)
    return replaced(model, made)


def _follows(box: Box, layer: list[Box]) -> bool:
    first, last = layer[0], layer[-1]
    around = {last.group, last.group.rpartition(".")[0]}
    return (
        box.kind == "op"
        and not box.lines
        and not last.lines
        and box.family in _FOLLOWERS
        and (not box.parameters or box.family == "norm")
        and box.repeats == first.repeats
        and box.order == first.order
        and len(layer) < _LINES
        and (box.group in around or box.group.rpartition(".")[0] in around)
    )


# --------------------------------------------------------------------------- stretches
def stretches(model: Model, max_nodes: int) -> Model:
    """Operations joined by the order of their creation until at most `max_nodes` boxes are left.

    >>> from tinygrad_cnn import Tensor
    >>> from viz.model.building import build, roots_of
    >>> y = Tensor([1.0], requires_grad=True)
    >>> for k in range(10):
    ...     y = y * k
    >>> [box.name for box in stretches(build(roots_of(y)), 4).boxes]
    ['', 'operations 1 – 5', 'operations 6 – 10']
    """
    ops = [box for box in model.boxes if not box.is_leaf]
    leaves = [box for box in model.boxes if box.is_leaf and box.kind != "constant"]
    room = max_nodes - len(model.results) - len(leaves)
    hidden = {"constant"}
    if room < max(1, max_nodes // 2):  # many inputs: they stand in the box that takes them first
        room, hidden = max(1, max_nodes - len(model.results)), {box.kind for box in leaves} | hidden
    taker: dict[int, int] = {}
    for edge in model.edges:
        taker.setdefault(edge.tail, edge.head)
    parts = [ops[k * len(ops) // room : (k + 1) * len(ops) // room] for k in range(room)]
    owner = {box.id: k for k, part in enumerate(parts) for box in part}
    inputs: dict[int, list[Box]] = {}
    for box in model.boxes:
        if box.kind in hidden and box.is_leaf and box.id in taker:
            inputs.setdefault(owner[taker[box.id]], []).append(box)
    made, before = [], 0
    for k, part in enumerate(parts):
        count = sum(box.operations for box in part)
        if len(part) > 1 or inputs.get(k):
            name = f"operations {before + 1:,} – {before + count:,}"
            group = ".".join(common([box.group.split(".") for box in part]))
            whole = part[0] if len(part) == 1 else _module(part, name, group)
            kept = [parameter for box in inputs.get(k, []) for parameter in box.parameters]
            whole = replace(whole, parameters=merged([*whole.parameters, *kept]))
            made.append((whole, [*part, *inputs.get(k, [])]))
        before += count
    return replaced(model, made)
