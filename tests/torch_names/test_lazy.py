"""Lazy layers of `torch.nn` have their parameters before the first call."""

from tinygrad_cnn import torch
from tinygrad_cnn.torch import nn


def test_an_optimizer_made_before_the_first_call_moves_the_parameters():
    net = nn.Sequential(
        nn.LazyConv2d(2, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(3, bias=False)
    )
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    held = list(net.parameters())
    assert repr(net[3].weight) == "<UninitializedParameter>" and nn.parameter.is_lazy(held[0])
    y = net(torch.randn(2, 1, 5, 5))
    before = [p.detach().clone() for p in held]
    y.pow(2).sum().backward()
    optimizer.step()
    assert [p is q for p, q in zip(net.parameters(), held, strict=True)] == [True] * 5
    assert type(net[3]) is nn.Linear and not any(nn.parameter.is_lazy(p) for p in held)
    assert not torch.equal(before[-1], net[3].weight)


def test_lazy_layers_print_and_load_as_pytorchs():
    assert repr(nn.LazyConv2d(3, 5, padding=2)) == (
        "LazyConv2d(0, 3, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))"
    )
    lazy, plain = nn.LazyLinear(3), nn.Linear(2, 3)
    assert isinstance(lazy, nn.Linear) and list(lazy.state_dict()) == ["weight", "bias"]
    lazy.load_state_dict(plain.state_dict())
    x = torch.randn(4, 2)
    assert torch.equal(lazy(x), plain(x))
