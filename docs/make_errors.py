"""Write docs/errors.md: mistakes, what is said about them, why, and what to write: `make docs`.

python docs/make_errors.py                 the page
python docs/make_errors.py --all-messages  docs/messages.md, which is made with the site
python docs/make_errors.py --pytorch       what PyTorch says, into pytorch_messages.json; needs PyTorch
"""

from __future__ import annotations

import ast
import contextlib
import functools
import json
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from mistakes import KINDS, MISTAKES, NAMES, THEIR_NAMES, Mistake

FOLDER = Path(__file__).parent
PAGE, MESSAGES, THEIRS = FOLDER / "errors.md", FOLDER / "messages.md", FOLDER / "pytorch_messages.json"

HEAD = """\
# Errors and their cure

Every error of this package is a `TinygradCnnError`, and also of the class of Python that fits, so
`except ValueError` catches a `ShapeError`. A message names the function, what it got, and what would fit;
inside a model it begins with the path of the layer. Below are mistakes of beginners, each run: what is said
here, what PyTorch {version} says, why, and what to write instead. [All messages](messages.md) lists the
others by their class.

This page is made by `docs/make_errors.py`: change `docs/mistakes.py`, not this.
"""

ALL = """\
# All messages

Every message of an error of this package, as the code has it, by class and module: `{…}` stands for what it
names. The cause and the cure of each class, and of the mistakes that are made most, stand on
[Errors and their cure](errors.md).
"""


def said(code: str, names: str) -> tuple[str, str]:
    """What a piece of code says: the class and the text of its error or its warning; or two empty texts.

    Args:
        code, names: statements; and the imports that they need.
    """
    known: dict[str, Any] = {}
    exec(names, known)
    with (
        TemporaryDirectory() as folder,
        contextlib.chdir(folder),  # some write a file
        warnings.catch_warnings(record=True) as seen,
    ):
        warnings.simplefilter("always")
        try:
            exec(compile(code, "mistake", "exec"), known)
        except Exception as error:
            return type(error).__name__, str(error)
    told = [w for w in seen if "has been enabled" not in str(w.message)]  # PyTorch's, of its anomaly mode
    return (told[0].category.__name__, str(told[0].message)) if told else ("", "")


@functools.cache
def ours(mistake: Mistake) -> tuple[str, str]:
    """What this package says; each hint as if for the first time."""
    from tinygrad_cnn import hints

    hints.again()
    return said(mistake.code, NAMES)


def write_theirs() -> None:
    """Write down what PyTorch says of each mistake, with its version."""
    import torch

    found = {
        m.title: said(m.code if m.theirs is None else m.theirs, THEIR_NAMES)
        for group in MISTAKES.values()
        for m in group
        if m.theirs != ""
    }
    text = {"version": torch.__version__.partition("+")[0], "messages": found}
    THEIRS.write_text(json.dumps(text, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def page() -> str:
    """The whole page."""
    theirs = json.loads(THEIRS.read_text(encoding="utf-8"))
    parts = [HEAD.format(version=theirs["version"])]
    for kind, meaning in KINDS.items():
        parts.append(f"## {kind}\n\n{meaning}\n")
        for mistake in MISTAKES.get(kind, ()):
            parts.append(entry(mistake, theirs["messages"]))
    return "\n".join(parts)


def entry(mistake: Mistake, theirs: dict[str, tuple[str, str]]) -> str:
    """The part of the page about one mistake."""
    kind, text = ours(mistake)
    code = f"```python\n{mistake.code}\n```\n"
    parts = [f"### {mistake.title}\n", code, block(kind, text, mistake.lines)]
    if mistake.title in theirs:
        there, words = theirs[mistake.title]
        answer = "PyTorch says:\n\n" + block(there, words, mistake.lines) if there else ""
        parts.append(answer or "PyTorch says nothing.\n")
    parts.append(f"**Cause.** {mistake.cause}\n\n**Cure.** {mistake.cure}\n")
    return "\n".join(parts)


def block(kind: str, text: str, lines: int) -> str:
    """The first lines of a message, as it is printed."""
    text = re.sub(r" \(Triggered internally at .*\)", "", text)
    there = [line.expandtabs(2).rstrip() for line in text.splitlines()]
    return "```text\n" + "\n".join([f"{kind}: {there[0]}", *there[1:lines]]) + "\n```\n"


def messages(folders: Sequence[str] = ("tinygrad_cnn", "viz")) -> str:
    """The page of all messages: the texts that the code in these folders raises its errors with."""
    found: dict[str, dict[str, list[str]]] = {}
    for path in sorted(path for folder in folders for path in (FOLDER.parent / folder).rglob("*.py")):
        module = ".".join(path.relative_to(FOLDER.parent).with_suffix("").parts)
        for kind, text in raised(ast.parse(path.read_text(encoding="utf-8"))):
            if kind in KINDS and text not in (texts := found.setdefault(kind, {}).setdefault(module, [])):
                texts.append(text)
    parts = [ALL]
    for kind, modules in sorted(found.items()):
        parts.append(f"## {kind}\n\n{KINDS[kind]}\n")
        for module, texts in modules.items():
            parts.append(f"**{module}**\n\n```text\n" + "\n".join(texts) + "\n```\n")
    return "\n".join(parts)


def raised(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Class and text of each `raise` in a module; what is computed stands as {…}."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            text = shown(node.exc.args[0])
            if isinstance(node.exc.func, ast.Name) and text.replace("{…}", "").strip(" :;,."):
                yield node.exc.func.id, text


def shown(node: ast.expr) -> str:
    """A text as the code has it."""
    if isinstance(node, ast.Constant):
        return str(node.value).replace("\n", " ")
    if isinstance(node, ast.JoinedStr):
        return "".join(shown(part) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return shown(node.left) + shown(node.right)
    if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Name):
        return "{" + node.value.id + "}"
    return "{…}"


if __name__ == "__main__":
    if sys.argv[1:] == ["--pytorch"]:
        write_theirs()
    elif sys.argv[1:] == ["--all-messages"]:
        MESSAGES.write_text(messages(), encoding="utf-8", newline="\n")
    else:
        PAGE.write_text(page(), encoding="utf-8", newline="\n")
        print(f"wrote {PAGE}")
