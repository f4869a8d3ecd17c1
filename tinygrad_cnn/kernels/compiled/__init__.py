"""Compiled kernels for contiguous float32 arrays; anything else falls to the reference.

The names that are here take the place of those of the reference, with the same arguments. A module is
imported when one of its names is first asked for, and a kernel loaded when it is first called.
"""

from typing import Any

from tinygrad_cnn.kernels import cache

#: What each module serves.
SERVED = {
    "convolution.choice": ("conv", "conv_image", "conv_kernel"),
    "product.matrix": ("linear", "matmul"),
    "loss": ("cross_entropy", "cross_entropy_slope", "huber"),
    "activation": (
        "elu",
        "elu_slope",
        "gelu",
        "gelu_slope",
        "gelu_tanh",
        "gelu_tanh_slope",
        "hardsigmoid",
        "hardsigmoid_slope",
        "hardswish",
        "hardswish_slope",
        "hardtanh",
        "hardtanh_slope",
        "leaky_relu",
        "leaky_relu_slope",
        "mish",
        "mish_slope",
        "silu",
        "silu_slope",
        "softplus",
        "softplus_slope",
        "tanh",
        "tanh_slope",
    ),
    "alignments": ("path_sums",),
    "angles": ("arccos", "arcsin", "arctan", "cos", "sin", "tan"),
    "distances": ("pair_distances", "weighted_differences"),
    "elementary": ("erf", "exp", "exp2", "expm1", "log", "log10", "log1p", "log2"),
    "hyperbolic": ("arccosh", "arcsinh", "arctanh", "cosh", "sinh"),
    "special": ("digamma", "erfinv", "lgamma", "trigamma"),
    "softmaxes": ("log_softmax", "log_softmax_slope", "softmax", "softmax_slope"),
    "sparse_maps": ("resample",),
    "norm.channels": ("batch_norm", "batch_norm_slope", "channel_sum", "fixed_norm"),
    "norm.root_mean_squares": ("rms_norm", "rms_norm_slope"),
    "norm.samples": ("group_norm", "group_norm_slope", "layer_norm", "layer_norm_slope"),
    "pairs": ("arctan2", "floor_divide", "fmod", "hypot", "logaddexp", "remainder"),
    "pointwise": ("dropout", "relu", "relu_slope", "sigmoid", "sigmoid_slope"),
    "pool.windows": ("avg_pool", "max_pool", "max_pool_places", "place", "spread"),
    "pool.bins": ("adaptive_max_pool",),
    "positions": ("add_along", "add_rows"),
    "ranks": ("extreme_places", "top_places"),
    "recurrent.elman": ("rnn", "rnn_slope"),
    "recurrent.gru": ("gru", "gru_slope"),
    "recurrent.lstm": ("lstm", "lstm_slope"),
    "scans": ("recurrence", "row_extremes", "running", "running_extremes"),
    "sums": ("column_sums", "row_sums"),
    "taps": ("tap_product", "tap_spread", "tap_sum"),
    "update": ("adam", "adaptive", "sgd"),
}
#: The module of each name.
HOME = {name: f"{__name__}.{module}" for module, names in SERVED.items() for name in names}
#: All modules, in the order in which they are compiled: what each needs before it, and what ordinary
#: networks call before the rest. Two serve no name; `convolution.choice` loads them when it needs them.
MODULES = tuple(
    dict.fromkeys(
        f"{__name__}.{module}"
        for module in (
            "product.matrix", "pointwise", "loss", "update", "sums", "convolution.depthwise",
            "convolution.winograd.passes", "convolution.choice", "pool.windows", "norm.channels",
            "activation", "softmaxes", *SERVED,
        )
    )
)  # fmt: skip


def __getattr__(name: str) -> Any:
    """The kernel of this name, from its module."""
    if name not in HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(cache.imported(HOME[name]), name)
