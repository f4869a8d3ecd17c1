"""The frames around boxes that were made in one place, one inside the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import prod
from typing import Any

import graphviz

from viz.model.boxes import Box
from viz.model.places import Group, Place
from viz.write import markup, plain_labels, style
from viz.write.arrangement import COLUMN

#: The path of a frame has so many spaces behind it for each letter, if it is not longer than this.
_FREE, _SHORT = 2.0, 24


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
        """Count the equal boxes at the place of a box, beyond what the label of its frame says."""
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


def frame(group: Group, number: int, derived: bool, down: bool) -> Any:
    """An empty frame with its words; `derived` around a walk back, `down` where arrows point down."""
    if group[-1].kind == COLUMN:
        look = {"label": "", "peripheries": "0", "margin": "4"}
        return graphviz.Digraph(name=f"cluster_{number}", graph_attr=look)
    words = plain_labels.frame_text(group)
    text = markup.font(markup.path(words), size=10, color=style.QUIET)
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
