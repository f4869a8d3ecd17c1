"""The standard's functions that make arrays. Floats are float32 where no type is given, integers int64."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.array_api.arrays import as_type, data, on_cpu, wrapped
from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.functional.arguments import flag
from tinygrad_cnn.tensors import Tensor

__all__ = [
    "arange",
    "asarray",
    "astype",
    "empty",
    "empty_like",
    "eye",
    "from_dlpack",
    "full",
    "full_like",
    "linspace",
    "meshgrid",
    "ones",
    "ones_like",
    "tril",
    "triu",
    "zeros",
    "zeros_like",
]

FLOAT = np.dtype("float32")


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None) -> Tensor:
    """`asarray` of the array API standard: a Tensor of numbers, nested lists, an array or a buffer.

    A Tensor without a change of type is itself, unless copy is True; the graph is kept.

    >>> asarray([1, 2]), asarray([1.0])
    (Tensor([1, 2]), Tensor([1.]))
    """
    if copy is not None:
        flag("asarray", "copy", copy)
    on_cpu(device)
    kind = as_type(dtype)
    if isinstance(obj, Tensor):
        if kind is None or kind == obj.dtype:
            return obj.copy() if copy else obj
        if copy is False:
            raise ValueError(f"asarray: {obj.dtype} as {kind} needs a copy, which copy=False refuses")
        return astype(obj, kind)
    given = obj if isinstance(obj, np.ndarray) else np.asarray(_plain(obj))
    if given.dtype.kind not in "biuf":
        raise DTypeError(f"asarray: elements of type {given.dtype}; real numbers fit")
    if (
        kind is None
        and not isinstance(obj, (np.ndarray, np.generic))
        and not hasattr(obj, "__array_interface__")
    ):
        kind = FLOAT if given.dtype.kind == "f" and not _has_arrays(obj) else None
    if copy is False and (given is not obj or kind not in (None, given.dtype)):
        raise ValueError("asarray: this object cannot be taken without a copy, which copy=False refuses")
    return wrapped(np.array(given, kind, copy=copy is not False or None))


def _plain(obj: Any) -> Any:
    return (
        [_plain(o) for o in obj]
        if isinstance(obj, (list, tuple))
        else data(obj)
        if isinstance(obj, Tensor)
        else obj
    )


def _has_arrays(obj: Any) -> bool:
    if isinstance(obj, (list, tuple)):
        return any(map(_has_arrays, obj))
    return isinstance(obj, (Tensor, np.ndarray, np.generic)) or hasattr(obj, "__buffer__")


def astype(x: Tensor, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Tensor:
    """`astype` of the array API standard; recorded between float types.

    >>> astype(Tensor([1.5]), np.dtype("int64"))
    Tensor([1])
    """
    flag("astype", "copy", copy)
    on_cpu(device)
    kind = as_type(dtype)
    if kind == x.dtype:
        return x.copy() if copy else x
    if x.dtype.kind == kind.kind == "f":
        result: Tensor = F.astype(x, kind)
        return result
    with np.errstate(invalid="ignore"):
        return wrapped(x.array.astype(kind))


def arange(
    start: Any, /, stop: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """`arange` of the array API standard.

    >>> arange(3)
    Tensor([0, 1, 2])
    """
    on_cpu(device)
    make: Any = np.arange  # its types know no such call
    bounds: tuple[Any, ...] = (0, start, step) if stop is None else (start, stop, step)
    whole = all(isinstance(v, int) for v in bounds)
    return wrapped(make(*bounds, as_type(dtype) or (np.dtype("int64") if whole else FLOAT)))


def linspace(
    start: Any, stop: Any, /, num: int, *, dtype: Any = None, device: Any = None, endpoint: bool = True
) -> Tensor:
    """`linspace` of the array API standard.

    >>> linspace(0.0, 1.0, 3)
    Tensor([0. , 0.5, 1. ])
    """
    flag("linspace", "endpoint", endpoint)
    on_cpu(device)
    return wrapped(np.linspace(start, stop, num, endpoint=endpoint, dtype=as_type(dtype) or FLOAT))


def empty(shape: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """`empty` of the array API standard; it holds zeros, so that results repeat.

    >>> empty((2, 0)).shape
    (2, 0)
    """
    return zeros(shape, dtype=dtype, device=device)


def zeros(shape: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """`zeros` of the array API standard.

    >>> zeros(2)
    Tensor([0., 0.])
    """
    on_cpu(device)
    return wrapped(np.zeros(shape, as_type(dtype) or FLOAT))


def ones(shape: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """`ones` of the array API standard.

    >>> ones(2, dtype=np.dtype("int8"))
    Tensor([1, 1], dtype=int8)
    """
    on_cpu(device)
    return wrapped(np.ones(shape, as_type(dtype) or FLOAT))


def full(shape: Any, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """`full` of the array API standard.

    >>> full(2, 7)
    Tensor([7, 7])
    """
    on_cpu(device)
    kind = as_type(dtype)
    if kind is None and isinstance(fill_value, float):
        kind = FLOAT
    return wrapped(np.full(shape, data(fill_value), kind))


def eye(
    n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = None, device: Any = None
) -> Tensor:
    """`eye` of the array API standard.

    >>> eye(1, 2)
    Tensor([[1., 0.]])
    """
    on_cpu(device)
    return wrapped(np.eye(n_rows, n_cols, k, as_type(dtype) or FLOAT))


def zeros_like(x: Tensor, /, *, dtype: Any = None, device: Any = None) -> Tensor:
    """`zeros_like` of the array API standard.

    >>> zeros_like(Tensor([1.0]))
    Tensor([0.])
    """
    on_cpu(device)
    return wrapped(np.zeros(x.shape, as_type(dtype) or x.dtype))


empty_like = zeros_like


def ones_like(x: Tensor, /, *, dtype: Any = None, device: Any = None) -> Tensor:
    """`ones_like` of the array API standard.

    >>> ones_like(Tensor([0.0]))
    Tensor([1.])
    """
    on_cpu(device)
    return wrapped(np.ones(x.shape, as_type(dtype) or x.dtype))


def full_like(x: Tensor, /, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Tensor:
    """`full_like` of the array API standard.

    >>> full_like(Tensor([0.0]), 2)
    Tensor([2.])
    """
    on_cpu(device)
    return wrapped(np.full(x.shape, data(fill_value), as_type(dtype) or x.dtype))


def meshgrid(*arrays: Tensor, indexing: str = "xy") -> tuple[Tensor, ...]:
    """`meshgrid` of the array API standard.

    >>> [x.shape for x in meshgrid(zeros(2), zeros(3))]
    [(3, 2), (3, 2)]
    """
    if all(x.dtype.kind == "f" for x in arrays):
        return tuple(F.meshgrid(*arrays, indexing=indexing)) if arrays else ()
    grids = np.meshgrid(*map(data, arrays), indexing=indexing)  # type: ignore[call-overload]
    return tuple(map(wrapped, grids))


def tril(x: Tensor, /, *, k: int = 0) -> Tensor:
    """`tril` of the array API standard.

    >>> tril(ones((2, 2)))[0]
    Tensor([1., 0.])
    """
    return F.tril(x, k) if x.dtype.kind == "f" else wrapped(np.tril(data(x), k))


def triu(x: Tensor, /, *, k: int = 0) -> Tensor:
    """`triu` of the array API standard.

    >>> triu(ones((2, 2)))[1]
    Tensor([0., 1.])
    """
    return F.triu(x, k) if x.dtype.kind == "f" else wrapped(np.triu(data(x), k))


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """`from_dlpack` of the array API standard: an array of another library, copied unless copy is False.

    >>> from_dlpack(np.ones(2, "float32"))
    Tensor([1., 1.])
    """
    if copy is not None:
        flag("from_dlpack", "copy", copy)
    on_cpu(device)
    return wrapped(np.array(np.from_dlpack(x), copy=copy is not False or None))
