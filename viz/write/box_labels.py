"""What stands in a box, as Graphviz's HTML-like labels: head, parameters, figures, marks."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

import numpy as np

from tinygrad_cnn.errors import ArgumentError
from viz.model.boxes import Box, Mark, Model, Parameter, Result, sizes
from viz.model.places import Group, path_text
from viz.options import Choice
from viz.recording.summary import Summary
from viz.write import markup, numbers, style
from viz.write.markup import font, literal

_GAP = "&#160;&#160; "
#: Characters of a line with several ops at most.
_WIDE = 60
#: Entries in a row of the legend.
_COLUMNS = 4


def describe(model: Model, choice: Choice | None = None) -> str:
    """What a picture shows and how big it is, in one line.

    >>> from viz.model.building import build, roots_of
    >>> from tinygrad_cnn import Tensor
    >>> describe(build(roots_of(Tensor([1.0, 2.0], requires_grad=True, name="x") * 2)))
    '2 result · 1 operation'
    """
    operations, parameters = model.operations, model.parameters
    words = [model.head, *([_counted(operations, "operation")] if operations else [])]
    words[-1] += f" of {model.whole:,}" if model.whole else ""
    words[-1] += f" ({model.outside:,} outside the graph)" if model.outside else ""
    total = sizes(parameters)
    words += [_counted(total, "parameter")] if total and operations else []
    frozen = sizes(p for p in parameters if not p.trainable)
    text = " · ".join(words) + (f" ({frozen:,} frozen)" if frozen and operations else "")
    if choice is not None and choice.flops:
        text += f" · {numbers.count_text(model.multiply_adds)} multiply-adds"
    if choice is not None and choice.memory:
        kept = [box.kept for box in model.boxes if box.kept is not None]
        text += f" · {numbers.bytes_text(sum(kept))} kept for backward" if kept else ""
    if choice is not None and choice.times:
        for field, word in (("forward_ms", "forward"), ("backward_ms", "backward")):
            times = [t for box in model.boxes if (t := getattr(box, field)) is not None]
            text += f" · {sum(times):.3g} ms {word}" if times else ""
    return text + (f" · drawn in {len(model.boxes)} boxes" if len(model.boxes) < model.nodes else "")


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


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
    lines = [_head(name_text(box, frame), "" if "options" in choice.hide else options_text(box))]
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
    quiet = " ".join(filter(None, (role_text(box), shape, dtype)))
    quiet += "  requires grad" if box.wants and box.kind == "input" else ""
    quiet += f"  ×{box.repeats:,}" if box.repeats > 1 else ""
    words = [font(literal(name), bold=True), font(literal(quiet), color=style.SOFT)]
    rows = [] if number is not None else _values("value", box.value, choice)
    rows += _gradient(box, choice) + _said_rows(box, choice)
    return _with_chip(model, box, "&#160; ".join(filter(None, words)), rows, choice)


def role_text(box: Box) -> str:
    """What a leaf is.

    >>> role_text(Box(0, "parameter", "w", (), "", parameters=(Parameter(0, "w", (), trainable=False),)))
    'frozen parameter'
    """
    return f"frozen {box.kind}" if box.is_frozen else box.kind


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
    head = font(literal(name) or "Op", bold=True)
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
        small.append(font(literal(group), size=style.SMALL_SIZE, color=style.QUIET))
        length += len(group)
    if box.parameters and "parameters" not in choice.hide:
        text = parameters_text(box.parameters, box.repeats, box.kind == "module")
        ink = style.SOFT if box.is_frozen else style.PARAMETER_INK
        small.append(font(literal(text, 200), size=style.SMALL_SIZE, color=ink))
        length += len(text)
    if text := inputs_text(box):
        small.append(markup.font(text, size=style.SMALL_SIZE, color=style.SOFT))
        length += len(text)
    figures = figures_text(box, choice)
    rows = [_GAP.join(small)] if small else []
    if figures:
        text = font(figures, size=style.SMALL_SIZE, color=style.SOFT)
        rows = [_GAP.join([*small, text])] if length + len(figures) <= _WIDE else [*rows, text]
    return rows


def inputs_text(box: Box) -> str:
    """How many inputs stand inside a box instead of beside it.

    >>> inputs_text(Box(0, "module", "", (), "", inputs=45))
    '45 inputs inside'
    """
    return f"{box.inputs:,} input{'' if box.inputs == 1 else 's'} inside" if box.inputs else ""


def parameters_text(parameters: tuple[Parameter, ...], repeats: int = 1, brief: bool = False) -> str:
    """Names and shapes of the parameters inside a box, and the number of their elements.

    Args:
        parameters: those of all repetitions, the first one's first.
        repeats: how many equal boxes they belong to.   brief: their number only.

    >>> w = Parameter(0, "weight", (8, 3), trainable=False)
    >>> parameters_text((w,)), parameters_text((w, w._replace(key=1, first=False)), repeats=2)
    ('weight 8×3 (frozen) · 24', 'weight 8×3 (frozen) · 2 × 24')
    """
    total = sizes(parameters)
    frozen = sizes(p for p in parameters if not p.trainable)
    if brief:
        return f"{total:,} parameters" + (f" ({frozen:,} frozen)" if frozen else "")
    listed, words = [p for p in parameters if p.first], []
    for p in listed[:6]:
        marks = [] if p.trainable else ["frozen"]
        marks += ["shared"] if p.shared else []
        marks += [f"{p.times} times"] if p.times > 1 else []
        word = " ".join(filter(None, (p.name, numbers.shape_text(p.shape))))
        words.append(f"{word} ({', '.join(marks)})" if marks else word)
    if len(listed) > 6:
        words.append(f"{len(listed) - 6} more")
    equal = sizes(listed) * repeats == total and repeats > 1
    return " · ".join([*words, f"{repeats} × {total // repeats:,}" if equal else f"{total:,}"])


# --------------------------------------------------------------------------- names
def name_text(box: Box, frame: Group = ()) -> str:
    """Name of a box; inside its frame the name of a module is short.

    >>> from viz.model.places import Place
    >>> body, first = Place(-2, "body"), Place(-3, "0")
    >>> name_text(Box(0, "module", "body.0", (), "", module=(body, first)), (body,))
    '0'
    """
    inside = box.module[: len(frame)] == frame
    return path_text(box.module[len(frame) :]) if box.module and inside else box.name


def options_text(box: Box) -> str:
    """Options of an op; of several as one the class of the module, and which ops there are.

    >>> options_text(Box(0, "module", "", (), "", contents=(("Conv", 2), ("ReLU", 1))))
    '2 Conv · ReLU'
    """
    if not box.contents:
        return box.options
    kind = box.module[-1].kind if box.module else ""
    words = " · ".join(f"{times:,} {name}" if times > 1 else name for name, times in box.contents)
    return f"{kind}: {words}" if kind and kind != box.name else words


def frame_text(group: Group) -> str:
    """The words on a frame: the path, the class, and how many equal ones it stands for.

    >>> from viz.model.places import Place
    >>> frame_text((Place(-2, "body"), Place(-3, "0 – 4", times=5)))
    'body.0 – 4  ×5'
    """
    times = group[-1].times
    return "  ".join(filter(None, (path_text(group), f"×{times:,}" if times > 1 else "")))


# --------------------------------------------------------------------------- figures and values
def figures_text(box: Box, choice: Choice) -> str:
    """Multiply-adds, bytes kept and times of a box, as far as they are asked for and known.

    >>> figures_text(Box(0, "op", "Conv", (), "", multiply_adds=90), Choice(flops=True, memory=True))
    '90 multiply-adds · kept arrays are freed'
    """
    words = []
    if choice.flops and box.multiply_adds:
        words.append(f"{numbers.count_text(box.multiply_adds)} multiply-adds")
    if choice.memory:
        words += ["kept arrays are freed"] if box.kept is None else []
        words += [f"{numbers.bytes_text(box.kept)} kept{saved_text(box)}"] if box.kept else []
    if choice.times:
        for time, word in ((box.forward_ms, "forward"), (box.backward_ms, "backward")):
            words += [f"{time:.3g} ms {word}"] if time is not None else []
    return " · ".join(words)


def saved_text(box: Box) -> str:
    """Which arrays are kept, with their bytes where there are several.

    >>> saved_text(Box(0, "op", "Mul", (), "", saved=(("x", 2048), ("result", 8))))
    ': x 2 KiB, result 8 B'
    """
    if len(box.saved) < 2 or box.kind == "module" or box.repeats > 1:
        return f": {box.saved[0][0]}" if len(box.saved) == 1 else ""
    listed = [f"{name} {numbers.bytes_text(size)}" for name, size in box.saved[:4]]
    return f": {', '.join(listed)}" + (f", {len(box.saved) - 4} more" if len(box.saved) > 4 else "")


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
        text = elements_text(summary)
    elif choice.statistics:
        text = statistics_text(summary)
    else:
        return []
    return [font(f"{literal(what)} {text}", size=style.SMALL_SIZE, color=style.SOFT)]


def elements_text(summary: Summary) -> str:
    """The elements of a small tensor, nested as its axes are.

    >>> from viz.recording.summary import summarise
    >>> elements_text(summarise(np.eye(2))), elements_text(summarise(220.0))
    ('[[1, 0], [0, 1]]', '220')
    """

    def nested(part: object) -> str:
        if isinstance(part, list):
            return f"[{', '.join(map(nested, part))}]"
        return numbers.number_text(float(part))  # type: ignore[arg-type]

    return nested(np.reshape(summary.values or (), summary.shape).tolist())


def statistics_text(summary: Summary) -> str:
    """The statistics of a tensor in one line.

    >>> from viz.recording.summary import summarise
    >>> statistics_text(summarise(np.array([1.0, 0.0, np.nan, -2.0])))
    'min −2 · mean −0.3333 · max 1 · norm nan · 25 % zeros · 1 NaN'
    """
    number = numbers.number_text
    words = ["no finite element"]
    if isfinite(summary.mean):
        words = [f"min {number(summary.least)}", f"mean {number(summary.mean)}",
                 f"max {number(summary.greatest)}", f"norm {number(summary.norm)}"]  # fmt: skip
    if summary.zeros:
        words.append(f"{100 * summary.zeros:.3g} % zeros")
    words += [f"{n:,} {word}" for n, word in ((summary.nans, "NaN"), (summary.infs, "infinite")) if n]
    return " · ".join(words)


def _said_rows(box: Box, choice: Choice) -> list[str]:
    """What the caller says of a box, and what to look at."""
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


# --------------------------------------------------------------------------- legend
def legend(model: Model, choice: Choice) -> str:
    """What the colours, words and lines of a picture mean, as a table; only those that occur."""
    entries = [(_swatch(style.KINDS[kind]), style.KIND_WORDS[kind]) for kind in _kinds(model)]
    if any(box.parameters for box in model.boxes if not box.is_leaf):
        entries.append((_sample("w", style.PARAMETER_INK), "parameters, number"))
    if any(box.kind == "input" for box in model.boxes):
        entries.append((_sample("□"), "input"))
    if any(box.wants and box.kind == "input" for box in model.boxes):
        entries.append((_sample("□", style.PARAMETER_INK), "input that requires grad"))
    if any(box.kind == "parameter" for box in model.boxes):
        entries.append((_sample("□", style.PARAMETER_INK), "parameter"))
    dashed = ["constant"] if any(edge.constant for edge in model.edges) else []
    dashed += ["frozen"] if any(box.is_frozen for box in model.boxes) else []
    dashed += ["outside the graph"] if not all(box.recorded for box in model.boxes) else []
    entries += [(_sample("┄"), ", ".join(dashed))] if dashed else []
    if choice.arrows:
        entries += [(_sample("→", style.FORWARD), "value"), (_sample("←", style.REVERSE), "gradient")]
    elif model.walked and choice.gradients is not False:
        entries += [
            (_swatch(style.HEAT[k][0]), f"{word} gradient") for k, word in ((0, "small"), (-1, "large"))
        ]
    if model.marks or any(box.marks for box in model.boxes):
        entries.append((_sample("▲", style.MARKS[False]), "look here"))
        entries.append((_sample("▲", style.MARKS[True]), "certainly wrong"))
    cells = [f'<TD>{sample}</TD><TD ALIGN="LEFT">{_small(words)}&#160;</TD>' for sample, words in entries]
    rows = (cells[k : k + _COLUMNS] for k in range(0, len(cells), _COLUMNS))
    body = "".join(f"<TR>{''.join(row)}</TR>" for row in rows)
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="1" CELLPADDING="1">{body}</TABLE>' if body else ""
    )


def _kinds(model: Model) -> Iterable[str]:
    lines = (line for box in model.boxes if not box.is_leaf for line in (box, *box.lines))
    found = {line.family if line.family in style.KINDS else "other" for line in lines}
    return (kind for kind in style.KINDS if kind in found)


def _swatch(fill: str) -> str:
    cell = (
        f'<TD BGCOLOR="{fill}" BORDER="1" COLOR="{style.LINE}" WIDTH="14" HEIGHT="9" FIXEDSIZE="TRUE"></TD>'
    )
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0"><TR>{cell}</TR></TABLE>'


def _sample(sample: str, color: str = style.INK) -> str:
    return font(sample, size=style.SMALL_SIZE, color=color)


def _small(words: str) -> str:
    return font(words, size=style.SMALL_SIZE, color=style.SOFT)
