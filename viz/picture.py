"""`viz.graph` and `viz.render`: from a Tensor or a Module to a picture."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError, TinygradCnnError
from tinygrad_cnn.nn import Module
from viz.model.boxes import Model
from viz.model.building import Root, build, roots_of
from viz.options import Choice
from viz.output.engines import DPI, draw, need_engine, save, target_of, write
from viz.page import document
from viz.recording.module_run import run
from viz.recording.recorder import Recorder
from viz.reduce.folding import folded
from viz.reduce.simplifying import simplified
from viz.write import box_labels, terminal
from viz.write.dot import source

#: The most boxes of a picture, if nothing else is said: what fits a page.
MAX_NODES = 40
#: Scalar graphs of at most this many boxes are drawn with reverse arrows of themselves.
_TEXTBOOK = 16


@dataclass(frozen=True)
class Picture:
    """A drawn graph: notebooks show it as a picture, `print` as text.

    Attributes:
        source: DOT text.   summary: what it shows and how big it is, in one line.
        model: the boxes and edges that are drawn, as plain data.
        choice: what is shown of them.
        fuller: gives the same graph with every module open, and then with repeats folded, for pages.
    """

    source: str
    summary: str
    model: Model
    choice: Choice = field(default_factory=Choice)
    fuller: Callable[[], list[Model]] = field(default=list, repr=False, compare=False)

    def render(self, path: str | Path, *, dpi: int = DPI, timeout: float = 60.0) -> Path:
        """Write the picture to a file; see `viz.render`.

        >>> import tempfile
        >>> from tinygrad_cnn import Tensor
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     graph(Tensor(2.0)).render(f"{folder}/two.dot").name
        'two.dot'
        """
        target, form = target_of(path, dpi, timeout)
        if form == "txt":
            return write(target, f"{self}\n".encode())
        if form != "html":
            return save(self.source, path, dpi=dpi, timeout=timeout)
        need_engine(target, self.source)
        whole = document.page(self.model, self.choice, self.fuller(), timeout=timeout)
        return write(target, whole.encode())

    def __repr__(self) -> str:
        return f"<Picture {self.summary}>"

    def __str__(self) -> str:
        return terminal.drawing(self.model, self.choice)

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, str]:
        """SVG and PNG for notebooks where an engine is there, text everywhere; never an exception.

        A notebook that is not trusted shows no SVG, and then the PNG.
        """
        kinds = ("image/png", "image/svg+xml", "text/plain")
        wanted = set(kinds) & set(include or kinds) - set(exclude or ())
        found = {"text/plain": str(self)}
        try:
            if "image/svg+xml" in wanted:
                svg = draw(self.source, "svg", timeout=20.0).decode("utf-8")
                found["image/svg+xml"] = _fitted(svg)
            if "image/png" in wanted:
                png = draw(self.source, "png", timeout=20.0)
                found["image/png"] = b64encode(png).decode("ascii")
        except (TinygradCnnError, OSError, UnicodeError) as error:
            return {"text/plain": f"{self}\n\n{error}"}
        return {kind: found[kind] for kind in sorted(wanted)}


def graph(
    thing: Any, *, inputs: Any = None, recorder: Recorder | None = None,
    title: str | None = None, direction: str | None = None,
    values: bool = False, gradients: bool | str | None = None, statistics: bool = False,
    memory: bool = False, flops: bool = False, times: bool = False, legend: bool = False,
    depth: int | None = None, max_nodes: int | None = MAX_NODES, fold: bool | None = None,
    names: Mapping[str, Module] | None = None,
) -> Picture:  # fmt: skip
    """The computation graph that ends in `thing`, as a picture for notebooks, files and reading.

    One box per operation, with its options beside its name and its parameters inside; shapes stand
    on the edges, and an edge without one carries a single number. After `backward()` boxes show
    the L2 norm of the gradients of their parameters, and with a recorder, where there are none, of
    their result. Dead rectifiers, vanished and exploded gradients and the first NaN are marked; the
    first two only where the inputs vary, since zeros or ones for an example say nothing of them.

    Args:
        thing: a Tensor, a Node, a list of them, or a Module.
        inputs: for a Module: an array or a Tensor, or a tuple of them. The module is run once, in
            the mode that it is in; buffers, gradients and random generators stay as they were.
        recorder: from `viz.record()`, for what the graph itself does not hold: values, gradients of
            results, times, and which part is the derivative of which.
        title: the line above the picture; None says what it is and how big, '' leaves it out.
        direction: 'down' or 'right', where the results lie; None: down, right with arrows.
        values: elements of tensors with at most 6, and of their gradients.
        gradients: True shows norms and says where none was computed, False shows none, 'arrows'
            draws them on arrows back. None shows what is there, on arrows if the graph is scalar
            and small and its backward was recorded.
        statistics: min, mean, max, norm, share of zeros, NaN and infinities of tensors.
        memory: bytes kept for backward.   flops: multiply-adds; see `Op.multiply_adds`.
        times: milliseconds forward and backward.   legend: explain the colours.
        depth: how many levels of modules are opened; 0 gives a box to each outermost module.
        max_nodes: the most boxes; detail is left out until they fit. None sets no limit.
        names: what to call modules that no other module holds: `{'G': generator, 'D': critic}`.
        fold: draw equal blocks that follow each other once, with '×3', and an activation in the
            box of its layer. None does so where there are more than `max_nodes`.
    Returns:
        A `Picture`: `.source` is DOT text, `.render(path)` writes a file, `print` draws it as text.
    Raises:
        DTypeError: `thing` is something else.
        ArgumentError: an empty list, an option out of its range, a Module without inputs, or
            values, statistics, times or arrows of a graph that was not recorded.

    >>> from tinygrad_cnn import Tensor
    >>> x = Tensor(2.0, requires_grad=True, name="x")
    >>> graph((x + 1) * 2)
    <Picture result · 2 operations>
    """
    choice = Choice(title, direction, values, gradients, statistics, memory, flops, times, legend)
    check_counts("viz.graph", depth, max_nodes)
    head = type(thing).__name__ if isinstance(thing, Module) else ""
    if isinstance(thing, Module):
        thing, recorder = run(thing, inputs)
    elif inputs is not None:
        raise ArgumentError(f"viz.graph: inputs= is for a Module; got {type(thing).__name__}")
    roots = roots_of(thing)
    model = build(roots, recorder, spelled_out=choice.arrows, names=names)
    if gradients is None and recorder is not None and is_textbook(model, roots, recorder):
        choice = replace(choice, gradients="arrows")
        model = build(roots, recorder, spelled_out=True, names=names)
    if head:
        model = replace(model, head=head)
    box_labels.need(model, choice, recorder is not None)
    fuller = partial(_fuller, model, fold)
    model = simplified(model, depth=depth, fold=fold, max_nodes=max_nodes)
    return Picture(
        source(model, choice), title or box_labels.describe(model, choice), model, choice, fuller
    )


def _fuller(model: Model, fold: bool | None) -> list[Model]:
    """The whole graph, if that is not to be folded, and the folded one, if it may be."""
    return [folded(model)] if fold else [model] if fold is False else [model, folded(model)]


def _fitted(svg: str) -> str:
    """An SVG of its natural size, and no wider than the notebook."""
    size = re.search(r'<svg width="([\d.]+pt)" height="[\d.]+pt"', svg)
    if size is None:
        return svg
    look = f'{size[0]} style="max-width: 100%; height: auto"'
    return svg[: size.start()] + look + svg[size.end() :]


def is_textbook(model: Model, roots: list[Root], recorder: Recorder) -> bool:
    """Whether the graph is small, of single numbers, and was walked from its end.

    >>> from tinygrad_cnn import Tensor
    >>> roots = roots_of(Tensor(1.0, requires_grad=True) * 2)
    >>> is_textbook(build(roots), roots, Recorder())
    False
    """
    return (
        1 < len(model.boxes) <= _TEXTBOOK
        and all(prod(box.shape) == 1 and not box.order for box in model.boxes)
        and all(recorder.trace(root.node).gradient is not None for root in roots)
    )


def check_counts(function: str, depth: Any, max_nodes: Any) -> None:
    """Refuse a depth below 0 and fewer than 2 boxes.

    Args:
        function: named in the error.   depth, max_nodes: as for `viz.graph`.
    Raises:
        ArgumentError: one is neither None nor an integer that is large enough.

    >>> check_counts("viz.graph", 0, None)
    """
    for name, value, least in (("depth", depth, 0), ("max_nodes", max_nodes, 2)):
        if value is None:
            continue
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
            raise ArgumentError(
                f"{function}: {name} is {value!r}; an integer of at least {least}, or None, fits"
            )


def render(thing: Any, path: str | Path, *, dpi: int = DPI, timeout: float = 60.0, **options: Any) -> Path:
    """Draw the computation graph that ends in `thing` into a file, whole or not at all.

    `dot` draws where it is on PATH, pygraphviz otherwise. Where neither is there, the DOT text is
    saved beside `path` with the suffix .dot.

    Args:
        thing: a Tensor, a Node, a list of them, or a Module with `inputs=`.
        path: ends in .png, .svg, .pdf, .html (a page with search and details), .txt (a text drawing),
            .dot or .gv; its folder exists.
        dpi: pixels per inch of a PNG, 1 to 1200.
        timeout: seconds for layout and drawing, more than 0.
        options: those of `viz.graph`.
    Returns:
        The file's path.
    Raises:
        ArgumentError: another suffix, or an option out of its range.
        FileNotFoundError, PermissionError: the folder does not exist or cannot be written to.
        MissingExtraError: no engine.   DrawingError: the engine failed or took too long.
        DTypeError: as for `viz.graph`.

    >>> import tempfile
    >>> from tinygrad_cnn import Tensor
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     render(Tensor(2.0, requires_grad=True) * 3, f"{folder}/six.dot").read_text()[:9]
    'digraph {'
    """
    target_of(path, dpi, timeout)
    return graph(thing, **options).render(path, dpi=dpi, timeout=timeout)
