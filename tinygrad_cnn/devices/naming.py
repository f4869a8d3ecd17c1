"""Ask for a device by its name."""

from __future__ import annotations

import logging
from typing import Any

from tinygrad_cnn import devices
from tinygrad_cnn.devices import HOST, Device
from tinygrad_cnn.devices.cuda import CUDA, INSTALL, reason_against
from tinygrad_cnn.errors import ArgumentError, DeviceError, DTypeError, MissingExtraError

__all__ = ["device", "names_a_device"]

#: Kinds of devices that other libraries have, whose names are taken for devices and refused as such.
OTHERS = ("auto", "cpu", "cuda", "mps", "xpu", "gpu")

_log = logging.getLogger("tinygrad_cnn")
_told = False


def device(name: Any = "auto") -> Device:
    """Where tensors are to lie, from its name; the first call for a GPU loads CuPy.

    Args:
        name: 'cpu'; 'cuda' (the first GPU) or 'cuda:1'; 'auto': the first GPU if CuPy and a GPU are there,
            else the CPU, and one line of the log says why; or a `Device`.
    Returns:
        The device, a text such as 'cpu' or 'cuda:0' with the attributes `type` and `index`.
    Raises:
        DTypeError: not a text.   ArgumentError: no such name.
        MissingExtraError: a GPU is asked for by name, and CuPy is not installed.
        DeviceError: there is no such GPU.

    >>> device("cpu")
    'cpu'
    """
    global _told
    if not isinstance(name, str):
        raise DTypeError(f"device: name must be a text such as 'cpu' or 'cuda:0', got {name!r}")
    if name == "auto":
        reason = reason_against()
        if reason is None:
            return device("cuda:0")
        if not _told:
            _told = True
            _log.warning("tinygrad-cnn: device('auto') is the CPU: %s", reason)
        return HOST
    kind, colon, number = name.partition(":")
    if kind == "cpu" and number in ("", "0"):
        return HOST
    if colon and not (number.isascii() and number.isdigit()):
        raise ArgumentError(f"device: {name!r} has no number after the colon; {kind}:0 fits")
    backend: Any = devices.backend_named(kind)
    if kind == "cuda" and backend is None:
        if (reason := reason_against()) is not None:
            error = MissingExtraError if reason == INSTALL else DeviceError
            raise error(f"device {name!r}: {reason}")
        backend = CUDA
    if backend is None:
        raise ArgumentError(f"device: {name!r} is not one of 'auto', 'cpu', 'cuda', 'cuda:1' and so on")
    index = int(number or 0)
    if index >= (count := backend.count()):
        raise DeviceError(f"device {name!r}: there are {count} of that kind, numbered from 0")
    devices.admit(backend)
    return Device(f"{kind}:{index}")


def names_a_device(name: str) -> bool:
    """Whether a text is a device's name rather than a dtype's.

    >>> names_a_device("cuda:1"), names_a_device("float16")
    (True, False)
    """
    kind = name.partition(":")[0]
    return kind in OTHERS or devices.backend_named(kind) is not None
