"""Which operands the device's own kernels leave to whole-array operations, and rare results of those."""

from types import SimpleNamespace

import numpy as np
import pytest

from tinygrad_cnn import Tensor
from tinygrad_cnn import functional as F
from tinygrad_cnn.grid import Grid
from tinygrad_cnn.kernels import numpy as reference
from tinygrad_cnn.kernels.device import fused, rows
from tinygrad_cnn.kernels.device import loss as losses
from tinygrad_cnn.kernels.device import pool as pools
from tinygrad_cnn.ops.reduce import largest
from tinygrad_cnn.testing.stand_in import stand_in_device
from tinygrad_cnn.testing.stand_in.array import TRANSFERS
from viz.animation import backward_walk

LINES = Grid((4,), (2,), (2,), ((0, 0),), (1,))
SQUARE = Grid((4, 4), (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1))
X, NONE, ROWS = np.ones((2, 3, 4, 4)), np.ones((0, 3)), np.ones((4, 3))
LEFT = [
    (fused._averaged, "avg_pool", X[:, :, 0], (2,), LINES, True),
    (fused._max_pool_places, X[:, :, 0], LINES),
    (fused._place, X, np.ones(X.shape, np.int64), SQUARE),
    (fused._batch_norm, NONE, ROWS[0], ROWS[0], 1e-5),
    (fused._batch_norm_slope, ROWS, ROWS, ROWS[0], ROWS[0], ROWS[0], 1e-5, False),
    (fused._layer_norm, ROWS, ROWS[0, :1], ROWS[0], 1, 1e-5),
    (fused._layer_norm_slope, ROWS, ROWS, ROWS[0], 1, 1e-5, False),
    (fused._cross_entropy, X, np.ones((2, 4, 4), int), np.ones(2)),
    (fused._cross_entropy_slope, ROWS, np.ones(4, int), np.ones(4)),
    (fused._sgd, ROWS[:, ::2], ROWS[:, ::2], None, 0.1, 0, 0, 0, False),
    (fused._adam, ROWS[:, ::2], ROWS, ROWS, ROWS, None, 1, 0.1, 0.9, 0.99, 1e-8, 0, 0),
]


def test_what_the_own_kernels_do_not_know_is_left_alone():
    """No kernel is launched, and nothing is written."""

    def launch(name, *given):
        raise AssertionError(f"{name} was launched")

    for kernel, *operands in LEFT:
        head, rest = (operands[:1], operands[1:]) if kernel is fused._averaged else ([], operands)
        assert kernel(*head, launch, *rest) is NotImplemented, kernel.__name__


def test_two_float_types_are_for_whole_arrays(device, monkeypatch):
    monkeypatch.setattr(
        fused.devices, "backend_of", lambda x: SimpleNamespace(launcher=lambda like: "launch")
    )
    monkeypatch.setattr(fused.serving, "wants_reference", lambda: False)
    x = Tensor(np.ones((2, 3))).to(device)._array
    assert fused._launch((x, np.ones(3, np.float32))) is None
    assert fused._launch((x, np.ones(3))) == "launch"


def test_rare_results_are_those_of_the_host(device):
    x = np.arange(12.0).reshape(4, 3)
    there = Tensor(x).to(device)._array

    def host(array):
        return Tensor.at(array, None).cpu().numpy()

    np.testing.assert_allclose(host(rows.row_sums(there)), reference.row_sums(x))
    with pytest.raises(IndexError, match="a place is outside of an axis of length 2"):
        rows.add_rows(there.reshape(1, 4, 3), np.array([0, 1, 2, 0]), 2)
    empty = there[:0]
    assert losses.softmax(empty, 0).shape == losses.log_softmax(empty, 0).shape == (0, 3)
    assert host(largest(empty, (0,), -5.0)).tolist() == [[-5.0] * 3]
    uneven = Grid((3, 3), (2, 2), (1, 1), ((1, 0), (1, 0)), (1, 1))
    image = np.arange(9.0).reshape(1, 1, 3, 3)
    found = pools.avg_pool(Tensor(image).to(device)._array, uneven, False)
    np.testing.assert_allclose(host(found), reference.avg_pool(image, uneven, False))
    assert F.concatenate([np.ones(2)]).tolist() == [1, 1]  # arrays of the host alone, beside a device


def test_sums_of_rows_and_of_columns() -> None:
    np.testing.assert_array_equal(rows.row_sums(ROWS), ROWS.sum(axis=1))
    np.testing.assert_array_equal(rows.column_sums(X[0]), X[0].sum(axis=1))


def test_methods_whose_result_waits_for_the_device_are_counted() -> None:
    with stand_in_device() as place:
        x = Tensor(np.array([0.0, 2.0])).to(place)._array
        before = TRANSFERS["nonzero"]
        assert len(x.nonzero()) == 1
        assert TRANSFERS["nonzero"] == before + 1


def test_a_result_that_was_moved_lies_where_it_was_moved_to() -> None:
    with stand_in_device() as place:
        moved = Tensor([1.0], requires_grad=True).to(place)
        assert backward_walk._place(moved.node) == moved.device
