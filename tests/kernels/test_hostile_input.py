"""Every op on hostile input by both sets of kernels: the same shapes, NaN, and numbers up to rounding.

Operands come from the table of cases. They hold a large offset, outliers, infinities, NaN or the smallest
numbers; or they are empty; and they lie in memory in six ways. What an op has no compiled kernel for is
compared with itself.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tinygrad_cnn import Tensor, grad
from tinygrad_cnn.errors import TinygradCnnError
from tinygrad_cnn.graph import Op
from tinygrad_cnn.kernels.serving import kernels_in_use, use_kernels
from tinygrad_cnn.ops.conv import ConvFamily
from tinygrad_cnn.ops.families import Normalization
from tinygrad_cnn.ops.matrices import MatrixFunction
from tinygrad_cnn.testing import CASES, Problem
from tinygrad_cnn.testing.fuzz.kernel_sets import LAYOUTS, TOLERANCE, laid_out

pytest.importorskip("numba")
pytestmark = [
    pytest.mark.slow,  # it compiles for many seconds
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]
KINDS = ("offset", "outlier", "infinite", "nan", "small", "equal", "empty")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = kernels_in_use()
    yield
    use_kernels(before)


def hostile(x: Any, kind: str, rng: np.random.Generator) -> Any:
    """An operand in float32 with elements that make trouble."""
    x = np.asarray(x, np.float32)
    if kind == "offset":
        return x + np.float32(300)
    if kind == "small":
        return x * np.float32(1e-38)
    if kind == "equal":
        return np.full_like(x, 0.1)
    value = {"outlier": 1e4, "infinite": np.inf, "nan": np.nan}.get(kind)
    return x if value is None else np.where(rng.random(x.shape) < 0.05, np.float32(value), x)


def outcome(kernels: str, op: Op, arrays: list[Any]) -> list[Any]:
    """The result and the gradients by one set of kernels."""
    use_kernels(kernels)
    xs = [Tensor.at(x, None).requires_grad_() for x in arrays]
    y = op(*xs)
    found = [y.numpy()]
    if y.requires_grad:
        slopes = grad(y, xs, np.ones(y.shape, y.dtype), allow_unused=True)
        found += [s.numpy() for s in slopes if s is not None]
    return found


def compare(problem: Problem, kind: str, layout: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = [laid_out(hostile(x, kind, rng), layout) for x in problem.operands]
    if kind == "empty":
        arrays = [x[:0] if x.ndim else x for x in arrays]
    try:
        right = outcome("reference", problem.make(), arrays)
    except (TinygradCnnError, ValueError, IndexError):
        return  # sizes that do not fit any more; NumPy says so
    got = outcome("fast", problem.make(), arrays)
    what = f"{problem}, {kind}, {layout}, seed {seed}"
    for k, (a, b) in enumerate(zip(got, right, strict=True)):
        assert a.shape == b.shape and a.dtype == b.dtype, f"{what}: {k}: {a.shape} {a.dtype}"
        if b.dtype.kind != "f":
            np.testing.assert_array_equal(a, b, err_msg=what)
            continue
        if isinstance(problem.make(), ConvFamily):  # whether padding is read depends on the kernel
            a, b = (np.where(np.isfinite(a) & np.isfinite(b), one, 0) for one in (a, b))
        np.testing.assert_array_equal(np.isnan(a), np.isnan(b), err_msg=f"{what}: NaN of {k}")
        size = abs(b[np.isfinite(b)]).max(initial=1)
        if isinstance(problem.make(), Normalization) and len(arrays) > 1:
            size = max(size, abs(arrays[1][np.isfinite(arrays[1])]).max(initial=0))
        np.testing.assert_allclose(a, b, rtol=0, atol=TOLERANCE * size, err_msg=f"{what}: {k}")


TRIED = [op for op in CASES if not issubclass(op, MatrixFunction)]  # those are LAPACK's


@pytest.mark.parametrize("op", TRIED, ids=lambda op: op.__name__)
def test_both_sets_of_kernels_agree_on_hostile_input(op: type[Op]) -> None:
    @settings(max_examples=3, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(CASES[op].problems, st.integers(0, 2**32))
    def holds(problem: Problem, seed: int) -> None:
        for k, kind in enumerate(KINDS):
            compare(problem, kind, LAYOUTS[(seed + k) % len(LAYOUTS)], seed + k)

    holds()
