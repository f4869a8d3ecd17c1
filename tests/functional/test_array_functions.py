# ruff: noqa: E501  # a row of the tables is easier to read in one line
"""Functions made of others: NumPy's values, on arrays and Tensors alike, and derivatives of both orders."""

import warnings

import numpy as np
import pytest

from tinygrad_cnn import ArgumentError, DTypeError, ShapeError, Tensor
from tinygrad_cnn import functional as F
from tinygrad_cnn.testing import gradcheck

RNG = np.random.default_rng(5)


def far(*shape):
    """Numbers of which no two are close, nor any close to a whole number."""
    count = int(np.prod(shape))
    return ((RNG.permutation(count) - count / 2) * 0.37 + 0.11).reshape(shape)


A, B, V, W = far(3, 4), far(3, 4) + 0.06, far(5), far(5) + 0.06
SPD = far(3, 3) @ np.eye(3) + np.diag([9.0, 6.0, 4.0])
SPD = SPD @ SPD.T
GAPS = RNG.random((3, 4)) < 0.3
PLACES = np.array([[0, 2, 2, 1], [1, 1, 0, 0]])
MASK = RNG.random((3, 4)) < 0.5
ONE = np.array([0, 2, -1])


def scattered(x, v, join):
    out = np.array(x)
    join.at(out, (PLACES, np.arange(4)), v)
    return out


def put(x, v):
    out = np.array(x)
    np.put_along_axis(out, PLACES, v, 0)
    return out


def mean_of(x, v):
    counts = scattered(np.ones_like(x), np.ones_like(v), np.add)
    return scattered(x, v, np.add) / counts


def filled(x):
    out = np.array(x)
    out[ONE] = 7.0
    return out


def copied(x, v):
    out = np.array(x)
    out[np.array([0, 2])] = v
    return out


U = far(2, 4)
#: name -> ours, theirs, operands; the float operands are differentiated.
DIFFERENTIATED = {
    "exp2": (F.exp2, np.exp2, [A]),
    "arcsinh": (F.arcsinh, np.arcsinh, [A]),
    "arccosh": (F.arccosh, np.arccosh, [abs(A) + 1.2]),
    "arctanh": (F.arctanh, np.arctanh, [A / 8]),
    "deg2rad": (F.deg2rad, np.deg2rad, [A]),
    "rad2deg": (F.rad2deg, np.rad2deg, [A]),
    "trunc": (F.trunc, np.trunc, [A]),
    "logaddexp": (F.logaddexp, np.logaddexp, [A, B[0]]),
    "logaddexp2": (F.logaddexp2, np.logaddexp2, [A, B]),
    "hypot": (F.hypot, np.hypot, [A, B]),
    "copysign": (F.copysign, np.copysign, [A, B]),
    "fmod": (F.fmod, np.fmod, [A * 3, np.sign(B) * 1.3]),
    "fmax": (F.fmax, np.fmax, [A, B]),
    "fmin": (F.fmin, np.fmin, [A, B]),
    "lerp": (lambda a, b: F.lerp(a, b, 0.3), lambda a, b: a + 0.3 * (b - a), [A, B]),
    "xlogy": (F.xlogy, lambda a, b: a * np.log(b), [A, abs(B)]),
    "sinc": (F.sinc, np.sinc, [A]),
    "i0": (F.i0, np.i0, [A]),
    "nan_to_num": (F.nan_to_num, np.nan_to_num, [A]),
    "addcmul": (lambda x, a, b: F.addcmul(x, a, b, 2.0), lambda x, a, b: x + 2 * a * b, [A, B, A + 1]),
    "addcdiv": (lambda x, a, b: F.addcdiv(x, a, b, 2.0), lambda x, a, b: x + 2 * a / b, [A, B, abs(A) + 1]),
    "cummax": (lambda x: F.cummax(x, 1), lambda x: np.maximum.accumulate(x, 1), [A]),
    "cummin": (F.cummin, lambda x: np.minimum.accumulate(x.ravel()), [A]),
    "logcumsumexp": (lambda x: F.logcumsumexp(x, 0), lambda x: np.logaddexp.accumulate(x, 0), [A]),
    "take": (lambda x: F.take(x, ONE, 1), lambda x: np.take(x, ONE, 1), [A]),
    "put_along_axis": (lambda x, v: F.put_along_axis(x, PLACES, v, 0), put, [A, U]),
    "scatter_add": (lambda x, v: F.scatter_add(x, PLACES, v, 0), lambda x, v: scattered(x, v, np.add), [A, U]),
    **{
        f"scatter_reduce {name}": (
            lambda x, v, name=name: F.scatter_reduce(x, PLACES, v, 0, name),
            lambda x, v, join=join: scattered(x, v, join),
            [A, U],
        )
        for name, join in [
            ("sum", np.add), ("prod", np.multiply), ("amax", np.maximum), ("amin", np.minimum)
        ]
    },
    "scatter_reduce mean": (lambda x, v: F.scatter_reduce(x, PLACES, v, 0, "mean"), mean_of, [A, U]),
    "index_add": (lambda x, v: F.index_add(x, 0, [0, 2], v), lambda x, v: copied(x, x[[0, 2]] + v), [A, U]),
    "index_fill": (lambda x: F.index_fill(x, 0, ONE, 7.0), filled, [A]),
    "index_copy": (lambda x, v: F.index_copy(x, 0, [0, 2], v), copied, [A, U]),
    "masked_fill": (lambda x: F.masked_fill(x, MASK, 3.0), lambda x: np.where(MASK, 3.0, x), [A]),
    "masked_select": (lambda x: F.masked_select(x, MASK), lambda x: x[MASK], [A]),
    "diff": (lambda x: F.diff(x, 2), lambda x: np.diff(x, 2), [A]),
    "ptp": (lambda x: F.ptp(x, 0), lambda x: np.ptp(x, 0), [A]),
    "average": (lambda x, w: F.average(x, 1, w), lambda x, w: np.average(x, 1, w), [A, abs(B)]),
    "quantile": (lambda x: F.quantile(x, [0.1, 0.5, 1.0], 1), lambda x: np.quantile(x, [0.1, 0.5, 1.0], 1), [A]),
    "percentile": (lambda x: F.percentile(x, 30, None, True), lambda x: np.percentile(x, 30, keepdims=True), [A]),
    "median": (lambda x: F.median(x, 0), lambda x: np.median(x, 0), [A]),
    "cov": (F.cov, np.cov, [A]),
    "cov of one": (F.cov, np.cov, [V]),
    "corrcoef": (F.corrcoef, np.corrcoef, [A]),
    "nansum": (lambda x: F.nansum(F.where(GAPS, np.nan, x), 1), lambda x: np.nansum(np.where(GAPS, np.nan, x), 1), [A]),
    "nanmax": (lambda x: F.nanmax(F.where(GAPS, np.nan, x)), lambda x: np.nanmax(np.where(GAPS, np.nan, x)), [A]),
    "nanmin": (lambda x: F.nanmin(F.where(GAPS, np.nan, x)), lambda x: np.nanmin(np.where(GAPS, np.nan, x)), [A]),
    "nanmean": (lambda x: F.nanmean(F.where(GAPS, np.nan, x)), lambda x: np.nanmean(np.where(GAPS, np.nan, x)), [A]),
    "bincount": (lambda w: F.bincount(np.array([0, 2, 2, 1, 0]), w), lambda w: np.bincount([0, 2, 2, 1, 0], w), [V]),
    "hstack": (lambda a, b: F.hstack([a, b]), lambda a, b: np.hstack([a, b]), [A, B]),
    "vstack": (lambda a, b: F.vstack([a, b]), lambda a, b: np.vstack([a, b]), [V, W]),
    "dstack": (lambda a, b: F.dstack([a, b]), lambda a, b: np.dstack([a, b]), [A, B]),
    "column_stack": (lambda a, b: F.column_stack([a, b]), lambda a, b: np.column_stack([a, b]), [V, W]),
    "atleast_1d": (F.atleast_1d, np.atleast_1d, [np.array(0.3)]),
    "atleast_2d": (F.atleast_2d, np.atleast_2d, [V]),
    "atleast_3d": (F.atleast_3d, np.atleast_3d, [A]),
    "unstack": (lambda x: F.unstack(x, 1)[2], lambda x: x[:, 2], [A]),
    "broadcast_arrays": (
        lambda a, b: F.broadcast_arrays(a, b)[1], lambda a, b: np.broadcast_arrays(a, b)[1], [A, V[:4]]
    ),
    "meshgrid": (lambda a, b: F.meshgrid(a, b)[1], lambda a, b: np.meshgrid(a, b)[1], [V, W]),
    "fliplr": (F.fliplr, np.fliplr, [A]),
    "flipud": (F.flipud, np.flipud, [A]),
    **{f"rot90 {k}": (lambda x, k=k: F.rot90(x, k), lambda x, k=k: np.rot90(x, k), [A]) for k in range(-1, 4)},
    "diag": (lambda x: F.diag(x, -1), lambda x: np.diag(x, -1), [V]),
    "diag of a matrix": (lambda x: F.diag(x, 1), lambda x: np.diag(x, 1), [A]),
    "kron": (F.kron, np.kron, [A, V]),
    "cross": (F.cross, np.cross, [far(2, 3), far(3)]),
    "inner": (F.inner, np.inner, [A, B]),
    "vecdot": (F.vecdot, lambda a, b: (a * b).sum(-1), [A, B]),
    "matrix_transpose": (F.matrix_transpose, lambda x: x.T, [A]),
    "addmm": (
        lambda x, a, b: F.addmm(x, a, b, 2.0, 0.5), lambda x, a, b: 2 * x + a @ b / 2, [V[:3], A, B.T]
    ),
    "sliding_window_view": (
        lambda x: F.sliding_window_view(x, (2, 3)), lambda x: np.lib.stride_tricks.sliding_window_view(x, (2, 3)), [A]
    ),
    "inv": (F.inv, np.linalg.inv, [SPD]),
    "solve": (F.solve, np.linalg.solve, [SPD, far(3)]),
    "solve several": (F.solve, np.linalg.solve, [SPD, far(3, 2)]),
    "det": (F.det, np.linalg.det, [SPD]),
    "slogdet": (lambda a: F.slogdet(a)[1], lambda a: np.linalg.slogdet(a)[1], [SPD]),
    "cholesky": (F.cholesky, lambda a: np.linalg.cholesky((a + a.T) / 2), [SPD]),
    "eigh": (lambda a: F.eigh(a)[1] ** 2, lambda a: np.linalg.eigh((a + a.T) / 2)[1] ** 2, [SPD]),
    "eigvalsh": (F.eigvalsh, lambda a: np.linalg.eigvalsh((a + a.T) / 2), [SPD]),
    "svd": (
        lambda a: F.svd(a)[0] ** 2 @ F.svd(a)[2] ** 2,
        lambda a: (lambda r: r[0] ** 2 @ r[2] ** 2)(np.linalg.svd(a, full_matrices=False)),
        [far(2, 3)],
    ),
    "svdvals": (F.svdvals, lambda a: np.linalg.svd(a, compute_uv=False), [A]),
    "qr": (lambda a: F.qr(a)[1], lambda a: np.linalg.qr(a)[1], [A]),
    "qr tall": (lambda a: F.qr(a)[0], lambda a: np.linalg.qr(a)[0], [A.T]),
    "pinv": (F.pinv, np.linalg.pinv, [A]),
    "lstsq": (F.lstsq, lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0], [A.T, far(4, 2)]),
    "matrix_power": (lambda a: F.matrix_power(a, 3), lambda a: np.linalg.matrix_power(a, 3), [SPD / 50]),
    "matrix_power -2": (lambda a: F.matrix_power(a, -2), lambda a: np.linalg.matrix_power(a, -2), [SPD / 50]),
    **{
        f"matrix_norm {o}": (
            lambda a, o=o: F.matrix_norm(a, o), lambda a, o=o: np.linalg.norm(a, o), [A]
        )
        for o in ("fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf)
    },
    "multi_dot": (
        lambda a, b, c: F.multi_dot([a, b, c]), lambda a, b, c: np.linalg.multi_dot([a, b, c]), [A, B.T, far(3)]
    ),
}  # fmt: skip

ZEROS = np.array([0.0, 1.0, 0.0, np.nan])
INTS = np.array([12, 10, -3, 0])
#: Functions whose results carry no gradient.
PLAIN = {
    "isclose": (F.isclose, np.isclose, [A, A + 1e-9]),
    "allclose": (F.allclose, np.allclose, [A, A]),
    "array_equal": (F.array_equal, np.array_equal, [A, A]),
    "signbit": (F.signbit, np.signbit, [A]),
    "isin": (F.isin, np.isin, [INTS, [10, 0]]),
    "bitwise_and": (F.bitwise_and, np.bitwise_and, [INTS, INTS[::-1]]),
    "bitwise_or": (F.bitwise_or, np.bitwise_or, [INTS, INTS[::-1]]),
    "bitwise_xor": (F.bitwise_xor, np.bitwise_xor, [INTS, INTS[::-1]]),
    "bitwise_left_shift": (F.bitwise_left_shift, np.left_shift, [INTS, np.array([1, 0, 2, 3])]),
    "bitwise_right_shift": (F.bitwise_right_shift, np.right_shift, [INTS, np.array([1, 0, 2, 3])]),
    "bitwise_invert": (F.bitwise_invert, np.invert, [INTS]),
    "count_nonzero": (lambda x: F.count_nonzero(x, 0), lambda x: np.count_nonzero(x, 0), [ZEROS]),
    "histogram": (lambda x: F.histogram(x, 4)[0], lambda x: np.histogram(x, 4)[0], [A]),
    "nonzero": (lambda x: F.nonzero(x)[0], lambda x: np.nonzero(x)[0], [ZEROS]),
    "argwhere": (F.argwhere, np.argwhere, [ZEROS]),
    "searchsorted": (F.searchsorted, np.searchsorted, [np.sort(V), W]),
    "unique": (
        lambda x: F.unique(x, True, True, True)[2],
        lambda x: np.unique(x, True, True, True)[2],
        [INTS],
    ),
    "one_hot": (F.one_hot, lambda x: np.eye(3, dtype=int)[x], [np.array([2, 0, 1])]),
    "matrix_rank": (F.matrix_rank, np.linalg.matrix_rank, [SPD]),
    "slogdet sign": (lambda a: F.slogdet(a)[0], lambda a: np.linalg.slogdet(a)[0], [SPD]),
}


@pytest.mark.parametrize("name", [*DIFFERENTIATED, *PLAIN])
def test_arrays_and_tensors_give_numpys_values(name):
    ours, theirs, operands = {**DIFFERENTIATED, **PLAIN}[name]
    expected = np.asarray(theirs(*operands))
    plain = ours(*operands)
    assert not isinstance(plain, Tensor), "an array gives an array"
    tensors = [Tensor(x) if isinstance(x, np.ndarray) else x for x in operands]
    for found in (plain, ours(*tensors)):
        found = found.numpy() if isinstance(found, Tensor) else np.asarray(found)
        assert found.shape == expected.shape and found.dtype.kind == expected.dtype.kind
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)
    for x, kept in zip(operands, ({**DIFFERENTIATED, **PLAIN}[name])[2], strict=True):
        assert x is kept


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_derivatives_of_both_orders_are_right(name):
    ours, _, operands = DIFFERENTIATED[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = gradcheck(ours, *operands, order=2, directions=1, rtol=1e-5, atol=1e-7)
        assert result or name == "trunc", result  # which is flat: nothing to compare with
    single = [Tensor(x.astype("float32"), requires_grad=True) for x in operands]
    y = ours(*single)
    assert y.dtype == np.float32 and (y.requires_grad or name == "trunc")


def test_functions_cover_numpys_special_values():
    inf, nan = np.inf, np.nan
    for ours, theirs, a, b in [
        (F.logaddexp, np.logaddexp, [inf, -inf, inf, 0.0, nan], [inf, -inf, -inf, -inf, 1.0]),
        (F.hypot, np.hypot, [1e200, 0.0, inf], [1e200, 0.0, nan]),
        (F.fmax, np.fmax, [nan, 1.0, nan], [2.0, nan, nan]),
    ]:
        x, y = Tensor(np.array(a), requires_grad=True), Tensor(np.array(b), requires_grad=True)
        with np.errstate(all="ignore"):
            result = ours(x, y)
            np.testing.assert_array_equal(result.numpy(), theirs(a, b))
    x = Tensor([inf, -inf], requires_grad=True)
    F.logaddexp(x, Tensor([inf, -inf])).backward(Tensor([1.0, 1.0]))
    np.testing.assert_array_equal(x.grad.numpy(), [0.5, 0.5])
    x = Tensor(np.array([-inf, -inf, 1.0]), requires_grad=True)
    y = F.logcumsumexp(x, 0)
    y[2].backward()
    np.testing.assert_array_equal(y.numpy(), [-inf, -inf, 1.0])
    np.testing.assert_array_equal(x.grad.numpy(), [0.0, 0.0, 1.0])
    np.testing.assert_array_equal(F.cummax(np.array([1.0, nan, 2.0]), 0), [1.0, nan, nan])
    np.testing.assert_array_equal(
        F.nan_to_num(np.array([nan, inf, -inf]), 1.0, 2.0, -2.0), [1.0, 2.0, -2.0]
    )


def test_a_singular_matrix_has_a_gradient_of_its_determinant():
    a = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])
    x = Tensor(a, requires_grad=True)
    F.det(x).backward()
    for i, j in np.ndindex(3, 3):
        minor = np.linalg.det(np.delete(np.delete(a, i, 0), j, 1))
        assert abs(float(x.grad.numpy()[i, j]) - (-1) ** (i + j) * minor) < 1e-12


def test_products_with_zeros_and_ties_are_exact():
    x, v = Tensor([2.0, 0.0], requires_grad=True), Tensor([0.0, 3.0, 5.0], requires_grad=True)
    F.scatter_reduce(x, [0, 0, 1], v, 0, "prod").sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0.0, 5.0])
    np.testing.assert_array_equal(v.grad.numpy(), [6.0, 0.0, 0.0])
    out = F.scatter_reduce([9.0, 9.0], [0], [1.0], 0, "amax", include_self=False)
    np.testing.assert_array_equal(out, [1.0, 9.0])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.take([1.0], [1]), ArgumentError, "take: places from 1 to 1, -1 to 0 fit"),
        (lambda: F.take([1.0], np.array([0.5])), DTypeError, "take: places have dtype float64, integers fit"),
        (lambda: F.scatter_add([1.0], [[0]], [1.0], 0), ShapeError, "scatter_add: x .* do not fit"),
        (lambda: F.masked_select([1.0], [1]), DTypeError, "masked_select: the mask has dtype int64"),
        (lambda: F.inv(np.ones((2, 3))), ShapeError, "inv: a has shape .2, 3., square matrices fit"),
        (lambda: F.inv(np.ones((2, 2))), ArgumentError, "inv: Singular matrix"),
        (lambda: F.inv(np.ones((2, 2), "f2")), DTypeError, "inv: a has dtype float16, float32 and float64"),
        (lambda: F.cholesky(-np.eye(2)), ArgumentError, "cholesky: Matrix is not positive definite"),
        (lambda: F.solve(np.ones((2, 2)), np.ones(2)), ArgumentError, "solve: Singular matrix"),
        (lambda: F.solve(np.ones((2, 2, 2)), np.ones((3, 2, 1))), ShapeError, "solve: operands .* broadcast"),
        (lambda: F.matrix_power(np.ones((2, 2)), -1), ArgumentError, "Singular matrix"),
        (lambda: F.solve(np.eye(2), np.ones(3)), ShapeError, "solve: a .* 2 rows of b do"),
        (lambda: F.quantile([1.0], 2), ArgumentError, r"quantile: q must lie in \[0, 1\], got 2"),
        (lambda: F.one_hot(np.array([3]), 3), ArgumentError, "one_hot: labels from 3 to 3, 0 to 2 fit"),
        (lambda: F.bitwise_and([1.5], [1]), DTypeError, "bitwise_and: got dtype float64, integers"),
        (lambda: F.hstack([]), ShapeError, "hstack: at least one array is needed"),
        (lambda: F.matrix_norm(A, 3), ArgumentError, "matrix_norm: ord must be one of"),
        (lambda: F.sliding_window_view([1.0], 2), ShapeError, "sliding_window_view: a window of 2 on axis 0"),
        (lambda: F.rot90(A, 1, (0, 0)), ShapeError, "rot90: two different axes fit"),
        (lambda: F.cross([1.0], [1.0]), ShapeError, "cross: vectors of 1 elements along axis 0, 3 fit"),
        (lambda: F.scatter_reduce([1.0], [0], [1.0], 0, "max"), ArgumentError, "reduce must be one of"),

        (lambda: F.unique([1.0], "yes"), DTypeError, "return_index is True or False"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
