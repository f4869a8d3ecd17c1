"""Hypothesis strategies of Tensors, operands, geometries and programs, for tests of one's own code."""

from tinygrad_cnn.testing.hypothesis_extra import AVAILABLE as AVAILABLE  # isort: skip

from tinygrad_cnn.testing.program_steps import OPERATIONS, Program, Step
from tinygrad_cnn.testing.strategies.grids import conv_grids, pool_grids
from tinygrad_cnn.testing.strategies.layer_problems import (
    attention_problems,
    loss_problems,
    norm_problems,
    recurrent_problems,
)
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
    any_tensors,
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
    "any_tensors",
    "arrays",
    "attention_problems",
    "away_from",
    "broadcastable",
    "classification_problems",
    "conv_grids",
    "conv_problems",
    "indices",
    "laid_out",
    "loss_problems",
    "matmul_operands",
    "modules",
    "norm_problems",
    "pool_grids",
    "pool_problems",
    "programs",
    "recurrent_problems",
    "tensors",
]
