"""Arguments that do not fit each other are refused with the function's name, what it got and what fits."""

import numpy as np
import pytest
from refusals import check_refusals

from tinygrad_cnn import ArgumentError, DTypeError, ShapeError, nn
from tinygrad_cnn import functional as F

LINE, ROWS, IMAGE = np.ones(4), np.ones((2, 3)), np.ones((1, 2, 4, 4))
LOGS, PLACES = np.log(np.full((4, 2, 3), 1 / 3)), np.array([0, 1])
SHAPES = {
    "scaled_dot_product_attention: query (2, 3), key (4,)": lambda: F.scaled_dot_product_attention(
        ROWS, LINE, ROWS
    ),
    "the mask (5,) does not broadcast to (2, 2)": lambda: F.scaled_dot_product_attention(
        ROWS, ROWS, ROWS, np.ones(5, bool)
    ),
    "bilinear: x1 (..., I), x2 (..., J) and w (O, I, J) fit, got (2, 3), (2, 3), (2, 3)": lambda: (
        F.bilinear(ROWS, ROWS, ROWS)
    ),
    "bilinear: b has shape (4,), expected (2,)": lambda: F.bilinear(ROWS, ROWS, np.ones((2, 3, 3)), LINE),
    "embedding_bag: x (B, L) without offsets, or x (N,) with offsets": lambda: F.embedding_bag(
        PLACES, ROWS
    ),
    "per_sample_weights have shape (4,), x has (1, 2)": lambda: F.embedding_bag(
        PLACES[None], ROWS, mode="sum", per_sample_weights=LINE
    ),
    "diag: x has shape (1, 2, 4, 4), 1 or 2 axes fit": lambda: F.diag(IMAGE),
    "matrix_transpose: x has shape (4,), at least 2": lambda: F.matrix_transpose(LINE),
    "conv2d: padding ((-3, -3), (0, 0)) leaves no pixel of an image of (4, 4)": lambda: F.conv2d(
        IMAGE, np.ones((1, 2, 1, 1)), padding=((-3, -3), (0, 0))
    ),
    "cov: a variable has shape (1, 2, 4, 4), 1 or 2 axes fit": lambda: F.cov(IMAGE),
    "pairwise_distance: x1 and x2 need an axis": lambda: F.pairwise_distance(1.0, 2.0),
    "cdist: x1 (..., P, M) and x2 (..., R, M) fit, got (2, 3) and (4,)": lambda: F.cdist(ROWS, LINE),
    "pdist: x needs 2 axes (N, M), got (4,)": lambda: F.pdist(LINE),
    "glu: axis 1 has 3 elements, an even number fits": lambda: F.glu(ROWS),
    "affine_grid: theta (N, 2, 3) and size (N, C, H, W), or one axis more, fit, got (2, 3)": lambda: (
        F.affine_grid(ROWS, (1, 1, 2, 2))
    ),
    "grid_sample: x (N, C, H, W) and grid (N, OH, OW, 2)": lambda: F.grid_sample(IMAGE, ROWS),
    "grid_sample: an image of (0, 4) has no pixels": lambda: F.grid_sample(
        IMAGE[:, :, :0], np.ones((1, 2, 2, 2))
    ),
    "interpolate: x needs 3 to 5 axes (N, C, ...), got (2, 3)": lambda: F.interpolate(ROWS, 2),
    "gaussian_nll_loss: x (2, 3), target (4,) and var (2, 3) do not fit": lambda: F.gaussian_nll_loss(
        ROWS, LINE, ROWS
    ),
    "ctc_loss: log_probs needs shape (T, N, C) or (T, C), got (4,)": lambda: F.ctc_loss(
        LINE, [1], [4], [1]
    ),
    "input_lengths has shape (3,), (2,) fits": lambda: F.ctc_loss(LOGS, [[1], [1]], [4, 4, 4], [1, 1]),
    "input_lengths run from 4 to 9, 0 to 4 fit": lambda: F.ctc_loss(LOGS, [[1], [1]], [4, 9], [1, 1]),
    "3 labels in a row, target_lengths sum to 2": lambda: F.ctc_loss(LOGS, [1, 1, 1], [4, 4], [1, 1]),
    "targets have 3 rows, log_probs 2 sequences": lambda: F.ctc_loss(LOGS, [[1], [1], [1]], [4, 4], [1, 1]),
    "matmul: needs at least 1 axis each, got () and (4,); use *": lambda: F.matmul(2.0, LINE),
    "multi_dot: at least two arrays fit, got 1": lambda: F.multi_dot([ROWS]),
    "svd: a has shape (4,), at least 2 axes fit": lambda: F.svd(LINE),
    "max_unpool1d: x needs 3 axes (N, C, ...), got (2, 3)": lambda: F.max_unpool1d(ROWS, PLACES, 2),
    "rms_norm: x has shape (2, 3), which does not end in (4,)": lambda: F.rms_norm(ROWS, 4),
    "multilabel_soft_margin_loss: x needs an axis of classes": lambda: F.multilabel_soft_margin_loss(
        1.0, 1.0
    ),
    "multilabel_margin_loss: x needs shape (N, K) or (K,), got (1, 2, 4, 4)": lambda: (
        F.multilabel_margin_loss(IMAGE, IMAGE)
    ),
    "multilabel_margin_loss: x has shape (2, 3), target (2,); equal": lambda: F.multilabel_margin_loss(
        ROWS, PLACES
    ),
    "cosine_embedding_loss: x1 and x2 (N, D) and target (N,) fit, got (2, 3), (4,)": lambda: (
        F.cosine_embedding_loss(ROWS, ROWS, LINE)
    ),
    "soft_margin_loss: x has shape (2, 3), target (4,); equal": lambda: F.soft_margin_loss(ROWS, LINE),
    "lstm_cell: c has shape (2, 2), (2, 1) fits": lambda: F.lstm_cell(
        ROWS, np.ones((2, 1)), np.ones((2, 2)), np.ones((4, 3)), np.ones((4, 1))
    ),
    "gru_cell: h has shape (2, 2), (2, 1) fits": lambda: F.gru_cell(
        ROWS, np.ones((2, 2)), np.ones((3, 3)), np.ones((3, 2))
    ),
    "gru_cell: w_ih has 3 rows and w_hh 6; the same number fits, 3 times": lambda: F.gru_cell(
        ROWS, np.ones((2, 1)), np.ones((3, 3)), np.ones((6, 1))
    ),
    "x (2, 3) and the state (4, 1) differ in the axes before": lambda: F.gru_cell(
        ROWS, np.ones((4, 1)), np.ones((3, 3)), np.ones((3, 1))
    ),
    "rnn_cell: w_hh has shape (4,), a matrix fits": lambda: F.rnn_cell(
        ROWS, np.ones((2, 1)), np.ones((1, 3)), LINE
    ),
    "channel_shuffle: 3 groups do not divide the channels of x (1, 2, 4, 4)": lambda: F.channel_shuffle(
        IMAGE, 3
    ),
    "index_fill: places have shape (1, 2), one axis fits": lambda: F.index_fill(ROWS, 0, PLACES[None], 0.0),
    "reshape: only one size may be -1, got (-1, -1)": lambda: F.reshape(LINE, (-1, -1)),
    "flatten: end_axis 0 lies before start_axis 1": lambda: F.flatten(ROWS, 1, 0),
    "linear_cross_entropy: x (2, 3) and linear_weight (4,) do not fit": lambda: F.linear_cross_entropy(
        ROWS, LINE, PLACES
    ),
    "linear_cross_entropy: linear_weight (2, 2, 3) needs x of 2 axes, got (3,)": lambda: (
        F.linear_cross_entropy(ROWS[0], np.ones((2, 2, 3)), PLACES)
    ),
    "linear_cross_entropy: linear_bias needs the shape (2,), got (4,)": lambda: F.linear_cross_entropy(
        ROWS, ROWS, PLACES, linear_bias=LINE
    ),
    "fractional_max_pool2d: random_samples needs the shape (1, 2, 2), got (2, 3)": lambda: (
        F.fractional_max_pool2d(IMAGE, 2, 2, random_samples=ROWS)
    ),
    "quantile: x has no element along the axis": lambda: F.quantile(LINE[:0], 0.5),
}
TYPES = {
    "must be a number, got": lambda: F.leaky_relu(LINE, 10**400),
    "the mask has dtype int64, bool or a float dtype fits": lambda: F.scaled_dot_product_attention(
        ROWS, ROWS, ROWS, np.ones((2, 2), int)
    ),
    "embedding_bag: x must hold integers, got dtype float64": lambda: F.embedding_bag(ROWS, ROWS),
    "offsets must be a line of integers, got float64 (4,)": lambda: F.embedding_bag(PLACES, ROWS, LINE),
    "one_hot: x has dtype float64, integers fit": lambda: F.one_hot(LINE),
    "input_lengths must be integers, got dtype float64": lambda: F.ctc_loss(
        LOGS, [[1], [1]], [4.0, 4.0], [1, 1]
    ),
    "labels have dtype float64, integers fit": lambda: F.ctc_loss(LOGS, [[1.0], [1.0]], [4, 4], [1, 1]),
    "multilabel_margin_loss: labels have dtype float64": lambda: F.multilabel_margin_loss(ROWS, ROWS),
    "bincount: x needs one axis of integers of at least 0, got float64 (4,)": lambda: F.bincount(LINE),
    "polygamma: n must be an integer": lambda: F.polygamma(1.5, LINE),
}
VALUES = {
    "Upsample: scale_factor needs 1 to 3 numbers": lambda: nn.Upsample(scale_factor=(2, 2, 2, 2)),
    "is_causal=True makes the mask": lambda: F.scaled_dot_product_attention(
        ROWS, ROWS, ROWS, np.ones((2, 2), bool), is_causal=True
    ),
    "offsets start at 0, do not fall, and end within x, got [1, 0]": lambda: F.embedding_bag(
        PLACES, ROWS, [1, 0]
    ),
    "per_sample_weights go with mode 'sum', not with 'mean'": lambda: F.embedding_bag(
        PLACES[None], ROWS, per_sample_weights=LINE
    ),
    "gumbel_softmax: tau must be above 0, got 0": lambda: F.gumbel_softmax(LINE, 0),
    "mode 'bicubic' is for images, x has 3 spatial axes": lambda: F.grid_sample(
        IMAGE[None], np.ones((1, 1, 1, 1, 3)), "bicubic"
    ),
    "mode 'linear' is for 1 spatial axes, x has 2": lambda: F.interpolate(IMAGE, 2, mode="linear"),
    "antialias goes with 'bilinear' and 'bicubic', not with 'nearest'": lambda: F.interpolate(
        IMAGE, 2, antialias=True
    ),
    "variances must be at least 0, got -1": lambda: F.gaussian_nll_loss(ROWS, ROWS, -ROWS),
    "blank 3 is out of range for 3 classes": lambda: F.ctc_loss(LOGS, [[1], [1]], [4, 4], [1, 1], blank=3),
    "label 0 is the blank or out of range": lambda: F.ctc_loss(LOGS, [[1], [0]], [4, 4], [1, 1]),
    "lp_pool1d: norm_type must be above 0, got 0": lambda: F.lp_pool1d(ROWS[None], 0, 2),
    "rrelu: lower 0.5 exceeds upper 0.25": lambda: F.rrelu(LINE, 0.5, 0.25),
    "tensordot: 32 and 32 axes are more than the 52 letters": lambda: F.tensordot(
        np.ones((1,) * 32), np.ones((1,) * 32), 0
    ),
    "the axes of '...' need more than 52 letters": lambda: F.einsum("...->...", np.ones((1,) * 53)),
    "multilabel_margin_loss: label 3 is out of range for 3 classes": lambda: F.multilabel_margin_loss(
        ROWS, np.full((2, 3), 3)
    ),
    "the target must be 1 or -1, got 0.5": lambda: F.cosine_embedding_loss(ROWS, ROWS, [0.5, 1.0]),
    "linear_cross_entropy: ignore_index=1 needs labels, got probabilities": lambda: F.linear_cross_entropy(
        ROWS, ROWS, np.full((2, 2), 0.5), ignore_index=1
    ),
    "fractional_max_pool2d: (2, 4) windows of (2, 2) pixels do not fit into an image of (4, 4)": lambda: (
        F.fractional_max_pool2d(IMAGE, 2, (2, 4))
    ),
    "fractional_max_pool2d: random_samples must lie in [0, 1)": lambda: F.fractional_max_pool2d(
        IMAGE, 2, 2, random_samples=np.ones((1, 2, 2))
    ),
    "fractional_max_pool2d: output_ratio 0.2 leaves (0, 0) of an image of (4, 4)": lambda: (
        F.fractional_max_pool2d(IMAGE, 2, output_ratio=0.2)
    ),
    "fractional_max_pool2d: give output_size or output_ratio": lambda: F.fractional_max_pool2d(IMAGE, 2),
    "fractional_max_pool3d: output_ratio needs 1 or 3 numbers, got (0.5, 0.5)": lambda: (
        F.fractional_max_pool3d(IMAGE[None], 2, output_ratio=(0.5, 0.5))
    ),
    "fractional_max_pool2d: output_ratio must lie between 0 and 1, got (0.5, 1)": lambda: (
        F.fractional_max_pool2d(IMAGE, 2, output_ratio=(0.5, 1))
    ),
    "polygamma: n must": lambda: F.polygamma(-1, LINE),
}


@pytest.mark.parametrize(
    ("kind", "calls"), [(ShapeError, SHAPES), (DTypeError, TYPES), (ArgumentError, VALUES)]
)
def test_what_does_not_fit_is_named(kind, calls):
    check_refusals((kind, words, call) for words, call in calls.items())
