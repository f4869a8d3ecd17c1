"""The strategies draw what they promise, and quickly."""

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cnn import Tensor
from tinygrad_cnn import functional as F
from tinygrad_cnn.testing import strategies as our


@settings(max_examples=50)
@given(our.tensors(layout="any", dtype=st.sampled_from([np.float32, np.float64]), low=-1, high=2))
def test_tensors_keep_their_bounds_in_every_layout(x: Tensor) -> None:
    assert x.requires_grad and x.dtype in (np.float32, np.float64)
    assert ((x.numpy() >= -1) & (x.numpy() <= 2)).all()
    (x * 2).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), 2)


@pytest.mark.parametrize("layout", our.LAYOUTS)
def test_layouts_are_what_they_say(layout: str) -> None:
    values = np.arange(24.0).reshape(2, 3, 4)
    x = our.laid_out(values, layout)
    np.testing.assert_array_equal(x, values)
    assert x.flags.c_contiguous == (layout == "contiguous")


def test_tensors_shrink_in_shape_and_to_zeros() -> None:
    x = find(our.tensors(), lambda t: t.size > 20)
    assert x.size in range(21, 26) and not x.numpy().any()


def test_values_shrink_to_whole_numbers() -> None:
    x = find(our.arrays((3, 5)), lambda x: x.max() > 3)
    assert x.max() > 3 and (x == np.trunc(x)).all()
    y = find(our.arrays((3, 5), low=0.5, high=1.5), lambda x: len(np.unique(x)) > 1)
    assert ((y >= 0.5) & (y <= 1.5)).all()
    few = find(our.arrays((2,)), lambda x: x.sum() > 3)
    assert (few == np.trunc(few)).all()


def test_large_examples_cost_little() -> None:
    """Counted, not timed: ten thousand elements take as few choices as thirty do."""

    @settings(max_examples=5, database=None)
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        x = data.draw(our.arrays((100, 100)))
        assert x.shape == (100, 100)
        assert len(data.conjecture_data.nodes) < 32

    draw()


@given(our.away_from([0.0, 1.0], (6,)))
def test_away_from_keeps_its_gaps(x: np.ndarray) -> None:
    for point in (0.0, 1.0):
        assert (abs(x - point) >= 0.0999).all()
    assert (np.diff(np.sort(x)) >= 0.0999).all()


@given(our.away_from([0.0], (50,), ties=True, low=-1, high=1))
def test_away_from_with_ties(x: np.ndarray) -> None:
    assert (abs(x) >= 0.0999).all()


@given(our.broadcastable(3))
def test_broadcastable(xs: list[np.ndarray]) -> None:
    np.broadcast_shapes(*(x.shape for x in xs))


@given(our.matmul_operands())
def test_matmul_operands(ab: tuple[np.ndarray, np.ndarray]) -> None:
    np.testing.assert_allclose(F.matmul(*ab), ab[0] @ ab[1], strict=True)


@given(st.data(), our.SHAPES)
def test_indices(data: st.DataObject, shape: tuple[int, ...]) -> None:
    x, key = np.zeros(shape), data.draw(our.indices(shape))
    np.testing.assert_array_equal(F.index(x, key), x[key], strict=True)


@settings(max_examples=50)
@given(our.conv_problems())
def test_conv_problems_are_valid(problem) -> None:
    x, w, options = problem
    assert F.conv2d(x, w, **options).shape[:2] == (len(x), len(w))


@settings(max_examples=50)
@given(our.pool_problems())
def test_pool_problems_are_valid(problem) -> None:
    x, options = problem
    assert F.max_pool2d(x, **options).shape[:2] == x.shape[:2]
    assert len(np.unique(x)) == x.size


@given(our.classification_problems())
def test_classification_problems_are_valid(problem) -> None:
    x, labels = problem
    assert np.isfinite(F.cross_entropy(x, labels, reduction="sum"))


@given(our.norm_problems())
def test_norm_problems_are_valid(problem) -> None:
    name, (x,), options = problem
    assert getattr(F, name)(x, **options).shape == x.shape


@given(our.attention_problems())
def test_attention_problems_are_valid(problem) -> None:
    (q, _, v), options = problem
    y = F.scaled_dot_product_attention(*problem[0], **options)
    assert y.shape == (*q.shape[:-1], v.shape[-1]) and np.isfinite(y).all()


@given(our.recurrent_problems())
def test_recurrent_problems_are_valid(problem) -> None:
    name, operands = problem
    y = getattr(F, name)(*operands)
    assert (y[0] if name == "lstm_cell" else y).shape == operands[1].shape


@given(our.loss_problems())
def test_loss_problems_are_valid(problem) -> None:
    name, x, target, options = problem
    assert np.isfinite(getattr(F, name)(x, target, **options)).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fails", "size"),
    [(lambda x: x.max() > 3, 1), (lambda x: x.ndim == 2 and (x < 0).any(), 1), (lambda x: x.sum() > 35, 4)],
)
def test_failures_shrink_as_far_as_arrays_of_hypothesis(fails, size: int) -> None:
    """The sizes are what `hnp.arrays` comes down to: it needs as many elements."""
    shapes = hnp.array_shapes(max_dims=2, max_side=4)
    assert find(our.arrays(shapes), lambda x: bool(fails(x))).size == size


def test_one_bad_element_of_many_is_found() -> None:
    x = find(our.arrays((10, 20)), lambda x: x[3, 17] > 2)
    assert np.count_nonzero(x) == 1 and x[3, 17] > 2


@given(our.arrays((30,), dtype=st.sampled_from([np.float16, np.float32]), low=0.1, high=0.7))
def test_bounds_hold_in_narrow_types(x: np.ndarray) -> None:
    assert (x.astype(float) >= 0.1).all() and (x.astype(float) <= 0.7).all()
