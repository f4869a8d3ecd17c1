"""Arrays by name, saved to one file and read back bit by bit: safetensors or npz."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.errors import ArgumentError, DTypeError, FormatError, MissingExtraError
from tinygrad_cnn.serial import npz_format, safetensors_format
from tinygrad_cnn.serial.content import DTYPES, METADATA, Array, Content
from tinygrad_cnn.serial.paths import path_of
from tinygrad_cnn.serial.regular_files import read_file
from tinygrad_cnn.signal_handlers import let_through


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
    path = path_of("save_tensors", path)
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
    return _read("load_tensors", path).tensors


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
    return _read("load_metadata", path).metadata


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
    return _read("load_content", path)


def _read(function: str, path: str | os.PathLike[str]) -> Content:
    """The content of a file; `function` is named where the path is none."""
    path = path_of(function, path)
    form = _form(path)
    data = read_file(path)
    try:
        arrays, metadata = form.parse(data)
    except MissingExtraError:
        raise
    except Exception as error:  # the parsers raise a dozen types on bytes that are not theirs
        let_through(error)
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
        value = (value.cpu() if hasattr(value, "cpu") else value).numpy()
    value = devices.to_host(value)
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
        if key in (safetensors_format.CHECKSUM, safetensors_format.MARK):
            raise ArgumentError(f"save_tensors: the metadata name {key!r} is reserved")
        try:
            (key + text).encode()
        except UnicodeEncodeError as error:
            raise ArgumentError(
                f"save_tensors: metadata {key!r} cannot be written as UTF-8: {error}"
            ) from None
    return dict(metadata)


# --------------------------------------------------------------------------- which format
class Form(NamedTuple):
    """A format: how one suffix is written and read."""

    words: str
    write: Callable[[str | os.PathLike[str], dict[str, Array], dict[str, str]], None]
    parse: Callable[[bytes], Content]


FORMS = {
    ".safetensors": Form("a safetensors file", safetensors_format.write, safetensors_format.parse),
    ".npz": Form("an npz file (a zip archive of .npy arrays)", npz_format.write, npz_format.parse),
}


def check_format(path: str | os.PathLike[str]) -> None:
    """See that a file of this suffix can be written here.

    Raises:
        FormatError: another suffix.   MissingExtraError: `.safetensors` without its package.

    >>> check_format("model.npz")
    """
    if _form(path) is FORMS[".safetensors"]:
        safetensors_format.package()


def _form(path: str | os.PathLike[str]) -> Form:
    """The format that a path's suffix names."""
    suffix = Path(path).suffix
    if suffix.lower() not in FORMS:
        raise FormatError(f"{path}: expected the suffix {' or '.join(FORMS)}, found {suffix!r}")
    return FORMS[suffix.lower()]
