"""Programs of torchvision beside the same ones of `tinygrad_cnn.torchvision`: all that they return is equal."""

import inspect

import pytest
import torch as theirs

from tests.peers.torch_names.worlds import differs
from tinygrad_cnn import torch as ours
from tinygrad_cnn import torchvision as our_vision

their = pytest.importorskip(
    "tests.peers.torch_names.their_torchvision", reason="needs torchvision: pip install torchvision"
)
from tests.peers.torch_names import programs_data_sets, programs_vision  # noqa: E402
from tests.peers.torch_names.vision import shown  # noqa: E402

#: A program takes both libraries.
LIBRARIES = ["torch", "tv"]
PROGRAMS = [
    program
    for module in (programs_vision, programs_data_sets)
    for program in vars(module).values()
    if inspect.isfunction(program) and program.__module__ == module.__name__
    if list(inspect.signature(program).parameters) == LIBRARIES
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_program(program):
    found = []
    for torch, tv in ((theirs, their.torchvision), (ours, our_vision)):
        torch.manual_seed(0)
        found.append(shown(program(torch, tv), torch))
    assert differs(*found) is None, program.__name__
