"""A drawing as one page for browsers: zoom, search, details of each box, levels of detail.

The page holds everything that it needs and loads nothing. Names are text wherever they stand: inside
the drawings as the engine escaped them, in the data as JSON without a character that could end it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from math import prod
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

from viz import label, words
from viz.choice import Choice
from viz.dot import short, source
from viz.model import Box, Model, Result
from viz.record import Summary
from viz.render import draw
from viz.text import head

#: Levels with more boxes than this are left out: nobody reads them, and their layout takes long.
MOST = 250
#: Parameters of a box that are told one by one at most.
_LISTED = 8

_KEYS = (
    (("+", "−", "0"), "zoom in, zoom out, all of it; or the wheel"),
    (("←", "→", "↑", "↓"), "move; or drag"),
    (("Tab", "Enter"), "next box, its details"),
    (("/", "n", "p"), "search, next, previous"),
    (("[", "]"), "fewer boxes, more boxes"),
    (("Esc",), "clear"),
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<div class="tools" id="detail" role="group" aria-label="Detail">Detail
<button id="less" aria-label="Fewer boxes">−</button><output id="level"></output>
<button id="more" aria-label="More boxes">+</button></div>
<div class="tools" role="group" aria-label="Zoom">Zoom
<button id="farther" aria-label="Zoom out">−</button><button id="closer" aria-label="Zoom in">+</button>
<button id="fit">All</button></div>
<div class="tools"><input id="search" type="search" placeholder="Search" aria-label="Search boxes"
 autocomplete="off" spellcheck="false"><output id="found" aria-live="polite"></output></div>
</header>
<main>
<div id="stage" tabindex="0" role="group" aria-label="Drawing; arrow keys move it">
{views}</div>
<aside id="panel" aria-live="polite" aria-label="Details"></aside>
</main>
<script id="data" type="application/json">{data}</script>
<script>
{script}</script>
</body>
</html>
"""


class Level(NamedTuple):
    """A drawing with so much detail."""

    model: Model
    text: str


def page(
    text: str, model: Model, levels: Sequence[Model], choice: Choice, *, timeout: float = 60.0
) -> str:  # fmt: skip
    """The page, as HTML; the same bytes for the same arguments and engine.

    Args:
        text: DOT text of the drawing that is seen first.   model: what is drawn there.
        levels: the same graph with more and with less detail; those of more than `MOST` boxes are
            left out.
        choice: what is shown.   timeout: seconds for the layout of each level.
    Raises:
        MissingExtraError: no engine.   DrawingError: the engine failed or took too long.
    """
    untitled = replace(choice, title=" " if choice.title != "" else "")
    known = {text: Level(model, _retitled(model, choice, untitled, text))}
    for one in levels:
        if len(one.boxes) <= MOST:
            known.setdefault(source(one, choice), Level(one, source(one, untitled)))
    order = sorted(known, key=lambda key: (len(known[key].model.boxes), key))
    drawn = [known[key] for key in order]
    start = order.index(text)
    views = "".join(
        f'<div class="view"{"" if k == start else " hidden"}>{_svg(one, timeout)}</div>\n'
        for k, one in enumerate(drawn)
    )
    data = {
        "start": start,
        "keys": _KEYS if len(drawn) > 1 else [pair for pair in _KEYS if "[" not in pair[0]],
        "levels": [{"label": _count(one.model), "boxes": _details(one.model, choice)} for one in drawn],
    }
    # How many boxes there are changes with the level, and stands beside the buttons for it.
    title = choice.title or words.describe(replace(model, nodes=len(model.boxes)), choice)
    return _PAGE.format(
        title=escape(_clean(title)), views=views, data=_json(data),
        style=_beside("page.css"), script=_beside("page.js"),
    )  # fmt: skip


def _retitled(model: Model, choice: Choice, untitled: Choice, text: str) -> str:
    """The same drawing without its title, which the page has above; as it is, if it is not ours."""
    return source(model, untitled) if source(model, choice) == text else text


def _count(model: Model) -> str:
    return f"{len(model.boxes):,} box{'' if len(model.boxes) == 1 else 'es'}"


def _beside(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _json(data: Any) -> str:
    """JSON that can stand in a script element: nothing in it ends the element or opens a comment."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return _clean(text)


def _clean(text: str) -> str:
    """The text without what no HTML file can hold: control characters and halves of characters."""
    return re.sub(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "\N{REPLACEMENT CHARACTER}", text
    )


# --------------------------------------------------------------------------- drawings
def _svg(level: Level, timeout: float) -> str:
    """The drawing as an element of the page: boxes and arrows know which they are."""
    root = ElementTree.fromstring(draw(level.text, "svg", timeout=timeout))
    titles = _titles(level.model)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {
            key.rpartition("}")[2]: value for key, value in element.attrib.items() if key != "id"
        }
        element.attrib.pop("space", None)
    for group in list(root.iter("g")):
        name = group.find("title")
        if name is None:
            continue
        key = name.text or ""
        group.remove(name)  # browsers would show it as a tooltip
        if group.get("class") == "node" and key in titles:
            group.attrib |= {
                "data-box": key, "tabindex": "0", "role": "button", "aria-label": titles[key],
            }  # fmt: skip
            border = next((e for e in group.iter() if e.tag in ("path", "polygon", "ellipse")), None)
            if border is not None:
                border.set("class", "border")
        elif group.get("class") == "edge":
            group.set("data-ends", key.replace("->", " "))
    for key in ("width", "height"):
        root.attrib.pop(key, None)
    return ElementTree.tostring(root, encoding="unicode")


# --------------------------------------------------------------------------- details
@dataclass
class _Details:
    """What the panel tells of a box."""

    title: str
    kind: str
    rows: list[tuple[str, str]]
    module: bool = False
    inside: bool = False

    def plain(self, takes: Sequence[str], feeds: Sequence[str]) -> dict[str, Any]:
        found = "\n".join([self.title, self.kind, *(value for _, value in self.rows)]).lower()
        return {
            "title": self.title, "kind": self.kind, "rows": self.rows, "module": self.module,
            "inside": self.inside, "search": found, "takes": takes, "feeds": feeds,
        }  # fmt: skip


def _details(model: Model, choice: Choice) -> dict[str, Any]:
    takes: dict[str, dict[str, None]] = {}
    feeds: dict[str, dict[str, None]] = {}
    pairs = [(f"n{edge.tail}", f"n{edge.head}") for edge in model.edges]
    pairs += [(f"n{result.box}", f"out{k}") for k, result in enumerate(model.results)]
    for tail, head_ in pairs:
        takes.setdefault(head_, {})[tail] = None
        feeds.setdefault(tail, {})[head_] = None
    told = {f"n{box.id}": _box(box, choice) for box in model.boxes}
    told |= {f"out{k}": _result(result) for k, result in enumerate(model.results)}
    return {key: one.plain([*takes.get(key, ())], [*feeds.get(key, ())]) for key, one in told.items()}


def _titles(model: Model) -> Mapping[str, str]:
    found = {f"n{box.id}": _clean(_title(box)) for box in model.boxes}
    return found | {f"out{k}": _clean(result.name) for k, result in enumerate(model.results)}


def _title(box: Box) -> str:
    return (box.name or box.kind) if box.is_leaf or box.kind == "module" else head(box)


def _box(box: Box, choice: Choice) -> _Details:
    kind = "frozen parameter" if words.is_frozen(box) else "module" if box.kind == "module" else box.kind
    rows = [("module", box.group)] if box.group else []
    if box.kind == "module":
        rows.append(("contains", box.options))
    rows += [(f"formula of {one.name}", one.formula) for one in (box, *box.lines) if one.formula]
    rows.append(("shape of the result", _shape(box.shape)))
    rows.append(("element type", box.dtype))
    rows += _parameters(box)
    rows += _summary("value", box.value) + _summary("gradient", box.gradient)
    if box.norm is not None:
        whose = "parameters’ gradients" if box.parameters else "gradient"
        rows.append((f"norm of the {whose}", label.size_text(box.norm)))
    rows += [("look here", mark.text) for mark in box.marks]
    rows += _figures(box, choice)
    if box.site is not None:
        rows.append(("made at", short(box.site)))
    kind = {"op": "operation"}.get(kind, kind)
    return _Details(_title(box), kind, rows, box.kind == "module", bool(box.group) and not box.is_leaf)


def _figures(box: Box, choice: Choice) -> list[tuple[str, str]]:
    rows = []
    if box.operations > 1:
        rows.append(("operations", f"{box.operations:,}"))
    if box.repeats > 1:
        rows.append(("equal boxes drawn as this one", f"{box.repeats:,}"))
    if box.multiply_adds:
        rows.append(("multiply-adds", f"{box.multiply_adds:,}"))
    if box.kept is not None:
        rows.append(("kept for backward", label.bytes_text(box.kept)))
    for name, time in (("forward", box.forward_ms), ("backward", box.backward_ms)):
        if time is not None and choice.times:  # else two runs would not give the same bytes
            rows.append((name, f"{time:.3g} ms"))
    return rows


def _parameters(box: Box) -> list[tuple[str, str]]:
    rows = []
    if len(box.parameters) > 1:
        rows.append(("all in all", words.parameters_text(box.parameters, brief=True)))
    for p in box.parameters[:_LISTED]:
        told = [f"{_shape(p.shape)}, {prod(p.shape):,} number{'' if prod(p.shape) == 1 else 's'}"]
        told[0] += ("" if p.trainable else ", frozen") + (", shared" if p.shared else "")
        told += [f"{name}: {value}" for name, value in _summary("value", p.value)]
        absent = [("gradient", "not computed")] if p.trainable else []
        told += [f"{name}: {value}" for name, value in _summary("gradient", p.gradient) or absent]
        rows.append((f"parameter {p.name}", "\n".join(told)))
    more = len(box.parameters) - _LISTED
    return [*rows, ("further parameters", f"{more:,}")] if more > 0 else rows


def _summary(name: str, summary: Summary | None) -> list[tuple[str, str]]:
    if summary is None:
        return []
    small = summary.values is not None
    return [(name, words.elements_text(summary) if small else words.statistics_text(summary))]


def _result(result: Result) -> _Details:
    rows = [("shape", _shape(result.shape))]
    rows += _summary("value", result.value) or (
        [("value", label.number_text(result.number))] if result.number is not None else []
    )
    return _Details(result.name, "result", [*rows, *_summary("gradient", result.gradient)])


def _shape(shape: tuple[int, ...]) -> str:
    return label.shape_text(shape) or "a single number"
