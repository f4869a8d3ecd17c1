"""Expressions of PyTorch beside the same ones of `tinygrad_cnn.torch`: values, types, gradients, text."""

import pytest
import torch as theirs

from tests.peers.torch_names.worlds import differs, expressions, outcome
from tinygrad_cnn import torch as ours

ALL = list(expressions())

#: Expressions that differ on purpose, each with the reason.
ON_PURPOSE: dict[str, str] = {
    "x.detach().bfloat16().dtype": "bfloat16 is computed in float32, and a warning says so",
    "F.interpolate(img, scale_factor=2.0, mode='bicubic')": "bicubic interpolation is not computed here",
    "nn.TransformerEncoderLayer(4, 2, 8, batch_first=True, norm_first=True)(b)": (
        "with batch_first PyTorch draws the dropout of the attention's result in another order"
    ),
}
if theirs.version.cuda is not None:
    built = "PyTorch's build for CUDA answers as it was built, whatever the machine has"
    ON_PURPOSE["torch.accelerator.current_accelerator()"] = built
    ON_PURPOSE["torch.backends.cudnn.is_available()"] = built


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "expression", [e for _, e in ALL], ids=[f"{area}-{k}" for k, (area, _) in enumerate(ALL)]
)
def test_expression(expression):
    if expression in ON_PURPOSE:
        pytest.skip(ON_PURPOSE[expression])
    assert differs(outcome(theirs, expression), outcome(ours, expression)) is None, expression
