"""The Tensor as an object: construction, display, conversion, copies, NumPy's protocols."""

import copy
import pickle

import numpy as np
import pytest

from tinygrad_cnn import DTypeError, GraphError, Parameter, ShapeError, Tensor, no_grad
from tinygrad_cnn import functional as F


def leaf(*values: float, dtype=np.float64) -> Tensor:
    return Tensor(np.array(values, dtype), requires_grad=True)


# --------------------------------------------------------------------------- construction
@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1, np.float32),
        (1.5, np.float32),
        ([1, 2], np.float32),
        ([[1.0]], np.float32),
        (np.float64(2), np.float64),
        (np.arange(3), np.int64),
        (np.zeros(2, np.float16), np.float16),
        ([True, False], np.bool_),
    ],
)
def test_numbers_and_lists_become_float32_and_arrays_keep_their_type(data, dtype) -> None:
    assert Tensor(data).dtype == dtype


def test_construction_copies() -> None:
    source = np.ones(2)
    x, y = Tensor(source), Tensor(Tensor(source))
    source[0] = 5
    assert x.tolist() == y.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("data", ["text", [1, [2, 3]], None, 1j, np.array(["a"]), object()])
def test_what_is_no_number_is_refused(data) -> None:
    with pytest.raises(DTypeError, match="Tensor"):
        Tensor(data)
    with pytest.raises(DTypeError):
        Tensor([1.0], dtype="complex64")


def test_integers_cannot_require_grad() -> None:
    with pytest.raises(DTypeError, match="float dtype"):
        Tensor(np.arange(3), requires_grad=True)


@pytest.mark.parametrize("scalar", [2, 2.5, np.float64(2.5), True])
def test_scalars_never_widen(scalar) -> None:
    x = leaf(1.0, 2.0, dtype=np.float32)
    for y in (x + scalar, scalar + x, x * scalar, scalar - x, x / scalar, scalar / x, x**scalar):
        assert y.dtype == np.float32
    assert F.add(x, scalar).dtype == np.float32
    assert F.mul(np.zeros(2, np.float16), 3).dtype == np.float16


def test_arrays_widen_as_in_numpy_and_gradients_come_back_narrow() -> None:
    x = leaf(1.0, dtype=np.float32)
    y = x * np.array([2.0])
    assert y.dtype == np.float64
    y.backward()
    assert x.grad.dtype == np.float32


# --------------------------------------------------------------------------- display
def test_repr() -> None:
    assert repr(Tensor([1.0, 2.0])) == "Tensor([1., 2.])"
    assert repr(leaf(1.0)) == "Tensor([1.], dtype=float64, requires_grad=True)"
    assert repr(leaf(1.0) * 2) == "Tensor([2.], dtype=float64, op=Mul)"
    assert repr(Tensor(np.arange(2))) == "Tensor([0, 1])"
    matrix = repr(Tensor(np.eye(2)))
    assert matrix == "Tensor([[1., 0.],\n        [0., 1.]], dtype=float64)"


def test_format() -> None:
    assert f"{Tensor(2.5):.2f}" == "2.50"
    assert f"{Tensor([1.0])}" == "Tensor([1.])"


# --------------------------------------------------------------------------- as a Python object
def test_numbers() -> None:
    assert (float(Tensor([[2.5]])), int(Tensor(3)), bool(Tensor([0.0]))) == (2.5, 3, False)
    assert [10, 20, 30][Tensor(np.array(1))] == 20
    with pytest.raises(ShapeError, match="ambiguous"):
        bool(Tensor([1.0, 2.0]))
    with pytest.raises(ShapeError, match="2 elements"):
        Tensor([1.0, 2.0]).item()
    with pytest.raises(TypeError):
        [10, 20][Tensor(1.0)]


def test_sequence() -> None:
    x = leaf(1.0, 2.0, 3.0)
    assert len(x) == 3 and 2.0 in x and 9.0 not in x
    assert [t.item() for t in x] == [1.0, 2.0, 3.0]
    assert all(t.requires_grad for t in x)
    for call in (len, iter):
        with pytest.raises(TypeError, match="0-d"):
            call(Tensor(1.0))


def test_equality_is_elementwise_and_hash_by_identity() -> None:
    x = leaf(1.0, 2.0)
    assert (x == [1.0, 3.0]).tolist() == [True, False]
    assert (x != x).tolist() == [False, False]
    assert not (x > 1).requires_grad
    assert len({x, x, leaf(1.0, 2.0)}) == 2
    assert (x == "text") is False


def test_foreign_types_are_left_to_python() -> None:
    with pytest.raises(TypeError):
        leaf(1.0) + "text"
    with pytest.raises(TypeError):
        object() * leaf(1.0)


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_carry_the_data_and_not_the_graph(copier) -> None:
    x = leaf(1.0, 2.0)
    x.name = "x"
    y = copier(x * 2)
    assert y.tolist() == [2.0, 4.0] and y.is_leaf and y.requires_grad
    assert copier(x).name == "x"
    z = copier(x)
    z.data *= 5
    assert x.tolist() == [1.0, 2.0]
    weight = copier(Parameter([1.0], name="weight"))
    assert (type(weight), weight.node.role, weight.name) == (Parameter, "parameter", "weight")


# --------------------------------------------------------------------------- indexing
@pytest.mark.parametrize(
    ("key", "gradient"),
    [
        (0, [1, 0, 0]),
        (slice(None, None, -2), [1, 0, 1]),
        ([0, 0, 2], [2, 0, 1]),
        (np.array([True, False, True]), [1, 0, 1]),
        (Tensor(np.array([1, 1])), [0, 2, 0]),
        (..., [1, 1, 1]),
        (None, [1, 1, 1]),
        ([], [0, 0, 0]),
    ],
)
def test_keys_give_their_gradient(key, gradient) -> None:
    x = leaf(1.0, 2.0, 3.0)
    x[key].sum().backward()
    assert x.grad.tolist() == gradient


def test_wrong_keys() -> None:
    with pytest.raises(IndexError, match="out of bounds"):
        leaf(1.0)[3]
    with pytest.raises(IndexError, match="is not a key"):
        leaf(1.0)["a"]
    with pytest.raises(IndexError):
        leaf(1.0)[np.array([0.5])]


# --------------------------------------------------------------------------- NumPy
def test_arrays_and_scalars_on_the_left_are_recorded() -> None:
    x = leaf(2.0, 3.0)
    for y in (np.ones(2) * x, np.float64(2) * x, np.ones(2) @ x, [1.0, 1.0] - x, np.ones(2) ** x):
        assert isinstance(y, Tensor) and y.requires_grad


def test_numpy_functions_are_recorded() -> None:
    x = leaf(2.0, 3.0)
    cases = [
        (np.exp(x), np.exp([2.0, 3.0])),
        (np.add(x, 1), [3.0, 4.0]),
        (np.sum(x, axis=0), 5.0),
        (np.mean(x), 2.5),
        (np.concatenate([x, np.zeros(1)]), [2.0, 3.0, 0.0]),
        (np.reshape(x, (2, 1)), [[2.0], [3.0]]),
        (np.max(x), 3.0),
        (np.transpose(x), [2.0, 3.0]),
        (np.pad(x, 1), [0.0, 2.0, 3.0, 0.0]),
    ]
    for y, expected in cases:
        assert isinstance(y, Tensor) and y.requires_grad
        np.testing.assert_array_equal(y.numpy(), expected)


def test_numpy_questions_are_answered() -> None:
    x = leaf(2.0, 3.0)
    assert np.shape(x) == (2,) and np.ndim(x) == 1 and np.size(x) == 2
    assert np.allclose(x, [2.0, 3.0]) and np.array_equal(x, x)
    assert np.argmax(x) == 1
    assert np.isfinite(x).tolist() == [True, True]


def test_unknown_numpy_functions_raise_and_name_the_nearest() -> None:
    x = leaf(2.0, 3.0)
    with pytest.raises(DTypeError, match=r"np.angle is not defined"):
        np.angle(x)
    with pytest.raises(DTypeError, match=r"np.linalg.eigvals .*nearest.*'linalg.eigvalsh'"):
        np.linalg.eigvals(x)
    with pytest.raises(DTypeError, match=r"np.add.reduceat is not defined"):
        np.add.reduceat(x, [0])
    with pytest.raises(DTypeError, match="where"):
        np.add(x, 1, where=np.array([True, False]))


def test_out_is_written_only_when_no_graph_would_be_lost() -> None:
    x, target = leaf(2.0), np.zeros(1)
    with pytest.raises(GraphError, match="out="):
        np.multiply(x, 3, out=target)
    with pytest.raises(GraphError, match="out="):
        target += x
    with no_grad():
        np.multiply(x, 3, out=target)
        result = Tensor(np.zeros(1))
        assert np.add(x, 1, out=result) is result
    assert target.tolist() == [6.0] and result.tolist() == [3.0]


def test_conversion_to_an_array() -> None:
    with pytest.raises(GraphError, match=r"\.detach\(\) or \.numpy\(\)"):
        np.asarray(leaf(1.0))
    assert np.asarray(Tensor([1.0]), dtype=np.float64).dtype == np.float64
    fresh = np.array(Tensor([1.0]))
    fresh[0] = 2.0
    assert np.asarray(leaf(1.0).detach()).tolist() == [1.0]


# --------------------------------------------------------------------------- attributes
def test_data_checks_its_shape() -> None:
    x = leaf(1.0, 2.0)
    with pytest.raises(ShapeError, match=r"Tensor.data: got shape \(3,\)"):
        x.data = np.zeros(3)
    x.data = [5, 6]
    assert x.tolist() == [5.0, 6.0] and x.dtype == np.float64


def test_grad_checks_its_shape() -> None:
    x = leaf(1.0, 2.0)
    with pytest.raises(ShapeError, match=r"Tensor\.grad"):
        x.grad = np.zeros(3)
    x.grad = np.zeros(2)
    assert x.grad.dtype == np.float64
    Tensor([1.0]).grad = None


def test_writing_to_a_broadcast_view_is_refused() -> None:
    source = Tensor(np.ones(2))
    wide = F.broadcast_to(source, (3, 2)).detach()
    with pytest.raises(GraphError, match="elements share memory"):
        wide[0, 0] = 7.0
    assert source.tolist() == [1.0, 1.0] and wide.numpy().sum() == 6.0


def test_dim_is_another_name_of_axis() -> None:
    x = Tensor([[1.0, 2.0]])
    assert x.sum(dim=1, keepdim=True).shape == (1, 1)
    assert F.softmax(x, dim=1).shape == (1, 2)
    with pytest.raises(DTypeError, match="two names"):
        x.sum(dim=1, axis=1)
