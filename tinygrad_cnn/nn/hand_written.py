"""Layers of one's own with `forward` and `backward(dout)`, as lectures write them, as Modules."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from inspect import signature
from typing import Any

import numpy as np

from tinygrad_cnn.errors import ArgumentError, DTypeError, GraphError, ShapeError
from tinygrad_cnn.graph import Needs, Op, Result, Traced
from tinygrad_cnn.nn.module import Module, Parameter
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = ["HandWritten"]

#: How such layers call their two methods.
METHODS = (("forward", "backward"), ("forward_pass", "backward_pass"))


class Written(Op):
    """The op of a layer's `forward`, with the derivative that its `backward` says."""

    def __init__(
        self, layer: Any, params: tuple[str, ...], grads: tuple[str, ...], training: bool
    ) -> None:  # fmt: skip
        self._layer, self.params, self._grads = layer, params, grads
        self.layer = type(layer).__name__
        self._forward, self._backward = methods_of(layer)
        told = "training" in signature(getattr(layer, self._forward)).parameters
        self._options = {"training": training} if told else {}

    def options(self) -> dict[str, Any]:
        return {"layer": self.layer}

    def forward(self, x: Any, *params: Any) -> Result:
        layer = copy.copy(self._layer)  # what forward keeps for backward belongs to this call
        for name, value in zip(self.params, params, strict=True):
            setattr(layer, name, value)
        y = getattr(layer, self._forward)(x, **self._options)
        return Result(np.asarray(y), (layer, x.shape))

    def backward(self, g: Any, residual: tuple[Any, tuple[int, ...]], *, needs: Needs) -> tuple[Any, ...]:
        if isinstance(g, Traced):
            raise GraphError(
                f"{self.layer}.{self._backward} is written for arrays: it has no derivative of its own"
            )
        layer, shape = residual
        dx = np.asarray(getattr(layer, self._backward)(g.copy()))  # a copy: such layers write to it
        if dx.shape != shape:
            raise ShapeError(f"{self.layer}.{self._backward} gives {dx.shape}, its input had {shape}")
        return dx.astype(g.dtype), *(np.asarray(getattr(layer, name)) for name in self._grads)


def methods_of(layer: Any) -> tuple[str, str]:
    """The names of a layer's two methods.

    Raises:
        DTypeError: it has neither pair.

    >>> class Twice:
    ...     def forward_pass(self, x, training): return 2 * x
    ...     def backward_pass(self, dA): return 2 * dA
    >>> methods_of(Twice())
    ('forward_pass', 'backward_pass')
    """
    for names in METHODS:
        if all(callable(getattr(layer, name, None)) for name in names):
            return names
    missing = [name for name in METHODS[0] if not callable(getattr(layer, name, None))]
    raise DTypeError(
        f"HandWritten: {type(layer).__name__} has no method {missing[0]}; forward and backward fit, or "
        "forward_pass and backward_pass"
    )


class HandWritten(Module):
    """A layer of one's own, with `forward(x)` and `backward(dout)` on NumPy arrays, as a Module.

    Methods called `forward_pass` and `backward_pass` serve as well. A forward method with an argument
    `training` is told whether the module trains.

    `backward` gets the loss's derivative in the layer's result, gives that in x, and leaves those in the
    parameters as attributes. It is trusted: `gradcheck` and `check_module` say whether it is right. There
    is no second derivative.

    Args:
        layer: the object; each call works on a shallow copy of it.
        params: names of its attributes that are learnt, such as ('W', 'b').
        grads: names of the attributes where backward leaves their derivatives; None for 'dW' of 'W'.
    Raises:
        DTypeError: forward or backward is missing.
        ArgumentError: an attribute is missing, or counts differ.

    >>> class Affine:
    ...     def __init__(self, W, b): self.W, self.b = W, b
    ...     def forward(self, x): self.x = x; return x @ self.W + self.b
    ...     def backward(self, dout):
    ...         self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
    ...         return dout @ self.W.T
    >>> layer = HandWritten(Affine(np.ones((3, 2)), np.zeros(2)), ("W", "b"))
    >>> layer(np.ones((4, 3))).sum().backward(); layer.b.grad
    Tensor([4., 4.], dtype=float64)
    """

    def __init__(self, layer: Any, params: Sequence[str] = (), grads: Sequence[str] | None = None) -> None:
        methods_of(layer)
        self.layer, self.params = layer, tuple(params)
        self.grads = tuple(f"d{name}" for name in params) if grads is None else tuple(grads)
        if len(self.grads) != len(self.params):
            raise ArgumentError(f"HandWritten: {len(self.params)} params and {len(self.grads)} grads")
        for name in self.params:
            if not hasattr(layer, name) or hasattr(self, name):
                raise ArgumentError(
                    f"HandWritten: {name!r} is not an attribute of {type(layer).__name__}, or not free"
                )
            setattr(self, name, Parameter(getattr(layer, name)))

    def forward(self, x: Tensor) -> Tensor:
        """Compute the layer's result; written by each subclass.

        >>> class Twice:
        ...     def forward(self, x): return 2 * x
        ...     def backward(self, dout): return 2 * dout
        >>> HandWritten(Twice()).forward(np.ones(2))
        array([2., 2.])
        """
        return Written(self.layer, self.params, self.grads, self.training)(
            x, *(getattr(self, name) for name in self.params)
        )

    def extra_repr(self) -> str:
        """The layer's class.

        >>> class Twice:
        ...     def forward(self, x): return 2 * x
        ...     def backward(self, dout): return 2 * dout
        >>> HandWritten(Twice())
        HandWritten(Twice)
        """
        return type(self.layer).__name__
