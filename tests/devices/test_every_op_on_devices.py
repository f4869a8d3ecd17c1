"""Every op computes on a device as on the host: forward, backward and a derivative of the derivative.

The device is the stand-in, whose arrays refuse what CuPy's refuse, so that nothing is computed on the host
unseen. With `--device cuda` (`make test-gpu`) it is a GPU.
"""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tinygrad_cnn import Tensor, devices, grad, no_grad, ops
from tinygrad_cnn.errors import DeviceError
from tinygrad_cnn.testing.cases import CASES
from tinygrad_cnn.testing.stand_in import transfers

#: What may cross to the host while an op runs there and back, by op, and why.
NAMED = dict.fromkeys(
    ["Index", "IndexAdd"], ({"mask"}, "bools as a key: the size of the result depends on them")
)


def largest_problems(case, examples, count):
    """The problems with the most elements among some that are drawn, always the same ones."""
    found = []

    @seed(7)
    @settings(
        max_examples=examples, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case.problems)
    def collect(problem):
        found.append(problem)

    collect()
    return sorted(found, key=lambda problem: -sum(x.size for x in problem.operands))[:count]


def results(problem, device):
    """The result of an op, its gradients, of a recorded walk too, and derivatives of these."""

    def there(array):
        return Tensor(array).to(device)

    operands = [there(x).requires_grad_() for x in problem.operands]
    y = problem.make()(*operands)
    found = [y]
    if not y.requires_grad:
        return found
    rng = np.random.default_rng(1)
    weights = there(rng.normal(size=y.shape).astype(y.dtype))
    y.backward(weights, retain_graph=True)
    found += [x.grad for x in operands]
    slopes = grad(y, operands, weights, create_graph=True)
    found += slopes
    total = sum(
        ((slope * there(rng.normal(size=slope.shape))).sum() for slope in slopes if slope.requires_grad),
        start=there(np.zeros(())),
    )
    return found + (list(grad(total, operands, allow_unused=True)) if total.requires_grad else [])


def refuses_a_mixture(problem, device):
    """Whether operands on the host and on a device are refused, by both names."""
    first, *others = problem.operands
    with pytest.raises(DeviceError) as caught, no_grad():
        problem.make()(Tensor(first).to(device), *map(Tensor, others))
    assert "cpu" in str(caught.value) and str(device) in str(caught.value)


def agree(op, device, examples, count, tolerance=1e-9):
    for problem in largest_problems(CASES[op], examples, count):
        want = results(problem, "cpu")
        with transfers() as counted:
            got = results(problem, device)
        to_host = {what: n for what, n in counted.items() if what != "upload"}
        assert to_host.keys() <= NAMED.get(op.__name__, (set(), ""))[0], f"{problem}: {to_host} to the host"
        for here, there in zip(want, got, strict=True):
            if here is None:
                assert there is None
                continue
            assert there.device == device, f"{problem}: the result lies on {there.device}"
            assert (there.dtype, there.shape) == (here.dtype, here.shape), problem
            back = there.cpu().detach().numpy()
            np.testing.assert_allclose(
                back, here.detach().numpy(), rtol=tolerance, atol=tolerance, err_msg=str(problem)
            )
        if len(problem.operands) > 1 and all(x.size > 4 for x in problem.operands):
            refuses_a_mixture(problem, device)


#: An op that moves to a device of its own is tried in `test_moving`.
ON_ANY_DEVICE = [op for op in CASES if op is not ops.Move]


@pytest.mark.parametrize("op", ON_ANY_DEVICE, ids=lambda op: op.__name__)
def test_an_op_is_the_same_on_a_device_with_its_derivatives_and_refuses_to_mix_devices(op, device):
    agree(op, device, examples=3, count=1)


@pytest.mark.slow
@pytest.mark.parametrize("op", ON_ANY_DEVICE, ids=lambda op: op.__name__)
def test_an_op_and_its_derivatives_are_the_same_on_a_device_for_many_shapes(op, device):
    agree(op, device, examples=40, count=40)


def test_numpy_arrays_are_constants_and_lie_where_the_tensor_does(device):
    x = Tensor(np.arange(3.0)).to(device).requires_grad_()
    y = (x * np.arange(3.0) + np.float64(1)).sum()
    assert y.device == device
    y.backward()
    assert x.grad.cpu().tolist() == [0, 1, 2]


def test_every_kernel_of_the_reference_is_there_for_devices():
    from tinygrad_cnn.kernels import device as on_devices
    from tinygrad_cnn.kernels import numpy as reference

    names = {name for name, value in vars(reference).items() if callable(value)}
    assert {name for name in names if not callable(getattr(on_devices, name, None))} == set()


def test_without_a_device_nothing_looks_for_one():
    assert devices.ON_DEVICES == () and devices.as_array is np.asarray
    assert devices.add_at == np.add.at
