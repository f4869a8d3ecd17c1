"""Types of results where operands differ, by PyTorch's rule, and operands brought to that type."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.tensors import Tensor as NativeTensor
from tinygrad_cnn.torch import dtypes
from tinygrad_cnn.torch.tensors import Tensor

_CATEGORY = {"b": 0, "i": 1, "u": 1, "f": 2}


def result_type(*operands: Any) -> dtypes.dtype:
    """The type of a result: tensors with dimensions decide, unless another operand is of a higher kind.

    Kinds are bool, integer, float; 0-d tensors come next, Python numbers last.

    >>> result_type(Tensor.detached(np.zeros(2, int)), 1.5), result_type(Tensor([1.0]), np.float64(2))
    (torch.float32, torch.float32)
    """
    found: list[dtypes.dtype | None] = [None, None, None]
    for x in operands:
        if isinstance(x, NativeTensor):
            rank, kind = (0 if x._array.ndim else 1), dtypes.of_numpy(x._array.dtype)
        elif isinstance(x, np.ndarray):
            rank, kind = (0 if x.ndim else 1), dtypes.of_numpy(x.dtype)
        else:
            rank, kind = 2, of_number(x)
        before = found[rank]
        found[rank] = kind if before is None else dtypes.promote_types(before, kind)
    best: dtypes.dtype | None = None
    for kind_ in found:
        if kind_ is not None and (best is None or _CATEGORY[kind_.kind] > _CATEGORY[best.kind]):
            best = kind_
    return best or dtypes.get_default_dtype()


def of_number(x: Any) -> dtypes.dtype:
    """The type that a Python number has.

    >>> of_number(True), of_number(1), of_number(1.0)
    (torch.bool, torch.int64, torch.float32)
    """
    if isinstance(x, (bool, np.bool_)):
        return dtypes.bool_
    if isinstance(x, (int, np.integer)):
        return dtypes.int64
    if isinstance(x, (float, np.floating)):
        return dtypes.get_default_dtype()
    raise TypeError(f"a Tensor or a number fits, got {type(x).__name__}")


def mixed(*operands: Any) -> tuple[Any, ...]:
    """Operands brought to their common type; Python numbers stay numbers with a float tensor.

    >>> a, b = mixed(Tensor.detached(np.zeros(2, int)), 1.5); a.dtype
    torch.float32
    """
    kind = result_type(*operands)
    return tuple(_cast(x, kind) for x in operands)


def floats(x: Any) -> Any:
    """A tensor of floats: integers and bools become the default type.

    >>> floats(Tensor.detached(np.array([1]))).dtype
    torch.float32
    """
    x = tensor_of(x)
    return x if x._array.dtype.kind == "f" else F.astype(x, dtypes.get_default_dtype().dtype)


def tensor_of(x: Any) -> Any:
    """A Tensor as it is, anything else as one.

    >>> tensor_of(1.5)
    tensor(1.5000)
    """
    if isinstance(x, Tensor):
        return x
    if isinstance(x, NativeTensor):
        return Tensor.at(x._array, x._node)
    if isinstance(x, (bool, int, float, np.generic)) and not isinstance(x, np.floating):
        return Tensor.detached(np.array(x, of_number(x).dtype))
    return Tensor.detached(np.asarray(x))


def _cast(x: Any, kind: dtypes.dtype) -> Any:
    if isinstance(x, NativeTensor):
        return x if x._array.dtype == kind.dtype else F.astype(x, kind.dtype)
    if isinstance(x, np.ndarray):
        return x.astype(kind.dtype, copy=False)
    return float(x) if kind.kind == "f" else Tensor.detached(np.array(x, kind.dtype))
