"""A drawn graph: what files, notebooks and terminals show of it."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar, overload

from tinygrad_cnn.errors import ArgumentError, TinygradCnnError
from viz.model.boxes import Model
from viz.options import Choice
from viz.output import browser_engine
from viz.output.engines import DPI, FORMATS, check_drawing, draw, engine, need_engine, target_of, write
from viz.output.shown_file import ShownFile
from viz.page import document
from viz.write import mermaid, plain_data, terminal


class Writable(Protocol):
    """The kinds of target of a drawing: an open file, a buffer."""

    def write(self, data: bytes, /) -> Any:
        """Take bytes."""


W = TypeVar("W", bound=Writable)


@dataclass(frozen=True)
class Picture:
    """A drawn graph: notebooks show it as a picture, `print` as text.

    Attributes:
        source: DOT text.   summary: what it shows and how big it is, in one line.
        model: the boxes and edges that are drawn, as plain data.
        choice: what is shown of them.
        fuller: gives the same graph with every module open, and then with repeats folded, for pages.
    """

    source: str
    summary: str
    model: Model
    choice: Choice = field(default_factory=Choice)
    fuller: Callable[[], list[Model]] = field(default=list, repr=False, compare=False)

    @overload
    def render(
        self, path: str | Path, *, form: str | None = None, dpi: int = DPI, timeout: float = 60.0
    ) -> Path: ...  # fmt: skip
    @overload
    def render(
        self, path: W, *, form: str | None = None, dpi: int = DPI, timeout: float = 60.0
    ) -> W: ...  # fmt: skip
    def render(
        self, path: Any, *, form: str | None = None, dpi: int = DPI, timeout: float = 60.0
    ) -> Any:  # fmt: skip
        """Write the picture to a file; see `viz.render`.

        >>> import tempfile
        >>> from tinygrad_cnn import Tensor
        >>> from viz import graph
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     graph(Tensor(2.0)).render(f"{folder}/two.dot").name
        'two.dot'
        """
        if hasattr(path, "write"):
            path.write(self.drawn(form_of("viz.render", form), dpi=dpi, timeout=timeout))
            return path
        target, suffix = target_of(path, dpi, timeout, FORMATS if form is None else ("", *suffixes(path)))
        suffix = suffix if form is None else form_of("viz.render", form)
        if suffix not in _TEXTS:
            need_engine(target, self.source)
        return ShownFile(write(target, self.drawn(suffix, dpi=dpi, timeout=timeout)))

    def drawn(self, form: str, *, dpi: int = DPI, timeout: float = 60.0) -> bytes:
        """The bytes of a file of a format, such as 'svg': those of the suffixes of `viz.render`.

        Raises:
            ArgumentError: another format, or an option out of its range.
            MissingExtraError, DrawingError: as for `viz.render`.

        >>> from tinygrad_cnn import Tensor
        >>> from viz import graph
        >>> graph(Tensor(2.0)).drawn("dot")[:9]
        b'digraph {'
        """
        form = form_of("Picture.drawn", form)
        check_drawing("Picture.drawn", dpi, timeout)
        if form in _TEXTS:
            return _TEXTS[form](self).encode("utf-8")
        if form == "html":
            return document.page(self.model, self.choice, self.fuller(), timeout=timeout).encode("utf-8")
        return draw(self.source, form, dpi=dpi, timeout=timeout)

    def __repr__(self) -> str:
        return f"<Picture {self.summary}>"

    def __str__(self) -> str:
        return terminal.drawing(self.model, self.choice)

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, str]:
        """SVG and PNG for notebooks where an engine is there, text everywhere; never an exception.

        A notebook that is not trusted shows no SVG, and then the PNG. Without an engine the page itself
        lays the graph out, where the extra [browser] is installed.
        """
        kinds = ("image/png", "image/svg+xml", "text/html", "text/plain")
        wanted = set(kinds) & set(include or kinds) - set(exclude or ())
        found, said = {"text/plain": str(self)}, ""
        for kind, form in (("image/svg+xml", "svg"), ("image/png", "png")):
            if kind in wanted:
                try:
                    drawn = draw(self.source, form, timeout=20.0)
                    found[kind] = _fitted(drawn.decode()) if form == "svg" else b64encode(drawn).decode()
                except (TinygradCnnError, OSError, UnicodeError) as error:
                    said = f"\n\n{error}"
        found["text/plain"] += said
        if "text/html" in wanted and engine() is None:
            page = browser_engine.cell(self.source, str(self))
            found |= {} if page is None else {"text/html": page}
        return {kind: found[kind] for kind in sorted(wanted) if kind in found}


#: Formats that need no engine.
_TEXTS: dict[str, Callable[[Picture], str]] = {
    "dot": lambda picture: picture.source,
    "gv": lambda picture: picture.source,
    "txt": lambda picture: f"{picture}\n",
    "mmd": lambda picture: mermaid.text(picture.model, picture.choice) + "\n",
    "json": lambda picture: plain_data.text(picture.model, picture.choice),
}


def form_of(function: str, form: Any) -> str:
    """A format by its name.

    Raises:
        ArgumentError: there is none of that name.
    """
    if not isinstance(form, str) or form.lower().lstrip(".") not in FORMATS:
        fits = ", ".join(map(repr, FORMATS))
        raise ArgumentError(f"{function}: form is {form!r}; {fits} fit, and a file object needs one")
    return form.lower().lstrip(".")


def suffixes(path: Any) -> list[str]:
    """The suffix that a path has, which its format is not taken from."""
    return [Path(path).suffix.lower().lstrip(".")] if isinstance(path, (str, Path)) else []


def _fitted(svg: str) -> str:
    """An SVG of its natural size, and no wider than the notebook."""
    size = re.search(r'<svg width="([\d.]+pt)" height="[\d.]+pt"', svg)
    if size is None:
        return svg
    look = f'{size[0]} style="max-width: 100%; height: auto"'
    return svg[: size.start()] + look + svg[size.end() :]
