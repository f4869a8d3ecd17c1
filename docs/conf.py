"""How Sphinx builds the site: `make docs`."""

from __future__ import annotations

import inspect
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from docutils.nodes import SkipNode
from latex2mathml.converter import convert

import tinygrad_cnn

sys.path.insert(0, str(Path(__file__).parent))
import formulas
import make_api
import make_lesson

project = "tinygrad-cnn"
author = "the developers of tinygrad-cnn"
release = version = tinygrad_cnn.__version__
extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_parser", "sphinx_copybutton"]
exclude_patterns = ["_build", "gallery/*.html"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
suppress_warnings = ["myst.header", "myst.xref_missing"]  # pages link to folders of the repository, too

html_math_renderer = "mathml"

html_theme = "furo"
html_title = "tinygrad-cnn"
html_favicon = "_static/icon.svg"
html_copy_source = html_show_copyright = False
html_show_search_summary = (
    False  # it fetches every page that was found, which a browser refuses from a folder
)
html_static_path, html_css_files = ["_static"], ["site.css"]
html_js_files = [("open.js", {"defer": "defer"})]
copybutton_exclude = ".linenos, .gp, .go"  # what is copied is the code, without prompts and results

# Docstrings have headings of Google's style, with some of our own.
napoleon_google_docstring, napoleon_numpy_docstring, napoleon_use_ivar = True, False, True
napoleon_custom_sections = [
    ("Shapes", "params_style"),
    ("Class attributes", "params_style"),
    ("Source", "returns_style"),
    ("Sources", "returns_style"),
    ("Shape", "returns_style"),
]
autodoc_typehints = "signature"
autodoc_member_order = "alphabetical"
autodoc_default_options = {"members": True, "imported-members": True}
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]


#: Examples; and formulas, which stand indented between empty lines.
_AS_IT_IS = re.compile(
    r"((?:^[ ]*>>>.*\n?(?:^[ ]*\S.*\n?)*)|(?:(?<=\n\n)^[ ]{4}.*\n(?:^[ ]{4}.*\n)*))", re.M
)


def _from_markdown(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Docstrings have Markdown's `code`, and signs that reStructuredText would read as marks."""
    names = _arguments(obj)
    parts = _AS_IT_IS.split("\n".join(lines))
    described = False  # arguments and results are, from the first heading on
    for i in range(0, len(parts), 2):
        head = _HEADING.search(parts[i])
        text = parts[i] if head is None else parts[i][: head.start()]
        parts[i] = _words(parts[i]) if described else _typeset(text, names) + _words(parts[i][len(text) :])
        described = described or head is not None
    for i in range(1, len(parts), 2):
        block = parts[i].strip("\n").splitlines()
        if not block[0].lstrip().startswith(">>>") and formulas.mostly(block, names):
            rows = "\n\n".join(f"   {_typeset(row.strip(), names, display=True)}" for row in block)
            parts[i] = f".. container:: formula\n\n{rows}\n\n"
        else:
            is_code = parts[i].lstrip().startswith(">>>")
            parts[i] = f"{'' if is_code else '::'}\n\n{parts[i]}\n"
        parts[i - 1] = parts[i - 1].rstrip("\n") + "\n\n"
    lines[:] = "".join(parts).split("\n")


#: The first heading of a docstring.
_HEADING = re.compile(r"^(Args|Returns|Raises|Attributes|Class attributes|Shapes?|Sources?|Yields):", re.M)


def _arguments(obj: Any) -> set[str]:
    """Words that are names in the formulas of a docstring: the arguments of what it describes."""
    try:
        return set(inspect.signature(obj).parameters)
    except (TypeError, ValueError):
        return set()


def _typeset(text: str, names: set[str], *, display: bool = False) -> str:
    """Text with its formulas as mathematics, apart from what stands beside them; `display`: large sums."""
    large = r"\displaystyle " if display else ""
    made = formulas.written(text, names, _words, ":math:")
    return re.sub(r":math:`([^`]*?)\s*`", lambda found: rf"\ :math:`{large}{found[1]}`\ ", made)


def _mathml(self: Any, node: Any) -> None:
    """A formula as MathML, which browsers show without a script; a phone moves a long one sideways."""
    self.body.append(f'<span class="formula-in-text">{convert(node.astext())}</span>')
    raise SkipNode


def _is_inherited(app: Any, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """Leave out the `forward` that most layers have from one class, with its words."""
    return True if getattr(obj, "__qualname__", "") == "FunctionLayer.forward" else None


def _words(text: str) -> str:
    """Text with its code as literals, and every other sign as itself."""
    pieces = re.split(r"`+([^`]+)`+(\w*)", text)
    pieces[::3] = [re.sub(r"([*|]|(?<=\w)_(?!\w))", r"\\\1", plain) for plain in pieces[::3]]
    pieces[1::3] = [f"``{' '.join(code.split())}``" for code in pieces[1::3]]
    pieces[2::3] = [rf"\ {ending}" if ending else "" for ending in pieces[2::3]]
    return "".join(pieces)


def _page(app: Any, page: str, text: list[str]) -> None:
    """A page as it is shown: pictures at the lesson's marks, examples without an empty last line."""
    shown = text[0]
    if page in ("backward", "zh/backward"):
        ending = "zh.svg" if page.startswith("zh/") else "png"
        shown = make_lesson.with_pictures(shown, "../" * page.count("/") + "backward", ending)
    text[0] = shown.replace("\n\n```\n", "\n```\n")


def _in_its_language(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Say in which language a page is, for browsers and those that read aloud."""
    if page.startswith("zh/"):
        context["language"] = "zh"


def _pictures(app: Any, error: Exception | None) -> None:
    """Copy what pages lead to by an HTML tag of their own, which Sphinx does not look into."""
    for folder in ("gallery", "programs", "live"):
        if error is None and app.builder.format == "html":
            shutil.copytree(Path(app.srcdir) / folder, Path(app.outdir) / folder, dirs_exist_ok=True)


def setup(app: Any) -> None:
    app.add_html_math_renderer("mathml", (_mathml, None), (_mathml, None))
    app.connect("build-finished", _pictures)
    app.connect("html-page-context", _in_its_language)
    app.connect("autodoc-process-docstring", _from_markdown, priority=400)  # before napoleon
    app.connect("autodoc-skip-member", _is_inherited)
    app.connect("source-read", _page)
    make_api.write_pages(Path(app.srcdir) / "api")
    make_lesson.draw(Path(app.srcdir) / "backward")
