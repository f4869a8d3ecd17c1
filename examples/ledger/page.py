"""The ledger as one web page: a map of all rows, then each row with its figures and pictures.

It needs no network and no script: pictures lie beside it, and the filters are written in CSS.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path

from ledger.report import VERDICTS, as_said, counted, mode, said
from ledger.rows import SOURCES
from ledger.run import Outcome, Result

CSS = Path(__file__).with_name("page.css")
WORDS = {"holds": "hold", "fails": "fail", "open": "open"}


def page(results: Sequence[Result], full: bool) -> str:
    """The whole page."""
    groups = {source: [result for result in results if result.row.source == source] for source in SOURCES}
    shown = {source: rows for source, rows in groups.items() if rows}
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>The ledger: {counted(results)}</title>",
            f"<style>\n{CSS.read_text(encoding='utf-8')}</style></head><body>",
            "<header><h1>The ledger</h1>",
            "<p>What the source documents claim, run again: each figure beside the one measured. "
            f"{escape(mode(full))}</p>",
            counts(results),
            "<nav aria-label='All rows'>",
            *(map_line(source, rows) for source, rows in shown.items()),
            "</nav></header><main>",
            *(section(source, rows) for source, rows in shown.items()),
            "</main><footer>Written by <code>python examples/reproduce.py</code>. "
            'The same as <a href="ledger.md">Markdown</a> and as <a href="ledger.json">JSON</a>. '
            "Seconds are on the clock, of the whole script where a row comes from one; a seed called "
            "fixed is written in the script.</footer>",
            "</body></html>",
            "",
        ]
    )


def counts(results: Sequence[Result]) -> str:
    """The summary, each number a filter."""
    number = Counter(result.verdict for result in results)
    found = ['<fieldset class="counts"><legend>Show</legend>']
    found.append(
        f'<label><input type="radio" name="only" checked><b>{len(results)}</b> rows, all shown</label>'
    )
    for verdict in VERDICTS:
        found.append(
            f'<label class="{verdict}"><input type="radio" name="only" id="only-{verdict}">'
            f"<b>{number[verdict]}</b> {WORDS[verdict]}</label>"
        )
    return "".join([*found, "</fieldset>"])


def map_line(source: str, rows: Sequence[Result]) -> str:
    """A document, and a coloured square for each of its rows."""
    squares = "".join(
        f'<li><a class="{result.verdict}" href="#{result.row.key}" '
        f'title="{escape(result.row.claim, quote=True)}: {result.verdict}">{result.row.key}</a></li>'
        for result in rows
    )
    return f'<a href="#from-{source}">{source}</a><ol>{squares}</ol>'


def section(source: str, rows: Sequence[Result]) -> str:
    """The rows of a document."""
    name = "" if source == "defects" else f"{source} · "
    head = f'<h2 id="from-{source}">{name}{escape(SOURCES[source])}<small>{counted(rows)}</small></h2>'
    return "\n".join(["<section>", head, *map(article, rows), "</section>"])


def article(result: Result) -> str:
    """One row: claim and verdict, figures, pictures, and how to run it again."""
    row = result.row
    return "\n".join(
        [
            f'<article class="{result.verdict}" id="{row.key}"><div class="key">{row.key}</div><div>',
            f'<div class="top"><h3>{escape(row.claim)}</h3>'
            f'<span class="verdict">{result.verdict}</span></div>',
            figures(result),
            *(f'<p class="reason">{escape(reason)}</p>' for reason in result.reasons),
            pictures(result),
            *(cost(outcome, result) for outcome in result.outcomes),
            "</div></article>",
        ]
    )


def figures(result: Result) -> str:
    """The table of what is claimed and what is measured."""
    if not result.claims:
        return ""
    lines = [
        f'<tr class="{"" if claim["holds"] else "fails"}"><td>{escape(claim["what"])}</td>'
        f"<td>{escape(said(claim['claimed']))}</td>"
        f"<td>{escape(as_said(claim))}{'' if claim['holds'] else ' · fails'}</td></tr>"
        for claim in result.claims
    ]
    return f"<table><tr><th>What</th><th>Claimed</th><th>Measured</th></tr>{''.join(lines)}</table>"


def pictures(result: Result) -> str:
    """The pictures of a row, each a link to the file itself."""
    found = []
    for path, caption in result.pictures:
        width, height = size_of(result, path)
        shape = "wide" if width > 1.9 * height else "tall" if height > 1.6 * width else "even"
        words, link = escape(caption, quote=True), escape(path, quote=True)
        found.append(
            f'<figure class="{shape}"><a href="{link}"><img src="{link}" '
            f'alt="{words}" width="{width}" height="{height}" loading="lazy"></a>'
            f"<figcaption>{words}</figcaption></figure>"
        )
    return f'<div class="pictures">{"".join(found)}</div>' if found else ""


def size_of(result: Result, path: str) -> tuple[int, int]:
    """Width and height of a PNG, from its header."""
    folder = next(o.folder for o in result.outcomes if o.folder.name == path.split("/", maxsplit=1)[0])
    with (folder.parent / path).open("rb") as file:
        width, height = struct.unpack(">II", file.read(24)[16:])
    return width, height


def cost(outcome: Outcome, result: Result) -> str:
    """Say how to run it, the seed, and what it took."""
    parts = [f"<code>{escape(outcome.command)}</code>"]
    seed = outcome.program.seed
    parts.append(f"seed {'fixed' if seed is None else seed}")
    done = outcome.done
    if done:
        seconds = result.seconds if outcome.program.checks else done.seconds
        parts.append(f"{seconds:.1f} s")
        if done.cpu is not None and not outcome.program.checks:
            parts.append(f"{done.cpu:.1f} s of processor")
        if done.peak is not None:
            parts.append(f"peak {done.peak / 2**20:,.0f} MiB")
    return f'<p class="cost">{"".join(f"<span>{part}</span>" for part in parts)}</p>'
