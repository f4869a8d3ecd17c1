"""Write docs/pytorch_names.md: PyTorch's public names by area, and what each is here.

Needs PyTorch (`pip install 'tinygrad-cnn[peers]'`): the names come from it, and a name counts as equal only
if an expression with it gives the same values, types and gradients now.
"""

from __future__ import annotations

import re
import sys
import warnings
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("pytorch_names.md")
sys.path.insert(0, str(Path(__file__).parent.parent))

import torch as theirs  # noqa: E402

from tests.peers.torch_names.worlds import differs, expressions, outcome  # noqa: E402
from tinygrad_cnn import torch as ours  # noqa: E402
from tinygrad_cnn.serial.atomic import writing  # noqa: E402
from tinygrad_cnn.torch.refusals import reason  # noqa: E402

HEAD = """\
# PyTorch's names

Made by `python docs/make_pytorch_names.py`, which reads PyTorch {version}. It runs {count}
expressions with both: {equal} give the same values, element types, gradients, random numbers and texts.
*Equal* lists names that such an expression holds; *there* lists those that exist here, and that
no expression compares; *left out* says why; *missing* lists the rest.
"""
#: Areas of names: title, PyTorch's object, ours, how expressions write a name.
AREAS: list[tuple[str, Any, Any, str]] = [
    ("torch", theirs, ours, r"\btorch\.{}\b"),
    ("Tensor", theirs.Tensor, ours.Tensor, r"\.{}\b"),
    ("torch.nn", theirs.nn, ours.nn, r"\bnn\.{}\b"),
    ("torch.nn.functional", theirs.nn.functional, ours.nn.functional, r"\bF\.{}\b"),
    ("torch.nn.init", theirs.nn.init, ours.nn.init, r"\binit\.{}\b"),
    ("torch.optim", theirs.optim, ours.optim, r"\boptim\.{}\b"),
    (
        "torch.optim.lr_scheduler",
        theirs.optim.lr_scheduler,
        ours.optim.lr_scheduler,
        r"\blr_scheduler\.{}\b",
    ),
    ("torch.utils.data", theirs.utils.data, ours.utils.data, r"\bD\.{}\b|{}"),
    ("torch.linalg", theirs.linalg, ours.linalg, r"\blinalg\.{}\b"),
    ("torch.autograd", theirs.autograd, ours.autograd, r"\bautograd\.{}\b"),
]


def names_of(thing: Any) -> list[str]:
    """Public names: what documentation lists, not modules, not what was merely imported."""
    listed = getattr(thing, "__all__", None) or dir(thing)
    kept = []
    for name in sorted(set(listed)):
        value = getattr(thing, name, None)
        home = getattr(value, "__module__", "torch") or "torch"
        if name[0] != "_" and callable(value) and str(home).startswith("torch"):
            kept.append(name)
    return kept


def tried() -> tuple[list[str], list[str], int]:
    """Expressions that agree, and those that do not."""
    good, bad = [], []
    for _, expression in expressions():
        try:
            wrong = differs(outcome(theirs, expression), outcome(ours, expression))
        except Exception as error:
            wrong = str(error)
        (bad if wrong else good).append(expression)
    return good, bad, len(good) + len(bad)


def page() -> str:
    """The whole page."""
    good, bad, count = tried()
    parts = [HEAD.format(version=theirs.__version__.partition("+")[0], count=count, equal=len(good))]
    parts.append("Expressions that differ:\n\n" + "".join(f"- `{e}`\n" for e in bad))
    rows, sections = [], []
    for title, their, our, pattern in AREAS:
        groups: dict[str, list[str]] = {"equal": [], "there": [], "left out": [], "missing": []}
        for name in names_of(their):
            if any(
                re.search(pattern.format(re.escape(name), re.escape(name)), e) for e in good
            ) and hasattr(our, name):
                groups["equal"].append(name)
            elif hasattr(our, name):
                groups["there"].append(name)
            elif reason(name) or reason(f"{title}.{name}".removeprefix("torch.")):
                groups["left out"].append(name)
            else:
                groups["missing"].append(name)
        rows.append(f"| {title} | " + " | ".join(str(len(found)) for found in groups.values()) + " |\n")
        lines = [
            f"**{kind}**: {', '.join(f'`{n}`' for n in found)}\n" for kind, found in groups.items() if found
        ]
        sections.append(f"## {title}\n\n" + "\n".join(lines))
    table = "| area | equal | there | left out | missing |\n|---|---|---|---|---|\n" + "".join(rows)
    return "\n".join([*parts, table, *sections])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with writing(PAGE) as temporary:
        Path(temporary).write_text(page(), encoding="utf-8")
