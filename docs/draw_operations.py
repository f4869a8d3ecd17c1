"""Draw each op with its derivative: a small graph of a problem of its own case, for its card.

Red arrows run back: the gradients that the derivative gives, for a gradient of ones at the result.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings

import viz
from tinygrad_cnn import Tensor
from tinygrad_cnn.errors import TinygradCnnError
from tinygrad_cnn.graph import Op
from tinygrad_cnn.serial import writing
from tinygrad_cnn.testing import CASES
from tinygrad_cnn.testing.cases import Problem
from viz.output.engines import draw_all

#: How many problems of a case are looked at for the one that is drawn.
LOOKED_AT = 20


def problem(op: type[Op]) -> Problem:
    """Of the first problems of a case, the smallest whose operands have at least two elements each.

    >>> from tinygrad_cnn import ops
    >>> problem(ops.Exp).make()
    Exp()
    """
    found: list[Problem] = []

    @settings(
        max_examples=LOOKED_AT, derandomize=True, database=None, phases=[Phase.generate],
        deadline=None, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(CASES[op].problems)
    def look(drawn: Problem) -> None:
        found.append(drawn)

    look()
    return min(found, key=lambda one: _weight(one.operands))


def _weight(operands: list[Any]) -> tuple[int, int]:
    """By which the smallest is chosen: what has no elements last, single numbers before them."""
    sizes = [np.size(x) for x in operands]
    return (2 if 0 in sizes else int(1 in sizes)), sum(sizes)


def drawing(op: type[Op]) -> str:
    """The DOT text of an op's picture.

    >>> from tinygrad_cnn import ops
    >>> "exp" in drawing(ops.Exp)
    True
    """
    chosen = problem(op)
    names = _names(op, len(chosen.operands))
    operands = [_operand(x, name) for x, name in zip(chosen.operands, names, strict=True)]
    with viz.record() as recorder:
        result = chosen.make()(*operands)
        if result.requires_grad:
            result.backward(np.ones_like(result.data))
    shown = {"gradients": "arrows"} if result.requires_grad else {}
    return viz.graph(result, recorder=recorder, title="", values=True, **shown).source


def _names(op: type[Op], count: int) -> list[str]:
    """The operands' names in the op's own code; those of `*x` are x0, x1, ..."""
    names: list[str] = []
    for parameter in inspect.signature(op.forward).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}{k}" for k in range(count)]
        else:
            names.append(parameter.name)
    return names[1 : count + 1]  # aside from self


def _operand(x: Any, name: str) -> Tensor:
    """An operand with two decimals; what is no float wants no gradient."""
    array = np.asarray(x)
    wants = bool(np.issubdtype(array.dtype, np.floating))
    return Tensor(np.round(array, 2) if wants else array, requires_grad=wants, name=name)


def draw(folder: Path) -> dict[str, str]:
    """Draw every op into a folder, by one start of the layout engine.

    Returns:
        Op -> why it has no picture, for those without.
    """
    folder.mkdir(exist_ok=True)
    texts, without = {}, {}
    for op in CASES:
        try:
            texts[op.__name__] = drawing(op)
        except (TinygradCnnError, TypeError, ValueError) as error:
            without[op.__name__] = f"{type(error).__name__}: {error}"
    for name, svg in zip(texts, draw_all(list(texts.values()), timeout=300), strict=True):
        with writing(folder / f"{name}.svg") as temporary:
            temporary.write_text(re.sub(r"<!--.*?-->\n?", "", svg, flags=re.S), encoding="utf-8")
    return without


if __name__ == "__main__":
    for name, reason in draw(Path(__file__).with_name("operations")).items():
        print(f"{name}: {reason}")
