"""The Tensor: an array that remembers how it was computed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn import numpy_protocol
from tinygrad_cnn.backward import gradients
from tinygrad_cnn.errors import DTypeError, GraphError, ShapeError
from tinygrad_cnn.functional.arguments import as_array
from tinygrad_cnn.graph import MODE, OUT, Node, Op, owner, retold, stamp
from tinygrad_cnn.methods import TensorMethods

Array = NDArray[Any]
_new = object.__new__
_mode = MODE.get
_FLOAT32 = np.dtype(np.float32)
_BOTH = (0, 1)


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
        DTypeError: not real numbers, or `requires_grad` with integers or bools.

    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    Tensor([2., 4.])
    """

    __slots__ = ("__weakref__", "_array", "_node")

    _array: Array
    _node: Node | None

    def __init__(
        self, data: Any, requires_grad: bool = False, *, dtype: Any = None, name: str | None = None
    ) -> None:
        source = data._array if isinstance(data, Tensor) else as_array("Tensor", data)
        self._array = np.array(source, dtype=None if dtype is None else np.dtype(dtype))
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
        tensor = _new(Tensor)
        tensor._array, tensor._node = array, node
        return tensor

    @classmethod
    def detached(cls, array: Any) -> Tensor:
        """A Tensor over an array itself, without a graph."""
        return Tensor.at(np.asarray(array), None)

    @classmethod
    def record(cls, op: Op, operands: tuple[Any, ...]) -> Tensor:
        """Run an op, and note it in the graph if an operand requires grad and the mode records.

        >>> from tinygrad_cnn import ops
        >>> Tensor.record(ops.Neg(), (Tensor([1.0], requires_grad=True),)).node.op.name
        'Neg'
        """
        recording, observers, scope, order = _mode()
        nodes: tuple[Any, ...]
        arrays: tuple[Any, ...]
        needs: tuple[bool, ...]
        # The usual cases are written out: half of what recording costs is here.
        if len(operands) == 1:
            (x,) = operands
            m = x._node
            nodes, arrays = (m,), (x._array,)
            needs = (m is not None and m.requires_grad,)
            constants = m is None
        elif len(operands) == 2 and isinstance(operands[0], Tensor) and isinstance(operands[1], Tensor):
            x, y = operands
            m, n = nodes = x._node, y._node
            arrays = x._array, y._array
            needs = m is not None and m.requires_grad, n is not None and n.requires_grad
            constants = m is None or n is None
        else:
            nodes, arrays, needs = _taken_apart(operands)
            constants = None in nodes
        if recording and True in needs:
            alike = op.alike
            op = (alike and alike.get(needs)) or op.taken(needs)
            if observers:
                for observer in observers:
                    observer.op_starts(op, arrays)
        else:
            recording = False
        try:
            out = op.forward(*arrays)
        except ValueError as error:
            raise retold(error, op, arrays) from error
        if type(out) is not np.ndarray:
            out = np.asarray(out)  # 0-d results of NumPy are scalars
        tensor = _new(Tensor)
        tensor._array = out
        tensor._node = None
        dtype = out.dtype
        if not recording or (dtype is not _FLOAT32 and dtype.kind != "f"):
            return tensor
        if constants:
            nodes, arrays = _with_constants(operands, nodes, arrays, op.keep)
        keep = op.keep
        if keep == _BOTH and len(arrays) == 2:
            kept = arrays
        else:
            kept = tuple([out if i == OUT else arrays[i] for i in keep]) if keep else ()
        tensor._node = node = Node(op, nodes, kept, out.shape, dtype, scope, order)
        if observers:
            for observer in observers:
                observer.recorded(node, arrays, out)
        return tensor

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
        view.flags.writeable = False
        return view

    def numpy(self) -> Array:
        """The values as a read-only NumPy array that shares their memory; `.copy()` it to write.

        >>> Tensor([1.0, 2.0], requires_grad=True).numpy()
        array([1., 2.], dtype=float32)
        """
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
        new = value._array if isinstance(value, Tensor) else as_array("Tensor.data", value)
        if new is self._array:
            return
        if new.shape != self.shape:
            raise ShapeError(f"Tensor.data: got shape {new.shape}, the tensor has {self.shape}")
        self._writable()[...] = new

    @property
    def name(self) -> str | None:
        """What drawings and messages call it."""
        return None if self._node is None else self._node.name

    @name.setter
    def name(self, name: str | None) -> None:
        self.node.name = name

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to it."""
        return self._node is not None and self._node.requires_grad

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        self.requires_grad_(flag)

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded op made it."""
        return self._node is None or self._node.op is None

    @property
    def T(self) -> Tensor:
        """The axes reversed; a view."""
        return self.transpose()

    # ------------------------------------------------------------------ gradients
    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient: None, or a Tensor of its shape and dtype.

        Assign None to start anew, or a value of its shape.
        """
        return None if self._node is None else self._node.grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is None:
            if self._node is not None:
                self._node.grad = None
            return
        value = value if isinstance(value, Tensor) else Tensor(value, dtype=self.dtype)
        if value.shape != self.shape or value.dtype != self.dtype:
            raise ShapeError(
                f"Tensor.grad: got {value.shape} {value.dtype}, {self.shape} {self.dtype} fits"
            )
        self.node.grad = value

    def requires_grad_(self, flag: bool = True) -> Tensor:
        """Ask for a gradient, or ask no more; returns the tensor itself.

        Raises:
            DTypeError: its elements are not floats.
            GraphError: switching off a result, whose graph needs it; `detach()` gives a copy.

        >>> Tensor([1.0]).requires_grad_().requires_grad
        True
        """
        if flag and self.dtype.kind != "f":
            raise DTypeError(f"requires_grad: needs a float dtype, the tensor has {self.dtype}")
        if not self.is_leaf and not flag:
            raise GraphError("requires_grad_: only leaves can be switched off; use detach()")
        if self.is_leaf:
            self.node.requires_grad = self.node.retains_grad = bool(flag)
        return self

    def detach(self) -> Tensor:
        """The same values, sharing memory, outside the graph.

        >>> (Tensor([1.0], requires_grad=True) * 2).detach()
        Tensor([2.])
        """
        return Tensor.at(self._array, None)

    def retain_grad(self) -> None:
        """Have `backward()` leave the gradient in `grad`, also if this is no leaf.

        Raises:
            GraphError: no gradient flows here.

        >>> x = Tensor([3.0], requires_grad=True); y = x * x; y.retain_grad()
        >>> (y * 2).backward(); y.grad
        Tensor([2.])
        """
        if not self.requires_grad:
            raise GraphError("retain_grad: this tensor does not require grad")
        self.node.retains_grad = True

    def register_hook(self, hook: Callable[[Tensor], Any]) -> Callable[[], None]:
        """Call `hook(gradient)` whenever the gradient of this tensor is complete.

        What the hook returns, if not None, takes the gradient's place.

        Returns:
            A function that removes the hook.
        Raises:
            GraphError: no gradient flows here.

        >>> x = Tensor([1.0], requires_grad=True)
        >>> remove = x.register_hook(lambda g: g * 10)
        >>> (x * 2).backward(); x.grad
        Tensor([20.])
        """
        if not self.requires_grad:
            raise GraphError("register_hook: this tensor does not require grad")
        node = self.node
        node.hooks = node.hooks or {}
        return _registered(node.hooks, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], Any]) -> Callable[[], None]:
        """Call `hook(self)` whenever `backward()` has added to this leaf's `grad`.

        The walk does so as soon as the gradient is complete. A hook that uses it up and sets `grad`
        to None keeps the gradients of a large model from being in memory all at once; see
        `Optimizer.step_in_backward`.

        Returns:
            A function that removes the hook.
        Raises:
            GraphError: this is no leaf that requires grad.

        >>> w = Tensor([1.0], requires_grad=True)
        >>> remove = w.register_post_accumulate_grad_hook(lambda leaf: print(leaf.grad))
        >>> (w * 3).backward()
        Tensor([3.])
        """
        if not (self.is_leaf and self.requires_grad):
            raise GraphError("register_post_accumulate_grad_hook: needs a leaf that requires grad")
        node, itself = self.node, ref(self)  # a node must not hold its Tensor
        node.grad_hooks = node.grad_hooks or {}

        def call() -> None:
            leaf = itself()
            if leaf is not None:
                hook(leaf)

        return _registered(node.grad_hooks, call)

    def backward(
        self, gradient: Any = None, retain_graph: bool = False, create_graph: bool = False
    ) -> None:
        """Add d(sum(gradient * self)) / d(leaf) to `grad` of every leaf that requires it.

        Args:
            gradient: what flows in, of this tensor's shape; 1 for a single element if None.
            retain_graph: keep the graph, for another walk; it is freed otherwise.
            create_graph: record the walk itself, so that the gradients can be differentiated;
                keeps the graph too.
        Raises:
            GraphError: nothing here requires grad, a gradient is needed, the graph was freed, or
                an array that it needs was written over. No `grad` is changed then, unless a hook
                for accumulated gradients wrote over the array.
            ShapeError: the gradient's shape is not this tensor's.
        Source: Griewank & Walther 2008, "Evaluating Derivatives", 3.2.

        >>> x = Tensor(3.0, requires_grad=True)
        >>> (x ** 2).backward(); x.grad
        Tensor(6.)
        """
        seeds = {self.node: _seed("backward", self, gradient)}
        retain = retain_graph or create_graph
        for node, g in _walk(seeds, None, retain, create_graph, _accumulate).items():
            _accumulate(node, g)

    # ------------------------------------------------------------------ written in place
    def _writable(self) -> Array:
        """The array, to be written over at once."""
        if not self._array.flags.writeable:  # a broadcast view, whose elements share memory
            self._array = self._array.copy()
        stamp(self._array)
        return self._array

    # ------------------------------------------------------------------ as a Python object
    def __repr__(self) -> str:
        body = np.array2string(self._array, separator=", ", prefix="Tensor(")
        kind = self.dtype.name
        dtype = "" if kind in ("float32", "int64", "bool") else f", dtype={kind}"
        if not self.requires_grad:
            return f"Tensor({body}{dtype})"
        op = self.node.op
        return f"Tensor({body}{dtype}, {'requires_grad=True' if op is None else f'op={op.name}'})"

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __copy__(self) -> Tensor:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        """A leaf with the same values, name and wish for a gradient; the graph is not copied."""
        made = type(self).__new__(type(self))
        made.__setstate__(self.__getstate__())
        memo[id(self)] = made
        return made

    def __getstate__(self) -> dict[str, Any]:
        role = self._node.role if self._node is not None else "input"
        return {
            "data": self._array, "requires_grad": self.requires_grad, "name": self.name, "role": role
        }  # fmt: skip

    def __setstate__(self, state: dict[str, Any]) -> None:
        Tensor.__init__(self, state["data"], state["requires_grad"], name=state["name"])
        if self._node is not None:
            self._node.role = state["role"] or "input"

    # ------------------------------------------------------------------ for NumPy
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if self.requires_grad:
            raise GraphError(
                "a tensor that requires grad is not turned into an array by itself, because the "
                "graph would be lost; say so with .detach() or .numpy()"
            )
        if copy or (dtype is not None and np.dtype(dtype) != self.dtype):
            return np.array(self._array, dtype=dtype)
        return self.array

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return numpy_protocol.apply_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return numpy_protocol.apply_function(func, args, kwargs)


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Any = None,
    *,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> Any:
    """Gradients of the outputs with respect to the inputs, without touching any `grad`.

        g_k = d( sum_j sum(grad_outputs_j * outputs_j) ) / d inputs_k

    Args:
        outputs: what to differentiate, one or several.
        inputs: what to differentiate by: leaves or results of the graph.
        grad_outputs: one weight per output, of its shape; 1 for a single element if None.
        retain_graph: keep the graph for another walk; as `create_graph` if None.
        create_graph: record the walk, so that the gradients can be differentiated.
        allow_unused: give None for an input that no output depends on, instead of an error.
    Returns:
        A Tensor for one input, a tuple of Tensors for several.
    Raises:
        GraphError: as for `backward`, or an input that no output depends on.
    Source: Griewank & Walther 2008, "Evaluating Derivatives", 3.2.

    >>> x = Tensor(2.0, requires_grad=True)
    >>> slope = grad(x ** 3, x, create_graph=True)
    >>> slope, grad(slope, x)
    (Tensor(12., op=Mul), Tensor(12.))
    """
    ends = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    starts = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    weights = [grad_outputs] if isinstance(outputs, Tensor) else list(grad_outputs or [None] * len(ends))
    if len(weights) != len(ends):
        raise ShapeError(f"grad: {len(weights)} grad_outputs for {len(ends)} outputs")
    for k, start in enumerate(starts):
        if not start.requires_grad:
            raise GraphError(f"grad: input {k} of shape {start.shape} does not require grad")
    seeds: dict[Node, Any] = {}
    for end, weight in zip(ends, weights, strict=True):
        seed = _seed("grad", end, weight)
        seeds[end.node] = seeds[end.node] + seed if end.node in seeds else seed
    retain = create_graph if retain_graph is None else retain_graph
    found = _walk(seeds, [start.node for start in starts], retain, create_graph)
    for k, start in enumerate(starts):
        if start.node not in found and not allow_unused:
            raise GraphError(
                f"grad: no output depends on input {k} (shape {start.shape}, name {start.name}); "
                "allow_unused=True gives None for it"
            )
    results = tuple(_owned(found[s.node]) if s.node in found else None for s in starts)
    return results[0] if isinstance(inputs, Tensor) else results


def _registered(hooks: dict[int, Any], hook: Callable[..., Any]) -> Callable[[], None]:
    """Put a hook after the others; what takes it away again."""
    key = max(hooks, default=0) + 1
    hooks[key] = hook
    return lambda: (hooks.pop(key, None), None)[1]


def _accumulate(node: Node, g: Tensor) -> None:
    """Add a leaf's gradient to its `grad`, and tell those who wait for it."""
    node.grad = _owned(g) if node.grad is None else _owned(node.grad + g)
    for hook in tuple((node.grad_hooks or {}).values()):
        hook()


def _walk(
    seeds: dict[Node, Tensor], targets: Any, retain: bool, create: bool, deliver: Any = None
) -> dict[Node, Any]:
    """The walk's gradients as Tensors, with a graph if `create`."""
    if create:
        order = 1 + max(node.order for node in seeds)
        token = MODE.set(MODE.get()._replace(recording=True, order=order))
        try:
            return gradients(
                seeds, targets, wrap=Tensor.at, record=True, retain_graph=retain, deliver=deliver
            )
        finally:
            MODE.reset(token)
    arrays = {node: seed._array for node, seed in seeds.items()}
    found = gradients(arrays, targets, wrap=Tensor.at, retain_graph=retain, deliver=deliver)
    return {node: Tensor.at(g, None) for node, g in found.items()}


def _seed(function: str, output: Tensor, gradient: Any) -> Tensor:
    """What flows into an output, as a Tensor of its shape and type."""
    if not output.requires_grad:
        raise GraphError(
            f"{function}: this tensor does not require grad: nothing it was computed from has "
            "requires_grad=True, or it was computed under no_grad()"
        )
    if gradient is None:
        if output.size != 1:
            raise GraphError(
                f"{function}: the output has shape {output.shape}; only a single element can be "
                "differentiated without a gradient of that shape, or take its .sum() or .mean() first"
            )
        return Tensor.at(np.ones(output.shape, output.dtype), None)
    seed = gradient if isinstance(gradient, Tensor) else Tensor.detached(as_array(function, gradient))
    if seed.shape != output.shape:
        raise ShapeError(f"{function}: the gradient has shape {seed.shape}, {output.shape} fits")
    return seed if seed.dtype == output.dtype else seed.astype(output.dtype)


def _owned(gradient: Tensor) -> Tensor:
    """A gradient in memory of its own, so that writing to it can never write to something else.

    A derivative may hand the same array to two operands, or hand on the seed, a view or what it
    kept. Copying always would cost as much as the weights are large; reference counts tell exactly
    when somebody else holds the memory.
    """
    if gradient._node is None and _is_shared(gradient):
        gradient._array = gradient._array.copy()
    return gradient


def _is_shared(tensor: Tensor) -> bool:
    """Whether anything but this tensor holds its array or the array that owns its memory."""
    if not tensor._array.flags.writeable or sys.getrefcount(tensor._array) > _ALONE:
        return True
    if tensor._array.base is None:
        return False
    return owner(tensor._array) is not tensor._array.base or sys.getrefcount(tensor._array.base) > _ALONE


#: What `sys.getrefcount` says of an array that only one slot holds; it varies between Pythons.
_ALONE = next(sys.getrefcount(t._array) for t in [Tensor.at(np.empty(1), None)])


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
    return tuple(nodes), tuple(arrays), tuple(needs)


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
        if k in keep and isinstance(x, np.ndarray):
            own[k] = x.copy()
        name = f"{x:g}" if isinstance(x, (int, float)) else None
        made[k] = Node.leaf(np.shape(x), np.result_type(x), requires_grad=False, role="constant", name=name)
    return tuple(made), tuple(own)
