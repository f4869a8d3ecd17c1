"""Pooling layers."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import functional as F
from tinygrad_cnn.functional.arguments import sizes
from tinygrad_cnn.nn.module import Module


class MaxPool2d(Module):
    """Largest element of each window; see `functional.max_pool2d`.

    Args:
        kernel_size: int or (KH, KW).   stride: kernel_size if None.
        padding, dilation, ceil_mode: as `functional.max_pool2d`.
    Shapes:
        x (N, C, H, W) -> (N, C, OH, OW).

    >>> import numpy as np
    >>> MaxPool2d(2)(np.zeros((1, 3, 8, 8))).shape
    (1, 3, 4, 4)
    """

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False,
    ) -> None:  # fmt: skip
        _check("MaxPool2d", kernel_size, stride, padding)
        sizes("MaxPool2d", "dilation", dilation, 2, at_least=1)
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding, self.dilation, self.ceil_mode = padding, dilation, bool(ceil_mode)

    def forward(self, x: Any) -> Any:
        """The largest elements.

        >>> import numpy as np
        >>> MaxPool2d(2).forward(np.zeros((1, 1, 4, 4))).shape
        (1, 1, 2, 2)
        """
        return F.max_pool2d(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)

    def extra_repr(self) -> str:
        """The options, in PyTorch's order.

        >>> MaxPool2d(2)
        MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
        """
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class AvgPool2d(Module):
    """Mean of each window; see `functional.avg_pool2d`.

    Args:
        kernel_size: int or (KH, KW).   stride: kernel_size if None.
        padding, ceil_mode, count_include_pad: as `functional.avg_pool2d`.
    Shapes:
        x (N, C, H, W) -> (N, C, OH, OW).

    >>> import numpy as np
    >>> AvgPool2d(2)(np.zeros((1, 3, 8, 8))).shape
    (1, 3, 4, 4)
    """

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:  # fmt: skip
        _check("AvgPool2d", kernel_size, stride, padding)
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode, self.count_include_pad = bool(ceil_mode), bool(count_include_pad)

    def forward(self, x: Any) -> Any:
        """The means.

        >>> import numpy as np
        >>> AvgPool2d(2).forward(np.zeros((1, 1, 4, 4))).shape
        (1, 1, 2, 2)
        """
        return F.avg_pool2d(
            x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        )

    def extra_repr(self) -> str:
        """The options, in PyTorch's order.

        >>> AvgPool2d(2)
        AvgPool2d(kernel_size=2, stride=2, padding=0)
        """
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


def _check(name: str, kernel_size: Any, stride: Any, padding: Any) -> None:
    """The options that both layers share, checked before the first image comes."""
    sizes(name, "kernel_size", kernel_size, 2, at_least=1)
    sizes(name, "stride", kernel_size if stride is None else stride, 2, at_least=1)
    sizes(name, "padding", padding, 2, at_least=0)
