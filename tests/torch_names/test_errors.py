"""Errors are of the classes that programs written for PyTorch catch."""

import io
from typing import Any

import pytest

from tinygrad_cnn import torch

nn, F = torch.nn, torch.nn.functional

RUNTIME = """\
x @ x | x + torch.ones(4) | torch.cat([x, torch.ones(2, 4)]) | torch.stack([x, torch.ones(2, 4)]) | torch.stack([])
x.view(7) | x.reshape(-1, -1) | x.expand(4, 3) | x.repeat(1) | x.split(0) | x.chunk(0) | x.narrow(0, 1, 5)
x.unfold(0, 5, 1) | x.masked_select(torch.ones(4) > 0) | x.masked_fill(torch.ones(4) > 0, 0) | x.kthvalue(9)
torch.mm(x, torch.ones(2, 2, 2)) | torch.bmm(x, x) | torch.mv(x, x) | torch.dot(x, x) | torch.einsum("ij,jk", x, x)
torch.zeros(-1) | torch.rand(-1) | torch.eye(-1) | torch.arange(3, 0) | torch.linspace(0, 1, -1) | torch.randperm(-1)
torch.normal(0.0, -1.0, (2,)) | torch.bernoulli(torch.tensor([2.0])) | torch.histc(x, -1) | torch.bucketize(x, x)
torch.cross(x, torch.ones(2, 4), dim=1) | torch.meshgrid(x, x) | torch.clamp(x) | x.copy_(torch.zeros(4))
nn.Linear(4, 2)(x) | nn.Conv2d(4, 2, 3)(image) | nn.Conv2d(3, 2, 9)(image) | nn.BatchNorm2d(4)(image)
nn.MaxPool2d(9)(image) | nn.LSTM(4, 5)(torch.ones(2, 3, 7)) | nn.LayerNorm(4)(x) | nn.Embedding(4, 5)(x)
F.cross_entropy(x, torch.tensor([1.0, 2.0])) | F.mse_loss(x, torch.ones(4)) | F.pad(x, (1, 2, 3))
F.binary_cross_entropy(x + 9, x) | nn.Linear(3, 2).load_state_dict({"weight": torch.zeros(2, 4)})
torch.load(io.BytesIO(b"abc")) | torch.linalg.inv(x) | x.item() | bool(x) | x.sum().backward()
next(iter(torch.utils.data.DataLoader([torch.zeros(2), torch.zeros(3)], batch_size=2)))"""
INDEX = "x.sum(5) | x.mean(3) | x.max(4) | x.softmax(4) | x.cumsum(7) | x.flip(7) | x.roll(1, 7) | x.norm(dim=9) | x[5] | x[:, 7] | x.squeeze(4) | x.transpose(0, 5) | torch.movedim(x, 0, 7)"
VALUE = "torch.distributions.Normal(0.0, -1.0) | torch.distributions.Normal(float('nan'), 1.0) | torch.distributions.Bernoulli(torch.tensor([2.0])) | torch.distributions.Categorical(torch.tensor([-1.0, 2.0])) | torch.distributions.Gamma(0.0, 1.0) | torch.distributions.Categorical(logits=torch.tensor([float('nan'), 0.0]))"
CASES = [
    (expression.strip(), kind)
    for text, kind in ((RUNTIME, RuntimeError), (INDEX, IndexError), (VALUE, ValueError))
    for line in text.splitlines()
    for expression in line.split(" | ")
]


def test_what_pytorch_refuses_is_refused_with_an_error_of_its_class() -> None:
    names: dict[str, Any] = {"torch": torch, "nn": nn, "F": F, "io": io}
    wrong = {}
    for expression, kind in CASES:
        names |= {"x": torch.ones(2, 3), "image": torch.ones(1, 3, 8, 8)}
        try:
            eval(expression, names)
        except kind:
            continue
        except Exception as error:
            wrong[expression] = type(error).__name__
        else:
            wrong[expression] = "nothing"
    assert not wrong


def test_a_distribution_that_asks_not_to_be_looked_at_is_not() -> None:
    normal = torch.distributions.Normal
    assert normal(0.0, -1.0, validate_args=False).scale.item() == -1
    normal.set_default_validate_args(False)
    try:
        assert normal(0.0, -1.0).scale.item() == -1
    finally:
        normal.set_default_validate_args(True)
    with pytest.raises(ValueError, match=r"parameter scale .* of distribution Normal"):
        normal(torch.zeros(2), torch.tensor([1.0, -1.0]))
