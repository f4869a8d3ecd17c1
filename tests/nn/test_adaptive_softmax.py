"""Adaptive softmax: log probabilities by clusters of classes, beside NumPy and numerical slopes."""

import numpy as np
import pytest

from tinygrad_cnn import Tensor, nn, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.testing import gradcheck

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((6, 8)), np.array([0, 19, 4, 5, 12, 3])


def layer(bias: bool = False) -> nn.AdaptiveLogSoftmaxWithLoss:
    return nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10], 2.0, bias, rng=1, dtype=np.float64)


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores)
    return powers / powers.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("bias", [False, True])
def test_probabilities_are_those_of_the_head_times_those_of_the_tails(bias: bool) -> None:
    softmaxes = layer(bias)
    head = softmax(X @ softmaxes.head.weight.numpy().T + (softmaxes.head.bias.numpy() if bias else 0))
    tails = [softmax(X @ a.weight.numpy().T @ b.weight.numpy().T) for a, b in softmaxes.tail]
    want = np.concatenate([head[:, :4], head[:, 4:5] * tails[0], head[:, 5:6] * tails[1]], axis=1)
    np.testing.assert_allclose(softmaxes.log_prob(X).numpy(), np.log(want), atol=1e-12)
    np.testing.assert_array_equal(softmaxes.predict(X).numpy(), want.argmax(axis=1))
    output, loss = softmaxes(X, Y)
    np.testing.assert_allclose(output.numpy(), np.log(want[np.arange(6), Y]), atol=1e-12)
    assert loss.item() == pytest.approx(-output.numpy().mean())


def test_slopes_are_those_of_differences_and_of_all_classes() -> None:
    softmaxes, x = layer(), Tensor(X, requires_grad=True)
    assert gradcheck(lambda x: softmaxes(x, Y).loss, x)
    softmaxes(x, Y).loss.backward()
    slopes, x.grad = x.grad.numpy(), None
    F.nll_loss(softmaxes.log_prob(x), Y).backward()
    np.testing.assert_allclose(slopes, x.grad.numpy(), atol=1e-12)


def test_rows_of_the_likeliest_classes_alone_ask_the_tails() -> None:
    softmaxes = layer()
    softmaxes.head.weight.data = np.zeros_like(softmaxes.head.weight.numpy())
    softmaxes.head.weight.data[:2, 0] = 9.0, -9.0
    asked: list[int] = []
    softmaxes.tail[0].register_forward_hook(lambda _m, given, _y: asked.append(len(given[0])))
    assert softmaxes.predict(np.ones((3, 8))).tolist() == [0, 0, 0] and asked == []


def test_one_sample_and_none() -> None:
    softmaxes = layer()
    output, loss = softmaxes(X[0], np.array(19))
    assert output.shape == loss.shape == () and loss.item() == -output.item()
    assert softmaxes.log_prob(X[:0]).shape == (0, 20) and softmaxes.predict(X[:0]).shape == (0,)


def test_it_learns_rare_classes() -> None:
    softmaxes = nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10], 2.0, rng=1)
    x, steps = X.astype("f4"), optim.Adam(softmaxes.parameters(), lr=0.1)
    for _ in range(60):
        steps.zero_grad()
        softmaxes(x, Y).loss.backward()
        steps.step()
    assert softmaxes.predict(x).tolist() == Y.tolist()


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, []), ArgumentError, "cutoffs must rise"),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 3]), ArgumentError, r"got \[5, 3\]"),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 5]), ArgumentError, "cutoffs must rise"),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [20]), ArgumentError, "n_classes - 1 = 19"),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [0]), ArgumentError, "from at least 1"),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, 5), DTypeError, "cutoffs are several integers"),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [1.5]), DTypeError, "cutoffs"),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5], 0.0), ArgumentError, "div_value must be above"),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 9]), ArgumentError, "a smaller div_value"),
        (lambda: layer()(X, Y[:2]), ShapeError, r"got \(6, 8\) and \(2,\)"),
        (lambda: layer()(X, Y + 1), ArgumentError, "targets run from 1 to 20"),
        (lambda: layer()(X, Y * 1.0), DTypeError, "targets must be integers"),
        (lambda: layer().log_prob(X[0]), ShapeError, r"log_prob: x of shape \(N, 8\)"),
        (lambda: layer().predict(X[0]), ShapeError, r"predict: x of shape \(N, 8\)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(call, error, says) -> None:
    with pytest.raises(error, match=says):
        call()
