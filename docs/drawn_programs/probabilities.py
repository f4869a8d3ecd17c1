"""Programs of probabilities, of experts, and of derivatives of derivatives."""

from __future__ import annotations

import viz
from drawn_programs.collection import Drawn, array, program
from tinygrad_cnn import Tensor, grad, nn
from tinygrad_cnn import functional as F


class Vae(nn.Module):
    def __init__(self) -> None:
        self.encoder = nn.Sequential(nn.Linear(12, 8, rng=0), nn.ReLU())
        self.mean, self.log_var = nn.Linear(8, 2, rng=1), nn.Linear(8, 2, rng=2)
        self.decoder = nn.Sequential(nn.Linear(2, 8, rng=3), nn.ReLU(), nn.Linear(8, 12, rng=4))

    def forward(self, x: Tensor) -> Tensor:
        h = self.encoder(x)
        mean, log_var = self.mean(h), self.log_var(h)
        z = mean + F.exp(log_var * 0.5) * array(*mean.shape)
        divergence = -0.5 * F.sum(1 + log_var - mean**2 - F.exp(log_var))
        return F.sum((self.decoder(z) - x) ** 2) + divergence


@program
def variational_autoencoder() -> Drawn:
    """A variational autoencoder with its loss."""
    return Vae(), {"inputs": array(4, 12)}


@program
def mixture_of_experts() -> Drawn:
    """Experts weighed by a gate."""

    class Mixture(nn.Module):
        def __init__(self, experts: int) -> None:
            self.gate = nn.Linear(6, experts, rng=0)
            self.experts = nn.ModuleList(
                nn.Sequential(nn.Linear(6, 8, rng=k), nn.ReLU(), nn.Linear(8, 4, rng=k))
                for k in range(experts)
            )

        def forward(self, x: Tensor) -> Tensor:
            weights = F.softmax(self.gate(x), axis=1)
            parts = [weights[:, k : k + 1] * expert(x) for k, expert in enumerate(self.experts)]
            total = parts[0]
            for part in parts[1:]:
                total = total + part
            return total

    return Mixture(4), {"inputs": array(3, 6)}


@program
def gradient_penalty() -> Drawn:
    """A loss with the norm of a gradient in it."""
    critic = nn.Sequential(nn.Linear(3, 8, rng=0), nn.Tanh(), nn.Linear(8, 1, rng=1))
    x = Tensor(array(4, 3), requires_grad=True, name="x")
    with viz.record() as recorder:
        score = critic(x)
        slope = grad(score.sum(), x, create_graph=True)
        loss = score.mean() + 10 * ((F.sqrt((slope**2).sum(axis=1)) - 1) ** 2).mean()
    return loss, {"recorder": recorder, "names": {"critic": critic}}


@program
def newton_step() -> Drawn:
    """A step of Newton's method on a polynomial: first and second derivative."""
    x = Tensor(2.0, requires_grad=True, name="x")
    with viz.record() as recorder:
        y = x**4 - 2 * x**2
        first = grad(y, x, create_graph=True)
        second = grad(first, x, create_graph=True)
        step = x - first / second
        step.name = "next x"
    return step, {"recorder": recorder, "values": True}


@program
def meta_learning() -> Drawn:
    """A loss after a step of gradient descent (MAML)."""
    w = nn.Parameter(array(3, 1), name="w")
    x, y = array(4, 3), array(4, 1)
    with viz.record() as recorder:
        inner = F.mse_loss(F.matmul(Tensor(x, name="x"), w), y)
        adapted = w - 0.1 * grad(inner, w, create_graph=True)
        adapted.name = "adapted w"
        outer = F.mse_loss(F.matmul(Tensor(x, name="x"), adapted), y + 1)
    return outer, {"recorder": recorder}
