"""Modules in a list or by name, for a `forward` that the user writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, overload

from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.functional.arguments import integer
from tinygrad_cnn.nn.containers.sequential import check_module, fill, position_of
from tinygrad_cnn.nn.module import Module

__all__ = ["ModuleDict", "ModuleList"]


class Collection(Module):
    """Shared by ModuleList and ModuleDict: their modules carry their name.

    A collection is never called itself, so its name would be missing from the scope of the nodes
    that its modules record: `floors.0`.
    """

    _path = ""

    @property
    def _name(self) -> str:
        return self._path

    @_name.setter
    def _name(self, name: str) -> None:
        object.__setattr__(self, "_path", name)
        for key, child in self.named_children():
            object.__setattr__(child, "_name", self._below(key))

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if isinstance(value, Module):
            object.__setattr__(value, "_name", self._below(name))

    def _below(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


class ModuleList(Collection):
    """Modules in a list, for a `forward` that the user writes; state-dict keys '0.weight', ...

    Args:
        modules: in order.
    Raises:
        DTypeError: one is not a Module.

    >>> from tinygrad_cnn import nn
    >>> class Tower(nn.Module):
    ...     def __init__(self): self.floors = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
    ...     def forward(self, x):
    ...         for floor in self.floors: x = floor(x)
    ...         return x
    >>> list(Tower().state_dict())[:3]
    ['floors.0.weight', 'floors.0.bias', 'floors.1.weight']
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self.extend(modules)

    def append(self, module: Module) -> ModuleList:
        """Add a module at the end. Returns itself.

        >>> from tinygrad_cnn import nn
        >>> len(nn.ModuleList().append(nn.ReLU()))
        1
        """
        return self.extend([module])

    def extend(self, modules: Iterable[Module]) -> ModuleList:
        """Add modules at the end. Returns itself.

        Raises:
            DTypeError: one is not a Module; nothing is added.

        >>> from tinygrad_cnn import nn
        >>> len(nn.ModuleList([nn.ReLU()]).extend([nn.ReLU(), nn.ReLU()]))
        3
        """
        added = list(modules)
        for module in added:
            check_module("ModuleList", "each element", module)
        fill(self, [*self, *added])
        return self

    def insert(self, position: int, module: Module) -> None:
        """Put a module before a position; those after it take the next numbers.

        >>> from tinygrad_cnn import nn
        >>> modules = nn.ModuleList([nn.ReLU()]); modules.insert(0, nn.Flatten()); modules[1]
        ReLU()
        """
        check_module("ModuleList", "module", module)
        modules = list(self)
        modules.insert(position_of("ModuleList", position, len(modules), 1), module)
        fill(self, modules)

    def pop(self, position: int = -1) -> Module:
        """Take a module out, and return it.

        >>> from tinygrad_cnn import nn
        >>> nn.ModuleList([nn.Flatten(), nn.ReLU()]).pop()
        ReLU()
        """
        module = self[integer("ModuleList", "position", position)]
        del self[position]
        return module

    def __len__(self) -> int:
        return len(list(self.children()))

    def __iter__(self) -> Iterator[Module]:
        return iter(list(self.children()))

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return _unnamed([*self, *other])

    def __iadd__(self, other: Iterable[Module]) -> ModuleList:
        return self.extend(other)

    @overload
    def __getitem__(self, key: int) -> Module: ...
    @overload
    def __getitem__(self, key: slice) -> ModuleList: ...
    def __getitem__(self, key: int | slice) -> Module | ModuleList:
        """A module by position, or several as a ModuleList."""
        if isinstance(key, slice):
            return _unnamed(list(self)[key])
        return list(self)[position_of("ModuleList", key, len(self))]

    def __setitem__(self, key: int, module: Module) -> None:
        """Put a module in the place of another."""
        check_module("ModuleList", "module", module)
        setattr(self, str(position_of("ModuleList", key, len(self))), module)

    def __delitem__(self, key: int | slice) -> None:
        """Take modules out; those after them move up."""
        modules = list(self)
        del modules[key if isinstance(key, slice) else position_of("ModuleList", key, len(self))]
        fill(self, modules)


class ModuleDict(Collection):
    """Modules by name, for a `forward` that the user writes; state-dict keys 'name.weight', ...

    Args:
        modules: a mapping of names to modules, or pairs of them.
    Raises:
        DTypeError: a value is not a Module, or a name no string.
        ArgumentError: a name that is empty, has a dot, or is that of an attribute, such as 'forward'.

    >>> from tinygrad_cnn import nn
    >>> heads = nn.ModuleDict({"digit": nn.Linear(4, 10), "sign": nn.Linear(4, 1)})
    >>> heads["sign"], list(heads.state_dict())[:2]
    (Linear(in_features=4, out_features=1, bias=True), ['digit.weight', 'digit.bias'])
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] = ()) -> None:
        self.update(modules)

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add modules, or put them in the places of others of the same names.

        >>> from tinygrad_cnn import nn
        >>> modules = nn.ModuleDict(); modules.update({"relu": nn.ReLU()}); list(modules)
        ['relu']
        """
        named = dict(modules)
        for name, module in named.items():
            if not isinstance(name, str):
                raise DTypeError(f"ModuleDict: names must be strings, got {name!r}")
            check_module("ModuleDict", name, module)
            if not name or "." in name or (name not in self and hasattr(self, name)):
                raise ArgumentError(
                    f"ModuleDict: {name!r} cannot be a name: it must not be empty, have a dot, or be "
                    "that of an attribute of the dict itself"
                )
        for name, module in named.items():
            setattr(self, name, module)

    def keys(self) -> Iterable[str]:
        """The names, in order.

        >>> from tinygrad_cnn import nn
        >>> list(nn.ModuleDict({"a": nn.ReLU()}).keys())
        ['a']
        """
        return dict(self.named_children()).keys()

    def values(self) -> Iterable[Module]:
        """The modules, in order.

        >>> from tinygrad_cnn import nn
        >>> list(nn.ModuleDict({"a": nn.ReLU()}).values())
        [ReLU()]
        """
        return dict(self.named_children()).values()

    def items(self) -> Iterable[tuple[str, Module]]:
        """Names and modules, in order.

        >>> from tinygrad_cnn import nn
        >>> list(nn.ModuleDict({"a": nn.ReLU()}).items())
        [('a', ReLU())]
        """
        return dict(self.named_children()).items()

    def pop(self, name: str) -> Module:
        """Take a module out, and return it.

        >>> from tinygrad_cnn import nn
        >>> nn.ModuleDict({"a": nn.ReLU()}).pop("a")
        ReLU()
        """
        module = self[name]
        del self[name]
        return module

    def clear(self) -> None:
        """Take all modules out.

        >>> from tinygrad_cnn import nn
        >>> modules = nn.ModuleDict({"a": nn.ReLU()}); modules.clear(); len(modules)
        0
        """
        for name in self:
            del self[name]

    def __len__(self) -> int:
        return len(dict(self.named_children()))

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self.named_children()))

    def __contains__(self, name: object) -> bool:
        return name in dict(self.named_children())

    def __getitem__(self, name: str) -> Module:
        """A module by name."""
        return self._found(name)

    def __setitem__(self, name: str, module: Module) -> None:
        """Add a module, or put it in the place of another of that name."""
        self.update({name: module})

    def __delitem__(self, name: str) -> None:
        """Take a module out."""
        self._found(name)
        delattr(self, name)

    def _found(self, name: str) -> Module:
        modules = dict(self.named_children())
        if name not in modules:
            raise KeyError(f"ModuleDict: no module {name!r}; has {list(modules)}")
        return modules[name]


def _unnamed(modules: list[Module]) -> ModuleList:
    """A new list of modules that keep the names they have, until it becomes an attribute itself."""
    made = ModuleList()
    vars(made).update({str(i): module for i, module in enumerate(modules)})
    return made
