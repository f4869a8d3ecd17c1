"""Hypothesis strategies of Tensors, operands, geometries and programs, for tests of one's own code."""

from tinygrad_cnn.testing.hypothesis_extra import AVAILABLE as AVAILABLE  # isort: skip

from tinygrad_cnn.testing.program_steps import OPERATIONS, Program, Step
from tinygrad_cnn.testing.strategies.grids import conv_grids, pool_grids
from tinygrad_cnn.testing.strategies.operands import (
    classification_problems,
    conv_problems,
    indices,
    matmul_operands,
    pool_problems,
)
from tinygrad_cnn.testing.strategies.random_programs import modules, programs
from tinygrad_cnn.testing.strategies.tensors_and_arrays import (
    LAYOUTS,
    SHAPES,
    arrays,
    away_from,
    broadcastable,
    laid_out,
    tensors,
)

__all__ = [
    "LAYOUTS",
    "OPERATIONS",
    "SHAPES",
    "Program",
    "Step",
    "arrays",
    "away_from",
    "broadcastable",
    "classification_problems",
    "conv_grids",
    "conv_problems",
    "indices",
    "laid_out",
    "matmul_operands",
    "modules",
    "pool_grids",
    "pool_problems",
    "programs",
    "tensors",
]
