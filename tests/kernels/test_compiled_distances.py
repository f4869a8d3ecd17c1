"""Compiled distances of all pairs of points against NumPy's in double precision."""

import numpy as np
import pytest

from tinygrad_cnn import functional as F
from tinygrad_cnn.kernels import numpy as reference

pytest.importorskip("numba")

from tinygrad_cnn.kernels.compiled import distances

#: Batch, points, other points, coordinates.
SHAPES = [(1, 1, 1, 1), (2, 7, 5, 3), (1, 90, 70, 33), (3, 4, 0, 2)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_both_are_right_far_from_the_origin_too(shape: tuple[int, ...], offset: float) -> None:
    """Within 4 units in the last place, of the largest for the sums: differences are taken first."""
    count, points, others, size = shape
    rng = np.random.default_rng(0)
    a, b = ((rng.normal(size=(count, n, size)) + offset).astype("f4") for n in (points, others))
    w = rng.normal(size=(count, points, others)).astype("f4")
    wide = [x.astype("f8") for x in (w, a, b)]
    exact = reference.pair_distances(*wide[1:])
    np.testing.assert_allclose(distances.pair_distances(a, b), exact, 5e-7)
    np.testing.assert_allclose(distances.pair_distances(a[:, ::-1], b), exact[:, ::-1], 5e-7)
    sums = reference.weighted_differences(*wide)
    found = distances.weighted_differences(w, a, b)
    np.testing.assert_allclose(found, sums, 0, 5e-7 * np.abs(sums).max(initial=1))


def test_squares_neither_overflow_nor_vanish_and_special_values_stay() -> None:
    a = np.array([[[3e30, 0], [3e-30, 0], [np.inf, 0], [np.nan, 0]]], "f4")
    b = np.array([[[0, 4e30], [0, 4e-30], [0, 0]]], "f4")
    found, exact = distances.pair_distances(a, b), reference.pair_distances(a, b)
    np.testing.assert_allclose(found, exact, 1e-6)
    assert found[0, 0, 0] == np.float32(5e30) and np.isinf(found[0, 2, 2]) and np.isnan(found[0, 3]).all()


def test_axes_before_the_last_two_broadcast_and_none_may_have_a_point() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 1, 4, 3)), rng.normal(size=(5, 6, 3))
    exact = np.linalg.norm(a[..., :, None, :] - b[..., None, :, :], axis=-1)
    np.testing.assert_allclose(F.cdist(a, b), exact)
    assert F.cdist(a[:, :, :0], b).shape == (2, 5, 0, 6) and F.cdist(
        np.ones((2, 0)), np.ones((3, 0))
    ).shape == (2, 3)
