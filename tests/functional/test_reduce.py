"""Reductions, scans and sorting: ties, zeros, NaN, empty groups, options, messages."""

import math
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import Tensor, grad
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError


def leaf(values: Any) -> Tensor:
    return Tensor(np.array(values, float), requires_grad=True)


def gradient(function: Any, values: Any) -> Any:
    """d(sum of the function) / dx, as nested lists."""
    x = leaf(values)
    return grad(function(x).sum(), x).tolist()


# --------------------------------------------------------------------------- largest and smallest
@pytest.mark.parametrize("function", [F.max, F.min])
def test_ties_share_evenly(function: Any) -> None:
    x = [[1.0, 1.0], [0.0, 2.0], [1.0, 1.0]]
    expected = np.array([[1, 1], [1, 0], [1, 1]]) / [[2], [1], [2]]
    if function is F.max:
        expected = np.array([[1, 1], [0, 1], [1, 1]]) / [[2], [1], [2]]
    assert gradient(lambda t: function(t, axis=1), x) == expected.tolist()
    assert gradient(function, [3.0, 3.0, 3.0, 3.0]) == [0.25] * 4


@pytest.mark.parametrize("function", [F.max, F.min])
def test_nan_wins_and_nans_share(function: Any) -> None:
    x = [[np.nan, 1.0, np.nan], [3.0, 3.0, 3.0]]
    y = function(np.array(x), axis=1)
    assert math.isnan(y[0]) and y[1] == 3.0
    assert gradient(lambda t: function(t, axis=1), x) == [[0.5, 0.0, 0.5], [1 / 3] * 3]


@pytest.mark.parametrize("function", [F.max, F.min, F.argmax, F.argmin])
def test_nothing_has_no_extreme(function: Any) -> None:
    with pytest.raises(ShapeError, match=r"\(2, 0\)"):
        function(np.zeros((2, 0)), axis=1)
    assert function(np.zeros((0, 2)), axis=1).shape == (0,)


# --------------------------------------------------------------------------- products
def test_product_gradient_with_zeros() -> None:
    assert gradient(F.prod, [2.0, 3.0, 4.0]) == [12.0, 8.0, 6.0]
    assert gradient(F.prod, [2.0, 0.0, 4.0]) == [0.0, 8.0, 0.0]
    assert gradient(F.prod, [0.0, 0.0, 4.0]) == [0.0, 0.0, 0.0]
    assert gradient(F.prod, [0.0]) == [1.0]
    assert gradient(F.prod, []) == []
    assert F.prod(np.zeros((0, 2)), axis=0).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("x", [[2.0, 0.0, 4.0], [0.0, 0.0, 4.0], [0.0, 0.0, 0.0], [2.0, 3.0, 4.0]])
def test_product_hessian_with_zeros(x: list[float]) -> None:
    """d²/dx_i dx_j is the product of all but i and j."""
    t = leaf(x)
    slopes = grad(F.prod(t), t, create_graph=True)
    for i in range(3):
        expected = [0.0 if i == j else x[3 - i - j] for j in range(3)]
        assert grad(slopes[i], t, retain_graph=True).tolist() == expected


def test_product_third_order_with_zeros() -> None:
    t = leaf([0.0, 0.0, 0.0])
    first = grad(F.prod(t), t, create_graph=True)
    second = grad(first[0], t, create_graph=True)
    assert grad(second[1], t).tolist() == [0.0, 0.0, 1.0]


def test_cumprod_hessian_with_zeros() -> None:
    """y = (a, ab, abc): the sum's second derivatives are 1 + c, b and a."""
    t = leaf([0.0, 0.0, 5.0])
    slopes = grad(F.cumprod(t).sum(), t, create_graph=True)
    assert slopes.tolist() == [1.0, 0.0, 0.0]
    assert grad(slopes[0], t, retain_graph=True).tolist() == [0.0, 6.0, 0.0]
    assert grad(slopes[1], t).tolist() == [6.0, 0.0, 0.0]


@pytest.mark.parametrize("function", [F.cumsum, F.cumprod])
def test_scans_flatten_without_axis(function: Any) -> None:
    plain = getattr(np, function.__name__)
    x = np.random.default_rng(0).random((2, 3))
    np.testing.assert_allclose(function(x), plain(x))
    assert function(np.float64(2.0)).tolist() == [2.0]
    assert function(np.zeros((0, 3))).shape == (0,)
    with pytest.raises(ShapeError, match=function.__name__):
        function(np.array(2.0), axis=0)


# --------------------------------------------------------------------------- spread
def test_variance_conventions() -> None:
    x = np.random.default_rng(0).random((3, 4))
    for ddof in (0, 1, 0.5):
        np.testing.assert_allclose(F.var(x, 1, ddof=ddof), x.var(axis=1, ddof=ddof))
        np.testing.assert_allclose(F.std(x, dim=1, correction=ddof), x.std(axis=1, ddof=ddof))
    assert Tensor(x).var(correction=1).item() == pytest.approx(x.var(ddof=1))
    with pytest.raises(DTypeError, match="correction and ddof"):
        F.var(x, correction=1, ddof=1)
    with pytest.raises(DTypeError, match="var: ddof must be a number"):
        F.var(x, ddof="one")


def test_std_of_equal_elements_has_gradient_zero() -> None:
    assert gradient(F.std, [2.0, 2.0, 2.0]) == [0.0, 0.0, 0.0]
    assert gradient(lambda t: F.std(t, axis=1), [[2.0, 2.0], [0.0, 2.0]]) == [[0.0, 0.0], [-0.5, 0.5]]


def test_too_few_elements_warn_and_give_nan() -> None:
    with pytest.warns(RuntimeWarning):
        assert np.isnan(F.var(np.array([1.0]), ddof=1))


# --------------------------------------------------------------------------- logsumexp
def test_logsumexp_neither_over_nor_underflows() -> None:
    for shift in (1000.0, -1000.0, 0.0):
        x = np.array([0.0, 1.0]) + shift
        assert F.logsumexp(x) == pytest.approx(shift + math.log1p(math.e))
        assert np.allclose(gradient(F.logsumexp, x), [1 / (1 + math.e), math.e / (1 + math.e)])


def test_logsumexp_of_infinities_and_of_nothing() -> None:
    assert F.logsumexp(np.array([-np.inf, -np.inf])) == -np.inf
    assert F.logsumexp(np.array([np.inf, 1000.0])) == np.inf
    assert F.logsumexp(np.array([-np.inf, 2.0])) == 2.0
    assert gradient(F.logsumexp, [-np.inf, 2.0]) == [0.0, 1.0]
    assert F.logsumexp(np.zeros((2, 0)), axis=1).tolist() == [-np.inf] * 2
    with pytest.raises(DTypeError, match="logsumexp: x has dtype int64"):
        F.logsumexp(np.arange(3))


# --------------------------------------------------------------------------- norms
@pytest.mark.parametrize("order", [2, 1, 3, 1.5, 0.5, 0, np.inf, -np.inf])
def test_norm_at_zero_has_subgradient_zero(order: float) -> None:
    assert gradient(lambda t: F.norm(t, order), [0.0, 0.0]) == [0.0, 0.0]
    x = leaf([0.0, 0.0])
    slope = grad(F.norm(x, order), x, create_graph=True)
    assert not slope.requires_grad or grad(slope.sum(), x).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("order", [2, 1, 3, 2.5, 0.5, 0, np.inf, -np.inf, -1])
def test_norm_is_numpys(order: float) -> None:
    x = np.random.default_rng(1).normal(size=(3, 4))
    np.testing.assert_allclose(F.norm(x, order, axis=1), np.linalg.norm(x, order, axis=1))
    np.testing.assert_allclose(F.norm(x, order), np.linalg.norm(x.ravel(), order))


def test_norm_elements_at_zero_beside_others() -> None:
    assert gradient(lambda t: F.norm(t, 1), [0.0, -3.0]) == [0.0, -1.0]
    assert gradient(lambda t: F.norm(t, 0.5), [0.0, 4.0])[0] == 0.0
    assert gradient(lambda t: F.norm(t, np.inf), [-2.0, 2.0, 1.0]) == [-0.5, 0.5, 0.0]
    assert F.norm(np.array([0.0, 4.0]), -1) == 0.0
    assert gradient(lambda t: F.norm(t, -1), [0.0, 4.0]) == [0.0, 0.0]
    x = leaf([0.0, 4.0])  # the second derivative of sqrt(a² + b²) in a, at a = 0, is 1/b
    slope = grad(F.norm(x), x, create_graph=True)
    assert grad(slope[0], x).tolist() == [0.25, 0.0]


def test_norm_of_nothing_and_messages() -> None:
    assert F.norm(np.zeros(0)) == 0.0
    with pytest.raises(ShapeError, match="Norm"):
        F.norm(np.zeros(0), np.inf)
    with pytest.raises(ArgumentError, match="norm: ord must lie"):
        F.norm(np.ones(2), np.nan)
    with pytest.raises(DTypeError, match="norm: ord must be a number"):
        F.norm(np.ones(2), "fro")


# --------------------------------------------------------------------------- any, all, argmax
def test_answers_are_arrays_for_arrays_and_tensors_for_tensors() -> None:
    x = np.array([[0.0, 2.0], [3.0, 2.0]])
    for function in (F.any, F.all, F.argmax, F.argmin, F.argsort):
        plain, traced = function(x, axis=1), function(leaf(x), axis=1)
        assert type(plain) is np.ndarray and type(traced) is Tensor and not traced.requires_grad
        np.testing.assert_array_equal(plain, getattr(np, function.__name__)(x, axis=1), strict=True)
        np.testing.assert_array_equal(plain, traced.numpy(), strict=True)
    assert F.any(x, keepdims=True).shape == F.argmax(x, keepdims=True).shape == (1, 1)
    assert F.any(np.zeros((0,))).item() is False and F.all(np.zeros((0,))).item() is True
    assert F.all(x, axis=(0, 1)).item() is False
    assert Tensor(x).argmax(dim=1, keepdim=True).tolist() == [[1], [0]]


# --------------------------------------------------------------------------- order
def test_sorting_is_stable_both_ways() -> None:
    x = np.array([2.0, 1.0, 2.0, 1.0])
    assert F.argsort(x).tolist() == [1, 3, 0, 2]
    assert F.argsort(x, descending=True).tolist() == [0, 2, 1, 3]
    assert F.topk(x, 2)[1].tolist() == [0, 2]
    assert F.topk(x, 3, largest=False)[1].tolist() == [1, 3, 0]


def test_gradient_goes_back_by_the_permutation() -> None:
    x = leaf([3.0, 1.0, 2.0])
    weights = np.array([10.0, 20.0, 30.0])
    assert grad((F.sort(x) * weights).sum(), x).tolist() == [30.0, 10.0, 20.0]
    assert grad((F.sort(x, descending=True) * weights).sum(), x).tolist() == [10.0, 30.0, 20.0]
    values, places = x.topk(2)
    assert places.tolist() == [0, 2] and values.tolist() == [3.0, 2.0]
    assert grad((values * weights[:2]).sum(), x).tolist() == [10.0, 0.0, 20.0]
    squares = grad((F.sort(x) ** 3).sum(), x, create_graph=True)
    assert grad(squares.sum(), x).tolist() == [18.0, 6.0, 12.0]


def test_nan_is_the_largest() -> None:
    x = np.array([np.nan, 1.0, 2.0])
    assert F.sort(x).tolist()[:2] == [1.0, 2.0]
    assert F.sort(x, descending=True).tolist()[1:] == [2.0, 1.0]
    assert F.topk(x, 1)[1].tolist() == [0]


def test_sort_flattens_and_topk_checks() -> None:
    x = np.array([[3.0, 1.0], [2.0, 4.0]])
    assert F.sort(x, axis=None).tolist() == [1.0, 2.0, 3.0, 4.0]
    assert F.topk(x, 0)[0].shape == (2, 0)
    assert F.sort(np.zeros((0, 3)), axis=0).shape == (0, 3)
    with pytest.raises(ArgumentError, match="topk: k is 3, axis -1 has 2 elements"):
        F.topk(x, 3)
    with pytest.raises(ArgumentError, match="topk: k must be at least 0"):
        F.topk(x, -1)
    with pytest.raises(ShapeError, match="sort: axis 2 is out of range"):
        F.sort(x, 2)


def test_sorting_leaves_the_operand_alone() -> None:
    x = leaf([2.0, 1.0])
    assert x.sort().tolist() == [1.0, 2.0] and x.tolist() == [2.0, 1.0]


# --------------------------------------------------------------------------- through NumPy
def test_numpys_functions_are_recorded() -> None:
    x = leaf([[1.0, 2.0], [3.0, 5.0]])
    calls: list[tuple[Any, dict[str, Any]]] = [
        (np.min, {"axis": 0}),
        (np.prod, {"axis": 1}),
        (np.var, {"ddof": 1}),
        (np.std, {"axis": 0}),
        (np.cumsum, {"axis": 1}),
        (np.cumprod, {}),
        (np.sort, {"axis": 0}),
        (np.linalg.norm, {}),
        (np.linalg.norm, {"axis": 1, "ord": 1}),
        (np.linalg.norm, {"axis": (0, 1), "ord": "fro"}),
        (np.linalg.vector_norm, {"ord": 3}),
    ]
    for function, options in calls:
        y = function(x, **options)
        assert type(y) is Tensor and y.requires_grad, function
        np.testing.assert_allclose(y.numpy(), function(x.numpy(), **options))
    np.testing.assert_array_equal(np.argsort(x), np.argsort(x.numpy()))
    for options in ({"ord": 1}, {"ord": 2, "axis": (0, 1)}, {"ord": "nuc"}):  # of matrices
        np.testing.assert_allclose(
            np.linalg.norm(x, **options).numpy(), np.linalg.norm(x.numpy(), **options)
        )
    with pytest.raises(DTypeError, match=r"np\.linalg\.eigvals is not defined"):
        np.linalg.eigvals(x)  # which may be complex
