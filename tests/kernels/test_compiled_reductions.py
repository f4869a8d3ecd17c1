"""Compiled sums of columns, running sums and products, the largest of rows and losses of many places,
against NumPy's."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_cnn import functional as F
from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels import threads

pytest.importorskip("numba")

from tinygrad_cnn.kernels.compiled import loss, ranks, scans, sums
from tinygrad_cnn.kernels.compiled.base import operands

Shape = tuple[int, ...]
SHAPES = st.sampled_from(
    [
        (1, 5, 3),
        (1, 1000, 1),
        (3, 70, 1),
        (2, 33, 7),
        (1, 2000, 10),
        (2, 40, 64),
        (1, 37, 1100),
        (5, 3, 2500),
    ]
)
SEEDS, COUNTS = st.integers(0, 5), st.integers(1, 3)
LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "contiguous": lambda x: x,
    "other order": lambda x: np.asfortranarray(x),
    "with gaps": lambda x: np.repeat(x, 2, 1)[:, ::2],
}
LAYOUT = st.sampled_from(sorted(LAYOUTS))


@pytest.fixture(autouse=True)
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Small arrays are shared out, too; afterwards as many threads as before."""
    before = threads.get_num_threads()
    monkeypatch.setattr(operands, "WORTH_SHARING", 0)
    yield
    threads.set_num_threads(before)


def drawn(seed: int, shape: tuple[int, ...], layout: str = "contiguous") -> np.ndarray:
    x = np.random.default_rng(seed).normal(1, 2, shape).astype("f4")
    return LAYOUTS[layout](x)


def check_reductions() -> None:
    for shape in [(1, 2000, 10), (2, 33, 7), (3, 70, 1), (1, 37, 1100)]:
        x = drawn(0, shape)
        near(sums.column_sums(x), x, 1e-6 * abs(x).sum(axis=1))
        for reverse in (False, True):
            found = scans.running(x, False, reverse)
            np.testing.assert_allclose(found, reference.running(x, False, reverse), rtol=1e-6, atol=1e-6)
            found, exact = (k.recurrence(x / 8, x, reverse) for k in (scans, reference))
            np.testing.assert_allclose(found, exact, rtol=1e-5, atol=1e-5)
        rows = x.reshape(-1, shape[2])
        for largest in (False, True):
            exact = reference.row_extremes(rows, largest)
            np.testing.assert_array_equal(scans.row_extremes(rows, largest), exact, strict=True)
            top = ranks.top_places(x[:, :, 0], 2, largest)
            np.testing.assert_array_equal(top, reference.top_places(x[:, :, 0], 2, largest), strict=True)


def near(found: np.ndarray, x: np.ndarray, bound: np.ndarray) -> None:
    assert found.dtype == np.float32
    exact = x.astype(np.float64).sum(axis=1)
    assert found.shape == exact.shape
    assert np.all(abs(found - exact) <= bound)


@settings(max_examples=25)
@given(SHAPES, SEEDS, COUNTS, LAYOUT)
def test_sums_of_columns_are_right_to_a_millionth(shape: Shape, seed: int, count: int, layout: str) -> None:
    threads.set_num_threads(count)
    x = drawn(seed, shape, layout)
    found = sums.column_sums(x)
    near(found, x, 1e-6 * abs(x).sum(axis=1))
    threads.set_num_threads(1)
    np.testing.assert_array_equal(found, sums.column_sums(x), strict=True)


@settings(max_examples=25)
@given(SHAPES, SEEDS, COUNTS, LAYOUT, st.booleans(), st.booleans())
def test_running_sums_and_products_are_float64_s_rounded(
    shape: Shape, seed: int, count: int, layout: str, product: bool, reverse: bool
) -> None:
    threads.set_num_threads(count)
    x = drawn(seed, shape, layout)
    found = scans.running(x, product, reverse)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, reference.running(x, product, reverse), rtol=2e-7, atol=1e-6)


@settings(max_examples=25)
@given(SHAPES, SEEDS, COUNTS, LAYOUT, st.booleans())
def test_recurrences_are_float64_s_rounded(
    shape: Shape, seed: int, count: int, layout: str, reverse: bool
) -> None:
    threads.set_num_threads(count)
    a, b = drawn(seed, shape, layout) / 8, drawn(seed + 1, shape)
    found = scans.recurrence(a, b, reverse)
    exact = reference.recurrence(a.astype(np.float64), b.astype(np.float64), reverse)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, exact, rtol=2e-7, atol=1e-6)


@settings(max_examples=25)
@given(st.sampled_from([(5, 1), (7, 2), (300, 10), (40, 63)]), SEEDS, COUNTS, st.booleans())
def test_the_largest_of_rows_is_exact(shape: Shape, seed: int, count: int, largest: bool) -> None:
    threads.set_num_threads(count)
    x = drawn(seed, shape)
    exact = reference.row_extremes(x, largest)
    np.testing.assert_array_equal(scans.row_extremes(x, largest), exact, strict=True)


@settings(max_examples=25)
@given(
    st.sampled_from([(5, 4), (3, 300), (40, 63)]), SEEDS, COUNTS, st.booleans(), st.sampled_from([1, 2, 9])
)
def test_the_first_of_the_largest_are_those_of_a_sort(
    shape: Shape, seed: int, count: int, largest: bool, k: int
) -> None:
    threads.set_num_threads(count)
    x = drawn(seed, shape).round()  # with ties, and -0 beside 0
    x[:, 2::7], x[0, 1], x[1] = np.nan, np.inf, np.nan
    k = min(k, shape[1])
    exact = reference.top_places(x, k, largest)
    np.testing.assert_array_equal(ranks.top_places(x, k, largest), exact, strict=True)


@settings(max_examples=25)
@given(st.sampled_from([(3, 4, 5), (2, 7, 3, 2), (1, 1, 4)]), SEEDS, COUNTS)
def test_cross_entropy_of_many_places(shape: Shape, seed: int, count: int) -> None:
    threads.set_num_threads(count)
    rng, x = np.random.default_rng(seed), drawn(seed, shape)
    places = (shape[0], *shape[2:])
    labels, weight = rng.integers(-1, shape[1], places), rng.random(places).astype("f4")
    share = np.expand_dims(weight, 1)
    for found, exact in (
        (loss.cross_entropy(x, labels, weight), reference.cross_entropy(x, labels, weight)),
        (loss.cross_entropy_slope(x, labels, share), reference.cross_entropy_slope(x, labels, share)),
    ):
        assert found.dtype == np.float32 and found.flags.c_contiguous
        np.testing.assert_allclose(found, exact, rtol=1e-5, atol=2e-6)


def test_huber_is_numpys_also_of_infinities() -> None:
    d = np.array([0, -0.5, 1, -2, 1e38, np.inf, -np.inf, np.nan], "f4")
    with np.errstate(over="ignore"):
        exact = reference.huber(d, 1.5, 0.5)
    np.testing.assert_allclose(loss.huber(d, 1.5, 0.5), exact, rtol=3e-7)


def test_nan_and_infinity_stay() -> None:
    x = np.array([[1, np.nan, 3], [np.inf, 1, -np.inf], [-np.inf, -1, -2], [2, 1, np.nan]], "f4")
    np.testing.assert_array_equal(scans.row_extremes(x, True), [np.nan, np.inf, -1, np.nan])
    np.testing.assert_array_equal(scans.row_extremes(x, False), [np.nan, -np.inf, -np.inf, np.nan])
    cube = x.reshape(1, 4, 3)
    with np.errstate(all="ignore"):
        exact, run = reference.column_sums(cube), reference.running(cube, False, True)
    np.testing.assert_array_equal(sums.column_sums(cube), exact)
    np.testing.assert_array_equal(scans.running(cube, False, True), run)


def test_other_types_are_the_reference_s() -> None:
    x = np.arange(24.0).reshape(2, 4, 3)
    np.testing.assert_array_equal(sums.column_sums(x), x.sum(axis=1), strict=True)
    np.testing.assert_array_equal(scans.running(x, False, False), x.cumsum(axis=1), strict=True)
    np.testing.assert_array_equal(scans.row_extremes(x[0], True), x[0].max(axis=1), strict=True)


@pytest.mark.parametrize("axis", [0, 1, 2, 3, (0, 1), (0, 2), (1, 3), (0, 2, 3), None])
def test_sums_over_any_axes_of_a_large_array(axis: Any) -> None:
    x = drawn(0, (8, 12, 20, 10))
    for keepdims in (False, True):
        exact = x.astype(np.float64).sum(axis=axis, keepdims=keepdims)
        found = F.sum(x, axis=axis, keepdims=keepdims)
        np.testing.assert_allclose(found, exact, rtol=1e-5, atol=1e-4)
        assert found.shape == exact.shape
        found = F.mean(x, axis=axis, keepdims=keepdims)
        np.testing.assert_allclose(
            found, x.astype(np.float64).mean(axis=axis, keepdims=keepdims), atol=1e-5
        )
        np.testing.assert_array_equal(
            F.max(x, axis=axis, keepdims=keepdims), x.max(axis=axis, keepdims=keepdims)
        )


@settings(max_examples=25)
@given(
    st.sampled_from([(5, 4, 1), (3, 2, 70), (40, 6, 3), (0, 3, 2), (2, 3, 0)]), SEEDS, COUNTS, st.booleans()
)
def test_the_first_of_the_largest_along_an_axis_is_numpys(
    shape: Shape, seed: int, count: int, largest: bool
) -> None:
    threads.set_num_threads(count)
    x = drawn(seed, shape).round()  # with ties, and -0 beside 0
    if x.size:
        x[:, 1, ::2], x[0, 0], x[-1, :, -1] = np.nan, np.inf, np.nan
    for each in (x, np.asfortranarray(x), x.astype(np.float64)):
        exact = each.argmax(1) if largest else each.argmin(1)
        np.testing.assert_array_equal(ranks.extreme_places(each, largest), exact, strict=True)
