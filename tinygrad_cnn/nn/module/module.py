"""Module: a part of a model, with parameters, buffers and other modules as its attributes."""

from __future__ import annotations

import warnings
from functools import partial
from types import NoneType
from typing import Any, ClassVar
from weakref import ref

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.errors import ArgumentError, DTypeError, TinygradCnnError
from tinygrad_cnn.graph import MODE, Call, Mode
from tinygrad_cnn.nn.module.hooks import ModuleHooks
from tinygrad_cnn.nn.module.parameters import Buffer, Parameter
from tinygrad_cnn.nn.module.state import ModuleState
from tinygrad_cnn.nn.window import Window
from tinygrad_cnn.tensors.tensor_class import Tensor

_tuple: Any = tuple.__new__  # what Mode(...) calls, without its detour through Python


class Module(ModuleState, ModuleHooks):
    """Base of all layers and models: set parameters and modules as attributes, write `forward`.

    Everything is found by looking at the attributes, in the order of their first assignment; there
    is nothing to register. Calling a module runs `forward` with the module's path as the scope of
    the nodes that it records, and puts that path before the message of an error. Arrays of numbers
    among the operands become Tensors first, as copies, so `forward` can rely on a Tensor's methods;
    an array that `forward` returns becomes a Tensor too.

    Class attributes:
        pointwise: whether an element of the result depends only on the operand's element at its
            place, after `eval()`; `receptive_field` passes over such modules.

    >>> class Scale(Module):
    ...     def __init__(self): self.weight = Parameter([2.0])
    ...     def forward(self, x): return x * self.weight
    >>> Scale()(Tensor([3.0]))
    Tensor([6.], op=Mul)
    """

    pointwise: ClassVar[bool] = False
    #: What `forward` gets its Tensors and arrays as.
    _tensor_kind: ClassVar[type[Tensor]] = Tensor

    def window(self) -> Window | None:
        """The window that a module slides over images, or None if it slides none.

        >>> from tinygrad_cnn import nn
        >>> nn.MaxPool2d(3, 2).window().stride
        (2, 2)
        """
        return None

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The module's result; written by each subclass."""
        raise NotImplementedError(f"{type(self).__name__}.forward is not written")

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        recording, observers, around, order = before = MODE.get()
        call, kind = _tuple(Call, (around, self._name, ref(self), type(self))), self._tensor_kind
        try:
            MODE.set(Mode((recording, observers, call, order)))
            if self._hooks is not None:
                result = self._hooks.call(self, *_tensors(self, args, kwargs))
            elif len(args) == 1 and not kwargs:  # a call without * takes 0.2 µs less
                x = args[0]
                result = self.forward(x if type(x) is kind else _tensor(self, x))
            else:
                args, kwargs = _tensors(self, args, kwargs)
                result = self.forward(*args, **kwargs)
        except TinygradCnnError as error:
            error.place(call.path)
            raise
        finally:
            MODE.set(before)
        if type(result) is kind:  # before the others: most results are
            return result
        if isinstance(result, devices.CLASSES) and result.dtype.kind in "biuf":
            return kind.detached(result)
        return result

    def __setattr__(self, name: str, value: Any) -> None:
        old = vars(self).get(name)
        if isinstance(old, (Parameter, Buffer)) and value is not None:
            value = _successor(self, name, old, value)
        elif isinstance(old, Module) and not isinstance(value, (Module, Parameter, NoneType)):
            raise DTypeError(
                f"{type(self).__name__}: {name!r} is a module, got a {type(value).__name__}, which would "
                f"not be trained or saved; another module fits, or None, or first del module.{name}"
            )
        if isinstance(value, Module):
            if any(module is self for module in value.modules()):
                raise ArgumentError(
                    f"{type(self).__name__}: {name!r} holds this module itself; a module below itself has "
                    "no end. Pass the outer module to forward, or keep weakref.ref(module)"
                )
            object.__setattr__(value, "_name", name)
        elif isinstance(value, (Parameter, Buffer)) and value.name is None:
            value.name = name
        object.__setattr__(self, name, value)

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
        extra = self.extra_repr()
        if not children:
            return f"{type(self).__name__}({extra})"
        body = "\n".join([extra, *children] if extra else children).replace("\n", "\n  ")
        return f"{type(self).__name__}(\n  {body}\n)"


def _tensor(module: Module, x: Any, level: int = 3) -> Any:
    """An array of numbers as a Tensor of its own, a Tensor as one of the module's kind; else as it is."""
    if isinstance(x, Tensor):
        return x if isinstance(x, module._tensor_kind) else module._tensor_kind.at(x._array, x._node)
    if not isinstance(x, devices.CLASSES) or x.dtype.kind not in "biuf":
        return x
    if x.dtype == np.float64 and (path := _float32(module)):
        warnings.warn(
            f"{module._name or type(module).__name__}: the array {x.shape} is float64, {path} is float32: "
            "all is computed in float64, which takes twice the time; x.astype(np.float32) fits the model",
            stacklevel=level,
        )
    return module._tensor_kind.at(Tensor(x)._array, None)


def _float32(module: Module) -> str:
    """The path of the first parameter, if it is of float32."""
    path, first = next(iter(module.named_parameters()), ("", None))
    return path if first is not None and first.dtype == np.float32 else ""


def _tensors(
    module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if devices.ON_DEVICES:
        first = next((x for x in (*args, *kwargs.values()) if isinstance(x, Tensor)), None)
        args = tuple(_beside(x, first) for x in args)
        kwargs = {name: _beside(x, first) for name, x in kwargs.items()}
    made = partial(
        _tensor, module, level=4
    )  # mapped: a comprehension is a frame of its own before Python 3.12
    return tuple(map(made, args)), dict(zip(kwargs, map(made, kwargs.values()), strict=True))


def _beside(x: Any, first: Tensor | None) -> Any:
    """An array of floats where the first Tensor lies; labels, which are integers, as they are."""
    floats = first is not None and isinstance(x, np.ndarray) and x.dtype.kind == "f"
    return devices.beside(x, first) if floats else x


def _successor(module: Module, name: str, old: Tensor, value: Any) -> Any:
    """Check what takes the place of a parameter or a buffer."""
    owner = type(module).__name__
    if isinstance(old, Parameter) and not isinstance(value, Parameter):
        raise DTypeError(
            f"{owner}: {name!r} is a parameter, got a {type(value).__name__}, which would never be trained "
            f"or saved; write module.{name}.data = values, or module.{name} = nn.Parameter(values)"
        )
    if isinstance(old, Buffer) and not isinstance(value, (Buffer, Parameter)):
        plain = isinstance(value, (Tensor, np.generic, *devices.CLASSES))
        if not plain or getattr(value, "requires_grad", False):
            raise DTypeError(
                f"{owner}: {name!r} is a buffer; an array or a Tensor without a graph fits, "
                f"got a {type(value).__name__}"
            )
        return Buffer(value, name=old.name)
    return value
