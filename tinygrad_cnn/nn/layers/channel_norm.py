"""Normalisation layers with statistics per channel: batch and instance norm."""

from __future__ import annotations

from math import inf
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, ShapeError
from tinygrad_cnn.functional.arguments import choice, flag, integer, number, shape_of
from tinygrad_cnn.functional.layout import FORMATS
from tinygrad_cnn.functional.storage import filled
from tinygrad_cnn.nn.function_layer import format_note
from tinygrad_cnn.nn.module import Buffer, Module, Parameter
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = [
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d",
]  # fmt: skip


class FeatureNorm(Module):
    """Shared by batch and instance norm: a scale and a shift per channel, and running statistics.

    A subclass says which inputs it takes: `inputs`, from number of axes to their names.

    >>> BatchNorm1d.inputs
    {2: 'N, C', 3: 'N, C, L'}
    """

    inputs: ClassVar[dict[int, str]]

    def __init__(
        self, num_features: int, eps: float, momentum: float | None, affine: bool,
        track_running_stats: bool, dtype: DTypeLike,
    ) -> None:  # fmt: skip
        name = type(self).__name__
        self.num_features = integer(name, "num_features", num_features, 1)
        self.eps = number(name, "eps", eps, 0, inf)
        self.momentum = None if momentum is None else number(name, "momentum", momentum, 0, 1)
        self.affine = flag(name, "affine", affine)
        self.track_running_stats = flag(name, "track_running_stats", track_running_stats)
        ones, zeros = (filled(name, self.num_features, dtype, value) for value in (1.0, 0.0))
        self.weight = Parameter(ones) if affine else None
        self.bias = Parameter(zeros) if affine else None
        self.running_mean = Buffer(zeros) if track_running_stats else None
        self.running_var = Buffer(ones) if track_running_stats else None
        self.num_batches_tracked = Buffer(np.array(0)) if track_running_stats else None

    def _check(self, x: Any) -> None:
        """x has the axes and the channels that fit."""
        name = type(self).__name__
        shape = shape_of(x, name)
        if len(shape) not in self.inputs:
            wanted = " or ".join(f"{count} axes ({axes})" for count, axes in self.inputs.items())
            raise ShapeError(f"{name}: x needs {wanted}, got {shape}")
        channels = shape[-1 if getattr(self, "data_format", "NCHW") == "NHWC" else 1]
        if channels != self.num_features:
            raise ShapeError(f"{name}: x has {channels} channels, num_features is {self.num_features}")

    def extra_repr(self) -> str:
        """The options, in PyTorch's order.

        >>> BatchNorm2d(8)
        BatchNorm2d(8, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
        """
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, track_running_stats={self.track_running_stats}{format_note(self)}"
        )


class BatchNormLayer(FeatureNorm):
    """Shared by the batch norms, over any number of spatial axes.

    >>> BatchNorm3d(2, momentum=None)
    BatchNorm3d(2, eps=1e-05, momentum=None, affine=True, track_running_stats=True)
    """

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, *, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """x, normalised.

        >>> BatchNorm1d(1).forward(np.zeros((2, 1), "float32")).shape
        (2, 1)
        """
        self._check(x)
        return self._normalised(x)

    def _normalised(self, x: Tensor) -> Tensor:
        momentum = 0.0 if self.momentum is None else self.momentum
        tracked = self.num_batches_tracked if self.training else None
        if tracked is not None and self.momentum is None:  # the average over all batches so far
            momentum = 1 / (int(tracked.item()) + 1)
        y = F.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias,
            training=self.training, momentum=momentum, eps=self.eps,
        )  # fmt: skip
        if tracked is not None:
            tracked.data += 1
        return y


class BatchNorm1d(BatchNormLayer):
    """Normalise each feature over the batch, or each channel of signals; see `functional.batch_norm`.

    Args:
        num_features, eps, momentum, affine, track_running_stats, dtype: as `BatchNorm2d`.
    Shapes:
        x (N, C) or (N, C, L) -> the same; weight, bias, running_mean, running_var (C,).
    Raises:
        ShapeError: x has not 2 or 3 axes, or not C channels.
    Source: Ioffe & Szegedy 2015, arXiv:1502.03167.

    >>> BatchNorm1d(3)(np.zeros((2, 3), "float32")).shape
    (2, 3)
    """

    inputs: ClassVar[dict[int, str]] = {2: "N, C", 3: "N, C, L"}


class BatchNorm2d(BatchNormLayer):
    """Normalise each channel over the batch; see `functional.batch_norm`.

    In training the batch's own statistics are used and running ones updated; after `eval()` the
    running ones are used.

    Args:
        num_features: number of channels C.   eps: added to the variance.
        momentum: share of the new value in the running statistics; None for the mean of all so far.
        affine: learn a scale and a shift per channel.
        track_running_stats: keep running statistics; without, the batch's own always serve.
        data_format: 'NCHW', or 'NHWC' for images with their channels last.   dtype: a float type.
    Shapes:
        x (N, C, H, W) -> the same; weight, bias, running_mean, running_var (C,).
    Raises:
        ShapeError: x has not 4 axes, or not C channels.
    Source: Ioffe & Szegedy 2015, arXiv:1502.03167.

    >>> BatchNorm2d(3)(np.zeros((2, 3, 4, 4), "float32")).shape
    (2, 3, 4, 4)
    """

    pointwise = True
    inputs: ClassVar[dict[int, str]] = {4: "N, C, H, W"}

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, *, data_format: str = "NCHW", dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, dtype=dtype)
        self.data_format = choice(type(self).__name__, "data_format", data_format, FORMATS)

    def forward(self, x: Tensor) -> Tensor:
        """x, normalised.

        >>> BatchNorm2d(1).forward(np.zeros((1, 1, 2, 2), "float32")).shape
        (1, 1, 2, 2)
        """
        self._check(x)
        if self.data_format == "NCHW":
            return self._normalised(x)
        pixels = F.reshape(x, (-1, self.num_features))  # each a sample of its own: the same statistics
        return F.reshape(self._normalised(pixels), shape_of(x))


class BatchNorm3d(BatchNormLayer):
    """Normalise each channel of volumes over the batch; see `functional.batch_norm`.

    Args:
        num_features, eps, momentum, affine, track_running_stats, dtype: as `BatchNorm2d`.
    Shapes:
        x (N, C, D, H, W) -> the same; weight, bias, running_mean, running_var (C,).
    Raises:
        ShapeError: x has not 5 axes, or not C channels.
    Source: Ioffe & Szegedy 2015, arXiv:1502.03167.

    >>> BatchNorm3d(3)(np.zeros((1, 3, 2, 4, 4), "float32")).shape
    (1, 3, 2, 4, 4)
    """

    inputs: ClassVar[dict[int, str]] = {5: "N, C, D, H, W"}


class InstanceNormLayer(FeatureNorm):
    """Normalise each channel of each sample; see `functional.instance_norm`.

    Args:
        num_features: number of channels C.   eps: added to the variance.
        momentum: share of the new value in the running statistics.
        affine: learn a scale and a shift per channel.
        track_running_stats: keep running statistics, and use them after `eval()`.
        dtype: a float type.
    Shapes:
        x (N, C, ...) -> the same; weight, bias, running_mean, running_var (C,).
    Raises:
        ShapeError: x has another number of axes, or not C channels.   ArgumentError: momentum is None.
    Source: Ulyanov, Vedaldi & Lempitsky 2016, arXiv:1607.08022.
    """

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = False,
        track_running_stats: bool = False, *, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        if momentum is None:
            name = type(self).__name__
            raise ArgumentError(f"{name}: momentum must be a number in [0, 1], got None")
        super().__init__(num_features, eps, momentum, affine, track_running_stats, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """x, normalised.

        >>> InstanceNorm2d(1).forward(np.zeros((1, 1, 2, 2), "float32")).shape
        (1, 1, 2, 2)
        """
        self._check(x)
        return F.instance_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias,
            use_input_stats=self.training or not self.track_running_stats,
            momentum=self.momentum, eps=self.eps,  # type: ignore[arg-type]  # checked above
        )  # fmt: skip


class InstanceNorm1d(InstanceNormLayer):
    """Normalise each channel of each sample of x (N, C, L); see `InstanceNormLayer`.

    >>> InstanceNorm1d(3)(np.zeros((2, 3, 4), "float32")).shape
    (2, 3, 4)
    """

    inputs: ClassVar[dict[int, str]] = {3: "N, C, L"}


class InstanceNorm2d(InstanceNormLayer):
    """Normalise each channel of each sample of x (N, C, H, W); see `InstanceNormLayer`.

    >>> InstanceNorm2d(3)(np.zeros((2, 3, 4, 4), "float32")).shape
    (2, 3, 4, 4)
    """

    inputs: ClassVar[dict[int, str]] = {4: "N, C, H, W"}


class InstanceNorm3d(InstanceNormLayer):
    """Normalise each channel of each sample of x (N, C, D, H, W); see `InstanceNormLayer`.

    >>> InstanceNorm3d(3)(np.zeros((2, 3, 4, 4, 4), "float32")).shape
    (2, 3, 4, 4, 4)
    """

    inputs: ClassVar[dict[int, str]] = {5: "N, C, D, H, W"}
