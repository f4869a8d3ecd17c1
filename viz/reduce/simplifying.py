"""As much detail as fits: folded, then closed module by module, then joined by age."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from viz.model.boxes import Box, Model
from viz.reduce.closing import closed, common, one_box
from viz.reduce.folding import folded
from viz.reduce.joining import merged, replaced


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
    deepest = max((len(box.group) for box in model.boxes), default=0)
    for depth in reversed(range(deepest)):
        yield further(closed(model, depth))


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
            group = common([box.group for box in part])
            whole = part[0] if len(part) == 1 else one_box(part, name=name, group=group)
            kept = [parameter for box in inputs.get(k, []) for parameter in box.parameters]
            hidden_inputs = sum(box.repeats for box in inputs.get(k, []) if box.kind == "input")
            whole = replace(whole, parameters=merged([*whole.parameters, *kept]), inputs=hidden_inputs)
            made.append((whole, [*part, *inputs.get(k, [])]))
        before += count
    return replaced(model, made)
