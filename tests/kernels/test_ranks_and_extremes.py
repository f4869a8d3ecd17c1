"""Elements of a rank, and the largest up to each place, with ties and NaN."""

from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import functional as F
from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.numpy.ranks import order

#: Rows of which some have ties, some NaN, one nothing else.
HARD = [
    [3.0, 1.0, 2.0, 5.0, 4.0],
    [2.0, 1.0, 2.0, 1.0, 2.0],
    [np.nan, 1.0, np.nan, -np.inf, 0.0],
    [0.0, -0.0, 0.0, np.inf, np.inf],
    [np.nan] * 5,
]


@pytest.mark.parametrize("dtype", ["f4", "f8", "f2"])
def test_places_of_ranks_are_those_of_a_stable_sort(dtype: str) -> None:
    x = np.array(HARD, dtype)
    ranks = np.arange(5)
    assert np.array_equal(reference.ranked_places(x, ranks), order(x, 1, False))
    wide = np.random.default_rng(0).integers(0, 9, (4, 300)).astype(dtype)
    assert np.array_equal(
        reference.ranked_places(wide, np.array([150, 0])), order(wide, 1, False)[:, [150, 0]]
    )


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_quantiles_are_numpys(axis: int | None) -> None:
    x = np.random.default_rng(1).normal(size=(6, 7))
    for q in (0.5, [0.25], [0.0, 0.1, 1.0], np.linspace(0, 1, 20)):
        np.testing.assert_allclose(F.quantile(x, q, axis), np.quantile(x, q, axis), 1e-12)
    np.testing.assert_allclose(F.median(x, axis), np.median(x, axis), 1e-12)


@pytest.mark.parametrize("shape", [(5, 5, 1), (1, 5, 5), (2, 40, 3), (3, 9, 100), (1, 1, 1)])
@pytest.mark.parametrize("largest", [False, True])
def test_compiled_running_extremes_are_the_references(shape: tuple[int, ...], largest: bool) -> None:
    pytest.importorskip("numba")
    from tinygrad_cnn.kernels.compiled import scans

    drawn = np.random.default_rng(2).integers(-4, 5, shape).astype("f4")
    hard: Any = np.array(HARD, "f4").reshape(shape) if drawn.size == 25 else drawn
    for x in (drawn, drawn[:, ::-1], hard):
        found, exact = scans.running_extremes(x, largest), reference.running_extremes(x, largest)
        for mine, theirs in zip(found, exact, strict=True):
            assert mine.dtype == theirs.dtype
            np.testing.assert_array_equal(mine, theirs)
