"""The structure of a model, without its numbers, as JSON that names classes and runs no code."""

from __future__ import annotations

import inspect
import json
from typing import Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError, DTypeError
from tinygrad_cnn.nn.module import Buffer, Module, Parameter
from tinygrad_cnn.nn.registry import FUNCTIONS, by_parts, known
from tinygrad_cnn.serial.values import DEPTH, Encoder, below

__all__ = ["to_json"]

#: What marks the JSON, and the version that is written.
FORMAT, VERSION = "tinygrad_cnn.structure", 2
#: Attributes of a module that are not part of its structure.
OWN = ("_hooks", "_name", "_path", "training")


def to_json(model: Module, *, indent: int | None = None) -> str:
    """Write what a model consists of, without the values of its parameters; see `from_json`.

    A layer of this library is written as its class and the arguments of its constructor; a
    container, a network or a class of yours as its class, its plain attributes, the shapes of its
    own parameters, and its modules. Modules and parameters that occur at several places, frozen
    parameters, and generators that layers share are written as such. A generator's state is not.

    Args:
        model: of classes of this library, or of yours after `register`.
        indent: spaces a level, for reading; None writes one line.
    Returns:
        JSON text; the same for the same structure.
    Raises:
        ArgumentError: a class that is not registered, or modules nested too deep.
        DTypeError: no Module, or an attribute that cannot be written; the message names its path.

    >>> from tinygrad_cnn import nn
    >>> text = to_json(nn.Sequential(nn.Linear(4, 2, bias=False)))
    >>> json.loads(text)["model"]["modules"]["0"]["arguments"]
    {'in_features': 4, 'out_features': 2, 'bias': False, 'dtype': 'float32'}
    """
    if not isinstance(model, Module):
        raise DTypeError(f"to_json: a Module fits, got {type(model).__name__}")
    writer = Writer("to_json")
    tree: dict[str, Any] = {"format": FORMAT, "version": VERSION, "model": writer.module(model, "")}
    if frozen := [path for path, p in model.named_parameters() if not p.requires_grad]:
        tree["frozen"] = frozen
    if tied := _tied(model):
        tree["tied"] = tied
    separators = (",", ":") if indent is None else None
    return json.dumps(tree, indent=indent, separators=separators, allow_nan=False, ensure_ascii=False)


def _tied(model: Module) -> list[list[str]]:
    """[first path, other path] of each parameter or buffer that different modules share."""
    first: dict[int, str] = {}
    found = []
    for prefix, module in model.named_modules():
        for name, value in vars(module).items():
            if isinstance(value, (Parameter, Buffer)):
                path = f"{prefix}.{name}" if prefix else name
                if first.setdefault(id(value), path) != path:
                    found.append([first[id(value)], path])
    return found


class Writer(Encoder):
    """Writes modules, functions and generators as well as plain values, remembering what it has met.

        {"$module": {"class": ...}}    {"$function": name}    {"$generator": {"kind": ..., "number": ...}}
        {"$parameter": {"shape": ..., "dtype": ...}}    {"$buffer": ...}    attributes, without their values

    Args:
        function: whose name an error begins with, '' for none.

    >>> Writer("to_json").value([FUNCTIONS["relu"], float("inf")], "here")
    [{'$function': 'relu'}, {'$float': 'inf'}]
    """

    def __init__(self, function: str) -> None:
        super().__init__(function)
        self.paths: dict[int, str] = {}
        self.generators: list[np.random.Generator] = []

    def module(self, module: Module, path: str) -> dict[str, Any]:
        """A module, and all below it.

        >>> Writer("to_json").module(known()["ReLU"](), "")
        {'class': 'ReLU', 'arguments': {}}
        """
        if id(module) in self.paths:
            return {"same": self.paths[id(module)]}
        self.paths[id(module)] = path
        cls = type(module)
        if known().get(cls.__name__) is not cls:
            raise ArgumentError(
                f"{self.prefix}{path or 'the model'} is a {cls.__qualname__}, which is not registered; "
                f"write @nn.register above its class, here and where it is loaded"
            )
        if path.count(".") > DEPTH:
            raise ArgumentError(f"{self.prefix}modules nested more than {DEPTH} deep, at {path[:80]}")
        wanted = {} if by_parts(cls) else arguments_of(cls)
        children = dict(module.named_children())
        if by_parts(cls) or children.keys() - wanted.keys():
            attributes = {n: v for n, v in vars(module).items() if n not in OWN and n not in children}
            return {
                "class": cls.__name__,
                "attributes": {n: self.part(v, below(path, n)) for n, v in attributes.items()},
                "modules": {n: self.module(child, below(path, n)) for n, child in children.items()},
            }
        arguments = {
            name: self._argument(module, parameter, below(path, name))
            for name, parameter in wanted.items()
            if name in vars(module) or name not in ("rng", "dtype")
        }
        if "dtype" in wanted and (floats := _floats(module)):
            arguments["dtype"] = floats[0]
        return {"class": cls.__name__, "arguments": arguments}

    def _argument(self, module: Module, parameter: inspect.Parameter, path: str) -> Any:
        """Find what the constructor was given, read off the attribute of the same name."""
        if not hasattr(module, parameter.name):
            raise DTypeError(
                f"{self.prefix}{path}: {type(module).__name__} keeps no attribute of that name, "
                "by which its constructor's argument could be told"
            )
        value = getattr(module, parameter.name)
        if parameter.annotation in ("bool", bool) and not isinstance(value, (bool, np.bool_)):
            return value is not None  # bias=True made a Parameter, bias=False none
        return self.value(value.array if isinstance(value, (Parameter, Buffer)) else value, path)

    def part(self, value: Any, path: str) -> Any:
        """An attribute of a module that is written as its parts.

        >>> Writer("to_json").part(Parameter([1.0, 2.0]), "weight")
        {'$parameter': {'shape': [2], 'dtype': 'float32'}}
        """
        if isinstance(value, (Parameter, Buffer)):
            kind = "$parameter" if isinstance(value, Parameter) else "$buffer"
            return {kind: {"shape": list(value.shape), "dtype": value.dtype.name}}
        return self.value(value, path)

    def other(self, value: Any, path: str) -> Any:
        """A generator, a function of `functional`, or a module.

        >>> Writer("to_json").other(FUNCTIONS["relu"], "here")
        {'$function': 'relu'}
        """
        if isinstance(value, np.random.Generator):
            return {"$generator": self._generator(value)}
        if isinstance(value, Module):
            return {"$module": self.module(value, path)}
        name = getattr(value, "__name__", "")
        if isinstance(name, str) and FUNCTIONS.get(name) is value:
            return {"$function": name}
        raise DTypeError(
            f"{self.prefix}{path} is a {type(value).__name__}, which JSON cannot hold; modules, "
            "plain values, arrays, generators and functions of tinygrad_cnn.functional fit"
        )

    def _generator(self, value: np.random.Generator) -> dict[str, Any]:
        """The kind of a generator, and which of those met it is."""
        numbers = [k for k, known in enumerate(self.generators) if known is value]
        if not numbers:
            self.generators.append(value)
        number = numbers[0] if numbers else len(self.generators) - 1
        return {"kind": type(value.bit_generator).__name__, "number": number}


def arguments_of(cls: type) -> dict[str, inspect.Parameter]:
    """The arguments of a constructor by name; without those that take any number.

    >>> list(arguments_of(known()["Softmax"]))
    ['dim']
    """
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {n: p for n, p in inspect.signature(cls).parameters.items() if p.kind not in several}


def _floats(module: Module) -> list[str]:
    """The float types of a module's own parameters and buffers."""
    own = (v.dtype for v in vars(module).values() if isinstance(v, (Parameter, Buffer)))
    return [dtype.name for dtype in own if dtype.kind == "f"]
