"""Derivatives that are wrong on purpose: mutants of an op, planted inside a `with` block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cnn.graph import METHODS, Needs, Node, Observer, Op, asks_for_needs, observe
from tinygrad_cnn.ops.shape import SumTo
from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.tensors.tensor_class import Tensor

#: What can be done to one operand's gradient; each works on arrays and on Tensors.
GRADIENTS: dict[str, Callable[[Any], Any]] = {
    "sign": lambda d: -d,
    "factor 2": lambda d: d * 2,
    "factor 1.0001": lambda d: d * 1.0001,
    "dropped": lambda d: d * 0,
    "reversed": lambda d: d[(slice(None, None, -1),) * d.ndim] if d.ndim else -d,
    "transposed": lambda d: d.swapaxes(-1, -2) if d.ndim > 1 and d.shape[-1] == d.shape[-2] else d,
    "summed": lambda d: d.sum(axis=0, keepdims=True) + d * 0 if d.ndim else d * 3,
    "off by one": lambda d: d[(..., [*range(1, d.shape[-1]), 0])] if d.size and d.ndim else d * 3,
}

#: What is done to the sum, over the elements of the result, that an operand's gradient is.
DROPPED_TERM, MISSING_SUM, OVERWRITTEN = "a term dropped", "a sum missing", "= for +="

#: What is done to all that a backward reads.
CONSTANT = "kept as a constant"

KINDS = (*GRADIENTS, DROPPED_TERM, MISSING_SUM, OVERWRITTEN)

#: Results of more elements are overwritten row by row, and not element by element.
FEW = 64


class Mutant(NamedTuple):
    """One alteration of one op's derivative.

    Attributes:
        op: the op.   operand: whose gradient is altered; None for all.   kind: how.
    """

    op: type[Op]
    operand: int | None
    kind: str

    def __str__(self) -> str:
        whose = "" if self.operand is None else f", operand {self.operand}"
        return f"{self.op.__name__}{whose}: {self.kind}"


def mutants(op: type[Op], operands: int) -> list[Mutant]:
    """All mutants of an op with so many operands.

    >>> from tinygrad_cnn import ops
    >>> len(mutants(ops.Neg, 1)), mutants(ops.Exp, 1)[-1].kind
    (11, 'kept as a constant')
    """
    found = [Mutant(op, k, kind) for k in range(operands) for kind in KINDS]
    return [*found, Mutant(op, None, CONSTANT)] if op.keep else found


def altered(mutant: Mutant) -> Restoring[None]:
    """The op's derivative altered inside the `with` block.

    >>> from tinygrad_cnn import ops
    >>> x = Tensor([3.0], requires_grad=True)
    >>> with altered(Mutant(ops.Neg, 0, "sign")):
    ...     (-x).backward()
    >>> x.grad
    Tensor([1.])
    """
    right, walk = told_needs(mutant.op), _Walk()

    def backward(self: Any, g: Any, *kept: Any, needs: Needs) -> tuple[Any, ...]:
        return _wrong(mutant, lambda h, *given: right(self, h, *given, needs=needs), walk, g, kept)

    method, block = patched(mutant.op, backward=backward), observe(walk)

    def begin() -> None:
        method.__enter__()
        block.enter()

    def end() -> None:
        block.leave()
        method.leave()

    return Restoring(begin, end)


def told_needs(op: type[Op]) -> Callable[..., tuple[Any, ...]]:
    """The backward of a class as a function that can be told `needs`, whether it asks or not.

    >>> from tinygrad_cnn import ops
    >>> told_needs(ops.Neg)(ops.Neg(), 2.0, needs=(True,))
    (-2.0,)
    """
    backward = op.backward
    if op._backward_needs:
        return backward
    return lambda *given, needs: backward(*given)


class _Walk(Observer):
    """Knows which node a walk is at, and so the shapes of the operands."""

    def __init__(self) -> None:
        self._at: list[Node] = []

    def step_starts(self, node: Node, g: Any) -> None:
        self._at.append(node)

    def stepped(self, node: Node, g: Any, gradients: tuple[Any, ...]) -> None:
        self._at.pop()

    def shape(self, place: int, d: Any) -> tuple[int, ...]:
        """The shape of an operand; outside a walk that of its gradient."""
        return self._at[-1].parents[place].shape if self._at else np.shape(d)


def patched(op: type[Op], **methods: Any) -> Restoring[None]:
    """Methods or attributes of a class replaced inside the `with` block, inherited ones too.

    >>> with patched(Op, backward=lambda self, g: (g,)):
    ...     Op().backward(1.0)
    (1.0,)
    """
    asked = {f"_{name}_needs": asks_for_needs(methods[name]) for name in methods if name in METHODS}
    others = {**methods, **asked}
    before = {name: vars(op)[name] for name in others if name in vars(op)}

    def begin() -> None:
        for name, method in others.items():
            setattr(op, name, method)

    def end() -> None:
        for name in others:
            if name in before:
                setattr(op, name, before[name])
            elif name in vars(op):
                delattr(op, name)

    return Restoring(begin, end)


def _wrong(mutant: Mutant, right: Callable[..., Any], walk: _Walk, g: Any, kept: Any) -> tuple[Any, ...]:
    """The altered gradients."""
    if mutant.kind == CONSTANT:
        return right(g, *(k.detach() if isinstance(k, Tensor) else k for k in kept))
    found, k = list(right(g, *kept)), mutant.operand
    for place, d in enumerate(found):
        if place != k or d is None:
            continue
        shape = walk.shape(place, d)
        if mutant.kind == DROPPED_TERM:
            found[k] = right(g * _without_last(g), *kept)[k]
        elif mutant.kind == MISSING_SUM:
            found[k] = right(g * _first_share(g, shape), *kept)[k]
        elif mutant.kind == OVERWRITTEN:
            found[k] = _overwritten(lambda h: right(h, *kept)[mutant.operand], g, shape)
        else:
            found[k] = GRADIENTS[mutant.kind](d if isinstance(d, Tensor) else np.asarray(d))
    return tuple(found)


def _without_last(g: Any) -> Any:
    """Ones of the shape of g, and a 0 at its last element."""
    mask = np.ones(g.shape, g.dtype)
    mask[(-1,) * g.ndim if mask.size else ...] = 0
    return mask


def _first_share(g: Any, shape: tuple[int, ...]) -> Any:
    """Ones at the first index of an axis of g along which an operand of that shape was broadcast.

    Where neither shape broadcasts to the other, axis 0 is taken: that of the batch.
    """
    if g.shape == shape:
        return np.ones(g.shape, g.dtype)
    lead = g.ndim - len(shape)
    fits = lead >= 0 and all(n in (1, m) for n, m in zip(shape, g.shape[lead:], strict=True))
    axes = [a for a in range(g.ndim) if a < lead or shape[a - lead] != g.shape[a]] if fits else [0]
    axis = next((a for a in axes if a < g.ndim and g.shape[a] > 1), None)
    mask = np.ones(g.shape, g.dtype)
    if axis is not None:
        mask[(slice(None),) * axis + (slice(1, None),)] = 0
    return mask


def _overwritten(right: Callable[[Any], Any], g: Any, shape: tuple[int, ...]) -> Any:
    """Of the shares that elements of the result give an element of the operand, the last one alone."""
    pieces = list(np.ndindex(g.shape)) if g.size <= FEW else [(i,) for i in range(g.shape[0])]
    kept = None
    for piece in pieces:
        mask = np.zeros(g.shape, g.dtype)
        mask[piece] = 1
        share = right(g * mask)
        share = share if isinstance(share, Tensor) else np.asarray(share)
        if share.shape != shape:
            share = SumTo(shape)(share)
        values = share.numpy() if isinstance(share, Tensor) else share
        kept = share if kept is None else kept * (values == 0).astype(values.dtype) + share
    return right(g) if kept is None else kept
