"""`torch.special`: functions of `torch` under their names of mathematics."""

from __future__ import annotations

from tinygrad_cnn.torch.refusals import guard
from tinygrad_cnn.torch.registry import FUNCTIONS

_NAMES = (
    "erf",
    "erfc",
    "exp2",
    "expm1",
    "log1p",
    "log_softmax",
    "logit",
    "logsumexp",
    "round",
    "softmax",
    "xlogy",
)
globals().update({name: FUNCTIONS[name] for name in _NAMES})
expit = FUNCTIONS["sigmoid"]
__all__ = ["expit", *_NAMES]
__getattr__ = guard("torch.special", globals())
