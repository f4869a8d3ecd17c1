"""Containers: order, names, state-dict keys, the scope of what their modules record, and errors."""

import copy

import numpy as np
import pytest

from tinygrad_cnn import ArgumentError, DTypeError, Tensor, nn


def layers(count):
    return [nn.Linear(1, k + 1, rng=k) for k in range(count)]


class Tower(nn.Module):
    """A list in a list, and a dict."""

    def __init__(self):
        self.floors = nn.ModuleList([nn.ModuleList([nn.Tanh(), nn.Linear(2, 2, rng=0)]), nn.Tanh()])
        self.heads = nn.ModuleDict({"sign": nn.Linear(2, 1, rng=1)})

    def forward(self, x):
        for module in self.floors[0][:]:
            x = module(x)
        return self.heads["sign"](self.floors[-1](x))


def scopes(y):
    found, node = [], y.node
    while node.op is not None:
        found.append(node.scope)
        node = node.parents[0]
    return found[::-1]


def test_modules_in_collections_have_their_whole_path():
    model = Tower()
    expected = ["floors.0.0", "floors.0.1", "floors.1", "heads.sign"]
    x = Tensor(np.ones((1, 2), "float32"), requires_grad=True)
    for candidate in (model, model, copy.deepcopy(model)):  # slices in `forward` rename nothing
        assert scopes(candidate(x)) == expected
    assert list(model.state_dict()) == [
        "floors.0.1.weight", "floors.0.1.bias", "heads.sign.weight", "heads.sign.bias"
    ]  # fmt: skip
    outer = nn.Sequential(nn.Flatten(), model)
    assert scopes(outer(x))[-1] == "1.heads.sign"


def test_a_list_of_modules():
    a, b, c, d = layers(4)
    modules = nn.ModuleList([a, b]).append(c)
    assert list(modules) == [a, b, c] and modules[-1] is c and len(modules) == 3 and b in modules
    assert [*modules[1:]] == [b, c] and isinstance(modules[1:], nn.ModuleList)
    modules.insert(1, d)
    assert list(modules) == [a, d, b, c]
    assert [name for name, _ in modules.named_children()] == ["0", "1", "2", "3"]
    modules[-1] = a
    del modules[0]
    assert list(modules) == [d, b, a] and modules.pop(0) is d
    assert list(modules + nn.ModuleList([c])) == [b, a, c] and list(modules) == [b, a]
    modules += [c, d]
    del modules[::2]
    assert list(modules) == [a, d] and [p.shape[0] for p in modules.parameters()] == [1, 1, 4, 4]
    modules.insert(-1, b)
    assert list(modules) == [a, b, d]
    assert [m.training for m in modules.eval()] == [False] * 3
    assert repr(nn.ModuleList([nn.ReLU()])) == "ModuleList(\n  (0): ReLU()\n)"


def test_a_dict_of_modules():
    a, b, c, _ = layers(4)
    modules = nn.ModuleDict([("x", a), ("y", b)])
    modules["z"] = c
    assert list(modules) == list(modules.keys()) == ["x", "y", "z"] and list(modules.values()) == [a, b, c]
    modules.update({"x": c})
    assert list(modules.items()) == [("x", c), ("y", b), ("z", c)] and "y" in modules
    assert modules.pop("y") is b and len(modules) == 2
    del modules["x"]
    assert modules.z is c and list(modules.state_dict()) == ["z.weight", "z.bias"]
    modules.clear()
    assert len(modules) == 0
    with pytest.raises(KeyError, match=r"no module 'z'; has \[\]"):
        modules["z"]


def test_sequential_grows():
    a, b, c, d = layers(4)
    model = nn.Sequential(a)
    assert model.append(c) is model and model.insert(1, b) is model and list(model) == [a, b, c]
    model.extend([d])
    model.insert(-1, a)
    assert list(model) == [a, b, c, a, d]
    assert list(nn.Sequential(nn.ReLU()).append(nn.Linear(1, 1)).state_dict()) == ["1.weight", "1.bias"]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.ModuleList([nn.ReLU(), 3]), DTypeError, "ModuleList: .* must be a Module, got int"),
        (lambda: nn.ModuleList([nn.ReLU()])[1], IndexError, "position 1 is out of range, -1 to 0 fit"),
        (lambda: nn.ModuleList().insert(1, nn.ReLU()), IndexError, "position 1 is out of range, 0 to 0"),
        (lambda: nn.ModuleList().pop(), IndexError, "out of range"),
        (lambda: nn.ModuleList([nn.ReLU()])["0"], DTypeError, "position must be an integer"),
        (lambda: nn.ModuleDict({"a": 1}), DTypeError, "ModuleDict: 'a' must be a Module, got int"),
        (lambda: nn.ModuleDict({1: nn.ReLU()}), DTypeError, "names must be strings, got 1"),
        (lambda: nn.ModuleDict({"a.b": nn.ReLU()}), ArgumentError, "'a.b' cannot be a name"),
        (lambda: nn.ModuleDict({"": nn.ReLU()}), ArgumentError, "'' cannot be a name"),
        (lambda: nn.ModuleDict({"forward": nn.ReLU()}), ArgumentError, "'forward' cannot be a name"),
        (lambda: nn.Sequential().append("x"), DTypeError, "Sequential: '0' must be a Module, got str"),
        (lambda: nn.Sequential().insert(1, nn.ReLU()), IndexError, "Sequential: position 1"),
    ],
)
def test_containers_refuse(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_what_is_refused_changes_nothing():
    modules = nn.ModuleList(layers(2))
    before = list(modules)
    with pytest.raises(DTypeError):
        modules.extend([nn.ReLU(), None])
    named = nn.ModuleDict({"a": nn.ReLU()})
    with pytest.raises(ArgumentError):
        named.update({"b": nn.ReLU(), "keys": nn.ReLU()})
    assert list(modules) == before and list(named) == ["a"]
