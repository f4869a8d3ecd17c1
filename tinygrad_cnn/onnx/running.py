"""A run of a file's graph: node after node, values freed after their last use, within a budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinygrad_cnn.errors import FormatError, TinygradCnnError
from tinygrad_cnn.graph import scope
from tinygrad_cnn.onnx.file_graph import FileGraph, FileNode, Function, Reference
from tinygrad_cnn.onnx.importers import IMPORTERS
from tinygrad_cnn.onnx.importers.call import Call, array, is_float_type
from tinygrad_cnn.tensors.tensor_class import Tensor

#: Most nodes of one run, those of every turn of a loop counted: more is taken for a loop without end.
MAX_STEPS = 2_000_000
#: How deep graphs and functions may lie in each other.
MAX_DEPTH = 60


class Run:
    """One pass through a file.

    Args:
        file: its name, for messages.   functions: those that the file defines, by (domain, name).
        dtype: NumPy's type for a number of ONNX's types.
        learnt: parameters and buffers, in the place of initialisers of their names.
        training: the module's mode.
        budget: most elements of all values that are alive at a time.
    """

    def __init__(
        self, file: str, functions: Mapping[tuple[str, str], Function],
        dtype: Callable[[int], np.dtype[Any]], learnt: Mapping[str, Any], training: bool, budget: int,
    ) -> None:  # fmt: skip
        self._file, self._functions, self._dtype, self._learnt = file, functions, dtype, learnt
        self._training, self._budget = training, budget
        self._alive = self._steps = self._depth = 0

    def graph(self, graph: FileGraph, inputs: Mapping[str, Any], known: Mapping[str, Any]) -> list[Any]:
        """Run a graph.

        Args:
            inputs: by name.   known: values from outside the graph.
        Raises:
            FormatError: a node cannot be computed; the message names the file and the node.
        """
        own = {name: self._learnt.get(name, value) for name, value in graph.initializers.items()}
        values = {**known, **own, **inputs}
        before = self._alive
        self._nodes(graph, values, {})
        self._alive = before
        return [self._value(values, declared.name) for declared in graph.outputs]

    def _nodes(self, graph: FileGraph, values: dict[str, Any], attributes: Mapping[str, Any]) -> None:
        sizes: dict[str, int] = {}
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FormatError(f"{self._file}: graphs and functions lie more than {MAX_DEPTH} deep")
        origins = {declared.name: declared.name for declared in graph.inputs}
        for node, ending in zip(graph.nodes, graph.last_uses, strict=True):
            results = self._node(node, values, attributes)
            results = _entering(node, results, origins)
            for name, value in zip(node.outputs, results, strict=False):
                if name:
                    values[name] = value
                    sizes[name] = _elements(value)
                    self._alive += sizes[name]
            if self._alive > self._budget:
                self._no_room(node, 0)
            for name in ending:
                if name in sizes:
                    del values[name]
                    self._alive -= sizes.pop(name)
        self._depth -= 1

    def _node(
        self, node: FileNode, values: Mapping[str, Any], attributes: Mapping[str, Any]
    ) -> tuple[Any, ...]:
        """The outputs of a node."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise FormatError(f"{self._file}: {node}: more than {MAX_STEPS:,} nodes ran; is there an end?")
        try:
            inputs = [self._value(values, name) if name else None for name in node.inputs]
            own = _filled(node.attributes, attributes)
            with scope(node.scope):
                if (node.domain, node.kind) in self._functions:
                    return self._function(self._functions[node.domain, node.kind], inputs, own)
                found = self._computed(node, self._call(node, values, own), inputs)
        except _PlacedError:
            raise
        except TinygradCnnError as error:
            raise _PlacedError(f"{self._file}: {node}: {error.args[0]}") from error
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, MemoryError) as error:
            raise _PlacedError(f"{self._file}: {node}: {type(error).__name__}: {error}") from error
        return found if isinstance(found, tuple) else (found,)

    def _call(self, node: FileNode, values: Mapping[str, Any], attributes: Mapping[str, Any]) -> Call:
        def run(graph: FileGraph, inputs: Sequence[Any]) -> list[Any]:
            if len(inputs) != len(graph.inputs):
                raise FormatError(
                    f"the graph {graph.name} takes {len(graph.inputs)}, got {len(inputs)} inputs"
                )
            names = [declared.name for declared in graph.inputs]
            outer = {name: values[name] for name in graph.free if name in values}
            given = dict(zip(names, inputs, strict=True))
            return self.graph(graph, given, outer)

        return Call(
            node, attributes, training=self._training, dtype=self._dtype, run=run,
            room=lambda elements: self._no_room(node, elements),
        )  # fmt: skip

    def _computed(self, node: FileNode, call: Call, inputs: Sequence[Any]) -> Any:
        """Call an importer; bfloat16 goes by way of float32, which NumPy can compute with."""
        function = IMPORTERS[node.domain, node.kind].function
        if node.kind in _OF_ANY_TYPE or not any(map(_is_bfloat16, inputs)):
            return function(call, *inputs)
        small = next(value.dtype for value in inputs if _is_bfloat16(value))
        found = function(call, *(v.astype(np.float32) if _is_bfloat16(v) else v for v in inputs))
        several = found if isinstance(found, tuple) else (found,)
        return tuple(array(v).astype(small) if _is_float32(v) else v for v in several)

    def _function(
        self, function: Function, inputs: Sequence[Any], attributes: Mapping[str, Any]
    ) -> tuple[Any, ...]:
        """The outputs of a function of the file."""
        padded = [*inputs, *(None for _ in function.inputs[len(inputs) :])]
        values = dict(zip(function.inputs, padded, strict=False))
        before = self._alive
        self._nodes(function.body, values, {**function.attributes, **attributes})
        self._alive = before
        return tuple(self._value(values, name) for name in function.outputs)

    def _value(self, values: Mapping[str, Any], name: str) -> Any:
        if name not in values:
            raise FormatError(f"{self._file}: there is no value {name!r}")
        return values[name]

    def _no_room(self, node: FileNode, elements: int) -> None:
        """Raise if so many more elements exceed the budget."""
        if self._alive + elements > self._budget:
            raise _PlacedError(
                f"{self._file}: {node}: {self._alive + elements:,} elements would be alive; the budget is "
                f"{self._budget:,} (raise it with load(..., budget=...) if you trust the file)"
            )


#: Operators that look at sizes alone.
_OF_SHAPES = frozenset({"EyeLike", "RandomNormalLike", "RandomUniformLike", "Shape", "Size"})
#: Operators that change the type of elements, or look at none.
_OF_ANY_TYPE = frozenset(
    {"BitCast", "Cast", "CastLike", "DequantizeLinear", "If", "Loop", "QuantizeLinear", "Range", "Scan"}
)


def _is_bfloat16(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.name == "bfloat16"


def _is_float32(value: Any) -> bool:
    return getattr(value, "dtype", None) == np.float32


class _PlacedError(FormatError):
    """An error that already names the file and the node."""


def _entering(
    node: FileNode, results: tuple[Any, ...], origins: dict[str, str]
) -> tuple[Any, ...]:  # fmt: skip
    """The results, where floats that depend on an integer input are Tensors: with them the graph begins.

    Args:
        origins: by value, the input that it was computed from; the results are added.
    """
    origin = next((origins[name] for name in node.inputs if name in origins), None)
    if origin is None or node.kind in _OF_SHAPES:
        return results
    origins.update((name, origin) for name in node.outputs if name)
    return tuple(
        Tensor(value, name=f"{node.kind}({origin})")
        if isinstance(value, np.ndarray) and is_float_type(value.dtype)
        else value
        for value in results
    )


def _elements(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_elements, value))
    return int(getattr(value, "size", 0))


def _filled(own: Mapping[str, Any], outer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Attributes with the references to a function's attributes filled in."""
    if not any(isinstance(value, Reference) for value in own.values()):
        return own
    made = {}
    for name, value in own.items():
        if not isinstance(value, Reference):
            made[name] = value
        elif value.name in outer:
            made[name] = outer[value.name]
    return made
