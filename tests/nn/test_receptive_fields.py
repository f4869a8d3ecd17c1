"""The arithmetic of windows, against layers that run: padding, receptive fields, smallest images."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_cnn import ArgumentError, DTypeError, ShapeError, Tensor, nn


# --------------------------------------------------------------------------- same_padding
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 9), st.integers(1, 4))
def test_the_padding_gives_the_output_or_none_does(size, output, kernel, stride):
    # Exactly: with p zeros on each side the last window ends at the end of the padded image.
    def exact(p):
        return size + 2 * p - kernel == (output - 1) * stride

    fitting = [p for p in range(200) if exact(p)]
    if fitting:
        assert nn.same_padding(size, output, kernel, stride) == fitting[0]
    else:
        with pytest.raises(ArgumentError, match=r"same_padding: p = .* is not (an integer|at least 0)"):
            nn.same_padding(size, output, kernel, stride)


def test_the_paddings_of_the_tutorial():
    assert nn.same_padding(28, 28, 3) == 1 and nn.same_padding(28, 14, 2, 2) == 0
    with pytest.raises(ArgumentError, match=r"p = \(1·\(28-1\) - 28 \+ 4\) / 2 = 1.5 is not an integer"):
        nn.same_padding(28, 28, 4)
    with pytest.raises(ArgumentError, match="is not at least 0"):
        nn.same_padding(28, 10, 3)
    with pytest.raises(ArgumentError, match="same_padding: stride must be at least 1, got 0"):
        nn.same_padding(28, 28, 3, 0)
    with pytest.raises(DTypeError, match="same_padding: kernel must be an integer"):
        nn.same_padding(28, 28, 3.0)


# --------------------------------------------------------------------------- receptive fields
def positive(layer):
    """The layer with weights above 0, so that no sum of paths cancels."""
    for p in layer.parameters():
        p.data[...] = np.abs(p.numpy()) + 0.1
    return layer


def pair(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


@st.composite
def window_layers(draw):
    kernel, stride = draw(pair(1, 3)), draw(pair(1, 3))
    padding = draw(st.tuples(st.integers(0, kernel[0] // 2), st.integers(0, kernel[1] // 2)))
    kind = draw(st.sampled_from(["conv", "same", "wide", "table", "average", "power", "sub"]))
    if kind == "conv":
        layer = nn.Conv2d(1, 1, kernel, stride, padding, draw(pair(1, 3)), dtype="float64", rng=0)
    elif kind in ("same", "wide"):
        stride = 1 if kind == "same" else stride
        layer = nn.Conv2d(1, 1, kernel, stride, kind, draw(pair(1, 2)), dtype="float64", rng=0)
    elif kind == "table":
        layer = nn.ConnectionConv2d(
            [[1]], kernel, stride, padding, draw(pair(1, 2)), dtype="float64", rng=0
        )
    elif kind == "average":
        layer = nn.AvgPool2d(kernel, stride, padding, ceil_mode=draw(st.booleans()))
    elif kind == "power":
        layer = nn.LPPool2d(1, kernel, stride)
    else:
        layer = nn.SubSampling2d(1, kernel, stride, activation=nn.ScaledTanh(1.0, 1e-3), dtype="float64")
    return positive(layer)


@pytest.mark.slow
@settings(max_examples=150)
@given(st.data())
def test_the_field_is_where_the_derivative_is_not_zero(data):
    layers = data.draw(st.lists(window_layers(), min_size=1, max_size=3))
    model = nn.Sequential(*layers[:1], nn.Identity(), nn.Sequential(*layers[1:]))
    image = data.draw(pair(1, 16))
    field = nn.receptive_field(model)
    x = Tensor(np.random.default_rng(0).uniform(0.5, 1, (1, 1, *image)), requires_grad=True)
    if any(n < needed for n, needed in zip(image, field.smallest_image(), strict=True)):
        with pytest.raises((ShapeError, ArgumentError)):
            model(x)
        with pytest.raises(ShapeError, match="the image needs"):
            field.support((0, 0), image)
        return
    y = model(x)
    place = tuple(data.draw(st.integers(0, n - 1)) for n in y.shape[2:])
    y[0, 0, place[0], place[1]].backward()
    expected = np.zeros(image, bool)
    rows, columns = field.support(place, image)
    expected[np.ix_(rows, columns)] = True
    np.testing.assert_array_equal(x.grad.numpy()[0, 0] != 0, expected)
    for axis, seen in enumerate((rows, columns)):  # within the span that the closed form tells
        first = field.start[axis] + place[axis] * field.stride[axis]
        assert not seen.size or (seen[0] >= first and seen[-1] < first + field.size[axis])
    with pytest.raises(ShapeError, match=r"support: place .* is not among"):
        field.support((y.shape[2], 0), image)


def test_a_maximum_counts_as_seeing_its_whole_window():
    field = nn.receptive_field([nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)])
    assert (field.size, field.stride, field.start) == ((4, 4), (2, 2), (-1, -1))
    rows, columns = field.support((0, 13), 28)
    assert rows.tolist() == [0, 1, 2] and columns.tolist() == [25, 26, 27]


def test_fields_of_known_networks():
    lenet = nn.models.lenet5(rng=0)
    field = nn.receptive_field(lenet[:7])  # up to C5
    assert (field.size, field.stride, field.start) == ((32, 32), (4, 4), (0, 0))
    assert field.smallest_image() == (32, 32)
    features = nn.models.vgg16(divisor=64, hidden=1, pooled=1, rng=0).features
    field = nn.receptive_field(features)
    assert (field.size, field.stride) == ((212, 212), (32, 32)) and field.smallest_image() == (32, 32)


def test_layers_without_a_field():
    with pytest.raises(ArgumentError, match="receptive_field: flatten is a Flatten, which sees the"):
        nn.receptive_field(nn.models.lenet5(rng=0))
    with pytest.raises(ArgumentError, match=r"receptive_field: 0\.1 is a Linear"):
        nn.receptive_field([nn.Sequential(nn.ReLU(), nn.Linear(2, 2))])
    with pytest.raises(DTypeError, match="receptive_field: needs Modules, got int"):
        nn.receptive_field(3)
    with pytest.raises(ShapeError, match=r"1 \(MaxPool2d\) gets 1 pixels, .* the image needs 4, got 3"):
        nn.receptive_field([nn.Conv2d(1, 1, 3), nn.MaxPool2d(2)]).support((0, 0), 3)
