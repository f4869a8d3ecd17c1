"""`viz.diff`: two graphs as one, with what was added, removed and changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.nn import Module
from viz.compare.union import WORDS, Change, Union
from viz.graphs import MAX_NODES, check_counts
from viz.model.boxes import Model
from viz.model.building import build
from viz.model.node_graph import roots_of
from viz.options import Choice
from viz.output.engines import DPI, need_engine, save, target_of, write
from viz.page.document import page
from viz.picture import Picture
from viz.recording.module_run import run
from viz.reduce.inlining import inlined
from viz.write import markup, style
from viz.write.arrows import Looks
from viz.write.dot import source

#: What a comparison may be written as.
FORMATS = ("png", "svg", "pdf", "html", "txt", "dot", "gv")


@dataclass(frozen=True)
class Difference:
    """The findings of `viz.diff`: text by `str()`, a picture in notebooks; of length 0 for equal graphs.

    Attributes:
        changes: in the order of the operations.   equal: how many boxes are the same in both.
        picture: both graphs as one.
        looks: the colours of its parts, as `viz.write.dot.source` takes them.
    """

    changes: tuple[Change, ...]
    equal: int
    picture: Picture
    looks: Looks = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.changes)

    def __str__(self) -> str:
        return "\n".join([*map(str, self.changes), summary(self.changes, self.equal)])

    def __repr__(self) -> str:
        return f"<Difference {summary(self.changes, self.equal)}>"

    def render(self, path: str | Path, *, dpi: int = DPI, timeout: float = 60.0) -> Path:
        """Write the picture, with .html as a page, or with .txt the words to a file; see `viz.diff`.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     diff(Tensor(2.0), Tensor(2.0)).render(f"{folder}/same.dot").name
        'same.dot'
        """
        target, form = target_of(path, dpi, timeout, FORMATS, "viz.diff")
        if form == "txt":
            return write(target, f"{self}\n".encode())
        if form == "html":
            need_engine(target, self.picture.source)
            notes = ["What has changed", *(f"{WORDS[c.sign]}: {str(c)[2:]}" for c in self.changes)]
            model, choice = self.picture.model, replace(self.picture.choice, title=self.picture.summary)
            return write(
                target, page(model, choice, looks=self.looks, notes=notes, timeout=timeout).encode()
            )
        return save(self.picture.source, target, dpi=dpi, timeout=timeout)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """The picture where an engine is there, the text everywhere."""
        return {**self.picture._repr_mimebundle_(include, exclude), "text/plain": str(self)}


def diff(
    a: Any, b: Any, path: str | Path | None = None, *, inputs: Any = None, title: str | None = None,
    direction: str | None = None, max_nodes: int | None = MAX_NODES,
    dpi: int = DPI, timeout: float = 60.0,
) -> Difference:  # fmt: skip
    """Find what has to change to make the graph of `a` into that of `b`, in words and as one picture.

    Operations are matched by the path of their module, their kind and their order. A matched one
    has changed if its options, its shape, its parameters or its operands differ; values do not
    count, and neither do numbers in a path, which shift where a layer is put in.

    Args:
        a, b: before and after: each a Tensor, a Node, a list of them, a Module, or the `Model` of a
            picture.
        path: where to write the picture: .png, .svg, .pdf, .dot, .gv, .html for a page with both the
            picture and the words, .txt for the words alone; None writes nothing.
        inputs: for Modules: what both are run on; see `viz.graph`.
        title: the line above the picture; None counts the differences, '' leaves it out.
        direction: 'down' (as None) or 'right', where the results lie.
        max_nodes: beyond it, operations that are equal and far from any change are drawn in one box,
            then those that were added, removed or changed together, then stretches of all; None sets no
            limit.
        dpi, timeout: as for `viz.render`.
    Returns:
        A `Difference`: `print()` it, `len()` it, or show it in a notebook.
    Raises:
        As `viz.graph` and, with a path, `viz.render` do.

    >>> x = Tensor([1.0, -2.0], requires_grad=True, name="x")
    >>> print(diff((x * 2).tanh(), (x * 3).tanh().sum()))
    ~ Mul: × 2 → × 3
    + Sum axis 0
    ~ result: 2 → single number
    1 added, 2 changed, 2 equal
    """
    choice = Choice(title, direction)
    check_counts("viz.diff", None, max_nodes)
    if path is not None:
        target_of(path, dpi, timeout, FORMATS, "viz.diff")
    if inputs is not None and not (isinstance(a, Module) or isinstance(b, Module)):
        raise ArgumentError(
            f"viz.diff: inputs= is for Modules; got {type(a).__name__} and {type(b).__name__}"
        )
    union = Union(_model(a, inputs), _model(b, inputs))
    model, looks = union.drawn(max_nodes)
    head = summary(union.changes, union.equal) if title is None else title
    if head:
        looks[""] = {"label": markup.box(markup.literal(head, 300), _notes(union.changes), "CENTER")}
    picture = Picture(source(model, choice, looks), head or "difference", model, choice)
    found = Difference(tuple(union.changes), union.equal, picture, looks)
    if path is not None:
        found.render(path, dpi=dpi, timeout=timeout)
    return found


def summary(changes: Sequence[Change], equal: int) -> str:
    """Count the differences of each kind, in one line.

    >>> summary([Change("+", "Mul", "")], 7), summary([], 7)
    ('1 added, 7 equal', 'no difference, 7 equal')
    """
    counts = Counter(change.sign for change in changes)
    words = [f"{counts[sign]:,} {word}" for sign, word in WORDS.items() if counts[sign]]
    return ", ".join([*(words or ["no difference"]), f"{equal:,} equal"])


def _model(thing: Any, inputs: Any) -> Model:
    """The model of what is compared; its constants are words, which are compared as options are."""
    if isinstance(thing, Model):
        return inlined(thing)
    if isinstance(thing, Module):
        results, _ = run(thing, inputs)
        model = inlined(build(roots_of(results)))
        # Its inputs want a gradient only so that it is recorded.
        return replace(model, boxes=tuple(replace(box, wants=False) for box in model.boxes))
    return inlined(build(roots_of(thing)))


def _notes(changes: Sequence[Change]) -> list[str]:
    """The signs that occur, in their colours, and an empty row that keeps the first box off them."""
    signs = [sign for sign in WORDS if any(change.sign == sign for change in changes)]
    words = [markup.font(f"■ {WORDS[s]}", size=style.SMALL_SIZE, color=style.CHANGES[s][1]) for s in signs]
    words.append(markup.font("■ equal", size=style.SMALL_SIZE, color=style.LINE))
    return ["&#160;&#160; ".join(words), markup.font("&#160;", size=2)]
