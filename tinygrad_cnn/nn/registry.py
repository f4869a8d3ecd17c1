"""The classes of modules that a structure may name: the library's own, and those that are registered."""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType
from typing import Any, TypeVar

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.nn.containers.collections import Collection
from tinygrad_cnn.nn.containers.sequential import Sequential
from tinygrad_cnn.nn.module import Module

__all__ = ["register"]

C = TypeVar("C", bound=type[Any])

_LIBRARY = "tinygrad_cnn.nn."
_registered: dict[str, type[Module]] = {}

#: The functions that a structure may name, such as the activation of a layer.
FUNCTIONS: dict[str, Any] = {
    name: value for name, value in vars(F).items() if isinstance(value, FunctionType) and name[0] != "_"
}


def register(cls: C) -> C:
    """Let models that hold this Module be saved and loaded with their structure; a class decorator.

    The file names the class; the code stays with you. On loading, neither the constructor nor any
    other method of it runs: its attributes are set to what they were. They may be modules,
    parameters, buffers, plain values, arrays, generators, and functions of `functional`.

    Args:
        cls: a subclass of Module, under a name that no other class has.
    Returns:
        The class.
    Raises:
        DTypeError: no subclass of Module.   ArgumentError: another class has that name.

    >>> from tinygrad_cnn import nn
    >>> @register
    ... class Halved(nn.Module):
    ...     def __init__(self): self.weight = nn.Parameter([2.0])
    ...     def forward(self, x): return x * self.weight / 2
    >>> nn.from_json(nn.to_json(Halved()))
    Halved()
    """
    if not (isinstance(cls, type) and issubclass(cls, Module)):
        raise DTypeError(f"register: a subclass of Module fits, got {cls!r}")
    other = known().get(cls.__name__)
    # A notebook's cell that is run again makes the same class anew.
    if other is not None and (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
        raise ArgumentError(
            f"register: the name {cls.__name__!r} is taken by {other.__module__}.{other.__qualname__}"
        )
    _registered[cls.__name__] = cls
    return cls


def known() -> dict[str, type[Module]]:
    """All classes that a structure may name, by name.

    >>> known()["ReLU"].__name__
    'ReLU'
    """
    library = {cls.__name__: cls for cls in _below(Module) if cls.__module__.startswith(_LIBRARY)}
    return {**_registered, **library}


def by_parts(cls: type[Module]) -> bool:
    """Whether modules of a class are always written as their parts: containers, and users' classes.

    >>> by_parts(Sequential), by_parts(known()["ReLU"])
    (True, False)
    """
    return not cls.__module__.startswith(_LIBRARY) or issubclass(cls, (Sequential, Collection))


def _below(cls: type[Module]) -> Iterator[type[Module]]:
    for sub in cls.__subclasses__():
        yield sub
        yield from _below(sub)
