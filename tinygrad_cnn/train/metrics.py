"""Measures of predictions: accuracy, the confusion matrix, and what is read off it.

The functions judge arrays at once. The same measures over many batches are in `running`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError, DTypeError, OutOfRangeError, ShapeError
from tinygrad_cnn.functional.arguments import choice, integer, on_host

Array = NDArray[Any]

#: Labels that count nothing, as in `cross_entropy`.
IGNORED = -100
AVERAGES = ("macro", "micro", "none")


def accuracy(scores: Any, labels: Any) -> float:
    """Share of the samples whose largest score is at their label.

        (1 / N) · sum_n [argmax_k scores[n, k] = labels[n]]

    Args:
        scores: (N, K) or (N, K, ...), K at least 2; the first of equal scores counts.
        labels: integers of scores' shape without K, or one-hot rows or probabilities of its own
            shape, whose largest is the label. The label -100 counts nothing.
    Returns:
        A number in [0, 1]; NaN without a label to count.
    Raises:
        ShapeError: shapes that do not fit.   DTypeError: labels that are not integers.
        OutOfRangeError: a label that is no class.
    Source: Goodfellow, Bengio & Courville 2016, "Deep Learning", 5.1.2.

    >>> accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1])
    0.5
    """
    return mean_of(hits("accuracy", scores, labels, 1))


def top_k_accuracy(scores: Any, labels: Any, k: int = 5) -> float:
    """Share of the samples whose label is among the k largest scores.

        (1 / N) · sum_n [fewer than k classes come before labels[n]]

    Of equal scores the lower class comes first, so k = 1 is `accuracy`.

    Args:
        scores, labels: as `accuracy`.   k: from 1 to K.
    Returns:
        A number in [0, 1]; NaN without a label to count.
    Raises:
        ShapeError: shapes that do not fit.   ArgumentError: k out of its range.   OutOfRangeError: a label.
    Source: Russakovsky et al. 2015, arXiv:1409.0575, 4.1.

    >>> top_k_accuracy([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]], [1, 2], k=2)
    0.5
    """
    return mean_of(hits("top_k_accuracy", scores, labels, integer("top_k_accuracy", "k", k, 1)))


def confusion_matrix(labels: Any, predictions: Any, classes: int | None = None) -> Array:
    """Count how often each class was taken for which.

        M[i, j] = the number of samples of class i that were predicted as j

    Args:
        labels: integers, the true classes; -100 counts nothing.
        predictions: integers of the same shape.
        classes: K; the largest class that is there plus 1, if None.
    Returns:
        (K, K) int64; rows are true classes, columns predicted ones.
    Raises:
        ShapeError: shapes differ.   DTypeError: no integers.   OutOfRangeError: a class not in [0, K).
    Source: Stehman 1997, "Selecting and interpreting measures of thematic classification accuracy".

    >>> confusion_matrix([0, 0, 1], [0, 1, 1])
    array([[1, 1],
           [0, 1]])
    """
    name = "confusion_matrix"
    true, guess = integers(name, "labels", labels), integers(name, "predictions", predictions)
    if true.shape != guess.shape:
        raise ShapeError(f"{name}: labels {true.shape} and predictions {guess.shape} must have one shape")
    true, guess = true[true != IGNORED], guess[true != IGNORED]
    both = np.concatenate([true, guess])
    K = int(both.max(initial=-1)) + 1 if classes is None else integer(name, "classes", classes, 1)
    if both.size and (both.min() < 0 or both.max() >= K):
        raise OutOfRangeError(f"{name}: classes from 0 to {K - 1} fit, got {both.min()} to {both.max()}")
    return np.bincount(true * K + guess, minlength=K * K).reshape(K, K)


def precision(matrix: Any, average: str = "macro", zero_division: float = 0.0) -> float | NDArray[Any]:
    """Of the samples predicted as a class, the share that belongs to it.

        P_k = M[k, k] / sum_i M[i, k]
        macro: the mean over classes;  micro: sum_k M[k, k] / sum_ik M[i, k];  none: each class

    Args:
        matrix: (K, K), a `confusion_matrix`.   average: 'macro', 'micro' or 'none'.
        zero_division: the value where the divisor is 0: a class that was never predicted.
    Returns:
        A number, or (K,) float64 with 'none'.
    Raises:
        ShapeError: not square.   ArgumentError: another average.
    Source: Sokolova & Lapalme 2009, "A systematic analysis of performance measures for
        classification tasks".

    >>> precision([[1, 1], [0, 2]], "none").round(4)
    array([1.    , 0.6667])
    """
    M = _square("precision", matrix, average)
    return _ratio(np.diag(M), M.sum(axis=0), average, zero_division)


def recall(matrix: Any, average: str = "macro", zero_division: float = 0.0) -> float | NDArray[Any]:
    """Of the samples of a class, the share that was predicted as it.

        R_k = M[k, k] / sum_j M[k, j]
        macro: the mean over classes;  micro: sum_k M[k, k] / sum_kj M[k, j];  none: each class

    Args:
        matrix: (K, K), a `confusion_matrix`.   average: 'macro', 'micro' or 'none'.
        zero_division: the value where the divisor is 0: a class without samples.
    Returns:
        A number, or (K,) float64 with 'none'.
    Raises:
        ShapeError: not square.   ArgumentError: another average.
    Source: Sokolova & Lapalme 2009, as `precision`.

    >>> recall([[1, 1], [0, 2]])
    0.75
    """
    M = _square("recall", matrix, average)
    return _ratio(np.diag(M), M.sum(axis=1), average, zero_division)


def f1(matrix: Any, average: str = "macro", zero_division: float = 0.0) -> float | NDArray[Any]:
    """Harmonic mean of precision and recall.

        F_k = 2 · M[k, k] / (sum_i M[i, k] + sum_j M[k, j])  =  2 · P_k · R_k / (P_k + R_k)
        macro: the mean over classes;  micro: of the sums over classes;  none: each class

    Args:
        matrix: (K, K), a `confusion_matrix`.   average: 'macro', 'micro' or 'none'.
        zero_division: the value where the divisor is 0: a class neither there nor predicted.
    Returns:
        A number, or (K,) float64 with 'none'.
    Raises:
        ShapeError: not square.   ArgumentError: another average.
    Source: van Rijsbergen 1979, "Information Retrieval", chapter 7.

    >>> f1([[1, 1], [0, 2]], "none").round(4)
    array([0.6667, 0.8   ])
    """
    M = _square("f1", matrix, average)
    return _ratio(2 * np.diag(M), M.sum(axis=0) + M.sum(axis=1), average, zero_division)


def mse(outputs: Any, targets: Any) -> float:
    """Mean squared error: the mean of (outputs - targets)² over all elements.

    Raises:
        ShapeError: different shapes.

    >>> mse(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    2.0
    """
    away = _differences("mse", outputs, targets)
    return float(np.mean(away * away))


def mae(outputs: Any, targets: Any) -> float:
    """Mean absolute error: the mean of |outputs - targets| over all elements.

    Raises:
        ShapeError: different shapes.

    >>> mae(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    1.0
    """
    return float(np.mean(np.abs(_differences("mae", outputs, targets))))


def _differences(name: str, outputs: Any, targets: Any) -> Array:
    found, wanted = np.asarray(outputs), np.asarray(targets)
    if found.shape != wanted.shape:  # broadcast they would give a number, and a wrong one
        raise ShapeError(f"{name}: outputs {found.shape} and targets {wanted.shape} differ in shape")
    return np.subtract(found, wanted, dtype=np.float64)


def _square(name: str, matrix: Any, average: str) -> Array:
    choice(name, "average", average, AVERAGES)
    M = np.asarray(matrix)
    if M.ndim != 2 or M.shape[0] != M.shape[1] or not M.size:
        raise ShapeError(f"{name}: a confusion matrix (K, K) fits, got {M.shape}; see confusion_matrix")
    return M


def _ratio(top: Array, bottom: Array, average: str, zero_division: float) -> Any:
    if average == "micro":
        top, bottom = top.sum(keepdims=True), bottom.sum(keepdims=True)
    each = np.full(top.shape, float(zero_division))
    np.divide(top, bottom, out=each, where=bottom != 0)
    return each if average == "none" else float(each.mean())


# --------------------------------------------------------------------------- shared with `running`
def integers(name: str, what: str, given: Any) -> Array:
    """An array of integers; lists of whole numbers too.

    Raises:
        DTypeError: other elements.

    >>> integers("accuracy", "labels", [1, 2])
    array([1, 2])
    """
    array = np.asarray(on_host(given))
    if array.dtype.kind not in "iu" and array.size:
        raise DTypeError(f"{name}: {what} must be integers, got {array.dtype}")
    return array.astype(np.int64)


def classes_of(name: str, scores: Any, labels: Any) -> tuple[Array, Array]:
    """Scores (N, K, ...) as an array, and integer labels (N, ...).

    Raises:
        ShapeError: shapes that do not fit.   DTypeError: labels that are not integers.

    >>> classes_of("accuracy", np.zeros((2, 3)), [[0, 0, 1], [1, 0, 0]])[1]
    array([2, 0])
    """
    given = np.asarray(on_host(scores))
    target = np.asarray(on_host(labels))
    if given.ndim < 2 or given.shape[1] < 2:
        raise ShapeError(f"{name}: scores (N, K, ...) of K >= 2 classes fit, got {given.shape}")
    if target.shape == given.shape:
        return given, target.argmax(axis=1)
    if target.shape != (given.shape[0], *given.shape[2:]):
        raise ShapeError(f"{name}: scores {given.shape} and labels {target.shape} do not fit")
    return given, integers(name, "labels", target)


def hits(name: str, scores: Any, labels: Any, k: int) -> Array:
    """Whether the label is among the k largest scores, for each label that counts.

    >>> hits("accuracy", [[0.1, 0.9], [0.8, 0.2]], [1, 1], 1)
    array([ True, False])
    """
    given, target = classes_of(name, scores, labels)
    K = given.shape[1]
    if k > K:
        raise ArgumentError(f"{name}: k must lie between 1 and the {K} classes, got {k}")
    counted = target != IGNORED
    right = target[counted]
    if right.size and (right.min() < 0 or right.max() >= K):
        raise OutOfRangeError(f"{name}: labels from 0 to {K - 1} fit, got {right.min()} to {right.max()}")
    if k == 1:
        return np.asarray(given.argmax(axis=1)[counted] == right)
    rows = np.moveaxis(given, 1, -1)[counted]
    best = np.argsort(-rows, axis=-1, kind="stable")[:, :k]
    return np.asarray((best == right[:, None]).any(axis=-1))


def mean_of(found: Array) -> float:
    """The mean; NaN of nothing.

    >>> mean_of(np.array([True, False]))
    0.5
    """
    return float(found.mean()) if found.size else float("nan")
