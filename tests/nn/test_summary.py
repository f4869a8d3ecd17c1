"""The summary of a model: figures worked out by hand, and that nothing of the model changes."""

import numpy as np
import pytest

from tinygrad_cnn import DTypeError, ShapeError, Tensor, manual_seed, nn
from tinygrad_cnn.rng import generator


def network():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, rng=0),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.5, rng=1),
        nn.Linear(4 * 8 * 8, 10, rng=2),
        nn.Dropout(0.5),
    )


def rows(model, *args, **kwargs):
    return {row.path: row for row in nn.summary(model, *args, **kwargs).rows}


def test_the_parameters_of_a_large_layer():
    found = nn.summary(nn.Linear(30000, 1024))
    assert found.parameters == found.trainable == 30_721_024
    assert found.rows[0].parameters == {"weight": 30_720_000, "bias": 1_024}
    text = str(found)
    assert "parameters: weight 30,720,000 + bias 1,024 = 30,721,024 (122,884,096 bytes)" in text
    assert "kept" not in text and not found.measured


def test_figures_worked_out_by_hand():
    found = rows(network(), (2, 1, 8, 8))
    assert list(found) == ["", "0", "1", "2", "3", "4", "5", "6"]
    assert [row.output for row in found.values()] == [
        (2, 10), (2, 4, 8, 8), (2, 4, 8, 8), (2, 4, 8, 8), (2, 256), (2, 256), (2, 10), (2, 10)
    ]  # fmt: skip
    assert found["0"].multiply_adds == 2 * 4 * 8 * 8 * 9 and found["5"].multiply_adds == 2 * 256 * 10
    assert found["1"].parameters == {"weight": 4, "bias": 4} and found[""].parameters == {}
    assert found["0"].kept_bytes == 4 * 2 * 8 * 8  # its input
    assert found["2"].kept_bytes == 4 * 2 * 256  # its result, which is also what Flatten shows
    assert found["3"].kept_bytes == 0
    total = nn.summary(network(), (2, 1, 8, 8))
    assert total.parameters == 40 + 8 + 2570 and total.parameter_bytes == 4 * total.parameters
    assert total.multiply_adds == found["0"].multiply_adds + found["5"].multiply_adds
    assert total.kept_bytes == sum(row.kept_bytes for row in found.values())


def test_nothing_changes():
    model = network()
    model[0].weight.requires_grad_(False)
    for p in model.parameters():
        if p.requires_grad:
            p.grad = Tensor(np.ones(p.shape, p.dtype))
    state = model.state_dict()
    kept = {path: dict(vars(m)) for path, m in model.named_modules()}
    grads = [p.grad for p in model.parameters()]
    bits, own = manual_seed(3).bit_generator.state, model[4].rng.bit_generator.state
    for mode in (True, False):
        model.train(mode)
        nn.summary(model, (3, 1, 8, 8))
        assert all(m.training is mode for m in model.modules())
        for path, module in model.named_modules():
            assert vars(module).keys() - {"training"} == kept[path].keys() - {"training"}
    assert generator().bit_generator.state == bits and model[4].rng.bit_generator.state == own
    assert all(np.array_equal(v, state[k]) for k, v in model.state_dict().items())
    assert all(p.grad is g for p, g in zip(model.parameters(), grads, strict=True))
    assert all("forward" not in vars(m) for m in model.modules())


def test_frozen_parameters_count_and_are_recorded():
    found = nn.summary(nn.Linear(3, 2).requires_grad_(False), (5, 3))
    assert (found.parameters, found.trainable, found.multiply_adds) == (8, 0, 30)
    assert "of these trainable: 0" in str(found)


class Shared(nn.Module):
    """One layer used twice under two names, a tied weight, and a layer that is never called."""

    def __init__(self):
        self.first = nn.Linear(4, 4, rng=0)
        self.second = self.first
        self.tied = nn.Linear(4, 4, bias=False, rng=1)
        self.tied.weight = self.first.weight
        self.idle = nn.Linear(4, 1, rng=2)

    def forward(self, x):
        return self.tied(self.second(self.first(x)))


def test_shared_modules_and_tied_parameters_count_once():
    found = rows(Shared(), (3, 4))
    assert list(found) == ["", "first", "tied", "idle"]
    assert found["first"].parameters == {"weight": 16, "bias": 4} and found["tied"].parameters == {}
    assert found["first"].calls == 2 and found["first"].multiply_adds == 2 * 3 * 16
    assert found["idle"].calls == 0 and found["idle"].output is None
    text = str(nn.summary(Shared(), (3, 4)))
    assert "Linear ×2" in text and "parameters: weight 20 + bias 5 = 25" in text


class Two(nn.Module):
    """Two inputs, two results, and products outside of layers."""

    def forward(self, a, b):
        return a @ b, [a.sum(axis=0), 3]


def test_several_inputs_and_results():
    found = nn.summary(Two(), [(2, 3), (3, 5)], dtype="float64")
    assert found.rows[0].output == ((2, 5), ((3,), None))
    assert found.multiply_adds == 30 and found.parameters == 0
    assert found.kept_bytes == 8 * (6 + 15)


def test_lists_of_modules_are_not_called_themselves():
    model = nn.ModuleList([nn.Linear(2, 2, rng=0)])
    assert "ModuleList" in str(nn.summary(model))
    with pytest.raises(NotImplementedError, match=r"ModuleList\.forward"):
        nn.summary(model, (1, 2))


def test_the_table_is_the_same_each_time():
    assert str(nn.summary(network(), (2, 1, 8, 8))) == repr(nn.summary(network(), (2, 1, 8, 8)))


def test_errors():
    with pytest.raises(DTypeError, match="summary: needs a Module, got function"):
        nn.summary(lambda x: x, (1,))
    for shape in (3, (2, 1.5), ("a",)):
        with pytest.raises(DTypeError, match="summary: input_shape must be"):
            nn.summary(network(), shape)
    manual_seed(1)
    before = generator().bit_generator.state
    model = network()
    with pytest.raises(ShapeError, match=r"^0: conv2d: "):
        nn.summary(model, (1, 3, 8, 8))
    assert generator().bit_generator.state == before
    assert all("forward" not in vars(m) for m in model.modules())


def test_an_array_stands_for_its_shape():
    x = np.zeros((2, 1, 8, 8), np.float32)
    assert str(nn.summary(network(), x)) == str(nn.summary(network(), x.shape))
    assert str(nn.summary(network(), Tensor(x))) == str(nn.summary(network(), x.shape))
