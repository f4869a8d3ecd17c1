"""Devices: the CPU is the only one, and programs that ask for another go on or are told so."""

from __future__ import annotations

from typing import Any

_OTHER = ("cuda", "mps", "xpu", "hip", "xla", "meta", "mtia", "vulkan")


class device:
    """Where a tensor lies; here always `cpu`.

    Raises:
        RuntimeError: another device.

    >>> device("cpu"), device("cpu").type, device("cpu") == device("cpu")
    (device(type='cpu'), 'cpu', True)
    """

    def __init__(self, type: Any = "cpu", index: int | None = None) -> None:
        if isinstance(type, device):
            type, index = type.type, type.index
        if isinstance(type, int):
            type = f"cuda:{type}"
        name, _, number = str(type).partition(":")
        if name not in ("cpu", *_OTHER):
            raise RuntimeError(f"device: {type!r} is not a device; 'cpu' fits")
        self.type: str = name
        self.index: int | None = int(number) if number else index

    def __repr__(self) -> str:
        number = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{number})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> Any:
        return (device, (str(self),))

    def __enter__(self) -> device:
        check(self)
        return self

    def __exit__(self, *_: Any) -> None:
        pass


def check(given: Any) -> None:
    """Let the CPU pass.

    Raises:
        RuntimeError: another device.

    >>> check("cpu"); check(None)
    """
    if given is not None and (type(given) is str or not isinstance(given, device) or given.type != "cpu"):
        wanted = device(given)
        if wanted.type != "cpu":
            raise RuntimeError(
                f"device {wanted}: tensors lie on the CPU here; torch.cuda.is_available() is False, so "
                "programs that ask it first choose 'cpu' by themselves"
            )


#: The one device.
CPU = device("cpu")


class memory_format:
    """The order of a tensor's dimensions in memory: a name; tensors of here lie as they were made."""

    def __init__(self, called: str) -> None:
        self.called = called

    def __repr__(self) -> str:
        return self.called


class layout(memory_format):
    """The layout of a tensor's elements: strided, as arrays do."""


strided = layout("torch.strided")
