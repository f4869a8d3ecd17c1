"""Values from JSON: what a structure may hold beside modules, each checked before it is made."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from tinygrad_cnn.errors import FormatError, TinygradCnnError
from tinygrad_cnn.nn.module import Module
from tinygrad_cnn.nn.registry import FUNCTIONS
from tinygrad_cnn.nn.structure import DEPTH, below

GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
DTYPES = {"bool", *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64))}
FLOATS = {"float16", "float32", "float64"}


class Values(ABC):
    """Values from what a `Writer` wrote; a subclass makes the modules among them.

    Args:
        where: what an error begins with.   rng: seeds generators.
        limit: how many elements arrays of parameters may have in all.
    """

    def __init__(self, where: str, rng: np.random.Generator, limit: int) -> None:
        self.where, self.rng, self.limit, self.room = where, rng, limit, limit
        self.generators: dict[int, np.random.Generator] = {}

    @abstractmethod
    def module(self, tree: Any, path: str) -> Module:
        """A module, and all below it."""

    def refuse(self, path: str, problem: str) -> NoReturn:
        """Raise FormatError at a path.

        >>> from tinygrad_cnn.nn.rebuild import Builder; from tinygrad_cnn.rng import generator
        >>> Builder("a.json", generator(0), 1).refuse("0.bias", "is missing")
        Traceback (most recent call last):
        tinygrad_cnn.errors.FormatError: a.json: 0.bias: is missing
        """
        raise FormatError(f"{self.where}: {path[:200]}: {problem}" if path else f"{self.where}: {problem}")

    def keys(self, path: str, tree: Any, needed: tuple[str, ...], free: tuple[str, ...] = ()) -> None:
        """See that a tree is an object with these keys.

        >>> from tinygrad_cnn.nn.rebuild import Builder; from tinygrad_cnn.rng import generator
        >>> Builder("a.json", generator(0), 1).keys("0", {"class": "ReLU"}, ("class",))
        """
        if not isinstance(tree, dict):
            self.refuse(path, f"expected an object, found {str(tree)[:40]!r}")
        missing = [key for key in needed if key not in tree]
        unknown = [key for key in tree if key not in needed and key not in free]
        if missing or unknown:
            self.refuse(
                path, f"missing keys: {missing or 'none'}, unknown keys: {str(unknown or 'none')[:80]}"
            )

    def take(self, path: str, count: int) -> None:
        """Count elements that are about to be made.

        >>> from tinygrad_cnn.nn.rebuild import Builder; from tinygrad_cnn.rng import generator
        >>> builder = Builder("a.json", generator(0), 10); builder.take("0.weight", 4); builder.room
        6
        """
        self.room -= count
        if self.room < 0:
            asked = f"{count:,}" if count < 10**30 else "more than 10**30"
            self.refuse(path, f"asks for {asked} elements, more than the limit of {self.limit:,} for all; "
                        "if the structure is right, from_json(..., limit=) sets another")  # fmt: skip

    def value(self, tree: Any, path: str, depth: int = 0) -> Any:
        """A plain value, an array, a generator, a function of `functional`, or a module.

        >>> from tinygrad_cnn.nn.rebuild import Builder; from tinygrad_cnn.rng import generator
        >>> Builder("a.json", generator(0), 1).value({"function": "relu"}, "").__name__
        'relu'
        """
        if depth > DEPTH:
            self.refuse(path, f"values nested more than {DEPTH} deep")
        if tree is None or isinstance(tree, (bool, int, float, str)):
            return tree
        if isinstance(tree, list):
            return tuple(self.value(v, below(path, k), depth + 1) for k, v in enumerate(tree))
        mark = next(iter(tree), None)
        if mark == "list" and isinstance(tree[mark], list):
            return list(self.value(tree[mark], path, depth + 1))
        if mark == "dict" and isinstance(tree[mark], dict):
            return {k: self.value(v, below(path, k), depth + 1) for k, v in tree[mark].items()}
        if mark == "float" and tree[mark] in ("inf", "-inf", "nan"):
            return float(tree[mark])
        if mark == "function" and isinstance(tree[mark], str) and tree[mark] in FUNCTIONS:
            return FUNCTIONS[tree[mark]]
        if mark == "class":
            return self.module(tree, path)
        if mark == "array":
            return self._array(tree, path)
        if mark == "generator":
            return self._generator(tree, path)
        self.refuse(path, f"expected a value, found {json.dumps(tree)[:80]}")

    def _array(self, tree: dict[str, Any], path: str) -> Any:
        self.keys(path, tree, ("array", "shape", "dtype"))
        shape, dtype = self._shape(tree["shape"], path), self._dtype(tree["dtype"], path)
        numbers = self.value(tree["array"], path)
        if not isinstance(numbers, tuple) or len(numbers) != math.prod(shape):
            self.refuse(path, f"the array has not the elements that its shape {shape} needs")
        if not all(isinstance(number, (bool, int, float)) for number in numbers):
            self.refuse(path, "an array holds numbers only")
        return self._tried(path, "array", lambda: np.array(numbers, dtype).reshape(shape))

    def _shape(self, given: Any, path: str) -> tuple[int, ...]:
        if not isinstance(given, list) or not all(type(n) is int and 0 <= n < 2**63 for n in given):
            self.refuse(path, f"expected a shape, found {str(given)[:40]!r}")
        return tuple(given)

    def _dtype(self, given: Any, path: str) -> Any:
        if not isinstance(given, str) or given not in DTYPES | FLOATS:
            self.refuse(path, f"expected an element type, found {str(given)[:40]!r}")
        return np.dtype(given)

    def _generator(self, tree: dict[str, Any], path: str) -> np.random.Generator:
        self.keys(path, tree, ("generator", "number"))
        kind, number = tree["generator"], tree["number"]
        if kind not in GENERATORS or type(number) is not int:
            self.refuse(path, f"expected one of {', '.join(GENERATORS)}, found {str(kind)[:40]!r}")
        if number not in self.generators:
            seed = int(self.rng.integers(2**63))
            self.generators[number] = np.random.Generator(getattr(np.random, kind)(seed))
        return self.generators[number]

    def _tried(self, path: str, what: str, make: Callable[[], Any]) -> Any:
        """What a function makes; its error names the path."""
        try:
            return make()
        except (
            TinygradCnnError,
            TypeError,
            ValueError,
            OverflowError,
            AttributeError,
            MemoryError,
        ) as error:
            self.refuse(path, f"no {what} can be made of this: {error}")
