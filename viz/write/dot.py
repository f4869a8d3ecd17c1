"""A model as DOT text, the same bytes for the same model in every process.

Ids count the boxes in the order in which they were created. Everything here is iterative and linear
in the number of boxes and edges.

Source: E. R. Gansner and S. C. North 2000, "An open graph visualization system and its applications
to software engineering".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import graphviz

from viz.model.boxes import Box, Edge, Model
from viz.model.places import Group, Place
from viz.options import Choice
from viz.write import box_labels, markup, numbers, style, textbook

#: Attributes by the part of the drawing; see `source`.
Looks = Mapping[str, Mapping[str, str]]
#: Pictures of more boxes than this are set more tightly.
_MANY = 12
#: The path of a frame has so many spaces behind it for each letter, if it is not longer than this.
_FREE, _SHORT = 2.0, 24
#: More tensors than this between the same two boxes are drawn as one arrow.
ARROWS = 2


def source(
    model: Model, choice: Choice, looks: Looks | None = None,
    first: Sequence[int] = (), last: Sequence[int] = (),
) -> str:  # fmt: skip
    """The model as DOT text.

    Args:
        model: what is drawn.   choice: what is shown of it.
        looks: attributes that differ from the usual ones: of the box with id 3 by 'n3', of the first
            result by 'out0', of the first edge by 'e0', of the edge to the first result by 'to out0',
            of the arrows back beside these by 'back e0' and 'back out0', of the whole by ''.
        first, last: ids of boxes that lie before and behind all others.
    Returns:
        DOT text, equal for equal arguments.

    >>> from tinygrad_cnn import Tensor
    >>> from viz.model.building import build, roots_of
    >>> print(source(build(roots_of(Tensor(2.0, name="x"))), Choice()).splitlines()[-2].strip()[:9])
    n0 [label
    """
    looks = looks or {}
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
    _add_edges(drawing, model, choice, looks)
    _add_order(drawing, model, first, last)
    return str(drawing.source)


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
        notes.append(_heat_note(model))
    tight = len(model.boxes) > _MANY
    look = {
        "fontname": style.FONT, "fontsize": str(style.TITLE_SIZE), "fontcolor": style.INK,
        "rankdir": choice.rankdir, "ranksep": "0.15" if tight else "0.3",
        "nodesep": "0.2" if tight else "0.3", "pad": "0.25", "labelloc": "t", "charset": "UTF-8",
    }  # fmt: skip
    if choice.arrows:
        look |= textbook.GRAPH
    # An empty row keeps the first box off the title.
    rows = [markup.font(note, size=style.SMALL_SIZE, color=style.QUIET) for note in notes]
    rows += [box_labels.legend(model, choice)] if choice.legend else []
    rows.append(markup.font("&#160;", size=2))
    return {**look, "label": markup.box(head, rows, align="CENTER")} if head else look


def _heat_note(model: Model) -> str:
    """What the signs and the colours of gradients mean, exactly."""
    kinds = {"w": "|∂w| of the parameters in a box", "y": "|∂y| of its result"}
    words = [text for sign, text in kinds.items() if sign in model.largest]
    scale = "from half of the largest" if len(words) < 2 else "from half of the largest of each"
    return (
        f"L2 norms of gradients: {', '.join(words)}; darkest blue {scale}, each paler step half as much, "
        f"palest below 1/{2 ** (len(style.HEAT) - 1)}"
    )


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
    return together - doubled | walks


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
    words = box_labels.frame_text(group)
    text = markup.font(markup.literal(words), size=10, color=style.QUIET)
    if down and len(words) <= _SHORT:  # keeps the path off the arrows that enter in the middle
        text += "&#160;" * round(_FREE * len(words) + 4)
    return graphviz.Digraph(
        name=f"cluster_{number}",
        graph_attr={
            "label": f"<{text}>", "labeljust": "l", "style": "rounded,filled", "margin": "10",
            # More arrows enter a derivative from all sides than leave it.
            "labelloc": "b" if derived and down and len(group) == 1 else "t",
            "color": style.DERIVATIVE if derived else style.FRAME,
            "fillcolor": style.DERIVATIVE_FILL if derived else style.FRAME_FILL,
        },
    )  # fmt: skip


def _box(model: Model, box: Box, frame: Group, times: int, ends: bool, choice: Choice) -> dict[str, str]:
    if choice.arrows and (box.kind == "op" or box.is_leaf):
        return textbook.box(box)
    if box.is_leaf:
        dashed = box.kind == "constant" or box_labels.is_frozen(box)
        look = {"style": "filled,dashed" if dashed else "filled"}
        if box.kind == "parameter":
            look |= {"fillcolor": style.PARAMETER_FILL, "color": style.PARAMETER_INK}
        return {"label": box_labels.leaf_label(model, box, ends, choice), **look, **_border(box)}
    look = {
        "label": box_labels.op_label(model, box, frame, times, choice),
        "fillcolor": style.fill(box.family),
        **_border(box),
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
def _add_edges(drawing: Any, model: Model, choice: Choice, looks: Looks) -> None:
    shapes: dict[tuple[int, int], list[tuple[int, ...]]] = {}
    for edge in model.edges:
        shapes.setdefault(edge[:2], []).append(edge.shape)
    for number, edge in enumerate(model.edges):
        own, back = looks.get(f"e{number}", {}), looks.get(f"back e{number}", {})
        tail, head, count = f"n{edge.tail}", f"n{edge.head}", len(shapes[edge[:2]])
        if choice.arrows:
            textbook.add_pair(drawing, tail, head, edge.shape, edge.value, edge.gradient, back)
        elif count > ARROWS:
            drawing.edge(tail, head, **{"label": _bundle_label(shapes[edge[:2]]), "penwidth": "2", **own})
            shapes[edge[:2]] = []
        elif count:
            look = {"style": "dashed"} if edge.constant else {}
            drawing.edge(tail, head, **{**_edge_label(edge), **look, **own})
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
            drawing.edge(tail, head, **looks.get(f"to {head}", {}))


def _bundle_label(shapes: Sequence[tuple[int, ...]]) -> str:
    """How many tensors an arrow stands for, with their shape if it is one."""
    if len(set(shapes)) == 1 and shapes[0]:
        return f" {numbers.shape_text(shapes[0])}  ×{len(shapes)}"
    return f" {len(shapes)} {'tensors' if any(shapes) else 'numbers'}"


def _edge_label(edge: Edge) -> dict[str, str]:
    """The shape that flows along an edge, after the name of a result that has one."""
    shape = numbers.shape_text(edge.shape)
    if not edge.name:
        return {"label": f" {shape}"} if shape else {}
    text = markup.literal(f"{edge.name} {shape}".strip())
    return {"label": f"<&#160;{text}>"}
