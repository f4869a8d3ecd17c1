"""The legend: a table of a picture's colours, words and lines, below its title."""

from __future__ import annotations

from collections.abc import Iterable

from viz.model.boxes import Model
from viz.options import Choice
from viz.write import style
from viz.write.markup import font

#: Entries in a row of the legend.
_COLUMNS = 4


def legend(model: Model, choice: Choice) -> str:
    """Explain the colours, words and lines of a picture in a table; only those that occur."""
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
