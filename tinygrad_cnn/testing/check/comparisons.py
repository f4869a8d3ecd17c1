"""Comparisons of an analytic with a numerical derivative, along a direction.

With cotangent w and direction v, the number <w, f(x)> has a slope along v, which reverse mode gives
as <grad, v> and evaluations along v give numerically, with an estimate of the error. What looks wrong
is looked at again before it fails: with other steps, with the noise of both sides measured, and in a
wider type where there is one.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_cnn.testing.check.error_patterns import explain, recognise
from tinygrad_cnn.testing.check.findings import Finding
from tinygrad_cnn.testing.check.noise import noise_level
from tinygrad_cnn.testing.check.slopes import Slope, slope
from tinygrad_cnn.testing.check.subjects import Subject
from tinygrad_cnn.testing.frameworks.base import NotSupportedError

Array = NDArray[Any]

#: An analytic slope may differ from the numerical one by so many estimated errors.
MARGIN = 10.0

#: Forward and reverse mode may differ by so many rounding errors of their largest terms.
ROUNDINGS = 1e3

#: Steps of the first look, relative to the scale of the inputs; a good agreement there is enough.
QUICK_STEP, QUICK_LEVELS, QUICK_ERROR = 2.0**-8, 4, 1e-9

#: Steps of the second look: from 2^-6 down to 2^-33.
CAREFUL_STEP, CAREFUL_LEVELS = 2.0**-6, 28

#: Values are close enough for their noise to show: at such spacings.
NOISE_SPACINGS = (2.0**-26, 2.0**-30)

#: Spacings that also show the noise of what is constant over small ones.
COARSE_SPACINGS = (2.0**-12, 2.0**-21, 2.0**-30)

#: A function whose noise is this share of its size tells nothing.
ALL_NOISE = 1e-3

#: A numerical Jacobian is computed for inputs of so many elements, and of so many entries, at most.
FEW_ELEMENTS, FEW_ENTRIES = 1000, 10**6

#: Slopes are looked at in so many points so far away, and a gradient may lie outside by this share.
AROUND, AWAY, OUTSIDE = 12, 1e-4, 0.6

#: The jump at a kink is known to this share of itself: seen from a distance, its slopes have changed.
JUMP_ERROR = 0.05

#: Where a failure might be kinks that cancel each other, so many other mixtures of them are looked at.
MIXES, MIXED_STEP, MIXED_LEVELS = 3, 2.0**-10, 8

#: A second opinion in a wider type is asked for up to so many elements.
SECOND_OPINION = 10**5

#: What it means when they differ.
MODES_DIFFER = (
    "forward and reverse mode differ: a derivative is not linear in the gradient that comes in, or takes "
    "that gradient out of the graph (.numpy(), .detach())"
)


#: Why a direction is left unchecked where the one-sided slopes differ.
KINK = "a kink or a tie"


class Comparer:
    """What the comparisons share: the function, the point and the tolerances."""

    def __init__(self, subject: Subject, rtol: float, atol: float, rng: np.random.Generator) -> None:
        self.subject, self.rtol, self.atol, self.rng = subject, rtol, atol, rng
        self.points, self.active = subject.points, subject.active
        with np.errstate(all="ignore"):
            self.values = subject.outputs(self.points)
        # Of one number the slope itself is compared, in the user's units; several are weighed.
        one = sum(y.size for y in self.values) == 1
        self.cotangents = [np.ones(y.shape) if one else rng.uniform(-1, 1, y.shape) for y in self.values]
        self.vectors = [rng.uniform(-1, 1, self.points[k].shape) for k in self.active]
        self.eps = max(subject.eps, *(float(np.finfo(y.dtype).eps) for y in self.values))
        self._gradients: list[Array | None] | None = None
        self._wider: Comparer | None = None
        #: Orders at which a failure was doubted and stood: later ones are believed.
        self.sure: set[int] = set()

    def repeats(self) -> bool:
        """Whether the function gives the same values again."""
        with np.errstate(all="ignore"):
            again = self.subject.outputs(self.points)
        pairs = zip(self.values, again, strict=False)
        return len(again) == len(self.values) and all(np.array_equal(*p, equal_nan=True) for p in pairs)

    # ----------------------------------------------------------------------- directions
    def random(self) -> list[Array]:
        """A random direction, of the scale of each input: of its largest element, and 1 at most."""
        points = [self.points[k] for k in self.active]
        return [draw * _scale(x) for draw, x in zip(self._draws(), points, strict=True)]

    def relative(self) -> list[Array]:
        """A random direction in which each element moves by a share of itself."""
        sizes = [np.abs(self.points[k].astype(np.float64)) for k in self.active]
        least = [min(1.0, float(x.max(initial=0)) or 1.0) for x in sizes]
        triples = zip(self._draws(), sizes, least, strict=True)
        return [draw * np.where(x > 0, x, smallest) for draw, x, smallest in triples]

    def _draws(self) -> list[Array]:
        """Random numbers for each element; 1 if it is one alone: so the slope itself is seen."""
        shapes = [self.points[k].shape for k in self.active]
        if sum(int(np.prod(shape)) for shape in shapes) == 1:
            return [np.ones(shape) for shape in shapes]
        return [self.rng.uniform(-1, 1, shape) for shape in shapes]

    def together(self) -> list[Array]:
        """The direction in which all elements move alike, so that those that tie stay tied."""
        return [np.ones(self.points[k].shape) * _scale(self.points[k]) for k in self.active]

    def only(self, place: int, chosen: Array, sizes: Array | float = 1.0) -> list[Array]:
        """A direction that moves the chosen elements (a mask) of one active input."""
        vectors = [np.zeros(self.points[k].shape) for k in self.active]
        vectors[place] = np.where(chosen, sizes, 0.0) * _scale(self.points[self.active[place]])
        return vectors

    def moved(self, t: float, direction: Sequence[Array]) -> list[Array]:
        """The point, t along a direction, in the inputs' own types."""
        arrays = list(self.points)
        for k, v in zip(self.active, direction, strict=True):
            x = arrays[k]
            wide = np.promote_types(x.dtype, np.float64)
            arrays[k] = np.add(x, np.asarray(t * v, wide), dtype=wide).astype(x.dtype, copy=False)
        return arrays

    # ----------------------------------------------------------------------- evaluations
    def gradients(self) -> list[Array | None]:
        """The gradients of the active inputs, computed once."""
        if self._gradients is None:
            (self._gradients,) = self.subject.gradients(self.points, [self._weights()])
        return self._gradients

    def _weights(self) -> list[Array]:
        return [w.astype(y.dtype) for w, y in zip(self.cotangents, self.values, strict=True)]

    def _first(self, arrays: Sequence[Array], vectors: Sequence[Array]) -> float:
        """<gradient, vectors> at some arrays."""
        (found,) = self.subject.gradients(arrays, [self._weights()])
        return inner(found, vectors)[0]

    def _analytic(self, order: int) -> list[Array | None]:
        """The derivative that is judged: the gradient, or that of <gradient, self.vectors>."""
        if order == 1:
            return self.gradients()
        return self.subject.second(self.points, self._weights(), self.vectors)

    def _value_change(self, arrays: Sequence[Array]) -> float:
        """<w, f(arrays) - f(points)>: differences first, so that large results lose no digits."""
        total = np.longdouble(0)
        for y, before, w in zip(self.subject.outputs(arrays), self.values, self.cotangents, strict=True):
            if y.shape != before.shape:
                return float("nan")
            change = np.subtract(y, before, dtype=np.promote_types(y.dtype, np.float64))
            total += np.multiply(change, w, out=change if change.ndim else None).sum()
        return float(total)

    def _size(self, order: int) -> float:
        """The size of what is differentiated, as its rounding goes."""
        if order == 2:
            terms = [
                g.astype(np.float64) * v
                for g, v in zip(self.gradients(), self.vectors, strict=True)
                if g is not None
            ]
        else:
            terms = [y.astype(np.float64) * w for y, w in zip(self.values, self.cotangents, strict=True)]
        return float(np.sqrt(sum(float((t * t).sum()) for t in terms)))

    # ----------------------------------------------------------------------- one comparison
    def along(self, order: int, where: str, direction: list[Array]) -> Finding:
        """One comparison along one direction; narrow inputs are judged in float64 where that can be."""
        with np.errstate(all="ignore"):
            wider = self.wider() if self.eps > np.finfo(np.float64).eps else None
            return _Comparison(wider or self, order, where, direction).finding()

    def wider(self) -> Comparer | None:
        """The same comparisons in the next wider type, where the function gives the same value."""
        if self._wider is None:
            if sum(np.size(x) for x in self.points) + sum(y.size for y in self.values) > SECOND_OPINION:
                return None
            subject = self.subject.widened()
            if subject is None:
                return None
            try:
                made = Comparer(subject, self.rtol, self.atol, np.random.default_rng(0))
                made.cotangents = [
                    w.astype(y.dtype) for w, y in zip(self._weights(), self.values, strict=True)
                ]
                made.vectors = self.vectors
                made.gradients()
            except Exception:  # a function that takes its own type alone
                return None
            if made.eps >= self.eps or [y.shape for y in made.values] != [y.shape for y in self.values]:
                return None
            self._wider = made
        return self._wider

    def looks_wrong(self, direction: list[Array]) -> bool:
        """Whether the gradient along a direction seems wrong, by six evaluations."""
        with np.errstate(all="ignore"):
            look = _Comparison(self, 1, "", direction)
            found = slope(look.change, QUICK_STEP, look.floor, levels=3)
            room = self.atol + MARGIN * (found.error + self.eps * look.terms) + found.jump
            return not abs(look.analytic - found.value) <= room + 1e-6 * abs(found.value)

    def unresolved(self) -> str:
        """Why the function's value is no more than rounding, judged by a wider type; '' if it is not."""
        wider = self.wider()
        if wider is None:
            return ""
        limit = max(1e-4, 30 * self.eps**0.75)
        with np.errstate(all="ignore"):
            for y, z in zip(self.values, wider.values, strict=True):
                size = np.abs(z).max(initial=0)
                if np.isfinite(z).all() and not np.isfinite(y).all():
                    return f"the function is not finite in {y.dtype}, and is in {z.dtype}"
                if np.abs(y - z).max(initial=0) > limit * size:
                    return f"the function's own rounding in {y.dtype} is larger than what is to be seen"
        return ""

    def forward(self, where: str, direction: list[Array]) -> Finding:
        """Reverse mode <Jᵀw, v> against forward mode <w, J·v>: equal but for rounding."""
        with np.errstate(all="ignore"):
            moves = [v.astype(self.points[k].dtype) for k, v in zip(self.active, direction, strict=True)]
            analytic, terms = inner(self.gradients(), moves)
            try:
                moved = self.subject.forward(self.points, moves)
            except NotSupportedError as why:
                return Finding("unchecked", 1, where, analytic, np.nan, np.nan, str(why), "forward")
            forward, size = inner(moved, self._weights())
            error = ROUNDINGS * self.eps * max(terms, size, self._size(1))
            finding = Finding("pass", 1, where, analytic, forward, error, against="forward")
            if not np.isfinite([analytic, forward]).all():
                finding.status, finding.reason = "unchecked", "forward or reverse mode is not finite here"
            elif abs(analytic - forward) > self.atol + error + self.rtol * max(abs(analytic), abs(forward)):
                wider = self.wider()
                if wider is not None and wider.forward(where, direction).status != "fail":
                    finding.status, finding.reason = (
                        "unchecked",
                        "rounding: in a wider type the modes agree",
                    )
                else:
                    finding.status, finding.reason = "fail", MODES_DIFFER
            return finding

    def complex_step(self, where: str, direction: list[Array]) -> Finding:
        """The gradient against a complex step, which is exact but for rounding."""
        with np.errstate(all="ignore"):
            analytic, terms = inner(self.gradients(), direction)
            nan = float("nan")
            try:
                moved = self.subject.along_complex(direction)
            except NotSupportedError as why:
                return Finding("unchecked", 1, where, analytic, nan, nan, f"no complex step: {why}")
            exact, size = inner(moved, self.cotangents)
            error = ROUNDINGS * self.eps * max(terms, size)
            finding = Finding("pass", 1, where, analytic, exact, error)
            if not np.isfinite(exact):
                finding.status, finding.reason = "unchecked", "no complex step: it is not finite here"
            elif not abs(analytic - exact) <= self.atol + error:
                noise = _Comparison(self, 1, where, direction).own_noise(NOISE_SPACINGS)
                if abs(analytic - exact) > self.atol + error + MARGIN * noise or not np.isfinite(analytic):
                    finding.status, finding.reason = "fail", "it differs from the complex step"
            return finding

    def pattern(self, place: int) -> str:
        """What the first-order gradient of one active input looks like, beside the numerical Jacobian."""
        x = self.points[self.active[place]]
        if len(self.values) > 1 or x.size > FEW_ELEMENTS or x.size * self.values[0].size > FEW_ENTRIES:
            return ""
        wider = self.wider() if self.eps > np.finfo(np.float64).eps else None
        if wider is not None:
            return wider.pattern(place)
        found = self.gradients()[place]
        analytic = np.zeros(x.shape) if found is None else found.astype(np.float64)
        step = self.eps ** (1 / 3) * _scale(x)
        columns = []
        with np.errstate(all="ignore"):
            for index in np.ndindex(x.shape):
                unit = [np.zeros(self.points[k].shape) for k in self.active]
                unit[place][index] = 1
                ahead, behind = (self.subject.outputs(self.moved(t, unit))[0] for t in (step, -step))
                columns.append((ahead.astype(np.float64) - behind.astype(np.float64)) / (2 * step))
        shape = self.values[0].shape
        jacobian = np.stack(columns, axis=-1) if columns else np.zeros((*shape, 0))
        jacobian = jacobian.reshape((*shape, *x.shape))
        return recognise(analytic, jacobian, self.cotangents[0], max(1e-6, 1e3 * self.eps))


class _Comparison:
    """One comparison: first a quick look, then a careful one, then doubts about a failure."""

    def __init__(self, check: Comparer, order: int, where: str, direction: list[Array]) -> None:
        self.check, self.order, self.where, self.direction = check, order, where, direction
        self.derivative = check._analytic(order)
        self.analytic, self.terms = inner(self.derivative, direction)
        self.size = check._size(order)
        self.floor = check.eps * self.size
        #: Whether one element alone moves: then the one-sided slopes bound every subgradient.
        self.single = sum(int(np.count_nonzero(v)) for v in direction) == 1
        self.base = check._first(check.points, check.vectors) if order == 2 else 0.0

    def change(self, t: float) -> float:
        """f(t) - f(0), corrected for the rounding of the point: it moves by δ and not by t·v."""
        check = self.check
        arrays = check.moved(t, self.direction)
        if self.order == 1:
            found = check._value_change(arrays)
        else:
            found = check._first(arrays, check.vectors) - self.base
        if not np.isfinite(self.analytic):
            return found
        for d, k, v in zip(self.derivative, check.active, self.direction, strict=True):
            if d is not None:
                wide = np.promote_types(d.dtype, np.float64)
                off = np.subtract(arrays[k], check.points[k], dtype=wide) - np.asarray(t * v, wide)
                found -= float((d * off).sum())
        return found

    def finding(self, doubts: bool = True) -> Finding:
        """The verdict; a failure is doubted, unless one of its kind has stood."""
        if self.check.eps > np.finfo(np.float64).eps:  # no wider type was to be had
            # Rounding limits small steps, curvature large ones.
            step = self.check.eps**0.25 * 4
            return self.judged(slope(self.change, step, max(self.floor, self.noise()), levels=7))
        quick = slope(self.change, QUICK_STEP, self.floor, QUICK_LEVELS)
        found = self.judged(quick)
        scale = max(abs(quick.value), abs(self.analytic), 1e-3 * self.size)
        if found.status == "pass" and quick.error <= QUICK_ERROR * scale:
            return found
        noise = max(self.floor, self.noise())
        if noise > ALL_NOISE * self.size and self.size > 0:
            return self.said("unchecked", Slope(np.nan, np.inf, 0.0), "the function is noise here")
        found = self.judged(slope(self.change, CAREFUL_STEP, noise, CAREFUL_LEVELS))
        if found.status == "fail" and doubts and self.order not in self.check.sure:
            found = self.doubted(found, noise)
            if found.status == "fail":
                self.check.sure.add(self.order)
        return found

    def noise(self) -> float:
        """The noise of the function near the point."""
        small = self.check.eps / np.finfo(np.float64).eps  # a coarser type needs wider spacings
        levels = [
            noise_level([self.change(k * h * small**0.75) for k in range(-4, 5)]) for h in NOISE_SPACINGS
        ]
        return float(np.nanmax([*levels, 0.0]))

    def doubted(self, found: Finding, noise: float) -> Finding:
        """A failure once more: with other steps, with the derivative's own noise, in a wider type."""
        again = self.judged(slope(self.change, 0.73 * CAREFUL_STEP, noise, CAREFUL_LEVELS))
        if again.status != "fail":
            return again
        if "subgradient" in found.reason:
            low, high = self.slopes_around()
            if max(low - self.analytic, self.analytic - high) <= OUTSIDE * (high - low):
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
        wider = self.check.wider()
        if wider is None:
            return found
        why = self.check.unresolved()
        if why:
            found.status, found.reason = "unchecked", why
            return found
        other = _Comparison(wider, self.order, self.where, self.direction).finding(doubts=False)
        kind, wide = self.check.values[0].dtype, wider.values[0].dtype
        if other.status == "unchecked":
            found.status, found.reason = "unchecked", f"rounding: in {wide} it is unchecked: {other.reason}"
        if other.status == "pass":
            off = abs(other.analytic - self.analytic)
            if smooth and off > MARGIN * self.own_noise(COARSE_SPACINGS) + ROUNDINGS * self.floor:
                found.reason = f"wrong in {kind}, and right in {wide}"
            else:
                found.status, found.reason = "unchecked", f"rounding in {kind}: in {wide} it is right"
        return found

    def own_noise(self, spacings: Sequence[float]) -> float:
        """The noise of the analytic slope near the point."""
        values = [
            [
                self.check._first(self.check.moved(k * h, self.direction), self.direction)
                for k in range(-4, 5)
            ]
            for h in spacings
        ]
        return float(np.nanmax([*map(noise_level, values), 0.0]))

    def slopes_around(self) -> tuple[float, float]:
        """The least and the largest slope close by: subgradients are mixtures of gradients there."""
        check, rng, step = self.check, np.random.default_rng(2), 2.0**-22
        found = []
        for _ in range(AROUND):
            shift = [
                AWAY * rng.uniform(-1, 1, x.shape) * _scale(x)
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

    def mixed(self) -> Iterator[_Comparison]:
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
            yield _Comparison(check, self.order, self.where, moved)

    def said(self, status: str, found: Slope, reason: str = "") -> Finding:
        return Finding(status, self.order, self.where, self.analytic, found.value, found.error, reason)

    def judged(self, found: Slope) -> Finding:
        """Pass, fail or unchecked, with the reason."""
        numeric, error, jump, _ = found
        check, analytic = self.check, self.analytic
        largest = max(abs(analytic), abs(numeric))
        if not np.isfinite(numeric) or not np.isfinite(error):
            return self.said(
                "unchecked", found, "the function is not finite, or not smooth, around this point"
            )
        usable = error <= max(1e-3 * abs(numeric), 1e-6 * self.size, 1e-12)
        kink = jump > max(MARGIN * error, 1e-3 * (abs(numeric) + jump), check.atol)
        if kink and not (self.single and np.isfinite(analytic)):
            return self.said("unchecked", found, f"{KINK}: the one-sided slopes differ by {jump:.3g}")
        if not np.isfinite(analytic):
            why = f"the gradient is {analytic}, and the function is smooth here"
            return self.said("fail" if usable else "unchecked", found, why)
        allowed = check.atol + MARGIN * (check.eps * self.terms + error) + check.rtol * largest
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


def _scale(x: Array) -> float:
    """How far the elements of an input move: as far as the largest is, 1 at most, never too little."""
    largest = float(np.abs(x[np.isfinite(x)]).max(initial=0.0))
    return max(min(largest, 1.0), largest * 1e-9) or 1.0


def inner(gradients: Sequence[Array | None], vectors: Sequence[Array]) -> tuple[float, float]:
    """sum_k <gradient_k, vector_k> over the gradients that are there, and the sum of the |terms|."""
    pairs = zip(gradients, vectors, strict=True)
    terms = [g.astype(np.promote_types(g.dtype, np.float64)) * v for g, v in pairs if g is not None]
    return float(sum(t.sum() for t in terms)), float(sum(abs(t).sum() for t in terms))
