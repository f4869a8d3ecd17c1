"""Compiled pooling, element-wise work, norms, losses and updates give what the reference gives.

Tolerances. Choices (relu, max-pool and where its maxima lie, their derivatives) are exact. Sums run in
another order, and a compiled product may be fused with a sum: `TIGHT`, some units in the last place of
the largest number that takes part. Sums over a batch are compared with float64 instead, since both
round: the compiled one must come as close as NumPy's.
"""

import importlib
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from tinygrad_cnn.grid import Grid
from tinygrad_cnn.kernels import compiled, threads
from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled import loss, pointwise, positions, softmaxes, sums, update
from tinygrad_cnn.kernels.compiled.base import operands
from tinygrad_cnn.kernels.compiled.norm import channels as norm
from tinygrad_cnn.kernels.compiled.pool import bins
from tinygrad_cnn.kernels.compiled.pool import windows as pool
from tinygrad_cnn.kernels.numpy.update import Rates
from tinygrad_cnn.testing.strategies import laid_out, pool_grids

#: Eight units in the last place of float32 (6e-8 each), relative to the largest number.
TIGHT = 5e-7
SEEDS = st.integers(0, 2**32 - 1)
LAYOUTS = st.sampled_from(["contiguous", "transposed", "reversed", "strided"])
F = np.float32


@pytest.fixture(autouse=True)
def everything_is_compiled(monkeypatch):
    """Small arrays go to the compiled kernels too, and any work is shared by two threads."""
    monkeypatch.setattr(pointwise, "FEW", 1)
    monkeypatch.setattr(operands, "WORTH_SHARING", 100)
    before = threads.get_num_threads()
    threads.set_num_threads(2)
    yield
    threads.set_num_threads(before)


def values(seed: int, *shape: int, special: bool = False):
    """Normal numbers, a fifth of them 0 or -0; with `special` some NaN and infinities."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape).astype(F)
    x[rng.random(shape) < 0.2] = 0
    x[rng.random(shape) < 0.1] *= -1
    if special:
        x[rng.random(shape) < 0.1] = rng.choice([np.nan, np.inf, -np.inf])
        x[rng.random(shape) < 0.05] = np.nan
    return x


def near(found, expected, scale=TIGHT):
    """Equal up to `scale` times the largest number; NaN and infinities in the same places."""
    assert found.dtype == expected.dtype == F and found.shape == expected.shape
    usual = np.abs(expected[np.isfinite(expected)])
    np.testing.assert_allclose(found, expected, rtol=scale, atol=scale * usual.max(initial=0))


@st.composite
def images(draw, dims=4):
    """Odd sizes of images and channels, batch 1 among them, any layout, and specials in some."""
    shape = draw(
        st.tuples(*(st.sampled_from(s) for s in ([1, 2, 5], [1, 3, 17], [1, 4, 7, 29], [2, 5, 16])))
    )
    x = values(draw(SEEDS), *shape[:dims], special=draw(st.booleans()))
    return laid_out(x, draw(LAYOUTS))


# --------------------------------------------------------------------------- element-wise
@given(images(), SEEDS)
def test_relu_and_its_derivative(x, seed) -> None:
    y = pointwise.relu(x)
    np.testing.assert_array_equal(y, reference.relu(x))
    assert y.flags.c_contiguous
    g = values(seed, *x.shape, special=True)
    np.testing.assert_array_equal(pointwise.relu_slope(g, y), reference.relu_slope(g, y))


@given(images(), SEEDS)
def test_sigmoid_and_its_derivative(x, seed) -> None:
    y = pointwise.sigmoid(x * F(10))
    near(y, reference.sigmoid(x * F(10)))
    g = values(seed, *x.shape)
    near(pointwise.sigmoid_slope(g, y), reference.sigmoid_slope(g, y))


def test_sigmoid_keeps_its_digits_at_both_ends() -> None:
    # Relative to each number itself: two roundings of the exponential, one of sum and of quotient.
    x = np.linspace(-87, 30, 10_001, dtype=F)
    exact = 1 / (1 + np.exp(-x.astype(np.float64)))
    np.testing.assert_allclose(pointwise.sigmoid(x), exact, rtol=5e-7)
    far = np.array([-1e30, -np.inf, -103.0, 1e30, np.inf, np.nan], F)
    np.testing.assert_allclose(pointwise.sigmoid(far), [0, 0, 0, 1, 1, np.nan], atol=1e-44)


@given(images(), SEEDS, st.sampled_from([1.0, 2.0, 1 / 0.7, 0.0]))
def test_dropout(x, seed, scale) -> None:
    mask = laid_out(np.random.default_rng(seed).random(x.shape) < 0.5, "transposed")
    with np.errstate(invalid="ignore"):  # inf * 0; compiled code says nothing
        near(pointwise.dropout(x, mask, scale), reference.dropout(x, mask, scale))


# --------------------------------------------------------------------------- pooling
PLAIN = ((0, 0), (0, 0))
GRIDS = [
    *(Grid((n, n + d), (2, 2), (2, 2), PLAIN, (1, 1)) for n in (2, 7, 27, 28) for d in (0, 1)),
    *(Grid((n, n), (3, 3), (2, 2), PLAIN, (1, 1)) for n in (3, 12, 26, 29, 31)),
    Grid((7, 7), (2, 2), (2, 2), PLAIN, (1, 1), ceil_mode=True),
    Grid((12, 12), (3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1)),
    Grid((20, 19), (3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1)),
    Grid((5, 21), (2, 4), (1, 1), ((1, 0), (2, 1)), (2, 2)),
    Grid((12, 13), (2, 3), (1, 3), ((1, 1), (0, 1)), (2, 1)),
    Grid((31,), (3,), (2,), ((1, 1),), (1,)),
    Grid((9, 13), (9, 13), (9, 13), PLAIN, (1, 1)),
    Grid((5, 6, 17), (2, 3, 2), (2, 1, 2), ((1, 1), (0, 1), (0, 0)), (1, 2, 1)),
    Grid((5, 9, 20), (2, 2, 3), (2, 1, 1), ((0, 0), (1, 1), (1, 1)), (1, 1, 1)),
]  # fmt: skip
ANY_GRID = st.one_of(st.sampled_from(GRIDS), pool_grids(True))
SAME_GRID = st.one_of(st.sampled_from([g for g in GRIDS if set(g.dilation) == {1}]), pool_grids(False))


@pytest.mark.slow  # its loops compile for half a minute
@given(ANY_GRID, SEEDS, st.booleans(), LAYOUTS)
def test_max_pool(grid, seed, special, layout) -> None:
    x = laid_out(values(seed, 2, 3, *grid.image, special=special), layout)  # with ties, of zeros
    y, places = pool.max_pool_places(x, grid)
    expected, where = reference.max_pool_places(x, grid)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(places, where)
    np.testing.assert_array_equal(pool.max_pool(x, grid), reference.max_pool(x, grid))
    g = laid_out(values(seed + 1, *y.shape), layout)
    near(pool.place(g, places, grid), reference.place(g, where, grid))  # overlaps are sums


@pytest.mark.slow
@given(SAME_GRID, SEEDS, st.booleans(), LAYOUTS)
def test_avg_pool(grid, seed, with_padding, layout) -> None:
    x = laid_out(values(seed, 2, 3, *grid.image), layout)
    y = pool.avg_pool(x, grid, with_padding)
    near(y, reference.avg_pool(x, grid, with_padding))
    g = laid_out(values(seed + 1, *y.shape), layout)
    near(pool.spread(g, grid, with_padding), reference.spread(g, grid, with_padding))


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_a_window_that_sees_only_minus_infinity_or_padding(ceil_mode) -> None:
    grid = Grid((4, 4), (3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1), ceil_mode)
    x = np.full((1, 2, 4, 4), -np.inf, F)
    for found, expected in zip(
        pool.max_pool_places(x, grid), reference.max_pool_places(x, grid), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=3), SEEDS, st.booleans(), LAYOUTS)
def test_adaptive_max_pool(image, seed, special, layout) -> None:
    x = laid_out(values(seed, 2, 3, *image, special=special), layout)
    output = tuple(np.random.default_rng(seed).integers(1, 8, len(image)))
    results = bins.adaptive_max_pool(x, output), reference.adaptive_max_pool(x, output)
    for found, expected in zip(*results, strict=True):
        np.testing.assert_array_equal(found, expected, strict=True)


@given(st.sampled_from([(1, 5, 33), (3, 4, 1), (2, 7, 3)]), SEEDS, st.sampled_from([1, 6]), LAYOUTS)
def test_adding_at_positions(shape, seed, size, layout) -> None:
    g, rng = laid_out(values(seed, *shape), layout), np.random.default_rng(seed)
    places = rng.integers(0, size, shape[1])
    near(positions.add_rows(g, places, size), reference.add_rows(g, places, size))
    near(positions.add_rows(g, places - size, size), reference.add_rows(g, places, size))
    with pytest.raises(IndexError):
        positions.add_rows(g, places + size, size)
    everywhere = rng.integers(0, size, shape)
    near(positions.add_along(g, everywhere, size), reference.add_along(g, everywhere, size))


# --------------------------------------------------------------------------- norms
def close_to_exact(found, plain, exact, size) -> None:
    """As close to float64 as NumPy's own result is, or within one rounding of the numbers summed."""
    error = np.abs(found - exact).max(initial=0)
    allowed = np.abs(plain - exact).max(initial=0) + 1e-7 * np.abs(size).max(initial=0)
    assert error <= allowed, (error, allowed)


@given(images(), SEEDS)
def test_channel_sum(g, seed) -> None:
    g = np.nan_to_num(g, posinf=2.0, neginf=-2.0)
    exact = g.astype(np.float64).sum(axis=(0, 2, 3))
    size = np.abs(g.astype(np.float64)).sum(axis=(0, 2, 3))
    close_to_exact(norm.channel_sum(g), reference.channel_sum(g), exact, size)


@given(st.one_of(images(), images(2)), SEEDS, st.booleans())
def test_batch_norm_and_its_derivative(x, seed, wants_x) -> None:
    x = np.nan_to_num(x, posinf=2.0, neginf=-2.0) + F(3)
    c, eps = x.shape[1], 1e-3
    w, b, g = values(seed, c), values(seed + 1, c), values(seed + 2, *x.shape)
    wide = [a.astype(np.float64) for a in (g, x, w)]
    exact = reference.batch_norm(wide[1], wide[2], b.astype(np.float64), eps)
    plain = reference.batch_norm(x, w, b, eps)
    # y: the mean's rounding, grown by 1 / sqrt(eps) at most where a channel hardly varies.
    for found, other, right in zip(norm.batch_norm(x, w, b, eps), plain, exact, strict=True):
        close_to_exact(found, other, right, np.array(np.abs(x).max() * 40))
    mean, var = exact[1].astype(F), exact[2].astype(F)
    found = norm.batch_norm_slope(g, x, w, mean, var, eps, wants_x)
    plain = reference.batch_norm_slope(g, x, w, mean, var, eps, wants_x)
    exact = reference.batch_norm_slope(*wide, mean.astype(np.float64), var.astype(np.float64), eps, wants_x)
    assert (found[0] is None) == (not wants_x)
    size = np.abs(g).sum() * 32  # what is summed, times the largest inverse deviation
    for mine, other, right in zip(found, plain, exact, strict=True):
        if right is not None:
            close_to_exact(mine, other, right, np.array(size))


def test_statistics_of_a_large_channel_are_as_exact_as_numpys() -> None:
    # Two million numbers around 100: a running sum in float32 would be off by 1e-3.
    x = (np.random.default_rng(0).standard_normal((8, 2, 500, 500)) + 100).astype(F)
    wide = x.astype(np.float64)
    mean, var = wide.mean(axis=(0, 2, 3)), wide.var(axis=(0, 2, 3))
    one, zero = np.ones(2, F), np.zeros(2, F)
    _, found, spread = norm.batch_norm(x, one, zero, 1e-5)
    np.testing.assert_allclose(found, mean, rtol=1e-7)
    np.testing.assert_allclose(spread, var, rtol=1e-6)
    np.testing.assert_allclose(norm.channel_sum(x), wide.sum(axis=(0, 2, 3)), rtol=1e-7)


@given(images(), SEEDS)
def test_fixed_norm(x, seed) -> None:
    c = x.shape[1]
    operands_of = [values(seed + k, c) for k in range(3)]
    var = np.abs(values(seed + 3, c)) + F(0.1)
    with np.errstate(invalid="ignore"):
        near(norm.fixed_norm(x, *operands_of, var, 1e-5), reference.fixed_norm(x, *operands_of, var, 1e-5))


# --------------------------------------------------------------------------- loss
@given(st.integers(1, 40), st.integers(1, 40), SEEDS, LAYOUTS, st.sampled_from([1.0, 30.0, 500.0]))
def test_cross_entropy(n, k, seed, layout, scale) -> None:
    x = laid_out(values(seed, n, k) * F(scale), layout)
    rng = np.random.default_rng(seed)
    labels, weight = rng.integers(-1, k, n), rng.random(n).astype(F)
    near(loss.cross_entropy(x, labels, weight), reference.cross_entropy(x, labels, weight))
    share = weight[:, None]
    # A softmax of K terms: K roundings of its sum at most.
    found, expected = (m.cross_entropy_slope(x, labels, share) for m in (loss, reference))
    near(found, expected, scale=TIGHT * 4)


def test_cross_entropy_of_nan_and_infinities() -> None:
    x = np.array([[np.nan, 1, 2], [np.inf, 0, 0], [-np.inf, 0, 0], [np.nan, 0, 0]], F)
    labels, weight = np.array([1, 1, 1, -1]), np.ones(4, F)
    with np.errstate(invalid="ignore"):
        near(loss.cross_entropy(x, labels, weight), reference.cross_entropy(x, labels, weight))
        found, expected = (m.cross_entropy_slope(x, labels, weight[:, None]) for m in (loss, reference))
    near(found, expected)


@pytest.mark.parametrize("offset", [0, 300, 868, 1e5])
def test_scores_beside_an_offset_lose_nothing(offset) -> None:
    rng = np.random.default_rng(0)
    x, labels, ones = (
        (rng.normal(size=(200, 5)) + offset).astype(F),
        rng.integers(0, 5, 200),
        np.ones(200, F),
    )
    wide = x.astype(np.float64)
    found = loss.cross_entropy(x, labels, ones)
    np.testing.assert_allclose(found, reference.cross_entropy(wide, labels, ones), rtol=0, atol=1e-6)
    for at, scores in ((1, x), (0, np.ascontiguousarray(x.T))):
        exact = reference.log_softmax(scores.astype(np.float64), at)
        np.testing.assert_allclose(softmaxes.log_softmax(scores, at), exact, rtol=0, atol=1e-6)


@given(st.sampled_from([(1, 3), (5, 40), (3, 2500), (1, 40_000)]), SEEDS, st.integers(1, 3), LAYOUTS)
def test_sums_of_rows(shape, seed, count, layout) -> None:
    threads.set_num_threads(count)
    x = laid_out(values(seed, *shape) + F(3), layout)
    wide = x.astype(np.float64)
    found, plain = sums.row_sums(x), reference.row_sums(x)
    close_to_exact(found, plain, reference.row_sums(wide), abs(wide).sum(axis=1))
    threads.set_num_threads(1)
    np.testing.assert_array_equal(found, sums.row_sums(x), strict=True)


# --------------------------------------------------------------------------- updates
@given(
    SEEDS, st.sampled_from([0.0, 0.9]), st.sampled_from([1.0, 0.5]), st.sampled_from([0.0, 0.01]),
    st.booleans(), LAYOUTS,
)  # fmt: skip
def test_sgd(seed, momentum, kept, decay, nesterov, layout) -> None:
    g = laid_out(values(seed, 7, 13), layout)
    ours, plain = ([values(seed + 1, 7, 13), values(seed + 2, 7, 13)] for _ in range(2))
    before = g.copy()
    for module, (p, v) in ((update, ours), (reference, plain)):
        module.sgd(p, g, v if momentum else None, 0.1, momentum, kept, decay, nesterov)
    for a, b in zip(ours, plain, strict=True):
        near(a, b)
    np.testing.assert_array_equal(g, before)


@given(SEEDS, st.integers(1, 50), st.sampled_from([0.0, 0.01]), st.sampled_from([1.0, 0.99]), st.booleans())
def test_adam(seed, step, decay, shrink, amsgrad) -> None:
    g = values(seed, 91)
    ours, plain = (
        [values(seed + 1, 91), values(seed + 2, 91), *(abs(values(seed + k, 91)) for k in (3, 4))]
        for _ in range(2)
    )
    for module, (p, m, v, most) in ((update, ours), (reference, plain)):
        module.adam(p, g, m, v, most if amsgrad else None, step, 0.1, 0.9, 0.99, 1e-3, decay, shrink)
    for a, b in zip(ours, plain, strict=True):
        near(a, b, scale=TIGHT * 4)  # eps of 1e-3 lets a step be 30 times its share of rounding


@given(SEEDS, st.booleans(), st.booleans(), st.sampled_from([0.0, 0.01]), LAYOUTS)
def test_adaptive_steps(seed, has_mean, by_root, decay, layout) -> None:
    g = laid_out(values(seed, 7, 13), layout)
    ours, plain = (
        [values(seed + 1, 7, 13), values(seed + 2, 7, 13), abs(values(seed + 3, 7, 13))] for _ in range(2)
    )
    rates = Rates(0.9, 0.1, 0.99, 0.01, 0.8, 1e-2, decay, 0.99, 0.05, 0.1)
    for module, (p, m, v) in ((update, ours), (reference, plain)):
        module.adaptive(p, g, m if has_mean else None, v, rates, by_root)
    for a, b in zip(ours, plain, strict=True):
        near(a, b, scale=TIGHT * 4)


@pytest.mark.parametrize("number", [int, np.float64, np.array, Fraction])
def test_options_may_be_any_numbers(number) -> None:
    one, none = number(1), number(0)
    p, g, v = np.full(3, 5, F), np.ones(3, F), np.zeros(3, F)
    update.sgd(p, g, None, one, none, one, none, False)
    update.sgd(p, g, v, one, one, one, one, np.bool_(True))
    # v = 0 + (1 + 4) = 5, and nesterov takes 1 + 4 + 5 from 4
    assert p.tolist() == [-6] * 3 and v.tolist() == [5] * 3


def test_shares_that_would_broadcast_are_the_reference_s() -> None:
    x, labels = values(0, 3, 3), np.arange(3)
    share = values(1, 1, 3)
    found, expected = (m.cross_entropy_slope(x, labels, share) for m in (loss, reference))
    near(found, expected)


def test_an_infinite_parameter_without_decay_stays_infinite() -> None:
    p, g = np.full(5000, np.inf, F), np.ones(5000, F)
    update.sgd(p, g, None, 0.1, 0.0, 1.0, 0.0, False)
    assert np.isposinf(p).all()


# --------------------------------------------------------------------------- what all have in common
def test_read_only_operands_are_taken() -> None:
    x = values(0, 2, 3, 8, 8)
    x.flags.writeable = False
    grid = Grid((8, 8), (2, 2), (2, 2), PLAIN, (1, 1))
    np.testing.assert_array_equal(pointwise.relu(x), reference.relu(x))
    np.testing.assert_array_equal(pool.max_pool(x, grid), reference.max_pool(x, grid))
    near(norm.channel_sum(x), reference.channel_sum(x))


@pytest.mark.parametrize("shape", [(0, 3, 4, 4), (2, 0, 4, 4)])
def test_empty_arrays(shape) -> None:
    x = np.zeros(shape, F)
    grid = Grid((4, 4), (2, 2), (2, 2), PLAIN, (1, 1))
    assert pointwise.relu(x).shape == pointwise.sigmoid(x).shape == shape
    assert pool.max_pool(x, grid).shape == pool.avg_pool(x, grid, True).shape == (*shape[:2], 2, 2)
    assert norm.channel_sum(x).tolist() == [0.0] * shape[1]


def test_other_types_fall_to_the_reference() -> None:
    x = values(0, 2, 3, 8, 8).astype(np.float64)
    grid = Grid((8, 8), (2, 2), (2, 2), PLAIN, (1, 1))
    for found, expected in (
        (pointwise.relu(x), reference.relu(x)),
        (pointwise.sigmoid(x), reference.sigmoid(x)),
        (pool.max_pool(x, grid), reference.max_pool(x, grid)),
        (pool.avg_pool(x, grid, True), reference.avg_pool(x, grid, True)),
        (norm.channel_sum(x), reference.channel_sum(x)),
    ):
        np.testing.assert_array_equal(found, expected, strict=True)


@settings(max_examples=10)
@given(SEEDS)
def test_the_number_of_threads_changes_no_bit(seed) -> None:
    """Nothing here is summed across the parts of two threads."""
    x = values(seed, 3, 5, 9, 9)
    w = values(seed + 1, 5)
    results = []
    for count in (1, 3):
        threads.set_num_threads(count)
        results.append((*norm.batch_norm(x, w, w, 1e-5), norm.channel_sum(x), pointwise.sigmoid(x)))
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)


def check_layers() -> None:
    """The same choices of maxima, and sums within rounding."""
    x = np.random.default_rng(0).standard_normal((8, 16, 27, 27)).astype(np.float32)
    for k in (2, 3):
        made = Grid((27, 27), (k, k), (2, 2), ((0, 0), (0, 0)), (1, 1))
        places = pool.max_pool_places(x, made), reference.max_pool_places(x, made)
        for found, expected in zip(*places, strict=True):
            np.testing.assert_array_equal(found, expected)
    for made in GRIDS[-5:]:
        image = values(1, 2, 3, *made.image)
        (y, found), (_, expected) = (m.max_pool_places(image, made) for m in (pool, reference))
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(pool.max_pool(image, made), y)
        near(pool.avg_pool(image, made, True), reference.avg_pool(image, made, True))
        near(pool.spread(y, made, True), reference.spread(y, made, True))
    places = np.random.default_rng(0).integers(0, 5, 27)
    near(positions.add_rows(x[0], places, 5), reference.add_rows(x[0], places, 5))
    near(sums.row_sums(x.reshape(8, -1)), reference.row_sums(x.reshape(8, -1)), scale=1e-5)
    np.testing.assert_allclose(pointwise.sigmoid(x), reference.sigmoid(x), rtol=5e-7)
    w, b = x[0, :, 0, 0], x[0, :, 0, 1]
    results = norm.batch_norm(x, w, b, 1e-5), reference.batch_norm(x, w, b, 1e-5)
    for found, expected in zip(*results, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-6)


def test_the_table_of_modules_names_what_they_have() -> None:
    for module, names in compiled.SERVED.items():
        home = importlib.import_module(f"{compiled.__name__}.{module}")
        for name in names:
            assert getattr(compiled, name) is getattr(home, name) and callable(getattr(reference, name))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = compiled.nothing
