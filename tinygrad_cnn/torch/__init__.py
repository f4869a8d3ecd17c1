"""PyTorch's names with PyTorch's meaning, for the engine of this library.

`import tinygrad_cnn.torch as torch` at the head of a PyTorch program, or `python -m tinygrad_cnn.torch
script.py` for one that stays as it is. Tensors, modules and optimizers are the native ones under PyTorch's
names, so everything that draws, profiles or checks native graphs does so with these. Random numbers follow
PyTorch's generator: the same seed gives the same program.

>>> from tinygrad_cnn import torch
>>> torch.tensor([[1.0, 3.0], [2.0, 0.0]]).max(1)
torch.return_types.max(
values=tensor([3., 2.]),
indices=tensor([1, 0]))
"""

from __future__ import annotations

import math as _math
import types as _types

from tinygrad_cnn.torch import accelerators as _accelerators
from tinygrad_cnn.torch import autograd as autograd
from tinygrad_cnn.torch import compiling as _compiling
from tinygrad_cnn.torch import devices as _devices
from tinygrad_cnn.torch import distributed as distributed
from tinygrad_cnn.torch import distributions as distributions
from tinygrad_cnn.torch import dtypes as _dtypes
from tinygrad_cnn.torch import files as _files
from tinygrad_cnn.torch import func as func
from tinygrad_cnn.torch import futures as futures
from tinygrad_cnn.torch import fx as fx
from tinygrad_cnn.torch import hub as hub
from tinygrad_cnn.torch import jit as jit
from tinygrad_cnn.torch import linalg as linalg
from tinygrad_cnn.torch import methods as _methods  # first: it gives the Tensor its methods
from tinygrad_cnn.torch import modes as _modes
from tinygrad_cnn.torch import multiprocessing as multiprocessing
from tinygrad_cnn.torch import nn as nn
from tinygrad_cnn.torch import old_types as _old_types
from tinygrad_cnn.torch import onnx as onnx
from tinygrad_cnn.torch import optim as optim
from tinygrad_cnn.torch import profiler as profiler
from tinygrad_cnn.torch import refusals as _refusals
from tinygrad_cnn.torch import special as special
from tinygrad_cnn.torch import testing as testing
from tinygrad_cnn.torch import utils as utils
from tinygrad_cnn.torch.devices import device as device
from tinygrad_cnn.torch.dtypes import can_cast as can_cast
from tinygrad_cnn.torch.dtypes import dtype as dtype
from tinygrad_cnn.torch.dtypes import finfo as finfo
from tinygrad_cnn.torch.dtypes import get_default_dtype as get_default_dtype
from tinygrad_cnn.torch.dtypes import iinfo as iinfo
from tinygrad_cnn.torch.dtypes import promote_types as promote_types
from tinygrad_cnn.torch.dtypes import set_default_dtype as set_default_dtype
from tinygrad_cnn.torch.files import load as load
from tinygrad_cnn.torch.files import save as save
from tinygrad_cnn.torch.generators import Generator as Generator
from tinygrad_cnn.torch.generators import default_generator as default_generator
from tinygrad_cnn.torch.generators import initial_seed as initial_seed
from tinygrad_cnn.torch.generators import manual_seed as manual_seed
from tinygrad_cnn.torch.generators import seed as seed
from tinygrad_cnn.torch.mixing import result_type as result_type
from tinygrad_cnn.torch.printing import set_printoptions as set_printoptions
from tinygrad_cnn.torch.registry import FUNCTIONS as _FUNCTIONS
from tinygrad_cnn.torch.shapes import Size as Size
from tinygrad_cnn.torch.tensors import Tensor as Tensor

__version__ = "2.13.0+tinygrad_cnn"
pi, inf, nan, e = _math.pi, _math.inf, _math.nan, _math.e
newaxis = None
memory_format, layout = _devices.memory_format, _devices.layout
strided = _devices.strided
contiguous_format, preserve_format, channels_last, channels_last_3d = (
    memory_format(f"torch.{_called}")
    for _called in ("contiguous_format", "preserve_format", "channels_last", "channels_last_3d")
)
cuda, mps, xpu, accelerator, backends, amp = (
    _accelerators.cuda, _accelerators.mps, _accelerators.xpu, _accelerators.accelerator, _accelerators.backends,
    _accelerators.amp,
)  # fmt: skip
autocast, GradScaler = _accelerators.autocast, _accelerators.GradScaler
OutOfMemoryError, AcceleratorError = _accelerators.OutOfMemoryError, _accelerators.OutOfMemoryError
compiler, _dynamo, _C = _compiling.compiler, _compiling.dynamo, _compiling.inside
vmap = func.vmap
functional = _types.SimpleNamespace(**_FUNCTIONS)
random = _types.SimpleNamespace(
    manual_seed=manual_seed, seed=seed, initial_seed=initial_seed, get_rng_state=_modes.get_rng_state,
    set_rng_state=_modes.set_rng_state, fork_rng=_modes.fork_rng, default_generator=default_generator,
)  # fmt: skip
serialization = _types.SimpleNamespace(
    safe_globals=_files.safe_globals, add_safe_globals=_files.loading.add_safe_globals, load=load, save=save
)
version = _types.SimpleNamespace(__version__=__version__, cuda=None, hip=None, git_version="")
return_types = _types.SimpleNamespace()
globals().update(_FUNCTIONS)
globals().update(_methods.IN_PLACE_FUNCTIONS)
globals().update(_dtypes.NAMES)
globals().update(_modes.NAMES)
globals().update(_old_types.NAMES)
vars(cuda).update(_old_types.CUDA_NAMES)
gradient_names = None
_ACTIVATIONS = ("celu", "selu", "prelu", "dropout", "relu_", "conv1d", "conv2d", "conv3d", "layer_norm", "group_norm",
                "batch_norm", "max_pool1d", "max_pool2d", "cosine_similarity", "pairwise_distance", "embedding",
                "pixel_shuffle", "bilinear", "avg_pool1d", "conv_transpose1d", "conv_transpose2d", "ctc_loss", "adaptive_avg_pool1d",
                "adaptive_max_pool1d", "alpha_dropout", "binary_cross_entropy_with_logits", "channel_shuffle",
                "conv_transpose3d", "cosine_embedding_loss", "embedding_bag", "feature_alpha_dropout", "hardshrink",
                "hinge_embedding_loss", "instance_norm", "kl_div", "margin_ranking_loss", "max_pool3d", "native_channel_shuffle",
                "pdist", "pixel_unshuffle", "poisson_nll_loss", "rms_norm", "rrelu", "rrelu_", "selu_", "celu_", "threshold",
                "threshold_", "triplet_margin_loss")  # fmt: skip
globals().update({name: getattr(nn.functional, name) for name in _ACTIVATIONS})
inverse, det, logdet, pinverse = linalg.inv, linalg.det, linalg.logdet, linalg.pinv
matrix_exp = linalg.matrix_exp
is_storage = lambda obj: False  # noqa: E731
typename = lambda obj: obj.type() if isinstance(obj, Tensor) else type(obj).__name__  # noqa: E731
numel = lambda input: input.numel()  # noqa: E731
detach_ = lambda input: input.detach_()  # noqa: E731
fill_ = lambda input, value: input.fill_(value)  # noqa: E731
zero_ = lambda input: input.zero_()  # noqa: E731
get_device = lambda input: input.get_device()  # noqa: E731
clone = lambda input, **_: input.clone()  # noqa: E731
detach = lambda input: input.detach()  # noqa: E731
del gradient_names
_ = _methods
__getattr__ = _refusals.guard("torch", globals())
