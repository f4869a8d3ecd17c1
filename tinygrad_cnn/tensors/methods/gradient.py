"""Whether a Tensor wants a gradient, what it got, and `backward()`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import ref

from tinygrad_cnn import devices
from tinygrad_cnn.errors import DTypeError, GraphError, ShapeError
from tinygrad_cnn.functional.arguments import as_array, flag
from tinygrad_cnn.graph import Node, Traced
from tinygrad_cnn.hints import say
from tinygrad_cnn.tensors.gradient import accumulate, seed_of, walk
from tinygrad_cnn.tensors.methods.base import Methods

if TYPE_CHECKING:
    from tinygrad_cnn.tensors.tensor_class import Tensor


T = TypeVar("T", bound="GradientMethods")


class GradientMethods(Methods):
    """The gradient's side of a Tensor; what it holds lies in its node."""

    __slots__ = ()

    if TYPE_CHECKING:
        _node: Node | None

        @property
        def node(self) -> Node: ...

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to it."""
        return self._node is not None and self._node.requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded op made it."""
        return self._node is None or self._node.op is None

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient: None, or a Tensor of its shape and dtype.

        Assign None to start anew, or a value of its shape.
        """
        node = self._node
        if node is None:
            return None
        if node.grad is None and node.op is not None and node.requires_grad and not node.grad_hooks:
            say(
                "leaf",
                f"grad: this tensor was made by {node.op.name}, and keeps no gradient, as only leaves do; "
                "retain_grad() before backward() keeps it. A parameter that a result replaced, as in "
                "w = w - lr * w.grad, is no longer a leaf: inside no_grad(), write w -= lr * w.grad",
            )
        return node.grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is None:
            if self._node is not None:
                self._node.grad = None
            return
        if not isinstance(value, Traced):
            value = self.detached(devices.beside(as_array("Tensor.grad", value), self).astype(self.dtype))
        if value.shape != self.shape or value.dtype != self.dtype:
            raise ShapeError(
                f"Tensor.grad: got {value.shape} {value.dtype}, {self.shape} {self.dtype} fits"
            )
        self.node.grad = value

    def requires_grad_(self: T, requires_grad: bool = True) -> T:
        """Ask for a gradient, or ask no more; returns the tensor itself.

        Raises:
            DTypeError: its elements are not floats, or requires_grad is neither True nor False.
            GraphError: switching off a result, whose graph needs it; `detach()` gives a copy.

        >>> Tensor([1.0]).requires_grad_().requires_grad
        True
        """
        wanted = flag("requires_grad_", "requires_grad", requires_grad)
        if wanted and self.dtype.kind != "f":
            raise DTypeError(f"requires_grad: needs a float dtype, the tensor has {self.dtype}")
        if not self.is_leaf and not wanted:
            raise GraphError("requires_grad_: only leaves can be switched off; use detach()")
        if self.is_leaf:
            self.node.requires_grad = self.node.retains_grad = wanted
        return self

    def detach(self) -> Tensor:
        """The same values, sharing memory, outside the graph.

        >>> (Tensor([1.0], requires_grad=True) * 2).detach()
        Tensor([2.])
        """
        return self.detached(self._array)

    def retain_grad(self) -> None:
        """Have `backward()` leave the gradient in `grad`, even if this is not a leaf.

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
            GraphError: this is not a leaf that requires grad.

        >>> w = Tensor([1.0], requires_grad=True)
        >>> remove = w.register_post_accumulate_grad_hook(lambda leaf: print(leaf.grad))
        >>> (w * 3).backward()
        Tensor([3.])
        """
        if not (self.is_leaf and self.requires_grad):
            raise GraphError(
                "register_post_accumulate_grad_hook: needs a leaf that requires grad, such as a parameter; "
                + (
                    "for a result, register_hook() fits"
                    if self.requires_grad
                    else "requires_grad_() asks for it"
                )
            )
        node, itself = self.node, ref(self)  # a node must not hold its Tensor
        node.grad_hooks = node.grad_hooks or {}

        def call() -> None:
            leaf: Any = itself()
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
        on_host = type(self._array) not in devices.ON_DEVICES  # a device would be waited for
        if gradient is None and on_host and not self._array.ndim and self._array != self._array:
            say(
                "nan",
                "backward: the loss is NaN, and so all gradients will be. A smaller learning rate helps "
                "where it grew step by step; `with detect_anomaly():` finds the operation that made the "
                "first NaN",
            )
        seeds = {self.node: seed_of("backward", self, gradient)}
        create_graph = flag("backward", "create_graph", create_graph)
        retain = flag("backward", "retain_graph", retain_graph) or create_graph
        for node, g in walk(seeds, None, retain, create_graph, accumulate).items():
            accumulate(node, g)


def _registered(hooks: dict[int, Any], hook: Callable[..., Any]) -> Callable[[], None]:
    """Put a hook after the others; what takes it away again."""
    key = max(hooks, default=0) + 1
    hooks[key] = hook
    return lambda: (hooks.pop(key, None), None)[1]
