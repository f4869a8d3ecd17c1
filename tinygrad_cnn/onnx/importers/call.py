"""The node that an importer computes, and questions about values.

A value with floats is a Tensor or, where it depends on no input, an array; all other values are arrays,
or lists of values for ONNX's sequences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.graph import Traced
from tinygrad_cnn.onnx.file_graph import FileGraph, FileNode

Array = NDArray[Any]


class Call:
    """One run of a node.

    Attributes:
        node: what the file says of it.   version: of its domain's operators.
        attributes: the node's, with references to a function's attributes filled in.
        training: whether the module is in training mode.
        outputs: how many outputs are wanted.
        dtype: NumPy's type for a number of ONNX's types.
        run: runs an inner graph on its inputs, and gives its outputs.
        room: see below.
    """

    __slots__ = ("_room", "attributes", "dtype", "node", "outputs", "run", "training", "version")

    def __init__(
        self, node: FileNode, attributes: Mapping[str, Any], *, training: bool,
        dtype: Callable[[int], np.dtype[Any]], run: Callable[[FileGraph, Sequence[Any]], list[Any]],
        room: Callable[[int], None],
    ) -> None:  # fmt: skip
        self.node, self.version, self.attributes = node, node.version, attributes
        self.training, self.dtype, self.run, self._room = training, dtype, run, room
        self.outputs = len(node.outputs)

    def wants(self, output: int) -> bool:
        """Whether an output is used."""
        return output < self.outputs and self.node.outputs[output] != ""

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute, or the default where the node has none."""
        return self.attributes.get(name, default)

    def ints(self, name: str, default: Sequence[int] | None = None) -> tuple[int, ...] | None:
        """An attribute that is a list of integers; None and an empty list mean the default."""
        value = self.attributes.get(name)
        if not value:
            return None if default is None else tuple(default)
        return tuple(value)

    def axes(self, ndim: int, given: Any = None) -> tuple[int, ...] | None:
        """The axes that an input or, in older files, the attribute `axes` names; None for none."""
        named = self.get("axes") if given is None else ints(given)
        return None if named is None else tuple(axis_of(axis, ndim) for axis in named)

    def room(self, shape: Sequence[int]) -> tuple[int, ...]:
        """The shape of a result about to be made, if there is room for it.

        Raises:
            FormatError: it has a negative size, or more elements than the budget leaves.
        """
        sizes = tuple(int(n) for n in shape)
        if any(n < 0 for n in sizes):
            raise FormatError(f"a shape {sizes} has a negative size")
        self._room(prod(sizes))
        return sizes


def axis_of(axis: int, ndim: int) -> int:
    """An axis counted from the start.

    Raises:
        FormatError: there is none.
    """
    if not -ndim <= axis < max(ndim, 1):
        raise FormatError(f"there is no axis {axis} among {ndim}")
    return axis % max(ndim, 1)


def array(value: Any) -> Array:
    """The numbers of a value."""
    return value.array if isinstance(value, Traced) else np.asarray(value)


def ints(value: Any) -> list[int]:
    """The numbers of a value as Python's integers."""
    return [int(number) for number in array(value).reshape(-1)]


def scalar(value: Any) -> Any:
    """The one number of a value, as Python's."""
    found = array(value)
    if found.size != 1:
        raise FormatError(f"one number was expected, got shape {found.shape}")
    return found.reshape(()).item()


def is_float(value: Any) -> bool:
    """Whether a value holds floats that the package computes with (not bfloat16 or smaller ones)."""
    return is_float_type(value.dtype)


def is_float_type(dtype: np.dtype[Any]) -> bool:
    """Whether the package computes with elements of this type; 'f' is also the kind of a float8.

    >>> is_float_type(np.dtype(np.float16)), is_float_type(np.dtype(int))
    (True, False)
    """
    return dtype.kind == "f" and dtype.itemsize > 1
