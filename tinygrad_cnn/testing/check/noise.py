"""The noise of a computed function: how much rounding moves its values from point to point."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def noise_level(values: Sequence[float]) -> float:
    """The noise in values of a function at equally spaced points that are close to each other.

    Differences of order j of a smooth function vanish with the spacing, and those of noise grow as
    binomial coefficients do. So each column of the table of differences gives an estimate of the noise;
    a column counts where its signs change, which those of a smooth function do not.

    Args:
        values: at least 6; 9 are good.
    Returns:
        The standard deviation of the noise; 0.0 where none shows.
    Source: Moré & Wild 2011, "Estimating computational noise", SIAM J. Sci. Comput. 33(3).

    >>> t = np.arange(9) * 1e-6
    >>> noise_level(np.sin(t)) < 1e-15
    True
    >>> noisy = np.sin(t) + 1e-9 * np.random.default_rng(0).normal(size=9)
    >>> bool(3e-10 < noise_level(noisy) < 3e-9)
    True
    """
    differences = np.asarray(values, np.float64)
    if not np.isfinite(differences).all():
        return float("nan")
    found, gamma = 0.0, 1.0
    for order in range(1, len(differences) - 1):
        differences = differences[1:] - differences[:-1]
        gamma *= 0.5 * order / (2 * order - 1)
        if order >= 3 and (differences > 0).any() and (differences < 0).any():
            found = max(found, float(np.sqrt(gamma * np.mean(differences**2))))
    return found
