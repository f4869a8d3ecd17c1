"""Names that programs take from PyTorch's files, and functions of `torch.func`."""

from importlib.util import find_spec
from types import SimpleNamespace

import pytest

from tinygrad_cnn import torch
from tinygrad_cnn.torch import func
from tinygrad_cnn.torch.aliases import Aliases, resolved
from tinygrad_cnn.torch.paths import FILES, HOMES


@pytest.mark.parametrize("package", FILES)
def test_each_file_of_pytorchs_has_the_names_of_its_package(package):
    ours = resolved(HOMES.get(package, package))
    for file in FILES[package].split():
        found = resolved(f"{package}.{file}")
        for name in ours.__all__ if hasattr(ours, "__all__") else ():
            assert getattr(found, name) is getattr(ours, name), (file, name)
        with pytest.raises(AttributeError, match=r"\.misspelt is not in"):
            _ = found.misspelt


def test_private_bases_know_their_layers():
    nn = torch.nn
    homes = nn.modules.batchnorm, nn.modules.conv, nn.modules.loss
    assert all(home.Conv2d is nn.Conv2d for home in homes)
    assert isinstance(nn.BatchNorm1d(2), nn.modules.batchnorm._BatchNorm)
    assert isinstance(nn.ConvTranspose2d(1, 1, 1), nn.modules.conv._ConvNd)
    assert not isinstance(nn.Linear(1, 1), nn.modules.conv._ConvNd)
    assert issubclass(nn.InstanceNorm2d, nn.modules.instancenorm._InstanceNorm)
    assert nn.modules.utils._pair(3) == (3, 3) and nn.modules.utils._triple((1, 2, 3)) == (1, 2, 3)


def test_a_loss_derived_from_the_private_base_holds_its_weight():
    class Squares(torch.nn.modules.loss._WeightedLoss):
        def forward(self, x):
            return (self.weight * x * x).sum() if self.reduction == "sum" else (self.weight * x * x).mean()

    loss = Squares(torch.tensor([1.0, 3.0]), reduction="sum")
    assert loss(torch.tensor([1.0, 1.0])).item() == 4 and list(loss.state_dict()) == ["weight"]


def test_functions_of_functions_differentiate_trees_and_leave_modules_alone():
    layer = torch.nn.Linear(2, 1)
    before = {name: p.detach().clone() for name, p in layer.named_parameters()}
    x = torch.tensor([[1.0, 2.0]])

    def loss(parameters):
        return (func.functional_call(layer, parameters, (x,)) ** 2).mean()

    slopes, value = func.grad_and_value(loss)(before)
    loss(dict(layer.named_parameters())).backward()
    assert value.item() == pytest.approx(loss(before).item())
    for name, p in layer.named_parameters():
        assert torch.allclose(p.grad, slopes[name]) and torch.equal(p, before[name])
    with pytest.raises(RuntimeError, match="Linear has no parameter or buffer 'weights'"):
        func.functional_call(layer, {"weights": x}, (x,))


def test_gradients_go_through_an_inner_step():
    w = torch.tensor(2.0, requires_grad=True)
    inner = func.grad(lambda v: (v - 1) ** 2)
    ((w - 0.5 * inner(w)) - 3).pow(2).backward()  # w - 0.5 * 2 (w - 1) = 1, whatever w is
    assert w.grad.item() == 0
    _, aux = func.grad(lambda v: (v * v, "kept"), has_aux=True)(torch.tensor(1.0))
    assert aux == "kept"


def test_tensorboards_writer_takes_tensors_or_says_what_to_install(tmp_path):
    from tinygrad_cnn.errors import MissingExtraError
    from tinygrad_cnn.torch.utils.tensorboard import SummaryWriter

    if find_spec("tensorboardX") is None:
        with pytest.raises(MissingExtraError, match=r"tinygrad-cnn\[tensorboard\]"):
            SummaryWriter(tmp_path)
        return
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_scalar("loss", torch.tensor(1.5), 1)
        writer.add_histogram("weights", torch.zeros(3), 1)
    assert list(tmp_path.iterdir())


def test_marks_for_the_compiler_leave_a_function_as_it_is():
    dynamo = resolved("torch._dynamo")
    assert dynamo.allow_in_graph(abs) is abs and torch.compiler.disable(recursive=False)(abs) is abs
    dynamo.config.suppress_errors = True
    assert not torch.compiler.is_compiling()


def test_a_name_taken_from_a_module_that_is_left_out_says_why_when_it_is_called():
    fft = Aliases().create_module(SimpleNamespace(name="torch.fft.fft"))
    with pytest.raises(AttributeError, match=r"torch\.fft\.fft is left out: tensors hold real numbers"):
        fft(torch.ones(2))


@pytest.mark.parametrize(
    ("home", "wrong", "near"),
    [
        (torch.nn.functional, "reluu", "torch.nn.functional.relu"),
        (torch.nn.init, "xaver_uniform_", "torch.nn.init.xavier_uniform_"),
        (torch.nn.utils, "clip_grad_norms_", "torch.nn.utils.clip_grad_norm_"),
        (torch.optim.lr_scheduler, "StepLr", "torch.optim.lr_scheduler.StepLR"),
        (torch.testing, "assert_closes", "torch.testing.assert_close"),
    ],
)
def test_a_misspelt_name_is_refused_with_the_nearest_one(home, wrong, near):
    with pytest.raises(AttributeError, match=f"the nearest name is {near}$"):
        getattr(home, wrong)
