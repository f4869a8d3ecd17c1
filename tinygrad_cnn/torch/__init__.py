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

from typing import Any

from tinygrad_cnn.torch import methods as _methods  # first: it gives the Tensor its methods
from tinygrad_cnn.torch.registry import FUNCTIONS as _FUNCTIONS
from tinygrad_cnn.torch.devices import device as device
from tinygrad_cnn.torch.dtypes import dtype as dtype
from tinygrad_cnn.torch.dtypes import finfo as finfo
from tinygrad_cnn.torch.dtypes import get_default_dtype as get_default_dtype
from tinygrad_cnn.torch.dtypes import iinfo as iinfo
from tinygrad_cnn.torch.dtypes import promote_types as promote_types
from tinygrad_cnn.torch.dtypes import set_default_dtype as set_default_dtype
from tinygrad_cnn.torch.generators import Generator as Generator
from tinygrad_cnn.torch.generators import default_generator as default_generator
from tinygrad_cnn.torch.generators import initial_seed as initial_seed
from tinygrad_cnn.torch.generators import manual_seed as manual_seed
from tinygrad_cnn.torch.generators import seed as seed
from tinygrad_cnn.torch.mixing import result_type as result_type
from tinygrad_cnn.torch.printing import set_printoptions as set_printoptions
from tinygrad_cnn.torch.shapes import Size as Size
from tinygrad_cnn.torch.tensors import Tensor as Tensor
from tinygrad_cnn.torch import dtypes as _dtypes
globals().update(_FUNCTIONS)
globals().update(_dtypes.NAMES)
from tinygrad_cnn.torch import autograd as autograd
