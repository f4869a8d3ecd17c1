"""Everyday functions of NumPy on Tensors: NumPy's values, recorded."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import DTypeError, GraphError, Tensor
from tinygrad_cnn.testing import gradcheck

X = np.array([[3.0, 1.0, 2.0], [6.0, 4.0, 8.0]])
LINE = np.array([1.0, 4.0, 2.0, 8.0])

RECORDED: dict[str, Callable[[Any, Any], Any]] = {  # E30
    "append": lambda x, v: np.append(x, v),
    "append, axis": lambda x, v: np.append(x, x, axis=1),
    "atleast_1d": lambda x, v: np.atleast_1d(v[0]),
    "atleast_2d": lambda x, v: np.atleast_2d(v),
    "average": lambda x, v: np.average(x, weights=x, axis=1),
    "average, line": lambda x, v: np.average(x, axis=1, weights=v[:3]),
    "average, plain": lambda x, v: np.average(x),
    "column_stack": lambda x, v: np.column_stack([v, v]),
    "copy": lambda x, v: np.copy(x),
    "diff": lambda x, v: np.diff(v),
    "diff, twice": lambda x, v: np.diff(x, n=2, axis=1),
    "dstack": lambda x, v: np.dstack([x, x]),
    "fliplr": lambda x, v: np.fliplr(x),
    "flipud": lambda x, v: np.flipud(x),
    "hstack": lambda x, v: np.hstack([v, v]),
    "hstack, rows": lambda x, v: np.hstack([x, x]),
    "inner": lambda x, v: np.inner(x, x),
    "median": lambda x, v: np.median(v),
    "median, axis": lambda x, v: np.median(x, axis=1),
    "median, keepdims": lambda x, v: np.median(x, axis=0, keepdims=True),
    "meshgrid": lambda x, v: np.meshgrid(v, v[:2])[0],
    "meshgrid, ij": lambda x, v: np.meshgrid(v, v[:2], indexing="ij")[1],
    "meshgrid, sparse": lambda x, v: np.meshgrid(v, v[:2], sparse=True)[1],
    "percentile": lambda x, v: np.percentile(v, [10, 50, 95]),
    "percentile, axis": lambda x, v: np.percentile(x, 30, axis=1),
    "ptp": lambda x, v: np.ptp(x, axis=1),
    "quantile": lambda x, v: np.quantile(x, 0.3, axis=0),
    "quantile, table": lambda x, v: np.quantile(x, [[0.1, 0.2]], axis=1, keepdims=True),
    **{f"rot90, {k}": lambda x, v, k=k: np.rot90(x, k) for k in (0, 1, 2, 3, -1)},  # type: ignore[misc]
    "take": lambda x, v: np.take(v, [0, 2, 2]),
    "take, axis": lambda x, v: np.take(x, [[0, 2]], axis=1),
    "take, one": lambda x, v: np.take(x, 1, axis=0),
    "vstack": lambda x, v: np.vstack([x, v[:3]]),
}
PLAIN: dict[str, Callable[[Any], Any]] = {  # E30
    "bincount": lambda x: np.bincount(
        np.astype(x[0], np.int64) if isinstance(x, np.ndarray) else x[0].astype(int)
    ),
    "count_nonzero": lambda x: np.count_nonzero(x),
    "digitize": lambda x: np.digitize(x, [2.5, 5.0]),
    "flatnonzero": lambda x: np.flatnonzero(x > 2),
    "histogram": lambda x: np.histogram(x, bins=3)[0],
    "isin": lambda x: np.isin(x, [3.0]),
    "may_share_memory": lambda x: np.may_share_memory(x, x.T),
    "searchsorted": lambda x: np.searchsorted([1.0, 3.0], x[0]),
    "unique": lambda x: np.unique(x),
}


@pytest.mark.parametrize("call", RECORDED.values(), ids=RECORDED)
def test_a_function_gives_numpys_values_and_is_recorded(call: Callable[[Any, Any], Any]) -> None:
    x, v = Tensor(X, requires_grad=True), Tensor(LINE, requires_grad=True)
    y, expected = call(x, v), call(X, LINE)
    assert type(y) is Tensor and y.requires_grad
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-14, strict=True)
    assert gradcheck(lambda a, b: call(a, b) * 1.5 + a.sum() + b.sum(), X, LINE)


@pytest.mark.parametrize("call", PLAIN.values(), ids=PLAIN)
def test_a_question_is_answered_as_of_the_array(call: Callable[[Any], Any]) -> None:
    np.testing.assert_array_equal(call(Tensor(X)), call(X))


@pytest.mark.parametrize("name", ["zeros_like", "ones_like", "empty_like"])
def test_new_tensors_have_the_shape_and_type_of_another(name: str) -> None:
    y = getattr(np, name)(Tensor(X, requires_grad=True))
    assert type(y) is Tensor and y.shape == X.shape and y.dtype == X.dtype and not y.requires_grad
    assert np.full_like(Tensor(X), 7).tolist() == [[7.0] * 3] * 2


def test_a_tensor_is_saved_as_its_array() -> None:
    file = io.BytesIO()
    np.save(file, Tensor(X))
    file.seek(0)
    np.testing.assert_array_equal(np.load(file), X)


@pytest.mark.parametrize(("call", "named"), [(np.gradient, ""), (np.i0, ""), (np.nancumsum, "'nansum'")])
def test_only_a_close_name_is_suggested(call: Any, named: str) -> None:  # E30
    with pytest.raises(DTypeError) as told:
        call(Tensor(X))
    assert ("the nearest is" in str(told.value)) == bool(named) and named in str(told.value)


# --------------------------------------------------------------------------- other libraries
def test_what_another_library_writes_no_gradient_sees() -> None:  # E31
    x, w = Tensor([1.0, 2.0]), Tensor([1.0, 1.0], requires_grad=True)
    y = (w * x).sum()
    there = np.from_dlpack(x)
    copied = there.copy()
    if there.flags.writeable:
        there *= 100
    y.backward()
    assert w.grad is not None and w.grad.tolist() == [1.0, 2.0] == copied.tolist()
    assert not np.asarray(x).flags.writeable
    assert x.__array_interface__["data"][1]  # read-only


def test_a_tensor_with_a_graph_is_not_handed_out() -> None:  # E31
    w = Tensor([1.0], requires_grad=True)
    for call in (np.from_dlpack, np.asarray, np.array):
        with pytest.raises(GraphError):
            call(w)
    assert not hasattr(w, "__array_interface__")


def test_a_tensor_is_rounded_and_has_bytes() -> None:  # E31
    assert round(Tensor(1.26), 1).item() == pytest.approx(1.3)
    assert round(Tensor([1.6])).tolist() == [2.0]
    assert Tensor(X.T).tobytes() == X.T.tobytes()
