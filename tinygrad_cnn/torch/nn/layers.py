"""The layers of `torch.nn`: native layers as PyTorch's Modules, their parameters drawn as PyTorch draws them."""

from __future__ import annotations

import inspect
import math
import re
from functools import cache
from typing import Any

from tinygrad_cnn import nn as native_nn
from tinygrad_cnn.torch import devices, dtypes
from tinygrad_cnn.torch.nn import functional, init
from tinygrad_cnn.torch.nn.functional.convolutions import plain as _plain
from tinygrad_cnn.torch.nn.lazy import lazy
from tinygrad_cnn.torch.nn.modules import COUNTERPARTS, Module

#: Layers that are the native ones, with nothing of their own to draw.
PLAIN = (
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d", "LPPool1d", "LPPool3d", "MaxUnpool1d", "MaxUnpool3d", "RMSNorm", "Softmax2d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "BatchNorm1d", "BatchNorm2d",
    "BatchNorm3d", "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d",
    "ConstantPad3d", "Flatten", "Fold", "GELU", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d",
    "InstanceNorm3d", "LayerNorm", "LocalResponseNorm", "LPPool2d", "LogSoftmax", "MaxPool1d", "MaxPool2d",
    "MaxPool3d", "MaxUnpool2d", "PReLU", "PixelShuffle", "PixelUnshuffle", "ReflectionPad1d", "ReflectionPad2d",
    "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d", "Sigmoid", "Softmax", "Softplus",
    "Softsign", "Tanh", "Unflatten", "Unfold", "Upsample", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
)  # fmt: skip
#: Activations that take `inplace`.
IN_PLACE = (
    "CELU", "ELU", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "Mish", "ReLU", "ReLU6", "SELU", "SiLU",
)  # fmt: skip


@cache
def _parameters(cls: type) -> tuple[int, bool]:
    """Count the arguments that a native layer takes by place, and say whether it takes a type."""
    found = inspect.signature(cls).parameters.values()
    return sum(p.kind is p.POSITIONAL_OR_KEYWORD for p in found), any(p.name == "dtype" for p in found)


def with_device(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """The arguments of a native layer; a device and a type given by place behind them become keywords.

    >>> keywords = {}
    >>> with_device(native_nn.Linear, (2, 3, True, "cpu", "float64"), keywords), keywords
    ((2, 3, True), {'device': 'cpu', 'dtype': 'float64'})
    """
    count, _ = _parameters(cls)
    behind = args[count:]
    if len(behind) > 2:
        raise TypeError(f"{cls.__name__}() takes {count + 2} arguments, got {len(args)}")
    kwargs.update(zip(("device", "dtype"), behind, strict=False))
    return args[:count]


def options_of(cls: type, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments without the device, and with NumPy's type."""
    devices.check(kwargs.pop("device", None))
    kind = kwargs.pop("dtype", None)
    if _parameters(cls)[1]:
        kwargs["dtype"] = dtypes.get_default_dtype().dtype if kind is None else dtypes.to_numpy(kind)
    return kwargs


def made(name: str, **own: Any) -> Any:
    """The class of a native layer for `torch.nn`."""
    native: Any = getattr(native_nn, name)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        args = with_device(native, args, kwargs)
        native.__init__(self, *args, **options_of(native, kwargs))
        self.reset_parameters()

    space = {
        "__init__": __init__,
        "reset_parameters": lambda self: None,
        "__doc__": f"See `nn.{name}`.",
        **own,
    }
    return type(name, (native, Module), {**space, "__module__": __name__})


def _in_place(name: str) -> Any:
    native: Any = getattr(native_nn, name)
    function = getattr(functional, {"LeakyReLU": "leaky_relu", "SiLU": "silu"}.get(name, name.lower()))
    count = len(inspect.signature(native).parameters)

    def __init__(self: Any, *args: Any, inplace: bool = False) -> None:
        if len(args) == count + 1:
            *args, inplace = args  # type: ignore[assignment]
        native.__init__(self, *args)
        self.inplace = bool(inplace)

    def __init_kwargs__(self: Any, *args: Any, inplace: bool = False, **kwargs: Any) -> None:
        __init__(self, *(*args, *kwargs.values()), inplace=inplace)

    def forward(self: Any, x: Any) -> Any:
        if not self.inplace:
            return native.forward(self, x)
        return function(
            x,
            *(v for k, v in vars(self).items() if k in ("alpha", "negative_slope", "min_val", "max_val")),
            inplace=True,
        )

    def extra_repr(self: Any) -> str:
        parts = [native.extra_repr(self), "inplace=True" if self.inplace else ""]
        return ", ".join(p for p in parts if p)

    return made(name, __init__=__init_kwargs__, forward=forward, extra_repr=extra_repr)


CLASSES: dict[str, Any] = {name: made(name) for name in PLAIN}


def _single(name: str) -> None:
    """Let a layer also take one image without a batch."""
    native, axes = getattr(native_nn, name), int(name[-2])

    def forward(self: Any, x: Any, *rest: Any) -> Any:
        if x._array.ndim != axes + 1:
            return native.forward(self, x, *rest)
        out = native.forward(self, x[None], *(r[None] for r in rest))
        return tuple(o[0] for o in out) if isinstance(out, tuple) else out[0]

    CLASSES[name].forward = forward


for _name in PLAIN:
    if "pool" in _name.lower() or "Pad" in _name or "InstanceNorm" in _name:
        _single(_name)


def _normed(name: str, before: str, after: str) -> None:
    """PyTorch shows whether a normalisation has a bias."""
    native: Any = getattr(native_nn, name)

    def extra_repr(self: Any) -> str:
        return re.sub(
            before, lambda found: found[0] + after.format(self.bias is not None), native.extra_repr(self)
        )

    CLASSES[name].extra_repr = extra_repr


for _name in (
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "GroupNorm",
):
    _normed(_name, r"\baffine=\w+", ", bias={}")
_normed("LayerNorm", "elementwise_affine=True", ", bias={}")
CLASSES.update({name: _in_place(name) for name in IN_PLACE})


def _uniform(self: Any) -> None:
    """PyTorch's start of linear and convolutional layers."""
    init.kaiming_uniform_(self.weight, a=math.sqrt(5))
    if self.bias is not None:
        fan, _ = init._fans(self.weight)
        bound = 1 / math.sqrt(fan) if fan > 0 else 0
        init.uniform_(self.bias, -bound, bound)


CLASSES["Linear"] = made("Linear", reset_parameters=_uniform)


def _transposed(name: str, axes: int) -> Any:
    native: Any = getattr(native_nn, name)

    def __init__(
        self: Any, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros",
        device: Any = None, dtype: Any = None, **native_options: Any,
    ) -> None:  # fmt: skip
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {name}')
        given = (kernel_size, stride, padding, output_padding)
        options = options_of(native, {"device": device, "dtype": dtype, **native_options})
        native.__init__(
            self, in_channels, out_channels, *map(_plain, given), groups, bias,
            _plain(dilation), **options,
        )  # fmt: skip
        self.reset_parameters()

    def forward(self: Any, input: Any, output_size: Any = None) -> Any:
        x = input[None] if input._array.ndim == axes + 1 else input  # one image without a batch
        if output_size is None:
            out = native.forward(self, x)
        else:
            out = getattr(functional, name.replace("ConvT", "conv_t"))(
                x, self.weight, self.bias, self.stride, self.padding, _extra(self, x, output_size[-axes:]),
                self.groups, self.dilation,
            )  # fmt: skip
        return out if x is input else out[0]

    def extra_repr(self: Any) -> str:
        return _conv_repr(self, self.output_padding)

    return made(name, __init__=__init__, forward=forward, reset_parameters=_uniform, extra_repr=extra_repr)


def _extra(self: Any, x: Any, wanted: Any) -> tuple[int, ...]:
    """The output padding that makes images of a wanted size."""
    found = []
    for k, (n, size) in enumerate(zip(x._array.shape[2:], wanted, strict=True)):
        reach = self.dilation[k] * (self.kernel_size[k] - 1) + 1
        found.append(int(size) - ((n - 1) * self.stride[k] - 2 * self.padding[k] + reach))
    if any(not 0 <= r < s for r, s in zip(found, self.stride, strict=True)):
        raise ValueError(
            f"requested an output size of {tuple(wanted)} for {tuple(x._array.shape[2:])}, which no stride gives"
        )
    return tuple(found)


for _axes in (1, 2, 3):
    CLASSES[f"ConvTranspose{_axes}d"] = _transposed(f"ConvTranspose{_axes}d", _axes)


def _conv(name: str, axes: int) -> Any:
    native: Any = getattr(native_nn, name)

    def __init__(
        self: Any, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
        **native_options: Any,
    ) -> None:  # fmt: skip
        plain = [_plain(v) for v in (kernel_size, stride, padding, dilation)]
        options = options_of(native, {"device": device, "dtype": dtype, **native_options})
        native.__init__(self, in_channels, out_channels, *plain, groups, bias, padding_mode, **options)
        self.reset_parameters()

    def forward(self: Any, input: Any) -> Any:
        if input._array.ndim == axes + 1:  # one image without a batch
            return native.forward(self, input[None])[0]
        return native.forward(self, input)

    return made(name, __init__=__init__, forward=forward, reset_parameters=_uniform, extra_repr=_conv_repr)


def _conv_repr(self: Any, output_padding: Any = None) -> str:
    text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
    padding = self.padding
    if padding != (0,) * len(self.kernel_size):
        text += f", padding={padding}"
    if self.dilation != (1,) * len(self.kernel_size):
        text += f", dilation={self.dilation}"
    if output_padding is not None and any(output_padding):
        text += f", output_padding={output_padding}"
    if self.groups != 1:
        text += f", groups={self.groups}"
    if self.bias is None:
        text += ", bias=False"
    mode = self.padding_mode
    return text + (f", padding_mode={mode}" if mode != "zeros" else "")


for _axes in (1, 2, 3):
    CLASSES[f"Conv{_axes}d"] = _conv(f"Conv{_axes}d", _axes)


# --------------------------------------------------------------------------- embedding
def _embedding_init(
    self: Any, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, max_norm: Any = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False, _weight: Any = None,
    _freeze: bool = False, device: Any = None, dtype: Any = None,
) -> None:  # fmt: skip
    native: Any = native_nn.Embedding
    options = options_of(native, {"device": device, "dtype": dtype})
    native.__init__(self, num_embeddings, embedding_dim, padding_idx, **options)
    self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
    if _weight is None:
        self.reset_parameters()
    else:
        self.weight.data = _weight
        self.weight.requires_grad_(not _freeze)


def _embedding_start(self: Any) -> None:
    init.normal_(self.weight)
    if self.padding_idx is not None:
        self.weight._writable()[self.padding_idx] = 0


def _embedding_forward(self: Any, input: Any) -> Any:
    if self.max_norm is None and not self.scale_grad_by_freq:
        return native_nn.Embedding.forward(self, input)
    return functional.embedding(
        input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq
    )


def _from_pretrained(
    cls: Any, embeddings: Any, freeze: bool = True, padding_idx: int | None = None, max_norm: Any = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Any:  # fmt: skip
    rows, columns = embeddings._array.shape
    return cls(
        rows,
        columns,
        padding_idx,
        max_norm,
        norm_type,
        scale_grad_by_freq,
        _weight=embeddings,
        _freeze=freeze,
    )


CLASSES["Embedding"] = made(
    "Embedding",
    __init__=_embedding_init,
    reset_parameters=_embedding_start,
    forward=_embedding_forward,
    max_norm=None,
    scale_grad_by_freq=False,
    from_pretrained=classmethod(_from_pretrained),
)


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
def of_function(name: str, function: Any, *options: tuple[str, Any], shown: bool = True) -> Any:
    """A layer that calls a function with the options that it was made with, and shows them."""
    names, defaults = [n for n, _ in options], dict(options)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        Module.__init__(self)
        if len(args) > len(names):
            raise TypeError(f"{name}() takes {len(names)} arguments, got {len(args)}")
        given = {**defaults, **dict(zip(names, args, strict=False)), **kwargs}
        wrong = given.keys() - defaults.keys()
        if wrong:
            raise TypeError(f"{name}.__init__() got an unexpected keyword argument {sorted(wrong)[0]!r}")
        for key, value in given.items():
            setattr(self, key, value)

    def forward(self: Any, *xs: Any) -> Any:
        return function(*xs, **{key: getattr(self, key) for key in names})

    def extra_repr(self: Any) -> str:
        own = [(key, getattr(self, key)) for key in names if shown]
        return ", ".join(f"{k}={v}" for k, v in own if v is not None and (k, v) != ("inplace", False))

    space = {"__init__": __init__, "forward": forward, "extra_repr": extra_repr, "__module__": __name__}
    return type(name, (Module,), {**space, "__doc__": f"See `functional.{function.__name__}`."})


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


def _bilinear_start(self: Any) -> None:
    bound = 1 / math.sqrt(self.in1_features)
    init.uniform_(self.weight, -bound, bound)
    if self.bias is not None:
        init.uniform_(self.bias, -bound, bound)


def _bag_init(
    self: Any, num_embeddings: int, embedding_dim: int, max_norm: Any = None, norm_type: float = 2.0,
    scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, _weight: Any = None,
    include_last_offset: bool = False, padding_idx: int | None = None, device: Any = None, dtype: Any = None,
) -> None:  # fmt: skip
    native: Any = native_nn.EmbeddingBag
    options = options_of(native, {"device": device, "dtype": dtype})
    native.__init__(self, num_embeddings, embedding_dim, mode, include_last_offset, padding_idx, **options)
    self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
    if _weight is None:
        self.reset_parameters()
    else:
        self.weight.data = _weight


def _bag(self: Any, input: Any, offsets: Any = None, per_sample_weights: Any = None) -> Any:
    return functional.embedding_bag(
        input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode,
        per_sample_weights=per_sample_weights, include_last_offset=self.include_last_offset, padding_idx=self.padding_idx,
    )  # fmt: skip


CLASSES["Bilinear"] = made("Bilinear", reset_parameters=_bilinear_start)
CLASSES["EmbeddingBag"] = made(
    "EmbeddingBag", __init__=_bag_init, reset_parameters=_embedding_start, forward=_bag,
    max_norm=None, norm_type=2.0, scale_grad_by_freq=False,
)  # fmt: skip


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

# --------------------------------------------------------------------------- losses
_OLD = (("size_average", None), ("reduce", None), ("reduction", "mean"))
_LOSSES: dict[str, tuple[Any, ...]] = {
    "MSELoss": (_f.mse_loss, *_OLD), "L1Loss": (_f.l1_loss, *_OLD),
    "SmoothL1Loss": (_f.smooth_l1_loss, *_OLD, ("beta", 1.0)),
    "HuberLoss": (_f.huber_loss, ("reduction", "mean"), ("delta", 1.0)),
    "CrossEntropyLoss": (_f.cross_entropy, ("weight", None), ("size_average", None), ("ignore_index", -100),
                         ("reduce", None), ("reduction", "mean"), ("label_smoothing", 0.0)),
    "NLLLoss": (_f.nll_loss, ("weight", None), ("size_average", None), ("ignore_index", -100), ("reduce", None),
                ("reduction", "mean")),
    "BCELoss": (_f.binary_cross_entropy, ("weight", None), *_OLD),
    "BCEWithLogitsLoss": (_f.binary_cross_entropy_with_logits, ("weight", None), *_OLD, ("pos_weight", None)),
    "KLDivLoss": (_f.kl_div, *_OLD, ("log_target", False)),
    "HingeEmbeddingLoss": (_f.hinge_embedding_loss, ("margin", 1.0), *_OLD),
    "MultiMarginLoss": (_f.multi_margin_loss, ("p", 1), ("margin", 1.0), ("weight", None), *_OLD),
    "SoftMarginLoss": (_f.soft_margin_loss, *_OLD),
    "MultiLabelSoftMarginLoss": (_f.multilabel_soft_margin_loss, ("weight", None), *_OLD),
    "MultiLabelMarginLoss": (_f.multilabel_margin_loss, *_OLD),
    "NLLLoss2d": (_f.nll_loss, ("weight", None), ("size_average", None), ("ignore_index", -100), ("reduce", None),
                  ("reduction", "mean")),
    "TripletMarginWithDistanceLoss": (_f.triplet_margin_with_distance_loss, ("distance_function", None),
                                      ("margin", 1.0), ("swap", False), ("reduction", "mean")),
    "MarginRankingLoss": (_f.margin_ranking_loss, ("margin", 0.0), *_OLD),
    "CosineEmbeddingLoss": (_f.cosine_embedding_loss, ("margin", 0.0), *_OLD),
    "TripletMarginLoss": (_f.triplet_margin_loss, ("margin", 1.0), ("p", 2.0), ("eps", 1e-6), ("swap", False), *_OLD),
    "PoissonNLLLoss": (_f.poisson_nll_loss, ("log_input", True), ("full", False), ("size_average", None), ("eps", 1e-8),
                       ("reduce", None), ("reduction", "mean")),
    "GaussianNLLLoss": (_f.gaussian_nll_loss, ("full", False), ("eps", 1e-6), ("reduction", "mean")),
    "CTCLoss": (_f.ctc_loss, ("blank", 0), ("reduction", "mean"), ("zero_infinity", False)),
}  # fmt: skip


def _loss(name: str, function: Any, *options: tuple[str, Any]) -> Any:
    base = of_function(name, function, *options)

    def __setattr__(self: Any, key: str, value: Any) -> None:
        if key in ("weight", "pos_weight") and value is not None:
            self.register_buffer(key, value)
        else:
            Module.__setattr__(self, key, value)

    base.__setattr__ = __setattr__
    base.register_buffer = lambda self, key, value: Module.__setattr__(self, key, native_nn.Buffer(value))
    base.extra_repr = lambda self: ""
    return base


for _name, _parts in _LOSSES.items():
    CLASSES[_name] = _loss(_name, *_parts)

COUNTERPARTS.update(
    {getattr(native_nn, name): cls for name, cls in CLASSES.items() if hasattr(native_nn, name)}
)
