"""`torch.jit`: what is scripted or traced runs as it is written; files of TorchScript are left out."""

import builtins
import types
import typing
from collections.abc import Callable
from typing import Any, Final

from tinygrad_cnn.torch.nn import Module as Module
from tinygrad_cnn.torch.refusals import guard

__all__ = [
    "Final", "ScriptModule", "annotate", "export", "freeze", "ignore", "interface", "is_scripting", "is_tracing",
    "isinstance", "optimize_for_inference", "script", "script_if_tracing", "script_method", "trace", "trace_module", "unused",
]  # fmt: skip

ScriptModule = RecursiveScriptModule = TopLevelTracedModule = Module


def script(obj: Any, *args: Any, **options: Any) -> Any:
    """The function, class or module that it is given.

    >>> script(abs) is abs
    True
    """
    return obj


def trace(func: Any, example_inputs: Any = None, *args: Any, **options: Any) -> Any:
    """The function or module that it is given; nothing of it is fixed to the example.

    >>> trace(abs, 3)(-1)
    1
    """
    return func


def trace_module(mod: Any, inputs: Any, *args: Any, **options: Any) -> Any:
    """The module that it is given."""
    return mod


script_method = export = script_if_tracing = interface = script
freeze = optimize_for_inference = script


def ignore(drop: Any = False, **options: Any) -> Callable[..., Any]:
    """The function that it is given, or a decorator that gives back its function.

    >>> ignore(abs)(-1), ignore(drop=True)(abs)(-1)
    (1, 1)
    """
    return drop if callable(drop) else lambda function: function


unused = ignore


def is_scripting() -> bool:
    """No.

    >>> is_scripting(), is_tracing()
    (False, False)
    """
    return False


def is_tracing() -> bool:
    """No."""
    return False


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value.

    >>> annotate(list[int], [])
    []
    """
    return the_value


def isinstance(obj: Any, target_type: Any) -> bool:
    """Whether an object is of a type, which may be one of `typing`'s."""
    plain, parts = typing.get_origin(target_type) or target_type, typing.get_args(target_type)
    if plain in (typing.Union, types.UnionType):
        return any(isinstance(obj, part) for part in parts)
    if not parts or not builtins.isinstance(obj, plain):
        return builtins.isinstance(obj, plain)
    if plain is dict:
        return all(
            isinstance(part, kind) for pair in obj.items() for part, kind in zip(pair, parts, strict=True)
        )
    if plain is tuple and parts[-1] is not ...:
        return len(obj) == len(parts) and all(map(isinstance, obj, parts))
    return all(isinstance(part, parts[0]) for part in obj)


annotations: Any = types.SimpleNamespace(
    **{
        name: getattr(typing, name)
        for name in ("Any", "Dict", "List", "NamedTuple", "Optional", "Tuple", "Union")
    }
)
__getattr__ = guard("torch.jit", globals())
