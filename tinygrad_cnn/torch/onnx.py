"""`torch.onnx`: a model written as an ONNX file, by `tinygrad_cnn.onnx`."""

from __future__ import annotations

import importlib
from typing import Any

from tinygrad_cnn.torch.refusals import guard

__all__ = ["export"]


def export(
    model: Any, args: Any, f: Any, *, opset_version: int | None = None, input_names: Any = None, output_names: Any = None,
    dynamic_axes: Any = None, training: Any = None, **_: Any,
) -> None:  # fmt: skip
    """Write a model as an ONNX file.

    Options that say how PyTorch traces (`verbose`, `do_constant_folding`, `dynamo`, ...) are taken: nothing is traced here.

    Args:
        model: a Module.   args: an input, or a tuple of them.   f: the file's path.
        opset_version: of the operators.   input_names, output_names: how the file calls them.
        dynamic_axes: the axes that may vary; those of the first input are taken for all.
    """
    axes = [list(found) for found in (dynamic_axes or {}).values()][:1]
    inputs = args[0] if isinstance(args, tuple) and len(args) == 1 else args
    native: Any = importlib.import_module("tinygrad_cnn.onnx")
    native.save(model, f, inputs, dynamic=axes[0] if axes else (), opset=opset_version or 21)
    if input_names or output_names:
        _rename(f, list(input_names or ()), list(output_names or ()))


def _rename(path: Any, inputs: list[str], outputs: list[str]) -> None:
    """Other names for the inputs and outputs of a file."""
    onnx: Any = importlib.import_module("onnx")
    file = onnx.load(path)
    graph = file.graph
    names = dict(zip([v.name for v in graph.input], inputs, strict=False))
    names.update(zip([v.name for v in graph.output], outputs, strict=False))
    for value in (*graph.input, *graph.output, *graph.value_info):
        value.name = names.get(value.name, value.name)
    for node in graph.node:
        node.input[:] = [names.get(n, n) for n in node.input]
        node.output[:] = [names.get(n, n) for n in node.output]
    onnx.save(file, path)


__getattr__ = guard("torch.onnx", globals())
