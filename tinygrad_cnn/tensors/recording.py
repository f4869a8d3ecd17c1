"""What recording an op consists of: its operands taken apart, its result computed, constants noted."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.graph import Node, Op, Traced, in_float32, refused, retold, without_underflow
from tinygrad_cnn.half_precision import has_half

_FLOAT32 = np.dtype(np.float32)


def computed(op: Op, arrays: tuple[Any, ...], needs: tuple[bool, ...]) -> Any:
    """Call `op.forward`; the usual cases of `run_forward`, written out."""
    try:
        if op.wide and getattr(arrays[0], "dtype", None) is not _FLOAT32 and has_half(arrays[0], arrays):
            return in_float32(op, arrays, needs)
        if op._forward_needs:
            return op.forward(*arrays, needs=needs)
        if len(arrays) == 1:  # a call without * takes 0.2 µs less
            return op.forward(arrays[0])
        if len(arrays) == 2:
            return op.forward(arrays[0], arrays[1])
        return op.forward(*arrays)
    except ValueError as error:
        raise devices.mixed(op.name, arrays) or retold(error, op, arrays) from error
    except TypeError as error:
        if (apart := devices.mixed(op.name, arrays)) is not None:
            raise apart from error
        if (told := refused(error, op)) is not None:
            raise told from error
        raise
    except FloatingPointError:
        return without_underflow(op, arrays, needs)


def taken_apart(operands: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...], tuple[bool, ...]]:
    """Per operand: its node or None, its array or number, and whether it wants a gradient."""
    nodes: list[Any] = []
    arrays: list[Any] = []
    needs: list[bool] = []
    for x in operands:
        node = None
        if isinstance(x, Traced):
            node, x = x._node, x._array
        arrays.append(x)
        nodes.append(node)
        needs.append(node is not None and node.requires_grad)
    if devices.ON_DEVICES:
        arrays = _beside_tensors(operands, arrays)
    return tuple(nodes), tuple(arrays), tuple(needs)


def _beside_tensors(operands: tuple[Any, ...], arrays: list[Any]) -> list[Any]:
    """NumPy arrays among the operands, which are constants, where the first Tensor lies."""
    first = next((x for x in operands if isinstance(x, Traced)), None)
    if first is None:
        return arrays
    pairs = zip(operands, arrays, strict=True)
    return [a if isinstance(x, Traced) else devices.beside(a, first) for x, a in pairs]


def with_constants(
    operands: tuple[Any, ...], nodes: tuple[Any, ...], arrays: tuple[Any, ...], keep: tuple[int, ...]
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Nodes also for the operands that have none, and the arrays.

    A Tensor owns its array; a plain array is its caller's, who may write to it, so what the
    derivative will read is copied.
    """
    made, own = list(nodes), list(arrays)
    for k, x in enumerate(operands):
        if nodes[k] is not None:
            continue
        if isinstance(x, Traced):
            made[k] = x.node
            continue
        if k in keep and isinstance(x, devices.CLASSES):
            own[k] = arrays[k].copy()
        name = f"{x:g}" if isinstance(x, (int, float)) else None
        made[k] = Node.leaf(np.shape(x), np.result_type(x), requires_grad=False, role="constant", name=name)
    return tuple(made), tuple(own)
