"""The vision transformer (Dosovitskiy et al. 2021, arXiv:2010.11929): an image as a sequence of patches."""

from __future__ import annotations

import math
from collections import OrderedDict
from functools import partial
from typing import Any

from tinygrad_cnn import torch
from tinygrad_cnn.torch import nn
from tinygrad_cnn.torchvision.models.weights import filled, weights_of
from tinygrad_cnn.torchvision.ops.misc import MLP

N: Any = nn
T: Any = torch
#: By name: patch, layers, heads, width, width of the MLP, and the published weights.
KINDS: dict[str, tuple[int, int, int, int, int, str]] = {
    "b_16": (16, 12, 12, 768, 3072, "c867db91"), "b_32": (32, 12, 12, 768, 3072, "d86f8d99"),
    "l_16": (16, 24, 16, 1024, 4096, "852ce7e3"), "l_32": (32, 24, 16, 1024, 4096, "c7638314"),
}  # fmt: skip
WEIGHTS = {
    kind: weights_of(f"ViT_{kind.upper()}", IMAGENET1K_V1=f"vit_{kind}-{mark}.pth")
    for kind, (*_, mark) in KINDS.items()
}
_Norm = partial(N.LayerNorm, eps=1e-6)


class MLPBlock(MLP):
    """Two linear layers with GELU and dropout."""

    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__(width, [hidden, width], activation_layer=N.GELU, dropout=dropout)
        for m in self.modules():
            if isinstance(m, N.Linear):
                N.init.xavier_uniform_(m.weight)
                N.init.normal_(m.bias, std=1e-6)


class EncoderBlock(nn.Module):
    """Attention and an MLP, each after a norm and beside a shortcut."""

    def __init__(
        self, heads: int, width: int, hidden: int, dropout: float, attention_dropout: float
    ) -> None:
        super().__init__()
        self.ln_1 = _Norm(width)
        self.self_attention = N.MultiheadAttention(
            width, heads, dropout=attention_dropout, batch_first=True
        )
        self.dropout, self.ln_2 = N.Dropout(dropout), _Norm(width)
        self.mlp = MLPBlock(width, hidden, dropout)

    def forward(self, input: Any) -> Any:
        """The block's result."""
        x = self.ln_1(input)
        x, _ = self.self_attention(x, x, x, need_weights=False)
        x = self.dropout(x) + input
        return x + self.mlp(self.ln_2(x))


class Encoder(nn.Module):
    """Places added, blocks, and a norm."""

    def __init__(
        self,
        length: int,
        layers: int,
        heads: int,
        width: int,
        hidden: int,
        dropout: float,
        attention_dropout: float,
    ) -> None:
        super().__init__()
        self.pos_embedding = N.Parameter(T.empty(1, length, width).normal_(std=0.02))
        self.dropout = N.Dropout(dropout)
        blocks = [
            (f"encoder_layer_{k}", EncoderBlock(heads, width, hidden, dropout, attention_dropout))
            for k in range(layers)
        ]
        self.layers, self.ln = N.Sequential(OrderedDict(blocks)), _Norm(width)

    def forward(self, input: Any) -> Any:
        """The sequence, changed by all blocks."""
        return self.ln(self.layers(self.dropout(input + self.pos_embedding)))


class VisionTransformer(nn.Module):
    """Patches as vectors, a token for the class before them, an encoder, and a linear layer."""

    def __init__(
        self, image_size: int, patch_size: int, num_layers: int, num_heads: int, hidden_dim: int, mlp_dim: int,
        dropout: float = 0.0, attention_dropout: float = 0.0, num_classes: int = 1000,
    ) -> None:  # fmt: skip
        super().__init__()
        self.image_size, self.patch_size, self.hidden_dim = image_size, patch_size, hidden_dim
        self.conv_proj = N.Conv2d(3, hidden_dim, kernel_size=patch_size, stride=patch_size)
        self.seq_length = (image_size // patch_size) ** 2 + 1
        self.class_token = N.Parameter(T.zeros(1, 1, hidden_dim))
        self.encoder = Encoder(
            self.seq_length, num_layers, num_heads, hidden_dim, mlp_dim, dropout, attention_dropout
        )
        self.heads = N.Sequential(OrderedDict(head=N.Linear(hidden_dim, num_classes)))
        N.init.trunc_normal_(self.conv_proj.weight, std=math.sqrt(1 / (3 * patch_size**2)))
        N.init.zeros_(self.conv_proj.bias)
        N.init.zeros_(self.heads.head.weight)
        N.init.zeros_(self.heads.head.bias)

    def forward(self, x: Any) -> Any:
        """Scores of the classes.

        Raises:
            AssertionError: the image has another size.
        """
        if tuple(x.shape[2:]) != (self.image_size, self.image_size):
            raise AssertionError(
                f"VisionTransformer: images of {self.image_size}×{self.image_size} fit, got {tuple(x.shape)}"
            )
        x = self.conv_proj(x).flatten(2).permute(0, 2, 1)
        x = T.cat([self.class_token.expand(x.shape[0], -1, -1), x], dim=1)
        return self.heads(self.encoder(x)[:, 0])


def _of(kind: str) -> Any:
    patch, layers, heads, width, hidden, _ = KINDS[kind]

    def make(
        *, weights: Any = None, progress: bool = True, pretrained: Any = False, image_size: int = 224, **options: Any
    ) -> VisionTransformer:  # fmt: skip
        made = VisionTransformer(image_size, patch, layers, heads, width, hidden, **options)
        return filled(made, weights, WEIGHTS[kind], pretrained)

    make.__name__, make.__doc__ = (
        f"vit_{kind}",
        f"The vision transformer {kind.upper()} with random weights.",
    )
    return make


vit_b_16, vit_b_32, vit_l_16, vit_l_32 = map(_of, KINDS)
