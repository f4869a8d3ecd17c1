"""Losses: the semantics of PyTorch at the edges, weights and reductions, and the errors at the door.

The derivatives of all orders are checked over drawn problems in test_every_op.py; here are the
shares of a mean, the kinks, and what is refused.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_cnn import ArgumentError, DTypeError, ShapeError, Tensor, grad, nn
from tinygrad_cnn import functional as F

ELEMENTWISE = [
    F.mse_loss,
    F.half_squared_error,
    F.l1_loss,
    F.smooth_l1_loss,
    F.huber_loss,
    F.binary_cross_entropy_with_logits,
    F.kl_div,
]
X = np.array([[0.2, -1.0, 0.5], [1.5, 0.3, -0.7]])


def leaf(values, dtype=np.float64):
    return Tensor(np.array(values, dtype), requires_grad=True)


def log_softmax(x):
    return x - np.log(np.exp(x).sum(axis=1, keepdims=True))


# --------------------------------------------------------------------------- cross-entropy
def test_mean_divides_by_the_summed_weights_of_the_labels_kept():
    weight, labels = np.array([1.0, 2.0, 4.0]), np.array([2, 0])
    each = -weight[labels] * log_softmax(X)[[0, 1], labels]
    found = F.cross_entropy(X, labels, weight)
    np.testing.assert_allclose(found, each.sum() / 5)
    np.testing.assert_allclose(F.cross_entropy(X, labels, weight, reduction="none"), each)
    kept = F.cross_entropy(X, [2, -100], weight)
    np.testing.assert_allclose(kept, each[0] / 4)


@pytest.mark.parametrize("smoothing", [0.1, 0.5, 1.0])
def test_smoothed_labels_also_divide_by_the_weights_of_the_labels(smoothing):
    weight, labels = np.array([1.0, 2.0, 4.0]), np.array([2, 0])
    target = np.eye(3)[labels] * (1 - smoothing) + smoothing / 3
    each = -(target * weight * log_softmax(X)).sum(axis=1)
    options = {"label_smoothing": smoothing}
    np.testing.assert_allclose(F.cross_entropy(X, labels, weight, **options), each.sum() / 5)
    np.testing.assert_allclose(F.cross_entropy(X, labels, weight, reduction="none", **options), each)
    ignored = F.cross_entropy(X, [2, 1], weight, ignore_index=1, reduction="none", **options)
    np.testing.assert_allclose(ignored, [each[0], 0])


def test_probabilities_divide_by_samples_and_get_a_gradient():
    x, t = np.stack([X, X + 1], axis=2), np.stack([np.eye(3)[:2], np.full((2, 3), 1 / 3)], axis=2)
    each = -(t * log_softmax(x)).sum(axis=1)  # (2, 2)
    np.testing.assert_allclose(F.cross_entropy(x, t), each.sum() / 4)
    target = leaf(t)
    F.cross_entropy(x, target).backward()
    np.testing.assert_allclose(target.grad.numpy(), -log_softmax(x) / 4)
    smoothed = leaf(t)
    F.cross_entropy(x, smoothed, label_smoothing=0.25).backward()
    np.testing.assert_allclose(smoothed.grad.numpy(), -0.75 * log_softmax(x) / 4)


@given(st.integers(0, 2**16), st.sampled_from(["mean", "sum", "none"]), st.booleans())
def test_labels_one_hot_rows_and_nll_agree(seed, reduction, pixels):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 4, 2) if pixels else (3, 4))
    labels = rng.integers(0, 4, (3, 2) if pixels else 3)
    one_hot = np.moveaxis(np.eye(4, dtype=bool)[labels], -1, 1)
    found = F.cross_entropy(x, labels, reduction=reduction)
    np.testing.assert_allclose(F.cross_entropy(x, one_hot, reduction=reduction), found)
    np.testing.assert_allclose(F.nll_loss(log_softmax(x), labels, reduction=reduction), found)


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
def test_one_sample_without_a_batch_axis(loss):
    x = leaf(X[0])
    y = loss(x, 2, reduction="none")
    assert y.shape == ()
    np.testing.assert_allclose(y.numpy(), loss(X[:1], [2]))
    y.backward()
    assert x.grad.shape == (3,)
    np.testing.assert_allclose(F.cross_entropy(X[0], [0.0, 0.0, 1.0]), F.cross_entropy(X[0], 2))


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
def test_all_ignored_gives_nan_and_no_gradient(loss):
    x = leaf(X)
    y = loss(x, [-100, -100])
    y.backward()
    assert np.isnan(float(y)) and not x.grad.numpy().any()
    assert float(loss(X, [-100, -100], reduction="sum")) == 0
    assert np.isnan(float(F.cross_entropy(X, [7, 7], ignore_index=7, label_smoothing=0.1)))


def test_an_ignored_row_may_hold_nan():
    x = leaf([[np.nan, np.inf, 0.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(F.nll_loss(x, [-100, 1]).numpy(), 0)
    x.grad = None
    F.nll_loss(x, [-100, 1]).backward()
    np.testing.assert_allclose(x.grad.numpy(), [[0, 0, 0], [0, -1, 0]])


def test_weights_of_0_only_give_nan():
    with np.errstate(invalid="ignore"):
        assert np.isnan(float(F.cross_entropy(X, [0, 0], [0.0, 1.0, 1.0])))


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss, F.multi_margin_loss])
def test_no_samples(loss):
    x = leaf(np.zeros((0, 3)))
    labels = np.zeros(0, int)
    assert np.isnan(float(loss(x, labels)))
    assert float(loss(x, labels, reduction="sum")) == 0
    assert loss(x, labels, reduction="none").shape == (0,)
    loss(x, labels).backward()
    assert x.grad.shape == (0, 3)
    assert np.isnan(float(F.cross_entropy(x, np.zeros((0, 3)))))


def test_scores_of_any_size_neither_overflow_nor_warn():
    for dtype in (np.float32, np.float64):
        x = leaf([[1e4, -1e4, 0.0]], dtype)
        y = F.cross_entropy(x, [1])
        y.backward()
        assert float(y) == 2e4 and y.dtype == dtype and x.grad.dtype == dtype
        np.testing.assert_array_equal(x.grad.numpy(), [[1, -1, 0]])


def test_labels_are_copied_and_may_be_strided():
    labels = np.array([2, 9, 0, 9])[::2]
    x = leaf(X)
    y = F.cross_entropy(x, labels)
    labels[:] = 1
    y.backward()
    other = leaf(X)
    F.cross_entropy(other, [2, 0]).backward()
    np.testing.assert_array_equal(x.grad.numpy(), other.grad.numpy())


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (ShapeError, r"labels \(N, \.\.\.\) do not fit: x \(2, 3\), labels \(3,\)", ([0, 1, 2],)),
        (DTypeError, "labels have dtype float64, integers fit", (np.array([0.0, 1.0]),)),
        (ArgumentError, "label 3 is out of range for 3 classes; 0 to 2 fit", ([0, 3],)),
        (ArgumentError, "label -1 is out of range", ([0, -1],)),
        (ShapeError, r"weight has shape \(2,\), \(3,\) fits", ([0, 1], [1.0, 2.0])),
    ],
)
def test_label_losses_refuse(error, message, call):
    for loss in (F.cross_entropy, F.nll_loss):
        with pytest.raises(error, match=f"{loss.__name__}: .*{message}"):
            loss(X, *call)
    extra = (1, 1.0, *call[1:])
    with pytest.raises(error, match=f"multi_margin_loss: .*{message}"):
        F.multi_margin_loss(X, call[0], *extra)


def test_cross_entropy_refuses_options_that_do_not_fit():
    with pytest.raises(ArgumentError, match="ignore_index=1 needs labels, got probabilities"):
        F.cross_entropy(X, np.zeros((2, 3)), ignore_index=1)
    with pytest.raises(ArgumentError, match=r"label_smoothing must lie in \[0, 1\]"):
        F.cross_entropy(X, [0, 1], label_smoothing=1.5)
    with pytest.raises(ShapeError, match=r"x needs shape \(K,\) or \(N, K, \.\.\.\), got \(\)"):
        F.cross_entropy(np.float64(1), 0)
    with pytest.raises(DTypeError, match="x has dtype int"):
        F.cross_entropy(np.zeros((2, 3), int), [0, 1])


# --------------------------------------------------------------------------- reductions
@pytest.mark.parametrize("loss", ELEMENTWISE)
def test_reductions(loss):
    x, t = leaf(X), leaf(X[::-1] ** 2 + 0.1)
    each = loss(x, t, reduction="none")
    assert each.shape == X.shape
    np.testing.assert_allclose(loss(x, t, reduction="sum").numpy(), each.numpy().sum())
    np.testing.assert_allclose(loss(x, t, reduction="mean").numpy(), each.numpy().mean())
    together = grad(loss(x, t, reduction="mean"), [x, t])
    apart = grad(loss(x, t, reduction="none"), [x, t], np.full(X.shape, 1 / 6))
    for g, h in zip(together, apart, strict=True):
        np.testing.assert_allclose(g.numpy(), h.numpy())


@pytest.mark.parametrize("loss", ELEMENTWISE)
def test_no_elements(loss):
    x, t = leaf(np.zeros((0, 2))), leaf(np.zeros((0, 2)))
    mean = loss(x, t, reduction="mean")
    assert np.isnan(float(mean)) and float(loss(x, t, reduction="sum")) == 0
    mean.backward()
    assert x.grad.shape == t.grad.shape == (0, 2)


@pytest.mark.parametrize("loss", [*ELEMENTWISE, F.binary_cross_entropy, F.hinge_embedding_loss])
def test_elementwise_losses_refuse(loss):
    ones = np.ones((2, 3))
    with pytest.raises(ArgumentError, match=f"{loss.__name__}: reduction must be one of 'mean', 'sum'"):
        loss(ones, ones, reduction="avg")
    with pytest.raises(ShapeError, match=rf"{loss.__name__}: x has shape \(2, 3\), target \(3,\)"):
        loss(ones, np.ones(3))
    with pytest.raises(DTypeError, match=f"{loss.__name__}: x has dtype int64"):
        loss(np.ones(2, int), np.ones(2))
    with pytest.raises(DTypeError, match=loss.__name__):
        loss(np.ones(2), ["a", "b"])


@pytest.mark.parametrize("loss", ELEMENTWISE)
def test_types(loss):
    x = np.array([0.5, 0.25], np.float32)
    assert loss(x, np.array([1, 0])).dtype == np.float32  # integers never widen
    assert loss(x, [True, False]).dtype == np.float32
    assert loss(x.astype(float), [0.1, 0.2]) == loss(x.astype(float), np.array([0.1, 0.2]))
    assert loss(x, np.array([1.0, 0.0])).dtype == np.float64  # NumPy's rule for two arrays
    assert isinstance(loss(x, x), np.ndarray | np.generic) and isinstance(loss(leaf(x), x), Tensor)


# --------------------------------------------------------------------------- edges of each loss
def test_half_squared_error_is_half_the_sum():
    x = leaf([1.0, 2.0])
    y = F.half_squared_error(x, [0.0, 5.0])
    y.backward()
    assert float(y) == 5.0 and x.grad.numpy().tolist() == [1.0, -3.0]


def test_kinks_of_the_absolute_error():
    x = leaf([1.0, 2.0, 3.0])
    F.l1_loss(x, [1.0, 3.0, 2.0], reduction="sum").backward()
    assert x.grad.numpy().tolist() == [0, -1, 1]


def test_ends_of_the_parabola():
    for loss, slopes, second in (
        (lambda x: F.huber_loss(x, np.zeros(4), delta=2.0, reduction="sum"), [-2, 0, 2, 2], 1.0),
        (lambda x: F.smooth_l1_loss(x, np.zeros(4), beta=2.0, reduction="sum"), [-1, 0, 1, 1], 0.5),
    ):
        x = leaf([-2.0, 0.0, 2.0, 1e200])  # no square of it overflows
        y = loss(x)
        slope = grad(y, x, create_graph=True)
        assert np.isfinite(float(y)) and slope.numpy().tolist() == slopes
        assert grad(slope.sum(), x).numpy().tolist() == [0, second, 0, 0]
    values = F.huber_loss([-3.0, 1.0, 2.0], np.zeros(3), delta=2.0, reduction="none")
    assert values.tolist() == [4.0, 0.5, 2.0]
    wild = leaf([np.inf, -np.inf, np.nan])
    F.huber_loss(wild, [0.0, 0.0, 0.0], reduction="sum").backward()
    np.testing.assert_array_equal(wild.grad.numpy(), [1, -1, np.nan])
    assert float(F.smooth_l1_loss([3.0], [1.0], beta=0)) == 2.0
    for loss, option in ((F.huber_loss, {"delta": 0}), (F.smooth_l1_loss, {"beta": -1})):
        with pytest.raises(ArgumentError, match=loss.__name__):
            loss(X, X, **option)


def test_binary_cross_entropy_at_0_and_1_is_that_of_pytorch():
    x, t = leaf([0.0, 1.0, 0.0, 1.0, 0.5]), leaf([0.0, 1.0, 1.0, 0.0, 0.5])
    y = F.binary_cross_entropy(x, t, reduction="none")
    np.testing.assert_allclose(y.numpy(), [0, 0, 100, 100, np.log(2)])
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [0, 0, -1e12, 1e12, 0], rtol=1e-8)
    np.testing.assert_array_equal(t.grad.numpy(), [np.inf, -np.inf, np.inf, -np.inf, 0])
    for wrong in (1.5, -0.1, np.nan):
        with pytest.raises(ArgumentError, match=r"x must lie in \[0, 1\], got .*with_logits"):
            F.binary_cross_entropy([wrong], [1.0])


def test_binary_cross_entropy_with_logits_is_exact_for_any_score():
    x = leaf([800.0, -800.0, 800.0, -800.0])
    y = F.binary_cross_entropy_with_logits(x, [1.0, 0.0, 0.0, 1.0], pos_weight=3.0, reduction="none")
    np.testing.assert_array_equal(y.numpy(), [0, 0, 800, 2400])
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0, 0, 1, -3])
    scores, t = np.linspace(-3, 3, 6).reshape(2, 3), np.array([[0, 0.3, 1], [1, 0.5, 0]])
    p = 1 / (1 + np.exp(-scores))
    weight, positive = np.array([1.0, 2.0, 3.0]), np.array([0.5, 1.0, 4.0])
    expected = -weight * (positive * t * np.log(p) + (1 - t) * np.log(1 - p))
    found = F.binary_cross_entropy_with_logits(scores, t, weight, pos_weight=positive, reduction="none")
    np.testing.assert_allclose(found, expected)
    plain = F.binary_cross_entropy(p, t, weight, reduction="none")
    np.testing.assert_allclose(plain, -weight * (t * np.log(p) + (1 - t) * np.log(1 - p)))
    with pytest.raises(ShapeError, match=r"pos_weight of shape \(2,\) does not broadcast to x \(2, 3\)"):
        F.binary_cross_entropy_with_logits(scores, t, pos_weight=[1.0, 2.0])
    with pytest.raises(ShapeError, match=r"weight of shape \(4, 2, 3\) does not broadcast"):
        F.binary_cross_entropy_with_logits(scores, t, np.ones((4, 2, 3)))


def test_kl_div_of_0_and_by_batch():
    x, t = leaf([[1.0, 2.0], [-1.0, 0.0]]), np.array([[0.0, 0.5], [1.0, 0.0]])
    y = F.kl_div(x, t, reduction="none")
    np.testing.assert_allclose(y.numpy(), [[0, 0.5 * (np.log(0.5) - 2)], [1, 0]])
    np.testing.assert_allclose(F.kl_div(x, t, reduction="batchmean").numpy(), y.numpy().sum() / 2)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), -t)
    target = leaf([0.0, 0.5])
    F.kl_div([1.0, 2.0], target, reduction="sum").backward()
    np.testing.assert_allclose(target.grad.numpy(), [np.nan, np.log(0.5) - 1])
    with pytest.raises(ShapeError, match="'batchmean' needs a first axis"):
        F.kl_div(np.float64(1), np.float64(1), reduction="batchmean")
    assert np.isnan(float(F.kl_div(np.zeros((0, 2)), np.zeros((0, 2)), reduction="batchmean")))
    with pytest.raises(ArgumentError, match="'batchmean', got 'avg'"):
        F.kl_div(x, t, reduction="avg")


def test_hinges():
    x = leaf([1.0, 0.0, 2.0])  # the first at the kink
    F.hinge_embedding_loss(x, [-1, -1, -1], reduction="sum").backward()
    assert x.grad.numpy().tolist() == [-1, -1, 0]
    with pytest.raises(ArgumentError, match="the target must be 1 or -1, got 0"):
        F.hinge_embedding_loss([1.0], [0])
    scores = leaf([[1.0, 0.0, 3.0]])  # the second class at the kink
    y = F.multi_margin_loss(scores, [0])
    y.backward()
    assert float(y) == 1.0
    np.testing.assert_allclose(scores.grad.numpy(), [[-1 / 3, 0, 1 / 3]])
    assert float(F.multi_margin_loss([1.0, 0.0, 3.0], 0, 2, weight=[2.0, 1, 1])) == 6.0
    with pytest.raises(ArgumentError, match="p must be 1 or 2, got 3"):
        F.multi_margin_loss(scores, [0], 3)
    with pytest.raises(ShapeError, match=r"x needs shape \(N, K\) or \(K,\)"):
        F.multi_margin_loss(np.zeros((1, 2, 2)), np.zeros((1, 2), int))


# --------------------------------------------------------------------------- modules
MODULES = [
    (nn.CrossEntropyLoss([1.0, 2.0, 3.0], label_smoothing=0.1), F.cross_entropy,
     {"weight": [1.0, 2.0, 3.0], "label_smoothing": 0.1}, [0, 2]),
    (nn.CrossEntropyLoss(ignore_index=2), F.cross_entropy, {"ignore_index": 2}, [0, 2]),
    (nn.NLLLoss([1.0, 2.0, 3.0]), F.nll_loss, {"weight": [1.0, 2.0, 3.0]}, [0, 2]),
    (nn.MSELoss(), F.mse_loss, {}, X + 1),
    (nn.L1Loss(), F.l1_loss, {}, X + 1),
    (nn.SmoothL1Loss(beta=0.3), F.smooth_l1_loss, {"beta": 0.3}, X + 0.25),
    (nn.HuberLoss(delta=0.3), F.huber_loss, {"delta": 0.3}, X + 0.5),
    (nn.BCELoss([1.0, 2.0, 3.0]), F.binary_cross_entropy, {"weight": [1.0, 2.0, 3.0]}, abs(X)),
    (nn.BCEWithLogitsLoss(pos_weight=[1.0, 2.0, 3.0]), F.binary_cross_entropy_with_logits,
     {"pos_weight": [1.0, 2.0, 3.0]}, abs(X)),
    (nn.KLDivLoss("batchmean", log_target=True), F.kl_div,
     {"log_target": True, "reduction": "batchmean"}, X + 1),
    (nn.MultiMarginLoss(2, 0.5), F.multi_margin_loss, {"p": 2, "margin": 0.5}, [0, 2]),
    (nn.HingeEmbeddingLoss(0.5), F.hinge_embedding_loss, {"margin": 0.5}, np.sign(X)),
]  # fmt: skip


@pytest.mark.parametrize(("module", "function", "options", "target"), MODULES)
def test_modules_pass_their_options_on(module, function, options, target):
    x = abs(X) / 2 if isinstance(module, nn.BCELoss) else X
    found, plain = module(x, target), function(x, target)
    assert found == function(x, target, **options)
    assert not options or found != plain  # the options matter here


def test_weights_are_buffers_and_options_are_shown():
    loss = nn.CrossEntropyLoss([1.0, 2.0])
    assert list(loss.state_dict()) == ["weight"] and list(loss.parameters()) == []
    text = "CrossEntropyLoss(ignore_index=-100, reduction='mean', label_smoothing=0.0)"
    assert repr(loss.eval()) == text
    with pytest.raises(ArgumentError, match="HuberLoss: reduction must be one of"):
        nn.HuberLoss("avg")


@pytest.mark.parametrize("labels", [np.array([0, 2, 1]), [0, 1, 0], np.array([True, False, False])])
def test_integers_of_one_samples_shape_are_no_probabilities(labels):
    with pytest.raises(DTypeError, match=r"cross_entropy: x \(3,\) holds the scores of one sample"):
        F.cross_entropy(np.ones(3), labels)


def test_integers_of_the_shape_of_x_are_one_hot():
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(F.cross_entropy(x, np.eye(3, dtype=int)[:2]), F.cross_entropy(x, [0, 1]))
    np.testing.assert_allclose(F.cross_entropy(x, np.eye(3, dtype=bool)[:2]), F.cross_entropy(x, [0, 1]))
    for row in ([0, 1, 2], [1, 1, 0], [0, 0, 0], [-1, 1, 1]):
        with pytest.raises(ArgumentError, match="a single 1 along axis 1"):
            F.cross_entropy(x, np.array([row, [1, 0, 0]]))


def test_labels_of_more_classes_are_refused_where_there_are_two():
    for loss in (F.binary_cross_entropy, F.binary_cross_entropy_with_logits):
        with pytest.raises(ArgumentError, match="label 2 is none of two classes"):
            loss(np.full(3, 0.5), np.array([0, 1, 2]))
        for target in ([0, 1, 1], [0.3, 2.0, 0.0], np.array([True, False, True])):
            assert np.isfinite(loss(np.full(3, 0.5), target))


@pytest.mark.parametrize(
    "call",
    [
        lambda masked: F.mse_loss(np.ones(2), masked),
        lambda masked: F.binary_cross_entropy(np.ones(2), masked),
        lambda masked: F.cross_entropy(np.ones((2, 2)), masked.astype(int)),
        lambda masked: F.where(masked > 0, np.ones(2), 0.0),
        lambda masked: F.hinge_embedding_loss(masked, [1, 1]),
        lambda masked: F.hinge_embedding_loss(np.ones(2), masked),
    ],
)  # fmt: skip
def test_masked_elements_are_not_read_as_data(call):
    with pytest.raises(DTypeError, match="masked elements; fill them"):
        call(np.ma.array([1.0, 1.0], mask=[False, True]))
    call(np.ma.array([1.0, 1.0], mask=False))


@pytest.mark.parametrize(
    "name, call",
    [
        ("cross_entropy", lambda labels: F.cross_entropy(np.ones((2, 2)), labels)),
        ("cross_entropy", lambda labels: F.cross_entropy(np.ones((2, 2)), [0, 1], labels)),
        ("cross_entropy", lambda labels: F.cross_entropy(np.ones(2), labels)),
        ("nll_loss", lambda labels: F.nll_loss(np.ones((2, 2)), labels)),
        ("multi_margin_loss", lambda labels: F.multi_margin_loss(np.ones((2, 2)), labels)),
        ("multilabel_margin_loss", lambda labels: F.multilabel_margin_loss(np.ones(2), labels)),
        ("binary_cross_entropy", lambda labels: F.binary_cross_entropy(np.full(2, 0.5), labels)),
        ("mse_loss", lambda labels: F.mse_loss(np.ones(2), labels)),
        ("ctc_loss", lambda labels: F.ctc_loss(np.ones((3, 1, 2)), labels[None], [3], [2])),
        ("ctc_loss", lambda labels: F.ctc_loss(np.ones((3, 2, 2)), [[1], [1]], labels, [1, 1])),
        ("embedding", lambda labels: F.embedding(labels, np.ones((2, 2)))),
        ("one_hot", lambda labels: F.one_hot(labels)),
        ("where", lambda labels: F.where(labels > 0, 1.0, np.ones(2))),
    ],
)
def test_the_refusal_of_masked_elements_names_the_function(name, call):
    with pytest.raises(DTypeError, match=f"^{name}: got an array with masked elements"):
        call(np.ma.array([1, 1], mask=[False, True]))


@pytest.mark.parametrize("call", [lambda x: F.where(x, 1.0, 2.0), lambda x: F.one_hot(x), F.relu])
def test_what_gives_no_array_is_refused_in_words(call):
    class Nothing:
        def __array__(self, dtype=None, copy=None):
            return "no array"

    with pytest.raises(DTypeError, match=r"^\w+: cannot make an array of this Nothing"):
        call(Nothing())
    assert Nothing() not in Tensor([1.0])  # and nothing is equal to it


def test_a_method_named_mask_as_of_a_table_masks_nothing():
    class Column:
        def __array__(self, dtype=None, copy=None):
            return np.array([0, 1])

        def mask(self):
            raise AssertionError

    assert F.cross_entropy(np.zeros((2, 2)), Column()) == F.cross_entropy(np.zeros((2, 2)), [0, 1])
    assert F.add(Column(), 1).tolist() == [1, 2]
