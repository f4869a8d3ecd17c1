"""The table of a model: a table of its layers, with sizes, work and memory."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import devices, ops
from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.functional.arguments import integer
from tinygrad_cnn.graph import Array, Node, Observer, Op, observe, owner
from tinygrad_cnn.mode import enable_grad
from tinygrad_cnn.nn.module import Module, Parameter
from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.rng import generator
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["summary"]


@dataclass
class Row:
    """One module of a summary; its figures leave out the modules below it.

    Attributes:
        path: as in `named_modules`; '' for the model itself.   layer: the class's name.
        parameters: elements of each parameter by name, without those that an earlier row has.
        trainable: how many of them require a gradient.   parameter_bytes: their memory.
        output: shape of the result of the last call, several shapes, or None if never called.
        calls: how often it ran.   multiply_adds: in all calls.
        kept_bytes: what its ops keep for their derivatives, without parameters and buffers.
    """

    path: str
    layer: str
    parameters: dict[str, int] = field(default_factory=dict)
    trainable: int = 0
    parameter_bytes: int = 0
    output: Any = None
    calls: int = 0
    multiply_adds: int = 0
    kept_bytes: int = 0


@dataclass
class Summary:
    """The rows of a model, their totals, and, as a string, a table.

    Attributes:
        rows: one per module, in the order of `named_modules`; a shared module has one row.
        measured: whether the model ran, so that there are outputs, multiply-adds and bytes kept.
    """

    rows: list[Row]
    measured: bool

    @property
    def parameters(self) -> int:
        """Elements of all parameters, each counted once.

        >>> from tinygrad_cnn import nn
        >>> summary(nn.Linear(3, 2)).parameters
        8
        """
        return sum(sum(row.parameters.values()) for row in self.rows)

    @property
    def trainable(self) -> int:
        """Elements of the parameters that require a gradient.

        >>> from tinygrad_cnn import nn
        >>> summary(nn.Linear(3, 2).requires_grad_(False)).trainable
        0
        """
        return sum(row.trainable for row in self.rows)

    @property
    def parameter_bytes(self) -> int:
        """Memory of all parameters.

        >>> from tinygrad_cnn import nn
        >>> summary(nn.Linear(3, 2)).parameter_bytes
        32
        """
        return sum(row.parameter_bytes for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """Products that are added up in matrix products and convolutions, going forward.

        >>> from tinygrad_cnn import nn
        >>> summary(nn.Linear(3, 2), (5, 3)).multiply_adds
        30
        """
        return sum(row.multiply_adds for row in self.rows)

    @property
    def kept_bytes(self) -> int:
        """Memory that is kept for `backward()`, without parameters and buffers; the input counts.

        >>> from tinygrad_cnn import nn
        >>> summary(nn.Linear(3, 2), (5, 3)).kept_bytes
        60
        """
        return sum(row.kept_bytes for row in self.rows)

    def __str__(self) -> str:
        header = ["path", "layer", "parameters", "of which"]
        cells = [[row.path or "(model)", _layer(row), *_parameters(row)] for row in self.rows]
        if self.measured:
            header += ["output", "multiply-adds", "kept bytes"]
            for row, line in zip(self.rows, cells, strict=True):
                line += [_output(row.output), _count(row.multiply_adds), _count(row.kept_bytes)]
        right = {"parameters", "multiply-adds", "kept bytes"}
        widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]

        def aligned(line: list[str]) -> str:
            sides = zip(line, widths, header, strict=True)
            return "  ".join(t.rjust(w) if h in right else t.ljust(w) for t, w, h in sides).rstrip()

        rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
        return "\n".join([aligned(header), rule, *map(aligned, cells), rule, *self._totals()])

    __repr__ = __str__

    def _totals(self) -> Iterator[str]:
        """The lines under the table."""
        parts: dict[str, int] = {}
        for row in self.rows:
            for name, count in row.parameters.items():
                parts[name] = parts.get(name, 0) + count
        sums = f"{' + '.join(f'{name} {n:,}' for name, n in parts.items())} = " if len(parts) > 1 else ""
        yield f"parameters: {sums}{self.parameters:,} ({self.parameter_bytes:,} bytes)"
        if self.trainable != self.parameters:
            yield f"of these trainable: {self.trainable:,}"
        if self.measured:
            yield f"multiply-adds: {self.multiply_adds:,}"
            yield f"kept for backward: {self.kept_bytes:,} bytes"


def summary(model: Module, input_shape: Any = None, *, dtype: Any = None) -> Summary:
    """The layers of a model as a table: output shapes, parameters, multiply-adds, bytes kept.

    A copy of the model, which shares its parameters, runs once on zeros, in the model's own mode.
    Nothing of the model changes: no gradient, no running statistics, no random generator.

    Args:
        model: a Module.
        input_shape: shape of the input with its batch axis, or an array of that shape, or several shapes
            for several inputs; None counts the parameters only, and nothing runs.
        dtype: of the inputs; None for that of the first parameter, or float32.
    Returns:
        A Summary: print it, or read its `rows` and totals.
    Raises:
        DTypeError: not a Module, or a shape that is not of integers; and what the model raises.

    >>> from tinygrad_cnn import nn
    >>> print(summary(nn.Sequential(nn.Linear(3, 2), nn.ReLU()), (5, 3)))
    path     layer       parameters  of which           output  multiply-adds  kept bytes
    -------------------------------------------------------------------------------------
    (model)  Sequential                                 (5, 2)
    0        Linear               8  weight 6 + bias 2  (5, 2)             30          60
    1        ReLU                                       (5, 2)                         40
    -------------------------------------------------------------------------------------
    parameters: weight 6 + bias 2 = 8 (32 bytes)
    multiply-adds: 30
    kept for backward: 100 bytes
    """
    if not isinstance(model, Module):
        raise DTypeError(f"summary: needs a Module, got {type(model).__name__}")
    rows = _rows(model)
    if input_shape is None:
        return Summary(list(rows.values()), measured=False)
    if hasattr(input_shape, "shape"):  # an array or a Tensor
        input_shape, dtype = input_shape.shape, input_shape.dtype if dtype is None else dtype
    shapes = [_shape(s) for s in (input_shape if _is_several(input_shape) else [input_shape])]
    kind = np.dtype(dtype) if dtype is not None else next((p.dtype for p in model.parameters()), np.float32)
    first = next((p.array for p in model.parameters()), None)
    inputs = [Tensor(devices.zeros(shape, kind, like=first)) for shape in shapes]
    for x in inputs:
        x.requires_grad = x.dtype.kind == "f"  # so that frozen layers are recorded too
    shared: dict[int, Any] = {id(p): p for p in model.parameters()}
    twin = copy.deepcopy(model, shared)
    watched = _Watch({id(m): rows[path] for path, m in twin.named_modules()}, twin)
    for module in list(twin.modules()):
        vars(module)["forward"] = watched.around(module, module.forward)
    with _generator_kept(), enable_grad(), observe(watched):
        twin(*inputs)
    return Summary(list(rows.values()), measured=True)


class _Watch(Observer):
    """Books each node on the row of the innermost module that is running."""

    def __init__(self, rows: dict[int, Row], model: Module) -> None:
        self.rows = rows
        self.running: list[Row] = []
        state = [*model.parameters(), *model.buffers()]
        # Owners of memory, held, so that no id is used again while the model runs.
        self.counted: dict[int, Any] = {id(own): own for own in (owner(t.array) for t in state)}

    def around(self, module: Module, forward: Callable[..., Any]) -> Callable[..., Any]:
        """`forward`, with the module's row on top while it runs."""
        row = self.rows[id(module)]

        def watched(*args: Any, **kwargs: Any) -> Any:
            self.running.append(row)
            try:
                result = forward(*args, **kwargs)
            finally:
                self.running.pop()
            row.calls += 1
            row.output = _shapes(result)
            return result

        return watched

    def recorded(self, node: Node, arrays: tuple[Any, ...], result: Array) -> None:
        row, op = self.running[-1], node.op
        row.multiply_adds += multiply_adds(op, arrays, result) if op is not None else 0
        for value in (*(node.kept or ()), *vars(op).values()):
            if isinstance(value, devices.CLASSES):
                own = owner(value)
                if id(own) not in self.counted:
                    self.counted[id(own)] = own
                    row.kept_bytes += own.nbytes


def multiply_adds(op: Op | None, arrays: Sequence[Any], result: Array) -> int:
    """Count the products that an op adds up; only matrix products and convolutions count.

    >>> multiply_adds(ops.MatMul(), [np.zeros((2, 3)), np.zeros((3, 4))], np.zeros((2, 4)))
    24
    """
    if isinstance(op, ops.Conv):
        return result.size * prod(arrays[1].shape[1:])
    if isinstance(op, (ops.ConvImage, ops.ConvKernel)):  # x (N, F, ...) or g (N, F, ...), F outputs
        g, each = (arrays[0], arrays[1]) if isinstance(op, ops.ConvImage) else (arrays[1], result)
        return g.size * prod(each.shape[1:])
    if isinstance(op, (ops.Linear, ops.MatMul)):
        return result.size * arrays[0].shape[-1]
    if isinstance(op, ops.Einsum) and len(arrays) > 1:
        pairs = zip(op.subscripts.split("->")[0].split(","), arrays, strict=True)
        return prod(
            {letter: n for names, a in pairs for letter, n in zip(names, a.shape, strict=True)}.values()
        )
    return 0


def _generator_kept() -> Restoring[None]:
    """Leave the default generator as it was."""
    bits = generator().bit_generator
    return Restoring(lambda: None, partial(setattr, bits, "state", bits.state))


# --------------------------------------------------------------------------- rows and shapes
def _rows(model: Module) -> dict[str, Row]:
    """A row per module by path, with its own parameters, each counted where it comes first."""
    rows, seen = {}, set()
    for path, module in model.named_modules():
        row = rows[path] = Row(path, type(module).__name__)
        for name, value in vars(module).items():
            if isinstance(value, Parameter) and id(value) not in seen:
                seen.add(id(value))
                row.parameters[name] = value.size
                row.trainable += value.size if value.requires_grad else 0
                row.parameter_bytes += value.array.nbytes
    return rows


def _is_several(shape: Any) -> bool:
    return isinstance(shape, Sequence) and bool(shape) and isinstance(shape[0], Sequence)


def _shape(shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, Sequence):
        raise DTypeError(f"summary: input_shape must be a shape or several, got {shape!r}")
    return tuple(integer("summary", "input_shape", n, 0) for n in shape)


def _shapes(result: Any) -> Any:
    """The shape of a result, or of each of several."""
    if isinstance(result, (tuple, list)):
        return tuple(map(_shapes, result))
    return getattr(result, "shape", None)


def _output(shape: Any) -> str:
    return "" if shape is None else str(shape)


def _count(number: int) -> str:
    return f"{number:,}" if number else ""


def _layer(row: Row) -> str:
    return f"{row.layer} ×{row.calls}" if row.calls > 1 else row.layer


def _parameters(row: Row) -> tuple[str, str]:
    parts = " + ".join(f"{name} {count:,}" for name, count in row.parameters.items())
    return _count(sum(row.parameters.values())), parts
