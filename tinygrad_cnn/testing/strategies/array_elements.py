"""The elements of an array: from a seed, so that many cost little, and yet each shrinks by itself.

Numbers of a seed cannot be shrunk one by one, and numbers drawn one by one are slow. So a few choices
are noted that the seed makes: a flag says whether they are bound to the seed. When hypothesis, in
shrinking, takes the flag away, the same array stands there as free choices, and goes on shrinking as
an array of `hypothesis.extra.numpy.arrays` does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Array = NDArray[Any]

#: Arrays of up to so many elements are mostly drawn one by one.
FEW = 8

#: So many elements can be noted one by one; those before them come from the seed.
SINGLE = 24

#: The share of examples whose elements come from the seed, for large arrays and for small ones.
SEEDED, SEEDED_FEW = 0.9, 0.1

#: The share of examples, of those from a seed, that are not cut to whole numbers.
BROKEN = 0.875


class Elements(st.SearchStrategy[Array]):
    """Strategy of flat arrays.

    Args:
        count: of the elements.   kind: a float type.   low, high: bounds.

    >>> from hypothesis import find
    >>> found = find(Elements(1000, np.dtype(float), -10, 10), lambda x: x[437] > 2)
    >>> int(np.count_nonzero(found))
    1
    """

    def __init__(self, count: int, kind: np.dtype[Any], low: float, high: float) -> None:
        super().__init__()
        self.count, self.kind, self.low, self.high = count, kind, float(low), float(high)
        self.plain = float(np.clip(0.0, low, high))

    def do_draw(self, data: Any) -> Array:
        """One array; `data` takes hypothesis's choices."""
        count = self.count
        seeded = bool(data.draw_boolean(SEEDED if count > FEW else SEEDED_FEW))
        values = self._of_seed(data)
        start, stop = 0, count
        if count > SINGLE:  # what lies outside of a window is plain: all is inside while the seed rules
            stop = data.draw_integer(0, count, forced=count if seeded else None)
            start = max(0, stop - data.draw_integer(0, count, forced=count if seeded else None))
            values[:start] = values[stop:] = self.plain
        least = float(np.finfo(self.kind).smallest_normal)
        for k in range(max(start, stop - SINGLE), stop):
            values[k] = data.draw_float(
                self.low, self.high, allow_nan=False, smallest_nonzero_magnitude=least,
                forced=float(values[k]) if seeded else None,
            )  # fmt: skip
        return self._narrow(values)

    def _of_seed(self, data: Any) -> Array:
        """Uniform numbers in float64; a seed of 0 gives plain ones."""
        seed, broken = data.draw_integer(0, 2**32 - 1), data.draw_boolean(BROKEN)
        if not seed:
            return np.full(self.count, self.plain)
        values = np.random.default_rng(seed).uniform(self.low, self.high, self.count)
        return values if broken else np.clip(np.trunc(values) + 0.0, self.low, self.high)  # and no -0.0

    def _narrow(self, values: Array) -> Array:
        """The values in their type, and still within the bounds."""
        made = values.astype(self.kind)
        if self.kind != np.float64:
            for far, off in (
                (np.inf, made.astype(float) < self.low),
                (-np.inf, made.astype(float) > self.high),
            ):
                made = np.where(off, np.nextafter(made, self.kind.type(far)), made)
        return made
