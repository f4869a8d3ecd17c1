"""New tensors: from data, of one value, as ranges."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad_cnn.tensors import Tensor as NativeTensor
from tinygrad_cnn.tensors import from_dlpack as native_from_dlpack
from tinygrad_cnn.torch import devices, dtypes
from tinygrad_cnn.torch.mixing import of_number
from tinygrad_cnn.torch.registry import name
from tinygrad_cnn.torch.shapes import new_sizes
from tinygrad_cnn.torch.tensors import Tensor, numbers


def made(array: Any, requires_grad: bool, device: Any) -> Any:
    """A new tensor around an array."""
    devices.check(device)
    tensor = Tensor.detached(array)
    return tensor.requires_grad_() if requires_grad else tensor


def kind_of(dtype: Any) -> Any:
    """NumPy's type; the default one for None."""
    return dtypes.get_default_dtype().dtype if dtype is None else dtypes.to_numpy(dtype)


@name(method=False)
def tensor(
    data: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Any:
    """A tensor with a copy of the data: numbers, nested sequences, arrays."""
    return made(array_of(data, dtype, copy=True), requires_grad, device)


def array_of(data: Any, dtype: Any = None, copy: bool = False) -> Any:
    """The array for data; Python floats take the default type, whole numbers int64, arrays keep theirs."""
    kind = None if dtype is None else dtypes.to_numpy(dtype)
    if isinstance(data, NativeTensor):
        data = data._array
    if isinstance(data, (np.ndarray, np.generic)):
        return np.array(data, kind, copy=True if copy else None)
    found = np.array(numbers(data))
    if found.dtype.kind not in "biuf":
        refusal: Any = RuntimeError if found.dtype == object else ValueError
        raise (TypeError if isinstance(data, (str, bytes, np.ndarray)) else refusal)(
            f"tensor: cannot make a tensor of {type(data).__name__} with elements of type {found.dtype}"
        )
    if kind is None and found.dtype.kind == "f" and not _holds_arrays(data):
        kind = dtypes.get_default_dtype().dtype
    if dtype is None and (mixed := _kind_with_tensors(data)) is not None:
        kind = mixed
    return found if kind is None else found.astype(kind)


def _leaves(data: Any) -> Iterator[Any]:
    if isinstance(data, (list, tuple, range)):
        for item in data:
            yield from _leaves(item)
    else:
        yield data


def _kind_with_tensors(data: Any) -> Any:
    """The type that Tensors among numbers in a list make together; None where there are no Tensors."""
    kinds: dict[Any, None] = {}
    tensors = False
    for leaf in _leaves(data):
        tensors = tensors or isinstance(leaf, NativeTensor)
        kinds[leaf.dtype if isinstance(leaf, NativeTensor) else type(leaf)] = None
    if not tensors:
        return None
    python = {float: dtypes.get_default_dtype(), int: dtypes.int64, bool: dtypes.bool_}
    found = [python.get(kind) or dtypes.of_numpy(np.dtype(kind)) for kind in kinds]
    return functools.reduce(dtypes.promote_types, found).dtype


def _holds_arrays(data: Any) -> bool:
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return isinstance(data, (np.ndarray, np.generic))


@name("as_tensor", "asarray", method=False)
def as_tensor(
    data: Any, dtype: Any = None, device: Any = None, *, requires_grad: bool = False, copy: Any = None
) -> Any:
    """A tensor of the data, sharing memory where it can."""
    if isinstance(data, Tensor) and (dtype is None or data.dtype == dtype) and not requires_grad:
        return data.clone() if copy else data
    if isinstance(data, Tensor) and data.requires_grad and not requires_grad:
        return data.to(dtype)  # gradients flow through
    return made(array_of(data, dtype, copy=bool(copy)), requires_grad, device)


@name(method=False)
def from_numpy(ndarray: Any) -> Any:
    """A tensor over an array's memory."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    dtypes.of_numpy(ndarray.dtype)
    return Tensor.detached(ndarray)


@name(method=False)
def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: Any = None) -> Any:
    """A tensor over the memory of another library's array."""
    found = native_from_dlpack(ext_tensor, copy=copy)
    dtypes.of_numpy(found._array.dtype)
    return made(found._array, False, device)


@name(method=False)
def scalar_tensor(s: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """A tensor of no dimensions, in the default type whatever the number's."""
    return made(np.array(s, kind_of(dtype)), requires_grad, device)


@name(method=False)
def frombuffer(
    buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False
) -> Any:
    """A tensor over a buffer's memory."""
    return made(np.frombuffer(buffer, kind_of(dtype), count, offset), requires_grad, None)


def _filled(value: Any) -> Any:
    def function(
        *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, layout: Any = None,
        pin_memory: bool = False, memory_format: Any = None,
    ) -> Any:  # fmt: skip
        wanted = new_sizes(size if size else ())
        return made(
            np.full(wanted, value, kind_of(dtype)) if value else np.zeros(wanted, kind_of(dtype)),
            requires_grad,
            device,
        )

    return function


def _sized(function: Any, called: str, doc: str) -> Any:
    def run(*size: Any, **options: Any) -> Any:
        if "size" in options:
            size = (options.pop("size"),)
        return function(*size, **options)

    run.__name__, run.__doc__ = called, doc
    return name(called, method=False)(run)


zeros = _sized(_filled(0), "zeros", "A tensor of zeros.")
ones = _sized(_filled(1), "ones", "A tensor of ones.")
empty = _sized(_filled(0), "empty", "A tensor whose values do not matter; they are 0 here.")


@name(method=False)
def full(
    size: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    layout: Any = None,
) -> Any:
    """A tensor of one value; its type is the value's."""
    number = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    kind = of_number(number).dtype if dtype is None else dtypes.to_numpy(dtype)
    return made(np.full(new_sizes((size,)), number, kind), requires_grad, device)


def _like(value: Any, called: str) -> Any:
    def function(
        input: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, layout: Any = None,
        memory_format: Any = None,
    ) -> Any:  # fmt: skip
        kind = input._array.dtype if dtype is None else dtypes.to_numpy(dtype)
        return made(np.full(input._array.shape, value, kind), requires_grad, device)

    function.__name__, function.__doc__ = called, f"A tensor like another, filled with {value}."
    return name(called, method=False)(function)


zeros_like, ones_like, empty_like = _like(0, "zeros_like"), _like(1, "ones_like"), _like(0, "empty_like")


@name(method=False)
def full_like(
    input: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Any:
    """A tensor like another, filled with a value."""
    kind = input._array.dtype if dtype is None else dtypes.to_numpy(dtype)
    return made(np.full(input._array.shape, fill_value, kind), requires_grad, device)


@name(method=False)
def arange(
    *limits: Any,
    start: Any = None,
    end: Any = None,
    step: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """Numbers from `start` to below `end`."""
    values = [x.item() if isinstance(x, Tensor) else x for x in limits]
    if end is not None:
        values = [start if start is not None else (values[0] if values else 0), end]
    if step is not None:
        values = [*([0] if len(values) == 1 else []), *values, step][:3]
    first, last, by = ([0, *values, 1] if len(values) == 1 else [*values, 1])[:3]
    if not by or (last - first) / by < 0:
        raise RuntimeError(f"arange: from {first} to {last} with a step of {by} is no way")
    whole = all(isinstance(v, (int, np.integer)) for v in values)
    kind = (np.dtype(np.int64) if whole else kind_of(None)) if dtype is None else dtypes.to_numpy(dtype)
    if whole:
        return made(np.arange(*values).astype(kind), requires_grad, device)
    count = int(np.ceil((last - first) / by))
    return made((first + by * np.arange(count, dtype=np.float64)).astype(kind), requires_grad, device)


@name("range", method=False)
def range_(start: Any = 0, end: Any = None, step: Any = 1, **options: Any) -> Any:
    """Numbers from `start` to `end`, which belongs to them; floats."""
    first, last = (0, start) if end is None else (start, end)
    return arange(first, last + step / 2, step, **{"dtype": dtypes.float32, **options})


@name(method=False)
def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Any:
    """So many numbers from `start` to `end`."""
    a, b = (x.item() if isinstance(x, Tensor) else x for x in (start, end))
    kind = kind_of(dtype)
    if steps < 0:
        raise RuntimeError(f"linspace: number of steps must be non-negative, got {steps}")
    if kind != np.float32:
        return made(np.linspace(a, b, int(steps)).astype(kind), requires_grad, device)
    # Both halves count from their end, in float32, as PyTorch does.
    n = int(steps)
    step = np.float32((np.float32(b) - np.float32(a)) / np.float32(max(n - 1, 1)))
    i = np.arange(n, dtype=np.float32)
    low, high = np.float32(a) + step * i, np.float32(b) - step * (n - 1 - i)
    return made(np.where(i < n // 2 if n > 1 else True, low, high).astype(kind), requires_grad, device)


@name(method=False)
def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """Powers of a base from base^start to base^end."""
    return made(
        np.logspace(start, end, int(steps), base=base).astype(kind_of(dtype)), requires_grad, device
    )


@name(method=False)
def eye(
    n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Any:
    """Ones on the diagonal."""
    new_sizes((n, n if m is None else m))
    return made(np.eye(n, m, dtype=kind_of(dtype)), requires_grad, device)


@name(method=False)
def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Any:
    """Places of the lower triangle, as two rows."""
    return Tensor.detached(np.stack(np.tril_indices(row, offset, col)))


@name(method=False)
def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Any:
    """Places of the upper triangle, as two rows."""
    return Tensor.detached(np.stack(np.triu_indices(row, offset, col)))


@name(method=False)
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """Vandermonde's matrix."""
    return Tensor.detached(np.vander(x._array, N, increasing).astype(x._array.dtype))
