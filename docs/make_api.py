"""Write docs/api: a page for each public package, with every name that it lists."""

from __future__ import annotations

import importlib
from pathlib import Path

from tinygrad_cnn.serial import writing

#: The public packages, in the order of the pages.
PACKAGES = (
    "tinygrad_cnn", "tinygrad_cnn.functional", "tinygrad_cnn.nn", "tinygrad_cnn.nn.init",
    "tinygrad_cnn.nn.models", "tinygrad_cnn.optim", "tinygrad_cnn.data", "tinygrad_cnn.train",
    "tinygrad_cnn.serial", "tinygrad_cnn.transforms", "tinygrad_cnn.graph", "tinygrad_cnn.testing",
    "tinygrad_cnn.testing.strategies", "tinygrad_cnn.onnx", "tinygrad_cnn.parallel", "viz",
)  # fmt: skip


def page(package: str, shown: dict[int, str]) -> str:
    """The text of one page: the package, and each of its public names that no other page has shown.

    Args:
        shown: by the identity of a class or function, the package of its page; this page's are put in.
    """
    module = importlib.import_module(package)
    names = [name for name in getattr(module, "__all__", ()) if callable(getattr(module, name))]
    earlier = {
        name: shown[id(getattr(module, name))] for name in names if id(getattr(module, name)) in shown
    }
    shown.update({id(getattr(module, name)): package for name in names if name not in earlier})
    options = "" if hasattr(module, "__all__") else "   :no-imported-members:\n"
    options += f"   :exclude-members: {', '.join(earlier)}\n" if earlier else ""
    also = "".join(f"- `{name}`: see [{where}]({where}.md)\n" for name, where in earlier.items())
    text = f"# {package}\n\n```{{eval-rst}}\n.. automodule:: {package}\n{options}```\n"
    return text + (f"\nAlso here:\n\n{also}" if also else "")


def write_pages(folder: Path) -> None:
    """Write the pages, and the page that lists them."""
    folder.mkdir(exist_ok=True)
    shown: dict[int, str] = {}
    texts = {f"{package}.md": page(package, shown) for package in PACKAGES}
    rows = "\n".join(PACKAGES)
    texts["index.md"] = f"# Every public name\n\n```{{toctree}}\n:maxdepth: 1\n\n{rows}\n```\n"
    for name, text in texts.items():
        if not (folder / name).is_file() or (folder / name).read_text() != text:
            with writing(folder / name) as temporary:
                temporary.write_text(text)


if __name__ == "__main__":
    write_pages(Path(__file__).with_name("api"))
