"""The private bases that programs of PyTorch's ask `isinstance` of, or derive losses from."""

from __future__ import annotations

import collections.abc
from itertools import repeat
from types import SimpleNamespace
from typing import Any

from tinygrad_cnn.torch.nn.containers import CLASSES as CONTAINERS
from tinygrad_cnn.torch.nn.layers import CLASSES as LAYERS
from tinygrad_cnn.torch.nn.losses import reduction_of
from tinygrad_cnn.torch.nn.modules import Module
from tinygrad_cnn.torch.nn.sequences import CLASSES as SEQUENCES

CLASSES = {**LAYERS, **CONTAINERS, **SEQUENCES}


class Family(type):
    """A class that names some classes of `torch.nn`: their objects count as its own."""

    members: tuple[type, ...]

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, cls.members)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return subclass is cls or issubclass(subclass, cls.members)


def _family(name: str, *starts: str, names: tuple[str, ...] = ()) -> Any:
    """The classes whose names begin so, or are among `names`."""
    members = tuple(
        c for n, c in CLASSES.items() if (n in names or n.startswith(starts)) and isinstance(c, type)
    )
    return Family(
        name, (), {"members": members, "__doc__": f"Any of {', '.join(c.__name__ for c in members)}."}
    )


class _Loss(Module):
    """Base of losses: holds how they reduce."""

    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction_of(reduction, size_average, reduce)


class _WeightedLoss(_Loss):
    """Base of losses with a weight for each class."""

    def __init__(
        self, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


#: By name: what PyTorch's files of layers keep for themselves and programs take from them.
BASES: dict[str, Any] = {
    "_BatchNorm": _family("_BatchNorm", "BatchNorm", "SyncBatchNorm", "LazyBatchNorm"),
    "_InstanceNorm": _family("_InstanceNorm", "InstanceNorm"),
    "_NormBase": _family("_NormBase", "BatchNorm", "InstanceNorm", "SyncBatchNorm"),
    "_ConvNd": _family("_ConvNd", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose"),
    "_ConvTransposeNd": _family("_ConvTransposeNd", "ConvTranspose"),
    "_DropoutNd": _family("_DropoutNd", "Dropout", "AlphaDropout", "FeatureAlphaDropout"),
    "_MaxPoolNd": _family("_MaxPoolNd", "MaxPool"),
    "_AvgPoolNd": _family("_AvgPoolNd", "AvgPool"),
    "_AdaptiveAvgPoolNd": _family("_AdaptiveAvgPoolNd", "AdaptiveAvgPool"),
    "_AdaptiveMaxPoolNd": _family("_AdaptiveMaxPoolNd", "AdaptiveMaxPool"),
    "RNNBase": _family("RNNBase", names=("RNN", "LSTM", "GRU")),
    "RNNCellBase": _family("RNNCellBase", "RNNCell", "LSTMCell", "GRUCell"),
    "_Loss": _Loss,
    "_WeightedLoss": _WeightedLoss,
    "NonDynamicallyQuantizableLinear": LAYERS["Linear"],  # what PyTorch's attention ends with
}


def _ntuple(count: int) -> Any:
    """The function that repeats a number, and leaves a sequence as a tuple.

    >>> _ntuple(2)(3), _ntuple(2)([3, 1])
    ((3, 3), (3, 1))
    """

    def tuple_of(value: Any) -> tuple[Any, ...]:
        return tuple(value if isinstance(value, collections.abc.Iterable) else repeat(value, count))

    return tuple_of


#: `torch.nn.modules.utils`.
UTILS = SimpleNamespace(
    _ntuple=_ntuple,
    **{name: _ntuple(k) for k, name in enumerate(("_single", "_pair", "_triple", "_quadruple"), 1)},
)
#: `torch.nn.common_types`: names for annotations.
COMMON_TYPES = SimpleNamespace(
    **{f"_size_{k}_t": Any for k in ("any", *range(1, 7))},
    **{f"_size_{k}_opt_t": Any for k in ("any", 2, 3)},
    **{f"_ratio_{k}_t": Any for k in ("any", 2, 3)},
    **{f"_maybe_indices_{k}_t": Any for k in ("any", 2)},
)
