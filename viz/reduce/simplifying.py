"""As much detail as fits: folded, then closed module by module, then joined by age."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from viz.model.boxes import Box, Model
from viz.reduce.closing import closed, common, one_box
from viz.reduce.folding import CHAINS, FOLLOWERS, folded
from viz.reduce.inlining import inlined
from viz.reduce.joining import merged, replaced

#: From so many boxes and operations on, one box for all of them says too little.
_ROOM = 40
#: Chains are joined in models of at most so many boxes.
_CHAINED = 200


def simplified(
    model: Model, *, depth: int | None = None, fold: bool | None = None, max_nodes: int | None = 40
) -> Model:
    """As much detail as fits.

    Args:
        depth: how many levels of modules are opened; 0 gives a box to each outermost module. None
            opens all.
        fold: draw equal blocks that follow each other once, and an activation, a pooling or a
            normalisation in the box of its layer. None does so if there are more than `max_nodes`.
        max_nodes: the most boxes, results counted too. Where folding is not enough constants become
            words in the boxes that take them, then modules are closed, the innermost first; where that
            is not enough either, stretches of operations are joined. Results are drawn even so. None
            sets no limit.

    >>> from tinygrad_cnn import Tensor
    >>> from viz.model.building import build
    >>> from viz.model.node_graph import roots_of
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
    finer = model
    for candidate in _coarser(model, fold):
        if _fits(candidate, max_nodes):
            return candidate if _tells(candidate, max_nodes) else stretches(finer, max_nodes)
        finer = candidate
    return stretches(closed(model, 0), max_nodes)


def _fits(model: Model, max_nodes: int) -> bool:
    return len(model.boxes) + len(model.results) <= max_nodes


def _tells(model: Model, max_nodes: int) -> bool:
    """Whether there is more to see than one box of a whole module, or no room for more."""
    ops = [box for box in model.boxes if not box.is_leaf]
    return max_nodes < _ROOM or len(ops) != 1 or ops[0].kind != "module" or ops[0].operations < _ROOM


def _coarser(model: Model, fold: bool | None) -> Iterator[Model]:
    """Models with fewer and fewer boxes."""
    further: Callable[[Model], Model] = (lambda m: m) if fold is False else folded
    whole = further(model)
    if fold is None:
        yield whole
    yield inlined(whole)
    if fold is not False:
        yield from _chained(model)
    deepest = max((len(box.group) for box in model.boxes), default=0)
    for depth in reversed(range(deepest)):
        yield inlined(further(closed(model, depth)))
    if fold is not False and deepest:
        yield from _chained(closed(model, 0))


def _chained(model: Model) -> Iterator[Model]:
    """The model with chains of operations in one box, if that may be enough."""
    if len(model.boxes) <= _CHAINED:
        yield inlined(folded(model, CHAINS))


def stretches(model: Model, max_nodes: int) -> Model:
    """Operations joined by the order of their creation until at most `max_nodes` boxes are left.

    They are cut where one tensor alone goes on, at the ends of residual blocks or between the layers of a
    chain, and long stretches in between where few do.

    >>> from tinygrad_cnn import Tensor
    >>> from viz.model.building import build
    >>> from viz.model.node_graph import roots_of
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
    cuts = [0, *_cuts(model, ops, room), len(ops)]
    parts = [ops[start:end] for start, end in pairwise(cuts)]
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
            group = common([box.group for box in part])
            whole = part[0] if len(part) == 1 else one_box(part, name=name, group=group)
            kept = [parameter for box in inputs.get(k, []) for parameter in box.parameters]
            hidden_inputs = sum(box.repeats for box in inputs.get(k, []) if box.kind == "input")
            whole = replace(whole, parameters=merged([*whole.parameters, *kept]), inputs=hidden_inputs)
            made.append((whole, [*part, *inputs.get(k, [])]))
        before += count
    return replaced(model, made)


#: A stretch between waists that has so many operations, and this share of all, is cut further.
_LONG, _SHARE = 13, 10


def _cuts(model: Model, ops: Sequence[Box], room: int) -> list[int]:
    """Where to cut the operations into at most `room` stretches: before which of them."""
    crossing = _crossing(model, ops)
    heads = [k for k in range(1, len(ops)) if ops[k].family not in FOLLOWERS]
    ends = [k for k in range(1, len(ops)) if _ends(ops[k - 1], ops[k])]
    ends = ends if len(ends) < room else []
    cuts = [k for k in heads if crossing[k] == min(crossing[1:-1])]
    if len(cuts) + len(ends) >= room:
        left = room - len(ends)
        equal = (k * len(ops) // left for k in range(1, left))
        cuts = [min(cuts, key=lambda cut: abs(cut - place)) for place in equal]
    cuts = sorted({*cuts, *ends})
    while len(cuts) + 1 < room:
        start, end = max(pairwise([0, *cuts, len(ops)]), key=lambda pair: pair[1] - pair[0])
        length = end - start
        if length < max(_LONG, len(ops) // _SHARE):
            break
        middle = [k for k in heads if start + length // 4 <= k <= end - length // 4]
        cuts.append(
            min(middle or [start + length // 2], key=lambda k: (crossing[k], abs(2 * k - start - end)))
        )
        cuts.sort()
    return cuts


def _ends(before: Box, after: Box) -> bool:
    """Whether something ends between two operations: a loss is there, or a derivative begins or ends."""
    return before.family == "loss" or before.order != after.order


def _crossing(model: Model, ops: Sequence[Box]) -> list[int]:
    """Count the tensors that go on before each operation: there already, and taken by it or later.

    An input is there from the first operation on that takes it.
    """
    place = {box.id: k for k, box in enumerate(ops)}
    first, last = dict(place), dict[int, int]()
    for edge in model.edges:
        head = place[edge.head]
        first[edge.tail] = min(first.get(edge.tail, head), head)
        last[edge.tail] = max(last.get(edge.tail, head), head)
    change = [0] * (len(ops) + 1)
    for tail, end in last.items():
        change[first[tail] + 1] += 1
        change[end + 1] -= 1
    return list(accumulate(change))
