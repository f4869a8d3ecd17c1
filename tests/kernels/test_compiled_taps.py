"""Compiled reading of images at places, and its adjoints, against NumPy's."""

from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import get_num_threads, set_num_threads
from tinygrad_cnn.kernels import numpy as reference

pytest.importorskip("numba")

from tinygrad_cnn.kernels.compiled import taps

#: Batch, channels, pixels, taps, points.
SHAPES = [(1, 1, 1, 1, 1), (3, 4, 30, 8, 21), (2, 40, 900, 4, 900), (2, 3, 5, 0, 4)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("threads", [1, 3])
def test_all_three_are_the_references_within_rounding(shape: tuple[int, ...], threads: int) -> None:
    """Within 1e-5 of the largest result, on any number of threads; what lies outside is not read."""
    batch, channels, size, count, points = shape
    rng = np.random.default_rng(0)
    places = rng.integers(-1, size, (batch, count, points))
    x, g, w = (
        rng.normal(size=(*first, n)).astype("f4")
        for first, n in (((batch, channels), size), ((batch, channels), points), ((batch, count), points))
    )
    w[places < 0] = np.inf  # of what is not read
    before = get_num_threads()
    set_num_threads(threads)
    try:
        with np.errstate(invalid="ignore"):
            for name, operands in (
                ("tap_sum", (x, places, w)),
                ("tap_sum", (x[:, ::-1], places, w)),
                ("tap_spread", (g, places, w, size)),
                ("tap_product", (g, x, places)),
            ):
                found: Any = getattr(taps, name)(*operands)
                exact = getattr(reference, name)(*operands)
                assert found.shape == exact.shape and found.dtype == np.float32
                assert np.isfinite(found).all()
                np.testing.assert_allclose(found, exact, 0, 1e-5 * np.abs(exact).max(initial=1))
    finally:
        set_num_threads(before)
