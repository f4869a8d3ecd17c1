"""A caller may write over the arrays that he gave beside a Tensor: the gradient stays what it was."""

import numpy as np
import pytest

from tinygrad_cnn import Tensor
from tinygrad_cnn import functional as F

RNG = np.random.default_rng(0)
MASK, MATRIX, ROW = RNG.random((3, 4)) < 0.5, RNG.random((3, 4)), RNG.random(4) + 0.5
LABELS = np.array([0, 1, 3])

CASES = {
    "where": (lambda x, c: F.where(c, x, 0.0), MASK),
    "clip": (lambda x, low, high: F.clip(x, low, high), ROW - 1.5, ROW - 0.5),
    "take_along_axis": (lambda x, i: F.take_along_axis(x, i, 1), np.array([[0, 1], [2, 3], [1, 1]])),
    "index": (lambda x, c: x[c], MASK),
    "embedding": (lambda x, i: F.embedding(i, x), np.array([0, 2, 1])),
    "cross_entropy": (lambda x, t, w: F.cross_entropy(x, t, weight=w, reduction="none"), LABELS, ROW),
    "multi_margin_loss": (lambda x, t: F.multi_margin_loss(x, t, reduction="none"), LABELS),
    "hinge_embedding_loss": (
        lambda x, t: F.hinge_embedding_loss(x, t, reduction="none"), np.where(MASK, 1.0, -1.0)
    ),
    "mse_loss": (lambda x, t: F.mse_loss(x, t, reduction="none"), MATRIX),
    "bce_with_logits": (
        lambda x, t, p: F.binary_cross_entropy_with_logits(x, t, pos_weight=p, reduction="none"),
        MATRIX, ROW,
    ),
    "kl_div": (lambda x, t: F.kl_div(x, t, reduction="none"), MATRIX),
    "prelu": (lambda x, w: F.prelu(x, w), ROW),
    "pow": (lambda x, p: (x + 2) ** p, MATRIX),
    "einsum": (lambda x, w: F.einsum("ij,kj->ik", x, w), MATRIX),
    "batch_norm": (lambda x, mean, var: F.batch_norm(x, mean, var), ROW - 0.5, ROW),
}  # fmt: skip


def gradient(name: str, spoil: bool) -> np.ndarray:
    function, *given = CASES[name]
    arrays = [array.copy() for array in given]
    x = Tensor(np.linspace(-1, 1, 12).reshape(3, 4) + 0.03, requires_grad=True)
    y = function(x, *arrays)
    if spoil:
        for array in arrays:
            array[...] = ~array if array.dtype == bool else array[::-1].copy() * 0
    y.backward(np.arange(1.0, y.size + 1).reshape(y.shape))
    return x.grad.numpy()


@pytest.mark.parametrize("name", CASES)
def test_what_the_caller_writes_afterwards_changes_no_gradient(name: str) -> None:
    np.testing.assert_array_equal(gradient(name, spoil=True), gradient(name, spoil=False))
