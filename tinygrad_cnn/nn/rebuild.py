"""A model made from the JSON of its structure: known classes only, sizes checked before they are used."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.functional.arguments import integer
from tinygrad_cnn.nn.first_format import upgraded_module
from tinygrad_cnn.nn.module import Buffer, Module, Parameter
from tinygrad_cnn.nn.module.parameters import ROOM
from tinygrad_cnn.nn.registry import FUNCTIONS, by_parts, known
from tinygrad_cnn.nn.structure import FORMAT, OWN, VERSION, arguments_of
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.serial.values import DEPTH, FLOATS, Decoder, below

__all__ = ["from_json"]

#: The most elements of a model, unless more is asked for: VGG-19 has half as many.
LIMIT = 2**28
#: Options by which no array of a layer grows.
GEOMETRY = {"stride", "padding", "dilation", "groups", "output_padding", "padding_idx"}
#: The kinds of generators that a structure may name.
GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")


def from_json(
    text: str | bytes, *, rng: Seed = None, limit: int = LIMIT, where: str = "from_json"
) -> Module:
    """Make a model of the structure that `to_json` wrote, with new starting weights.

    Layers start as their constructors have it; parameters and buffers of networks and of classes of
    yours start at 0. `load_state_dict`, or a file of `save_model`, brings the values. The model is
    in training mode.

    The text can make nothing happen but this: layers of the library are constructed, and known
    classes get attributes. It names no other code, and what it asks for is counted before it is made.

    Args:
        text: the JSON.   rng: seed or generator of the weights.
        limit: the most elements that the sizes of all layers may ask for; 2**28 of float32 are 1 GiB.
        where: what an error's message begins with, such as the name of a file.
    Returns:
        The model.
    Raises:
        FormatError: no JSON, another format, a class that is not known, or an argument that is
            missing, unknown or does not fit; the message names its path.

    >>> from tinygrad_cnn import nn
    >>> nn.from_json(nn.to_json(nn.Sequential(nn.Flatten(), nn.Linear(4, 2))))
    Sequential(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): Linear(in_features=4, out_features=2, bias=True)
    )
    """
    if not isinstance(text, (str, bytes)):
        raise DTypeError(f"from_json: JSON text fits, got {type(text).__name__}")
    builder = Builder(where, generator(rng), integer("from_json", "limit", limit, 0))
    try:
        tree = json.loads(text)
        if isinstance(tree, dict) and tree.get("version") == 1 and "model" in tree:
            tree = {**tree, "version": VERSION, "model": upgraded_module(tree["model"])}
    except RecursionError:
        builder.refuse("", f"nested more than {DEPTH} deep")
    except ValueError as error:
        builder.refuse("", f"expected JSON, {error}")
    if not isinstance(tree, dict) or tree.get("format") != FORMAT:
        found = f"an object of {sorted(tree)[:6]}" if isinstance(tree, dict) else f"{str(tree)[:40]!r}"
        builder.refuse("", f'expected an object with "format": "{FORMAT}", found {found}')
    builder.keys("", tree, ("format", "version", "model"), ("frozen", "tied"))
    if tree["version"] != VERSION:
        builder.refuse("", f"expected version 1 to {VERSION}, found {str(tree['version'])[:40]}")
    model = builder.module(tree["model"], "")
    builder.tie(model, tree.get("tied", []))
    builder.freeze(model, tree.get("frozen", []))
    return model


class Builder(Decoder):
    """Makes modules and values from what a `Writer` wrote.

    Args:
        where: what an error begins with.   rng: of the weights, and seeds generators.
        limit: how many elements arrays of parameters may have in all.

    >>> Builder("here", generator(0), 100).value([{"$function": "relu"}, {"$float": "inf"}], "")[1]
    inf
    """

    def __init__(self, where: str, rng: np.random.Generator, limit: int) -> None:
        super().__init__(where)
        self.rng, self.limit, self.room = rng, limit, limit
        self.generators: dict[int, np.random.Generator] = {}
        self.modules: dict[str, Module] = {}
        self.known = known()

    def take(self, path: str, count: int) -> None:
        """Count elements that are about to be made.

        >>> builder = Builder("a.json", generator(0), 10); builder.take("0.weight", 4); builder.room
        6
        """
        self.room -= count
        if self.room < 0:
            asked = f"{count:,}" if count < 10**30 else "more than 10**30"
            self.refuse(path, f"asks for {asked} elements, more than the limit of {self.limit:,} for all; "
                        "if the structure is right, from_json(..., limit=) sets another")  # fmt: skip

    def other(self, mark: str, inner: Any, path: str) -> Any:
        """A function of `functional`, a module or a generator.

        >>> Builder("a.json", generator(0), 1).other("$function", "relu", "").__name__
        'relu'
        """
        if mark == "$function" and isinstance(inner, str) and inner in FUNCTIONS:
            return FUNCTIONS[inner]
        if mark == "$module":
            return self.module(inner, path)
        if mark == "$generator":
            return self._generator(inner, path)
        return super().other(mark, inner, path)

    def _generator(self, tree: Any, path: str) -> np.random.Generator:
        self.keys(path, tree, ("kind", "number"))
        kind, number = tree["kind"], tree["number"]
        if kind not in GENERATORS or type(number) is not int:
            self.refuse(path, f"expected one of {', '.join(GENERATORS)}, found {str(kind)[:40]!r}")
        if number not in self.generators:
            seed = int(self.rng.integers(2**63))
            self.generators[number] = np.random.Generator(getattr(np.random, kind)(seed))
        return self.generators[number]

    # ------------------------------------------------------------------ modules
    def module(self, tree: Any, path: str) -> Module:
        """A module, and all below it.

        >>> Builder("a.json", generator(0), 1).module({"class": "ReLU", "arguments": {}}, "")
        ReLU()
        """
        if path.count(".") > DEPTH:
            self.refuse(path, f"modules nested more than {DEPTH} deep")
        if isinstance(tree, dict) and "same" in tree:
            self.keys(path, tree, ("same",))
            found = self.modules.get(tree["same"]) if isinstance(tree["same"], str) else None
            if found is None:
                self.refuse(
                    path, f"is the same as {str(tree['same'])[:40]!r}, which is not there before it"
                )
            return found
        self.keys(path, tree, ("class",), ("arguments", "attributes", "modules"))
        name = tree["class"]
        cls = self.known.get(name) if isinstance(name, str) else None
        if cls is None:
            self.refuse(path, f"unknown class {str(name)[:80]!r}; a class of your own must be imported "
                        "before, with @nn.register above it")  # fmt: skip
        if "arguments" in tree:
            self.keys(path, tree, ("class", "arguments"))
            if by_parts(cls):
                self.refuse(path, f'a {name} has "attributes" and "modules", not "arguments"')
            made = self._constructed(cls, tree["arguments"], path)
        else:
            self.keys(path, tree, ("class", "attributes", "modules"))
            made = self._assembled(cls, tree["attributes"], tree["modules"], path)
        self.modules[path] = made
        return made

    def _constructed(self, cls: type[Module], given: Any, path: str) -> Module:
        """A layer of the library, by its constructor."""
        wanted = arguments_of(cls)
        needed = tuple(n for n, p in wanted.items() if p.default is p.empty)
        self.keys(path, given, needed, tuple(wanted))
        arguments = {name: self.value(value, below(path, name)) for name, value in given.items()}
        draws = arguments.get("rng")
        if "dtype" in wanted:
            if str(arguments.get("dtype", "float32")) not in FLOATS:
                self.refuse(
                    below(path, "dtype"),
                    f"one of {sorted(FLOATS)} fits, found {str(given['dtype'])[:40]!r}",
                )
            sizes = {n: _product(v) for n, v in arguments.items() if n not in GEOMETRY}
            large = max(sizes, key=lambda n: sizes[n], default="")
            if large and sizes[large] > self.limit:  # such as the ones of a norm
                self.take(below(path, large), sizes[large])
            if "rng" in wanted:
                arguments["rng"] = self.rng
        # The sizes of parameters follow from the arguments by rules of each class, so each is counted
        # when it is about to be made.
        around = ROOM.get()
        try:
            ROOM.set(lambda data, dtype: self.take(path, _elements(data, dtype)))
            made: Module = self.tried(path, cls.__name__, lambda: cls(**arguments))
        finally:
            ROOM.set(around)
        if "dtype" in wanted and "rng" in given:  # what it goes on drawing from, beside its weights
            vars(made)["rng"] = draws
        return made

    def _assembled(self, cls: type[Module], attributes: Any, modules: Any, path: str) -> Module:
        """A container, a network or a user's module: its attributes set, no constructor run."""
        made = cls.__new__(cls)
        for kind, given in (("attributes", attributes), ("modules", modules)):
            if not isinstance(given, dict):
                self.refuse(path, f"{kind}: expected an object, found {str(given)[:40]!r}")
            for name, tree in given.items():
                there = below(path, name)
                own = getattr(cls, name, None)
                if (
                    not name
                    or "." in name
                    or name[:2] == "__"
                    or callable(own)
                    or isinstance(own, property)
                ):
                    self.refuse(
                        there, f"{name[:40]!r} cannot be the name of an attribute of a {cls.__name__}"
                    )
                if name in vars(made) or name in OWN:
                    self.refuse(there, "the name is taken")
                value = self.module(tree, there) if kind == "modules" else self._attribute(tree, there)
                setattr(made, name, value)
        return made

    def _attribute(self, tree: Any, path: str) -> Any:
        """A parameter or buffer of zeros, or a value."""
        for kind, make in (("$parameter", Parameter), ("$buffer", Buffer)):
            if isinstance(tree, dict) and kind in tree:
                self.keys(path, tree, (kind,))
                self.keys(path, tree[kind], ("shape", "dtype"))
                shape = self.shape(tree[kind]["shape"], path)
                dtype = self.dtype(tree[kind]["dtype"], path)
                self.take(path, math.prod(shape) * max(dtype.itemsize, 4) // 4)
                return self.tried(path, kind[1:], lambda: make(np.zeros(shape, dtype)))  # noqa: B023, called at once
        return self.value(tree, path)

    def tie(self, model: Module, pairs: Any) -> None:
        """Let each second path hold the very parameter of the first.

        >>> Builder("a.json", generator(0), 1).tie(Module(), [])
        """
        if not isinstance(pairs, list) or not all(
            isinstance(pair, list) and len(pair) == 2 for pair in pairs
        ):
            self.refuse("tied", "expected a list of pairs of paths")
        for first, other in pairs:
            (_, _, source), (owner, name, target) = self._found(first, "tied"), self._found(other, "tied")
            if source.shape != target.shape or type(source) is not type(target):
                self.refuse("tied", f"{first} and {other} differ: {source.shape}, {target.shape}")
            setattr(owner, name, source)

    def freeze(self, model: Module, paths: Any) -> None:
        """Let parameters want no gradient.

        >>> Builder("a.json", generator(0), 1).freeze(Module(), [])
        """
        if not isinstance(paths, list):
            self.refuse("frozen", "expected a list of paths")
        for path in paths:
            self._found(path, "frozen")[2].requires_grad_(False)

    def _found(self, path: Any, part: str) -> tuple[Module, str, Any]:
        """The module, the name and the parameter or buffer of a path."""
        prefix, _, name = path.rpartition(".") if isinstance(path, str) else ("", "", "")
        owner = self.modules.get(prefix)
        value = None if owner is None else vars(owner).get(name)
        if owner is None or not isinstance(value, (Parameter, Buffer)):
            self.refuse(part, f"there is no parameter {str(path)[:80]!r}")
        return owner, name, value


def _elements(data: Any, dtype: Any) -> int:
    """The memory of a parameter, counted in elements of float32; each takes some more than its data."""
    array = np.asarray(data)
    size = array.dtype.itemsize if dtype is None else np.dtype(dtype).itemsize
    return max(array.size * size // 4, 256)


def _product(values: Any) -> int:
    """The product of all whole numbers above 1 in a tree: no array of a layer has more elements."""
    if type(values) is int:
        return max(abs(values), 1)
    return math.prod(map(_product, values)) if isinstance(values, (list, tuple)) else 1
