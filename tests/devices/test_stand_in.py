"""The stand-in for a GPU's arrays differs from NumPy where CuPy does; what crosses is counted."""

import pickle
import warnings

import numpy as np
import pytest

from tinygrad_cnn.testing.stand_in import STAND_IN, StandInArray, refusals, stand_in_device, transfers


@pytest.fixture
def x():
    with stand_in_device():
        yield there(np.arange(6.0).reshape(2, 3))


def there(values, index=0):
    return STAND_IN.upload(np.asarray(values), index)


def refuses(error, *uses):
    """A check that each use of x is refused."""

    def check(x):
        for use in uses:
            with pytest.raises(error):
                use(x)

    return check


def casts(x):
    floats = there(np.array([-1.0, np.inf, np.nan, 300.7, -np.inf]))
    assert floats.astype(np.uint8).get().tolist() == [0, 255, 0, 255, 0]
    assert floats.astype(np.int32).get().tolist() == [-1, 2**31 - 1, 0, 300, -(2**31)]
    whole = there(np.zeros(5, np.int64))
    whole[...] = floats
    assert whole.get()[1] == 2**63 - 1


def wraps_around(x):
    index = there(np.array([1, 3]))
    assert x[0][index].get().tolist() == [1, 0] == np.take(x[0], index).get().tolist()
    assert np.take_along_axis(x[0], index, 0).get().tolist() == [1, 0]


def the_first_stays(x):
    y = there(np.zeros(2))
    y[there(np.array([1, 1]))] = there(np.array([5.0, 7.0]))
    assert y.get()[1] == 5


def no_scalars(x):
    for found in (x.sum(), x.max(), np.count_nonzero(x), np.array_equal(x, x), np.allclose(x, x), x[0, 0]):
        assert type(found) is StandInArray and found.shape == ()


def row_by_row(x):
    assert x.T.flags.f_contiguous and (x.T + x.T).flags.c_contiguous
    assert x.T.astype(np.float32).flags.f_contiguous


def some_methods(x):
    assert np.add.reduce(x).get().tolist() == [3, 5, 7] and np.multiply.accumulate(x).shape == (2, 3)
    assert np.add.outer(x[0], x[1]).shape == (3, 3)
    np.add.at(x, there(np.array([0, 0])), 1.0)
    assert x.get()[0].tolist() == [2, 3, 4]
    refuses(NotImplementedError, np.maximum.reduce, np.logical_or.reduce, np.maximum.accumulate)(x)
    refuses(NotImplementedError, lambda x: np.multiply.at(x, 0, 2.0))(x)


def one_device_computes(x):
    other = there(np.ones(3), 1)  # which is current now
    refuses(ValueError, lambda x: x + 1, lambda x: x.sum(), lambda x: x + other, lambda x: x[0] * 2)(x)
    with STAND_IN.current(x):
        assert (x + 1).index == 0
        refuses(ValueError, np.exp)(other)
    assert (other + 1).index == 1 and x.T.index == 0  # a view is no computation


def waits(x):
    with transfers() as counted:
        x[x > 2], np.nonzero(x), np.where(x > 2), np.unique(x), np.unravel_index(there([1]), (2, 3))
        x[x > 2] = 0
        np.where(x > 2, x, 0)
    assert counted == {"upload": 1, "mask": 2, "nonzero": 1, "where": 1, "unique": 1, "unravel_index": 1}


def is_pickled_by_way_of_the_host(x):
    with transfers() as counted:
        again = pickle.loads(pickle.dumps(x))
    assert type(again) is StandInArray and again.get().tolist() == x.get().tolist()
    assert counted == {"pickle": 1, "upload": 1}


def gives_nan(x):
    singular = there(np.zeros((2, 2)))
    for found in (
        np.linalg.inv(singular),
        np.linalg.solve(singular, singular),
        np.linalg.cholesky(-singular),
    ):
        assert not np.isfinite(found.get()).all()


def warns_of_nothing(x):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x /= 0
        assert np.log(x - 1).get().shape == (2, 3) and not np.isfinite((x * x).sum().get())


def arrays_of_the_host(x):
    refuses(TypeError, lambda x: x + np.ones(3), lambda x: np.ones(3) * x, lambda x: np.power([x], 2))(x)
    refuses(
        TypeError, lambda x: np.concatenate([x, np.ones((1, 3))]), lambda x: np.where(x, x, np.ones(3))
    )(x)
    assert (x * np.float32(2) + 1).get()[0, 0] == 1  # numbers are none


class Unknown:
    """What no array knows."""


#: By the word of each difference, what shows it; None where the stand-in has no part in it.
SHOWN = {
    "floats to integers": casts,
    "random numbers": None,
    "indices beyond the end": wraps_around,
    "repeated indices": the_first_stays,
    "reductions": no_scalars,
    "matrices of NumPy's class": refuses(TypeError, lambda x: x + np.zeros((2, 3)).view(np.matrix)),
    "element types": refuses(
        TypeError, lambda x: x.astype(np.longdouble), lambda x: x.astype(object), lambda x: there(["a"])
    ),
    "NumPy's arrays beside its own": arrays_of_the_host,
    "arrays as a random seed": None,
    "NaN in complex numbers": None,
    "order in memory": row_by_row,
    "conversion": refuses(TypeError, np.asarray, np.array, lambda x: np.ones((2, 3)).__iadd__(x)),
    "functions": refuses(
        TypeError,
        lambda x: np.insert(x, 0, 1),
        lambda x: np.sum(x, where=True),
        lambda x: x.max(initial=0),
        lambda x: np.add(x, 1, where=True),
        lambda x: np.ones(3, like=x),
        np.spacing,
        lambda x: np.linalg.svdvals(x),
        lambda x: np.std(x, correction=1),
        lambda x: x.sum(where=True),
    ),
    "methods of elementwise functions": some_methods,
    "the current device": one_device_computes,
    "DLPack": lambda x: None,  # in test_dlpack.py
    "waiting": waits,
    "flags": refuses(AttributeError, lambda x: x.flags.writeable),
    "lists and NumPy's arrays as an index": refuses(
        TypeError, lambda x: x[[0]], lambda x: x[np.array([0])], lambda x: x.__setitem__([0], 1.0)
    ),
    "an array as a position": refuses(TypeError, lambda x: range(3)[x.sum().astype(int)]),
    "x[...] = NumPy's array": refuses(
        ValueError,
        lambda x: x.__setitem__(0, np.ones(3)),
        lambda x: x.__setitem__(slice(None), np.ones((2, 3))),
    ),
    "pickles": is_pickled_by_way_of_the_host,
    "item": refuses(TypeError, lambda x: x.item(0)),
    "in place": refuses(
        (TypeError, AttributeError),
        lambda x: x.__iadd__(np.ones(3)),
        lambda x: x.__imul__(Unknown()),
        lambda x: x.__imatmul__(x),
    ),
    "sorting": refuses(
        ValueError, lambda x: np.argsort(x, kind="quicksort"), lambda x: x.argsort(kind="heapsort")
    ),
    "astype": refuses(TypeError, lambda x: x.astype(int, casting="unsafe")),
    "einsum": refuses(TypeError, lambda x: np.einsum("ij->i", x, order="C")),
    "singular matrices": gives_nan,
    "warnings": warns_of_nothing,
    "the largest of no elements": refuses(ValueError, lambda x: x[:0].max()),
}


@pytest.mark.parametrize("difference", [name for name, shown in SHOWN.items() if shown is not None])
def test_the_stand_in_differs_from_numpy_as_cupy_does(x, difference):
    SHOWN[difference](x)


def test_each_difference_has_its_reason_its_source_and_its_test():
    assert SHOWN.keys() == refusals.DIFFERENCES.keys()
    assert all(part for row in refusals.DIFFERENCES.values() for part in row)


def test_views_know_their_owner_and_share_its_memory(x):
    view = x.T[1:]
    assert view.base is x and x.reshape(3, 2).base is x and x.copy().base is None
    view += 1
    assert x.get()[0].tolist() == [0, 2, 3]


def test_every_way_to_the_host_is_counted(x):
    one = x[0, 0]
    with transfers() as counted:
        x.get(), one.item(), float(one), int(one), bool(one), complex(one), x.tolist(), repr(x), f"{one}"
        x.tobytes()
    names = ("get", "item", "float", "int", "bool", "complex", "tolist", "repr", "format", "tobytes")
    assert counted == dict.fromkeys(names, 1)
