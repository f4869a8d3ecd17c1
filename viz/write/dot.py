"""A model as DOT text, the same bytes for the same model in every process.

Ids count the boxes in the order in which they were created. Everything here is iterative and linear
in the number of boxes and edges.

Source: E. R. Gansner and S. C. North 2000, "An open graph visualization system and its applications
to software engineering".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import hypot, prod
from typing import Any

import graphviz

from viz.model.boxes import Box, Edge, Model
from viz.model.places import Group, Place
from viz.options import Choice
from viz.recording.summary import Summary
from viz.write import box_labels, markup, numbers, style, textbook
from viz.write.arrangement import COLUMN, PLAIN, Arrangement, crosses, placed

#: Attributes by the part of the drawing; see `source`.
Looks = Mapping[str, Mapping[str, str]]
#: Pictures of more boxes than this are set more tightly.
_MANY = 12
#: The path of a frame has so many spaces behind it for each letter, if it is not longer than this.
_FREE, _SHORT = 2.0, 24
LEFT = '"LEFT"'
#: More tensors than this between the same two boxes are drawn as one arrow.
ARROWS = 2


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
    >>> from viz.model.building import build, roots_of
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
    _add_edges(drawing, model, choice, looks, arrangement)
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
    text = box_labels.describe(model, choice) if choice.title is None else choice.title
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
    rows += [box_labels.legend(model, choice)] if choice.legend else []
    rows.append(markup.font("&#160;", size=2))
    return {**look, "label": markup.box(head, rows, align="CENTER")} if head else look


def _heat_notes(model: Model) -> list[str]:
    """What the signs and the colours of gradients mean, exactly."""
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


# --------------------------------------------------------------------------- frames
class Frames:
    """The frames around boxes, one for each place with several boxes that follow one another.

    Attributes:
        framed: keys of the places that have a frame.

    >>> Frames([]).around(())
    ()
    """

    def __init__(self, boxes: Sequence[Box]) -> None:
        self.framed = _framed(boxes)

    def around(self, group: Group) -> Group:
        """The innermost place with a frame, behind those around it; empty for none."""
        for depth in range(len(group), 0, -1):
            if group[depth - 1].key in self.framed:
                return group[:depth]
        return ()

    def times(self, box: Box) -> int:
        """How many equal boxes stand at the place of a box, beyond what the label of its frame says."""
        return box.repeats // prod(place.times for place in box.group if place.key in self.framed)


def _framed(boxes: Sequence[Box]) -> set[int]:
    """Places with more than one box, and walks back in any case.

    A place whose boxes all lie in one place inside it gets no frame of its own: two frames around
    the same boxes say no more than the inner one, whose label is the whole path. Neither does one
    between whose boxes others were created.
    """
    walks = {box.group[0].key for box in boxes if box.order and box.group}
    made = [box for box in boxes if not box.is_leaf]
    counts: Counter[int] = Counter()
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    around: dict[int, Place] = {}
    for number, box in enumerate(made):
        for outer, place in zip((None, *box.group), box.group, strict=False):
            counts[place.key] += 1
            first.setdefault(place.key, number)
            last[place.key] = number
            if outer is not None:
                around[place.key] = outer
    together = {key for key, count in counts.items() if count > 1 and last[key] - first[key] < count}
    doubled = {
        outer.key
        for key, outer in around.items()
        if key in together and counts[outer.key] == counts[key] and outer.times == 1
    }
    columns = {place.key for box in boxes for place in box.group[:1] if place.kind == COLUMN}
    return together - doubled | walks | columns


# --------------------------------------------------------------------------- boxes
def _add_boxes(
    drawing: Any, model: Model, choice: Choice, looks: Looks, rows: Sequence[Sequence[int]]
) -> None:  # fmt: skip
    """Boxes and frames in the order in which they were created, frames inside frames."""
    frames = Frames(model.boxes)
    contents: dict[Group, list[Box | Group]] = {(): []}
    for box in model.boxes:
        frame, missing = frames.around(box.group), []
        innermost = frame
        while frame not in contents:
            contents[frame] = []
            missing.append(frame)
            frame = frames.around(frame[:-1])
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
        target = made[path] = _frame(path, numbers[path], derived, down) if path else drawing
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


def _frame(group: Group, number: int, derived: bool, down: bool) -> Any:
    if group[-1].kind == COLUMN:
        look = {"label": "", "peripheries": "0", "margin": "4"}
        return graphviz.Digraph(name=f"cluster_{number}", graph_attr=look)
    words = box_labels.frame_text(group)
    text = markup.font(markup.literal(words), size=10, color=style.QUIET)
    if down and len(words) <= _SHORT:  # keeps the path off the arrows that enter in the middle
        text += "&#160;" * round(_FREE * len(words) + 4)
    border = {"peripheries": "1"} if group[0].kind == COLUMN else {}  # else inherited from the column
    return graphviz.Digraph(
        name=f"cluster_{number}",
        graph_attr={
            **border, "label": f"<{text}>", "labeljust": "l", "style": "rounded,filled", "margin": "10",
            # More arrows enter a derivative from all sides than leave it.
            "labelloc": "b" if derived and down and len(group) == 1 else "t",
            "color": style.DERIVATIVE if derived else style.FRAME,
            "fillcolor": style.DERIVATIVE_FILL if derived else style.FRAME_FILL,
        },
    )  # fmt: skip


def _box(model: Model, box: Box, frame: Group, times: int, ends: bool, choice: Choice) -> dict[str, str]:
    if choice.arrows and (box.kind == "op" or box.is_leaf):
        uses = sum(edge.tail == box.id for edge in model.edges)
        return textbook.box(box, uses, box.id in model.unseen)
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


# --------------------------------------------------------------------------- edges and results
def _add_edges(
    drawing: Any, model: Model, choice: Choice, looks: Looks, arrangement: Arrangement = PLAIN
) -> None:  # fmt: skip
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
    """How many tensors an arrow stands for, with their shape if it is one."""
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


_CONNECTOR = {
    "shape": "circle", "style": "filled", "fillcolor": "#ffffff", "width": "0.22", "height": "0.22",
    "fixedsize": "true", "fontsize": str(style.SMALL_SIZE), "fontcolor": style.INK,
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
