"""`torch.autograd.Function`: an operation with a derivative that its author writes."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from tinygrad_cnn.graph import MODE, Op
from tinygrad_cnn.mode import no_grad
from tinygrad_cnn.tensors import Tensor as NativeTensor
from tinygrad_cnn.torch.tensors import Tensor, adopted, native


class Context:
    """The place where `forward` keeps things for `backward`."""

    def __init__(self) -> None:
        self.saved_tensors: tuple[Any, ...] = ()
        self.needs_input_grad: tuple[bool, ...] = ()
        self.materialize_grads = True
        self.constant: set[int] = set()

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors."""
        self.saved_tensors = tensors

    save_for_forward = save_for_backward

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Say which results carry no gradient."""
        self.constant.update(id(x) for x in tensors)

    def mark_dirty(self, *tensors: Any) -> None:
        """Say which operands were written over; nothing depends on it here."""

    def set_materialize_grads(self, value: bool) -> None:
        """Whether gradients of results that carry none are zeros, or None."""
        self.materialize_grads = value


class _Applied(Op):
    """One call of a Function, as an op: its results, flattened, in one row."""

    def __init__(
        self, function: type[Function], ctx: Context, value: Any, shapes: list[Any], results: list[Any]
    ) -> None:
        """Keep the call.

        Args:
            results: for each result its place in the row, the zeros that are its gradient, or None.
        """
        self._function, self._ctx, self._value = function, ctx, value
        self._shapes, self._results = shapes, results

    @property
    def name(self) -> str:
        return self._function.__name__

    def forward(self, *arrays: Any) -> Any:
        return self._value

    def backward(self, g: Any, /, *kept: Any) -> tuple[Any, ...]:
        traced = isinstance(g, NativeTensor)
        whole = adopted(g) if traced else Tensor.detached(g)
        if len(self._shapes) == 1:
            parts = [whole]
        else:
            ends = np.cumsum([int(np.prod(s)) for s in self._shapes])
            starts = [0, *ends[:-1].tolist()]
            parts = [
                whole[a:b].reshape(s) for a, b, s in zip(starts, ends.tolist(), self._shapes, strict=True)
            ]
        grads = [parts[r] if isinstance(r, int) else r for r in self._results]
        if traced:
            found = self._function.backward(self._ctx, *grads)
        else:
            with no_grad():
                found = self._function.backward(self._ctx, *grads)
        found = found if isinstance(found, tuple) else (found,)
        wanted = [found[k] for k in self._ctx.__dict__["_places"] if k < len(found)]
        return tuple(None if g is None else native(g) if traced else g._array for g in wanted)


class Function:
    """Base of operations with a derivative of their own: write `forward` and `backward`, call `apply`.

    >>> from tinygrad_cnn import torch
    >>> class Cube(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x ** 3
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         x, = ctx.saved_tensors
    ...         return g * 3 * x ** 2
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward(); x.grad
    tensor(12.)
    """

    @staticmethod
    def forward(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        """The result; written by each subclass."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """A gradient per argument of `forward`, or None; written by each subclass."""
        raise NotImplementedError("You must implement the backward function for custom autograd.Function.")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Refused, as by PyTorch: a Function is called by `apply`.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(
            f"{type(self).__name__}: an autograd Function is not made and called, as in PyTorch before 1.3: "
            "write static forward and backward methods and call its apply"
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`, and have `backward` give the derivative."""
        ctx = Context()
        ctx.needs_input_grad = tuple(isinstance(a, NativeTensor) and a.requires_grad for a in args)
        with no_grad():
            if "setup_context" in vars(cls):
                result = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, result)  # type: ignore[attr-defined]
            else:
                result = cls.forward(ctx, *args, **kwargs)
        if not (MODE.get().recording and any(ctx.needs_input_grad)):
            return result
        results = list(result) if isinstance(result, tuple) else [result]
        flowing = [
            r for r in results
            if isinstance(r, NativeTensor) and r._array.dtype.kind == "f" and id(r) not in ctx.constant
        ]  # fmt: skip
        if not flowing:
            return result
        ctx.__dict__["_places"] = [k for k, a in enumerate(args) if isinstance(a, NativeTensor)]
        shapes = [r._array.shape for r in flowing]
        if len(flowing) == 1:
            value = flowing[0]._array.copy()
        else:
            value = np.concatenate([r._array.reshape(-1) for r in flowing])
        places = {id(r): k for k, r in enumerate(flowing)}
        op = _Applied(cls, ctx, value, shapes, [places.get(id(r), _nothing(ctx, r)) for r in results])
        whole = Tensor.record(op, tuple(a for a in args if isinstance(a, NativeTensor)))
        made: dict[int, Any] = {}
        start = 0
        for r, shape in zip(flowing, shapes, strict=True):
            size = int(np.prod(shape))
            made[id(r)] = whole if len(flowing) == 1 else whole[start : start + size].reshape(shape)
            start += size
        for k, kept in enumerate(ctx.saved_tensors):  # a saved result is the recorded one
            if kept is not None and id(kept) in made and not any(kept is a for a in args):
                replaced = list(ctx.saved_tensors)
                replaced[k] = made[id(kept)].detach() if not _doubly(cls) else made[id(kept)]
                ctx.saved_tensors = tuple(replaced)
        out = tuple(made.get(id(r), r) for r in results)
        return out if isinstance(result, tuple) else out[0]


def _nothing(ctx: Context, result: Any) -> Any:
    """The gradient of a result that carries none: zeros; None for what is no tensor."""
    if not isinstance(result, NativeTensor) or not ctx.materialize_grads:
        return None
    return Tensor.detached(np.zeros_like(result._array))


def once_differentiable(fn: Any) -> Any:
    """Say of a `backward` that it may not be differentiated itself: what it gives is constant.

    >>> once_differentiable(lambda ctx, g: 2 * g)(None, 3)
    6
    """

    @functools.wraps(fn)
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        with no_grad():
            return fn(ctx, *grad_outputs)

    backward.once_differentiable = True  # type: ignore[attr-defined]
    return backward


def _doubly(function: type[Function]) -> bool:
    """Whether the derivative may be differentiated again."""
    return not getattr(function.backward, "once_differentiable", False)
