"""Compiled elementary functions against NumPy's in double precision."""

import numpy as np
import pytest

from tinygrad_cnn.kernels import numpy as reference

pytest.importorskip("numba")

from tinygrad_cnn.kernels.compiled import angles, elementary, hyperbolic, special

#: Sizes below which nothing is right to its last digits: the sums that give ln Γ(x) and ψ(x) beside their
#: zeros are rounded in double precision.
SMALL = {"digamma": 2e-14, "lgamma": 2e-14}
#: Where the functions bend, overflow, begin or end.
SPECIAL = [
    0.0, -0.0, 1e-45, -1e-45, 1e-40, 1e-38, -1e-38, 1.1754944e-38, 1e-20, 0.34657, 0.3466, -0.3466,
    -0.34657, 0.41421, 0.41422, -0.29289, -0.2929,
    0.5, 0.50000006, -0.5, 0.70710675, 0.70710684, 0.7853981, 0.7853982,
    -0.99999994, 0.99999994, 1.0, -1.0, 1.0000001, -1.0000001, 1.4142135, 1.4142137, 1.5707963, 1.5707964,
    2.4142134, 2.4142137, 3.1415925, 3.1415927, 6.2831855, 9.0, -9.0, 79.9, 80.1, 88.0, 88.7, 88.73, 88.8,
    89.4, 89.41, 89.42, 104.0, 110.0, -87.4, -103.9, -104.0, -120.0, 127.9, 128.0, -126.5, -149.4, -149.6,
    -1e4,
    9999.0, 10001.0, 1e7, 10000001.0, 1e30,
    -1e30, 3.4e38, -3.4e38, np.inf, -np.inf, np.nan,
]  # fmt: skip
FUNCTIONS = {
    **dict.fromkeys(("arccos", "arcsin", "arctan", "cos", "sin", "tan"), angles),
    **dict.fromkeys(("erf", "exp", "exp2", "expm1", "log", "log10", "log1p", "log2"), elementary),
    **dict.fromkeys(("arccosh", "arcsinh", "arctanh", "cosh", "sinh"), hyperbolic),
    **dict.fromkeys(("digamma", "erfinv", "lgamma", "trigamma"), special),
}


def points() -> np.ndarray:
    rng = np.random.default_rng(0)
    spread = np.exp(rng.uniform(-90, 88, 30000)) * rng.choice([-1, 1], 30000)
    middle = np.exp(rng.uniform(-40, 12, 20000)) * rng.choice([-1, 1], 20000)
    quarters = np.arange(-2000, 2000) * (np.pi / 4)
    even = [rng.uniform(-6, 6, 20000), rng.uniform(-1, 3, 20000), rng.uniform(-100, 100, 20000)]
    return np.concatenate([SPECIAL, spread, middle, quarters, *even]).astype("f4")


def gamma_points() -> np.ndarray:
    """Fewer, as the reference takes long, but many beside the poles."""
    rng = np.random.default_rng(1)
    wholes = np.arange(-110, 20).astype("f4")
    beside = [np.nextafter(wholes, np.float32(direction)) for direction in (-np.inf, np.inf)]
    zeros = np.nextafter(np.array([1, 2, 1.4616321, -2.457024], "f4"), np.float32(-9))
    ends = 1 - 2.0 ** -np.arange(1, 26)
    parts = [SPECIAL, wholes, *beside, zeros, ends, rng.uniform(-9, 9, 5000), rng.uniform(-1, 1, 5000)]
    return np.concatenate([*parts, points()[::10]]).astype("f4")


def check_elementary() -> None:
    x = points()
    with np.errstate(all="ignore"):
        for name, module in FUNCTIONS.items():
            at = gamma_points() if module is special else x
            exact = getattr(reference, name)(at.astype(np.float64))
            found = getattr(module, name)(at)
            same = (found == exact.astype("f4")) | (np.isnan(found) & np.isnan(exact))
            near = abs(found - exact) <= 4 * np.finfo("f4").eps * abs(exact) + SMALL.get(name, 1e-45)
            off = ~(near | same)
            assert not np.any(off), (name, at[off][:5], found[off][:5])
            zero = found == 0
            assert np.array_equal(np.signbit(found[zero]), np.signbit(exact[zero])), (name, "the sign of 0")


def test_each_is_right_to_four_units_everywhere() -> None:
    check_elementary()
