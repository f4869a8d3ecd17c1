"""The layers and the losses, one family a file, which lists them in its `__all__`."""

from tinygrad_cnn.nn.layers import (
    activation,
    attention,
    channel_norm,
    connection_table,
    conv,
    dropout,
    embedding,
    linear,
    loss,
    packed_sequence,
    pad,
    pool,
    radial_basis,
    rearrange,
    recurrent,
    recurrent_cells,
    sample_norm,
    sub_sampling,
    transformer,
)
from tinygrad_cnn.nn.layers.activation import *
from tinygrad_cnn.nn.layers.attention import *
from tinygrad_cnn.nn.layers.channel_norm import *
from tinygrad_cnn.nn.layers.connection_table import *
from tinygrad_cnn.nn.layers.conv import *
from tinygrad_cnn.nn.layers.dropout import *
from tinygrad_cnn.nn.layers.embedding import *
from tinygrad_cnn.nn.layers.linear import *
from tinygrad_cnn.nn.layers.loss import *
from tinygrad_cnn.nn.layers.packed_sequence import *
from tinygrad_cnn.nn.layers.pad import *
from tinygrad_cnn.nn.layers.pool import *
from tinygrad_cnn.nn.layers.radial_basis import *
from tinygrad_cnn.nn.layers.rearrange import *
from tinygrad_cnn.nn.layers.recurrent import *
from tinygrad_cnn.nn.layers.recurrent_cells import *
from tinygrad_cnn.nn.layers.sample_norm import *
from tinygrad_cnn.nn.layers.sub_sampling import *
from tinygrad_cnn.nn.layers.transformer import *

__all__: list[str] = []
__all__ += activation.__all__
__all__ += attention.__all__
__all__ += channel_norm.__all__
__all__ += connection_table.__all__
__all__ += conv.__all__
__all__ += dropout.__all__
__all__ += embedding.__all__
__all__ += linear.__all__
__all__ += loss.__all__
__all__ += packed_sequence.__all__
__all__ += pad.__all__
__all__ += pool.__all__
__all__ += radial_basis.__all__
__all__ += rearrange.__all__
__all__ += recurrent.__all__
__all__ += recurrent_cells.__all__
__all__ += sample_norm.__all__
__all__ += sub_sampling.__all__
__all__ += transformer.__all__
