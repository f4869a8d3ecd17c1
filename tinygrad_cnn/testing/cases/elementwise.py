"""Cases: arithmetic and functions of each element by itself."""

from __future__ import annotations

import math

from tinygrad_cnn import ops
from tinygrad_cnn.graph import Op
from tinygrad_cnn.testing.cases.problem import Case, each, elementwise, pairs

CASES: dict[type[Op], Case] = {
    ops.Add: Case(pairs(ops.Add, (-2, 2), (-2, 2)), elementwise(lambda a, b: a + b)),
    ops.Sub: Case(pairs(ops.Sub, (-2, 2), (-2, 2)), elementwise(lambda a, b: a - b)),
    ops.Mul: Case(pairs(ops.Mul, (-2, 2), (-2, 2)), elementwise(lambda a, b: a * b), (0, 1)),
    ops.Div: Case(pairs(ops.Div, (-2, 2), (0.5, 2)), elementwise(lambda a, b: a / b), (0,)),
    ops.Neg: Case(each(ops.Neg), elementwise(lambda x: -x), (0,)),
    ops.Pow: Case(pairs(ops.Pow, (0.5, 2), (-2, 2)), elementwise(lambda a, b: a**b)),
    ops.Exp: Case(each(ops.Exp), elementwise(math.exp)),
    ops.Log: Case(each(ops.Log, 0.5, 3), elementwise(math.log)),
    ops.Cast: Case(each(lambda: ops.Cast("float64")), elementwise(float), (0,)),
}
