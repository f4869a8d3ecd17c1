"""The operations, one family per file: forward and derivative side by side, nothing else.

An op is a noun for what it computes; `functional` holds the function of the same word, which
checks its arguments, documents and calls the op.
"""

from tinygrad_cnn.ops.activation import *
from tinygrad_cnn.ops.alignments import *
from tinygrad_cnn.ops.arithmetic import *
from tinygrad_cnn.ops.arrange import *
from tinygrad_cnn.ops.conv import *
from tinygrad_cnn.ops.distances import *
from tinygrad_cnn.ops.elementwise import *
from tinygrad_cnn.ops.embedding import *
from tinygrad_cnn.ops.erf import *
from tinygrad_cnn.ops.factorizations import *
from tinygrad_cnn.ops.fractional_pool import *
from tinygrad_cnn.ops.index import *
from tinygrad_cnn.ops.linalg import *
from tinygrad_cnn.ops.loss import *
from tinygrad_cnn.ops.matrices import *
from tinygrad_cnn.ops.norm import *
from tinygrad_cnn.ops.pad import *
from tinygrad_cnn.ops.pairs import *
from tinygrad_cnn.ops.pool import *
from tinygrad_cnn.ops.random import *
from tinygrad_cnn.ops.rectifier import *
from tinygrad_cnn.ops.recurrent import *
from tinygrad_cnn.ops.reduce import *
from tinygrad_cnn.ops.resample import *
from tinygrad_cnn.ops.rounding import *
from tinygrad_cnn.ops.scan import *
from tinygrad_cnn.ops.select import *
from tinygrad_cnn.ops.sequences import *
from tinygrad_cnn.ops.shape import *
from tinygrad_cnn.ops.sinc import *
from tinygrad_cnn.ops.sort import *
from tinygrad_cnn.ops.special import *
from tinygrad_cnn.ops.taps import *
from tinygrad_cnn.ops.trigonometry import *
