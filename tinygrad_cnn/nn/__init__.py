"""Layers, containers and losses, with PyTorch's names, arguments, defaults and state-dict keys.

`to_json` and `from_json` write and read what a model consists of; `register` admits classes of your own.
"""

import typing as _typing
from types import ModuleType as _ModuleType

from tinygrad_cnn.nn import init as init
from tinygrad_cnn.nn import models as models
from tinygrad_cnn.nn.averaged_model import *
from tinygrad_cnn.nn.containers.collections import *
from tinygrad_cnn.nn.containers.parameters import *
from tinygrad_cnn.nn.containers.sequential import *
from tinygrad_cnn.nn.hand_written import *
from tinygrad_cnn.nn.inspect.layer_table import *
from tinygrad_cnn.nn.inspect.receptive_fields import *
from tinygrad_cnn.nn.layers.activation import *
from tinygrad_cnn.nn.layers.adaptive_softmax import *
from tinygrad_cnn.nn.layers.attention import *
from tinygrad_cnn.nn.layers.bag import *
from tinygrad_cnn.nn.layers.channel_norm import *
from tinygrad_cnn.nn.layers.connection_table import *
from tinygrad_cnn.nn.layers.conv import *
from tinygrad_cnn.nn.layers.distance import *
from tinygrad_cnn.nn.layers.dropout import *
from tinygrad_cnn.nn.layers.embedding import *
from tinygrad_cnn.nn.layers.fractional_pool import *
from tinygrad_cnn.nn.layers.likelihood_loss import *
from tinygrad_cnn.nn.layers.linear import *
from tinygrad_cnn.nn.layers.linear_loss import *
from tinygrad_cnn.nn.layers.lines_and_volumes import *
from tinygrad_cnn.nn.layers.loss import *
from tinygrad_cnn.nn.layers.margin_loss import *
from tinygrad_cnn.nn.layers.noise import *
from tinygrad_cnn.nn.layers.packed_sequence import *
from tinygrad_cnn.nn.layers.pad import *
from tinygrad_cnn.nn.layers.pool import *
from tinygrad_cnn.nn.layers.radial_basis import *
from tinygrad_cnn.nn.layers.rearrange import *
from tinygrad_cnn.nn.layers.recurrent import *
from tinygrad_cnn.nn.layers.recurrent_cells import *
from tinygrad_cnn.nn.layers.sample_norm import *
from tinygrad_cnn.nn.layers.shrinkage import *
from tinygrad_cnn.nn.layers.sub_sampling import *
from tinygrad_cnn.nn.layers.transformer import *
from tinygrad_cnn.nn.lazy import *
from tinygrad_cnn.nn.module import *
from tinygrad_cnn.nn.parametrize import *
from tinygrad_cnn.nn.rebuild import *
from tinygrad_cnn.nn.registry import *
from tinygrad_cnn.nn.structure import *
from tinygrad_cnn.other_names import guard as _guard

#: Every name here but those of modules, init and models apart: what the families list.
__all__ = sorted(
    name
    for name, value in vars().items()
    if name[0] != "_" and (not isinstance(value, _ModuleType) or name in ("init", "models"))
)

if not _typing.TYPE_CHECKING:  # a checker knows the names as they are
    __getattr__ = _guard(globals())
