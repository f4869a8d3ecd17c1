"""Linear layers: the streamed and the tiled kernels against float64, and who serves what."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba", reason="the compiled kernels are an extra")

from tinygrad_cnn import get_num_threads, set_num_threads
from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.compiled import linear, matmul
from tinygrad_cnn.kernels.compiled.base import operands
from tinygrad_cnn.testing.strategies import laid_out

#: float32 sums of up to 6,000 products of numbers around 1, in blocks: each rounds by 6e-8 of what
#: is summed so far, and the errors are random; measured at most 3e-6 of the largest result.
TOLERANCE = 1e-5


@pytest.fixture(autouse=True, params=[1, 3])
def _threads(request: pytest.FixtureRequest) -> Iterator[None]:
    before = get_num_threads()
    set_num_threads(request.param)
    yield
    set_num_threads(before)


def near(found: np.ndarray, exact: np.ndarray) -> bool:
    assert found.dtype == np.float32 and found.shape == exact.shape
    return bool(abs(found - exact).max() <= TOLERANCE * abs(exact).max())


few = st.tuples(st.integers(1, 16), st.integers(450, 1200), st.integers(450, 1200))
many = st.tuples(st.integers(17, 130), st.integers(120, 700), st.integers(5, 600))
one = st.tuples(st.just(1), st.integers(100, 450), st.integers(40, 450))


@pytest.mark.slow
@settings(max_examples=30)
@given(few | many | one, st.integers(0, 2**32 - 1))
def test_the_three_products(shape: tuple[int, int, int], seed: int) -> None:
    m, inputs, outputs = shape
    rng = np.random.default_rng(seed)
    x, w, b, g = (
        rng.standard_normal(s, np.float32)
        for s in ((m, inputs), (outputs, inputs), (outputs,), (m, outputs))
    )
    before = [a.copy() for a in (x, w, b, g)]
    big = w.astype(float)
    assert near(linear(x, w, b), x @ big.T + b)
    assert near(linear(x, w, None), x @ big.T)
    assert near(matmul(g, w), g @ big)
    assert near(matmul(g.T, x), g.T.astype(float) @ x)
    assert all(np.array_equal(a, old) for a, old in zip((x, w, b, g), before, strict=True))


layouts = st.sampled_from(["contiguous", "transposed", "reversed", "strided"])
sizes = st.tuples(*[st.sampled_from([0, 1, 2, 3, 7, 16, 33, 60])] * 3)


@given(sizes, layouts, layouts, st.integers(0, 2**32 - 1))
def test_small_products_in_any_layout(
    shape: tuple[int, int, int], first: str, second: str, seed: int
) -> None:
    m, inputs, outputs = shape
    rng = np.random.default_rng(seed)
    x, w, b = (rng.standard_normal(s, np.float32) for s in ((m, inputs), (outputs, inputs), (outputs,)))
    x, w = laid_out(x, first), laid_out(w, second)
    x.flags.writeable = w.flags.writeable = b.flags.writeable = False
    for found, exact in (
        (linear(x, w, b), x.astype(float) @ w.T + b),
        (linear(x, w, None), x.astype(float) @ w.T),
        (matmul(x, w.T), x.astype(float) @ w.T),
        (matmul(w, x.T), w.astype(float) @ x.T),
        (matmul(x.T, x), x.T.astype(float) @ x),
    ):
        assert found.dtype == np.float32 and found.shape == exact.shape
        assert (abs(found - exact) <= TOLERANCE * abs(exact).max(initial=0)).all()


@pytest.mark.parametrize("sizes", [(17, 16), (16, 17), (33, 50), (1000, 777), (2, 1600)])
def test_one_sample_shared_by_threads(sizes: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operands, "WORTH_SHARING", 1)
    rng = np.random.default_rng(0)
    x, g = (rng.standard_normal((1, size), np.float32) for size in sizes)
    w = rng.standard_normal((sizes[1], sizes[0]), np.float32)
    assert near(linear(x, w, g[0]), x @ w.T.astype(float) + g)
    assert near(matmul(g, w), g @ w.astype(float))
    assert near(matmul(g.T, x), g.T.astype(float) @ x)


def test_memory_that_is_not_aligned_is_copied_first() -> None:
    memory = np.zeros(4 * 60 + 1, np.uint8)[1:].view(np.float32)
    memory[:] = 2
    row = memory.reshape(1, 60)
    assert not row.flags.aligned
    assert (matmul(row, np.ones((60, 20), np.float32)) == 120).all()
    assert (matmul(row.T, np.ones((1, 20), np.float32)) == 2).all()
    assert (linear(row, np.ones((20, 60), np.float32), memory[:20]) == 122).all()


def test_read_only_weights_are_taken() -> None:
    w = np.ones((500, 600), np.float32)
    w.flags.writeable = False
    assert (linear(np.ones((2, 600), np.float32), w, None) == 600).all()
    assert (matmul(np.ones((2, 500), np.float32), w) == 500).all()


def test_an_outer_product_keeps_nan_and_infinity_also_beside_0() -> None:
    a, b = np.zeros((100, 1), np.float32), np.full((1, 60), np.inf, np.float32)
    assert np.isnan(matmul(a, b)).all()


@pytest.mark.parametrize("m", [3, 30])
def test_nan_and_infinity_go_where_they_go(m: int) -> None:
    x, w = np.ones((m, 600), np.float32), np.ones((500, 600), np.float32)
    x[1, 7], w[4, 9] = np.nan, np.inf
    assert np.array_equal(linear(x, w, None), x @ w.T, equal_nan=True)
    g = np.ones((m, 500), np.float32)
    assert np.array_equal(matmul(g, w), g @ w, equal_nan=True)
    assert np.array_equal(matmul(g.T, x), g.T @ x, equal_nan=True)


@pytest.mark.parametrize("m", [3, 40])
def test_the_edges_of_the_tiles_are_right(m: int) -> None:
    # 5 outputs are one tile of columns; 16, 17 and 48 columns of b one vector, one and a bit, three
    rng = np.random.default_rng(0)
    sizes = (2000, 5), (1999, 61), (2001, 16), (2047, 17), (2048, 48), (16, 3001), (17, 3003)
    for inputs, outputs in sizes:
        x, w = (rng.standard_normal((rows, inputs), np.float32) for rows in (m, outputs))
        g = rng.standard_normal((m, outputs), np.float32)
        assert near(linear(x, w, w[:, 0].copy()), x.astype(float) @ w.T + w[:, 0])
        assert near(matmul(g, w), g.astype(float) @ w)
        assert near(matmul(g.T, x), g.T.astype(float) @ x)
        assert near(matmul(w, np.ascontiguousarray(x.T)), w.astype(float) @ x.T)


@pytest.mark.parametrize("shape", [(2, 3, 4), (17, 600, 500), (0, 600, 500), (2, 600, 500)])
def test_what_is_not_served_falls_to_the_reference(shape: tuple[int, int, int]) -> None:
    m, inputs, outputs = shape
    x, w = np.ones((m, inputs)), np.ones((outputs, inputs))  # float64
    assert np.array_equal(linear(x, w, None), reference.linear(x, w, None))
    x32, w32 = x.astype(np.float32), np.asfortranarray(w.astype(np.float32))
    assert np.allclose(linear(x32, w32, None), inputs)


@pytest.mark.parametrize("a, b", [((2, 3), (500, 600)), ((1, 3), (4, 20)), ((5, 1), (2, 20))])
def test_a_product_that_does_not_fit_is_refused_as_numpy_does(
    a: tuple[int, int], b: tuple[int, int]
) -> None:
    first, second = np.ones(a, np.float32), np.ones(b, np.float32)
    with pytest.raises(ValueError, match="mismatch"):
        matmul(first, second)
    with pytest.raises(ValueError, match="mismatch"):
        linear(first, second, None)
    with pytest.raises(ValueError, match="broadcast"):
        linear(first, np.ones((20, a[1]), np.float32), np.ones(3, np.float32))
