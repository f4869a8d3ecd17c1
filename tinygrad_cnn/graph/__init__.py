"""The computation graph: operations, nodes, what is recorded now, and the seam for watching it.

It knows no particular op and no Tensor.
"""

from tinygrad_cnn.graph.modes import *
from tinygrad_cnn.graph.nodes import *
from tinygrad_cnn.graph.operations import *
from tinygrad_cnn.graph.writes import *
