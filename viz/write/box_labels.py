"""The content of a box, as Graphviz's HTML-like labels: head, parameters, figures, marks."""

from __future__ import annotations

from tinygrad_cnn.errors import ArgumentError
from viz.model.boxes import Box, Mark, Model, Result
from viz.model.places import Group
from viz.options import Choice
from viz.recording.summary import Summary
from viz.write import markup, numbers, plain_labels, style
from viz.write.markup import font, literal

_GAP = "&#160;&#160; "
#: Characters of a line with several ops at most.
_WIDE = 60


def need(model: Model, choice: Choice, recorded: bool) -> None:
    """Check that what was asked for is known.

    Raises:
        ArgumentError: values, statistics, times or reverse arrows without a recorder.
    """
    asked = [word for word in ("values", "statistics", "times") if getattr(choice, word)]
    asked += ["gradients='arrows'"] if choice.arrows else []
    if asked and not recorded and model.operations:
        raise ArgumentError(
            f"viz.graph: {' and '.join(asked)} must be recorded while the graph is made: "
            "with viz.record() as recorder: ... and then recorder=recorder"
        )


# --------------------------------------------------------------------------- boxes
def op_label(model: Model, box: Box, frame: Group, times: int, choice: Choice) -> str:
    """Label of a box for one or several ops.

    Args:
        frame: the place that the frame around it is of.
        times: how many equal ones it stands for in its frame.
    """
    lines = [
        _head(
            plain_labels.name_text(box, frame),
            "" if "options" in choice.hide else plain_labels.options_text(box),
        )
    ]
    if box.lines:
        wide = sum(len(line.name) + len(line.options) + 4 for line in (box, *box.lines)) > _WIDE
        after = "&#160; ".join(f"→ {_head(line.name, line.options)}" for line in box.lines)
        lines = [*lines, after] if wide else [f"{lines[0]}&#160; {after}"]
    lines[-1] += font(f"{_GAP}×{times:,}", bold=True) if times > 1 else ""
    head, *rows = lines
    rows += _small_rows(box, frame, choice) + _tensor_rows(box, choice) + _said_rows(box, choice)
    return _with_chip(model, box, head, rows, choice)


def leaf_label(model: Model, box: Box, is_root: bool, choice: Choice) -> str:
    """Label of an input, a parameter or a constant."""
    number = box.value.values[0] if box.value is not None and box.shape == () and box.value.values else None
    shown = number is not None and (is_root or choice.values or (box.kind == "constant" and not box.name))
    written = _number(number) if number is not None and shown else ""
    name = " = ".join(filter(None, (box.name, written)))
    shape = numbers.shape_text(box.shape) if is_root or box.parameters else ""
    dtype = "" if "dtypes" in choice.hide else box.dtype
    quiet = " ".join(filter(None, (plain_labels.role_text(box), shape, dtype)))
    quiet += "  requires grad" if box.wants and box.kind == "input" else ""
    quiet += f"  ×{box.repeats:,}" if box.repeats > 1 else ""
    words = [font(literal(name), bold=True), font(literal(quiet), color=style.SOFT)]
    rows = [] if number is not None else _values("value", box.value, choice)
    rows += _gradient(box, choice) + _said_rows(box, choice)
    return _with_chip(model, box, "&#160; ".join(filter(None, words)), rows, choice)


def result_label(result: Result, choice: Choice) -> str:
    """Label of the end of a graph."""
    words = [literal(result.name)]
    if result.number is not None:
        words = [f"{words[0]} = {_number(result.number)}"]
    elif result.shape:
        words.append(font(numbers.shape_text(result.shape), color=style.SOFT))
    return markup.box("&#160; ".join(words), _values("value", result.value, choice) if result.shape else [])


def _number(number: float) -> str:
    return f"{number:.5g}".replace("-", "−")


def _head(name: str, options: str) -> str:
    head = font(markup.path(name) or "Op", bold=True)
    return head + ("&#160; " + font(literal(options, 90), color=style.SOFT) if options else "")


def _in_chip(box: Box, choice: Choice) -> float | None:
    """The gradient itself, where it is a single number and values are shown: its norm lacks the sign."""
    gradient = box.gradient
    if gradient is None or gradient.shape != () or not gradient.values or not choice.values:
        return None
    # A chip beside parameters is about their gradients, not about that of the result.
    hidden = choice.gradients is False or choice.arrows or (box.parameters and not box.is_leaf)
    return None if hidden or box.norm is None else gradient.values[0]


def _with_chip(model: Model, box: Box, head: str, rows: list[str], choice: Choice) -> str:
    norm, text = box.norm, ""
    if choice.gradients is False or choice.arrows:
        norm = None
    elif norm is None and choice.gradients and any(p.trainable for p in box.parameters):
        text = "|∂w| not computed"
    blank = box.id in model.unseen
    single = _in_chip(box, choice)
    said = f"∂ {numbers.number_text(single)}" if single is not None else ""
    uses = sum(edge.tail == box.id for edge in model.edges) if box.is_leaf else 0
    sign = f"|∂{box.gradient_of}|" if uses < 2 else f"total |∂{box.gradient_of}|"
    said = said or f"{sign} {numbers.size_text(norm or 0.0)}"
    largest = model.largest.get(box.gradient_of, 0.0)
    return markup.box(head, rows, norm=norm, largest=largest, absent=text, blank=blank, said=said)


def _small_rows(box: Box, frame: Group, choice: Choice) -> list[str]:
    """Module, parameters and figures, in one row if that is not too wide."""
    small, length = [], 0
    numbered = bool(box.group) and box.group[-1].name.isdigit()  # "3" alone says little beside a ReLU
    shown = "paths" not in choice.hide and (bool(box.parameters) or not numbered)
    if box.group != frame and box.kind != "module" and shown:
        group = box.path
        small.append(font(markup.path(group), size=style.SMALL_SIZE, color=style.QUIET))
        length += len(group)
    if box.parameters and "parameters" not in choice.hide:
        text = plain_labels.parameters_text(box.parameters, box.repeats, box.kind == "module")
        ink = style.SOFT if box.is_frozen else style.PARAMETER_INK
        small.append(font(literal(text, 200), size=style.SMALL_SIZE, color=ink))
        length += len(text)
    if text := plain_labels.inputs_text(box):
        small.append(markup.font(text, size=style.SMALL_SIZE, color=style.SOFT))
        length += len(text)
    figures = plain_labels.figures_text(box, choice)
    rows = [_GAP.join(small)] if small else []
    if figures:
        text = font(figures, size=style.SMALL_SIZE, color=style.SOFT)
        rows = [_GAP.join([*small, text])] if length + len(figures) <= _WIDE else [*rows, text]
    return rows


# --------------------------------------------------------------------------- figures and values
def _tensor_rows(box: Box, choice: Choice) -> list[str]:
    """Values or statistics of the result and of the parameters."""
    rows = _values("value", box.value, choice) + _gradient(box, choice)
    if box.repeats == 1 and box.kind == "op":
        for p in box.parameters:
            rows += _values(p.name, p.value, choice)
            rows += _values(f"{p.name}’s gradient", p.gradient, choice)
    return rows


def _gradient(box: Box, choice: Choice) -> list[str]:
    """The gradient's row, if the chip does not say it."""
    return [] if _in_chip(box, choice) is not None else _values("gradient", box.gradient, choice)


def _values(what: str, summary: Summary | None, choice: Choice) -> list[str]:
    """One small row with the elements of a small tensor, or with the statistics of a larger one."""
    if summary is None or (choice.gradients is False and what.endswith("gradient")):
        return []
    if choice.values and summary.values is not None:
        text = plain_labels.elements_text(summary)
    elif choice.statistics:
        text = plain_labels.statistics_text(summary)
    else:
        return []
    return [font(f"{literal(what)} {text}", size=style.SMALL_SIZE, color=style.SOFT)]


def _said_rows(box: Box, choice: Choice) -> list[str]:
    """Make the rows of what the caller says of a box, and of what to look at."""
    notes = () if "notes" in choice.hide else box.notes
    marks = () if "marks" in choice.hide else box.marks
    said = [font(literal(note, 90), size=style.SMALL_SIZE, color=style.NOTE) for note in notes]
    return [*said, *map(mark_row, marks)]


def mark_row(mark: Mark) -> str:
    """Something to look at, as a row in its colour.

    >>> "▲ first NaN" in mark_row(Mark("first NaN", True))
    True
    """
    words = f"▲ {literal(mark.text, 120)}"
    return font(words, size=style.SMALL_SIZE, color=style.MARKS[mark.alarm], bold=True)
