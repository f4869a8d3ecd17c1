"""Compiled activations, softmax, layer and group norm against the reference in float64."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels import threads

pytest.importorskip("numba")

from tinygrad_cnn.kernels.compiled import activation, softmaxes, sparse_maps
from tinygrad_cnn.kernels.compiled.base import operands
from tinygrad_cnn.kernels.compiled.norm import channels, root_mean_squares, samples

EPSILON = float(np.finfo(np.float32).eps)
#: Per function of one array: its numbers, and how many units in the last place it may be off.
ONCE = {
    "tanh": ((), 4), "silu": ((), 8), "gelu": ((), 8), "elu": ((1.5, 1.0, 1.0), 8),
    "leaky_relu": ((0.1,), 2), "hardtanh": ((-0.5, 1.0), 0), "gelu_tanh": ((), 12),
    "softplus": ((2.0, 20.0), 8), "mish": ((), 8), "hardsigmoid": ((), 2), "hardswish": ((), 4),
}  # fmt: skip
SPECIAL = np.array(
    [0.0, -0.0, 1e-38, -1e-38, 1e-20, -0.34657, -0.3466, 0.625, -0.625, 1.0, -1.0, 9.0, -9.0, 14.0, 20.0,
     -90.0, 88.0, -104.0, -120.0, 1e30, -1e30, np.inf, -np.inf, np.nan], np.float32
)  # fmt: skip


@pytest.fixture(params=[1, 2], autouse=True)
def _parts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test on one thread and on two, however small its work."""
    before = threads.get_num_threads()
    threads.set_num_threads(request.param)
    monkeypatch.setattr(operands, "WORTH_SHARING", 0)
    monkeypatch.setattr(samples, "WORTH_SHARING", 0)
    monkeypatch.setattr(root_mean_squares, "WORTH_SHARING", 0)
    yield
    threads.set_num_threads(before)


def points() -> Any:
    """Every size and sign, dense where functions bend, and special values."""
    rng = np.random.default_rng(0)
    spread = np.exp(rng.uniform(-20, 5, 3000)) * rng.choice([-1, 1], 3000)
    return np.concatenate([SPECIAL, spread, rng.uniform(-6, 6, 3000), np.linspace(-110, 110, 2001)]).astype(
        "f4"
    )


def check_functions() -> None:
    x = points()
    with np.errstate(all="ignore"):
        for name, (numbers, units) in ONCE.items():
            expected = getattr(reference, name)(x.astype(np.float64), *numbers)
            found = getattr(activation, name)(x, *numbers).astype(np.float64)
            # gelu's reference itself is a difference from 1 below -1: there the scale is x
            size = abs(x.astype(np.float64)) * 2e-8 if "gelu" in name else 0.0
            bound = units * EPSILON * abs(expected) + size + 1e-37
            same = (found == expected) | (np.isnan(found) & np.isnan(expected))
            assert np.all(same | (abs(found - expected) <= bound)), (name, x[~same][:5])
        g = np.random.default_rng(1).standard_normal(x.shape).astype(np.float32)
        finite = np.isfinite(x)
        for name, (numbers, _) in ONCE.items():
            of = np.tanh(x) if name == "tanh" else np.clip(x, -0.5, 1) if name == "hardtanh" else x
            slope = f"{name}_slope"
            expected = getattr(reference, slope)(g.astype(np.float64), of.astype(np.float64), *numbers)
            found = getattr(activation, slope)(g, of, *numbers).astype(np.float64)
            bound = (16 * EPSILON) * np.maximum(abs(g), abs(expected)) + 1e-37
            good = (abs(found - expected) <= bound) | ~finite
            assert np.all(good), (slope, x[~good][:5], found[~good][:5], expected[~good][:5])
            assert np.array_equal(np.isnan(found), np.isnan(expected)), slope


@pytest.mark.slow
def test_functions_and_their_derivatives() -> None:
    check_functions()


def test_no_nan_where_the_density_is_nothing() -> None:
    far = np.array([np.inf, -np.inf, 1e30], np.float32)
    assert activation.gelu_slope(np.ones(3, np.float32), far).tolist() == [1, 0, 1]
    assert activation.gelu(np.array([1e30, np.inf], np.float32)).tolist() == [np.float32(1e30), np.inf]


@given(
    hnp.array_shapes(min_dims=1, max_dims=4, max_side=9), st.integers(0, 2**32 - 1), st.booleans(),
    st.integers(0, 3),
)  # fmt: skip
def test_softmax(shape: tuple[int, ...], seed: int, turned: bool, axis: int) -> None:
    axis %= len(shape)
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape).astype(np.float32) * 10 ** rng.integers(0, 3)
    x = np.asfortranarray(x) if turned else x
    y = softmaxes.softmax(x, axis)
    expected = reference.softmax(x.astype(np.float64), axis)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-7)
    g = rng.standard_normal(shape).astype(np.float32)
    dx = softmaxes.softmax_slope(g, y, axis)
    np.testing.assert_allclose(dx, reference.softmax_slope(g.astype(np.float64), expected, axis), atol=2e-6)
    y, expected = softmaxes.log_softmax(x, axis), reference.log_softmax(x.astype(np.float64), axis)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)
    dx = softmaxes.log_softmax_slope(g, y, axis)
    expected = reference.log_softmax_slope(g.astype(np.float64), expected, axis)
    np.testing.assert_allclose(dx, expected, rtol=1e-5, atol=1e-5)


@given(
    hnp.array_shapes(min_dims=1, max_dims=4, max_side=9), st.integers(0, 2**32 - 1), st.integers(0, 3),
    st.integers(0, 2),
)  # fmt: skip
def test_sparse_maps(shape: tuple[int, ...], seed: int, axis: int, each: int) -> None:
    """Any terms: pixels read several times or never, and results of any number of terms, or of one."""
    axis %= len(shape)
    rng = np.random.default_rng(seed)
    x, count, terms = rng.standard_normal(shape).astype(np.float32), rng.integers(1, 7), rng.integers(1, 12)
    targets = np.sort(rng.integers(0, count, terms))
    if each:
        targets = np.repeat(np.arange(count), each)
        terms = len(targets)
    of = rng.integers(0, shape[axis], terms), rng.uniform(-1, 1, terms)
    starts = np.searchsorted(targets, np.arange(count + 1))
    y, expected = (
        f.resample(a, axis, *of, starts) for f, a in ((sparse_maps, x), (reference, x.astype("f8")))
    )
    assert y.dtype == np.float32 and y.shape == expected.shape
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)


def check_norms(seed: int, shape: tuple[int, ...], axes: int, groups: int, offset: float) -> None:
    rng = np.random.default_rng(seed)
    x = (rng.standard_normal(shape) + offset).astype(np.float32)
    g = rng.standard_normal(shape).astype(np.float32)
    for home, kind, number, size in (
        (samples, "layer_norm", axes, shape[-axes:]), (samples, "group_norm", groups, shape[1:2]),
        (root_mean_squares, "rms_norm", axes, shape[-axes:]),
    ):  # fmt: skip
        shifts = 0 if kind == "rms_norm" else 1
        w, *b = (rng.standard_normal(size).astype(np.float32) for _ in range(1 + shifts))
        wide = [a.astype(np.float64) for a in (x, w, *b, g)]
        y = getattr(home, kind)(x, w, *b, number, 1e-5)
        expected = getattr(reference, kind)(*wide[:-1], number, 1e-5)
        np.testing.assert_allclose(y, expected, rtol=1e-4, atol=2e-5)
        for wants in (True, False):
            found = getattr(home, f"{kind}_slope")(g, x, w, number, 1e-5, wants)
            expected = getattr(reference, f"{kind}_slope")(wide[-1], wide[0], wide[1], number, 1e-5, wants)
            for a, e in zip(found, expected, strict=True):
                assert (a is None) == (e is None)
                if a is not None:
                    assert a.dtype == np.float32 and a.shape == e.shape
                    scale = max(1.0, float(abs(e).max()))
                    np.testing.assert_allclose(a, e, rtol=1e-4, atol=5e-5 * scale)


@pytest.mark.parametrize("offset", [0.0, 100.0])
@pytest.mark.parametrize(
    ("shape", "axes", "groups"),
    [
        ((2, 6, 5, 7), 1, 3),
        ((1, 4, 9), 2, 4),
        ((70, 8), 1, 1),
        ((3, 6, 1, 1), 3, 2),
        ((2, 4, 60, 90), 2, 2),
    ],
)
def test_norms(shape: tuple[int, ...], axes: int, groups: int, offset: float) -> None:
    check_norms(0, shape, axes, groups, offset)


@pytest.mark.parametrize("module", [channels, reference])
def test_equal_channels_give_zero_however_large(module: Any) -> None:
    x, one = np.full((8, 3, 7, 7), 1e5 + 0.3, np.float32), np.ones(3, np.float32)
    y, mean, var = module.batch_norm(x, one, 0 * one, 1e-5)
    assert abs(y).max() < 1e-6 and abs(var).max() < 1e-12
    _, dw, _ = module.batch_norm_slope(np.ones_like(x), x, one, mean, var, 1e-5, False)
    assert abs(dw).max() < 1e-3


def test_batch_norm_of_float16_is_summed_in_float32() -> None:
    x = (np.random.default_rng(0).standard_normal((8, 2, 100)) * 600 + 3000).astype(np.float16)
    one = np.ones(2, np.float16)
    y, mean, var = channels.batch_norm(x, one, 0 * one, 1e-5)
    wide = [a.astype(np.float64) for a in (x, one)]
    expected, middle, square = reference.batch_norm(*wide, 0 * wide[1], 1e-5)
    assert y.dtype == np.float16
    np.testing.assert_allclose(y, expected, atol=4e-3)
    np.testing.assert_allclose(mean, middle, rtol=1e-5)
    np.testing.assert_allclose(var, square, rtol=1e-5)
    dx, dw, db = channels.batch_norm_slope(y, x, one, mean, var, 1e-5, True)
    assert dx is not None and dx.dtype == dw.dtype == db.dtype == np.float16


@pytest.mark.parametrize("where", ["gradient", "weight"])
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize(
    "shape, module, name, options",
    [
        ((6, 5), channels, "batch_norm_slope", ()),
        ((4, 5, 3, 3), channels, "batch_norm_slope", ()),
        ((4, 5, 6), samples, "layer_norm_slope", (1,)),
        ((4, 6, 3, 3), samples, "group_norm_slope", (3,)),
    ],
)
def test_an_infinite_gradient_or_weight_gives_what_the_reference_gives(
    shape: tuple[int, ...], module: Any, name: str, options: tuple[int, ...], value: float, where: str
) -> None:
    # Infinities of both signs meet in the sums: whether they give NaN would depend on the order.
    rng = np.random.default_rng(0)
    for _ in range(8):
        g, x = (rng.normal(size=shape).astype(np.float32) for _ in range(2))
        w = rng.normal(size=shape[-1] if name == "layer_norm_slope" else shape[1]).astype(np.float32)
        hit = g.reshape(-1) if where == "gradient" else w
        hit[rng.integers(hit.size)] = value
        taken: Any = options or (x.mean(axis=(0, *range(2, x.ndim))), x.var(axis=(0, *range(2, x.ndim))))
        with np.errstate(invalid="ignore"):
            right = getattr(reference, name)(g, x, w, *taken, 1e-5, True)
        found = getattr(module, name)(g, x, w, *taken, 1e-5, True)
        for mine, other in zip(found, right, strict=True):
            special = ~np.isfinite(other)
            np.testing.assert_array_equal(~np.isfinite(mine), special)
            np.testing.assert_array_equal(mine[special], other[special])


@pytest.mark.parametrize("module", [samples, reference])
def test_equal_numbers_give_zero_however_large(module: Any) -> None:
    x, one = np.full((8, 3, 7, 7), 1e5 + 0.3, np.float32), np.ones((7, 7), np.float32)
    assert not module.layer_norm(x, one, 0 * one, 2, 1e-5).any()
    assert not module.group_norm(x, one[0, :3], 0 * one[0, :3], 1, 1e-5).any()


@pytest.mark.parametrize("kind", ["layer_norm", "group_norm"])
def test_float16_is_summed_in_float32(kind: str) -> None:
    """Squares beyond 65504 and long sums, against float64."""
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((2, 4, 500)) * 600 + 3000).astype(np.float16)
    g, w = (
        rng.standard_normal(x.shape).astype(np.float16),
        np.ones(500 if kind == "layer_norm" else 4, np.float16),
    )
    number, wide = 1 if kind == "layer_norm" else 2, [a.astype(np.float64) for a in (g, x, w)]
    y = getattr(samples, kind)(x, w, 0 * w, number, 1e-5)
    assert y.dtype == np.float16
    np.testing.assert_allclose(
        y, getattr(reference, kind)(wide[1], wide[2], 0 * wide[2], number, 1e-5), atol=4e-3
    )
    found = getattr(samples, f"{kind}_slope")(g, x, w, number, 1e-5, True)
    expected = getattr(reference, f"{kind}_slope")(*wide, number, 1e-5, True)
    for a, e in zip(found, expected, strict=True):
        assert a.dtype == np.float16
        np.testing.assert_allclose(a, e, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("size", [2, 3, 8, 100])
def test_norms_far_from_zero_are_as_exact_as_in_float64(size: int) -> None:
    """A mean beside an offset is rounded; what it misses is taken off after it, never together with it."""
    rng = np.random.default_rng(size)
    for offset in (300, 1e4, -5e5):
        x = (rng.standard_normal((5, size)) * 10 ** rng.uniform(-3, 1) + offset).astype(np.float32)
        w, b = rng.standard_normal((2, size)).astype(np.float32)
        g = rng.standard_normal(x.shape).astype(np.float32)
        wide = [a.astype(np.float64) for a in (g, x, w, b)]
        exact = reference.layer_norm(*wide[1:], 1, 1e-5)
        assert np.abs(samples.layer_norm(x, w, b, 1, 1e-5) - exact).max() < 1e-5
        images, ones = x.reshape(1, 5, size), np.ones(5, np.float32)
        exact = reference.batch_norm(images.astype(np.float64), ones, 0 * ones, 1e-5)[0]
        assert np.abs(channels.batch_norm(images, ones, 0 * ones, 1e-5)[0] - exact).max() < 1e-5
        slope = reference.layer_norm_slope(*wide[:3], 1, 1e-5, True)[0]
        if size > 2:  # of two numbers it is all but 0, a difference of its parts
            found = samples.layer_norm_slope(g, x, w, 1, 1e-5, True)[0]
            assert np.abs(found - slope).max() < 1e-5 * np.abs(slope).max()
