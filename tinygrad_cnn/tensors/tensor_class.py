"""The Tensor: an array that remembers how it was computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tinygrad_cnn import devices
from tinygrad_cnn.errors import GraphError, ShapeError
from tinygrad_cnn.functional.arguments import as_array, flag
from tinygrad_cnn.functional.storage import real_type
from tinygrad_cnn.graph import MODE, OUT, Node, Op, Result, real_numbers, stamp, unpacked
from tinygrad_cnn.tensors.methods import TensorMethods
from tinygrad_cnn.tensors.recording import computed, taken_apart, with_constants

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
            self._array = np.array(source, dtype=None if dtype is None else real_type("Tensor", dtype))
        else:  # of a device, or a subclass
            self._array = source.astype(source.dtype if dtype is None else real_type("Tensor", dtype))
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
        elif (
            count == 3  # with a bias
            and isinstance(x := operands[0], Tensor)
            and isinstance(y := operands[1], Tensor)
            and isinstance(z := operands[2], Tensor)
        ):
            k, m, n = nodes = x._node, y._node, z._node
            arrays = x._array, y._array, z._array
            needs = (
                k is not None and k.requires_grad,
                m is not None and m.requires_grad,
                n is not None and n.requires_grad,
            )
            constants = k is None or m is None or n is None
        else:
            nodes, arrays, needs = taken_apart(operands)
            constants = None in nodes
        if recording and True in needs:
            if observers:
                for observer in observers:
                    observer.op_starts(op, arrays)
        else:
            recording = False
        out = computed(op, arrays, needs if recording else ())
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
            if dtype is not _FLOAT32:
                real_numbers(op, out)
            tensor._node = None
            if observers:
                for observer in observers:
                    observer.unrecorded(op, operands, arrays, out)
            return tensor
        if constants:
            nodes, arrays = with_constants(operands, nodes, arrays, op.keep)
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
        nodes, arrays, needs = taken_apart(tuple(operands))
        for observer in observers:
            observer.op_starts(op, arrays)
        nodes, arrays = with_constants(tuple(operands), nodes, arrays, op.keep)
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
