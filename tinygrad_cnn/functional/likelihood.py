"""Losses that are minus the logarithm of a probability: of counts, of numbers, of sequences of labels."""

from __future__ import annotations

from math import inf, log, pi, prod
from typing import Any

import numpy as np

from tinygrad_cnn import ops
from tinygrad_cnn.errors import ArgumentError, DTypeError, OutOfRangeError, ShapeError
from tinygrad_cnn.functional.arguments import (
    Operand,
    T,
    TensorLike,
    broadcastable,
    choice,
    flag,
    floating,
    integer,
    number,
    on_host,
    values,
)
from tinygrad_cnn.functional.elementwise import where
from tinygrad_cnn.functional.loss import REDUCTIONS, as_target
from tinygrad_cnn.functional.pairs import xlogy
from tinygrad_cnn.functional.ranking import reduced
from tinygrad_cnn.half_precision import HALF

__all__ = ["ctc_loss", "gaussian_nll_loss", "poisson_nll_loss"]


def poisson_nll_loss(
    x: Operand[T],
    target: Operand[T],
    *,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> T:
    """Minus the logarithm of Poisson's probability of a count t, without the part that x does not change.

        e^x - t · x, or with log_input=False   x - t · ln(x + eps)

    Args:
        x: float, the logarithm of the expected counts, or the counts themselves.
        target: counts, of a shape that broadcasts; gets a gradient too.
        log_input: whether x holds logarithms.
        full: add Stirling's t · ln t - t + ½ ln(2πt) for each target above 1, a constant.
        eps: keeps the logarithm from 0.
        reduction: 'mean' over all elements (of none: NaN), 'sum' or 'none'.
    Returns:
        A 0-d value, or the broadcast shape with 'none'.
    Raises:
        ShapeError: the shapes do not broadcast.   DTypeError: x is not float.
        ArgumentError: another reduction.
    Source: Cameron & Trivedi 2013, "Regression Analysis of Count Data", 3.2.
    >>> poisson_nll_loss([0.0], [3.0])
    array(1., dtype=float32)
    """
    name, x = "poisson_nll_loss", floating("poisson_nll_loss", x)
    choice(name, "reduction", reduction, REDUCTIONS)
    t = as_target(name, target, x)
    broadcastable(name, x, t)
    least = number(name, "eps", eps, 0, inf)
    losses = ops.Exp()(x) - t * x if flag(name, "log_input", log_input) else x - t * ops.Log()(x + least)
    if flag(name, "full", full):
        large = values(t) > 1
        safe = where(large, t, np.ones((), t.dtype))
        stirling = xlogy(safe, safe) - safe + 0.5 * ops.Log()(2 * pi * safe)
        losses = losses + where(large, stirling, np.zeros((), t.dtype))
    return reduced(losses, reduction)


def gaussian_nll_loss(
    x: Operand[T],
    target: Operand[T],
    var: Operand[T],
    *,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> T:
    """Minus the logarithm of a normal density: ½ (ln v + (x - target)² / v), with v = max(var, eps).

    The gradient passes a variance below eps as if it were not raised.

    Args:
        x: float means.   target: of the same shape; gets a gradient too.
        var: variances of at least 0 that broadcast to x: a number, x's shape, or with a last axis of 1.
        full: add the constant ½ ln 2π.   eps: the least variance.
        reduction: 'mean' over all elements (of none: NaN), 'sum' or 'none'.
    Returns:
        A 0-d value, or x's shape with 'none'.
    Raises:
        ShapeError: the shapes do not fit.   DTypeError: not float.
        ArgumentError: a negative variance, or another reduction.
    Source: Nix & Weigend 1994, "Estimating the mean and variance of the target probability distribution".
    >>> gaussian_nll_loss([1.0], [3.0], [1.0])
    array(2., dtype=float32)
    """
    name, x = "gaussian_nll_loss", floating("gaussian_nll_loss", x)
    choice(name, "reduction", reduction, REDUCTIONS)
    t, v = as_target(name, target, x), as_target(name, var, x)
    if v.shape != x.shape and v.shape == x.shape[:-1]:
        column = (*v.shape, 1)
        v = v.reshape(column)
    if t.shape != x.shape or broadcastable(name, x, v) != x.shape:
        raise ShapeError(f"{name}: x {x.shape}, target {t.shape} and var {v.shape} do not fit")
    found = values(v)
    if (found < 0).any():
        raise ArgumentError(f"{name}: variances must be at least 0, got {found[found < 0][0]:g}")
    if x.dtype == HALF:  # the derivative in var is a square
        wide = (a.astype(np.float32) for a in (x, t, v))
        return gaussian_nll_loss(*wide, full=full, eps=eps, reduction=reduction).astype(HALF)
    least = v.dtype.type(number(name, "eps", eps, 0, inf))
    v = v + np.maximum(least - found, 0)  # not `maximum`: the gradient passes
    losses = 0.5 * (ops.Log()(v) + ops.Square()(x - t) / v)
    return reduced(losses + 0.5 * log(2 * pi) if flag(name, "full", full) else losses, reduction)


def ctc_loss(
    log_probs: Operand[T],
    targets: TensorLike,
    input_lengths: TensorLike,
    target_lengths: TensorLike,
    *,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> T:
    """Minus the logarithm of the probability of a sequence of labels, whichever steps they stand at.

    Summed are all paths of one class a step that give the labels once equal neighbours are made one and
    blanks taken out, by Graves' forward and backward sums. The derivative is that in log_probs themselves
    (PyTorch's supposes that log_softmax comes before; behind log_softmax both are equal).

    Args:
        log_probs: (T, N, C) or (T, C) float, logarithms of probabilities, as log_softmax gives them.
        targets: (N, S) or (S,) integer labels, or all sequences one after the other; no blank.
        input_lengths, target_lengths: (N,) or () integers: the steps and labels of each sequence.
        blank: the class that stands for no label.
        reduction: 'mean' divides each loss by its number of labels and averages over the batch;
            'sum' or 'none'.
        zero_infinity: 0 instead of inf for labels that do not fit into the steps.
    Returns:
        A 0-d value, or (N,), () with 'none'; dtype of log_probs.
    Raises:
        ShapeError: shapes or lengths that do not fit.
        DTypeError: log_probs not float, labels not integers.
        OutOfRangeError: a label that is no class.   ArgumentError: an option out of its range.
    Source: Graves, Fernández, Gomez & Schmidhuber 2006, "Connectionist temporal classification".
    >>> p = np.log(np.array([[0.5, 0.5], [0.5, 0.5]]))  # two steps of a blank and one label
    >>> float(np.exp(-ctc_loss(p, np.array([1]), 2, 1, reduction="sum")).round(4))
    0.75
    """
    name, x = "ctc_loss", floating("ctc_loss", log_probs, "log_probs")
    choice(name, "reduction", reduction, REDUCTIONS)
    flag(name, "zero_infinity", zero_infinity)
    if x.ndim not in (2, 3):
        raise ShapeError(f"{name}: log_probs needs shape (T, N, C) or (T, C), got {x.shape}")
    one = x.ndim == 2
    x = x.reshape((x.shape[0], 1, x.shape[1])) if one else x
    blank = integer(name, "blank", blank, 0)
    steps = _lengths(name, "input_lengths", input_lengths, x.shape[1], x.shape[0])
    labels, counts = _label_rows(name, targets, target_lengths, x.shape[1:], blank)
    losses = ops.CTC(labels, steps, counts, blank)(x)
    if zero_infinity:
        losses = where(np.isinf(values(losses)), np.zeros((), x.dtype), losses)
    if reduction == "mean":
        losses = losses / np.maximum(counts, 1).astype(x.dtype)
    return reduced(losses.reshape(()) if one else losses, reduction)


def _lengths(name: str, what: str, given: Any, batch: int, most: int) -> Any:
    found = on_host(given, name)
    if found.dtype.kind not in "iu" and found.size:
        raise DTypeError(f"{name}: {what} must be integers, got dtype {found.dtype}")
    found = np.atleast_1d(found).astype(np.int64)
    if found.shape != (batch,):
        raise ShapeError(f"{name}: {what} has shape {found.shape}, ({batch},) fits: one per sequence")
    if found.size and not 0 <= found.min() <= found.max() <= most:
        raise ShapeError(f"{name}: {what} run from {found.min()} to {found.max()}, 0 to {most} fit")
    return found


def _label_rows(name: str, targets: Any, target_lengths: Any, sizes: Any, blank: int) -> tuple[Any, Any]:
    """The labels in rows, filled up with blanks, and the length of each."""
    batch, classes = sizes
    given = np.atleast_1d(on_host(targets, name))
    if given.dtype.kind not in "iu" and given.size:
        raise DTypeError(f"{name}: labels have dtype {given.dtype}, integers fit")
    if blank >= classes:
        raise ArgumentError(f"{name}: blank {blank} is out of range for {classes} classes")
    counts = _lengths(name, "target_lengths", target_lengths, batch, given.shape[-1])
    rows = np.full((batch, counts.max(initial=0)), blank, np.int64)
    inside = np.arange(rows.shape[1]) < counts[:, None]
    if given.ndim == 1 and (batch != 1 or given.size == counts.sum()):
        if given.size != counts.sum():
            raise ShapeError(f"{name}: {given.size} labels in a row, target_lengths sum to {counts.sum()}")
        rows[inside] = given
    else:
        given = given.reshape(prod(given.shape[:-1]), given.shape[-1])  # rows of no label too
        if given.shape[0] != batch:
            raise ShapeError(f"{name}: targets have {given.shape[0]} rows, log_probs {batch} sequences")
        rows[inside] = given[:, : rows.shape[1]][inside]
    wrong = rows[inside & ((rows < 0) | (rows >= classes) | (rows == blank))]
    if wrong.size:
        raise OutOfRangeError(
            f"{name}: label {wrong[0]} is the blank or out of range for {classes} classes"
        )
    return rows, counts
