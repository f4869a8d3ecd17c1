"""The Tensor: an array that remembers how it was computed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.devices import naming
from tinygrad_cnn.errors import DeviceError, DTypeError, GraphError, ShapeError
from tinygrad_cnn.functional.arguments import as_array, flag, integer
from tinygrad_cnn.graph import (
    MODE,
    OUT,
    Node,
    Op,
    Result,
    in_float32,
    refused,
    retold,
    stamp,
    unpacked,
    without_underflow,
)  # fmt: skip
from tinygrad_cnn.half_precision import has_half
from tinygrad_cnn.ops.elementwise import Move
from tinygrad_cnn.tensors import numpy_protocol
from tinygrad_cnn.tensors.methods import TensorMethods

Array = NDArray[Any]
_new = object.__new__
_mode = MODE.get
_FLOAT32 = np.dtype(np.float32)
_BOTH = (0, 1)
_Array = np.ndarray


class Tensor(TensorMethods):
    """An n-dimensional array whose operations are recorded, so that gradients can be computed.

    Args:
        data: numbers, nested lists, an array or a Tensor; copied, so that writing to the original
            later changes no recorded value. Python numbers and lists become float32, arrays keep
            their type.
        requires_grad: whether `backward()` leaves a gradient in `grad`; needs a float type.
        dtype: another element type.
        name: what drawings and messages call it.
    Raises:
        DTypeError: not real numbers, `requires_grad` with integers or bools, or not True or False.

    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    Tensor([2., 4.])
    """

    __slots__ = ("__weakref__", "_array", "_node")

    _array: Array
    _node: Node | None

    #: The class of results where one of this class is the first operand; a subclass may set its own.
    results: ClassVar[type[Tensor]]

    def __init__(
        self,
        data: Any,
        requires_grad: bool = False,
        *,
        dtype: DTypeLike | None = None,
        name: str | None = None,
    ) -> None:
        if type(requires_grad) is not bool:
            flag("Tensor", "requires_grad", requires_grad)
        source = data._array if isinstance(data, Tensor) else as_array("Tensor", data)
        if type(source) is _Array:
            self._array = np.array(source, dtype=None if dtype is None else np.dtype(dtype))
        else:
            self._array = source.astype(
                source.dtype if dtype is None else dtype
            )  # of a device, or a subclass
        if self._array.dtype.kind not in "biuf":
            raise DTypeError(f"Tensor: dtype {self._array.dtype} does not hold real numbers")
        self._node = None
        if requires_grad:
            self.requires_grad_()
        if name is not None:
            self.name = name

    # ------------------------------------------------------------------ recording
    @classmethod
    def at(cls, array: Array, node: Node | None) -> Tensor:
        """A Tensor over `array` itself, not a copy, standing at `node`."""
        tensor = _new(cls.results)
        tensor._array, tensor._node = array, node
        return tensor

    @classmethod
    def detached(cls, array: Any) -> Tensor:
        """A Tensor over an array itself, without a graph."""
        return cls.at(devices.as_array(array), None)

    @classmethod
    def record(cls, op: Op, operands: tuple[Any, ...], left: list[Any] | None = None) -> Tensor:
        """Run an op, and note it in the graph if an operand requires grad and the mode records.

        Its residual goes to the node, and into `left` where that is given.

        >>> from tinygrad_cnn import ops
        >>> Tensor.record(ops.Neg(), (Tensor([1.0], requires_grad=True),)).node.op.name
        'Neg'
        """
        recording, observers, call, order = _mode()
        nodes: tuple[Any, ...]
        arrays: tuple[Any, ...]
        needs: tuple[bool, ...]
        # The usual cases are written out: half of what recording costs is here.
        count = len(operands)
        if count == 1:
            (x,) = operands
            m = x._node
            nodes, arrays = (m,), (x._array,)
            needs = (m is not None and m.requires_grad,)
            constants = m is None
        elif count == 2 and isinstance(x := operands[0], Tensor) and isinstance(y := operands[1], Tensor):
            m, n = nodes = x._node, y._node
            arrays = x._array, y._array
            needs = m is not None and m.requires_grad, n is not None and n.requires_grad
            constants = m is None or n is None
        else:
            nodes, arrays, needs = _taken_apart(operands)
            constants = None in nodes
        if recording and True in needs:
            if observers:
                for observer in observers:
                    observer.op_starts(op, arrays)
        else:
            recording = False
        out = _computed(op, arrays, needs if recording else ())
        residual = None
        if type(out) is not _Array:
            if type(out) is Result:
                out, residual = out.value, out.residual
                if left is not None:
                    left.append(residual)
            if type(out) is not _Array:
                out = unpacked(op, out)[0]  # 0-d results of NumPy are scalars
        tensor = _new(cls.results)
        tensor._array = out
        dtype = out.dtype
        if not recording or (dtype is not _FLOAT32 and dtype.kind != "f"):
            tensor._node = None
            if observers:
                for observer in observers:
                    observer.unrecorded(op, operands, arrays, out)
            return tensor
        if constants:
            nodes, arrays = _with_constants(operands, nodes, arrays, op.keep)
        keep = op.keep
        if keep == _BOTH and len(arrays) == 2:
            kept = arrays
        else:
            kept = tuple([out if i == OUT else arrays[i] for i in keep]) if keep else ()
        shape = out.shape
        if shape == (known := nodes[0].shape):
            shape = known  # one tuple less for the garbage collector to pass over
        tensor._node = node = Node(op, nodes, kept, shape, dtype, call, order, needs, residual)
        if observers:
            for observer in observers:
                observer.recorded(node, arrays, out)
        return tensor

    @classmethod
    def noted(cls, op: Op, operands: Sequence[Any], result: Array) -> Tensor:
        """A result that is there already, noted in the graph as what `op` made of the operands.

        >>> from tinygrad_cnn import ops
        >>> x = Tensor([1.0], requires_grad=True)
        >>> Tensor.noted(ops.Neg(), [x], np.array([-1.0])).node
        <Node Neg (1,) float64>
        """
        _, observers, call, order = _mode()
        nodes, arrays, needs = _taken_apart(tuple(operands))
        for observer in observers:
            observer.op_starts(op, arrays)
        nodes, arrays = _with_constants(tuple(operands), nodes, arrays, op.keep)
        kept = tuple(result if i == OUT else arrays[i] for i in op.keep)
        node = Node(op, nodes, kept, result.shape, result.dtype, call, order, needs)
        for observer in observers:
            observer.recorded(node, arrays, result)
        return cls.at(result, node)

    # ------------------------------------------------------------------ what it is
    @property
    def node(self) -> Node:
        """Its node in the graph."""
        if self._node is None:
            self._node = Node.leaf(self.shape, self.dtype, requires_grad=False, role="input")
        return self._node

    @property
    def array(self) -> Array:
        """The values as a read-only array."""
        view = self._array.view()
        if type(view) is _Array:  # a device's arrays have no such flag
            view.flags.writeable = False
        return view

    def numpy(self) -> Array:
        """The values as a read-only NumPy array that shares their memory; `.copy()` it to write.

        Raises:
            DeviceError: they lie on a device: `.cpu()` fetches them.

        >>> Tensor([1.0, 2.0], requires_grad=True).numpy()
        array([1., 2.], dtype=float32)
        """
        if type(self._array) is not _Array:
            self._refuse_device("numpy")
        return self.array

    @property
    def data(self) -> Tensor:
        """A Tensor over the same memory, outside the graph: written in place, nothing is recorded.

        Assigning to it writes the values in place. If a graph still needs the old ones, its
        `backward()` raises GraphError.

        >>> w = Tensor([1.0, 2.0], requires_grad=True)
        >>> w.data -= 0.5; w
        Tensor([0.5, 1.5], requires_grad=True)
        """
        return Tensor.at(self._array, None)

    @data.setter
    def data(self, value: Any) -> None:
        new = value._array if isinstance(value, Tensor) else as_array("Tensor.data", value, (self,))
        if new is self._array:
            return
        if new.shape != self.shape:
            raise ShapeError(f"Tensor.data: got shape {new.shape}, the tensor has {self.shape}")
        self._writable()[...] = new

    @property
    def name(self) -> str | None:
        """The name of it in drawings and messages."""
        return None if self._node is None else self._node.name

    @name.setter
    def name(self, name: str | None) -> None:
        self.node.name = name

    @property
    def T(self) -> Tensor:
        """The axes reversed; a view."""
        return self.transpose()

    @property
    def mT(self) -> Tensor:
        """The last two axes exchanged; a view."""
        return self.swapaxes(-1, -2)

    # ------------------------------------------------------------------ the array API standard
    @property
    def device(self) -> Any:
        """Where the elements lie: 'cpu', or a device such as 'cuda:0'."""
        return devices.device_of(self._array)

    def to(self, device: Any) -> Tensor:
        """The same values on a device: itself where it lies there, else a copy. It is recorded.

        Args:
            device: 'cpu', 'cuda', 'cuda:1', 'auto', or what `device` gave.
        Raises:
            ArgumentError, DeviceError, MissingExtraError: as for `device`.
        Source: PyTorch's `Tensor.to`.

        >>> x = Tensor([1.0])
        >>> x.to("cpu") is x
        True
        """
        place = naming.device(device)
        if place == self.device:
            return self
        return type(self).record(Move(place), (self,))

    def cpu(self) -> Tensor:
        """As `to('cpu')`.

        >>> Tensor([1.0]).cpu().device
        'cpu'
        """
        return self.to(devices.HOST)

    def cuda(self, index: int = 0) -> Tensor:
        """As `to('cuda:<index>')`."""
        return self.to(f"cuda:{integer('cuda', 'index', index, 0)}")

    def to_device(self, device: Any, /, *, stream: Any = None) -> Tensor:
        """As `to`, by the array API standard's name; `stream` is None.

        Raises:
            DTypeError: a stream.   ArgumentError, DeviceError: as for `device`.

        >>> Tensor([1.0]).to_device("cpu")
        Tensor([1.])
        """
        if stream is not None:
            raise DTypeError(f"to_device: stream {stream!r}; None fits")
        return self.to(device)

    def __array_namespace__(self, /, *, api_version: str | None = None) -> ModuleType:
        """The functions of the array API standard, `tinygrad_cnn.array_api`; the first call loads it.

        >>> Tensor([1.0]).__array_namespace__().__name__
        'tinygrad_cnn.array_api'
        """
        if api_version not in (None, "2021.12", "2022.12", "2023.12", "2024.12"):
            raise ValueError(f"__array_namespace__: version {api_version!r}; 2021.12 to 2024.12 fit")
        return import_module("tinygrad_cnn.array_api")

    # ------------------------------------------------------------------ written in place
    def _writable(self) -> Array:
        """The array, to be written over at once.

        Raises:
            GraphError: it is a view that cannot be written, such as a broadcast one.
        """
        try:
            writeable = self._array.flags.writeable
        except AttributeError:  # an array of a device, of which only broadcast views share elements
            writeable = not any(
                n > 1 and not s for n, s in zip(self.shape, self._array.strides, strict=True)
            )
        if not writeable:
            raise GraphError(
                f"this tensor of shape {self.shape} cannot be written: it is a view whose elements share "
                "memory, as broadcasting makes them, or which somebody made read-only; write to a copy, "
                "Tensor(x)"
            )
        stamp(self._array)
        return self._array

    # ------------------------------------------------------------------ as a Python object
    def __repr__(self) -> str:
        body = np.array2string(devices.to_host(self._array), separator=", ", prefix="Tensor(")
        kind = self.dtype.name
        dtype = "" if kind in ("float32", "int64", "bool") else f", dtype={kind}"
        if type(self._array) in devices.ON_DEVICES:
            dtype += f", device={str(self.device)!r}"
        if not self.requires_grad:
            return f"Tensor({body}{dtype})"
        op = self.node.op
        return f"Tensor({body}{dtype}, {'requires_grad=True' if op is None else f'op={op.name}'})"

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __copy__(self) -> Tensor:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        """A leaf with the same values, name, wish for a gradient and `grad`; the graph is not copied."""
        made = type(self).__new__(type(self))
        made.__setstate__(self.__getstate__())
        if type(self._array) in devices.ON_DEVICES:
            made._array = self._array.copy()
        memo[id(self)] = made
        if self.is_leaf and self._node is not None and self._node.grad is not None:
            made.node.grad = self._node.grad.__deepcopy__(memo)
        return made

    def __getstate__(self) -> dict[str, Any]:
        role = self._node.role if self._node is not None else "input"
        return {
            "data": devices.to_host(self._array), "requires_grad": self.requires_grad,
            "name": self.name, "role": role,
        }  # fmt: skip

    def __setstate__(self, state: dict[str, Any]) -> None:
        Tensor.__init__(self, state["data"], state["requires_grad"], name=state["name"])
        if self._node is not None:
            self._node.role = state["role"] or "input"

    # ------------------------------------------------------------------ for NumPy
    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        if self.requires_grad:
            raise GraphError(
                "a tensor that requires grad is not turned into an array by itself, because the "
                "graph would be lost; say so with .detach() or .numpy()"
            )
        if type(self._array) is not _Array:
            self._refuse_device("np.asarray")
        if copy or (dtype is not None and np.dtype(dtype) != self.dtype):
            return np.array(self._array, dtype=dtype)
        return self.array

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """NumPy's description of the memory, for reading only: what is written there no graph is told."""
        if self.requires_grad:
            raise AttributeError("a tensor that requires grad is not read by itself: .detach() or .numpy()")
        return self.array.__array_interface__

    def _refuse_device(self, function: str) -> None:
        """An error if the values lie on a device, from which they are fetched only where somebody asks."""
        if type(self._array) in devices.ON_DEVICES:
            raise DeviceError(
                f"{function}: the tensor lies on {self.device!s}; .cpu() fetches it: x.cpu().numpy()"
            )

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._array.__dlpack_device__()

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: Any = None,
        dl_device: Any = None,
        copy: bool | None = None,
    ) -> Any:
        """The values for another library: a copy, which it may write to, unless `copy=False`.

        Args:
            copy: False gives the memory itself, for reading only.
            stream: of the one who takes it, where the values lie on a GPU; CuPy waits for it.
            max_version, dl_device: as in NumPy's `__dlpack__`.
        Raises:
            GraphError: it requires grad.
            BufferError: `copy=False` for one who cannot read only, or the values lie on a device and the
                CPU asks for them: `.cpu()` fetches them.
        Source: the array API standard, `__dlpack__`.

        >>> np.from_dlpack(Tensor([1.0, 2.0]))
        array([1., 2.], dtype=float32)
        """
        if self.requires_grad:
            raise GraphError(
                "a tensor that requires grad is not handed out: its graph would be lost; .detach() it"
            )
        if dl_device is not None and tuple(dl_device) != tuple(self.__dlpack_device__()):
            raise BufferError(
                f"__dlpack__: the tensor lies on {self.device!s}, and was asked for on DLPack's device "
                f"{tuple(dl_device)}; move it before, as in x.cpu()"
            )
        given = {"stream": stream, "max_version": max_version, "dl_device": dl_device}
        options = {key: value for key, value in given.items() if value is not None}
        return (self.array if copy is False else self._array.copy()).__dlpack__(**options)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return numpy_protocol.apply_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return numpy_protocol.apply_function(func, args, kwargs)


Tensor.results = Tensor


def tensor(
    data: Any, *, dtype: DTypeLike | None = None, requires_grad: bool = False, name: str | None = None
) -> Tensor:
    """A new Tensor that holds a copy of some values; the same as `Tensor(data, ...)`.

    Args:
        data: numbers, nested lists, an array or a Tensor. Python numbers and lists become float32
            (in PyTorch integers become int64), arrays keep their type.
        dtype: another element type.   requires_grad: whether `backward()` leaves a gradient in `grad`.
        name: what drawings and messages call it.
    Raises:
        DTypeError: as for `Tensor`.
    Source: PyTorch's `tensor`.

    >>> tensor([1.0, 2.0], requires_grad=True)
    Tensor([1., 2.], requires_grad=True)
    """
    return Tensor(data, requires_grad, dtype=dtype, name=name)


def _computed(op: Op, arrays: tuple[Any, ...], needs: tuple[bool, ...]) -> Any:
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


def _taken_apart(operands: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...], tuple[bool, ...]]:
    """Per operand: its node or None, its array or number, and whether it wants a gradient."""
    nodes: list[Any] = []
    arrays: list[Any] = []
    needs: list[bool] = []
    for x in operands:
        node = None
        if isinstance(x, Tensor):
            node, x = x._node, x._array
        arrays.append(x)
        nodes.append(node)
        needs.append(node is not None and node.requires_grad)
    if devices.ON_DEVICES:
        arrays = _beside_tensors(operands, arrays)
    return tuple(nodes), tuple(arrays), tuple(needs)


def _beside_tensors(operands: tuple[Any, ...], arrays: list[Any]) -> list[Any]:
    """NumPy arrays among the operands, which are constants, where the first Tensor lies."""
    first = next((x for x in operands if isinstance(x, Tensor)), None)
    if first is None:
        return arrays
    pairs = zip(operands, arrays, strict=True)
    return [a if isinstance(x, Tensor) else devices.beside(a, first) for x, a in pairs]


def _with_constants(
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
        if isinstance(x, Tensor):
            made[k] = x.node
            continue
        if k in keep and isinstance(x, devices.CLASSES):
            own[k] = arrays[k].copy()
        name = f"{x:g}" if isinstance(x, (int, float)) else None
        made[k] = Node.leaf(np.shape(x), np.result_type(x), requires_grad=False, role="constant", name=name)
    return tuple(made), tuple(own)
