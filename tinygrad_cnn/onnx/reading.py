"""`load`: a file of another program as a module."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_cnn.errors import DTypeError, FormatError
from tinygrad_cnn.onnx.file_graph import FileGraph, FileNode, Function
from tinygrad_cnn.onnx.graph_module import OnnxModule
from tinygrad_cnn.onnx.importers import IMPORTERS
from tinygrad_cnn.onnx.node_order import by_modules
from tinygrad_cnn.onnx.package import onnx_package
from tinygrad_cnn.onnx.protobuf import Reader, Types
from tinygrad_cnn.serial import read_file
from tinygrad_cnn.serial.paths import path_of
from tinygrad_cnn.signal_handlers import let_through

#: Key of the metadata in which `save` lists the buffers, which a file cannot tell from parameters.
BUFFERS = "tinygrad_cnn.buffers"
#: Most elements of all values of a run that are alive at a time: a gigabyte of float32.
BUDGET = 2**28


def load(path: str | os.PathLike[str], *, dtype: Any = None, budget: int = BUDGET) -> OnnxModule:
    """Read an ONNX file as a module: run it, draw it, train it on.

    The float initialisers are its parameters, under the file's names; running statistics are
    buffers; integers, single numbers and settings such as bounds stay constants. It comes in eval
    mode. In training mode batch normalisation uses the batch and moves the running statistics, and
    dropout drops, as the layers of `nn` do, whatever the file was exported for.

    Nodes are framed in drawings by the modules that their names tell, such as `/layer1/conv/Conv`.
    All operators of versions 7 and newer that networks use are known; branches and loops are run as
    their conditions say. Nothing of the file is executed while it is loaded.

    Args:
        path: the file; weights that it keeps in other files must lie in its folder.
        dtype: a float type to compute in instead of float32, such as float64 to test gradients.
        budget: most elements of all values alive at a time in a run, parameters not counted. A file
            that makes more is refused before the memory is taken.
    Returns:
        The module; `inputs` and `outputs` say what its `forward` takes and gives.
    Raises:
        FormatError: a damaged or hostile file, or one that uses operators that are not known: all
            of them are listed, with their nodes.   DTypeError: dtype is not a float type.
        MissingExtraError: onnx is not installed.   OSError: the file cannot be read.
    Source: the ONNX specification, https://onnx.ai/onnx/operators.

    >>> load("no.onnx")
    Traceback (most recent call last):
    FileNotFoundError: [Errno 2] No such file or directory: 'no.onnx'
    """
    onnx = onnx_package("onnx.load")
    computed = None if dtype is None else np.dtype(dtype)
    if computed is not None and computed not in (np.float16, np.float32, np.float64):
        raise DTypeError(f"onnx.load: dtype {computed} is none; float16, float32 and float64 fit")
    file = Path(path_of("onnx.load", path))
    data = read_file(file)
    model = parsed(onnx, data, str(path))
    _load_external(onnx, model, file)
    return module_of(onnx, model, str(path), Types(onnx, computed, widen=True), budget)


def parsed(onnx: Any, data: bytes, name: str) -> Any:
    """The ModelProto in some bytes.

    Raises:
        FormatError: there is none.
    """
    try:
        model = onnx.ModelProto.FromString(data)
    except Exception as error:  # protobuf's errors are not public
        let_through(error)
        raise FormatError(f"{name}: no ONNX model, or a damaged one: {error}") from error
    if not model.ir_version or not model.HasField("graph"):
        raise FormatError(f"{name}: no ONNX model: it has no graph")
    return model


def module_of(onnx: Any, model: Any, name: str, types: Types, budget: int = BUDGET) -> OnnxModule:
    """The module of a ModelProto, after all checks; `name` is the file's, for messages."""
    try:
        versions = _versions(onnx, model)
        _check(onnx, model)
        reader = Reader(onnx, types, versions)
        graph = reader.graph(model.graph)
        functions = {
            ("" if f.domain == "ai.onnx" else f.domain, f.name): reader.function(f) for f in model.functions
        }
        graphs = [graph, *(function.body for function in functions.values())]
        functions |= _known_functions(onnx, reader, graphs, functions)
        _check_operators(graphs, functions)
        for one in graphs:
            _check_names(one, frozenset())
        _check_recursion(functions)
        graph = replace(graph, nodes=by_modules(graph.nodes))
    except FormatError as error:
        raise FormatError(f"{name}: {error.args[0]}") from error
    except RecursionError as error:
        raise FormatError(f"{name}: graphs lie too deep in each other") from error
    return OnnxModule(graph, functions, types, file=name, budget=budget, buffers=_buffers(model))


def _buffers(model: Any) -> frozenset[str]:
    """Names of initialisers that are not learnt, as far as the file says so."""
    for entry in model.metadata_props:
        if entry.key == BUFFERS:
            try:
                return frozenset(name for name in json.loads(entry.value) if isinstance(name, str))
            except (ValueError, TypeError):
                break
    return frozenset()


# --------------------------------------------------------------------------- the weights' files
def _load_external(onnx: Any, model: Any, file: Path) -> None:
    """Weights that lie in files of the model's folder.

    Raises:
        FormatError: a file elsewhere, or one that is missing or short, or far more than there is.
    """
    helper = onnx.external_data_helper
    try:
        outside = [t for t in helper._get_all_tensors(model) if helper.uses_external_data(t)]
    except RecursionError as error:
        raise FormatError(f"{file}: graphs lie too deep in each other") from error
    if not outside:
        return
    room = 0
    for there in {_location(tensor) for tensor in outside}:
        place = file.parent / there
        if place.is_file():
            room += place.stat().st_size
    # Tied weights may be read several times; a file may not be turned into a thousand copies of it.
    room = 4 * room + 2**20
    for tensor in outside:
        try:
            helper.load_external_data_for_tensor(tensor, str(file.parent))
        except Exception as error:  # onnx raises errors of many types
            let_through(error)
            raise FormatError(f"{file}: data of tensor {tensor.name!r} cannot be read: {error}") from error
        room -= len(tensor.raw_data)
        if room < 0:
            raise FormatError(f"{file}: its tensors take more external data than there is")
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]


def _location(tensor: Any) -> str:
    return next((entry.value for entry in tensor.external_data if entry.key == "location"), "")


# --------------------------------------------------------------------------- checks
def _versions(onnx: Any, model: Any) -> dict[str, int]:
    """Version of the operators by domain."""
    versions: dict[str, int] = {}
    for entry in model.opset_import:
        versions["" if entry.domain == "ai.onnx" else entry.domain] = entry.version
    newest = onnx.defs.onnx_opset_version()
    if not 1 <= versions.get("", 1) <= newest:
        raise FormatError(
            f"operators of version {versions['']} are not known; 1 to {newest} are, with onnx "
            f"{onnx.__version__}"
        )
    return versions


def _check(onnx: Any, model: Any) -> None:
    """Ask onnx's own checker: types of attributes, numbers of inputs, versions."""
    # Files whose inputs or outputs have no declared shape are common; the checker insists on one.
    values = [*model.graph.input, *model.graph.output]
    unknown = [
        v for v in values if v.type.HasField("tensor_type") and not v.type.tensor_type.HasField("shape")
    ]
    for value in unknown:
        value.type.tensor_type.shape.SetInParent()
    try:
        onnx.checker.check_model(model)
    except Exception as error:  # onnx raises errors of many types
        let_through(error)
        text = str(error).strip() or type(error).__name__
        raise FormatError(f"no valid ONNX model: {' '.join(text.split())}") from error
    finally:
        for value in unknown:
            value.type.tensor_type.ClearField("shape")


def _known_functions(
    onnx: Any, reader: Reader, graphs: list[FileGraph], functions: Mapping[tuple[str, str], Function]
) -> dict[tuple[str, str], Function]:
    """Operators without an importer that ONNX itself defines by others."""
    found: dict[tuple[str, str], Function] = {}
    waiting = [node for graph in graphs for node in graph.walk()]
    while waiting:
        node = waiting.pop()
        key = node.domain, node.kind
        if key in IMPORTERS or key in functions or key in found:
            continue
        if not onnx.defs.has(node.kind, node.domain):
            continue
        try:
            schema = onnx.defs.get_schema(node.kind, node.version, node.domain)
        except onnx.defs.SchemaError:
            continue
        if schema.has_function:
            found[key] = reader.function(schema.function_body)
            waiting.extend(found[key].body.walk())
    return found


def _check_operators(graphs: Iterable[FileGraph], functions: Mapping[tuple[str, str], Function]) -> None:
    missing: dict[str, list[str]] = {}
    for graph in graphs:
        for node in graph.walk():
            key = node.domain, node.kind
            if key not in IMPORTERS and key not in functions:
                missing.setdefault(f"{node.operator} (version {node.version})", []).append(node.name)
    if missing:
        listed = "; ".join(f"{kind}: {_some(names)}" for kind, names in sorted(missing.items()))
        raise FormatError(f"operators that are not known, with their nodes: {listed}")


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _check_names(graph: FileGraph, outer: frozenset[str]) -> None:
    """Every value is made once, before it is used."""
    made = {declared.name for declared in graph.inputs} | set(graph.initializers)
    for node in graph.nodes:
        for name in sorted(node.uses):
            if name not in made and name not in outer:
                raise FormatError(f"{node}: nothing before it makes its input {name!r}; is there a cycle?")
        for inner in node.graphs:
            _check_names(inner, outer | made)
        made.update(_new(node, made))
    for declared in graph.outputs:
        if declared.name not in made and declared.name not in outer:
            raise FormatError(f"graph {graph.name!r}: nothing makes its output {declared.name!r}")


def _new(node: FileNode, made: set[str]) -> list[str]:
    named = [name for name in node.outputs if name]
    twice = [name for k, name in enumerate(named) if name in made or name in named[:k]]
    if twice:
        raise FormatError(f"{node}: its output {twice[0]!r} is made twice")
    return named


def _check_recursion(functions: Mapping[tuple[str, str], Function]) -> None:
    """No function calls itself, not even by others."""
    done: set[tuple[str, str]] = set()

    def visit(key: tuple[str, str], path: tuple[tuple[str, str], ...]) -> None:
        if key in path:
            raise FormatError(f"function {key[1]} calls itself")
        if key not in functions or key in done:
            return
        for node in functions[key].body.walk():
            visit((node.domain, node.kind), (*path, key))
        done.add(key)

    for key in functions:
        visit(key, ())
