"""The names under which functions are imported: the public one, where the function's own is private."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from tinygrad_cnn.errors import ArgumentError


class Name(NamedTuple):
    """A module and what it holds.

    Attributes:
        module: to import.   attribute: with dots, where it is within a class.   value: what it is.
    """

    module: str
    attribute: str
    value: Any

    def __str__(self) -> str:
        return self.attribute if self.module == "builtins" else f"{self.module}.{self.attribute}"


def named(function: str, what: str | Callable[..., Any]) -> Name:
    """The name of a function, or what a name stands for; of a class with an `apply`, that.

    Args:
        function: the caller, for messages.   what: 'package.module.name' or the function itself.
    Raises:
        ArgumentError: nothing of that name, or a function that no module holds, such as a lambda.

    >>> str(named("f", "numpy.linalg.inv")), str(named("f", np.sin))
    ('numpy.linalg.inv', 'numpy.sin')
    """
    name = _resolved(function, what) if isinstance(what, str) else _found(function, what)
    if inspect.isclass(name.value) and hasattr(name.value, "apply"):  # as PyTorch's Functions are called
        return Name(name.module, f"{name.attribute}.apply", name.value.apply)
    if not callable(name.value):
        raise ArgumentError(f"{function}: {name} is no function")
    return name


def _resolved(function: str, text: str) -> Name:
    parts = text.replace(":", ".").split(".")
    for count in range(len(parts) - 1, 0, -1):
        module, rest = ".".join(parts[:count]), parts[count:]
        try:
            value: Any = importlib.import_module(module)
        except ImportError as error:
            missing = getattr(error, "name", None) or ""
            if missing and not module.startswith(missing):
                raise ArgumentError(f"{function}: importing {module}: {error}") from error
            continue
        for part in rest:
            if not hasattr(value, part):
                raise ArgumentError(f"{function}: module {module} has no {'.'.join(rest)}")
            value = getattr(value, part)
        return Name(module, ".".join(rest), value)
    raise ArgumentError(f"{function}: no function {text!r}; a name such as 'package.module.name' fits")


def _found(function: str, what: Any) -> Name:
    """The shortest public name of a function, else its own."""
    owner = getattr(what, "__self__", None)
    if inspect.isclass(owner):  # a method of a class
        name = _found(function, owner)
        return Name(name.module, f"{name.attribute}.{what.__name__}", what)
    short = getattr(what, "__name__", "")
    own = (getattr(what, "__module__", None) or "", getattr(what, "__qualname__", short))
    places = [own] if own[0] else []
    root = own[0].partition(".")[0]
    places += [
        (module, short)
        for module in sorted(sys.modules, key=len)
        if not root or module.split(".")[0] == root
    ]
    fitting = [(module, path) for module, path in places if _held(module, path) is what]
    public = [place for place in fitting if not any(p.startswith("_") for p in place[0].split("."))]
    for module, path in [*public, *fitting]:
        return Name(module, path, what)
    raise ArgumentError(
        f"{function}: {short or what!r} cannot be imported; what a module holds fits, or its name"
    )


def _held(module: str, path: str) -> Any:
    """What a module that is loaded holds under a name, with dots; None if nothing."""
    value: Any = sys.modules.get(module)
    for part in path.split(".") if path else ():
        value = vars(value).get(part) if inspect.ismodule(value) else getattr(value, part, None)
        if value is None:
            return None
    return value
