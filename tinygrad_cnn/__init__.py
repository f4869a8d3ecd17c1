"""tinygrad-cnn: see through a neural network. Autograd, CNNs and computation graphs on NumPy.

Not affiliated with tinygrad.
"""

import importlib
import sys
import typing as _typing

from tinygrad_cnn import functional, nn, optim, transforms
from tinygrad_cnn.anomaly import detect_anomaly
from tinygrad_cnn.creation import (
    arange,
    empty,
    empty_like,
    eye,
    full,
    full_like,
    linspace,
    logspace,
    ones,
    ones_like,
    tri,
    zeros,
    zeros_like,
)
from tinygrad_cnn.devices.naming import device
from tinygrad_cnn.errors import (
    AnomalyError,
    ArgumentError,
    AxisError,
    DeviceError,
    DTypeError,
    FormatError,
    GraphError,
    KernelError,
    MissingExtraError,
    OutOfRangeError,
    ShapeError,
    StateError,
    TinygradCnnError,
)
from tinygrad_cnn.graph import OUT, Node, Observer, Op, Result, observe, scope
from tinygrad_cnn.kernels.serving import kernels_in_use, use_kernels
from tinygrad_cnn.kernels.threads import get_num_threads, set_num_threads
from tinygrad_cnn.mode import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from tinygrad_cnn.nn.module import Parameter
from tinygrad_cnn.other_names import guard as _guard
from tinygrad_cnn.random_tensors import (
    bernoulli,
    multinomial,
    normal,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    randperm,
    uniform,
)
from tinygrad_cnn.recomputing import checkpoint
from tinygrad_cnn.rng import manual_seed
from tinygrad_cnn.tensors import Tensor, from_dlpack, grad, tensor
from tinygrad_cnn.windows import bartlett, blackman, hamming, hanning, kaiser

__version__ = "0.1.0"
__all__ = [
    "OUT",
    "AnomalyError",
    "ArgumentError",
    "AxisError",
    "DTypeError",
    "DeviceError",
    "FormatError",
    "GraphError",
    "KernelError",
    "MissingExtraError",
    "Node",
    "Observer",
    "Op",
    "OutOfRangeError",
    "Parameter",
    "Result",
    "ShapeError",
    "StateError",
    "Tensor",
    "TinygradCnnError",
    "__version__",
    "arange",
    "bartlett",
    "bernoulli",
    "blackman",
    "checkpoint",
    "detect_anomaly",
    "device",
    "empty",
    "empty_like",
    "enable_grad",
    "eye",
    "from_dlpack",
    "full",
    "full_like",
    "functional",
    "get_num_threads",
    "grad",
    "hamming",
    "hanning",
    "is_grad_enabled",
    "kaiser",
    "kernels_in_use",
    "linspace",
    "logspace",
    "manual_seed",
    "multinomial",
    "nn",
    "no_grad",
    "normal",
    "observe",
    "ones",
    "ones_like",
    "optim",
    "rand",
    "rand_like",
    "randint",
    "randn",
    "randn_like",
    "randperm",
    "scope",
    "set_grad_enabled",
    "set_num_threads",
    "tensor",
    "transforms",
    "tri",
    "uniform",
    "use_kernels",
    "zeros",
    "zeros_like",
]

if "hypothesis" in sys.modules:  # it was imported before Tensor was there to be registered
    importlib.import_module("_tinygrad_cnn_plugins.for_hypothesis").register()

if not _typing.TYPE_CHECKING:  # a checker knows the names as they are
    __getattr__ = _guard(
        globals(), ("array_api", "data", "onnx", "parallel", "serial", "testing", "torch", "train")
    )
