"""Compiled sums over the paths of labels against NumPy's."""

from typing import Any

import numpy as np
import pytest

from tinygrad_cnn.kernels import numpy as reference

pytest.importorskip("numba")

from tinygrad_cnn.kernels.compiled import alignments
from tinygrad_cnn.kernels.numpy.alignments import NEVER


def starts(states: Any) -> Any:
    """Logarithms of 1 where paths begin, of 0 elsewhere."""
    return np.where(states, 0.0, NEVER)


@pytest.mark.parametrize("shape", [(1, 1, 1), (6, 3, 5), (30, 4, 21), (3, 2, 9)])
@pytest.mark.parametrize("right", [False, True])
def test_both_directions_are_the_references(shape: tuple[int, int, int], right: bool) -> None:
    """Within 1e-13 of the sums, NaN and infinities at the same places; what cannot be reached stays so."""
    count, batch, states = shape
    rng = np.random.default_rng(0)
    emitted = rng.uniform(-9, 0, shape)
    emitted[rng.random(shape) < 0.1] = NEVER
    leaps = rng.random((batch, states)) < 0.5
    leaps[:, :2] = False
    steps = rng.integers(0, count + 1, batch)
    line = np.arange(states)
    first = starts(np.broadcast_to(line >= states - 2 if right else line == 0, leaps.shape))
    for special in (-1.0, np.nan, np.inf):
        emitted[0, 0, 0] = special
        found = alignments.path_sums(emitted, leaps, first, steps, right)
        with np.errstate(invalid="ignore"):
            exact = reference.path_sums(emitted, leaps, first, steps, right)
        np.testing.assert_allclose(found, exact, 1e-13)
