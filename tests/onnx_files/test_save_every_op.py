"""Every op that is written computes the same in the file, by `load` and by onnxruntime."""

from math import prod

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

pytest.importorskip("onnx", minversion="1.21", reason="needs onnx: pip install 'tinygrad-cnn[onnx]'")

from tinygrad_cnn import nn, ops
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.onnx import save
from tinygrad_cnn.onnx.exporters import EXPORTERS
from tinygrad_cnn.testing import CASES

#: Ops that no file can hold, and why.
NOT_WRITTEN = {
    "adjoints, which only derivatives use": {
        ops.AddAlongAxis, ops.ConvKernel, ops.Gate, ops.PadAdd, ops.Pick, ops.Place, ops.PlaceDiagonal,
        ops.Cofactors, ops.Recurrence, ops.Resample, ops.SincSlope, ops.Spread, ops.SumTo,
        ops.TapProduct, ops.TapSpread, ops.WeightedDifferences,
    },
    "losses: files are of networks": {
        ops.AbsoluteError, ops.BinaryCrossEntropy, ops.BinaryCrossEntropyWithLogits, ops.CTC,
        ops.HingeEmbedding, ops.Huber, ops.KLDivergence, ops.MultiMargin, ops.NegativeLogLikelihood,
        ops.SoftTargetCrossEntropy, ops.SoftmaxCrossEntropy, ops.SquaredError,
    },
    "takes positions that were found in the input": {ops.MaxUnpool},
    "draws its windows anew at each call": {ops.FractionalMaxPool},
    "has no operator before version 26": {ops.CumProd},
    "has no operator": {
        ops.Arctan2, ops.BesselI, ops.CumExtreme, ops.Diagonal, ops.Erfinv, ops.Lgamma, ops.Polygamma,
        ops.PairDistances, ops.Step, ops.TapSum,
    },
    "has no operator that keeps small terms": {ops.LogCumSumExp},
    "matrices: determinants are all that ONNX has": {
        ops.Cholesky, ops.Inverse, ops.OrthogonalTriangular, ops.PseudoInverse, ops.SingularValues,
        ops.Solve, ops.SymmetricEigen,
    },
}  # fmt: skip


class OneOp(nn.Module):
    """An op as a model: its first operand comes in, the others are parameters."""

    def __init__(self, make, others):
        self.make = make
        for k, operand in enumerate(others):
            setattr(self, f"p{k}", nn.Parameter(operand))

    def forward(self, x):
        return self.make()(x, *self.parameters())


def test_no_reason_is_stale():
    reasons = [op for listed in NOT_WRITTEN.values() for op in listed]
    assert len(reasons) == len(set(reasons)) and set(reasons) <= set(CASES)
    assert not set(reasons) & set(EXPORTERS)
    assert set(CASES) == set(reasons) | set(EXPORTERS) & set(CASES)  # each is written, or has its reason


WRITTEN = sorted(set(EXPORTERS) & set(CASES) - {ops.Dropout}, key=lambda op: op.__name__)


#: The usual one, the oldest and the newest, and where operators changed.
OPSETS = st.sampled_from([21, 13, 15, 17, 20, 22])


@pytest.mark.parametrize("op", WRITTEN, ids=lambda op: op.__name__)
@settings(max_examples=4)
@given(data=st.data())
def test_the_file_computes_what_the_op_computes(tmp_path_factory, op, data):
    problem = data.draw(CASES[op].problems)
    x, *others = (operand.astype(np.float32) for operand in problem.operands)
    # Programs differ in what they do without elements, and some refuse.
    assume(all(prod(operand.shape) for operand in (x, *others)))
    path = tmp_path_factory.getbasetemp() / "op.onnx"
    try:
        save(OneOp(problem.make, others), path, x, dynamic=(), opset=data.draw(OPSETS))
    except ArgumentError as error:
        assert any(word in str(error) for word in REFUSED), error


#: Forms of ops that are refused with their reason.
REFUSED = (
    "by several arrays at once",
    "evenly",
    "a mask of several axes",
    "a single mask",
    "other than planes",
    "several values at one place",
    "from opset",
    "none of Resize's",
)
