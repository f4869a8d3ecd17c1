"""Normalisation, dropout and embedding: values, running statistics, modes, layers, errors."""

import numpy as np
import pytest

from tinygrad_cnn import ArgumentError, DTypeError, ShapeError, Tensor, grad, manual_seed, nn
from tinygrad_cnn import functional as F

RNG = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


def standard(x: np.ndarray, axis: tuple[int, ...], eps: float = 1e-5) -> np.ndarray:
    return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + eps)


# --------------------------------------------------------------------------- normalisation
def test_each_norm_takes_its_own_axes() -> None:
    x, w, b = normal(3, 4, 5, 2), normal(4), normal(4)
    side = (1, 4, 1, 1)
    grouped = standard(x.reshape(3, 2, 2, 5, 2), (2, 3, 4)).reshape(x.shape)
    np.testing.assert_allclose(F.group_norm(x, 2, w, b), grouped * w.reshape(side) + b.reshape(side))
    np.testing.assert_allclose(F.group_norm(x, 1), standard(x, (1, 2, 3)))
    np.testing.assert_allclose(F.group_norm(x, 4), F.instance_norm(x), atol=1e-12)
    instance = standard(x, (2, 3)) * w.reshape(side) + b.reshape(side)
    np.testing.assert_allclose(F.instance_norm(x, None, None, w, b), instance)
    v, c = normal(5, 2), normal(5, 2)
    np.testing.assert_allclose(F.layer_norm(x, (5, 2), v, c, 0.1), standard(x, (2, 3), 0.1) * v + c)
    np.testing.assert_allclose(F.layer_norm(x, 2), standard(x, (3,)))


def test_results_have_mean_0_and_variance_1() -> None:
    x = normal(4, 6, 10, 10) * 5 + 3
    for y, axis in ((F.layer_norm(x, x.shape[1:]), (1, 2, 3)), (F.instance_norm(x), (2, 3))):
        np.testing.assert_allclose(y.mean(axis), 0, atol=1e-12)
        np.testing.assert_allclose(y.var(axis), 1, atol=1e-5)


def test_a_gradient_is_orthogonal_to_what_normalisation_ignores() -> None:
    x = Tensor(normal(2, 3, 4), requires_grad=True)
    for y in (F.layer_norm(x, 4, eps=0.0), F.instance_norm(x, eps=0.0)):
        g = grad(y, x, normal(2, 3, 4)).numpy()
        np.testing.assert_allclose(g.sum(axis=2), 0, atol=1e-12)  # a shift changes nothing
        np.testing.assert_allclose((g * x.numpy()).sum(axis=2), 0, atol=1e-12)  # nor does a scale


def test_running_statistics_of_instance_norm() -> None:
    x, mean, var = normal(3, 2, 5), np.zeros(2), np.ones(2)
    F.instance_norm(x, mean, var, momentum=0.25)
    np.testing.assert_allclose(mean, 0.25 * x.mean(axis=(0, 2)))
    np.testing.assert_allclose(var, 0.75 + 0.25 * x.var(axis=2, ddof=1).mean(axis=0))
    y = F.instance_norm(x, mean, var, use_input_stats=False)
    np.testing.assert_allclose(y, (x - mean[:, None]) / np.sqrt(var[:, None] + 1e-5))
    layer = nn.InstanceNorm2d(2, affine=True, track_running_stats=True, dtype=float)
    keys = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    assert list(layer.state_dict()) == keys
    layer(x[..., None])
    np.testing.assert_allclose(layer.running_mean.numpy(), 0.1 * x.mean(axis=(0, 2)))
    before = layer.running_mean.numpy().copy()
    layer.eval()(x[..., None])
    np.testing.assert_array_equal(layer.running_mean.numpy(), before)


def test_batch_norms_share_their_numbers() -> None:
    x = normal(4, 3, 8)
    flat, images, volumes = (
        (nn.BatchNorm1d(3), x),
        (nn.BatchNorm2d(3), x.reshape(4, 3, 4, 2)),
        (nn.BatchNorm3d(3), x.reshape(4, 3, 2, 2, 2)),
    )
    results = [
        layer(Tensor(values, dtype=np.float32)).numpy().reshape(x.shape)
        for layer, values in (flat, images, volumes)
    ]
    np.testing.assert_allclose(results[0], standard(x, (0, 2)), atol=1e-5)
    for result in results[1:]:
        np.testing.assert_allclose(result, results[0], atol=1e-6)
    np.testing.assert_allclose(flat[0].running_mean.numpy(), volumes[0].running_mean.numpy(), atol=1e-7)
    assert nn.BatchNorm1d(3)(np.ones((2, 3), np.float32)).shape == (2, 3)


def test_momentum_none_averages_over_all_batches() -> None:
    layer, batches = nn.BatchNorm1d(2, momentum=None, dtype=float), [normal(5, 2) for _ in range(3)]
    for batch in batches:
        layer(batch)
    np.testing.assert_allclose(layer.running_mean.numpy(), np.mean(batches, axis=(0, 1)))
    assert int(layer.num_batches_tracked.numpy()) == 3


def test_local_response_norm_for_all_sizes() -> None:
    x = normal(2, 4, 3)
    for size in range(1, 7):
        y = F.local_response_norm(x, size, 0.5, 0.6, 1.5)
        for c in range(4):
            near = x[:, max(0, c - size // 2) : c + (size - 1) // 2 + 1]
            expected = x[:, c] / (1.5 + 0.5 / size * (near**2).sum(axis=1)) ** 0.6
            np.testing.assert_allclose(y[:, c], expected)
        np.testing.assert_array_equal(nn.LocalResponseNorm(size, 0.5, 0.6, 1.5)(x), y)


def test_empty_batches() -> None:
    none = np.ones((0, 4, 2, 2))
    for y in (
        F.group_norm(none, 2),
        F.instance_norm(none),
        F.layer_norm(none, 2),
        F.local_response_norm(none, 3),
    ):
        assert y.shape == none.shape


def test_layers_and_their_states() -> None:
    x = normal(2, 4, 3, 2).astype(np.float32)
    for layer, keys, expected in (
        (nn.LayerNorm((3, 2)), ["weight", "bias"], F.layer_norm(x, (3, 2))),
        (nn.LayerNorm(2, bias=False), ["weight"], F.layer_norm(x, 2)),
        (nn.LayerNorm(2, elementwise_affine=False), [], F.layer_norm(x, 2)),
        (nn.GroupNorm(2, 4), ["weight", "bias"], F.group_norm(x, 2)),
        (nn.GroupNorm(2, 4, affine=False), [], F.group_norm(x, 2)),
        (nn.InstanceNorm2d(4), [], F.instance_norm(x)),
    ):
        assert list(layer.state_dict()) == keys
        y = layer(Tensor(x)).numpy()
        np.testing.assert_array_equal(y, expected)
        assert y.dtype == np.float32
    assert repr(nn.InstanceNorm2d(3)) == (
        "InstanceNorm2d(3, eps=1e-05, momentum=0.1, affine=False, track_running_stats=False)"
    )


# --------------------------------------------------------------------------- dropout
def test_classic_dropout_scales_at_test_time() -> None:
    x = np.ones((200, 50))
    y = F.dropout(x, 0.3, mode="classic", rng=0)
    assert set(np.unique(y)) == {0.0, 1.0}
    assert abs(y.mean() - 0.7) < 0.02
    np.testing.assert_array_equal(F.dropout(x, 0.3, training=False, mode="classic"), 0.7 * x)
    np.testing.assert_array_equal(F.dropout(x, 0.3, rng=0), y / 0.7)  # the same draw, scaled
    layer = nn.Dropout(0.3, mode="classic", rng=0)
    np.testing.assert_array_equal(layer(x), y)
    np.testing.assert_array_equal(layer.eval()(x), 0.7 * x)
    assert repr(layer) == "Dropout(p=0.3, mode='classic')"
    leaf = Tensor(x, requires_grad=True)
    np.testing.assert_array_equal(grad(F.dropout(leaf, 0.3, mode="classic", rng=0).sum(), leaf).numpy(), y)


def test_whole_channels_are_dropped() -> None:
    x = normal(30, 20, 3, 2)
    y = F.dropout2d(x, 0.4, rng=3)
    kept = (y != 0).any(axis=(2, 3))
    np.testing.assert_allclose(y, x * kept[:, :, None, None] / 0.6)
    assert abs(kept.mean() - 0.6) < 0.06
    last = F.dropout2d(np.moveaxis(x, 1, -1), 0.4, rng=3, data_format="NHWC")
    np.testing.assert_array_equal(last, np.moveaxis(y, 1, -1))
    manual_seed(5)
    layer = nn.Dropout2d(0.4)
    first = layer(x)
    manual_seed(5)
    np.testing.assert_array_equal(layer(x), first)
    np.testing.assert_array_equal(layer.eval()(x), x)


# --------------------------------------------------------------------------- embedding
def test_embedding_adds_up_repeats_and_skips_padding() -> None:
    w = Tensor(normal(4, 2), requires_grad=True)
    indices = np.array([[1, 3], [1, 0]])
    y = F.embedding(indices, w, padding_idx=-1)
    np.testing.assert_array_equal(y.numpy(), w.numpy()[indices])
    assert grad(y, w, np.ones((2, 2, 2))).tolist() == [[1, 1], [2, 2], [0, 0], [0, 0]]
    assert F.embedding(3, w).shape == (2,)
    assert F.embedding(np.zeros((0, 3), int), w).shape == (0, 3, 2)


def test_the_embedding_layer() -> None:
    layer = nn.Embedding(5, 3, padding_idx=2, rng=0)
    assert list(layer.state_dict()) == ["weight"]
    assert layer.weight.numpy()[2].tolist() == [0, 0, 0]
    assert nn.Embedding(1000, 50, rng=0).weight.numpy().std() == pytest.approx(1, abs=0.02)
    layer(np.array([2, 4])).sum().backward()
    assert layer.weight.grad.numpy().sum(axis=1).tolist() == [0, 0, 0, 0, 3]


def test_unflatten_undoes_flatten() -> None:
    x = normal(2, 3, 4, 5)
    for sizes in ((3, 4, 5), (3, -1, 5)):
        np.testing.assert_array_equal(nn.Unflatten(1, sizes)(nn.Flatten()(x)), x)


# --------------------------------------------------------------------------- errors
X = np.ones((2, 4, 3), np.float32)  # as the layers are: float64 gets a warning before the error


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.layer_norm(X, 4), ShapeError, r"x has shape \(2, 4, 3\), which does not end"),
        (lambda: F.layer_norm(X, ()), ShapeError, "normalized_shape is empty"),
        (lambda: F.layer_norm(X, 3, np.ones(4)), ShapeError, r"w has shape \(4,\)"),
        (lambda: F.group_norm(X, 3), ShapeError, "C divisible by 3"),
        (lambda: F.group_norm(X[:1, :2, :1], 2), ShapeError, "more than 1 value per group"),
        (lambda: F.instance_norm(X[:, :, 0]), ShapeError, "at least 3 axes"),
        (lambda: F.instance_norm(X[:, :, :1]), ShapeError, "more than 1 value per channel"),
        (lambda: F.instance_norm(X, np.ones(4)), ArgumentError, "give both running_mean"),
        (lambda: F.instance_norm(X, use_input_stats=False), ArgumentError, "needs running_mean"),
        (lambda: F.instance_norm(X, np.ones(3), np.ones(3)), ShapeError, "running_mean has shape"),
        (lambda: F.local_response_norm(X[0], 2), ShapeError, "at least 3 axes"),
        (lambda: F.local_response_norm(X, 0), ArgumentError, "size must be at least 1"),
        (lambda: nn.BatchNorm1d(4)(X[None]), ShapeError, r"x needs 2 axes \(N, C\) or 3 axes \(N, C, L\)"),
        (lambda: nn.BatchNorm1d(3)(X), ShapeError, "BatchNorm1d: x has 4 channels, num_features is 3"),
        (lambda: nn.GroupNorm(3, 4), ArgumentError, "num_groups=3 must divide num_channels=4"),
        (lambda: nn.GroupNorm(2, 6)(X), ShapeError, r"GroupNorm: x has shape .* fits"),
        (lambda: nn.InstanceNorm2d(4, momentum=None), ArgumentError, "momentum must be a number"),
        (lambda: F.dropout(X, mode="soft"), ArgumentError, "mode must be one of 'inverted'"),
        (lambda: F.dropout2d(X), ShapeError, "dropout2d: x needs 4 axes"),
        (lambda: F.embedding([0, 9], X[0]), ArgumentError, "x runs from 0 to 9, a table of 4 rows"),
        (lambda: F.embedding([-1], X[0]), ArgumentError, "x runs from -1"),
        (lambda: F.embedding([0.5], X[0]), DTypeError, "x must hold integers"),
        (lambda: F.embedding([0], X), ShapeError, "w needs 2 axes"),
        (lambda: nn.Embedding(3, 2, padding_idx=3), ArgumentError, "padding_idx 3 is outside"),
        (lambda: nn.Unflatten(1, (3, 3))(X), ShapeError, "does not split into"),
        (lambda: nn.Unflatten(1, (0, -1))(X), ShapeError, "does not split into"),
    ],
)  # fmt: skip
def test_errors(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
