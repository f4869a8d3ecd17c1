"""Products of matrices and sums of products."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import FormatError
from tinygrad_cnn.onnx.importers.call import Call, array, is_float
from tinygrad_cnn.onnx.importers.registry import importer


@importer("MatMul", weights=(1,))
def _matmul(call: Call, a: Any, b: Any) -> Any:
    if min(a.ndim, b.ndim) > 1:
        call.room((*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1]))
    return F.matmul(a, b) if is_float(a) else np.matmul(array(a), array(b))


@importer("Gemm", weights=(1, 2))
def _gemm(call: Call, a: Any, b: Any, c: Any = None) -> Any:
    """alpha * a @ b + beta * c, with a and b transposed where the node says so."""
    if a.ndim != 2 or b.ndim != 2:
        raise FormatError(f"a {a.shape} and b {b.shape} are not two matrices")
    if not is_float(a):
        return _integer_gemm(call, array(a), array(b), None if c is None else array(c))
    alpha, beta = call.get("alpha", 1.0), call.get("beta", 1.0)
    a = F.transpose(a) if call.get("transA") else a
    rows = b if call.get("transB") else F.transpose(b)
    plain = c is not None and alpha == beta == 1 and c.shape == rows.shape[:1]
    y = F.linear(a, rows, c if plain else None)
    y = y if alpha == 1 else y * alpha
    if c is None or plain or beta == 0:
        return y
    return y + (c if beta == 1 else c * beta)


def _integer_gemm(call: Call, a: Any, b: Any, c: Any) -> Any:
    y = (a.T if call.get("transA") else a) @ (b.T if call.get("transB") else b)
    y = y * call.get("alpha", 1.0)
    return (y if c is None else y + c * call.get("beta", 1.0)).astype(a.dtype)


@importer("Einsum", weights=(1,))
def _einsum(call: Call, *operands: Any) -> Any:
    equation = call.get("equation", "").replace(" ", "")
    sizes: dict[str, int] = {}
    for labels, operand in zip(equation.partition("->")[0].split(","), operands, strict=True):
        if "." not in labels:
            sizes.update(zip(labels, operand.shape, strict=False))
    call.room([size for label, size in sizes.items() if label in equation.partition("->")[2]])
    return F.einsum(equation, *operands)


@importer("Det")
def _det(call: Call, x: Any) -> Any:
    if x.ndim < 2 or x.shape[-2] != x.shape[-1]:
        raise FormatError(f"x {x.shape} is not a square matrix")
    return F.det(x) if x.dtype != np.float16 else F.astype(F.det(F.astype(x, np.float32)), np.float16)
