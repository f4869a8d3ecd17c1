"""Functions without a gradient: places of elements, comparisons, tests of numbers, logic."""

from __future__ import annotations

from collections.abc import Callable

from tinygrad_cnn.onnx.exporters.registry import exporter
from tinygrad_cnn.onnx.exporters.target import Target
from tinygrad_cnn.onnx.tracing import Computed

#: Functions that are one operator, of floats or of bools.
_OF_NUMBERS = {
    "equal": "Equal", "greater": "Greater", "greater_equal": "GreaterOrEqual", "isinf": "IsInf",
    "isnan": "IsNaN", "less": "Less", "less_equal": "LessOrEqual",
}  # fmt: skip
_OF_BOOLS = {"logical_and": "And", "logical_not": "Not", "logical_or": "Or", "logical_xor": "Xor"}


@exporter(Computed)
def _computed(to: Target, op: Computed, *operands: str) -> str:
    if op.function in _OF_NUMBERS:
        return to.node(_OF_NUMBERS[op.function], operands)
    if op.function in _OF_BOOLS:
        if any(dtype.kind != "b" for dtype in [to.dtype, *to.operand_dtypes()]):
            raise to.refuse("its operands are not bools")
        return to.node(_OF_BOOLS[op.function], operands)
    if op.function not in _WRITERS:
        raise to.refuse("there is no operator for it")
    return _WRITERS[op.function](to, op, *operands)


def _not_equal(to: Target, op: Computed, a: str, b: str) -> str:
    return to.node("Not", [to.node("Equal", [a, b])])


def _isfinite(to: Target, op: Computed, x: str) -> str:
    return to.node("Not", [to.node("Or", [to.node("IsNaN", [x]), to.node("IsInf", [x])])])


def _extreme(to: Target, op: Computed, x: str) -> str:
    """argmax and argmin; without an axis, of all elements in row-major order."""
    axis, keep = op.arguments["axis"], int(op.arguments["keepdims"])
    operator = {"argmax": "ArgMax", "argmin": "ArgMin"}[op.function]
    if axis is not None:
        return to.node(operator, [x], axis=axis, keepdims=keep)
    flat = to.node("Reshape", [x, to.ints(-1)])
    return to.node("Reshape", [to.node(operator, [flat], axis=0, keepdims=0), to.ints(*to.shape)])


def _argsort(to: Target, op: Computed, x: str) -> str:
    axis = op.arguments["axis"]
    return _places(to, x, to.size(to.operand_pairs(0)[axis]), axis, op.arguments["descending"])


def _topk(to: Target, op: Computed, x: str) -> str:
    return _places(to, x, to.ints(op.arguments["k"]), op.arguments["axis"], op.arguments["largest"])


def _places(to: Target, x: str, count: str, axis: int, largest: bool) -> str:
    return to.nodes_of("TopK", [x, count], 2, axis=axis, largest=int(largest))[1]


_WRITERS: dict[str, Callable[..., str]] = {
    "argmax": _extreme, "argmin": _extreme, "argsort": _argsort, "isfinite": _isfinite,
    "not_equal": _not_equal, "topk": _topk,
}  # fmt: skip
