"""A model as DOT text, the same bytes for the same model in every process.

Ids count the boxes in the order in which they were created. Everything here is iterative and linear
in the number of boxes and edges.

Source: E. R. Gansner and S. C. North 2000, "An open graph visualization system and its applications
to software engineering".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import graphviz

from viz.model.boxes import Box, Model
from viz.model.places import Group
from viz.options import Choice
from viz.write import arrows, box_labels, legend, markup, plain_labels, style, textbook
from viz.write.arrangement import PLAIN, Arrangement, placed
from viz.write.arrows import Looks
from viz.write.frames import Frames, frame

#: Pictures of more boxes than this are set more tightly.
_MANY = 12


def source(
    model: Model, choice: Choice, looks: Looks | None = None,
    first: Sequence[int] = (), last: Sequence[int] = (), arrangement: Arrangement = PLAIN,
) -> str:  # fmt: skip
    """The model as DOT text.

    Args:
        model: what is drawn.   choice: what is shown of it.
        looks: attributes that differ from the usual ones: of the box with id 3 by 'n3', of the first
            result by 'out0', of the first edge by 'e0', of the edge to the first result by 'to out0',
            of the arrows back beside these by 'back e0' and 'back out0', of the whole by ''.
        first, last: ids of boxes that lie before and behind all others.
        arrangement: columns, or a U.
    Returns:
        DOT text, equal for equal arguments.

    >>> from tinygrad_cnn import Tensor
    >>> from viz.model.building import build
    >>> from viz.model.node_graph import roots_of
    >>> print(source(build(roots_of(Tensor(2.0, name="x"))), Choice()).splitlines()[-2].strip()[:9])
    n0 [label
    """
    looks, model = looks or {}, placed(_shown(model, choice), arrangement)
    drawing = graphviz.Digraph(
        graph_attr={**_graph_look(model, choice), **looks.get("", {})},
        node_attr={
            "shape": "box", "style": "rounded,filled", "fillcolor": "white", "color": style.LINE,
            "fontname": style.FONT, "fontsize": str(style.NAME_SIZE), "fontcolor": style.INK,
            "margin": "0.07,0.03", "height": "0.3",
        },
        edge_attr={
            "color": style.LINE, "arrowsize": "0.6", "fontname": style.FONT,
            "fontsize": str(style.SMALL_SIZE), "fontcolor": style.SOFT,
        },
    )  # fmt: skip
    _add_boxes(drawing, model, choice, looks, (first, last))
    arrows.add_edges(drawing, model, choice, looks, arrangement)
    arrows.add_results(drawing, model, choice, looks, arrangement)
    _add_order(drawing, model, first, last)
    _add_tops(drawing, model, arrangement)
    return str(drawing.source)


def _shown(model: Model, choice: Choice) -> Model:
    """The model without the boxes and frames that are not to be shown."""
    if "constants" in choice.hide:
        gone = {box.id for box in model.boxes if box.kind == "constant"}
        model = replace(
            model, boxes=tuple(box for box in model.boxes if box.id not in gone),
            edges=tuple(edge for edge in model.edges if edge.tail not in gone),
        )  # fmt: skip
    if "frames" in choice.hide:
        model = replace(model, boxes=tuple(replace(b, group=b.group[: bool(b.order)]) for b in model.boxes))
    return model


def _add_tops(drawing: Any, model: Model, arrangement: Arrangement) -> None:
    """Hold columns in their order: their first boxes hang from points in one row."""
    heads: dict[int, str] = {}
    for box in model.boxes:
        column = arrangement.columns.get(box.id, 0)
        if not (arrangement.is_u and column):
            heads.setdefault(column, f"n{box.id}")
    if arrangement.is_u:
        heads[1] = "out0"
    if len(heads) < 2:
        return
    row = graphviz.Digraph(graph_attr={"rank": "same"})
    for column in sorted(heads):
        row.node(f"top{column}", label="", shape="point", style="invis", width="0.01", height="0.01")
    drawing.subgraph(row)
    for column in sorted(heads):
        if column + 1 in heads:
            drawing.edge(f"top{column}", f"top{column + 1}", style="invis")
        drawing.edge(f"top{column}", heads[column], style="invis", weight="100")


def _add_order(drawing: Any, model: Model, first: Sequence[int], last: Sequence[int]) -> None:
    """Hold boxes before and behind all others, also before those that take nothing."""
    heads, tails = ({edge[side] for edge in model.edges} for side in (1, 0))
    for box in model.boxes:
        if box.id in (*first, *last):
            continue
        if first and box.id not in heads:
            drawing.edge(f"n{first[0]}", f"n{box.id}", style="invis")
        if last and box.id not in tails:
            drawing.edge(f"n{box.id}", f"n{last[0]}", style="invis")


def _graph_look(model: Model, choice: Choice) -> dict[str, str]:
    text = plain_labels.describe(model, choice) if choice.title is None else choice.title
    head = markup.literal(text, 300)
    notes = []
    if choice.gradients and not model.walked:
        notes.append("gradients: not computed; call backward() first")
    elif choice.arrows:
        notes.append("values on black arrows, gradients on red ones")
    elif model.walked and choice.gradients is not False:
        notes += _heat_notes(model)
    tight = len(model.boxes) > _MANY
    look = {
        "fontname": style.FONT, "fontsize": str(style.TITLE_SIZE), "fontcolor": style.INK,
        "rankdir": choice.rankdir, "ranksep": "0.15" if tight else "0.3",
        "nodesep": "0.2" if tight else "0.3", "pad": "0.25", "labelloc": "t", "charset": "UTF-8",
    }  # fmt: skip
    if choice.arrows:
        look |= textbook.GRAPH
    # An empty row keeps the first box off the title.
    rows = [box_labels.mark_row(mark) for mark in model.marks]
    rows += [markup.font(note, size=style.SMALL_SIZE, color=style.QUIET) for note in notes]
    rows += [legend.legend(model, choice)] if choice.legend else []
    rows.append(markup.font("&#160;", size=2))
    return {**look, "label": markup.box(head, rows, align="CENTER")} if head else look


def _heat_notes(model: Model) -> list[str]:
    """Explain the signs and the colours of gradients exactly."""
    kinds = {"w": "|∂w| of the parameters in a box", "y": "|∂y| of its result"}
    words = [text for sign, text in kinds.items() if sign in model.largest]
    scale = "from half of the largest" if len(words) < 2 else "from half of the largest of each"
    notes = [
        f"L2 norms of gradients: {', '.join(words)}",
        f"darkest blue {scale}, each paler step half as much, palest below 1/{2 ** (len(style.HEAT) - 1)}",
    ]
    if any(edge.gradient is not None for edge in model.edges):
        notes.append("red: where gradients flow back, and the norm of what flows along each arrow")
    if model.walks > 1:
        notes.append(f"of the last of {model.walks} walks back; inputs and parameters: the sum in .grad")
    return notes


# --------------------------------------------------------------------------- boxes
def _add_boxes(
    drawing: Any, model: Model, choice: Choice, looks: Looks, rows: Sequence[Sequence[int]]
) -> None:  # fmt: skip
    """Boxes and frames in the order in which they were created, frames inside frames."""
    frames = Frames(model.boxes)
    contents: dict[Group, list[Box | Group]] = {(): []}
    for box in model.boxes:
        inner, missing = frames.around(box.group), []
        innermost = inner
        while inner not in contents:
            contents[inner] = []
            missing.append(inner)
            inner = frames.around(inner[:-1])
        for group in reversed(missing):
            contents[frames.around(group[:-1])].append(group)
        contents[innermost].append(box)
    numbers = {group: k for k, group in enumerate(group for group in contents if group)}
    walks = {box.group[0].key for box in model.boxes if box.order and box.group}
    roots = {result.box for result in model.results}
    fed = {edge.tail for edge in model.edges}
    made: dict[Group, Any] = {}
    # Innermost first: a subgraph's text is copied into the one around it, so it must be complete.
    for path in sorted(contents, key=lambda group: (-len(group), numbers.get(group, 0))):
        derived = bool(path) and path[0].key in walks
        down = choice.rankdir == "TB"
        target = made[path] = frame(path, numbers[path], derived, down) if path else drawing
        for item in contents[path]:
            if not isinstance(item, Box):
                target.subgraph(made.pop(item))
            else:
                ends = item.id in roots or item.id not in fed
                look = _box(model, item, path, frames.times(item), ends, choice)
                target.node(f"n{item.id}", **{**look, **looks.get(f"n{item.id}", {})})
        inside = {item.id for item in contents[path] if isinstance(item, Box)}
        for row in rows:
            if len(inside.intersection(row)) > 1:
                same = graphviz.Digraph(graph_attr={"rank": "same"})
                for number in row:
                    same.node(f"n{number}")
                target.subgraph(same)


def _box(model: Model, box: Box, frame: Group, times: int, ends: bool, choice: Choice) -> dict[str, str]:
    if choice.arrows and (box.kind == "op" or box.is_leaf):
        uses = sum(edge.tail == box.id for edge in model.edges)
        shown = replace(box, notes=()) if "notes" in choice.hide else box
        return textbook.box(shown, uses, box.id in model.unseen)
    if box.is_leaf:
        dashed = box.kind == "constant" or box.is_frozen
        look = {"style": "filled,dashed" if dashed else "filled"}
        if box.kind == "parameter" or box.wants:
            look |= {"fillcolor": style.PARAMETER_FILL, "color": style.PARAMETER_INK}
        look |= {"fillcolor": box.color} if box.color else {}
        return {"label": box_labels.leaf_label(model, box, ends, choice), **look, **_border(box)}
    fill = style.fill(box.family)
    look = {
        "label": box_labels.op_label(model, box, frame, times, choice),
        "fillcolor": box.color or (fill if box.recorded else style.pale(fill)),
        **({} if box.recorded and not box.is_frozen else {"style": "rounded,filled,dashed"}),
        **({} if "marks" in choice.hide else _border(box)),
    }
    if box.site is not None:
        look["tooltip"] = markup.tooltip(f"{box.name}, made at {short(box.site)}")
    return look


def _border(box: Box) -> dict[str, str]:
    if not box.marks:
        return {}
    return {"color": style.MARKS[any(mark.alarm for mark in box.marks)], "penwidth": "2"}


def short(site: tuple[str, int]) -> str:
    """File and line, without the folders, which differ between machines.

    >>> short(("/home/ada/train.py", 12))
    'train.py:12'
    """
    file, line = site
    return f"{file.replace(chr(92), '/').rpartition('/')[2]}:{line}"
