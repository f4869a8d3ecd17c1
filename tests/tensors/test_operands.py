"""Operators take what the functions take, and refuse what these refuse."""

import operator
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import DTypeError, GraphError, ShapeError, Tensor
from tinygrad_cnn import functional as F

T = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
PAIRS: list[tuple[Callable[..., Any], Callable[..., Any]]] = [
    (operator.add, F.add), (operator.sub, F.sub), (operator.mul, F.mul), (operator.truediv, F.div),
    (operator.pow, F.pow), (operator.mod, F.remainder), (operator.floordiv, F.floor_divide),
    (operator.matmul, F.matmul),
]  # fmt: skip
COMPARISONS: list[Callable[..., Any]] = [
    operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge
]  # fmt: skip


def matrix(values: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.matrix(values)


GOOD: dict[str, Any] = {
    "a matrix": matrix([[1.0, 2.0], [2.0, 1.0]]),
    "a list": [[1.0, 2.0], [2.0, 1.0]],
    "integers": np.array([[1, 2], [2, 1]]),
    "a bool": True,
    "a scalar of NumPy's": np.float64(2),
    "masked, nothing hidden": np.ma.array([[1.0, 2.0], [2.0, 1.0]]),
}
BAD: dict[str, Any] = {
    "complex": np.array([[1j, 2], [2, 1]]),
    "a complex scalar": np.complex128(1j),
    "hidden elements": np.ma.array([[1.0, 2.0], [2.0, 1.0]], mask=[[True, False], [False, False]]),
    "objects": np.array([[1, 2], [2, 1]], object),
    "text": np.array([["a", "b"], ["c", "d"]]),
    "a duration": np.timedelta64(1, "D"),  # for NumPy a kind of integer
    "dates": np.array(["2020-01-01"], "datetime64[D]"),
    "ragged": [[1.0], [1.0, 2.0]],
}


@pytest.mark.parametrize(("op", "function"), PAIRS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("other", GOOD.values(), ids=GOOD)
def test_an_operator_does_what_the_function_does(op: Any, function: Any, other: Any) -> None:  # E5
    if op is operator.matmul and np.ndim(other) == 0:
        pytest.skip("no product of matrices has a scalar operand")
    ours = not isinstance(other, np.ndarray) or type(other) is np.ndarray  # subclasses have operators too
    for a, b in ((T, other), (other, T)) if ours else ((T, other),):
        y, z = op(a, b), function(a, b)
        assert type(y) is Tensor and type(y.numpy()) is np.ndarray and y.requires_grad
        np.testing.assert_array_equal(y.numpy(), z.numpy())
        assert y.dtype == z.dtype and y.node.op.name == z.node.op.name


@pytest.mark.parametrize(("op", "function"), PAIRS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("other", BAD.values(), ids=BAD)
def test_an_operator_refuses_what_the_function_refuses(op: Any, function: Any, other: Any) -> None:  # E5
    for call in (op, function):
        for a, b in ((T, other), (other, T)):
            # A masked array on the left asks for T's array first, which is refused in other words.
            with pytest.raises((DTypeError, GraphError)):
                call(a, b)


@pytest.mark.parametrize("op", COMPARISONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("other", BAD.values(), ids=BAD)
def test_comparisons_have_the_same_door(op: Any, other: Any) -> None:
    with pytest.raises(DTypeError):
        op(T, other)


@pytest.mark.parametrize("op", COMPARISONS, ids=lambda f: f.__name__)
def test_comparisons_name_the_shapes_that_do_not_fit(op: Any) -> None:
    with pytest.raises(ShapeError, match=r"\(2, 2\) and \(3,\)"):
        op(T, np.ones(3))


@pytest.mark.parametrize("wrong", [3, 1, "float64", None, np.float32(1), [True]])
def test_the_flag_of_a_tensor_is_true_or_false(wrong: Any) -> None:  # E13
    with pytest.raises(DTypeError, match="requires_grad is True or False"):
        Tensor([1.0], wrong)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: F.add(x, [0.1]), lambda x: F.concatenate([x, [0.1]])[1:] + x,
        lambda x: F.hstack([x, [0.1]])[1:], lambda x: F.stack([x, [0.1]])[1], lambda x: F.maximum(x, [0.1]),
        lambda x: F.where(np.array([False]), x, [0.1]), lambda x: F.minimum([0.1], x),
        lambda x: F.l1_loss(x * 0, [0.1]),
    ],
)  # fmt: skip
def test_a_list_beside_float64_keeps_its_digits(call: Any) -> None:
    for x in (Tensor(np.zeros(1)), Tensor(np.ones(1))):
        y = call(x)
        assert y.dtype == np.float64 and not np.any(y.numpy() == float(np.float32(0.1)))


def test_a_list_written_into_float64_keeps_its_digits() -> None:
    x = Tensor(np.zeros(2))
    x.data = [0.1, 0.2]
    assert x.tolist() == [0.1, 0.2]


def test_what_numpy_refuses_of_bools_is_told_with_the_ops_name() -> None:
    yes = Tensor(np.array([True]))
    for call in (lambda: yes - yes, lambda: -yes, lambda: F.sub(yes.numpy(), yes.numpy())):
        with pytest.raises(DTypeError, match=r"(Sub|Neg): (The )?numpy boolean"):
            call()
