"""A graph as plain text for terminals: one line per box, oldest first, with the boxes that it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from unicodedata import combining, east_asian_width

from viz.model.boxes import Box, Edge, Model, Result
from viz.model.places import Group
from viz.options import Choice
from viz.recording.summary import Summary
from viz.write import numbers, plain_labels
from viz.write.arrows import ARROWS
from viz.write.frames import Frames

#: Columns of the widest name and shape that other lines are aligned with.
_NAME, _SHAPE = 44, 24
#: Operands that are listed at most.
_OPERANDS = 6


class _Row(NamedTuple):
    """One line: number, name, shape, operands, what else there is; `below` stands in lines of its own."""

    number: str
    name: str
    shape: str = ""
    operands: str = ""
    rest: str = ""
    below: tuple[str, ...] = ()


def drawing(model: Model, choice: Choice) -> str:
    """The model as text, equal for equal arguments.

    Each box has its number, its name with the options, the shape of its result, the numbers of the
    boxes whose results it takes (`<- 3, 7`), then its parameters and figures. Boxes of a module
    stand below the module's path, further to the right.

    Args:
        model: what is drawn.   choice: what is shown of it.

    >>> from tinygrad_cnn import Tensor
    >>> from viz.model.building import build
    >>> from viz.model.node_graph import roots_of
    >>> x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> print(drawing(build(roots_of((x * 2).tanh())), Choice()))
    2 result · 2 operations
    <BLANKLINE>
    0  x  input float32  requires grad  2
    1  Mul  × 2                         2  <- 0
    2  Tanh                             2  <- 1
       = result                         2  <- 2
    """
    title = plain_labels.describe(model, choice) if choice.title is None else choice.title
    head = [literal(title), ""] if title else []
    if choice.gradients and not model.walked:
        head.insert(1, "gradients: not computed; call backward() first")
    head[1:1] = [f"! {literal(mark.text)}" for mark in model.marks] if title else []
    return "\n".join([*head, *_lines(_rows(model, choice))])


def literal(text: str, limit: int = 120) -> str:
    """Any text in one line: what a terminal would obey, such as an escape, is spelt out.

    >>> literal("a" + chr(27) + "[31m"), literal("two" + chr(10) + "lines")
    ('a\\\\x1b[31m', 'two\\\\nlines')
    """
    spelt = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[: limit + 1]
    )
    return spelt if len(text) <= limit else spelt[: limit - 1] + "…"


def width(text: str) -> int:
    """Columns of a text in a terminal: a Chinese character takes two, an accent none.

    >>> width("abc"), width("重み")
    (3, 4)
    """
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


# --------------------------------------------------------------------------- rows
def _rows(model: Model, choice: Choice) -> list[_Row]:
    frames, rows = Frames(model.boxes), list[_Row]()
    last: Group = ()
    operands: dict[int, list[Edge]] = {}
    for edge in model.edges:
        operands.setdefault(edge.head, []).append(edge)
    for box in model.boxes:
        frame = frames.around(box.group)
        if box.is_leaf and not frame:  # made on the way: what follows belongs to the module before
            rows.append(_box(box, frames, (), 0, (), choice))
            continue
        open_frames, known = _around(frames, frame), _around(frames, last)
        for level, path in enumerate(open_frames):
            if open_frames[: level + 1] != known[: level + 1]:
                rows.append(_Row("", _indented(level, literal(plain_labels.frame_text(path)))))
        last = frame
        rows.append(_box(box, frames, frame, len(open_frames), operands.get(box.id, []), choice))
    rows += [_result(result, choice) for result in model.results]
    return rows


def _around(frames: Frames, frame: Group) -> list[Group]:
    """A frame and those around it, outermost first."""
    found = []
    while frame:
        found.append(frame)
        frame = frames.around(frame[:-1])
    return found[::-1]


def _indented(level: int, text: str) -> str:
    return "│ " * level + text


def _box(
    box: Box, frames: Frames, frame: Group, level: int, operands: Sequence[Edge], choice: Choice
) -> _Row:  # fmt: skip
    if box.is_leaf:
        words = f"{plain_labels.role_text(box)} {box.dtype}"
        words += "  requires grad" if box.wants and box.kind == "input" else ""
        name = "  ".join(filter(None, (literal(box.name), _number(box), words)))
        name += f"  ×{box.repeats:,}" if box.repeats > 1 else ""
        rest = []
    else:
        name = head(box, frame)
        times = frames.times(box)
        name += f"  ×{times:,}" if times > 1 else ""
        rest = [box.path] if box.group != frame and box.kind != "module" else []
        if box.parameters and "parameters" not in choice.hide:
            rest.append(plain_labels.parameters_text(box.parameters, box.repeats, box.kind == "module"))
        rest.append(plain_labels.inputs_text(box))
        rest += ["outside the graph"] if box.outside and not box.recorded else []
        rest.append(plain_labels.figures_text(box, choice))
    if box.norm is not None and choice.gradients is not False and not choice.arrows:
        rest.append(f"|∂{box.gradient_of}| {numbers.size_text(box.norm)}")
    rest += box.notes if "notes" not in choice.hide else ()
    rest += [f"! {mark.text}" for mark in box.marks] if "marks" not in choice.hide else []
    taken = [f"{tail} ×{times}" if times > 1 else str(tail) for tail, times in _taken(operands)]
    more = [f"{len(taken) - _OPERANDS} more"] if len(taken) > _OPERANDS else []
    return _Row(
        str(box.id), _indented(level, name), numbers.shape_text(box.shape),
        f"<- {', '.join([*taken[:_OPERANDS], *more])}" if taken else "",
        literal("   ".join(filter(None, rest)), 200),
        tuple(_indented(level, line) for line in _tensors(box.value, box.gradient, choice)),
    )  # fmt: skip


def _taken(operands: Sequence[Edge]) -> list[tuple[int, int]]:
    """The boxes that a box takes, with how often; those that it takes very often come first, and once."""
    counts = Counter(edge.tail for edge in operands)
    often = [(tail, count) for tail, count in counts.items() if count > ARROWS]
    return often + [(edge.tail, 1) for edge in operands if counts[edge.tail] <= ARROWS]


def _number(box: Box) -> str:
    """The number that a leaf without a name holds, if it is known."""
    values = box.value.values if box.value is not None and box.shape == () else None
    return numbers.number_text(values[0]) if values and not box.name else ""


def head(box: Box, frame: Group = ()) -> str:
    """Name and options of the ops in a box, in one line.

    >>> head(Box(0, "op", "Conv", (), "", "3×3", lines=(Box(1, "op", "ReLU", (), ""),)))
    'Conv  3×3 → ReLU'
    """
    name, options = plain_labels.name_text(box, frame), plain_labels.options_text(box)
    first = "  ".join(filter(None, (literal(name) or "Op", literal(options, 90))))
    return " → ".join([first, *(head(line) for line in box.lines)])


def _result(result: Result, choice: Choice) -> _Row:
    name = f"= {literal(result.name)}"
    name += f"  {numbers.number_text(result.number)}" if result.number is not None else ""
    below = tuple(_tensors(result.value, result.gradient, choice)) if result.shape or choice.arrows else ()
    return _Row("", name, numbers.shape_text(result.shape), f"<- {result.box}", below=below)


def _tensors(value: Summary | None, gradient: Summary | None, choice: Choice) -> list[str]:
    """Values or statistics of a result and of its gradient, as far as they are asked for."""
    found = []
    for word, summary in (("value", value), ("gradient", gradient)):
        if summary is None or (choice.gradients is False and word == "gradient"):
            continue
        if summary.values is not None and (choice.values or choice.arrows):
            found.append(f"{word} {plain_labels.elements_text(summary)}")
        elif choice.statistics:
            found.append(f"{word} {plain_labels.statistics_text(summary)}")
    if choice.arrows:
        return ["   ".join(found)] if found else []
    return found


# --------------------------------------------------------------------------- columns
def _lines(rows: Sequence[_Row]) -> list[str]:
    """The rows with their columns aligned; what is wider than its column pushes only its own line."""
    numbers = max((len(row.number) for row in rows), default=0)
    full = [row for row in rows if row.shape or row.operands]
    names = max((w for row in full if (w := width(row.name)) <= _NAME), default=0)
    shapes = max((w for row in full if (w := width(row.shape)) <= _SHAPE), default=0)
    operands = max((len(row.operands) for row in full if row.rest), default=0)
    lines = []
    for row in rows:
        parts = [
            row.number.rjust(numbers), _padded(row.name, names), _padded(row.shape, shapes),
            _padded(row.operands, operands), row.rest,
        ]  # fmt: skip
        lines.append("  ".join(parts).rstrip())
        indent = " " * (numbers + 2)
        lines += [f"{indent}{line}" for line in row.below]
    return lines


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))
