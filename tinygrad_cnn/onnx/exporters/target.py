"""The file that is being written: nodes, initialisers, names, and sizes that vary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.graph import Node
from tinygrad_cnn.nn import Module
from tinygrad_cnn.onnx.tracing import Entry, Trace, linked, made_beside

Array = NDArray[Any]
Pair = tuple[int, int]


class Target:
    """Collects what goes into a file, op after op.

    Args:
        onnx: the package.   first, other: runs at two sizes.   inputs: names of the inputs.
        model: whose modules' names are used.   opset: version of the operators.
    """

    def __init__(
        self, onnx: Any, first: Trace, other: Trace, inputs: Sequence[str], model: Module, opset: int
    ) -> None:
        self._onnx, self._first, self._other, self._inputs = onnx, first, other, inputs
        self.opset = opset
        self.modules: Mapping[str, Module] = dict(model.named_modules())
        self.nodes: list[Any] = []
        self.initializers: dict[str, Any] = {}
        self._taken = set(inputs)
        self._scope = ""
        self._names: Mapping[Node, str] = {}
        self._entry: Entry = first.entries[0]
        self._twin: Entry = other.entries[0]
        self._sizes: dict[Pair, str] = {}

    # ------------------------------------------------------------------ the op that is being written
    def begin(self, entry: Entry, twin: Entry, names: Mapping[Node, str]) -> None:
        """From now on nodes belong to this op; `names` are those of the results so far."""
        self._entry, self._twin, self._scope, self._names = entry, twin, entry.node.scope, names

    @property
    def scope(self) -> str:
        """Path of the op's module."""
        return self._scope

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the op's result."""
        return self._entry.node.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the op's result."""
        return self._entry.node.dtype

    @property
    def twin(self) -> Any:
        """The same op in the run at the other size."""
        return self._twin.node.op

    def operand_dtypes(self) -> list[np.dtype[Any]]:
        """Types of the operands."""
        return [parent.dtype for parent in self._entry.node.parents]

    def operand_shape(self, k: int) -> tuple[int, ...]:
        """Shape of an operand."""
        return self._entry.node.parents[k].shape

    def pairs(self) -> list[Pair]:
        """Per axis of the result, its size in both runs."""
        return list(zip(self._entry.node.shape, self._twin.node.shape, strict=True))

    def operand_pairs(self, k: int) -> list[Pair]:
        """Per axis of an operand, its size in both runs."""
        one, two = (entry.node.parents[k].shape for entry in (self._entry, self._twin))
        return list(zip(one, two, strict=True))

    def name_of(self, value: Any, other: Any) -> str | None:
        """The name of the integer input, or of the mask or indices computed before, with these values.

        Args:
            value, other: what an attribute holds in both runs.
        """
        place = linked(value, self._first)
        return self.beside(value, other) if place is None else self._inputs[place]

    def beside(self, value: Any, other: Any) -> str | None:
        """The name of a mask or of indices that hold these values in both runs; None for none."""
        node = made_beside(value, other, self._first, self._other)
        return None if node is None else self._names.get(node)

    def refuse(self, why: str) -> ArgumentError:
        """The error for an op that cannot be written."""
        return ArgumentError(f"onnx.save: {self._entry}: {why}")

    # ------------------------------------------------------------------ what is written
    def node(self, kind: str, operands: Sequence[str], *, outputs: int = 1, **attributes: Any) -> str:
        """Write a node; gives the name of its first output."""
        base = f"/{self._scope.replace('.', '/')}/{kind}" if self._scope else f"/{kind}"
        name = self._free(base)
        results = [f"{name}_output_{k}" for k in range(outputs)]
        plain = {key: list(v) if isinstance(v, tuple) else v for key, v in attributes.items()}
        made = self._onnx.helper.make_node(kind, list(operands), results, name=name, **plain)
        self.nodes.append(made)
        return results[0]

    def nodes_of(self, kind: str, operands: Sequence[str], outputs: int, **attributes: Any) -> list[str]:
        """Write a node with several outputs; gives their names."""
        first = self.node(kind, operands, outputs=outputs, **attributes)
        return [f"{first[:-1]}{k}" for k in range(outputs)]

    def constant(self, value: Any, name: str = "") -> str:
        """A value of the file: named, an initialiser, which is learnt; unnamed, a Constant.

        Python numbers take the result's type.
        """
        array = np.asarray(value, self.dtype) if isinstance(value, (int, float)) else np.asarray(value)
        array = array.copy(order="C")
        if not name:
            return self.node("Constant", [], value=self._onnx.numpy_helper.from_array(array))
        name = self._free(name)
        self.initializers[name] = self._onnx.numpy_helper.from_array(array, name)
        return name

    def cast(self, x: str, dtype: np.dtype[Any]) -> str:
        """A value with another element type."""
        return self.node("Cast", [x], to=int(self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))))

    def ints(self, *values: int) -> str:
        """A list of integers as an initialiser."""
        return self.constant(np.array(values, np.int64))

    def _free(self, base: str) -> str:
        name, k = base, 0
        while name in self._taken:
            k += 1
            name = f"{base}_{k}"
        self._taken.add(name)
        return name

    # ------------------------------------------------------------------ sizes that vary
    def size(self, pair: Pair) -> str:
        """A size as a list of one integer: a constant, or computed from the inputs' shapes.

        Raises:
            ArgumentError: it does not follow from the size of an axis of an input.
        """
        if pair[0] == pair[1]:
            return self.ints(pair[0])
        if pair not in self._sizes:
            self._sizes[pair] = self._computed(pair)
        return self._sizes[pair]

    def _computed(self, pair: Pair) -> str:
        for k, name in enumerate(self._inputs):
            shapes = self._first.inputs[k].shape, self._other.inputs[k].shape
            for axis, (a, b) in enumerate(zip(*shapes, strict=True)):
                factor, rest = divmod(pair[1] - pair[0], b - a) if a != b else (0, 1)
                if rest:
                    continue
                more = pair[0] - factor * a
                scope, self._scope = self._scope, ""
                found = self._axis(name, axis)
                if factor != 1:
                    found = self.node("Mul", [found, self.ints(factor)])
                if more:
                    found = self.node("Add", [found, self.ints(more)])
                self._scope = scope
                return found
        raise self.refuse(f"the size {pair[0]} (or {pair[1]}) does not follow from the inputs' sizes")

    def _axis(self, name: str, axis: int) -> str:
        """The size of an axis of a value."""
        if self.opset >= 15:
            return self.node("Shape", [name], start=axis, end=axis + 1)
        return self.node("Slice", [self.node("Shape", [name]), self.ints(axis), self.ints(axis + 1)])

    def sizes(self, pairs: Sequence[Pair]) -> str:
        """A shape as a list of integers."""
        if all(a == b for a, b in pairs):
            return self.ints(*(a for a, _ in pairs))
        return self.node("Concat", [self.size(pair) for pair in pairs], axis=0)
