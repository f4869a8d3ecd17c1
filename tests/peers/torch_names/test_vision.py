"""Expressions of torchvision beside `tinygrad_cnn.torchvision`: images, tensors, keys, first scores."""

import pytest
import torch as theirs

from tests.peers.torch_names.worlds import differs, expressions
from tinygrad_cnn import torch as ours
from tinygrad_cnn import torchvision as our_vision

their = pytest.importorskip(
    "tests.peers.torch_names.their_torchvision", reason="needs torchvision: pip install torchvision"
)
from tests.peers.torch_names.vision import fill, shown, vision  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("vision")
    fill(found)
    return found


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("expression", [e for _, e in expressions(vision=True)])
def test_expression(expression, folder):
    found = []
    for torch, tv in ((theirs, their.torchvision), (ours, our_vision)):
        names = vision(torch, tv, folder)
        torch.manual_seed(7)
        found.append(shown(eval(expression, names), torch))
    assert differs(*found) is None, expression
