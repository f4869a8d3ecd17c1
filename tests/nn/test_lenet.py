"""LeNet-5 of 1998: its counts, its connection table, its trainable sub-sampling and its RBF output."""

import numpy as np
import pytest

from tinygrad_cnn import ArgumentError, DTypeError, ShapeError, Tensor, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.nn import models
from tinygrad_cnn.testing import gradcheck

RNG = np.random.default_rng(0)


def count(model):
    return sum(p.size for p in model.parameters())


def images(*shape):
    return RNG.normal(size=shape).astype("float32")


def test_lenet5_layer_by_layer():
    model = models.lenet5(rng=0)
    counts = {name: count(layer) for name, layer in model.named_children() if count(layer)}
    assert counts == {"c1": 156, "s2": 12, "c3": 1_516, "s4": 32, "c5": 48_120, "f6": 10_164}
    sizes = {row.path: row.output for row in nn.summary(model, (1, 1, 32, 32)).rows}
    assert [sizes[k] for k in counts] == [
        (1, 6, 28, 28), (1, 6, 14, 14), (1, 16, 10, 10), (1, 16, 5, 5), (1, 120, 1, 1), (1, 84)
    ]  # fmt: skip


def test_the_table_of_1998():
    table = models.lenet5_table()
    assert table.sum() == 60 and table.sum(axis=0).tolist() == [10] * 6
    assert len({tuple(row) for row in table}) == 16
    for row, seen in {0: [0, 1, 2], 5: [0, 1, 5], 6: [0, 1, 2, 3], 12: [0, 1, 3, 4], 15: range(6)}.items():
        assert np.flatnonzero(table[row]).tolist() == list(seen)


def test_the_drawings_of_the_digits_differ():
    codes = models.digit_codes()
    assert codes.shape == (10, 84) and set(np.unique(codes)) == {-1.0, 1.0}
    apart = ((codes[:, None] - codes) ** 2).sum(axis=2) / 4
    assert apart[~np.eye(10, dtype=bool)].min() >= 4  # pixels in which two digits differ


def test_rbf_scores_are_minus_squared_distances():
    centers, x = RNG.normal(size=(3, 4)), RNG.normal(size=(5, 4))
    layer = nn.RBF(centers, dtype="float64")
    expected = -np.array([[np.sum((row - c) ** 2) for c in centers] for row in x])
    np.testing.assert_allclose(layer(x).numpy(), expected)
    assert not list(layer.parameters()) and list(layer.state_dict()) == ["centers"]
    assert count(nn.RBF(centers, learn=True)) == 12
    assert gradcheck(lambda x: layer(x), x, order=2)
    with pytest.raises(ShapeError, match=r"RBF: x needs \(N, 4\), got \(5, 3\)"):
        layer(x[:, :3])
    with pytest.raises(ShapeError, match="RBF: centers need two axes"):
        nn.RBF([1.0, 2.0])


@pytest.mark.parametrize("start", ["1998", "fan_in"])
def test_lenet5_starts_within_its_bounds(start):
    model = models.lenet5(start=start, rng=0)
    bound = {"1998": lambda n: 2.4 / n, "fan_in": lambda n: np.sqrt(3 / n)}[start]
    for name, inputs in {"c1": 25, "c5": 400, "f6": 120}.items():
        layer = getattr(model, name)
        assert 0.9 * bound(inputs) < abs(layer.weight.numpy()).max() <= np.float32(bound(inputs))
        assert layer.bias.numpy().any() == (start == "1998")
    inputs = 25 * models.lenet5_table().sum(axis=1)
    kernels = abs(model.c3.kernels().numpy()).reshape(16, -1).max(axis=1)
    assert (kernels <= np.float32(bound(inputs))).all() and (kernels > 0.8 * bound(inputs)).all()
    assert model.c3.bias.numpy().any() == (start == "1998")


def test_lenet5_refuses_what_does_not_fit():
    with pytest.raises(ArgumentError, match="lenet5: output must be one of 'rbf', 'dense', got 'x'"):
        models.lenet5(output="x")
    with pytest.raises(ArgumentError, match="lenet5: start must be one of 'fan_in', '1998', got 'x'"):
        models.lenet5(start="x")
    with pytest.raises(ArgumentError, match="lenet5: output 'rbf' has the ten digits, got 3 classes"):
        models.lenet5(classes=3)
    assert models.lenet5(output="dense", classes=3)(images(1, 1, 32, 32)).shape == (1, 3)
    with pytest.raises(ShapeError, match=r"^c5: conv2d: "):
        models.lenet5()(images(1, 1, 28, 28))


# --------------------------------------------------------------------------- connection table
def test_a_connection_layer_equals_a_masked_convolution():
    table = RNG.random((5, 4)) < 0.5
    table[:, 0] = True
    layer = nn.ConnectionConv2d(table, (3, 2), stride=(1, 2), padding=1, dtype="float64", rng=1)
    x, kernels = RNG.normal(size=(2, 4, 6, 7)), layer.kernels().numpy()
    assert layer.weight.shape == (table.sum(), 3, 2) and kernels.shape == (5, 4, 3, 2)
    assert not kernels[~table].any() and kernels[table].all()
    y = layer(x).numpy()
    for p in range(5):  # one output at a time, over its own inputs only
        seen = np.flatnonzero(table[p])
        alone = F.conv2d(x[:, seen], kernels[p : p + 1, seen], layer.bias.numpy()[p : p + 1],
                         stride=(1, 2), padding=1)  # fmt: skip
        np.testing.assert_allclose(y[:, p : p + 1], alone, rtol=1e-12)


def test_weights_where_the_table_has_zeros_stay_zero():
    layer = nn.ConnectionConv2d(models.lenet5_table(), 5, rng=0)
    assert count(layer) == 60 * 25 + 16 == 1_516
    x = images(2, 6, 14, 14)
    for _ in range(3):  # steps large enough to move every weight
        layer.zero_grad()
        (layer(x) ** 2).mean().backward()
        for p in layer.parameters():
            p.data -= 0.5 * p.grad.numpy()
    assert not layer.kernels().numpy()[~models.lenet5_table()].any()
    # A map that the table leaves out reaches neither the output nor the gradient.
    x = Tensor(x, requires_grad=True)
    layer(x)[:, 0].sum().backward()
    assert x.grad.numpy().any(axis=(0, 2, 3)).tolist() == [True] * 3 + [False] * 3


def test_not_a_number_in_an_unconnected_map_does_not_spread():
    layer = nn.ConnectionConv2d([[1, 0], [0, 1]], 3, rng=0)
    layer.weight.data[0] = np.nan
    assert np.isnan(layer.kernels().numpy()).reshape(4, -1).all(axis=1).tolist() == [True] + [False] * 3


def test_gradients_of_a_connection_layer():
    layer = nn.ConnectionConv2d([[1, 0, 1], [0, 1, 1]], 2, dtype="float64", rng=0)

    def run(x, weight, bias):
        vars(layer).update(weight=weight, bias=bias)  # past the check that parameters stay parameters
        return F.tanh(layer(x))

    inputs = (RNG.normal(size=(2, 3, 4, 4)), RNG.normal(size=(4, 2, 2)), RNG.normal(size=2))
    assert gradcheck(run, *inputs, order=2)


@pytest.mark.parametrize(
    ("table", "error", "message"),
    [
        ([1, 0], ShapeError, "table needs two axes"),
        ([[1, 2]], ArgumentError, "table holds zeros and ones"),
        ([[1, 0], [0, 0]], ArgumentError, r"rows \[1\] have none"),
        (np.ones((0, 3)), ShapeError, "table needs two axes"),
    ],
)
def test_tables_that_do_not_fit(table, error, message):
    with pytest.raises(error, match=f"ConnectionConv2d: .*{message}"):
        nn.ConnectionConv2d(table, 3)


# --------------------------------------------------------------------------- sub-sampling
@pytest.mark.parametrize("down", ["average", "max"])
@pytest.mark.parametrize(("kernel", "stride"), [(2, None), (3, 2), ((2, 3), (1, 2))])
def test_gradients_of_sub_sampling(down, kernel, stride):
    layer = nn.SubSampling2d(3, kernel, stride, down=down, activation=nn.ScaledTanh(), dtype="float64")

    def run(x, weight, bias):
        vars(layer).update(weight=weight, bias=bias)  # past the check that parameters stay parameters
        return layer(x)

    x = RNG.permutation(3 * 5 * 6).reshape(1, 3, 5, 6) / 30  # no ties
    assert gradcheck(run, x, RNG.normal(size=3), RNG.normal(size=3), order=2)


@pytest.mark.parametrize("down", ["average", "max"])
def test_sub_sampling_by_hand(down):
    layer = nn.SubSampling2d(2, 3, 2, down=down, activation=F.tanh, dtype="float64")
    layer.weight.data[:], layer.bias.data[:] = (2.0, -1.0), (0.5, 0.25)
    x, reduce = RNG.normal(size=(1, 2, 7, 5)), {"average": np.mean, "max": np.max}[down]
    y = layer(x).numpy()
    assert y.shape == (1, 2, 3, 2)
    for c, i, j in np.ndindex(2, 3, 2):
        window = x[0, c, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
        expected = np.tanh((2.0, -1.0)[c] * reduce(window) + (0.5, 0.25)[c])
        np.testing.assert_allclose(y[0, c, i, j], expected)


def test_sub_sampling_refuses_what_does_not_fit():
    assert [count(nn.SubSampling2d(c)) for c in (6, 16)] == [12, 32]
    with pytest.raises(ShapeError, match=r"SubSampling2d: x needs \(N, 6, H, W\), got \(1, 5, 4, 4\)"):
        nn.SubSampling2d(6)(images(1, 5, 4, 4))
    with pytest.raises(ArgumentError, match="SubSampling2d: down must be one of"):
        nn.SubSampling2d(6, down="min")
    with pytest.raises(DTypeError, match="SubSampling2d: activation must be"):
        nn.SubSampling2d(6, activation="tanh")


def test_the_scaled_tanh():
    x = np.linspace(-3, 3, 13)
    np.testing.assert_allclose(nn.ScaledTanh()(x), 1.7159 * np.tanh(2 * x / 3))
    np.testing.assert_allclose(nn.ScaledTanh()([-1.0, 1.0]), [-1, 1], atol=1e-4)


# --------------------------------------------------------------------------- the criterion of 1998
def test_the_criterion_of_1998_by_hand():
    distances, labels = RNG.uniform(0, 3, (4, 10)), np.array([1, 9, 0, 3])
    own = distances[np.arange(4), labels]
    expected = np.mean(own + np.log(np.exp(-0.5) + np.exp(-distances).sum(axis=1)))
    np.testing.assert_allclose(models.lenet5_loss(-distances, labels, rubbish=0.5), expected)
    assert gradcheck(lambda s: models.lenet5_loss(s, labels), -distances, order=2)


def test_the_criterion_holds_f6_near_the_drawings():
    # Cross-entropy is content far beyond a drawing, the criterion is not.
    layer = nn.RBF(models.digit_codes(), dtype="float64")
    x = Tensor(1.5 * models.digit_codes()[:1].astype("float64"), requires_grad=True)
    for loss, pull in ((F.cross_entropy, 0.0), (models.lenet5_loss, 1.0)):
        x.grad = None
        loss(layer(x), np.array([0])).backward()
        np.testing.assert_allclose(x.grad.numpy(), pull * models.digit_codes()[:1], atol=1e-6)


def test_labels_that_do_not_fit_the_criterion():
    with pytest.raises(ArgumentError, match="lenet5_loss: labels must lie below 10, got 10"):
        models.lenet5_loss(np.zeros((1, 10)), np.array([10]))
    with pytest.raises(ShapeError, match=r"lenet5_loss: scores need \(N, K\), got \(10,\)"):
        models.lenet5_loss(np.zeros(10), np.array([1]))
    with pytest.raises(ArgumentError, match="lenet5_loss: rubbish must lie in"):
        models.lenet5_loss(np.zeros((1, 10)), np.array([1]), rubbish=-1)
