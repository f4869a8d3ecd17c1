"""Normalisation."""

from __future__ import annotations

from math import inf, prod
from typing import Any

import numpy as np

from tinygrad_cnn import devices, ops
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import (
    Operand,
    Sizes,
    T,
    TensorLike,
    flag,
    floating,
    integer,
    is_several,
    number,
    shape_of,
    values,
)
from tinygrad_cnn.graph import Traced
from tinygrad_cnn.grid import grid

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm"]


def batch_norm(
    x: Operand[T], running_mean: TensorLike | None = None, running_var: TensorLike | None = None,
    w: Operand[T] | None = None, b: Operand[T] | None = None, *, training: bool = False,
    momentum: float = 0.1, eps: float = 1e-5,
) -> T:  # fmt: skip
    """Normalise each channel: y = w * (x - mean) / sqrt(var + eps) + b.

    In training, mean and (biased) variance are the batch's own, over all axes but the channels',
    and the running statistics move towards them: r <- (1 - momentum) * r + momentum * new, with
    the unbiased variance. Otherwise the running statistics are used, and left as they are.

    Args:
        x: (N, C) or (N, C, ...) float.
        running_mean, running_var: (C,) Tensors or float arrays, written in place in training;
            both or neither. Without them the batch's own statistics serve at all times.
        w, b: (C,), or None for 1 and 0.
        momentum: share of the new value, in [0, 1].   eps: at least 0.
    Returns:
        Shape and dtype of x.
    Raises:
        ShapeError: x has fewer than 2 axes, a (C,) operand does not fit, or training has only one
            value per channel.
        ArgumentError: one running statistic without the other, or an option out of its range.
    Source: Ioffe & Szegedy 2015, arXiv:1502.03167.
    >>> batch_norm(np.array([[1.0], [3.0]]), training=True).round(3)
    array([[-1.],
           [ 1.]])
    """
    name = "batch_norm"
    x = floating(name, x)
    momentum = number(name, "momentum", momentum, 0, 1)
    eps = number(name, "eps", eps, 0, inf)
    if x.ndim < 2:
        raise ShapeError(f"{name}: x needs at least 2 axes (N, C, ...), got {x.shape}")
    channels = x.shape[1]
    w, b = _affine(name, x, w, b, (channels,))
    _check_running(name, x, running_mean, running_var)
    training = flag(name, "training", training)
    if not training and running_mean is not None:
        mean, var = (values(v).astype(x.dtype) for v in (running_mean, running_var))
        return ops.FixedNorm(mean, var, eps)(x, w, b)
    count = x.size // channels if channels else 0
    if training and count == 1:
        raise ShapeError(f"{name}: training needs more than 1 value per channel, x is {x.shape}")
    y, (mean, var) = ops.BatchNorm(eps).with_residual(x, w, b)
    if training and running_mean is not None and count:
        with np.errstate(under="ignore"):
            _move(running_mean, mean, momentum)
            _move(running_var, var * (count / (count - 1)), momentum)
    return y


def layer_norm(
    x: Operand[T],
    normalized_shape: Sizes,
    w: Operand[T] | None = None,
    b: Operand[T] | None = None,
    eps: float = 1e-5,
) -> T:
    """Normalise each sample over its last axes: y = w * (x - mean) / sqrt(var + eps) + b.

    Mean and biased variance are taken over the axes that `normalized_shape` names.

    Args:
        x: (..., *normalized_shape) float.   normalized_shape: int or ints, the last sizes of x.
        w, b: of shape normalized_shape, or None for 1 and 0.   eps: at least 0.
    Returns:
        Shape and dtype of x.
    Raises:
        ShapeError: x does not end in normalized_shape, or w or b has another shape.
        DTypeError: x, w or b is not float.
    Source: Ba, Kiros & Hinton 2016, arXiv:1607.06450.
    >>> layer_norm(np.array([[1.0, 3.0]]), 2).round(3)
    array([[-1.,  1.]])
    """
    name, x = "layer_norm", floating("layer_norm", x)
    shape = last_sizes(name, normalized_shape)
    if x.shape[x.ndim - len(shape) :] != shape:
        raise ShapeError(f"{name}: x has shape {x.shape}, which does not end in {shape}")
    w, b = _affine(name, x, w, b, shape)
    return ops.LayerNorm(len(shape), number(name, "eps", eps, 0, inf))(x, w, b)


def rms_norm(
    x: Operand[T], normalized_shape: Sizes, w: Operand[T] | None = None, eps: float | None = None
) -> T:
    """Scale each sample by its root mean square over its last axes: y = w * x / sqrt(mean(x²) + eps).

    Args:
        x: (..., *normalized_shape) float.   normalized_shape: int or ints, the last sizes of x.
        w: of shape normalized_shape, or None for 1.
        eps: at least 0; None for the distance from 1 to the next number of x's type.
    Returns:
        Shape and dtype of x.
    Raises:
        ShapeError: x does not end in normalized_shape, or w has another shape.
        DTypeError: x or w is not float.
    Source: Zhang & Sennrich 2019, arXiv:1910.07467.
    >>> rms_norm(np.array([[3.0, 4.0]]), 2).round(3)
    array([[0.849, 1.131]])
    """
    name, x = "rms_norm", floating("rms_norm", x)
    shape = last_sizes(name, normalized_shape)
    if x.shape[x.ndim - len(shape) :] != shape:
        raise ShapeError(f"{name}: x has shape {x.shape}, which does not end in {shape}")
    least = float(np.finfo(x.dtype).eps) if eps is None else number(name, "eps", eps, 0, inf)
    return ops.RMSNorm(len(shape), least)(x, _affine(name, x, w, None, shape)[0])


def group_norm(
    x: Operand[T],
    num_groups: int,
    w: Operand[T] | None = None,
    b: Operand[T] | None = None,
    eps: float = 1e-5,
) -> T:
    """Normalise groups of channels of each sample: y = w * (x - mean) / sqrt(var + eps) + b.

    Mean and biased variance are taken over the channels of a group and all further axes.

    Args:
        x: (N, C, ...) float.   num_groups: divides C.
        w, b: (C,), or None for 1 and 0.   eps: at least 0.
    Returns:
        Shape and dtype of x.
    Raises:
        ShapeError: fewer than 2 axes, groups that do not divide the channels, only one value per
            group in the whole batch, or w or b of another shape.   DTypeError: not float.
    Source: Wu & He 2018, arXiv:1803.08494.
    >>> group_norm(np.array([[1.0, 3.0, 0.0, 8.0]]), 2).round(3)
    array([[-1.,  1., -1.,  1.]])
    """
    name, x = "group_norm", floating("group_norm", x)
    groups = integer(name, "num_groups", num_groups, 1)
    if x.ndim < 2 or x.shape[1] % groups:
        raise ShapeError(f"{name}: x {x.shape} needs axes (N, C, ...) with C divisible by {groups}")
    if x.size == groups:
        raise ShapeError(f"{name}: needs more than 1 value per group, x is {x.shape}")
    w, b = _affine(name, x, w, b, (x.shape[1],))
    return ops.GroupNorm(groups, number(name, "eps", eps, 0, inf))(x, w, b)


def instance_norm(
    x: Operand[T], running_mean: TensorLike | None = None, running_var: TensorLike | None = None,
    w: Operand[T] | None = None, b: Operand[T] | None = None, *, use_input_stats: bool = True,
    momentum: float = 0.1, eps: float = 1e-5,
) -> T:  # fmt: skip
    """Normalise each channel of each sample: y = w * (x - mean) / sqrt(var + eps) + b.

    Mean and biased variance are the sample's own, over its spatial axes; running statistics, where
    given, move towards their averages over the batch (of the unbiased variance). Without
    use_input_stats the running statistics are used, and left as they are.

    Args:
        x: (N, C, ...) float, with at least one spatial axis.
        running_mean, running_var: (C,) Tensors or float arrays, written in place; both or neither.
        w, b: (C,), or None for 1 and 0.   use_input_stats: False uses the running statistics.
        momentum: share of the new value, in [0, 1].   eps: at least 0.
    Returns:
        Shape and dtype of x.
    Raises:
        ShapeError: fewer than 3 axes, a (C,) operand does not fit, or only one value per channel.
        ArgumentError: one running statistic without the other, none where they are to be used, or
            an option out of its range.
    Source: Ulyanov, Vedaldi & Lempitsky 2016, arXiv:1607.08022.
    >>> instance_norm(np.array([[[1.0, 3.0], [0.0, 8.0]]])).round(3)
    array([[[-1.,  1.],
            [-1.,  1.]]])
    """
    name, x = "instance_norm", floating("instance_norm", x)
    momentum = number(name, "momentum", momentum, 0, 1)
    if x.ndim < 3:
        raise ShapeError(f"{name}: x needs at least 3 axes (N, C, ...), got {x.shape}")
    if not flag(name, "use_input_stats", use_input_stats):
        if running_mean is None:
            raise ArgumentError(f"{name}: use_input_stats=False needs running_mean and running_var")
        return batch_norm(x, running_mean, running_var, w, b, eps=eps)
    channels, values_each = x.shape[1], prod(x.shape[2:])
    w, b = _affine(name, x, w, b, (channels,))
    _check_running(name, x, running_mean, running_var)
    if values_each == 1:
        raise ShapeError(f"{name}: needs more than 1 value per channel of a sample, x is {x.shape}")
    y = ops.InstanceNorm(channels, number(name, "eps", eps, 0, inf))(x, w, b)
    if running_mean is not None and x.size:
        flat = values(x).reshape(len(x), channels, values_each)
        _move(running_mean, flat.mean(axis=2).mean(axis=0), momentum)
        _move(running_var, flat.var(axis=2, ddof=1).mean(axis=0), momentum)
    return y


def local_response_norm(
    x: Operand[T], size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> T:
    """Divide by a power of the mean square of neighbouring channels.

        y[n,c] = x[n,c] / (k + alpha/size * sum_{d = c - size//2}^{c + (size-1)//2} x[n,d]^2)^beta

    Channels outside count as zeros.

    Args:
        x: (N, C, ...) float, at least 3 axes.   size: number of channels, at least 1.
        alpha, beta, k: numbers.
    Returns:
        Shape and dtype of x.
    Raises:
        ShapeError: x has fewer than 3 axes.   ArgumentError: size below 1.   DTypeError: not float.
    Source: Krizhevsky, Sutskever & Hinton 2012, "ImageNet classification with deep convolutional
        neural networks"; alpha is divided by size, as in PyTorch.
    >>> local_response_norm(np.array([[[1.0], [2.0]]]), 2, alpha=2.0, beta=1.0).round(3).tolist()
    [[[0.5], [0.333]]]
    """
    name, x = "local_response_norm", floating("local_response_norm", x)
    size = integer(name, "size", size, 1)
    options = [number(name, key, v, -inf, inf) for key, v in (("alpha", alpha), ("beta", beta), ("k", k))]
    if x.ndim < 3:
        raise ShapeError(f"{name}: x needs at least 3 axes (N, C, ...), got {x.shape}")
    if x.size == 0:
        return x
    sides = ((size // 2, (size - 1) // 2),)
    channels = grid(name, (x.shape[1],), (size,), (1,), sides, (1,))
    return ops.LocalResponseNorm(channels, *options)(x)


def last_sizes(function: str, normalized_shape: Sizes) -> tuple[int, ...]:
    """normalized_shape as a tuple of sizes.

    Raises:
        DTypeError, ArgumentError: not integers of at least 1.   ShapeError: none given.

    >>> last_sizes("layer_norm", 3)
    (3,)
    """
    several = normalized_shape if is_several(normalized_shape) else (normalized_shape,)
    if not several:
        raise ShapeError(f"{function}: normalized_shape is empty; the last sizes of x fit")
    return tuple(integer(function, "normalized_shape", n, 1) for n in several)


def _affine(name: str, x: Any, w: Any, b: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """w and b as floats of that shape, ones and zeros where they are None."""
    w = devices.ones(shape, x.dtype, like=x) if w is None else floating(name, w, "w")
    b = devices.zeros(shape, x.dtype, like=x) if b is None else floating(name, b, "b")
    for key, value in (("w", w), ("b", b)):
        if value.shape != shape:
            raise ShapeError(f"{name}: {key} has shape {value.shape}, x {x.shape} expects {shape}")
    return w, b


def _check_running(name: str, x: Any, mean: Any, var: Any) -> None:
    """Both running statistics or neither, of shape (C,)."""
    if (mean is None) != (var is None):
        raise ArgumentError(f"{name}: give both running_mean and running_var, or neither")
    for key, value in (("running_mean", mean), ("running_var", var)):
        if value is not None and (shape := shape_of(value)) != x.shape[1:2]:
            raise ShapeError(f"{name}: {key} has shape {shape}, x {x.shape} expects {x.shape[1:2]}")


def _move(running: Any, new: Any, momentum: float) -> None:
    """running <- (1 - momentum) * running + momentum * new, in place."""
    target = running._writable() if isinstance(running, Traced) else running
    target *= 1 - momentum
    target += momentum * new
