"""What no argument of a convolution, a window, a border or a size can be is refused by name."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import ArgumentError, DTypeError, ShapeError, Tensor, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import TinygradCnnError

HUGE = 2**62
X1, X, W = np.ones((1, 2, 6)), np.ones((1, 2, 6, 6)), np.ones((2, 2, 3, 3))


class Untellable:
    def __repr__(self) -> str:
        raise ValueError("no words")


#: What is no count, no size and no pair of them; `HUGE` and more would be one on another machine.
NONSENSE: dict[str, Any] = {
    "bool": True, "bool of NumPy": np.True_, "float": 1.0, "NaN": np.nan, "infinity": np.inf,
    "complex": 1j, "text": "1", "bytes": b"1", "byte array": bytearray(b"\x01"), "dict": {}, "set": {1, 2},
    "slice": slice(1), "no numbers": (), "ten numbers": (1,) * 10, "text inside": (1, "a"),
    "fraction inside": (1, 1.5), "bool inside": (True, 1), "floats": np.ones(2),
    "objects": np.array([1.5, "a"], object), "matrix": np.ones((2, 2), int), "ragged": ((1, 1), (1,)),
    "below 0": -(2**70), "beyond 64 bits": 2**70, "endless": 10**5000, "beyond memory": HUGE,
    "without words": Untellable(),
}  # fmt: skip
CALLS: dict[str, Callable[[Any], Any]] = {
    "conv1d padding": lambda v: F.conv1d(X1, W[0], padding=v),
    "conv2d stride": lambda v: F.conv2d(X, W, stride=v),
    "conv2d padding": lambda v: F.conv2d(X, W, padding=v),
    "conv2d dilation": lambda v: F.conv2d(X, W, dilation=v),
    "conv2d groups": lambda v: F.conv2d(X, W, groups=v),
    "conv2d data_format": lambda v: F.conv2d(X, W, data_format=v),
    "conv_transpose2d stride": lambda v: F.conv_transpose2d(X, W, stride=v),
    "conv_transpose2d padding": lambda v: F.conv_transpose2d(X, W, padding=v),
    "conv_transpose2d output_padding": lambda v: F.conv_transpose2d(X, W, stride=2, output_padding=v),
    "conv_transpose2d dilation": lambda v: F.conv_transpose2d(X, W, dilation=v),
    "conv_transpose2d groups": lambda v: F.conv_transpose2d(X, W, groups=v),
    "max_pool2d": lambda v: F.max_pool2d(X, v),
    "max_pool2d padding": lambda v: F.max_pool2d(X, 2, padding=v),
    "max_pool2d dilation": lambda v: F.max_pool2d(X, 2, dilation=v),
    "avg_pool2d": lambda v: F.avg_pool2d(X, v),
    "avg_pool1d": lambda v: F.avg_pool1d(X1, v),
    "adaptive_avg_pool2d": lambda v: F.adaptive_avg_pool2d(X, v),
    "adaptive_max_pool2d": lambda v: F.adaptive_max_pool2d(X, v),
    "pad": lambda v: F.pad(X, v),
    "pad mode": lambda v: F.pad(X, 1, v),
    "interpolate size": lambda v: F.interpolate(X, size=v),
    "interpolate mode": lambda v: F.interpolate(X, 2, mode=v),
    "unfold": lambda v: F.unfold(X, v),
    "fold": lambda v: F.fold(np.ones((1, 8, 25)), v, 2),
    "pixel_shuffle": lambda v: F.pixel_shuffle(X, v),
    "tile": lambda v: F.tile(X, v),
    "repeat": lambda v: F.repeat(X, v),
    "one_hot": lambda v: F.one_hot(np.array([0]), v),
    "bincount": lambda v: F.bincount(np.array([0]), minlength=v),
    "roll axis": lambda v: F.roll(X, 1, v),
    "topk": lambda v: F.topk(X, v),
    "sum axis": lambda v: F.sum(X, v),
    "layer_norm": lambda v: F.layer_norm(X, v),
    "zeros": tg.zeros,
    "eye": tg.eye,
    "randn": tg.randn,
    "linspace num": lambda v: tg.linspace(0, 1, v),
    "Conv2d": lambda v: nn.Conv2d(2, 2, v),
    "Conv2d in_channels": lambda v: nn.Conv2d(v, 2, 3),
    "Conv2d groups": lambda v: nn.Conv2d(2, 2, 3, groups=v),
    "Conv3d padding": lambda v: nn.Conv3d(2, 2, 3, padding=v)(np.ones((1, 2, 3, 3, 3), "f4")),
    "ZeroPad2d": lambda v: nn.ZeroPad2d(v)(X),
    "Linear": lambda v: nn.Linear(v, 2),
    "LSTM": lambda v: nn.LSTM(2, v),
    "Embedding": lambda v: nn.Embedding(v, 2),
    "LayerNorm": nn.LayerNorm,
    "GroupNorm": lambda v: nn.GroupNorm(1, v),
    "BatchNorm2d": nn.BatchNorm2d,
    "MultiheadAttention": lambda v: nn.MultiheadAttention(v, 1),
    "Bilinear": lambda v: nn.Bilinear(2, v, 2),
    "PReLU": nn.PReLU,
    "Upsample size": lambda v: nn.Upsample(size=v)(X),
    "Unflatten": lambda v: nn.Unflatten(1, v)(X),
}
#: What some calls do take.
TAKEN = {
    *((call, "no numbers") for call in ("roll axis", "sum axis", "zeros", "randn", "tile")),
    *((call, "ten numbers") for call in ("roll axis", "zeros", "randn", "tile", "LayerNorm")),
    ("repeat", "byte array"), ("pad", "byte array"),  # the integers in them
    ("conv2d stride", "beyond memory"),  # one window
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_nonsense_is_refused_by_name(call: str) -> None:
    for kind, value in NONSENSE.items():
        try:
            CALLS[call](value)
        except TinygradCnnError as error:
            assert len(str(error)) < 700, kind
        else:
            if (call, kind) not in TAKEN:
                pytest.fail(f"{call} takes {kind}")


LAYERS: dict[str, Callable[[Any], Any]] = {
    "Linear": lambda d: nn.Linear(2, 2, dtype=d).weight,
    "Conv2d": lambda d: nn.Conv2d(2, 2, 3, dtype=d).bias,
    "BatchNorm2d": lambda d: nn.BatchNorm2d(2, dtype=d).running_var,
    "LayerNorm": lambda d: nn.LayerNorm(2, dtype=d).weight,
    "GroupNorm": lambda d: nn.GroupNorm(1, 2, dtype=d).bias,
    "GRU": lambda d: nn.GRU(2, 2, dtype=d).weight_hh_l0,
    "LSTMCell": lambda d: nn.LSTMCell(2, 2, dtype=d).weight_ih,
    "Embedding": lambda d: nn.Embedding(2, 2, dtype=d).weight,
    "MultiheadAttention": lambda d: nn.MultiheadAttention(2, 1, dtype=d).in_proj_weight,
    "PReLU": lambda d: nn.PReLU(dtype=d).weight,
}


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layers_type_is_a_float_and_none_is_float32(layer: str) -> None:
    """NumPy takes None for float64, in which a whole model would run without a word."""
    assert LAYERS[layer](None).dtype == np.float32
    for nonsense in ("nonsense", int, bool, complex, object, "M8[s]", "U3", 3, []):
        with pytest.raises(DTypeError, match="a float dtype fits, got"):
            LAYERS[layer](nonsense)


def test_a_tensors_type_is_one_of_real_numbers() -> None:
    for nonsense in ("nonsense", complex, object, "M8[s]", "U3", 3, []):
        for make in (lambda d: Tensor([1.0], dtype=d), lambda d: tg.zeros(2, d), Tensor([1.0]).astype):
            with pytest.raises(DTypeError, match=r"is not a dtype|does not hold real numbers"):
                make(nonsense)
    for change in (nn.Linear(1, 1).astype, nn.Linear(1, 1).to):
        with pytest.raises(DTypeError, match="float dtype"):
            change(None)


def test_what_would_count_over_is_refused_before_numpy_counts() -> None:
    """NumPy's `repeat` writes out of bounds where the number of elements overflows."""
    for make in (lambda: F.repeat(X, HUGE), lambda: F.repeat(np.ones(3), [HUGE, HUGE, 1])):
        with pytest.raises(ShapeError, match="repeat: no array can have the shape"):
            make()


def test_a_stride_out_of_the_image_leaves_one_window() -> None:
    for stride in (100, 2**40, HUGE):
        for groups in (1, 2):
            y = F.conv2d(X.astype("f4"), W[:, : 2 // groups].astype("f4"), stride=stride, groups=groups)
            assert y.shape == (1, 2, 1, 1) and y[0, 0, 0, 0] == 18 // groups
        assert F.max_pool2d(X, 2, stride).shape == F.avg_pool2d(X, 2, stride).shape == (1, 2, 1, 1)


def test_an_options_error_shows_the_start_of_a_long_value() -> None:
    with pytest.raises(ArgumentError) as caught:
        F.conv2d(X, W, stride=list(range(10_000)))
    assert len(str(caught.value)) < 400


def test_repeats_of_different_lengths_are_refused() -> None:
    with pytest.raises(DTypeError, match="repeat: cannot make an array of this list"):
        F.repeat(np.ones(3), [[1], [2, 3]])
