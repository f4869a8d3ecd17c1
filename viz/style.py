"""Colours, fonts and words of the pictures: names only, so that a look can be changed in one place."""

from __future__ import annotations

#: Tried from left to right; the second has nearly the same widths where the first is missing.
FONT = "DejaVu Sans,Verdana,sans-serif"

#: Sizes in points.
TITLE_SIZE, NAME_SIZE, SMALL_SIZE = 13, 11, 9

#: Text, from strong to quiet.
INK, SOFT, QUIET = "#1a1a1a", "#555555", "#767676"
PARAMETER_INK = "#6b5000"
LINE, FRAME, FRAME_FILL = "#8c8c8c", "#c4c4c4", "#fbfbfb"

#: Fill of a box, by what its op does.
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
    "other": "#ffffff",
}

_MEMBERS = {
    "conv": "Conv ConvImage ConvKernel ConvTranspose",
    "linear": "Linear MatMul",
    "activation": "ReLU LeakyReLU ELU GELU SiLU Sigmoid Tanh Softplus Softmax LogSoftmax",
    "pool": "MaxPool AvgPool Place Pick Spread",
    "norm": "BatchNorm FixedNorm LayerNorm GroupNorm",
    "dropout": "Dropout",
    "loss": "SoftmaxCrossEntropy CrossEntropy BinaryCrossEntropy MSE NLL",
    "shape": "Reshape Transpose BroadcastTo SumTo Concatenate Pad Index IndexAdd Cast",
    "arithmetic": "Add Sub Mul Div Neg Pow Exp Log Sqrt Abs Sum Mean Max Min",
}
_KIND_OF = {name: kind for kind, names in _MEMBERS.items() for name in names.split()}

#: How a constant beside an op is written: what stands between the two operands.
SIGNS = {"Add": "+", "Sub": "−", "Mul": "×", "Div": "÷", "Pow": "^"}

#: Options whose sizes run along the axes of an image, written as 3×5, or as 3 where all are equal.
SPATIAL = frozenset({"kernel", "stride", "padding", "output_padding", "dilation"})
#: Options whose value says it all.
BARE = frozenset({"kernel", "reduction"})

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


def kind(op_name: str) -> str:
    """The kind of an op, by its name; 'other' for a name that is not known.

    Args:
        op_name: `op.name`, such as 'Conv'.
    Returns:
        A key of `KINDS`.

    >>> kind("Conv"), kind("MyOwnOp")
    ('conv', 'other')
    """
    return _KIND_OF.get(op_name, "other")


def heat(norm: float, largest: float) -> tuple[str, str]:
    """Fill and text colour for a gradient: each step down the scale is a half of the step above.

    Args:
        norm: the gradient's L2 norm.   largest: the largest finite one of the picture.
    Returns:
        Two colours; the alarm's for NaN and infinity.

    >>> heat(1.0, 1.0) == HEAT[5], heat(0.3, 1.0) == HEAT[4], heat(0.0, 1.0) == HEAT[0]
    (True, True, True)
    """
    if not norm < float("inf"):
        return ALARM
    level, step = len(HEAT) - 1, largest / 2
    while level > 0 and norm < step:
        level, step = level - 1, step / 2
    return HEAT[level]
