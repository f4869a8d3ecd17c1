"""Layers whose images have their channels last: the numbers of channels first, transposed."""

import numpy as np
import pytest

from tinygrad_cnn import Tensor, manual_seed, nn, optim
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, ShapeError

X = np.random.default_rng(0).standard_normal((2, 4, 6, 8))
DOUBLE = {"dtype": np.float64}

#: Layer, arguments, options.
LAYERS = [
    ("Conv2d", (4, 6, 3), {"padding": 1, "stride": 2, "groups": 2, **DOUBLE}),
    ("Conv2d", (4, 3, 3), {"padding": (2, 1), "padding_mode": "reflect", **DOUBLE}),
    ("ConvTranspose2d", (4, 3, 2), {"stride": 2, **DOUBLE}),
    ("MaxPool2d", (2,), {"padding": 1}),
    ("AvgPool2d", (3, 2), {"ceil_mode": True}),
    ("LPPool2d", (2, 2), {}),
    ("AdaptiveAvgPool2d", ((2, 3),), {}),
    ("AdaptiveMaxPool2d", (2,), {}),
    ("BatchNorm2d", (4,), DOUBLE),
    ("Dropout2d", (0.5,), {"rng": 3}),
    ("Unfold", (2,), {}),
    ("PixelShuffle", (2,), {}),
    ("PixelUnshuffle", (2,), {}),
    ("Upsample", (), {"scale_factor": 2, "mode": "bilinear"}),
]


def last(x):
    return np.moveaxis(x, 1, -1)


@pytest.mark.parametrize(("name", "arguments", "options"), LAYERS)
@pytest.mark.parametrize("training", [True, False])
def test_a_layer_gives_what_channels_first_give(name, arguments, options, training):
    one, other = (
        getattr(nn, name)(*arguments, **options, data_format=form).train(training)
        for form in ("NCHW", "NHWC")
    )
    other.load_state_dict(one.state_dict())
    x, z = Tensor(X, requires_grad=True), Tensor(last(X), requires_grad=True)
    y, found = one(x), other(z)
    np.testing.assert_allclose(
        found.numpy(), y.numpy() if name == "Unfold" else last(y.numpy()), rtol=1e-12
    )
    (y * y).sum().backward()
    (found * found).sum().backward()
    np.testing.assert_allclose(z.grad.numpy(), last(x.grad.numpy()), rtol=1e-9, atol=1e-12)
    for (key, value), (_, same) in zip(one.named_parameters(), other.named_parameters(), strict=True):
        np.testing.assert_allclose(same.grad.numpy(), value.grad.numpy(), 1e-9, 1e-12, err_msg=key)
    for key, value in one.state_dict().items():
        np.testing.assert_allclose(other.state_dict()[key], value, 1e-12, err_msg=key)
    assert "data_format='NHWC'" in repr(other) and "data_format" not in repr(one)
    assert repr(nn.from_json(nn.to_json(other))) == repr(other)


def test_maxima_go_back_and_windows_are_added():
    y, where = nn.MaxPool2d(2, return_indices=True, data_format="NHWC")(last(X))
    back = nn.MaxUnpool2d(2, data_format="NHWC")(y, where)
    expected = F.max_unpool2d(*F.max_pool2d(X, 2, return_indices=True), 2)
    np.testing.assert_array_equal(np.asarray(back), last(np.asarray(expected)))
    columns = F.unfold(X, 2)
    folded = nn.Fold((6, 8), 2, data_format="NHWC")(columns)
    np.testing.assert_allclose(np.asarray(folded), last(np.asarray(F.fold(columns, (6, 8), 2))))


def test_lazy_layers_see_their_channels_at_the_end():
    model = nn.Sequential(
        nn.LazyConv2d(3, 3, data_format="NHWC"), nn.LazyBatchNorm2d(data_format="NHWC"), nn.Flatten(),
        nn.LazyLinear(2),
    )  # fmt: skip
    assert model(last(X).astype("f4")).shape == (2, 2)
    assert model[0].in_channels == 4 and model[1].num_features == 3


def test_a_network_of_channels_last_learns():
    manual_seed(0)
    x = np.random.default_rng(1).standard_normal((32, 6, 6, 1)).astype("f4")
    labels = (x[:, :3].mean(axis=(1, 2, 3)) > x[:, 3:].mean(axis=(1, 2, 3))).astype(int)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, data_format="NHWC"), nn.ReLU(), nn.MaxPool2d(2, data_format="NHWC"),
        nn.Flatten(), nn.Linear(36, 2),
    )  # fmt: skip
    optimizer = optim.Adam(model.parameters(), 0.02)
    losses = []
    for _ in range(20):
        loss = F.cross_entropy(model(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


def test_what_does_not_fit_is_told():
    for make in (nn.Conv2d, nn.ConvTranspose2d):
        with pytest.raises(ArgumentError, match="data_format must be one of"):
            make(1, 2, 3, data_format="HWC")
    with pytest.raises(ArgumentError, match="data_format must be one of"):
        nn.MaxPool2d(2, data_format="last")
    with pytest.raises(ShapeError, match="has 6 channels, num_features is 4"):
        nn.BatchNorm2d(4, data_format="NHWC")(np.zeros((1, 4, 5, 6), "f4"))
    with pytest.raises(ShapeError, match=r"4 axes \(N, H, W, C\)"):
        nn.Conv2d(3, 2, 3, data_format="NHWC")(np.zeros((5, 5, 3), "f4"))
