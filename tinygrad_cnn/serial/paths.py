"""Paths, checked at the door of whatever reads or writes a file."""

from __future__ import annotations

import os
from typing import Any

from tinygrad_cnn.errors import ArgumentError, DTypeError, shown


def path_of(function: str, path: Any) -> str:
    """A path as text, from text or from what stands for a path, such as `pathlib.Path`.

    Args:
        function: named in errors.   path: what was given.
    Raises:
        DTypeError: no path, or one in bytes.   ArgumentError: an empty one, or one with a zero character.

    >>> path_of("load_tensors", "a.npz")
    'a.npz'
    """
    text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    if not isinstance(text, str):
        raise DTypeError(f"{function}: a path fits, as text or a pathlib.Path; got {shown(path)}")
    if not text or "\0" in text:
        raise ArgumentError(f"{function}: a path has a name and no zero character, got {shown(path)}")
    return text
