"""Names that a package does not have: what a program that asks for one probably means."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

#: Names of other libraries, and what they are here.
ELSEWHERE = {
    "AveragePooling2D": "nn.AvgPool2d",
    "BatchNormalization": "nn.BatchNorm2d",
    "ChainDataset": "data.ConcatDataset, or itertools.chain",
    "Container": "nn.Module, or nn.ModuleDict",
    "CrossMapLRN2d": "nn.LocalResponseNorm",
    "Dense": "nn.Linear",
    "DistributedSampler": "data.DataLoader(..., shard=parallel.world())",
    "GlobalAveragePooling2D": "nn.AdaptiveAvgPool2d(1), nn.Flatten()",
    "Input": "nothing: layers take their sizes, and lazy layers see them",
    "LearningRateScheduler": "train.LearningRate, with a scheduler of optim",
    "MaxPooling2D": "nn.MaxPool2d",
    "Model": "nn.Module",
    "ModelCheckpoint": "train.Checkpoint",
    "NLLLoss2d": "nn.NLLLoss",
    "RNNBase": "nn.RNN, nn.LSTM and nn.GRU themselves",
    "RNNCellBase": "nn.RNNCell, nn.LSTMCell and nn.GRUCell themselves",
    "SparseAdam": "optim.Adam: gradients of embeddings are full arrays",
    "SyncBatchNorm": "parallel.SyncBatchNorm2d and its relatives, over processes",
    "TensorBoard": "train.TensorBoardLogger",
    "TensorDataset": "data.ArrayDataset",
    "TerminateOnNaN": "train.NaNStop",
    "Variable": "Tensor(x, requires_grad=True)",
    "absolute": "functional.abs",
    "amax": "functional.max",
    "amin": "functional.min",
    "array": "Tensor",
    "asarray": "Tensor",
    "as_tensor": "Tensor",
    "autograd": "tinygrad_cnn itself: Tensor.backward and grad",
    "cat": "functional.concatenate",
    "bartlett_window": "tinygrad_cnn.bartlett",
    "blackman_window": "tinygrad_cnn.blackman",
    "conv_tbc": "functional.conv1d, after a transpose",
    "default_convert": "data.default_collate",
    "grouped_mm": "functional.matmul",
    "hamming_window": "tinygrad_cnn.hamming",
    "hann_window": "tinygrad_cnn.hanning",
    "kaiser_window": "tinygrad_cnn.kaiser",
    "upsample": "functional.interpolate",
    "clamp": "functional.clip",
    "concat": "functional.concatenate",
    "convolve": "functional.convolve1d",
    "correlate": "functional.correlate1d",
    "cuda": "device('cuda'), and Tensor.to('cuda')",
    "divide": "functional.div",
    "float32": "NumPy's: np.float32, or 'float32'",
    "float64": "NumPy's: np.float64, or 'float64'",
    "from_numpy": "Tensor",
    "gather": "functional.take_along_axis",
    "int64": "NumPy's: np.int64, or 'int64'",
    "linalg": "functional: inv, solve, det, svd and so on",
    "load": "train.load_model of a model, serial.load_tensors of arrays",
    "long": "NumPy's: np.int64, or 'int64'",
    "lr_scheduler": "optim itself: optim.StepLR and so on",
    "mm": "functional.matmul",
    "multiply": "functional.mul",
    "negative": "functional.neg",
    "power": "functional.pow",
    "random": "tinygrad_cnn itself: rand, randn, normal and so on",
    "save": "train.save_model of a model, serial.save_tensors of arrays",
    "scatter": "functional.put_along_axis",
    "subtract": "functional.sub",
    "to_categorical": "functional.one_hot",
    "train_test_split": "data.random_split",
    "unsqueeze": "functional.expand_dims",
    "utils": "nn, optim and data themselves: nn.pad_sequence, optim.clip_grad_norm_, data.DataLoader",
    "view": "functional.reshape",
}
#: Packages that may have a name that another was asked for.
PACKAGES = ("", ".functional", ".nn", ".nn.init", ".nn.models", ".optim", ".data", ".train", ".serial")


def meant(package: str, name: str, names: Sequence[str]) -> str:
    """What a program probably means by a name that a package does not have; '' if nothing is near.

    >>> meant("tinygrad_cnn.nn", "Dense", []), meant("tinygrad_cnn", "relu", [])
    ('here it is nn.Linear', 'tinygrad_cnn.functional has it')
    >>> meant("tinygrad_cnn.nn", "Conv2D", ["Conv1d", "Conv2d"])
    "the nearest is 'Conv2d'"
    """
    if name in ELSEWHERE:
        return f"here it is {ELSEWHERE[name]}"
    for other in ("tinygrad_cnn" + end for end in PACKAGES):
        if other != package and name in getattr(sys.modules.get(other), "__all__", ()):
            return f"{other} has it"
    from difflib import get_close_matches  # here: it is wanted where something went wrong

    known = {known.lower(): known for known in names}
    near = get_close_matches(name.lower(), known, n=1, cutoff=0.7)
    return f"the nearest is {known[near[0]]!r}" if near else ""


def guard(names: Mapping[str, Any], inside: Sequence[str] = ()) -> Callable[[str], Any]:
    """Make the `__getattr__` of a package, which is asked for what the package does not have.

    Args:
        names: of the package; its `globals()`.   inside: packages in it that are loaded at first use.
    Returns:
        Of a name: such a package, or an AttributeError that says what is probably meant.
    """
    package: str = names["__name__"]

    def missing(name: str) -> Any:
        if name in inside:
            return importlib.import_module(f"{package}.{name}")
        hint = "" if name[0] == "_" else meant(package, name, names.get("__all__", list(names)))
        raise AttributeError(f"module {package!r} has no attribute {name!r}" + (hint and f"; {hint}"))

    return missing
