"""The namespace of the array API standard: names, types, recorded results, and programs written for it."""

from functools import partial

import numpy as np
import pytest
from refusals import check_refusals

import tinygrad_cnn.array_api as xp
from tinygrad_cnn import Tensor, manual_seed, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.testing import gradcheck


def test_a_tensor_gives_the_namespace():
    assert Tensor([1.0]).__array_namespace__() is xp
    assert Tensor([1.0]).__array_namespace__(api_version="2023.12") is xp
    with pytest.raises(ValueError, match="1999"):
        Tensor([1.0]).__array_namespace__(api_version="1999.12")
    assert xp.__array_namespace_info__().default_dtypes()["real floating"] == xp.float32


def softmax(x):
    """As one writes it for any library."""
    xp = x.__array_namespace__()
    e = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    return e / xp.sum(e, axis=-1, keepdims=True)


def standardised(x):
    xp = x.__array_namespace__()
    return (x - xp.mean(x, axis=0)) / xp.sqrt(xp.var(x, axis=0, correction=1) + 1e-3)


def picked(x):
    xp = x.__array_namespace__()
    y = xp.concat([x, xp.flip(x, axis=0)], axis=1)
    y = xp.where(y > 0, y, 0.1 * y)
    return xp.linalg.vector_norm(xp.take(y, xp.asarray([0, 2, 2]), axis=1) @ xp.ones((3, 1), dtype=x.dtype))


@pytest.mark.parametrize("program", [softmax, standardised, picked])
def test_programs_for_any_library_are_differentiated(program):
    x = np.random.default_rng(0).standard_normal((4, 3))
    assert gradcheck(program, x)


def test_integers_are_computed_and_floats_recorded():
    whole, real = xp.asarray([1, -2]), xp.asarray([1.0, -2.0])
    assert (whole.dtype, real.dtype) == (xp.int64, xp.float32)
    assert xp.abs(whole).dtype == xp.int64 and xp.sum(xp.asarray([1], dtype=xp.int8)).dtype == xp.int64
    x = Tensor(real, requires_grad=True)
    assert xp.abs(x).requires_grad and xp.sum(x).requires_grad and not xp.equal(x, x).requires_grad


def test_what_is_left_out_is_refused():
    with pytest.raises(DTypeError, match="complex"):
        xp.asarray([1j])
    with pytest.raises(DTypeError, match="cuda"):
        xp.zeros(2, device="cuda")
    with pytest.raises(DTypeError, match="a Tensor fits, got ndarray"):
        xp.exp(np.ones(2))


def test_every_name_has_words():
    assert all(getattr(xp, name).__doc__ for name in xp.__all__ if callable(getattr(xp, name)))


def test_einops_works_unaided():
    einops = pytest.importorskip("einops", reason="needs einops: pip install einops")
    array_api = pytest.importorskip("einops.array_api")
    x = Tensor(np.arange(24.0).reshape(2, 3, 4), requires_grad=True)
    y = array_api.rearrange(x, "b c (h w) -> b (h w) c", h=2)
    np.testing.assert_array_equal(y.numpy(), x.numpy().transpose(0, 2, 1))
    z = array_api.reduce(x, "b c l -> b l", "mean")
    np.testing.assert_allclose(z.numpy(), x.numpy().mean(1))
    r = array_api.repeat(x, "b c l -> b c l r", r=2)
    assert r.shape == (2, 3, 4, 2)
    (y * y).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * x.numpy())
    assert einops.__version__


@pytest.mark.parametrize("name", ["rearrange", "reduce", "repeat", "pack_unpack"])
def test_einops_own_tests_pass_on_tensors(name, monkeypatch):
    """Each takes its arrays from `np.from_dlpack`, which hands out Tensors here."""
    monkeypatch.setenv("EINOPS_TEST_BACKENDS", "numpy")
    home = "test_packing" if name == "pack_unpack" else "test_ops"
    tests = pytest.importorskip(f"einops.tests.{home}", reason="needs einops: pip install einops")
    from_dlpack, made = np.from_dlpack, []

    def as_tensor(x, **options):
        if not isinstance(x, np.ndarray):
            return from_dlpack(x, **options)
        made.append(Tensor.detached(x))
        return made[-1]

    monkeypatch.setattr(np, "from_dlpack", as_tensor)
    getattr(tests, f"test_{name}_array_api")()
    assert made


def test_array_api_compat_finds_the_namespace():
    compat = pytest.importorskip(
        "array_api_compat", reason="needs array-api-compat: pip install array-api-compat"
    )
    x = Tensor([1.0, 4.0])
    assert compat.array_namespace(x) is xp and compat.device(x) == "cpu"
    assert compat.is_array_api_obj(x)


def test_a_layer_is_used_between_functions_of_the_namespace():
    manual_seed(0)
    layer = nn.Linear(3, 2)
    x = xp.reshape(xp.arange(6, dtype=xp.float32), (2, 3))
    y = xp.sum(F.relu(layer(x)) ** 2)
    y.backward()
    assert layer.weight.grad is not None


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", [xp.float32, xp.float64])
def test_whole_quotients_beside_infinities_are_the_standards(dtype):
    rows = [
        (np.inf, 1.0, np.inf), (np.inf, -1.0, -np.inf), (-np.inf, 1.0, -np.inf), (-np.inf, -1.0, np.inf),
        (1.0, np.inf, 0.0), (1.0, -np.inf, -0.0), (-1.0, np.inf, -0.0), (-1.0, -np.inf, 0.0),
        (np.inf, np.inf, np.nan), (np.inf, np.nan, np.nan), (0.0, -np.inf, -0.0), (-5.0, 2.0, -3.0),
    ]  # fmt: skip
    a, b, expected = (np.array(column, dtype) for column in zip(*rows, strict=True))
    got = xp.floor_divide(xp.asarray(a), xp.asarray(b)).numpy()
    np.testing.assert_array_equal(got, expected)
    known = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(got)[known], np.signbit(expected)[known])
    x = Tensor(a, requires_grad=True)
    y = xp.floor_divide(x, xp.asarray(b))
    y.backward(np.ones(y.shape, dtype))
    assert y.dtype == dtype and not x.grad.numpy().any()


# --------------------------------------------------------------------------- as NumPy has it
WHOLE, REAL = np.array([[3, -1, 2], [0, 5, 2]]), np.array([[0.5, -1.5, 2.0], [4.0, -0.25, 1.0]])
PLACES, SQUARE = np.array([[2, 0], [1, 1]]), np.array([[2, 1], [7, 4]])
#: Written once, and called with this namespace and with NumPy's.
CALLS = {
    "concat": lambda xp, x, r, k, a: (xp.concat([x, x], axis=None), xp.concat([x, x], axis=1)),
    "stack": lambda xp, x, r, k, a: xp.stack([x, x], axis=2),
    "unstack": lambda xp, x, r, k, a: xp.unstack(x, axis=1),
    "moveaxis": lambda xp, x, r, k, a: (xp.moveaxis(x, 0, 1), xp.expand_dims(x, axis=1)),
    "reshape": lambda xp, x, r, k, a: (xp.reshape(x, (3, 2)), xp.reshape(x, (6,), copy=True)),
    "repeat": lambda xp, x, r, k, a: (
        xp.repeat(x, 2),
        xp.repeat(r, k[0, :], axis=0),
        xp.repeat(x, k[0, :], axis=0),
    ),
    "take": lambda xp, x, r, k, a: (xp.take(x, k[:, 0], axis=1), xp.take_along_axis(x, k, axis=1)),
    "extremes": lambda xp, x, r, k, a: (xp.max(x, axis=1), xp.min(x, axis=0, keepdims=True), xp.prod(x)),
    "cumulative": lambda xp, x, r, k, a: (
        xp.cumulative_sum(x, axis=1, include_initial=True),
        xp.cumulative_prod(x, axis=0),
        xp.cumulative_prod(r, axis=1, include_initial=True),
    ),
    "diff": lambda xp, x, r, k, a: (xp.diff(x), xp.diff(r, axis=0, prepend=r[:1, :], append=r[1:, :], n=2)),
    "sort": lambda xp, x, r, k, a: (xp.sort(x), xp.argsort(x, axis=0), xp.where(x > 1, x, -x)),
    "products": lambda xp, x, r, k, a: (
        xp.vecdot(x, x),
        xp.linalg.cross(x, x[::-1, :]),
        xp.linalg.trace(a, offset=1),
        x @ xp.matrix_transpose(x),
    ),
    "meshgrid": lambda xp, x, r, k, a: tuple(xp.meshgrid(x[0, :], x[1, :], indexing="ij")),
    "types": lambda xp, x, r, k, a: (
        xp.astype(x, xp.float32),
        xp.astype(x, x.dtype),
        xp.astype(r, r.dtype),
        xp.astype(r, xp.float32),
        xp.asarray(x, dtype=xp.int16),
        xp.asarray(x, copy=True),
        xp.asarray(x),
        xp.full((2,), 1, dtype=xp.uint8),
    ),
    "clip": lambda xp, x, r, k, a: (
        xp.clip(x, 0, 2),
        xp.clip(x, None, a[:1, :1]),
        xp.clip(x),
        xp.clip(r),
        xp.clip(r, r[:1, :], None),
        xp.clip(r, r[:1, :], r[1:, :]),
    ),
    "arithmetic": lambda xp, x, r, k, a: (
        xp.floor_divide(r, 2 * xp.ones_like(r)),
        xp.add(r, x),
        xp.multiply(x, x),
        xp.floor_divide(x, a[:1, :1]),
    ),
    "complete": lambda xp, x, r, k, a: tuple(
        y
        for q in (xp.linalg.qr(r[:, :1], mode="complete"), xp.linalg.svd(r, full_matrices=False))
        for y in (q[0] @ (q[1][:, None] * q[2] if len(q) == 3 else q[1]),)
    ),
}


@pytest.mark.parametrize("grad", [False, True])
def test_integers_and_floats_give_numbers_types_and_shapes_of_numpys_namespace(grad):
    arrays = WHOLE, REAL, PLACES, SQUARE
    tensors = [
        Tensor(a, requires_grad=grad and a.dtype.kind == "f") if a is REAL else xp.asarray(a)
        for a in arrays
    ]
    for name, call in CALLS.items():
        got, want = call(xp, *tensors), call(np, *arrays)
        for y, z in zip(*(v if isinstance(v, tuple) else (v,) for v in (got, want)), strict=True):
            assert isinstance(y, Tensor) and (y.shape, y.dtype) == (z.shape, z.dtype), name
            np.testing.assert_allclose(y.numpy(), z, atol=1e-12, err_msg=name)


def test_descending_order_keeps_equal_elements_in_order():
    x = xp.asarray([2, 5, 2, 7])
    assert xp.sort(x, descending=True).tolist() == [7, 5, 2, 2]
    assert xp.argsort(x, descending=True).tolist() == [3, 1, 0, 2]


def test_a_copy_is_apart_and_keeps_the_graph():
    for x in (Tensor([1.0, 2.0]), Tensor([1.0, 2.0], requires_grad=True)):
        y = xp.asarray(x, copy=True)
        assert y.requires_grad == x.requires_grad and not np.shares_memory(x.numpy(), y.numpy())
    xp.sum(y * y).backward()
    assert x.grad.tolist() == [2, 4]


def test_types_of_a_kind_and_of_another():
    assert xp.isdtype(xp.float32, xp.float32) and not xp.isdtype(xp.float32, xp.int8)
    assert xp.full(2, 1.5).dtype == xp.float32


REFUSED = {
    "dtype complex64 is not supported": lambda x: xp.zeros(2, dtype="complex64"),
    "float64 as float32 needs a copy": lambda x: xp.asarray(Tensor(REAL), dtype=xp.float32, copy=False),
    "cannot be taken without a copy": lambda x: xp.asarray([1.0], copy=False),
    "kind 'text'; bool": lambda x: xp.isdtype(xp.int8, "text"),
    "axis 0 is not negative": lambda x: xp.vecdot(x, x, axis=0),
    "vectors of 3 elements fit": lambda x: xp.linalg.cross(x[:, :2], x[:, :2]),
    "axis 3 is out of range for 3 axes": lambda x: xp.expand_dims(x, axis=3),
    "take: axis is needed for an array of 2 axes": lambda x: xp.take(x, xp.asarray([0])),
    "cumulative: axis is needed for an array of 2 axes": lambda x: xp.cumulative_sum(x),
    "a 0-d array has no places": lambda x: xp.nonzero(x[0, 0]),
}


def test_what_the_standard_excludes_is_refused():
    fits = ValueError, TypeError, IndexError
    check_refusals((fits, words, partial(call, xp.asarray(WHOLE))) for words, call in REFUSED.items())
