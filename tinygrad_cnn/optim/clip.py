"""Gradient clipping: between `backward()` and `step()`, in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from math import inf, isfinite
from weakref import WeakMethod

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.errors import GraphError
from tinygrad_cnn.functional.arguments import flag, number
from tinygrad_cnn.tensors.tensor_class import Tensor

#: What completes gradients that processes exchange, by number.
_completions: dict[int, WeakMethod[Callable[[list[Tensor]], None]]] = {}
_numbers = count()


def before_clipping(complete: WeakMethod[Callable[[list[Tensor]], None]]) -> Callable[[], None]:
    """From now on, call a method with the parameters before their gradients are clipped.

    Returns:
        A function that ends it; the death of the method's object does, too.
    """
    k = next(_numbers)
    _completions[k] = complete

    def end() -> None:
        _completions.pop(k, None)

    return end


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Bring every element of every gradient into [-clip_value, clip_value]; NaN stays NaN.

    Args:
        parameters: a Tensor or several; those without a gradient are passed over.
        clip_value: at least 0.
    Raises:
        ArgumentError: clip_value is negative or NaN.
    Source: Mikolov 2012, "Statistical language models based on neural networks".

    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> (w * Tensor([0.5, -7.0])).sum().backward(); clip_grad_value_(w, 1.0); w.grad
    Tensor([ 0.5, -1. ])
    """
    bound = number("clip_grad_value_", "clip_value", clip_value, 0, inf)
    for g in _gradients(parameters):
        target = g._writable()
        np.clip(target, -bound, bound, out=target)


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> float:  # fmt: skip
    """Shrink all gradients by one factor, so that their common norm is at most `max_norm`.

        g <- g * min(1, max_norm / (norm + 1e-6)),   norm = (sum of |g|^q over all gradients)^(1/q)

    Args:
        parameters: a Tensor or several; those without a gradient are passed over.
        max_norm: at least 0.   norm_type: q, at least 1; `math.inf` for the largest element.
        error_if_nonfinite: raise if the norm is infinite or NaN, before anything is changed;
            without, an infinite norm makes finite elements 0 and infinite ones NaN, and a NaN norm
            makes all NaN, as in PyTorch.
    Returns:
        The norm before clipping; 0.0 if there is no gradient.
    Raises:
        ArgumentError: max_norm or norm_type out of range.
        GraphError: the norm is not finite, and `error_if_nonfinite`.
    Source: Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063.

    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> (w * Tensor([3.0, 4.0])).sum().backward(); clip_grad_norm_(w, 1.0)
    5.0
    >>> w.grad.numpy().round(4)
    array([0.6, 0.8], dtype=float32)
    """
    name = "clip_grad_norm_"
    bound = number(name, "max_norm", max_norm, 0, inf)
    order = number(name, "norm_type", norm_type, 1, inf)
    must_be_finite = flag(name, "error_if_nonfinite", error_if_nonfinite)
    found = _gradients(parameters)
    with np.errstate(under="ignore"):
        sizes = [np.linalg.norm(g.array.ravel().astype(np.float64), order) for g in found if g.size]
        norm = float(np.linalg.norm(devices.to_host(np.stack(sizes)), order)) if sizes else 0.0
    if must_be_finite and not isfinite(norm):
        raise GraphError(
            f"{name}: the gradients' norm is {norm}, a finite one fits; lower the learning rate, or look "
            "for the op that gave it"
        )
    factor = bound / (norm + 1e-6) if bound < inf else inf
    if not factor >= 1:  # also NaN
        with np.errstate(invalid="ignore", under="ignore"):  # 0 times an infinite element
            for g in found:
                target = g._writable()
                target *= factor
    return norm


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    """The gradients that are there, each once."""
    several = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    for k, complete in tuple(_completions.items()):
        if (method := complete()) is None:
            del _completions[k]
        else:
            method(several)
    found = {id(p.grad): p.grad for p in several if p.grad is not None}
    return list(found.values())
