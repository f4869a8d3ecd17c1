"""Write docs/ledger.md: each claim of the source documents, and what measures it: `make docs`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "examples"))
from ledger.programs import PROGRAMS, Program
from ledger.rows import ROWS, SOURCES

PAGE = Path(__file__).with_name("ledger.md")

HEAD = """\
# The ledger

Every claim of the source documents, and every defect that they have, stands in a row. What the last column
names measures it, and writes the stated figure beside the one that it found.

    python examples/reproduce.py --quick     minutes; small data where full data is not there
    python examples/reproduce.py             everything, with MNIST and the photographs if you have them

The figures are those of your machine, in a page of its own under `runs/`; they are not repeated here, where
they could grow old. A claim that fails is shown as failed. The documents step by step:
[sources](sources/index.md).

This page is made by `docs/make_ledger.py` from the ledger's own tables.
"""


def shown(program: Program) -> str:
    """How a program is named on the page."""
    path = f"ledger/checks_{program.name}" if program.checks else program.name
    return f"[{path}.py](../examples/{path}.py)"


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for source, title in SOURCES.items():
        parts.append(f"## {title}\n\n| row | claim | measured by |\n|---|---|---|")
        for row in ROWS:
            if row.source == source:
                by = ", ".join(shown(p) for p in PROGRAMS if row.key in p.keys) or row.later
                claim = row.claim.replace("|", "\\|").replace("*", "\\*")
                parts.append(f"| {row.key} | {claim} | {by} |")
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    print(f"wrote {PAGE}")
