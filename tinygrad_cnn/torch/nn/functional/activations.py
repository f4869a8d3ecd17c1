"""Activations, softmax and its kin."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch import views
from tinygrad_cnn.torch.generators import DRAWS, of
from tinygrad_cnn.torch.pointwise import log_softmax as _log_softmax
from tinygrad_cnn.torch.pointwise import softmax as _softmax
from tinygrad_cnn.torch.tensors import Tensor
from tinygrad_cnn.torch.view_links import become


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
    if training:  # PyTorch draws for the elements that are not positive, one after the other
        slopes, falls = np.ones(input._array.shape), input._array <= 0
        drawn = of(None).uniform(int(falls.sum()), np.float64)
        slopes[falls] = drawn * (upper - lower) + lower
        out = input * Tensor.detached(slopes.astype(input._array.dtype))
    else:
        out = F.rrelu(input, lower, upper, False)
    return become(input, out) if inplace else out


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
