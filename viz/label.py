"""Text on the pictures: boxes as Graphviz's HTML-like labels, and how shapes and options are written.

Everything that a user named goes through `literal`, so that it is shown as it is spelt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import graphviz

from tinygrad_cnn.graph import Node
from viz import style

#: A backslash stands alone in its piece of text: Graphviz would read \N as the node's id.
_SPECIAL = {
    "&": "&amp;", "<": "&lt;", ">": "&gt;", "\\": "<FONT>&#92;</FONT>", "\n": "<BR/>", "\t": " ",
}  # fmt: skip

#: An array among the indices of an op, as its options write it.
_INDICES = re.compile(r"\b(u?int|bool)[0-9]*\(([0-9, ]*)\)")


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


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as one reads it; nothing for a single number.

    >>> shape_text((128, 8, 28, 28))
    '128×8×28×28'
    """
    return "×".join(map(str, shape))


def options_text(node: Node) -> str:
    """The options of a node's op in one line, without what the edges already say.

    >>> from tinygrad_cnn import Tensor, functional as F
    >>> x = Tensor(np.ones((1, 1, 8, 8)), requires_grad=True)
    >>> options_text(F.max_pool2d(x, 2).node), options_text(F.reshape(x, (8, 8)).node)
    ('2×2', '')
    >>> options_text(x[:, :, [0, 3, 5]].node)
    '[:, :, 3 indices]'
    """
    assert node.op is not None
    parts = []
    for key, value in node.op.options().items():
        if value is False or value is None or (key == "shape" and value == node.shape):
            continue
        words = key.replace("_", " ")
        if value is True:
            parts.append(words)
        elif key == "key":
            parts.append(f"[{_INDICES.sub(_indices, value)}]")
        else:
            written = _option(key, value)
            parts.append(written if key in style.BARE else f"{words} {written}")
    return ", ".join(parts)


def _indices(found: re.Match[str]) -> str:
    """An array of indices in words: '60 indices' for int64(60,)."""
    what = "mask" if found[1] == "bool" else "indices"
    return f"{'×'.join(re.findall(r'[0-9]+', found[2]))} {what}".strip()


def _option(key: str, value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if not isinstance(value, tuple):
        return str(value)
    if key in style.SPATIAL and value and all(part == value[0] for part in value):
        return str(value[0])
    return ("×" if key in style.SPATIAL else ", ").join(map(str, value))


def constants_text(node: Node) -> str:
    """The numbers among a node's operands: '× 2' for x * 2, '1 −' for 1 - x.

    >>> from tinygrad_cnn import Tensor
    >>> constants_text((1 - Tensor(3.0, requires_grad=True)).node)
    '1 −'
    """
    assert node.op is not None
    sign = style.SIGNS.get(node.op.name, "")
    parts = []
    for place, parent in enumerate(node.parents):
        if is_number(parent):
            number = str(parent.name).replace("-", "−")
            parts.append(f"{sign} {number}" if place else f"{number} {sign}")
    return ", ".join(part.strip() for part in parts)


def is_number(node: Node) -> bool:
    """Whether a node is a plain number in an expression, which is written beside its op."""
    return node.op is None and node.role == "constant" and node.shape == () and node.name is not None


def size_text(norm: float) -> str:
    """A gradient's size in two or three digits.

    >>> size_text(0.3123), size_text(2.2), size_text(110.4), size_text(2.4e-7), size_text(0.0)
    ('0.31', '2.2', '110', '2.4e-07', '0')
    """
    return f"{norm:,.0f}" if 99.5 <= norm < 1e6 else f"{norm:.2g}"


def number_text(number: float) -> str:
    """A number of a tensor, in four digits.

    >>> number_text(220.0), number_text(-0.123456), number_text(float("nan"))
    ('220', '−0.1235', 'nan')
    """
    return f"{number:.4g}".replace("-", "−")


def count_text(count: int) -> str:
    """A large number as one reads it: all digits below a million, then three.

    >>> count_text(416_520), count_text(19_632_062_464)
    ('416,520', '19.6 G')
    """
    if count < 10**6:
        return f"{count:,}"
    power = min((len(str(count)) - 1) // 3, 5)
    return f"{count / 1000**power:.3g} {'kMGTP'[power - 1]}"


def bytes_text(count: int) -> str:
    """A size in memory.

    >>> bytes_text(512), bytes_text(3 * 2**20)
    ('512 B', '3 MiB')
    """
    power = 0
    while count >= 1024 ** (power + 1) and power < 4:
        power += 1
    return f"{count / 1024**power:.3g} {('B', 'KiB', 'MiB', 'GiB', 'TiB')[power]}"


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
        said: what stands in the place of the norm, '' for the norm itself.
    Returns:
        The label with the outer angle brackets by which Graphviz knows it.

    >>> box("x").startswith("<<TABLE"), "|g| 0.31" in box("x", norm=0.3123, largest=1.0)
    (True, True)
    """
    chip = ""
    if norm is not None or absent:
        fill, ink = style.ABSENT if norm is None else style.heat(norm, largest)
        fill, ink = ("transparent",) * 2 if blank else (fill, ink)
        words = absent if norm is None else said or f"|g| {size_text(norm)}"
        # Beside all rows: a cell that shares its column with wider text would grow with it.
        text = font(f"&#160;{words}&#160;", size=style.SMALL_SIZE, color=ink)
        chip = f'<TD ROWSPAN="{1 + len(rows)}" BGCOLOR="{fill}">{text}</TD>'
    first = f'<TR><TD ALIGN="{align}">{head}</TD>{chip}</TR>'
    below = "".join(f'<TR><TD ALIGN="{align}">{row}</TD></TR>' for row in rows)
    look = 'BORDER="0" CELLBORDER="0" CELLSPACING="1" CELLPADDING="2"'
    return f"<<TABLE {look}>{first}{below}</TABLE>>"
