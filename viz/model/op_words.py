"""The options of an op and the numbers that it takes, as plain text."""

from __future__ import annotations

import re
from typing import Any

from tinygrad_cnn.graph import Node

#: Options whose sizes run along the axes of an image, written as 3×5, or as 3 where all are equal.
SPATIAL = frozenset({"kernel", "stride", "padding", "output_padding", "dilation"})
#: Options whose value says it all.
BARE = frozenset({"kernel", "reduction"})

#: Options of which the usual value goes without saying.
USUAL = {"factor": 1.0, "approximate": "none", "value": 0, "eps": 1e-5, "biased": True}

#: An array among the indices of an op, as its options write it.
_INDICES = re.compile(r"\b(u?int|bool)[0-9]*\(([0-9, ]*)\)")


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
        told = value is False or value is None or (key == "shape" and value == node.shape)
        if told or (key in USUAL and value == USUAL[key]):
            continue
        words = key.replace("_", " ")
        if value is True:
            parts.append(words)
        elif key == "axes" and isinstance(value, int):
            parts.append("last axis" if value == 1 else f"last {value} axes")
        elif key == "key":
            parts.append(f"[{_INDICES.sub(_indices, value)}]")
        else:
            written = _option(key, value)
            parts.append(written if key in BARE else f"{words} {written}")
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
    if key in SPATIAL and value and all(part == value[0] for part in value):
        return str(value[0])
    return ("×" if key in SPATIAL else ", ").join(map(str, value))


def constants_text(node: Node) -> str:
    """The numbers among a node's operands: '× 2' for x * 2, '1 −' for 1 - x.

    >>> from tinygrad_cnn import Tensor
    >>> constants_text((1 - Tensor(3.0, requires_grad=True)).node)
    '1 −'
    """
    assert node.op is not None
    sign = node.op.symbol
    parts = []
    for place, parent in enumerate(node.parents):
        if is_number(parent):
            number = str(parent.name).replace("-", "−")
            parts.append(f"{sign} {number}" if place else f"{number} {sign}")
    return ", ".join(part.strip() for part in parts)


def is_number(node: Node) -> bool:
    """Whether a node is a plain number in an expression, which is written beside its op."""
    return node.op is None and node.role == "constant" and node.shape == () and node.name is not None
