"""The Tensor with PyTorch's meaning: a native Tensor whose methods are those of `methods.py`.

It shares arrays, nodes and ops with the native one; results of ops that have one among their operands
are of this class too. What PyTorch's programs see differently is here: `dtype` and `shape` are PyTorch's
objects, `size()` can be called, `grad` is of this class, in-place writes are recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_cnn import nn as native_nn
from tinygrad_cnn import ops
from tinygrad_cnn.graph import Node
from tinygrad_cnn.tensors import Tensor as NativeTensor
from tinygrad_cnn.torch import devices, dtypes
from tinygrad_cnn.torch.grad_fns import GradFn
from tinygrad_cnn.torch.refusals import OF_TENSORS, LeftOutOfTensors
from tinygrad_cnn.torch.shapes import Count, Size

_new = object.__new__
_SIZES = (int, np.integer)


class Tensor(NativeTensor):
    """An n-dimensional array with PyTorch's methods, whose operations are recorded.

    `Tensor(2, 3)` is an array of these sizes, `Tensor([2.0, 3.0])` one of these values, in the default
    type, as in PyTorch; `torch.tensor` is the better way. `Tensor(x)` of a Tensor is a view of it, through
    which gradients flow.

    >>> Tensor([[1.0, 2.0]]).size()
    torch.Size([1, 2])
    """

    __slots__ = ("__dict__",)

    if TYPE_CHECKING:  # methods come from tables; when it runs, `__getattr__` would make all reading slow

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, *data: Any, device: Any = None) -> None:
        devices.check(device)
        kind = dtypes.get_default_dtype().dtype
        if not data or all(isinstance(n, _SIZES) and not isinstance(n, bool) for n in data):
            self._array: Any = np.zeros(data or (0,), kind)
        elif len(data) == 1 and isinstance(data[0], Size):
            self._array = np.zeros(tuple(data[0]), kind)
        elif len(data) == 1 and isinstance(data[0], NativeTensor):
            same = alias(data[0])
            self._array, self._node = same._array, same._node
            return
        else:
            self._array = np.array(_plain(data[0]), kind)
        self._node = None

    # ------------------------------------------------------------------ what it is
    @property
    def dtype(self) -> Any:
        """Type of its elements, such as `torch.float32`."""
        return dtypes.of_numpy(self._array.dtype)

    @property
    def node(self) -> Node:
        """Its node in the graph."""
        if self._node is None:
            array = self._array
            self._node = Node.leaf(array.shape, array.dtype, requires_grad=False, role="input")
        return self._node

    @property
    def shape(self) -> Size:
        """Sizes of its dimensions."""
        return Size(self._array.shape)

    @property
    def size(self) -> Any:
        """`size()` is the shape, `size(dim)` one of its sizes; as a number, the number of elements."""
        return Count.of(self._array.shape)

    @property
    def device(self) -> devices.device:
        """Where it lies: the CPU."""
        return devices.CPU

    @property  # type: ignore[override]
    def data(self) -> Tensor:
        """A Tensor over the same memory, outside the graph.

        What is written to it, no `backward()` is told of: programs write there to avoid PyTorch's check.
        """
        made: Any = Tensor.at(self._array, None)
        made.__dict__["_untold"] = True
        return made

    @data.setter
    def data(self, value: Any) -> None:
        if not isinstance(value, NativeTensor):
            raise TypeError(f"Tensor.data: a Tensor fits, got {type(value).__name__}")
        if value._array.shape == self._array.shape and value._array.dtype == self._array.dtype:
            self._array = value._array  # what was recorded before goes on with the old one
            return
        old = self._node
        self._array = value._array
        if old is not None:
            self._node = Node.leaf(
                self._array.shape,
                self._array.dtype,
                requires_grad=old.requires_grad,
                role=old.role,
                name=old.name,
            )

    def _writable(self) -> Any:
        if self.__dict__.get("_untold") and self._array.flags.writeable:
            return self._array
        return NativeTensor._writable(self)

    @property
    def grad(self) -> Any:
        """The accumulated gradient: None, or a Tensor of its shape and type."""
        node = self._node
        if node is None or node.grad is None:
            return None
        if type(node.grad) is not Tensor:
            node.grad = adopted(node.grad)
        return node.grad

    @grad.setter
    def grad(self, value: Any) -> None:
        NativeTensor.grad.__set__(self, value)  # type: ignore[attr-defined]

    @property
    def grad_fn(self) -> Any:
        """The op that made it: an object that prints its op, or None for a leaf."""
        return None if self.is_leaf or not self.requires_grad else GradFn(self.node)

    @property
    def name(self) -> str | None:
        """The name of it in drawings."""
        return None if self._node is None else self._node.name

    @name.setter
    def name(self, name: str | None) -> None:
        self.node.name = name

    # ------------------------------------------------------------------ as a Python object
    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self)} - {*OF_TENSORS})

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user support the deepcopy protocol; "
                "detach() this result first"
            )
        made = _new(type(self))
        memo[id(self)] = made
        made._array, made._node = self._array.copy(), None
        if self._node is not None:
            made._node = Node.leaf(
                made._array.shape, made._array.dtype, requires_grad=self._node.requires_grad,
                role=self._node.role, name=self._node.name,
            )  # fmt: skip
        if self.grad is not None:
            made.grad = Tensor.detached(self.grad._array.copy())
        return made

    def __copy__(self) -> Any:
        made = _new(type(self))
        made._array, made._node = self._array, self._node
        return made

    def __getstate__(self) -> dict[str, Any]:
        more = {key: value for key, value in self.__dict__.items() if key not in ("_base", "_views")}
        return {**NativeTensor.__getstate__(self), "more": more}

    def __setstate__(self, state: dict[str, Any]) -> None:
        NativeTensor.__setstate__(self, state)
        self.__dict__.update(state["more"])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if self.requires_grad:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
            )
        return np.array(self._array, dtype) if copy or dtype is not None else self._array

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return len(self._array)

    def __bool__(self) -> bool:
        if self._array.size != 1:
            kind = "no values" if not self._array.size else "more than one value"
            raise RuntimeError(f"Boolean value of Tensor with {kind} is ambiguous")
        return bool(self._array.item())

    def __contains__(self, value: Any) -> bool:
        return bool((self._array == (value._array if isinstance(value, NativeTensor) else value)).any())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec or not self._array.ndim else str(self)

    __hash__ = NativeTensor.__hash__


Tensor.results = Tensor


for _left_out, _why in OF_TENSORS.items():
    setattr(Tensor, _left_out, LeftOutOfTensors(_left_out, _why))


class Parameter(Tensor, native_nn.Parameter):
    """A Tensor that a model learns; it shares the memory of `data`.

    >>> Parameter(Tensor([1.0])).requires_grad
    True
    """

    __slots__ = ()
    _writable = NativeTensor._writable  # none comes from `data`

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        self._array = np.zeros(0, dtypes.get_default_dtype().dtype) if data is None else _shared(data)
        if requires_grad and self._array.dtype.kind != "f":
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        self._node = Node.leaf(
            self._array.shape, self._array.dtype, requires_grad=bool(requires_grad), role="parameter"
        )


class Buffer(Tensor, native_nn.Buffer):
    """A Tensor of a model's state that is not learnt; it shares the memory of `data`.

    >>> Buffer(Tensor([1.0])).requires_grad
    False
    """

    __slots__ = ()

    def __init__(self, data: Any = None, *, persistent: bool = True) -> None:
        self._array = np.zeros(0, dtypes.get_default_dtype().dtype) if data is None else _shared(data)
        learnt = isinstance(data, NativeTensor) and data.requires_grad
        self._node = (
            Node.leaf(self._array.shape, self._array.dtype, requires_grad=True, role="input")
            if learnt
            else None
        )


def alias(x: NativeTensor) -> Any:
    """Another Tensor of the same memory, through which gradients flow to x.

    >>> x = Parameter(Tensor([1.0, 2.0])); alias(x).sum().backward(); x.grad
    tensor([1., 1.])
    """
    return ops.Reshape(x._array.shape)(adopted(x)) if x.requires_grad else Tensor.at(x._array, None)


def adopted(value: Any) -> Any:
    """A native Tensor as one of here, over the same memory and node; anything else as it is.

    >>> adopted(NativeTensor([1.0])).size(0), adopted(3)
    (1, 3)
    """
    if not isinstance(value, NativeTensor) or isinstance(value, Tensor):
        return value
    kind: Any = Tensor
    if isinstance(value, native_nn.Parameter):
        kind = Parameter
    elif isinstance(value, native_nn.Buffer):
        kind = Buffer
    made = _new(kind)
    made._array, made._node = value._array, value._node
    return made


def native(value: Any) -> Any:
    """A Tensor of here as a native one, over the same memory and node.

    >>> type(native(Tensor([1.0]))) is NativeTensor
    True
    """
    if isinstance(value, Tensor):
        if value._node is None:
            value._node = Node.leaf(
                value._array.shape, value._array.dtype, requires_grad=False, role="input"
            )
        return NativeTensor.at(value._array, value._node)
    return value


def _shared(data: Any) -> Any:
    return data._array if isinstance(data, NativeTensor) else np.asarray(_plain(data))


def _plain(data: Any) -> Any:
    """Nested lists with numbers in the place of Tensors."""
    return data._array if isinstance(data, NativeTensor) else numbers(data)


def numbers(data: Any) -> Any:
    """Nested lists in which each Tensor, of whatever shape, is its one element: one of NumPy's numbers.

    Raises:
        ValueError: a Tensor among them has several elements, or none.

    >>> numbers([[Tensor([1.0]), 2.0]])
    [[np.float32(1.0), 2.0]]
    """
    if isinstance(data, NativeTensor):
        if data._array.size != 1:
            raise ValueError(
                "only one element tensors can be converted to Python scalars; "
                f"a list holds one of shape {tuple(data._array.shape)}: torch.stack joins tensors"
            )
        return data._array.reshape(())[()]
    return [numbers(item) for item in data] if isinstance(data, (list, tuple, range)) else data
