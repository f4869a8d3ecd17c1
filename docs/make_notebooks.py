"""Write the notebooks of docs/exercises from their pages: `make docs`.

A block of Python on a page is a cell of code, what stands between is a cell of text.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("exercises")

#: The first line of the cell that is to be filled in.
MARK = "# exercise\n"


def cells(page: str) -> list[tuple[str, str]]:
    """('markdown' or 'code', text) of each part of a page, in order.

    >>> cells("# A\\n\\n```python\\n1 + 1\\n```\\n")
    [('markdown', '# A'), ('code', '1 + 1\\n')]
    """
    parts = re.split(r"^```python\n(.*?)^```\n?", page, flags=re.M | re.S)
    kinds = [("code", part) if k % 2 else ("markdown", part.strip()) for k, part in enumerate(parts)]
    return [(kind, text) for kind, text in kinds if text]


def notebook(page: str) -> str:
    """A page as the text of a notebook."""
    made: list[dict[str, Any]] = []
    for number, (kind, text) in enumerate(cells(page)):
        cell = {
            "cell_type": kind,
            "id": f"cell-{number}",
            "metadata": {},
            "source": text.rstrip().splitlines(keepends=True),
        }
        made.append(cell | ({"execution_count": None, "outputs": []} if kind == "code" else {}))
    language = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    whole = {"cells": made, "metadata": language, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def pages() -> list[Path]:
    """The pages of the exercises, in order."""
    return sorted(FOLDER.glob("[0-9]*.md"))


if __name__ == "__main__":
    for path in pages():
        made = notebook(path.read_text(encoding="utf-8"))
        path.with_suffix(".ipynb").write_text(made, encoding="utf-8", newline="\n")
