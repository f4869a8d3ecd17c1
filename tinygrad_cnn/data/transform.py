"""The base of all changes of an image."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ShapeError
from tinygrad_cnn.rng import Seed, generator

Array = NDArray[Any]


class Transform(ABC):
    """A change of images: call it with one image or with a batch.

    A class for a change of your own needs `apply`.

    >>> class Negative(Transform):
    ...     def apply(self, image, rng): return 1 - image
    >>> Negative()(np.zeros((2, 3, 8, 8), np.float32)).max()
    np.float32(1.0)
    """

    def __call__(self, images: Any, rng: Seed = None) -> Array:
        """The changed images; each image of a batch gets draws of its own.

        Args:
            images: (C, H, W) or (N, C, H, W); not written to.
            rng: a generator or a seed, which fixes the change; the default generator if None.
        Returns:
            (C, H, W) or (N, C, H, W), a new array or, where nothing changes, the same.
        Raises:
            ShapeError: other axes, or an image without pixels.
        """
        array = np.asarray(images)
        if array.ndim not in (3, 4) or 0 in array.shape[-3:]:
            raise ShapeError(
                f"{type(self).__name__}: an image (C, H, W) or a batch (N, C, H, W) fits, got {array.shape}"
            )
        draws = generator(rng)
        if array.ndim == 3:
            return self.apply(array, draws)
        if not len(array):  # an image of zeros tells the shape and the type
            return self.apply(np.zeros(array.shape[1:], array.dtype), np.random.default_rng(0))[None][:0]
        return np.stack([self.apply(image, draws) for image in array])

    @abstractmethod
    def apply(self, image: Array, rng: np.random.Generator) -> Array:
        """One changed image.

        Args:
            image: (C, H, W), not to be written to.   rng: what to draw from.
        """

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({inner})"
