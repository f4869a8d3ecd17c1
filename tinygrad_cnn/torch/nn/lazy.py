"""Lazy layers: their parameters are there before the first call tells their shapes."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import nn as native_nn
from tinygrad_cnn.torch.tensors import Buffer, Parameter


class UninitializedParameter(Parameter):
    """A parameter whose shape the first call tells; an optimizer may hold it before.

    >>> UninitializedParameter()
    <UninitializedParameter>
    """

    __slots__ = ()

    def __init__(self, requires_grad: bool = True) -> None:
        super().__init__(None, requires_grad)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__

    def become(self, other: Any) -> None:
        """Take over another parameter's numbers: from now on an ordinary one."""
        wanted = self.requires_grad
        self.__class__ = Parameter  # type: ignore[assignment]
        self._array, self._node = other._array, other._node
        self.requires_grad_(wanted)


class UninitializedBuffer(Buffer):
    """A buffer whose shape the first call tells.

    >>> UninitializedBuffer()
    <UninitializedBuffer>
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(None)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__


def is_lazy(param: Any) -> bool:
    """Whether a parameter's shape is not known yet.

    >>> is_lazy(UninitializedParameter()), is_lazy(Parameter())
    (True, False)
    """
    return isinstance(param, UninitializedParameter)


def lazy(layer: Any, becomes: Any) -> Any:
    """The lazy layer of `torch.nn` for a class of here that is lazy, and what it becomes.

    Args:
        layer: the class.   becomes: the layer's class after the first call.
    """
    native: Any = getattr(native_nn, layer.__name__)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        layer.__init__(self, *args, **kwargs)
        own = vars(self)
        if own.get("affine", True):
            with_bias = own.get("bias", True)
            if "bias" in own:  # the option, whose name the parameter takes
                self._bias = own.pop("bias")
            self.weight = UninitializedParameter()
            if with_bias is not False:
                self.bias = UninitializedParameter()

    def initialize_parameters(self: Any, x: Any) -> None:
        """Become the layer itself; the parameters that an optimizer may hold take their numbers."""
        own = vars(self)
        held = {name: own.pop(name) for name in ("weight", "bias") if isinstance(own.get(name), Parameter)}
        if "_bias" in own:
            own["bias"] = own.pop("_bias")
        native.initialize_parameters(self, x)
        for name, parameter in held.items():
            if is_lazy(parameter):
                parameter.become(own[name])
            own[name] = parameter

    def extra_repr(self: Any) -> str:
        own = {**vars(self), "bias": vars(self).get("_bias")}
        options = {name: own[name] for name in native._arguments.parameters}
        groups = options.get("groups", 1)
        plain = native._tried(groups, **{**options, **({"rng": 0} if "rng" in options else {})})
        for name in ("in_features", "in_channels", "num_features"):
            if name in vars(plain):
                object.__setattr__(plain, name, 0)
        return str(becomes.extra_repr(plain))

    space = {
        "__init__": __init__, "initialize_parameters": initialize_parameters, "extra_repr": extra_repr,
        "has_uninitialized_params": lambda self: any(is_lazy(p) for p in self.parameters()),
        "becomes": becomes, "__doc__": layer.__doc__, "__module__": layer.__module__,
    }  # fmt: skip
    return type(layer.__name__, (layer, becomes), space)
