"""Losses inside a file."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.onnx.importers.call import Call, array
from tinygrad_cnn.onnx.importers.registry import importer


def _likelihood(call: Call, scores: Any, labels: Any, weight: Any) -> Any:
    """-weight * score of the label, over all places, reduced as the node says."""
    found, classes = array(labels).astype(np.int64), scores.shape[1]
    kept = np.ones(found.shape, bool)
    if call.get("ignore_index") is not None:
        kept = found != call.get("ignore_index")
    found = np.where(kept, found, 0)
    if found.size and not -classes <= found.min() <= found.max() < classes:
        raise FormatError(f"labels from {found.min()} to {found.max()} do not fit {classes} classes")
    share = kept.astype(scores.dtype)
    if weight is not None:
        share = share * array(weight)[found]
    loss = F.neg(F.take_along_axis(scores, np.expand_dims(found, 1), 1)[:, 0]) * share.astype(scores.dtype)
    reduction = call.get("reduction", "mean")
    if reduction == "none":
        return loss
    total = F.sum(loss)
    return total if reduction == "sum" else total / float(share.sum())


@importer("NegativeLogLikelihoodLoss", options=(2,))
def _negative_log_likelihood(call: Call, x: Any, labels: Any, weight: Any = None) -> Any:
    return _likelihood(call, x, labels, weight)


@importer("SoftmaxCrossEntropyLoss", options=(2,))
def _softmax_cross_entropy(call: Call, x: Any, labels: Any, weight: Any = None) -> Any:
    scores = F.log_softmax(x, 1)
    return _likelihood(call, scores, labels, weight), scores
