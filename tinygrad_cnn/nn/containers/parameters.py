"""Parameters in a list or by name, for a `forward` that the user writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.nn.containers.collections import Collection
from tinygrad_cnn.nn.containers.sequential import position_of
from tinygrad_cnn.nn.module import Module, Parameter

__all__ = ["ParameterDict", "ParameterList"]


class ParameterList(Collection):
    """Parameters in a list; state-dict keys '0', '1', ...

    Args:
        values: parameters in order; Tensors and arrays of floats become parameters;
            another list or dict of parameters stays what it is.

    >>> from tinygrad_cnn import nn
    >>> scales = nn.ParameterList([[1.0, 2.0], nn.Parameter([3.0])])
    >>> len(scales), list(scales.state_dict()), scales[1]
    (2, ['0', '1'], Tensor([3.], requires_grad=True))
    """

    def __init__(self, values: Iterable[Any] = ()) -> None:
        self.extend(values)

    def append(self, value: Any) -> ParameterList:
        """Add a parameter at the end. Returns itself.

        >>> from tinygrad_cnn import nn
        >>> len(nn.ParameterList().append([1.0]))
        1
        """
        return self.extend([value])

    def extend(self, values: Iterable[Any]) -> ParameterList:
        """Add parameters at the end. Returns itself.

        >>> from tinygrad_cnn import nn
        >>> len(nn.ParameterList([[1.0]]).extend([[1.0], [2.0]]))
        3
        """
        for value in [_parameter(value) for value in values]:
            setattr(self, str(len(self)), value)
        return self

    def __len__(self) -> int:
        return len(_own(self))

    def __iter__(self) -> Iterator[Parameter]:
        return iter(list(_own(self).values()))

    def __getitem__(self, key: Any) -> Any:
        """A parameter by position, or several as a list."""
        if isinstance(key, slice):
            return list(self)[key]
        return list(self)[position_of("ParameterList", key, len(self))]

    def __setitem__(self, key: int, value: Any) -> None:
        """Put a parameter in the place of another."""
        setattr(self, str(position_of("ParameterList", key, len(self))), _parameter(value))

    def extra_repr(self) -> str:
        """The shapes of the parameters.

        >>> ParameterList([[1.0, 2.0]])
        ParameterList(0: (2,))
        """
        return ", ".join(f"{name}: {_told(value)}" for name, value in _own(self).items())


class ParameterDict(Collection):
    """Parameters by name; state-dict keys are the names.

    Args:
        values: a mapping of names to parameters, or pairs of them; arrays of floats become parameters;
            another list or dict of parameters stays what it is.
    Raises:
        DTypeError: a name is not a string.
        ArgumentError: a name that is empty, has a dot, or is that of an attribute, such as 'forward'.

    >>> from tinygrad_cnn import nn
    >>> scales = nn.ParameterDict({"left": [1.0], "right": [2.0]})
    >>> scales["right"], list(scales), "left" in scales
    (Tensor([2.], requires_grad=True), ['left', 'right'], True)
    """

    def __init__(self, values: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        self.update(values)

    def update(self, values: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Add parameters, or put them in the places of others of the same names.

        >>> scales = ParameterDict(); scales.update({"a": [1.0]}); list(scales.keys())
        ['a']
        """
        named = {name: _parameter(value) for name, value in dict(values).items()}
        for name in named:
            if not isinstance(name, str):
                raise DTypeError(f"ParameterDict: names must be strings, got {name!r}")
            if not name or "." in name or (name not in self and hasattr(self, name)):
                raise ArgumentError(
                    f"ParameterDict: {name!r} cannot be a name: it must not be empty, have a dot, or be "
                    "that of an attribute of the dict itself"
                )
        for name, value in named.items():
            setattr(self, name, value)

    def keys(self) -> Iterable[str]:
        """The names, in order.

        >>> list(ParameterDict({"a": [1.0]}).keys())
        ['a']
        """
        return _own(self).keys()

    def values(self) -> Iterable[Parameter]:
        """The parameters, in order.

        >>> [value.shape for value in ParameterDict({"a": [1.0]}).values()]
        [(1,)]
        """
        return _own(self).values()

    def items(self) -> Iterable[tuple[str, Parameter]]:
        """Names and parameters, in order.

        >>> [name for name, _ in ParameterDict({"a": [1.0]}).items()]
        ['a']
        """
        return _own(self).items()

    def pop(self, name: str) -> Parameter:
        """Take a parameter out, and return it.

        >>> ParameterDict({"a": [1.0]}).pop("a").shape
        (1,)
        """
        value = self[name]
        del self[name]
        return value

    def __len__(self) -> int:
        return len(_own(self))

    def __iter__(self) -> Iterator[str]:
        return iter(list(_own(self)))

    def __contains__(self, name: object) -> bool:
        return name in _own(self)

    def __getitem__(self, name: str) -> Parameter:
        """A parameter by name."""
        found = _own(self)
        if name not in found:
            raise KeyError(f"ParameterDict: no parameter {name!r}; has {list(found)}")
        return found[name]

    def __setitem__(self, name: str, value: Any) -> None:
        """Add a parameter, or put it in the place of another of that name."""
        self.update({name: value})

    def __delitem__(self, name: str) -> None:
        """Take a parameter out."""
        if self[name] is not None:  # refuses a name that is not there
            delattr(self, name)

    def extra_repr(self) -> str:
        """The shapes of the parameters.

        >>> ParameterDict({"a": [1.0, 2.0]})
        ParameterDict(a: (2,))
        """
        return ", ".join(f"{name}: {_told(value)}" for name, value in _own(self).items())


def _own(collection: Any) -> dict[str, Any]:
    return {
        name: value for name, value in vars(collection).items() if isinstance(value, (Parameter, Module))
    }


def _parameter(value: Any) -> Any:
    return value if isinstance(value, (Parameter, Module)) else Parameter(value)


def _told(value: Any) -> str:
    return str(value.shape) if isinstance(value, Parameter) else type(value).__name__
