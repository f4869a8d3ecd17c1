"""`viz.graph` and `viz.render`: from a Tensor or a Module to a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from math import prod
from pathlib import Path
from typing import Any, overload

import numpy as np

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.graph import Node
from tinygrad_cnn.nn import Module
from tinygrad_cnn.switches import flags
from viz.model.boxes import Model
from viz.model.building import build
from viz.model.node_graph import Root, roots_of
from viz.options import Choice, hidden_parts
from viz.output.engines import DPI, FORMATS, check_drawing, target_of
from viz.page_fitting import on_page, usual
from viz.page_sizes import page_size
from viz.picture import Picture, W, form_of, suffixes
from viz.recording.module_run import run
from viz.recording.recorder import Recorder
from viz.reduce.folding import folded
from viz.reduce.simplifying import simplified
from viz.write import box_labels, plain_labels
from viz.write.dot import source

#: The most boxes of a picture, if nothing else is said: what fits a page.
MAX_NODES = 40
#: Scalar graphs of at most this many boxes are drawn with reverse arrows of themselves.
_TEXTBOOK = 16


def graph(
    thing: Any, *, inputs: Any = None, recorder: Recorder | None = None,
    title: str | None = None, direction: str | None = None,
    values: bool = False, gradients: bool | str | None = None, statistics: bool = False,
    memory: bool = False, flops: bool = False, times: bool = False, legend: bool = False,
    depth: int | None = None, max_nodes: int | None = MAX_NODES, fold: bool | None = None,
    names: Mapping[str, Module] | None = None, between: tuple[Any, Any] | None = None,
    note: Callable[[Node], Any] | None = None, color: Callable[[Node], Any] | None = None,
    hide: str | Iterable[str] = (), page: str | tuple[float, float] | None = None,
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
        memory: which arrays are kept for backward, and their bytes.
        flops: multiply-adds; see `Op.multiply_adds`.
        times: milliseconds forward and backward.   legend: explain the colours.
        depth: how many levels of modules are opened; 0 gives a box to each outermost module.
        max_nodes: the most boxes; detail is left out until they fit. None sets no limit.
        names: what to call modules that no other module holds: `{'G': generator, 'D': critic}`; that of
            `thing` stands in the title.
        fold: draw equal blocks that follow each other once, with '×3', and an activation in the
            box of its layer. None does so where there are more than `max_nodes`.
        between: two places, and only what lies between them is drawn: each a Tensor, a Node, a Module,
            a name, the path of a module such as 'features.3', or None for an end of the graph.
        note: told each node that is drawn, gives a line of text or a number for its box, or None.
        color: told each node, gives the fill of its box as '#rrggbb', or a number, from pale for the
            least to dark for the greatest, or None.
        hide: what to leave out: 'shapes', 'options', 'parameters', 'paths', 'dtypes', 'constants',
            'marks', 'notes', 'frames'.
        page: 'a4', 'letter', '16:9', 'a4 landscape', ... or (width, height) in inches: the graph is
            turned, or laid in columns, and drawn in fewer boxes, until it fits with text that is read.
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
    flags(
        "viz.graph", values=values, statistics=statistics, memory=memory, flops=flops, times=times,
        legend=legend, fold=bool(fold) if fold is None else fold,
    )  # fmt: skip
    choice = Choice(
        title, direction, values, gradients, statistics, memory, flops, times, legend, hidden_parts(hide)
    )  # fmt: skip
    check_counts("viz.graph", depth, max_nodes)
    size = page_size(page)
    ran = thing if isinstance(thing, Module) else None  # kept: nodes know it by a weak reference
    if ran is not None:
        thing, recorder = run(thing, inputs)
    elif inputs is not None:
        raise ArgumentError(f"viz.graph: inputs= is for a Module; got {type(thing).__name__}")
    roots = roots_of(thing, recorder)
    own = (name for name, module in (names or {}).items() if module is ran)
    names = {name: module for name, module in (names or {}).items() if module is not ran}
    made = partial(build, roots, recorder, names=names, between=between, note=note, color=color)
    model = made(spelled_out=choice.arrows)
    if gradients is None and recorder is not None and is_textbook(model, roots, recorder):
        choice = replace(choice, gradients="arrows")
        model = made(spelled_out=True)
    if ran is not None:
        model = replace(model, head=next(own, type(ran).__name__))
    box_labels.need(model, choice, recorder is not None)
    fuller = partial(_fuller, model, fold)
    fewer = partial(simplified, model, depth=depth, fold=fold)
    if size is None:
        model = fewer(max_nodes=max_nodes)
        text = source(model, choice, arrangement=usual(model, choice))
    else:
        model, text = on_page(fewer, max_nodes, choice, size)
    return Picture(text, title or plain_labels.describe(model, choice), model, choice, fuller)


def _fuller(model: Model, fold: bool | None) -> list[Model]:
    """The whole graph, if that is not to be folded, and the folded one, if it may be."""
    return [folded(model)] if fold else [model] if fold is False else [model, folded(model)]


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


@overload
def render(
    thing: Any, path: str | Path, *, form: str | None = None, dpi: int = DPI, timeout: float = 60.0,
    **options: Any,
) -> Path: ...  # fmt: skip
@overload
def render(
    thing: Any, path: W, *, form: str | None = None, dpi: int = DPI, timeout: float = 60.0, **options: Any
) -> W: ...  # fmt: skip
def render(
    thing: Any, path: Any, *, form: str | None = None, dpi: int = DPI, timeout: float = 60.0, **options: Any
) -> Any:  # fmt: skip
    """Draw the computation graph that ends in `thing` into a file, whole or not at all.

    `dot` draws where it is on PATH, pygraphviz otherwise. Where neither is there, the DOT text is
    saved beside `path` with the suffix .dot.

    Args:
        thing: a Tensor, a Node, a list of them, or a Module with `inputs=`.
        path: ends in .png, .svg, .pdf, .eps, .jpg, .webp, .html (a page with search and details), .dot
            or .gv, .mmd (Mermaid), .json or .txt (a text drawing); its folder exists. Or an object with
            `write(bytes)`, such as an open file.
        form: the format, for a path of another suffix and for objects.
        dpi: pixels per inch of a PNG, 1 to 1200.
        timeout: seconds for layout and drawing, more than 0.
        options: those of `viz.graph`.
    Returns:
        The file's path, which shows the picture in a notebook; or the object.
    Raises:
        ArgumentError: another suffix, no format for an object, or an option out of its range.
        FileNotFoundError, PermissionError: the folder does not exist or cannot be written to.
        MissingExtraError: no engine.   DrawingError: the engine failed or took too long.
        DTypeError: as for `viz.graph`.

    >>> import tempfile
    >>> from tinygrad_cnn import Tensor
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     render(Tensor(2.0, requires_grad=True) * 3, f"{folder}/six.dot").read_text()[:9]
    'digraph {'
    """
    if hasattr(path, "write"):
        form_of("viz.render", form)
        check_drawing("viz.render", dpi, timeout)
    else:
        target_of(path, dpi, timeout, FORMATS if form is None else ("", *suffixes(path)))
    return graph(thing, **options).render(path, form=form, dpi=dpi, timeout=timeout)
