"""The format of safetensors, with a checksum of our own."""

from __future__ import annotations

import json
import os
import zlib
from typing import Any

import numpy as np

from tinygrad_cnn.errors import FormatError, MissingExtraError
from tinygrad_cnn.serial.atomic import writing
from tinygrad_cnn.serial.content import METADATA, PACKED, Array, Content, as_json

#: safetensors has no checksum of its own; npz has one for each member. The mark says that there is one,
#: so that damage to either name is noticed too. This guards against accidents: whoever alters a file
#: on purpose can compute its checksum anew.
CHECKSUM, MARK = "tinygrad_cnn.crc32", "tinygrad_cnn.checked"


def package() -> Any:
    """The safetensors package."""
    try:
        import safetensors
        import safetensors.numpy  # the submodule that `save` is in
    except ImportError as error:
        raise MissingExtraError(
            "a .safetensors file needs safetensors: pip install 'tinygrad-cnn[safetensors]'"
        ) from error
    return safetensors


def write(path: str | os.PathLike[str], arrays: dict[str, Array], metadata: dict[str, str]) -> None:
    """Let the package lay out the tensors; write the header in the order of the names, and a checksum.

    The package orders metadata differently in each run, so that equal models would give unequal files.
    """
    packed = memoryview(package().numpy.save(arrays))
    header, body = _take_apart(packed)
    metadata = {**metadata, MARK: "crc32"}
    header = {METADATA: metadata} | {name: header[name] for name in arrays}
    metadata = {**metadata, CHECKSUM: _checksum(header, body)}
    text = as_json(header | {METADATA: metadata})
    text += b" " * (-len(text) % 8)  # tensors start at a multiple of 8 bytes
    with writing(path) as temporary, temporary.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.write(body)


def parse(data: bytes) -> Content:
    """Tensors in the order of the header, and metadata, of a safetensors file."""
    views = dict(package().deserialize(data))  # judges the layout: no gap, no overlap, no rest
    header, body = _take_apart(memoryview(data))
    metadata = header.pop(METADATA, None) or {}
    expected = metadata.pop(CHECKSUM, None)
    found = _checksum({METADATA: metadata} | header, body)
    if expected is None and metadata.pop(MARK, None) is not None:
        raise FormatError("altered content: its checksum is not there, although the file says that it is")
    metadata.pop(MARK, None)
    if expected not in (None, found):
        raise FormatError(f"altered content: its checksum is {found}, the file says {expected}")
    foreign = {name: view["dtype"] for name, view in views.items() if view["dtype"] not in PACKED}
    if foreign:
        raise FormatError(f"element types that NumPy or this library does not have: {foreign}")
    return Content({name: _unpack(views[name]) for name in header}, metadata)


def _unpack(view: dict[str, Any]) -> Array:
    """A tensor of the package as a writable array; copied only if its bytes are not writable."""
    dtype = np.dtype(PACKED[view["dtype"]]).newbyteorder("<")
    return np.require(np.frombuffer(view["data"], dtype).reshape(view["shape"]), requirements="W")


def _take_apart(data: memoryview) -> tuple[dict[str, Any], memoryview]:
    """Header and tensor bytes: 8 bytes for the header's length, the header as JSON, the tensors."""
    end = 8 + int.from_bytes(data[:8], "little")
    return json.loads(bytes(data[8:end])), data[end:]


def _checksum(header: dict[str, Any], body: memoryview) -> str:
    """CRC-32 over names, shapes, types, metadata and tensors, as 8 hexadecimal digits."""
    return f"{zlib.crc32(body, zlib.crc32(as_json(header))):08x}"
