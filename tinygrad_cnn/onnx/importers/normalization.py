"""Normalisation over batches, channels, groups and features."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.onnx.importers.call import Call, array, axis_of
from tinygrad_cnn.onnx.importers.registry import importer


@importer("BatchNormalization", statistics=(3, 4), weights=(1, 2))
def _batch_normalization(call: Call, x: Any, w: Any, b: Any, mean: Any, var: Any) -> Any:
    """By the running statistics; in training mode by the batch's, and the running ones move."""
    eps, keep = call.get("epsilon", 1e-5), call.get("momentum", 0.9)
    w, b = (F.astype(v, x.dtype) if v.dtype != x.dtype else v for v in (w, b))
    if call.get("training_mode"):
        y = F.batch_norm(x, None, None, w, b, training=True, eps=eps)
        axes = (0, *range(2, x.ndim))
        seen = array(x).astype(mean.dtype)
        return (
            y,
            array(mean) * keep + seen.mean(axes) * (1 - keep),
            array(var) * keep + seen.var(axes) * (1 - keep),
        )
    if call.training and call.outputs == 1 and x.size > x.shape[1]:
        return F.batch_norm(x, mean, var, w, b, training=True, momentum=1 - keep, eps=eps)
    return F.batch_norm(x, array(mean), array(var), w, b, eps=eps)


@importer("InstanceNormalization", weights=(1, 2))
def _instance_normalization(call: Call, x: Any, w: Any, b: Any) -> Any:
    return F.instance_norm(x, w=w, b=b, eps=call.get("epsilon", 1e-5))


@importer("GroupNormalization", weights=(1, 2))
def _group_normalization(call: Call, x: Any, w: Any, b: Any) -> Any:
    # Its versions 18 to 20, with a factor per group, onnx's checker refuses as deprecated.
    return F.group_norm(x, call.get("num_groups", 1), w, b, call.get("epsilon", 1e-5))


@importer("LayerNormalization", weights=(1, 2))
def _layer_normalization(call: Call, x: Any, w: Any, b: Any = None) -> Any:
    first = axis_of(call.get("axis", -1), x.ndim)
    shape, eps = tuple(x.shape[first:]), call.get("epsilon", 1e-5)
    if not call.wants(1) and not call.wants(2) and w.shape == shape and (b is None or b.shape == shape):
        return F.layer_norm(x, shape, w, b, eps)
    axes = tuple(range(first, x.ndim))
    mean = F.mean(x, axes, True)
    apart = x - mean
    inverse = F.reciprocal(F.sqrt(F.mean(F.square(apart), axes, True) + eps))
    y = apart * inverse * w
    return (y if b is None else y + b), mean, inverse


@importer("RMSNormalization", weights=(1,))
def _rms_normalization(call: Call, x: Any, w: Any) -> Any:
    axes = tuple(range(axis_of(call.get("axis", -1), x.ndim), x.ndim))
    shape, eps = tuple(x.shape[axes[0] :]), call.get("epsilon", 1e-5)
    if w.shape == shape:
        return F.rms_norm(x, shape, w, eps)
    return x / F.sqrt(F.mean(F.square(x), axes, True) + eps) * w


@importer("LRN")
def _lrn(call: Call, x: Any) -> Any:
    """Divided by a power of the sum of squares over neighbouring channels, more of them above."""
    size, channels = call.get("size", 1), x.shape[1]
    before, after = (size - 1) // 2, size // 2
    before, after = min(before, channels), min(after, channels)
    alpha, beta, k = call.get("alpha", 1e-4), call.get("beta", 0.75), call.get("bias", 1.0)
    if before == after:
        return F.local_response_norm(x, before * 2 + 1, alpha * (before * 2 + 1) / size, beta, k)
    sides = ((0, 0), (before, after), *((0, 0) for _ in x.shape[2:]))
    squares = F.pad(F.square(x), sides)
    total = sum(squares[:, i : i + channels] for i in range(before + after + 1))
    return x / (total * (alpha / size) + k) ** beta


@importer("LpNormalization")
def _lp_normalization(call: Call, x: Any) -> Any:
    """Divided by the norm along an axis; zeros stay zeros."""
    length = F.norm(x, call.get("p", 2), axis_of(call.get("axis", -1), x.ndim), True)
    zero = (array(length) == 0).astype(x.dtype)
    return x / (length + zero)


@importer("MeanVarianceNormalization")
def _mean_variance_normalization(call: Call, x: Any) -> Any:
    axes = tuple(axis_of(axis, x.ndim) for axis in call.get("axes", (0, 2, 3)))
    apart = x - F.mean(x, axes, True)
    return apart / (F.sqrt(F.mean(F.square(apart), axes, True)) + np.float32(1e-9).item())
