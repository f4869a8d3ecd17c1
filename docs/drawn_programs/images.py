"""Networks for images."""

from __future__ import annotations

from drawn_programs.collection import Drawn, array, program
from tinygrad_cnn import Tensor, nn
from tinygrad_cnn import functional as F


def conv_block(inside: int, outside: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inside, outside, 3, padding=1, rng=0), nn.ReLU())


class UNet(nn.Module):
    def __init__(self, depth: int = 3, width: int = 4) -> None:
        sizes = [width * 2**k for k in range(depth + 1)]
        self.down = nn.ModuleList(
            conv_block(a, b) for a, b in zip([1, *sizes[:-2]], sizes[:-1], strict=True)
        )
        self.bottom = conv_block(sizes[-2], sizes[-1])
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * s, s, 2, stride=2, rng=1) for s in sizes[-2::-1])
        self.merge = nn.ModuleList(conv_block(2 * s, s) for s in sizes[-2::-1])
        self.head = nn.Conv2d(width, 2, 1, rng=2)

    def forward(self, x: Tensor) -> Tensor:
        kept = []
        for down in self.down:
            x = down(x)
            kept.append(x)
            x = F.max_pool2d(x, 2)
        x = self.bottom(x)
        for up, merge in zip(self.up, self.merge, strict=True):
            x = merge(F.concatenate([kept.pop(), up(x)], axis=1))
        return self.head(x)


@program
def u_net() -> Drawn:
    """A U-Net of three levels."""
    return UNet(), {"inputs": array(1, 1, 32, 32)}


@program
def inception() -> Drawn:
    """Branches side by side, joined by their channels."""

    class Inception(nn.Module):
        def __init__(self) -> None:
            self.one = nn.Conv2d(4, 2, 1, rng=0)
            self.three = nn.Sequential(
                nn.Conv2d(4, 2, 1, rng=1), nn.ReLU(), nn.Conv2d(2, 4, 3, padding=1, rng=2)
            )
            self.five = nn.Sequential(
                nn.Conv2d(4, 2, 1, rng=3), nn.ReLU(), nn.Conv2d(2, 4, 5, padding=2, rng=4)
            )
            self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(4, 2, 1, rng=5))

        def forward(self, x: Tensor) -> Tensor:
            return F.relu(
                F.concatenate([b(x) for b in (self.one, self.three, self.five, self.pool)], axis=1)
            )

    return Inception(), {"inputs": array(1, 4, 8, 8)}


@program
def squeeze_and_excitation() -> Drawn:
    """Channels weighed by what they hold."""

    class Squeeze(nn.Module):
        def __init__(self) -> None:
            self.conv = nn.Conv2d(4, 8, 3, padding=1, rng=0)
            self.gate = nn.Sequential(
                nn.Linear(8, 2, rng=1), nn.ReLU(), nn.Linear(2, 8, rng=2), nn.Sigmoid()
            )

        def forward(self, x: Tensor) -> Tensor:
            x = self.conv(x)
            scale = self.gate(x.mean(axis=(2, 3)))
            return x * scale.reshape(*scale.shape, 1, 1)

    return Squeeze(), {"inputs": array(2, 4, 8, 8)}


@program
def depthwise() -> Drawn:
    """Depthwise separable convolutions, as in MobileNet."""

    def separable(a: int, b: int, stride: int) -> list[nn.Module]:
        return [
            nn.Conv2d(a, a, 3, stride=stride, padding=1, groups=a, bias=False, rng=0), nn.BatchNorm2d(a),
            nn.ReLU6(),
            nn.Conv2d(a, b, 1, bias=False, rng=1), nn.BatchNorm2d(b), nn.ReLU6(),
        ]  # fmt: skip

    layers = [*separable(3, 8, 1), *separable(8, 16, 2), *separable(16, 32, 2), nn.AdaptiveAvgPool2d(1)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32, 10, rng=2)), {"inputs": array(2, 3, 16, 16)}


@program
def two_heads() -> Drawn:
    """One body with two heads and two losses, added up."""
    body = nn.Sequential(nn.Linear(6, 8, rng=0), nn.ReLU())
    kind, place = nn.Linear(8, 3, rng=1), nn.Linear(8, 2, rng=2)
    h = body(Tensor(array(4, 6), name="features"))
    losses = F.cross_entropy(kind(h), [0, 1, 2, 0]), F.mse_loss(place(h), array(4, 2))
    total = losses[0] + 0.5 * losses[1]
    total.backward(retain_graph=True)
    return total, {"names": {"body": body, "kind": kind, "place": place}}
