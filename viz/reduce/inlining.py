"""Constants as words in the boxes of the operations that take them."""

from __future__ import annotations

from dataclasses import replace

from viz.model.boxes import Box, Edge, Model
from viz.write.numbers import number_text, shape_text


def inlined(model: Model) -> Model:
    """Each constant as text in the operations that take it, in the place of a box and arrows.

    One that a box of several operations takes, or that is a result, stays.

    >>> import numpy as np
    >>> from tinygrad_cnn import Tensor
    >>> from viz.model.building import build
    >>> from viz.model.node_graph import roots_of
    >>> y = Tensor(np.ones(2), requires_grad=True) * np.ones(2)
    >>> [(box.name, box.options) for box in inlined(build(roots_of(y))).boxes]
    [('', ''), ('Mul', '× constant 2')]
    """
    boxes = {box.id: box for box in model.boxes}
    taken: dict[int, list[Edge]] = {}
    for edge in model.edges:
        taken.setdefault(edge.head, []).append(edge)
    kept = {edge.tail for edge in (*model.edges, *model.loops) if boxes[edge.head].kind != "op"}
    kept |= {result.box for result in model.results}
    given = {edge.tail for edge in model.edges}
    gone = {box.id for box in model.boxes if box.kind == "constant" and box.id in given - kept}
    if not gone:
        return model
    told = {
        head: [
            _words(boxes[head], boxes[edge.tail], place, len(edges))
            for place, edge in enumerate(edges)
            if edge.tail in gone
        ]
        for head, edges in taken.items()
    }
    left = [box for box in model.boxes if box.id not in gone]
    return replace(
        model,
        boxes=tuple(_with(box, told.get(box.id, [])) for box in left),
        edges=tuple(edge for edge in model.edges if edge.tail not in gone),
    )


def _words(taker: Box, constant: Box, place: int, operands: int) -> str:
    """'× constant 1×64', on the side of the sign on which it stands."""
    values = (constant.value.values or ()) if constant.value is not None else ()
    number = number_text(values[0]) if len(values) == 1 else ""
    shape = shape_text(constant.shape)
    words = number or " ".join(filter(None, (constant.name or "constant", shape)))
    if operands != 2 or not taker.symbol or taker.lines:
        return words
    return f"{taker.symbol} {words}" if place else f"{words} {taker.symbol}"


def _with(box: Box, words: list[str]) -> Box:
    return replace(box, options=", ".join(filter(None, (*words, box.options)))) if words else box
