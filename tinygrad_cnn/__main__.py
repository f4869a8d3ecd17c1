"""`python -m tinygrad_cnn` prints the version, the kernels in use and why, and the extras found."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from importlib import metadata
from importlib.util import find_spec

import numpy as np

from tinygrad_cnn import __version__
from tinygrad_cnn.kernels import cache
from tinygrad_cnn.kernels.serving import kernels_in_use

NAME = "tinygrad-cnn"


def kernels() -> str:
    """Say which kernels serve here, and why.

    >>> kernels().split(":")[0] in ("compiled", "NumPy")
    True
    """
    if kernels_in_use() == "fast":
        return "compiled: loaded already"
    if (wish := os.environ.get("TINYGRAD_CNN_KERNELS", "auto")) == "reference":
        return f"NumPy: the environment asks for it, TINYGRAD_CNN_KERNELS={wish}"
    if find_spec("numba") is None:
        return f"NumPy: Numba is not installed; pip install '{NAME}[fast]' brings compiled kernels"
    if reason := cache.failure():
        return f"NumPy: {reason} (python -m tinygrad_cnn.warm tries again)"
    if not cache.is_complete():
        return "NumPy: none compiled yet; a large model compiles them, or python -m tinygrad_cnn.warm"
    return "compiled: in the cache, loaded when a large array is met"


def drawing() -> str:
    """Name the program that lays out and draws graphs here.

    >>> isinstance(drawing(), str)
    True
    """
    if program := shutil.which("dot"):
        return f"dot: {program}"
    if find_spec("pygraphviz"):
        return "pygraphviz"
    return f"none; pip install '{NAME}[draw]', or install Graphviz"


def extras() -> dict[str, list[str]]:
    """The packages that each extra still lacks, by its name; empty where it is all here.

    >>> all(isinstance(lacking, list) for lacking in extras().values())
    True
    """
    try:
        lines = metadata.requires(NAME) or []
    except metadata.PackageNotFoundError:  # run from a folder that is not installed
        return {}
    found: dict[str, list[str]] = {}
    for line in lines:
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", line)
        package = re.match(r"[\w.-]+", line)
        if extra is None or package is None or package[0] == NAME:
            continue
        lacking = found.setdefault(extra[1], [])
        try:
            metadata.version(package[0])
        except metadata.PackageNotFoundError:
            lacking.append(package[0])
    return found


def main() -> int:
    """Print it all.

    >>> main()  # doctest: +ELLIPSIS
    tinygrad-cnn ...
    0
    """
    print(f"{NAME} {__version__}")
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.platform()}")
    print(f"kernels   {kernels()}")
    print(f"drawing   {drawing()}")
    for name, lacking in extras().items():
        print(f"extra     {name}: {'found' if not lacking else 'lacks ' + ', '.join(lacking)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
