"""Containers of `torch.nn`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

from tinygrad_cnn import nn as native_nn
from tinygrad_cnn.torch.nn.modules import COUNTERPARTS, Module
from tinygrad_cnn.torch.tensors import Parameter


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


class ParameterList(Module):
    """Parameters in a list.

    >>> len(ParameterList())
    0
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self.extend(values or ())

    def append(self, value: Any) -> Any:
        """Add a parameter at the end. Returns itself."""
        setattr(self, str(len(self)), value if isinstance(value, Parameter) else Parameter(value))
        return self

    def extend(self, values: Iterable[Any]) -> Any:
        """Add parameters at the end. Returns itself."""
        for value in values:
            self.append(value)
        return self

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Any]:
        return iter([self._parameters[k] for k in self._parameters])

    def __getitem__(self, key: Any) -> Any:
        return list(self)[key]

    def __setitem__(self, key: int, value: Any) -> None:
        setattr(self, str(range(len(self))[key]), value)


class ParameterDict(Module):
    """Parameters by name.

    >>> len(ParameterDict())
    0
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self.update(parameters or {})

    def update(self, parameters: Any) -> None:
        """Take over parameters by name."""
        for key, value in parameters.items() if hasattr(parameters, "items") else parameters:
            self[key] = value

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self, key, value if isinstance(value, Parameter) else Parameter(value))

    def __getitem__(self, key: str) -> Any:
        return self._parameters[key]

    def __delitem__(self, key: str) -> None:
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __contains__(self, key: str) -> bool:
        return key in list(self._parameters)

    def keys(self) -> Any:
        """The names."""
        return self._parameters.keys()

    def values(self) -> Any:
        """The parameters."""
        return self._parameters.values()

    def items(self) -> Any:
        """Names and parameters."""
        return self._parameters.items()


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
        """What the module gives."""
        return self.module(*args, **kwargs)


CLASSES: dict[str, Any] = {
    c.__name__: c for c in (Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict, DataParallel)
}
COUNTERPARTS.update(
    {native_nn.Sequential: Sequential, native_nn.ModuleList: ModuleList, native_nn.ModuleDict: ModuleDict}
)
