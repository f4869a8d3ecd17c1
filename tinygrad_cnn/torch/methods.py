"""Methods of the Tensor: those of gradients, and all from the tables, which it gets here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import ops
from tinygrad_cnn.tensors import Tensor as NativeTensor
from tinygrad_cnn.torch import (
    arithmetic,
    comparing,
    creating,
    devices,
    drawing,
    dtypes,
    linalg,
    multiprocessing,
    ordering,
    pointwise,
    products,
    quantities,
    reducing,
    scattering,
    selecting,
    shaping,
    splitting,
    triangles,
    triangular_factors,
    views,
    windows,
)  # fmt: skip
from tinygrad_cnn.torch.autograd import walks
from tinygrad_cnn.torch.conversions import (
    as_kind,
    clone,
    contiguous,
    copy_,
    cuda,
    item,
    itself,
    number,
    numpy,
    resize_,
    set_,
    strides,
    to,
    type_,
)  # fmt: skip
from tinygrad_cnn.torch.files import storages
from tinygrad_cnn.torch.old_types import alias_of_type
from tinygrad_cnn.torch.operators import OPERATORS
from tinygrad_cnn.torch.registry import IN_PLACE, METHODS
from tinygrad_cnn.torch.shapes import sizes
from tinygrad_cnn.torch.tensors import Tensor, adopted
from tinygrad_cnn.torch.view_links import rearrange

_FLOAT32 = np.dtype(np.float32)
#: The modules whose functions are in the tables.
FAMILIES = (
    arithmetic, comparing, creating, drawing, ordering, pointwise, products, quantities, reducing, scattering, selecting, shaping, splitting, triangular_factors,
    triangles, windows,
)  # fmt: skip


# --------------------------------------------------------------------------- gradients
def backward(
    self: Any,
    gradient: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the derivative to `grad` of every leaf."""
    walks.backward(self, gradient, retain_graph, create_graph, inputs)


def detach_(self: Any) -> Any:
    """Leave the graph."""
    self._node = None
    self.__dict__.pop("_base", None)
    return self


def requires_grad_(self: Any, requires_grad: bool = True) -> Any:
    """Ask for a gradient, or no more."""
    if requires_grad and self._array.dtype.kind != "f":
        raise RuntimeError("only Tensors of floating point dtype can require gradients")
    return NativeTensor.requires_grad_(self, bool(requires_grad))


def share_memory_(self: Any) -> Any:
    """Move to memory that processes started later share."""
    self._array = multiprocessing.shared(self._array)
    return self


class Removable:
    """The handle of a registered hook: `remove()` takes it away."""

    def __init__(self, remove: Callable[[], None]) -> None:
        self._remove = remove

    def remove(self) -> None:
        """Take the hook away."""
        self._remove()

    def __enter__(self) -> Removable:
        return self

    def __exit__(self, *_: Any) -> None:
        self.remove()


def register_hook(self: Any, hook: Callable[[Any], Any]) -> Removable:
    """Call a function with the gradient when it is complete; what it returns takes its place."""
    return Removable(NativeTensor.register_hook(self, lambda g: hook(adopted(g))))


def register_post_accumulate_grad_hook(self: Any, hook: Callable[[Any], Any]) -> Removable:
    """Call a function when `grad` of this leaf was added to."""
    return Removable(NativeTensor.register_post_accumulate_grad_hook(self, hook))


# --------------------------------------------------------------------------- new tensors like this one
def _new(function: Any) -> Callable[..., Any]:
    def method(self: Any, *args: Any, dtype: Any = None, **options: Any) -> Any:
        return function(*args, dtype=dtype or self.dtype, **options)

    return method


def _apply(self: Any, function: Callable[[float], float]) -> Any:
    values = np.array([function(v) for v in self._array.ravel().tolist()], self._array.dtype)
    return views.fill(self, values.reshape(self._array.shape))


def _linear(called: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **options: Any) -> Any:
        return getattr(linalg, called)(self, *args, **options)

    return method


OWN: dict[str, Any] = {
    **{called: _linear(own) for called, own in (
        ("det", "det"), ("logdet", "logdet"), ("inverse", "inv"), ("pinverse", "pinv"),
        ("matrix_exp", "matrix_exp"),
    )},
    "polygamma": lambda self, n: F.polygamma(n, self), "prelu": lambda self, weight: F.prelu(self, weight),
    "hardshrink": lambda self, lambd=0.5: F.hardshrink(self, lambd),
    "is_set_to": lambda self, tensor: self._array is tensor._array,
    "resize_as_": lambda self, other: resize_(self, *other.shape),
    "dense_dim": lambda self: self._array.ndim, "is_coalesced": lambda self: False,
    "map_": lambda self, tensor, function: views.fill(self, np.vectorize(function)(self._array, tensor._array)),
    "storage": lambda self: storages.Memory(self), "untyped_storage": lambda self: storages.Memory(self),
    "to": to, "type": type_, "cuda": cuda, "numpy": numpy, "clone": clone, "item": item, "copy_": copy_,
    "set_": set_, "resize_": resize_, "backward": backward, "detach_": detach_,
    "requires_grad_": requires_grad_, "register_hook": register_hook,
    "register_post_accumulate_grad_hook": register_post_accumulate_grad_hook, "apply_": _apply,
    "cpu": itself, "contiguous": contiguous, "pin_memory": itself, "share_memory_": share_memory_, "coalesce": itself,
    "resolve_conj": itself, "resolve_neg": itself, "to_dense": itself,
    "float": as_kind(dtypes.float32), "double": as_kind(dtypes.float64), "half": as_kind(dtypes.float16),
    "bfloat16": as_kind(dtypes.bfloat16),
    "long": as_kind(dtypes.int64), "int": as_kind(dtypes.int32), "short": as_kind(dtypes.int16), "char": as_kind(dtypes.int8),
    "byte": as_kind(dtypes.uint8), "bool": as_kind(dtypes.bool_),
    "type_as": lambda self, other: to(self, other.dtype),
    "__float__": number(float), "__int__": number(int),
    "dim": lambda self: self._array.ndim, "ndimension": lambda self: self._array.ndim,
    "numel": lambda self: self._array.size, "nelement": lambda self: self._array.size,
    "element_size": lambda self: self._array.itemsize, "data_ptr": lambda self: self._array.ctypes.data,
    "stride": lambda self, dim=None: strides(self) if dim is None else strides(self)[dim],
    "storage_offset": lambda self: storages.offset(self), "is_contiguous": lambda self, memory_format=None: views.is_contiguous(self),
    "get_device": lambda self: -1, "is_pinned": lambda self, device=None: False, "is_shared": multiprocessing.is_shared,
    "fill_": lambda self, value: _fill(self, value),
    "zero_": lambda self: views.fill(self, 0),
    "new_zeros": _new(creating.zeros), "new_ones": _new(creating.ones), "new_empty": _new(creating.empty),
    "new_full": _new(creating.full), "new_tensor": _new(creating.tensor),
    "new": lambda self, *args: _new_of_kind(self, *args),
    "fill_diagonal_": lambda self, value, wrap=False: _fill_diagonal(self, value, wrap),
    "unsqueeze_": lambda self, dim: rearrange(self, shaping.unsqueeze, dim),
    "squeeze_": lambda self, dim=None: rearrange(self, shaping.squeeze, dim),
    "t_": lambda self: rearrange(self, shaping.t),
    **dict.fromkeys(("transpose_", "swapaxes_", "swapdims_"), lambda self, dim0, dim1: rearrange(self, shaping.transpose, dim0, dim1)),
    "polygamma_": lambda self, n: views.write(self, lambda x: F.polygamma(n, x)),
    "scatter_add_": lambda self, dim, index, src: views.write(self, selecting.scatter_add, dim, index, src),
    "sum_to_size": lambda self, *size: ops.SumTo(sizes(size))(self),
    "index_put_": lambda self, indices, values, accumulate=False: views.write(self, selecting.index_put, indices, values, accumulate),
}  # fmt: skip


def _new_of_kind(self: Any, *data: Any) -> Any:
    if len(data) == 1 and isinstance(data[0], Tensor):
        return alias_of_type("Tensor.new", data[0], self.dtype)
    return to(Tensor(*data), self.dtype)


def _fill(self: Any, value: Any) -> Any:
    if not isinstance(value, NativeTensor):
        return views.fill(self, value)
    if value._array.ndim:
        raise RuntimeError(f"fill_: a tensor of 0 dimensions fits, got {value._array.ndim}")
    views.setitem(self, ..., value)
    return self


def _fill_diagonal(self: Any, value: float, wrap: bool) -> Any:
    place = np.zeros(self._array.shape, bool)
    np.fill_diagonal(place, True, wrap)
    views.setitem(self, Tensor.detached(place), value)
    return self


PROPERTIES: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("T", "H"), lambda self: views.permuted(self, tuple(range(self._array.ndim))[::-1])),
    **dict.fromkeys(("mT", "mH"), lambda self: shaping.transpose(self, -2, -1)),
    **{f"is_{kind}": lambda self: False for kind in ("xpu", "hpu", "ipu", "mtia", "vulkan", "xla", "maia", "mkldnn", "nested")},
    "is_cpu": lambda self: True,
    "is_cuda": lambda self: False, "is_mps": lambda self: False, "is_sparse": lambda self: False,
    "is_quantized": lambda self: False, "is_meta": lambda self: False, "layout": lambda self: devices.strided,
    "itemsize": lambda self: self._array.itemsize, "nbytes": lambda self: self._array.nbytes,
    "real": lambda self: self, "output_nr": lambda self: 0,
    "retains_grad": lambda self: bool(self._node is not None and self._node.retains_grad and not self.is_leaf),
    "_version": lambda self: 0,
}  # fmt: skip


def _in_place(function: Any) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return views.write(self, function, *args, **kwargs)

    method.__doc__ = f"`{function.__name__}`, in place."
    return method


#: In-place functions of `torch`, such as `torch.relu_(x)`.
IN_PLACE_FUNCTIONS: dict[str, Any] = {called: _in_place(function) for called, function in IN_PLACE.items()}


def attach() -> None:
    """Give the Tensor its methods; called once, when the package is loaded."""
    for called, function in {**METHODS, **OPERATORS, **OWN}.items():
        setattr(Tensor, called, function)
    for called, function in IN_PLACE_FUNCTIONS.items():
        if called not in OWN:
            setattr(Tensor, called, function)
    for called, function in PROPERTIES.items():
        setattr(Tensor, called, property(function))
    Tensor.__hash__ = NativeTensor.__hash__  # type: ignore[method-assign]


attach()
