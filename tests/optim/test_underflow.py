"""With NumPy's errors raised, what is too small for its type is 0 in a step too, and no error."""

from typing import Any

import numpy as np
import pytest

from tinygrad_cnn import Tensor, nn, optim

TINY = {"float32": 1e-30, "float64": 1e-200}
CLASSES = [
    name for name, found in vars(optim).items()
    if isinstance(found, type) and issubclass(found, optim.Optimizer) and name not in ("Optimizer", "LBFGS")
]  # fmt: skip


@pytest.mark.parametrize("dtype", TINY)
@pytest.mark.parametrize("name", CLASSES)
def test_steps(name: str, dtype: str) -> None:
    p = Tensor(np.ones((2, 3), dtype), requires_grad=True)
    optimizer = getattr(optim, name)([p], lr=1e-3)
    with np.errstate(all="raise"):
        for _ in range(3):
            p.grad = Tensor(np.full(p.shape, TINY[dtype], dtype))
            optim.clip_grad_norm_([p], TINY[dtype] ** 2)
            optimizer.step()
    assert np.isfinite(p.numpy()).all()


def test_what_the_closure_of_lbfgs_computes_by_itself_is_told() -> None:
    w = Tensor(np.full(3, 1e-25, np.float32), requires_grad=True)
    optimizer = optim.LBFGS([w], tolerance_grad=0, tolerance_change=0)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    def of_my_own() -> Any:
        return closure() + np.float32(1e-30) * np.float32(1e-30)

    with np.errstate(all="raise"):
        optimizer.step(closure)
        with pytest.raises(FloatingPointError, match="underflow"):
            optimizer.step(of_my_own)


def test_averages_statistics_and_writes() -> None:
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((4, 3)) * 1e-20).astype(np.float32)
    layer = nn.BatchNorm1d(3)
    bias = dict(layer.named_parameters())["bias"]
    averaged = nn.AveragedModel(layer, nn.get_ema_avg_fn(0.999))
    with np.errstate(all="raise"):
        for _ in range(3):
            layer(x)
            bias.data = np.full(3, 1e-38, np.float32)
            averaged.update_parameters(layer)
        w = Tensor(np.full(3, 1e-25, np.float32))
        w *= 1e-25
    assert w.numpy().tolist() == [0, 0, 0]
