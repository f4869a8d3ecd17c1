"""Every op at hostile values, in each float type: what comes out is what exact arithmetic gives, rounded.

Operands come from the table of cases, and some of their elements are replaced: zeros of both signs, the
smallest numbers, the largest, infinities, NaN, one outlier; or all of them are moved by a large offset. The
result is compared with the same op in a much wider type on the same numbers. `BOUNDS` states by how much an
op may differ; an op without an entry, such as a new one, has `USUAL`.
"""

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tinygrad_cnn import Tensor, grad, ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.ops.conv import ConvFamily
from tinygrad_cnn.ops.families import Loss, MatrixProduct, Normalization
from tinygrad_cnn.ops.matrices import MatrixFunction
from tinygrad_cnn.ops.pool import PoolFamily
from tinygrad_cnn.ops.resample import Resample
from tinygrad_cnn.ops.scan import Scan
from tinygrad_cnn.ops.sequences import RecurrentLayer
from tinygrad_cnn.testing import CASES, Problem

Array = NDArray[Any]

#: The type in which the right result is computed. Beyond float64 only where the machine has it.
WIDER = {np.float16: np.float64, np.float32: np.float64, np.float64: np.longdouble}
KINDS = ("special", "offset", "outlier", "large", "small")


class Bound(NamedTuple):
    """How far a result may be from the exact one, in units of the type's epsilon.

    value, slope: so many epsilons, of the result and of the gradients.
    of, slope_of: what the epsilons are relative to: 'element', the exact element itself; 'sum', the same
        op on the operands' magnitudes, which is what a sum of products can promise; 'largest', the largest
        finite element of the result; 'operand', that of the operands; 'one', 1.
    reach: elements are at most the largest number of the type to this power, as squares are taken.
    domain: where elements lie.
    """

    value: float = 4
    slope: float = 16
    of: str = "element"
    slope_of: str = "largest"
    reach: float = 1
    domain: tuple[float, float] = (-np.inf, np.inf)


USUAL = Bound()
#: For a class and its subclasses.
BOUNDS: dict[type[Op], Bound] = {
    Normalization: Bound(16, 4096, "largest", "operand", reach=0.4),
    ConvFamily: Bound(16, 64, of="sum"),
    MatrixProduct: Bound(16, 64, of="sum"),
    PoolFamily: Bound(16, 64, of="sum"),
    ops.LpPool: Bound(32, 64, of="sum", reach=0.2),
    Resample: Bound(16, 64, of="operand"),
    Loss: Bound(16, 64, reach=0.9),
    ops.BinaryCrossEntropy: Bound(domain=(0, 1)),
    ops.PadAdd: Bound(16, 64, of="sum"),
    ops.GELU: Bound(of="operand"),
    ops.Norm: Bound(16, 64, reach=0.3),
    ops.PairDistances: Bound(16, 64, reach=0.3),
    Scan: Bound(16, 64, of="sum"),
    ops.Sum: Bound(of="sum"),
    ops.Mean: Bound(of="sum"),
    ops.SumTo: Bound(of="sum"),
    ops.Softmax: Bound(of="largest"),
    ops.LogSoftmax: Bound(of="operand"),
    ops.LogSumExp: Bound(of="operand"),
    ops.LogAddExp: Bound(of="operand"),
    ops.LogCumSumExp: Bound(16, 16, "operand", "operand"),
    ops.Sinc: Bound(of="one", reach=0.9),
    ops.SincSlope: Bound(16, of="one", reach=0.9),
    ops.LSTMGates: Bound(16, 64, "operand", "operand", reach=0.4),
    ops.GRUGates: Bound(16, 64, "operand", "operand", reach=0.4),
    RecurrentLayer: Bound(64, 256, "operand", "operand", reach=0.1),  # what is large grows with each step
}
#: Ops that are not tried, each with its reason.
LEFT_OUT: dict[type[Op], str] = {
    op: "LAPACK's, whose error is that of the condition number; functions refuse float16"
    for op in CASES
    if issubclass(op, MatrixFunction)
}


def bound_of(op: type[Op]) -> Bound:
    """The entry of the nearest class."""
    return next((BOUNDS[base] for base in op.__mro__ if base in BOUNDS), USUAL)


def hostile(x: Array, kind: str, dtype: Any, bound: Bound, rng: np.random.Generator) -> Array:
    """An operand with some elements that make trouble, in a type."""
    info = np.finfo(dtype)
    most, least = float(info.max) ** bound.reach, float(info.smallest_subnormal) ** bound.reach
    if kind == "offset":
        x = x + 0.3 / info.eps**0.5
    elif kind == "large":
        x = x * 0.3 * most
    elif kind == "small":
        x = x * float(info.tiny) ** bound.reach
    elif kind == "outlier":
        x = np.where(rng.random(x.shape) < 1 / max(x.size, 1), most**0.75, x)
    elif kind == "special":
        special = [0, -0.0, info.tiny, least, most, -most, np.inf, -np.inf, np.nan]
        x = np.where(rng.random(x.shape) < 0.4, rng.choice(special, x.shape), x)
    return np.clip(x, *bound.domain).astype(dtype)


def made(problem: Problem, dtype: Any, wider: Any) -> Op:
    """The op with the numbers among its attributes rounded to `dtype`, in type `wider`."""
    op = problem.make()
    for key, value in vars(op).items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            setattr(op, key, value.astype(dtype).astype(wider))
    return op


def outcome(op: Op, arrays: list[Array]) -> tuple[Array, list[Array | None]]:
    """The result and the gradients of its sum."""
    xs = [Tensor.at(x, None).requires_grad_() for x in arrays]
    with np.errstate(all="ignore"):
        y = op(*xs)
        slopes = grad(y, xs, np.ones(y.shape, y.dtype), allow_unused=True) if y.requires_grad else [None]
    return y.numpy(), [None if s is None else s.numpy() for s in slopes]


def largest(x: Array) -> Any:
    """The largest finite magnitude."""
    return abs(x[np.isfinite(x)]).max(initial=0)


def scale(of: str, exact: Array, op: Op, arrays: list[Array]) -> Array:
    """What the error of each element is relative to."""
    size = abs(exact)
    if of == "largest":
        size = largest(exact)
    if of == "one":
        size = np.array(1.0)
    if of == "operand":
        size = np.maximum(largest(exact), max(1.0, *map(largest, arrays)))
    if of == "sum":
        with np.errstate(all="ignore"):
            size = abs(np.asarray(op(*(abs(x) for x in arrays))))
    return size


def in_range(op: Op, arrays: list[Array], size: Array, info: Any) -> Array:
    """Where no number on the way to the result can leave the range of the type, whatever the order.

    NumPy's order of adding and multiplying over several axes changes with its version.
    """
    with np.errstate(all="ignore"):
        if isinstance(op, ops.Mean):
            return np.asarray(ops.Sum(op.axis, op.keepdims)(abs(arrays[0]))) < float(info.max)
        if isinstance(op, ops.Prod):
            sizes = abs(arrays[0])
            least = op(np.where(sizes > 0, np.minimum(sizes, 1), 1))
            return (np.asarray(op(np.maximum(sizes, 1))) < float(info.max)) & (least > float(info.tiny))
        return size < float(info.max)


def assert_rounded(
    got: Array, exact: Array, epsilons: float, size: Array, what: str, certain: Array | None = None
) -> None:
    """`got` is `exact`, rounded to got's type, up to so many epsilons of `size`, where that is certain."""
    info = np.finfo(got.dtype)
    got, exact, size = map(np.atleast_1d, (got, exact, np.broadcast_to(size, exact.shape)))
    with np.errstate(all="ignore"):
        most, least = float(info.max), float(info.smallest_subnormal)
        room = epsilons * float(info.eps) * size + 4 * least
        if certain is None:
            certain = size < most  # else a sum on the way may have overflowed
        fits = abs(got.astype(exact.dtype) - exact) <= room
        infinite = np.isinf(got) & (np.sign(got) * exact + room >= most)
        undefined = np.isnan(got) & np.isnan(exact)
        right = fits | infinite | undefined | ((got == exact) & np.isinf(exact))
        wrong = ~right & certain
    if wrong.any():
        i = tuple(int(k[0]) for k in np.nonzero(wrong))
        raise AssertionError(f"{what}{list(i)}: {got[i]!r}, exactly {exact[i]!r}; room {room[i]:.3g}")


def assert_root_of_sums(y: Array, op: Any, x: Array, epsilons: float, what: str) -> float:
    """The p-th powers of `y` are sums of `x`'s, up to p times so many epsilons of the sums of magnitudes.

    A sum in which numbers cancel is 0 or nearly so by the order of adding, and its root far from 0; below 0
    it has none. So the sums are compared, and how far slopes may be off depends on how much cancels.

    Returns:
        The largest factor by which a sum's error is magnified: inf where one may be 0 and is not.
    """
    adding = ops.LpPool(op.grid, 1)
    with np.errstate(all="ignore"):
        exact, size = np.asarray(adding(x**op.p)), np.asarray(adding(abs(x) ** op.p))
        got = y.astype(x.dtype) ** op.p
        info = np.finfo(y.dtype)
        rounded = 2.0**-53 * abs(
            np.log(np.where(size > 0, size, 1))
        )  # what rounding the exponent 1 / p does
        room = (epsilons * op.p * float(info.eps) + rounded) * size + float(info.tiny)
        fits = (abs(got - exact) <= room) | (got == exact) | np.isnan(exact)
        below = np.isnan(got) & ((exact <= room) | np.isnan(exact))
        wrong = ~np.where(np.isnan(got), below, fits)
        lost = np.where(size > 0, room / abs(exact), 0)
    if wrong.any():
        i = tuple(int(k[0]) for k in np.nonzero(wrong))
        raise AssertionError(f"{what}{list(i)}: {y[i]!r}; the sum is {exact[i]!r}, room {room[i]:.3g}")
    lost = lost[np.isfinite(exact)]
    return float(np.inf if (lost > 1e-2).any() else 1 + (lost / info.eps).max(initial=0))


def compare(op: type[Op], problem: Problem, kind: str, dtype: Any, seed: int) -> None:
    rng, wider, bound = np.random.default_rng(seed), WIDER[dtype], bound_of(op)
    arrays = [hostile(x, kind, dtype, bound, rng) for x in problem.operands]
    wide = [x.astype(wider) for x in arrays]
    y, slopes = outcome(made(problem, dtype, dtype), arrays)
    exact, slants = outcome(made(problem, dtype, wider), wide)
    what = f"{problem}, {kind}, {np.dtype(dtype)}, on {[x.tolist() for x in arrays]}"
    if y.dtype.kind != "f" or y.dtype == wider:
        return
    again = made(problem, dtype, wider)
    size, condition = scale(bound.of, exact, again, wide), 1.0
    if isinstance(again, ops.LpPool):
        condition = assert_root_of_sums(y, again, wide[0], bound.value, f"{what}: result")
    else:
        certain = in_range(again, wide, size, np.finfo(dtype))
        assert_rounded(y, exact, bound.value, size, f"{what}: result", certain)
        if isinstance(again, ops.Prod) and not certain.all():  # its slopes are products of the same numbers
            return
    if (np.isinf(y) > np.isinf(exact)).any():  # a derivative of what overflowed
        return
    for k, (slope, slant) in enumerate(zip(slopes, slants, strict=True)):
        if slope is not None and slant is not None:
            size = np.maximum(scale(bound.slope_of, slant, again, wide), 1) * condition
            assert_rounded(slope, slant, bound.slope, size, f"{what}: slope {k}")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", list(WIDER), ids=lambda d: d.__name__)
@pytest.mark.parametrize("op", [op for op in CASES if op not in LEFT_OUT], ids=lambda op: op.__name__)
def test_hostile_values(op: type[Op], dtype: Any) -> None:
    @settings(max_examples=2, phases=[Phase.generate])  # shrinking would take minutes
    @given(CASES[op].problems, st.integers(0, 2**32))
    def holds(problem: Problem, seed: int) -> None:
        for k, kind in enumerate(KINDS):
            compare(op, problem, kind, dtype, seed + k)

    holds()
