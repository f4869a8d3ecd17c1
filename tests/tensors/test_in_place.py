"""Operators that write in place: all of them do, or say why not, and a write arrives or raises."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import ArgumentError, GraphError, ShapeError, Tensor, no_grad
from tinygrad_cnn import functional as F

ARITHMETIC: list[Callable[[Any, Any], Any]] = [
    operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ifloordiv, operator.imod,
    operator.ipow, operator.imatmul,
]  # fmt: skip
LOGIC: list[Callable[[Any, Any], Any]] = [operator.iand, operator.ior, operator.ixor]
SHIFTS: list[Callable[[Any, Any], Any]] = [operator.ilshift, operator.irshift]
VALUES = np.array([[1.0, 2.0], [3.0, 5.0]])


@pytest.mark.parametrize("write", ARITHMETIC, ids=lambda f: f.__name__)
def test_an_operator_writes_into_the_tensor_itself(write: Callable[[Any, Any], Any]) -> None:  # E3
    p, expected = Tensor(VALUES, requires_grad=True), VALUES.copy()
    alias, other = p.data, np.array([[2.0, 1.0], [1.0, 3.0]])
    with no_grad():
        after = write(p, Tensor(other))
    assert after is p and p.requires_grad
    np.testing.assert_array_equal(alias.numpy(), write(expected, other))


@pytest.mark.parametrize("write", LOGIC, ids=lambda f: f.__name__)
def test_logic_writes_into_the_tensor_itself(write: Callable[[Any, Any], Any]) -> None:  # E3
    mask, other = Tensor(np.array([True, True, False])), np.array([True, False, True])
    expected, alias = mask.numpy().copy(), mask.data
    assert write(mask, other) is mask
    np.testing.assert_array_equal(alias.numpy(), write(expected, other))


@pytest.mark.parametrize("write", SHIFTS, ids=lambda f: f.__name__)
def test_a_shift_writes_into_the_tensor_itself(write: Callable[[Any, Any], Any]) -> None:  # E3
    bits = Tensor(np.array([[3, 2], [9, 5]]))
    row, expected = bits[0], bits.numpy().copy()
    assert write(row, 1) is row
    expected[0] = write(expected[0], 1)
    np.testing.assert_array_equal(bits.numpy(), expected)


@pytest.mark.parametrize("write", ARITHMETIC, ids=lambda f: f.__name__)
def test_a_leaf_that_requires_grad_is_refused_while_ops_are_recorded(write: Any) -> None:
    p = Tensor(VALUES, requires_grad=True)
    with pytest.raises(GraphError, match="a leaf that requires grad"):
        write(p, p.detach())


@pytest.mark.parametrize("write", ARITHMETIC, ids=lambda f: f.__name__)
def test_a_result_in_a_graph_is_computed_anew(write: Any) -> None:
    x = Tensor(VALUES, requires_grad=True)
    y = x * 1
    z = write(y, Tensor(VALUES))
    assert z is not y and z.requires_grad
    np.testing.assert_array_equal(y.numpy(), VALUES)


@pytest.mark.parametrize("write", [*ARITHMETIC[:-1], *LOGIC], ids=lambda f: f.__name__)
def test_what_does_not_fit_is_refused_before_anything_is_changed(write: Any) -> None:
    p = Tensor(np.ones((2, 2), bool if write in LOGIC else float))
    for wrong in (np.ones((3, 2, 2), p.dtype), np.ones(3, p.dtype)):
        with pytest.raises(ShapeError):
            write(p, wrong)
    whole = Tensor(np.arange(3))
    with pytest.raises(TypeError):
        write(whole, 0.5)
    assert whole.tolist() == [0, 1, 2]


def test_a_refused_write_leaves_the_graph_as_it_was() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    with no_grad(), pytest.raises(ShapeError):
        x += np.ones(3)
    with pytest.raises(ShapeError):
        x.data[:] = np.ones(3)
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [2.0, 4.0]


# --------------------------------------------------------------------------- views
def test_what_is_written_to_a_diagonal_arrives() -> None:  # E4
    x = Tensor(np.zeros((3, 3)))
    x.diagonal()[:] = 5
    assert x.tolist() == [[5.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.0, 0.0, 5.0]]


VIEWS: dict[str, Callable[[Any], Any]] = {
    "transpose": lambda x: x.T,
    "reshape": lambda x: x.reshape(9),
    "slice": lambda x: x[1:, ::2],
    "diagonal": lambda x: x.diagonal(),
    "expand_dims": lambda x: x.expand_dims(0),
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "flip": lambda x: F.flip(x),
    "detach": lambda x: x.detach(),
    "data": lambda x: x.data,
    "split": lambda x: F.split(x, 3)[1],
    "broadcast_to": lambda x: F.broadcast_to(x, (2, 3, 3)),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_write_to_a_view_arrives_or_raises(view: Callable[[Any], Any]) -> None:  # E4
    for write in (lambda v: v.data.__setitem__(..., 7.0), lambda v: v.data.__iadd__(7.0)):
        x = Tensor(np.zeros((3, 3)))
        try:
            write(view(x))
        except GraphError:
            assert not x.numpy().any()
        else:
            assert x.numpy().any()


def test_a_hook_that_writes_to_a_broadcast_gradient_is_told() -> None:  # E4
    x = Tensor(np.ones(3), requires_grad=True)
    y = x * 1

    def double(g: Tensor) -> None:
        g.data *= 2

    y.register_hook(double)
    with pytest.raises(GraphError, match="cannot be written"):
        y.sum().backward()


@pytest.mark.parametrize("value", [0.7, [0.7, 0.7], (0.7,), np.float64(0.7), np.full(2, 0.7)])
def test_what_is_written_is_rounded_to_the_type_of_the_tensor_alone(value: Any) -> None:
    wide, narrow = Tensor(np.zeros(2)), Tensor(np.zeros(2, "f4"))
    wide[:], narrow[:] = value, value
    assert wide.numpy().tolist() == [0.7, 0.7] and narrow.numpy().tolist() == [np.float32(0.7)] * 2
    whole = Tensor(np.zeros(2, np.int64))
    whole[:] = 2**24 + 1  # float32 has no such number
    assert whole.numpy().tolist() == [2**24 + 1] * 2


@pytest.mark.parametrize(
    "value", [300, -129, 1e9, np.nan, np.inf, np.array([1, 200], np.uint8), np.float32(128)]
)
def test_a_value_that_integers_cannot_hold_is_refused(value: Any) -> None:
    x = Tensor(np.array([1, 2], np.int8))
    with pytest.raises(ArgumentError, match=r"does not fit into int8; -128 to 127 fit"):
        x[:] = value
    assert x.tolist() == [1, 2]


def test_integers_that_fit_are_written_exactly_and_fractions_are_cut_off() -> None:
    x = Tensor(np.zeros(3, np.int64))
    x[0], x[1], x[2] = 2**62 + 1, -1.7, True
    assert x.tolist() == [2**62 + 1, -1, 1]
