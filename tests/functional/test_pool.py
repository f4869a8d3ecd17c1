"""Pooling and resampling: values against slow references, ties, indices, sizes, layers, errors."""

import math
from itertools import product

import numpy as np
import pytest

from tinygrad_cnn import ArgumentError, DTypeError, ShapeError, Tensor, grad, nn
from tinygrad_cnn import functional as F

RNG = np.random.default_rng(0)
MAX = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
AVG = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
INF = np.inf


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


def gradient(function, x: np.ndarray) -> np.ndarray:
    leaf = Tensor(x, requires_grad=True)
    return grad(function(leaf).sum(), leaf).numpy()


def out_size(n: int, k: int, s: int, p: int, d: int, ceil: bool) -> int:
    """PyTorch's rule, written as it states it."""
    room = n + 2 * p - d * (k - 1) - 1
    count = (math.ceil(room / s) if ceil else room // s) + 1
    return count - 1 if ceil and (count - 1) * s >= n + p else count


# --------------------------------------------------------------------------- windows
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_windows_equal_a_loop(axes: int) -> None:
    shape, kernel, stride, pad = (5, 4, 3)[:axes], (3, 2, 2)[:axes], (2, 1, 2)[:axes], (1, 1, 0)[:axes]
    x = normal(2, 2, *shape)
    wide = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in pad)], constant_values=-INF)
    y, where = MAX[axes](x, kernel, stride, pad, return_indices=True)
    mean = AVG[axes](x, kernel, stride, pad, False, False)
    for o in np.ndindex(*y.shape[2:]):
        window = wide[(..., *(slice(i * s, i * s + k) for i, s, k in zip(o, stride, kernel, strict=True)))]
        flat = window.reshape(2, 2, -1)
        np.testing.assert_array_equal(y[(..., *o)], flat.max(axis=-1))
        inside = np.where(np.isinf(flat), 0, flat).sum(axis=-1) / np.isfinite(flat[0, 0]).sum()
        np.testing.assert_allclose(mean[(..., *o)], inside)
    np.testing.assert_array_equal(
        np.take_along_axis(x.reshape(2, 2, -1), where.reshape(2, 2, -1), -1), y.reshape(2, 2, -1)
    )


def test_output_sizes_for_all_options() -> None:
    for n, k, s, p, d, ceil in product(
        range(1, 7), range(1, 4), range(1, 4), range(2), range(1, 3), (False, True)
    ):
        if 2 * p > k:
            continue
        size = out_size(n, k, s, p, d, ceil)
        if size < 1:
            with pytest.raises(ShapeError, match="max_pool1d: a kernel of"):
                F.max_pool1d(np.ones((1, 1, n)), k, s, p, d, ceil)
        else:
            assert F.max_pool1d(np.ones((1, 1, n)), k, s, p, d, ceil).shape == (1, 1, size), (n, k, s, p, d)


def test_ties_padding_and_nan() -> None:
    tied = np.array([[[[1.0, 3.0], [3.0, 3.0]]]])
    assert gradient(lambda x: F.max_pool2d(x, 2), tied).tolist() == [[[[0, 1], [0, 0]]]]
    assert gradient(lambda x: F.min_pool2d(x, 2), -tied).tolist() == [[[[0, 1], [0, 0]]]]
    assert gradient(lambda x: F.adaptive_max_pool2d(x, 1), tied).tolist() == [[[[0, 1], [0, 0]]]]
    assert gradient(F.global_max_pool2d, tied).tolist() == [[[[0, 1], [0, 0]]]]
    negative = np.full((1, 1, 2, 2), -1.0)
    assert F.max_pool2d(negative, 2, 1, 1).max() == -1  # padding never wins
    assert F.min_pool2d(-negative, 2, 1, 1).min() == 1
    some = np.array([[[1.0, np.nan, 2.0, 3.0]]])
    assert np.isnan(F.max_pool1d(some, 2)).tolist() == [[[True, False]]]
    assert np.isnan(F.adaptive_max_pool2d(some[None], (1, 2))).tolist() == [[[[True, False]]]]


def test_what_an_average_counts() -> None:
    ones = np.ones((1, 1, 3))
    assert F.avg_pool1d(ones, 2, 2, 1).tolist() == [[[0.5, 1.0]]]
    assert F.avg_pool1d(ones, 2, 2, 1, count_include_pad=False).tolist() == [[[1.0, 1.0]]]
    assert F.avg_pool1d(ones, 2, ceil_mode=True).tolist() == [[[1.0, 1.0]]]  # not the overhang
    image = np.arange(16.0).reshape(1, 1, 4, 4)
    sums = F.avg_pool2d(image, 3, 2, 1, True) * np.array([[9, 9, 6], [9, 9, 6], [6, 6, 4]])
    np.testing.assert_allclose(F.avg_pool2d(image, 3, 2, 1, True, divisor_override=5), sums / 5)


def test_power_sums() -> None:
    x = np.array([[[[3.0, -4.0, 0.0, 0.0]]]])
    assert F.lp_pool2d(x, 2, (1, 2)).tolist() == [[[[5.0, 0.0]]]]
    np.testing.assert_allclose(gradient(lambda x: F.lp_pool2d(x, 2, (1, 2)), x), [[[[0.6, -0.8, 0, 0]]]])
    assert F.lp_pool2d(x, 1, (1, 2)).tolist() == [[[[-1.0, 0.0]]]]
    assert F.lp_pool2d(x, INF, (1, 2)).tolist() == [[[[4.0, 0.0]]]]
    assert np.isnan(F.lp_pool2d(x, 3, (1, 2))).tolist() == [[[[True, False]]]]
    np.testing.assert_allclose(F.lp_pool2d(np.ones((1, 1, 1, 3)), 1, (1, 2), ceil_mode=True), [[[[2, 2]]]])


# --------------------------------------------------------------------------- bins, unpooling
def test_adaptive_bins() -> None:
    for n, count in product(range(1, 7), range(1, 8)):
        x = normal(2, 1, 1, n)
        pieces = [x[..., i * n // count : math.ceil((i + 1) * n / count)] for i in range(count)]
        means = np.stack([piece.mean(axis=-1) for piece in pieces], axis=-1)
        largest, where = F.adaptive_max_pool2d(x, (None, count), return_indices=True)
        np.testing.assert_allclose(F.adaptive_avg_pool2d(x, (None, count)), means)
        np.testing.assert_array_equal(largest, np.stack([piece.max(axis=-1) for piece in pieces], axis=-1))
        np.testing.assert_array_equal(np.take_along_axis(x, where, -1), largest)
    x = normal(2, 3, 5, 4)
    np.testing.assert_allclose(F.global_avg_pool2d(x), x.mean(axis=(2, 3)))
    np.testing.assert_array_equal(F.global_max_pool2d(x, keepdim=True), x.max(axis=(2, 3), keepdims=True))
    spiky = np.array([[[[1.0, INF, 2.0]]]])
    assert F.adaptive_avg_pool2d(spiky, (1, 3)).tolist() == spiky.tolist()  # inf stays in its bin


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_unpooling_takes_the_pads_of_the_pooling_also_as_pairs(axes):
    x = np.random.default_rng(0).random((1, 2, *(6, 5, 4)[:axes])) + 1
    pads = ((1, 0), (0, 1), (1, 1))[:axes]
    y, where = getattr(F, f"max_pool{axes}d")(x, 2, 1, pads, return_indices=True)
    back = getattr(nn, f"MaxUnpool{axes}d")(2, 1, pads)(y, where)
    assert back.shape == x.shape and np.all((back == x) | (back == 0)) and (back == x).sum() > 3


def test_unpooling_puts_maxima_back() -> None:
    x = normal(2, 3, 6, 5)
    y, where = F.max_pool2d(Tensor(x), 2, ceil_mode=True, return_indices=True)
    assert isinstance(where, Tensor)
    assert (where.dtype, where.requires_grad) == (np.int64, False)
    back = F.max_unpool2d(y, where, 2, output_size=(6, 5)).numpy()
    assert (back != 0).sum() == y.size
    np.testing.assert_array_equal(back[back != 0], x[back != 0])
    again, _ = F.max_pool2d(np.where(back == 0, -INF, back), 2, ceil_mode=True, return_indices=True)
    np.testing.assert_array_equal(again, y.numpy())
    repeated = Tensor([[[[1.0, 2.0]]]], requires_grad=True)
    out = F.max_unpool2d(repeated, np.zeros((1, 1, 1, 2), int), (1, 2))
    assert out.tolist() == [[[[2.0, 0, 0, 0]]]]
    assert grad(out.sum(), repeated).tolist() == [[[[0.0, 1.0]]]]


def test_interpolation() -> None:
    x = np.array([[[[0.0, 4.0, 8.0]]]])
    assert F.interpolate(x, scale_factor=(1, 2)).tolist() == [[[[0, 0, 4, 4, 8, 8]]]]
    assert F.interpolate(x, (1, 2)).tolist() == [[[[0.0, 4.0]]]]
    assert F.interpolate(x, (1, 3), mode="bilinear").tolist() == x.tolist()
    assert F.interpolate(x, (1, 5), mode="bilinear", align_corners=True).tolist() == [[[[0, 2, 4, 6, 8]]]]
    assert F.interpolate(x, (1, 6), mode="bilinear").tolist() == [[[[0, 1, 3, 5, 7, 8]]]]
    plane = np.add.outer(np.arange(3.0), 2 * np.arange(4.0))[None, None]  # linear images stay linear
    fine = F.interpolate(plane, (5, 7), mode="bilinear", align_corners=True)[0, 0]
    np.testing.assert_allclose(fine, np.add.outer(np.arange(5) / 2, np.arange(7.0)))
    nearest = F.interpolate(np.array([[[[1.0, INF, np.nan]]]]), scale_factor=(1, 2))
    np.testing.assert_array_equal(
        nearest, [[[[1, 1, INF, INF, np.nan, np.nan]]]]
    )  # no pixel spoils another
    assert gradient(lambda x: F.interpolate(x, scale_factor=3), x).tolist() == [[[[9.0, 9.0, 9.0]]]]


def test_pixel_shuffle_and_back() -> None:
    x = normal(2, 12, 3, 2)
    y = F.pixel_shuffle(x, 2)
    assert y.shape == (2, 3, 6, 4)
    assert y[1, 2, 3, 2] == x[1, 2 * 4 + 1 * 2 + 0, 1, 1]
    np.testing.assert_array_equal(F.pixel_unshuffle(y, 2), x)
    assert F.pixel_shuffle(np.ones((0, 4, 1, 1)), 2).shape == (0, 1, 2, 2)


# --------------------------------------------------------------------------- layouts
def test_channels_last() -> None:
    x = normal(2, 4, 6, 5)
    last = np.moveaxis(x, 1, -1)
    for function, *args in (
        (F.max_pool2d, 2), (F.min_pool2d, 2), (F.avg_pool2d, 2), (F.lp_pool2d, 2, 2),
        (F.adaptive_avg_pool2d, (2, 3)), (F.adaptive_max_pool2d, (2, 3)), (F.interpolate, (4, 7)),
        (F.pixel_shuffle, 2), (F.global_max_pool2d, True), (F.global_avg_pool2d, True),
    ):  # fmt: skip
        y = function(last, *args, data_format="NHWC")
        np.testing.assert_array_equal(y, np.moveaxis(function(x, *args), 1, -1), err_msg=function.__name__)
    y, where = F.max_pool2d(last, 2, return_indices=True, data_format="NHWC")
    back = F.max_unpool2d(y, where, 2, output_size=last.shape, data_format="NHWC")
    plain = F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2, output_size=x.shape)
    np.testing.assert_array_equal(back, np.moveaxis(plain, 1, -1))
    np.testing.assert_array_equal(
        F.pixel_unshuffle(y[:, :2, :, :], 2, data_format="NHWC").shape, (2, 1, 1, 16)
    )
    assert F.global_avg_pool2d(last, data_format="NHWC").shape == (2, 4)


def test_empty_batches_and_scattered_memory() -> None:
    none = np.ones((0, 2, 4, 4))
    for y in (
        F.max_pool2d(none, 2),
        F.avg_pool2d(none, 2),
        F.lp_pool2d(none, 2, 2),
        F.adaptive_max_pool2d(none, 2),
    ):
        assert y.shape == (0, 2, 2, 2)
    assert F.interpolate(none, 3, mode="bilinear").shape == (0, 2, 3, 3)
    odd = normal(4, 4, 2, 2).transpose(3, 2, 1, 0)[..., ::-1]
    for function in (
        F.max_pool2d,
        F.avg_pool2d,
        F.adaptive_max_pool2d,
        F.adaptive_avg_pool2d,
        F.interpolate,
    ):
        np.testing.assert_allclose(function(odd, 2), function(odd.copy(), 2))


# --------------------------------------------------------------------------- layers
def test_layers_are_their_functions() -> None:
    x, signal, volume = normal(2, 4, 6, 6), normal(2, 3, 7), normal(1, 2, 4, 4, 4)
    for layer, operand, expected in (
        (nn.MaxPool1d(3, 2, 1, ceil_mode=True), signal, F.max_pool1d(signal, 3, 2, 1, 1, True)),
        (nn.MaxPool3d(2, dilation=2), volume, F.max_pool3d(volume, 2, dilation=2)),
        (nn.AvgPool1d(3, 2, 1, False, False), signal, F.avg_pool1d(signal, 3, 2, 1, False, False)),
        (nn.AvgPool3d(2, divisor_override=3), volume, F.avg_pool3d(volume, 2, divisor_override=3)),
        (nn.LPPool2d(2, 3, 1), x, F.lp_pool2d(x, 2, 3, 1)),
        (nn.AdaptiveAvgPool2d((4, None)), x, F.adaptive_avg_pool2d(x, (4, 6))),
        (nn.AdaptiveMaxPool2d(4, True), x, F.adaptive_max_pool2d(x, 4, True)),
        (nn.Upsample(scale_factor=(1.5, 2)), x, F.interpolate(x, None, (1.5, 2))),
        (
            nn.Upsample(5, mode="bilinear", align_corners=True),
            x,
            F.interpolate(x, 5, None, "bilinear", True),
        ),
        (nn.PixelShuffle(2), x, F.pixel_shuffle(x, 2)),
        (nn.PixelUnshuffle(3), x, F.pixel_unshuffle(x, 3)),
    ):
        assert list(layer.state_dict()) == []
        np.testing.assert_array_equal(layer(operand), expected, err_msg=repr(layer))
    y, where = nn.MaxPool2d(2, return_indices=True)(x)
    np.testing.assert_array_equal(nn.MaxUnpool2d(2)(y, where), F.max_unpool2d(y, where, 2))


def test_reprs_are_pytorchs() -> None:
    for layer, text in (
        (nn.MaxPool3d(2), "MaxPool3d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"),
        (nn.LPPool2d(2, 3), "LPPool2d(norm_type=2, kernel_size=3, stride=None, ceil_mode=False)"),
        (nn.AdaptiveMaxPool2d((2, None)), "AdaptiveMaxPool2d(output_size=(2, None))"),
        (nn.Upsample(size=(3, 4), mode="bilinear"), "Upsample(size=(3, 4), mode='bilinear')"),
        (nn.Upsample(scale_factor=2), "Upsample(scale_factor=2.0, mode='nearest')"),
        (nn.PixelUnshuffle(2), "PixelUnshuffle(downscale_factor=2)"),
    ):
        assert repr(layer) == text


# --------------------------------------------------------------------------- errors
X = np.ones((1, 4, 3, 3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.max_pool1d(X, 2), ShapeError, r"max_pool1d: x needs 3 axes \(N, C, L\), got"),
        (lambda: F.avg_pool3d(X, 2), ShapeError, r"avg_pool3d: x needs 5 axes \(N, C, D, H, W\)"),
        (lambda: F.max_pool2d(X, 4), ShapeError, "max_pool2d: a kernel of 4×4"),
        (lambda: F.max_pool2d(X, 2, padding=2), ArgumentError, "exceeds half of kernel_size"),
        (lambda: F.max_pool2d(X.astype(int), 2), DTypeError, "max_pool2d: x has dtype int64"),
        (lambda: F.avg_pool2d(X, 2, divisor_override=0), ArgumentError, "must be at least 1"),
        (lambda: F.lp_pool2d(X, 0, 2), ArgumentError, "norm_type must be above 0"),
        (lambda: F.adaptive_avg_pool2d(X, 0), ArgumentError, "output_size must be at least 1"),
        (lambda: F.adaptive_avg_pool2d(X, (1, 2, 3)), ArgumentError, "output_size needs 1 or 2 numbers"),
        (lambda: F.adaptive_max_pool2d(X[..., :0], 1), ShapeError, "has no pixels"),
        (lambda: F.max_unpool2d(X, X, 2), DTypeError, "max_unpool2d: indices must be integers"),
        (lambda: F.max_unpool2d(X, np.zeros((1, 4), int), 2), ShapeError, "indices have shape"),
        (lambda: F.max_unpool2d(X, np.full(X.shape, 36), 2), ArgumentError, "indices run from 36 to 36"),
        (lambda: F.interpolate(X), ArgumentError, "give one of size and scale_factor"),
        (lambda: F.interpolate(X, 2, 2), ArgumentError, "give one of size and scale_factor"),
        (lambda: F.interpolate(X, 2, mode="cubic"), ArgumentError, "mode must be one of 'nearest'"),
        (lambda: F.interpolate(X, 2, align_corners=True), ArgumentError, "goes with the linear modes"),
        (lambda: F.interpolate(X, scale_factor=0.2), ShapeError, "leaves no pixel"),
        (lambda: F.interpolate(X, scale_factor=(1, 1, 1)), ArgumentError, "needs 1 or 2 numbers"),
        (lambda: F.pixel_shuffle(X, 3), ShapeError, "4 channels do not split into r² = 9"),
        (lambda: F.pixel_unshuffle(X, 2), ShapeError, r"\(3, 3\) does not split into 2 × 2"),
        (lambda: F.pixel_shuffle(X[0, 0], 1), ShapeError, "x needs at least 3 axes"),
        (lambda: nn.MaxPool3d((2, 2)), ArgumentError, "MaxPool3d: kernel_size needs 1 or 3 numbers"),
        (lambda: nn.AvgPool1d(2, padding=2), ArgumentError, "AvgPool1d: padding .* exceeds half"),
        (lambda: nn.Upsample(), ArgumentError, "Upsample: give one of"),
    ],
)  # fmt: skip
def test_errors(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    "place, slope",
    [((1.0, 0.5), (-np.inf, -np.inf)), ((-1.0, 0.5), (np.inf, -np.inf)), ((3.0, 0.5), (0.0, 0.0))],
)
def test_an_infinite_gradient_is_not_multiplied_by_what_lies_outside(
    place: tuple[float, float], slope: tuple[float, float]
) -> None:
    # Places half a pixel beyond either side, whose neighbours there count 0, and far outside.
    x = Tensor(np.array([[[[1.0, 3.0], [2.0, 5.0]]]]), requires_grad=True)
    at = Tensor(np.array([[[place]]]), requires_grad=True)
    y = F.grid_sample(x, at, align_corners=False)
    y.backward(np.full(y.shape, np.inf))
    assert at.grad is not None and x.grad is not None
    np.testing.assert_array_equal(at.grad.numpy().ravel(), slope)
    assert not np.isnan(x.grad.numpy()).any()
