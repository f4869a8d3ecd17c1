"""The quick part of a comparison: a few evaluations confirm a gradient, or show a clear failure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tinygrad_cnn.testing.check.findings import Finding
from tinygrad_cnn.testing.check.slopes import EPS, KINK_MARGIN, Slope, slope

if TYPE_CHECKING:
    from tinygrad_cnn.testing.check.one_comparison import Comparison

#: A glance begins at a step, relative to the scale of the inputs, at which the rounding of the values hides
#: nothing, between these, and takes so many steps at most. What is noisier shows by a quick look, which has
#: steps of its own. Both can only confirm: that numbers and the gradient agree to nine digits is no luck.
SMALLEST, LARGEST, GLANCES = 2.0**-16, 2.0**-9, 3
LAST_STEP, LAST_LEVELS = 2.0**-8, 4

#: A relative agreement of a quick look that is enough.
QUICK_ERROR = 1e-9

#: The share of it that rounding may take.
QUICK_ROUNDING = 0.5

#: A failure is clear if looks from two distances agree to this share of their difference from the gradient.
CLEAR = 0.05


def quick_finding(look: Comparison) -> Finding | None:
    """A pass, or where each evaluation takes long a failure that is clear; None where neither shows."""
    first = first_step(look)
    found = glance(look, first)
    if found is not None:
        return found
    if look.check.huge:  # two steps each have to do
        slopes = [slope(look.near, step, look.floor, levels=2) for step in (2 * first, LAST_STEP)]
        found = look.judged(slopes[-1])
        if found.status == "fail" and clear(look, slopes):
            return found
    quick = slope(look.near, LAST_STEP, look.floor, LAST_LEVELS)
    found = look.judged(quick)
    precise = quick.error <= QUICK_ERROR * look.scale(quick.value)
    return found if found.status == "pass" and precise else None


def first_step(look: Comparison) -> float:
    """A step, a power of 2, at which rounding is a small share of what a quick look may be off by."""
    room = QUICK_ROUNDING * QUICK_ERROR * max(abs(look.analytic), look.usual, 1e-3 * look.size)
    step = SMALLEST
    while step < LARGEST and step * room < look.floor:  # False with a NaN
        step *= 2
    return step


def glance(look: Comparison, first: float) -> Finding | None:
    """A pass by two evaluations, or by two or four more, or None.

    A central difference, extrapolated or not, has no estimate of its error here, so that it can only
    confirm: where it agrees with the gradient to nine digits, and where the one-sided slopes differ by
    less than a kink that counts.
    """
    row: list[float] = []
    bends: list[float] = []
    largest_change = 0.0
    for number in range(GLANCES):
        step = first * 2**number
        ahead, behind = look.near(step), look.near(-step)
        last, row = row, [(ahead - behind) / (2 * step)]
        for j, closer in enumerate(last, start=1):
            row.append(closer + (closer - row[-1]) / (4.0**j - 1))
        bends.append((ahead + behind) / step)
        largest_change = max(largest_change, abs(ahead), abs(behind))
        numeric = row[-1]
        if not np.isfinite(numeric):
            return None
        apart = abs(numeric - look.analytic)
        if look.check.huge and number and abs(numeric - last[0]) < CLEAR * apart:
            return None  # another step, which takes long, would bring it no closer
        if apart > QUICK_ERROR * look.scale(numeric):
            continue
        # What is left of a bend at step 0 is a kink's.
        bend = abs(2 * bends[0] - bends[1]) if number else abs(bends[0])
        rounding = max(look.floor, EPS * largest_change) / first
        jump = max(0.0, bend - KINK_MARGIN * look.floor / first)
        found = look.judged(Slope(numeric, rounding, jump))
        if found.status == "pass":
            return found
    return None


def clear(look: Comparison, slopes: Sequence[Slope]) -> bool:
    """Whether looks from several distances agree with each other, and not with the gradient."""
    values = [found.value for found in slopes]
    spread = max(np.ptp(values), *(found.error + found.jump for found in slopes))
    apart = min(abs(look.analytic - value) for value in values)
    return bool(spread <= CLEAR * apart) if np.isfinite(look.analytic) else bool(np.isfinite(spread))
