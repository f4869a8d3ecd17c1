"""Colours, fonts and words of the pictures: names only, so that a look can be changed in one place."""

from __future__ import annotations

#: Tried from left to right; the second has nearly the same widths where the first is missing.
FONT = "DejaVu Sans,Verdana,sans-serif"

#: Sizes in points.
TITLE_SIZE, NAME_SIZE, SMALL_SIZE = 13, 11, 9

#: Text, from strong to quiet.
INK, SOFT, QUIET = "#1a1a1a", "#555555", "#767676"
PARAMETER_INK, PARAMETER_FILL = "#6b5000", "#fffaf0"
LINE, FRAME, FRAME_FILL = "#8c8c8c", "#c4c4c4", "#fbfbfb"

#: Fill of a box, by the family of its op; an unknown family is 'other'.
KINDS = {
    "conv": "#fff1cc",
    "linear": "#e9e3f5",
    "activation": "#e3f3e6",
    "pool": "#fbe1ea",
    "norm": "#dff1f2",
    "dropout": "#efe6dd",
    "loss": "#ffdcdc",
    "shape": "#f1f1f1",
    "arithmetic": "#e8eef8",
    "module": "#edf0f4",
    "other": "#ffffff",
}

#: The kinds in words, for the legend.
KIND_WORDS = {
    "conv": "convolution", "linear": "matrix product, look-up", "activation": "activation",
    "pool": "pooling", "norm": "normalisation", "dropout": "dropout", "loss": "loss",
    "shape": "moves elements", "arithmetic": "arithmetic", "module": "several operations",
    "other": "other",
}  # fmt: skip

#: Fill and text colour of a gradient's chip, from small to large.
HEAT = (
    ("#eef4fb", INK),
    ("#d6e6f4", INK),
    ("#abcfe6", INK),
    ("#6aaed6", INK),
    ("#2f7fbc", "#ffffff"),
    ("#0b559f", "#ffffff"),
)
#: The chip of a gradient that is NaN or infinite.
ALARM = ("#c62828", "#ffffff")
#: The chip of a gradient that was asked for and is not there.
ABSENT = ("#eeeeee", QUIET)
#: Border and text of a box that is marked, for an alarm and for a warning.
MARKS = {True: "#c62828", False: "#b45309"}
#: What the caller says of a box.
NOTE = "#1a5f7a"
#: Forward and reverse arrows of a textbook drawing.
FORWARD, REVERSE = "#1a1a1a", "#c0392b"
#: Fill and border of what a comparison found: added, removed, changed.
CHANGES = {
    "+": ("#d3f2da", "#1a7f37"), "-": ("#ffdcd9", "#c62828"), "~": ("#ffe9bd", "#b45309"),
}  # fmt: skip
#: Fill of the operation that a frame of an animation is about; its border is `REVERSE`.
NOW = "#ffb3a6"
#: Frame around the ops of a derivative.
DERIVATIVE, DERIVATIVE_FILL = "#d9a79b", "#fdf4f1"


def fill(family: str) -> str:
    """Fill of a box of a family.

    >>> fill("conv"), fill("of another library") == fill("other")
    ('#fff1cc', True)
    """
    return KINDS.get(family, KINDS["other"])


def pale(color: str) -> str:
    """A colour, mixed with twice as much white.

    Args:
        color: '#rrggbb'.

    >>> pale("#ffccff")
    '#ffeeff'
    """
    parts = (int(color[k : k + 2], 16) for k in (1, 3, 5))
    return "#" + "".join(f"{(part + 2 * 255) // 3:02x}" for part in parts)


def heat(norm: float, largest: float) -> tuple[str, str]:
    """Fill and text colour for a gradient: each step down the scale is a half of the step above.

    Args:
        norm: the gradient's L2 norm.   largest: the largest finite one of the picture.
    Returns:
        Two colours; the alarm's for NaN and infinity.

    >>> heat(1.0, 1.0) == HEAT[5], heat(0.3, 1.0) == HEAT[4], heat(0.0, 0.0) == HEAT[0]
    (True, True, True)
    """
    if not norm < float("inf"):
        return ALARM
    if norm == 0:
        return HEAT[0]
    level, step = len(HEAT) - 1, largest / 2
    while level > 0 and norm < step:
        level, step = level - 1, step / 2
    return HEAT[level]
