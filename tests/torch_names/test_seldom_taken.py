"""Branches that programs seldom take: one call through each."""

import copy
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import torch
from tinygrad_cnn.errors import FormatError, StateError
from tinygrad_cnn.torch import comparison
from tinygrad_cnn.torch.files import containers, makers
from tinygrad_cnn.torch.generators import Draws
from tinygrad_cnn.torch.nn.utils import prune
from tinygrad_cnn.torch.tensors import native
from tinygrad_cnn.torch.utils import tensorboard
from tinygrad_cnn.torch.utils._pytree import tree_flatten
from tinygrad_cnn.torch.view_links import rearrange

pytest.importorskip("PIL", reason="images are an extra")

from tinygrad_cnn.torchvision.datasets.vision import VisionDataset
from tinygrad_cnn.torchvision.models import inception
from tinygrad_cnn.torchvision.transforms import v2


def test_shapes_of_trees_are_compared() -> None:
    one, same, other = (tree_flatten(tree)[1] for tree in ([1, 2], [3, 4], [1, [2]]))
    assert one == same and one != other and one != 2
    assert not one.is_leaf() and one.children_specs[0].is_leaf()


def test_a_data_set_changes_image_and_target_together() -> None:
    data = VisionDataset("nowhere", transforms=lambda image, target: (target, image))
    assert data.changed("image", "target") == ("target", "image")


def test_weights_of_inception_want_the_input_that_they_were_trained_with(monkeypatch: Any) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(inception, "Inception3", lambda **options: given.update(options))
    monkeypatch.setattr(inception, "filled", lambda *_: None)
    inception.inception_v3(pretrained=True)
    assert given == {"transform_input": True}


def test_a_tensor_is_a_pure_one_already() -> None:
    x = torch.ones(2)
    assert v2.ToPureTensor()(x) is x


def test_a_tensor_is_pruned_without_a_module() -> None:
    method = prune.L1Unstructured(amount=1)
    np.testing.assert_array_equal(method.prune(torch.tensor([3.0, -1.0, 2.0])).numpy(), [3, 0, 2])
    layer = torch.nn.Linear(2, 2)
    applied = prune.L1Unstructured.apply(layer, "weight", amount=1)
    applied.remove(layer)
    assert "weight" in dict(layer.named_parameters()) and int((layer.weight == 0).sum()) == 1


def test_a_tensor_to_the_power_of_an_array_of_numpy() -> None:
    x = torch.tensor([2.0, 3.0])
    np.testing.assert_array_equal((x ** np.array([1.0, 2.0], np.float32)).numpy(), [2, 9])


def test_the_state_of_a_parameter_is_a_dict() -> None:
    optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=0.1)
    state = {**optimizer.state_dict(), "state": {0: 5}}
    with pytest.raises(StateError, match="a dict for the number of each parameter"):
        optimizer.load_state_dict(state)


def test_a_part_that_begins_outside_is_refused() -> None:
    with pytest.raises(IndexError, match="start 5 is out of range for a size of 2"):
        torch.narrow(torch.ones(2), 0, 5, 1)


def test_a_tensor_that_requires_grad_is_no_array_by_itself() -> None:
    with pytest.raises(RuntimeError, match=r"Use tensor.detach\(\).numpy\(\) instead"):
        np.asarray(torch.ones(2, requires_grad=True))
    assert torch.ones(2).__array__(np.float64, copy=True).dtype == np.float64


def test_other_sizes_and_numbers_that_are_not_finite_are_told() -> None:
    def made(*values: float) -> comparison.Note:
        return comparison.Note("f", 1, "x", "float32", list(values), 1.0)

    assert "1 numbers with PyTorch, 2 with" in comparison._shown(made(0), made(0, 1))
    assert "NaN or infinite elements: 1 with PyTorch" in comparison._shown(made(1, 2), made(0, 2))


def test_containers_in_files_that_hold_something_else_are_refused() -> None:
    with pytest.raises(FormatError, match="a deque of something else than a list"):
        containers._deque({1: 2})
    with pytest.raises(FormatError, match="bytes with arguments"):
        containers._bytes(3)
    assert containers._bytes() == b"" and list(containers._deque([1, 2], 1)) == [2]


def test_draws_of_numpys_names_are_those_of_the_seed() -> None:
    torch.manual_seed(0)
    first = Draws().exponential(2.0, (2, 3))
    torch.manual_seed(0)
    np.testing.assert_array_equal(first, Draws().exponential(2.0, (2, 3)))
    assert first.shape == (2, 3) and (first > 0).all()


def test_lines_of_other_words_differ() -> None:
    assert comparison._alike("loss 0.50000", "loss 0.50001")
    assert not comparison._alike("loss 0.5", "error 0.5")


def test_a_default_that_runs_code_is_refused() -> None:
    with pytest.raises(FormatError, match="a defaultdict that makes"):
        containers._with_default(print)


def test_a_buffer_of_a_file_is_a_buffer() -> None:
    function = makers.Name("torch._utils", "_rebuild_tensor_v2", makers.rebuilt)
    kind = makers.Name("torch.nn.parameter", "Buffer")
    made = makers._of_type(function, kind, (np.arange(2, dtype="f4"), 0, (2,), (1,)), {"persistent": False})
    assert isinstance(made, torch.nn.Buffer) and made.tolist() == [0.0, 1.0]


def test_a_grad_fn_says_its_name() -> None:
    y = torch.ones(2, requires_grad=True) * 2
    assert repr(y.grad_fn).startswith("<MulBackward0 object at 0x")


def test_an_attention_of_another_size_is_refused() -> None:
    x = torch.ones(1, 1, 4)
    with pytest.raises(AssertionError, match="expecting embedding dimension of 6, but got 4"):
        torch.nn.functional.multi_head_attention_forward(
            x, x, x, 6, 2, None, None, None, None, False, 0.0, None, None
        )


def test_a_tensor_of_here_has_a_native_one_beside_it() -> None:
    x = torch.ones(2)
    assert native(x).node is x.node and native(3) == 3


def test_a_function_is_applied_and_not_called() -> None:
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

    with pytest.raises(RuntimeError, match="Twice: an autograd Function is not made and called"):
        Twice()(torch.ones(1))


def test_numbers_and_shapes_that_are_refused() -> None:
    x = torch.ones(2, 3)
    with pytest.raises(ValueError, match="float: only one element"):
        float(x)
    with pytest.raises(RuntimeError, match="flatten: start_dim 1 comes after end_dim 0"):
        torch.flatten(x, 1, 0)
    assert torch.flatten(torch.tensor(1.0)).tolist() == [1.0]
    with pytest.raises(RuntimeError, match="index 3 is out of bounds for dimension 1 with size 3"):
        x.scatter(1, torch.tensor([[0, 3]]), 2.0)


def test_what_objects_print_and_are_called() -> None:
    layer = torch.nn.Linear(1, 1)
    assert list(eval(repr(layer._buffers), {"OrderedDict": dict})) == []
    assert "weight" in repr(layer._parameters)
    assert repr(torch.optim.optimizer.required) == "<required parameter>"
    scores = torch.zeros(2, 3, 2, 2, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(scores, torch.zeros(2, 2, 2, dtype=torch.long))
    assert "NllLoss2DBackward0" in str(loss.grad_fn)


def test_draws_of_native_layers_come_from_the_generator() -> None:
    torch.manual_seed(0)
    one = Draws().exponential(2.0, (2, 3))
    torch.manual_seed(0)
    assert one.shape == (2, 3) and (one == 2 * Draws().exponential(1.0, (2, 3))).all()
    assert Draws().exponential().shape == ()
    assert copy.deepcopy(draws := Draws()) is draws


def test_what_a_file_says_is_a_parameter_stays_one_as_a_tensor() -> None:
    kind, parameter = makers.Name("torch", "Tensor"), makers.Name("torch", "rebuilt", makers._parameter)
    made = makers._of_type(parameter, kind, (torch.ones(2), True, None), {})
    assert type(made) is torch.nn.Parameter


def test_a_rearrangement_that_changes_nothing_leaves_the_tensor() -> None:
    x = torch.ones(2, 1)
    node = x._node
    assert rearrange(x, lambda before: before) is x and x._node is node


def test_where_tensorboard_writes() -> None:
    writer = tensorboard.SummaryWriter.__new__(tensorboard.SummaryWriter)
    writer._writer = SimpleNamespace(logdir="runs/one")
    assert writer.log_dir == writer.get_logdir() == "runs/one"
