"""A graph as DOT text, the same bytes for the same graph in every process.

Ids count the boxes in the order in which they were created. Everything here is iterative and linear
in the number of nodes and edges.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import isfinite, prod, sqrt
from typing import Any, NamedTuple

import graphviz
import numpy as np

from tinygrad_cnn import Tensor
from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.graph import Node, ancestors
from viz import label, style

DIRECTIONS = {"down": "TB", "right": "LR"}


class Root(NamedTuple):
    """Something that is drawn as a result: its node, and its value if that is a single number."""

    node: Node
    value: float | None


def roots_of(thing: Any) -> list[Root]:
    """What to draw, from a Tensor, a Node, or a list or tuple of them; each node once.

    Raises:
        DTypeError: something else.   ArgumentError: an empty list.

    >>> [root.value for root in roots_of(Tensor(2.5))]
    [2.5]
    """
    things = list(thing) if isinstance(thing, (list, tuple)) else [thing]
    if not things:
        raise ArgumentError("viz.graph: the list is empty; a Tensor, a Node or a list of them fits")
    roots: dict[Node, Root] = {}
    for one in things:
        if isinstance(one, Tensor):
            value = float(one.numpy()) if one.shape == () else None
            roots.setdefault(one.node, Root(one.node, value))
        elif isinstance(one, Node):
            roots.setdefault(one, Root(one, None))
        else:
            raise DTypeError(
                f"viz.graph: got {type(one).__name__}; a Tensor, a Node or a list of them fits"
            )
    return list(roots.values())


class Plan:
    """What is drawn of a graph: the boxes, their ids, the frames and the gradients' sizes.

    Attributes:
        roots: the results.
        boxes: nodes that get a box, oldest first; `ids` names them.
        parameters: leaves whose role is 'parameter', oldest first.
        shared: the parameters that more than one op takes.
        frames: paths of the scopes that get a frame: those with more than one op.
        norms: per box, the L2 norm of its gradients, where a backward pass left some.

    >>> x = Tensor([1.0], requires_grad=True)
    >>> [node.op.name if node.op else node.role for node in Plan(roots_of(x * 2 + 1)).boxes]
    ['input', 'Mul', 'Add']
    """

    def __init__(self, roots: list[Root]) -> None:
        self.roots = roots
        tops = {root.node for root in roots}
        nodes = ancestors(*(root.node for root in roots))
        self.parameters = [n for n in nodes if n.op is None and n.role == "parameter"]
        inside = {n for n in self.parameters if n not in tops}
        self.boxes = [n for n in nodes if n not in inside and (n in tops or not label.is_number(n))]
        self.ids = {node: f"n{k}" for k, node in enumerate(self.boxes)}
        takers = Counter(parent for node in nodes for parent in set(node.parents) & inside)
        self.shared = frozenset(node for node, count in takers.items() if count > 1)
        self.inside = {
            node: Counter(parent for parent in node.parents if parent in inside) for node in self.boxes
        }
        self.frames = _frames(self.boxes)
        found = {node: self._norm(node) for node in self.boxes}
        self.norms = {node: norm for node, norm in found.items() if norm is not None}
        self.largest = max((n for n in self.norms.values() if isfinite(n)), default=0.0)

    @property
    def operations(self) -> int:
        """How many ops are drawn."""
        return sum(node.op is not None for node in self.boxes)

    def frame_of(self, node: Node) -> str:
        """Path of the innermost frame around a box, '' for none."""
        if node.op is None:
            return ""
        return next((path for path in _paths(node.scope) if path in self.frames), "")

    def parent_frame(self, frame: str) -> str:
        """Path of the frame around a frame, '' for none."""
        return next((path for path in _paths(frame)[1:] if path in self.frames), "")

    def _norm(self, node: Node) -> float | None:
        leaves = [node] if node.op is None else list(self.inside[node])
        grads = [leaf.grad.numpy() for leaf in leaves if leaf.grad is not None]
        if not grads:
            return None
        return sqrt(sum(_squares(grad) for grad in grads))


def _squares(grad: Any) -> float:
    """Sum of the squares, in double precision; infinite rather than a warning where it overflows."""
    with np.errstate(all="ignore"):
        return float(np.sum(np.square(grad, dtype=np.float64)))


def _paths(scope: str) -> list[str]:
    """A scope and those around it, innermost first."""
    ends = [i for i, c in enumerate(scope) if c == "."]
    return [scope, *(scope[:end] for end in reversed(ends))] if scope else []


def _frames(boxes: Iterable[Node]) -> dict[str, int]:
    """Scopes that hold more than one op, with the number of ops.

    A scope whose ops all lie in one framed scope inside it gets no frame of its own: two frames
    around the same boxes say no more than the inner one, whose label is the whole path.
    """
    scopes = Counter(node.scope for node in boxes if node.op is not None)
    counts: Counter[str] = Counter()
    for scope, count in scopes.items():
        for path in _paths(scope):
            counts[path] += count
    doubled = set()
    for path, count in counts.items():
        around = path.rpartition(".")[0]
        if around and counts[around] == count:
            doubled.add(around)
    return {path: count for path, count in counts.items() if count > 1 and path not in doubled}


def source(thing: Any, *, title: str | None = None, direction: str = "down") -> str:
    """The graph that ends in `thing`, as DOT text.

    Args:
        thing: a Tensor, a Node, or a list of them.
        title: the line above the picture; None says what it is and how big.
        direction: 'down' or 'right', where the results lie.
    Returns:
        DOT text, equal for equal graphs.
    Raises:
        DTypeError, ArgumentError: `thing` or `direction` does not fit.
    Source: E. R. Gansner and S. C. North 2000, "An open graph visualization system and its
        applications to software engineering".

    >>> print(source(Tensor(2.0, name="x")).splitlines()[-2].strip()[:9])
    n0 [label
    """
    if direction not in DIRECTIONS:
        raise ArgumentError(f"viz.graph: direction is {direction!r}; 'down' or 'right' fits")
    plan = Plan(roots_of(thing))
    drawing = graphviz.Digraph(
        graph_attr=_graph_look(plan, title, DIRECTIONS[direction]),
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
    _add_boxes(drawing, plan)
    _add_edges(drawing, plan)
    return str(drawing.source)


def describe(plan: Plan) -> str:
    """What a picture shows and how big it is, in one line.

    >>> describe(Plan(roots_of(Tensor([1.0, 2.0], requires_grad=True, name="x") * 2)))
    '2 result · 1 operation'
    """
    first = plan.roots[0]
    if len(plan.roots) > 1:
        head = f"{len(plan.roots)} results"
    else:
        head = f"{' × '.join(map(str, first.node.shape))} {_root_name(first.node)}".strip()
    counted = [(plan.operations, "operation")] if plan.operations else []
    total = sum(prod(node.shape) for node in plan.parameters)
    counted += [(total, "parameter")] if total and plan.operations else []
    words = [head, *(f"{n:,} {word}{'' if n == 1 else 's'}" for n, word in counted)]
    frozen = sum(prod(node.shape) for node in plan.parameters if not node.requires_grad)
    return " · ".join(words) + (f" ({frozen:,} frozen)" if frozen and plan.operations else "")


def _root_name(node: Node) -> str:
    if node.op is None:
        return node.name or node.role or "value"
    return node.name or ("loss" if style.kind(node.op.name) == "loss" else "result")


def _graph_look(plan: Plan, title: str | None, rankdir: str) -> dict[str, str]:
    head = label.literal(describe(plan) if title is None else title, 300)
    note = "|g| is the L2 norm of the gradient; each darker blue means twice as large"
    notes = [label.font(note, size=style.SMALL_SIZE, color=style.QUIET)] if plan.norms else []
    look = {
        "fontname": style.FONT, "fontsize": str(style.TITLE_SIZE), "fontcolor": style.INK,
        "rankdir": rankdir, "ranksep": "0.3", "nodesep": "0.3", "pad": "0.25",
        "labelloc": "t", "charset": "UTF-8",
    }  # fmt: skip
    # An empty row keeps the first box off the title.
    rows = [*notes, label.font("&#160;", size=2)]
    return {**look, "label": label.box(head, rows, align="CENTER")} if head else look


# --------------------------------------------------------------------------- boxes and frames
def _add_boxes(drawing: Any, plan: Plan) -> None:
    """Boxes and frames in the order in which they were created, frames inside frames."""
    contents: dict[str, list[Node | str]] = {"": []}
    for node in plan.boxes:
        frame, missing = plan.frame_of(node), []
        while frame not in contents:
            contents[frame] = []
            missing.append(frame)
            frame = plan.parent_frame(frame)
        for path in reversed(missing):
            contents[plan.parent_frame(path)].append(path)
        contents[plan.frame_of(node)].append(node)
    numbers = {path: k for k, path in enumerate(path for path in contents if path)}
    made: dict[str, Any] = {}
    # Innermost first: a subgraph's text is copied into the one around it, so it must be complete.
    for path in sorted(contents, key=lambda path: (-path.count(".") if path else 1, path)):
        target = made[path] = drawing if path == "" else _frame(path, numbers[path])
        for item in contents[path]:
            if isinstance(item, str):
                target.subgraph(made.pop(item))
            else:
                target.node(plan.ids[item], **_box(plan, item))


def _frame(path: str, number: int) -> Any:
    words = label.font(label.literal(path), size=10, color=style.QUIET)
    return graphviz.Digraph(
        name=f"cluster_{number}",
        graph_attr={
            "label": f"<{words}>", "labeljust": "l", "color": style.FRAME, "style": "rounded,filled",
            "fillcolor": style.FRAME_FILL, "margin": "10",
        },
    )  # fmt: skip


def _box(plan: Plan, node: Node) -> dict[str, str]:
    if node.op is None:
        return _leaf_box(plan, node)
    options = ", ".join(filter(None, (label.constants_text(node), label.options_text(node))))
    head = label.font(label.literal(node.op.name) or "Op", bold=True)
    if options:
        head += "&#160; " + label.font(label.literal(options), color=style.SOFT)
    small = []
    numbered = node.scope.rpartition(".")[2].isdigit()  # "3" alone says little beside a ReLU
    if node.scope != plan.frame_of(node) and (plan.inside[node] or not numbered):
        small.append(label.font(label.literal(node.scope), size=style.SMALL_SIZE, color=style.QUIET))
    if plan.inside[node]:
        words = label.literal(label.parameters_text(plan.inside[node].items(), plan.shared), 200)
        small.append(label.font(words, size=style.SMALL_SIZE, color=style.PARAMETER_INK))
    rows = ["&#160;&#160; ".join(small)] if small else []
    text = label.box(head, rows, norm=plan.norms.get(node), largest=plan.largest)
    return {"label": text, "fillcolor": style.KINDS[style.kind(node.op.name)]}


def _leaf_box(plan: Plan, node: Node) -> dict[str, str]:
    value = next((root.value for root in plan.roots if root.node is node), None)
    name = (node.name or "") + (f" = {value:.5g}" if value is not None and node.name else "")
    if value is not None and not node.name:
        name = f"{value:.5g}"
    is_root = any(root.node is node for root in plan.roots)
    shape = label.shape_text(node.shape) if is_root else ""
    quiet = " ".join(filter(None, (node.role or "leaf", shape, str(node.dtype))))
    words = [label.font(label.literal(name), bold=True), label.font(quiet, color=style.SOFT)]
    dashed = {"style": "filled,dashed"} if node.role == "constant" else {"style": "filled"}
    head = "&#160; ".join(filter(None, words))
    return {"label": label.box(head, norm=plan.norms.get(node), largest=plan.largest), **dashed}


# --------------------------------------------------------------------------- edges and results
def _add_edges(drawing: Any, plan: Plan) -> None:
    for node in plan.boxes:
        for parent in node.parents:
            if parent in plan.ids:
                look = {"style": "dashed"} if parent.role == "constant" else {}
                drawing.edge(plan.ids[parent], plan.ids[node], **_edge_label(parent), **look)
    results = [root for root in plan.roots if root.node.op is not None]
    for number, root in enumerate(results):
        name = f"out{number}"
        words = [label.literal(_root_name(root.node))]
        if root.value is not None:
            words = [f"{words[0]} = {root.value:.5g}"]
        elif root.node.shape:
            words.append(label.font(label.shape_text(root.node.shape), color=style.SOFT))
        text = label.box("&#160; ".join(words))
        drawing.node(name, label=text, style="filled", color=style.INK, penwidth="1.5")
        drawing.edge(plan.ids[root.node], name)


def _edge_label(parent: Node) -> dict[str, str]:
    """The shape that flows along an edge, after the name of a result that has one."""
    shape = label.shape_text(parent.shape)
    if parent.op is None or not parent.name:
        return {"label": f" {shape}"} if shape else {}
    words = label.literal(f"{parent.name} {shape}".strip())
    return {"label": f"<&#160;{words}>"}
