"""Rearranging, copying and padding: NumPy's results, accumulated gradients, messages."""

from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import Tensor, grad
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError


def leaf(*shape: int) -> Tensor:
    return Tensor(np.arange(float(np.prod(shape))).reshape(shape), requires_grad=True)


def same(traced: Any, plain: Any) -> None:
    assert type(traced) is Tensor
    np.testing.assert_array_equal(traced.numpy(), plain, strict=True)


# --------------------------------------------------------------------------- like NumPy
CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("moveaxis", (0, -1), {}),
    ("moveaxis", ((0, 1), (2, 0)), {}),
    ("moveaxis", ([2, 0], [0, 1]), {}),
    ("expand_dims", (0,), {}),
    ("expand_dims", ((0, -1),), {}),
    ("squeeze", (), {}),
    ("squeeze", (1,), {}),
    ("squeeze", (), {"axis": (-2,)}),
    ("tile", (2,), {}),
    ("tile", ((2, 1, 1, 3),), {}),
    ("tile", ((0, 2),), {}),
    ("repeat", (2,), {}),
    ("repeat", ([1, 0, 2],), {"axis": 2}),
    ("repeat", (0,), {"axis": 0}),
    ("repeat", ([3],), {"axis": -1}),
    ("flip", (), {}),
    ("flip", (), {"axis": (0, 2)}),
    ("roll", (1,), {}),
    ("roll", (-4,), {"axis": 2}),
    ("roll", ((1, 2),), {"axis": (0, 2)}),
    ("roll", (1,), {"axis": (0, 2)}),
    ("tril", (), {}),
    ("tril", (-1,), {}),
    ("triu", (1,), {}),
    ("diagonal", (), {}),
    ("diagonal", (1, 0, 2), {}),
    ("diagonal", (-1,), {"axis1": 2, "axis2": 0}),
    ("diagonal", (9,), {}),
    ("trace", (), {}),
    ("trace", (1, 0, -1), {}),
    ("ravel", (), {}),
]


@pytest.mark.parametrize(("name", "args", "options"), CALLS)
def test_function_method_and_numpys_function_agree(name: str, args: Any, options: Any) -> None:
    x = leaf(2, 1, 3)
    plain = getattr(np, name)(x.numpy(), *args, **options)
    same(getattr(np, name)(x, *args, **options), plain)
    same(getattr(x, name)(*args, **options), plain)
    if name != "ravel":
        out = getattr(F, name)(x.numpy(), *args, **options)
        assert type(out) is np.ndarray
        np.testing.assert_array_equal(out, plain, strict=True)


def test_pytorchs_names() -> None:
    x = leaf(2, 1, 3)
    assert (
        x.permute(2, 0, 1).shape == x.permute((2, 0, 1)).shape == F.permute(x, [2, 0, 1]).shape == (3, 2, 1)
    )
    assert x.T.shape == (3, 1, 2)
    assert x.squeeze(dim=1).expand_dims(dim=0).shape == (1, 2, 3)
    assert x.flip(dim=2).tolist() == x.flip(axis=2).tolist()


def test_stack_and_split_are_inverse() -> None:
    a, b = leaf(2, 3), leaf(2, 3) * 2
    for axis in (0, 1, 2, -1):
        joined = F.stack([a, b], axis)
        same(joined, np.stack([a.numpy(), b.numpy()], axis))
        parts = F.split(joined, 2, axis)
        assert type(parts) is list
        same(parts[1], b.numpy().reshape(parts[1].shape))
    same(np.stack([a.numpy(), b]), np.stack([a.numpy(), b.numpy()]))
    assert F.stack([1.0, 2.0]).tolist() == [1.0, 2.0]
    (np.stack([a, a], axis=1) * np.array([[1.0], [10.0]])).sum().backward()
    assert a.grad is not None and a.grad.tolist() == [[11.0] * 3] * 2


@pytest.mark.parametrize("where", [1, 3, [1], [2, 1], [0, 5], [-1], np.array([1, 2])])
def test_split_is_numpys(where: Any) -> None:
    x = leaf(3, 2)
    plain = np.split(x.numpy(), where)
    for parts in (F.split(x, where), np.split(x, where), x.split(where)):
        assert len(parts) == len(plain)
        for part, expected in zip(parts, plain, strict=True):
            same(part, expected)


def test_gradients_of_copies_add_up() -> None:
    x = leaf(3)
    (x.repeat([1, 0, 2]) * np.array([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [1.0, 0.0, 110.0]
    assert grad(F.tile(x, (2, 2)).sum(), x).tolist() == [4.0] * 3
    y = leaf(2, 2)
    assert grad(F.trace(y) * 3, y).tolist() == [[3.0, 0.0], [0.0, 3.0]]
    assert grad(F.tril(y).sum(), y).tolist() == [[1.0, 0.0], [1.0, 1.0]]


def test_triangles_drop_what_they_leave_out() -> None:
    assert F.tril(np.array([[1.0, np.nan], [2.0, 3.0]])).tolist() == [[1.0, 0.0], [2.0, 3.0]]


# --------------------------------------------------------------------------- borders
@pytest.mark.parametrize(
    ("mode", "numpys", "expected"),
    [
        ("reflect", "reflect", [2, 1, 0, 1, 2, 3, 2, 1]),
        ("replicate", "edge", [0, 0, 0, 1, 2, 3, 3, 3]),
        ("circular", "wrap", [2, 3, 0, 1, 2, 3, 0, 1]),
    ],
)
def test_modes_of_padding(mode: str, numpys: str, expected: list[float]) -> None:
    line = np.arange(4.0)
    assert F.pad(line, 2, mode).tolist() == F.pad(line, 2, numpys).tolist() == expected
    x = leaf(3, 4)
    for widths in (1, (2, 1), ((1, 2), (0, 3)), ((0, 0), (7, 9))):
        same(F.pad(x, widths, mode), np.pad(x.numpy(), widths, numpys))
        same(np.pad(x, widths, mode=numpys), np.pad(x.numpy(), widths, numpys))
    same(F.pad(leaf(1), 2, mode), np.zeros(5))


def test_padded_images_pass_the_gradient_to_what_the_border_shows() -> None:
    x = leaf(4)
    weights = np.array([1.0, 10.0, 2.0, 2.0, 2.0, 2.0, 100.0, 1000.0])
    sums = {
        mode: grad((F.pad(x, 2, mode) * weights).sum(), x).tolist()
        for mode in ("constant", "reflect", "replicate", "circular")
    }
    assert sums == {
        "constant": [2, 2, 2, 2],
        "reflect": [2, 1012, 103, 2],
        "replicate": [13, 2, 2, 1102],
        "circular": [102, 1002, 3, 12],
    }


def test_pad_checks() -> None:
    with pytest.raises(ArgumentError, match="pad: mode must be one of 'constant', 'reflect'"):
        F.pad(np.ones(2), 1, "mirror")
    with pytest.raises(ShapeError, match=r"pad: x has shape \(0,\)"):
        F.pad(np.ones(0), 1, "reflect")
    with pytest.raises(DTypeError, match="pad_width must be an integer"):
        F.pad(np.ones(2), 0.5)
    with pytest.raises(ShapeError, match="cannot be cut off"):
        F.pad(np.ones(2), -2)
    np.testing.assert_array_equal(F.pad(np.arange(4.0), (-1, 2)), [1, 2, 3, 0, 0])
    assert F.pad(np.ones((0, 2)), ((0, 0), (1, 1)), "replicate").shape == (0, 4)


# --------------------------------------------------------------------------- messages
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: F.moveaxis(x, (0, 0), (0, 1)), ShapeError, "moveaxis: source"),
        (lambda x: F.moveaxis(x, 0, (0, 1)), ShapeError, "moveaxis: source"),
        (lambda x: F.moveaxis(x, 2, 0), ShapeError, "moveaxis: axis 2 is out of range"),
        (lambda x: F.expand_dims(x, 3), ShapeError, "expand_dims: axis 3 is out of range"),
        (lambda x: F.expand_dims(x, (0, 0)), ShapeError, "expand_dims"),
        (lambda x: F.squeeze(x, 0), ShapeError, r"squeeze: axis 0 of shape \(2, 3\) has not length 1"),
        (lambda x: F.stack([]), ShapeError, "stack: the list of tensors is empty"),
        (lambda x: F.stack(x), DTypeError, "stack: give a list"),
        (
            lambda x: F.stack([x, x[0]]),
            ShapeError,
            r"stack: the shapes must be equal, got \(2, 3\), \(3,\)",
        ),
        (lambda x: F.stack([x, x], 3), ShapeError, "stack: axis 3 is out of range"),
        (lambda x: F.split(x, 2, 1), ShapeError, "axis 1 of length 3 does not make 2 equal parts"),
        (lambda x: F.split(x, 0), ArgumentError, "at least 1"),
        (lambda x: F.split(x, [0.5]), DTypeError, "split: index must be an integer"),
        (lambda x: F.tile(x, -1), ArgumentError, "tile: reps must be at least 0"),
        (lambda x: F.tile(x, 1.5), DTypeError, "tile: reps must be an integer"),
        (lambda x: F.repeat(x, [1, 2], 1), ShapeError, r"repeat: \(2,\) repeats for axis 1 of length 3"),
        (lambda x: F.repeat(x, -1), ArgumentError, "repeat: repeats must be at least 0"),
        (lambda x: F.repeat(x, 1.5), DTypeError, "repeat: repeats must be integers"),
        (lambda x: F.flip(x, 2), ShapeError, "flip: axis 2"),
        (lambda x: F.roll(x, (1, 2)), ShapeError, "name an axis for each"),
        (lambda x: F.roll(x, (1, 2), 0), ShapeError, "must have as many numbers"),
        (lambda x: F.roll(x, 1.5), DTypeError, "roll: shift must be an integer"),
        (lambda x: F.tril(x[0]), ShapeError, r"tril: needs at least two axes, x has shape \(3,\)"),
        (lambda x: F.triu(x, 0.5), DTypeError, "triu: k must be an integer"),
        (lambda x: F.diagonal(x, 0, 1, -1), ShapeError, "axis1 and axis2 are both 1"),
        (lambda x: F.trace(x[0]), ShapeError, "trace: needs at least two axes"),
    ],
)
def test_messages(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(np.ones((2, 3)))


def test_0d_and_empty() -> None:
    zero = np.array(2.0)
    assert F.tile(zero, 3).tolist() == F.repeat(zero, 3).tolist() == [2.0] * 3
    assert F.flip(zero).shape == F.squeeze(zero).shape == F.roll(zero, 1).shape == ()
    assert F.stack([zero, zero]).shape == (2,)
    assert F.expand_dims(zero, 0).shape == (1,)
    empty = np.zeros((0, 3))
    assert F.diagonal(empty).shape == (0,) and F.trace(empty) == 0.0
    assert F.tril(empty).shape == F.roll(empty, 2, 0).shape == (0, 3)
    assert F.repeat(empty, [], 0).shape == (0, 3)
