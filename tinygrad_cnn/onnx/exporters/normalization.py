"""Normalisation: by fixed numbers, by the batch, by groups of channels, by neighbours."""

from __future__ import annotations

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.onnx.exporters.registry import exporter
from tinygrad_cnn.onnx.exporters.target import Target


@exporter(ops.FixedNorm)
def _fixed_norm(to: Target, op: ops.FixedNorm, x: str, w: str, b: str) -> str:
    scope = to.scope
    mean, var = (
        to.constant(np.asarray(value), f"{scope}.{name}" if scope else name)
        for name, value in (("running_mean", op._mean), ("running_var", op._var))
    )
    return to.node("BatchNormalization", [x, w, b, mean, var], epsilon=op.eps)


@exporter(ops.BatchNorm)
def _batch_norm(to: Target, op: ops.BatchNorm, x: str, w: str, b: str) -> str:
    """The form for training: by the batch's statistics; the running ones come out too."""
    module, scope = to.modules.get(to.scope), to.scope
    channels = to.shape[1]
    values = {"running_mean": np.zeros(channels, to.dtype), "running_var": np.ones(channels, to.dtype)}
    momentum = 0.1
    if module is not None and getattr(module, "running_mean", None) is not None:
        values = {name: np.array(getattr(module, name).array) for name in values}
        momentum = getattr(module, "momentum", None) or momentum
    mean, var = (to.constant(v, f"{scope}.{name}" if scope else name) for name, v in values.items())
    return to.node(
        "BatchNormalization", [x, w, b, mean, var], outputs=3, epsilon=op.eps, momentum=1 - momentum,
        training_mode=1,
    )  # fmt: skip


@exporter(ops.LayerNorm)
def _layer_norm(to: Target, op: ops.LayerNorm, x: str, w: str, b: str) -> str:
    """Before version 17 by its formula, (x - mean) / sqrt(variance + eps) · w + b."""
    if to.opset >= 17:
        return to.node("LayerNormalization", [x, w, b], axis=-op.axes, epsilon=op.eps)
    axes = to.ints(*range(-op.axes, 0))
    centred = to.node("Sub", [x, to.node("ReduceMean", [x, axes], keepdims=1)])
    variance = to.node("ReduceMean", [to.node("Mul", [centred, centred]), axes], keepdims=1)
    away = to.node("Sqrt", [to.node("Add", [variance, to.constant(float(op.eps))])])
    return to.node("Add", [to.node("Mul", [to.node("Div", [centred, away]), w]), b])


@exporter(ops.RMSNorm)
def _rms_norm(to: Target, op: ops.RMSNorm, x: str, w: str) -> str:
    """By its formula: x / sqrt(mean of squares + eps) · w, since the operator came with version 23."""
    axes = to.ints(*range(-op.axes, 0))
    square = to.node("ReduceMean", [to.node("Mul", [x, x]), axes], keepdims=1)
    root = to.node("Sqrt", [to.node("Add", [square, to.constant(float(op.eps))])])
    return to.node("Mul", [to.node("Div", [x, root]), w])


@exporter(ops.GroupNorm)
def _group_norm(to: Target, op: ops.GroupNorm, x: str, w: str, b: str) -> str:
    """Before version 21 each group as a channel of its own, then the factors of the channels."""
    if to.opset >= 21:
        return to.node("GroupNormalization", [x, w, b], num_groups=op.groups, epsilon=op.eps)
    ones, zeros = (to.constant(np.full(op.groups, v, to.dtype)) for v in (1, 0))
    grouped = to.node("Reshape", [x, to.ints(0, op.groups, -1)])
    even = to.node("InstanceNormalization", [grouped, ones, zeros], epsilon=op.eps)
    back = to.node("Reshape", [even, to.node("Shape", [x])])
    side = to.ints(-1, *(1 for _ in to.shape[2:]))
    w, b = (to.node("Reshape", [p, side]) for p in (w, b))
    return to.node("Add", [to.node("Mul", [back, w]), b])


@exporter(ops.InstanceNorm)
def _instance_norm(to: Target, op: ops.InstanceNorm, x: str, w: str, b: str) -> str:
    return to.node("InstanceNormalization", [x, w, b], epsilon=op.eps)


@exporter(ops.LocalResponseNorm)
def _local_response_norm(to: Target, op: ops.LocalResponseNorm, x: str) -> str:
    """ONNX's own has more channels above than below for an even size, ours more below.

    Programs insist on images for it.
    """
    if op.size % 2 and len(to.shape) == 4:
        return to.node("LRN", [x], size=op.size, alpha=op.alpha, beta=op.beta, bias=op.k)
    lead, before = len(to.shape), op.size // 2
    pads = [0] * (2 * lead)
    pads[1], pads[lead + 1] = before, op.size - 1 - before
    squares = to.node("Pad", [to.node("Mul", [x, x]), to.ints(*pads)])
    channels = to.shape[1]
    total = ""
    for k in range(op.size):
        part = to.node("Slice", [squares, to.ints(k), to.ints(k + channels), to.ints(1)])
        total = to.node("Add", [total, part]) if total else part
    share = to.node("Mul", [total, to.constant(op.alpha / op.size)])
    base = to.node("Add", [share, to.constant(float(op.k))])
    return to.node("Div", [x, to.node("Pow", [base, to.constant(float(op.beta))])])
