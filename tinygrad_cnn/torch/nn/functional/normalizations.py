"""Means and variances, or norms, taken out."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import functional as F


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
