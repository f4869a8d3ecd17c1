"""Classes of `torch.nn` made from native layers, and from functions."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

from tinygrad_cnn import nn as native_nn
from tinygrad_cnn.torch import devices, dtypes
from tinygrad_cnn.torch.nn.modules import Module

#: The module that the classes say they are of.
HOME = "tinygrad_cnn.torch.nn.layers"


@cache
def _parameters(cls: type) -> tuple[int, bool]:
    """Count the arguments that a native layer takes by place, and say whether it takes a type."""
    found = inspect.signature(cls).parameters.values()
    return sum(p.kind is p.POSITIONAL_OR_KEYWORD for p in found), any(p.name == "dtype" for p in found)


def with_device(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """The arguments of a native layer; a device and a type given by place behind them become keywords.

    >>> keywords = {}
    >>> with_device(native_nn.Linear, (2, 3, True, "cpu", "float64"), keywords), keywords
    ((2, 3, True), {'device': 'cpu', 'dtype': 'float64'})
    """
    count, _ = _parameters(cls)
    behind = args[count:]
    if len(behind) > 2:
        raise TypeError(f"{cls.__name__}() takes {count + 2} arguments, got {len(args)}")
    kwargs.update(zip(("device", "dtype"), behind, strict=False))
    return args[:count]


def options_of(cls: type, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments without the device, and with NumPy's type."""
    devices.check(kwargs.pop("device", None))
    kind = kwargs.pop("dtype", None)
    if _parameters(cls)[1]:
        kwargs["dtype"] = dtypes.get_default_dtype().dtype if kind is None else dtypes.to_numpy(kind)
    return kwargs


def made(name: str, **own: Any) -> Any:
    """The class of a native layer for `torch.nn`."""
    native: Any = getattr(native_nn, name)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        args = with_device(native, args, kwargs)
        native.__init__(self, *args, **options_of(native, kwargs))
        self.reset_parameters()

    space = {
        "__init__": __init__,
        "reset_parameters": lambda self: None,
        "__doc__": f"See `nn.{name}`.",
        **own,
    }
    return type(name, (native, Module), {**space, "__module__": HOME})


def of_function(name: str, function: Any, *options: tuple[str, Any], shown: bool = True) -> Any:
    """A layer that calls a function with the options that it was made with, and shows them."""
    names, defaults = [n for n, _ in options], dict(options)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        Module.__init__(self)
        if len(args) > len(names):
            raise TypeError(f"{name}() takes {len(names)} arguments, got {len(args)}")
        given = {**defaults, **dict(zip(names, args, strict=False)), **kwargs}
        wrong = given.keys() - defaults.keys()
        if wrong:
            raise TypeError(f"{name}.__init__() got an unexpected keyword argument {sorted(wrong)[0]!r}")
        for key, value in given.items():
            setattr(self, key, value)

    def forward(self: Any, *xs: Any) -> Any:
        return function(*xs, **{key: getattr(self, key) for key in names})

    def extra_repr(self: Any) -> str:
        own = [(key, getattr(self, key)) for key in names if shown]
        return ", ".join(f"{k}={v}" for k, v in own if v is not None and (k, v) != ("inplace", False))

    space = {"__init__": __init__, "forward": forward, "extra_repr": extra_repr, "__module__": HOME}
    return type(name, (Module,), {**space, "__doc__": f"See `functional.{function.__name__}`."})
