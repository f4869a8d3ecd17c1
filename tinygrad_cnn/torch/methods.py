"""Methods of the Tensor: operators, conversions, gradients, and the functions of the tables."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import ops
from tinygrad_cnn.graph import MODE
from tinygrad_cnn.tensors import Tensor as NativeTensor
from tinygrad_cnn.torch import (
    comparing,
    creating,
    devices,
    drawing,
    dtypes,
    linalg,
    multiprocessing,
    ordering,
    pointwise,
    printing,
    products,
    quantities,
    reducing,
    scattering,
    selecting,
    shaping,
    splitting,
    triangles,
    views,
    windows,
)  # fmt: skip
from tinygrad_cnn.torch.autograd import walks
from tinygrad_cnn.torch.files import storages
from tinygrad_cnn.torch.mixing import mixed
from tinygrad_cnn.torch.registry import IN_PLACE, METHODS
from tinygrad_cnn.torch.shapes import sizes
from tinygrad_cnn.torch.tensors import Tensor, adopted

_FLOAT32 = np.dtype(np.float32)
#: The modules whose functions are in the tables.
FAMILIES = (
    comparing, creating, drawing, ordering, pointwise, products, quantities, reducing, scattering, selecting, shaping, splitting,
    triangles, windows,
)  # fmt: skip


# --------------------------------------------------------------------------- operators
def _is_operand(value: Any) -> bool:
    return isinstance(value, (NativeTensor, int, float, np.ndarray, np.generic))


def _arithmetic(op: Any, swap: bool = False, always_float: bool = False) -> Callable[[Any, Any], Any]:
    """The method for an arithmetic operator; the usual operands, float32, pass without a look at types."""
    made = op()

    def method(self: Any, other: Any) -> Any:
        kind = type(other)
        if self._array.dtype is not _FLOAT32 or not (
            kind is float or kind is int or (kind is Tensor and other._array.dtype is _FLOAT32)
        ):
            if not _is_operand(other):
                return NotImplemented
            if isinstance(other, np.generic):
                other = other.item()
            elif isinstance(other, np.ndarray):
                other = Tensor.detached(other)
            self, other = mixed(self, other)
            if always_float and self._array.dtype.kind != "f":
                self, other = (
                    F.astype(x, dtypes.get_default_dtype().dtype) if isinstance(x, NativeTensor) else x
                    for x in (self, other)
                )
        return self.record(made, (other, self) if swap else (self, other))

    return method


def _whole(native: Any, ufunc: Any, swap: bool = False) -> Callable[[Any, Any], Any]:
    """The method for floor division and remainder, exact for integers."""

    def method(self: Any, other: Any) -> Any:
        if not _is_operand(other):
            return NotImplemented
        a, b = mixed(self, other.item() if isinstance(other, np.generic) else other)
        if swap:
            a, b = b, a
        if (a if isinstance(a, NativeTensor) else b)._array.dtype.kind != "f":
            return Tensor.detached(ufunc(comparing.value(a), comparing.value(b)))
        return native(a, b)

    return method


def _power(self: Any, exponent: Any) -> Any:
    if not _is_operand(exponent):
        return NotImplemented
    if isinstance(exponent, np.generic):
        exponent = exponent.item()
    elif isinstance(exponent, np.ndarray):
        exponent = Tensor.detached(exponent)
    if self._array.dtype.kind != "f" and not isinstance(exponent, float):
        if isinstance(exponent, int):
            if exponent < 0:
                raise RuntimeError("Integers to negative integer powers are not allowed.")
            return Tensor.detached(self._array**exponent)
        if exponent._array.dtype.kind != "f":
            return Tensor.detached(self._array**exponent._array)
    if isinstance(exponent, (int, float)) and exponent == 2:
        return F.square(self)
    a, b = mixed(self, exponent)
    return F.pow(a, b)


def _matmul(self: Any, other: Any) -> Any:
    return products.matmul(self, other) if isinstance(other, NativeTensor) else NotImplemented


def _compared(ufunc: Any) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        if not _is_operand(other):
            return NotImplemented
        return Tensor.detached(ufunc(self._array, comparing.value(other)))

    return method


def _bits(ufunc: Any) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        if not _is_operand(other):
            return NotImplemented
        return Tensor.detached(ufunc(self._array, comparing.value(other)))

    return method


OPERATORS: dict[str, Any] = {
    "__add__": _arithmetic(ops.Add), "__radd__": _arithmetic(ops.Add, swap=True),
    "__sub__": _arithmetic(ops.Sub), "__rsub__": _arithmetic(ops.Sub, swap=True),
    "__mul__": _arithmetic(ops.Mul), "__rmul__": _arithmetic(ops.Mul, swap=True),
    "__truediv__": _arithmetic(ops.Div, always_float=True),
    "__rtruediv__": _arithmetic(ops.Div, swap=True, always_float=True),
    "__floordiv__": _whole(F.floor_divide, np.floor_divide),
    "__rfloordiv__": _whole(F.floor_divide, np.floor_divide, swap=True),
    "__mod__": _whole(F.remainder, np.remainder), "__rmod__": _whole(F.remainder, np.remainder, swap=True),
    "__pow__": _power, "__rpow__": lambda self, base: F.pow(base, self if self._array.dtype.kind == "f" else self.float()),
    "__matmul__": _matmul,
    "__eq__": _compared(np.equal), "__ne__": _compared(np.not_equal), "__lt__": _compared(np.less),
    "__le__": _compared(np.less_equal), "__gt__": _compared(np.greater), "__ge__": _compared(np.greater_equal),
    "__and__": _bits(np.bitwise_and), "__rand__": _bits(np.bitwise_and),
    "__or__": _bits(np.bitwise_or), "__ror__": _bits(np.bitwise_or),
    "__xor__": _bits(np.bitwise_xor), "__rxor__": _bits(np.bitwise_xor),
    "__lshift__": _bits(np.left_shift), "__rshift__": _bits(np.right_shift),
    "__getitem__": views.getitem, "__setitem__": views.setitem,
    "__repr__": printing.text_of, "__str__": printing.text_of,
}  # fmt: skip


def _assigned(function: Any) -> Callable[[Any, Any], Any]:
    return lambda self, other: views.write(self, function, other)


OPERATORS.update({
    f"__i{called}__": _assigned(getattr(operator, f"__{called}__"))
    for called in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor")
})  # fmt: skip


# --------------------------------------------------------------------------- conversions
def to(
    self: Any,
    *args: Any,
    dtype: Any = None,
    device: Any = None,
    copy: bool = False,
    non_blocking: bool = False,
    memory_format: Any = None,
) -> Any:
    """Another type; the device must be the CPU."""
    for given in args:
        if isinstance(given, dtypes.dtype) or (isinstance(given, type) and given in (float, int, bool)):
            dtype = given
        elif isinstance(given, NativeTensor):
            dtype = given.dtype
        elif not isinstance(given, bool):
            device = given
    devices.check(device)
    if dtype is None or dtypes.to_numpy(dtype) == self._array.dtype:
        return self.clone() if copy else self
    return F.astype(self, dtypes.to_numpy(dtype))


def type_(self: Any, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of the type, or the tensor in another one."""
    if dtype is None:
        kinds = {"float32": "Float", "float64": "Double", "float16": "Half", "int64": "Long", "int32": "Int",
                 "int16": "Short", "int8": "Char", "uint8": "Byte", "bool": "Bool"}  # fmt: skip
        return f"torch.{kinds[self._array.dtype.name]}Tensor"
    if isinstance(dtype, str):
        dtype = dtypes.named(
            dtype.removeprefix("torch.")
            .removesuffix("Tensor")
            .lower()
            .replace("char", "int8")
            .replace("byte", "uint8")
        )
    elif isinstance(dtype, type) and hasattr(dtype, "kind_of"):
        dtype = dtype.kind_of
    return to(self, dtype)


def _as(kind: dtypes.dtype) -> Callable[..., Any]:
    def method(self: Any, memory_format: Any = None) -> Any:
        return self if self._array.dtype == kind.dtype else F.astype(self, kind.dtype)

    method.__doc__ = f"The tensor as {kind}."
    return method


def _itself(self: Any, *_: Any, **__: Any) -> Any:
    return self


def cuda(self: Any, device: Any = None, non_blocking: bool = False) -> Any:
    """Refused: there is no other device.

    Raises:
        RuntimeError: always.
    """
    devices.check("cuda")


def numpy(self: Any, *, force: bool = False) -> Any:
    """The values as an array over the same memory.

    Raises:
        RuntimeError: it requires grad; detach it first.
    """
    if self.requires_grad and not force:
        raise RuntimeError(
            "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
        )
    return self._array


def clone(self: Any, *, memory_format: Any = None) -> Any:
    """A copy that gradients flow through."""
    if self.requires_grad and MODE.get().recording:
        return F.identity(self) if not np.shares_memory(F.identity(self)._array, self._array) else self * 1
    return Tensor.detached(self._array.copy())


def contiguous(self: Any, memory_format: Any = None) -> Any:
    """Itself, or a copy whose elements lie row by row."""
    if views.memory_order(self) is None:
        return self
    if self.requires_grad and MODE.get().recording:
        return ops.Reshape(self._array.shape)(self)
    return Tensor.detached(np.ascontiguousarray(self._array))


def _strides(x: Any) -> tuple[int, ...]:
    """Steps in memory, as PyTorch would have them."""
    shape, order = x._array.shape, views.memory_order(x) or range(x._array.ndim)
    if x._node is None or x._node.op is None:
        return tuple(s // x._array.itemsize for s in x._array.strides)
    found, step = [0] * len(shape), 1
    for axis in reversed(list(order)):
        found[axis], step = step, step * shape[axis]
    return tuple(found)


def item(self: Any) -> Any:
    """The one element as a Python number."""
    if self._array.size != 1:
        raise RuntimeError(f"a Tensor with {self._array.size} elements cannot be converted to Scalar")
    return self._array.item()


def copy_(self: Any, src: Any, non_blocking: bool = False) -> Any:
    """Take over the values of another tensor."""

    def copied(x: Any, new: Any) -> Any:
        new = new if isinstance(new, NativeTensor) else Tensor.detached(np.asarray(new))
        new = new if new._array.dtype == x._array.dtype else F.astype(new, x._array.dtype)
        new = F.broadcast_to(new, x._array.shape)
        return F.where(np.zeros((), bool), x, new) if x.requires_grad else new

    return views.write(self, copied, src)


def set_(self: Any, source: Any) -> Any:
    """Stand for another tensor's memory."""
    self._array = source._array
    return self


def resize_(self: Any, *shape: Any, memory_format: Any = None) -> Any:
    """Another shape; new elements are 0."""
    wanted = sizes(shape)
    new = np.zeros(int(np.prod(wanted)), self._array.dtype)
    n = min(new.size, self._array.size)
    new[:n] = self._array.ravel()[:n]
    self._array = new.reshape(wanted)
    return self


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
    "cpu": _itself, "contiguous": contiguous, "pin_memory": _itself, "share_memory_": share_memory_, "coalesce": _itself,
    "resolve_conj": _itself, "resolve_neg": _itself, "to_dense": _itself,
    "float": _as(dtypes.float32), "double": _as(dtypes.float64), "half": _as(dtypes.float16),
    "bfloat16": _as(dtypes.bfloat16),
    "long": _as(dtypes.int64), "int": _as(dtypes.int32), "short": _as(dtypes.int16), "char": _as(dtypes.int8),
    "byte": _as(dtypes.uint8), "bool": _as(dtypes.bool_),
    "type_as": lambda self, other: to(self, other.dtype),
    "dim": lambda self: self._array.ndim, "ndimension": lambda self: self._array.ndim,
    "numel": lambda self: self._array.size, "nelement": lambda self: self._array.size,
    "element_size": lambda self: self._array.itemsize, "data_ptr": lambda self: self._array.ctypes.data,
    "stride": lambda self, dim=None: _strides(self) if dim is None else _strides(self)[dim],
    "storage_offset": lambda self: storages.offset(self), "is_contiguous": lambda self, memory_format=None: views.memory_order(self) is None,
    "get_device": lambda self: -1, "is_pinned": lambda self, device=None: False, "is_shared": multiprocessing.is_shared,
    "fill_": lambda self, value: views.fill(self, value.item() if isinstance(value, NativeTensor) else value),
    "zero_": lambda self: views.fill(self, 0),
    "new_zeros": _new(creating.zeros), "new_ones": _new(creating.ones), "new_empty": _new(creating.empty),
    "new_full": _new(creating.full), "new_tensor": _new(creating.tensor),
    "new": lambda self, *args: to(Tensor(*args), self.dtype),
    "fill_diagonal_": lambda self, value, wrap=False: _fill_diagonal(self, value, wrap),
    "unsqueeze_": lambda self, dim: views.become(self, shaping.unsqueeze(self, dim)),
    "squeeze_": lambda self, dim=None: views.become(self, shaping.squeeze(self, dim)),
    "t_": lambda self: views.become(self, shaping.t(self)),
    "transpose_": lambda self, a, b: views.become(self, shaping.transpose(self, a, b)),
    "scatter_add_": lambda self, dim, index, src: views.write(self, selecting.scatter_add, dim, index, src),
    "renorm": lambda self, p, dim, maxnorm: _renorm(self, p, dim, maxnorm),
    "sum_to_size": lambda self, *size: ops.SumTo(sizes(size))(self),
    "index_put_": lambda self, indices, values, accumulate=False: views.write(self, selecting.index_put, indices, values, accumulate),
}  # fmt: skip


def _fill_diagonal(self: Any, value: float, wrap: bool) -> Any:
    np.fill_diagonal(self._writable(), value, wrap)
    return self


def _renorm(self: Any, p: float, dim: int, maxnorm: float) -> Any:
    axes = tuple(i for i in range(self._array.ndim) if i != dim % self._array.ndim)
    size = F.norm(self, float(p), axes, True)
    return self * pointwise.clamp(maxnorm / (size + 1e-7), max=1.0)


PROPERTIES: dict[str, Callable[[Any], Any]] = {
    "T": lambda self: F.transpose(self), "mT": lambda self: shaping.transpose(self, -2, -1),
    "H": lambda self: F.transpose(self), "mH": lambda self: shaping.transpose(self, -2, -1),
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
