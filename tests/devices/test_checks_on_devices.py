"""The testing kit judges functions of Tensors that lie on a device as it judges them on the CPU."""

import numpy as np
import pytest

from tinygrad_cnn import Op, Tensor, nn
from tinygrad_cnn import functional as F
from tinygrad_cnn.testing import GradientError, assert_gradients, blame, check_module, gradcheck


def there(values, device):
    return Tensor(np.asarray(values, float)).to(device).requires_grad_()


class Wrong(Op):
    """x², with a derivative that is three halves of the right one."""

    keep = (0,)

    def forward(self, x):
        return x * x

    def backward(self, g, x):
        return (g * 3 * x,)


@pytest.mark.parametrize("function", [F.tanh, lambda x: (x * x).sum(), F.softmax, lambda x: x @ x.T])
def test_a_right_gradient_passes_to_second_order(function, device):
    x = there([[0.5, -1.0], [2.0, 0.3]], device)
    assert gradcheck(function, x, order=2).status == "pass"
    assert x.device == device and x.grad is None


def test_a_wrong_gradient_fails_with_the_same_words(device):
    found = [gradcheck(Wrong(), there([0.5, 1.0], place)) for place in ("cpu", device)]
    assert [one.status for one in found] == ["fail", "fail"]
    assert [f.where for f in found[0].findings] == [f.where for f in found[1].findings]
    with pytest.raises(GradientError):
        assert_gradients(Wrong(), there([0.5, 1.0], device))
    assert_gradients(F.sigmoid, there([0.5, 1.0], device))


def test_the_wrong_operation_of_a_composed_function_is_found(device):
    found = blame(lambda x: (Wrong()(x.tanh()) ** 2).sum(), there([0.5, 1.0], device))
    assert "Wrong" in str(found)
    assert not blame(lambda x: (x.tanh() ** 2).sum(), there([0.5, 1.0], device))


def test_layers_and_their_parameters_on_a_device_are_checked(device):
    layer = nn.Linear(3, 2, rng=0).double().to(device)
    assert gradcheck(layer, there(np.ones((2, 3)), device)).status == "pass"
    weights = there(np.random.default_rng(0).normal(size=(2, 3)), device)
    assert gradcheck(lambda w, x: F.linear(x, w), weights, there(np.ones((4, 3)), device)).status == "pass"


def test_labels_beside_scores_are_constants(device):
    scores = there(np.random.default_rng(0).normal(size=(3, 4)), device)
    assert gradcheck(lambda x: F.cross_entropy(x, np.array([0, 3, 1])), scores).status == "pass"


def test_the_contract_of_a_module_holds_on_a_device(device):
    model = nn.Sequential(nn.Linear(3, 4, rng=0), nn.Tanh(), nn.Linear(4, 2, rng=1)).to(device)
    report = check_module(model, Tensor(np.random.default_rng(0).normal(size=(5, 3))).to(device))
    assert report.status == "pass", str(report)
    assert {p.device for p in model.parameters()} == {device}
