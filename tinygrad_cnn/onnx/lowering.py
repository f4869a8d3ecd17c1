"""Files for older versions of the operators."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.errors import ArgumentError

#: The version that exporters write.
WRITTEN = 21


def lowered(onnx: Any, made: Any, version: int) -> Any:
    """The same model for operators of a version below `WRITTEN`; changed in place.

    Down to 13 operators differ in the element types that they take, in a few attributes, and in the axes of
    reductions, which were an attribute before version 18. Exporters know of operators that are newer.

    Raises:
        ArgumentError: an operator or an attribute that is newer; the message says from which version on.
    """
    constants = {one.name: onnx.numpy_helper.to_array(one) for one in made.graph.initializer}
    for node in made.graph.node:
        if node.op_type == "Constant":
            constants[node.output[0]] = onnx.numpy_helper.to_array(node.attribute[0].t)
        else:
            _fit(onnx, node, version, constants)
    made.opset_import[0].version = version
    return made


def _fit(onnx: Any, node: Any, version: int, constants: dict[str, Any]) -> None:
    """Write a node as the older operator has it."""
    new = onnx.defs.get_schema(node.op_type, WRITTEN, "")
    try:
        old = onnx.defs.get_schema(node.op_type, version, "")
    except onnx.defs.SchemaError:
        raise ArgumentError(
            f"onnx.save: {node.name}: {node.op_type} is there from opset {_first(onnx, node)} on, not in "
            f"{version}"
        ) from None
    if "axes" in old.attributes and "axes" not in new.attributes and len(node.input) > 1:
        axes = constants[node.input.pop()]
        node.attribute.append(onnx.helper.make_attribute("axes", axes.tolist()))
    for attribute in [a for a in node.attribute if a.name not in old.attributes]:
        value = onnx.helper.get_attribute_value(attribute)
        if value != _usual(onnx, new, node, attribute.name):
            raise ArgumentError(
                f"onnx.save: {node.name}: {node.op_type} has {attribute.name!r} from opset "
                f"{_since(onnx, node, attribute.name)} on, not in {version}"
            )
        node.attribute.remove(attribute)


def _usual(onnx: Any, schema: Any, node: Any, name: str) -> Any:
    """The value of an attribute with which an operator does what it did before it had that."""
    if (node.op_type, name) == ("Split", "num_outputs"):  # parts of one size
        return len(node.output)
    default = schema.attributes[name].default_value
    return onnx.helper.get_attribute_value(default) if default.type else None


def _versions(onnx: Any, node: Any) -> list[Any]:
    """An operator's schemas, the oldest first."""
    found = onnx.defs.get_all_schemas_with_history()
    return sorted(
        (s for s in found if s.name == node.op_type and not s.domain), key=lambda s: s.since_version
    )


def _first(onnx: Any, node: Any) -> int:
    """The version that brought an operator."""
    return int(_versions(onnx, node)[0].since_version)


def _since(onnx: Any, node: Any, name: str) -> int:
    """The version that brought an attribute."""
    return int(next(s.since_version for s in _versions(onnx, node) if name in s.attributes))
