"""Labels, classes and places beyond those there are: an IndexError everywhere, as in NumPy."""

import numpy as np
import pytest

from tinygrad_cnn import OutOfRangeError, nn, train
from tinygrad_cnn import functional as F

SCORES, LABELS, ROWS = np.zeros((2, 3)), np.array([0, 3]), np.array([[0, 3]])
PLACES = np.array([[0], [3]])
LOGS, IMAGE = np.log(np.full((4, 1, 3), 1 / 3)), np.ones((1, 1, 2, 2))

CALLS = {
    "cross_entropy": lambda: F.cross_entropy(SCORES, LABELS),
    "nll_loss": lambda: F.nll_loss(SCORES, LABELS),
    "multi_margin_loss": lambda: F.multi_margin_loss(SCORES, LABELS),
    "multilabel_margin_loss": lambda: F.multilabel_margin_loss(SCORES, np.array([[0, 3, -1], [1, -1, -1]])),
    "ctc_loss": lambda: F.ctc_loss(LOGS, [[7]], [4], [1]),
    "adaptive_log_softmax": lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 3, [2])(
        np.ones((2, 4), np.float32), LABELS
    ),
    "embedding": lambda: F.embedding(LABELS, SCORES.T),
    "embedding_bag": lambda: F.embedding_bag(ROWS, SCORES),
    "one_hot": lambda: F.one_hot(LABELS, 3),
    "take": lambda: F.take(SCORES, LABELS, axis=0),
    "put_along_axis": lambda: F.put_along_axis(SCORES, PLACES, np.ones((2, 1)), 1),
    "scatter_add": lambda: F.scatter_add(SCORES, PLACES, np.ones((2, 1)), 1),
    "scatter_reduce": lambda: F.scatter_reduce(SCORES, PLACES, np.ones((2, 1)), 1),
    "index_add": lambda: F.index_add(SCORES, 0, LABELS, np.ones((2, 3))),
    "index_fill": lambda: F.index_fill(SCORES, 0, LABELS, 1.0),
    "index_copy": lambda: F.index_copy(SCORES, 0, LABELS, np.ones((2, 3))),
    "max_unpool2d": lambda: F.max_unpool2d(IMAGE, np.full((1, 1, 2, 2), 99), 2),
    "confusion_matrix": lambda: train.confusion_matrix(np.array([0, 3]), np.array([0, 1]), 3),
    "accuracy": lambda: train.accuracy(SCORES, LABELS),
    "top_k_accuracy": lambda: train.top_k_accuracy(SCORES, LABELS, 2),
}


@pytest.mark.parametrize("name", CALLS)
def test_is_an_index_error_that_says_what_fits(name: str) -> None:
    with pytest.raises(OutOfRangeError, match=r"\b\d.*(fit|has|have|are|classes)"):
        CALLS[name]()
