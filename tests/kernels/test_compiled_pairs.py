"""Compiled functions of two numbers against NumPy's, over all kinds of numbers."""

from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import functional as F
from tinygrad_cnn.kernels import numpy as reference

pytest.importorskip("numba")

from tinygrad_cnn.kernels.compiled import pairs

#: Each of them with each.
SPECIAL = [
    0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, 3.0, -3.0, 1e-45, -1e-45, 1e-38, -1e-30, 1e30, -1e30, 3.4e38,
    -3.4e38, 0.41421357, 2.4142137, 1e10, 7.0, 0.1, 88.0, -88.0, 104.0, np.inf, -np.inf, np.nan,
]  # fmt: skip
NEAR, EXACT = ("arctan2", "hypot", "logaddexp"), ("fmod", "remainder")


def operands() -> tuple[Any, Any]:
    """Special pairs, and some of sizes far apart, near each other, and of whole numbers."""
    rng = np.random.default_rng(0)

    def wide() -> Any:
        return np.exp(rng.uniform(-80, 80, 20000)) * rng.choice([-1, 1], 20000)

    def middle() -> Any:
        return rng.normal(0, 3, 20000)

    left, right = np.meshgrid(SPECIAL, SPECIAL)
    wholes = [rng.integers(-50, 50, 20000) for _ in range(2)]
    a = np.concatenate([left.ravel(), wide(), middle(), middle(), wholes[0], rng.uniform(-1e7, 1e7, 20000)])
    b = np.concatenate([right.ravel(), wide(), middle(), wide(), wholes[1], middle()])
    return a.astype("f4"), b.astype("f4")


def check_pairs() -> None:
    a, b = operands()
    eps = np.finfo("f4").eps
    with np.errstate(all="ignore"):
        for name in (*NEAR, *EXACT, "floor_divide"):
            kernel, other = getattr(pairs, name), getattr(reference, name)
            wide = "f8" if name in NEAR else "f4"
            found, exact = kernel(a, b), other(a.astype(wide), b.astype(wide))
            size = abs(exact)
            if name == "logaddexp":  # a sum of parts that may cancel
                size = np.maximum(size, np.minimum(np.maximum(abs(a), abs(b)), 1))
            same = (found == exact.astype("f4")) | (np.isnan(found) & np.isnan(exact))
            near = (abs(found - exact) <= 4 * eps * size + 1e-45) & (name not in EXACT)
            off = ~(same | near)
            assert not np.any(off), (name, a[off][:5], b[off][:5], found[off][:5], exact[off][:5])
            zero = found == 0
            assert np.array_equal(np.signbit(found[zero]), np.signbit(exact[zero])), (name, "the sign of 0")


def test_each_is_right_to_four_units_and_rests_of_divisions_exactly() -> None:
    check_pairs()


@pytest.mark.parametrize("name", ["arctan2", "floor_divide", "fmod", "hypot", "logaddexp", "remainder"])
def test_shapes_broadcast_and_numbers_take_the_type_of_the_array(name: str) -> None:
    function: Any = getattr(F, name)
    x = np.random.default_rng(1).uniform(1, 3, (3, 4)).astype("f4")
    for other in (x[:1], x[:, :1], np.float32(1.5), 1.5, x[::-1, ::-1]):
        for a, b in ((x, other), (other, x)):
            found, exact = function(a, b), getattr(np, name)(a, b)
            assert found.dtype == np.float32 and found.shape == (3, 4), (name, found.dtype)
            np.testing.assert_allclose(found, exact, 1e-6)
    whole = np.arange(1, 5)
    if name in ("floor_divide", "remainder"):
        assert np.array_equal(function(whole, 3), getattr(np, name)(whole, 3))
