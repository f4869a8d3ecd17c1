"""Functions that a module calls before and after its `forward`, and when gradients have passed it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any

from tinygrad_cnn.errors import DTypeError, GraphError
from tinygrad_cnn.functional import identity
from tinygrad_cnn.functional.arguments import flag
from tinygrad_cnn.tensors.tensor_class import Tensor

if TYPE_CHECKING:
    from tinygrad_cnn.nn.module.module import Module

Hook = Callable[..., Any]
_numbers = count()


class RemovableHandle:
    """The handle of a registered hook: `remove()` takes the hook out, as does the end of a `with`.

    >>> hooks = {}; handle = RemovableHandle(hooks, print); len(hooks)
    1
    >>> handle.remove(); len(hooks)
    0
    """

    def __init__(self, hooks: dict[int, Any], hook: Any, *, first: bool = False) -> None:
        self._hooks, self._number = hooks, next(_numbers)
        others = dict(hooks) if first else {}
        if first:
            hooks.clear()
        hooks[self._number] = hook
        hooks.update(others)

    def remove(self) -> None:
        """Take the hook out; a second time does nothing.

        >>> handle = RemovableHandle({}, print); handle.remove(); handle.remove()
        """
        self._hooks.pop(self._number, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class Hooks:
    """The hooks of one module, by kind, in the order in which they run.

    >>> Hooks().before
    {}
    """

    def __init__(self) -> None:
        self.before: dict[int, tuple[Hook, bool]] = {}
        self.after: dict[int, tuple[Hook, bool]] = {}
        self.backward_before: dict[int, Hook] = {}
        self.backward: dict[int, Hook] = {}

    def call(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """`forward`, with all hooks around it.

        >>> from tinygrad_cnn import nn
        >>> Hooks().call(nn.Flatten(), (Tensor([[[1.0]]]),), {})
        Tensor([[1.]])
        """
        for hook, with_kwargs in list(self.before.values()):
            if with_kwargs:
                changed = hook(module, args, kwargs)
                if changed is not None:
                    args, kwargs = _pair(module, changed)
            elif (changed := hook(module, args)) is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        watch = _Passing(self, module) if self.backward or self.backward_before else None
        if watch is not None:
            args = watch.entering(args)
        result = module.forward(*args, **kwargs)
        for hook, with_kwargs in list(self.after.values()):
            given = (args, kwargs, result) if with_kwargs else (args, result)
            changed = hook(module, *given)
            result = result if changed is None else changed
        return result if watch is None else watch.leaving(result)


def _pair(module: Module, changed: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Check the pair that a hook with kwargs gave back."""
    if not (isinstance(changed, tuple) and len(changed) == 2 and isinstance(changed[1], dict)):
        raise DTypeError(
            f"{type(module).__name__}: a forward pre-hook with_kwargs must return None or (args, kwargs), "
            f"got {type(changed).__name__}"
        )
    args, kwargs = changed
    return (args if isinstance(args, tuple) else (args,)), kwargs


class _Passing:
    """One call of a module, watched from the gradients of its results to those of its operands.

    Every Tensor that goes in or comes out passes an identity node of this call, so that gradients
    which reach the same Tensor on other ways are not counted. The walk goes from the newest node to
    the oldest: the gradient of the first operand, and of the first result, arrives last.
    """

    def __init__(self, hooks: Hooks, module: Module) -> None:
        self.hooks, self.module = hooks, module
        self.grad_input: list[Any] = []
        self.grad_output: list[Any] = []

    def entering(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self.grad_input = [None] * len(args)
        self.operands = [k for k, x in enumerate(args) if _flows(x)]
        passed = tuple(identity(x) if _flows(x) else x for x in args)
        for k in self.operands:
            passed[k].register_hook(lambda g, k=k: self._left(k, g))
        return passed

    def leaving(self, result: Any) -> Any:
        several = result if isinstance(result, (tuple, list)) else (result,)
        self.grad_output = [None] * len(several)
        self.results = [k for k, y in enumerate(several) if _flows(y)]
        passed = [identity(y) if _flows(y) else y for y in several]
        for k in self.results:
            passed[k].register_hook(lambda g, k=k: self._came(k, g))
        return type(result)(passed) if isinstance(result, (tuple, list)) else passed[0]

    def _came(self, k: int, g: Tensor) -> Any:
        """The gradient of result k is complete."""
        self.grad_output[k] = g
        if k != self.results[0]:
            return None
        for hook in list(self.hooks.backward_before.values()):
            changed = hook(self.module, tuple(self.grad_output))
            if changed is not None:
                self.grad_output = self._replaced("pre-hook", changed, self.results, self.grad_output)
        if not self.operands:  # no operand wants a gradient: this is the end of the way
            self._tell()
        return self.grad_output[k]

    def _left(self, k: int, g: Tensor) -> Any:
        """The gradient of operand k is complete."""
        self.grad_input[k] = g
        if k != self.operands[0]:
            return None
        self._tell()
        return self.grad_input[k]

    def _tell(self) -> None:
        for hook in list(self.hooks.backward.values()):
            changed = hook(self.module, tuple(self.grad_input), tuple(self.grad_output))
            if changed is not None:
                self.grad_input = self._replaced("hook", changed, self.operands, self.grad_input)

    def _replaced(self, kind: str, changed: Any, flowing: list[int], present: list[Any]) -> list[Any]:
        """Check what a hook gave back for one gradient; those that have gone on are out of reach."""
        found = list(changed) if isinstance(changed, (tuple, list)) else [changed]
        if len(flowing) != 1 or len(found) != len(present):
            raise GraphError(
                f"{type(self.module).__name__}: what a backward {kind} returns replaces one gradient, here "
                f"are {len(flowing)} (returned: {len(found)}, expected: {len(present)}); return None"
            )
        return found


def _flows(x: Any) -> bool:
    return isinstance(x, Tensor) and x.requires_grad


class ModuleHooks:
    """The part of `Module` that registers hooks."""

    _hooks: Hooks | None = None

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before each `forward`.

        What it returns, if not None, takes the place of the operands: a tuple, or one operand.

        Args:
            hook: the function.   prepend: run it before the hooks that are there.
            with_kwargs: call `hook(module, args, kwargs)`; it returns None or (args, kwargs).
        Returns:
            A handle whose `remove()` takes the hook out.

        >>> from tinygrad_cnn import nn
        >>> layer = nn.ReLU(); handle = layer.register_forward_pre_hook(lambda m, args: args[0] + 1)
        >>> layer(Tensor([1.0]))
        Tensor([2.])
        """
        entry = (_checked("register_forward_pre_hook", hook), flag("hook", "with_kwargs", with_kwargs))
        return RemovableHandle(self._hooked().before, entry, first=flag("hook", "prepend", prepend))

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, result)` after each `forward`.

        What it returns, if not None, takes the place of the result.

        Args:
            hook: the function.   prepend: run it before the hooks that are there.
            with_kwargs: call `hook(module, args, kwargs, result)`.
        Returns:
            A handle whose `remove()` takes the hook out.

        >>> from tinygrad_cnn import nn
        >>> layer = nn.ReLU(); shapes = []
        >>> with layer.register_forward_hook(lambda m, args, y: shapes.append(y.shape)):
        ...     y = layer(Tensor([1.0, 2.0]))
        >>> shapes
        [(2,)]
        """
        entry = (_checked("register_forward_hook", hook), flag("hook", "with_kwargs", with_kwargs))
        return RemovableHandle(self._hooked().after, entry, first=flag("hook", "prepend", prepend))

    def register_full_backward_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, grad_output)` when the gradients of the results are complete.

        `grad_output` is a tuple with a gradient per result. Where there is one result, what the hook
        returns, if not None, takes the gradient's place.

        Args:
            hook: the function.   prepend: run it before the hooks that are there.
        Returns:
            A handle whose `remove()` takes the hook out.

        >>> from tinygrad_cnn import nn
        >>> layer = nn.ReLU(); x = Tensor([1.0], requires_grad=True)
        >>> handle = layer.register_full_backward_pre_hook(lambda m, grad_output: (grad_output[0] * 10,))
        >>> layer(x).backward(); x.grad
        Tensor([10.])
        """
        hooks = self._hooked().backward_before
        checked = _checked("register_full_backward_pre_hook", hook)
        return RemovableHandle(hooks, checked, first=flag("hook", "prepend", prepend))

    def register_full_backward_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when the gradients have passed the module.

        Both are tuples: a gradient, or None, per positional operand and per result. Where one operand
        requires grad, what the hook returns, if not None, takes the place of `grad_input`. Where none
        does, the hook runs as soon as `grad_output` is complete.

        Args:
            hook: the function.   prepend: run it before the hooks that are there.
        Returns:
            A handle whose `remove()` takes the hook out.

        >>> from tinygrad_cnn import nn
        >>> layer = nn.ReLU(); x = Tensor([-1.0, 2.0], requires_grad=True)
        >>> handle = layer.register_full_backward_hook(lambda m, grad_input, _: print(grad_input))
        >>> layer(x).sum().backward()
        (Tensor([0., 1.]),)
        """
        hooks = self._hooked().backward
        checked = _checked("register_full_backward_hook", hook)
        return RemovableHandle(hooks, checked, first=flag("hook", "prepend", prepend))

    def _hooked(self) -> Hooks:
        if self._hooks is None:
            object.__setattr__(self, "_hooks", Hooks())
        return self._hooks  # type: ignore[return-value]


def _checked(function: str, hook: Any) -> Any:
    if not callable(hook):
        raise DTypeError(f"{function}: a function fits, got {type(hook).__name__}")
    return hook
