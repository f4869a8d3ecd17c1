"""The content of an ONNX file as plain values: graphs, nodes and what flows between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Declared(NamedTuple):
    """A value that goes in or comes out, as the file declares it.

    Attributes:
        name: the value's.
        dtype: of its elements; None for a sequence, or where the file does not say.
        shape: a size per axis, a str for a size that may vary, None for one that is not named;
            None for a shape that is not declared.
    """

    name: str
    dtype: np.dtype[Any] | None
    shape: tuple[int | str | None, ...] | None

    def __str__(self) -> str:
        if self.shape is None:
            return f"{self.name} {self.dtype or ''}".strip()
        sizes = ", ".join("?" if n is None else str(n) for n in self.shape)
        return f"{self.name} {self.dtype} ({sizes})"


class Reference(NamedTuple):
    """An attribute of a function's node that takes the value of the function's own attribute."""

    name: str


@dataclass(frozen=True)
class FileNode:
    """A node of the file.

    Attributes:
        kind: name of the operator, such as 'Conv'.   domain: '' for ONNX's own operators.
        version: of the domain's operators.   name: the node's; made up where the file gives none.
        inputs, outputs: names of values, '' for one that is left out.
        attributes: numbers, strings, tuples of these, arrays, graphs, references.
        scope: path of the module that the node's name tells, such as 'features.0'.
    """

    kind: str
    domain: str
    version: int
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    scope: str = ""

    def __str__(self) -> str:
        return f"node {self.name} ({self.domain + '.' if self.domain else ''}{self.kind})"

    @property
    def operator(self) -> str:
        """The operator with its domain, where that is not ONNX's own."""
        return f"{self.domain}.{self.kind}" if self.domain else self.kind

    @property
    def graphs(self) -> tuple[FileGraph, ...]:
        """The graphs among the attributes: branches, and bodies of loops."""
        return tuple(value for value in self.attributes.values() if isinstance(value, FileGraph))

    @cached_property
    def uses(self) -> frozenset[str]:
        """All values that the node reads, those that its graphs take from around them too."""
        return frozenset(filter(None, self.inputs)).union(*(graph.free for graph in self.graphs))


@dataclass(frozen=True)
class FileGraph:
    """A graph of the file: nodes in an order in which they can run.

    Attributes:
        inputs: what must be given; initialisers are not listed.   outputs: what comes out.
        nodes: the nodes.   initializers: arrays by the name of the value.
    """

    name: str
    inputs: tuple[Declared, ...]
    outputs: tuple[Declared, ...]
    nodes: tuple[FileNode, ...]
    initializers: Mapping[str, Array] = field(default_factory=dict)

    @cached_property
    def free(self) -> frozenset[str]:
        """Names that the graph takes from the graph around it."""
        own = {declared.name for declared in self.inputs} | set(self.initializers)
        made = own.union(*(node.outputs for node in self.nodes))
        used = {declared.name for declared in self.outputs}.union(*(node.uses for node in self.nodes))
        return frozenset(used - made)

    @cached_property
    def last_uses(self) -> tuple[tuple[str, ...], ...]:
        """Per node, the values that no later node reads and that do not come out."""
        left = {declared.name for declared in self.outputs}
        found: list[tuple[str, ...]] = []
        for node in reversed(self.nodes):
            ending = (node.uses | set(filter(None, node.outputs))) - left
            found.append(tuple(sorted(ending)))
            left |= ending
        return tuple(reversed(found))

    def walk(self) -> Iterator[FileNode]:
        """All nodes, those of inner graphs too."""
        for node in self.nodes:
            yield node
            for graph in node.graphs:
                yield from graph.walk()


@dataclass(frozen=True)
class Function:
    """A function that the file defines.

    Attributes:
        inputs, outputs: its formal names.   attributes: defaults of its attributes.
        body: its nodes, as a graph with these inputs and outputs.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    body: FileGraph
