"""The contract of an optimizer.

PYTEST_DONT_REWRITE: its messages are complete, and meant to be read as they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from tinygrad_cnn.mode import enable_grad
from tinygrad_cnn.nn.module import Parameter
from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.testing.check.slopes import weights
from tinygrad_cnn.testing.contracts.report import (
    Report,
    UncheckedError,
    by_name,
    insist_same,
    run_properties,
)


def check_optimizer(
    make: Callable[[list[Tensor]], Any], *, only: Iterable[str] | None = None, steps: int = 100
) -> Report:
    """Check an optimizer, made anew for each property.

    Args:
        make: from a list of parameters to an optimizer over them, such as
            `lambda params: optim.SGD(params, lr=0.1)`.
        only: names of `OPTIMIZER_PROPERTIES`; None for all.
        steps: within so many a quadratic must decrease, and go on decreasing in their second half.
    Raises:
        ArgumentError: an unknown property.

    >>> from tinygrad_cnn import optim
    >>> check_optimizer(lambda params: optim.SGD(params, lr=0.1)).status
    'pass'
    """
    name = type(make([Parameter([1.0])])).__name__
    return run_properties("check_optimizer", name, OPTIMIZER_PROPERTIES, only, make, steps)


def _parameters() -> list[Tensor]:
    """Three float64 parameters of different shapes, with gradients of both signs, of size 1 to 3."""
    shapes: list[tuple[int, ...]] = [(3,), (2, 2), ()]
    values = [(weights(shape, k) + 2) * np.sign(weights(shape, k + 10)) for k, shape in enumerate(shapes)]
    return [Parameter(x, name=f"p{k}") for k, x in enumerate(values)]


def _walk(optimizer: Any, params: Sequence[Tensor], steps: int, start: int = 0) -> float:
    """Some steps down a quadratic whose centre moves; the value before the last step."""
    value = 0.0
    for t in range(start, start + steps):
        optimizer.zero_grad()
        with enable_grad():
            terms = [((p - 0.01 * (t % 3)) ** 2).sum() for p in params]
            loss = sum(terms[1:], terms[0])
        loss.backward()
        optimizer.step()
        value = float(loss)
    return value


def _first_step_goes_downhill(make: Any, steps: int) -> None:
    """The first step moves each element against its gradient, whatever the gradient's sign."""
    params = _parameters()
    before = [p.numpy().copy() for p in params]
    _walk(make(params), params, 1)
    for k, (p, x) in enumerate(zip(params, before, strict=True)):
        for index in np.ndindex(x.shape):
            gradient, moved = 2 * x[index], p.numpy()[index] - x[index]  # of a sum of squares
            assert gradient * moved <= 0, (
                f"uphill at entry {index} of parameter {k}: its gradient is {gradient:.4g}, and the step "
                f"changed it by {moved:+.4g}; a step goes against the gradient: is the sign wrong, or does "
                "the step use the square of the gradient in its place?"
            )


def _decreases_a_quadratic(make: Any, steps: int) -> None:
    params = _parameters()
    optimizer = make(params)
    first = _walk(optimizer, params, 1)
    middle = _walk(optimizer, params, steps // 2, 0)
    last = _walk(optimizer, params, steps - steps // 2, 0)
    said = f"a sum of squares was {first:.6g} before the first step, {middle:.6g} after {steps // 2} steps"
    assert middle < first, f"{said}: it must decrease"
    assert last < max(middle, 1e-2 * first), f"{said}, {last:.6g} after {steps}: it must go on decreasing"


def _state_round_trips(make: Any, steps: int) -> None:
    """A state that is taken in the middle and loaded into a new optimizer goes on bit by bit."""
    params = _parameters()
    first = make(params)
    _walk(first, params, 5)
    others: list[Tensor] = [Parameter(p.numpy().copy()) for p in params]
    state = first.state_dict()
    _walk(first, params, 5, 5)
    second = make(others)
    second.load_state_dict(state)
    _walk(second, others, 5, 5)
    for k, (p, q) in enumerate(zip(params, others, strict=True)):
        insist_same(f"parameter {k}, 5 steps after its state was loaded,", q.numpy(), p.numpy())


def _order_does_not_matter(make: Any, steps: int) -> None:
    params, others = _parameters(), _parameters()
    _walk(make(params), params, 5)
    _walk(make(others[::-1]), others, 5)
    for k, (p, q) in enumerate(zip(params, others, strict=True)):
        insist_same(f"parameter {k}, with the parameters in reverse order,", q.numpy(), p.numpy())


def _without_gradient_untouched(make: Any, steps: int) -> None:
    """A parameter whose grad is None stays as it is, also with decay, and after a first step."""
    params = _parameters()
    optimizer = make(params)
    for _ in range(2):
        before = params[1].numpy().copy()
        _walk(optimizer, [params[0], params[2]], 2)
        insist_same("a parameter without a gradient, after a step,", params[1].numpy(), before)
        _walk(optimizer, params, 2)
        optimizer.zero_grad()


def _zero_lr_changes_nothing(make: Any, steps: int) -> None:
    params = _parameters()
    before = [p.numpy().copy() for p in params]
    optimizer = make(params)
    if not all("lr" in group for group in getattr(optimizer, "param_groups", [{}])):
        raise UncheckedError("its param_groups have no option 'lr'")
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    _walk(optimizer, params, 3)
    for k, (p, values) in enumerate(zip(params, before, strict=True)):
        insist_same(f"parameter {k}, after steps with lr 0,", p.numpy(), values)


def _gradients_are_not_written_to(make: Any, steps: int) -> None:
    params = _parameters()
    optimizer = make(params)
    for step in range(3):
        kept = [weights(p.shape, step) for p in params]
        for p, g in zip(params, kept, strict=True):
            p.grad = Tensor(g)
        optimizer.step()
        for k, (p, g) in enumerate(zip(params, kept, strict=True)):
            assert p.grad is not None, f"step() removed the gradient of parameter {k}"
            insist_same(f"the gradient of parameter {k}, after step(),", p.grad.numpy(), g)


OPTIMIZER_PROPERTIES = by_name(
    _first_step_goes_downhill, _decreases_a_quadratic, _state_round_trips, _order_does_not_matter,
    _without_gradient_untouched, _zero_lr_changes_nothing, _gradients_are_not_written_to,
)  # fmt: skip
