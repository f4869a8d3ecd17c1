"""The layers of `torch.nn`, all in one table: dropouts and those made of functions are written here."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import nn as native_nn
from tinygrad_cnn.torch.nn import embedding_layers, functional, linear_layers, loss_layers, native_layers
from tinygrad_cnn.torch.nn.lazy import lazy
from tinygrad_cnn.torch.nn.making import made, of_function
from tinygrad_cnn.torch.nn.modules import COUNTERPARTS, Module

CLASSES: dict[str, Any] = {**native_layers.CLASSES, **linear_layers.CLASSES, **embedding_layers.CLASSES}


# --------------------------------------------------------------------------- dropout
class Dropout(native_nn.Dropout, Module):
    """Elements set to 0 with probability p while training."""

    function = "dropout"
    inplace = False  # also of those that native layers made

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def forward(self, input: Any) -> Any:
        """The input, some elements dropped."""
        return getattr(functional, self.function)(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """The options."""
        return f"p={self.p}, inplace={self.inplace}"


CLASSES["Dropout"] = Dropout
for _name, _function in {
    "Dropout1d": "dropout1d",
    "Dropout2d": "dropout2d",
    "Dropout3d": "dropout3d",
    "AlphaDropout": "alpha_dropout",
    "FeatureAlphaDropout": "feature_alpha_dropout",
}.items():
    CLASSES[_name] = type(
        _name,
        (Dropout,),
        {"function": _function, "__doc__": f"See `functional.{_function}`.", "__module__": __name__},
    )


# --------------------------------------------------------------------------- made of functions
_f = functional
_OF_FUNCTIONS: list[tuple[Any, ...]] = [
    ("LogSigmoid", _f.logsigmoid),
    ("Tanhshrink", _f.tanhshrink),
    ("Hardshrink", _f.hardshrink, ("lambd", 0.5)),
    ("Softshrink", _f.softshrink, ("lambd", 0.5)),
    ("GLU", _f.glu, ("dim", -1)),
    ("Softmin", _f.softmin, ("dim", None)),
    ("Threshold", _f.threshold, ("threshold", 0.0), ("value", 0.0), ("inplace", False)),
    ("RReLU", _f.rrelu, ("lower", 1 / 8), ("upper", 1 / 3), ("inplace", False)),
    ("CosineSimilarity", _f.cosine_similarity, ("dim", 1), ("eps", 1e-8)),
    ("PairwiseDistance", _f.pairwise_distance, ("p", 2.0), ("eps", 1e-6), ("keepdim", False)),
    ("ChannelShuffle", _f.channel_shuffle, ("groups", 1)),
    ("UpsamplingNearest2d", _f.upsample_nearest, ("size", None), ("scale_factor", None)),
    ("UpsamplingBilinear2d", _f.upsample_bilinear, ("size", None), ("scale_factor", None)),
]
for _name, *_rest in _OF_FUNCTIONS:
    CLASSES[_name] = of_function(_name, *_rest, shown=_name not in ("CosineSimilarity", "PairwiseDistance"))


def _rrelu(self: Any, input: Any) -> Any:
    return functional.rrelu(input, self.lower, self.upper, self.training, self.inplace)


CLASSES["RReLU"].forward = _rrelu


class CrossMapLRN2d(Module):
    """`LocalResponseNorm` over an odd number of channels: one less than `size` where that is even.

    PyTorch's leaves the first channel in every sum behind it, though its gradient does not; here both are right.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Any) -> Any:
        """x / (k + alpha/size · the sum of squares)^beta."""
        odd = 2 * int((self.size - 1) / 2 + 1) - 1
        alpha = self.alpha * odd / self.size
        return functional.local_response_norm(input, odd, alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """The options."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class Identity(Module):
    """Give back its argument."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """The input itself."""
        return input


def _convert_sync_batchnorm(cls: Any, module: Any, process_group: Any = None) -> Any:
    """The module as it is: there is one process."""
    return module


SyncBatchNorm = made("BatchNorm2d", convert_sync_batchnorm=classmethod(_convert_sync_batchnorm))
SyncBatchNorm.__name__ = SyncBatchNorm.__qualname__ = "SyncBatchNorm"
CLASSES.update({c.__name__: c for c in (Identity, SyncBatchNorm, CrossMapLRN2d)})


def _fractional(axes: int) -> Any:
    """A fractional max pool, which draws from PyTorch's stream unless it is given its samples."""
    name = f"FractionalMaxPool{axes}d"
    function = getattr(functional, f"fractional_max_pool{axes}d")

    def per_axis(value: Any) -> Any:
        return tuple(value) if isinstance(value, (tuple, list)) else (value,) * axes

    def __init__(
        self: Any, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
        return_indices: bool = False, _random_samples: Any = None,
    ) -> None:  # fmt: skip
        if output_size is None and output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        Module.__init__(self)
        self.kernel_size, self.return_indices = per_axis(kernel_size), return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else per_axis(output_size)
        self.output_ratio = None if output_ratio is None else per_axis(output_ratio)
        if self.output_ratio is not None and not all(0 < share < 1 for share in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self: Any, input: Any) -> Any:
        given = (self.kernel_size, self.output_size, self.output_ratio, self.return_indices)
        return function(input, *given, _random_samples=self._random_samples)

    space = {
        "__init__": __init__,
        "forward": forward,
        "__doc__": f"See `nn.{name}`.",
        "__module__": __name__,
    }
    return type(name, (Module,), space)


CLASSES.update({f"FractionalMaxPool{axes}d": _fractional(axes) for axes in (2, 3)})


# --------------------------------------------------------------------------- lazy layers
for _name in [name for name in vars(native_nn) if name.startswith("Lazy")]:
    CLASSES[_name] = lazy(made(_name), CLASSES[_name.removeprefix("Lazy")])

CLASSES.update(loss_layers.CLASSES)
COUNTERPARTS.update(
    {getattr(native_nn, name): cls for name, cls in CLASSES.items() if hasattr(native_nn, name)}
)
