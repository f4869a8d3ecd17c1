"""Reading `.pt` and `.pth` files."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import Any

import numpy as np

from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.restoring import Ended
from tinygrad_cnn.serial import read_file
from tinygrad_cnn.serial.paths import path_of
from tinygrad_cnn.torch import devices, dtypes
from tinygrad_cnn.torch.files.containers import told
from tinygrad_cnn.torch.files.machine import Machine
from tinygrad_cnn.torch.files.makers import elements
from tinygrad_cnn.torch.files.storages import TYPES

_MOST_PICKLE = 256 * 2**20
_allowed: list[Any] = []  # for good
_allowed_inside: list[list[Any]] = []  # in `with` blocks, each with its own
#: What `zipfile` raises for archives that are none.
_CORRUPT = (
    zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, KeyError, OverflowError, RecursionError, OSError,
    struct.error,
)  # fmt: skip


class safe_globals(Ended):
    """Classes and functions of the program that files may name, inside a `with` block.

    Args:
        allowed: the classes and functions, or pairs of them with the name that files use.
    """

    def __init__(self, allowed: list[Any]) -> None:
        self.allowed = list(allowed)

    def __enter__(self) -> None:
        _allowed_inside.append(self.allowed)

    def leave(self, mark: Any = None) -> None:
        """They may be named no more."""
        for place, allowed in enumerate(_allowed_inside):
            if allowed is self.allowed:
                del _allowed_inside[place]
                return


def add_safe_globals(allowed: list[Any]) -> None:
    """Classes and functions of the program that files may name from now on."""
    _allowed.extend(allowed)


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: Any = None,
    **_: Any,
) -> Any:
    """The tensors and plain containers of a file that PyTorch or `save` wrote.

    Args:
        f: a path, or an open file in binary mode.
        map_location: where tensors shall lie; whatever it says, that is the CPU.
        mmap: ignored; the whole file is read.
        weights_only: False lets a file also name Modules of the running program; their attributes are
            set, none of their code runs.
    Returns:
        What was saved. Numbers in bfloat16 become float32, with a warning: their `dtype` says float32 too.
    Raises:
        FormatError: no such file format, corrupt, or it names something else than tensors and containers.

    >>> import io
    >>> from tinygrad_cnn import torch
    >>> file = io.BytesIO(); torch.save({"w": torch.ones(2)}, file); torch.load(file)
    {'w': tensor([1., 1.])}
    """
    if isinstance(map_location, (str, devices.device)):
        devices.check(map_location)
    if hasattr(f, "read"):
        f.seek(0)
        data = f.read()
    else:
        data = read_file(path_of("torch.load", f))
    if data[:4] != b"PK\x03\x04":
        raise FormatError(
            "load: this is not a zip archive as torch.save writes since version 1.6; "
            "older files and other formats are not read: save it again with a newer PyTorch"
        )
    try:
        return _read(data, weights_only is False)
    except FormatError:
        raise
    except _CORRUPT as error:
        raise FormatError(f"load: the archive is corrupt: {str(error)[:200]}") from None


def _read(data: bytes, modules: bool) -> Any:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = {}
        for info in archive.infolist():
            if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
                raise FormatError(
                    f"load: {info.filename!r} is compressed or encrypted; torch.save stores files as they are"
                )
            if info.file_size > len(data) or info.compress_size != info.file_size:
                raise FormatError(
                    f"load: {info.filename!r} claims {info.file_size} bytes in a file of {len(data)}"
                )
            if info.filename in entries:
                raise FormatError(f"load: the archive holds {info.filename!r} twice")
            entries[info.filename] = info
        if sum(info.file_size for info in entries.values()) > len(data):
            raise FormatError(
                "load: entries of the archive overlap: they claim more bytes than the file has"
            )
        pickles = [name for name in entries if name.endswith("/data.pkl") or name == "data.pkl"]
        if len(pickles) != 1:
            raise FormatError(
                f"load: the archive holds {len(pickles)} data.pkl, one fits; this is not a file of torch.save"
            )
        root = pickles[0].removesuffix("data.pkl")
        if entries[pickles[0]].file_size > _MOST_PICKLE:
            raise FormatError("load: the description of the contents is larger than 256 MiB")
        if root + "byteorder" in entries and archive.read(root + "byteorder") != b"little":
            raise FormatError("load: the file was written on a big-endian machine")
        kept: dict[str, Any] = {}

        def storage(kind: str, key: str, count: int) -> Any:
            """The elements of one storage, read once."""
            if kind not in TYPES:
                raise FormatError(f"load: storages of type {kind!r} are not read")
            if key not in kept:
                name = f"{root}data/{key}"
                if name not in entries:
                    raise FormatError(f"load: storage {told(key)} is missing from the archive")
                kept[key] = archive.read(name), {}
            content, views = kept[key]
            if kind not in views:
                size = TYPES[kind].itemsize
                if not isinstance(count, int) or count < 0 or count * size > len(content):
                    raise FormatError(
                        f"load: storage {key!r} holds {len(content)} bytes, {told(count)} elements of {kind} need more"
                    )
                made = elements(memoryview(content)[: count * size], TYPES[kind])
                if kind == "BFloat16Storage":
                    dtypes.to_numpy(dtypes.bfloat16)  # says so
                    made = (made.astype(np.uint32) << 16).view(np.float32)
                views[kind] = made
            return views[kind]

        return Machine(storage, sum(_allowed_inside, _allowed), modules).run(archive.read(pickles[0]))
