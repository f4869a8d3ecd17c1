"""One comparison of an analytic with a numerical slope: a quick look, a careful one, then doubts."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.testing.check.error_patterns import explain
from tinygrad_cnn.testing.check.findings import Finding
from tinygrad_cnn.testing.check.magnitudes import largest
from tinygrad_cnn.testing.check.noise import noise_level
from tinygrad_cnn.testing.check.quick_looks import QUICK_ERROR, SMALLEST, quick_finding
from tinygrad_cnn.testing.check.slopes import Slope, slope

if TYPE_CHECKING:
    from tinygrad_cnn.testing.check.comparisons import Comparer

Array = NDArray[Any]

#: An analytic slope may differ from the numerical one by so many estimated errors.
MARGIN = 10.0

#: Forward and reverse mode may differ by so many rounding errors of their largest terms.
ROUNDINGS = 1e3

#: Steps of the careful look: from 2^-6 down to 2^-33.
CAREFUL_STEP, CAREFUL_LEVELS = 2.0**-6, 28

#: Where each evaluation takes long, steps down to 2^-19 have to do.
HUGE_LEVELS = 14

#: Values are close enough for their noise to show: at such spacings.
NOISE_SPACINGS = (2.0**-26, 2.0**-30)

#: Spacings that also show the noise of what is constant over small ones.
COARSE_SPACINGS = (2.0**-12, 2.0**-21, 2.0**-30)

#: A function whose noise is this share of its size tells nothing.
ALL_NOISE = 1e-3

#: Slopes are looked at in so many points so far away, and a gradient may lie outside by this share.
AROUND, AWAY, OUTSIDE = 12, 1e-4, 0.6

#: They come from such a step, and noise spreads them by so many times the noise over the step.
AROUND_STEP, SPREAD = 2.0**-22, 3.0

#: Where the numerical slope is off by more than this share, kinks may be close by.
ROUGH = 1e-4

#: The jump at a kink is known to this share of itself: seen from a distance, its slopes have changed.
JUMP_ERROR = 0.05

#: Where a failure might be kinks that cancel each other, so many other mixtures of them are looked at.
MIXES, MIXED_STEP, MIXED_LEVELS = 3, 2.0**-10, 8

#: Shares of itself by which an element moves to show the rounding of a slope beside 0.
SHARES = 2.0**-30, 2.0**-25, 2.0**-20, 2.0**-15

#: Shares of themselves by which elements move to places where rounding is another.
BESIDE = 0.3, -0.2, 0.13, -0.37, 0.07

#: There it is right where it is off by no more than this share of what it is off by here.
NEARLY = 0.1

#: A gradient whose error is rounding comes closer by this factor, at least, in a wider type.
CLOSER = 0.5

#: Why a direction is left unchecked where the one-sided slopes differ.
KINK = "a kink or a tie"


def scale_of(x: Array) -> float:
    """Choose how far elements of an input move: as far as the largest is, 1 at most, never too little."""
    most = largest(x)
    return max(min(most, 1.0), most * 1e-9) or 1.0


def inner(gradients: Sequence[Array | None], vectors: Sequence[Array]) -> tuple[float, float]:
    """sum_k <gradient_k, vector_k> over the gradients that are there, and the sum of the |terms|."""
    pairs = zip(gradients, vectors, strict=True)
    terms = [
        np.multiply(g, v, dtype=np.promote_types(g.dtype, np.float64)) for g, v in pairs if g is not None
    ]
    total = float(sum(t.sum() for t in terms))
    return total, float(sum(np.abs(t, out=t if t.ndim else None).sum() for t in terms))


class Comparison:
    """One comparison: first a quick look, then a careful one, then doubts about a failure."""

    def __init__(self, check: Comparer, order: int, where: str, direction: list[Array]) -> None:
        self.check, self.order, self.where, self.direction = check, order, where, direction
        self.derivative = check._analytic(order)
        self.analytic, self.terms = inner(self.derivative, direction)
        #: How large a sum of terms of random signs is, where they do not cancel by chance.
        self.usual = self.terms / max(1, sum(v.size for v in direction)) ** 0.5
        self.size = check._size(order)
        self.floor = check.eps * self.size
        self.base = check._first(check.points, check.vectors) if order == 2 else 0.0
        #: Changes near the point that were computed already, by t.
        self._near: dict[float, float] = {}

    @cached_property
    def single(self) -> bool:
        """Whether one element alone moves: then the one-sided slopes bound every subgradient."""
        return sum(int(np.count_nonzero(v)) for v in self.direction) == 1

    def near(self, t: float) -> float:
        """`change`, without a correction that is smaller than what a quick look can see."""
        if t not in self._near:
            check = self.check
            if self.order == 1 and check.displacement <= QUICK_ERROR * SMALLEST * abs(self.analytic):
                moved = check.moved(t, self.direction)
                self._near[t] = check._value_change(moved, spare=check.active)
            else:
                self._near[t] = self.change(t)
        return self._near[t]

    def change(self, t: float) -> float:
        """f(t) - f(0), corrected for the rounding of the point: it moves by δ and not by t·v."""
        check, arrays, correction = self.check, list(self.check.points), 0.0
        corrected = bool(np.isfinite(self.analytic))
        for d, k, v in zip(self.derivative, check.active, self.direction, strict=True):
            x = check.points[k]
            wide = np.promote_types(x.dtype, np.float64)
            step = np.asarray(t * v, wide)
            arrays[k] = np.add(x, step, dtype=wide).astype(x.dtype, copy=False)
            if corrected and d is not None:
                off = np.subtract(arrays[k], x, dtype=np.promote_types(d.dtype, wide))
                off -= step
                correction += float(np.vdot(d, off))
        if self.order == 1:
            return check._value_change(arrays, spare=check.active) - correction
        return check._first(arrays, check.vectors) - self.base - correction

    def finding(self, doubts: bool = True) -> Finding:
        """The verdict; a failure is doubted, unless one of its kind has stood."""
        if self.check.eps > np.finfo(np.float64).eps:  # no wider type was to be had
            # Rounding limits small steps, curvature large ones.
            step = self.check.eps**0.25 * 4
            return self.judged(slope(self.change, step, max(self.floor, self.noise()), levels=7))
        found = quick_finding(self)
        if found is not None:
            return found
        noise = max(self.floor, self.noise())
        # A value of 0 says nothing about how large the function is close by.
        size = self.size or (self.swing() if self.order == 1 else 0.0)
        if noise > ALL_NOISE * size and size > 0:
            return self.said("unchecked", Slope(np.nan, np.inf, 0.0), "the function is noise here")
        levels = HUGE_LEVELS if self.check.huge else CAREFUL_LEVELS
        found = self.judged(slope(self.change, CAREFUL_STEP, noise, levels))
        if found.status == "fail" and doubts and self.order not in self.check.sure:
            found = self.doubted(found, noise)
            if found.status == "fail":
                self.check.sure.add(self.order)
        return found

    def scale(self, numeric: float) -> float:
        """How large the numbers are that a quick look compares."""
        return max(abs(numeric), abs(self.analytic), self.usual, 1e-3 * self.size)

    def noise(self) -> float:
        """The noise of the function near the point."""
        small = self.check.eps / np.finfo(np.float64).eps  # a coarser type needs wider spacings
        levels = [
            noise_level([self.change(k * h * small**0.75) for k in range(-4, 5)]) for h in NOISE_SPACINGS
        ]
        return float(np.nanmax([*levels, 0.0]))

    def doubted(self, found: Finding, noise: float) -> Finding:
        """A failure once more: with other steps, with the derivative's own noise, in a wider type."""
        levels = HUGE_LEVELS if self.check.huge else CAREFUL_LEVELS
        again = self.judged(slope(self.change, 0.73 * CAREFUL_STEP, noise, levels))
        if again.status != "fail":
            return again
        # Kinks at several distances leave a slope that no step makes exact.
        rough = self.order == 1 and found.error > ROUGH * abs(found.numeric)
        if "subgradient" in found.reason or rough:
            low, high = self.slopes_around()
            told = high - low > SPREAD * noise / AROUND_STEP  # the slopes of noise say nothing
            if told and max(low - self.analytic, self.analytic - high) <= OUTSIDE * (high - low):
                why = f"{KINK}: the slopes around are {low:.6g} to {high:.6g}"
                return self.said("unchecked", Slope(found.numeric, found.error, 0.0), why)
        if not self.single:
            for mixture in self.mixed():
                kinky = mixture.judged(slope(mixture.change, MIXED_STEP, noise, MIXED_LEVELS))
                if KINK in kinky.reason:
                    return self.said("unchecked", Slope(found.numeric, found.error, 0.0), kinky.reason)
        apart = abs(found.analytic - found.numeric)
        smooth = self.order == 1 and np.isfinite(self.analytic) and "subgradient" not in found.reason
        if smooth and apart <= MARGIN * (self.own_noise(NOISE_SPACINGS[-1:]) + found.error):
            found.status, found.reason = (
                "unchecked",
                "the gradient's own rounding is as large as the difference",
            )
            return found
        least = self.check.eps * self.moved_by()
        if self.size == 0 and abs(self.analytic) <= least and abs(found.numeric) <= least**0.5:
            found.status = "unchecked"
            found.reason = "the function is 0 to the last digit, and the gradient smaller than rounding"
            return found
        if smooth and self.flat() and apart <= MARGIN * self.noise_elsewhere() / CAREFUL_STEP:
            found.status = "unchecked"
            found.reason = "the function stays the same to its last digit, which rounding decides"
            return found
        wider = self.check.wider()
        if wider is None:
            return found
        why = self.check.unresolved()
        if why:
            found.status, found.reason = "unchecked", why
            return found
        other = Comparison(wider, self.order, self.where, self.direction).finding(doubts=False)
        kind, wide = self.check.values[0].dtype, wider.values[0].dtype
        if other.status == "unchecked":
            found.status, found.reason = "unchecked", f"rounding: in {wide} it is unchecked: {other.reason}"
        closer = smooth and abs(other.analytic - other.numeric) <= CLOSER * apart
        if other.status == "pass" or (other.status == "fail" and closer):
            more = self.analytic - other.analytic
            off = abs(more)
            noise = max(self.own_noise(COARSE_SPACINGS), self.noise_of_small_inputs())
            large = smooth and off > MARGIN * noise + ROUNDINGS * self.floor
            if large and not self.erratic(wider, more / (abs(other.analytic) or 1.0)):
                found.reason = f"wrong in {kind}, and right in {wide}"
            else:
                found.status, found.reason = "unchecked", f"rounding in {kind}: in {wide} it is right"
        return found

    def own_noise(self, spacings: Sequence[float], along: Sequence[Array] | None = None) -> float:
        """The noise of the analytic slope near the point, not at it: what is off there alone is none."""
        check, along = self.check, self.direction if along is None else along
        values = [
            [check._first(check.moved((k + 0.5) * h, along), self.direction) for k in range(-5, 5)]
            for h in spacings
        ]
        return float(np.nanmax([*map(noise_level, values), 0.0]))

    def noise_of_small_inputs(self) -> float:
        """The same where each element moves by a share of itself: cancellation at 1e-9 is gone at 1e-5."""
        return self.own_noise(SHARES, [self.check.points[k] for k in self.check.active])

    def erratic(self, wider: Comparer, off: float) -> bool:
        """Whether what the slope is off by vanishes or turns around beside the point, as rounding does.

        Args:
            wider: the same check in a wider type.
            off: by how much the slope is more than there, as a share of it.
        """
        for t in BESIDE:
            here, there = (
                check._first(check.moved(t, [check.points[k] for k in check.active]), self.direction)
                for check in (self.check, wider)
            )
            if (here - there) / (abs(there) or 1.0) * np.sign(off) <= NEARLY * abs(off):
                return True
        return False

    def flat(self) -> bool:
        """Whether the largest steps do not change the function at all."""
        return self.swing() == 0

    def swing(self) -> float:
        """How far the largest steps change the function."""
        moved = (self.check.moved(t, self.direction) for t in (CAREFUL_STEP, -CAREFUL_STEP))
        return max(abs(self.check._value_change(arrays, spare=self.check.active)) for arrays in moved)

    def noise_elsewhere(self) -> float:
        """The noise of the function where all its inputs move: what is flat shows none of its own."""
        return Comparison(self.check, self.order, self.where, self.check.random()).noise()

    def moved_by(self) -> float:
        """The largest step of an element along the direction."""
        return max((float(np.abs(v).max(initial=0.0)) for v in self.direction), default=0.0)

    def slopes_around(self) -> tuple[float, float]:
        """The least and the largest slope close by: subgradients are mixtures of gradients there."""
        check, rng, step = self.check, np.random.default_rng(2), AROUND_STEP
        found = []
        for _ in range(AROUND):
            shift = [
                AWAY * rng.uniform(-1, 1, x.shape) * scale_of(x)
                for x in (check.points[k] for k in check.active)
            ]
            ends = []
            for t in (step, -step):
                arrays = list(check.points)
                for k, d, v in zip(check.active, shift, self.direction, strict=True):
                    arrays[k] = (check.points[k] + d + t * v).astype(check.points[k].dtype)
                ends.append(check._value_change(arrays))
            found.append((ends[0] - ends[1]) / (2 * step))
        return float(np.nanmin(found)), float(np.nanmax(found))

    def mixed(self) -> Iterator[Comparison]:
        """Other comparisons, in which kinks that cancel each other here would not.

        Where all elements move alike they go on doing so, so that those that tie stay tied.
        """
        rng = np.random.default_rng(1)
        alike = all(np.ptp(v) == 0 for v in self.direction if v.size)
        for _ in range(MIXES):
            check = copy.copy(self.check)
            check.cotangents = [rng.uniform(-1, 1, y.shape) for y in check.values]
            check._gradients = None
            signs = [
                np.ones(v.shape) if alike else rng.choice([-1.0, 1.0], v.shape) for v in self.direction
            ]
            moved = [v * sign for v, sign in zip(self.direction, signs, strict=True)]
            yield Comparison(check, self.order, self.where, moved)

    def said(self, status: str, found: Slope, reason: str = "") -> Finding:
        return Finding(status, self.order, self.where, self.analytic, found.value, found.error, reason)

    def judged(self, found: Slope) -> Finding:
        """Pass, fail or unchecked, with the reason."""
        numeric, error, jump, _ = found
        check, analytic = self.check, self.analytic
        most = max(abs(analytic), abs(numeric))
        if not np.isfinite(numeric) or not np.isfinite(error):
            why = "the function is not finite, or not smooth, around this point"
            return self.said("unchecked", found, f"{why}: {check.raised}" if check.raised else why)
        usable = error <= max(1e-3 * abs(numeric), 1e-6 * self.size, 1e-12)
        kink = jump > max(MARGIN * error, 1e-3 * (abs(numeric) + jump), check.atol)
        if kink and not (self.single and np.isfinite(analytic)):
            return self.said("unchecked", found, f"{KINK}: the one-sided slopes differ by {jump:.3g}")
        if not np.isfinite(analytic):
            why = f"the gradient is {analytic}, and the function is smooth here"
            return self.said("fail" if usable else "unchecked", found, why)
        allowed = check.atol + MARGIN * (check.eps * self.terms + error) + check.rtol * most
        low, high = numeric - jump / 2, numeric + jump / 2
        room = allowed + JUMP_ERROR * jump
        if not low - room <= analytic <= high + room:
            blur = min(MARGIN * error / abs(numeric), 1e-2) if numeric else 0.0
            outside = f"no subgradient: {_slopes(low, high)}"
            words = outside if kink else explain(analytic, numeric, max(1e-6, blur))
            return self.said("fail", found, words)
        if kink:
            why = f"{KINK}: {_slopes(low, high)}, the gradient is between"
            return self.said("unchecked", found, why)
        if usable:
            return self.said("pass", found)
        kind = min((check.points[k].dtype for k in check.active), key=lambda t: t.itemsize)
        why = f": noise of {kind.name}" if kind != np.float64 else ""
        return self.said("unchecked", found, f"the numerical derivative is only good to {error:.1g}{why}")


def _slopes(low: float, high: float) -> str:
    """Two slopes in words, to some digits of their difference."""
    digits = 3 - int(np.floor(np.log10(max(high - low, 1e-300))))
    return f"the one-sided slopes are {round(low, digits) + 0.0:g} and {round(high, digits) + 0.0:g}"
