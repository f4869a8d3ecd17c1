"""Count which of PyTorch's names published programs use: `python docs/count_pytorch_names.py FOLDER ...`.

Writes docs/pytorch_names_used.json: for each name the number of files and of collections (folders given)
that use it. Only files count that use a convolution or torchvision. Names are counted, and nothing else
of a program is kept. Reads .py files, notebooks and the code of .md pages; needs PyTorch and torchvision,
which say what a name is.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision
import torchvision.transforms.v2

COUNTS = Path(__file__).with_name("pytorch_names_used.json")
ROOTS = {"torch": torch, "torchvision": torchvision}
CNN = re.compile(r"\bConv[123]d\b|\bconv[123]d\b|\btorchvision\b")
#: Methods that mean something else on most objects of Python, so a use says nothing about a Tensor.
COMMON = {name for kind in (str, list, dict, set, Path, type(re)) for name in dir(kind)} - {"split"}
#: Objects whose methods are counted by their name alone.
KINDS: dict[str, Any] = {
    "Tensor": torch.Tensor, "Module": torch.nn.Module, "Optimizer": torch.optim.Optimizer,
}  # fmt: skip


def sources(folder: Path) -> Iterator[str]:
    """Python source of every program in a folder."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".py", ".ipynb", ".md") or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".ipynb":
            text = notebook(text)
        elif path.suffix == ".md":
            blocks = re.findall(r"```(?:\{\.?python[^\n]*|python|py)\n(.*?)```", text, re.S)
            tabs = [b for b in blocks if "#@tab" not in b or re.search(r"#@tab.*(pytorch|all)", b)]
            text = "\n".join(tabs)
        if CNN.search(text):
            yield text


def notebook(text: str) -> str:
    """The code cells of a notebook, without the lines that only IPython understands."""
    try:
        cells = json.loads(text).get("cells", [])
    except ValueError:
        return ""
    code = ["".join(c["source"]) for c in cells if c.get("cell_type") == "code"]
    return "\n".join(re.sub(r"(?m)^(\s*)[%!?].*$", r"\1pass", c) for c in code)


def names_of(text: str) -> set[str]:
    """The names of PyTorch that a program uses; those that PyTorch of today lacks are left out."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return set()
    bound: dict[str, str] = {}
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                if item.name.partition(".")[0] in ROOTS:
                    bound[item.asname or item.name.partition(".")[0]] = (
                        item.name if item.asname else item.name.partition(".")[0]
                    )
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ROOTS:
            for item in node.names:
                full = f"{node.module}.{item.name}"
                bound[item.asname or item.name] = full
                found |= real(full)
    if not bound:
        return set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            full = dotted(node, bound)
            found |= real(full) if full else methods(node.attr)
    return found


def dotted(node: ast.expr, bound: dict[str, str]) -> str | None:
    """`F.relu` as `torch.nn.functional.relu`, or None for what does not begin with a module."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in bound:
        return None
    return ".".join([bound[node.id], *parts])


def real(full: str) -> set[str]:
    """The name, cut behind its first object that is not a module, if PyTorch has it."""
    root, *parts = full.split(".")
    thing, path = ROOTS[root], root
    for part in parts:
        if not hasattr(thing, part):
            return set()
        thing, path = getattr(thing, part), f"{path}.{part}"
        if type(thing) is not type(ast):
            return {path}
    return set()


def methods(name: str) -> set[str]:
    """`x.name` as a method of the first kind of object that has it."""
    if name.startswith("_") or name in COMMON:
        return set()
    for kind, cls in KINDS.items():
        if hasattr(cls, name) and not (kind == "Tensor" and name in ("type", "name")):
            if (
                kind == "Tensor"
                and hasattr(np.ndarray, name)
                and not hasattr(torch, name)
                and name not in ("view",)
            ):
                return set()
            return {f"{kind}.{name}"}
    return set()


def count(folders: list[Path]) -> dict[str, list[int]]:
    """name -> [files, collections]."""
    files: dict[str, int] = defaultdict(int)
    homes: dict[str, set[str]] = defaultdict(set)
    total = 0
    for folder in folders:
        for text in sources(folder):
            names = names_of(text)
            total += bool(names)
            for name in names:
                files[name] += 1
                homes[name].add(folder.name)
    print(f"{total} files in {len(folders)} collections use {len(files)} names")
    table = {"": [total, len(folders)]}
    table.update({name: [files[name], len(homes[name])] for name in sorted(files)})
    return table


if __name__ == "__main__":
    table = count([Path(f) for f in sys.argv[1:]])
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(n)}" for name, n in table.items())
    COUNTS.write_text("{\n" + lines + "\n}\n", encoding="utf-8")
