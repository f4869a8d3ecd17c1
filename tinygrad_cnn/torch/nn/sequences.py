"""Recurrent layers, attention and transformers of `torch.nn`: the native ones, drawn from PyTorch's stream."""

from __future__ import annotations

import inspect
from typing import Any

from tinygrad_cnn import nn as native_nn
from tinygrad_cnn.torch.generators import DRAWS
from tinygrad_cnn.torch.nn import init
from tinygrad_cnn.torch.nn.making import options_of, with_device
from tinygrad_cnn.torch.nn.modules import COUNTERPARTS, Module
from tinygrad_cnn.torch.tensors import Tensor

CLASSES: dict[str, Any] = {}


def made(name: str, **own: Any) -> Any:
    """The class of a native layer that draws by itself: as it is made, or anew by `reset_parameters`."""
    native: Any = getattr(native_nn, name)
    draws = {"rng": 0 if "reset_parameters" in own else DRAWS}
    draws = draws if "rng" in inspect.signature(native).parameters else {}

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        args = with_device(native, args, kwargs)
        native.__init__(self, *args, **options_of(native, kwargs), **draws)
        self.reset_parameters()

    space = {
        "__init__": __init__,
        "reset_parameters": lambda self: None,
        "rng": DRAWS,
        "__doc__": f"See `nn.{name}`.",
    }
    found = type(name, (native, Module), {**space, "__module__": __name__, **own})
    COUNTERPARTS[native] = CLASSES[name] = found
    return found


def _attention(self: Any) -> None:
    """PyTorch's start, in its order: the projection of the result first."""
    self.rng = DRAWS
    self.out_proj.reset_parameters()
    for key in ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"):
        if getattr(self, key, None) is not None:
            init.xavier_uniform_(getattr(self, key))
    if self.in_proj_bias is not None:
        init.zeros_(self.in_proj_bias)
        init.zeros_(self.out_proj.bias)
    for parameter in (self.bias_k, self.bias_v):
        if parameter is not None:
            init.xavier_normal_(parameter)


def _adaptive_softmax(self: Any) -> None:
    """PyTorch's start; and its cutoffs, which end with the number of classes."""
    self.cutoffs = list(self._starts)
    self.head.reset_parameters()
    for projection in self.tail:
        for layer in projection:
            layer.reset_parameters()


def _linear_loss(
    self: Any, in_features: int, num_classes: int, *, out_features: Any = (), bias: bool = False,
    device: Any = None, dtype: Any = None, reduction: str = "mean", weight: Any = None,
    ignore_index: int | None = None, label_smoothing: float = 0.0, options: Any = None,
) -> None:  # fmt: skip
    """As PyTorch's; `options` only say how much memory it uses at a time."""
    native: Any = native_nn.LinearCrossEntropyLoss
    kwargs = options_of(native, {"device": device, "dtype": dtype})
    native.__init__(
        self, in_features, num_classes, out_features=out_features, bias=bias, reduction=reduction,
        weight=weight, ignore_index=ignore_index, label_smoothing=label_smoothing, rng=0, **kwargs,
    )  # fmt: skip
    self.options = options
    self.linear.reset_parameters()


def _linear_loss_words(self: Any) -> str:
    return f"{native_nn.LinearCrossEntropyLoss.extra_repr(self)}, options={self.options}"


def _encoder_layer(self: Any) -> None:
    _attention(self.self_attn)
    if hasattr(self, "multihead_attn"):
        _attention(self.multihead_attn)
    self.linear1.reset_parameters()
    self.linear2.reset_parameters()


def _transformer(self: Any) -> None:
    for stack in (self.encoder, self.decoder):
        first, *copies = stack.layers
        _encoder_layer(first)
        for layer in copies:
            layer.load_state_dict(first.state_dict())
    for module in self.modules():
        if isinstance(module, native_nn.MultiheadAttention):
            module.rng = DRAWS
    for parameter in self.parameters():
        if parameter._array.ndim > 1:
            init.xavier_uniform_(parameter)


def _mask(sz: int, device: Any = None, dtype: Any = None) -> Any:
    """0 up to the diagonal, -inf above it."""
    return Tensor.detached(native_nn.Transformer.generate_square_subsequent_mask(sz))


made("MultiheadAttention", reset_parameters=_attention, in_proj_weight=None, extra_repr=lambda self: "")
made("AdaptiveLogSoftmaxWithLoss", reset_parameters=_adaptive_softmax)
made("LinearCrossEntropyLoss", __init__=_linear_loss, extra_repr=_linear_loss_words)
made("TransformerEncoderLayer", reset_parameters=_encoder_layer)
made("TransformerDecoderLayer", reset_parameters=_encoder_layer)


def _stack(name: str) -> Any:
    """An encoder or decoder, which takes PyTorch's options that only change how it is computed."""
    native: Any = getattr(native_nn, name)

    def __init__(self: Any, layer: Any, num_layers: int, norm: Any = None, *_: Any, **__: Any) -> None:
        native.__init__(self, layer, num_layers, norm)

    return made(name, __init__=__init__)


_stack("TransformerEncoder")
_stack("TransformerDecoder")
made("Transformer", reset_parameters=_transformer, generate_square_subsequent_mask=staticmethod(_mask))
for _name in ("RNN", "LSTM", "GRU"):
    made(_name, flatten_parameters=lambda self: None)
for _name in ("RNNCell", "LSTMCell", "GRUCell"):
    made(_name)
