"""Series of each layer over the steps of a training, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite, isnan, nan

import numpy as np

#: What is noted of a layer: attribute, heading, and whether it spans powers of ten.
QUANTITIES = (
    ("activation", "Activations: root mean square of the result", True),
    ("flow", "Gradients of results: root mean square", True),
    ("gradient", "Gradients of parameters: L2 norm", True),
    ("update", "Update ÷ weight: L2 norms", True),
    ("dead", "Dead units: 0 throughout the batch", False),
)
#: A layer is spoken of beyond these: a gradient in units of the largest one, an update, a share.
VANISHED, EXPLODED, WILD, STILL, DEAD = 1e-6, 1e4, 0.5, 1e-8, 0.9
#: So many steps in a row, or all if there are fewer, make it more than chance.
_STEPS = 3


@dataclass
class Layer:
    """The series of one layer, one number for each noted step; NaN where nothing was seen.

    Attributes:
        name: path of the module that holds its parameters; of an activation the layer before it too.
        activation, flow, gradient, update, dead: see `QUANTITIES`.
        learns: whether it has parameters that want a gradient.
    """

    name: str
    learns: bool = False
    activation: list[float] = field(default_factory=list)
    flow: list[float] = field(default_factory=list)
    gradient: list[float] = field(default_factory=list)
    update: list[float] = field(default_factory=list)
    dead: list[float] = field(default_factory=list)

    def fill(self, steps: int) -> None:
        """Make each series as long as the run, with NaN for what was not seen."""
        for name, _, _ in QUANTITIES:
            series = getattr(self, name)
            series.extend([nan] * (steps - len(series)))


def findings(layers: Sequence[Layer], steps: Sequence[int], losses: Sequence[float]) -> list[str]:
    """Say what went wrong, where and since when, in words; nothing for a healthy run.

    Args:
        layers: in the order of the forward pass.   steps: the numbers of the noted steps.
        losses: one for each of these; NaN where none was seen.

    >>> layer = Layer("0", True, [1.0], [1.0], [0.0], [0.0], [nan])
    >>> findings([layer], [1], [2.3])
    ['0: no gradient arrives']
    """
    found = list(_first_bad(layers, steps, losses))
    largest = [_largest(layers, k) for k in range(len(steps))]
    told = [text for layer in layers for text in _of_layer(layer, steps, largest)]
    return found + sorted(told, key=_start)  # what came first may have led to the others


def _start(text: str) -> int:
    found = re.search(r"since step (\d+)", text)
    return int(found[1]) if found else 0


def _first_bad(layers: Sequence[Layer], steps: Sequence[int], losses: Sequence[float]) -> Iterator[str]:
    """The first number that is not finite: values before gradients, the first layer before others."""
    for k, step in enumerate(steps):
        for layer in layers:
            if layer.activation[k] == inf:
                yield f"step {step}: {layer.name} gives NaN or infinity first"
                return
        for layer in reversed(layers):
            if inf in (layer.flow[k], layer.gradient[k]):
                yield f"step {step}: a gradient of {layer.name} is NaN or infinite first"
                return
        if losses[k] == inf:
            yield f"step {step}: the loss is NaN or infinite"
            return


def _largest(layers: Sequence[Layer], k: int) -> float:
    known = [layer.flow[k] for layer in layers if isfinite(layer.flow[k])]
    return max(known, default=0.0)


def _of_layer(layer: Layer, steps: Sequence[int], largest: Sequence[float]) -> Iterator[str]:
    name, flows = layer.name, np.array(layer.flow)
    ends = [flow for flow in largest if flow > 0]
    if layer.learns:
        known = [g for g in layer.gradient if not isnan(g)]
        if not known:
            yield f"{name}: its parameters get no gradient: unused, or cut off"
            return
        if not any(known):
            yield f"{name}: no gradient arrives"
            return
        if ends and (since := _since(flows < VANISHED * np.array(largest), steps)):
            yield f"{name}: the gradient vanishes on the way, since step {since}"
        if since := _since(np.array(layer.update) > WILD, steps):
            yield f"{name}: updates of more than half of its weights, since step {since}"
        moves = [u for u in layer.update if not isnan(u)]
        if moves and max(moves) < STILL and len(moves) >= _STEPS:
            yield f"{name}: updates too small to change anything"
    if since := _since(np.array(layer.dead) >= DEAD, steps):
        share = next(d for d in reversed(layer.dead) if not isnan(d))
        yield f"{name}: {100 * share:.0f} % of the units dead, since step {since}"
    finite = flows[np.isfinite(flows)]
    if len(finite) > _STEPS and finite[-1] > EXPLODED * max(finite[0], 1e-30):
        yield f"{name}: the gradient grew {finite[-1] / finite[0]:.2g} times since step {steps[0]}"


def _since(bad: np.ndarray, steps: Sequence[int]) -> int | None:
    """The step since which something holds up to the end, long enough; None if it does not."""
    count = 0
    for one in reversed(bad.tolist()):
        if not one:
            break
        count += 1
    return steps[len(steps) - count] if count >= min(_STEPS, len(steps)) and count else None
