"""Arrows between boxes, and the ends of a graph that they lead to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import hypot
from typing import Any

from viz.model.boxes import Edge, Model
from viz.options import Choice
from viz.recording.summary import Summary
from viz.write import box_labels, markup, numbers, style, textbook
from viz.write.arrangement import Arrangement, crosses

#: Attributes by the part of the drawing; see `dot.source`.
Looks = Mapping[str, Mapping[str, str]]
#: More tensors than this between the same two boxes are drawn as one arrow.
ARROWS = 2
LEFT = '"LEFT"'
_CONNECTOR = {
    "shape": "circle", "style": "filled", "fillcolor": "#ffffff", "width": "0.22", "height": "0.22",
    "fixedsize": "true", "fontsize": str(style.SMALL_SIZE), "fontcolor": style.INK,
}  # fmt: skip


def add_edges(drawing: Any, model: Model, choice: Choice, looks: Looks, arrangement: Arrangement) -> None:
    """Draw the arrows between boxes; several tensors between the same two as one."""
    shapes: dict[tuple[int, int], list[tuple[int, ...]]] = {}
    flows: dict[tuple[int, int], list[Summary]] = {}
    for edge in model.edges:
        shapes.setdefault(edge[:2], []).append(edge.shape)
        if edge.gradient is not None and choice.gradients is not False:
            flows.setdefault(edge[:2], []).append(edge.gradient)
    sheets = arrangement.numbered(model.edges)
    for number, edge in enumerate(model.edges):
        own, back = looks.get(f"e{number}", {}), looks.get(f"back e{number}", {})
        tail, head, count = f"n{edge.tail}", f"n{edge.head}", len(shapes[edge[:2]])
        unseen = edge.head in model.unseen
        if choice.arrows:
            textbook.add_pair(drawing, tail, head, edge.shape, edge.value, edge.gradient, back, edge.name)
        elif count > ARROWS:
            words = "" if "shapes" in choice.hide else _bundle_label(shapes[edge[:2]])
            look = {"penwidth": "2", **_flow(words, flows.get(edge[:2], []), unseen), **own}
            _add_edge(drawing, edge, look, arrangement, sheets)
            shapes[edge[:2]] = []
        elif count:
            given = [edge.gradient] if edge.gradient is not None and choice.gradients is not False else []
            look = {**_flow(_edge_words(edge, choice), given, unseen), **own}
            dashed = {"style": "dashed"} if edge.constant else {}
            _add_edge(drawing, edge, {**dashed, **look}, arrangement, sheets)
    for edge in model.loops:
        drawing.edge(
            f"n{edge.tail}", f"n{edge.head}", label=" next step", style="dashed", constraint="false"
        )


def add_results(
    drawing: Any, model: Model, choice: Choice, looks: Looks, arrangement: Arrangement
) -> None:  # fmt: skip
    """Draw the ends of the graph, and the arrows to them."""
    for number, result in enumerate(model.results):
        tail, head = f"n{result.box}", f"out{number}"
        if choice.arrows:
            drawing.node(head, label=textbook.result_label(result.name), style="rounded,filled")
            back = looks.get(f"back {head}", {})
            textbook.add_pair(drawing, tail, head, result.shape, result.value, result.gradient, back)
        else:
            text = box_labels.result_label(result, choice)
            look = {"style": "filled", "color": style.INK, "penwidth": "1.5", **looks.get(head, {})}
            drawing.node(head, label=text, **look)
            own = looks.get(f"to {head}", {})
            if result.box in arrangement.rising:
                drawing.edge(head, tail, dir="back", **own)
            else:
                drawing.edge(tail, head, **own)


def _bundle_label(shapes: Sequence[tuple[int, ...]]) -> str:
    """Say how many tensors an arrow stands for, with their shape if it is one."""
    if len(set(shapes)) == 1 and shapes[0]:
        return f"{numbers.shape_text(shapes[0])}  ×{len(shapes)}"
    return f"{len(shapes)} {'tensors' if any(shapes) else 'numbers'}"


def _edge_words(edge: Edge, choice: Choice) -> str:
    """The shape that flows along an edge, after the name of a result that has one, as HTML-like text."""
    shape = "" if "shapes" in choice.hide else numbers.shape_text(edge.shape)
    return markup.literal(f"{edge.name} {shape}".strip())


def _flow(words: str, gradients: Sequence[Summary], unseen: bool = False) -> dict[str, str]:
    """Label and colours of an arrow: grey forward, and red beside it where a gradient flowed back."""
    if not gradients:
        plain = re.fullmatch(r"[\d×]*|[\d×]+  ×\d+|\d+ \w+", words)
        return {"label": f" {words}" if plain else f"<&#160;{words}>"} if words else {}
    size = hypot(*(gradient.norm for gradient in gradients))
    ink = "transparent" if unseen else style.REVERSE  # an animation keeps its place
    back = markup.font(f"∂&#160;{numbers.size_text(size)}", color=ink)
    return {
        "label": f"<{''.join(f'&#160;{row}<BR ALIGN={LEFT}/>' for row in filter(None, (words, back)))}>",
        "dir": "both", "color": f"{style.LINE}:{ink}",
    }  # fmt: skip


def _add_edge(
    drawing: Any, edge: Edge, look: Mapping[str, str], arrangement: Arrangement,
    sheets: Mapping[int, int],
) -> None:  # fmt: skip
    """Draw an arrow; in the rising arm of a U it is declared the other way round."""
    tail, head = f"n{edge.tail}", f"n{edge.head}"
    rising = {edge.tail, edge.head} & arrangement.rising
    if len(rising) == 2 or (edge.tail == edge.head and rising):
        drawing.edge(head, tail, **{**look, "dir": {"both": "both"}.get(look.get("dir", ""), "back")})
    elif crosses(arrangement, edge) and arrangement.is_u:
        drawing.edge(tail, head, **{**look, "minlen": "0"})
    elif crosses(arrangement, edge):
        # As on plans with several sheets: a number where it ends, and where it goes on.
        before, after = f"to{edge.tail}", f"from{edge.tail}_{arrangement.columns[edge.head]}"
        number = str(sheets[edge.tail])
        for end in (before, after):
            drawing.node(end, label=number, **_CONNECTOR)
        drawing.edge(tail, before, **{"color": style.LINE, "dir": "none"})
        drawing.edge(after, head, **look)
    else:
        drawing.edge(tail, head, **look)
