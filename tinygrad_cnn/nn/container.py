"""Modules made of other modules."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, overload

from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.nn.module import Module


class Sequential(Module):
    """Modules one after the other: the result of each is the input of the next.

    Args:
        modules: in order, named '0', '1', ...; or one OrderedDict of names and modules.
    Raises:
        DTypeError: an argument is no Module.

    >>> from tinygrad_cnn import nn
    >>> nn.Sequential(nn.Flatten(), nn.ReLU())
    Sequential(
      (0): Flatten(start_axis=1, end_axis=-1)
      (1): ReLU()
    )
    """

    def __init__(self, *modules: Any) -> None:
        if len(modules) == 1 and isinstance(modules[0], OrderedDict):
            named = list(modules[0].items())
        else:
            named = [(str(i), module) for i, module in enumerate(modules)]
        for name, module in named:
            if not isinstance(module, Module):
                raise DTypeError(f"Sequential: {name!r} must be a Module, got {type(module).__name__}")
        for name, module in named:
            setattr(self, name, module)

    def forward(self, x: Any) -> Any:
        """Each module in turn.

        >>> Sequential().forward(3)
        3
        """
        for module in self.children():
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
