"""Which of the compiled kernels serve which operands: what they do not know goes to NumPy's."""

import numpy as np
import pytest

pytest.importorskip("numba")

from tinygrad_cnn.grid import Grid
from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels import threads
from tinygrad_cnn.kernels.compiled import sums
from tinygrad_cnn.kernels.compiled.base import vectors
from tinygrad_cnn.kernels.compiled.convolution import choice, direct, pointwise
from tinygrad_cnn.kernels.compiled.convolution.winograd import passes
from tinygrad_cnn.kernels.compiled.norm import channels
from tinygrad_cnn.kernels.compiled.product import matrix

RNG = np.random.default_rng(0)
GRID = Grid((6, 6), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1))
ONE = Grid((6, 6), (1, 1), (1, 1), ((0, 0), (0, 0)), (1, 1))


def drawn(*shape, dtype=np.float32):
    return RNG.standard_normal(shape).astype(dtype)


def check_all(kernels, x, w, b, grid, groups, tolerance=1e-5):
    """A convolution and both its adjoints against the reference."""
    y = reference.conv(x, w, b, grid, groups)
    g = drawn(*y.shape, dtype=x.dtype)
    for name, *operands in (("conv", x, w, b), ("conv_image", g, w), ("conv_kernel", x, g)):
        found, want = (getattr(home, name)(*operands, grid, groups) for home in (kernels, reference))
        assert (found.shape, found.dtype) == (want.shape, want.dtype), name
        np.testing.assert_allclose(found, want, atol=tolerance * abs(want).max(), err_msg=name)


@pytest.mark.parametrize("bias", [False, True])
def test_wide_groups_are_done_one_by_one(bias, monkeypatch):
    monkeypatch.setattr(choice, "_faster", lambda *sizes: reference)  # no kernel is compiled for this
    check_all(choice, drawn(2, 6, 6, 6), drawn(4, 3, 3, 3), drawn(4) if bias else None, GRID, 2)


@pytest.mark.parametrize("kernels", [direct, passes, choice])
def test_other_types_go_to_the_reference(kernels):
    x, w = drawn(1, 2, 6, 6, dtype=np.float64), drawn(3, 2, 3, 3, dtype=np.float64)
    check_all(kernels, x, w, None, GRID, 1, 1e-12)


@pytest.mark.parametrize("images", [1, 5])
@pytest.mark.parametrize("bias", [False, True])
def test_kernels_of_one_pixel_by_numpys_products(images, bias, monkeypatch):
    """Fewer images than threads are multiplied one after the other, each by all threads."""
    monkeypatch.setattr(pointwise, "BY_BLAS", True)
    monkeypatch.setattr(threads, "get_num_threads", lambda: 2)
    x, w = drawn(images, 3, 6, 6), drawn(4, 3, 1, 1)
    check_all(pointwise, x, w, drawn(4) if bias else None, ONE, 1)


def test_sums_of_other_types_and_of_rows_are_the_reference_s():
    g = drawn(4, 3)
    np.testing.assert_array_equal(channels.channel_sum(g), reference.channel_sum(g))
    x = drawn(4, 3, dtype=np.float64)
    np.testing.assert_array_equal(sums.row_sums(x), reference.row_sums(x))


def test_few_samples_fill_a_tile_with_zeros(monkeypatch):
    monkeypatch.setattr(matrix, "WORTH_DOTS", 0)
    monkeypatch.setattr(matrix.vector, "FEW_SUMS", 0)
    m = matrix.DOT_ROWS - 1
    x, w, b = drawn(m, matrix.LONG), drawn(matrix.DOT_COLUMNS, matrix.LONG), drawn(matrix.DOT_COLUMNS)
    found = matrix.linear(x, w, b)
    assert found.shape == (m, matrix.DOT_COLUMNS)
    np.testing.assert_allclose(found, reference.linear(x, w, b), rtol=1e-4, atol=1e-4)


def test_tiles_fit_into_the_registers_of_each_processor(monkeypatch):
    registers = {"avx512f": 32, "avx": 16, "neon": 32, "sse2": 16}
    found = {feature: vectors._shape({feature}) for feature in registers}
    assert found == {"avx512f": (16, 8, 3), "avx": (8, 6, 2), "neon": (4, 8, 2), "sse2": (4, 4, 2)}
    for feature, (_, rows, columns) in found.items():
        assert rows * columns + columns + 1 <= registers[feature]
    monkeypatch.setattr(vectors, "_asked", "+avx,-avx2,+fma")
    assert {"avx", "fma"} <= vectors._features() <= {"avx", "fma", "neon"}


@pytest.mark.slow
def test_kernels_of_one_pixel_by_tiles_of_columns(monkeypatch):
    """As where vectors hold 16 floats; its kernel is compiled for this processor's vectors here."""
    monkeypatch.setattr(pointwise, "BY_BLAS", False)
    for worth in (0, 10**9):
        monkeypatch.setattr(pointwise, "WORTH_SHARING", worth)
        check_all(pointwise, drawn(3, 5, 6, 6), drawn(7, 5, 1, 1), drawn(7), ONE, 1)
