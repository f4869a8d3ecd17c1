"""The format of npz: a zip archive of NumPy's files, which never holds what pickle wrote."""

from __future__ import annotations

import io
import json
import os
import zipfile

import numpy as np

from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.serial.atomic import writing
from tinygrad_cnn.serial.content import DTYPES, METADATA, Array, Content, as_json

#: A compressed file may become so many bytes, or 16 times its own, whichever is more.
MOST_UNPACKED = 2**31


def write(path: str | os.PathLike[str], arrays: dict[str, Array], metadata: dict[str, str]) -> None:
    """Write what `np.savez` writes, but under any name ('file' too), and with the metadata beside it."""
    with writing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        # A ZipInfo without a date says 1980, so the same arrays give the same bytes.
        if metadata:
            archive.writestr(zipfile.ZipInfo(f"{METADATA}.json"), as_json(metadata))
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def parse(data: bytes) -> Content:
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
