"""Programs in which one module or one weight serves several places."""

from __future__ import annotations

import numpy as np

from drawn_programs.collection import Drawn, array, program
from tinygrad_cnn import Tensor, nn
from tinygrad_cnn import functional as F


class TutorialNet(nn.Module):
    def __init__(self) -> None:
        self.conv1, self.pool = nn.Conv2d(3, 6, 5, rng=0), nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5, rng=1)
        self.fc1, self.fc2 = nn.Linear(400, 120, rng=2), nn.Linear(120, 84, rng=3)
        self.fc3 = nn.Linear(84, 10, rng=4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = F.relu(self.fc1(F.flatten(x, 1)))
        return self.fc3(F.relu(self.fc2(x)))


@program
def shared_pooling() -> Drawn:
    """A network for CIFAR-10 with one pooling for two places."""
    return TutorialNet(), {"inputs": array(1, 3, 32, 32)}


@program
def shared_activation() -> Drawn:
    """LeNet with one activation object and one pooling."""
    act, pool = nn.Tanh(), nn.AvgPool2d(2)
    layers = [nn.Conv2d(1, 6, 5, padding=2, rng=0), act, pool, nn.Conv2d(6, 16, 5, rng=1), act, pool]
    tail = [nn.Flatten(), nn.Linear(400, 120, rng=2), act, nn.Linear(120, 10, rng=3)]
    return nn.Sequential(*layers, *tail), {"inputs": array(1, 1, 28, 28)}


class Siamese(nn.Module):
    def __init__(self) -> None:
        self.net = nn.Sequential(
            nn.Conv2d(1, 4, 3, rng=0), nn.ReLU(), nn.Flatten(), nn.Linear(144, 8, rng=1)
        )

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return F.sqrt(F.sum((self.net(a) - self.net(b)) ** 2, axis=1))


@program
def siamese() -> Drawn:
    """A siamese network: one network for two images."""
    return Siamese(), {"inputs": (array(2, 1, 8, 8), array(2, 1, 8, 8))}


@program
def siamese_closed() -> Drawn:
    """The siamese network with its modules closed."""
    return Siamese(), {"inputs": (array(2, 1, 8, 8), array(2, 1, 8, 8)), "depth": 0}


@program
def autoencoder() -> Drawn:
    """An autoencoder of two objects without a name."""
    encoder = nn.Sequential(nn.Linear(12, 6, rng=0), nn.Tanh(), nn.Linear(6, 2, rng=1))
    decoder = nn.Sequential(nn.Linear(2, 6, rng=2), nn.Tanh(), nn.Linear(6, 12, rng=3))
    x = array(4, 12)
    loss = F.mse_loss(decoder(encoder(Tensor(x, name="x"))), x)
    return loss, {"names": {"encoder": encoder, "decoder": decoder}}


@program
def gan_step() -> Drawn:
    """A step of a GAN: two losses, the critic twice."""
    generator = nn.Sequential(nn.Linear(3, 8, rng=0), nn.ReLU(), nn.Linear(8, 4, rng=1))
    critic = nn.Sequential(nn.Linear(4, 8, rng=2), nn.LeakyReLU(0.2), nn.Linear(8, 1, rng=3))
    z, real = Tensor(array(5, 3), name="noise"), Tensor(array(5, 4), name="real")
    fake = critic(generator(z))
    losses = [F.softplus(-fake).mean(), (F.softplus(fake) + F.softplus(-critic(real))).mean()]
    losses[0].name, losses[1].name = "loss of G", "loss of D"
    return losses, {"names": {"G": generator, "D": critic}}


class DenseBlock(nn.Module):
    def __init__(self, channels: int, growth: int, layers: int) -> None:
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(channels + k * growth), nn.ReLU(),
                nn.Conv2d(channels + k * growth, growth, 3, padding=1, rng=k),
            )
            for k in range(layers)
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = F.concatenate([x, layer(x)], axis=1)
        return x


@program
def dense_block() -> Drawn:
    """A block of DenseNet, by a ModuleList."""
    return DenseBlock(8, 4, 4), {"inputs": array(2, 8, 8, 8)}


@program
def weight_tying() -> Drawn:
    """A language model whose output layer is its embedding."""
    embedding = nn.Embedding(20, 8, rng=0)
    tokens = np.arange(6).reshape(2, 3)
    h = F.tanh(nn.Linear(8, 8, rng=1)(embedding(tokens)))
    return F.cross_entropy((h @ embedding.weight.T).reshape(6, 20), tokens.reshape(6)), {}


class Tied(nn.Module):
    def __init__(self) -> None:
        layer, act = nn.Linear(6, 6, rng=0), nn.Tanh()
        self.body = nn.Sequential(layer, act, layer, act, layer)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


@program
def one_layer_three_times() -> Drawn:
    """One layer in three places."""
    return Tied(), {"inputs": array(2, 6)}
