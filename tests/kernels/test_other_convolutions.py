"""Compiled convolutions of other kinds: depthwise, in groups, along lines and in volumes."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn.grid import Grid
from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels import threads

pytest.importorskip("numba")

from tinygrad_cnn.kernels.compiled.base import operands
from tinygrad_cnn.kernels.compiled.convolution import choice, depthwise, pointwise, volumes

pytestmark = pytest.mark.slow  # they compile for many seconds

EPSILON = float(np.finfo(np.float32).eps)

#: Image, kernel, stride, padding, dilation, groups, channels and kernels of a group.
PROBLEMS = {
    "1×1": ((9, 11), (1, 1), (1, 1), ((0, 0), (0, 0)), (1, 1), 1, 5, 9),
    "1×1 stride 2": ((17, 14), (1, 1), (2, 2), ((0, 0), (0, 0)), (1, 1), 1, 3, 16),
    "1×1 in groups": ((8, 7), (1, 1), (1, 1), ((0, 0), (0, 0)), (1, 1), 2, 17, 4),
    "depthwise": ((7, 9), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), 5, 1, 1),
    "depthwise stride 2": ((8, 9), (3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1), 5, 1, 1),
    "depthwise of two": ((11, 10), (5, 3), (2, 1), ((2, 1), (2, 0)), (1, 2), 3, 1, 2),
    "depthwise 7×7": ((16, 16), (7, 7), (1, 1), ((3, 3), (3, 3)), (1, 1), 4, 1, 1),
    "depthwise strides beyond the kernel": ((13, 12), (2, 2), (3, 2), ((0, 0), (1, 1)), (2, 1), 3, 1, 3),
    "depthwise 1×1": ((5, 5), (1, 1), (1, 1), ((0, 0), (0, 0)), (1, 1), 5, 1, 1),
    "depthwise cut short": ((6, 6), (3, 3), (2, 2), ((1, -1), (1, 1)), (1, 1), 2, 1, 1),
    "groups": ((9, 9), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), 3, 5, 4),
    "narrow groups": ((9, 8), (3, 3), (2, 1), ((1, 1), (1, 1)), (1, 1), 3, 2, 1),
    "line": ((20,), (3,), (2,), ((1, 1),), (2,), 1, 3, 4),
    "causal line": ((20,), (2,), (1,), ((4, 0),), (4,), 1, 8, 8),
    "depthwise line": ((20,), (4,), (3,), ((0, 0),), (1,), 6, 1, 1),
    "line in groups": ((20,), (3,), (1,), ((1, 2),), (1,), 4, 3, 2),
    "volume": ((5, 6, 7), (3, 3, 2), (1, 2, 1), ((1, 1), (1, 0), (0, 0)), (1, 1, 1), 1, 3, 4),
    "volume in groups": ((7, 6, 7), (3, 3, 2), (2, 2, 1), ((2, 1), (1, 0), (0, 1)), (2, 1, 1), 2, 3, 2),
    "depthwise volume": ((9, 6, 7), (2, 3, 3), (3, 1, 1), ((0, 0), (1, 1), (1, 1)), (1, 1, 1), 4, 1, 1),
}  # fmt: skip


@pytest.fixture(params=[1, 2], autouse=True)
def _parts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test on one thread and on two, however small its work."""
    before = threads.get_num_threads()
    threads.set_num_threads(request.param)
    monkeypatch.setattr(operands, "WORTH_SHARING", 0)
    yield
    threads.set_num_threads(before)


def check(name: str) -> None:
    """All three functions, within the rounding of float32 sums, on any layout of their operands."""
    image, kernel, stride, padding, dilation, groups, few, many = PROBLEMS[name]
    made, rng = Grid(image, kernel, stride, padding, dilation), np.random.default_rng(0)
    x = rng.standard_normal((3, groups * few, *image), np.float32)
    w = rng.standard_normal((groups * many, few, *kernel), np.float32)
    b = rng.standard_normal(len(w), np.float32)
    g = rng.standard_normal((3, len(w), *made.output), np.float32)
    reads = len(made.taps)
    for function, arrays, terms in (
        ("conv", (x, w, b), few * reads), ("conv", (x, w, None), few * reads),
        ("conv_image", (g, w), many * reads), ("conv_kernel", (x, g), g[:, 0].size),
    ):  # fmt: skip
        exact = getattr(reference, function)
        wide = [a if a is None else a.astype(np.float64) for a in arrays]
        expected = exact(*wide, made, groups)
        scale = exact(*(a if a is None else abs(a) for a in wide), made, groups)
        for turned, fixed in product((False, True), repeat=2):
            given = [a if a is None else turned_around(a) if turned else a.copy() for a in arrays]
            for a in given:
                if a is not None:
                    a.flags.writeable = not fixed
            found = getattr(choice, function)(*given, made, groups)
            assert found.dtype == np.float32 and found.shape == expected.shape
            bound = (4 + terms**0.5) * EPSILON * scale + 1e-30
            assert np.all(abs(found - expected) <= bound), (function, turned, fixed)


def turned_around(a: Any) -> Any:
    """The same array with its axes the other way round in memory."""
    return np.asfortranarray(a) if a.ndim > 1 else np.repeat(a, 2)[::2]


@pytest.mark.slow
@pytest.mark.parametrize("name", PROBLEMS)
def test_they_agree_with_the_reference(name: str) -> None:
    check(name)


@pytest.mark.parametrize("by_blas", [False, True])
def test_products_by_tiles_and_by_numpy(by_blas: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pointwise, "BY_BLAS", by_blas)
    monkeypatch.setattr(pointwise, "LARGE", 0)
    check("1×1")
    check("1×1 stride 2")


def test_empty_batches_and_other_types_go_to_the_reference() -> None:
    made = Grid((5, 5), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1))
    x, w = np.ones((0, 4, 5, 5), np.float32), np.ones((4, 1, 3, 3), np.float32)
    assert choice.conv(x, w, None, made, 4).shape == (0, 4, 5, 5)
    assert not choice.conv_kernel(x, x, made, 4).any()
    wide = choice.conv(np.ones((1, 4, 5, 5)), w.astype(np.float64), None, made, 4)
    assert wide.dtype == np.float64 and wide[0, 0, 2, 2] == 9


def test_the_same_bits_whatever_the_number_of_threads() -> None:
    rng, made = np.random.default_rng(0), Grid((9, 9), (3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1))
    x, w = rng.standard_normal((4, 6, 9, 9), np.float32), rng.standard_normal((6, 1, 3, 3), np.float32)
    found = []
    for count in (1, 2, 3):
        threads.set_num_threads(count)
        y = depthwise.conv(x, w, None, made, 6)
        found.append((y, depthwise.conv_image(y, w, made, 6), depthwise.conv_kernel(x, y, made, 6)))
    for others in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], others, strict=True))


def test_taps_that_read_only_padding_are_left_out() -> None:
    made = Grid((2, 4, 4), (3, 3, 3), (1, 1, 1), ((3, 0), (1, 1), (1, 1)), (1, 1, 1))
    assert [tap for tap, *_ in volumes._taps(made)] == [1, 2]


@pytest.mark.parametrize("special", [np.nan, np.inf])
def test_a_depthwise_weight_that_reads_no_special_value_stays_finite(special: float) -> None:
    """Between two rows lie zeros of g, beside which the image may hold what no product takes away."""
    for image, kernel, stride, padding in (
        ((4, 4), (3, 2), (1, 1), ((4, 0), (3, 2))),
        ((5, 3), (2, 3), (2, 1), ((0, 2), (1, 4))),
        ((3, 6), (3, 3), (1, 2), ((3, 3), (0, 4))),
    ):
        grid = Grid(image, kernel, stride, padding, (1, 1))
        draws = np.random.default_rng(0)
        x = draws.standard_normal((1, 2, *image)).astype(np.float32)
        g = draws.standard_normal((1, 2, *grid.output)).astype(np.float32)
        x[0, 0, 1, 2] = special
        with np.errstate(invalid="ignore"):
            expected = reference.conv_kernel(x, g, grid, 2)
        assert np.isfinite(expected).any() and not np.isfinite(expected).all()
        np.testing.assert_allclose(
            depthwise.conv_kernel(x, g, grid, 2), expected, 1e-4, 1e-5, equal_nan=True
        )
