"""Compiled elementary functions against NumPy's in double precision."""

import numpy as np
import pytest

from tinygrad_cnn.kernels import numpy as reference

pytest.importorskip("numba")

from tinygrad_cnn.kernels.compiled import elementary

#: Where the functions bend, overflow, begin or end.
SPECIAL = [
    0.0, -0.0, 1e-45, 1e-38, -1e-38, 1e-20, 0.34657, 0.3466, -0.34657, -0.3466, 0.41421, 0.41422, -0.29289,
    -0.2929, -0.99999994, -1.0, -1.0000001, 1.0, 9.0, -9.0, 79.9, 80.1, 88.0, 88.7, 88.8, 104.0, 110.0,
    -104.0, -120.0, 1e30, -1e30, 3.4e38, np.inf, -np.inf, np.nan,
]  # fmt: skip


def points() -> np.ndarray:
    rng = np.random.default_rng(0)
    spread = np.exp(rng.uniform(-40, 5, 20000)) * rng.choice([-1, 1], 20000)
    return np.concatenate([SPECIAL, spread, rng.uniform(-6, 6, 20000), rng.uniform(-1, 3, 20000)]).astype(
        "f4"
    )


def check_elementary() -> None:
    x = points()
    with np.errstate(all="ignore"):
        for name in ("erf", "expm1", "log1p"):
            exact = getattr(reference, name)(x.astype(np.float64))
            found = getattr(elementary, name)(x)
            same = (found == exact.astype("f4")) | (np.isnan(found) & np.isnan(exact))
            off = abs(found - exact) > 4 * np.finfo("f4").eps * abs(exact) + 1e-45
            assert not np.any(off & ~same), (name, x[off & ~same][:5], found[off & ~same][:5])


def test_each_is_right_to_four_units_everywhere() -> None:
    check_elementary()
