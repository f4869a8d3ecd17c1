"""A written file that shows itself in a notebook: a picture as it is, an animation that plays."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from tinygrad_cnn.signal_handlers import let_through

#: Types of files that notebooks show by themselves.
_IMAGES = {
    ".png": "image/png", ".apng": "image/png", ".gif": "image/gif", ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg", ".svg": "image/svg+xml",
}  # fmt: skip
#: Larger files are named only: they would make the notebook as large.
_MOST = 20_000_000


class ShownFile(type(Path())):  # type: ignore[misc]
    """A path like any other; as the last value of a cell it shows what is in the file.

    >>> ShownFile("graph.png").suffix, ShownFile("graph.png") == Path("graph.png")
    ('.png', True)
    """

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, Any]:
        found: dict[str, Any] = {"text/plain": str(self)}
        try:
            content = self.read_bytes() if self.stat().st_size <= _MOST else b""
        except OSError as error:
            let_through(error)
            return found
        kind = _IMAGES.get(self.suffix.lower())
        if kind == "image/svg+xml" and content:
            found[kind] = content.decode("utf-8")
        elif kind is not None and content:
            found[kind] = b64encode(content).decode("ascii")
            if kind == "image/gif":  # which some viewers, nbconvert's among them, do not know
                found["text/html"] = f'<img src="data:{kind};base64,{found[kind]}">'
        elif self.suffix.lower() == ".html" and content:
            page = escape(content.decode("utf-8"))
            found["text/html"] = (
                f'<iframe srcdoc="{page}" width="100%" height="560" frameborder="0"></iframe>'
            )
        return found
