"""Arrays by name, saved to one file and read back bit by bit: safetensors or npz."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError, DTypeError, FormatError, MissingExtraError
from tinygrad_cnn.serial.atomic import writing
from tinygrad_cnn.serial.regular_files import read_file

Array = NDArray[Any]

#: Where safetensors keeps text beside the tensors; in an npz it is a member of this name.
METADATA = "__metadata__"

#: safetensors has no checksum of its own; npz has one for each member. The mark says that there is one,
#: so that damage to either name is noticed too. This guards against accidents: whoever alters a file
#: on purpose can compute its checksum anew.
CHECKSUM, MARK = "tinygrad_cnn.crc32", "tinygrad_cnn.checked"

#: The element types that can be saved, under the names that safetensors gives them.
PACKED = {
    "BOOL": "bool",
    "U8": "uint8", "U16": "uint16", "U32": "uint32", "U64": "uint64",
    "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64",
    "F16": "float16", "F32": "float32", "F64": "float64",
}  # fmt: skip
DTYPES = tuple(PACKED.values())
#: A compressed file may become so many bytes, or 16 times its own, whichever is more.
MOST_UNPACKED = 2**31


class Content(NamedTuple):
    """What a file holds: arrays by name, and the texts beside them."""

    tensors: dict[str, Array]
    metadata: dict[str, str]


def save_tensors(
    path: str | os.PathLike[str], tensors: Mapping[str, Any], metadata: Mapping[str, str] | None = None
) -> None:
    """Write arrays and their names to one file, whole or not at all.

    The suffix chooses the format: `.safetensors` (read by many other libraries) or `.npz` (read by
    NumPy alone). The same tensors give the same bytes. Byte order becomes this machine's.

    Args:
        path: the file, in a folder that exists.
        tensors: name -> array, or anything with `.numpy()`; bool, integer and float of up to 64 bits.
        metadata: texts to keep beside them, name -> text.
    Raises:
        FormatError: the suffix is neither `.safetensors` nor `.npz`.
        DTypeError: a value that is no such array, or a name or metadata that is not text.
        ArgumentError: a name that the formats cannot hold.
        MissingExtraError: `.safetensors` without the package of that name.
    Source: https://github.com/huggingface/safetensors#format

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_tensors(f"{folder}/model.npz", {"fc.weight": np.eye(2), "fc.bias": np.zeros(2)})
    ...     load_tensors(f"{folder}/model.npz")["fc.weight"]
    array([[1., 0.],
           [0., 1.]])
    """
    form = _form(path)
    arrays = {_name(name): _array(name, value) for name, value in tensors.items()}
    form.write(path, arrays, _texts(metadata or {}))


def load_tensors(path: str | os.PathLike[str]) -> dict[str, Array]:
    """Read the arrays that `save_tensors` or another library wrote, in the order of the file.

    Args:
        path: a `.safetensors` or `.npz` file.
    Returns:
        name -> new array.
    Raises:
        FormatError: a short, altered or foreign file, or an unknown suffix.
        FileNotFoundError: there is no such file.
        MissingExtraError: `.safetensors` without the package of that name.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_tensors(f"{folder}/model.safetensors", {"step": np.array(7), "b": np.zeros(2)})
    ...     load_tensors(f"{folder}/model.safetensors")
    {'step': array(7), 'b': array([0., 0.])}
    """
    return load_content(path).tensors


def load_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """Read the texts that were saved beside the arrays; the whole file is checked.

    Args:
        path: a `.safetensors` or `.npz` file.
    Returns:
        name -> text; empty when there are none.
    Raises:
        As `load_tensors`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_tensors(f"{folder}/model.npz", {"b": np.zeros(2)}, {"epoch": "3"})
    ...     load_metadata(f"{folder}/model.npz")
    {'epoch': '3'}
    """
    return load_content(path).metadata


def load_content(path: str | os.PathLike[str]) -> Content:
    """Read the arrays and the texts of a file, which is read once.

    Args:
        path: a `.safetensors` or `.npz` file.
    Returns:
        (tensors, metadata), as `load_tensors` and `load_metadata` give them.
    Raises:
        As `load_tensors`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_tensors(f"{folder}/model.npz", {"b": np.zeros(2)}, {"epoch": "3"})
    ...     load_content(f"{folder}/model.npz")
    Content(tensors={'b': array([0., 0.])}, metadata={'epoch': '3'})
    """
    form = _form(path)
    data = read_file(path)
    try:
        arrays, metadata = form.parse(data)
    except MissingExtraError:
        raise
    except Exception as error:  # the parsers raise a dozen types on bytes that are not theirs
        found = f"{len(data)} bytes that cannot be read: {str(error)[:400]}" if data else "an empty file"
        raise FormatError(f"{path}: expected {form.words}, found {found}") from error
    native = {n: a.astype(a.dtype.newbyteorder("="), copy=False) for n, a in arrays.items()}
    return Content(native, metadata)


# --------------------------------------------------------------------------- checks at the door
def _name(name: object) -> str:
    """A name that both formats can hold."""
    if not isinstance(name, str):
        raise DTypeError(f"save_tensors: names must be text, got {name!r}")
    if not name or len(name) > 1000 or not name.isprintable() or name == METADATA:
        raise ArgumentError(
            f"save_tensors: cannot use {name[:80]!r} as a name; 1 to 1000 printable characters fit, "
            f"{METADATA!r} is reserved"
        )
    return name


def _array(name: str, value: Any) -> Array:
    """The value as a C-contiguous array in this machine's byte order."""
    if hasattr(value, "numpy"):
        value = value.numpy()
    if not isinstance(value, (np.ndarray, np.generic)):
        raise DTypeError(
            f"save_tensors: {name!r} is a {type(value).__name__}; an array, or a value with .numpy(), fits"
        )
    if value.dtype.name not in DTYPES:
        raise DTypeError(f"save_tensors: {name!r} has dtype {value.dtype}; {', '.join(DTYPES)} fit")
    # Not ascontiguousarray, which turns 0-d into 1-d; the package would write strided memory as it lies.
    return np.asarray(value, dtype=value.dtype.newbyteorder("="), order="C")


def _texts(metadata: Mapping[str, str]) -> dict[str, str]:
    """The metadata as a dict of texts."""
    for key, text in metadata.items():
        if not isinstance(key, str) or not isinstance(text, str):
            raise DTypeError(f"save_tensors: metadata must be text -> text, got {key!r}: {text!r}")
        if key in (CHECKSUM, MARK):
            raise ArgumentError(f"save_tensors: the metadata name {key!r} is reserved")
        try:
            (key + text).encode()
        except UnicodeEncodeError as error:
            raise ArgumentError(
                f"save_tensors: metadata {key!r} cannot be written as UTF-8: {error}"
            ) from None
    return dict(metadata)


# --------------------------------------------------------------------------- safetensors
def _package() -> Any:
    """The safetensors package."""
    try:
        import safetensors
        import safetensors.numpy  # the submodule that `save` is in
    except ImportError as error:
        raise MissingExtraError(
            "a .safetensors file needs safetensors: pip install 'tinygrad-cnn[safetensors]'"
        ) from error
    return safetensors


def _write_safetensors(
    path: str | os.PathLike[str], arrays: dict[str, Array], metadata: dict[str, str]
) -> None:
    """Let the package lay out the tensors; write the header in the order of the names, and a checksum.

    The package orders metadata differently in each run, so that equal models would give unequal files.
    """
    packed = memoryview(_package().numpy.save(arrays))
    header, body = _take_apart(packed)
    metadata = {**metadata, MARK: "crc32"}
    header = {METADATA: metadata} | {name: header[name] for name in arrays}
    metadata = {**metadata, CHECKSUM: _checksum(header, body)}
    text = _json(header | {METADATA: metadata})
    text += b" " * (-len(text) % 8)  # tensors start at a multiple of 8 bytes
    with writing(path) as temporary, temporary.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.write(body)


def _parse_safetensors(data: bytes) -> Content:
    """Tensors in the order of the header, and metadata, of a safetensors file."""
    views = dict(_package().deserialize(data))  # judges the layout: no gap, no overlap, no rest
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
    return f"{zlib.crc32(body, zlib.crc32(_json(header))):08x}"


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


# --------------------------------------------------------------------------- npz
def _write_npz(path: str | os.PathLike[str], arrays: dict[str, Array], metadata: dict[str, str]) -> None:
    """What `np.savez` writes, but under any name ('file' too), and with the metadata beside it."""
    with writing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        # A ZipInfo without a date says 1980, so the same arrays give the same bytes.
        if metadata:
            archive.writestr(zipfile.ZipInfo(f"{METADATA}.json"), _json(metadata))
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _parse_npz(data: bytes) -> Content:
    """Tensors in the order of the archive, and metadata, of an npz file."""
    arrays: dict[str, Array] = {}
    metadata: dict[str, str] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        # zipfile does not compare them, so one damaged length could hide the members after it.
        end = data.rfind(b"PK\5\6")
        promised = int.from_bytes(data[end + 10 : end + 12], "little")
        if promised != min(len(members), 0xFFFF):
            raise FormatError(f"{len(members)} members where the end of the archive says {promised}")
        _check_members(members, len(data))
        for member in members:
            # Read whole, which compares its checksum, and by its entry, which compares its name.
            content = archive.read(member)
            name = member.filename.removesuffix(".npy")
            if member.filename == f"{METADATA}.json":
                metadata = json.loads(content)
            elif name == member.filename:
                raise FormatError(f"a zip archive with the member {name!r}, which is no .npy array")
            else:
                arrays[name] = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
                if arrays[name].dtype.name not in DTYPES:
                    raise FormatError(f"{name!r} with elements of type {arrays[name].dtype}")
    return Content(arrays, metadata)


def _check_members(members: list[zipfile.ZipInfo], length: int) -> None:
    """Refuse an archive that holds more than it can: equal names, shared bytes, or a bomb."""
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        twice = next(name for k, name in enumerate(names) if name in names[:k])
        raise FormatError(f"two members named {twice[:80]!r}")
    end = 0
    for member in sorted(members, key=lambda one: one.header_offset):
        if member.header_offset < end:
            raise FormatError(f"members that share bytes: {member.filename[:80]!r} begins within another")
        end = member.header_offset + member.compress_size
    total = sum(member.file_size for member in members)
    if total > max(MOST_UNPACKED, 16 * length):
        raise FormatError(f"members of {total:,} bytes when unpacked, from {length:,}")


# --------------------------------------------------------------------------- which format
class Form(NamedTuple):
    """How one suffix is written and read."""

    words: str
    write: Callable[[str | os.PathLike[str], dict[str, Array], dict[str, str]], None]
    parse: Callable[[bytes], Content]


FORMS = {
    ".safetensors": Form("a safetensors file", _write_safetensors, _parse_safetensors),
    ".npz": Form("an npz file (a zip archive of .npy arrays)", _write_npz, _parse_npz),
}


def check_format(path: str | os.PathLike[str]) -> None:
    """See that a file of this suffix can be written here.

    Raises:
        FormatError: another suffix.   MissingExtraError: `.safetensors` without its package.

    >>> check_format("model.npz")
    """
    if _form(path) is FORMS[".safetensors"]:
        _package()


def _form(path: str | os.PathLike[str]) -> Form:
    """The format that a path's suffix names."""
    suffix = Path(path).suffix
    if suffix.lower() not in FORMS:
        raise FormatError(f"{path}: expected the suffix {' or '.join(FORMS)}, found {suffix!r}")
    return FORMS[suffix.lower()]
