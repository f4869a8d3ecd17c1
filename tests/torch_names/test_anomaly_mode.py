"""PyTorch's search for NaN in gradients, by its names."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import torch

pytestmark = pytest.mark.filterwarnings("ignore:Anomaly Detection", "ignore::RuntimeWarning")
RETURNED = "Function 'SqrtBackward0' returned nan values in its 0th output"


def root(value: float) -> Any:
    x = torch.tensor([value, 4.0], requires_grad=True)
    x.sqrt().sum().backward()
    return x.grad


@pytest.mark.parametrize(
    "block", [torch.autograd.detect_anomaly, lambda: torch.autograd.set_detect_anomaly(True)]
)
def test_a_walk_stops_at_the_first_nan_of_a_derivative(block: Callable[[], Any]) -> None:
    with block(), pytest.raises(RuntimeError, match=RETURNED) as caught:
        assert torch.is_anomaly_enabled()
        root(-1.0)
    assert f"called at {__file__}" in str(caught.value) and not torch.is_anomaly_enabled()
    with block():  # values may be NaN, and gradients infinite
        assert torch.tensor([-1.0]).sqrt().isnan().all()
        np.testing.assert_array_equal(root(0.0).numpy(), [np.inf, 0.25])


def test_it_is_switched_on_and_off_at_once() -> None:
    torch.autograd.set_detect_anomaly(True)
    try:
        with pytest.raises(RuntimeError, match=RETURNED):
            root(-1.0)
        with torch.autograd.set_detect_anomaly(False):
            root(-1.0)
        with torch.autograd.detect_anomaly(check_nan=False):
            assert not torch.is_anomaly_check_nan_enabled()
            root(-1.0)
    finally:
        torch.autograd.set_detect_anomaly(False)
    root(-1.0)


def test_it_says_that_it_takes_time() -> None:
    with pytest.warns(UserWarning, match="Anomaly Detection has been enabled"):
        torch.autograd.detect_anomaly()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with torch.autograd.set_detect_anomaly(True):
            pass


def test_a_graph_made_before_is_looked_at_too() -> None:
    x = torch.tensor([-1.0], requires_grad=True)
    y = x.sqrt().sum()
    with torch.autograd.detect_anomaly(), pytest.raises(RuntimeError, match="recorded before"):
        torch.autograd.grad(y, x)
