"""Write docs/errors.md: mistakes, what is said about them, why, and what to write: `make docs`.

python docs/make_errors.py                 the page
python docs/make_errors.py --all-messages  docs/messages.md, which is made with the site
python docs/make_errors.py --pytorch       what PyTorch says, into pytorch_messages.json; needs PyTorch
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import inspect
import json
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from message_families import FAMILIES, Family, family
from mistakes import KINDS, MISTAKES, NAMES, THEIR_NAMES, Mistake

FOLDER = Path(__file__).parent
PAGE, MESSAGES, THEIRS = FOLDER / "errors.md", FOLDER / "messages.md", FOLDER / "pytorch_messages.json"

HEAD = """\
# Errors and their cure

Every error of this package is a `TinygradCnnError`, and also of the class of Python that fits, so
`except ValueError` catches a `ShapeError`; where PyTorch raises a `RuntimeError`, it is one of those too.
Only reports of tests are plain `AssertionError`s, and an index or a file that is not there is Python's own.
A message names the function, what it got, and what would fit; inside a model it begins with the path of the
layer. Below are mistakes of beginners, each run: what is said here, what PyTorch {version} says, why, and
what to write instead. [All messages](messages.md) has the rest, by class and family, each family with its
cause and its cure. The code begins with

```python
{names}
```

This page is made by `docs/make_errors.py`: change `docs/mistakes/`, not this.
"""

ALL = """\
# All messages

Every message of an error or a warning of this package, as the code has it: `{…}` stands for what it names.
They stand by class, and in a class by families, with their cause and their cure; a message often says both.
What the mistakes that are made most say stands on [Errors and their cure](errors.md).
"""

#: What the page of all messages has beside the classes of the page of errors.
ALL_KINDS = KINDS | {
    "Warnings": "The program goes on. `warnings.filterwarnings` silences them.",
    "Python's classes": "Errors of Python's own classes, as its protocols ask for them: indices, files.",
    "PyTorch's classes": (
        "Programs that run by `python -m tinygrad_cnn.torch` meet PyTorch's classes, which they catch."
    ),
}


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
    parts = [HEAD.format(version=theirs["version"], names=NAMES.rstrip())]
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


#: What is no message for users: errors that only tests see, as a device's or another tool's own words.
NOT_OURS = re.compile(r"tinygrad_cnn\.testing\.(stand_in|fuzz|mutation)\b|kernels\.device")
#: Classes of Python's that the code raises.
_PYTHONS = {
    name
    for name, value in vars(builtins).items()
    if inspect.isclass(value) and issubclass(value, Exception)
} - {"AssertionError"}


def messages(folders: Sequence[str] = ("tinygrad_cnn", "viz")) -> str:
    """The page of all messages: the texts of errors and warnings in these folders, by class and family."""
    found: dict[str, dict[Family | None, set[str]]] = {}
    for kind, module, text in texts(folders):
        found.setdefault(kind, {}).setdefault(family(kind, module, text), set()).add(text)
    parts = [ALL]
    for kind in (one for one in ALL_KINDS if one in found):
        parts.append(f"## {kind}\n\n{ALL_KINDS[kind]}\n")
        for one in (*FAMILIES.get(kind, ()), None):
            if said := found[kind].get(one):
                head = (
                    f"### {one.title}\n\n**Cause.** {one.cause}\n\n**Cure.** {one.cure}\n\n" if one else ""
                )
                parts.append(f"{head}```text\n" + "\n".join(sorted(said)) + "\n```\n")
    return "\n".join(parts)


def texts(folders: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """(class or group, module, text) of every error and warning that the code in these folders makes."""
    for path in sorted(path for folder in folders for path in (FOLDER.parent / folder).rglob("*.py")):
        module = ".".join(path.relative_to(FOLDER.parent).with_suffix("").parts)
        if not NOT_OURS.search(module):
            for kind, text in made(ast.parse(path.read_text(encoding="utf-8"))):
                theirs = re.match(r"tinygrad_cnn\.torch(vision)?\.", module)
                if kind in _PYTHONS:
                    kind = "PyTorch's classes" if theirs else "Python's classes"
                if kind in ALL_KINDS:
                    yield kind, module, text


def made(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Class and text of each error that a module raises or hands over, and of its warnings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute) and node.args:
            kind = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            kind = {"say": "Hint", "warn": "Warnings"}.get(kind, kind)
            text = shown(node.args[1 if kind == "Hint" and len(node.args) > 1 else 0])
            if text.replace("{…}", "").strip(" :;,."):
                yield kind, text


def shown(node: ast.expr) -> str:
    """A text as the code has it; what is computed stands as {…}."""
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
