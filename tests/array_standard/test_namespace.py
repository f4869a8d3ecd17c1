"""The namespace of the array API standard: names, types, recorded results, and programs written for it."""

import numpy as np
import pytest

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
