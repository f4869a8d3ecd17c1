"""Module: a part of a model, with parameters, buffers and other modules as its attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.errors import StateError, TinygradCnnError
from tinygrad_cnn.graph import MODE, Mode
from tinygrad_cnn.kernels.serving import foresee
from tinygrad_cnn.tensor import Tensor

M = TypeVar("M", bound="Module")
_tuple = tuple.__new__  # what Mode(...) calls, without its detour through Python


class Parameter(Tensor):
    """A Tensor that a model learns: a leaf that requires grad, and that drawings mark as parameter.

    Args:
        data: its values; copied.   requires_grad: False for a frozen one.
        dtype: another float type.   name: 'weight', say; an attribute of a Module names itself.

    >>> Parameter([1.0, 2.0]).requires_grad
    True
    """

    __slots__ = ()

    def __init__(
        self, data: Any, requires_grad: bool = True, *, dtype: Any = None, name: str | None = None
    ) -> None:
        super().__init__(data, requires_grad, dtype=dtype, name=name)
        self.node.role = "parameter"
        foresee(self.size)


class Buffer(Tensor):
    """A Tensor that belongs to a model's state but is not learnt, such as a running mean.

    >>> Buffer([0.0]).requires_grad
    False
    """

    __slots__ = ()

    def __init__(self, data: Any, *, dtype: Any = None, name: str | None = None) -> None:
        super().__init__(data, False, dtype=dtype, name=name)


class LoadResult(NamedTuple):
    """What `load_state_dict(strict=False)` left: keys without a value, and values without a place."""

    missing: list[str]
    unexpected: list[str]


class Module:
    """Base of all layers and models: set parameters and modules as attributes, write `forward`.

    Everything is found by looking at the attributes, in the order of their first assignment; there
    is nothing to register. Calling a module runs `forward` with the module's path as the scope of
    the nodes that it records, and puts that path before the message of an error.

    >>> class Scale(Module):
    ...     def __init__(self): self.weight = Parameter([2.0])
    ...     def forward(self, x): return x * self.weight
    >>> Scale()(Tensor([3.0]))
    Tensor([6.], op=Mul)
    """

    training: bool = True
    _name: str = ""

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The module's result; written by each subclass."""
        raise NotImplementedError(f"{type(self).__name__}.forward is not written")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        recording, observers, scope, order = MODE.get()
        path = f"{scope}.{self._name}" if scope and self._name else scope or self._name
        token = MODE.set(_tuple(Mode, (recording, observers, path, order)))
        try:
            if len(args) == 1 and not kwargs:  # a call without * takes 0.2 µs less
                return self.forward(args[0])
            return self.forward(*args, **kwargs)
        except TinygradCnnError as error:
            error.place(path)
            raise
        finally:
            MODE.reset(token)

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Module):
            object.__setattr__(value, "_name", name)
        elif isinstance(value, (Parameter, Buffer)) and value.name is None:
            value.name = name
        object.__setattr__(self, name, value)

    # ------------------------------------------------------------------ what it consists of
    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules that are its attributes, by name.

        >>> from tinygrad_cnn import nn
        >>> [name for name, child in nn.Sequential(nn.ReLU(), nn.ReLU()).named_children()]
        ['0', '1']
        """
        return ((name, value) for name, value in vars(self).items() if isinstance(value, Module))

    def children(self) -> Iterator[Module]:
        """The modules that are its attributes.

        >>> list(Module().children())
        []
        """
        return (child for _, child in self.named_children())

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """Itself and all modules below it, each once, by path.

        >>> from tinygrad_cnn import nn
        >>> [path for path, _ in nn.Sequential(nn.ReLU(), nn.Sequential(nn.ReLU())).named_modules()]
        ['', '0', '1', '1.0']
        """
        return self._walk(prefix, set())

    def modules(self) -> Iterator[Module]:
        """Itself and all modules below it, each once.

        >>> len(list(Module().modules()))
        1
        """
        return (module for _, module in self.named_modules())

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Parameter]]:
        """All parameters, each once, by path: a module's own before its children's.

        >>> from tinygrad_cnn import nn
        >>> [path for path, _ in nn.Sequential(nn.Linear(2, 3)).named_parameters()]
        ['0.weight', '0.bias']
        """
        seen: set[int] = set()
        for path, value in self._state(Parameter, prefix):
            if id(value) not in seen:
                seen.add(id(value))
                yield path, value

    def parameters(self) -> Iterator[Parameter]:
        """All parameters, each once.

        >>> from tinygrad_cnn import nn
        >>> [p.shape for p in nn.Linear(2, 3).parameters()]
        [(3, 2), (3,)]
        """
        return (parameter for _, parameter in self.named_parameters())

    def named_buffers(self, prefix: str = "") -> Iterator[tuple[str, Buffer]]:
        """All buffers by path.

        >>> from tinygrad_cnn import nn
        >>> [path for path, _ in nn.BatchNorm2d(3).named_buffers()]
        ['running_mean', 'running_var', 'num_batches_tracked']
        """
        return self._state(Buffer, prefix)

    def buffers(self) -> Iterator[Buffer]:
        """All buffers.

        >>> list(Module().buffers())
        []
        """
        return (buffer for _, buffer in self.named_buffers())

    def _walk(self, prefix: str, seen: set[int]) -> Iterator[tuple[str, Module]]:
        if id(self) in seen:
            return
        seen.add(id(self))
        yield prefix, self
        for name, child in self.named_children():
            yield from child._walk(f"{prefix}.{name}" if prefix else name, seen)

    def _state(self, kind: type[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
        """Parameters or buffers by path, also those that are reached twice."""
        for name, value in vars(self).items():
            if isinstance(value, kind):
                yield (f"{prefix}.{name}" if prefix else name), value
        for name, child in self.named_children():
            yield from child._state(kind, f"{prefix}.{name}" if prefix else name)

    # ------------------------------------------------------------------ modes
    def train(self: M, mode: bool = True) -> M:
        """Set `training` here and below: dropout drops, batch norm uses the batch. Returns itself.

        >>> from tinygrad_cnn import nn
        >>> nn.Dropout().train().training
        True
        """
        for module in self.modules():
            module.training = bool(mode)
        return self

    def eval(self: M) -> M:
        """`train(False)`: dropout passes, batch norm uses its running statistics. Returns itself.

        >>> from tinygrad_cnn import nn
        >>> nn.Dropout().eval().training
        False
        """
        return self.train(False)

    def requires_grad_(self: M, flag: bool = True) -> M:
        """Freeze (False) or thaw all parameters. Returns itself.

        >>> from tinygrad_cnn import nn
        >>> [p.requires_grad for p in nn.Linear(1, 1).requires_grad_(False).parameters()]
        [False, False]
        """
        for parameter in self.parameters():
            parameter.requires_grad_(flag)
        return self

    def zero_grad(self) -> None:
        """Set the `grad` of all parameters to None.

        >>> Module().zero_grad()
        """
        for parameter in self.parameters():
            parameter.grad = None

    def apply(self: M, function: Callable[[Module], Any]) -> M:
        """Call `function` on each module, children before parents. Returns itself.

        >>> from tinygrad_cnn import nn
        >>> _ = nn.Sequential(nn.ReLU()).apply(lambda m: print(type(m).__name__))
        ReLU
        Sequential
        """
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    # ------------------------------------------------------------------ state
    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Copies of all parameters and buffers, by path: later training does not change them.

        >>> from tinygrad_cnn import nn
        >>> list(nn.Linear(2, 3).state_dict())
        ['weight', 'bias']
        """
        return {path: value.numpy().copy() for path, value in self._state((Parameter, Buffer))}  # type: ignore[arg-type]

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> LoadResult:
        """Write the values of a state dict into the parameters and buffers of the same paths.

        Args:
            state: arrays or Tensors by path.
            strict: insist that the paths are exactly this module's.
        Returns:
            The paths that were left over on either side; both lists are empty when strict.
        Raises:
            StateError: shapes differ or, when strict, paths do; all of them are listed, and
                nothing has been changed.

        >>> from tinygrad_cnn import nn
        >>> nn.Linear(2, 1).load_state_dict({"weight": np.ones((1, 2)), "bias": np.zeros(1)})
        LoadResult(missing=[], unexpected=[])
        """
        own: dict[str, Tensor] = dict(self._state((Parameter, Buffer)))  # type: ignore[arg-type]
        values = {path: v.numpy() if isinstance(v, Tensor) else np.asarray(v) for path, v in state.items()}
        missing = [path for path in own if path not in values]
        unexpected = [path for path in values if path not in own]
        shapes = [
            f"{path}: got {values[path].shape}, expected {tensor.shape}"
            for path, tensor in own.items()
            if path in values and values[path].shape != tensor.shape
        ]
        problems = [("shapes that differ", shapes)]
        if strict:
            problems += [("missing", missing), ("unexpected", unexpected)]
        lines = [f"  {title}: {'; '.join(found)}" for title, found in problems if found]
        if lines:
            raise StateError(
                f"load_state_dict: the state does not fit {type(self).__name__}:\n" + "\n".join(lines)
            )
        for path, tensor in own.items():
            if path in values:
                tensor._writable()[...] = values[path]
        return LoadResult(missing, unexpected)

    # ------------------------------------------------------------------ display
    def extra_repr(self) -> str:
        """The options in the module's repr; written by subclasses that have some.

        >>> from tinygrad_cnn import nn
        >>> nn.Dropout(0.2).extra_repr()
        'p=0.2'
        """
        return ""

    def __repr__(self) -> str:
        children = [f"({name}): {child!r}" for name, child in self.named_children()]
        if not children:
            return f"{type(self).__name__}({self.extra_repr()})"
        body = "\n".join(children).replace("\n", "\n  ")
        return f"{type(self).__name__}({self.extra_repr()}\n  {body}\n)"
