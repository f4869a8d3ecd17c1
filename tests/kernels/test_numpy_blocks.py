"""The reference kernels give the same in small blocks on several threads as all at once.

Pooling, element-wise work and updates treat each element alike, so the results are equal bit by bit.
Sums (of a convolution's kernels, of a channel) may round otherwise: float64 within 1e-12.
"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_cnn.grid import Grid
from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels import threads
from tinygrad_cnn.kernels.numpy import blocks, convolution, norm, pointwise
from tinygrad_cnn.testing.strategies import conv_grids, laid_out, pool_grids

SEEDS = st.integers(0, 2**32 - 1)
LAYOUTS = st.sampled_from(["contiguous", "transposed", "reversed", "strided"])


class Small:
    """Inside: blocks of a few elements, shared by three threads."""

    NAMES = (
        (blocks, "BLOCK"), (norm, "BLOCK"), (pointwise, "FEW_BYTES"), (convolution, "COLUMNS"),
        (blocks, "WORTH_SHARING"), (blocks, "WORTH_SHARING_PRODUCTS"),
    )  # fmt: skip

    def __enter__(self):
        self.before = [getattr(*name) for name in self.NAMES]
        self.threads = threads.get_num_threads()
        for module, name in self.NAMES:
            setattr(module, name, 64)
        threads.set_num_threads(3)

    def __exit__(self, *exception):
        for (module, name), value in zip(self.NAMES, self.before, strict=True):
            setattr(module, name, value)
        threads.set_num_threads(self.threads)


def in_blocks_and_at_once(name, *operands):
    """What a kernel gives either way, as tuples."""
    kernel = getattr(reference, name)
    at_once = kernel(*operands)
    with Small():
        in_blocks = kernel(*operands)
    return [r if isinstance(r, tuple) else (r,) for r in (in_blocks, at_once)]


def check_same(name, *operands, rtol=0.0):
    for a, b in zip(*in_blocks_and_at_once(name, *operands), strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol)


def values(seed, shape, layout="contiguous"):
    return laid_out(np.random.default_rng(seed).standard_normal(shape), layout)


@given(st.tuples(*(st.integers(0, 5) for _ in range(4))), SEEDS, LAYOUTS, LAYOUTS)
def test_elementwise(shape, seed, first, second) -> None:
    x, g = values(seed, shape, first), values(seed + 1, shape, second)
    y = np.asarray(np.maximum(x, 0))
    check_same("relu", x)
    check_same("sigmoid", x)
    check_same("relu_slope", g, y)
    check_same("sigmoid_slope", g, y)
    check_same("dropout", x, laid_out(np.asarray(g > 0), second), 2.0)


@given(pool_grids(True), SEEDS, LAYOUTS, LAYOUTS)
def test_max_pool(grid, seed, first, second) -> None:
    x = np.round(values(seed, (3, 2, *grid.image), first))  # with ties
    check_same("max_pool", x, grid)
    check_same("max_pool_places", x, grid)
    y, places = reference.max_pool_places(x, grid)
    g = values(seed, y.shape, second)
    check_same("place", g, places, grid)
    check_same("pick", x, places, grid)


@given(pool_grids(False), SEEDS, LAYOUTS, st.booleans())
def test_avg_pool(grid, seed, layout, with_padding) -> None:
    x = values(seed, (3, 2, *grid.image), layout)
    check_same("avg_pool", x, grid, with_padding)
    check_same("spread", values(seed, (3, 2, *grid.output), layout), grid, with_padding)


@given(conv_grids(), st.integers(1, 3), st.integers(1, 3), st.integers(0, 4), SEEDS, LAYOUTS)
def test_convolution(grid, groups, each, n, seed, layout) -> None:
    c, f = groups * each, groups * 2
    x = values(seed, (n, c, *grid.image), layout)
    w, b = values(seed + 1, (f, each, *grid.kernel), layout), values(seed + 2, (f,))
    g = values(seed + 3, (n, f, *grid.output), layout)
    check_same("conv", x, w, b, grid, groups, rtol=1e-12)
    check_same("conv_image", g, w, grid, groups, rtol=1e-12)
    check_same("conv_kernel", x, g, grid, groups, rtol=1e-12)


@given(st.integers(1, 4), st.integers(0, 5), st.integers(1, 4), SEEDS, LAYOUTS, st.booleans())
def test_norms(n, c, pixels, seed, layout, wants_x) -> None:
    x, g = (values(seed + k, (n, c, pixels, 2), layout) for k in range(2))
    w, b = values(seed + 2, (c,)), values(seed + 3, (c,))
    check_same("channel_sum", g, rtol=1e-12)
    check_same("batch_norm", x, w, b, 1e-3, rtol=1e-12)
    check_same("fixed_norm", x, w, b, b, w * w + 1, 1e-3, rtol=1e-12)
    _, mean, var = reference.batch_norm(x, w, b, 1e-3)
    found = in_blocks_and_at_once("batch_norm_slope", g, x, w, mean, var, 1e-3, wants_x)
    assert (found[0][0] is None) == (not wants_x)
    for a, other in zip(*found, strict=True):
        if a is not None:
            np.testing.assert_allclose(a, other, rtol=1e-11, atol=1e-11)


@given(st.integers(0, 40), SEEDS, LAYOUTS, st.booleans(), st.booleans())
def test_updates(size, seed, layout, momentum, variant) -> None:
    g = values(seed, (size, 3), layout)
    found = []
    for small in (False, True):
        p, m, v, most = (values(seed + k, (size, 3)) for k in range(1, 5))
        v, most = v * v, most * most
        if small:
            with Small():
                reference.sgd(p, g, m if momentum else None, 0.1, 0.9, 0.5, 0.01, variant)
                reference.adam(p, g, m, v, most if variant else None, 3, 0.1, 0.9, 0.99, 1e-8, 0.1, 0.9)
        else:
            reference.sgd(p, g, m if momentum else None, 0.1, 0.9, 0.5, 0.01, variant)
            reference.adam(p, g, m, v, most if variant else None, 3, 0.1, 0.9, 0.99, 1e-8, 0.1, 0.9)
        found.append((p, m, v, most))
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


@settings(max_examples=10)
@given(SEEDS)
def test_the_same_number_of_threads_gives_the_same_bits(seed) -> None:
    grid = window_of(9)
    x, g = values(seed, (4, 3, 9, 9)).astype("f"), values(seed + 1, (4, 5, 9, 9)).astype("f")
    with Small():
        first, second = (reference.conv_kernel(x, g, grid, 1) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_results_lie_with_the_batch_last_and_stay_so() -> None:
    """A layer finds what the one before left: nothing is transposed between them."""
    grid = window_of(8)
    y = reference.conv(np.ones((4, 2, 8, 8)), np.ones((3, 2, 3, 3)), None, grid, 1)
    z = reference.relu(y)
    for array in (y, z):
        assert np.shares_memory(convolution.batch_last(array), array)


def test_nan_and_infinity_pass_only_where_the_gradient_passes() -> None:
    g, y = np.array([np.nan, np.inf, np.nan, 1.0]), np.array([1.0, 0.0, 0.0, np.nan])
    np.testing.assert_array_equal(reference.relu_slope(g, y), [np.nan, 0, 0, 0])


def window_of(size):
    """3×3, padding 1, over a square image."""
    return Grid((size, size), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1))
