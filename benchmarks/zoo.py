"""Networks of the kinds that users bring, beside the seven: each written once for both engines.

They are small forms of what they are named after: the layers and the shapes of the original, few
blocks, small batches. What has more than one path is a module of the engine's own `nn.Module`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from typing import Any

from benchmarks.networks import Network


def joined(nn: Any, *parts: Any) -> Any:
    """Tensors beside each other along their channels."""
    if nn.__name__.startswith("torch"):
        return import_module("torch").cat(parts, 1)
    return import_module("tinygrad_cnn.functional").concatenate(parts, axis=1)


def module(nn: Any, forward: Callable[..., Any], **layers: Any) -> Any:
    """A module with these layers as attributes, whose forward is `forward(module, x)`."""

    class Block(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            for name, layer in layers.items():
                setattr(self, name, layer)

        def forward(self, x: Any) -> Any:
            return forward(self, x)

    return Block()


def residual(nn: Any, body: Any, shortcut: Any = None, after: Any = None) -> Any:
    """after(body(x) + shortcut(x)), or x itself beside the body."""
    last, beside = after or nn.Identity(), shortcut or nn.Identity()
    return module(nn, lambda m, x: m.last(m.body(x) + m.beside(x)), body=body, beside=beside, last=last)


def beside(nn: Any, *paths: Any) -> Any:
    """The results of all paths, joined."""
    named = {f"path{k}": path for k, path in enumerate(paths)}
    return module(nn, lambda m, x: joined(nn, *(getattr(m, name)(x) for name in named)), **named)


def head(nn: Any, channels: int, classes: int = 10) -> list[Any]:
    """Mean over the image, and one linear layer."""
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]


def mean_of_places(nn: Any) -> Any:
    """Mean over all axes but batch and channels."""
    return module(nn, lambda m, x: x.reshape((x.shape[0], x.shape[1], -1)).mean(-1))


def conv_norm(nn: Any, inputs: int, outputs: int, kernel: int = 3, **options: Any) -> list[Any]:
    """Convolution without bias, batch norm."""
    options.setdefault("padding", kernel // 2)
    return [nn.Conv2d(inputs, outputs, kernel, bias=False, **options), nn.BatchNorm2d(outputs)]


def resnet(nn: Any) -> Any:
    """Residual blocks of two 3×3 convolutions. Source: He et al. 2015, arXiv:1512.03385."""
    layers = [*conv_norm(nn, 3, 32), nn.ReLU()]
    for inputs, outputs, stride in ((32, 32, 1), (32, 64, 2), (64, 128, 2)):
        body = nn.Sequential(
            *conv_norm(nn, inputs, outputs, stride=stride), nn.ReLU(), *conv_norm(nn, outputs, outputs)
        )
        same = inputs == outputs and stride == 1
        shortcut = None if same else nn.Sequential(*conv_norm(nn, inputs, outputs, 1, stride=stride))
        layers.append(residual(nn, body, shortcut, nn.ReLU()))
    return nn.Sequential(*layers, *head(nn, 128))


def bottleneck(nn: Any) -> Any:
    """Residual blocks of 1×1, 3×3, 1×1. Source: He et al. 2015, arXiv:1512.03385."""
    layers = [*conv_norm(nn, 3, 64, 7, stride=2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    for inputs, width, stride in ((64, 64, 1), (256, 64, 1), (256, 128, 2)):
        body = nn.Sequential(
            *conv_norm(nn, inputs, width, 1), nn.ReLU(),
            *conv_norm(nn, width, width, stride=stride), nn.ReLU(), *conv_norm(nn, width, 4 * width, 1),
        )  # fmt: skip
        same = inputs == 4 * width and stride == 1
        shortcut = None if same else nn.Sequential(*conv_norm(nn, inputs, 4 * width, 1, stride=stride))
        layers.append(residual(nn, body, shortcut, nn.ReLU()))
    return nn.Sequential(*layers, *head(nn, 512))


def mobile(nn: Any) -> Any:
    """Depthwise 3×3 and 1×1 by turns. Source: Howard et al. 2017, arXiv:1704.04861."""
    layers = [*conv_norm(nn, 3, 32, stride=2), nn.ReLU6()]
    for inputs, outputs, stride in ((32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1)):
        layers += [*conv_norm(nn, inputs, inputs, stride=stride, groups=inputs), nn.ReLU6()]
        layers += [*conv_norm(nn, inputs, outputs, 1), nn.ReLU6()]
    return nn.Sequential(*layers, *head(nn, 256))


def squeeze(nn: Any) -> Any:
    """Fire modules. Source: Iandola et al. 2016, arXiv:1602.07360."""
    layers = [nn.Conv2d(3, 64, 3, stride=2), nn.ReLU(), nn.MaxPool2d(3, 2)]
    inputs = 64
    for few, many in ((16, 64), (16, 64), (32, 128)):
        layers += [nn.Conv2d(inputs, few, 1), nn.ReLU()]
        layers += [beside(nn, nn.Conv2d(few, many, 1), nn.Conv2d(few, many, 3, padding=1)), nn.ReLU()]
        inputs = 2 * many
    return nn.Sequential(*layers, *head(nn, inputs))


def dense(nn: Any) -> Any:
    """Each layer reads all before it. Source: Huang et al. 2016, arXiv:1608.06993."""
    layers, channels = [nn.Conv2d(3, 24, 3, padding=1)], 24
    for _ in range(5):
        path = nn.Sequential(
            nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, 12, 3, padding=1, bias=False)
        )
        layers.append(beside(nn, nn.Identity(), path))
        channels += 12
    return nn.Sequential(*layers, *head(nn, channels))


def unet(nn: Any) -> Any:
    """Down and up again, with what was there on the way down. Source: arXiv:1505.04597."""

    def double(inputs: int, outputs: int) -> Any:
        return nn.Sequential(
            *conv_norm(nn, inputs, outputs), nn.ReLU(), *conv_norm(nn, outputs, outputs), nn.ReLU()
        )

    def forward(m: Any, x: Any) -> Any:
        first = m.first(x)
        second = m.second(m.pool(first))
        x = m.up2(m.third(m.pool(second)))
        x = m.up1(m.fourth(joined(nn, x, second)))
        return m.head(m.last(joined(nn, x, first)))

    return module(
        nn, forward, first=double(3, 16), second=double(16, 32), third=double(32, 64), pool=nn.MaxPool2d(2),
        up2=nn.ConvTranspose2d(64, 32, 2, stride=2), fourth=double(64, 32),
        up1=nn.ConvTranspose2d(32, 16, 2, stride=2), last=double(32, 16), head=nn.Sequential(*head(nn, 16)),
    )  # fmt: skip


def dcgan(nn: Any) -> Any:
    """Down to 64 numbers and up again by transposed convolutions. Source: arXiv:1511.06434."""

    def down(inputs: int, outputs: int) -> list[Any]:
        return [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]

    def up(inputs: int, outputs: int) -> list[Any]:
        return [
            nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        ]

    return nn.Sequential(
        nn.Conv2d(3, 32, 4, 2, 1), nn.LeakyReLU(0.2), *down(32, 64), *down(64, 128),
        nn.Conv2d(128, 64, 4), nn.ConvTranspose2d(64, 128, 4), nn.BatchNorm2d(128), nn.ReLU(),
        *up(128, 64), *up(64, 32), nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Tanh(), *head(nn, 3),
    )  # fmt: skip


def convnext(nn: Any) -> Any:
    """Depthwise 7×7, layer norm over channels, GELU. Source: Liu et al. 2022, arXiv:2201.03545."""

    def mix(m: Any, x: Any) -> Any:
        x = m.norm(m.spatial(x).swapaxes(1, 2).swapaxes(2, 3))
        return m.mlp(x).swapaxes(2, 3).swapaxes(1, 2)

    layers = [nn.Conv2d(3, 64, 4, stride=4)]
    for _ in range(2):
        body = module(
            nn, mix, spatial=nn.Conv2d(64, 64, 7, padding=3, groups=64), norm=nn.LayerNorm(64),
            mlp=nn.Sequential(nn.Linear(64, 256), nn.GELU(), nn.Linear(256, 64)),
        )  # fmt: skip
        layers.append(residual(nn, body))
    return nn.Sequential(*layers, *head(nn, 64))


def attention(nn: Any, width: int = 64, heads: int = 4, depth: int = 2) -> list[Any]:
    """Transformer blocks on (N, tokens, width). Source: Vaswani et al. 2017, arXiv:1706.03762."""

    def attend(m: Any, x: Any) -> Any:
        n, tokens, _ = x.shape
        q, k, v = (
            f(x).reshape((n, tokens, heads, width // heads)).swapaxes(1, 2)
            for f in (m.query, m.key, m.value)
        )
        scores = m.softmax((q @ k.swapaxes(2, 3)) * (width // heads) ** -0.5)
        return m.out((scores @ v).swapaxes(1, 2).reshape((n, tokens, width)))

    layers = []
    for _ in range(depth):
        mixed = module(
            nn, attend, query=nn.Linear(width, width), key=nn.Linear(width, width),
            value=nn.Linear(width, width), out=nn.Linear(width, width), softmax=nn.Softmax(-1),
        )  # fmt: skip
        mlp = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        layers += [residual(nn, nn.Sequential(nn.LayerNorm(width), mixed)), residual(nn, mlp)]
    return layers


def transformer(nn: Any) -> Any:
    """Two transformer blocks on sequences of 48 tokens."""
    return nn.Sequential(*attention(nn), nn.LayerNorm(64), nn.Flatten(), nn.Linear(48 * 64, 10))


def vision(nn: Any) -> Any:
    """A small vision transformer: patches of 4×4. Source: Dosovitskiy et al. 2020, arXiv:2010.11929."""

    def patches(m: Any, x: Any) -> Any:
        return m.cut(x).reshape((x.shape[0], 64, 64)).swapaxes(1, 2)

    cut = module(nn, patches, cut=nn.Conv2d(3, 64, 4, 4))
    return nn.Sequential(cut, *attention(nn), nn.LayerNorm(64), nn.Flatten(), nn.Linear(64 * 64, 10))


def norms(nn: Any) -> Any:
    """Group and instance norm with smooth activations, and enlarging."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.GroupNorm(8, 32), nn.SiLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.InstanceNorm2d(64, affine=True), nn.GELU(),
        nn.Upsample(scale_factor=2), nn.Conv2d(64, 32, 3, padding=1), nn.GroupNorm(4, 32), nn.ELU(),
        *head(nn, 32),
    )  # fmt: skip


def wave(nn: Any) -> Any:
    """Dilated convolutions along time. Source: van den Oord et al. 2016, arXiv:1609.03499."""
    layers = [nn.Conv1d(1, 32, 1)]
    for dilation in (1, 2, 4, 8):
        body = nn.Sequential(
            nn.Conv1d(32, 32, 3, padding=dilation, dilation=dilation), nn.Tanh(), nn.Conv1d(32, 32, 1)
        )
        layers.append(residual(nn, body))
    return nn.Sequential(*layers, mean_of_places(nn), nn.Linear(32, 10))


def volume(nn: Any) -> Any:
    """3-D convolutions."""
    return nn.Sequential(
        nn.Conv3d(1, 16, 3, padding=1), nn.BatchNorm3d(16), nn.ReLU(), nn.MaxPool3d(2),
        nn.Conv3d(16, 32, 3, padding=1), nn.BatchNorm3d(32), nn.ReLU(), mean_of_places(nn),
        nn.Linear(32, 10),
    )  # fmt: skip


def autoencoder(nn: Any) -> Any:
    """784 numbers through 32 and back."""
    sizes = (784, 256, 64, 32, 64, 256, 784)
    pairs = pairwise(sizes)
    layers = [layer for a, b in pairs for layer in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(nn.Flatten(), *layers[:-1], nn.Sigmoid(), nn.Linear(784, 1))


def mlp(nn: Any) -> Any:
    """A large multi-layer perceptron."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 10)
    )


def tiny(nn: Any) -> Any:
    """A CNN so small that its nodes take the time."""
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip


def recurrent(nn: Any, kind: str) -> Any:
    """A recurrent layer over 28 steps of 28 numbers; its last state is classified."""
    layer = getattr(nn, kind)(28, 64, batch_first=True)
    return module(nn, lambda m, x: m.last(m.layer(x)[0][:, -1]), layer=layer, last=nn.Linear(64, 10))


#: By name: the network, the shape of its batch, and how it is usually trained.
ZOO = {
    "resnet": Network(resnet, (16, 3, 32, 32), 10, 1),
    "bottleneck": Network(bottleneck, (2, 3, 112, 112), 10, 1),
    "mobilenet": Network(mobile, (16, 3, 96, 96), 10, 1),
    "squeezenet": Network(squeeze, (8, 3, 96, 96), 10, 1),
    "densenet": Network(dense, (16, 3, 32, 32), 10, 1),
    "unet": Network(unet, (4, 3, 64, 64), 10, 1, "Adam"),
    "dcgan": Network(dcgan, (16, 3, 32, 32), 10, 1, "Adam"),
    "convnext": Network(convnext, (8, 3, 64, 64), 10, 1, "AdamW"),
    "transformer": Network(transformer, (16, 48, 64), 10, 1, "Adam"),
    "vit": Network(vision, (8, 3, 32, 32), 10, 1, "AdamW"),
    "norms": Network(norms, (8, 3, 32, 32), 10, 1),
    "wavenet": Network(wave, (8, 1, 1000), 10, 1, "Adam"),
    "volume": Network(volume, (4, 1, 16, 16, 16), 10, 1),
    "autoencoder": Network(autoencoder, (128, 1, 28, 28), 0, 1, "Adam"),
    "mlp1024": Network(mlp, (128, 1, 28, 28), 10, 1),
    "tiny1": Network(tiny, (1, 1, 8, 8), 10, 1),
    "lstm": Network(lambda nn: recurrent(nn, "LSTM"), (32, 28, 28), 10, 1, "Adam"),
    "gru": Network(lambda nn: recurrent(nn, "GRU"), (32, 28, 28), 10, 1, "Adam"),
}
QUICK_ZOO = ("mobilenet", "transformer", "tiny1")
