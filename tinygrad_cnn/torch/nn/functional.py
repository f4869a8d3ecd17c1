"""`torch.nn.functional`: PyTorch's names and argument order for the native functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import ops
from tinygrad_cnn.torch import views
from tinygrad_cnn.torch.autograd import Function
from tinygrad_cnn.torch.generators import DRAWS, default_generator
from tinygrad_cnn.torch.nn.losses import binary_cross_entropy as binary_cross_entropy
from tinygrad_cnn.torch.nn.losses import (
    binary_cross_entropy_with_logits as binary_cross_entropy_with_logits,
)
from tinygrad_cnn.torch.nn.losses import cosine_embedding_loss as cosine_embedding_loss
from tinygrad_cnn.torch.nn.losses import cosine_similarity as cosine_similarity
from tinygrad_cnn.torch.nn.losses import cross_entropy as cross_entropy
from tinygrad_cnn.torch.nn.losses import ctc_loss as ctc_loss
from tinygrad_cnn.torch.nn.losses import gaussian_nll_loss as gaussian_nll_loss
from tinygrad_cnn.torch.nn.losses import hinge_embedding_loss as hinge_embedding_loss
from tinygrad_cnn.torch.nn.losses import huber_loss as huber_loss
from tinygrad_cnn.torch.nn.losses import kl_div as kl_div
from tinygrad_cnn.torch.nn.losses import l1_loss as l1_loss
from tinygrad_cnn.torch.nn.losses import margin_ranking_loss as margin_ranking_loss
from tinygrad_cnn.torch.nn.losses import mse_loss as mse_loss
from tinygrad_cnn.torch.nn.losses import multi_margin_loss as multi_margin_loss
from tinygrad_cnn.torch.nn.losses import multilabel_margin_loss as multilabel_margin_loss
from tinygrad_cnn.torch.nn.losses import multilabel_soft_margin_loss as multilabel_soft_margin_loss
from tinygrad_cnn.torch.nn.losses import nll_loss as nll_loss
from tinygrad_cnn.torch.nn.losses import pairwise_distance as pairwise_distance
from tinygrad_cnn.torch.nn.losses import poisson_nll_loss as poisson_nll_loss
from tinygrad_cnn.torch.nn.losses import smooth_l1_loss as smooth_l1_loss
from tinygrad_cnn.torch.nn.losses import soft_margin_loss as soft_margin_loss
from tinygrad_cnn.torch.nn.losses import triplet_margin_loss as triplet_margin_loss
from tinygrad_cnn.torch.nn.losses import (
    triplet_margin_with_distance_loss as triplet_margin_with_distance_loss,
)
from tinygrad_cnn.torch.pointwise import log_softmax as _log_softmax
from tinygrad_cnn.torch.pointwise import softmax as _softmax
from tinygrad_cnn.torch.tensors import Tensor


# --------------------------------------------------------------------------- activations
def _activation(native: Any, *options: str) -> Any:
    def function(input: Any, *args: Any, inplace: bool = False, **kwargs: Any) -> Any:
        if len(args) == len(options) + 1:
            *args, inplace = args  # type: ignore[assignment]
        if inplace:
            return views.write(input, native, *args, **kwargs)
        return native(input, *args, **kwargs)

    function.__name__, function.__doc__ = native.__name__, f"See `functional.{native.__name__}`."
    return function


relu, relu6, selu = _activation(F.relu), _activation(F.relu6), _activation(F.selu)
leaky_relu, elu, celu = (
    _activation(F.leaky_relu, "negative_slope"), _activation(F.elu, "alpha"), _activation(F.celu, "alpha"),
)  # fmt: skip
hardtanh = _activation(F.hardtanh, "min_val", "max_val")
silu, mish = _activation(F.silu), _activation(F.mish)
hardswish, hardsigmoid = _activation(F.hardswish), _activation(F.hardsigmoid)
softplus = _activation(F.softplus, "beta", "threshold")
softsign, sigmoid, tanh = _activation(F.softsign), _activation(F.sigmoid), _activation(F.tanh)


def relu_(input: Any) -> Any:
    """`relu`, in place."""
    return relu(input, inplace=True)


def leaky_relu_(input: Any, negative_slope: float = 0.01) -> Any:
    """`leaky_relu`, in place."""
    return leaky_relu(input, negative_slope, inplace=True)


def _written(called: str) -> Any:
    def function(input: Any, *args: Any, **kwargs: Any) -> Any:
        return globals()[called](input, *args, inplace=True, **kwargs)

    function.__name__, function.__doc__ = f"{called}_", f"`{called}`, in place."
    return function


elu_, celu_, selu_, hardtanh_, threshold_, rrelu_ = map(
    _written, ("elu", "celu", "selu", "hardtanh", "threshold", "rrelu")
)


def gelu(input: Any, approximate: str = "none") -> Any:
    """x times the normal distribution at x."""
    return F.gelu(input, approximate)


def prelu(input: Any, weight: Any) -> Any:
    """x where positive, else x times a learnt slope."""
    return F.prelu(input, weight)


logsigmoid, tanhshrink = _activation(F.logsigmoid), _activation(F.tanhshrink)
hardshrink, softshrink = _activation(F.hardshrink, "lambd"), _activation(F.softshrink, "lambd")
threshold = _activation(F.threshold, "threshold", "value")


def rrelu(
    input: Any, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False
) -> Any:
    """x where positive, else x times a slope, drawn in training."""
    out = F.rrelu(input, lower, upper, training, rng=DRAWS)
    return views.become(input, out) if inplace else out


def glu(input: Any, dim: int = -1) -> Any:
    """The first half times the sigmoid of the second."""
    return F.glu(input, dim)


def _dim(input: Any, dim: int | None) -> int:
    if dim is None:
        return 0 if input._array.ndim in (0, 1, 3) else 1
    return dim


def softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """e^x over its sum along a dimension."""
    return _softmax(input, _dim(input, dim), dtype)


def log_softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """The logarithm of softmax."""
    return _log_softmax(input, _dim(input, dim), dtype)


def softmin(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """softmax of -x."""
    return _softmax(-input, _dim(input, dim), dtype)


def gumbel_softmax(
    logits: Any, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Any:
    """softmax of logits with Gumbel's noise; with `hard`, one-hot with the soft gradient."""
    return F.gumbel_softmax(logits, tau, hard, dim, rng=DRAWS)


# --------------------------------------------------------------------------- dropout
def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Elements set to 0 with probability p, the others times 1 / (1 - p)."""
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    out = _dropped(input, p, input._array.shape) if training and p > 0 else input
    return views.become(input, out) if inplace and out is not input else out


def _dropped(x: Any, p: float, shape: tuple[int, ...]) -> Any:
    kept = default_generator.bernoulli(1 - p, math.prod(shape))
    order = views.memory_order(x) if shape == x._array.shape else None
    if order is not None:  # drawn as the elements lie in PyTorch's memory
        kept = kept.reshape([shape[k] for k in order]).transpose(np.argsort(order))
    return ops.Dropout(kept.reshape(shape), p)(x)


def _dropout_channels(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Whole channels set to 0 with probability p."""
    if not (training and p > 0):
        return input
    shape = input._array.shape
    return _dropped(input, p, (*shape[:2], *(1 for _ in shape[2:])))


dropout1d = dropout2d = dropout3d = feature_dropout = _dropout_channels


def alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """Dropout that keeps mean and variance behind SELU."""
    out = F.alpha_dropout(input, p, training, rng=DRAWS)
    return views.become(input, out) if inplace and out is not input else out


def feature_alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """`alpha_dropout` of whole channels."""
    out = F.feature_alpha_dropout(input, p, training, rng=DRAWS)
    return views.become(input, out) if inplace and out is not input else out


# --------------------------------------------------------------------------- linear, convolution
def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """x @ weight.T + bias."""
    return F.linear(input, weight, bias)


bilinear = F.bilinear


def _conv(native: Any, axes: int) -> Any:
    def function(
        input: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Any:
        single = input._array.ndim == axes + 1
        x = F.expand_dims(input, 0) if single else input
        out = native(
            x,
            weight,
            bias,
            stride=_plain(stride),
            padding=_plain(padding),
            dilation=_plain(dilation),
            groups=groups,
        )
        return F.squeeze(out, 0) if single else out

    function.__name__, function.__doc__ = native.__name__, f"See `functional.{native.__name__}`."
    return function


def _conv_transpose(native: Any, axes: int) -> Any:
    def function(
        input: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        dilation: Any = 1,
    ) -> Any:
        single = input._array.ndim == axes + 1
        x = F.expand_dims(input, 0) if single else input
        out = native(
            x, weight, bias, stride=_plain(stride), padding=_plain(padding), output_padding=_plain(output_padding),
            groups=groups, dilation=_plain(dilation),
        )  # fmt: skip
        return F.squeeze(out, 0) if single else out

    function.__name__, function.__doc__ = native.__name__, f"See `functional.{native.__name__}`."
    return function


def _plain(value: Any) -> Any:
    """A size as an int or a tuple; PyTorch takes one-element sequences for all axes."""
    if isinstance(value, (list, tuple)):
        return int(value[0]) if len(value) == 1 else tuple(int(v) for v in value)
    return value


conv1d, conv2d, conv3d = _conv(F.conv1d, 1), _conv(F.conv2d, 2), _conv(F.conv3d, 3)
conv_transpose1d, conv_transpose2d, conv_transpose3d = (
    _conv_transpose(F.conv_transpose1d, 1),
    _conv_transpose(F.conv_transpose2d, 2),
    _conv_transpose(F.conv_transpose3d, 3),
)


def unfold(input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """Windows as columns."""
    return F.unfold(input, kernel_size, dilation, padding, stride)


def fold(
    input: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    """Columns added back as windows."""
    return F.fold(input, output_size, kernel_size, dilation, padding, stride)


# --------------------------------------------------------------------------- pooling
def _pool(native: Any, axes: int) -> Any:
    def function(input: Any, *args: Any, **kwargs: Any) -> Any:
        single = input._array.ndim == axes + 1
        x = F.expand_dims(input, 0) if single else input
        out = native(x, *(_plain(a) for a in args), **{k: _plain(v) for k, v in kwargs.items()})
        if not single:
            return out
        return tuple(F.squeeze(o, 0) for o in out) if isinstance(out, tuple) else F.squeeze(out, 0)

    function.__name__, function.__doc__ = native.__name__, f"See `functional.{native.__name__}`."
    return function


max_pool1d, max_pool2d, max_pool3d = _pool(F.max_pool1d, 1), _pool(F.max_pool2d, 2), _pool(F.max_pool3d, 3)
avg_pool1d, avg_pool2d, avg_pool3d = _pool(F.avg_pool1d, 1), _pool(F.avg_pool2d, 2), _pool(F.avg_pool3d, 3)
lp_pool1d, lp_pool2d, lp_pool3d = _pool(F.lp_pool1d, 1), _pool(F.lp_pool2d, 2), _pool(F.lp_pool3d, 3)


def _unpool(native: Any, axes: int) -> Any:
    def function(input: Any, indices: Any, *args: Any, **kwargs: Any) -> Any:
        single = input._array.ndim == axes + 1
        x, where = (F.expand_dims(input, 0), F.expand_dims(indices, 0)) if single else (input, indices)
        out = native(x, where, *args, **kwargs)
        return F.squeeze(out, 0) if single else out

    function.__name__, function.__doc__ = native.__name__, f"See `functional.{native.__name__}`."
    return function


max_unpool1d, max_unpool2d, max_unpool3d = (
    _unpool(F.max_unpool1d, 1), _unpool(F.max_unpool2d, 2), _unpool(F.max_unpool3d, 3),
)  # fmt: skip


def _with_indices(pool: Any) -> Any:
    def function(*args: Any, **kwargs: Any) -> Any:
        return pool(*args, **{**kwargs, "return_indices": True})

    return function


max_pool1d_with_indices, max_pool2d_with_indices, max_pool3d_with_indices = (
    _with_indices(max_pool1d), _with_indices(max_pool2d), _with_indices(max_pool3d),
)  # fmt: skip


def _adaptive(native: Any, axes: int) -> Any:
    pooled = _pool(native, axes)

    def function(input: Any, output_size: Any, *args: Any, **kwargs: Any) -> Any:
        wanted = (output_size,) * axes if isinstance(output_size, int) else tuple(output_size)
        shape = input._array.shape[-axes:]
        sizes = tuple(s if n is None else int(n) for n, s in zip(wanted, shape, strict=True))
        return pooled(input, sizes, *args, **kwargs)

    function.__name__, function.__doc__ = native.__name__, f"See `functional.{native.__name__}`."
    return function


adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = (
    _adaptive(F.adaptive_avg_pool1d, 1), _adaptive(F.adaptive_avg_pool2d, 2), _adaptive(F.adaptive_avg_pool3d, 3),
)  # fmt: skip
adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = (
    _adaptive(F.adaptive_max_pool1d, 1), _adaptive(F.adaptive_max_pool2d, 2), _adaptive(F.adaptive_max_pool3d, 3),
)  # fmt: skip
adaptive_max_pool1d_with_indices = _with_indices(adaptive_max_pool1d)
adaptive_max_pool2d_with_indices = _with_indices(adaptive_max_pool2d)
adaptive_max_pool3d_with_indices = _with_indices(adaptive_max_pool3d)


# --------------------------------------------------------------------------- normalisation
def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Channels with mean 0 and variance 1."""
    return F.batch_norm(
        input, running_mean, running_var, weight, bias, training=training, momentum=momentum, eps=eps
    )


def layer_norm(
    input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """The last dimensions with mean 0 and variance 1."""
    return F.layer_norm(input, tuple(normalized_shape), weight, bias, eps)


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Groups of channels with mean 0 and variance 1."""
    return F.group_norm(input, num_groups, weight, bias, eps)


def instance_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Each channel of each sample with mean 0 and variance 1."""
    return F.instance_norm(
        input,
        running_mean,
        running_var,
        weight,
        bias,
        use_input_stats=use_input_stats,
        momentum=momentum,
        eps=eps,
    )


def rms_norm(input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Any:
    """The last dimensions over the root of their mean square."""
    return F.rms_norm(input, tuple(normalized_shape), weight, eps)


def local_response_norm(
    input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Any:
    """Each element over a power of the mean square of its neighbours in other channels."""
    return F.local_response_norm(input, size, alpha, beta, k)


def normalize(input: Any, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Any:
    """x over its p-norm along a dimension."""
    return F.normalize(input, float(p), dim, eps)


# --------------------------------------------------------------------------- the rest
def pad(input: Any, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """A border; the pairs count from the last dimension. Negative widths cut."""
    pairs = [(int(a), int(b)) for a, b in zip(pad[::2], pad[1::2], strict=True)][::-1]
    if mode != "constant" and input._array.ndim - len(pairs) > 2:
        raise NotImplementedError(
            "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now"
        )
    widths = ((0, 0),) * (input._array.ndim - len(pairs)) + tuple(pairs)
    return F.pad(input, widths, mode, 0.0 if value is None else float(value))


def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: Any = None,
    antialias: bool = False,
) -> Any:
    """Another resolution."""
    factors = tuple(scale_factor) if isinstance(scale_factor, list) else scale_factor
    if recompute_scale_factor and factors is not None:
        image = input._array.shape[2:]
        each = factors if isinstance(factors, tuple) else (factors,) * len(image)
        size, factors = tuple(math.floor(n * f) for n, f in zip(image, each, strict=True)), None
    corners = None if mode in ("nearest", "nearest-exact", "area") else align_corners
    size = None if size is None else _plain(size)
    return F.interpolate(input, size, factors, mode, corners, antialias=antialias)


upsample = interpolate


def upsample_nearest(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """Another resolution, by the nearest element."""
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """Another resolution, linear in between, corners kept."""
    return interpolate(input, size, scale_factor, "bilinear", True)


pixel_shuffle, pixel_unshuffle = F.pixel_shuffle, F.pixel_unshuffle


channel_shuffle = native_channel_shuffle = F.channel_shuffle
pdist = F.pdist


def embedding(
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: Any = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    """Rows of a table; with `max_norm` those that are longer are shortened in the table first."""
    if max_norm is not None:
        _shorten(weight, input._array, float(max_norm), float(norm_type))
    rows = F.embedding(input, weight, padding_idx)
    return _Shared.apply(rows, input) if scale_grad_by_freq else rows


def _shorten(weight: Any, places: Any, most: float, order: float) -> None:
    table, used = weight._writable(), np.unique(places)
    size = np.linalg.norm(table[used], order, axis=-1, keepdims=True)
    table[used] *= np.where(size > most, most / (size + 1e-7), 1).astype(table.dtype)


class _Shared(Function):
    """Rows as they are; the gradient of a row over the number of its places in the batch."""

    @staticmethod
    def forward(ctx: Any, rows: Any, input: Any) -> Any:
        _, inverse, counts = np.unique(input._array, return_inverse=True, return_counts=True)
        ctx.counts = counts[inverse].reshape(input._array.shape).astype(rows._array.dtype)
        return rows.clone()

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g / Tensor.detached(ctx.counts[..., None]), None


def embedding_bag(
    input: Any, weight: Any, offsets: Any = None, max_norm: Any = None, norm_type: float = 2,
    scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, per_sample_weights: Any = None,
    include_last_offset: bool = False, padding_idx: int | None = None,
) -> Any:  # fmt: skip
    """Rows of a table summed, averaged, or their largest elements, bag by bag."""
    if scale_grad_by_freq:
        raise NotImplementedError("embedding_bag: scale_grad_by_freq is left out; `embedding` has it")
    if max_norm is not None:
        _shorten(weight, input._array, float(max_norm), float(norm_type))
    return F.embedding_bag(
        input, weight, offsets, mode, per_sample_weights=per_sample_weights,
        include_last_offset=include_last_offset, padding_idx=padding_idx,
    )  # fmt: skip


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """Vectors with a 1 at the label."""
    n = int(tensor._array.max()) + 1 if num_classes == -1 else num_classes
    if tensor._array.size and not 0 <= tensor._array.min() <= tensor._array.max() < n:
        raise RuntimeError("Class values must be non-negative and smaller than num_classes.")
    return F.one_hot(tensor, n)


def scaled_dot_product_attention(
    query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False,
    scale: float | None = None, enable_gqa: bool = False,
) -> Any:  # fmt: skip
    """softmax(q·k / sqrt(d))·v."""
    return F.scaled_dot_product_attention(
        query, key, value, attn_mask, dropout_p, is_causal, scale=scale, rng=DRAWS
    )


def affine_grid(theta: Any, size: Any, align_corners: bool | None = None) -> Any:
    """The points that an affine map of the unit square gives."""
    return F.affine_grid(theta, tuple(size), bool(align_corners))


def grid_sample(
    input: Any,
    grid: Any,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Any:
    """Elements at the points of a grid, linear in between, cubic, or the nearest."""
    return F.grid_sample(input, grid, mode, padding_mode, bool(align_corners))
