"""Winograd's convolution against the reference in float64, and against its own adjoints.

Tolerances. The transforms add numbers that cancel; relative to the largest element of the result, errors
of normal operands stay under `BOUND`, which is what the module's documentation promises. The direct sums
of the reference in float32 stay under 2e-6.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tinygrad_cnn.grid import Grid, grid
from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels import threads
from tinygrad_cnn.testing.strategies import conv_problems

pytest.importorskip("numba")

from tinygrad_cnn.kernels.compiled.convolution import direct
from tinygrad_cnn.kernels.compiled.convolution.winograd import passes as winograd

pytestmark = pytest.mark.slow  # they compile for many seconds

#: Largest error relative to the largest element.
BOUND = 1e-5
#: Batch, channels, image, kernels, padding: the 3×3 layers of the networks, the batch reduced where
#: there are many channels, and shapes that no block divides.
LAYERS = {
    "deep2": (20, 16, 28, 16, 1),
    "deep4": (20, 32, 14, 32, 2),
    "deep6": (100, 64, 8, 64, 1),
    "vgg2": (8, 64, 16, 128, 1),
    "vgg3": (8, 128, 8, 256, 1),
    "vgg5": (3, 256, 4, 512, 1),
    "alex3": (2, 256, 12, 384, 1),
    "alex5": (2, 384, 12, 356, 0),
    "27": (2, 3, 27, 5, 1),
    "29": (1, 17, 29, 7, 0),
    "31": (1, 5, 31, 17, 1),
    "several passes": (3, 40, 61, 33, 1),
    "one pixel": (1, 1, 1, 1, 1),
}


@pytest.fixture(autouse=True)
def two_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Any work is shared."""
    monkeypatch.setattr(winograd, "SMALL", 0)
    before = threads.get_num_threads()
    threads.set_num_threads(2)
    yield
    threads.set_num_threads(before)


def of(image: tuple[int, int], padding: Any) -> Grid:
    return grid("conv", image, (3, 3), (1, 1), padding, (1, 1))


def operands(seed: int, n: int, c: int, k: int, g: Grid) -> tuple[Any, ...]:
    """x, w, b and a gradient, normal."""
    rng = np.random.default_rng(seed)
    shapes: tuple[Any, ...] = ((n, c, *g.image), (k, c, 3, 3), (k,), (n, k, *g.output))
    return tuple(rng.standard_normal(shape).astype(np.float32) for shape in shapes)


def error(found: Any, exact: Any) -> float:
    assert found.shape == exact.shape and found.dtype == np.float32 and found.flags.c_contiguous
    return float(abs(found - exact).max() / abs(exact).max())


def exactly(function: Any, *arrays: Any, grid: Grid) -> Any:
    return function(*(None if a is None else a.astype(np.float64) for a in arrays), grid, 1)


def check(seed: int, n: int, c: int, k: int, g: Grid) -> None:
    """All three functions against float64, operands unchanged."""
    x, w, b, gradient = operands(seed, n, c, k, g)
    kept = [a.copy() for a in (x, w, b, gradient)]
    y = winograd.conv(x, w, b, g, 1)
    assert error(y, exactly(reference.conv, x, w, b, grid=g)) < BOUND
    plain = exactly(reference.conv, x, w, None, grid=g)
    assert error(winograd.conv(x, w, None, g, 1), plain) < BOUND
    dx, dw = winograd.conv_image(gradient, w, g, 1), winograd.conv_kernel(x, gradient, g, 1)
    assert error(dx, exactly(reference.conv_image, gradient, w, grid=g)) < BOUND
    assert error(dw, exactly(reference.conv_kernel, x, gradient, grid=g)) < BOUND
    for array, before in zip((x, w, b, gradient), kept, strict=True):
        assert np.array_equal(array, before)


@pytest.mark.parametrize("name", LAYERS)
def test_layers_equal_the_reference(name: str) -> None:
    n, c, size, k, p = LAYERS[name]
    check(0, n, c, k, of((size, size), ((p, p), (p, p))))


SIDES = st.tuples(st.integers(0, 3), st.integers(-1, 3))


@given(
    st.integers(0, 2**32 - 1), st.integers(1, 9), st.sampled_from([1, 3, 5, 7, 16, 17, 33]),
    st.sampled_from([1, 3, 15, 16, 34, 50]), st.integers(1, 19), st.integers(1, 19), SIDES, SIDES,
)  # fmt: skip
@example(0, 7, 17, 34, 2, 2, (1, 1), (1, 1))
@example(0, 7, 17, 34, 9, 10, (3, 0), (0, -1))
def test_any_geometry_equals_the_reference(seed, n, c, k, h, w, rows, columns) -> None:
    h, w = max(h, 3 - sum(rows)), max(w, 3 - sum(columns))
    check(seed, n, c, k, of((h, w), (rows, columns)))


@given(st.integers(0, 2**32 - 1), st.integers(1, 14), st.integers(1, 14), st.integers(0, 2))
def test_the_three_are_adjoints_of_each_other(seed: int, h: int, w: int, p: int) -> None:
    """<conv(x, w), g> = <x, conv_image(g, w)> = <w, conv_kernel(x, g)>."""
    g = of((max(h, 3 - 2 * p), max(w, 3 - 2 * p)), ((p, p), (p, p)))
    x, w_, _, gradient = operands(seed, 3, 20, 18, g)
    y = winograd.conv(x, w_, None, g, 1).astype(np.float64)
    dx, dw = winograd.conv_image(gradient, w_, g, 1), winograd.conv_kernel(x, gradient, g, 1)
    products = [np.vdot(y, gradient), np.vdot(x, dx.astype(float)), np.vdot(w_, dw.astype(float))]
    scale = float(np.linalg.norm(y) * np.linalg.norm(gradient))  # the products themselves may cancel
    assert max(products) - min(products) < BOUND * scale


@settings(deadline=None)
@given(conv_problems())
def test_what_is_not_served_equals_the_reference(problem: Any) -> None:
    """Other kernels, strides, dilations, groups, float64 and empty arrays."""
    x, w, options = problem
    pads = tuple((p, p) for p in options["padding"])
    g = grid("conv", x.shape[2:], w.shape[2:], options["stride"], pads, options["dilation"])
    y = winograd.conv(x, w, None, g, options["groups"])
    np.testing.assert_allclose(y, reference.conv(x, w, None, g, options["groups"]), rtol=1e-4, atol=1e-4)
    dx, exact = (module.conv_image(y, w, g, options["groups"]) for module in (winograd, reference))
    np.testing.assert_allclose(dx, exact, rtol=1e-4, atol=1e-3)
    dw, exact = (module.conv_kernel(x, y, g, options["groups"]) for module in (winograd, reference))
    np.testing.assert_allclose(dw, exact, rtol=1e-4, atol=1e-3)


def test_any_layout_is_read() -> None:
    g = of((9, 10), ((1, 1), (1, 1)))
    x, w, b, gradient = operands(0, 4, 18, 20, g)
    turned = [np.ascontiguousarray(a.swapaxes(0, 1)).swapaxes(0, 1) for a in (x, gradient)]
    assert np.array_equal(
        winograd.conv(turned[0], w[::-1], b, g, 1), winograd.conv(x, w[::-1].copy(), b, g, 1)
    )
    assert np.array_equal(winograd.conv_kernel(*turned, g, 1), winograd.conv_kernel(x, gradient, g, 1))
    assert np.array_equal(winograd.conv_image(turned[1], w, g, 1), winograd.conv_image(gradient, w, g, 1))


def test_bits_do_not_depend_on_threads_or_runs() -> None:
    g = of((14, 14), ((1, 1), (1, 1)))
    x, w, b, gradient = operands(0, 30, 40, 70, g)
    runs = []
    for count in (1, 2, 3, 7, 2):
        threads.set_num_threads(count)
        runs.append((winograd.conv(x, w, b, g, 1), winograd.conv_image(gradient, w, g, 1),
                     winograd.conv_kernel(x, gradient, g, 1)))  # fmt: skip
    for run in runs[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(run, runs[0], strict=True))


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("which", ["x", "w", "b", "g"])
def test_what_is_not_finite_is_not_spread_over_tiles(special: float, which: str) -> None:
    g = of((8, 8), ((0, 0), (0, 0)))
    x, w, b, gradient = operands(0, 2, 17, 33, g)
    {"x": x, "w": w, "b": b, "g": gradient}[which].flat[-1] = special
    exact = direct if which == "w" else reference  # 0 of padding × NaN of weights: NaN, or left out
    with np.errstate(invalid="ignore"):
        for found, expected in (
            (winograd.conv(x, w, b, g, 1), exact.conv(x, w, b, g, 1)),
            (winograd.conv_image(gradient, w, g, 1), exact.conv_image(gradient, w, g, 1)),
            (winograd.conv_kernel(x, gradient, g, 1), exact.conv_kernel(x, gradient, g, 1)),
        ):
            assert np.array_equal(np.isfinite(found), np.isfinite(expected))


@pytest.mark.parametrize("seed", range(4))
def test_an_outlier_is_felt_by_its_tiles_only_and_as_stated(seed: int) -> None:  # E9
    g = of((16, 16), ((1, 1), (1, 1)))
    x, w, _, _ = operands(seed, 2, 64, 64, g)
    before = winograd.conv(x, w, None, g, 1)
    row, column = np.random.default_rng(seed).integers(0, 16, 2)
    x[0, slice(None) if seed % 2 else 5, row, column] = 1e6
    y, exact = winograd.conv(x, w, None, g, 1), exactly(reference.conv, x, w, None, grid=g)
    far = np.ones(y.shape, bool)
    for top, left in np.ndindex(4, 4):
        tile = (0, slice(None), slice(4 * top, 4 * top + 4), slice(4 * left, 4 * left + 4))
        if -1 <= row - 4 * top <= 4 and -1 <= column - 4 * left <= 4:
            far[tile] = False
            assert abs(y[tile] - exact[tile]).max() < BOUND * abs(exact[tile]).max()
    assert not far.all() and np.array_equal(y[far], before[far])


def test_it_is_chosen_where_it_was_measured_to_be_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    def chosen(n: int, c: int, k: int, size: int, p: int = 1, groups: int = 1) -> bool:
        return winograd.suits(n, c, k, of((size, size), ((p, p), (p, p))), groups)

    assert chosen(100, 64, 64, 8) and chosen(32, 512, 512, 4) and chosen(8, 384, 356, 12, 0)
    assert chosen(100, 32, 32, 14, 2) and chosen(1, 64, 64, 56) and not chosen(100, 16, 16, 28)
    assert not chosen(32, 512, 512, 2) and not chosen(128, 8, 16, 14) and not chosen(100, 1, 16, 28)
    assert not chosen(100, 64, 64, 8, groups=2)
    assert not winograd.suits(
        100, 64, 64, grid("conv", (8, 8), (5, 5), (1, 1), ((2, 2), (2, 2)), (1, 1)), 1
    )
    monkeypatch.setattr(winograd, "ENABLED", False)
    assert not chosen(100, 64, 64, 8)
