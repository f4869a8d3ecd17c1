"""Forward and backward in one picture, as textbooks draw it.

Operations are circles; black arrows carry values forward, red ones gradients back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from viz.model.boxes import Box
from viz.recording.summary import Summary
from viz.write import markup, numbers, style
from viz.write.plain_labels import elements_text

#: Attributes of the whole drawing that differ from the usual ones.
GRAPH = {"ranksep": "0.55", "nodesep": "0.4"}
_ELEMENTS = 3
#: Letters of a name that a circle holds; a longer one would make it larger than all else.
_IN_CIRCLE = 9


def box(box: Box, uses: int = 1, unseen: bool = False) -> dict[str, str]:
    """Attributes of a box: a circle for an op, a rounded box with its name for a leaf.

    Args:
        uses: how many arrows leave it: a leaf with several says what their gradients come to.
        unseen: keep the place of that empty, as in a frame of an animation before its time.

    >>> box(Box(0, "op", "Mul", (), "float32"))["shape"]
    'circle'
    """
    color = {"color": style.MARKS[any(m.alarm for m in box.marks)], "penwidth": "2"} if box.marks else {}
    notes = [markup.font(markup.literal(n, 60), size=style.SMALL_SIZE, color=style.NOTE) for n in box.notes]
    if box.kind == "op":
        sign = box.symbol or box.name
        options = markup.font(markup.literal(box.options, 30), size=style.SMALL_SIZE, color=style.SOFT)
        text = markup.font(markup.literal(sign), size=18 if len(sign) < 3 else 12)
        return {
            "label": f"<{'<BR/>'.join(filter(None, (text, options, *notes)))}>",
            "shape": "circle" if len(sign) <= _IN_CIRCLE else "ellipse",
            "style": "filled", "fillcolor": box.color or style.KINDS["conv"],
            "margin": "0.02", "width": "0.55", "height": "0.55", **color,
        }  # fmt: skip
    known = box.value is not None and box.shape == () and not box.name
    name = markup.literal(box.name or (_text(box.value) if box.value and known else box.kind))
    if uses > 1 and box.gradient is not None:
        total = markup.font(
            f"total {_text(box.gradient)}",
            size=style.SMALL_SIZE,
            color="transparent" if unseen else style.REVERSE,
        )
        name = f"{name}<BR/>{total}"
    dashed = ",dashed" if box.kind == "constant" else ""
    fill = {"fillcolor": box.color} if box.color else {}
    label = f"<{'<BR/>'.join((name, *notes))}>"
    return {"label": label, "margin": "0.14,0.08", "style": f"rounded,filled{dashed}", **fill, **color}


def result_label(name: str) -> str:
    """Label of the end of the graph.

    >>> result_label("to pay")
    '<to pay>'
    """
    return f"<{markup.literal(name) or '&#160;'}>"


def add_pair(
    drawing: Any, tail: str, head: str, shape: tuple[int, ...],
    value: Summary | None, gradient: Summary | None, back: Mapping[str, str], name: str = "",
) -> None:  # fmt: skip
    """Draw a tensor's arrow, and the gradient's arrow back where one flowed.

    Args:
        back: attributes of the arrow back that differ from the usual ones.   name: of the tensor.
    """
    size = str(style.NAME_SIZE)
    forward = _text(value) if value is not None else numbers.shape_text(shape)
    forward = f"<{markup.literal(f'{name} = {forward}' if forward else name)}>" if name else forward
    drawing.edge(tail, head, label=forward, color=style.FORWARD, fontcolor=style.FORWARD, fontsize=size)
    if gradient is not None:
        look = {
            "label": _text(gradient), "color": style.REVERSE, "fontcolor": style.REVERSE,
            "fontsize": size, "dir": "back", "penwidth": "1.6", **back,
        }  # fmt: skip
        # Laid out beside the arrow forward, as if it ran forward too: else it may take long ways round.
        drawing.edge(tail, head, **look)


def _text(summary: Summary) -> str:
    """The elements of a few, the norm of more."""
    if summary.values is not None and len(summary.values) <= _ELEMENTS:
        return elements_text(summary)
    return f"{numbers.shape_text(summary.shape)}, norm {numbers.number_text(summary.norm)}"
