"""Inputs that a function takes, found by trial: shapes, ranges, constants, until results are finite."""

from __future__ import annotations

import inspect
import itertools
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.testing.check.subjects import Subject
from tinygrad_cnn.testing.frameworks.base import Framework

#: Where elements are drawn from, in the order of trial.
RANGES = ((-3.0, 3.0), (0.1, 0.9), (1.1, 3.0))

#: Shapes of the arrays, by how many there are, in the order of trial.
SHAPES: dict[int, list[tuple[tuple[int, ...], ...]]] = {
    1: [((2, 3),), ((3, 3),), ((4,),), ((2, 4),), ((),), ((1, 2, 6),), ((1, 2, 6, 6),), ((1, 4, 3, 3),)],
    2: [
        *(((2, 3),) * 2, ((3, 3),) * 2, ((4,),) * 2, ((),) * 2, ((2, 3), (3, 4)), ((2, 3), (4, 3))),
        *(((2, 3), (3,)), ((1, 2, 6), (3, 2, 2)), ((1, 2, 5, 5), (3, 2, 2, 2)), ((3,), (2, 3))),
    ],
    3: [
        *(((2, 3),) * 3, ((4,),) * 3, ((2, 3), (4, 3), (4,)), ((2, 3), (3, 4), (4,))),
        *(((2, 3), (3,), (3,)), ((1, 2, 6), (3, 2, 2), (3,)), ((1, 2, 5, 5), (3, 2, 2, 2), (3,))),
        ((2, 3), (2, 4), (5, 3, 4)),
    ],
    4: [((2, 3),) * 4, ((4,),) * 4],
}

#: What stands for a parameter that is no array of floats: an axis, a size, labels.
CONSTANTS = (
    "1",
    "2",
    "3",
    "np.array([0, 2])",
    "np.array([0, 2, 1])",
    "np.array([1.0, 0.0])",
    "(2, 3)",
    "(3,)",
)

#: What stands before the arrays, where that alone is missing: a mask.
MASK = "np.array([True, False, True])"

#: So many draws have to be finite.
DRAWS = 4


class Drawn(NamedTuple):
    """An array that a test draws.

    Attributes:
        shape, low, high: of its elements.
    """

    shape: tuple[int, ...]
    low: float
    high: float


class Inputs(NamedTuple):
    """What a function is called with.

    Attributes:
        names: of the parameters.   values: `Drawn`, or the text of a constant.
        refused: classes of errors that it raises at some points.
    """

    names: list[str]
    values: list[Drawn | str]
    refused: list[type[Exception]]


def found_inputs(function: str, name: str, fn: Callable[..., Any], framework: Framework) -> Inputs:
    """Inputs of a function, at which its results are finite.

    Args:
        function: the caller, for messages.   name: of the function, for messages.
        fn: the function.   framework: whose it is.
    Raises:
        ArgumentError: none of those that are tried fits.

    >>> from tinygrad_cnn import functional as F
    >>> from tinygrad_cnn.testing.frameworks.own_tensors import OwnTensors
    >>> found_inputs("f", "F.log", F.log, OwnTensors()).values
    [Drawn(shape=(2, 3), low=0.1, high=0.9)]
    """
    known = _parameters(fn)
    for count in [len(known)] if known is not None else (1, 2, 3):
        for values in _tried(count):
            if not _finite(fn, framework, values):
                continue
            names = known if known is not None else ["x", "y", "z"][:count]
            return Inputs(names, values, _refused(fn, framework, values))
    raise ArgumentError(
        f"{function}: no inputs were found for {name}: arrays of shapes such as (2, 3), and numbers for "
        "axes and sizes, were tried; wrap it in a function of arrays alone"
    )


def _parameters(fn: Callable[..., Any]) -> list[str] | None:
    """The parameters that need a value; None where nobody knows."""
    try:
        signature = inspect.signature(fn)
    except (TypeError, ValueError):
        return None
    parameters = signature.parameters.values()
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    return [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]


def _tried(count: int) -> Iterator[list[Drawn | str]]:
    """All arrays first, a mask and arrays, then fewer arrays and one or two constants after them."""

    def drawn(arrays: int, ranges: Sequence[tuple[float, float]]) -> Iterator[list[Drawn | str]]:
        for shapes, (low, high) in itertools.product(SHAPES.get(arrays, ()), ranges):
            yield [Drawn(shape, low, high) for shape in shapes]

    yield from drawn(count, RANGES)
    yield from ([MASK, *values] for values in drawn(count - 1, RANGES))
    for constants in (1, 2):
        for rest in itertools.product(CONSTANTS, repeat=constants):
            yield from (
                [*values, *rest] for values in drawn(count - constants, RANGES[: 5 - 2 * constants])
            )


def made(values: Sequence[Drawn | str], fill: Callable[[Drawn], Any]) -> list[Any]:
    """The inputs themselves, arrays as `fill` makes them.

    >>> made([Drawn((2,), 0.0, 1.0), "2"], lambda drawn: np.ones(drawn.shape))
    [array([1., 1.]), 2]
    """
    return [fill(v) if isinstance(v, Drawn) else eval(v, {"np": np}) for v in values]


def _finite(fn: Callable[..., Any], framework: Framework, values: Sequence[Drawn | str]) -> bool:
    """Whether the function gives finite floats for some draws."""
    rng = np.random.default_rng(0)
    for _ in range(DRAWS):
        given = made(values, lambda d: np.asarray(rng.uniform(d.low, d.high, d.shape)))
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                subject = Subject(framework, fn, given)
                results = subject.outputs(subject.points)
        except Exception:  # it takes something else
            return False
        if not results or not all(y.size and np.isfinite(y).all() for y in results):
            return False
    return True


def _refused(
    fn: Callable[..., Any], framework: Framework, values: Sequence[Drawn | str]
) -> list[type[Exception]]:
    """What it raises where all elements are alike, which a random draw does not show."""
    found: list[type[Exception]] = []
    for value in ("low", "high", "zero"):
        given = made(values, lambda d, v=value: np.full(d.shape, _within(d, v)))  # type: ignore[misc]
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                subject = Subject(framework, fn, given)
                subject.outputs(subject.points)
        except Exception as error:
            found += [type(error)] if type(error) not in found else []
    return found


def _within(drawn: Drawn, value: str) -> float:
    return {"low": drawn.low, "high": drawn.high, "zero": min(max(0.0, drawn.low), drawn.high)}[value]
