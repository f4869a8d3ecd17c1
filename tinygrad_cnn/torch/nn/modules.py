"""`torch.nn.Module`: the native Module with PyTorch's registration, state dicts, hooks and conversions."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinygrad_cnn import nn as native_nn
from tinygrad_cnn.graph import Node
from tinygrad_cnn.tensors import Tensor as NativeTensor
from tinygrad_cnn.torch import devices, dtypes
from tinygrad_cnn.torch.conversions import type_asked
from tinygrad_cnn.torch.generators import DRAWS
from tinygrad_cnn.torch.nn.lazy import is_lazy
from tinygrad_cnn.torch.tensors import Buffer, Parameter, Tensor, adopted

Native = native_nn.Module


class Keys(NamedTuple):
    """The keys that loading left: keys without a value, and values without a place."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        return f"_IncompatibleKeys{tuple(self)}" if any(self) else "<All keys matched successfully>"


def _lacks(module: Any, name: str) -> Any:
    """Raise AttributeError: a module has no attribute of this name."""
    raise AttributeError(
        f"'{type(module).__name__}' object has no attribute '{name}'", name=name, obj=module
    )


#: The class of here for a native one.
COUNTERPARTS: dict[type, type] = {}


class Module(Native):
    """Base of all layers and models: call `super().__init__()`, set attributes, write `forward`.

    >>> from tinygrad_cnn import torch
    >>> class Double(Module):
    ...     def forward(self, x): return 2 * x
    >>> Double()(torch.ones(1))
    tensor([2.])
    """

    _tensor_kind = Tensor

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __init_subclass__(cls, **others: Any) -> None:
        super().__init_subclass__(**others)
        if "__getattr__" in vars(cls):  # it may ask `super().__getattr__`
            Module.__getattr__ = _lacks  # type: ignore[method-assign]  # not before: all reading gets slower

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    # ------------------------------------------------------------------ attributes
    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, NativeTensor) and type(value) is not Parameter and type(value) is not Buffer:
            if isinstance(value, (native_nn.Parameter, native_nn.Buffer)):
                value = adopted(value)
            elif isinstance(vars(self).get(name), Buffer) or name in vars(self).get("_empty", ()):
                value = Buffer(value)
            elif isinstance(vars(self).get(name), Parameter):
                _refuse_parameter(name, value)
        elif (
            value is not None
            and isinstance(vars(self).get(name), Parameter)
            and type(value) is not Parameter
        ):
            _refuse_parameter(name, value)
        if isinstance(value, Native) and not isinstance(value, Module):
            value = adopted_module(value)
        if isinstance(value, (Parameter, Buffer, Native)):
            super().__setattr__(name, value)
        else:
            object.__setattr__(self, name, value)

    def register_parameter(self, name: str, param: Any) -> None:
        """Set a parameter, or None where there could be one."""
        _check_name(self, name)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(f"cannot assign '{type(param).__name__}' object to parameter '{name}'")
        setattr(self, name, param)

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Set a tensor that belongs to the state but is not learnt; it shares the tensor's memory."""
        _check_name(self, name)
        if tensor is None:  # a tensor that is set later becomes the buffer
            vars(self).setdefault("_empty", set()).add(name)
        setattr(self, name, None if tensor is None else Buffer(tensor))
        others = tuple(other for other in self._transient if other != name)
        object.__setattr__(self, "_transient", others if persistent else (*others, name))

    @property
    def _parameters(self) -> Any:
        return _Attributes(self, native_nn.Parameter)

    @property
    def _buffers(self) -> Any:
        return _Attributes(self, native_nn.Buffer)

    @property
    def _modules(self) -> Any:
        return _Attributes(self, Native)

    # ------------------------------------------------------------------ what it consists of
    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """Parameters by path."""
        return self._named(native_nn.Parameter, prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Any]:
        """Parameters, each once."""
        return (p for _, p in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """Buffers by path."""
        return self._named(native_nn.Buffer, prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Any]:
        """Buffers, each once."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def named_modules(  # type: ignore[override]
        self, memo: Any = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """Itself and all modules below it by path, each once."""
        if isinstance(memo, str):
            memo, prefix = None, memo
        seen: set[int] = set() if memo is None else {id(m) for m in memo}
        return self._walk(prefix, seen)

    def _named(self, kind: Any, prefix: str, recurse: bool, once: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        modules = self.named_modules(prefix=prefix) if recurse else iter([(prefix, self)])
        for path, module in modules:
            for name, value in list(vars(module).items()):
                if isinstance(value, kind) and not (once and id(value) in seen):
                    seen.add(id(value))
                    yield (f"{path}.{name}" if path else name), value

    # ------------------------------------------------------------------ modes
    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradients of all parameters to None, or to 0."""
        for p in self.parameters():
            if set_to_none or p.grad is None:
                p.grad = None
            else:
                p.grad = Tensor.detached(np.zeros(p._array.shape, p._array.dtype))

    def to(
        self,
        *args: Any,
        dtype: Any = None,
        device: Any = None,
        non_blocking: bool = False,
        memory_format: Any = None,
    ) -> Any:
        """Its float parameters and buffers in another type; the device must be the CPU. Returns itself."""
        dtype = type_asked(args, dtype, device)
        if dtype is not None:
            kind = dtypes.to_numpy(dtype)
            for _, value in [*self.named_parameters(), *self.named_buffers()]:
                if value._array.dtype.kind == "f" and value._array.dtype != kind:
                    _become(value, value._array.astype(kind))
        return self

    def cpu(self) -> Any:
        """Itself."""
        return self

    def cuda(self, device: Any = None) -> Any:
        """Refused: there is no other device."""
        devices.check("cuda")

    def float(self) -> Any:
        """In float32. Returns itself."""
        return self.to(dtypes.float32)

    def double(self) -> Any:
        """In float64. Returns itself."""
        return self.to(dtypes.float64)

    def half(self) -> Any:
        """In float16. Returns itself."""
        return self.to(dtypes.float16)

    def bfloat16(self) -> Any:
        """In float32, which holds all numbers of bfloat16. Returns itself."""
        return self.to(dtypes.bfloat16)

    def type(self, dst_type: Any) -> Any:
        """In another type. Returns itself."""
        return self.to(dst_type)

    def share_memory(self) -> Any:
        """Move its parameters and buffers to memory that processes started later share. Returns itself."""
        for tensor in (*self.parameters(), *self.buffers()):
            tensor.share_memory_()
        return self

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: the module runs as it is."""

    # ------------------------------------------------------------------ hooks
    def register_forward_hook(
        self, hook: Any, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> Any:
        """Call a function after `forward`, which may change its result."""
        return Native.register_forward_hook(self, hook, prepend=prepend, with_kwargs=with_kwargs)

    def register_full_backward_hook(self, hook: Any, prepend: bool = False) -> Any:
        """Call a function with the gradients of the module's operands and results."""
        return Native.register_full_backward_hook(self, _adopting(hook), prepend)

    def register_full_backward_pre_hook(self, hook: Any, prepend: bool = False) -> Any:
        """Call a function with the gradients of the module's results."""
        return Native.register_full_backward_pre_hook(self, _adopting(hook), prepend)

    register_backward_hook = register_full_backward_hook

    # ------------------------------------------------------------------ state
    def state_dict(
        self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> Any:
        """All parameters and persistent buffers by path, sharing their memory."""
        found: Any = OrderedDict() if destination is None else destination
        for path, value in self._own_state(prefix):
            found[path] = value if keep_vars else Tensor.at(value._array, None)
        return found

    def _own_state(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        own = vars(self)
        for kind in (native_nn.Parameter, native_nn.Buffer):
            for name, value in own.items():
                if isinstance(value, kind) and name not in self._transient:
                    yield prefix + name, value
        for name, child in self.named_children():
            below = f"{prefix}{name}."
            if isinstance(child, Module):
                yield from child._own_state(below)
            else:
                yield from (
                    (below + path, value)
                    for path, value in child._state((native_nn.Parameter, native_nn.Buffer))
                )

    def load_state_dict(self, state_dict: Any, strict: bool = True, assign: bool = False) -> Any:
        """Write the values of a state dict into the parameters and buffers of the same paths."""
        if not hasattr(state_dict, "items"):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        own = dict(self._own_state())
        missing = [path for path in own if path not in state_dict]
        unexpected = [path for path in state_dict if path not in own]
        problems = []
        if strict and missing:
            problems.append(f"Missing key(s) in state_dict: {', '.join(map(repr, missing))}. ")
        if strict and unexpected:
            problems.append(f"Unexpected key(s) in state_dict: {', '.join(map(repr, unexpected))}. ")
        for path, value in own.items():
            if is_lazy(value) or path not in state_dict:
                continue
            if np.shape(_array(state_dict[path])) != value._array.shape:
                problems.append(
                    f"size mismatch for {path}: copying a param with shape {np.shape(_array(state_dict[path]))} "
                    f"from checkpoint, the shape in current model is {value._array.shape}."
                )
        if problems:
            raise RuntimeError(
                f"Error(s) in loading state_dict for {type(self).__name__}:\n\t" + "\n\t".join(problems)
            )
        for path, value in own.items():
            if path in state_dict:
                if is_lazy(value):
                    value.become(Parameter(Tensor.detached(_array(state_dict[path]).copy())))
                elif assign:
                    _become(value, _array(state_dict[path]))
                else:
                    value._writable()[...] = _array(state_dict[path])
        return Keys(missing, unexpected)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def extra_repr(self) -> str:
        """The options in the repr."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        children = [f"({name}): {_indented(repr(child))}" for name, child in self.named_children()]
        if not children:
            return (
                f"{type(self).__name__}({extra})"
                if "\n" not in extra
                else f"{type(self).__name__}(\n  {extra}\n)"
            )
        return (
            f"{type(self).__name__}(\n  "
            + "\n  ".join([*extra.split("\n"), *children] if extra else children)
            + "\n)"
        )


def _indented(text: str) -> str:
    """All lines but the first two columns further; empty ones stay empty."""
    first, *rest = text.split("\n")
    return "\n".join([first, *(f"  {line}" if line.strip() else "" for line in rest)])


def adopted_module(module: Any) -> Any:
    """A native module as one of here, in place, with all that it holds.

    >>> from tinygrad_cnn import nn
    >>> from tinygrad_cnn.torch import nn as torch_nn
    >>> isinstance(adopted_module(nn.Linear(1, 1)), torch_nn.Linear)
    True
    """
    module.__class__ = COUNTERPARTS.get(type(module), type(module))
    for name, value in list(vars(module).items()):
        if isinstance(value, NativeTensor):
            object.__setattr__(module, name, adopted(value))
        elif isinstance(value, Native) and not isinstance(value, Module):
            adopted_module(value)
        elif isinstance(value, np.random.Generator):
            object.__setattr__(module, name, DRAWS)
    return module


def _array(value: Any) -> Any:
    return value._array if isinstance(value, NativeTensor) else np.asarray(value)


def _become(tensor: Any, array: Any) -> None:
    """Let a parameter hold another array; it stays the leaf that it is."""
    old, tensor._array = tensor._node, np.array(array)
    if old is not None:
        tensor._node = Node.leaf(
            array.shape, tensor._array.dtype, requires_grad=old.requires_grad, role=old.role, name=old.name
        )


def _refuse_parameter(name: str, value: Any) -> None:
    raise TypeError(
        f"cannot assign '{type(value).__name__}' as parameter '{name}' (torch.nn.Parameter or None expected)"
    )


def _check_name(module: Any, name: str) -> None:
    if "." in name or not name:
        raise KeyError(f'parameter and buffer names cannot contain "." or be empty, got {name!r}')
    if hasattr(type(module), name):
        raise KeyError(f"attribute '{name}' already exists")


def _adopting(hook: Any) -> Any:
    """A hook of gradients that is given tensors of here."""

    def run(module: Any, *gradients: tuple[Any, ...]) -> Any:
        return hook(module, *(tuple(adopted(g) for g in several) for several in gradients))

    return run


class _Attributes(MutableMapping[str, Any]):
    """The attributes of a module that are of one kind; writing to it sets them."""

    def __init__(self, module: Any, kind: Any) -> None:
        self.module, self.kind = module, kind

    def __getitem__(self, name: str) -> Any:
        found = vars(self.module)[name]
        if not isinstance(found, self.kind) and found is not None:
            raise KeyError(name)
        return found

    def __setitem__(self, name: str, value: Any) -> None:
        if self.kind is native_nn.Buffer and value is not None:
            value = Buffer(value)
        setattr(self.module, name, value)

    def __delitem__(self, name: str) -> None:
        delattr(self.module, name)

    def __iter__(self) -> Iterator[str]:
        return (name for name, value in list(vars(self.module).items()) if isinstance(value, self.kind))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return repr(OrderedDict(self))
