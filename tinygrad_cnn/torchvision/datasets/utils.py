"""`torchvision.datasets.utils`: files of data sets looked at and unpacked; nothing is fetched."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tinygrad_cnn.serial import opened
from tinygrad_cnn.torch.refusals import guard as _guard

__all__ = [
    "calculate_md5", "check_integrity", "check_md5", "download_and_extract_archive", "download_file_from_google_drive",
    "download_url", "extract_archive", "list_dir", "list_files", "verify_str_arg",
]  # fmt: skip


def calculate_md5(fpath: Any, chunk_size: int = 1024 * 1024) -> str:
    """The MD5 of a file, in hexadecimal digits."""
    digest = hashlib.md5(usedforsecurity=False)
    with opened(fpath) as file:
        while part := file.read(chunk_size):
            digest.update(part)
    return digest.hexdigest()


def check_md5(fpath: Any, md5: str, **_: Any) -> bool:
    """Whether a file has a MD5."""
    return calculate_md5(fpath) == md5


def check_integrity(fpath: Any, md5: str | None = None) -> bool:
    """Whether a file is there, and has a MD5.

    >>> check_integrity("no such file")
    False
    """
    return os.path.isfile(fpath) and (md5 is None or check_md5(fpath, md5))


def download_url(
    url: str, root: Any, filename: Any = None, md5: str | None = None, max_redirect_hops: int = 3
) -> None:
    """Look whether the file of an address is in a folder already; it is not fetched.

    Raises:
        RuntimeError: it is not there, or another one.
    """
    path = Path(os.path.expanduser(root), filename or os.path.basename(url))
    if not check_integrity(path, md5):
        raise RuntimeError(f"File not found or corrupted: {path}; {url} is not fetched here: put it there")


def download_file_from_google_drive(
    file_id: str, root: Any, filename: Any = None, md5: str | None = None
) -> None:
    """Look whether the file is in a folder already; it is not fetched.

    Raises:
        RuntimeError: it is not there, or another one.
    """
    download_url(f"the file {file_id} of Google Drive", root, filename or file_id, md5)


def download_and_extract_archive(
    url: str, download_root: Any, extract_root: Any = None, filename: Any = None, md5: str | None = None,
    remove_finished: bool = False,
) -> None:  # fmt: skip
    """Unpack an archive that is in a folder already.

    Raises:
        RuntimeError: it is not there, or another one.
    """
    root, name = os.path.expanduser(download_root), filename or os.path.basename(url)
    download_url(url, root, name, md5)
    extract_archive(os.path.join(root, name), extract_root or root, remove_finished)


def extract_archive(from_path: Any, to_path: Any = None, remove_finished: bool = False) -> str:
    """Unpack a zip or tar archive, or a gzip file; where it went.

    Raises:
        RuntimeError: its name ends in no kind of archive that is known.
    """
    source, to = Path(from_path), Path(to_path) if to_path is not None else Path(from_path).parent
    if source.suffix == ".zip":
        with opened(source) as file, zipfile.ZipFile(file) as packed:
            packed.extractall(to)
    elif any(s in source.suffixes for s in (".tar", ".tgz")):
        with opened(source) as file, tarfile.open(fileobj=file) as entries:
            entries.extractall(to, filter="data")
    elif source.suffix == ".gz":
        to = to / source.stem if to_path is None or to.is_dir() else to
        with opened(source) as file, gzip.open(file) as content, open(to, "wb") as written:
            shutil.copyfileobj(content, written)
    else:
        raise RuntimeError(
            f"extract_archive: .zip, .tar, .tgz, .tar.gz and .gz are known, got {source.name}"
        )
    if remove_finished:
        source.unlink()
    return str(to)


def list_dir(root: Any, prefix: bool = False) -> list[str]:
    """The folders in a folder."""
    found = [name for name in os.listdir(root) if os.path.isdir(os.path.join(root, name))]
    return [os.path.join(root, name) for name in found] if prefix else found


def list_files(root: Any, suffix: Any, prefix: bool = False) -> list[str]:
    """The files in a folder whose names end in something."""
    found = [n for n in os.listdir(root) if os.path.isfile(os.path.join(root, n)) and n.endswith(suffix)]
    return [os.path.join(root, name) for name in found] if prefix else found


def verify_str_arg(
    value: Any,
    arg: str | None = None,
    valid_values: Iterable[str] | None = None,
    custom_msg: str | None = None,
) -> Any:
    """A text that is among those that fit.

    Raises:
        ValueError: it is not a text, or not among them.

    >>> verify_str_arg("train", "split", ("train", "test"))
    'train'
    """
    fit = None if valid_values is None else list(valid_values)
    if not isinstance(value, str) or (fit is not None and value not in fit):
        words = f"Unknown value {value!r} for argument {arg}. Valid values are {fit}."
        raise ValueError(custom_msg or words)
    return value


__getattr__ = _guard("torchvision.datasets.utils", globals())
