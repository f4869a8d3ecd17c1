"""From onnx's messages to plain values: arrays, attributes, nodes, graphs, functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.onnx.file_graph import Declared, FileGraph, FileNode, Function, Reference
from tinygrad_cnn.onnx.module_paths import path_of
from tinygrad_cnn.signal_handlers import let_through

Array = NDArray[Any]

#: Most elements that a sparse tensor may unfold to.
MAX_SPARSE = 2**26


class Types:
    """NumPy's types for ONNX's.

    Args:
        onnx: the package.   computed: what float32 is computed in, None for float32.
        widen: compute bfloat16 in float32 too, for which NumPy has no arithmetic of its own.
    """

    def __init__(self, onnx: Any, computed: np.dtype[Any] | None = None, widen: bool = False) -> None:
        floats = computed or np.dtype(np.float32)
        self._by_code: dict[int, np.dtype[Any]] = {}
        for code in onnx.TensorProto.DataType.values():
            if code != onnx.TensorProto.UNDEFINED:
                found = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(code))
                replaced = found == np.float32 or (widen and found.name == "bfloat16")
                self._by_code[code] = floats if replaced else found

    def __call__(self, code: int) -> np.dtype[Any]:
        """The type for a number of TensorProto.DataType.

        Raises:
            FormatError: no such number.
        """
        if code not in self._by_code:
            raise FormatError(f"there is no element type {code}")
        return self._by_code[code]


class Reader:
    """Reads the parts of one model.

    Args:
        onnx: the package.   types: of elements.   versions: of the operators, by domain.
    """

    def __init__(self, onnx: Any, types: Types, versions: Mapping[str, int]) -> None:
        self._onnx, self._types, self._versions = onnx, types, versions

    def array(self, tensor: Any) -> Array:
        """The array of a TensorProto.

        Raises:
            FormatError: its data and its shape do not fit together.
        """
        sizes = tuple(tensor.dims)
        if any(n < 0 for n in sizes):
            raise FormatError(f"tensor {tensor.name!r} has shape {sizes}")
        wanted = self._types(tensor.data_type)
        try:
            found = np.asarray(self._onnx.numpy_helper.to_array(tensor))
        except Exception as error:  # onnx raises errors of many types
            let_through(error)
            raise FormatError(f"tensor {tensor.name!r} of shape {sizes} cannot be read: {error}") from error
        if wanted != found.dtype and found.dtype.kind in "fV" and wanted.kind == "f":
            return found.astype(wanted)
        if not found.flags.aligned or not found.dtype.isnative:
            return found.astype(found.dtype.newbyteorder("="))
        return found

    def dense(self, sparse: Any) -> Array:
        """The array of a SparseTensorProto."""
        shape = tuple(sparse.dims)
        if any(n < 0 for n in shape) or prod(shape) > MAX_SPARSE:
            raise FormatError(f"a sparse tensor of shape {shape} does not fit; {MAX_SPARSE:,} elements do")
        values, places = self.array(sparse.values), self.array(sparse.indices)
        made = np.zeros(shape, values.dtype)
        try:
            if places.ndim == 1:
                made.reshape(-1)[places] = values
            else:
                made[tuple(places.T)] = values
        except (IndexError, ValueError) as error:
            raise FormatError(f"a sparse tensor of shape {shape} has other indices: {error}") from error
        return made

    def graph(self, proto: Any) -> FileGraph:
        """A GraphProto."""
        initializers = {tensor.name: self.array(tensor) for tensor in proto.initializer}
        for sparse in proto.sparse_initializer:
            initializers[sparse.values.name] = self.dense(sparse)
        inputs = [self.declared(value) for value in proto.input if value.name not in initializers]
        nodes = self.nodes(proto.node, initializers)
        outputs = tuple(self.declared(value) for value in proto.output)
        return FileGraph(proto.name, tuple(inputs), outputs, nodes, initializers)

    def nodes(self, protos: Iterable[Any], initializers: Mapping[str, Array]) -> tuple[FileNode, ...]:
        """NodeProtos."""
        return tuple(self._node(proto, k, initializers) for k, proto in enumerate(protos))

    def _node(self, proto: Any, number: int, initializers: Mapping[str, Array]) -> FileNode:
        words = (proto.name, proto.op_type, proto.domain, *proto.input, *proto.output)
        if not all(isinstance(word, str) for word in words):  # bytes, where they are not UTF-8
            raise FormatError(f"node {number} has a name that is not UTF-8")
        domain = "" if proto.domain == "ai.onnx" else proto.domain
        name = proto.name or f"{proto.op_type}_{number}"
        read = [key for key in proto.input if key in initializers]
        try:
            attributes = {a.name: self._attribute(a) for a in proto.attribute}
        except FormatError as error:
            raise FormatError(f"node {name} ({proto.op_type}): {error}") from error
        return FileNode(
            proto.op_type, domain, self._versions.get(domain, 1), name, tuple(proto.input),
            tuple(proto.output), attributes, path_of(proto.name, read),
        )  # fmt: skip

    def _attribute(self, proto: Any) -> Any:
        if proto.ref_attr_name:
            return Reference(proto.ref_attr_name)
        kinds = self._onnx.AttributeProto
        plain: dict[int, Callable[[], Any]] = {
            kinds.FLOAT: lambda: proto.f,
            kinds.INT: lambda: proto.i,
            kinds.STRING: lambda: _text(proto.s),
            kinds.TENSOR: lambda: self.array(proto.t),
            kinds.SPARSE_TENSOR: lambda: self.dense(proto.sparse_tensor),
            kinds.GRAPH: lambda: self.graph(proto.g),
            kinds.FLOATS: lambda: tuple(proto.floats),
            kinds.INTS: lambda: tuple(proto.ints),
            kinds.STRINGS: lambda: tuple(_text(s) for s in proto.strings),
            kinds.TENSORS: lambda: tuple(self.array(t) for t in proto.tensors),
            kinds.TYPE_PROTO: lambda: None,
        }
        if proto.type not in plain:
            raise FormatError(f"attribute {proto.name!r} has type {proto.type}")
        return plain[proto.type]()

    def declared(self, proto: Any) -> Declared:
        """A ValueInfoProto."""
        if not proto.type.HasField("tensor_type"):
            return Declared(proto.name, None, None)
        tensor = proto.type.tensor_type
        if not tensor.HasField("shape"):
            shape = None
        else:
            # Some programs write -1 for a size that may vary.
            shape = tuple(
                d.dim_value if d.HasField("dim_value") and d.dim_value >= 0 else d.dim_param or None
                for d in tensor.shape.dim
            )
        return Declared(proto.name, self._types(tensor.elem_type) if tensor.elem_type else None, shape)

    def function(self, proto: Any) -> Function:
        """A FunctionProto; its operators have versions of its own."""
        own = {("" if o.domain == "ai.onnx" else o.domain): o.version for o in proto.opset_import}
        reader = Reader(self._onnx, self._types, {**self._versions, **own})
        nodes = reader.nodes(proto.node, {})
        inputs, outputs = tuple(proto.input), tuple(proto.output)
        body = FileGraph(
            proto.name, tuple(Declared(name, None, None) for name in inputs),
            tuple(Declared(name, None, None) for name in outputs), nodes,
        )  # fmt: skip
        defaults = {a.name: reader._attribute(a) for a in proto.attribute_proto}
        return Function(inputs, outputs, defaults, body)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"a text is not UTF-8: {error}") from error
