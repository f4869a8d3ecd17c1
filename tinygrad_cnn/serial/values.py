"""Trees of plain values as JSON, with the arrays among them kept beside it or written out.

This is the one format of values in all files that the library writes. What JSON cannot say is an object
with one key, which begins with `$`:

    {"$tuple": [...]}      {"$items": [[key, value], ...]}   a dict whose keys are not plain text
    {"$float": "nan"}      also "inf" and "-inf"
    {"$tensor": name}      an array that is kept beside the text, by its name
    {"$scalar": name}      a NumPy scalar, likewise
    {"$array": {"of": [...], "shape": [...], "dtype": "..."}}   an array that is written out

Subclasses add marks for what else they know, such as functions and modules.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import DTypeError, FormatError
from tinygrad_cnn.signal_handlers import let_through

Array = NDArray[Any]

#: How deep values may be nested.
DEPTH = 100
DTYPES = {"bool", *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64))}
FLOATS = {"float16", "float32", "float64"}


class Encoder:
    """Writes values as what JSON can hold.

    Args:
        function: whose name an error begins with, '' for none.
        arrays: takes the arrays, each by the path that leads to it; None writes them out.

    >>> Encoder("save").value({"betas": (0.9, float("inf")), "mask": np.array([True])}, "adam")
    {'betas': {'$tuple': [0.9, {'$float': 'inf'}]}, 'mask': {'$array': {'of': [True], 'shape': [1], \
'dtype': 'bool'}}}
    """

    def __init__(self, function: str, arrays: dict[str, Array] | None = None) -> None:
        self.prefix = f"{function}: " if function else ""
        self.arrays = arrays

    def value(self, value: Any, path: str, depth: int = 0) -> Any:
        """A value as what JSON can hold.

        Args:
            value: None, bool, int, float, text, list, tuple, dict, NumPy scalar or array, or what
                `other` knows.   path: names it in errors, and its arrays.   depth: how deep it is nested.
        Raises:
            DTypeError: something else.

        >>> Encoder("save").value({3: [None, 2.5]}, "here")
        {'$items': [[3, [None, 2.5]]]}
        """
        if depth > DEPTH:
            raise DTypeError(f"{self.prefix}{path[:80]}: values nested more than {DEPTH} deep")
        if isinstance(value, np.generic) and self.arrays is None:
            value = value.item()
        if value is None or isinstance(value, (bool, int, str)):
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) else {"$float": str(value)}
        if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biuf":
            return self._array(value, path)
        if isinstance(value, dict):
            items = [(k, self.value(v, below(path, k), depth + 1)) for k, v in value.items()]
            if all(isinstance(k, str) and not k.startswith("$") for k, _ in items):
                return dict(items)
            return {"$items": [[self.value(k, path, depth + 1), v] for k, v in items]}
        if isinstance(value, (list, tuple)):
            parts = [self.value(v, below(path, k), depth + 1) for k, v in enumerate(value)]
            return {"$tuple": parts} if isinstance(value, tuple) else parts
        return self.other(value, path)

    def other(self, value: Any, path: str) -> Any:
        """A value of another kind; for subclasses.

        Raises:
            DTypeError: none is known.

        >>> Encoder("save").other({1, 2}, "here")
        Traceback (most recent call last):
        tinygrad_cnn.errors.DTypeError: save: here is a set; plain values and arrays fit
        """
        raise DTypeError(f"{self.prefix}{path} is a {type(value).__name__}; plain values and arrays fit")

    def _array(self, value: Any, path: str) -> dict[str, Any]:
        """An array or scalar: kept beside the text, or written out."""
        if self.arrays is None:
            flat = [self.value(number, path) for number in value.ravel().tolist()]
            return {"$array": {"of": flat, "shape": list(value.shape), "dtype": value.dtype.name}}
        name = path
        while name in self.arrays:  # "a.b" may be a key, and a path
            name += "_"
        self.arrays[name] = np.asarray(value)
        return {"$tensor" if isinstance(value, np.ndarray) else "$scalar": name}


class Decoder:
    """Makes values from what an `Encoder` wrote, and refuses everything else.

    Args:
        where: what an error begins with, such as the name of a file.
        arrays: those that are kept beside the text.

    >>> Decoder("a.json").value({"betas": {"$tuple": [0.9, {"$float": "inf"}]}}, "")
    {'betas': (0.9, inf)}
    """

    def __init__(self, where: str, arrays: Mapping[str, Array] | None = None) -> None:
        self.where, self.arrays = where, {} if arrays is None else arrays

    def value(self, tree: Any, path: str, depth: int = 0) -> Any:
        """The value that an `Encoder` wrote.

        Raises:
            FormatError: a mark that is not known, an array that is not there, or nested too deep.

        >>> Decoder("a.json").value({"$items": [[3, {"$tuple": []}]]}, "here")
        {3: ()}
        """
        if depth > DEPTH:
            self.refuse(path, f"values nested more than {DEPTH} deep")
        if tree is None or isinstance(tree, (bool, int, float, str)):
            return tree
        if isinstance(tree, list):
            return [self.value(v, below(path, k), depth + 1) for k, v in enumerate(tree)]
        if not isinstance(tree, dict):
            self.refuse(path, f"expected a value, found a {type(tree).__name__}")
        mark = next(iter(tree), "")
        if not mark.startswith("$"):
            return {k: self.value(v, below(path, k), depth + 1) for k, v in tree.items()}
        inner = tree[mark]
        if len(tree) > 1:
            self.refuse(path, f"an object with the mark {mark[:20]!r} holds nothing else")
        if mark == "$tuple" and isinstance(inner, list):
            return tuple(self.value(inner, path, depth + 1))
        if mark == "$float" and inner in ("inf", "-inf", "nan"):
            return float(inner)
        if mark == "$items" and isinstance(inner, list):
            return dict(self._item(pair, path, depth) for pair in inner)
        if mark in ("$tensor", "$scalar") and isinstance(inner, str):
            if inner not in self.arrays:
                self.refuse(path, f"the array {inner[:80]!r} is not there")
            found = self.arrays[inner]
            if mark == "$scalar" and found.ndim:
                self.refuse(path, f"{inner[:80]!r} is not a scalar")
            return found if mark == "$tensor" else found[()]
        if mark == "$array":
            return self._array(inner, path)
        return self.other(mark, inner, path)

    def other(self, mark: str, inner: Any, path: str) -> Any:
        """A value with another mark; for subclasses.

        Raises:
            FormatError: none is known.

        >>> Decoder("a.json").other("$code", 3, "here")
        Traceback (most recent call last):
        tinygrad_cnn.errors.FormatError: a.json: here: expected a value, found {'$code': 3}
        """
        self.refuse(path, f"expected a value, found {str({mark[:40]: inner})[:80]}")

    def _item(self, pair: Any, path: str, depth: int) -> tuple[Any, Any]:
        if not isinstance(pair, list) or len(pair) != 2:
            self.refuse(path, "the items of a dict are pairs")
        key = self.value(pair[0], path, depth + 1)
        try:
            hash(key)
        except TypeError:
            self.refuse(path, f"a dict cannot have the key {str(key)[:40]}")
        return key, self.value(pair[1], below(path, key), depth + 1)

    def _array(self, tree: Any, path: str) -> Array:
        """An array that is written out."""
        self.keys(path, tree, ("of", "shape", "dtype"))
        shape, dtype = self.shape(tree["shape"], path), self.dtype(tree["dtype"], path)
        numbers = self.value(tree["of"], path)
        if not isinstance(numbers, list) or len(numbers) != math.prod(shape):
            self.refuse(path, f"the array has not the elements that its shape {str(shape)[:80]} needs")
        if not all(isinstance(number, (bool, int, float)) for number in numbers):
            self.refuse(path, "an array holds numbers only")
        return self.tried(path, "array", lambda: np.array(numbers, dtype).reshape(shape))

    # ------------------------------------------------------------------ checks, for subclasses too
    def refuse(self, path: str, problem: str) -> NoReturn:
        """Raise FormatError at a path.

        >>> Decoder("a.json").refuse("0.bias", "is missing")
        Traceback (most recent call last):
        tinygrad_cnn.errors.FormatError: a.json: 0.bias: is missing
        """
        place = f"{path[:200]}: " if path else ""
        raise FormatError(f"{self.where}: {place}{problem[:1000]}")

    def keys(self, path: str, tree: Any, needed: tuple[str, ...], free: tuple[str, ...] = ()) -> None:
        """See that a tree is an object with these keys.

        Raises:
            FormatError: no object, a key that is missing, or another one.

        >>> Decoder("a.json").keys("0", {"class": "ReLU"}, ("class",))
        """
        if not isinstance(tree, dict):
            self.refuse(path, f"expected an object, found {str(tree)[:40]!r}")
        missing = [key for key in needed if key not in tree]
        unknown = [key for key in tree if key not in needed and key not in free]
        if missing or unknown:
            self.refuse(
                path, f"missing keys: {missing or 'none'}, unknown keys: {str(unknown or 'none')[:80]}"
            )

    def list(self, tree: Any, path: str) -> list[Any]:
        """See that a tree is a list.

        >>> Decoder("a.json").list([3], "here")
        [3]
        """
        return tree if isinstance(tree, list) else self.refuse(path, "expected a list")

    def shape(self, given: Any, path: str) -> tuple[int, ...]:
        """The shape of an array.

        >>> Decoder("a.json").shape([2, 3], "here")
        (2, 3)
        """
        if not isinstance(given, list) or not all(type(n) is int and 0 <= n < 2**63 for n in given):
            self.refuse(path, f"expected a shape, found {str(given)[:40]!r}")
        return tuple(given)

    def dtype(self, given: Any, path: str) -> Any:
        """The element type of an array.

        >>> Decoder("a.json").dtype("float32", "here")
        dtype('float32')
        """
        if not isinstance(given, str) or given not in DTYPES | FLOATS:
            self.refuse(path, f"expected an element type, found {str(given)[:40]!r}")
        return np.dtype(given)

    def tried(self, path: str, what: str, make: Callable[[], Any]) -> Any:
        """Call a function; its error becomes a FormatError at the path.

        >>> Decoder("a.json").tried("here", "number", lambda: int("3"))
        3
        """
        try:
            return make()
        except FormatError:
            raise
        except Exception as error:  # a constructor raises what it likes on values from a file
            let_through(error)
            reason = str(error) or type(error).__name__
            self.refuse(path, f"no {what} can be made of this: {reason[:400]}")

    def known_class(self, known: Mapping[str, Any], name: Any, path: str) -> Any:
        """The class of a name.

        Args:
            known: the classes by name.

        >>> Decoder("a.json").known_class({"int": int}, "int", "here")
        <class 'int'>
        """
        if not isinstance(name, str) or name not in known:
            self.refuse(path, f"unknown class {str(name)[:40]!r}")
        return known[name]


def below(path: str, name: object) -> str:
    """A path one step further down.

    >>> below("", "features"), below("features", 0)
    ('features', 'features.0')
    """
    return f"{path}.{name}" if path else str(name)
