"""How this package is compared with PyTorch: the same operands to both, values and gradients near.

Operands are drawn in float64, from fixed seeds. Each comparison is run in float64 and in float32,
and for us with operands in row-major order and with operands that are not contiguous. Results must
agree in shape and dtype, and in every element to

    |ours - theirs| <= tolerance * (1 + the largest finite |theirs|)

with a tolerance of 1e-9 in float64 and 2e-5 in float32; NaN and infinities must stand at the same
places. float32 allows for sums in another order: about 100 roundings of the largest number.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from tinygrad_cnn import Tensor

Array = np.ndarray[Any, Any]
Draw = Callable[[np.random.Generator], list[Any]]

TOLERANCE = {"float64": 1e-9, "float32": 2e-5}
SEEDS = (0, 1, 2)
DTYPES = ("float64", "float32")
LAYOUTS = ("contiguous", "strided")


@dataclass(frozen=True)
class Entry:
    """One function, with options, here and there.

    Attributes:
        name: the public function that this compares; may stand in many entries.
        ours, theirs: called with Tensors, each of their own kind; give one, or a tuple of them.
        draws: each gives operands from a generator: float arrays are differentiated, others not.
        gradient: False where the result has none: comparisons, argmax.
        tolerance, tolerance64: others for float32 and float64, with the reason beside the entry.
    """

    name: str
    ours: Callable[..., Any]
    theirs: Callable[..., Any]
    draws: Sequence[Draw]
    gradient: bool = True
    tolerance: float = TOLERANCE["float32"]
    tolerance64: float = TOLERANCE["float64"]

    def check(self, dtype: str, layout: str) -> None:
        """Compare over all draws and seeds."""
        tolerance = self.tolerance64 if dtype == "float64" else self.tolerance
        for number, draw in enumerate(self.draws):
            for seed in SEEDS:
                drawn = draw(np.random.default_rng([seed, number]))
                place = f"{self.name}, draw {number}, seed {seed}, {[np.shape(x) for x in drawn]}"
                operands = [prepared(x, dtype, layout) for x in drawn]
                self._compare(operands, tolerance, np.random.default_rng(seed), place)

    def _compare(self, operands: list[Any], tolerance: float, rng: Any, place: str) -> None:
        here = [our_tensor(x, self.gradient) for x in operands]
        there = [their_tensor(x, self.gradient) for x in operands]
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Mean of empty slice|Degrees of freedom", RuntimeWarning)
            warnings.filterwarnings("ignore", "Using padding='same' with even kernel", UserWarning)
            warnings.filterwarnings("ignore", "reduction: 'mean' divides", UserWarning)
            results, expected = as_tuple(self.ours(*here)), as_tuple(self.theirs(*there))
            assert len(results) == len(expected), place
            for k, (y, z) in enumerate(zip(results, expected, strict=True)):
                same(y, z, tolerance, f"{place}, result {k}")
            if self.gradient:
                seeds = [rng.standard_normal(z.shape) for z in expected]
                back(results, expected, seeds)
                for k, (x, t) in enumerate(zip(here, there, strict=True)):
                    if is_float(operands[k]):
                        same_gradient(x.grad, t.grad, tolerance, f"{place}, gradient {k}")


def back(results: Iterable[Any], expected: Iterable[Any], seeds: Iterable[Array]) -> None:
    """Walk back from the sum of all results, each weighted by its seed, on both sides."""
    pairs = list(zip(results, expected, seeds, strict=True))
    floats = [(y, z, s) for y, z, s in pairs if z.requires_grad]
    assert [y.requires_grad for y, _, _ in floats] == [True] * len(floats), "a result has no graph"
    total = sum((z * torch.from_numpy(np.asarray(s)).to(z.dtype)).sum() for _, z, s in floats)
    if not floats:
        return
    total.backward()
    mine = [(y * np.asarray(s, y.dtype)).sum() for y, _, s in floats]
    for other in mine[1:]:
        mine[0] = mine[0] + other
    mine[0].backward()


# --------------------------------------------------------------------------- operands
def is_float(x: Any) -> bool:
    """Whether an operand is differentiated."""
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


def prepared(x: Any, dtype: str, layout: str) -> Any:
    """A drawn operand in a dtype and a layout; what is not an array stays as it is."""
    if not isinstance(x, np.ndarray):
        return x
    x = x.astype(dtype) if is_float(x) else x
    if layout == "contiguous" or x.ndim == 0:
        return x.copy()
    if x.ndim == 1:
        return np.repeat(x, 2)[::2]
    return np.ascontiguousarray(x.swapaxes(0, -1)).swapaxes(0, -1)


def our_tensor(x: Any, gradient: bool) -> Any:
    """The operand for this package, over the same strides: a constructor would copy them away."""
    if not isinstance(x, np.ndarray):
        return x
    tensor = Tensor.detached(x)
    return tensor.requires_grad_() if gradient and is_float(x) else tensor


def their_tensor(x: Any, gradient: bool) -> Any:
    """The operand for PyTorch: a contiguous copy, because some of its functions want no other."""
    if not isinstance(x, np.ndarray):
        return x
    tensor = torch.from_numpy(x.copy(order="C"))
    return tensor.requires_grad_() if gradient and is_float(x) else tensor


# --------------------------------------------------------------------------- near enough
def as_tuple(results: Any) -> tuple[Any, ...]:
    """One result, or several, as a tuple."""
    return tuple(results) if isinstance(results, (tuple, list)) else (results,)


def same_gradient(ours: Any, theirs: Any, tolerance: float, place: str) -> None:
    """As `same`; where one side has None, the other may have zeros."""
    if ours is None or theirs is None:
        left = theirs if ours is None else ours
        assert left is None or not np.any(left.numpy()), f"{place}: one side has no gradient"
        return
    same(ours, theirs, tolerance, place)


def same(ours: Any, theirs: Any, tolerance: float, place: str) -> None:
    """Fail unless shapes and dtypes are equal, and the elements near."""
    got = ours.numpy() if isinstance(ours, Tensor) else np.asarray(ours)
    wanted = (
        theirs.detach().resolve_neg().numpy() if isinstance(theirs, torch.Tensor) else np.asarray(theirs)
    )
    assert got.shape == wanted.shape, f"{place}: shape {got.shape}, PyTorch has {wanted.shape}"
    assert got.dtype == wanted.dtype, f"{place}: dtype {got.dtype}, PyTorch has {wanted.dtype}"
    if wanted.dtype.kind != "f":
        assert np.array_equal(got, wanted), f"{place}: got {got}, PyTorch has {wanted}"
        return
    finite = np.isfinite(wanted)
    assert np.array_equal(got[~finite], wanted[~finite], equal_nan=True), (
        f"{place}: got {got[~finite]} where PyTorch has {wanted[~finite]}"
    )
    assert np.isfinite(got[finite]).all(), f"{place}: {got} is not finite where PyTorch's {wanted} is"
    if not finite.any():
        return
    error = np.abs(got[finite].astype(float) - wanted[finite].astype(float))
    allowed = tolerance * (1 + np.abs(wanted[finite]).max())
    worst = error.argmax()
    assert error[worst] <= allowed, (
        f"{place}: {got[finite][worst]!r} is {error[worst]:.3g} from PyTorch's "
        f"{wanted[finite][worst]!r}, allowed {allowed:.3g}"
    )


# --------------------------------------------------------------------------- what is drawn
ANY = ((), (5,), (2, 3), (2, 3, 4), (0,), (3, 0), (2, 1, 3, 2))
FILLED = ((), (5,), (2, 3), (2, 3, 4), (2, 1, 3, 2))
AXES = ((5,), (2, 3), (2, 3, 4), (2, 1, 3, 2))
PAIRS = (((), ()), ((3,), (3,)), ((2, 3), (3,)), ((2, 1, 4), (3, 1)), ((), (2, 2)), ((0, 3), (3,)))


def uniform(*shapes: tuple[int, ...], low: float = -3, high: float = 3) -> Draw:
    """One operand for each shape, between two bounds."""
    return lambda rng: [np.asarray(rng.uniform(low, high, shape)) for shape in shapes]


def each(shapes: Iterable[tuple[int, ...]] = ANY, low: float = -3, high: float = 3) -> list[Draw]:
    """One operand, of each of these shapes in turn."""
    return [uniform(shape, low=low, high=high) for shape in shapes]


def pairs(low: float = -3, high: float = 3) -> list[Draw]:
    """Two operands whose shapes broadcast."""
    return [uniform(*shapes, low=low, high=high) for shapes in PAIRS]


def chosen(values: Sequence[float], *shapes: tuple[int, ...]) -> Draw:
    """Operands of a few values, so that ties and kinks come up in every example."""
    return lambda rng: [np.asarray(rng.choice(np.array(values, float), shape)) for shape in shapes]


def exactly(*operands: Any) -> Draw:
    """These operands, floats in lists."""
    return lambda rng: [np.array(x, float) if isinstance(x, (list, float)) else x for x in operands]


def integers(low: int, high: int, *shapes: tuple[int, ...]) -> Draw:
    """Operands of integers from low up to high less 1."""
    return lambda rng: [np.asarray(rng.integers(low, high, shape)) for shape in shapes]


def joined(*draws: Draw) -> Draw:
    """The operands of all these draws, one after the other."""
    return lambda rng: [x for draw in draws for x in draw(rng)]
