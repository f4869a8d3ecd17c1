"""A drawing as one page for browsers: zoom, search, details of each box, modules to fold and unfold.

The page holds everything that it needs and loads nothing. Names are text wherever they stand: inside
the drawings as the engine escaped them, in the data as JSON without a character that could end it.
Each module's inside is a drawing of its own; the page puts them together as they are opened.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

from viz.model.boxes import Model
from viz.options import Choice
from viz.output.engines import draw_all
from viz.page import details
from viz.page.cutting import Part, parts
from viz.page.svg_pieces import Piece, piece
from viz.write import plain_labels
from viz.write.arrows import Looks
from viz.write.dot import source

#: Graphs of more boxes than this are drawn with less detail: nobody reads them, and layout takes long.
MOST = 250

_FOLDING = (("[", "]"), "fold, unfold the chosen module, or all of one level")
_KEYS = (
    (("+", "−", "0"), "zoom in, zoom out, all of it; or the wheel"),
    (("←", "→", "↑", "↓"), "move; or drag"),
    (("Tab", "Enter"), "next box, its details"),
    (("/", "n", "p"), "search, next, previous"),
    _FOLDING,
    (("Esc",), "clear"),
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline';
 img-src blob: data:">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<div class="tools" id="detail" role="group" aria-label="Modules">Modules
<button id="less" aria-label="Fold one level">−</button><output id="count"></output>
<button id="more" aria-label="Unfold one level">+</button></div>
<div class="tools" role="group" aria-label="Zoom">Zoom
<button id="farther" aria-label="Zoom out">−</button><button id="closer" aria-label="Zoom in">+</button>
<button id="fit">All</button></div>
<div class="tools" role="group" aria-label="Save">Save <button id="save-svg">SVG</button>
<button id="save-png">PNG</button></div>
<div class="tools"><input id="search" type="search" placeholder="Search" aria-label="Search boxes"
 autocomplete="off" spellcheck="false"><output id="found" aria-live="polite"></output></div>
</header>
<main>
<div id="stage" tabindex="0" role="group" aria-label="Drawing; arrow keys move it">
<noscript>This page needs JavaScript to put its drawings together.</noscript>
<svg id="drawing"><defs>
{pieces}</defs></svg></div>
<aside id="panel" aria-live="polite" aria-label="Details"></aside>
</main>
<script id="data" type="application/json">{data}</script>
<script>
{script}</script>
</body>
</html>
"""


def page(
    shown: Model, choice: Choice, fuller: Sequence[Model] = (), *,
    looks: Looks | None = None, notes: Sequence[str] = (), timeout: float = 60.0,
) -> str:  # fmt: skip
    """The page, as HTML; the same bytes for the same arguments and engine.

    Args:
        shown: what is seen first: as many modules are open as it has boxes.
        choice: what is shown of it.
        fuller: the same graph with more detail, most first; the first of at most `MOST` boxes is
            drawn, if there are modules in `shown` that are closed.
        looks: attributes of the drawing, as for `viz.write.dot.source`; its modules cannot be folded then.
        notes: lines that stand beside the drawing.
        timeout: seconds for the layout.
    Raises:
        MissingExtraError: no engine.   DrawingError: the engine failed or took too long.
    """
    whole = shown
    if any(box.kind == "module" for box in shown.boxes) and looks is None:
        whole = next((one for one in fuller if len(one.boxes) <= MOST), shown)
    cut = parts(whole, looks, foldable=looks is None and not choice.arrows)
    texts = [_text(part, choice) for part in cut]
    pieces = [piece(part, svg) for part, svg in zip(cut, draw_all(texts, timeout=timeout), strict=True)]
    told = details.told(whole, [part.closed for part in cut if part.closed is not None], choice)
    data = {
        "keys": [pair for pair in _KEYS if len(cut) > 1 or pair is not _FOLDING],
        "notes": notes,
        "across": int(choice.rankdir != "TB"),
        "open": _opened(cut, len(shown.boxes)),
        "parts": {str(one.part.id): one.data for one in pieces},
        "boxes": told,
    }
    # How many boxes are seen changes as modules are opened, and stands beside the buttons for it.
    title = choice.title or plain_labels.describe(replace(whole, nodes=len(whole.boxes)), choice)
    return _PAGE.format(
        title=escape(clean(title)), pieces="\n".join(_named(one, told) for one in pieces),
        data=_json(data), style=_beside("page.css"), script=_beside("arrange.js") + _beside("page.js"),
    )  # fmt: skip


def _text(part: Part, choice: Choice) -> str:
    """DOT text of a part. The whole graph has its title above the page, and its notes in the drawing."""
    if part.parent is None:
        title, looks = " " if choice.title != "" else "", dict(part.looks)
    else:
        title, looks = "", {**part.looks, "": {"pad": "0.02"}}
    for k in range(len(part.model.edges)):
        looks[f"e{k}"] = {**looks.get(f"e{k}", {}), "id": f"e{k}"}
    for k in range(len(part.model.results)):
        looks[f"to out{k}"] = {"id": f"r{k}"}
    stubs = (list(part.ins.values()), list(part.outs.values()))
    return source(part.model, replace(choice, title=title), looks, *stubs)


def _opened(cut: Sequence[Part], most: int) -> list[int]:
    """The parts that are open at first: as many levels as give at most so many boxes."""
    depths = {-1: 0}
    for part in cut[1:]:
        assert part.parent is not None
        depths[part.id] = depths[part.parent] + 1
    opened: list[int] = []
    for depth in range(1, max(depths.values()) + 1):
        candidate = [part.id for part in cut[1:] if depths[part.id] <= depth]
        boxes = sum(part.boxes for part in cut if part.id in (-1, *candidate)) - len(candidate)
        if boxes > most:
            break
        opened = candidate
    return opened


def _named(one: Piece, told: Mapping[str, Any]) -> str:
    """The piece, whose boxes tell their names to those who do not see them."""
    return re.sub(
        r'data-box="(\w+)"',
        lambda found: f'{found[0]} aria-label="{escape(clean(told[found[1]]["title"]))}"',
        one.svg,
    )


def _beside(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _json(data: Any) -> str:
    """JSON that can stand in a script element: nothing in it ends the element or opens a comment."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return clean(text)


def clean(text: str) -> str:
    """The text without what no HTML file can hold: control characters and halves of characters.

    >>> clean("a" + chr(0))
    'a\N{REPLACEMENT CHARACTER}'
    """
    return re.sub(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "\N{REPLACEMENT CHARACTER}", text
    )
