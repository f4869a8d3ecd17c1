"""Programs of PyTorch beside the same ones of `tinygrad_cnn.torch`: all that they return is equal."""

import inspect

import pytest
import torch as theirs

from tests.peers.torch_names import programs_modules, programs_tensors, programs_training
from tests.peers.torch_names.worlds import differs, plain
from tinygrad_cnn import torch as ours

PROGRAMS = [
    program
    for module in (programs_tensors, programs_modules, programs_training)
    for program in vars(module).values()
    if inspect.isfunction(program) and program.__module__ == module.__name__
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_program(program):
    found = []
    for torch in (theirs, ours):
        torch.manual_seed(0)
        found.append(plain(program(torch), torch))
    assert differs(*found) is None, program.__name__
