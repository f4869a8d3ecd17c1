"""What a Tensor of `tinygrad_cnn.torch` does that a native one does not."""

import copy

import numpy as np
import pytest

import tinygrad_cnn
from tinygrad_cnn import torch
from tinygrad_cnn.torch.refusals import nearest


def test_results_stay_of_its_class():
    x = torch.ones(2, 2, requires_grad=True)
    for result in (
        x + 1,
        1 - x,
        x @ x,
        x.sum(),
        x[0],
        x.view(-1),
        torch.exp(x),
        x.detach(),
        x.grad_fn or x,
    ):
        assert isinstance(result, torch.Tensor)
    x.sum().backward()
    assert type(x.grad) is torch.Tensor and isinstance(x, tinygrad_cnn.Tensor)


def test_native_functions_take_it_and_give_it():
    x = torch.ones(2, 3, requires_grad=True)
    y = tinygrad_cnn.functional.softmax(x, axis=1)
    assert type(y) is torch.Tensor and y.shape == (2, 3)


def test_types_mix_as_in_pytorch():
    i, f = torch.arange(3), torch.ones(3)
    assert (i + 1.5).dtype == torch.float32 and (i / 2).dtype == torch.float32
    assert (f + torch.tensor(1.0, dtype=torch.float64)).dtype == torch.float32
    assert (f + torch.ones(3, dtype=torch.float64)).dtype == torch.float64
    assert (i + i.int()).dtype == torch.int64 and (i > 1).dtype == torch.bool


def test_writing_in_place_is_recorded():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 2
    y.add_(1).mul_(x)
    y[0] = 5.0
    y.sum().backward()
    assert y.tolist() == [5.0, 10.0, 21.0] and x.grad.tolist() == [0.0, 9.0, 13.0]


def test_a_write_to_a_view_reaches_its_base():
    x = torch.ones(2, 3, requires_grad=True)
    y = x * 1
    y[0].mul_(3)
    y.view(-1)[5] = x[0, 0] * 7
    y.t()[1].add_(1)
    assert y.tolist() == [[3.0, 4.0, 3.0], [1.0, 2.0, 7.0]]
    y.sum().backward()
    assert x.grad.tolist() == [[10.0, 3.0, 3.0], [1.0, 1.0, 0.0]]


def test_rows_of_zeros_can_be_filled_step_by_step():
    w = torch.tensor(0.5, requires_grad=True)
    h = torch.zeros(4)
    for t in range(1, 4):
        h[t] = h[t - 1] * w + 1
    h[3].backward()
    assert h.tolist() == [0.0, 1.0, 1.5, 1.75] and w.grad.item() == 2.0


def test_a_leaf_is_not_written_while_recording():
    w = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        w.add_(1)
    with torch.no_grad():
        w.add_(1)
    w.data.mul_(2)
    assert w.tolist() == [4.0, 4.0]


def test_overwriting_what_backward_needs_is_an_error():
    x = torch.ones(2, requires_grad=True)
    a = torch.ones(2)
    y = (x * a).sum()
    a.add_(1)
    with pytest.raises(RuntimeError):
        y.backward()


def test_copies_are_leaves_with_the_same_values():
    w = torch.nn.Parameter(torch.ones(2))
    made = copy.deepcopy(w)
    assert type(made) is torch.nn.Parameter and made.requires_grad and made is not w
    with pytest.raises(RuntimeError, match="deepcopy"):
        copy.deepcopy(w * 2)


def test_a_misspelt_name_is_answered_with_the_nearest():
    with pytest.raises(AttributeError, match="no attribute 'unsqueze'") as told:
        torch.ones(1).unsqueze(0)  # Python names the nearest when it prints the error; so do scripts
    assert "nearest name is 'unsqueeze'" in str(nearest(told.value))
    with pytest.raises(AttributeError, match="'values': it is left out, tensors are dense"):
        torch.ones(1).values()
    assert not hasattr(torch.ones(1), "align_to") and not hasattr(torch.Tensor, "align_to")
    assert {"unsqueeze", "requires_grad"} <= set(dir(torch.ones(1))) and "values" not in dir(torch.ones(1))
    with pytest.raises(AttributeError, match=r"nearest name is torch\.zeros"):
        _ = torch.zeross
    with pytest.raises(AttributeError, match="left out: tensors hold real numbers"):
        _ = torch.fft
    with pytest.raises(AttributeError, match=r"nearest name is torch\.nn\.Conv2d"):
        _ = torch.nn.Conv2D


def test_another_device_is_refused_and_the_cpu_passes():
    assert torch.ones(1).to("cpu").device == torch.device("cpu")
    with pytest.raises(RuntimeError, match="tensors lie on the CPU"):
        torch.ones(1).to("cuda")


def test_numpy_shares_memory():
    a = np.zeros(2, "float32")
    x = torch.from_numpy(a)
    x[0] = 3
    assert a[0] == 3 and x.numpy() is a


def test_the_graph_knows_numpys_types():
    x = torch.ones(2)
    w = torch.ones(2, requires_grad=True)
    assert all(isinstance(parent.dtype, np.dtype) for parent in (x * w).node.parents)


def test_grad_fn_has_the_name_that_pytorch_prints():
    x, w = torch.ones(2, 3, requires_grad=True), torch.ones(4, 3, requires_grad=True)
    linear = torch.nn.functional.linear
    made = {
        "Addmm": linear(x, w, torch.ones(4)), "Mm": linear(x, w), "UnsafeView": x[None] @ w.T, "Select": x[0, 1],
        "Slice": x[:, 1:], "Index": x[torch.tensor([0])], "View": x.view(-1), "Relu": x.relu(), "Cat": torch.cat([x, x]),
    }  # fmt: skip
    for name, tensor in made.items():
        assert tensor.grad_fn.name() == f"{name}Backward0", name
    assert (
        x.sum(1).grad_fn.name() == "SumBackward1"
        and (x * 2).grad_fn.next_functions[0][0].name() == "torch::autograd::AccumulateGrad"
    )


def test_a_storage_is_the_memory_of_its_tensor():
    points = torch.tensor([[4.0, 1.0], [5.0, 3.0]])
    storage = points.T.storage()
    storage[0] = 2.0
    assert points[0, 0] == 2.0 and storage[0] == 2.0
