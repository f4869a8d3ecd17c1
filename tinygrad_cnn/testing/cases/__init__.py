"""The table of cases: for every op, a strategy that draws problems, and what it should compute.

One file per family, as in `ops`: the strategies, the slow references and the table of the family.
`CASES` must name every op: a test sees to it.
"""

from tinygrad_cnn.testing.hypothesis_extra import AVAILABLE as AVAILABLE  # isort: skip

from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases import (
    activation,
    arrange,
    conv,
    distances,
    elementwise,
    embedding,
    index,
    linalg,
    loss,
    matrices,
    norm,
    pad,
    pool,
    random,
    rectifier,
    recurrent,
    reduce,
    resample,
    rounding,
    scan,
    select,
    shape,
    taps,
    trigonometry,
)
from tinygrad_cnn.testing.cases.problem import Case as Case
from tinygrad_cnn.testing.cases.problem import Problem as Problem

FAMILIES = (
    activation,
    arrange,
    conv,
    distances,
    elementwise,
    embedding,
    index,
    linalg,
    loss,
    matrices,
    norm,
    pad,
    pool,
    random,
    rectifier,
    recurrent,
    reduce,
    resample,
    rounding,
    scan,
    select,
    shape,
    taps,
    trigonometry,
)

CASES: dict[type[Op], Case] = {op: case for family in FAMILIES for op, case in family.CASES.items()}
