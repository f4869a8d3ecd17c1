"""`save`: a model of ours as a file that other programs read."""

from __future__ import annotations

import copy
import inspect
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.errors import ArgumentError, DTypeError, FormatError
from tinygrad_cnn.functional.arguments import as_array, flags, integer, on_host
from tinygrad_cnn.graph import Node
from tinygrad_cnn.mode import no_grad
from tinygrad_cnn.nn import Module
from tinygrad_cnn.onnx.exporters import EXPORTERS
from tinygrad_cnn.onnx.exporters.registry import Exporter
from tinygrad_cnn.onnx.exporters.target import Target
from tinygrad_cnn.onnx.graph_module import OnnxModule
from tinygrad_cnn.onnx.lowering import WRITTEN, lowered
from tinygrad_cnn.onnx.package import onnx_package
from tinygrad_cnn.onnx.protobuf import Types
from tinygrad_cnn.onnx.reading import BUFFERS, module_of
from tinygrad_cnn.onnx.tracing import (
    Entry,
    Trace,
    all_learnt,
    check_alike,
    check_not_baked,
    larger,
    other_numbers,
    same,
    trace,
)
from tinygrad_cnn.rng import undisturbed
from tinygrad_cnn.serial.atomic import writing
from tinygrad_cnn.serial.paths import path_of
from tinygrad_cnn.signal_handlers import let_through
from tinygrad_cnn.tensors.tensor_class import Tensor

Array = NDArray[Any]

#: The oldest version of operators that a file can have.
OLDEST = 13


def save(
    model: Module, path: str | os.PathLike[str], example: Any, *, dynamic: Sequence[int] = (0,),
    opset: int = 21, verify: bool = True, training: bool = False,
) -> None:  # fmt: skip
    """Write a model as an ONNX file.

    The model is run on the example and what it records is written, one operator or a few for each
    op, with the modules' paths in the nodes' names and the parameters under theirs. It is run again at
    another size, which shows what varies, and with other numbers: whatever was computed from the input
    outside the graph (`float(x.mean())`, what NumPy did) would be wrong in the file, and is refused with
    the module, the op and the line of your code. Comparisons, `argmax`, `argsort`, the places of `topk`
    and logic are written, as results, as masks of `where`, and as indices.

    Args:
        model: a Module that gives a Tensor, or a tuple of them.   path: the file; written whole or
            not at all.
        example: an input as an array or Tensor, or a tuple of them.
        dynamic: axes whose size may vary in the file, of each input that has them; the example must
            be valid there at twice its size.
        opset: version of the operators, 13 or newer; newer operators are written by older ones, or
            refused.
        verify: check the file with onnx's checker, run it with `load` and, where it is installed, with
            onnxruntime, and compare.
        training: write dropout, and batch normalisation by the batch; else the form for inference.
    Raises:
        ArgumentError: an op that ONNX has no operator for (in this opset), something that would be baked
            in, or an option out of its range.   DTypeError: no Module, or an example that is not an array.
        FormatError: the file that was written computes something else; nothing is left on disk.
        MissingExtraError: onnx is not installed.
    Source: the ONNX specification, https://onnx.ai/onnx/operators.

    >>> import tempfile, pathlib
    >>> from tinygrad_cnn import nn
    >>> from tinygrad_cnn.onnx import load
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "net.onnx")
    ...     save(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), file, np.zeros((1, 4), np.float32))
    ...     load(file)(np.zeros((5, 4), np.float32)).shape
    (5, 3)
    """
    name = "onnx.save"
    flags(name, verify=verify, training=training)
    if not isinstance(model, Module):
        raise DTypeError(f"{name}: a Module fits, got {type(model).__name__}")
    onnx = onnx_package(name)
    version = integer(name, "opset", opset, OLDEST)
    if version > onnx.defs.onnx_opset_version():
        raise ArgumentError(f"{name}: opset {version} is newer than onnx {onnx.__version__} knows")
    path = path_of(name, path)
    axes = tuple(integer(name, "dynamic", axis, 0) for axis in dynamic)
    inputs = _inputs(example)
    if any(isinstance(p.array, devices.ON_DEVICES) for p in model.parameters()):
        model = copy.deepcopy(model).cpu()  # a file lies on no device
    with undisturbed(model):
        runs = _runs(model, inputs, axes, training)
        made = _model(onnx, model, runs, version)
        if verify:
            _verify(onnx, made, (*runs, *_another(model, runs[0], axes, training)), training)
    data = made.SerializeToString()
    with writing(path) as temporary:
        temporary.write_bytes(data)


def _inputs(example: Any) -> tuple[Array, ...]:
    several = example if isinstance(example, (tuple, list)) else (example,)
    return tuple(np.array(on_host(as_array("onnx.save", x))) for x in several)


# --------------------------------------------------------------------------- runs
def _runs(
    model: Module, inputs: Sequence[Array], axes: Sequence[int], training: bool
) -> tuple[Trace, Trace]:
    """The model at two sizes, after it was seen that nothing else depends on sizes or numbers."""
    own = [tuple(axis for axis in axes if axis < x.ndim) for x in inputs]
    # A size of 1 broadcasts, and could not be told from one that is always 1.
    small = [
        larger(x, [axis for axis in of if x.shape[axis] == 1], 2) for x, of in zip(inputs, own, strict=True)
    ]
    large = [larger(x, of, 2) for x, of in zip(small, own, strict=True)]
    owned = _owned(model)
    random = {kind: exporter.random for kind, exporter in EXPORTERS.items()}
    with all_learnt(model, training):
        first = trace(model, small)
        other = trace(model, large)
        with np.errstate(all="ignore"):  # the logarithm of a negative number tells as much
            others = [trace(model, [other_numbers(x, sign) for x in small]) for sign in (1, -1)]
    for third in others:
        check_alike(first, third, "the input's numbers")
        check_not_baked(first, third, owned, random, "the input's numbers")
    check_alike(first, other, "the input's size")
    for k, end in enumerate(first.ends):
        if not any(entry.node is end for entry in first.entries):
            raise ArgumentError(
                f"onnx.save: output {k} is not a result of a recorded op: it is constant, or was computed "
                "from the input outside the graph (by .numpy(), .detach() or no_grad)"
            )
    return first, other


def _another(model: Module, first: Trace, axes: Sequence[int], training: bool) -> list[Trace]:
    """The model at a third size, if it takes that: two sizes do not tell n² from 12·n - 32.

    It differs along each axis, for a square does not tell its axes apart.
    """
    inputs = list(first.inputs)
    for k, axis in enumerate(axes):
        inputs = [
            np.concatenate([x, np.take(x, range(k + 1), axis, mode="wrap")], axis) if axis < x.ndim else x
            for x in inputs
        ]
    try:
        with all_learnt(model, training):
            return [trace(model, inputs)] if axes else []
    except Exception as error:  # of the program: not every size is one that it takes
        let_through(error)
        return []


def _owned(model: Module) -> dict[Node, str]:
    """Nodes of the parameters and buffers, and their paths."""
    found: dict[Node, str] = {}
    for path, value in (*model.named_parameters(), *model.named_buffers()):
        found.setdefault(value.node, path)
    return found


# --------------------------------------------------------------------------- the file
def _model(onnx: Any, model: Module, runs: tuple[Trace, Trace], opset: int) -> Any:
    """The ModelProto."""
    first, other = runs
    inputs, outputs = _names(model, first)
    target = Target(onnx, first, other, inputs, model, opset)
    owned = _owned(model)
    names: dict[Node, str] = {
        leaf: name for leaf, name in zip(first.leaves, inputs, strict=True) if leaf is not None
    }
    needed = first.needed()
    _check_known(entry for entry in first.entries if entry.node in needed)
    for entry, twin in zip(first.entries, other.entries, strict=True):
        if entry.node not in needed:
            continue
        target.begin(entry, twin, names)
        _check_sizes(target, entry, twin)
        operands = [_operand(target, entry, twin, k, names, owned) for k in range(len(entry.node.parents))]
        names[entry.node] = _exporter(entry).function(target, entry.node.op, *operands)
    for k, output in enumerate(outputs):
        target.nodes.append(onnx.helper.make_node("Identity", [names[first.ends[k]]], [output]))
    graph = onnx.helper.make_graph(
        target.nodes, type(model).__name__,
        _declared(onnx, inputs, [x.shape for x in first.inputs], [x.shape for x in other.inputs],
                  [x.dtype for x in first.inputs]),
        _declared(onnx, outputs, [y.shape for y in first.outputs], [y.shape for y in other.outputs],
                  [y.dtype for y in first.outputs]),
        list(target.initializers.values()),
    )  # fmt: skip
    made = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", max(opset, WRITTEN))],
        producer_name="tinygrad-cnn", ir_version=10,
    )  # fmt: skip
    buffers = [path for path, _ in model.named_buffers() if path in target.initializers]
    onnx.helper.set_model_props(made, {BUFFERS: json.dumps(buffers)})
    return made if opset >= WRITTEN else lowered(onnx, made, opset)


def _names(model: Module, first: Trace) -> tuple[list[str], list[str]]:
    """Names of the inputs, those of forward's parameters, and of the outputs."""
    if isinstance(model, OnnxModule):
        return [d.name for d in model.inputs], [d.name for d in model.outputs]
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    found = [p.name for p in inspect.signature(model.forward).parameters.values() if p.kind in kinds]
    found += [f"x{k}" for k in range(len(found), len(first.inputs))]
    count = len(first.outputs)
    return found[: len(first.inputs)], ["y"] if count == 1 else [f"y{k}" for k in range(count)]


def _check_known(entries: Any) -> None:
    missing: dict[str, list[str]] = {}
    for entry in entries:
        if type(entry.node.op) not in EXPORTERS:
            missing.setdefault(entry.node.op.name, []).append(str(entry))
    if missing:
        listed = "; ".join(f"{kind} in {', '.join(where[:5])}" for kind, where in sorted(missing.items()))
        raise ArgumentError(f"onnx.save: ops that have no operator in ONNX: {listed}")


def _exporter(entry: Entry) -> Exporter:
    assert entry.node.op is not None
    return EXPORTERS[type(entry.node.op)]


def _check_sizes(target: Target, entry: Entry, twin: Entry) -> None:
    """An attribute that differs with the size is one that its exporter sees to."""
    free = _exporter(entry)
    for name, value in vars(entry.node.op).items():
        other = vars(twin.node.op)[name]
        if (
            name not in free.sized | free.random
            and not same(value, other)
            and not target.beside(value, other)
        ):
            raise target.refuse(
                f"its {name.strip('_')!r} was computed from the input's size outside the graph"
            )


def _operand(
    target: Target, entry: Entry, twin: Entry, k: int, names: dict[Node, str], owned: Mapping[Node, str]
) -> str:
    """The name of an operand; a constant is written where it is first used."""
    parent, value, other = entry.node.parents[k], entry.arrays[k], twin.arrays[k]
    dtype = entry.node.dtype
    if not entry.node.requires_grad:  # a comparison of float32 gives bools
        dtype = next((a.dtype for a in entry.arrays if np.ndim(a)), np.result_type(*entry.arrays))
    if parent not in names:
        if parent in owned:
            names[parent] = target.constant(np.asarray(value), owned[parent])
        elif same(value, other):
            return target.constant(np.asarray(value, dtype))
        else:
            return _varying_constant(target, value, other, k)
    name = names[parent]
    made = parent.op is not None and not parent.requires_grad  # bools and integers that numbers are made of
    keeps = type(entry.node.op).__name__ == "Cast" or not (made or np.dtype(parent.dtype).kind == "f")
    return name if keeps or parent.dtype == dtype else target.cast(name, dtype)


def _varying_constant(target: Target, value: Any, other: Any, k: int) -> str:
    """A constant whose shape varies: one number, repeated."""
    array, twin = np.asarray(value), np.asarray(other)
    numbers = np.unique(np.concatenate([array.reshape(-1), twin.reshape(-1)]))
    if array.ndim != twin.ndim or len(numbers) != 1:
        raise target.refuse(f"its operand {k} was computed from the input's size outside the graph")
    shape = list(zip(array.shape, twin.shape, strict=True))
    return target.node(
        "Expand", [target.constant(np.asarray(numbers[0], array.dtype)), target.sizes(shape)]
    )


def _declared(
    onnx: Any, names: Sequence[str], shapes: Sequence[Any], others: Sequence[Any], dtypes: Sequence[Any]
) -> list[Any]:
    """Inputs or outputs; sizes that vary alike have the same name."""
    found = []
    for name, one, two, dtype in zip(names, shapes, others, dtypes, strict=True):
        shape = [
            a if a == b else ("batch" if axis == 0 else f"size_{a}")
            for axis, (a, b) in enumerate(zip(one, two, strict=True))
        ]
        code = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        found.append(onnx.helper.make_tensor_value_info(name, code, shape))
    return found


# --------------------------------------------------------------------------- verification
def _verify(onnx: Any, made: Any, runs: Sequence[Trace], training: bool) -> None:
    """The checker, and the file run on all inputs.

    Raises:
        FormatError: something differs.
    """
    try:
        onnx.checker.check_model(made, full_check=True)
    except Exception as error:  # onnx raises errors of many types
        let_through(error)
        raise FormatError(f"onnx.save: onnx's checker refuses the file: {error}") from error
    module = module_of(onnx, made, "onnx.save", Types(onnx))
    if training and any(node.op_type == "Dropout" for node in made.graph.node):
        return  # its numbers are random
    for run in runs:
        with no_grad():
            found = module(*run.inputs)
        _compare("load", run, found if isinstance(found, tuple) else (found,))
    if training:
        return  # onnxruntime is built for inference, and normalises otherwise
    try:
        import onnxruntime
    except ImportError:
        return
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        made.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [value.name for value in session.get_inputs()]
    for run in runs:
        _compare("onnxruntime", run, session.run(None, dict(zip(names, run.inputs, strict=True))))


def _compare(who: str, run: Trace, found: Sequence[Any]) -> None:
    for k, (wanted, value) in enumerate(zip(run.outputs, found, strict=True)):
        ours, theirs = wanted.array, np.asarray(value.array if isinstance(value, Tensor) else value)
        if ours.dtype.kind == "b":
            ours, theirs = ours.astype(int), theirs.astype(int)
        if ours.shape != theirs.shape:
            raise FormatError(
                f"onnx.save: run by {who}, output {k} has shape {theirs.shape}, not {ours.shape}"
            )
        scale = float(np.abs(ours[np.isfinite(ours)]).max(initial=0)) or 1.0
        with np.errstate(all="ignore"):
            away = np.abs(ours - theirs)
        wrong = ~((away <= 1e-3 * scale) | (ours == theirs) | (np.isnan(ours) & np.isnan(theirs)))
        if wrong.any():
            worst = float(np.nanmax(np.where(wrong, away, 0)))
            raise FormatError(
                f"onnx.save: run by {who}, output {k} differs by up to {worst:.2g} where values reach "
                f"{scale:.2g}"
            )
