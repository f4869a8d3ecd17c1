"""The magnitude of the numbers of an array, those that are not finite left out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def largest(x: NDArray[Any]) -> float:
    """The largest magnitude among the finite elements; 0.0 if there is none.

    >>> largest(np.array([1.0, -3.0, np.inf])), largest(np.array([]))
    (3.0, 0.0)
    """
    found = float(np.abs(x).max(initial=0.0))
    if not np.isfinite(found):  # seldom, and so looked at afterwards
        found = float(np.abs(x[np.isfinite(x)]).max(initial=0.0))
    return found
