"""The contract of an optimizer that has a reference.

PYTEST_DONT_REWRITE: its messages are complete, and meant to be read as they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tinygrad_cnn.nn.module import Parameter
from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.testing.check.slopes import weights
from tinygrad_cnn.testing.contracts.report import Array, Property, Report, by_name, run_properties

#: (value, gradient, state, step) -> the new value of one parameter.
Reference = Callable[[Array, Array, dict[str, Any], int], Array]

#: Shapes of the parameters.
SHAPES: tuple[tuple[int, ...], ...] = ((3,), (2, 2), ())

#: From the step's number, the parameter's place and its value to its gradient, or None.
Gradients = Callable[[int, int, Array], Array | None]


def check_optimizer_against(
    make: Callable[[list[Tensor]], Any], reference: Reference, *,
    only: Iterable[str] | None = None, steps: int = 10, rtol: float = 1e-9, atol: float = 1e-12,
) -> Report:  # fmt: skip
    """Check the steps of an optimizer against a slow and obvious rule for one parameter.

    Args:
        make: from a list of float64 parameters to an optimizer over them.
        reference: reference(value, gradient, state, step) -> the new value: arrays of one parameter, a
            dict that it keeps what it likes in (empty before the first step, one for each parameter),
            and the number of this parameter's step, from 1. It is not called where there is no gradient.
        only: names of `OPTIMIZER_REFERENCE_PROPERTIES`; None for all.
        steps: are compared, one after the other.   rtol, atol: differences that are passed over.
    Raises:
        ArgumentError: an unknown property.

    >>> from tinygrad_cnn import optim
    >>> def momentum(value, gradient, state, step):
    ...     state["v"] = 0.9 * state.get("v", 0) + gradient
    ...     return value - 0.1 * state["v"]
    >>> print(check_optimizer_against(lambda params: optim.SGD(params, lr=0.1, momentum=0.9), momentum))
    SGD: pass
      pass      drawn_gradients
      pass      gradients_of_a_quadratic
      pass      large_and_small_gradients
      pass      missing_gradients
      pass      restart_from_a_state
    """
    name = type(make([Parameter(np.ones(1))])).__name__
    given = (make, reference, steps, rtol, atol)
    return run_properties("check_optimizer_against", name, OPTIMIZER_REFERENCE_PROPERTIES, only, *given)


def _drawn(step: int, place: int, value: Array) -> Array:
    return weights(value.shape, 100 * step + place)


def _compare(
    make: Any, reference: Reference, gradients: Gradients, steps: int, rtol: float, atol: float,
    restart: int | None = None,
) -> None:  # fmt: skip
    """Both take the same steps from the same parameters, and agree after each."""
    params = [Parameter(weights(shape, k) + 2.0, name=f"p{k}") for k, shape in enumerate(SHAPES)]
    optimizer = make(params)
    values = [p.numpy().copy() for p in params]
    states: list[dict[str, Any]] = [{} for _ in params]
    counts = [0 for _ in params]
    for step in range(1, steps + 1):
        if step == restart:
            kept, params = (
                optimizer.state_dict(),
                [Parameter(p.numpy().copy(), name=p.name) for p in params],
            )
            optimizer = make(params)
            optimizer.load_state_dict(kept)
        for k, p in enumerate(params):
            g = gradients(step, k, values[k])
            p.grad = None if g is None else Tensor(g)
            if g is not None:
                counts[k] += 1
                values[k] = np.asarray(reference(values[k].copy(), g.copy(), states[k], counts[k]))
        optimizer.step()
        for k, (p, want) in enumerate(zip(params, values, strict=True)):
            _agree(step, k, p.numpy(), want, gradients(step, k, want), rtol, atol)


def _agree(
    step: int, place: int, got: Array, want: Array, gradient: Array | None, rtol: float, atol: float
) -> None:
    assert got.shape == want.shape, (
        f"after step {step} parameter {place} has shape {got.shape}, by the reference {want.shape}"
    )
    room = atol + rtol * np.abs(want)
    off = ~(np.abs(got - want) <= room)
    if off.any():
        index = tuple(int(i) for i in np.argwhere(off)[0])
        which = f"entry {index} of parameter {place}" if index else f"parameter {place}"
        without = ", which had no gradient," if gradient is None else ""
        raise AssertionError(
            f"after step {step} {which}{without} is {got[index]:.12g}, by the reference "
            f"{want[index]:.12g}; {off.sum()} of {off.size} entries differ"
        )


def _drawn_gradients(make: Any, reference: Any, *given: Any) -> None:
    """Gradients between -1 and 1 that do not depend on the parameters."""
    _compare(make, reference, _drawn, *given)


def _gradients_of_a_quadratic(make: Any, reference: Any, *given: Any) -> None:
    """Gradients that depend on where the steps have led."""
    _compare(make, reference, lambda step, place, value: 2 * value - 0.01 * (step % 3), *given)


def _large_and_small_gradients(make: Any, reference: Any, *given: Any) -> None:
    """Gradients of size 1e-6, where eps counts, and of size 1e6."""
    _compare(make, reference, lambda *at: 1e-6 * _drawn(*at), *given)
    _compare(make, reference, lambda *at: 1e6 * _drawn(*at), *given)


def _missing_gradients(make: Any, reference: Any, *given: Any) -> None:
    """Each parameter has no gradient in every third step; it and its state stay."""

    def gradients(step: int, place: int, value: Array) -> Array | None:
        return None if (step + place) % 3 == 0 else _drawn(step, place, value)

    _compare(make, reference, gradients, *given)


def _restart_from_a_state(make: Any, reference: Any, steps: int, rtol: float, atol: float) -> None:
    """In the middle the state is loaded into a new optimizer."""
    _compare(make, reference, _drawn, steps, rtol, atol, restart=steps // 2 + 1)


OPTIMIZER_REFERENCE_PROPERTIES: dict[str, Property] = by_name(
    _drawn_gradients, _gradients_of_a_quadratic, _large_and_small_gradients, _missing_gradients,
    _restart_from_a_state,
)  # fmt: skip
