"""The computation graph: operations, nodes, what is recorded now, and the seam for watching it.

It knows no particular op and no Tensor.
"""

from tinygrad_cnn.graph import modes, nodes, operations, writes
from tinygrad_cnn.graph.modes import *
from tinygrad_cnn.graph.nodes import *
from tinygrad_cnn.graph.operations import *
from tinygrad_cnn.graph.writes import *

__all__: list[str] = []
__all__ += modes.__all__
__all__ += nodes.__all__
__all__ += operations.__all__
__all__ += writes.__all__
