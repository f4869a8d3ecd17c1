"""One image file as an array: whatever its format, its colours and its orientation."""

from __future__ import annotations

import io
import os
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError, DTypeError, FormatError, MissingExtraError
from tinygrad_cnn.serial import opened
from tinygrad_cnn.serial.paths import path_of
from tinygrad_cnn.signal_handlers import let_through

if TYPE_CHECKING:
    from PIL import Image

Array = NDArray[Any]
Path = str | os.PathLike[str]

#: Channels, and Pillow's name for pixels of so many.
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_ORIENTATION = 0x0112  # the number of this entry in EXIF
#: The formats that are read. Pillow knows some forty; one of them starts another program.
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
#: The most pixels of an image, and the most bytes of its file, unless more are asked for.
MOST_PIXELS, MOST_BYTES = 2**26, 2**29


def load_image(
    path: Path, size: int | tuple[int, int] | None = None, channels: int = 3, *,
    max_pixels: int = MOST_PIXELS,
) -> Array:  # fmt: skip
    """Read an image file as an array of numbers from 0 to 1.

    The format is one of `FORMATS`, whatever the file is called, in grey (also of 16 bits), RGB, palette
    or CMYK colours. The image
    is turned upright as its EXIF entry says, laid on white where it is transparent (unless 4 channels
    are asked for), converted, and resized. Resizing averages all pixels under a triangular window, so
    that nothing flickers when a large photograph becomes small; proportions are not kept. Of an
    animation the first frame is read. Colour profiles are not applied.

    Args:
        path: the file.
        size: (H, W) in pixels, or one number for both; None keeps the size of the file.
        channels: 1 for grey, 3 for red, green, blue, 4 with opacity last.
        max_pixels: the most that are decoded, 2**26 unless more are allowed: a small file can hold
            a picture that fills the memory.
    Returns:
        (channels, H, W) float32 in [0, 1].
    Raises:
        FileNotFoundError, IsADirectoryError, PermissionError: the file cannot be opened.
        FormatError: it is no image, damaged or cut off, or too large.
        ArgumentError, DTypeError: size or channels do not fit.
        MissingExtraError: Pillow is not installed.
    Source: grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).

    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("RGB", (20, 10), (255, 0, 51)).save(f"{folder}/red.png")
    ...     pixels = load_image(f"{folder}/red.png", size=(2, 2))
    >>> pixels.shape, pixels[:, 0, 0].tolist()
    ((3, 2, 2), [1.0, 0.0, 0.20000000298023224])
    """
    wanted = None if size is None else sides("load_image", "size", size)
    mode(channels, "load_image")
    pillow("load_image")
    most = pixels("load_image", max_pixels)
    path = path_of("load_image", path)
    with opened(path) as file:  # an OSError that comes from here is not about the format
        length = os.fstat(file.fileno()).st_size
        if length > MOST_BYTES:
            raise FormatError(f"{path}: expected at most {MOST_BYTES:,} bytes, found {length:,}")
        content = file.read()  # a file that changes while it is decoded could end the process
    return _read(content, path, wanted, channels, most)


def sides(function: str, name: str, size: Any) -> tuple[int, int]:
    """A size argument as (H, W).

    Raises:
        DTypeError: neither an integer nor two.   ArgumentError: below 1.

    >>> sides("load_image", "size", 8), sides("load_image", "size", (4, 6))
    ((8, 8), (4, 6))
    """
    both = tuple(size) if isinstance(size, (tuple, list)) else (size, size)
    if len(both) != 2 or not all(
        isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in both
    ):
        raise DTypeError(f"{function}: {name} must be an integer or a pair (H, W), got {size!r}")
    if min(both) < 1:
        raise ArgumentError(f"{function}: {name} must be at least 1 pixel each way, got {size!r}")
    return int(both[0]), int(both[1])


def pixels(function: str, most: Any) -> int:
    """A number of pixels.

    Raises:
        DTypeError: no integer.   ArgumentError: below 1.

    >>> pixels("load_image", 8)
    8
    """
    if isinstance(most, bool) or not isinstance(most, (int, np.integer)):
        raise DTypeError(f"{function}: max_pixels must be an integer, got {most!r}")
    if most < 1:
        raise ArgumentError(f"{function}: max_pixels must be at least 1, got {most}")
    return int(most)


def mode(channels: int, function: str) -> str:
    """Pillow's name for pixels of so many channels.

    Raises:
        ArgumentError: not 1, 3 or 4.

    >>> mode(1, "load_image")
    'L'
    """
    if isinstance(channels, bool) or channels not in _MODES:
        raise ArgumentError(f"{function}: channels must be 1 (grey), 3 (RGB) or 4 (RGBA), got {channels!r}")
    return _MODES[channels]


def pillow(function: str) -> Any:
    """Pillow's module `Image`.

    Raises:
        MissingExtraError: Pillow is not installed.

    >>> pillow("load_image").new("L", (2, 1)).size
    (2, 1)
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError(f"{function} needs Pillow: pip install 'tinygrad-cnn[images]'") from error
    return Image


def _read(content: bytes, path: Path, size: tuple[int, int] | None, channels: int, most: int) -> Array:
    """Decode a file's content; damage of any kind is a FormatError that names the file."""
    library = pillow("load_image")
    try:
        with library.open(io.BytesIO(content), formats=formats()) as image:
            _check_size(image, most, 4)
            if size is not None:
                # A JPEG file can be decoded at 1/2, 1/4 or 1/8 of its size, which takes a fraction of
                # the time; twice the wanted size, in either orientation, leaves enough to average.
                image.draft(None, (2 * max(size), 2 * max(size)))
            _check_size(image, most)
            image.load()
            return _array(_upright(image), size, channels)
    except MemoryError:
        raise
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error
    except library.UnidentifiedImageError as error:
        let_through(error)
        found = "a file of another kind" if content else "an empty file"
        raise FormatError(
            f"{path}: expected an image of one of the formats {', '.join(FORMATS)}, found {found}"
        ) from error
    except Exception as error:  # decoders raise nearly every kind of exception on damaged files
        let_through(error)
        raise FormatError(
            f"{path}: expected a whole image, found damage: {str(error)[:400] or type(error).__name__}"
        ) from error


@cache
def formats() -> list[str]:
    """Those of the formats that this build of Pillow has; it knows others that start programs.

    >>> "PNG" in formats(), "EPS" in formats()
    (True, False)
    """
    library = pillow("load_image")
    library.init()
    return [name for name in FORMATS if name in library.OPEN]


def _check_size(image: Image.Image, most: int, times: int = 1) -> None:
    W, H = image.size
    if most * times < W * H:
        raise FormatError(f"expected at most {most:,} pixels, found {H} x {W}; max_pixels= allows more")


def _upright(image: Image.Image) -> Image.Image:
    """The image turned and mirrored as its EXIF entry says; a damaged entry turns nothing."""
    turn = pillow("load_image").Transpose
    turns = {
        2: turn.FLIP_LEFT_RIGHT, 3: turn.ROTATE_180, 4: turn.FLIP_TOP_BOTTOM, 5: turn.TRANSPOSE,
        6: turn.ROTATE_270, 7: turn.TRANSVERSE, 8: turn.ROTATE_90,
    }  # fmt: skip
    try:
        orientation = image.getexif().get(_ORIENTATION)
    except Exception as error:  # the pixels are whole, and worth more than the note beside them
        let_through(error)
        return image
    return image.transpose(turns[orientation]) if orientation in turns else image


def _array(image: Image.Image, size: tuple[int, int] | None, channels: int) -> Array:
    library = pillow("load_image")
    deep = image.mode == "F" or image.mode.startswith("I")
    flat = library.fromarray(_deep(image)) if deep else _converted(image, channels)
    if size is not None and flat.size != size[::-1]:
        flat = flat.resize(size[::-1], library.Resampling.BILINEAR)
    pixels = np.asarray(flat)
    if deep:
        planes = np.repeat(pixels[None], channels, axis=0)
        planes[3:] = 1
        return planes
    planes = pixels.reshape(*pixels.shape[:2], channels).transpose(2, 0, 1)
    result = np.ascontiguousarray(planes, np.float32)
    result /= 255
    return result


def _converted(image: Image.Image, channels: int) -> Image.Image:
    """The image in the colours wanted, laid on white where it is transparent."""
    library = pillow("load_image")
    transparent = "a" in image.mode.lower().replace("lab", "") or "transparency" in image.info
    if transparent and channels != 4:
        white = library.new("RGBA", image.size, "white")
        white.alpha_composite(image.convert("RGBA"))
        image = white
    return image.convert(mode(channels, "load_image"))


def _deep(image: Image.Image) -> Array:
    """Grey pixels of 16 bits, or float ones from 0 to 1, which Pillow would cut off at 8 bits."""
    top = 1 if image.mode == "F" else 65535
    pixels = np.asarray(image, np.float32) / np.float32(top)
    if not (pixels.min() >= 0 and pixels.max() <= 1):
        raise ValueError(f"pixels from {pixels.min() * top:g} to {pixels.max() * top:g}; 0 to {top} fit")
    return pixels
