"""`viz.animate`: a walk back through a graph, one frame for each operation."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_cnn import Tensor, devices, ops
from tinygrad_cnn.backward import gradients as walk
from tinygrad_cnn.data.worker_threads import in_order
from tinygrad_cnn.devices import Device
from tinygrad_cnn.errors import ArgumentError, GraphError
from tinygrad_cnn.graph import observe
from tinygrad_cnn.nn import Module
from viz.animation import stepper_page
from viz.graphs import is_textbook
from viz.model.boxes import Box, Edge, Model
from viz.model.building import build
from viz.model.node_graph import Root, roots_of
from viz.options import Choice
from viz.output.engines import draw, pillow, target_of, write
from viz.output.shown_file import ShownFile
from viz.recording.module_run import run
from viz.recording.recorder import Recorder
from viz.recording.summary import Summary
from viz.write import markup, numbers, plain_labels, style
from viz.write.dot import source

#: What an animation may be; the first three are made by Pillow.
FORMATS = ("gif", "apng", "png", "html")
#: Pixels per inch of a frame, and the most frames.
DPI, MOST = 96, 100
#: Width of a letter of the caption in points, as the widest usual one has it.
_LETTER = 6.0
#: Seconds that the last frame adds.
_REST = 2.0


@dataclass(frozen=True)
class Animation:
    """The frames of an animation: DOT text of equal layout, and what each shows in words.

    Attributes:
        title: of the whole.   sources: DOT text of each frame.   captions: one line for each.
    """

    title: str
    sources: tuple[str, ...]
    captions: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.sources)

    def draw(self, form: str, *, dpi: int = DPI, timeout: float = 60.0) -> list[bytes]:
        """Each frame as the bytes of a picture; see `viz.output.engines.draw`.

        >>> import viz
        >>> x = Tensor(3.0, requires_grad=True)
        >>> len(frames(x * x).draw("svg")) if viz.engine() else 2
        2
        """

        def drawn(text: str) -> bytes:
            return draw(text, form, dpi=dpi, timeout=timeout)

        # Not a pool of `concurrent.futures`, whose locks are Python code: see `in_order`.
        with closing(in_order(drawn, self.sources, min(4, os.cpu_count() or 1))) as results:
            return [result() for result in results]


def animate(
    thing: Any, path: str | Path, recorder: Recorder | None = None, *, inputs: Any = None,
    title: str | None = None, direction: str | None = None, gradients: str | None = None,
    seconds: float = 1.0, dpi: int = DPI, timeout: float = 60.0,
) -> Path:  # fmt: skip
    """The walk back through a graph as an animation: the graph, then one frame for each operation.

    The operation whose derivative runs is marked, and the gradients that are known by then are
    there: on arrows back in a small graph of single numbers, as coloured norms otherwise. Nothing
    moves between frames.

    Args:
        thing, inputs, title, direction: as for `viz.graph`; 40 operations are a good many.
        path: ends in .gif, .apng, .png (an animated one) or .html: one file for any browser, with
            buttons and keys to step through, offline.
        recorder: from `viz.record()`, of the graph and of its backward. None makes a walk here, from
            gradients of 1: hooks run, but nothing is changed, and `.grad` stays as it is.
        gradients: 'arrows' draws them on arrows back; None does so in a small graph of single numbers.
        seconds: how long a frame is shown, 0.05 to 60; the last one stays longer.
        dpi: pixels per inch, 1 to 1200.   timeout: seconds for each frame, more than 0.
    Returns:
        The file's path, which plays in a notebook; it is written whole or not at all.
    Raises:
        ArgumentError: another suffix, an option out of its range, or a recorder that saw no backward
            of this graph, or more than 100 operations.
        GraphError: without a recorder: the graph was freed, or needs no gradient.
        MissingExtraError: no Pillow, or no engine.   DrawingError, FileNotFoundError,
        PermissionError, DTypeError: as for `viz.render`.

    >>> import tempfile, viz
    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     name = animate(x * x, f"{folder}/square.html").name if viz.engine() else "square.html"
    >>> name
    'square.html'
    """
    target, form = target_of(path, dpi, timeout, FORMATS, "viz.animate")
    if not 0.05 <= seconds <= 60:
        raise ArgumentError(f"viz.animate: seconds is {seconds}; 0.05 to 60 fits")
    if form != "html":
        pillow("viz.animate")
    made = frames(thing, recorder, inputs=inputs, title=title, direction=direction, gradients=gradients)
    if form == "html":
        pictures = [svg.decode("utf-8") for svg in made.draw("svg", timeout=timeout)]
        content = stepper_page.page(made.title, pictures, made.captions, seconds).encode("utf-8")
    else:
        content = _moving(made.draw("png", dpi=dpi, timeout=timeout), form, seconds)
    return ShownFile(write(target, content))


def frames(
    thing: Any, recorder: Recorder | None = None, *, inputs: Any = None, title: str | None = None,
    direction: str | None = None, gradients: str | None = None,
) -> Animation:  # fmt: skip
    """The frames of `viz.animate`, which explains the arguments, as DOT text.

    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> print(*frames(x * x + 1).captions, sep="\\n")
    forward: no gradient yet
    step 1 of 2 · Add gets 1, passes back 1
    step 2 of 2 · Mul gets 1, passes back 3, 3
    """
    if gradients not in (None, "arrows"):
        raise ArgumentError(f"viz.animate: gradients is {gradients!r}; None or 'arrows' fits")
    if isinstance(thing, Module):
        if recorder is not None:
            raise ArgumentError("viz.animate: a Module is run and recorded here; recorder= is for a Tensor")
        thing, recorder = run(thing, inputs)
        roots = roots_of(thing)
        _walk(roots, recorder)
    elif inputs is not None:
        raise ArgumentError(f"viz.animate: inputs= is for a Module; got {type(thing).__name__}")
    else:
        roots = roots_of(thing, recorder)
        if recorder is None:
            recorder = Recorder()
            _walk(roots, recorder)
    model = build(roots, recorder)
    if gradients is None and is_textbook(model, roots, recorder):
        gradients = "arrows"
    choice = Choice(title, direction, gradients=gradients)
    return _frames(build(roots, recorder, spelled_out=choice.arrows), choice)


def _walk(roots: list[Root], recorder: Recorder) -> None:
    """Let a recorder see a walk that changes nothing."""
    nodes = [root.node for root in roots if root.node.requires_grad]
    seeds = {node: devices.moved(np.ones(node.shape, node.dtype), _place(node)) for node in nodes}
    if not seeds:
        raise GraphError(
            "viz.animate: there is no way back: nothing that this was computed from has "
            "requires_grad=True, or it was computed under no_grad()"
        )
    try:
        with observe(recorder):
            walk(seeds, wrap=Tensor.at, retain_graph=True)
    finally:
        recorder.finish()


def _place(node: Any) -> Device:
    """Where the result of a node lies: where what was kept nearest to it does."""
    near, seen = [node] if devices.ON_DEVICES else [], {node}
    for each in near:  # which grows by each node once, on however many paths it lies
        if isinstance(each.op, ops.Move):
            return each.op.device
        for value in each.kept or ():
            if type(value) in devices.ON_DEVICES:
                return devices.device_of(value)
        fresh = [parent for parent in dict.fromkeys(each.parents) if parent not in seen]
        seen.update(fresh)
        near += fresh
    return devices.HOST


# --------------------------------------------------------------------------- frames
def _frames(model: Model, choice: Choice) -> Animation:
    """The frames: each shows what is known after one more step."""
    steps = [box for box in reversed(model.boxes) if box.kind == "op" and box.gradient is not None]
    if not steps:
        raise ArgumentError(
            "viz.animate: the recorder saw no walk back through this graph: call backward() inside "
            "its with block, or leave recorder= out"
        )
    if len(steps) > MOST:
        raise ArgumentError(
            f"viz.animate: the walk has {len(steps):,} steps; at most {MOST} fit: animate a smaller "
            "model, or a part of this one"
        )
    operands: dict[int, list[Edge]] = {}
    for edge in model.edges:
        operands.setdefault(edge.head, []).append(edge)
    captions = ["forward: no gradient yet"]
    captions += [
        f"step {k} of {len(steps)} · {_caption(box, operands.get(box.id, []))}"
        for k, box in enumerate(steps, 1)
    ]
    head = choice.title or plain_labels.describe(model, choice)
    wide = max(map(len, captions))
    sources = []
    for k, caption in enumerate(captions):
        looks = _looks(model, [box.id for box in steps[:k]])
        looks[""] = {"label": _head(head if choice.title != "" else "", caption, wide)}
        sources.append(source(replace(model, unseen=_unseen(model, steps[:k])), choice, looks))
    return Animation(head, tuple(sources), tuple(captions))


def _caption(box: Box, operands: list[Edge]) -> str:
    """Say what a step does: what it gets and what it passes back."""
    assert box.gradient is not None
    name = f"{box.name} ({box.path})" if box.path else box.name
    given = [_size(edge.gradient) for edge in operands if edge.gradient is not None]
    parts = [f"passes back {', '.join(given)}"] if given else []
    parts += [f"{p.name} {_size(p.gradient)}" for p in box.parameters if p.gradient is not None]
    return ", ".join([f"{name} gets {_size(box.gradient)}", *parts])


def _size(summary: Summary) -> str:
    """A single number as it is, the norm of more."""
    if summary.shape == () and summary.values:
        return numbers.number_text(summary.values[0])
    return f"|g| {numbers.size_text(summary.norm)}"


def _unseen(model: Model, done: Sequence[Box]) -> frozenset[int]:
    """Boxes whose gradient is not complete yet: a leaf's is when all that take it had their step."""
    stepped = {box.id for box in done}
    waiting = {edge.tail for edge in model.edges if edge.gradient is not None and edge.head not in stepped}
    ids = (box.id for box in model.boxes if (box.id in waiting if box.is_leaf else box.id not in stepped))
    return frozenset(ids)


def _looks(model: Model, done: Sequence[int]) -> dict[str, dict[str, str]]:
    """Arrows back that are not there yet, and the operation whose step it is."""
    stepped, looks = set(done), {}
    now = done[-1] if done else None
    for k, edge in enumerate(model.edges):
        if edge.head not in stepped:
            looks[f"back e{k}"] = {"style": "invis"}
        elif edge.head == now and edge.gradient is not None:
            looks[f"back e{k}"] = {"penwidth": "3"}
            looks[f"e{k}"] = {"color": style.REVERSE, "penwidth": "2", "dir": "back"}
    if now is None:
        looks |= {f"back out{k}": {"style": "invis"} for k in range(len(model.results))}
    else:
        # No thicker border: arrows end at its outside, and would move.
        looks[f"n{now}"] = {"color": style.REVERSE, "fillcolor": style.NOW}
    return looks


def _head(title: str, caption: str, wide: int) -> str:
    """Title and caption; the caption's place is as wide as the longest one needs."""
    size = f'FIXEDSIZE="TRUE" WIDTH="{round(_LETTER * wide)}" HEIGHT="14"'
    text = markup.font(markup.literal(caption, 300), size=10, color=style.REVERSE)
    cell = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0"><TR><TD {size}>{text}</TD></TR></TABLE>'
    rows = [cell, markup.font("&#160;", size=2)]
    return markup.box(markup.literal(title, 300) or "&#160;", rows, align="CENTER")


# --------------------------------------------------------------------------- files
def _moving(pictures: Sequence[bytes], form: str, seconds: float) -> bytes:
    """Pictures one after the other as one file that starts again at its end."""
    image = pillow("viz.animate")
    opened = [image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures]
    if form == "gif":  # 256 colours, chosen for each frame, without the grain of dithering
        opened = [one.quantize(256, dither=image.Dither.NONE) for one in opened]
    times = [round(1000 * seconds)] * len(opened)
    times[-1] += round(1000 * _REST)
    kind = {"format": "GIF", "optimize": False} if form == "gif" else {"format": "PNG"}
    buffer = io.BytesIO()
    opened[0].save(buffer, save_all=True, append_images=opened[1:], duration=times, loop=0, **kind)
    return buffer.getvalue()
