"""Every public function beside PyTorch's: values and gradients, in both dtypes and layouts."""

import inspect

import pytest

from tests.peers.compare import DTYPES, LAYOUTS
from tests.peers.functions_arrays import TABLE as ARRAYS
from tests.peers.functions_elementwise import TABLE as ELEMENTWISE
from tests.peers.functions_image import TABLE as IMAGE
from tests.peers.functions_reduce import TABLE as REDUCE
from tests.peers.functions_sequence import TABLE as SEQUENCE
from tests.peers.functions_shape import TABLE as SHAPE
from tinygrad_cnn import functional as F

TABLE = [*ARRAYS, *ELEMENTWISE, *REDUCE, *SHAPE, *IMAGE, *SEQUENCE]

#: Public functions without an entry here, each with the reason and the place of its tests.
EXEMPT: dict[str, str] = {}


def is_loss(function):
    """Losses have a table of their own, in test_losses.py."""
    return function.__module__ in ("tinygrad_cnn.functional.loss", "tinygrad_cnn.functional.classification")


def public_functions():
    """Names of all functions that the package shows."""
    return {
        name for name, value in vars(F).items() if inspect.isfunction(value) and not name.startswith("_")
    }


def test_every_public_function_is_compared():
    wanted = {name for name in public_functions() if not is_loss(getattr(F, name))}
    compared = {entry.name for entry in TABLE}
    assert wanted - compared - EXEMPT.keys() == set(), "functions that are not compared with PyTorch's"
    assert compared - wanted == set(), "entries of functions that are not there"
    assert EXEMPT.keys() - wanted == set() and EXEMPT.keys() & compared == set(), "needless exemptions"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("entry", TABLE, ids=[f"{entry.name}-{k}" for k, entry in enumerate(TABLE)])
def test_function(entry, dtype, layout):
    entry.check(dtype, layout)
