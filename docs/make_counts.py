"""Write the counts that the pages state, from the code: `python docs/make_counts.py`, or `make docs`.

A page marks a count as `<!-- count: layers -->99<!-- end -->`. A test compares the pages with the code.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tinygrad_cnn import functional, nn, ops, optim
from tinygrad_cnn.graph import Op
from tinygrad_cnn.serial import writing

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", ROOT / "README.zh.md", *sorted((ROOT / "docs").rglob("*.md")))

_MARK = re.compile(r"<!-- count: (\w+) -->.*?<!-- end -->")


def classes(package: Any, base: type) -> int:
    """How many public classes of a package derive from `base`, aside from itself."""
    found = {v for n, v in vars(package).items() if inspect.isclass(v) and not n.startswith("_")}
    return sum(issubclass(cls, base) and cls is not base for cls in found)


#: What a page may count.
COUNTS: dict[str, Callable[[], int]] = {
    "functions": lambda: sum(inspect.isfunction(v) for n, v in vars(functional).items() if n[0] != "_"),
    "operations": lambda: classes(ops, Op),
    "layers": lambda: classes(nn, nn.Module),
    "optimizers": lambda: classes(optim, optim.Optimizer),
}


def counted(text: str) -> str:
    """The text of a page, with its counts as the code has them.

    >>> counted("<!-- count: optimizers -->?<!-- end --> optimizers").count("?")
    0
    """
    return _MARK.sub(lambda m: f"<!-- count: {m[1]} -->{COUNTS[m[1]]()}<!-- end -->", text)


if __name__ == "__main__":
    for page in PAGES:
        there = page.read_text(encoding="utf-8")
        if (made := counted(there)) != there:
            with writing(page) as temporary:
                temporary.write_text(made, encoding="utf-8", newline="\n")
            print(f"wrote {page}")
