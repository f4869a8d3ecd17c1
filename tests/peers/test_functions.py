"""Every public function beside PyTorch's: values and gradients, in both dtypes and layouts."""

import inspect

import pytest
import torch

from tests.peers.compare import DTYPES, LAYOUTS, Entry
from tests.peers.functions_arrays import TABLE as ARRAYS
from tests.peers.functions_elementwise import NUMBERS
from tests.peers.functions_elementwise import TABLE as ELEMENTWISE
from tests.peers.functions_image import TABLE as IMAGE
from tests.peers.functions_modules import TABLE as MODULES
from tests.peers.functions_reduce import TABLE as REDUCE
from tests.peers.functions_sequence import TABLE as SEQUENCE
from tests.peers.functions_shape import TABLE as SHAPE
from tinygrad_cnn import functional as F

LISTED = [*ARRAYS, *ELEMENTWISE, *REDUCE, *SHAPE, *IMAGE, *MODULES, *SEQUENCE]

#: Public functions without an entry here, each with the reason and the place of its tests.
EXEMPT: dict[str, str] = {
    "polygamma": "the order comes first; tests/peers/torch_names/expressions_tensors.py",
}


def is_loss(function):
    """Losses have a table of their own, in test_losses.py."""
    files = ("loss", "classification", "ranking", "likelihood")
    return function.__module__.rpartition(".")[2] in files


def public_functions():
    """Names of all functions that the package shows."""
    return {
        name for name, value in vars(F).items() if inspect.isfunction(value) and not name.startswith("_")
    }


def test_every_public_function_is_compared():
    named = {entry.name for entry in LISTED}
    ours = {name for name in public_functions() if not is_loss(getattr(F, name))}
    wanted = {name for name in ours if name in named or theirs(name)}  # what PyTorch lacks has its case
    compared = {entry.name for entry in TABLE}
    assert wanted - compared - EXEMPT.keys() == set(), "functions that are not compared with PyTorch's"
    assert compared - wanted == set(), "entries of functions that are not there"
    assert EXEMPT.keys() - wanted == set() and EXEMPT.keys() & compared == set(), "needless exemptions"


def theirs(name):
    """PyTorch's function of a name, if it has one."""
    return getattr(torch.nn.functional, name, None) or getattr(torch, name, None)


def of_one_operand(function):
    """Whether a function needs no more than x."""
    needed = [p.name for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    return needed == ["x"]


def found():
    """An entry for each function of x alone that no table lists, and PyTorch has by the same name."""
    names = public_functions() - {entry.name for entry in LISTED} - EXEMPT.keys()
    unlisted = [name for name in sorted(names) if theirs(name) and of_one_operand(getattr(F, name))]
    return [Entry(name, getattr(F, name), theirs(name), NUMBERS) for name in unlisted]


TABLE = [*LISTED, *found()]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("entry", TABLE, ids=[f"{entry.name}-{k}" for k, entry in enumerate(TABLE)])
def test_function(entry, dtype, layout):
    entry.check(dtype, layout)
