"""Options of NumPy that Tensors do not take are refused by name; rare ones give the numbers of NumPy."""

import numpy as np
import pytest
from refusals import check_refusals

from tinygrad_cnn import ArgumentError, DTypeError, ShapeError, Tensor

X = Tensor(np.arange(6.0).reshape(2, 3))
LINE = Tensor([1.0, 2.0, 3.0])
REFUSED = [
    (
        ArgumentError,
        "np.meshgrid: indexing is 'xy' or 'ij', got 'yx'",
        lambda: np.meshgrid(LINE, indexing="yx"),
    ),
    (ShapeError, "np.linalg.tensorsolve: a (2, 3) and b (2,)", lambda: np.linalg.tensorsolve(X, LINE[:2])),
    (
        ArgumentError,
        "np.linalg.tensorinv: ind must be at least 1, got 0",
        lambda: np.linalg.tensorinv(X, 0),
    ),
    (ArgumentError, "np.linalg.svd: full_matrices=False", lambda: np.linalg.svd(X)),
    (
        ArgumentError,
        "np.linalg.qr: mode is 'reduced', 'complete' or 'r', got 'raw'",
        lambda: np.linalg.qr(X, "raw"),
    ),
    (ArgumentError, "np.nanquantile: q must lie in [0, 1], got 2", lambda: np.nanquantile(X, 2)),
    (
        ArgumentError,
        "np.interp: period is not supported",
        lambda: np.interp(LINE, [1.0, 2], [3.0, 4], period=2),
    ),
    (ShapeError, "np.interp: xp (2,) and fp (3,) do not fit", lambda: np.interp(LINE, [1.0, 2.0], LINE)),
    (ArgumentError, "np.gradient: edge_order is 1 or 2, got 3", lambda: np.gradient(LINE, edge_order=3)),
    (ShapeError, "np.gradient: 2 distances for 1 axes", lambda: np.gradient(LINE, 1.0, 2.0)),
    (ShapeError, "np.gradient: axis 0 has 1 elements, at least 2", lambda: np.gradient(LINE[:1])),
    (
        ShapeError,
        "np.gradient: (2,) places for an axis of 3",
        lambda: np.gradient(LINE, np.array([0.0, 1.0])),
    ),
    (
        DTypeError,
        "np.concatenate: out= is not supported",
        lambda: np.concatenate([X, X], out=np.empty((4, 3))),
    ),
    (ArgumentError, "np.take: mode is 'raise', 'wrap' or 'clip'", lambda: np.take(X, 0, mode="round")),
    (DTypeError, "np.einsum: out= is not supported", lambda: np.einsum("i->i", LINE, out=np.empty(3))),
    (
        ArgumentError,
        "np.pad: constant_values is not supported",
        lambda: np.pad(X, 1, "edge", constant_values=3),
    ),
    (ShapeError, "np.vsplit: got shape (3,), at least 2 axes", lambda: np.vsplit(LINE, 3)),
    (ShapeError, "np.select: 2 conditions and 1 choices", lambda: np.select([LINE > 1, LINE > 2], [LINE])),
    (ShapeError, "np.choose: numbers from 0 to 3, 2 choices", lambda: np.choose([0, 3, 0], [LINE, LINE])),
    (DTypeError, "isnat", lambda: np.isnat(LINE)),
    (ArgumentError, "np.linspace: num must be at least 0, got -1", lambda: np.linspace(LINE, LINE, -1)),
    (ShapeError, "np.trim_zeros: got shape (2, 3), one axis fits", lambda: np.trim_zeros(X)),
    (ArgumentError, "np.polyfit: a degree and w", lambda: np.polyfit(LINE, LINE, 1, full=True)),
    (ShapeError, "np.polyadd: the factors of a polynomial lie along one axis", lambda: np.polyadd(X, LINE)),
    (
        ShapeError,
        "np.polyval: the factors of a polynomial lie along an axis",
        lambda: np.polyval(X[0, 0], X),
    ),
    (ShapeError, "np.polyint: k needs 1 or 2 constants, got 3", lambda: np.polyint(LINE, 2, LINE)),
    (ShapeError, "np.poly: some roots or a square matrix fit, got (2, 3)", lambda: np.poly(X)),
    (ArgumentError, "are not all real, and Tensors hold real", lambda: np.roots(Tensor([1.0, 0.0, 1.0]))),
    (DTypeError, "to_device: stream 5; None fits", lambda: LINE.to_device("cpu", stream=5)),
]


def test_what_is_not_supported_is_refused_by_name():
    check_refusals(REFUSED)


def test_rare_options_give_the_numbers_of_numpy():
    a, b = np.eye(6).reshape(2, 3, 6) + np.arange(36.0).reshape(2, 3, 6) / 50, np.arange(6.0).reshape(2, 3)
    line = np.array([1.0, 2.0, 1.0, 4.0])
    moved = a.transpose(2, 0, 1)
    calls = {
        "tensorsolve": lambda of: np.linalg.tensorsolve(of(moved), of(b), axes=(0,)),
        "pad": lambda of: np.pad(of(b), {0: (1, 2), -1: 1}),
        "insert": lambda of: np.insert(of(b[0]), np.array([True, False, True]), 9.0),
        "trim_zeros": lambda of: np.trim_zeros(of(np.zeros(3))),
        "mT": lambda of: of(a).mT,
        "array": lambda of: np.array(of(b), dtype="float32"),
        "copied": lambda of: np.asarray(of(b), copy=True),
        "polydiv, the rest begins with 0": lambda of: np.polydiv(of(line), of(line[:3]))[1],
        "polydiv by a number, no rest": lambda of: np.polydiv(of(line), of(line[2]))[1],
        "polymul of zeros": lambda of: np.polymul(of(np.zeros(2)), of(line)),
        "poly of no roots": lambda of: np.poly(of(line[:0])),
        "roots, double": lambda of: np.roots(of(np.poly([1.0, 0.0, 0.0, 2.0, 2.0]))),
    }
    for name, call in calls.items():
        got, want = (np.asarray(call(of)) for of in (Tensor, lambda x: x))
        assert (got.shape, got.dtype) == (want.shape, want.dtype), name
        np.testing.assert_allclose(got, want, rtol=1e-6, err_msg=name)


def test_bits_are_shifted_either_way():
    x = Tensor(np.array([1, 2, 3]))
    assert [(x << 2).tolist(), (x >> 1).tolist()] == [[4, 8, 12], [0, 1, 1]]
    assert [(64 >> x).tolist(), (1 << x).tolist()] == [[32, 16, 8], [2, 4, 8]]
    with pytest.raises(TypeError, match="unsupported operand"):
        1.5 << x


def test_an_array_that_is_asked_for_without_a_copy_is_refused_where_it_needs_one():
    """As `__array__` is called by who does not know NumPy's other protocols."""
    assert LINE.__array__().tolist() == [1, 2, 3] and np.shares_memory(
        LINE.__array__(copy=False), LINE.numpy()
    )
    assert LINE.__array__("float64", True).dtype == np.float64
    assert not np.shares_memory(LINE.__array__(copy=True), LINE.numpy())
    with pytest.raises(ValueError, match="copy"):
        LINE.__array__("float64", copy=False)
