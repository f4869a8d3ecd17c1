"""Arithmetic and functions of each element: edges, types, messages, and NumPy's names for them.

Values, gradients and second order away from edges are in test_every_op.py.
"""

import math
import operator

import numpy as np
import pytest

from tinygrad_cnn import Tensor, grad
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError, GraphError, ShapeError

RNG = np.random.default_rng(0)


def leaf(*values):
    return Tensor(np.array(values), requires_grad=True)


def slopes(function, *xs, g=None):
    """The gradients of the sum of a function, or of its product with g."""
    y = function(*xs)
    return [d.tolist() for d in grad(y, xs, np.ones(y.shape) if g is None else np.array(g))]


# --------------------------------------------------------------------------- ties, kinks and steps
@pytest.mark.parametrize("function", [F.maximum, F.minimum])
def test_a_tie_gives_half_the_gradient_to_each(function):
    assert slopes(function, leaf(1.0, 2.0), leaf(1.0, 2.0)) == [[0.5, 0.5], [0.5, 0.5]]
    assert slopes(lambda x: function(x, 1.0), leaf(1.0)) == [[0.5]]
    assert slopes(lambda x: function(x, x), leaf(1.0)) == [[1.0]]


def test_the_winner_gets_the_whole_gradient_and_broadcasting_is_undone():
    assert slopes(F.maximum, leaf(1.0, 5.0, 3.0), leaf(3.0)) == [[0.0, 1.0, 0.5], [1.5]]
    assert slopes(F.minimum, leaf(1.0, 5.0, 3.0), leaf(3.0)) == [[1.0, 0.0, 0.5], [1.5]]


@pytest.mark.parametrize("function", [F.maximum, F.minimum])
def test_beside_nan_the_gradient_goes_to_both(function):
    assert np.isnan(function(np.array([1.0, np.nan]), np.array([np.nan, 1.0]))).all()
    assert slopes(function, leaf(1.0, np.nan), leaf(np.nan, 1.0)) == [[1.0, 1.0], [1.0, 1.0]]


def test_an_infinite_gradient_stays_with_the_winner():
    assert slopes(F.maximum, leaf(1.0), leaf(2.0), g=[np.inf]) == [[0.0], [np.inf]]


def test_abs_has_slope_0_at_0():
    assert slopes(F.abs, leaf(-2.0, 0.0, -0.0, 3.0)) == [[-1.0, 0.0, 0.0, 1.0]]
    assert slopes(abs, leaf(-2.0)) == [[-1.0]]


def test_flat_functions_have_zero_gradients_whatever_flows_in():
    for function in (F.sign, F.floor, F.ceil, F.round, F.step):
        assert slopes(function, leaf(-1.5, 0.0, 2.0), g=[1.0, np.inf, np.nan]) == [[0.0] * 3], function
    assert slopes(F.floor_divide, leaf(5.0), leaf(2.0), g=[np.inf]) == [[0.0], [0.0]]


def test_halves_round_to_the_even_side():
    x = np.array([-1.5, -0.5, 0.5, 1.5, 2.5])
    assert F.round(x).tolist() == [-2.0, 0.0, 0.0, 2.0, 2.0]
    assert F.round(np.array([14.0, 15.5]), -1).tolist() == [10.0, 20.0]
    with pytest.raises(DTypeError, match=r"round: decimals must be an integer, got 1\.5"):
        F.round(x, 1.5)


def test_step_is_0_at_0_and_the_derivative_of_relu():
    x = leaf(-1.0, 0.0, 2.0)
    assert F.step(x).tolist() == [0.0, 0.0, 1.0] == slopes(F.relu, x)[0]
    assert math.isnan(F.step(np.array(np.nan)))


def test_sqrt_has_an_infinite_slope_at_0():
    y = F.sqrt(leaf(0.0, 4.0))
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        y.sum().backward()
    assert [d.tolist() for d in y.node.parents[0].grad] == [math.inf, 0.25]


def test_arcsin_and_arccos_have_infinite_slopes_at_the_ends():
    for function, slope in ((F.arcsin, math.inf), (F.arccos, -math.inf)):
        with pytest.warns(RuntimeWarning, match="divide by zero"):
            assert slopes(function, leaf(-1.0, 1.0)) == [[slope, slope]]


def test_arctan2_knows_the_quadrants_and_is_flat_at_the_origin():
    a, b = np.array([1.0, 1.0, -1.0, -1.0, 0.0]), np.array([1.0, -1.0, -1.0, 1.0, -1.0])
    expected = np.array([0.25, 0.75, -0.75, -0.25, 1.0]) * np.pi
    np.testing.assert_allclose(F.arctan2(a, b), expected, rtol=1e-15)
    assert slopes(F.arctan2, leaf(0.0), leaf(0.0)) == [[0.0], [-0.0]]
    with pytest.raises(DTypeError, match="arctan2: b has dtype int64, a float dtype fits"):
        F.arctan2(1.0, np.array([1, 2]))


# --------------------------------------------------------------------------- remainder
@pytest.mark.parametrize(("a", "b"), [(5.0, 3.0), (-5.0, 3.0), (5.0, -3.0), (-5.0, -3.0), (1.0, 0.1)])
def test_remainder_is_pythons_and_consistent_with_the_whole_quotient(a, b):
    assert F.remainder(np.array(a), b) == a % b
    assert F.floor_divide(np.array(a), b) == a // b
    assert slopes(operator.mod, leaf(a), leaf(b)) == [[1.0], [-(a // b)]]


def test_remainder_as_operator_on_either_side():
    x = Tensor([5.0, -5.0])
    assert (x % 3).tolist() == [2.0, 1.0] and (7 % x).tolist() == [2.0, -3.0]
    assert (x // 3).tolist() == [1.0, -2.0] and (7 // x).tolist() == [1.0, -2.0]
    assert (np.array([7.0]) % x).tolist() == [2.0, -3.0]
    with pytest.raises(TypeError):
        x % "3"


def test_remainder_by_0_is_nan_with_numpys_warning():
    with pytest.warns(RuntimeWarning, match="invalid value"):
        assert math.isnan(F.remainder(np.array(1.0), 0.0))


# --------------------------------------------------------------------------- clip and where
def test_clip_passes_the_gradient_at_its_bounds():
    x = leaf(-1.0, 0.0, 0.5, 1.0, 2.0, np.nan)
    assert slopes(lambda x: F.clip(x, 0, 1), x) == [[0.0, 1.0, 1.0, 1.0, 0.0, 0.0]]
    assert slopes(lambda x: F.clip(x, min=0), x) == [[0.0, 1.0, 1.0, 1.0, 1.0, 0.0]]
    assert slopes(lambda x: x.clip(max=0), x) == [[1.0, 1.0, 0.0, 0.0, 0.0, 0.0]]


def test_clip_with_its_bounds_crossed_gives_the_upper_one():
    x = leaf(0.0, 1.5, 3.0)
    assert F.clip(x, 2, 1).tolist() == [1.0] * 3 and slopes(lambda x: F.clip(x, 2, 1), x) == [[0.0] * 3]


def test_clip_takes_bounds_that_are_arrays():
    x = Tensor(np.zeros((2, 3), "float32"), requires_grad=True)
    low, high = np.array([[-1.0], [0.5]]), Tensor([-2.0, 0.0, 2.0])
    y = F.clip(x, low, high)
    assert y.dtype == np.float32 and y.tolist() == [[-1.0 - 1, 0.0, 0.0], [-2.0, 0.0, 0.5]]
    low[...] = 9  # a constant of the recorded op all the same
    y.sum().backward()
    assert x.grad.tolist() == [[0.0, 1.0, 1.0], [0.0, 0.0, 0.0]]
    wide = leaf(0.5)
    assert slopes(lambda x: F.clip(x, np.array([0.0, 1.0, 0.0])), wide) == [[2.0]]


def test_clip_keeps_the_type_of_integers():
    assert F.clip(np.array([1, 5, 9]), 2, 6).tolist() == [2, 5, 6]


def test_clip_says_what_it_cannot_do():
    x = np.zeros(3)
    with pytest.raises(ArgumentError, match="clip: min, max or both must be given"):
        F.clip(x)
    with pytest.raises(GraphError, match="clip: max requires grad, but bounds are constants; use maximum"):
        F.clip(x, 0, leaf(1.0))
    with pytest.raises(ShapeError, match=r"clip: operands of shapes \(3,\) and \(2,\) do not broadcast"):
        F.clip(x, np.zeros(2))


def test_where_sends_the_gradient_where_it_chose_and_exactly_0_elsewhere():
    mask = np.array([True, False])
    a, b = leaf(1.0, np.nan), leaf(np.inf, 4.0)
    y = F.where(mask, a, b)
    assert y.tolist() == [1.0, 4.0]
    mask[...] = False  # the op has its own
    assert [d.tolist() for d in grad(y, [a, b], np.array([np.inf, 3.0]))] == [[np.inf, 0.0], [0.0, 3.0]]


def test_where_guards_a_root_and_an_infinite_slope_stops_at_a_gate():
    x = leaf(-1.0, 4.0)
    root = F.where(x > 0, F.sqrt(F.where(x > 0, x, 1.0)), 0.0)
    assert grad(root.sum(), x).tolist() == [0.0, 0.25]
    y = F.sqrt(F.relu(x))
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert grad(y.sum(), x).tolist() == [0.0, 0.25]


def test_where_broadcasts_and_keeps_types():
    mask = Tensor(np.array([[True], [False]]))
    y = F.where(mask, np.zeros(3, "float32"), 1.5)
    assert isinstance(y, Tensor) and y.dtype == np.float32 and y.tolist() == [[0.0] * 3, [1.5] * 3]
    assert isinstance(F.where([True], [1.0], 2.0), np.ndarray)
    assert F.where(np.array([True]), np.array([1]), np.array([2])).dtype == np.int64
    assert slopes(lambda a, b: F.where(mask, a, b), leaf(1.0, 2.0), Tensor(3.0, True)) == [[1.0, 1.0], 2.0]


def test_where_says_what_it_cannot_take():
    with pytest.raises(DTypeError, match="where: the condition has dtype float64, bool fits"):
        F.where(np.array([1.0]), 1.0, 2.0)
    with pytest.raises(ShapeError, match=r"where: operands of shapes \(2,\) and \(3,\) and \(\) do not"):
        F.where([True, False], np.zeros(3), 0.0)


def test_choosing_by_bits_is_choosing_for_every_type_and_layout():
    for dtype in ("float16", "float32", "float64", "longdouble", "int32"):
        a, b = (RNG.normal(size=(6, 4)).astype(dtype) * 9 for _ in range(2))
        mask = RNG.random((4, 3)) < 0.5
        got = F.where(mask, a.T[:, ::2], b.T[::-1, ::-2])
        np.testing.assert_array_equal(got, np.where(mask, a.T[:, ::2], b.T[::-1, ::-2]), strict=True)


# --------------------------------------------------------------------------- accuracy
def ulps(got, expected):
    return np.max(np.abs(got - expected) / np.spacing(np.abs(expected).astype(got.dtype)))


def test_erf_is_right_to_a_few_units_in_the_last_place():
    x = np.concatenate(
        [RNG.uniform(-7, 7, 20000), RNG.uniform(-1, 1, 20000), 10.0 ** RNG.uniform(-300, 0, 9000)]
    )
    x = np.append(x, [0.5, -0.5, np.nextafter(0.5, 1), 6.0, 27.0])
    assert ulps(F.erf(x), np.array([math.erf(v) for v in x])) <= 4
    narrow = x[np.abs(x) > 1e-35].astype("float32")
    assert ulps(F.erf(narrow), np.array([math.erf(v) for v in narrow])) <= 4


@pytest.mark.parametrize("size", [0, 1, 2, 32767, 32768, 32769])
def test_erf_of_arrays_of_all_sizes_and_layouts(size):
    x = np.repeat(RNG.normal(size=size), 2)[::-2]
    np.testing.assert_allclose(F.erf(x), [math.erf(v) for v in x], rtol=1e-15)


def test_erf_at_its_ends():
    assert F.erf(np.array([0.0, np.inf, -np.inf, 1e300])).tolist() == [0.0, 1.0, -1.0, 1.0]
    assert math.copysign(1, F.erf(np.array(-0.0))) == -1 and math.isnan(F.erf(np.array(np.nan)))
    assert F.erf(np.array([[0.5]], "float16")).dtype == np.float16
    assert slopes(F.erf, leaf(30.0, -30.0)) == [[0.0, 0.0]]


def test_expm1_and_log1p_are_exact_for_tiny_arguments():
    assert F.expm1(np.array(1e-20)) == F.log1p(np.array(1e-20)) == 1e-20


# --------------------------------------------------------------------------- comparisons and logic
COMPARISONS = ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"]
LOGIC = ["logical_and", "logical_or", "logical_xor"]
TESTS = ["logical_not", "isnan", "isinf", "isfinite"]


@pytest.mark.parametrize("name", COMPARISONS + LOGIC)
def test_predicates_of_two(name):
    a, b = np.array([[0.0], [np.nan], [1.0]]), np.array([0.0, 1.0, np.inf])
    expected = getattr(np, name)(a, b)
    function = getattr(F, name)
    np.testing.assert_array_equal(function(a, b), expected, strict=True)
    for x, y in ((Tensor(a, True), b), (a, Tensor(b)), (leaf(*b).reshape(3), a)):
        result = function(x, y)
        assert isinstance(result, Tensor) and result.dtype == bool and not result.requires_grad
    np.testing.assert_array_equal(function(Tensor(a), b).numpy(), expected)
    with pytest.raises(ShapeError, match=rf"{name}: operands of shapes \(2,\) and \(3,\)"):
        function(np.zeros(2), b)


@pytest.mark.parametrize("name", TESTS)
def test_predicates_of_one(name):
    x = np.array([0.0, 1.0, np.nan, np.inf, -np.inf])
    np.testing.assert_array_equal(getattr(F, name)(x), getattr(np, name)(x), strict=True)
    result = getattr(F, name)(Tensor(x, True))
    assert isinstance(result, Tensor) and result.dtype == bool and not result.requires_grad


def test_a_number_is_compared_in_the_arrays_own_precision():
    x = np.array([0.1], "float32")
    assert F.equal(x, 0.1).tolist() == [True] == F.equal(Tensor(x), np.float64(0.1)).tolist()


def test_operators_between_bools():
    a, b = Tensor([True, True, False]), np.array([True, False, False])
    assert (a & b).tolist() == [True, False, False] == (b & a).tolist()
    assert (a | b).tolist() == [True, True, False] == (b | a).tolist()
    assert (a ^ b).tolist() == [False, True, False] == (b ^ a).tolist()
    assert (~a).tolist() == [False, False, True] and (True & a).tolist() == a.tolist()
    assert all(isinstance(x, Tensor) for x in (a & b, b | a, ~a, False ^ a))
    x = Tensor([-1.0, 0.5, 2.0])
    assert ((x > 0) & (x < 1)).tolist() == [False, True, False]


def test_operators_between_bools_say_what_they_cannot_take():
    x = Tensor([1.0, 2.0])
    with pytest.raises(DTypeError, match="&: operands of dtypes float32 and bool; bool tensors fit"):
        x & (x > 0)
    with pytest.raises(DTypeError, match="~: the tensor has dtype float32"):
        operator.invert(x)
    with pytest.raises(ShapeError, match=r"\|: operands of shapes \(2,\) and \(3,\)"):
        (x > 0) | [True, False, True]
    with pytest.raises(TypeError, match="unsupported operand"):
        (x > 0) & "x"


# --------------------------------------------------------------------------- NumPy's names and methods
UNARY = {
    "absolute": F.abs, "arccos": F.arccos, "arcsin": F.arcsin, "arctan": F.arctan, "ceil": F.ceil,
    "cos": F.cos, "cosh": F.cosh, "expm1": F.expm1, "fabs": F.abs, "floor": F.floor, "log10": F.log10,
    "log1p": F.log1p, "log2": F.log2, "positive": F.identity, "reciprocal": F.reciprocal,
    "rint": F.round, "sign": F.sign, "sin": F.sin, "sinh": F.sinh, "sqrt": F.sqrt,
    "square": F.square, "tan": F.tan,
}  # fmt: skip
BINARY = {
    "arctan2": F.arctan2, "floor_divide": F.floor_divide, "maximum": F.maximum, "minimum": F.minimum,
    "remainder": F.remainder,
}  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("shape", [(), (0, 2), (3, 2)])
def test_numpys_functions_of_one_are_recorded(name, shape):
    x = Tensor(RNG.uniform(0.1, 0.9, shape), requires_grad=True)
    y = getattr(np, name)(x)
    expected = np.asarray(getattr(np, name)(x.numpy()))
    assert y.node.op is not None and y.shape == shape
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-15)
    np.testing.assert_array_equal(UNARY[name](x.numpy()), y.numpy(), strict=True)


@pytest.mark.parametrize("name", BINARY)
def test_numpys_functions_of_two_are_recorded_from_either_side(name):
    a, b = RNG.uniform(1, 2, (3, 1)), RNG.uniform(0.1, 0.9, 4)
    for x, y in ((Tensor(a, True), b), (a, Tensor(b, True))):
        result = getattr(np, name)(x, y)
        assert result.node.op is not None
        np.testing.assert_array_equal(result.numpy(), getattr(np, name)(a, b), strict=True)
        np.testing.assert_array_equal(BINARY[name](a, b), result.numpy(), strict=True)


def test_numpys_clip_where_and_round():
    x = leaf(-1.26, 0.5, 2.0)
    for y in (np.clip(x, 0, 1), np.clip(x, a_min=0, a_max=1), np.clip(x, 0, a_max=1)):
        assert y.tolist() == [0.0, 0.5, 1.0] and y.node.op.name == "Clip"
    assert np.clip(x, None, 1).tolist() == [-1.26, 0.5, 1.0]
    assert np.where(x > 0, x, 0.0).tolist() == [0.0, 0.5, 2.0]
    assert np.where(np.array([True, False, True]), x, 0.0).node.op.name == "Where"
    assert np.round(x, 1).tolist() == [-1.3, 0.5, 2.0] and np.round(x, decimals=0).tolist() == [-1, 0, 2]
    assert abs(np.mod(x, 1.0).tolist()[0] - 0.74) < 1e-12


METHODS = [
    "sqrt",
    "square",
    "abs",
    "sign",
    "floor",
    "ceil",
    "round",
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "relu",
]


@pytest.mark.parametrize("name", METHODS)
def test_methods_are_the_functions(name):
    x = Tensor(RNG.uniform(0.5, 2, 4), requires_grad=True)
    y = getattr(x, name)()
    np.testing.assert_array_equal(y.numpy(), getattr(F, name)(x.numpy()), strict=True)
    assert y.node.op is not None


FLOATING = ["expm1", "log1p", "log2", "log10", "erf", "sqrt", "reciprocal", "sin", "cos", "tan", "arcsin",
            "arccos", "arctan", "sinh", "cosh"]  # fmt: skip


@pytest.mark.parametrize("name", FLOATING)
def test_functions_of_floats_keep_their_type_and_refuse_integers(name):
    function = getattr(F, name)
    for dtype in ("float16", "float32", "float64"):
        assert function(np.array([0.5], dtype)).dtype == dtype
    assert type(function(0.5)) is np.ndarray and function(0.5).dtype == np.float32
    with pytest.raises(DTypeError, match=f"{name}: x has dtype int64, a float dtype fits"):
        function(np.array([1]))


@pytest.mark.parametrize("name", ["sign", "floor", "ceil", "round", "abs", "square"])
def test_functions_of_numbers_take_integers(name):
    y = getattr(F, name)(np.array([-3, 0, 2]))
    assert y.dtype == np.int64 and y.tolist() == getattr(np, name)([-3, 0, 2]).tolist()


def test_rounding_refuses_bools():
    for function in (F.sign, F.floor, F.ceil, F.round):
        with pytest.raises(DTypeError, match=f"{function.__name__}: x has dtype bool"):
            function(np.array([True]))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", ["fmod", "remainder", "floor_divide"])
def test_special_values_of_whole_quotients_are_numpys(name, dtype):
    values = np.array([0.0, -0.0, 0.1, -0.1, 5.0, -5.0, 6.0, -6.0, np.inf, -np.inf, np.nan], dtype)
    a, b = np.meshgrid(values, values)
    got, expected = getattr(F, name)(a, b), getattr(np, name)(a, b)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, expected)
    known = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(got)[known], np.signbit(expected)[known])


@pytest.mark.parametrize("name", ["fmod", "remainder", "floor_divide"])
def test_a_number_does_not_widen_a_quotient(name):
    for a, b in ((np.float32([-1.5, 2]), 0.3), (2.5, np.float32([-1.5, 2]))):
        got, expected = getattr(F, name)(a, b), getattr(np, name)(a, b)
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_beside_a_pole_the_gamma_functions_know_how_near_it_is() -> None:
    near = np.array([-1e-20, -1e-300, 1e-300])
    np.testing.assert_allclose(F.lgamma(near), -np.log(np.abs(near)), rtol=1e-12)
    np.testing.assert_allclose(F.digamma(near), -1 / near, rtol=1e-12)
    x = np.array([-100.5, -0.3, -2.7, -5000.25])  # exact values by arithmetic with more digits
    exact = {
        1: [9.8597034918700857, 13.945160267805722, 14.769375845132314, 19.739008832174886],
        2: [-9.8027202627197575e-5, 67.639081199883165, -68.932939023263799, 124.02510668121128],
        3: [194.81818012691971, 766.61989041916854, 768.96263511552252, 1558.545456544023],
    }
    for order, right in exact.items():
        np.testing.assert_allclose(F.polygamma(order, x), right, rtol=1e-9)
    np.testing.assert_array_equal(F.polygamma(1, np.array([0.0, -1, -3])), np.inf)


def test_a_number_is_not_joined_to_an_axis() -> None:
    with pytest.raises(ShapeError, match="do not fit"):
        F.concatenate([np.ones(2), 1.0])
