"""The IDX format of MNIST and its relatives: an array of any shape behind a short header.

0 0 T D   two zero bytes, the element type's code, the number of axes
D times   the size of an axis, 4 bytes, big-endian
data      the elements, big-endian, last axis fastest
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import DTypeError, FormatError, ShapeError
from tinygrad_cnn.serial import opened, writing
from tinygrad_cnn.serial.npz_format import MOST_UNPACKED
from tinygrad_cnn.serial.paths import path_of

Array = NDArray[Any]

#: Code of an element type -> NumPy's name of it.
TYPES = {0x08: "uint8", 0x09: "int8", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64"}
CODES = {name: code for code, name in TYPES.items()}

MOST_AXES = 64  # of a NumPy array
CHUNK = 1 << 20


def magic(array: Array) -> int:
    """The first four bytes of an array's IDX file, as a number.

    Raises:
        DTypeError: IDX has no code for the element type.

    >>> hex(magic(np.zeros((60, 28, 28), np.uint8)))
    '0x803'
    """
    if array.dtype.name not in CODES:
        raise DTypeError(f"IDX cannot hold dtype {array.dtype}; {', '.join(CODES)} fit")
    return CODES[array.dtype.name] << 8 | array.ndim


def read_idx(path: str | os.PathLike[str]) -> Array:
    """Read an IDX file; one whose name ends in `.gz` is decompressed.

    A header that promises more than the file holds costs no memory: the array is made from the
    bytes that are there.

    Args:
        path: the file.
    Returns:
        A new array of the file's shape and type, in this machine's byte order.
    Raises:
        FormatError: an empty, short, overlong, corrupt or foreign file.
        FileNotFoundError: there is no such file.
    Source: LeCun, Cortes & Burges, "The MNIST database", http://yann.lecun.com/exdb/mnist

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_idx(f"{folder}/labels-idx1-ubyte.gz", np.array([7, 2, 1], np.uint8))
    ...     read_idx(f"{folder}/labels-idx1-ubyte.gz")
    array([7, 2, 1], dtype=uint8)
    """
    path = Path(path_of("read_idx", path))
    try:
        with opened(path) as plain:
            if path.suffix != ".gz":
                return _decode(plain, path, sys.maxsize)
            most = max(MOST_UNPACKED, 16 * os.fstat(plain.fileno()).st_size)
            with gzip.open(plain, "rb") as unpacked:
                return _decode(unpacked, path, most)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FormatError(f"{path}: expected a whole gzip file, found: {error}") from error


def _decode(stream: Any, path: Path, most: int) -> Array:
    """The array of an open IDX stream, which must end where the array ends; of at most so many bytes."""
    code, ndim = _read_magic(stream, path)
    sizes = stream.read(4 * ndim)
    if len(sizes) < 4 * ndim:
        raise FormatError(
            f"{path}: expected {ndim} sizes of 4 bytes after the magic number, found {len(sizes)} bytes"
        )
    shape = struct.unpack(f">{ndim}I", sizes)
    dtype = np.dtype(TYPES[code])
    # NumPy multiplies the sizes other than 0 even where one is 0.
    if math.prod(max(size, 1) for size in shape) * dtype.itemsize > sys.maxsize:
        raise FormatError(f"{path}: expected sizes of an array that fits in memory, found {shape}")
    length = math.prod(shape) * dtype.itemsize
    if length > most:
        raise FormatError(
            f"{path}: expected at most {most:,} bytes of data in so small a file, found {shape}"
        )
    body = _read_up_to(stream, length + 1)
    if len(body) != length:
        found = f"only {len(body)} bytes" if len(body) < length else "more bytes after them"
        raise FormatError(f"{path}: expected {length} bytes of data for {shape} {dtype}, found {found}")
    elements = np.frombuffer(body, dtype.newbyteorder(">")) if body else np.empty(0, dtype)
    return elements.reshape(shape).astype(dtype, copy=False)


def _read_magic(stream: Any, path: Path) -> tuple[int, int]:
    """Type code and number of axes, from the first four bytes."""
    head = stream.read(4)
    if not head:
        raise FormatError(f"{path}: expected an IDX file, found an empty one")
    if len(head) < 4:
        raise FormatError(f"{path}: expected a magic number of 4 bytes, found {len(head)} bytes")
    if head[:2] == b"\x1f\x8b" and path.suffix != ".gz":
        raise FormatError(f"{path}: expected an IDX file, found gzip data; let its name end in .gz")
    if head[:2] != b"\0\0":
        raise FormatError(f"{path}: expected an IDX file, starting 00 00, found {head.hex(' ')}")
    code, ndim = head[2], head[3]
    if code not in TYPES:
        known = ", ".join(f"{known:02x} {name}" for known, name in TYPES.items())
        raise FormatError(f"{path}: expected a type code ({known}), found {code:02x}")
    if ndim > MOST_AXES:
        raise FormatError(f"{path}: expected at most {MOST_AXES} axes, found {ndim}")
    return code, ndim


def _read_up_to(stream: Any, count: int) -> bytearray:
    """`count` bytes, or those that are left; `read(count)` itself would allocate `count` first."""
    body = bytearray()
    while len(body) < count and (part := stream.read(min(CHUNK, count - len(body)))):
        body += part
    return body


def write_idx(path: str | os.PathLike[str], array: Array) -> None:
    """Write an array as an IDX file, whole or not at all; compressed if the name ends in `.gz`.

    Args:
        path: the file, in a folder that exists.
        array: any shape; uint8, int8, int16, int32, float32 or float64.
    Raises:
        DTypeError: another dtype.   ShapeError: an axis of 2**32 or more.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_idx(f"{folder}/x", np.zeros((2, 3), np.uint8))
    ...     Path(folder, "x").read_bytes().hex(" ", -4)
    '00000802 00000002 00000003 00000000 0000'
    """
    path = path_of("write_idx", path)
    array = np.asarray(array)
    number = magic(array)
    if max(array.shape, default=0) >= 1 << 32:
        raise ShapeError(f"write_idx: sizes below 2**32 fit, got {array.shape}")
    content = struct.pack(f">{1 + array.ndim}I", number, *array.shape)
    content += array.astype(array.dtype.newbyteorder(">")).tobytes()
    if Path(path).suffix == ".gz":
        content = gzip.compress(content, mtime=0)  # without the time: equal arrays, equal files
    with writing(path) as temporary:
        temporary.write_bytes(content)
