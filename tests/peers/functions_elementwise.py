"""Functions of each element, and of pairs of elements, beside PyTorch's."""

import torch
import torch.nn.functional as T

from tests.peers.compare import ANY, Entry, chosen, each, exactly, integers, joined, pairs, uniform
from tinygrad_cnn import functional as F

inf, nan = float("inf"), float("nan")

#: Every place where some function of this file has a kink, a jump or a pole.
EDGES = chosen([-6, -3, -2.5, -1, -0.5, 0, 0.5, 1, 1.5, 2.5, 3, 6], (4, 5))
FAR = exactly([-1e4, -300.0, -88.0, -30.0, 30.0, 88.0, 300.0, 1e4])
ENDLESS = exactly([inf, -inf, nan, 0.0])
NUMBERS = [*each(), EDGES]
TIES = chosen([-1, 0, 1, 2], (4, 5), (4, 5))


def unary(name, theirs, draws, *more):
    """An entry without options; `more` are further draws."""
    return Entry(name, getattr(F, name), theirs, [*draws, *more])


def binary(name, theirs, *more, low=-3.0, high=3.0):
    """An entry of two operands that broadcast."""
    return Entry(name, getattr(F, name), theirs, [*pairs(low, high), *more])


def truth(name, theirs, *draws):
    """An entry whose result is bool."""
    return Entry(name, getattr(F, name), theirs, draws, gradient=False)


POSITIVE = each(low=0.1, high=4)
WITHIN = each(low=-0.95, high=0.95)

ARITHMETIC = [
    binary("add", torch.add, TIES),
    binary("sub", torch.sub, TIES),
    binary("mul", torch.mul, TIES),
    binary("div", torch.div, chosen([-1, 0, 1], (4, 5), (4, 5)), low=0.5),
    unary("neg", torch.neg, NUMBERS, ENDLESS),
    binary("pow", torch.pow, low=0.2),
    Entry("pow", F.pow, torch.pow, [chosen([0, 1, 2], (4, 5), (4, 5))]),  # 0 ** 0, 0 ** 2, ...
    *[
        Entry("pow", lambda x, n=n: F.pow(x, n), lambda x, n=n: torch.pow(x, n), each(ANY, *bounds))
        for n, bounds in ((2, (-3, 3)), (3, (-3, 3)), (0, (-3, 3)), (-1, (0.5, 3)), (0.5, (0.5, 3)))
    ],
    binary("remainder", torch.remainder, low=0.3),
    Entry(
        "remainder",
        F.remainder,
        torch.remainder,
        [chosen([-3.5, -2, -1, 1, 2, 3.5], (4, 5), (4, 5))],
    ),
    binary("maximum", torch.maximum, TIES),
    binary("minimum", torch.minimum, TIES),
    unary("abs", torch.abs, NUMBERS, exactly([inf, -inf])),
    unary("square", torch.square, NUMBERS),
    unary("sqrt", torch.sqrt, POSITIVE, chosen([0, 1, 4], (3, 4))),
    unary("reciprocal", torch.reciprocal, POSITIVE, chosen([-2, -1, 0, 1, 2], (3, 4))),
    Entry("floor_divide", F.floor_divide, torch.floor_divide, [*pairs(0.3), TIES], gradient=False),
]

ROUNDING = [
    unary("sign", torch.sign, NUMBERS),
    unary("floor", torch.floor, NUMBERS),
    unary("ceil", torch.ceil, NUMBERS),
    unary("round", torch.round, NUMBERS),
    Entry("round", lambda x: F.round(x, 1), lambda x: torch.round(x, decimals=1), NUMBERS),
    Entry(
        "step",
        F.step,
        lambda x: torch.heaviside(x, torch.zeros((), dtype=x.dtype)),
        NUMBERS,
        gradient=False,
    ),
]

ANALYSIS = [
    unary("exp", torch.exp, NUMBERS),
    unary("expm1", torch.expm1, NUMBERS, exactly([1e-12, -1e-12, 0.0])),
    unary("log", torch.log, POSITIVE, exactly([0.0, 1.0, -1.0, inf])),
    unary("log1p", torch.log1p, POSITIVE, exactly([1e-12, -1e-12, 0.0, -0.5])),
    unary("log2", torch.log2, POSITIVE),
    unary("log10", torch.log10, POSITIVE),
    unary("sin", torch.sin, NUMBERS),
    unary("cos", torch.cos, NUMBERS),
    unary("tan", torch.tan, each(low=-1.4, high=1.4)),
    unary("arcsin", torch.arcsin, WITHIN, exactly([-1.0, 1.0, 0.0])),
    unary("arccos", torch.arccos, WITHIN, exactly([-1.0, 1.0, 0.0])),
    unary("arctan", torch.arctan, NUMBERS, FAR),
    binary("arctan2", torch.arctan2, chosen([-1, 1], (4, 5), (4, 5))),
    unary("sinh", torch.sinh, NUMBERS),
    unary("cosh", torch.cosh, NUMBERS),
    unary("tanh", torch.tanh, NUMBERS, FAR),
    unary("digamma", torch.digamma, [exactly([0.3, 0.7, 1.5, 2.0, 7.5, 30.0])]),  # poles are not
    unary("erf", torch.erf, NUMBERS, FAR, exactly([1e-9, 0.4, 0.9, 1.3, 2.9, 3.1, 5.5, 6.5])),
]

SELECTION = [
    *[
        Entry("clip", lambda x, b=b: F.clip(x, *b), lambda x, b=b: torch.clip(x, *b), NUMBERS)
        for b in ((-1, 1), (None, 0.5), (-0.5, None), (1, -1))
    ],
    Entry(
        "clip",
        lambda x, a, b: F.clip(x, a.detach(), b.detach()),
        lambda x, a, b: torch.clip(x, a.detach(), b.detach()),
        [
            uniform((3, 4), (4,), (3, 1)),
            joined(chosen([-1, 0, 1], (4, 5)), chosen([-1, 0], (4, 5)), chosen([0, 1], (4, 5))),
        ],
    ),
    Entry(
        "where",
        lambda c, a, b: F.where(c > 0, a, b),
        lambda c, a, b: torch.where(c > 0, a, b),
        [
            joined(integers(0, 2, (3, 4)), uniform((3, 4), (3, 4))),
            joined(integers(0, 2, (2, 1, 4)), uniform((3, 1), ())),
            joined(integers(0, 2, (0, 4)), uniform((4,), (1, 1))),
        ],
    ),
    Entry("astype", lambda x: F.astype(x, "float64") * 1, lambda x: x.double(), each()),
    Entry("astype", lambda x: F.astype(x, "float32") * 1, lambda x: x.float(), each()),
    Entry("astype", lambda x: F.astype(x, "int64"), lambda x: x.long(), [*each(), EDGES], gradient=False),
    unary("identity", torch.clone, NUMBERS),
]

COMPARE = [*pairs(), TIES, joined(ENDLESS, exactly([nan, -inf, nan, 0.0]))]
LOGIC = [
    *[
        truth(name, theirs, *COMPARE)
        for name, theirs in (
            ("equal", torch.eq),
            ("not_equal", torch.ne),
            ("less", torch.lt),
            ("less_equal", torch.le),
            ("greater", torch.gt),
            ("greater_equal", torch.ge),
            ("logical_and", torch.logical_and),
            ("logical_or", torch.logical_or),
            ("logical_xor", torch.logical_xor),
        )
    ],
    *[
        truth(name, getattr(torch, name), *NUMBERS, ENDLESS)
        for name in ("logical_not", "isnan", "isinf", "isfinite")
    ],
]

ACTIVATIONS = [
    *[
        unary(name, getattr(T, name), NUMBERS, FAR)
        for name in ("relu", "relu6", "selu", "silu", "mish", "softplus", "softsign", "hardswish")
    ],
    # PyTorch multiplies float64 by 1/6 rounded to float32: its gradient is off by 5e-9, ours is not.
    Entry("hardsigmoid", F.hardsigmoid, T.hardsigmoid, [*NUMBERS, FAR], tolerance64=1e-8),
    unary("sigmoid", torch.sigmoid, NUMBERS, FAR),
    *[
        Entry(name, getattr(F, name), getattr(T, name), NUMBERS)
        for name in ("elu", "celu", "hardtanh", "leaky_relu", "gelu")
    ],
    Entry("elu", lambda x: F.elu(x, 0.5), lambda x: T.elu(x, 0.5), [*NUMBERS, FAR]),
    Entry("celu", lambda x: F.celu(x, 0.5), lambda x: T.celu(x, 0.5), [*NUMBERS, FAR]),
    Entry("hardtanh", lambda x: F.hardtanh(x, -0.5, 1.5), lambda x: T.hardtanh(x, -0.5, 1.5), NUMBERS),
    Entry("leaky_relu", lambda x: F.leaky_relu(x, 0.2), lambda x: T.leaky_relu(x, 0.2), NUMBERS),
    Entry(
        "gelu", lambda x: F.gelu(x, approximate="tanh"), lambda x: T.gelu(x, approximate="tanh"), NUMBERS
    ),
    Entry(
        "softplus", lambda x: F.softplus(x, 2.0, 5.0), lambda x: T.softplus(x, 2.0, 5.0), [*NUMBERS, FAR]
    ),
    Entry(
        "prelu",
        F.prelu,
        T.prelu,
        [
            uniform((5, 3), (3,)),
            uniform((2, 3, 4, 4), (3,)),
            uniform((2, 3), (1,)),
            joined(chosen([-1, 0, 1], (4, 5)), uniform((5,))),
        ],
    ),
    *[
        Entry(
            name,
            lambda x, f=ours, a=axis: f(x, a),
            lambda x, f=theirs, a=axis: f(x, a),
            [*each([(2, 3, 4), (1, 1, 1), (3, 0, 2)]), joined(chosen([-1e4, 0, 1e4], (2, 3, 4)))],
        )
        for name, ours, theirs in (
            ("softmax", F.softmax, T.softmax),
            ("log_softmax", F.log_softmax, T.log_softmax),
        )
        for axis in (0, 1, -1)
    ],
]

TABLE = [*ARITHMETIC, *ROUNDING, *ANALYSIS, *SELECTION, *LOGIC, *ACTIVATIONS]
