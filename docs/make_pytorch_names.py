"""Write docs/pytorch_names.md: PyTorch's public names by area, and what each is here.

Needs PyTorch, torchvision and Pillow (`pip install 'tinygrad-cnn[peers]' torchvision pillow`): the names
come from them, and a name counts as equal only if an expression with it gives the same values, types and
gradients now.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("pytorch_names.md")
USED = Path(__file__).with_name("pytorch_names_used.json")
sys.path.insert(0, str(Path(__file__).parent.parent))

import torch as theirs  # noqa: E402

from tests.peers.torch_names.worlds import differs, expressions, outcome  # noqa: E402
from tinygrad_cnn import torch as ours  # noqa: E402
from tinygrad_cnn import torchvision as our_vision  # noqa: E402
from tinygrad_cnn.serial.atomic import writing  # noqa: E402
from tinygrad_cnn.torch.aliases import resolved  # noqa: E402
from tinygrad_cnn.torch.refusals import reason  # noqa: E402

HEAD = """\
# PyTorch's names

Made by `python docs/make_pytorch_names.py`, which reads PyTorch {version} and torchvision. It runs {count}
expressions with both: {equal} give the same values, element types, gradients, random numbers and texts.
*Equal* lists names that such an expression holds; *there* lists those that exist here, and that
no expression compares; *left out* says why; *missing* lists the rest.
"""
#: Why names that programs use are there, and not equal.
THERE = """\
Of those that are there: on a machine without an accelerator PyTorch raises in `cuda.synchronize`,
`cuda.memory_summary`, `accelerator.set_device_index`, `Tensor.pin_memory` and `data_parallel`; here they
answer, so that programs go on. `onnx.export` writes another file, by `tinygrad_cnn.onnx`.
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


def tried_vision() -> tuple[list[str], list[str], int]:
    """The same of torchvision's."""
    their_vision = importlib.import_module("tests.peers.torch_names.their_torchvision").torchvision
    seen = importlib.import_module("tests.peers.torch_names.vision")
    good, bad = [], []
    with tempfile.TemporaryDirectory() as folder:
        seen.fill(Path(folder))
        for _, expression in expressions(vision=True):
            found = []
            try:
                for torch, tv in ((theirs, their_vision), (ours, our_vision)):
                    names = seen.vision(torch, tv, Path(folder))
                    torch.manual_seed(7)
                    found.append(seen.shown(eval(expression, names), torch))
                wrong = differs(*found)
            except Exception as error:
                wrong = str(error)
            (bad if wrong else good).append(expression)
    return good, bad, len(good) + len(bad)


def used(good: list[str]) -> str:
    """What of the names that published programs use is equal, is refused, is there or is missing."""
    table = json.loads(USED.read_text(encoding="utf-8"))
    files, collections = table.pop("")
    text = "\n".join(
        [*good, Path(ours.__file__).parents[2].joinpath("tests/peers/torch_names/worlds.py").read_text()]
    )
    groups: dict[str, list[str]] = {"equal": [], "there": [], "refused": [], "missing": []}
    for name in table:
        groups[state_of(name, text)].append(name)
    lines = [
        f"\nIn {files} files of {collections} published collections, those that use a convolution or "
        f"torchvision, `docs/count_pytorch_names.py` found {len(table)} names of PyTorch and "
        "torchvision:\n\n"
        "| names | equal | there | refused with a reason | missing | equal, in 100 | equal or refused |\n"
        "|---|---|---|---|---|---|---|\n"
    ]
    for title, at_least in (("all", 1), ("in 2 collections or more", 2), ("in 3 or more", 3)):
        counts = {k: sum(table[n][1] >= at_least for n in names) for k, names in groups.items()}
        total = sum(counts.values())
        both = counts["equal"] + counts["refused"]
        lines.append(
            f"| {title} | "
            + " | ".join(str(v) for v in counts.values())
            + f" | {100 * counts['equal'] / total:.1f} | {100 * both / total:.1f} |\n"
        )
    uses = {k: sum(table[n][0] for n in names) for k, names in groups.items()}
    total = sum(uses.values())
    lines.append(
        "| uses of all, by file | "
        + " | ".join(str(v) for v in uses.values())
        + f" | {100 * uses['equal'] / total:.1f} | "
        f"{100 * (uses['equal'] + uses['refused']) / total:.1f} |\n\n"
    )
    for kind in ("there", "refused", "missing"):
        lines.append(f"**{kind}**: {', '.join(f'`{n}` {table[n][0]}' for n in groups[kind])}\n\n")
    return "".join(lines) + THERE


def state_of(name: str, text: str) -> str:
    """Whether a name is in an expression that agrees, is refused, is there, or is missing."""
    head, _, last = name.rpartition(".")
    kinds = {"Tensor": ours.Tensor, "Module": ours.nn.Module, "Optimizer": ours.optim.Optimizer}
    try:
        there = hasattr(kinds.get(head) or resolved(head), last)
    except (AttributeError, ModuleNotFoundError):
        there = False
    if there:
        return "equal" if re.search(rf"[.\"'( ]{re.escape(last)}\b", text) else "there"
    return "refused" if reason(name.removeprefix("torch.")) or reason(last) else "missing"


def page() -> str:
    """The whole page."""
    good, bad, count = tried()
    seen = tried_vision()
    good, bad, count = good + seen[0], bad + seen[1], count + seen[2]
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
    return "\n".join([*parts, used(good), table, *sections])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with writing(PAGE) as temporary:
        Path(temporary).write_text(page(), encoding="utf-8")
