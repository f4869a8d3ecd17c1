"""Compositions of functions, layers and losses against PyTorch, where it is installed.

Values, gradients and the gradients of these, in float64; programs avoid what is not smooth by chance only,
so that a difference counts only where it is larger than rounding could make it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.tensors.gradient import grad
from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.testing.fuzz.shrinking_search import SkippedError, Steps

#: What all values have: samples, channels, rows, columns.
SHAPE = (2, 4, 5, 6)

Call = Callable[..., Any]
#: Name -> ours (a, b, w) and PyTorch's (torch, a, b, w); w is a constant array drawn by the step's number.
CALLS: dict[str, tuple[Call, Call]] = {
    "add": (lambda a, b, w: a + b, lambda t, a, b, w: a + b),
    "sub": (lambda a, b, w: a - b * 0.5, lambda t, a, b, w: a - b * 0.5),
    "mul": (lambda a, b, w: a * b, lambda t, a, b, w: a * b),
    "div": (lambda a, b, w: a / (b * b + 1), lambda t, a, b, w: a / (b * b + 1)),
    "row": (lambda a, b, w: a + b[:, :1], lambda t, a, b, w: a + b[:, :1]),
    "channel": (lambda a, b, w: a * w[0, :, :1, :1], lambda t, a, b, w: a * w[0, :, :1, :1]),
    "tanh": (lambda a, b, w: F.tanh(a), lambda t, a, b, w: t.tanh(a)),
    "sin": (lambda a, b, w: F.sin(a), lambda t, a, b, w: t.sin(a)),
    "sigmoid": (lambda a, b, w: F.sigmoid(a), lambda t, a, b, w: t.sigmoid(a)),
    "softplus": (lambda a, b, w: F.softplus(a), lambda t, a, b, w: t.nn.functional.softplus(a)),
    "gelu": (lambda a, b, w: F.gelu(a), lambda t, a, b, w: t.nn.functional.gelu(a)),
    "silu": (lambda a, b, w: F.silu(a), lambda t, a, b, w: t.nn.functional.silu(a)),
    "mish": (lambda a, b, w: F.mish(a), lambda t, a, b, w: t.nn.functional.mish(a)),
    "erf": (lambda a, b, w: F.erf(a), lambda t, a, b, w: t.erf(a)),
    "relu": (lambda a, b, w: F.relu(a), lambda t, a, b, w: t.relu(a)),
    "elu": (lambda a, b, w: F.elu(a), lambda t, a, b, w: t.nn.functional.elu(a)),
    "abs": (lambda a, b, w: F.abs(a), lambda t, a, b, w: t.abs(a)),
    "clip": (lambda a, b, w: F.clip(a, -0.7, 0.7), lambda t, a, b, w: t.clamp(a, -0.7, 0.7)),
    "maximum": (lambda a, b, w: F.maximum(a, b), lambda t, a, b, w: t.maximum(a, b)),
    "where": (lambda a, b, w: F.where(w > 0, a, b), lambda t, a, b, w: t.where(w > 0, a, b)),
    "softmax": (lambda a, b, w: F.softmax(a, axis=1), lambda t, a, b, w: t.softmax(a, 1)),
    "log_softmax": (lambda a, b, w: F.log_softmax(a, axis=3), lambda t, a, b, w: t.log_softmax(a, 3)),
    "flip": (lambda a, b, w: F.flip(a, 2), lambda t, a, b, w: t.flip(a, (2,))),
    "roll": (lambda a, b, w: F.roll(a, 2, 3), lambda t, a, b, w: t.roll(a, 2, 3)),
    "sort": (lambda a, b, w: F.sort(a, axis=2), lambda t, a, b, w: t.sort(a, 2).values),
    "cumsum": (lambda a, b, w: F.cumsum(a, axis=3), lambda t, a, b, w: t.cumsum(a, 3)),
    "cumprod": (lambda a, b, w: F.cumprod(a, axis=1), lambda t, a, b, w: t.cumprod(a, 1)),
    "mean": (
        lambda a, b, w: a - a.mean(axis=(0, 2), keepdims=True),
        lambda t, a, b, w: a - a.mean((0, 2), keepdim=True),
    ),
    "std": (
        lambda a, b, w: b / (1 + F.std(a, axis=1, ddof=1, keepdims=True)),
        lambda t, a, b, w: b / (1 + t.std(a, 1, keepdim=True)),
    ),
    "logsumexp": (
        lambda a, b, w: b + F.logsumexp(a, axis=(2, 3), keepdims=True),
        lambda t, a, b, w: b + t.logsumexp(a, (2, 3), keepdim=True),
    ),
    "norm": (
        lambda a, b, w: b * F.norm(a, axis=1, keepdims=True),
        lambda t, a, b, w: b * t.linalg.vector_norm(a, dim=1, keepdim=True),
    ),
    "max": (
        lambda a, b, w: b + a.max(axis=3, keepdims=True),
        lambda t, a, b, w: b + t.amax(a, 3, keepdim=True),
    ),
    "matmul": (
        lambda a, b, w: a @ b.swapaxes(2, 3) @ w * 0.1,
        lambda t, a, b, w: a @ b.transpose(2, 3) @ w * 0.1,
    ),
    "einsum": (
        lambda a, b, w: F.einsum("ncij,nkij->nck", a, b)[:, :, :1, None] + a,
        lambda t, a, b, w: t.einsum("ncij,nkij->nck", a, b)[:, :, :1, None] + a,
    ),
    "concatenate": (
        lambda a, b, w: F.concatenate([a, b], axis=1)[:, ::2],
        lambda t, a, b, w: t.cat([a, b], 1)[:, ::2],
    ),
    "index": (lambda a, b, w: a[:, [0, 2, 2, 1]], lambda t, a, b, w: a[:, [0, 2, 2, 1]]),
    "pad": (
        lambda a, b, w: F.pad(a, ((0, 0), (0, 0), (1, 1), (0, 0)), mode="reflect")[:, :, 1:-1],
        lambda t, a, b, w: t.nn.functional.pad(a, (0, 0, 1, 1), mode="reflect")[:, :, 1:-1],
    ),
    "conv2d": (
        lambda a, b, w: F.conv2d(a, F.concatenate([w, w])[:, :, :3, :3] * 0.3, padding=1),
        lambda t, a, b, w: t.nn.functional.conv2d(a, t.cat([w, w])[:, :, :3, :3] * 0.3, padding=1),
    ),
    "depthwise": (
        lambda a, b, w: F.conv2d(a, b[:1, :, :3, :3].swapaxes(0, 1), padding=1, groups=4) * 0.3,
        lambda t, a, b, w: (
            t.nn.functional.conv2d(a, b[:1, :, :3, :3].transpose(0, 1), padding=1, groups=4) * 0.3
        ),
    ),
    "conv_transpose2d": (
        lambda a, b, w: F.conv_transpose2d(a, F.concatenate([w, w])[:, :, :3, :3] * 0.3, padding=1),
        lambda t, a, b, w: (
            t.nn.functional.conv_transpose2d(a, t.cat([w, w])[:, :, :3, :3] * 0.3, padding=1)
        ),
    ),
    "max_pool2d": (
        lambda a, b, w: F.max_pool2d(a, 3, 1, 1),
        lambda t, a, b, w: t.nn.functional.max_pool2d(a, 3, 1, 1),
    ),
    "avg_pool2d": (
        lambda a, b, w: F.avg_pool2d(a, 3, 1, 1),
        lambda t, a, b, w: t.nn.functional.avg_pool2d(a, 3, 1, 1),
    ),
    "batch_norm": (
        lambda a, b, w: F.batch_norm(a, None, None, w[0, :, 0, 0], w[1, :, 0, 0], training=True),
        lambda t, a, b, w: (
            t.nn.functional.batch_norm(a, None, None, w[0, :, 0, 0], w[1, :, 0, 0], training=True)
        ),
    ),
    "group_norm": (
        lambda a, b, w: F.group_norm(a, 2, w[0, :, 0, 0], w[1, :, 0, 0]),
        lambda t, a, b, w: t.nn.functional.group_norm(a, 2, w[0, :, 0, 0], w[1, :, 0, 0]),
    ),
    "layer_norm": (
        lambda a, b, w: F.layer_norm(a, 6, w[0, 0, 0], w[0, 0, 1]),
        lambda t, a, b, w: t.nn.functional.layer_norm(a, (6,), w[0, 0, 0], w[0, 0, 1]),
    ),
    "interpolate": (
        lambda a, b, w: F.avg_pool2d(F.interpolate(a, scale_factor=2, mode="bilinear"), 2),
        lambda t, a, b, w: (
            t.nn.functional.avg_pool2d(
                t.nn.functional.interpolate(a, scale_factor=2, mode="bilinear"), 2
            )
        ),
    ),
    "cross_entropy": (
        lambda a, b, w: b * F.cross_entropy(a, (w[:, 0] > 0).astype(np.int64)),
        lambda t, a, b, w: b * t.nn.functional.cross_entropy(a, (w[:, 0] > 0).long()),
    ),
    "mse_loss": (
        lambda a, b, w: b * F.mse_loss(a, b), lambda t, a, b, w: b * t.nn.functional.mse_loss(a, b)
    ),
    "huber_loss": (
        lambda a, b, w: b + F.huber_loss(a, b, delta=0.5),
        lambda t, a, b, w: b + t.nn.functional.huber_loss(a, b, delta=0.5),
    ),
    "bce": (
        lambda a, b, w: b + F.binary_cross_entropy_with_logits(a, F.sigmoid(b)),
        lambda t, a, b, w: b + t.nn.functional.binary_cross_entropy_with_logits(a, t.sigmoid(b)),
    ),
}  # fmt: skip


class AgainstTorch:
    """See the module."""

    name = "torch"

    def __init__(self) -> None:
        self._torch: Any = None

    def prepare(self) -> None:
        """PyTorch."""
        try:
            self._torch = importlib.import_module("torch")
        except ImportError as error:
            raise SkippedError('PyTorch is not here: pip install "tinygrad-cnn[peers]"') from error

    def draw(self, rng: np.random.Generator) -> Steps:
        """Up to seven calls, each of earlier results."""
        names = list(CALLS)
        return [
            [str(rng.choice(names)), int(rng.integers(99)), int(rng.integers(99)), int(rng.integers(9999))]
            for _ in range(int(rng.integers(1, 8)))
        ]

    def run(self, steps: Steps) -> None:
        """Ours and PyTorch's, and all that is to be compared."""
        rng = np.random.default_rng(5)
        starts = [rng.uniform(-1.5, 1.5, SHAPE) for _ in range(2)]
        weight, direction = rng.uniform(-1, 1, SHAPE), rng.uniform(-1, 1, SHAPE)
        with np.errstate(all="ignore"):
            ours = self.ours(steps, starts, weight, direction)
        theirs = self.theirs(steps, starts, weight, direction)
        for what, a, b in zip(("value", "gradient", "second gradient"), ours, theirs, strict=True):
            for k, (x, y) in enumerate(zip(a, b, strict=True)):
                if np.abs(y).max() < 1e6:  # beyond, rounding is all there is
                    room = 1e-7 * max(1.0, float(np.abs(y).max()))
                    np.testing.assert_allclose(x, y, rtol=1e-6, atol=room, err_msg=f"{what} {k}")

    def ours(self, steps: Steps, starts: list[Any], weight: Any, direction: Any) -> list[list[Any]]:
        """Values, gradients and second gradients by this package."""
        leaves = [Tensor(x, requires_grad=True) for x in starts]
        y = _composed(leaves, steps, lambda name, a, b, w: CALLS[name][0](a, b, w))
        gs = grad((y * weight).sum(), leaves, create_graph=True, allow_unused=True)
        slope = sum((g * direction).sum() for g in gs if g is not None)
        hs: Any = [None, None]
        if isinstance(slope, Tensor) and slope.requires_grad:
            hs = grad(slope, leaves, allow_unused=True)
        return [[y.numpy()], *([_filled(g) for g in several] for several in (gs, hs))]

    def theirs(self, steps: Steps, starts: list[Any], weight: Any, direction: Any) -> list[list[Any]]:
        """The same by PyTorch."""
        torch = self._torch
        leaves = [torch.tensor(x, requires_grad=True) for x in starts]
        y = _composed(leaves, steps, lambda name, a, b, w: CALLS[name][1](torch, a, b, torch.tensor(w)))
        gs = torch.autograd.grad(
            (y * torch.tensor(weight)).sum(), leaves, create_graph=True, allow_unused=True
        )
        slope = sum((g * torch.tensor(direction)).sum() for g in gs if g is not None)
        hs: Any = [None, None]
        if getattr(slope, "requires_grad", False):
            hs = torch.autograd.grad(slope, leaves, allow_unused=True)
        plain = ([None if g is None else g.numpy(force=True) for g in several] for several in (gs, hs))
        return [[y.detach().numpy()], *([_filled(g) for g in several] for several in plain)]


def _composed(leaves: list[Any], steps: Steps, call: Callable[..., Any]) -> Any:
    """The last result of a program."""
    values = list(leaves)
    for name, i, j, seed in steps:
        w = np.random.default_rng(seed).uniform(-1, 1, SHAPE)
        values.append(call(name, values[-1 - i % len(values)], values[-1 - j % len(values)], w))
    return values[-1]


def _filled(g: Any) -> Any:
    """A gradient as an array; zeros for None."""
    return np.zeros(SHAPE) if g is None else g.numpy() if isinstance(g, Tensor) else g
