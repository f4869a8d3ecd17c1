"""The stand-in for a GPU's arrays refuses what CuPy refuses, and counts what crosses to the host."""

import inspect
from importlib.util import find_spec

import numpy as np
import pytest

from tinygrad_cnn.testing.stand_in import STAND_IN, refusals, stand_in_device, transfers


@pytest.fixture
def x():
    with stand_in_device():
        yield STAND_IN.upload(np.arange(6.0).reshape(2, 3), 0)


@pytest.mark.parametrize(
    "use",
    [
        np.asarray,
        lambda x: x + np.ones(3),
        lambda x: np.ones(3) * x,
        lambda x: np.add.reduce(x),
        lambda x: np.maximum.accumulate(x),
        lambda x: np.add.at(x, 0, 1.0),
        lambda x: x.max(initial=0),
        lambda x: np.sum(x, where=True),
        lambda x: np.add(x, 1, where=True),
        lambda x: np.insert(x, 0, 1),
        lambda x: np.concatenate([x, np.ones((1, 3))]),
        lambda x: x.astype(np.longdouble),
        lambda x: x.astype(object),
        lambda x: x[np.array([0])],
        lambda x: x[[0]],
        lambda x: range(3)[x.sum().astype(int)],
        lambda x: x.__setitem__(0, np.ones(3)),
    ],
)
def test_what_cupy_refuses_is_a_type_error(x, use):
    with pytest.raises(TypeError):
        use(x)


def test_other_differences_are_those_of_cupy(x):
    with pytest.raises(AttributeError):
        x.flags.writeable  # noqa: B018
    assert x.sum().shape == () and type(x.sum()) is type(x)
    index = STAND_IN.upload(np.array([1, 3]), 0)
    assert x[0][index].get().tolist() == [1, 0]  # it wraps around
    other = STAND_IN.upload(np.ones(3), 1)
    with pytest.raises(ValueError, match="device"):
        x + other
    y = STAND_IN.upload(np.zeros(2), 0)
    y[STAND_IN.upload(np.array([1, 1]), 0)] = STAND_IN.upload(np.array([5.0, 7.0]), 0)
    assert y.get()[1] == 5  # what stays of repeats is left open: nothing may build on the last


def test_views_know_their_owner_and_share_its_memory(x):
    view = x.T[1:]
    assert view.base is x and x.reshape(3, 2).base is x and x.copy().base is None
    view += 1
    assert x.get()[0].tolist() == [0, 2, 3]


def test_every_way_to_the_host_is_counted(x):
    with transfers() as counted:
        x.get(), x[0, 0].item(), float(x[0, 0]), int(x[0, 0]), bool(x[0, 0]), x.tolist(), repr(x)
    assert counted == {"get": 1, "item": 1, "float": 1, "int": 1, "bool": 1, "tolist": 1, "repr": 1}


def test_each_difference_has_its_reason():
    assert all(reason and what for what, reason in refusals.DIFFERENCES.items())


@pytest.mark.skipif(find_spec("cupy") is None, reason="CuPy is not installed: nothing to compare with")
def test_the_lists_of_refusals_are_true_of_the_cupy_that_is_installed():
    import cupy

    def there(name):
        module, _, last = name.rpartition(".")
        return getattr(getattr(cupy, module) if module else cupy, last, None)

    for name in (*refusals.MISSING_FUNCTIONS, *refusals.MISSING_UFUNCS):
        assert there(name) is None, name
    for name, lacking in refusals.LACKING.items():
        try:
            parameters = inspect.signature(there(name)).parameters
        except ValueError:  # compiled, without a signature
            continue
        assert not set(lacking) & set(parameters), name
    for name, options in refusals.METHOD_OPTIONS.items():
        words = (getattr(cupy.ndarray, name).__doc__ or "").strip().splitlines()[0]
        assert not words.startswith("_ndarray_base.") or all(option in words for option in options), name
