"""The computation graph: nodes, operations, and the seam for watching them.

A `Node` is one result: which op made it, from which parents, and which arrays that op's derivative
will read. It holds no Tensor and no result array, so a graph has no reference cycles and a result
that no derivative needs dies with its Tensor. This module knows no particular op and no Tensor.
"""

from __future__ import annotations

import inspect
import os
import re
import threading
from collections.abc import Sequence
from contextvars import ContextVar
from itertools import count
from operator import itemgetter
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import ArgumentError, GraphError, ShapeError, TinygradCnnError
from tinygrad_cnn.half_precision import has_half, narrows, rounded, widened
from tinygrad_cnn.restoring import Ended

Array = NDArray[Any]
Shape = tuple[int, ...]
#: Per operand, whether it wants a gradient.
Needs = tuple[bool, ...]

#: What a writer of an op writes.
METHODS = ("forward", "backward")

#: In `Op.keep`, stands for the op's own result.
OUT = -1

_serial = count()


class Call(NamedTuple):
    """One call of a module, or one `with scope(...)` block: what nodes were recorded in.

    Two calls of one module are two objects with the same `module`; compare calls by `is`.

    Attributes:
        around: the call that it runs inside; None for the outermost.
        name: what the module is called by the one that holds it; '' where nobody does.
        module: a weak reference, so that no graph keeps a model alive; None for a `scope`.
        kind: the module's class; None for a `scope`.
    """

    around: Call | None
    name: str
    module: ref[Any] | None = None
    kind: type[Any] | None = None

    @property
    def path(self) -> str:
        """The names from the outermost in, such as `features.3`.

        >>> Call(Call(Call(None, ""), "features"), "3").path
        'features.3'
        """
        names: list[str] = []
        call: Call | None = self
        while call is not None:
            if call.name:
                names.append(call.name)
            call = call.around
        return ".".join(reversed(names))


class Node:
    """One value of the graph: a leaf (`op is None`) or the result of an op.

    Attributes:
        op: the `Op` that made it; None for inputs, parameters and constants.
        parents: the operands' nodes, one per operand.
        kept: the arrays that the op's derivative reads, in the order of `op.keep`; None once freed.
        residual: what the op's `forward` left for its derivative, besides the result; or None.
        needs: per operand, whether it wanted a gradient when the node was recorded.
        shape, dtype: those of the result.
        serial: order of creation over the whole process; parents are older than their children.
        requires_grad: whether a gradient flows through here.
        retains_grad: whether a walk leaves the gradient in `grad`: leaves, and after `retain_grad()`.
        grad: the gradient's Tensor, or None.
        hooks: functions called with the gradient when it is complete, or None.
        grad_hooks: of a leaf, functions called when a walk has added to `grad`, or None.
        name: what the user calls it, or None.
        call: the call of a module that was running; None outside modules.
        role: 'parameter', 'input' or 'constant' for leaves, '' for results; for drawings.
        order: 0 for what the user computed, 1 for what a walk with `create_graph` computed, 2 for a
            walk over such nodes, and so on; for drawings.
    """

    # Slots: graphs may have a hundred thousand nodes, which the garbage collector passes over.
    __slots__ = (
        "__weakref__", "call", "dtype", "grad", "grad_hooks", "hooks", "kept", "name", "needs", "op",
        "order", "parents", "requires_grad", "residual", "retains_grad", "role", "serial", "shape",
    )  # fmt: skip

    def __init__(
        self,
        op: Op | None,
        parents: tuple[Node, ...],
        kept: tuple[Any, ...],
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        call: Call | None = None,
        order: int = 0,
        needs: Needs = (),
        residual: Any = None,
    ) -> None:
        self.op: Op | None = op
        self.parents = parents
        self.kept: tuple[Any, ...] | None = kept
        self.needs = needs
        self.residual = residual
        self.shape = shape
        self.dtype = dtype
        self.call = call
        self.order = order
        self.requires_grad = True
        self.retains_grad = False
        self.grad: Any = None
        self.hooks: dict[int, Any] | None = None
        self.grad_hooks: dict[int, Any] | None = None
        self.name: str | None = None
        self.role = ""
        self.serial = next(_serial)

    @classmethod
    def leaf(
        cls, shape: tuple[int, ...], dtype: np.dtype[Any], *,
        requires_grad: bool, role: str, name: str | None = None,
    ) -> Node:  # fmt: skip
        """A node without an op: a parameter, an input or a constant.

        >>> Node.leaf((2, 3), np.dtype("float32"), requires_grad=True, role="input", name="x")
        <Node x (2, 3) float32>
        """
        node = cls(None, (), (), shape, dtype)
        node.requires_grad = node.retains_grad = requires_grad
        node.role, node.name = role, name
        return node

    @property
    def scope(self) -> str:
        """Path of the module that was running, such as `features.3`; '' outside modules."""
        return "" if self.call is None else self.call.path

    def __repr__(self) -> str:
        what = self.name or (self.op.name if self.op is not None else self.role or "leaf")
        return f"<Node {what} {self.shape} {self.dtype}>"


class Traced:
    """What `Op.__call__` looks for among its operands: something that wants ops recorded.

    `Tensor` is the one subclass; the graph knows only that it can `record` and has an `array`.
    """

    __slots__ = ()

    @classmethod
    def record(cls, op: Op, operands: tuple[Any, ...], left: list[Any] | None = None) -> Any:
        """Run `op` on the operands' arrays and note it in the graph; `left` gets its residual."""
        raise NotImplementedError

    @property
    def array(self) -> Array:
        """The values, for reading only."""
        raise NotImplementedError

    def _writable(self) -> Array:
        """The values, to be written over at once: graphs that still need the old ones are told."""
        raise NotImplementedError


class Result:
    """What `Op.forward` returns when its derivative needs more than operands and result.

    Attributes:
        value: the result's array.
        residual: one object that `backward` gets after what `keep` names: a mask, places, a random
            draw, a shape; a tuple of several. It is a constant of the derivative, or a cache that only
            a kernel on arrays reads. None is the same as no residual.

    >>> Result(np.zeros(2), (3, 4)).residual
    (3, 4)
    """

    __slots__ = ("residual", "value")

    def __init__(self, value: Any, residual: Any) -> None:
        self.value = value
        self.residual = residual


class Op:
    """A differentiable function: operands are differentiated, attributes are constants.

    A subclass writes `forward` on arrays and `backward` in operations that arrays and Tensors
    share (`+ - * / ** @`, comparisons, indexing, `.sum .reshape .transpose .astype`, other ops):
    the first-order walk runs those lines on arrays, `create_graph=True` runs the same lines on
    Tensors, so every derivative has a derivative.

    An op is a value: its attributes are options and geometry, set once in `__init__`. What varies
    with the call is the residual, which `forward` returns and the node keeps. So one op may serve
    any number of calls, and none of them changes another.

    Either method may have a keyword-only parameter `needs`, and is then told which operands want a
    gradient, to leave out work for the others. `forward` gets all False, or (), where nothing is
    recorded.

    Class attributes:
        keep: what `backward` reads: positions of operands, or `OUT` for the result.
        family: the kind of thing it does, which gives its colour on a drawing: 'conv', 'linear',
            'activation', 'pool', 'norm', 'dropout', 'loss', 'shape', 'arithmetic' or 'other'.
        symbol: the sign for it between or before operands, '' for none.
        pointwise: each element of the result depends on no element of an operand but that at its place.
        rectifies: the result is exactly 0 where it passes nothing on, so that units may die.
        wide: `forward` and `backward` get float16 as float32, and the result is rounded to float16:
            for what adds up many numbers, or passes through larger or finer ones than its result.

    >>> class Cube(Op):
    ...     keep = (0,)
    ...     def forward(self, x): return x * x * x
    ...     def backward(self, g, x): return (g * 3 * x * x,)
    >>> Cube()(np.array([1.0, 2.0]))
    array([1., 8.])
    """

    keep: tuple[int, ...] = ()
    family: ClassVar[str] = "other"
    symbol: ClassVar[str] = ""
    pointwise: ClassVar[bool] = False
    rectifies: ClassVar[bool] = False
    wide: ClassVar[bool] = False
    _forward_needs: ClassVar[bool] = False
    _backward_needs: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._forward_needs = asks_for_needs(cls.forward)
        cls._backward_needs = asks_for_needs(cls.backward)

    def forward(self, *arrays: Any, **needs: Any) -> Any:
        """The result's array (or a `Result`), from the operands' arrays, which stay as they are."""
        raise NotImplementedError(f"{type(self).__name__}.forward is not written")

    def backward(self, *g_and_kept: Any, **needs: Any) -> tuple[Any, ...]:
        """One gradient per operand (or None), from the result's gradient g and what was kept.

        A gradient may have the broadcast shape of the result: the walk sums it to the operand's.
        """
        raise NotImplementedError(f"{type(self).__name__}.backward is not written")

    def __call__(self, *operands: Any) -> Any:
        """Apply the op: recorded when a Tensor is among the operands, plain arrays otherwise."""
        for operand in operands:
            if isinstance(operand, Traced):
                return operand.record(self, operands)
        return run_forward(self, operands)[0]

    def with_residual(self, *operands: Any) -> tuple[Any, Any]:
        """As a call, and the residual, for functions whose results hold it: places, statistics.

        >>> from tinygrad_cnn import ops
        >>> ops.Sort(axis=0).with_residual(np.array([3.0, 1.0]))[1].places
        array([1, 0])
        """
        left: list[Any] = []
        for operand in operands:
            if isinstance(operand, Traced):
                y = operand.record(self, operands, left)
                return y, left[0] if left else None
        return run_forward(self, operands)

    def multiply_adds(self, result: Shape, operands: tuple[Shape, ...]) -> int:
        """How many products it adds up, from the shapes; 0 for what has no such sum.

        One multiply-add is what matrix products and convolutions are made of. Element-wise ops,
        pooling and normalisation count 0, as is usual in papers on networks.

        Source: V. Sze, Y.-H. Chen, T.-J. Yang, J. S. Emer 2017, "Efficient processing of deep neural
            networks: a tutorial and survey", arXiv:1703.09039, section III.

        >>> from tinygrad_cnn import ops
        >>> ops.MatMul().multiply_adds((2, 3), ((2, 5), (5, 3)))
        30
        """
        return 0

    @property
    def name(self) -> str:
        """The op's name on drawings and in messages: the class's name."""
        return type(self).__name__

    def options(self) -> dict[str, Any]:
        """Options that a drawing shows next to the op's name, such as `{'axis': (1,)}`."""
        plain = (bool, int, float, str, tuple)
        return {
            key: value
            for key, value in vars(self).items()
            if not key.startswith("_") and key != "keep" and isinstance(value, plain)
        }


def asks_for_needs(method: Any) -> bool:
    """Whether a method has a keyword-only parameter `needs`.

    >>> asks_for_needs(lambda g, *, needs: (g,)), asks_for_needs(lambda g: (g,))
    (True, False)
    """
    code = getattr(inspect.unwrap(method), "__code__", None)
    if code is None:
        return False
    return "needs" in code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]


def run_forward(op: Op, arrays: Sequence[Any], needs: tuple[bool, ...] = ()) -> tuple[Any, Any]:
    """The result of an op on arrays, as an array, and its residual; nothing is recorded.

    Raises:
        ShapeError: NumPy's complaint about shapes, retold.   GraphError: a tuple or a list came back.

    >>> from tinygrad_cnn import ops
    >>> run_forward(ops.Reshape((2, 1)), [np.array([1.0, 2.0])])[1]
    (2,)
    """
    try:
        if op.wide and has_half(arrays[0], arrays):
            out = in_float32(op, arrays, needs)
        else:
            out = op.forward(*arrays, needs=needs) if op._forward_needs else op.forward(*arrays)
    except ValueError as error:
        raise retold(error, op, arrays) from error
    except FloatingPointError:
        out = without_underflow(op, arrays, needs)
    return unpacked(op, out)


def in_float32(op: Op, arrays: Sequence[Any], needs: tuple[bool, ...]) -> Any:
    """`op.forward` on float32 where operands are float16, and its result as float16.

    >>> from tinygrad_cnn import ops
    >>> in_float32(ops.Square(), [np.float16([300, 3])], ())
    array([inf,  9.], dtype=float16)
    """
    wide = widened(arrays)
    out = op.forward(*wide, needs=needs) if op._forward_needs else op.forward(*wide)
    if not narrows(arrays):
        return out
    return Result(rounded(out.value), out.residual) if isinstance(out, Result) else rounded(out)


def without_underflow(op: Op, arrays: Sequence[Any], needs: tuple[bool, ...]) -> Any:
    """`op.forward` once more, after a floating-point error that `np.errstate` asks for.

    A result too small for its type is 0, which is as near as numbers come, and no error of the caller;
    what else the caller wants to be told of is raised again.

    >>> from tinygrad_cnn import ops
    >>> with np.errstate(all="raise"):
    ...     ops.Exp()(np.array([-1e4]))
    array([0.])
    """
    with np.errstate(under="ignore"):
        if op.wide and has_half(arrays[0], arrays):
            return in_float32(op, arrays, needs)
        return op.forward(*arrays, needs=needs) if op._forward_needs else op.forward(*arrays)


def unpacked(op: Op, out: Any) -> tuple[Array, Any]:
    """What `forward` returned, as an array and the residual.

    Raises:
        GraphError: it is a tuple or a list, which could only be stacked by guesswork.

    >>> unpacked(Op(), 2.0)
    (array(2.), None)
    """
    residual = None
    if isinstance(out, Result):
        out, residual = out.value, out.residual
    if isinstance(out, (tuple, list, Traced)):
        raise GraphError(
            f"{op.name}: forward returned a {type(out).__name__}; one array fits, or "
            "Result(array, residual) with what backward needs besides"
        )
    return np.asarray(out), residual


def run_backward(
    op: Op, g: Any, kept: Sequence[Any], residual: Any = None, needs: tuple[bool, ...] | None = None
) -> Any:
    """What an op's derivative gives, called as the walk calls it.

    Args:
        op: the op.   g: the gradient of its result.   kept: what `op.keep` names.
        residual: what `run_forward` gave.
        needs: per operand, whether it wants a gradient; asked for by those that have `needs` only.

    >>> from tinygrad_cnn import ops
    >>> run_backward(ops.Mul(), 1.0, [2.0, 3.0], needs=(True, False))
    (3.0, None)
    """
    if op.wide and has_half(g, kept):
        g, *kept = widened((g, *kept))
    if residual is not None:
        kept = (*kept, residual)
    return op.backward(g, *kept, needs=needs) if op._backward_needs else op.backward(g, *kept)


#: Words of NumPy's errors about shapes.
_ABOUT_SHAPES = re.compile("broadcast|shape|dimension|aligned|axes|axis|size|length|mismatch")


def retold(error: ValueError, op: Op, arrays: Sequence[Any]) -> ValueError:
    """NumPy's complaint with the op's name, and with the shapes if it is about those; our own as they are.

    >>> print(retold(ValueError("shapes (2,) and (3,) not aligned"), Op(), [np.zeros(2), np.zeros(3)]))
    Op: operands of shapes (2,), (3,) do not fit: shapes (2,) and (3,) not aligned
    >>> print(retold(ValueError("negative powers"), Op(), [np.zeros(2)]))
    Op: negative powers
    """
    if isinstance(error, TinygradCnnError):
        return error
    if not _ABOUT_SHAPES.search(str(error)):
        return ArgumentError(f"{op.name}: {error}")
    shapes = ", ".join(str(np.shape(array)) for array in arrays)
    return ShapeError(f"{op.name}: operands of shapes {shapes} do not fit: {error}")


def ancestors(*roots: Node) -> list[Node]:
    """The roots and all that they were computed from, oldest first, each once.

    Iterative, and linear in the number of nodes and edges whatever the number of paths.

    >>> a = Node.leaf((), np.dtype(float), requires_grad=True, role="input")
    >>> b = Node(Op(), (a, a), (), (), np.dtype(float))
    >>> [node is a for node in ancestors(b)]
    [True, False]
    """
    found, stack = set(roots), list(roots)
    while stack:
        for parent in stack.pop().parents:
            if parent not in found:
                found.add(parent)
                stack.append(parent)
    return sorted(found, key=lambda node: node.serial)


# --------------------------------------------------------------------------- what is going on
class Observer:
    """Base of everything that watches: override what you need, the rest does nothing.

    Times, values, memory, NaN detection and animations are observers; the engine knows none of
    them. An observer reads and never writes the arrays that it is shown.
    """

    def op_starts(self, op: Op, arrays: tuple[Any, ...]) -> None:
        """An op that will be recorded is about to compute its result from `arrays`."""

    def recorded(self, node: Node, arrays: tuple[Any, ...], result: Array) -> None:
        """A node was recorded; `result` is its value."""

    def unrecorded(self, op: Op, operands: tuple[Any, ...], arrays: tuple[Any, ...], result: Array) -> None:
        """An op gave `result` outside the graph: under `no_grad()`, or where nothing needs a gradient."""

    def computed(self, function: str, operands: tuple[Any, ...], options: Any, result: Any) -> None:
        """A function without a gradient, such as `argmax` or `greater`, gave `result`, a Tensor or array.

        Args:
            function: its name in `functional`.   operands: Tensors, arrays, numbers.
            options: a dict of its further arguments, by their names there.
        """

    def step_starts(self, node: Node, g: Any) -> None:
        """The walk is about to run the derivative of `node`, whose complete gradient is `g`."""

    def stepped(self, node: Node, g: Any, gradients: tuple[Any, ...]) -> None:
        """The derivative of `node` gave one gradient (or None) for each of its parents."""


Watcher = TypeVar("Watcher", bound=Observer)


class Mode(list[Any]):
    """What holds for the code that runs now, in this thread and this async task.

    A list, which unpacks as fast as a tuple: `recording, observers, call, order = MODE.get()`. Only a
    block that is left elsewhere than it was entered writes to one; see `Block`.
    """

    __slots__ = ()

    recording: bool = property(itemgetter(0))  # type: ignore[assignment]
    observers: tuple[Observer, ...] = property(itemgetter(1))  # type: ignore[assignment]
    call: Call | None = property(itemgetter(2))  # type: ignore[assignment]
    order: int = property(itemgetter(3))  # type: ignore[assignment]

    def replaced(self, **changes: Any) -> Mode:
        """Another mode, with some parts changed.

        >>> Mode((True, (), None, 0)).replaced(recording=False)
        [False, (), None, 0]
        """
        recording, observers, call, order = self
        parts = {"recording": recording, "observers": observers, "call": call, "order": order, **changes}
        return Mode(parts.values())


MODE: ContextVar[Mode] = ContextVar("tinygrad_cnn_mode", default=Mode((True, (), None, 0)))  # noqa: B039


class Block(Ended):
    """A `with` block that changes the mode inside, and changes it back wherever it is left.

    A block inside a generator may be left in another thread or task than it was entered in, or after
    a block that began later; and an exception may come at any moment, also out of a signal handler.
    The thread in which it was entered then still holds the block's mode, which is written over with
    what was before.
    """

    def __init__(self) -> None:
        self._entered: dict[int, tuple[Mode, Mode]] = {}  # inside and before, by the id of the one inside

    def changed(self, mode: Mode) -> Mode:
        """The mode inside; written by each subclass."""
        raise NotImplementedError

    def enter(self) -> Mode:
        """Change the mode, and give the one inside."""
        before = MODE.get()
        inside = self.changed(before)
        self._entered[id(inside)] = inside, before
        MODE.set(inside)
        return inside

    #: Gives the mode before.
    mark = staticmethod(MODE.get)

    def leave(self, mark: Mode | None = None) -> None:
        """Change the mode back to the one before, which is `mark` in a `with` statement."""
        now = MODE.get()
        modes = self._entered.get(id(now))
        if modes is None or modes[1] is not mark:
            modes = self._to_leave(now, mark)
            if modes is None:
                return
        inside, before = modes
        if inside is now:
            MODE.set(before)
        else:
            inside[:] = before
        self._entered.pop(id(inside), None)  # last: until here it can be done again

    def _to_leave(self, now: Mode, mark: Mode | None) -> tuple[Mode, Mode] | None:
        """What to leave in another thread or task, after one that began later, or outside `with`."""
        entered = list(self._entered.values())
        fitting = [modes for modes in entered if modes[1] is mark] or entered
        return next((modes for modes in fitting if modes[0] is now), fitting[-1] if fitting else None)

    def lost(self, mark: Mode) -> None:
        """Change the mode back, if that was not reached."""
        if any(before is mark for _, before in list(self._entered.values())):
            self.leave(mark)

    def __enter__(self) -> Any:
        self.enter()


class observe(Block, Generic[Watcher]):
    """Tell `observer` of each node recorded and of each step of a walk, inside the `with` block.

    >>> class Count(Observer):
    ...     nodes = 0
    ...     def recorded(self, node, arrays, result): self.nodes += 1
    >>> from tinygrad_cnn import Tensor
    >>> with observe(Count()) as seen:
    ...     y = Tensor([1.0], requires_grad=True) * 2 + 1
    >>> seen.nodes
    2
    """

    def __init__(self, observer: Watcher) -> None:
        super().__init__()
        self.observer = observer

    def changed(self, mode: Mode) -> Mode:
        """The mode with one more observer."""
        return mode.replaced(observers=(*mode.observers, self.observer))

    def __enter__(self) -> Watcher:
        return self.enter().observers[-1]  # type: ignore[return-value]


class scope(Block):
    """Put `name` on the path of the nodes recorded inside; modules do so by themselves.

    >>> from tinygrad_cnn import Tensor
    >>> with scope("encoder"), scope("block"):
    ...     y = Tensor([1.0], requires_grad=True) * 2
    >>> y.node.scope
    'encoder.block'
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def changed(self, mode: Mode) -> Mode:
        """The mode inside one more call."""
        return mode.replaced(call=Call(mode.call, self.name))

    def __enter__(self) -> Call:
        return self.enter().call  # type: ignore[return-value]


# --------------------------------------------------------------------------- overwritten arrays
# Serial numbers order everything that happens. A write in place stamps the array's owner with the
# next serial; a node older than the stamp that still keeps that memory would compute its gradient
# from values it never saw. A stale entry (its id reused by a newer array) is older than any node
# that can keep the newer array, so it never raises a false alarm.
_written: dict[int, int] = {}
_latest = -1

#: Held while something is read, changed and put back that threads share; for moments only.
LOCK = threading.RLock()


def _new_lock() -> None:
    """In a forked child: another thread may have held the lock, and is not there to release it."""
    global LOCK
    LOCK = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_lock)


def owner(array: Array) -> Array:
    """The array that owns the memory that `array` shows."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def stamp(array: Array) -> None:
    """Note that the memory of `array` is being written over now."""
    global _latest
    with LOCK:  # else a smaller number could stay as the latest
        _latest = _written[id(owner(array))] = next(_serial)


def last_stamp() -> int:
    """The serial number of the latest write: nodes with a larger one cannot be stale."""
    return _latest


def is_stale(node: Node) -> bool:
    """Whether an array that `node` keeps for its derivative was written over since."""
    for array in node.kept or ():
        if isinstance(array, np.ndarray) and _written.get(id(owner(array)), -1) > node.serial:
            return True
    return False
