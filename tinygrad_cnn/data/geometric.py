"""Changes of places: turn, move, slant, and enlarge images, by numbers drawn from a seed."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.data.affine import check_fill, check_numbers, resample
from tinygrad_cnn.data.transform import Transform
from tinygrad_cnn.switches import flag

Array = NDArray[Any]


class Geometric(Transform):
    """A change of places by a matrix: straight lines stay straight, and parallels parallel.

    The matrix M leads from a place in the result to the place in the image that is shown there; both
    are (x, y) in pixels from the centre of the image, x to the right and y down:

        result(p) = image(M p),    M p = A p + t

    Between pixels the value is linear in x and in y (bilinear), so it stays within the range of the
    image. `Compose` multiplies the matrices of neighbours and resamples once.

    Args:
        fill: what is shown beyond the edge: 'nearest' repeats the pixels at the edge, a number is shown
            as it is.

    A class for a change of your own needs `matrix`.
    """

    fill: float | str

    def __init__(self, fill: float | str = "nearest") -> None:
        self.fill = check_fill(type(self).__name__, fill)

    @abstractmethod
    def matrix(self, height: int, width: int, rng: np.random.Generator) -> Array:
        """M as (3, 3) float64, for places (x, y, 1), drawn anew at each call.

        Args:
            height, width: of the image, in pixels.   rng: what to draw from.
        """

    def apply(self, image: Array, rng: np.random.Generator) -> Array:
        """One image, (C, H, W) float32, resampled; the same shape."""
        return resample(type(self).__name__, image, drawn(self, image, rng), self.fill)


def drawn(move: Geometric, image: Array, rng: np.random.Generator) -> Array:
    """A matrix of a move for an image (C, H, W), as (3, 3) float64.

    >>> drawn(Zoom(0), np.zeros((1, 4, 4)), np.random.default_rng(0))
    array([[1., 0., 0.], [0., 1., 0.], [0., 0., 1.]])
    """
    height, width = image.shape[1:]
    return np.asarray(move.matrix(height, width, rng), np.float64)


class Rotation(Geometric):
    """Turn about the centre, by an angle drawn evenly from -degrees to degrees.

        M = [[cos a, -sin a], [sin a, cos a]]

    Args:
        degrees: largest angle, 0 to 180; 0 changes nothing.   fill: as in `Geometric`.
    Raises:
        ArgumentError, DTypeError: degrees or fill do not fit.

    >>> image = np.random.default_rng(0).random((3, 8, 8), np.float32)
    >>> turned = Rotation(20)(image, rng=1)
    >>> turned.shape, np.array_equal(turned, Rotation(20)(image, rng=1))
    ((3, 8, 8), True)
    """

    def __init__(self, degrees: float, fill: float | str = "nearest") -> None:
        super().__init__(fill)
        (self.degrees,) = check_numbers("Rotation", 0, 180, degrees=degrees)

    def matrix(self, height: int, width: int, rng: np.random.Generator) -> Array:
        """A turn; one draw."""
        angle = np.deg2rad(rng.uniform(-1, 1) * self.degrees)
        cos, sin = np.cos(angle), np.sin(angle)
        return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


class Shift(Geometric):
    """Move down and to the right, by shares of the height and width drawn evenly from -most to most.

        M p = p + (right * W, down * H)

    Args:
        down, right: largest shares, 0 to 1; 0 changes nothing.   fill: as in `Geometric`.
    Raises:
        ArgumentError, DTypeError: a share or fill does not fit.

    >>> Shift(0.2, 0.2)(np.ones((1, 8, 8), np.float32), rng=1).min()
    np.float32(1.0)
    """

    def __init__(self, down: float, right: float, fill: float | str = "nearest") -> None:
        super().__init__(fill)
        self.down, self.right = check_numbers("Shift", 0, 1, down=down, right=right)

    def matrix(self, height: int, width: int, rng: np.random.Generator) -> Array:
        """A move; two draws."""
        down, right = rng.uniform(-1, 1, 2) * (self.down * height, self.right * width)
        return np.array([[1, 0, right], [0, 1, down], [0, 0, 1]])


class Shear(Geometric):
    """Slant to the side, by a slope drawn evenly from -slope to slope.

        M = [[1, s], [0, 1]]

    Args:
        slope: pixels to the side for each pixel of height, at least 0; 0 changes nothing. It is the
            tangent of the angle: 0.2 is 11 degrees.
        fill: as in `Geometric`.
    Raises:
        ArgumentError, DTypeError: slope or fill do not fit.

    >>> Shear(0.2)(np.ones((1, 8, 8), np.float32), rng=1).shape
    (1, 8, 8)
    """

    def __init__(self, slope: float, fill: float | str = "nearest") -> None:
        super().__init__(fill)
        (self.slope,) = check_numbers("Shear", 0, 100, slope=slope)

    def matrix(self, height: int, width: int, rng: np.random.Generator) -> Array:
        """A slant; one draw."""
        return np.array([[1, rng.uniform(-1, 1) * self.slope, 0], [0, 1, 0], [0, 0, 1.0]])


class Zoom(Geometric):
    """Show a smaller or a larger part about the centre: a share f, evenly from 1 - amount to 1 + amount.

        M = [[f, 0], [0, f]]

    f = 0.5 shows the middle half of each side, at twice the size; f = 1.5 shows the image at two thirds.

    Args:
        amount: from 0 to below 1; 0 changes nothing.   fill: as in `Geometric`.
        separate: draw a share for the width and one for the height, so that proportions change too.
    Raises:
        ArgumentError, DTypeError: an argument does not fit.

    >>> Zoom(0.5)(np.ones((1, 8, 8), np.float32), rng=1).shape
    (1, 8, 8)
    """

    def __init__(self, amount: float, fill: float | str = "nearest", *, separate: bool = False) -> None:
        super().__init__(fill)
        (self.amount,) = check_numbers("Zoom", 0, 0.99, amount=amount)
        self.separate = flag("Zoom", "separate", separate)

    def matrix(self, height: int, width: int, rng: np.random.Generator) -> Array:
        """A change of size; one draw, or two."""
        shares = 1 + rng.uniform(-1, 1, 2 if self.separate else 1) * self.amount
        return np.diag([shares[0], shares[-1], 1])
