"""Functions of operands that are seldom met, against NumPy and by hand."""

import numpy as np
import pytest

from tinygrad_cnn import ShapeError, Tensor, ops
from tinygrad_cnn import functional as F
from tinygrad_cnn.testing import gradcheck

ROWS, LINE = np.arange(6.0).reshape(2, 3), np.arange(3.0)


def test_half_beside_single_precision_computes_and_gives_single():
    q = np.ones((2, 4), np.float16)
    assert F.scaled_dot_product_attention(q, q.astype(np.float32), q).dtype == np.float32
    assert F.scaled_dot_product_attention(q, q, q).dtype == np.float16


def test_a_row_that_a_float_mask_closes_gives_zeros():
    mask = np.array([[0.0, -np.inf], [-np.inf, -np.inf]])
    q, v = np.ones((2, 4)), np.array([[3.0], [5.0]])
    assert F.scaled_dot_product_attention(q, q, v, mask).tolist() == [[3.0], [0.0]]
    assert gradcheck(lambda v: F.scaled_dot_product_attention(q, q, v, mask), v)


def test_bags_without_an_index_hold_zeros():
    none = np.array([], np.int64)
    for mode in ("max", "mean", "sum"):
        assert F.embedding_bag(none, ROWS, offsets=[0, 0], mode=mode).tolist() == [[0.0] * 3] * 2


def test_a_variance_for_each_row_counts_for_its_elements():
    var = np.array([1.0, 4.0])
    wide = F.gaussian_nll_loss(ROWS, ROWS + 1, np.broadcast_to(var[:, None], (2, 3)).copy())
    assert F.gaussian_nll_loss(ROWS, ROWS + 1, var) == pytest.approx(float(wide))


def test_numbers_alone_and_no_places():
    assert F.inner(2.0, LINE).tolist() == np.inner(2.0, LINE).tolist()
    assert F.alpha_dropout(LINE, 1.0).tolist() == [0.0] * 3
    assert F.take(LINE, []).tolist() == np.take(LINE, np.array([], int)).tolist()
    assert F.scatter_add(LINE, [0, 0], 5.0, 0).tolist() == [10.0, 1.0, 2.0]
    column = np.array([[1], [0]])
    found = F.take_along_axis(LINE[None], column, 1)
    assert found.tolist() == np.take_along_axis(LINE[None], column, 1).tolist() == [[1.0], [0.0]]


@pytest.mark.parametrize("width", [((1, 2), (0, 4)), ((7, 0), (3, 3))])
def test_a_symmetric_border_repeats_the_edge(width):
    assert F.pad(ROWS, width, "symmetric").tolist() == np.pad(ROWS, width, "symmetric").tolist()
    assert gradcheck(lambda x: F.pad(x, width, "symmetric"), ROWS)


def test_paths_of_no_step_have_no_gradient():
    x = np.zeros((0, 1, 2))
    found = F.ctc_loss(x, np.zeros((1, 0), int), [0], [0], reduction="sum")
    assert float(found) == 0.0
    t = Tensor(x, requires_grad=True)
    F.ctc_loss(t, np.zeros((1, 0), int), [0], [0], reduction="sum").backward()
    assert t.grad.shape == x.shape


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_a_border_of_an_empty_axis_shows_no_memory_that_nobody_wrote(mode: str) -> None:
    for op, size in ((ops.Pad(((0, 2),), mode=mode), 0), (ops.PadAdd(((0, 2),), mode), 2)):
        with pytest.raises(ShapeError, match="shows elements, and the axis has none"):
            op(np.zeros(size))
