"""Convolution: values against slow references, NumPy and scipy; sizes; adjoints; layers; errors."""

from itertools import product

import numpy as np
import pytest

from tinygrad_cnn import ArgumentError, DTypeError, ShapeError, Tensor, grad, nn
from tinygrad_cnn import functional as F

RNG = np.random.default_rng(0)
CONVS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


def spread_kernel(w: np.ndarray, dilation: int) -> np.ndarray:
    """The kernel with zeros between its taps."""
    out = np.zeros((*w.shape[:2], *((k - 1) * dilation + 1 for k in w.shape[2:])))
    out[(..., *(slice(None, None, dilation) for _ in w.shape[2:]))] = w
    return out


def slow_conv(x: np.ndarray, w: np.ndarray, stride: int, padding: int, dilation: int) -> np.ndarray:
    """By scipy: every pair of channels on its own, at stride 1, then every so many pixels kept."""
    signal = pytest.importorskip("scipy.signal", reason="scipy comes with scikit-learn, an optional extra")
    axes = x.ndim - 2
    x = np.pad(x, [(0, 0), (0, 0), *[(padding, padding)] * axes])
    w = spread_kernel(w, dilation)
    full = np.array(
        [
            [
                sum(signal.correlate(x[n, c], w[f, c], "valid", "direct") for c in range(len(w[f])))
                for f in range(len(w))
            ]
            for n in range(len(x))
        ]
    )
    return full[(..., *[slice(None, None, stride)] * axes)]


# --------------------------------------------------------------------------- values and sizes
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_conv_equals_scipy_for_strides_paddings_and_dilations(axes: int) -> None:
    x, w, b = normal(2, 2, *(7, 6, 5)[:axes]), normal(3, 2, *(3, 2, 2)[:axes]), normal(3)
    for stride, padding, dilation in product((1, 2), (0, 1), (1, 2)):
        y = CONVS[axes](x, w, b, stride=stride, padding=padding, dilation=dilation)
        expected = slow_conv(x, w, stride, padding, dilation) + b.reshape(-1, *[1] * axes)
        np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12)


def test_output_sizes_for_all_options() -> None:
    for n, k, s, p, d in product(range(1, 8), range(1, 4), range(1, 4), range(3), range(1, 3)):
        room = n + 2 * p - d * (k - 1) - 1
        if room < 0:
            with pytest.raises(ShapeError, match="conv1d: a kernel of"):
                F.conv1d(np.ones((1, 1, n)), np.ones((1, 1, k)), stride=s, padding=p, dilation=d)
            continue
        y = F.conv1d(np.ones((1, 1, n)), np.ones((1, 1, k)), stride=s, padding=p, dilation=d)
        assert y.shape == (1, 1, room // s + 1), (n, k, s, p, d)


def test_padding_by_name() -> None:
    for n, k in product(range(1, 6), range(1, 6)):
        x, w = normal(1, 1, n), normal(1, 1, k)
        assert F.conv1d(x, w, padding="same").shape[-1] == n
        assert F.conv1d(x, w, padding="wide").shape[-1] == n + k - 1
        flipped = w[0, 0, ::-1]
        np.testing.assert_allclose(
            F.conv1d(x, w, padding="wide")[0, 0], np.convolve(x[0, 0], flipped, "full")
        )
        if k <= n:
            for name in ("narrow", "valid"):
                y = F.conv1d(x, w, padding=name)[0, 0]
                np.testing.assert_allclose(y, np.correlate(x[0, 0], w[0, 0], "valid"))


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_groups_are_separate_convolutions(axes: int) -> None:
    x, w, b = normal(2, 4, *(4,) * axes), normal(6, 2, *(2,) * axes), normal(6)
    parts = [
        CONVS[axes](x[:, 2 * g : 2 * g + 2], w[3 * g : 3 * g + 3], b[3 * g : 3 * g + 3]) for g in (0, 1)
    ]
    np.testing.assert_allclose(CONVS[axes](x, w, b, groups=2), np.concatenate(parts, axis=1))


def test_shifted_images_give_shifted_results() -> None:
    x, w = normal(1, 1, 8, 8), normal(1, 1, 3, 3)
    moved = np.roll(x, (1, 2), axis=(2, 3))
    np.testing.assert_allclose(F.conv2d(moved, w)[:, :, 1:, 2:], F.conv2d(x, w)[:, :, :-1, :-2])


def test_channels_last() -> None:
    x, w, b = normal(2, 4, 5, 6), normal(2, 2, 2, 3), normal(4)
    last = np.moveaxis(x, 1, -1)
    y = F.conv2d(x, w, b[:2], groups=2, stride=2)
    np.testing.assert_array_equal(
        F.conv2d(last, w, b[:2], groups=2, stride=2, data_format="NHWC"), np.moveaxis(y, 1, -1)
    )
    v = normal(4, 3, 2, 2)
    z = F.conv_transpose2d(x, v, b[:3], stride=2)
    np.testing.assert_array_equal(
        F.conv_transpose2d(last, v, b[:3], stride=2, data_format="NHWC"), np.moveaxis(z, 1, -1)
    )
    np.testing.assert_array_equal(F.unfold(last, 2, data_format="NHWC"), F.unfold(x, 2))
    columns = F.unfold(x, 2)
    folded = F.fold(columns, (5, 6), 2, data_format="NHWC")
    np.testing.assert_array_equal(folded, np.moveaxis(F.fold(columns, (5, 6), 2), 1, -1))


def test_empty_batches_and_scattered_memory() -> None:
    w = normal(3, 2, 2, 2)
    assert F.conv2d(np.ones((0, 2, 4, 4)), w).shape == (0, 3, 3, 3)
    assert F.conv_transpose2d(np.ones((0, 3, 4, 4)), w).shape == (0, 2, 5, 5)
    assert F.unfold(np.ones((0, 2, 4, 4)), 2).shape == (0, 8, 9)
    assert F.fold(np.ones((0, 8, 9)), 4, 2).shape == (0, 2, 4, 4)
    x = normal(4, 8, 2, 3).transpose(3, 2, 0, 1)[:, :, :, ::-2]
    np.testing.assert_allclose(F.conv2d(x, w), F.conv2d(x.copy(), w))
    np.testing.assert_allclose(F.conv_transpose2d(x, w[:2]), F.conv_transpose2d(x.copy(), w[:2]))


# --------------------------------------------------------------------------- single images
def test_single_signals_equal_numpy() -> None:
    for n, k in product(range(1, 6), range(1, 6)):
        x, w = normal(n), normal(k)
        for mode, ours in (
            ("full", "full"),
            ("same", "same"),
            ("valid", "valid"),
            ("full", "wide"),
            ("valid", "narrow"),
        ):
            np.testing.assert_allclose(F.convolve1d(x, w, ours), np.convolve(x, w, mode), atol=1e-12)
            np.testing.assert_allclose(F.correlate1d(x, w, ours), np.correlate(x, w, mode), atol=1e-12)


def test_single_images_equal_scipy() -> None:
    signal = pytest.importorskip("scipy.signal", reason="scipy comes with scikit-learn, an optional extra")
    for h, w, kh, kw in product(range(1, 4), range(1, 5), range(1, 4), range(1, 5)):
        x, kernel = normal(h, w), normal(kh, kw)
        for mode in ("full", "same", "valid"):
            if mode == "valid" and not ((kh <= h and kw <= w) or (kh >= h and kw >= w)):
                with pytest.raises(ShapeError, match="convolve2d: a kernel of"):
                    F.convolve2d(x, kernel, mode)
                continue
            for name in ("convolve2d", "correlate2d"):
                expected = getattr(signal, name)(x, kernel, mode)
                np.testing.assert_allclose(getattr(F, name)(x, kernel, mode), expected, atol=1e-12)


def test_a_moving_average_and_its_gradient() -> None:
    x = Tensor(np.arange(5.0), requires_grad=True)
    y = np.convolve(x, np.full(2, 0.5), "valid")
    assert y.tolist() == [0.5, 1.5, 2.5, 3.5]
    assert grad(y, x, np.ones(4)).tolist() == [0.5, 1.0, 1.0, 1.0, 0.5]
    w = Tensor([1.0, 10.0], requires_grad=True)
    assert grad(F.convolve1d(np.array([1.0, 2.0]), w), w, np.array([1.0, 0.0, 0.0])).tolist() == [1.0, 0.0]


def test_sobel_kernels_find_edges_only() -> None:
    step = np.zeros((6, 6))
    step[:, 3:] = 1
    sobel = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    assert F.correlate2d(step, sobel, "valid").tolist() == [[0, 4, 4, 0]] * 4
    assert F.correlate2d(step, sobel.T, "valid").tolist() == [[0.0] * 4] * 4


# --------------------------------------------------------------------------- transposed
def slow_transpose(x: np.ndarray, w: np.ndarray, s: int, p: int, extra: int, d: int) -> np.ndarray:
    """Each element times the kernel, added where it falls on the output."""
    n, length, k = len(x), x.shape[2], w.shape[2]
    out = np.zeros((n, w.shape[1], (length - 1) * s - 2 * p + d * (k - 1) + extra + 1))
    for i, u in product(range(length), range(k)):
        at = i * s + u * d - p
        if 0 <= at < out.shape[2]:
            out[:, :, at] += x[:, :, i] @ w[:, :, u]
    return out


def test_transposed_convolution_for_all_options() -> None:
    for n, k, s, p, extra, d in product((1, 3), (1, 2, 3), (1, 2, 3), (0, 1, 3), (0, 1, 2), (1, 3)):
        x, w = normal(2, 2, n), normal(2, 3, k)
        options = {"stride": s, "padding": p, "output_padding": extra, "dilation": d}
        if extra >= max(s, d):
            with pytest.raises(ArgumentError, match=r"output_padding .* must be smaller than stride"):
                F.conv_transpose1d(x, w, **options)
        elif (n - 1) * s - 2 * p + d * (k - 1) + extra + 1 < 1:
            with pytest.raises(ShapeError, match="conv_transpose1d: the output would have"):
                F.conv_transpose1d(x, w, **options)
        else:
            y = F.conv_transpose1d(x, w, **options)
            np.testing.assert_allclose(
                y, slow_transpose(x, w, s, p, extra, d), atol=1e-12, err_msg=f"{options}"
            )


def test_transposed_convolution_is_the_adjoint() -> None:
    x, w = normal(2, 4, 7, 6), normal(6, 2, 3, 2)
    options = {"stride": (2, 3), "padding": (1, 0), "dilation": (1, 2), "groups": 2}
    y = normal(*F.conv2d(x, w, **options).shape)
    back = F.conv_transpose2d(y, w, output_padding=(0, 0), **options)
    extra = tuple(n - m for n, m in zip(x.shape[2:], back.shape[2:], strict=True))
    back = F.conv_transpose2d(y, w, output_padding=extra, **options)
    assert back.shape == x.shape
    np.testing.assert_allclose((F.conv2d(x, w, **options) * y).sum(), (x * back).sum())


def test_gradients_of_a_transposed_convolution_with_bias() -> None:
    operands = [Tensor(a, requires_grad=True) for a in (normal(2, 2, 3), normal(2, 3, 2), normal(3))]
    y = F.conv_transpose1d(*operands, stride=3, padding=1, output_padding=2)
    g = normal(*y.shape)
    dx, dw, db = grad(y, operands, g)
    x, w = operands[0].numpy(), operands[1].numpy()
    np.testing.assert_allclose(dx.numpy(), F.conv1d(g, w, stride=3, padding=1)[:, :, :3])
    np.testing.assert_allclose((dw.numpy() * w).sum(), (g * slow_transpose(x, w, 3, 1, 2, 1)).sum())
    np.testing.assert_allclose(db.numpy(), g.sum(axis=(0, 2)))


# --------------------------------------------------------------------------- windows as columns
def test_convolution_is_a_product_with_columns() -> None:
    x, w = normal(2, 3, 6, 5), normal(4, 3, 3, 2)
    columns = F.unfold(x, (3, 2), 1, (1, 0), (2, 1))
    y = F.conv2d(x, w, stride=(2, 1), padding=(1, 0))
    np.testing.assert_allclose((w.reshape(4, -1) @ columns).reshape(y.shape), y)


def test_folding_ones_counts_the_windows_over_each_pixel() -> None:
    ones = np.ones((1, 1, 4, 4))
    counts = F.fold(F.unfold(ones, 3), 4, 3)[0, 0]
    assert counts.tolist() == np.outer([1, 2, 2, 1], [1, 2, 2, 1]).tolist()
    x, options = normal(2, 2, 5, 6), (2, 2, 1, (3, 1))
    columns = normal(*F.unfold(x, *options).shape)
    np.testing.assert_allclose(
        (F.unfold(x, *options) * columns).sum(), (x * F.fold(columns, (5, 6), *options)).sum()
    )


# --------------------------------------------------------------------------- layers
@pytest.mark.parametrize(
    ("layer", "shape", "out", "weight"),
    [
        (nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2), (2, 4, 9), (2, 6, 5), (6, 2, 3)),
        (nn.Conv3d(2, 4, (1, 2, 3), dilation=(1, 2, 1)), (1, 2, 2, 4, 4), (1, 4, 2, 2, 2), (4, 2, 1, 2, 3)),
        (nn.ConvTranspose1d(4, 6, 3, 2, 1, 1, 2), (2, 4, 5), (2, 6, 10), (4, 3, 3)),
        (nn.ConvTranspose2d(4, 2, 3, dilation=2), (1, 4, 3, 3), (1, 2, 7, 7), (4, 2, 3, 3)),
    ],
)
def test_layers(layer: nn.Module, shape: tuple, out: tuple, weight: tuple) -> None:
    x = normal(*shape).astype(np.float32)
    y = layer(Tensor(x))
    assert (y.shape, y.dtype) == (out, np.float32)
    assert {key: value.shape for key, value in layer.state_dict().items()} == {
        "weight": weight,
        "bias": out[1:2],
    }
    bound = 1 / np.sqrt(np.prod(weight[1:]))
    assert all(0 < abs(value).max() <= bound for value in layer.state_dict().values())
    y.sum().backward()
    assert layer.bias.grad.tolist() == pytest.approx([y.size / out[1]] * out[1])


def test_reprs_are_pytorchs() -> None:
    assert [repr(layer) for layer in (
        nn.Conv1d(2, 4, 3, padding="same"),
        nn.Conv3d(2, 2, 3, groups=2, bias=False),
        nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1, output_padding=1),
        nn.ConvTranspose1d(2, 3, 3, dilation=2),
        nn.Unfold(3),
        nn.Fold((4, 4), 2),
    )] == [
        "Conv1d(2, 4, kernel_size=(3,), stride=(1,), padding=same)",
        "Conv3d(2, 2, kernel_size=(3, 3, 3), stride=(1, 1, 1), groups=2, bias=False)",
        "ConvTranspose2d(2, 3, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), output_padding=(1, 1))",
        "ConvTranspose1d(2, 3, kernel_size=(3,), stride=(1,), dilation=(2,))",
        "Unfold(kernel_size=3, dilation=1, padding=0, stride=1)",
        "Fold(output_size=(4, 4), kernel_size=2, dilation=1, padding=0, stride=1)",
    ]  # fmt: skip


def test_a_layer_without_bias_and_fold_layers() -> None:
    assert list(nn.ConvTranspose2d(1, 1, 2, bias=False).state_dict()) == ["weight"]
    x = normal(1, 2, 4, 4)
    np.testing.assert_array_equal(nn.Unfold(2, stride=2)(x), F.unfold(x, 2, stride=2))
    np.testing.assert_array_equal(nn.Fold(4, 2, stride=2)(nn.Unfold(2, stride=2)(x)), x)


# --------------------------------------------------------------------------- errors
X, W = np.ones((2, 4, 5)), np.ones((4, 2, 3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.conv1d(X, W), ShapeError, r"conv1d: x has 4 channels, w expects 2 \(x \(2, 4, 5\)"),
        (lambda: F.conv1d(X, W[:3], groups=2), ShapeError, "conv1d: 3 kernels do not split into 2 groups"),
        (lambda: F.conv1d(X, W, np.ones(3), groups=2), ShapeError, r"b has shape \(3,\), expected \(4,\)"),
        (lambda: F.conv3d(X, W), ShapeError, "conv3d: x and w need 5 axes, got x"),
        (lambda: F.conv1d(X, W[..., :0], groups=2), ShapeError, "conv1d: the kernel has no pixels"),
        (lambda: F.conv1d(X, W, groups=2, padding="loose"), ArgumentError, "padding must be one of 'same'"),
        (lambda: F.conv1d(X, W, groups=2, stride=(1, 1)), ArgumentError, "stride needs 1 number, got"),
        (lambda: F.conv1d(X.astype(int), W), DTypeError, "conv1d: x has dtype int64"),
        (lambda: F.conv1d(X, W.astype(int)), DTypeError, "conv1d: w has dtype int64"),
        (lambda: F.conv2d(X, W, data_format="HWC"), ArgumentError, "conv2d: data_format must be one of"),
        (lambda: F.conv_transpose1d(X, W[:3]), ShapeError, "x has 4 channels, w expects 3"),
        (lambda: F.conv_transpose1d(X[:, :3], W[:3], groups=2), ShapeError, "3 channels do not split"),
        (lambda: F.conv_transpose1d(X, W, np.ones(3)), ShapeError, r"b has shape \(3,\), expected \(2,\)"),
        (lambda: F.conv_transpose1d(X[..., :0], W), ShapeError, "conv_transpose1d: the output would have"),
        (lambda: F.convolve1d(X, W), ShapeError, "convolve1d: x and w need 1 axis and an element"),
        (lambda: F.convolve1d(np.ones(0), np.ones(2)), ShapeError, "convolve1d: x and w need 1 axis"),
        (lambda: F.correlate2d(X[0], W[0], "whole"), ArgumentError, "mode must be one of 'full'"),
        (lambda: F.unfold(X, 2), ShapeError, r"unfold: x needs 4 axes \(N, C, H, W\)"),
        (lambda: F.unfold(X[None], 6), ShapeError, "unfold: a kernel of 6×6"),
        (lambda: F.fold(X, 4, 2), ShapeError, r"fold: x has shape \(2, 4, 5\); \(N, C\*4, 9\) fits"),
        (lambda: nn.ConvTranspose1d(1, 1, 3, output_padding=1), ArgumentError, r"output_padding \(1,\)"),
        (lambda: nn.ConvTranspose1d(1, 1, 3, padding="same"), DTypeError, "padding must be an integer"),
        (lambda: nn.Conv3d(1, 1, (2, 2)), ArgumentError, "Conv3d: kernel_size needs 1 or 3 numbers"),
    ],
)  # fmt: skip
def test_errors(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
