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
    "around": lambda x, v: np.around(x + 0.3, 1) + x,
    "fix": lambda x, v: np.fix(x + 0.3) * x,
    "matvec": lambda x, v: np.matvec(x, x),
    "vecmat": lambda x, v: np.vecmat(v[:2], x),
    "methods": lambda x, v: x.copy().take([0, 2], axis=1),
    "array_split": lambda x, v: np.array_split(v, 3)[0],
    "array_split, axis": lambda x, v: np.array_split(x, 2, axis=1)[1],
    "block": lambda x, v: np.block([[x, x], [v[:3], v[1:]]]),
    "cbrt": lambda x, v: np.cbrt(x - 5),
    "choose": lambda x, v: np.choose([0, 1, 1, 0], [v, 2 * v]),
    "compress": lambda x, v: np.compress([True, False, True], x, axis=1),
    "compress, all": lambda x, v: np.compress([False, True, True], x),
    "cond": lambda x, v: np.linalg.cond(x[:, :2]),
    "cond, inf": lambda x, v: np.linalg.cond(x[:, :2], np.inf),
    "delete": lambda x, v: np.delete(x, 1, axis=1),
    "delete, all": lambda x, v: np.delete(x, [0, 2]),
    "diagflat": lambda x, v: np.diagflat(x, 1),
    "diagonal of linalg": lambda x, v: np.linalg.diagonal(x, offset=1),
    "divmod": lambda x, v: np.divmod(x, 2.4)[1],
    "divmod, operator": lambda x, v: divmod(x, 2.4)[1] + divmod(20.3, x)[1],
    "dsplit": lambda x, v: np.dsplit(x.reshape(1, 2, 3), 3)[2],
    "ediff1d": lambda x, v: np.ediff1d(x, to_begin=v, to_end=0.5),
    "extract": lambda x, v: np.extract([[True, False, True], [False, True, False]], x),
    "float_power": lambda x, v: np.float_power(x, 1.5),
    "gradient": lambda x, v: np.gradient(v),
    "gradient, places": lambda x, v: np.gradient(v, [0.0, 1.0, 3.0, 3.5]),
    "gradient, axis": lambda x, v: np.gradient(x, 0.5, axis=1),
    "hsplit": lambda x, v: np.hsplit(x, 3)[1],
    "hsplit, line": lambda x, v: np.hsplit(v, [1, 3])[1],
    "interp": lambda x, v: np.interp(v, [1.5, 2.5, 9.0], x[0]),
    "interp, ends": lambda x, v: np.interp(v, [1.5, 2.5, 7.0], x[0], left=0.0, right=1.0),
    "ldexp": lambda x, v: np.ldexp(v, [1, 0, -2, 3]),
    "matrix_norm": lambda x, v: np.linalg.matrix_norm(x, keepdims=True),
    "nancumprod": lambda x, v: np.nancumprod(np.where(v > 3.5, np.nan, v)),
    "nancumsum": lambda x, v: np.nancumsum(np.where(x > 3.5, np.nan, x), axis=1),
    "nanmedian": lambda x, v: np.nanmedian(np.where(abs(x - 4) < 0.5, np.nan, x), axis=0),
    "nanpercentile": lambda x, v: np.nanpercentile(np.where(x > 6.5, np.nan, x), [20, 65], axis=1),
    "nanprod": lambda x, v: np.nanprod(np.where(x > 3.5, np.nan, x), axis=0),
    "nanquantile": lambda x, v: np.nanquantile(np.where(v > 5, np.nan, v), 0.3, keepdims=True),
    "nanstd": lambda x, v: np.nanstd(np.where(v > 5, np.nan, v)),
    "nanvar": lambda x, v: np.nanvar(np.where(x > 6.5, np.nan, x), axis=1, ddof=1, keepdims=True),
    "outer of linalg": lambda x, v: np.linalg.outer(v, v),
    "partition": lambda x, v: np.partition(v, 2),
    "resize": lambda x, v: np.resize(v, (2, 5)),
    "select": lambda x, v: np.select(
        [[True, False, False, True], [True, True, False, False]], [v, -v], 9.0
    ),
    "svd": lambda x, v: np.linalg.svd(x, full_matrices=False)[1],
    "svd, values": lambda x, v: np.linalg.svd(x, compute_uv=False),
    "tensordot of linalg": lambda x, v: np.linalg.tensordot(x, x, axes=2),
    "tensorinv": lambda x, v: np.linalg.tensorinv((x[:, :2] + np.eye(2)).reshape(2, 2, 1), ind=1),
    "tensorsolve": lambda x, v: np.linalg.tensorsolve(
        (np.eye(4) + np.outer(v, v)).reshape(2, 2, 4), x[:, :2]
    ),
    "trace of linalg": lambda x, v: np.linalg.trace(x),
    "trapezoid": lambda x, v: np.trapezoid(x, dx=0.5, axis=0),
    "trapezoid, places": lambda x, v: np.trapezoid(x, v[:3]),
    "vander": lambda x, v: np.vander(v, 3),
    "vander, rising": lambda x, v: np.vander(v, increasing=True),
    "vdot": lambda x, v: np.vdot(x, x),
    "vecdot": lambda x, v: np.vecdot(x, x),
    "vecdot of linalg": lambda x, v: np.linalg.vecdot(x, x, axis=0),
    "vsplit": lambda x, v: np.vsplit(x, 2)[1],
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
    "itemsize": lambda x: (x.itemsize, x.nbytes),
    "nonzero": lambda x: x.nonzero()[1],
    "intersect1d": lambda x: np.intersect1d(x, [3.0, 7.0]),
    "isin": lambda x: np.isin(x, [3.0]),
    "isneginf": lambda x: np.isneginf(x),
    "isposinf": lambda x: np.isposinf(x),
    "lexsort": lambda x: np.lexsort([x[0], x[1]]),
    "nanargmax": lambda x: np.nanargmax(x, axis=1),
    "nanargmin": lambda x: np.nanargmin(x),
    "setdiff1d": lambda x: np.setdiff1d(x, [3.0, 7.0]),
    "setxor1d": lambda x: np.setxor1d(x, [3.0, 7.0]),
    "union1d": lambda x: np.union1d(x, [3.0, 7.0]),
    "unique_counts": lambda x: np.unique_counts(x).counts,
    "unique_inverse": lambda x: np.unique_inverse(x).inverse_indices,
    "unique_values": lambda x: np.sort(np.unique_values(x)),
    "unique_all": lambda x: np.unique_all(x).indices,
    "may_share_memory": lambda x: np.may_share_memory(x, x.T),
    "searchsorted": lambda x: np.searchsorted([1.0, 3.0], x[0]),
    "unique": lambda x: np.unique(x),
}


@pytest.mark.filterwarnings("ignore:numpy.fix is deprecated")  # since NumPy 2.5
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


def test_a_step_takes_its_value_at_0_from_the_second_operand() -> None:
    x, h = Tensor([-1.0, 0.0, 2.0]), Tensor([0.3, 0.4, 0.5], requires_grad=True)
    y = np.heaviside(x, h)
    np.testing.assert_array_equal(y.numpy(), np.heaviside(x.numpy(), h.numpy()))
    y.sum().backward()
    assert h.grad is not None and h.grad.tolist() == [0.0, 1.0, 0.0]


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


@pytest.mark.parametrize(("call", "named"), [(np.fft.fft, ""), (np.angle, "")])
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
