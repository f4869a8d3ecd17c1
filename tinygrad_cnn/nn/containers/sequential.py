"""Modules made of other modules."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any, overload

from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.functional.arguments import integer
from tinygrad_cnn.nn.module import Module

__all__ = ["Sequential"]


class Sequential(Module):
    """Modules one after the other: the result of each is the input of the next.

    Args:
        modules: in order, named '0', '1', ...; or one OrderedDict of names and modules.
    Raises:
        DTypeError: an argument is not a Module.

    >>> from tinygrad_cnn import nn
    >>> nn.Sequential(nn.Flatten(), nn.ReLU())
    Sequential(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): ReLU()
    )
    """

    def __init__(self, *modules: Any) -> None:
        if len(modules) == 1 and isinstance(modules[0], OrderedDict):
            named = list(modules[0].items())
        else:
            named = [(str(i), module) for i, module in enumerate(modules)]
        for name, module in named:
            check_module("Sequential", name, module)
        for name, module in named:
            setattr(self, name, module)

    def forward(self, x: Any) -> Any:
        """Each module in turn.

        >>> Sequential().forward(3)
        3
        """
        for module in vars(self).values():  # its children, without two generators for each
            if isinstance(module, Module):
                x = module(x)
        return x

    def __len__(self) -> int:
        return len(list(self.children()))

    def __iter__(self) -> Iterator[Module]:
        return iter(list(self.children()))

    @overload
    def __getitem__(self, key: int) -> Module: ...
    @overload
    def __getitem__(self, key: slice) -> Sequential: ...
    def __getitem__(self, key: int | slice) -> Module | Sequential:
        """A module by position, or several as a Sequential with the same names."""
        if isinstance(key, slice):
            return Sequential(OrderedDict(list(self.named_children())[key]))
        return list(self.children())[key]

    def append(self, module: Module) -> Sequential:
        """Add a module at the end, named by its position. Returns itself.

        >>> from tinygrad_cnn import nn
        >>> nn.Sequential(nn.Flatten()).append(nn.ReLU())[1]
        ReLU()
        """
        return self.extend([module])

    def extend(self, modules: Iterable[Module]) -> Sequential:
        """Add modules at the end, named by their positions. Returns itself.

        Raises:
            DTypeError: one is not a Module.   ArgumentError: a module has that name already.

        >>> from tinygrad_cnn import nn
        >>> len(nn.Sequential(nn.Flatten()).extend([nn.ReLU(), nn.ReLU()]))
        3
        """
        taken = dict(self.named_children())
        added = {str(len(taken) + i): module for i, module in enumerate(list(modules))}
        for name, module in added.items():
            check_module("Sequential", name, module)
            if name in taken:
                raise ArgumentError(f"Sequential: a module is named {name!r} already; assign by name")
        for name, module in added.items():
            setattr(self, name, module)
        return self

    def insert(self, position: int, module: Module) -> Sequential:
        """Put a module before a position; those after it take the next numbers. Returns itself.

        Raises:
            DTypeError: no Module, or no integer.
            ArgumentError: no such position, or modules that have names instead of numbers.

        >>> from tinygrad_cnn import nn
        >>> nn.Sequential(nn.ReLU(), nn.ReLU()).insert(1, nn.Flatten())[1]
        Flatten(start_dim=1, end_dim=-1)
        """
        names = [name for name, _ in self.named_children()]
        if names != [str(i) for i in range(len(names))]:
            raise ArgumentError(f"Sequential: insert needs modules named by number, has {names}")
        check_module("Sequential", "module", module)
        modules = list(self)
        modules.insert(position_of("Sequential", position, len(modules), 1), module)
        fill(self, modules)
        return self


# --------------------------------------------------------------------------- checks and names
def check_module(container: str, name: str, module: Any) -> None:
    """Check that what goes into a container is a module.

    Raises:
        DTypeError: it is none.

    >>> check_module("Sequential", "0", Module())
    """
    if not isinstance(module, Module):
        raise DTypeError(f"{container}: {name!r} must be a Module, got {type(module).__name__}")


def position_of(container: str, key: Any, count: int, extra: int = 0) -> int:
    """A position among `count` modules, from the end if negative; with `extra`, also the one after.

    Raises:
        DTypeError: not an integer.   IndexError: out of range.

    >>> position_of("ModuleList", -1, 3)
    2
    """
    position = integer(container, "position", key)
    last = count - 1 + extra
    if not -count <= position <= last:
        # IndexError: Python's own protocols of sequences rest on it
        raise IndexError(f"{container}: position {position} is out of range, {-count} to {last} fit")
    return position + count if position < 0 else position


def fill(container: Module, modules: list[Module]) -> None:
    """Take all modules out, and number these anew.

    >>> from tinygrad_cnn import nn
    >>> model = nn.Sequential(nn.ReLU(), nn.Flatten()); fill(model, [nn.Tanh()]); list(model)
    [Tanh()]
    """
    for name in [name for name, _ in container.named_children()]:
        delattr(container, name)
    for i, module in enumerate(modules):
        setattr(container, str(i), module)
