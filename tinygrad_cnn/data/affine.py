"""Images resampled at other places, and the checks of what says where."""

from __future__ import annotations

from math import ceil
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.data.image import pillow
from tinygrad_cnn.errors import ArgumentError, DTypeError

Array = NDArray[Any]


def resample(function: str, image: Array, matrix: Array, fill: float | str) -> Array:
    """Show at each place p of the result what the image has at M p, between pixels bilinearly.

    Pixel (i, j) is the square from (j, i) to (j + 1, i + 1), its value that of the square's centre.

    Args:
        function: named in errors.   image: (C, H, W) float32, not written to.
        matrix: M, (3, 3), for places (x, y, 1) in pixels from the centre of the image, y down.
        fill: 'nearest' repeats the pixels at the edge, a number is shown beyond it.
    Returns:
        (C, H, W) float32 within the range of the image and the fill; `image` itself if M is 1.
    Raises:
        DTypeError: not float32.   MissingExtraError: Pillow is not installed.

    >>> one_right = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 1]])
    >>> resample("Shift", np.float32([[[1, 2, 3]]]), one_right, fill=0)
    array([[[2., 3., 0.]]], dtype=float32)
    """
    if image.dtype != np.float32:
        hint = "Rescale(1 / 255) first" if image.dtype == np.uint8 else "images.astype(np.float32)"
        raise DTypeError(f"{function}: images of float32 fit, got {image.dtype}; {hint} makes them so")
    # Plain numbers: on arrays of three, NumPy's calls cost more than all of Pillow's work.
    (a, b, right), (c, d, down) = matrix[:2].tolist()
    if (a, b, right, c, d, down) == (1, 0, 0, 0, 1, 0):
        return image
    library = pillow(function)
    height, width = image.shape[1:]
    x, y = width / 2, height / 2
    right, down = right + x - (a * x + b * y), down + y - (c * x + d * y)
    if fill == "nearest":
        image, left, top = _framed(image, (a, b, right), (c, d, down))
        right, down = right + left, down + top
    result = np.empty((len(image), height, width), np.float32)
    outer = image.shape[:0:-1]
    for plane, source in zip(result, np.ascontiguousarray(image), strict=True):
        shown = library.frombuffer("F", outer, source, "raw", "F", 0, 1).transform(
            (width, height),
            library.Transform.AFFINE,
            (a, b, right, c, d, down),
            library.Resampling.BILINEAR,
            fillcolor=None if fill == "nearest" else fill,
        )
        plane[...] = np.asarray(shown)
    return result


def _framed(
    image: Array, across: tuple[float, float, float], along: tuple[float, float, float]
) -> tuple[Array, int, int]:
    """The image in as wide a frame of its edge's pixels as the corners of the result reach beyond it.

    Args:
        image: (C, H, W).   across, along: the rows of M, for places from the upper left corner.
    Returns:
        The image, and the columns and rows that were put before it.
    """
    height, width = image.shape[1:]
    before, places = [], []
    for (p, q, start), side in ((across, width), (along, height)):
        # An affine map's extremes are at corners; a pixel more allows for rounding.
        corners = (start, p * width + start, q * height + start, p * width + q * height + start)
        low = ceil(max(-min(corners), 0)) + 1
        high = ceil(max(max(corners) - side, 0)) + 1
        before.append(low)
        places.append(np.arange(-low, side + high).clip(0, side - 1))
    return image.take(places[1], 1).take(places[0], 2), before[0], before[1]


def check_fill(function: str, fill: Any) -> float | str:
    """A fill argument: 'nearest' or a finite number.

    Raises:
        ArgumentError: another text, or not finite.   DTypeError: another type.

    >>> check_fill("Shift", "nearest"), check_fill("Shift", 1)
    ('nearest', 1.0)
    """
    if isinstance(fill, str):
        if fill != "nearest":
            raise ArgumentError(f"{function}: fill must be 'nearest' or a number, got {fill!r}")
        return fill
    return check_numbers(function, -np.inf, np.inf, fill=fill)[0]


def check_numbers(function: str, least: float, most: float, **numbers: Any) -> tuple[float, ...]:
    """Arguments by name as finite floats from `least` to `most`.

    Raises:
        DTypeError: not a number.   ArgumentError: out of range, or NaN.

    >>> check_numbers("Shift", 0, 1, down=0.5, right=1)
    (0.5, 1.0)
    """
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, Real):
            raise DTypeError(f"{function}: {name} must be a number, got {number!r}")
        if not (least <= float(number) <= most and np.isfinite(float(number))):
            bounds = "finite" if least == -np.inf else f"from {least:g} to {most:g}"
            raise ArgumentError(f"{function}: {name} must be {bounds}, got {number!r}")
    return tuple(float(number) for number in numbers.values())
