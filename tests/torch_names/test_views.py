"""Views: what is written to one of them is seen in all, as in PyTorch, recorded or not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_cnn.torch
from tinygrad_cnn.torch.view_links import FEW, link_of

torch: Any = tinygrad_cnn.torch

START = [[0.3, -0.2, 0.7], [0.4, 0.9, -0.6], [0.15, 0.25, 0.8]]

#: What makes a view of a matrix of 3×3.
VIEWS: dict[str, Callable[[Any], Any]] = {
    "index": lambda y: y[0:2, 1],
    "steps": lambda y: y[..., ::2],
    "new axis": lambda y: y[:, None],
    "view": lambda y: y.view(9),
    "reshape": lambda y: y.reshape(9),
    "flatten": lambda y: y.flatten(),
    "unflatten": lambda y: y.unflatten(1, (3, 1)),
    "T": lambda y: y.T,
    "H": lambda y: y.H,
    "mT": lambda y: y.mT,
    "permute": lambda y: y.permute(1, 0),
    "movedim": lambda y: y.movedim(0, 1),
    "squeeze": lambda y: y[None].squeeze(0),
    "narrow": lambda y: y.narrow(0, 1, 2),
    "select": lambda y: y.select(1, 0),
    "chunk": lambda y: y.chunk(3, 1)[0],
    "unbind": lambda y: y.unbind(1)[2],
    "diagonal": lambda y: y.diagonal(),
    "second diagonal": lambda y: torch.diagonal(y, 1),
    "unfold": lambda y: y.unfold(1, 2, 2),
    "as_strided": lambda y: y.as_strided((2, 2), (3, 1)),
    "expand": lambda y: y.expand(3, 3),
    "view of a view": lambda y: y.t()[1:].unsqueeze(0),
}  # fmt: skip

#: What gives numbers of its own.
COPIES: dict[str, Callable[[Any], Any]] = {
    "array": lambda y: y[torch.tensor([0, 1])],
    "list": lambda y: y[[0, 2]],
    "mask": lambda y: y[torch.ones(3, 3) > 0],
    "clone": lambda y: y.clone(),
    "reshape": lambda y: y.t().reshape(9),
    "flip": lambda y: y.flip(0),
    "fliplr": lambda y: torch.fliplr(y),
    "rot90": lambda y: y.rot90(),
    "roll": lambda y: y.roll(1),
    "diag": lambda y: torch.diag(y),
}


def start(recorded: bool) -> tuple[Any, Any]:
    x = torch.tensor(START, requires_grad=recorded)
    return x, x * 1 if recorded else x


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("recorded", [True, False])
def test_a_view_follows_its_base(name: str, recorded: bool) -> None:
    x, y = start(recorded)
    view, part = VIEWS[name](y), VIEWS[name](torch.arange(9.0).reshape(3, 3))
    y.mul_(3)
    assert torch.equal(view.detach(), VIEWS[name](torch.tensor(START)).detach() * 3)
    if recorded:
        (view * part).sum().backward()
        places = np.zeros(9)
        np.add.at(places, part.numpy().astype(int).ravel(), part.numpy().ravel())
        assert x.grad.flatten().tolist() == pytest.approx(3 * places)


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("recorded", [True, False])
def test_a_base_follows_its_view(name: str, recorded: bool) -> None:
    x, y = start(recorded)
    other, view = y[0], VIEWS[name](y)
    places = VIEWS[name](torch.arange(9).reshape(3, 3)).numpy().ravel()
    view.mul_(3)
    factors = np.ones(9, np.float32)
    factors[places] = 3
    expected = np.array(START, np.float32) * factors.reshape(3, 3)
    np.testing.assert_array_equal(y.detach().numpy(), expected)
    np.testing.assert_array_equal(other.detach().numpy(), expected[0])
    if recorded:
        y.sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), factors.reshape(3, 3))


@pytest.mark.parametrize("name", COPIES)
@pytest.mark.parametrize("recorded", [True, False])
def test_a_copy_follows_nothing(name: str, recorded: bool) -> None:
    _, y = start(recorded)
    copy = COPIES[name](y)
    before = copy.tolist()
    y.mul_(3)
    assert copy.tolist() == before
    copy.fill_(7.0)
    assert y.tolist() == (torch.tensor(START) * 3).tolist()


def test_a_gradient_that_a_view_takes_in_reaches_its_base() -> None:
    x, z = torch.ones(3, requires_grad=True), torch.zeros(2, 3)
    row, rest = z[0], z[1]
    row += x
    assert z.requires_grad and rest.requires_grad
    (z.sum() * 2).backward()
    assert x.grad.tolist() == [2.0, 2.0, 2.0]


def test_a_view_turned_in_place_leaves_its_base_as_it_is() -> None:
    x = torch.arange(6.0).requires_grad_()
    y = x * 1
    v = y.view(3, 2)
    w = v[0]
    v.t_()
    assert v.shape == (2, 3) and y.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    v[0, 1] = 9.0
    assert y.tolist() == [0.0, 1.0, 9.0, 3.0, 4.0, 5.0] and w.tolist() == [0.0, 1.0]
    y.zero_()
    assert v.sum().item() == 0 and w.sum().item() == 0


def test_views_of_leaves_are_not_written() -> None:
    p = torch.nn.Parameter(torch.ones(3))
    writes: list[Callable[[], Any]] = [lambda: p[0].mul_(2), lambda: p.view(-1).add_(1), lambda: p.mul_(2)]
    for write in writes:
        with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
            write()
    assert p.is_leaf and p.tolist() == [1.0, 1.0, 1.0]
    with torch.no_grad():
        p[0].mul_(2)
    assert p.tolist() == [2.0, 1.0, 1.0]


def test_views_of_a_leaf_made_without_recording_share_its_memory() -> None:
    p = torch.nn.Parameter(torch.arange(4.0))
    with torch.no_grad():
        windows, steps = p.unfold(0, 2, 2), p.as_strided((2,), (2,))
        p.mul_(2)
    assert windows.tolist() == [[0.0, 2.0], [4.0, 6.0]] and steps.tolist() == [0.0, 4.0]


def test_views_of_views_may_be_many_deep() -> None:
    base = torch.zeros(2)
    view = base
    for _ in range(3000):
        view = view[0:]
    base += torch.ones(2, requires_grad=True)
    assert view.tolist() == [1.0, 1.0] and view.requires_grad
    view.mul_(2)
    assert base.tolist() == [2.0, 2.0]


def test_views_that_are_gone_are_forgotten() -> None:
    base = torch.zeros(4, 2)
    for _ in range(20):
        for k in range(4):
            base[k]
    assert len(base.__dict__["_views"].seen) <= FEW
    assert link_of(base[0]).base is base


def test_old_constructors_pass_gradients_on() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    for make in (torch.Tensor, torch.FloatTensor, y.new, torch.as_tensor):
        made: Any = make(y)
        (made * 3).sum().backward(retain_graph=True)
        assert x.grad.tolist() == [6.0, 6.0]
        x.grad = None
    assert torch.as_tensor(y, dtype=torch.float64).requires_grad
    with pytest.raises(TypeError, match=r"torch\.DoubleTensor: got a tensor of torch\.float32"):
        torch.DoubleTensor(y)
    with pytest.raises(TypeError, match=r"Tensor\.new: got a tensor of torch\.int64"):
        y.new(torch.tensor([1]))


def test_a_variable_is_a_leaf_of_its_own() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    v = torch.autograd.Variable(y, requires_grad=True)
    assert (
        v.is_leaf
        and isinstance(v, torch.autograd.Variable)
        and not torch.autograd.Variable(y).requires_grad
    )
    v.sum().backward()
    assert v.grad.tolist() == [1.0, 1.0] and x.grad is None
    with pytest.raises(TypeError, match="Variable data has to be a tensor, but got list"):
        torch.autograd.Variable([1.0])
    assert torch.autograd.Variable().numel() == 0


def test_writes_of_one_value_pass_gradients_on() -> None:
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    z = torch.zeros(2, 2).fill_(x[0])
    z.sum().backward()
    assert z.tolist() == [[2.0, 2.0], [2.0, 2.0]] and x.grad.tolist() == [4.0, 0.0]
    with pytest.raises(RuntimeError, match="fill_: a tensor of 0 dimensions fits, got 1"):
        torch.zeros(2).fill_(x)
    y = torch.ones(3, 3, requires_grad=True)
    w = y * 1
    w.fill_diagonal_(0.0)
    w.sum().backward()
    assert y.grad.tolist() == (1 - torch.eye(3)).tolist()


def test_names_that_were_missing() -> None:
    torch.manual_seed(3)
    tries = torch.empty(2000).geometric_(0.25)
    assert tries.min().item() == 1 and abs(tries.mean().item() - 4) < 0.4
    with pytest.raises(RuntimeError, match="geometric_ expects p"):
        torch.empty(1).geometric_(1.0)
    assert torch.ones(2, 3).swapaxes_(0, 1).shape == (3, 2)
    assert torch.ones(1).polygamma_(1).item() == pytest.approx(np.pi**2 / 6)
    assert torch.scalar_tensor(2).dtype is torch.float32
    array = np.ones(2, np.float32)
    torch.from_dlpack(array)[0] = 5.0
    assert array.tolist() == [5.0, 1.0]
    assert torch.block_diag(torch.ones(2), torch.tensor(3.0)).tolist() == [[1.0, 1.0, 0.0], [0.0, 0.0, 3.0]]
    with pytest.raises(RuntimeError, match="2 or fewer dimensions"):
        torch.block_diag(torch.ones(1, 1, 1))
    assert torch.nn.Buffer(torch.ones(1, requires_grad=True) * 2).is_leaf


@pytest.mark.parametrize("recorded", [False, True])
def test_a_view_merges_no_dimension_that_expand_repeats(recorded):
    x = torch.arange(3.0).requires_grad_(recorded) * 1
    wide = x.expand(2, 3)
    assert wide.stride() == (0, 1) and not wide.is_contiguous()
    for wrong in ((6,), (-1,), (1, 6)):
        with pytest.raises(RuntimeError, match=r"expanded tensor of shape \[2, 3\]"):
            wide.view(*wrong)
    assert x.expand(2, 4, 3).view(8, 3).shape == (8, 3) and x.expand(1, 3).view(3).shape == (3,)
    flat = wide.contiguous()
    assert flat.stride() == (3, 1) and flat.is_contiguous() and wide.reshape(6).tolist() == [0, 1, 2] * 2
    turned = wide.t().contiguous()
    assert turned.stride() == (2, 1) and turned.view(-1).tolist() == [0, 0, 1, 1, 2, 2]
    if recorded:
        x.retain_grad()
        (x.expand(2, 3).contiguous().view(6) * torch.arange(6.0)).sum().backward()
        assert x.grad.tolist() == [3, 5, 7]


@pytest.mark.parametrize("name", ["sum", "mean"])
def test_a_gradient_may_be_viewed_in_any_shape_that_pytorchs_may(name):
    """Gradients of sums and means repeat elements here; nobody has expanded them."""

    class Same(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g.view(-1).view(2, 3)

    x = torch.ones(2, 3, requires_grad=True)
    y = getattr(Same.apply(x), name)(1)
    (y * torch.tensor([3.0, 6.0])).sum().backward()
    assert x.grad.tolist() == ([[3] * 3, [6] * 3] if name == "sum" else [[1] * 3, [2] * 3])
