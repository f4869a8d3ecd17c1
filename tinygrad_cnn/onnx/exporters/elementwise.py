"""Ops on each element: arithmetic, functions, activations, bounds."""

from __future__ import annotations

from math import log, pi, sqrt
from typing import Any

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.onnx.exporters.registry import exporter, plain
from tinygrad_cnn.onnx.exporters.target import Target

for _op, _kind in (
    (ops.Add, "Add"), (ops.Sub, "Sub"), (ops.Mul, "Mul"), (ops.Div, "Div"), (ops.Pow, "Pow"),
    (ops.Maximum, "Max"), (ops.Minimum, "Min"), (ops.Neg, "Neg"), (ops.Abs, "Abs"), (ops.Sqrt, "Sqrt"),
    (ops.Reciprocal, "Reciprocal"), (ops.Exp, "Exp"), (ops.Log, "Log"), (ops.Erf, "Erf"),
    (ops.Sin, "Sin"), (ops.Cos, "Cos"), (ops.Tan, "Tan"), (ops.Arcsin, "Asin"), (ops.Arccos, "Acos"),
    (ops.Arctan, "Atan"), (ops.Sinh, "Sinh"), (ops.Cosh, "Cosh"), (ops.Arcsinh, "Asinh"),
    (ops.Arccosh, "Acosh"), (ops.Arctanh, "Atanh"), (ops.Floor, "Floor"), (ops.Ceil, "Ceil"),
    (ops.Sign, "Sign"), (ops.Identity, "Identity"), (ops.ReLU, "Relu"), (ops.Sigmoid, "Sigmoid"),
    (ops.Tanh, "Tanh"), (ops.Softsign, "Softsign"),
):  # fmt: skip
    plain(_op, _kind)
plain(ops.Softmax, "Softmax", axis="axis")
plain(ops.LogSoftmax, "LogSoftmax", axis="axis")
plain(ops.LeakyReLU, "LeakyRelu", alpha="negative_slope")
plain(ops.ELU, "Elu", alpha="alpha")
plain(ops.CELU, "Celu", alpha="alpha")
plain(ops.SELU, "Selu", alpha="alpha", gamma="scale")
plain(ops.Hardshrink, "Shrink", lambd="lambd")


@exporter(ops.GELU)
def _gelu(to: Target, op: ops.GELU, x: str) -> str:
    """Before version 20 by its formula: x/2 · (1 + erf(x/√2)), or the approximation by tanh."""
    if to.opset >= 20:
        return to.node("Gelu", [x], approximate=op.approximate)
    if op.approximate == "tanh":
        cube = to.node("Mul", [to.node("Mul", [x, x]), x])
        inner = to.node("Add", [x, to.node("Mul", [cube, to.constant(0.044715)])])
        y = to.node("Tanh", [to.node("Mul", [inner, to.constant(sqrt(2 / pi))])])
    else:
        y = to.node("Erf", [to.node("Mul", [x, to.constant(sqrt(0.5))])])
    half = to.node("Mul", [x, to.constant(0.5)])
    return to.node("Mul", [half, to.node("Add", [y, to.constant(1.0)])])


@exporter(ops.Mish)
def _mish(to: Target, op: ops.Mish, x: str) -> str:
    if to.opset >= 18:
        return to.node("Mish", [x])
    return to.node("Mul", [x, to.node("Tanh", [to.node("Softplus", [x])])])


@exporter(ops.Hardswish)
def _hardswish(to: Target, op: ops.Hardswish, x: str) -> str:
    if to.opset >= 14:
        return to.node("HardSwish", [x])
    return to.node("Mul", [x, to.node("HardSigmoid", [x], alpha=1 / 6, beta=0.5)])


@exporter(ops.Sinc)
def _sinc(to: Target, op: ops.Sinc, x: str) -> str:
    """sin(πx) / (πx), and 1 at 0."""
    z, zero, one = to.node("Mul", [x, to.constant(pi)]), to.constant(0.0), to.constant(1.0)
    at_zero = to.node("Equal", [z, zero])
    some = to.node("Where", [at_zero, one, z])
    return to.node("Where", [at_zero, one, to.node("Div", [to.node("Sin", [some]), some])])


@exporter(ops.LogAddExp)
def _log_add_exp(to: Target, op: ops.LogAddExp, a: str, b: str) -> str:
    """max(a, b) + ln(1 + e^-|a - b|)."""
    away = to.node("Neg", [to.node("Abs", [to.node("Sub", [a, b])])])
    return to.node("Add", [to.node("Max", [a, b]), to.node("Softplus", [away])])


@exporter(ops.CopySign)
def _copy_sign(to: Target, op: ops.CopySign, a: str, b: str) -> str:
    """|a|, negative where b is, or where 1/b is: -0 has a sign too."""
    zero, size = to.constant(0.0), to.node("Abs", [a])
    below = [to.node("Less", [x, zero]) for x in (b, to.node("Reciprocal", [b]))]
    return to.node("Where", [to.node("Or", below), to.node("Neg", [size]), size])


@exporter(ops.Square)
def _square(to: Target, op: ops.Square, x: str) -> str:
    return to.node("Mul", [x, x])


@exporter(ops.Softshrink)
def _softshrink(to: Target, op: ops.Softshrink, x: str) -> str:
    return to.node("Shrink", [x], lambd=float(op.lambd), bias=float(op.lambd))


@exporter(ops.Threshold)
def _threshold(to: Target, op: ops.Threshold, x: str) -> str:
    above = to.node("Greater", [x, to.constant(float(op.threshold))])
    return to.node("Where", [above, x, to.constant(float(op.value))])


@exporter(ops.SiLU)
def _silu(to: Target, op: ops.SiLU, x: str) -> str:
    return to.node("Mul", [x, to.node("Sigmoid", [x])])


@exporter(ops.Softplus)
def _softplus(to: Target, op: ops.Softplus, x: str) -> str:
    """ln(1 + e^(beta·x)) / beta, and x beyond the threshold, where the two are nearly equal."""
    if op.beta == 1 and op.threshold >= 20:
        return to.node("Softplus", [x])
    beta = to.constant(float(op.beta))
    z = to.node("Mul", [x, beta])
    y = to.node("Div", [to.node("Softplus", [z]), beta])
    return to.node("Where", [to.node("Greater", [z, to.constant(float(op.threshold))]), x, y])


@exporter(ops.Hardsigmoid)
def _hardsigmoid(to: Target, op: ops.Hardsigmoid, x: str) -> str:
    return to.node("HardSigmoid", [x], alpha=1 / 6, beta=0.5)


@exporter(ops.PReLU)
def _prelu(to: Target, op: ops.PReLU, x: str, w: str) -> str:
    (count,) = to.operand_shape(1) or (1,)
    if not to.shape:  # a slope of one axis would give a number that axis
        w = to.node("Reshape", [w, to.ints()])
    elif count > 1:  # a slope per channel, before the spatial axes
        w = to.node("Reshape", [w, to.ints(count, *(1 for _ in to.shape[2:]))])
    return to.node("PRelu", [x, w])


@exporter(ops.ReLU6)
def _relu6(to: Target, op: ops.ReLU6, x: str) -> str:
    return to.node("Clip", [x, to.constant(0.0), to.constant(6.0)])


@exporter(ops.Hardtanh)
def _hardtanh(to: Target, op: ops.Hardtanh, x: str) -> str:
    return to.node("Clip", [x, to.constant(float(op.min_val)), to.constant(float(op.max_val))])


@exporter(ops.Clip)
def _clip(to: Target, op: ops.Clip, x: str) -> str:
    for bound, kind in ((op.low, "Max"), (op.high, "Min")):
        if bound is not None:
            x = to.node(kind, [x, to.constant(np.asarray(bound, to.dtype))])
    return x


@exporter(ops.Remainder)
def _remainder(to: Target, op: ops.Remainder, a: str, b: str) -> str:
    """a - floor(a / b) b."""
    whole = to.node("Floor", [to.node("Div", [a, b])])
    return to.node("Sub", [a, to.node("Mul", [whole, b])])


@exporter(ops.Fmod)
def _fmod(to: Target, op: ops.Fmod, a: str, b: str) -> str:
    return to.node("Mod", [a, b], fmod=1)


@exporter(ops.FloorDiv)
def _floor_div(to: Target, op: ops.FloorDiv, a: str, b: str) -> str:
    return to.node("Floor", [to.node("Div", [a, b])])


@exporter(ops.Expm1)
def _expm1(to: Target, op: ops.Expm1, x: str) -> str:
    return to.node("Sub", [to.node("Exp", [x]), to.constant(1.0)])


@exporter(ops.Exp2)
def _exp2(to: Target, op: ops.Exp2, x: str) -> str:
    return to.node("Exp", [to.node("Mul", [x, to.constant(log(2))])])


@exporter(ops.Trunc)
def _trunc(to: Target, op: ops.Trunc, x: str) -> str:
    return to.node("Mul", [to.node("Sign", [x]), to.node("Floor", [to.node("Abs", [x])])])


@exporter(ops.Hypot)
def _hypot(to: Target, op: ops.Hypot, a: str, b: str) -> str:
    squares = [to.node("Mul", [x, x]) for x in (a, b)]
    return to.node("Sqrt", [to.node("Add", squares)])


@exporter(ops.Log1p)
def _log1p(to: Target, op: ops.Log1p, x: str) -> str:
    return to.node("Log", [to.node("Add", [x, to.constant(1.0)])])


@exporter(ops.Log2, ops.Log10)
def _log_to_a_base(to: Target, op: Any, x: str) -> str:
    base = 2 if isinstance(op, ops.Log2) else 10
    return to.node("Mul", [to.node("Log", [x]), to.constant(1 / log(base))])


@exporter(ops.Round)
def _round(to: Target, op: ops.Round, x: str) -> str:
    if op.decimals == 0:
        return to.node("Round", [x])
    scale = to.constant(10.0**op.decimals)
    return to.node("Div", [to.node("Round", [to.node("Mul", [x, scale])]), scale])


@exporter(ops.Where)
def _where(to: Target, op: ops.Where, a: str, b: str) -> str:
    return to.node(
        "Where", [to.name_of(op._mask, to.twin._mask) or to.constant(np.asarray(op._mask)), a, b]
    )


@exporter(ops.Dropout, random=("_mask",))
def _dropout(to: Target, op: ops.Dropout, x: str) -> str:
    """In a file for training; the file draws masks of its own."""
    y = to.node("Dropout", [x, to.constant(np.float32(op.p)), to.constant(np.array(True))], seed=0)
    return to.node("Mul", [y, to.constant(1 - op.p)]) if op.mode == "classic" else y


@exporter(ops.Move)
def _move(to: Target, op: ops.Move, x: str) -> str:
    return to.node("Identity", [x])


@exporter(ops.Cast)
def _cast(to: Target, op: ops.Cast, x: str) -> str:
    return to.cast(x, op.dtype)


@exporter(ops.LSTMGates)
def _lstm_gates(to: Target, op: ops.LSTMGates, z: str, c: str) -> str:
    i, f, u, o = to.nodes_of("Split", [z], 4, axis=-1, num_outputs=4)
    i, f, o = (to.node("Sigmoid", [gate]) for gate in (i, f, o))
    new = to.node("Add", [to.node("Mul", [f, c]), to.node("Mul", [i, to.node("Tanh", [u])])])
    return to.node("Concat", [to.node("Mul", [o, to.node("Tanh", [new])]), new], axis=-1)


@exporter(ops.GRUGates)
def _gru_gates(to: Target, op: ops.GRUGates, x: str, y: str, h: str) -> str:
    xs = to.nodes_of("Split", [x], 3, axis=-1, num_outputs=3)
    ys = to.nodes_of("Split", [y], 3, axis=-1, num_outputs=3)
    r, u = (to.node("Sigmoid", [to.node("Add", list(pair))]) for pair in list(zip(xs, ys, strict=True))[:2])
    n = to.node("Tanh", [to.node("Add", [xs[2], to.node("Mul", [r, ys[2]])])])
    return to.node("Add", [n, to.node("Mul", [u, to.node("Sub", [h, n])])])
