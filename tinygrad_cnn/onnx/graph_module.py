"""The module that runs an ONNX file's graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import DTypeError, ShapeError
from tinygrad_cnn.nn import Buffer, Module, Parameter
from tinygrad_cnn.onnx.file_graph import Declared, FileGraph, FileNode, Function
from tinygrad_cnn.onnx.importers import IMPORTERS
from tinygrad_cnn.onnx.importers.call import is_float_type
from tinygrad_cnn.onnx.importers.registry import Importer
from tinygrad_cnn.onnx.protobuf import Types
from tinygrad_cnn.onnx.running import Run
from tinygrad_cnn.tensors.tensor_class import Tensor

Array = NDArray[Any]


class OnnxModule(Module):
    """A network from an ONNX file, made by `load`.

    Its parameters and buffers have the file's names. Called with the graph's inputs in their order,
    or by name, as Tensors or arrays; it gives the graph's output, or a tuple of several.

    Attributes:
        inputs, outputs: what goes in and comes out, as the file declares it.

    >>> OnnxModule.__name__
    'OnnxModule'
    """

    def __init__(
        self, graph: FileGraph, functions: Mapping[tuple[str, str], Function], types: Types, *,
        file: str, budget: int, buffers: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        self._functions, self._types = functions, types
        self._file, self._budget = file, budget
        self._learnt: dict[str, Tensor] = {}
        for name, value, role in _learnt(graph, buffers):
            kind = Parameter if role == "weight" else Buffer
            made = kind(value, name=name)
            setattr(self, _attribute(self, name), made)
            self._learnt[name] = made
        self._graph = _without_constants(graph, self._learnt)
        self.eval()

    @property
    def inputs(self) -> tuple[Declared, ...]:
        """The names of what `forward` takes."""
        return self._graph.inputs

    @property
    def outputs(self) -> tuple[Declared, ...]:
        """The result of `forward`."""
        return self._graph.outputs

    def forward(self, *args: Any, **named: Any) -> Any:
        """The graph's output, or a tuple of several.

        Args:
            args: the inputs in the order of `inputs`.   named: further ones by name.
        Raises:
            ShapeError, DTypeError: an input that the file does not declare so.
            FormatError: a node cannot be computed, or the budget does not suffice.
        """
        given = self._given(args, named)
        run = Run(
            self._file, self._functions, self._types, self._learnt, self.training, self._budget
        )  # fmt: skip
        with np.errstate(all="ignore"):
            found = run.graph(self._graph, given, {})
        results = tuple(_result(value) for value in found)
        for declared, result in zip(self.outputs, results, strict=True):
            _name(result, declared.name)
        return results[0] if len(results) == 1 else results

    def _given(self, args: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs by name, checked."""
        names = [declared.name for declared in self.inputs]
        values = dict(zip(names, args, strict=False)) | dict(named)
        if len(args) > len(names) or set(values) != set(names):
            listed = ", ".join(map(str, self.inputs)) or "nothing"
            raise DTypeError(
                f"{self._file} takes {listed}; got {len(args)} inputs and the names {list(named)}"
            )
        return {
            declared.name: _checked(self._file, declared, values[declared.name]) for declared in self.inputs
        }

    def extra_repr(self) -> str:
        """The file, and how many nodes."""
        listed = ", ".join(map(str, self.inputs)), ", ".join(map(str, self.outputs))
        return f"{self._file!r}, {len(self._graph.nodes)} nodes: {listed[0]} -> {listed[1]}"


def _checked(file: str, declared: Declared, value: Any) -> Any:
    """An input as what importers take: floats as a Tensor, others as an array."""
    if declared.dtype is None and declared.shape is None:
        return value
    if isinstance(value, Tensor):
        value = value if value.dtype.kind == "f" else value.array
    else:
        value = np.asarray(value)
        if value.dtype.kind == "U":
            value = value.astype(object)
    if declared.dtype is not None and value.dtype != declared.dtype:
        raise DTypeError(f"{file}: {declared.name} has dtype {value.dtype}, {declared.dtype} fits")
    fixed = declared.shape or ()
    if declared.shape is not None and (
        value.ndim != len(fixed)
        or any(isinstance(n, int) and n != size for n, size in zip(fixed, value.shape, strict=True))
    ):
        raise ShapeError(f"{file}: {declared.name} has shape {value.shape}; {declared} fits")
    return Tensor(value) if is_float_type(value.dtype) and not isinstance(value, Tensor) else value


def _result(value: Any) -> Any:
    """A value as the user gets it: numbers in Tensors; texts and small floats in arrays."""
    if isinstance(value, list):
        return [_result(one) for one in value]
    if value is None or isinstance(value, Tensor) or not _has_numbers(value):
        return value
    return Tensor(np.asarray(value))


def _name(result: Any, name: str) -> None:
    """Give a computed result the file's name, under which drawings show it; a parameter keeps its own."""
    if isinstance(result, Tensor) and result.node.op is not None and result.name is None:
        result.name = name


def _has_numbers(value: Array) -> bool:
    """Whether a Tensor can hold the elements."""
    return value.dtype.kind in "biu" or is_float_type(value.dtype)


def _learnt(graph: FileGraph, buffers: frozenset[str]) -> Iterator[tuple[str, Array, str]]:
    """Float values of the file that are learnt or are running statistics, by name: with their roles.

    An initialiser is learnt unless it is a single number, or all that reads it takes it as a setting.
    Where a file keeps nothing in initialisers, what its Constant nodes hold is learnt in the place of a
    weight. A name that inner graphs use for several values stays a constant.
    """
    graphs = [graph, *(inner for node in graph.walk() for inner in node.graphs)]
    found = [pair for one in graphs for pair in one.initializers.items()]
    if not any(value.ndim and is_float_type(value.dtype) for _, value in found):
        found += [
            (node.outputs[0], node.attributes["value"]) for node in graph.walk() if _is_constant(node)
        ]
    constants = {node.outputs[0] for node in graph.walk() if _is_constant(node)}
    roles = _roles(graph)
    counts = Counter(name for name, _ in found)
    for name, value in found:
        if not is_float_type(value.dtype) or value.ndim == 0 or counts[name] > 1:
            continue
        uses = roles.get(name, set())
        if "statistic" in uses or name in buffers:
            yield name, value, "statistic"
        elif "weight" in uses or ("operand" in uses and name not in constants):
            yield name, value, "weight"


#: Operators that move elements and change none: what they read is taken as what they give is.
_MOVING = frozenset(
    {
        "Cast", "Concat", "Flatten", "Identity", "Reshape", "Slice", "Split", "Squeeze", "Transpose",
        "Unsqueeze",
    }
)  # fmt: skip


def _roles(graph: FileGraph) -> dict[str, set[str]]:
    """Find the role of each value, by all nodes that read it; also where its elements move before."""
    found: dict[str, set[str]] = {}
    for node in reversed(list(graph.walk())):
        known = IMPORTERS.get((node.domain, node.kind), Importer(len))
        moved = set().union(*(found.get(name, set()) for name in node.outputs))
        for place, name in enumerate(node.inputs):
            if place in known.statistics:
                roles = {"statistic"}
            elif place in known.options:
                roles = {"setting"}
            elif moved and node.kind in _MOVING and (place == 0 or node.kind == "Concat"):
                roles = moved
            else:
                roles = {"weight" if place in known.weights else "operand"}
            found.setdefault(name, set()).update(roles)
    return found


def _is_constant(node: FileNode) -> bool:
    plain = (node.domain, node.kind) == ("", "Constant")
    return plain and isinstance(node.attributes.get("value"), np.ndarray)


def _without_constants(graph: FileGraph, learnt: Mapping[str, Any]) -> FileGraph:
    """The graph, in which learnt values are initialisers, whether the file has them so or in Constants."""
    moved = {n.outputs[0]: n.attributes["value"] for n in graph.nodes if _is_constant(n)}
    moved = {name: value for name, value in moved.items() if name in learnt}
    nodes = []
    for node in graph.nodes:
        if _is_constant(node) and node.outputs[0] in moved:
            continue
        inner = {
            key: _without_constants(value, learnt)
            for key, value in node.attributes.items()
            if isinstance(value, FileGraph)
        }
        nodes.append(replace(node, attributes={**node.attributes, **inner}) if inner else node)
    return replace(graph, nodes=tuple(nodes), initializers={**graph.initializers, **moved})


def _attribute(module: Module, name: str) -> str:
    """The file's name, changed only where the module has an attribute of that name."""
    while hasattr(module, name) or name.startswith("_"):
        name = f"p{name}" if name.startswith("_") else f"{name}_"
    return name
