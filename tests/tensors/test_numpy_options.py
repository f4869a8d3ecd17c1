# ruff: noqa: E501  # a row of the tables is easier to read in one line
"""NumPy's options on Tensors, and its functions by methods of ufuncs: NumPy's values, recorded."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import ArgumentError, DTypeError, ShapeError, Tensor
from tinygrad_cnn.testing import gradcheck

X = np.array([[3.4, 1.2, 2.1], [6.3, 4.4, 8.7]])
LINE = np.array([1.1, 4.2, 2.3, 8.4])
SOME = np.array([[True, False, True], [False, True, True]])

Call = Callable[[Any, Any], Any]
REDUCTIONS: dict[str, Call] = {
    "sum, where": lambda x, v: np.sum(x, axis=1, where=SOME),
    "sum, initial": lambda x, v: np.sum(x, initial=5.0, keepdims=True),
    "sum, dtype": lambda x, v: np.sum(x, 0, "f8"),
    "prod, where": lambda x, v: np.prod(x, where=SOME, initial=2.0),
    "max, initial": lambda x, v: np.max(x, axis=0, initial=5.0),
    "max, where": lambda x, v: np.max(x, axis=1, where=SOME, initial=-9.0),
    "min, where": lambda x, v: np.min(x, axis=1, where=SOME, initial=9.0),
    "mean, where": lambda x, v: np.mean(x, axis=1, where=SOME, keepdims=True),
    "var, where": lambda x, v: np.var(x, axis=1, where=SOME, ddof=1),
    "var, mean": lambda x, v: np.var(x, axis=1, mean=np.mean(x, axis=1, keepdims=True)),
    "std, where": lambda x, v: np.std(x, where=SOME, correction=1),
    "add.reduce": lambda x, v: np.add.reduce(x),
    "add.reduce, where": lambda x, v: np.add.reduce(x, axis=1, where=SOME),
    "multiply.reduce": lambda x, v: np.multiply.reduce(x, axis=1, keepdims=True),
    "maximum.reduce": lambda x, v: np.maximum.reduce(x, axis=None),
    "minimum.reduce": lambda x, v: np.minimum.reduce(x),
    "fmax.reduce": lambda x, v: np.fmax.reduce(x),
    "logaddexp.reduce": lambda x, v: np.logaddexp.reduce(v),
    "add.accumulate": lambda x, v: np.add.accumulate(x, 1),
    "multiply.accumulate": lambda x, v: np.multiply.accumulate(x),
    "maximum.accumulate": lambda x, v: np.maximum.accumulate(x, axis=1),
    "logaddexp.accumulate": lambda x, v: np.logaddexp.accumulate(v),
    "subtract.outer": lambda x, v: np.subtract.outer(x, v),
    "add, dtype": lambda x, v: np.add(x, 1, dtype="f8"),
}
OPTIONS: dict[str, Call] = {
    "atleast_1d of two": lambda x, v: np.atleast_1d(v[0], x)[0],
    "average, returned": lambda x, v: np.average(x, axis=1, weights=v[:3], returned=True)[0],
    "average, keepdims": lambda x, v: np.average(x, axis=0, weights=v[:2], keepdims=True),
    "concatenate, all": lambda x, v: np.concatenate([x, v], axis=None),
    "corrcoef of two": lambda x, v: np.corrcoef(x[0], x[1]),
    "cov of two": lambda x, v: np.cov(v, v**2),
    "cov, columns": lambda x, v: np.cov(x, x**2, rowvar=False, bias=True),
    "cov, weights": lambda x, v: np.cov(x, fweights=[1, 2, 1], aweights=[0.5, 1.0, 2.0]),
    "cov, ddof 0": lambda x, v: np.cov(x, ddof=0, aweights=[0.5, 1.0, 2.0]),
    "delete, slice": lambda x, v: np.delete(v, slice(1, 3)),
    "diff, ends": lambda x, v: np.diff(v, prepend=0.5, append=v[:2]),
    "diff, rows": lambda x, v: np.diff(x, axis=0, append=x[:1]),
    "einsum, numbers": lambda x, v: np.einsum(x, [0, 1], x, [0, 1], [0]),
    "einsum, dots": lambda x, v: np.einsum(x, [..., 1], x, [..., 1]),
    "gradient, edges": lambda x, v: np.gradient(v, edge_order=2),
    "gradient, places": lambda x, v: np.gradient(v, [0.0, 1.0, 3.0, 3.5], edge_order=2),
    "pad, symmetric": lambda x, v: np.pad(x, ((1, 0), (2, 1)), "symmetric"),
    "pad, ramp": lambda x, v: np.pad(x, 2, "linear_ramp", end_values=((0, 1), (2, 3))),
    "pad, maximum": lambda x, v: np.pad(x, 1, "maximum"),
    "pad, mean": lambda x, v: np.pad(v, (2, 1), "mean", stat_length=2),
    "pad, median": lambda x, v: np.pad(x, 1, "median"),
    "pad, minimum": lambda x, v: np.pad(x, ((0, 1), (2, 0)), "minimum"),
    "pad, constants": lambda x, v: np.pad(x, 1, constant_values=((1, 2), (3, 4))),
    **{f"quantile, {method}": lambda x, v, method=method: np.quantile(x, [0.0, 0.3, 0.41, 1.0], axis=1, method=method)  # type: ignore[misc]
       for method in ("lower", "higher", "midpoint", "nearest", "hazen", "weibull", "median_unbiased",
                      "normal_unbiased", "interpolated_inverted_cdf")},
    "percentile, method": lambda x, v: np.percentile(v, 40, method="lower"),
    "ravel, columns": lambda x, v: np.ravel(x, order="F"),
    "reshape, columns": lambda x, v: np.reshape(x, (3, -1), order="F"),
    "take, wrap": lambda x, v: np.take(x, [4, -1], axis=1, mode="wrap"),
    "take, clip": lambda x, v: np.take(v, [7, -2], mode="clip"),
    "norm, nuc": lambda x, v: np.linalg.norm(x, "nuc"),
    "norm, 2": lambda x, v: np.linalg.norm(x, 2, keepdims=True),
    "norm, axes": lambda x, v: np.linalg.norm(x.reshape(3, 1, 2), 1, axis=(2, 0), keepdims=True),
    "norm, axis": lambda x, v: np.linalg.norm(x, 3, axis=1),
    "lstsq": lambda x, v: np.linalg.lstsq(x.T, v[:3], rcond=None)[0],
    "lstsq, rest": lambda x, v: np.linalg.lstsq(x.T, v[:3], rcond=None)[1],
    "qr, r": lambda x, v: np.linalg.qr(x.T, mode="r"),
    "cholesky, upper": lambda x, v: np.linalg.cholesky(x @ x.T, upper=True),
}  # fmt: skip
FUNCTIONS: dict[str, Call] = {
    "apply_along_axis": lambda x, v: np.apply_along_axis(lambda line: line**2 + line.sum(), 0, x),
    "apply_along_axis, one": lambda x, v: np.apply_along_axis(lambda line: (line**2).sum(), 1, x),
    "apply_over_axes": lambda x, v: np.apply_over_axes(np.sum, x.reshape(1, 2, 3), [0, 2]),
    "cumulative_sum": lambda x, v: np.cumulative_sum(v, include_initial=True),
    "cumulative_prod": lambda x, v: np.cumulative_prod(x, axis=1),
    "frexp": lambda x, v: np.frexp(x)[0],
    "geomspace": lambda x, v: np.geomspace(v[0], v[3], 4),
    "geomspace, below 0": lambda x, v: np.geomspace(-v[:2], -v[2:], 3),
    "insert": lambda x, v: np.insert(v, 1, v[0] * 2),
    "insert, several": lambda x, v: np.insert(v, [1, 1, 3], [7.0, 8.0, 9.0]),
    "insert, row": lambda x, v: np.insert(x, 1, v[:3], axis=0),
    "insert, column": lambda x, v: np.insert(x, -1, v[:2], axis=1),
    "insert, number": lambda x, v: np.insert(x, [0, 2], 0.5, axis=1),
    "linspace": lambda x, v: np.linspace(v, 2 * v, 3),
    "linspace, axis": lambda x, v: np.linspace(v[:3], x, 4, endpoint=False, axis=-1),
    "linspace, step": lambda x, v: np.linspace(v[0], v[1], 3, retstep=True)[1],
    "logspace": lambda x, v: np.logspace(v[0], v[2], 3, base=2.0),
    "modf": lambda x, v: np.modf(x)[0],
    "piecewise": lambda x, v: np.piecewise(x, [x < 2, x > 5], [lambda a: a**3, np.log, 7.0]),
    "piecewise, one": lambda x, v: np.piecewise(v, v < 2, [lambda a: -a, lambda a: a]),
    "polyfit": lambda x, v: np.polyfit(v, v**2 + x[0, 0], 2),
    "polyfit, weights": lambda x, v: np.polyfit(v, np.sin(v), 1, w=[1.0, 2.0, 1.0, 0.5]),
    "polyfit, two at once": lambda x, v: np.polyfit(v, np.stack([v, np.sin(v)], 1), 1),
    "polyfit, two at once, weights": lambda x, v: np.polyfit(
        v, np.stack([v, v**2], 1), 1, w=[1.0, 2.0, 1.0, 0.5]
    ),
    "polyval": lambda x, v: np.polyval(v, x),
    "i0": lambda x, v: np.i0(x),
    "poly": lambda x, v: np.poly(v[:3]),
    "poly of a matrix": lambda x, v: np.poly(x[:, :2] @ x[:, :2].T),
    "polyadd": lambda x, v: np.polyadd(v, x[0]),
    "polyadd, number": lambda x, v: np.polyadd(v, x[0, 0]),
    "polyder": lambda x, v: np.polyder(v),
    "polyder, twice": lambda x, v: np.polyder(v, 2),
    "polydiv": lambda x, v: np.polydiv(v, x[0, :2])[0],
    "polydiv by a number": lambda x, v: np.polydiv(v, x[0, 0])[0],
    "polydiv, rest": lambda x, v: np.polydiv(v, x[0])[1],
    "polydiv, smaller": lambda x, v: np.polydiv(x[0], v)[1],
    "polyint": lambda x, v: np.polyint(v),
    "polyint, twice": lambda x, v: np.polyint(v, 2, x[0, :2]),
    "polymul": lambda x, v: np.polymul(v, x[0]),
    "polysub": lambda x, v: np.polysub(v[:2], x[0]),
    "roots": lambda x, v: np.roots(np.poly(v)),
    "poly1d": lambda x, v: np.poly1d([1.0, 2.0, 3.0])(x),
    "real": lambda x, v: np.real(np.conj(x)),
    "rollaxis": lambda x, v: np.rollaxis(x.reshape(1, 2, 3), 2, 1),
    "trim_zeros": lambda x, v: np.trim_zeros(np.where(v > 2.2, v, 0.0)),
    "unwrap": lambda x, v: np.unwrap(v * 4),
}
RECORDED = {**REDUCTIONS, **OPTIONS, **FUNCTIONS}


@pytest.mark.parametrize("call", RECORDED.values(), ids=RECORDED)
def test_numpys_values_are_given_and_recorded(call: Call) -> None:
    x, v = Tensor(X, requires_grad=True), Tensor(LINE, requires_grad=True)
    y, expected = call(x, v), call(X, LINE)
    assert type(y) is Tensor and y.requires_grad
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-9, atol=1e-12, strict=True)
    assert gradcheck(lambda a, b: call(a, b) * 1.5 + a.sum() + b.sum(), X, LINE, directions=1)


PLAIN: dict[str, Callable[[Any], Any]] = {
    "where": lambda x: np.where(x > 2)[1],
    "ix_": lambda x: np.ix_(x[0] > 2, [0, 1])[0],
    "gcd": lambda x: np.gcd(x.astype(int), 4),
    "bitwise_count": lambda x: np.bitwise_count(x.astype(int)),
    "nextafter": lambda x: np.nextafter(x, 0.0),
    "spacing": lambda x: np.spacing(x),
    "frexp": lambda x: np.frexp(x)[1],
    "lstsq": lambda x: np.linalg.lstsq(x.T, [1.0, 2.0, 3.0], rcond=None)[2],
    "logical_and.reduce": lambda x: np.logical_and.reduce(x > 2, axis=1),
    "greater.outer": lambda x: np.greater.outer(x[0], x[1]),
    "average of none": lambda x: np.average(x, axis=1, returned=True)[1],
}


@pytest.mark.parametrize("call", PLAIN.values(), ids=PLAIN)
def test_what_has_no_gradient_is_numpys(call: Callable[[Any], Any]) -> None:
    np.testing.assert_array_equal(call(Tensor(X)), call(X))


T = Tensor(X)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: np.max(T, where=SOME), ArgumentError, "np.max: where needs initial"),
        (lambda: np.sum(T, out=np.zeros(())), DTypeError, "np.sum: out= is not supported"),
        (lambda: np.add.at(T, 0, 1.0), DTypeError, "np.add.at is not defined"),
        (lambda: np.divide.reduce(T), DTypeError, "np.divide.reduce is not defined"),
        (lambda: np.take(T, [9], axis=1), ArgumentError, "take: places from 9 to 9"),
        (lambda: np.reshape(T, (3, 2), order="X"), ArgumentError, "order is 'C' or 'F'"),
        (lambda: np.pad(T, 1, "strange"), ArgumentError, "np.pad: mode must be one of"),
        (lambda: np.pad(T, 1, "reflect", reflect_type="odd"), ArgumentError, "reflect_type 'even'"),
        (lambda: np.linalg.qr(T.T, mode="complete"), ArgumentError, "'reduced' is what is supported"),
        (lambda: np.linalg.norm(Tensor(np.ones((1, 2, 3))), 2), ArgumentError, "needs an axis"),
        (lambda: np.quantile(T, 0.5, method="closest_observation"), ArgumentError, "method must be one of"),
        (lambda: np.cumulative_sum(T), DTypeError, "needs an axis"),
        (lambda: np.piecewise(T, [T > 1], [1.0, 2.0, 3.0]), ShapeError, "3 functions and 1 conditions"),
        (lambda: np.geomspace(Tensor(-1.0), 1.0, 3), ArgumentError, "above 0, or both below"),
        (lambda: np.cov(T, aweights=[1.0]), ShapeError, "cov: aweights needs 3 numbers"),
        (lambda: np.cov(T, rowvar=LINE), DTypeError, "cov: rowvar"),
        (lambda: np.vecdot(T, Tensor([[1.0]])), ShapeError, "vecdot: vectors of 3 and 1 elements"),
        (lambda: np.average(T, weights=[1.0, 2.0]), ShapeError, "average: weights have shape"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(call: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()
