"""Losses as modules."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import nn as native_nn
from tinygrad_cnn.torch.nn import functional as _f
from tinygrad_cnn.torch.nn.making import of_function
from tinygrad_cnn.torch.nn.modules import Module

CLASSES: dict[str, Any] = {}
_OLD = (("size_average", None), ("reduce", None), ("reduction", "mean"))
_LOSSES: dict[str, tuple[Any, ...]] = {
    "MSELoss": (_f.mse_loss, *_OLD), "L1Loss": (_f.l1_loss, *_OLD),
    "SmoothL1Loss": (_f.smooth_l1_loss, *_OLD, ("beta", 1.0)),
    "HuberLoss": (_f.huber_loss, ("reduction", "mean"), ("delta", 1.0)),
    "CrossEntropyLoss": (_f.cross_entropy, ("weight", None), ("size_average", None), ("ignore_index", -100),
                         ("reduce", None), ("reduction", "mean"), ("label_smoothing", 0.0)),
    "NLLLoss": (_f.nll_loss, ("weight", None), ("size_average", None), ("ignore_index", -100), ("reduce", None),
                ("reduction", "mean")),
    "BCELoss": (_f.binary_cross_entropy, ("weight", None), *_OLD),
    "BCEWithLogitsLoss": (_f.binary_cross_entropy_with_logits, ("weight", None), *_OLD, ("pos_weight", None)),
    "KLDivLoss": (_f.kl_div, *_OLD, ("log_target", False)),
    "HingeEmbeddingLoss": (_f.hinge_embedding_loss, ("margin", 1.0), *_OLD),
    "MultiMarginLoss": (_f.multi_margin_loss, ("p", 1), ("margin", 1.0), ("weight", None), *_OLD),
    "SoftMarginLoss": (_f.soft_margin_loss, *_OLD),
    "MultiLabelSoftMarginLoss": (_f.multilabel_soft_margin_loss, ("weight", None), *_OLD),
    "MultiLabelMarginLoss": (_f.multilabel_margin_loss, *_OLD),
    "NLLLoss2d": (_f.nll_loss, ("weight", None), ("size_average", None), ("ignore_index", -100), ("reduce", None),
                  ("reduction", "mean")),
    "TripletMarginWithDistanceLoss": (_f.triplet_margin_with_distance_loss, ("distance_function", None),
                                      ("margin", 1.0), ("swap", False), ("reduction", "mean")),
    "MarginRankingLoss": (_f.margin_ranking_loss, ("margin", 0.0), *_OLD),
    "CosineEmbeddingLoss": (_f.cosine_embedding_loss, ("margin", 0.0), *_OLD),
    "TripletMarginLoss": (_f.triplet_margin_loss, ("margin", 1.0), ("p", 2.0), ("eps", 1e-6), ("swap", False), *_OLD),
    "PoissonNLLLoss": (_f.poisson_nll_loss, ("log_input", True), ("full", False), ("size_average", None), ("eps", 1e-8),
                       ("reduce", None), ("reduction", "mean")),
    "GaussianNLLLoss": (_f.gaussian_nll_loss, ("full", False), ("eps", 1e-6), ("reduction", "mean")),
    "CTCLoss": (_f.ctc_loss, ("blank", 0), ("reduction", "mean"), ("zero_infinity", False)),
}  # fmt: skip


def _loss(name: str, function: Any, *options: tuple[str, Any]) -> Any:
    base = of_function(name, function, *options)

    def __setattr__(self: Any, key: str, value: Any) -> None:
        if key in ("weight", "pos_weight") and value is not None:
            self.register_buffer(key, value)
        else:
            Module.__setattr__(self, key, value)

    base.__setattr__ = __setattr__
    base.register_buffer = lambda self, key, value: Module.__setattr__(self, key, native_nn.Buffer(value))
    base.extra_repr = lambda self: ""
    return base


for _name, _parts in _LOSSES.items():
    CLASSES[_name] = _loss(_name, *_parts)
