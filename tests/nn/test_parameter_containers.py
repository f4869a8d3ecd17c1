"""Parameters in lists and by name are found, trained, saved and loaded."""

import numpy as np
import pytest

from tinygrad_cnn import nn, optim
from tinygrad_cnn.errors import ArgumentError


class Scaled(nn.Module):
    def __init__(self):
        self.scales = nn.ParameterList([np.ones(2, "float32"), [2.0, 3.0]])
        self.shifts = nn.ParameterDict({"left": [0.5, 0.5]})

    def forward(self, x):
        for scale in self.scales:
            x = x * scale
        return x + self.shifts["left"]


def test_they_are_trained_and_saved():
    model = Scaled()
    keys = ["scales.0", "scales.1", "shifts.left"]
    assert [path for path, _ in model.named_parameters()] == keys == list(model.state_dict())
    optimizer = optim.SGD(model.parameters(), 0.1)
    model(np.ones((3, 2), "float32")).sum().backward()
    optimizer.step()
    assert all(
        (p.numpy() != q.numpy()).all()
        for p, q in zip(model.parameters(), Scaled().parameters(), strict=True)
    )
    other = Scaled()
    other.load_state_dict(model.state_dict())
    np.testing.assert_array_equal(other.scales[1].numpy(), model.scales[1].numpy())


def test_a_list_behaves_like_a_list():
    some = nn.ParameterList([[1.0], [2.0]]).append([3.0])
    some[-1] = nn.Parameter([4.0])
    assert [float(p) for p in some] == [1.0, 2.0, 4.0] and len(some[:2]) == 2
    with pytest.raises(IndexError):
        some[3]


def test_a_dict_behaves_like_a_dict():
    some = nn.ParameterDict([("a", [1.0])])
    some["b"] = [2.0]
    assert list(some) == ["a", "b"] and float(some.pop("a")) == 1.0 and "a" not in some
    with pytest.raises(KeyError):
        some["a"]
    with pytest.raises(ArgumentError, match="cannot be a name"):
        some["forward"] = [1.0]
