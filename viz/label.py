"""Text on the pictures: boxes as Graphviz's HTML-like labels, and how shapes and options are written.

Everything that a user named goes through `literal`, so that it is shown as it is spelt.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

from tinygrad_cnn.graph import Node
from viz import style

#: A backslash stands alone in its piece of text: Graphviz would read \N as the node's id.
_SPECIAL = {
    "&": "&amp;", "<": "&lt;", ">": "&gt;", "\\": "<FONT>&#92;</FONT>", "\n": "<BR/>", "\t": " ",
}  # fmt: skip


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
    return "".join(map(_character, text))


def _character(c: str) -> str:
    if c in _SPECIAL:
        return _SPECIAL[c]
    code = ord(c)
    # Graphviz ends a text at NUL, XML forbids the other control characters, UTF-8 a lone surrogate.
    unfit = code < 32 or 127 <= code < 160 or 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE
    return "\N{REPLACEMENT CHARACTER}" if unfit else c


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
            parts.append(f"[{value}]")
        else:
            written = _option(key, value)
            parts.append(written if key in style.BARE else f"{words} {written}")
    return ", ".join(parts)


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


def parameters_text(parameters: Iterable[tuple[Node, int]], shared: frozenset[Node]) -> str:
    """Names and shapes of the parameters inside a box, and the number of their elements.

    Args:
        parameters: each with how often the op takes it.   shared: those that other ops take too.

    >>> w = Node.leaf((8, 3), np.dtype("float32"), requires_grad=False, role="parameter", name="weight")
    >>> parameters_text([(w, 1)], frozenset())
    'weight 8×3 (frozen) · 24'
    """
    listed = list(parameters)
    words = []
    for node, times in listed[:6]:
        marks = [] if node.requires_grad else ["frozen"]
        marks += ["shared"] if node in shared else []
        marks += [f"{times} times"] if times > 1 else []
        word = " ".join(filter(None, (node.name or "parameter", shape_text(node.shape))))
        words.append(f"{word} ({', '.join(marks)})" if marks else word)
    if len(listed) > 6:
        words.append(f"{len(listed) - 6} more")
    total = sum(prod(node.shape) for node, _ in listed)
    return " · ".join([*words, f"{total:,}"])


def size_text(norm: float) -> str:
    """A gradient's size in two or three digits.

    >>> size_text(0.3123), size_text(2.2), size_text(110.4), size_text(2.4e-7), size_text(0.0)
    ('0.31', '2.2', '110', '2.4e-07', '0')
    """
    return f"{norm:,.0f}" if 99.5 <= norm < 1e6 else f"{norm:.2g}"


def box(
    head: str, rows: Sequence[str] = (), align: str = "LEFT",
    norm: float | None = None, largest: float = 0.0,
) -> str:  # fmt: skip
    """A label: the head, small rows below, and on the right the size of a gradient.

    Args:
        head, rows: HTML-like text, not empty.
        align: where text that is narrower than the box stands, 'LEFT' or 'CENTER'.
        norm: the gradient's L2 norm, None for none.   largest: the largest one of the picture.
    Returns:
        The label with the outer angle brackets by which Graphviz knows it.

    >>> box("x").startswith("<<TABLE"), "|g| 0.31" in box("x", norm=0.3123, largest=1.0)
    (True, True)
    """
    chip = ""
    if norm is not None:
        fill, ink = style.heat(norm, largest)
        # Beside all rows: a cell that shares its column with wider text would grow with it.
        text = font(f"&#160;|g| {size_text(norm)}&#160;", size=style.SMALL_SIZE, color=ink)
        chip = f'<TD ROWSPAN="{1 + len(rows)}" BGCOLOR="{fill}">{text}</TD>'
    first = f'<TR><TD ALIGN="{align}">{head}</TD>{chip}</TR>'
    below = "".join(f'<TR><TD ALIGN="{align}">{row}</TD></TR>' for row in rows)
    look = 'BORDER="0" CELLBORDER="0" CELLSPACING="1" CELLPADDING="2"'
    return f"<<TABLE {look}>{first}{below}</TABLE>>"
