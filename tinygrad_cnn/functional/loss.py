"""Losses: how far a prediction is from its target, as one number to minimise."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.functional.arguments import choice, floating, values

REDUCTIONS = ("mean", "sum", "none")


def cross_entropy(x: Any, labels: Any, *, reduction: str = "mean") -> Any:
    """Cross-entropy of softmax(x) and integer labels: -log softmax(x)[n, label_n].

    Args:
        x: (N, K) or (N, K, ...) float, the scores (logits) of K classes.
        labels: (N,) or (N, ...) integers in [0, K).
        reduction: 'mean' over the labels (of none: NaN), 'sum', or 'none'.
    Returns:
        A 0-d value, or the labels' shape with 'none'; dtype of x.
    Raises:
        ShapeError: the shapes do not fit.   DTypeError: x is not float or labels not integers.
        ArgumentError: a label out of range, or another reduction.
    Source: Goodfellow, Bengio & Courville 2016, "Deep Learning", 6.2.2.3.
    >>> float(cross_entropy(np.zeros((2, 4)), [0, 3]).round(6))
    1.386294
    """
    name = "cross_entropy"
    x = floating(name, x)
    choice(name, "reduction", reduction, REDUCTIONS)
    found = np.array(values(labels))  # a copy: the derivative reads it again
    if x.ndim < 2 or found.shape != (x.shape[0], *x.shape[2:]):
        raise ShapeError(
            f"{name}: x (N, K, ...) and labels (N, ...) do not fit: x {x.shape}, labels {found.shape}"
        )
    if found.dtype.kind not in "iu" and found.size:
        raise DTypeError(f"{name}: labels have dtype {found.dtype}, integers fit")
    found = found.astype(np.intp)
    if found.size and not (found.min() >= 0 and found.max() < x.shape[1]):
        wrong = found[(found < 0) | (found >= x.shape[1])]
        raise ArgumentError(
            f"{name}: label {wrong[0]} is out of range for {x.shape[1]} classes; 0 to {x.shape[1] - 1} fit"
        )
    share = 1.0 if reduction != "mean" else 1 / found.size if found.size else np.nan
    op = ops.SoftmaxCrossEntropy(found, np.full(found.shape, share, x.dtype), reduction)
    loss = op(x)
    return loss if found.size or reduction != "mean" else loss + np.nan
