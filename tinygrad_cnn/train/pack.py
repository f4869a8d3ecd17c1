"""Trees of plain values and arrays, parted into arrays by name and JSON, and put together again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import DTypeError, FormatError

Array = NDArray[Any]


def pack(tree: Any, name: str) -> tuple[Any, dict[str, Array]]:
    """Part a tree into what JSON can hold and the arrays.

    What JSON cannot say is written as an object with one key: $tensor (an array, by its name),
    $scalar (a NumPy scalar), $tuple, $items (a dict whose keys are not plain text), $float (nan, inf).

    Args:
        tree: dicts, lists, tuples, None, bool, int, float, text, NumPy scalars and arrays.
        name: what the arrays' names begin with.
    Returns:
        The tree for JSON, and the arrays by name.
    Raises:
        DTypeError: something else in the tree.

    >>> pack({"w": np.zeros(2), "betas": (0.9, 0.99)}, "optimizer")
    ({'w': {'$tensor': 'optimizer.w'}, 'betas': {'$tuple': [0.9, 0.99]}}, {'optimizer.w': array([0., 0.])})
    """
    arrays: dict[str, Array] = {}
    return _pack(tree, name, arrays), arrays


def _pack(value: Any, path: str, arrays: dict[str, Array]) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        name = path
        while name in arrays:  # "a.b" may be a key, and a path
            name += "_"
        arrays[name] = np.asarray(value)
        return {"$tensor" if isinstance(value, np.ndarray) else "$scalar": name}
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": str(value)}
    if isinstance(value, dict):
        items = [(k, _pack(v, f"{path}.{k}", arrays)) for k, v in value.items()]
        if all(isinstance(k, str) and not k.startswith("$") for k, _ in items):
            return dict(items)
        return {"$items": [[_pack(k, path, arrays), v] for k, v in items]}
    if isinstance(value, (list, tuple)):
        parts = [_pack(v, f"{path}.{k}", arrays) for k, v in enumerate(value)]
        return {"$tuple": parts} if isinstance(value, tuple) else parts
    raise DTypeError(f"save_checkpoint: {path} is a {type(value).__name__}; plain values and arrays fit")


def unpack(packed: Any, arrays: dict[str, Array]) -> Any:
    """The tree that `pack` parted.

    Args:
        packed: what JSON held.   arrays: by name.
    Raises:
        FormatError: an array is not there, or a mark that `pack` does not write.

    >>> unpack(*pack({"w": np.zeros(2), 3: (0.9, float("inf"))}, "optimizer"))
    {'w': array([0., 0.]), 3: (0.9, inf)}
    """
    if isinstance(packed, list):
        return [unpack(value, arrays) for value in packed]
    if not isinstance(packed, dict):
        return packed
    mark = next(iter(packed), "")
    if not mark.startswith("$"):
        return {key: unpack(value, arrays) for key, value in packed.items()}
    inner = packed[mark]
    if mark in ("$tensor", "$scalar"):
        if inner not in arrays:
            raise FormatError(f"the array {inner!r} is not there")
        return arrays[inner] if mark == "$tensor" else arrays[inner][()]
    if mark == "$float":
        return float(inner)
    if mark == "$tuple":
        return tuple(unpack(inner, arrays))
    if mark == "$items":
        return {unpack(key, arrays): unpack(value, arrays) for key, value in inner}
    raise FormatError(f"{mark!r} is no mark of this format")
