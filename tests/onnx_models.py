"""ONNX models that tests make, and onnxruntime, which judges them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", minversion="1.21", reason="needs onnx: pip install 'tinygrad-cnn[onnx]'")

#: The operators' version of the models here.
OPSET = 21


def model(
    nodes: Sequence[Any], inputs: dict[str, Any], outputs: Sequence[str],
    weights: dict[str, Any] | None = None, opset: int = OPSET, infer: bool = True,
) -> Any:  # fmt: skip
    """A model of these nodes; inputs are declared as the arrays are, and the rest is inferred."""
    helper = onnx.helper
    declared = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
        for name, a in inputs.items()
    ]
    results = [helper.make_tensor_value_info(name, onnx.TensorProto.UNDEFINED, None) for name in outputs]
    constants = [onnx.numpy_helper.from_array(np.asarray(a), name) for name, a in (weights or {}).items()]
    graph = helper.make_graph(list(nodes), "net", declared, results, constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    if not infer or any(node.domain for node in nodes):
        return made
    return onnx.shape_inference.infer_shapes(made)


def of_one(
    kind: str, operands: Sequence[Any], outputs: int = 1, opset: int = OPSET, *,
    infer: bool = True, **attributes: Any,
) -> Any:  # fmt: skip
    """A model of one node with these operands as inputs; None leaves one out."""
    names = [f"x{k}" if operand is not None else "" for k, operand in enumerate(operands)]
    results = [f"y{k}" for k in range(outputs)]
    node = onnx.helper.make_node(kind, names, results, name=kind, **attributes)
    given = {name: operand for name, operand in zip(names, operands, strict=True) if name}
    return model([node], given, results, opset=opset, infer=infer)


def judged(made: Any, arrays: Sequence[Any]) -> list[Any]:
    """What onnxruntime computes; the test is skipped where it is not installed."""
    runtime = pytest.importorskip("onnxruntime", reason="needs onnxruntime: pip install onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = runtime.InferenceSession(
        made.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [value.name for value in session.get_inputs()]
    return session.run(None, dict(zip(names, arrays, strict=True)))


def normal(seed: int, *shape: int) -> Any:
    """Random numbers."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


WEIGHTS = {
    "body.conv.weight": normal(0, 4, 3, 3, 3) * 0.3,
    "body.norm.weight": 1 + normal(1, 4) * 0.1,
    "body.norm.bias": normal(2, 4),
    "body.norm.running_mean": normal(3, 4) * 0.1,
    "body.norm.running_var": 1 + normal(4, 4) ** 2,
    "head.weight": normal(5, 2, 4),
    "head.bias": normal(6, 2),
    "low": np.array(0.0, np.float32),
    "axes": np.array([2, 3], np.int64),
}


def network() -> Any:
    """Convolution, normalisation, a bound, a mean over the image, a linear layer."""
    norm = [f"body.norm.{k}" for k in ("weight", "bias", "running_mean", "running_var")]
    nodes = [
        onnx.helper.make_node(
            "Conv", ["x", "body.conv.weight"], ["a"], name="/body/conv/Conv", pads=[1, 1, 1, 1]
        ),
        onnx.helper.make_node(
            "BatchNormalization", ["a", *norm], ["b"], name="/body/norm/BatchNormalization"
        ),
        onnx.helper.make_node("Clip", ["b", "low"], ["c"], name="/body/act/Clip"),
        onnx.helper.make_node("ReduceMean", ["c", "axes"], ["d"], name="/ReduceMean", keepdims=0),
        onnx.helper.make_node(
            "Gemm", ["d", "head.weight", "head.bias"], ["y"], name="/head/Gemm", transB=1
        ),
    ]
    return model(nodes, {"x": normal(7, 2, 3, 6, 6)}, ["y"], WEIGHTS)
