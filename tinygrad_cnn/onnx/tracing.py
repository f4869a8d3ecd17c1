"""Records of what a model computes, three times: at two sizes and with other numbers.

What differs between the sizes becomes dynamic. What differs with the numbers but stands in no recorded
operand was computed outside the graph, and would be baked into a file: it is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.graph import MODE, Node, Observer, Op, observe
from tinygrad_cnn.mode import enable_grad
from tinygrad_cnn.nn import Module
from tinygrad_cnn.nn.module import unchanged_buffers
from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.tensors.tensor_class import Tensor

Array = NDArray[Any]

#: Code in this folder is the package's own, but for its ready-made models.
_OURS = str(Path(__file__).parent.parent)


class Entry(NamedTuple):
    """An op that ran: its node, its operands' arrays and its result, and the user's line that called it."""

    node: Node
    arrays: tuple[Any, ...]
    result: Array
    site: str

    def __str__(self) -> str:
        scope = f"{self.node.scope}: " if self.node.scope else ""
        name = self.node.op.name if self.node.op is not None else "leaf"
        return f"{scope}{name}" + (f" ({self.site})" if self.site else "")


class Computed(Op):
    """A function without a gradient, such as `argmax`, as an op; it stands in traces only.

    Args:
        function: its name in `functional`.   arguments: its further ones.

    >>> Computed("argmax", {"axis": 1, "keepdims": False}).name
    'argmax'
    """

    def __init__(self, function: str, arguments: Mapping[str, Any]) -> None:
        self.function, self.arguments = function, arguments

    @property
    def name(self) -> str:
        """The function's."""
        return self.function


class _Recorder(Observer):
    def __init__(self) -> None:
        self.entries: list[Entry] = []
        # Results outside the graph by the id of their array, which is kept here, and stays the only one.
        self.beside: dict[int, tuple[Array, Node]] = {}

    def recorded(self, node: Node, arrays: tuple[Any, ...], result: Array) -> None:
        self.entries.append(Entry(node, arrays, result, _site()))

    def computed(self, function: str, operands: tuple[Any, ...], options: Any, result: Any) -> None:
        if isinstance(result, Tensor):
            arrays = tuple(x._array if isinstance(x, Tensor) else np.asarray(x) for x in operands)
            result._node = self._note(Computed(function, options), operands, arrays, result._array)

    def unrecorded(self, op: Op, operands: tuple[Any, ...], arrays: tuple[Any, ...], result: Array) -> None:
        if any(id(array) in self.beside for array in arrays):  # goes on from such a function
            self._note(op, operands, arrays, result)

    def _note(self, op: Op, operands: tuple[Any, ...], arrays: tuple[Any, ...], result: Array) -> Node:
        parents = tuple(self._parent(x, array) for x, array in zip(operands, arrays, strict=True))
        node = Node(op, parents, (), result.shape, result.dtype, MODE.get().call)
        node.requires_grad = False
        self.beside[id(result)] = result, node
        self.entries.append(Entry(node, arrays, result, _site()))
        return node

    def _parent(self, operand: Any, array: Array) -> Node:
        if id(array) in self.beside:
            return self.beside[id(array)][1]
        if isinstance(operand, Tensor):
            return operand.node
        return Node.leaf(np.shape(array), np.result_type(array), requires_grad=False, role="constant")

    def end(self, output: Tensor) -> Node:
        """Where an output stands."""
        _, node = self.beside.get(id(output._array), (None, None))
        return output.node if node is None else node


def _site() -> str:
    """File and line of the nearest code that is not the package's."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(_OURS) or "/models/" in name.replace("\\", "/"):
            return f"{Path(name).name}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return ""  # pragma: no cover: a program or a test calls from a file of its own


class Trace(NamedTuple):
    """One run.

    Attributes:
        inputs: arrays.   leaves: nodes of the float inputs, None for the others.
        entries: what ran, in order; of what ran outside the graph, what the outputs are computed from.
        outputs: Tensors.   ends: their nodes.
    """

    inputs: tuple[Array, ...]
    leaves: tuple[Node | None, ...]
    entries: list[Entry]
    outputs: tuple[Tensor, ...]
    ends: tuple[Node, ...]

    def needed(self) -> set[Node]:
        """The nodes that the outputs are computed from."""
        return _needed(self.ends, self.entries)


def trace(model: Module, inputs: Sequence[Array]) -> Trace:
    """Run a model on some inputs and note all that it records."""
    given = [
        Tensor(x, requires_grad=x.dtype.kind == "f", name="x") if x.dtype.kind in "biuf" else x
        for x in inputs
    ]
    with observe(_Recorder()) as recorder, enable_grad():
        found = model(*given)
    outputs = flattened(found)
    if not all(isinstance(output, Tensor) for output in outputs):
        kinds = ", ".join(type(output).__name__ for output in outputs)
        raise ArgumentError(
            f"onnx.save: the model must give a Tensor, or a tuple of Tensors; it gave {kinds}"
        )
    leaves = tuple(x.node if isinstance(x, Tensor) and x.dtype.kind == "f" else None for x in given)
    assert isinstance(recorder, _Recorder)
    ends = tuple(map(recorder.end, outputs))
    needed = _needed(ends, recorder.entries)
    entries = [entry for entry in recorder.entries if entry.node.requires_grad or entry.node in needed]
    return Trace(tuple(inputs), leaves, entries, outputs, ends)


def _needed(ends: Sequence[Node], entries: Sequence[Entry]) -> set[Node]:
    """The nodes that the outputs are computed from, also by way of a mask or of indices."""
    beside = [entry for entry in entries if not entry.node.requires_grad]
    found: set[Node] = set()
    waiting = list(ends)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(node.parents)
            waiting.extend(e.node for value in _arrays(node.op) for e in beside if same(e.result, value))
    return found


def _arrays(op: Op | None) -> list[Array]:
    """The masks and indices among an op's attributes."""
    values = [v for own in vars(op or Op()).values() for v in (own if isinstance(own, tuple) else (own,))]
    return [v for v in values if isinstance(v, np.ndarray) and v.dtype.kind in "biu"]


def flattened(value: Any) -> tuple[Any, ...]:
    """The parts of a result that is a tuple, or a tuple of tuples, in order.

    >>> flattened((1, (2, [3])))
    (1, 2, 3)
    """
    if not isinstance(value, (tuple, list)):
        return (value,)
    return tuple(part for one in value for part in flattened(one))


def all_learnt(model: Module, training: bool) -> Restoring[None]:
    """The mode set, and all parameters recorded, frozen ones too; then mode and buffers as before."""
    frozen = [p for p in model.parameters() if not p.requires_grad]
    modes = [(module, module.training) for module in model.modules()]
    buffers = unchanged_buffers(model)

    def begin() -> None:
        buffers.__enter__()
        for parameter in frozen:
            parameter.requires_grad_(True)
        model.train(training)

    def end() -> None:
        for parameter in frozen:
            parameter.requires_grad_(False)
        for module, mode in modes:
            module.training = mode
        buffers.leave()

    return Restoring(begin, end)


def other_numbers(x: Array, sign: int) -> Array:
    """An array of the same shape and type with other elements, such as a model may get."""
    flat = x.reshape(-1)
    if x.dtype.kind == "f":
        return (sign * (np.roll(flat[::-1], 7) * 0.83 + 0.21)).astype(x.dtype).reshape(x.shape)
    return np.roll(flat[::-1], sign).reshape(x.shape)


def larger(x: Array, axes: Sequence[int], times: int) -> Array:
    """x repeated along axes."""
    for axis in axes:
        x = np.concatenate([x] * times, axis)
    return x


# --------------------------------------------------------------------------- comparison
def check_alike(first: Trace, other: Trace, what: str) -> None:
    """Both ran the same ops on the same operands.

    Raises:
        ArgumentError: what ran depends on the numbers, or on the size.
    """
    for one, two in zip(first.entries, other.entries, strict=False):
        if type(one.node.op) is not type(two.node.op):
            raise ArgumentError(f"onnx.save: which operations run depends on {what}, from {one} on")
    if len(first.entries) != len(other.entries):
        raise ArgumentError(f"onnx.save: how many operations run depends on {what}")
    places = [_places(trace) for trace in (first, other)]
    for one, two in zip(first.entries, other.entries, strict=True):
        ends = [
            [at.get(parent, -1) for parent in entry.node.parents]
            for at, entry in zip(places, (one, two), strict=True)
        ]
        if ends[0] != ends[1]:
            raise ArgumentError(f"onnx.save: what {one} is computed from depends on {what}")


def _places(found: Trace) -> dict[Node, int]:
    return {entry.node: k for k, entry in enumerate(found.entries)}


def check_not_baked(
    first: Trace, other: Trace, owned: Mapping[Node, str], free: Mapping[type, frozenset[str]], what: str
) -> None:
    """Whatever is no operand is the same in both runs.

    Args:
        owned: nodes of parameters and buffers.   free: attributes that may differ, by op.
    Raises:
        ArgumentError: an attribute or a constant was computed outside the graph; it is named.
    """
    known = {*owned, *first.leaves}
    for one, two in zip(first.entries, other.entries, strict=True):
        allowed = free.get(type(one.node.op), frozenset())
        for name, value in vars(one.node.op).items():
            if name not in allowed and not _comes_from(value, vars(two.node.op)[name], first, other):
                raise ArgumentError(
                    f"onnx.save: {one}: its {name.strip('_')!r} was computed from {what} outside "
                    "the graph, and would be baked into the file"
                )
        operands = zip(one.node.parents, one.arrays, two.arrays, strict=True)
        for k, (parent, a, b) in enumerate(operands):
            if parent.op is None and parent not in known and not same(a, b):
                raise ArgumentError(
                    f"onnx.save: {one}: its operand {k} was computed from {what} outside the graph, "
                    "and would be baked into the file"
                )


def same(a: Any, b: Any) -> bool:
    """Whether two attributes hold the same."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.shape(a) == np.shape(b) and bool(np.array_equal(a, b))
    if isinstance(a, (tuple, list)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if a is b or type(a) is not type(b):
        return a is b
    if isinstance(a, slice):
        return same((a.start, a.stop, a.step), (b.start, b.stop, b.step))
    if hasattr(a, "__dict__") and not callable(a):
        return same(sorted(_plain(a).items()), sorted(_plain(b).items()))
    return bool(a == b)


def _plain(value: Any) -> dict[str, Any]:
    fields = getattr(value, "__dataclass_fields__", None)
    return {name: getattr(value, name) for name in fields} if fields else vars(value)


def linked(value: Any, found: Trace) -> int | None:
    """The place of the integer input that an attribute holds, as a table's indices do; None for none."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iu":
        return None
    for k, (x, leaf) in enumerate(zip(found.inputs, found.leaves, strict=True)):
        if leaf is None and x.shape == value.shape and np.array_equal(x, value):
            return k
    return None


def _comes_from(value: Any, other_value: Any, first: Trace, other: Trace) -> bool:
    """Whether an attribute is the same in both runs, or an input, or made by a function that was noted."""
    if isinstance(value, tuple) and isinstance(other_value, tuple) and len(value) == len(other_value):
        return all(_comes_from(a, b, first, other) for a, b in zip(value, other_value, strict=True))
    if linked(value, first) is not None or same(value, other_value):
        return True
    return made_beside(value, other_value, first, other) is not None


def made_beside(value: Any, other_value: Any, first: Trace, other: Trace) -> Node | None:
    """The node, in the first run, of a result outside the graph that an attribute holds in both runs."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "biu":
        return None
    for one, two in zip(first.entries, other.entries, strict=True):
        if not one.node.requires_grad and same(one.result, value) and same(two.result, other_value):
            return one.node
    return None
