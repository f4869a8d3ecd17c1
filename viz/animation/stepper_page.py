"""A row of pictures as one page for browsers, to step through: it holds all that it needs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font: 16px/1.4 "DejaVu Sans", Verdana, sans-serif; color: #1a1a1a; margin: 1rem; }}
nav {{ display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; position: sticky; top: 0;
 background: #fff; padding: .5rem 0; }}
button {{ font: inherit; min-width: 2.6rem; min-height: 2.2rem; cursor: pointer; }}
#place {{ flex: 1 1 12rem; }}
p {{ color: #555; margin: .3rem 0; }}
figure {{ margin: .5rem 0; text-align: center; }}
figure svg {{ max-width: 100%; height: auto; }}
@media print {{ nav {{ display: none; }} }}
</style>
</head>
<body>
<nav aria-label="Steps">
<button id="first" aria-label="First step">|◀</button>
<button id="back" aria-label="Step back">◀</button>
<button id="play">Play</button>
<button id="next" aria-label="Next step">▶</button>
<button id="last" aria-label="Last step">▶|</button>
<input id="place" type="range" min="0" max="{last}" value="0" aria-label="Step">
<output id="count"></output>
</nav>
<p>Keys: ← and → step, Home and End go to the ends, the space bar plays and stops.</p>
<main>
{frames}
</main>
<script>
"use strict";
const frames = document.querySelectorAll("figure");
const get = (id) => document.getElementById(id);
let at = 0, timer = null;
function show(to) {{
  at = Math.max(0, Math.min(frames.length - 1, to));
  frames.forEach((frame, k) => {{ frame.hidden = k !== at; }});
  get("place").value = at;
  get("place").setAttribute("aria-valuetext", frames[at].getAttribute("aria-label"));
  get("count").textContent = at + " / " + (frames.length - 1);
}}
function stop() {{
  clearInterval(timer);
  timer = null;
  get("play").textContent = "Play";
}}
function play() {{
  if (timer !== null) return stop();
  if (at === frames.length - 1) show(0);
  get("play").textContent = "Stop";
  timer = setInterval(() => {{
    show(at + 1);
    if (at === frames.length - 1) stop();
  }}, {milliseconds});
}}
function go(to) {{ stop(); show(to); }}
get("first").onclick = () => go(0);
get("back").onclick = () => go(at - 1);
get("play").onclick = play;
get("next").onclick = () => go(at + 1);
get("last").onclick = () => go(frames.length - 1);
get("place").oninput = (event) => go(Number(event.target.value));
document.addEventListener("keydown", (event) => {{
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const to = {{ ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: frames.length - 1 }}[event.key];
  const onButton = event.key === " " && event.target.tagName === "BUTTON";
  if (to !== undefined) go(to);
  else if (event.key === " " && !onButton) play();
  else return;
  event.preventDefault();
}});
show(0);
</script>
</body>
</html>
"""


def page(title: str, pictures: Sequence[str], captions: Sequence[str], seconds: float) -> str:
    """The page. Without scripts it shows all pictures, one below the other.

    Args:
        title: of the page.   pictures: SVG documents.   captions: what each shows.
        seconds: how long each is shown when it plays.

    >>> text = page("a < b", ["<svg></svg>", "<svg></svg>"], ["before", "after"], 1.0)
    >>> "<title>a &lt; b</title>" in text, text.count("<figure")
    (True, 2)
    """
    frames = (
        f'<figure aria-label="{escape(caption)}">\n{_inline(svg, number)}</figure>'
        for number, (svg, caption) in enumerate(zip(pictures, captions, strict=True))
    )
    return _PAGE.format(
        title=escape(title), last=len(pictures) - 1, frames="\n".join(frames),
        milliseconds=round(1000 * seconds),
    )  # fmt: skip


def _inline(svg: str, number: int) -> str:
    """An SVG document as a part of a page, with ids that differ from those of the other pictures."""
    inside = svg[svg.index("<svg") :]
    inside = re.sub(r"<!--.*?-->\n?", "", inside, flags=re.DOTALL)
    return re.sub(r'(?<= )id="|(?<=url\()#', lambda found: f"{found[0]}f{number}-", inside)
