"""Pooling layers whose output has one size, whatever the image's."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import functional as F
from tinygrad_cnn.nn.module import Module


class AdaptiveAvgPool2d(Module):
    """Mean of each of OH × OW bins that cover the image; see `functional.adaptive_avg_pool2d`.

    Args:
        output_size: int, or (OH, OW) of which None keeps the image's size.
    Shapes:
        x (N, C, H, W) -> (N, C, OH, OW).

    >>> import numpy as np
    >>> AdaptiveAvgPool2d((5, None))(np.zeros((1, 3, 8, 7))).shape
    (1, 3, 5, 7)
    """

    def __init__(self, output_size: Any) -> None:
        self.output_size = output_size

    def forward(self, x: Any) -> Any:
        """The means.

        >>> import numpy as np
        >>> AdaptiveAvgPool2d(1).forward(np.zeros((1, 3, 8, 7))).shape
        (1, 3, 1, 1)
        """
        return F.adaptive_avg_pool2d(x, self.output_size)

    def extra_repr(self) -> str:
        """The output's size.

        >>> AdaptiveAvgPool2d(1)
        AdaptiveAvgPool2d(output_size=1)
        """
        return f"output_size={self.output_size}"


class AdaptiveMaxPool2d(AdaptiveAvgPool2d):
    """Largest element of each of OH × OW bins; see `functional.adaptive_max_pool2d`.

    Args:
        output_size: int, or (OH, OW) of which None keeps the image's size.
        return_indices: return also where each maximum lies.
    Shapes:
        x (N, C, H, W) -> (N, C, OH, OW).

    >>> import numpy as np
    >>> AdaptiveMaxPool2d(2)(np.zeros((1, 3, 8, 7))).shape
    (1, 3, 2, 2)
    """

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = bool(return_indices)

    def forward(self, x: Any) -> Any:
        """The largest elements, and where they lie if return_indices.

        >>> import numpy as np
        >>> AdaptiveMaxPool2d(1).forward(np.zeros((1, 3, 8, 7))).shape
        (1, 3, 1, 1)
        """
        return F.adaptive_max_pool2d(x, self.output_size, self.return_indices)
