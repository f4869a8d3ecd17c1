"""Write docs/api: a page for each public package, with every name that it lists.

A native package is shown with its docstrings. PyTorch's names are shown as tables: what each is here, and
the native name behind it. `docs/check_site.py` finds every name again in the built site.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from tinygrad_cnn.serial import writing

sys.path.insert(0, str(Path(__file__).parent))
from formulas import escaped

#: The public packages, in the order of the pages.
PACKAGES = (
    "tinygrad_cnn", "tinygrad_cnn.functional", "tinygrad_cnn.nn", "tinygrad_cnn.nn.init",
    "tinygrad_cnn.nn.models", "tinygrad_cnn.optim", "tinygrad_cnn.data", "tinygrad_cnn.train",
    "tinygrad_cnn.serial", "tinygrad_cnn.transforms", "tinygrad_cnn.graph", "tinygrad_cnn.devices",
    "tinygrad_cnn.testing", "tinygrad_cnn.testing.strategies", "tinygrad_cnn.testing.frameworks",
    "tinygrad_cnn.testing.fuzz", "tinygrad_cnn.testing.ghostwriter", "tinygrad_cnn.testing.mutation",
    "tinygrad_cnn.onnx",
    "tinygrad_cnn.parallel", "tinygrad_cnn.array_api", "tinygrad_cnn.array_api.linalg", "viz",
    "viz.animation", "viz.plots",
)  # fmt: skip

#: Packages with the names of another library: page -> its parts, each with a table.
TABLES = {
    "tinygrad_cnn.torch": (
        "", ".Tensor", ".nn", ".nn.functional", ".nn.init", ".nn.utils", ".nn.attention", ".optim",
        ".optim.lr_scheduler", ".utils.data", ".linalg", ".special", ".func", ".autograd", ".distributions",
        ".files",
    ),
    "tinygrad_cnn.torchvision": (
        "", ".datasets", ".transforms", ".transforms.functional", ".models", ".ops", ".utils", ".io",
    ),
}  # fmt: skip


def names_of(module: Any) -> list[str]:
    """The public names of a package: those that it lists, or else those that are its own; of a class, all.

    >>> names_of(importlib.import_module("tinygrad_cnn.transforms"))
    ['hessian', 'hvp', 'jacobian', 'jvp', 'vjp']
    """
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return sorted(set(listed))
    if inspect.isclass(module):
        return [n for n in dir(module) if n[0] != "_" and hasattr(module, n)]
    package = re.sub(r"(\.torch)\..*", r"\1", module.__name__)
    return [n for n in dir(module) if n[0] != "_" and _own(getattr(module, n), package)]


def _own(value: Any, package: str) -> bool:
    """Whether a value belongs to a package that lists none; constants have no home, and do."""
    if isinstance(value, ModuleType) or type(value).__module__ in ("typing", "__future__"):
        return False
    home = getattr(value, "__module__", None)
    return not callable(value) or str(home).startswith(package)


def thing(part: str) -> Any:
    """A package, or a class in one, by its name."""
    try:
        return importlib.import_module(part)
    except ModuleNotFoundError:
        package, _, name = part.rpartition(".")
        return getattr(thing(package), name)


def public() -> Iterator[tuple[str, str, str]]:
    """(page, part, name) of every public name."""
    for package in PACKAGES:
        yield from ((package, package, name) for name in names_of(thing(package)))
    for package, parts in TABLES.items():
        for part in parts:
            yield from ((package, package + part, name) for name in names_of(thing(package + part)))


def page(package: str, shown: dict[int, str]) -> str:
    """The text of one page: the package, and each of its public names that no other page has shown.

    Args:
        shown: by the identity of a class or function, the package of its page; this page's are put in.
    """
    module = thing(package)
    names = names_of(module)
    values = {name: getattr(module, name) for name in names}
    called = {name: value for name, value in values.items() if callable(value)}
    earlier = {name: shown[id(value)] for name, value in called.items() if id(value) in shown}
    shown.update({id(value): package for name, value in called.items() if name not in earlier})
    options = "" if hasattr(module, "__all__") else "   :no-imported-members:\n"
    apart = [*earlier, *(name for name, value in values.items() if not _has_docstring(name, value))]
    options += f"   :exclude-members: {', '.join(apart)}\n" if apart else ""
    text = f"# {package}\n\n```{{eval-rst}}\n.. automodule:: {package}\n{options}```\n"
    also = [
        f"- {_code(package, name)}: {_elsewhere(package, name, values[name], earlier)}"
        for name in sorted(apart)
    ]
    return text + ("\nAlso here:\n\n" + "\n".join(also) + "\n" if also else "")


def _has_docstring(name: str, value: Any) -> bool:
    """Whether autodoc shows a name: a class or a function with a docstring."""
    return (inspect.isclass(value) or inspect.isroutine(value)) and bool(value.__doc__) and name[0] != "_"


def _code(part: str, name: str) -> str:
    """A name that a link can lead to."""
    return f'<span id="{part}.{name}"></span>`{name}`'


def _elsewhere(package: str, name: str, value: Any, earlier: dict[str, str]) -> str:
    """What is said of a name that has no docstring of its own on this page."""
    if name in earlier:
        return f"see [{earlier[name]}]({earlier[name]}.md)"
    if inspect.isroutine(value):
        first = (value.__doc__ or "").partition("\n")[0]
        return escaped(first) if first else "NumPy's function of this name, beside arrays of a device"
    if isinstance(value, ModuleType):
        where = value.__name__
        return f"see [{where}]({where}.md)" if where in PACKAGES else "a module"
    shown = repr(value)
    plain = len(shown) <= 60 and " at 0x" not in shown and "\n" not in shown
    return f"`{shown}`" if plain else f"a constant, {type(value).__name__}"


# --------------------------------------------------------------------------- tables
def table_page(package: str, parts: tuple[str, ...], shown: dict[int, str]) -> str:
    """A page of tables: every name of another library, what it is here, and the native name behind it."""
    about = inspect.getdoc(thing(package)) or ""
    theirs = package.removeprefix("tinygrad_cnn.")
    text = [f"# {package}\n", escaped(about.partition("\n\n>>>")[0].partition("\n\n    ")[0]) + "\n"]
    text.append("[What is equal to PyTorch, name by name](../pytorch_names.md).\n")
    for part in parts:
        where = package + part
        rows = [_row(where, name, shown) for name in names_of(thing(where))]
        text.append(
            f"## {theirs}{part}\n\n| name | what it is here | native |\n|---|---|---|\n"
            + "\n".join(rows)
            + "\n"
        )
    return "\n".join(text)


def _row(part: str, name: str, shown: dict[int, str]) -> str:
    value = getattr(thing(part), name)
    said = _said(value)
    return f"| {_code(part, name)} | {said} | {_native(name, value, shown)} |"


def _said(value: Any) -> str:
    """The first sentence about a value, on one line."""
    if isinstance(value, ModuleType):
        doc: Any = value.__doc__
    elif callable(value) or isinstance(value, property):
        doc = inspect.getdoc(value)
    else:
        shown = repr(value)
        return (
            f"`{shown}`"
            if len(shown) <= 40 and not set("\n|`") & set(shown) and " at 0x" not in shown
            else "a constant"
        )
    first = re.split(r"(?<=[.:])\s", " ".join((doc or "").split()), maxsplit=1)[0].rstrip(":")
    return escaped(first[:160]).replace("\n", " ") if first.count("`") % 2 == 0 else ""


def _native(name: str, value: Any, shown: dict[int, str]) -> str:
    """A link to the native class or function: the same, one that it derives from, or one of its name."""
    for one in [value, *(inspect.getmro(value)[1:] if inspect.isclass(value) else ())]:
        if id(one) in shown and one is not object:
            return f"{{py:obj}}`{shown[id(one)]}.{one.__name__}`"
    native = getattr(importlib.import_module("tinygrad_cnn.functional"), name, None)
    return f"{{py:obj}}`tinygrad_cnn.functional.{name}`" if callable(native) and callable(value) else ""


def write_pages(folder: Path) -> None:
    """Write the pages, and the page that lists them."""
    folder.mkdir(exist_ok=True)
    shown: dict[int, str] = {}
    texts = {f"{package}.md": page(package, shown) for package in PACKAGES}
    texts |= {f"{package}.md": table_page(package, parts, shown) for package, parts in TABLES.items()}
    rows = "\n".join([*PACKAGES, *TABLES])
    texts["index.md"] = f"# Every public name\n\n```{{toctree}}\n:maxdepth: 1\n\n{rows}\n```\n"
    for name, text in texts.items():
        if not (folder / name).is_file() or (folder / name).read_text() != text:
            with writing(folder / name) as temporary:
                temporary.write_text(text)


if __name__ == "__main__":
    write_pages(Path(__file__).with_name("api"))
