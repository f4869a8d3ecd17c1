"""Containers of `torch.nn`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from tinygrad_cnn import nn as native_nn
from tinygrad_cnn.torch.nn.modules import COUNTERPARTS, Module


class Sequential(native_nn.Sequential, Module):
    """Modules one after the other.

    >>> len(Sequential())
    0
    """

    def append(self, module: Any) -> Any:
        """Add a module at the end. Returns itself."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Any]) -> Any:
        """Add modules at the end. Returns itself."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, index: int, module: Any) -> Any:
        """Put a module before a position. Returns itself."""
        modules = list(self)
        modules.insert(index, module)
        return self._refill(modules)

    def pop(self, key: int) -> Any:
        """Take a module away."""
        modules = list(self)
        taken = modules.pop(key)
        self._refill(modules)
        return taken

    def _refill(self, modules: list[Any]) -> Any:
        for name in list(self._modules):
            delattr(self, name)
        for i, module in enumerate(modules):
            setattr(self, str(i), module)
        return self

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return type(self)(OrderedDict(list(self._modules.items())[key]))
        return list(self)[int(key)]

    def __setitem__(self, key: int, module: Any) -> None:
        setattr(self, list(self._modules)[int(key)], module)

    def __delitem__(self, key: Any) -> None:
        modules = list(self)
        del modules[key]
        self._refill(modules)

    def __add__(self, other: Any) -> Any:
        return Sequential(*self, *other)


class Container(Module):
    """Modules by name, as old programs write it; `ModuleDict` and `Module` do more.

    >>> len(list(Container().children()))
    0
    """

    def __init__(self, **modules: Any) -> None:
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)


class ModuleList(native_nn.ModuleList, Module):
    """Modules in a list.

    >>> len(ModuleList())
    0
    """

    def __init__(self, modules: Iterable[Any] | None = None) -> None:
        native_nn.ModuleList.__init__(self, modules or ())

    def __add__(self, other: Iterable[Any]) -> Any:
        return ModuleList([*self, *other])


class ModuleDict(native_nn.ModuleDict, Module):
    """Modules by name.

    >>> len(ModuleDict())
    0
    """

    def __init__(self, modules: Any = None) -> None:
        native_nn.ModuleDict.__init__(self, modules or {})


class ParameterList(native_nn.ParameterList, Module):
    """Parameters in a list.

    >>> len(ParameterList())
    0
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        native_nn.ParameterList.__init__(self, values or ())


class ParameterDict(native_nn.ParameterDict, Module):
    """Parameters by name.

    >>> len(ParameterDict())
    0
    """

    def __init__(self, parameters: Any = None) -> None:
        native_nn.ParameterDict.__init__(self, parameters or {})


class DataParallel(Module):
    """A module that PyTorch would run on several devices; here it runs as it is.

    >>> DataParallel(Sequential()).module
    Sequential()
    """

    def __init__(
        self, module: Any, device_ids: Any = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        self.module = module

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The result of the module."""
        return self.module(*args, **kwargs)


CLASSES: dict[str, Any] = {
    c.__name__: c
    for c in (Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict, DataParallel, Container)
}
COUNTERPARTS.update(
    {getattr(native_nn, name): cls for name, cls in CLASSES.items() if hasattr(native_nn, name)}
)
