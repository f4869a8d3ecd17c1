"""Every NumPy key, and places along an axis: NumPy's results, accumulated gradients, messages."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cnn import Tensor, grad
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import DTypeError, ShapeError


def leaf(*shape: int) -> Tensor:
    return Tensor(np.arange(float(np.prod(shape))).reshape(shape), requires_grad=True)


def same(traced: Any, plain: Any) -> None:
    assert type(traced) is Tensor
    np.testing.assert_array_equal(traced.numpy(), plain, strict=True)


# --------------------------------------------------------------------------- any key
@st.composite
def keys(draw: Any, shape: tuple[int, ...]) -> Any:
    """Every kind of part, mixed as NumPy allows; also what it refuses."""
    parts: list[Any] = []
    left = list(shape)
    together = draw(hnp.broadcastable_shapes((2,), max_dims=2, max_side=2))
    while left and draw(st.booleans()) | (len(left) == len(shape)):
        kind = draw(st.sampled_from(["int", "slice", "integers", "list", "mask", "tensor", "scalar"]))
        n = left.pop(0)
        inside = st.integers(-n, n - 1) if n else st.just(0)
        if kind == "int":
            parts.append(draw(inside))
        elif kind == "slice":
            parts.append(draw(st.slices(n)))
        elif kind == "mask":
            parts.append(draw(hnp.arrays(bool, (n,))))
        elif kind == "list":
            parts.append(draw(st.lists(inside, min_size=2, max_size=2)))
        elif kind == "scalar":
            parts.append(np.array(draw(inside)))
        else:
            places = draw(hnp.arrays(np.int64, together, elements=inside))
            parts.append(Tensor(places) if kind == "tensor" else places)
    for extra in draw(st.lists(st.sampled_from([None, Ellipsis, True, np.False_]), max_size=2)):
        parts.insert(draw(st.integers(0, len(parts))), extra)
    return parts[0] if len(parts) == 1 and draw(st.booleans()) else tuple(parts)


def plain(key: Any) -> Any:
    if isinstance(key, tuple):
        return tuple(map(plain, key))
    return key.numpy() if isinstance(key, Tensor) else key


@settings(max_examples=150)
@given(st.data())
def test_every_key_is_numpys(data: st.DataObject) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4))
    key = data.draw(keys(shape))
    x = leaf(*shape)
    places = np.arange(x.size).reshape(shape)
    try:
        expected = places[plain(key)]
    except IndexError:
        with pytest.raises((IndexError, ShapeError)):
            x[key]
        return
    y = x[key]
    same(y, expected.astype(float))
    weights = np.random.default_rng(0).random(y.shape)
    counted = np.zeros(x.size)
    for place, weight in zip(np.ravel(expected), weights.ravel(), strict=True):
        counted[place] += weight
    for record in (False, True):
        g = grad(y, x, weights, create_graph=record, retain_graph=True)
        np.testing.assert_allclose(g.numpy(), counted.reshape(shape), rtol=1e-12)
    cubes = grad((x[key] ** 3).sum(), x, create_graph=True)
    seconds = grad(cubes.sum(), x) if cubes.requires_grad else np.zeros(shape)
    expected_seconds = 6 * np.bincount(np.ravel(expected), minlength=x.size).reshape(shape) * places
    np.testing.assert_allclose(np.asarray(seconds), expected_seconds)


def test_a_key_is_read_when_it_is_given() -> None:
    x, places = leaf(3), np.array([0, 0])
    y = x[places]
    places[:] = 2
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [2.0, 0.0, 0.0]


def test_what_is_no_key() -> None:
    x = leaf(3)
    for key in (1.0, "a", slice(0.5), np.array([0.5])):
        with pytest.raises((IndexError, TypeError)):
            x[key]
    with pytest.raises(IndexError):
        x[3]


# --------------------------------------------------------------------------- along an axis
@settings(max_examples=150)
@given(st.data())
def test_take_along_axis_is_numpys(data: st.DataObject) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    along = axis % len(shape)
    wanted = [data.draw(st.sampled_from((1, n))) for n in shape]  # the other axes broadcast
    wanted[along] = data.draw(st.integers(0, 5))
    n = shape[along]
    indices = data.draw(hnp.arrays(np.int64, tuple(wanted), elements=st.integers(-n, n - 1)))
    x = leaf(*shape)
    expected = np.take_along_axis(x.numpy(), indices, axis)
    y = F.take_along_axis(x, indices, axis)
    same(y, expected)
    same(np.take_along_axis(x, indices, axis=axis), expected)
    places = np.take_along_axis(np.arange(x.size).reshape(shape), indices, axis)
    g = grad(y.sum(), x)
    np.testing.assert_array_equal(g.numpy(), np.bincount(places.ravel(), minlength=x.size).reshape(shape))


def test_take_along_axis_with_what_order_gives() -> None:
    x = Tensor([[3.0, 1.0], [2.0, 5.0]])
    assert F.take_along_axis(x, x.argsort(axis=0), 0).tolist() == x.sort(axis=0).tolist()
    assert F.take_along_axis(x, x.argmax(axis=1, keepdims=True), 1).tolist() == [[3.0], [5.0]]
    assert F.take_along_axis(x, np.array([3, 0]), None).tolist() == [5.0, 3.0]


def test_take_along_axis_checks() -> None:
    x = np.ones((2, 3))
    with pytest.raises(IndexError, match="index 3 is out of range for axis 1 of length 3"):
        F.take_along_axis(x, np.array([[3]]), 1)
    with pytest.raises(DTypeError, match="indices must be integers, got dtype float64"):
        F.take_along_axis(x, np.array([[0.0]]), 1)
    with pytest.raises(ShapeError, match="indices have 1 axes, x has 2"):
        F.take_along_axis(x, np.array([0]), 1)
    with pytest.raises(ShapeError, match="but for axis 1, x "):
        F.take_along_axis(x, np.zeros((3, 1), int), 1)
