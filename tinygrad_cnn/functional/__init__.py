"""Every operation as a function: it checks its arguments, documents, and calls the op.

Given a Tensor among its operands a function records and returns a Tensor; given plain arrays it
computes and returns an array.

Each family lists its public functions in its own `__all__`.
"""

import typing as _typing
from types import ModuleType as _ModuleType

from tinygrad_cnn.functional.activation import *
from tinygrad_cnn.functional.arithmetic import *
from tinygrad_cnn.functional.arrange import *
from tinygrad_cnn.functional.attention import *
from tinygrad_cnn.functional.bags import *
from tinygrad_cnn.functional.building import *
from tinygrad_cnn.functional.classification import *
from tinygrad_cnn.functional.conv import *
from tinygrad_cnn.functional.convolve import *
from tinygrad_cnn.functional.covariance import *
from tinygrad_cnn.functional.distances import *
from tinygrad_cnn.functional.elementwise import *
from tinygrad_cnn.functional.embeddings import *
from tinygrad_cnn.functional.fractional_pool import *
from tinygrad_cnn.functional.gating import *
from tinygrad_cnn.functional.grids import *
from tinygrad_cnn.functional.indexing import *
from tinygrad_cnn.functional.interpolation import *
from tinygrad_cnn.functional.joining import *
from tinygrad_cnn.functional.likelihood import *
from tinygrad_cnn.functional.linalg import *
from tinygrad_cnn.functional.linear_algebra import *
from tinygrad_cnn.functional.lines_and_volumes import *
from tinygrad_cnn.functional.logic import *
from tinygrad_cnn.functional.loss import *
from tinygrad_cnn.functional.noise import *
from tinygrad_cnn.functional.normalization import *
from tinygrad_cnn.functional.padding import *
from tinygrad_cnn.functional.pairs import *
from tinygrad_cnn.functional.pool import *
from tinygrad_cnn.functional.predicates import *
from tinygrad_cnn.functional.products import *
from tinygrad_cnn.functional.random import *
from tinygrad_cnn.functional.ranking import *
from tinygrad_cnn.functional.rectifier import *
from tinygrad_cnn.functional.recurrent import *
from tinygrad_cnn.functional.reduce import *
from tinygrad_cnn.functional.resample import *
from tinygrad_cnn.functional.rounding import *
from tinygrad_cnn.functional.scan import *
from tinygrad_cnn.functional.scatter import *
from tinygrad_cnn.functional.searching import *
from tinygrad_cnn.functional.shape import *
from tinygrad_cnn.functional.shrinkage import *
from tinygrad_cnn.functional.sorting import *
from tinygrad_cnn.functional.special import *
from tinygrad_cnn.functional.statistics import *
from tinygrad_cnn.functional.trigonometry import *
from tinygrad_cnn.other_names import guard as _guard

#: Every name here but those of modules: what the families list.
__all__ = sorted(
    name for name, value in vars().items() if name[0] != "_" and not isinstance(value, _ModuleType)
)

if not _typing.TYPE_CHECKING:  # a checker knows the names as they are
    __getattr__ = _guard(globals())
