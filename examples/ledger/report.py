"""The ledger as text: lines for a terminal, a table in Markdown, and JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ledger.rows import SOURCES
from ledger.run import Outcome, Result

VERDICTS = ("holds", "fails", "open")


def said(value: Any, width: int = 72) -> str:
    """A figure in few characters: six digits, yes and no, long lists cut off.

    >>> said([0.1234567891, True, "ten"]), said(39760), said(1e-17)
    ('[0.123457, yes, ten]', '39,760', '1e-17')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.6g}"
    text = f"[{', '.join(said(v, 10_000) for v in value)}]" if isinstance(value, list) else str(value)
    return text if len(text) <= width else f"{text[: width - 2]} …"


def as_said(claim: Mapping[str, Any]) -> str:
    """The figure measured; as a percentage where the claim is one.

    >>> as_said({"claimed": "at least 90 %", "measured": 0.93541})
    '93.54 %'
    """
    value = claim["measured"]
    if "%" not in str(claim["claimed"]) or not isinstance(value, (float, list)):
        return said(value)
    shares = value if isinstance(value, list) else [value]
    if not all(isinstance(share, float) and 0 <= share <= 1 for share in shares):
        return said(value)
    return ", ".join(f"{share:.2%}".replace("%", " %") for share in shares)


def counted(results: Sequence[Result]) -> str:
    """Count the rows of each verdict: '80 hold, 0 fail, 8 open'."""
    number = Counter(result.verdict for result in results)
    return f"{number['holds']} hold, {number['fails']} fail, {number['open']} open"


def mode(full: bool) -> str:
    """Say what was run, in a sentence."""
    if full:
        return "Full run: MNIST and photographs, each recipe to its end."
    return (
        "Quick run: no download. Where a claim is about MNIST or photographs, small digits or made-up "
        "images stand in, with a bar of their own; --full measures the claim itself."
    )


# --------------------------------------------------------------------------- terminal
def progress(outcome: Outcome, number: int, total: int) -> str:
    """A line for a program that is done."""
    done = outcome.done
    took = f"{done.seconds:6.1f} s" if done else f"{'–':>8}"
    ill = outcome.trouble or outcome.missing
    failed = sum(claim["holds"] is False for claim in outcome.claims)
    words = ill or (
        f"{failed} of {len(outcome.claims)} claims fail" if failed else f"{len(outcome.claims)} claims"
    )
    return f"[{number:2d}/{total}] {took}  {outcome.program.name:24s} {words}"


def lines(result: Result) -> list[str]:
    """A row for the terminal: its verdict, then each claim with the figure measured."""
    row = result.row
    found = [
        f"{row.key:>3}  {result.verdict:5}  {result.seconds:6.1f} s  seed {result.seeds:6} {row.claim}"
    ]
    for claim in result.claims:
        mark = "" if claim["holds"] else "  FAILS"
        found.append(f"{'':5}{claim['what']}: {said(claim['claimed'])} → {as_said(claim)}{mark}")
    return found + [f"{'':5}{result.verdict}: {reason}" for reason in result.reasons]


# --------------------------------------------------------------------------- files
def markdown(results: Sequence[Result], full: bool) -> str:
    """Tables by document, with a summary above."""
    text = ["# The ledger", "", f"{counted(results)}. {mode(full)}", ""]
    for source, title in SOURCES.items():
        rows = [result for result in results if result.row.source == source]
        if not rows:
            continue
        name = "" if source == "defects" else f"{source} · "
        text += [f"## {name}{title}", ""]
        text += ["| row | claim | measured, beside what is claimed | verdict | seconds | seed |"]
        text += ["|---|---|---|---|---|---|"]
        for result in rows:
            cells = (
                result.row.key, result.row.claim, "<br>".join(map(cell, measured(result))),
                result.verdict, f"{result.seconds:.1f}", result.seeds,
            )  # fmt: skip
            text.append(f"| {' | '.join(cells)} |")
        text.append("")
    return "\n".join(text)


def measured(result: Result) -> list[str]:
    """Each claim in a line, then reasons, then links to pictures."""
    found = []
    for claim in result.claims:
        mark = "" if claim["holds"] else " **fails**"
        found.append(f"{claim['what']}: {as_said(claim)} (claimed {said(claim['claimed'])}){mark}")
    return [*found, *result.reasons, *(f"[{caption}]({path})" for path, caption in result.pictures)]


def cell(text: str) -> str:
    """Text that does not end a cell of a table, nor start a tag."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def as_json(results: Sequence[Result], outcomes: Sequence[Outcome], full: bool) -> str:
    """Everything, for programs to read; rows in the order of the ledger."""
    number = Counter(result.verdict for result in results)
    found = {
        "mode": "full" if full else "quick",
        "summary": {verdict: number[verdict] for verdict in VERDICTS},
        "rows": [
            {
                "row": result.row.key, "source": result.row.source, "claim": result.row.claim,
                "verdict": result.verdict, "reasons": result.reasons, "seed": result.seeds,
                "seconds": round(result.seconds, 2),
                "measured": [
                    {name: claim[name] for name in ("what", "claimed", "measured", "holds")}
                    for claim in result.claims
                ],
                "pictures": [{"path": path, "caption": caption} for path, caption in result.pictures],
                "commands": [outcome.command for outcome in result.outcomes],
            }
            for result in results
        ],
        "programs": [costs(outcome) for outcome in outcomes],
    }  # fmt: skip
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def costs(outcome: Outcome) -> dict[str, Any]:
    """Say what a program took: seconds on the clock and of processors, and memory."""
    done = outcome.done
    return {
        "name": outcome.program.name,
        "command": outcome.command,
        "seed": outcome.program.seed,
        "seconds": round(done.seconds, 2) if done else None,
        "cpu_seconds": round(done.cpu, 2) if done and done.cpu is not None else None,
        "peak_mib": round(done.peak / 2**20) if done and done.peak is not None else None,
        "trouble": outcome.trouble or outcome.missing,
    }


def slowest(outcomes: Sequence[Outcome], count: int = 3) -> str:
    """The processor time of all programs, and who took most of it."""
    known = [(o.done.cpu, o.program.name) for o in outcomes if o.done and o.done.cpu is not None]
    if not known:
        return "no program ran"
    most = ", ".join(f"{name} {cpu:.1f} s" for cpu, name in sorted(known, reverse=True)[:count])
    return f"{sum(cpu for cpu, _ in known):.1f} s of processor time, most of it by {most}"


def folder_note(folder: Path) -> str:
    """Where to look."""
    return f"In {folder}: index.html (open it), ledger.md, ledger.json"
