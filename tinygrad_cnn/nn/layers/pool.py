"""Pooling layers."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, ClassVar

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.functional.arguments import integer, number, sizes
from tinygrad_cnn.nn.module import Module


class PoolLayer(Module):
    """What layers over windows share: `kernel_size`, `stride` (kernel_size if None), `padding`.

    A subclass gives the number of spatial axes, `axes`, and the function, `pool`.

    >>> [layer.axes for layer in (MaxPool1d, MaxPool2d, MaxPool3d)]
    [1, 2, 3]
    """

    axes: ClassVar[int]
    pool: ClassVar[Callable[..., Any]]

    def _windows(self, kernel_size: Any, stride: Any, padding: Any) -> None:
        """Check them before the first image comes, and keep them as they were given."""
        name, count = type(self).__name__, self.axes
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        kernel = sizes(name, "kernel_size", kernel_size, count, at_least=1)
        sizes(name, "stride", self.stride, count, at_least=1)
        pads = sizes(name, "padding", padding, count, at_least=0)
        if any(2 * p > k for p, k in zip(pads, kernel, strict=True)):
            raise ArgumentError(f"{name}: padding {pads} exceeds half of kernel_size {kernel}")

    def extra_repr(self) -> str:
        """The windows' options, in PyTorch's order.

        >>> AvgPool2d(2)
        AvgPool2d(kernel_size=2, stride=2, padding=0)
        """
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxPoolLayer(PoolLayer):
    """What max pooling layers share, over any number of spatial axes.

    >>> MaxPool2d(2)
    MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
    """

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
        return_indices: bool = False, ceil_mode: bool = False,
    ) -> None:  # fmt: skip
        self._windows(kernel_size, stride, padding)
        sizes(type(self).__name__, "dilation", dilation, self.axes, at_least=1)
        self.dilation = dilation
        self.return_indices, self.ceil_mode = bool(return_indices), bool(ceil_mode)

    def forward(self, x: Any) -> Any:
        """The largest elements, and where they lie if return_indices.

        >>> import numpy as np
        >>> MaxPool2d(2).forward(np.zeros((1, 1, 4, 4))).shape
        (1, 1, 2, 2)
        """
        windows = (self.kernel_size, self.stride, self.padding, self.dilation)
        return type(self).pool(x, *windows, self.ceil_mode, self.return_indices)

    def extra_repr(self) -> str:
        """The options, in PyTorch's order.

        >>> MaxPool1d(3, 1)
        MaxPool1d(kernel_size=3, stride=1, padding=0, dilation=1, ceil_mode=False)
        """
        return f"{super().extra_repr()}, dilation={self.dilation}, ceil_mode={self.ceil_mode}"


class MaxPool1d(MaxPoolLayer):
    """Largest element of each window of a signal; see `functional.max_pool1d`.

    Args:
        kernel_size: int.   stride: kernel_size if None.
        padding, dilation, return_indices, ceil_mode: as `functional.max_pool1d`.
    Shapes:
        x (N, C, L) -> (N, C, OL).

    >>> import numpy as np
    >>> MaxPool1d(2)(np.zeros((1, 3, 8))).shape
    (1, 3, 4)
    """

    axes, pool = 1, staticmethod(F.max_pool1d)


class MaxPool2d(MaxPoolLayer):
    """Largest element of each window; see `functional.max_pool2d`.

    Args:
        kernel_size: int or (KH, KW).   stride: kernel_size if None.
        padding, dilation, return_indices, ceil_mode: as `functional.max_pool2d`.
    Shapes:
        x (N, C, H, W) -> (N, C, OH, OW).

    >>> import numpy as np
    >>> MaxPool2d(2)(np.zeros((1, 3, 8, 8))).shape
    (1, 3, 4, 4)
    """

    axes, pool = 2, staticmethod(F.max_pool2d)


class MaxPool3d(MaxPoolLayer):
    """Largest element of each window of a volume; see `functional.max_pool3d`.

    Args:
        kernel_size: int or (KD, KH, KW).   stride: kernel_size if None.
        padding, dilation, return_indices, ceil_mode: as `functional.max_pool3d`.
    Shapes:
        x (N, C, D, H, W) -> (N, C, OD, OH, OW).

    >>> import numpy as np
    >>> MaxPool3d(2)(np.zeros((1, 3, 2, 8, 8))).shape
    (1, 3, 1, 4, 4)
    """

    axes, pool = 3, staticmethod(F.max_pool3d)


class AvgPoolLayer(PoolLayer):
    """What average pooling layers share, over any number of spatial axes.

    >>> AvgPool3d(2, padding=1)
    AvgPool3d(kernel_size=2, stride=2, padding=1)
    """

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: int | None = None,
    ) -> None:  # fmt: skip
        self._windows(kernel_size, stride, padding)
        self.ceil_mode, self.count_include_pad = bool(ceil_mode), bool(count_include_pad)
        self.divisor_override = divisor_override
        if divisor_override is not None:
            integer(type(self).__name__, "divisor_override", divisor_override, 1)

    def forward(self, x: Any) -> Any:
        """The means.

        >>> import numpy as np
        >>> AvgPool2d(2).forward(np.zeros((1, 1, 4, 4))).shape
        (1, 1, 2, 2)
        """
        windows = (self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)
        divisor = () if self.divisor_override is None else (self.divisor_override,)
        return type(self).pool(x, *windows, *divisor)


class AvgPool1d(AvgPoolLayer):
    """Mean of each window of a signal; see `functional.avg_pool1d`.

    Args:
        kernel_size: int.   stride: kernel_size if None.
        padding, ceil_mode, count_include_pad: as `functional.avg_pool1d`.
    Shapes:
        x (N, C, L) -> (N, C, OL).

    >>> import numpy as np
    >>> AvgPool1d(2)(np.zeros((1, 3, 8))).shape
    (1, 3, 4)
    """

    axes, pool = 1, staticmethod(F.avg_pool1d)

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(kernel_size, stride, padding, ceil_mode, count_include_pad)


class AvgPool2d(AvgPoolLayer):
    """Mean of each window; see `functional.avg_pool2d`.

    Args:
        kernel_size: int or (KH, KW).   stride: kernel_size if None.
        padding, ceil_mode, count_include_pad, divisor_override: as `functional.avg_pool2d`.
    Shapes:
        x (N, C, H, W) -> (N, C, OH, OW).

    >>> import numpy as np
    >>> AvgPool2d(2)(np.zeros((1, 3, 8, 8))).shape
    (1, 3, 4, 4)
    """

    axes, pool = 2, staticmethod(F.avg_pool2d)


class AvgPool3d(AvgPoolLayer):
    """Mean of each window of a volume; see `functional.avg_pool3d`.

    Args:
        kernel_size: int or (KD, KH, KW).   stride: kernel_size if None.
        padding, ceil_mode, count_include_pad, divisor_override: as `functional.avg_pool3d`.
    Shapes:
        x (N, C, D, H, W) -> (N, C, OD, OH, OW).

    >>> import numpy as np
    >>> AvgPool3d(2)(np.zeros((1, 3, 2, 8, 8))).shape
    (1, 3, 1, 4, 4)
    """

    axes, pool = 3, staticmethod(F.avg_pool3d)


class LPPool2d(PoolLayer):
    """Power sum of each window; see `functional.lp_pool2d`.

    Args:
        norm_type: the power, above 0.   kernel_size: int or (KH, KW).   stride: kernel_size if None.
        ceil_mode: as `functional.lp_pool2d`.
    Shapes:
        x (N, C, H, W) -> (N, C, OH, OW).

    >>> import numpy as np
    >>> LPPool2d(2, (1, 2))(np.array([[[[3.0, 4.0]]]]))
    array([[[[5.]]]])
    """

    axes = 2

    def __init__(
        self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
    ) -> None:
        number("LPPool2d", "norm_type", norm_type, 0, inf)
        self.norm_type = norm_type
        self._windows(kernel_size, stride, 0)
        self.stride = stride  # None stays None, as PyTorch shows it
        self.ceil_mode = bool(ceil_mode)

    def forward(self, x: Any) -> Any:
        """The power sums.

        >>> import numpy as np
        >>> LPPool2d(1, 2).forward(np.ones((1, 1, 2, 2)))
        array([[[[4.]]]])
        """
        return F.lp_pool2d(x, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        """The options, in PyTorch's order.

        >>> LPPool2d(2, 3)
        LPPool2d(norm_type=2, kernel_size=3, stride=None, ceil_mode=False)
        """
        windows = f"kernel_size={self.kernel_size}, stride={self.stride}"
        return f"norm_type={self.norm_type}, {windows}, ceil_mode={self.ceil_mode}"


class MaxUnpool2d(PoolLayer):
    """Maxima back at the places that `MaxPool2d` took them from; see `functional.max_unpool2d`.

    Args:
        kernel_size: int or (KH, KW).   stride: kernel_size if None.   padding: as of the pooling.
    Shapes:
        x, indices (N, C, OH, OW) -> (N, C, H, W).

    >>> import numpy as np
    >>> y, where = MaxPool2d(2, return_indices=True)(np.array([[[[1.0, 2.0], [4.0, 3.0]]]]))
    >>> MaxUnpool2d(2)(y, where)
    array([[[[0., 0.],
             [4., 0.]]]])
    """

    axes = 2

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        self._windows(kernel_size, stride, padding)

    def forward(self, x: Any, indices: Any, output_size: Any = None) -> Any:
        """The maxima in their places, zeros elsewhere.

        >>> import numpy as np
        >>> MaxUnpool2d(2).forward(np.ones((1, 1, 1, 1)), np.zeros((1, 1, 1, 1), int)).sum()
        np.float64(1.0)
        """
        return F.max_unpool2d(x, indices, self.kernel_size, self.stride, self.padding, output_size)
