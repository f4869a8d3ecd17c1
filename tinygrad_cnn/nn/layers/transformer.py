"""Transformers: attention and a small network in turns, each added to what it was given."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.functional.arguments import choice, flag, flags, integer
from tinygrad_cnn.functional.storage import filled
from tinygrad_cnn.nn import init
from tinygrad_cnn.nn.containers.collections import ModuleList
from tinygrad_cnn.nn.layers.attention import MultiheadAttention
from tinygrad_cnn.nn.layers.dropout import Dropout
from tinygrad_cnn.nn.layers.linear import Linear
from tinygrad_cnn.nn.layers.sample_norm import LayerNorm
from tinygrad_cnn.nn.module import Module
from tinygrad_cnn.rng import Seed, generator
from tinygrad_cnn.tensors.tensor_class import Tensor

__all__ = [
    "Transformer", "TransformerDecoder", "TransformerDecoderLayer", "TransformerEncoder",
    "TransformerEncoderLayer",
]  # fmt: skip

Activation = str | Callable[[Any], Any]
Draws = np.random.Generator | None


class TransformerEncoderLayer(Module):
    """Self-attention, then a network of two layers; each is added to its input, and normalised.

        x = norm1(x + attention(x)),   y = norm2(x + linear2(dropout(activation(linear1(x)))))

    With `norm_first` each part reads norm(x) instead, and the sum is not normalised.

    Args:
        d_model: E, features.   nhead: heads of the attention.
        dim_feedforward: units between the two layers.
        dropout: probability, in training.   activation: 'relu', 'gelu', or a function of `functional`.
        layer_norm_eps: of the normalisations.   batch_first: x is (N, L, E), not (L, N, E).
        norm_first: normalise before, not after.   bias: whether layers and norms add one.
        rng: seed or generator of weights and dropout.   dtype: a float type.
    Shapes:
        src (L, N, E) -> the same.
    Raises:
        ArgumentError: as `MultiheadAttention`, or another activation.
    Source: Vaswani et al. 2017, arXiv:1706.03762; norm_first by Xiong et al. 2020, arXiv:2002.04745.

    >>> TransformerEncoderLayer(4, 2, 8, rng=0)(np.zeros((5, 1, 4), "float32")).shape
    (5, 1, 4)
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Activation = "relu", layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, bias: bool = True, *, rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        draws = None if rng is None else generator(rng)
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout, bias, batch_first=batch_first, rng=draws, dtype=dtype
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias, rng=draws, dtype=dtype)
        self.dropout = Dropout(dropout, rng=draws)
        self.linear2 = Linear(dim_feedforward, d_model, bias, rng=draws, dtype=dtype)
        self.norm_first = flag("TransformerEncoderLayer", "norm_first", norm_first)
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1, self.dropout2 = Dropout(dropout, rng=draws), Dropout(dropout, rng=draws)
        self.activation = activated("TransformerEncoderLayer", activation)

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """The sequence after attention and network.

        Args:
            src: as above.   src_mask, src_key_padding_mask, is_causal: as `MultiheadAttention.forward`.

        >>> TransformerEncoderLayer(2, 1, 4, rng=0).forward(np.zeros((3, 2), "float32")).shape
        (3, 2)
        """

        def attended(x: Any) -> Any:
            return self.dropout1(
                self.self_attn(x, x, x, src_key_padding_mask, False, src_mask, is_causal=is_causal)[0]
            )

        if self.norm_first:
            x = src + attended(self.norm1(src))
            return x + self._network(self.norm2(x))
        x = self.norm1(src + attended(src))
        return self.norm2(x + self._network(x))

    def _network(self, x: Any) -> Any:
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerDecoderLayer(Module):
    """Self-attention, attention to an encoder's result, then a network of two layers.

        x = norm1(x + attention(x)),   x = norm2(x + attention(x, memory)),
        y = norm3(x + linear2(dropout(activation(linear1(x)))))

    Args:
        d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias:
            as `TransformerEncoderLayer`.
        rng: seed or generator of weights and dropout.   dtype: a float type.
    Shapes:
        tgt (L, N, E), memory (S, N, E) -> (L, N, E).
    Raises:
        ArgumentError: as `TransformerEncoderLayer`.
    Source: Vaswani et al. 2017, arXiv:1706.03762.

    >>> x = np.zeros((5, 1, 4), "float32")
    >>> TransformerDecoderLayer(4, 2, 8, rng=0)(x, x[:2]).shape
    (5, 1, 4)
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Activation = "relu", layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, bias: bool = True, *, rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        draws = None if rng is None else generator(rng)
        self.self_attn, self.multihead_attn = (
            MultiheadAttention(
                d_model, nhead, dropout, bias, batch_first=batch_first, rng=draws, dtype=dtype
            )
            for _ in range(2)
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias, rng=draws, dtype=dtype)
        self.dropout = Dropout(dropout, rng=draws)
        self.linear2 = Linear(dim_feedforward, d_model, bias, rng=draws, dtype=dtype)
        self.norm_first = flag("TransformerDecoderLayer", "norm_first", norm_first)
        self.norm1, self.norm2, self.norm3 = (
            LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype) for _ in range(3)
        )
        self.dropout1, self.dropout2, self.dropout3 = (Dropout(dropout, rng=draws) for _ in range(3))
        self.activation = activated("TransformerDecoderLayer", activation)

    def forward(
        self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None, tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None, tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """The target sequence after both attentions and the network.

        Args:
            tgt, memory: as above.   The masks: as `MultiheadAttention.forward`.

        >>> x = np.zeros((3, 2), "float32")
        >>> TransformerDecoderLayer(2, 1, 4, rng=0).forward(x, x).shape
        (3, 2)
        """
        flags("TransformerDecoderLayer", tgt_is_causal=tgt_is_causal, memory_is_causal=memory_is_causal)

        def itself(x: Any) -> Any:
            y, _ = self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask, is_causal=tgt_is_causal)
            return self.dropout1(y)

        def other(x: Any) -> Any:
            padding = memory_key_padding_mask
            y, _ = self.multihead_attn(
                x, memory, memory, padding, False, memory_mask, is_causal=memory_is_causal
            )
            return self.dropout2(y)

        if self.norm_first:
            x = tgt + itself(self.norm1(tgt))
            x = x + other(self.norm2(x))
            return x + self._network(self.norm3(x))
        x = self.norm1(tgt + itself(tgt))
        x = self.norm2(x + other(x))
        return self.norm3(x + self._network(x))

    def _network(self, x: Any) -> Any:
        return self.dropout3(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerEncoder(Module):
    """Several encoder layers, one upon the other; all begin as copies of the one that is given.

    Args:
        encoder_layer: what is copied.   num_layers: how often.   norm: a module at the end, or None.
    Shapes:
        src (L, N, E) -> the same.
    Raises:
        DTypeError: encoder_layer is not a Module.   ArgumentError: num_layers is below 1.
    Source: Vaswani et al. 2017, arXiv:1706.03762.

    >>> TransformerEncoder(TransformerEncoderLayer(4, 2, 8), 2)(np.zeros((5, 1, 4), "float32")).shape
    (5, 1, 4)
    """

    def __init__(self, encoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        self.num_layers = integer("TransformerEncoder", "num_layers", num_layers, 1)
        self.layers = copies("TransformerEncoder", encoder_layer, self.num_layers)
        self.norm = norm

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """The sequence after all layers.

        Args:
            src: as above.   mask, src_key_padding_mask, is_causal: as `MultiheadAttention.forward`.

        >>> encoder = TransformerEncoder(TransformerEncoderLayer(2, 1, 4), 1)
        >>> encoder.forward(np.zeros((3, 2), "float32")).shape
        (3, 2)
        """
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, is_causal)
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Module):
    """Several decoder layers, one upon the other; all begin as copies of the one that is given.

    Args:
        decoder_layer: what is copied.   num_layers: how often.   norm: a module at the end, or None.
    Shapes:
        tgt (L, N, E), memory (S, N, E) -> (L, N, E).
    Raises:
        DTypeError: decoder_layer is not a Module.   ArgumentError: num_layers is below 1.
    Source: Vaswani et al. 2017, arXiv:1706.03762.

    >>> x = np.zeros((5, 1, 4), "float32")
    >>> TransformerDecoder(TransformerDecoderLayer(4, 2, 8), 2)(x, x).shape
    (5, 1, 4)
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        self.num_layers = integer("TransformerDecoder", "num_layers", num_layers, 1)
        self.layers = copies("TransformerDecoder", decoder_layer, self.num_layers)
        self.norm = norm

    def forward(self, tgt: Tensor, memory: Tensor, *masks: Any, **options: Any) -> Tensor:
        """The target sequence after all layers.

        Args:
            tgt, memory, and the masks: as `TransformerDecoderLayer.forward`.

        >>> x = np.zeros((3, 2), "float32")
        >>> TransformerDecoder(TransformerDecoderLayer(2, 1, 4), 1).forward(x, x).shape
        (3, 2)
        """
        for layer in self.layers:
            tgt = layer(tgt, memory, *masks, **options)
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """An encoder of one sequence, and a decoder that reads its result, and makes another.

    Weights of more than one axis start as Xavier's uniform ones.

    Args:
        d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias:
            as `TransformerEncoderLayer`.
        num_encoder_layers, num_decoder_layers: how many of each.
        rng: seed or generator of weights and dropout.   dtype: a float type.
    Shapes:
        src (S, N, E), tgt (L, N, E) -> (L, N, E).
    Raises:
        ArgumentError: as `TransformerEncoderLayer`.
    Source: Vaswani et al. 2017, arXiv:1706.03762.

    >>> model = Transformer(4, 2, 1, 1, 8, rng=0)
    >>> model(np.zeros((5, 1, 4), "float32"), np.zeros((3, 1, 4), "float32")).shape
    (3, 1, 4)
    """

    def __init__(
        self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6, num_decoder_layers: int = 6,
        dim_feedforward: int = 2048, dropout: float = 0.1, activation: Activation = "relu",
        layer_norm_eps: float = 1e-5, batch_first: bool = False, norm_first: bool = False,
        bias: bool = True, *, rng: Seed = None, dtype: DTypeLike = np.float32,
    ) -> None:  # fmt: skip
        draws: Draws = None if rng is None else generator(rng)
        shared = (
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first,
            bias,
        )  # fmt: skip
        norms = [LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype) for _ in range(2)]
        self.encoder = TransformerEncoder(
            TransformerEncoderLayer(*shared, rng=draws, dtype=dtype), num_encoder_layers, norms[0]
        )
        self.decoder = TransformerDecoder(
            TransformerDecoderLayer(*shared, rng=draws, dtype=dtype), num_decoder_layers, norms[1]
        )
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter, rng=draws)

    def forward(
        self, src: Tensor, tgt: Tensor, src_mask: Tensor | None = None, tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool = False, tgt_is_causal: bool = False, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """The decoder's result.

        Args:
            src, tgt: as above.   The masks: as `MultiheadAttention.forward`.

        >>> x = np.zeros((2, 1, 4), "float32")
        >>> Transformer(4, 2, 1, 1, 8, rng=0).forward(x, x, tgt_mask=causal_mask(2)).shape
        (2, 1, 4)
        """
        flags(
            "Transformer", src_is_causal=src_is_causal, tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )  # fmt: skip
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        return self.decoder(
            tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask,
            tgt_is_causal, memory_is_causal,
        )  # fmt: skip

    @staticmethod
    def generate_square_subsequent_mask(sz: int, dtype: DTypeLike = np.float32) -> NDArray[Any]:
        """A mask to add, by which no position sees a later one: 0 up to the diagonal, -inf above it.

        >>> Transformer.generate_square_subsequent_mask(2).tolist()
        [[0.0, -inf], [0.0, 0.0]]
        """
        return causal_mask(sz, dtype)


def causal_mask(size: int, dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """A (size, size) mask to add: 0 up to the diagonal, -inf above it.

    >>> causal_mask(2).tolist()
    [[0.0, -inf], [0.0, 0.0]]
    """
    return np.triu(filled("causal_mask", (integer("causal_mask", "size", size, 0),) * 2, dtype, -np.inf), 1)


def activated(name: str, activation: Activation) -> Callable[[Any], Any]:
    """The activation that a layer was asked for, as a function.

    >>> activated("TransformerEncoderLayer", "gelu").__name__
    'gelu'
    """
    if isinstance(activation, str):
        return {"relu": F.relu, "gelu": F.gelu}[choice(name, "activation", activation, ("relu", "gelu"))]
    if not callable(activation):
        raise DTypeError(f"{name}: activation is 'relu', 'gelu' or a function, got {activation!r}")
    return activation


def copies(name: str, layer: Module, count: int) -> ModuleList:
    """A layer copied several times: equal at first, learnt apart. Generators are shared, not copied.

    >>> len(copies("TransformerEncoder", Linear(1, 1), 3))
    3
    """
    if not isinstance(layer, Module):
        raise DTypeError(f"{name}: a layer is a Module, got {type(layer).__name__}")
    draws = [v for m in layer.modules() for v in vars(m).values() if isinstance(v, np.random.Generator)]
    return ModuleList([copy.deepcopy(layer, {id(v): v for v in draws}) for _ in range(count)])
