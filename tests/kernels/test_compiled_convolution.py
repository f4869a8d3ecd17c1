"""The compiled convolution against the reference, on the same operands."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_cnn.grid import Grid, grid
from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels import threads
from tinygrad_cnn.testing.strategies import conv_problems

pytest.importorskip("numba")


from tinygrad_cnn.kernels.compiled.base import tiles
from tinygrad_cnn.kernels.compiled.base.compiling import kernel
from tinygrad_cnn.kernels.compiled.convolution import choice, direct, direct_weights

EPSILON = float(np.finfo(np.float32).eps)

#: Batch, channels, image, kernels, kernel size, padding, stride: the layers of the seven networks, the
#: batch reduced where there are many channels.
LAYERS = {
    "seed1": (128, 1, 28, 8, 3, 1, 1),
    "seed2": (128, 8, 14, 16, 3, 1, 1),
    "simple": (100, 1, 28, 30, 5, 0, 1),
    "lenet1": (64, 1, 28, 6, 5, 2, 1),
    "lenet2": (64, 6, 14, 16, 5, 0, 1),
    "deep1": (100, 1, 28, 16, 3, 1, 1),
    "deep2": (34, 16, 28, 16, 3, 1, 1),
    "deep3": (34, 16, 14, 32, 3, 1, 1),
    "deep4": (34, 32, 14, 32, 3, 2, 1),
    "deep5": (34, 32, 8, 64, 3, 1, 1),
    "deep6": (34, 64, 8, 64, 3, 1, 1),
    "vgg1": (32, 3, 32, 64, 3, 1, 1),
    "vgg2": (17, 64, 16, 128, 3, 1, 1),
    "vgg3": (16, 128, 8, 256, 3, 1, 1),
    "vgg5": (16, 256, 4, 512, 3, 1, 1),
    "vgg7": (32, 512, 2, 512, 3, 1, 1),
    "alex1": (2, 3, 224, 6, 11, 0, 4),
    "alex2": (2, 6, 26, 256, 5, 2, 1),
    "alex3": (2, 256, 12, 384, 3, 1, 1),
    "alex5": (2, 384, 12, 356, 3, 0, 1),
    "pointwise": (20, 40, 9, 24, 1, 0, 1),
    "pointwise, strided": (3, 24, 15, 40, 1, 0, 2),
}


@pytest.fixture(autouse=True, params=[1, 2])
def parts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Each test on one thread and on two, however small its work."""
    before = threads.get_num_threads()
    threads.set_num_threads(request.param)
    monkeypatch.setattr(direct, "SMALL", 0)
    monkeypatch.setattr(direct_weights, "SMALL", 0)
    yield request.param
    threads.set_num_threads(before)


def draw(seed: int, *shape: int) -> Any:
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("channels", [3, 40])  # of which the second goes by Winograd's transforms
def test_read_only_operands_are_taken(channels: int) -> None:
    x, w, g = draw(0, 2, channels, 9, 9), draw(1, 40, channels, 3, 3), draw(2, 2, 40, 9, 9)
    bias = g[0, :, 0, 0].copy()
    shape = grid("conv2d", (9, 9), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1))

    def results() -> list[Any]:
        return [
            choice.conv(x, w, bias, shape, 1),
            choice.conv_image(g, w, shape, 1),
            choice.conv_kernel(x, g, shape, 1),
        ]

    expected = results()
    for array in (x, w, g, bias):
        array.flags.writeable = False
    assert all(np.array_equal(a, b) for a, b in zip(results(), expected, strict=True))


def assert_close(function: str, first: Any, second: Any, grid: Grid, terms: int) -> None:
    """A fast function gives what the reference gives in float64, up to rounding.

    The error of a sum of n float32 products grows as sqrt(n) roundings of the sum of their magnitudes,
    whatever the order; 4 more for short sums.
    """
    wide = [np.asarray(one, np.float64) for one in (first, second)]
    extra = (None,) if function == "conv" else ()
    expected = getattr(reference, function)(*wide, *extra, grid, 1)
    scale = getattr(reference, function)(*(abs(one) for one in wide), *extra, grid, 1)
    got = getattr(direct, function)(first, second, *extra, grid, 1)
    assert got.dtype == np.float32 and got.shape == expected.shape and got.flags.c_contiguous
    assert np.all(abs(got - expected) <= (4 + terms**0.5) * EPSILON * scale + 1e-30)


def assert_all_close(x: Any, w: Any, made: Grid) -> None:
    g = draw(7, len(x), len(w), *made.output)
    before = [one.copy() for one in (x, w, g)]
    taps = len(made.taps)
    assert_close("conv", x, w, made, x.shape[1] * taps)
    assert_close("conv_image", g, w, made, len(w) * taps)
    assert_close("conv_kernel", x, g, made, g.size // len(w))
    for one, old in zip((x, w, g), before, strict=True):
        np.testing.assert_array_equal(one, old)


@pytest.mark.slow
@given(conv_problems(), st.booleans())
def test_problems_agree_with_the_reference(problem: Any, biased: bool) -> None:
    x, w, options = problem
    x, w, groups = x.astype(np.float32), w.astype(np.float32), options["groups"]
    padding = tuple((p, p) for p in options["padding"])
    made = grid("conv2d", x.shape[2:], w.shape[2:], options["stride"], padding, options["dilation"])
    b = draw(1, len(w)) if biased else None
    g = draw(2, len(x), len(w), *made.output)
    close = {"rtol": 1e-4, "atol": 1e-4}  # a few dozen terms, some up to 10 × 10
    np.testing.assert_allclose(
        direct.conv(x, w, b, made, groups), reference.conv(x, w, b, made, groups), **close
    )
    for name, pair in (("conv_image", (g, w)), ("conv_kernel", (x, g))):
        got = getattr(direct, name)(*pair, made, groups)
        np.testing.assert_allclose(got, getattr(reference, name)(*pair, made, groups), **close)


SMALL_SIZES = st.integers(1, 5)


@given(st.data())
def test_any_geometry_agrees(data: st.DataObject) -> None:
    """Strides, dilations and uneven padding (also negative behind), with many batches and channels."""
    pick = data.draw
    n = pick(st.sampled_from([1, 2, 7, 15, 16, 17, 33, 50]))
    c, f = pick(st.sampled_from([1, 3, 5, 16, 17, 33])), pick(st.sampled_from([1, 3, 7, 8, 17]))
    kernel, stride = pick(st.tuples(SMALL_SIZES, SMALL_SIZES)), pick(st.tuples(SMALL_SIZES, SMALL_SIZES))
    dilation = pick(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    padding = tuple((pick(st.integers(0, 3)), pick(st.integers(-1, 3))) for _ in range(2))
    room = [max(1, (k - 1) * d + 1 - sum(p)) for k, d, p in zip(kernel, dilation, padding, strict=True)]
    image = tuple(least + pick(st.integers(0, 14)) for least in room)
    made = grid("conv2d", image, kernel, stride, padding, dilation)
    assert_all_close(draw(3, n, c, *image), draw(4, f, c, *kernel), made)


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_of_the_networks(layer: str) -> None:
    n, c, side, f, k, p, s = LAYERS[layer]
    made = grid("conv2d", (side, side), (k, k), (s, s), ((p, p), (p, p)), (1, 1))
    assert_all_close(draw(1, n, c, side, side), draw(2, f, c, k, k), made)


@pytest.mark.parametrize("batch", [1, 5, 16, 31])
@pytest.mark.parametrize("side", [27, 29, 31])
@pytest.mark.parametrize("channels", [3, 5, 7, 17])
def test_odd_sizes(batch: int, side: int, channels: int) -> None:
    made = grid("conv2d", (side, side + 2), (3, 3), (1, 1), ((1, 1), (0, 2)), (1, 1))
    assert_all_close(draw(1, batch, channels, side, side + 2), draw(2, channels + 2, channels, 3, 3), made)


@pytest.mark.parametrize("batch", [3, 20])
def test_views_and_the_bias(batch: int) -> None:
    made = grid("conv2d", (9, 9), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1))
    x = draw(1, 4, batch, 9, 9).swapaxes(0, 1)  # channels first in memory
    w, b = draw(2, 6, 4, 3, 6)[..., ::2], draw(3, 12)[::2]
    got = direct.conv(x, w, b, made, 1)
    np.testing.assert_allclose(got, reference.conv(x, w, b, made, 1), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(got, direct.conv(x.copy(), w.copy(), b.copy(), made, 1))


@pytest.mark.parametrize("batch", [2, 18])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_spreads_as_in_the_reference(batch: int, value: float) -> None:
    made = grid("conv2d", (17, 18), (3, 3), (2, 1), ((1, 1), (1, 1)), (1, 1))
    x, w, g = draw(1, batch, 4, 17, 18), draw(2, 5, 4, 3, 3), draw(3, batch, 5, 9, 18)
    x[1, 2, 16, 17] = g[0, 3, 4, 4] = value
    pairs = {"conv": (x, w, None), "conv_image": (g, w), "conv_kernel": (x, abs(draw(4, batch, 5, 9, 18)))}
    for name, operands in pairs.items():
        expected = getattr(reference, name)(*operands, made, 1)
        got = getattr(direct, name)(*operands, made, 1)
        np.testing.assert_array_equal(np.isfinite(got), np.isfinite(expected), err_msg=name)
        assert not np.isfinite(expected).all() and np.isfinite(expected).any()


@pytest.mark.parametrize("name", ["seed2", "vgg7", "alex3"])
def test_the_same_threads_give_the_same_bits(name: str) -> None:
    n, c, side, f, k, p, s = LAYERS[name]
    made = grid("conv2d", (side, side), (k, k), (s, s), ((p, p), (p, p)), (1, 1))
    x, w, g = draw(1, n, c, side, side), draw(2, f, c, k, k), draw(3, n, f, *made.output)
    for function, operands in (("conv", (x, w, None)), ("conv_image", (g, w)), ("conv_kernel", (x, g))):
        first, second = (getattr(direct, function)(*operands, made, 1) for _ in range(2))
        np.testing.assert_array_equal(first, second)


def test_the_rest_goes_to_the_reference() -> None:
    made = grid("conv2d", (5, 5), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1))
    x, w = draw(1, 2, 4, 5, 5), draw(2, 4, 2, 3, 3)
    np.testing.assert_array_equal(direct.conv(x, w, None, made, 2), reference.conv(x, w, None, made, 2))
    wide = direct.conv(x.astype(np.float64), w[:, [0, 1, 0, 1]].astype(np.float64), None, made, 1)
    assert wide.dtype == np.float64
    assert direct.conv(x[:0], w[:, [0, 1, 0, 1]], None, made, 1).shape == (0, 4, 5, 5)
    line = grid("conv1d", (5,), (3,), (1,), ((1, 1),), (1,))
    assert direct.conv(x[:, :2, 0], w[:, :, 0], None, line, 1).shape == (2, 4, 5)


def check_vectors() -> None:
    """Batches and channels that fill vectors of 4, 8 and 16 floats, and that do not."""
    rng = np.random.default_rng(0)
    for n, c, f, side, stride in ((20, 5, 11, 9, 1), (3, 5, 11, 9, 2), (20, 40, 7, 4, 1), (2, 33, 9, 3, 1)):
        made = grid("conv2d", (side, side), (3, 3), (stride, 1), ((1, 1), (1, 0)), (1, 1))
        shapes = (n, c, side, side), (f, c, 3, 3), (n, f, *made.output)
        x, w, g = (rng.standard_normal(shape, np.float32) for shape in shapes)
        for name, operands in (("conv", (x, w, None)), ("conv_image", (g, w)), ("conv_kernel", (x, g))):
            expected = getattr(reference, name)(*operands, made, 1)
            found = getattr(direct, name)(*operands, made, 1)
            np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_tiles_alone() -> None:
    """The parts of `tiles`: tails of rows, any number of vectors, adding and writing over."""
    rows, lanes, rng = tiles.ROWS, tiles.LANES, np.random.default_rng(0)
    for vectors in range(1, 8):
        a = rng.standard_normal((3, 10, rows), np.float32)
        b = rng.standard_normal((10, vectors * lanes), np.float32)
        c = np.ones((3 * rows, vectors * lanes), np.float32)
        places = np.arange(10) * vectors * lanes
        expected = a.transpose(0, 2, 1).reshape(3 * rows, 10) @ b
        for add in (0, 1):
            run_panel(a.ravel(), b.ravel(), places, c.reshape(-1), vectors, add)
            np.testing.assert_allclose(c, expected * (1 + add), rtol=1e-4, atol=1e-4)
    for length in (lanes, lanes + 1, 3 * lanes - 1, 3 * lanes):
        a = rng.standard_normal((tiles.DOT_ROWS, 4, 3 * lanes), np.float32)
        b = rng.standard_normal((tiles.DOT_COLUMNS, 4, 3 * lanes), np.float32)
        c = np.ones((tiles.DOT_ROWS, tiles.DOT_COLUMNS), np.float32)
        run_dot(a.ravel(), b.ravel(), np.arange(tiles.DOT_COLUMNS) * 12 * lanes, length, c.reshape(-1))
        expected = 1 + np.einsum("miq,riq->mr", a[..., :length], b[..., :length])
        np.testing.assert_allclose(c, expected, rtol=1e-4, atol=1e-4)


@kernel("void(float32[::1], float32[::1], int64[::1], float32[::1], int64, int64)")
def run_panel(a: Any, b: Any, places: Any, c: Any, vectors: int, add: int) -> None:
    wide = vectors * tiles.LANES
    tiles.panel(a, 0, 10 * tiles.ROWS, b, 0, places, 0, 10, c, 0, wide, 3, vectors, add)


@kernel("void(float32[::1], float32[::1], int64[::1], int64, float32[::1])")
def run_dot(a: Any, b: Any, places: Any, length: int, c: Any) -> None:
    step = 3 * tiles.LANES
    tiles.dot(a, 0, 4 * step, b, 0, places, 0, 4, step, step, length, c, 0, tiles.DOT_COLUMNS)
