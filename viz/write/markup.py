"""Text on the pictures, as Graphviz's HTML-like labels.

Everything that a user named goes through `literal`, so that it is shown as it is spelt.
"""

from __future__ import annotations

from collections.abc import Sequence

import graphviz

from viz.write import style

#: A backslash stands alone in its piece of text: Graphviz would read \N as the node's id.
_SPECIAL = {
    "&": "&amp;", "<": "&lt;", ">": "&gt;", "\\": "<FONT>&#92;</FONT>", "\n": "<BR/>", "\t": " ",
}  # fmt: skip


def path(text: str, limit: int = 60) -> str:
    """A path or a name as it is spelt; where it is too long it lacks its middle, since its end tells most.

    >>> path("encoder.layers.self_attention.query", 20)
    'encod…ttention.query'
    """
    if len(text) > limit:
        start = limit // 3 - 1
        text = f"{text[:start]}…{text[start + 1 - limit :]}"
    return literal(text, limit)


def literal(value: object, limit: int = 60) -> str:
    """Any text as it is spelt, for use inside an HTML-like label.

    Markup and backslashes lose their meaning, line breaks stay line breaks, characters that no
    picture can hold become '�', and what is longer than `limit` characters ends in '…'.

    >>> literal('a <b> & "c"')
    'a &lt;b&gt; &amp; "c"'
    """
    text = str(value)
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return "".join(_SPECIAL.get(c) or _fit(c) for c in text)


def _fit(c: str) -> str:
    code = ord(c)
    # Graphviz ends a text at NUL, XML forbids the other control characters, UTF-8 a lone surrogate.
    unfit = code < 32 or 127 <= code < 160 or 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE
    return "\N{REPLACEMENT CHARACTER}" if unfit else c


def tooltip(text: str) -> str:
    """Any text as it is spelt, for use as a plain attribute, in which '&' and a backslash are special.

    >>> tooltip("a & b")
    'a &amp; b'
    """
    return graphviz.escape("".join(map(_fit, text)).replace("&", "&amp;"))


def font(html: str, *, size: int | None = None, color: str | None = None, bold: bool = False) -> str:
    """Markup around text that is already literal; nothing around nothing, which Graphviz refuses.

    >>> font("x", color="#555555")
    '<FONT COLOR="#555555">x</FONT>'
    """
    if not html:
        return ""
    inner = f"<B>{html}</B>" if bold else html
    marks = (f' COLOR="{color}"' if color else "") + (f' POINT-SIZE="{size}"' if size else "")
    return f"<FONT{marks}>{inner}</FONT>" if marks else inner


def box(
    head: str, rows: Sequence[str] = (), align: str = "LEFT",
    norm: float | None = None, largest: float = 0.0, absent: str = "", blank: bool = False,
    said: str = "",
) -> str:  # fmt: skip
    """A label: the head, small rows below, and on the right the size of a gradient.

    Args:
        head, rows: HTML-like text, not empty.
        align: where text that is narrower than the box stands, 'LEFT' or 'CENTER'.
        norm: the gradient's L2 norm, None for none.   largest: the largest one of the picture.
        absent: what stands in the place of a norm that is not known; '' for nothing.
        blank: leave the place of the gradient empty, at its full size.
        said: the norm in words.
    Returns:
        The label with the outer angle brackets by which Graphviz knows it.

    >>> box("x").startswith("<<TABLE"), "|∂w| 0.3" in box("x", norm=0.3123, said="|∂w| 0.3")
    (True, True)
    """
    chip = ""
    if norm is not None or absent:
        fill, ink = style.ABSENT if norm is None else style.heat(norm, largest)
        fill, ink = ("transparent",) * 2 if blank else (fill, ink)
        words = absent if norm is None else said
        # Beside all rows: a cell that shares its column with wider text would grow with it.
        text = font(f"&#160;{words}&#160;", size=style.SMALL_SIZE, color=ink)
        chip = f'<TD ROWSPAN="{1 + len(rows)}" BGCOLOR="{fill}">{text}</TD>'
    first = f'<TR><TD ALIGN="{align}">{head}</TD>{chip}</TR>'
    below = "".join(f'<TR><TD ALIGN="{align}">{row}</TD></TR>' for row in rows)
    look = 'BORDER="0" CELLBORDER="0" CELLSPACING="1" CELLPADDING="2"'
    return f"<<TABLE {look}>{first}{below}</TABLE>>"
