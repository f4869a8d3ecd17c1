"""Names of PyTorch that are not here: why, or which name is near."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
import types
from difflib import get_close_matches
from typing import Any

from tinygrad_cnn.torch.paths import home

_CPU = (
    "there is no accelerator: torch.cuda.is_available() is False, and programs that ask it choose the CPU"
)
_EAGER = "programs run as they are written; nothing is compiled or exported from them"
_NET = "nothing is fetched from the network"
_REAL = "tensors hold real numbers; complex ones are left out"
_DENSE = "tensors are dense; sparse ones are left out"
_ONE = "a program runs in one process on one machine; torch.distributed has groups of one"
_FLOAT = "numbers are computed in the types that NumPy has; quantised ones are left out"

_DATA = (
    "its files are not read here; ImageFolder reads folders of images, and MNIST's kin and CIFAR are there"
)
_UNREAD = (
    "Caltech101 Caltech256 Cityscapes Coco DTD EuroSAT FGVCAircraft Flickr Flowers102 Food101 GTSRB HMDB51 "
    "Imagenette Kinetics LFW LSUN MovingMNIST Omniglot OxfordIIITPet PCAM PhotoTour "
    "SBDataset SBU SEMEION STL10 SUN397 StanfordCars UCF101 USPS VOC WIDERFace "
)
_INSIDE = "it is PyTorch's inside"
_PIPES = "data pipes, which PyTorch itself has deprecated; Dataset and DataLoader are there"
_NAMED = "dimensions have numbers, not names; named tensors never left PyTorch's prototype"
_GPU = "it is for kernels of GPUs"
_NETS = "torchvision.models has networks that classify; torchvision.ops has boxes and regions for others"

#: Names of PyTorch's Tensor that are left out, and why.
OF_TENSORS: dict[str, str] = {
    **dict.fromkeys((
        "ccol_indices", "coalesce", "col_indices", "crow_indices", "indices", "row_indices", "smm", "sparse_dim",
        "sparse_mask", "sparse_resize_", "sparse_resize_and_clear_", "sspaddmm", "to_sparse", "to_sparse_bsc",
        "to_sparse_bsr", "to_sparse_coo", "to_sparse_csc", "to_sparse_csr", "values",
    ), _DENSE),
    **dict.fromkeys((
        "dequantize", "int_repr", "q_per_channel_axis", "q_per_channel_scales", "q_per_channel_zero_points",
        "q_scale", "q_zero_point", "qscheme",
    ), _FLOAT),
    **dict.fromkeys(("angle", "cdouble", "cfloat", "chalf", "istft", "stft"), _REAL),
    **dict.fromkeys(("align_as", "align_to", "has_names", "names", "refine_names", "rename", "rename_"), _NAMED),
    "to_mkldnn": _EAGER,
}  # fmt: skip

#: Why names are left out, by how they begin.
REASONS: dict[str, str] = {
    **{f"Tensor.{name}": why for name, why in OF_TENSORS.items()},
    "cuda.": _CPU, "utils.cpp_extension": _EAGER, "jit": _EAGER, "export": _EAGER, "fx": _EAGER, "_dynamo": _EAGER, "compiler": _EAGER, "_inductor": _EAGER,
    "distributed": _ONE, "nn.parallel.": _ONE, "sparse": _DENSE, "to_sparse": _DENSE,
    "quantization": _FLOAT, "quantize": _FLOAT, "ao": _FLOAT, "fft": _REAL, "stft": _REAL, "istft": _REAL,
    "complex": _REAL, "view_as_complex": _REAL, "view_as_real": _REAL, "polar": _REAL, "angle": _REAL, "cfloat": _REAL,
    "cdouble": _REAL, "chalf": _REAL, "hub": _NET,
    "nn.attention.flex_attention": _GPU, "nn.attention.varlen": _GPU, "nn.attention.experimental": _GPU,
    "utils.flop_counter": "`tinygrad_cnn.nn.summary` counts operations", "utils.mobile_optimizer": _EAGER,
    "utils.bottleneck": "`python -m tinygrad_cnn.torch --profile` measures", "package": _EAGER, "mtia": _CPU,
    "utils.collect_env": _INSIDE, "utils.throughput_benchmark": _INSIDE, "utils.weak": _INSIDE, "monitor": _INSIDE,
    "utils.backcompat": _INSIDE, "utils.backend_registration": _INSIDE, "masked.": "a mask and `where` do the same",
    "nn.qat": _FLOAT, "nn.intrinsic": _FLOAT, "nn.utils.fusion": _EAGER,
    "nn.quantized": _FLOAT, "utils.benchmark": "`python -m tinygrad_cnn.torch --profile` measures", "onnx": "see tinygrad_cnn.onnx",
    "_C": _INSIDE,
    **{f"nn.functional.{name}": _INSIDE for name in (
        "assert_int_or_pair", "boolean_dispatch", "handle_torch_function", "has_torch_function",
    )},
    "nn.factory_kwargs": _INSIDE, "optim.swap_in_optimizer_params_and_state": _INSIDE,
    **{f"nn.functional.{name}": _FLOAT for name in ("ScalingType", "SwizzleType", "scaled_mm", "scaled_grouped_mm")},
    "nn.functional.grouped_mm": _GPU, "nn.LinearCrossEntropyOptions": _GPU, "optim.SparseAdam": _DENSE,
    **{f"utils.data.{name}": _PIPES for name in (
        "DFIterDataPipe", "DataChunk", "IterDataPipe", "MapDataPipe", "argument_validation", "functional_datapipe",
        "guaranteed_datapipes_determinism", "non_deterministic", "runtime_validation",
    )},
    "overrides": _EAGER, "library": _EAGER,
    **{f"torchvision.datasets.{name}": _DATA for name in _UNREAD.split()},
    **{f"torchvision.models.{name}": _NETS for name in ("detection", "optical_flow", "quantization", "segmentation", "video")},
    "float8": "NumPy has no such type", "nested": "tensors have one shape; nested ones are left out",
}  # fmt: skip


class LeftOutOfTensors:
    """A name that Tensors lack, and why: reading it raises, so that `hasattr` is False.

    A `__getattr__` of the class would do the same, but makes Python read every attribute slowly.

    >>> LeftOutOfTensors("values", "tensors are dense").__get__(None)
    Traceback (most recent call last):
    AttributeError: 'Tensor' object has no attribute 'values': it is left out, tensors are dense
    """

    def __init__(self, name: str, why: str) -> None:
        self.name, self.why = name, why

    def __get__(self, x: Any, kind: Any = None) -> Any:
        words = f"'Tensor' object has no attribute {self.name!r}: it is left out, {self.why}"
        raise AttributeError(words, name=self.name, obj=None)


def reason(path: str) -> str | None:
    """Why a name is left out, or None.

    >>> reason("sparse_coo_tensor")
    'tensors are dense; sparse ones are left out'
    """
    found = [why for start, why in REASONS.items() if path.startswith(start)]
    return found[0] if found else None


def missing(module: str, name: str, names: Any) -> AttributeError:
    """The error for a name that a module of here does not have.

    >>> print(missing("torch", "zeroes", ["zeros"]))
    torch.zeroes is not in tinygrad_cnn.torch; the nearest name is torch.zeros
    """
    path = f"{module}.{name}".removeprefix("torch.")
    root = module.partition(".")[0]
    full = f"{module}.{name}"
    why = reason(path)
    near = get_close_matches(name, [n for n in names if n[0] != "_"], 1, 0.7)
    if why is not None:
        words = f"{full} is left out: {why}"
    else:
        words = f"{full} is not in tinygrad_cnn.{root}"
        if near:
            words += f"; the nearest name is {module}.{near[0]}"
    return AttributeError(words, name=name, obj=None)


def unimported(error: ImportError) -> str | None:
    """Refuse `from torch import name` where there is no such name.

    >>> unimported(ImportError("cannot import name 'zeroes' from 'torch'", name="torch"))
    'torch.zeroes is not in tinygrad_cnn.torch'
    """
    found = re.search(r"cannot import name '(\w+)'", str(error))
    root = (error.name or "").removeprefix("tinygrad_cnn.")
    if found is None or root.partition(".")[0] not in ("torch", "torchvision"):
        return None
    names = vars(sys.modules[error.name]) if error.name in sys.modules else ()
    return str(missing(root, found[1], names))


def nearest(error: BaseException) -> str | None:
    """Add the nearest name to the message for an attribute that an object, a class or a module lacks.

    >>> nearest(AttributeError("no 'weigth'", name="weigth", obj=types.SimpleNamespace(weight=1)))
    "no 'weigth'; the nearest name is 'weight'"
    """
    words = str(error)
    told = "nearest name" in words or "left out" in words
    if (
        not isinstance(error, AttributeError)
        or error.obj is None
        or not isinstance(error.name, str)
        or told
    ):
        return None
    names = [name for name in dir(error.obj) if not name.startswith("_")]
    near = get_close_matches(error.name, names, 1, 0.7)
    return f"{words}; the nearest name is {near[0]!r}" if near else None


class LeftOut(types.ModuleType):
    """A module that is left out: it can be imported, and says why when it, or a name of it, is used.

    >>> LeftOut("torch.fft").rfft
    Traceback (most recent call last):
    AttributeError: torch.fft.rfft is left out: tensors hold real numbers; complex ones are left out
    """

    def __getattr__(self, name: str) -> Any:
        return guard(self.__name__, vars(self))(name)

    def __call__(self, *_: Any, **__: Any) -> Any:
        module, name = self.__name__.rsplit(".", 1)
        raise missing(module, name, ())


def guard(module: str, names: dict[str, Any]) -> Any:
    """A module's `__getattr__`: the error for what it does not have.

    Args:
        module: as programs call it.   names: the module's globals.
    """

    def __getattr__(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        if (file := home(f"{module}.{name}")) is not None:
            return file
        own = str(names.get("__name__"))
        if (
            own.startswith("tinygrad_cnn.")
            and "__path__" in names
            and importlib.util.find_spec(f"{own}.{name}")
        ):
            return importlib.import_module(f"{own}.{name}")
        raise missing(module, name, names)

    return __getattr__
