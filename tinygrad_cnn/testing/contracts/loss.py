"""The contract of a loss.

PYTEST_DONT_REWRITE: its messages are complete, and meant to be read as they stand.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from tinygrad_cnn.nn.module import Module
from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.testing.contracts.module import arrays_of, insist_on_gradients, values_at, widened
from tinygrad_cnn.testing.contracts.report import Array, Report, UncheckedError, by_name, run_properties


def check_loss(
    loss: Callable[..., Any], x: Any, target: Any, *, only: Iterable[str] | None = None,
    count: float | None = None,
) -> Report:  # fmt: skip
    """Check a loss: shapes and agreement of its reductions, and its gradient by `x`.

    Args:
        loss: a module with an attribute `reduction`, or a function with such an argument; of
            another loss only the gradient is checked.
        x: what the model gives, float.   target: what the loss compares it with.
        only: names of `LOSS_PROPERTIES`; None for all.
        count: what 'mean' divides the sum by; None for the number of values of 'none'.
    Raises:
        ArgumentError: an unknown property.

    >>> from tinygrad_cnn import functional as F
    >>> check_loss(F.mse_loss, np.array([1.0, 3.0]), np.array([0.0, 1.0])).status
    'pass'
    """
    (a, b), name = arrays_of((x, target)), getattr(loss, "__name__", type(loss).__name__)
    a = a.astype(np.float64) if a.dtype.kind == "f" else a
    return run_properties("check_loss", name, LOSS_PROPERTIES, only, loss, a, b, count)


def _reduced(loss: Callable[..., Any], reduction: str) -> Callable[..., Any]:
    """The loss with that reduction."""
    if isinstance(loss, Module):
        made = widened(loss)
        if hasattr(made, "reduction"):
            made.reduction = reduction
            return made
    elif "reduction" in inspect.signature(loss).parameters:
        return partial(loss, reduction=reduction)
    raise UncheckedError("it has no `reduction`")


def _mean_and_sum_are_scalars(loss: Any, x: Array, target: Array, count: Any) -> None:
    for reduction in ("mean", "sum"):
        shape = np.shape(_value(_reduced(loss, reduction), x, target))
        assert shape == (), f"'{reduction}' gives shape {shape}, () fits"


def _value(loss: Callable[..., Any], x: Array, target: Array) -> Array:
    return np.asarray(values_at(loss, [x, target])[0])


def _none_keeps_the_shape(loss: Any, x: Array, target: Array, count: Any) -> None:
    """One value for each element, or for each target, or for each sample."""
    fits = list(dict.fromkeys([x.shape, target.shape, x.shape[:1] + x.shape[2:], x.shape[:1]]))
    shape = _value(_reduced(loss, "none"), x, target).shape
    assert shape in fits, f"'none' gives shape {shape}, {' or '.join(map(str, fits))} fits"


def _reductions_agree(loss: Any, x: Array, target: Array, count: float | None) -> None:
    none, total, mean = (_value(_reduced(loss, r), x, target) for r in ("none", "sum", "mean"))
    divisor = none.size if count is None else count
    np.testing.assert_allclose(total, none.sum(), rtol=1e-9, err_msg="'sum' is not the sum of 'none'")
    message = f"'mean' is not 'sum' / {divisor}; see count="
    np.testing.assert_allclose(mean, total / divisor, rtol=1e-9, err_msg=message)


def _gradient_is_right(loss: Any, x: Array, target: Array, count: Any) -> None:
    """The gradient by x, for each reduction that there is."""
    try:
        losses = [_reduced(loss, reduction) for reduction in ("mean", "sum", "none")]
    except UncheckedError:
        losses = [widened(loss) if isinstance(loss, Module) else loss]
    for made in losses:
        insist_on_gradients(lambda t, made=made: made(t, Tensor(target)), [x], ["x"])


LOSS_PROPERTIES = by_name(
    _mean_and_sum_are_scalars, _none_keeps_the_shape, _reductions_agree, _gradient_is_right
)
