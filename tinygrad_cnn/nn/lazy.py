"""Layers that take their number of inputs from the first batch, and then are ordinary ones."""

from __future__ import annotations

from inspect import Parameter, Signature, signature
from typing import Any, ClassVar

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.errors import DTypeError, ShapeError
from tinygrad_cnn.nn.layers.channel_norm import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
)
from tinygrad_cnn.nn.layers.conv import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
)
from tinygrad_cnn.nn.layers.linear import Linear
from tinygrad_cnn.nn.module import Module
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = [
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
    "LazyLinear",
]


class LazyLayer(Module):
    """A layer without its first argument, which the first call tells: then it becomes the layer itself.

    It has no parameters before, so make the optimizer, and load weights, after the first call.

    Class attributes:
        becomes: the class of the layer.   axis: the axis of x whose length is the missing argument.

    >>> from tinygrad_cnn import nn
    >>> import numpy as np
    >>> model = nn.Sequential(nn.LazyConv2d(8, 3), nn.Flatten(), nn.LazyLinear(10))
    >>> model(np.zeros((1, 3, 5, 5), "float32")).shape, model[2].in_features, type(model[0]).__name__
    ((1, 10), 72, 'Conv2d')
    """

    becomes: ClassVar[Any] = Linear
    axis: ClassVar[int] = -1
    _arguments: ClassVar[Signature] = Signature()
    _tried: ClassVar[Any] = Linear

    def __init_subclass__(cls, **others: Any) -> None:
        super().__init_subclass__(**others)
        if cls.becomes.__module__.startswith("tinygrad_cnn.nn."):
            _, *rest = signature(cls.becomes).parameters.values()
            cls._tried, cls._arguments = cls.becomes, Signature(rest)
        cls.__signature__ = cls._arguments  # type: ignore[attr-defined]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        name = type(self).__name__
        try:
            given = self._arguments.bind(*args, **kwargs)
        except TypeError as error:
            raise DTypeError(f"{name}: {error}; the arguments are {self._arguments}") from None
        given.apply_defaults()
        groups = given.arguments.get("groups", 1)
        trial = {"rng": 0} if "rng" in given.arguments else {}  # so that wrong options are told at once
        self._tried(groups if isinstance(groups, int) else 1, **{**given.arguments, **trial})
        for key, value in given.arguments.items():
            setattr(self, key, np.dtype(value).name if key == "dtype" else value)

    def forward(self, x: Tensor) -> Tensor:
        """The layer's result, after it became what it is.

        >>> import numpy as np
        >>> LazyLinear(2).forward(np.zeros((1, 3), "float32")).shape
        (1, 2)
        """
        self.initialize_parameters(x)
        return self.forward(x)

    def initialize_parameters(self, x: Tensor) -> None:
        """Become the layer that x tells.

        >>> import numpy as np
        >>> layer = LazyLinear(2)
        >>> layer.initialize_parameters(Tensor(np.zeros((1, 3), "float32"))); layer.weight.shape
        (2, 3)
        """
        if x.ndim < 2:
            raise ShapeError(f"{type(self).__name__}: x {x.shape} does not tell its number of features")
        options = {name: getattr(self, name) for name in self._arguments.parameters}
        kept = {key: value for key, value in vars(self).items() if key not in options}
        axis = -1 if options.get("data_format") == "NHWC" else self.axis
        made = self.becomes(x.shape[axis], **options)
        if devices.ON_DEVICES and isinstance(x, Tensor):
            made.to(x.device)
        self.__class__ = type(made)
        vars(self).clear()
        vars(self).update({**vars(made), **kept})

    def extra_repr(self) -> str:
        """The options that are required, and those that are not defaults.

        >>> LazyLinear(2, bias=False)
        LazyLinear(out_features=2, bias=False)
        """
        required = self._arguments.parameters.values()
        usual = {"dtype": "float32", "rng": None}
        shown = [
            p.name
            for p in required
            if p.default is Parameter.empty or getattr(self, p.name) != usual.get(p.name, p.default)
        ]
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)


class LazyLinear(LazyLayer):
    """`Linear` that takes in_features from its first batch.

    >>> LazyLinear(4)
    LazyLinear(out_features=4)
    """


class LazyConv1d(LazyLayer):
    """`Conv1d` that takes in_channels from its first batch.

    >>> LazyConv1d(4, 3)
    LazyConv1d(out_channels=4, kernel_size=3)
    """

    becomes, axis = Conv1d, 1


class LazyConv2d(LazyLayer):
    """`Conv2d` that takes in_channels from its first batch.

    >>> LazyConv2d(4, 3)
    LazyConv2d(out_channels=4, kernel_size=3)
    """

    becomes, axis = Conv2d, 1


class LazyConv3d(LazyLayer):
    """`Conv3d` that takes in_channels from its first batch.

    >>> LazyConv3d(4, 3)
    LazyConv3d(out_channels=4, kernel_size=3)
    """

    becomes, axis = Conv3d, 1


class LazyConvTranspose1d(LazyLayer):
    """`ConvTranspose1d` that takes in_channels from its first batch.

    >>> LazyConvTranspose1d(4, 3)
    LazyConvTranspose1d(out_channels=4, kernel_size=3)
    """

    becomes, axis = ConvTranspose1d, 1


class LazyConvTranspose2d(LazyLayer):
    """`ConvTranspose2d` that takes in_channels from its first batch.

    >>> LazyConvTranspose2d(4, 3)
    LazyConvTranspose2d(out_channels=4, kernel_size=3)
    """

    becomes, axis = ConvTranspose2d, 1


class LazyConvTranspose3d(LazyLayer):
    """`ConvTranspose3d` that takes in_channels from its first batch.

    >>> LazyConvTranspose3d(4, 3)
    LazyConvTranspose3d(out_channels=4, kernel_size=3)
    """

    becomes, axis = ConvTranspose3d, 1


class LazyBatchNorm1d(LazyLayer):
    """`BatchNorm1d` that takes num_features from its first batch.

    >>> LazyBatchNorm1d()
    LazyBatchNorm1d()
    """

    becomes, axis = BatchNorm1d, 1


class LazyBatchNorm2d(LazyLayer):
    """`BatchNorm2d` that takes num_features from its first batch.

    >>> LazyBatchNorm2d()
    LazyBatchNorm2d()
    """

    becomes, axis = BatchNorm2d, 1


class LazyBatchNorm3d(LazyLayer):
    """`BatchNorm3d` that takes num_features from its first batch.

    >>> LazyBatchNorm3d()
    LazyBatchNorm3d()
    """

    becomes, axis = BatchNorm3d, 1


class LazyInstanceNorm1d(LazyLayer):
    """`InstanceNorm1d` that takes num_features from its first batch.

    >>> LazyInstanceNorm1d()
    LazyInstanceNorm1d()
    """

    becomes, axis = InstanceNorm1d, 1


class LazyInstanceNorm2d(LazyLayer):
    """`InstanceNorm2d` that takes num_features from its first batch.

    >>> LazyInstanceNorm2d()
    LazyInstanceNorm2d()
    """

    becomes, axis = InstanceNorm2d, 1


class LazyInstanceNorm3d(LazyLayer):
    """`InstanceNorm3d` that takes num_features from its first batch.

    >>> LazyInstanceNorm3d()
    LazyInstanceNorm3d()
    """

    becomes, axis = InstanceNorm3d, 1
