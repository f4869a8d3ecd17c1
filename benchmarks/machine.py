"""The machine that the figures were measured on: a figure without its machine says little."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np


def installed(package: str) -> str | None:
    """The version of a package, or None if it is not installed; nothing is imported.

    >>> installed("no-such-package") is None
    True
    """
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def processor() -> str:
    """The processor's name."""
    source = Path("/proc/cpuinfo")
    if source.is_file():
        for line in source.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> dict[str, Any]:
    """Processor, cores, system, and the versions that decide about speed."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    packages = ("tinygrad-cnn", "numpy", "numba", "torch", "jax", "autograd", "mygrad")
    return {
        "processor": processor(),
        "cores": cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {package: installed(package) for package in packages},
        "blas": f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip(),
    }
