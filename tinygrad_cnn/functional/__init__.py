"""Every operation as a function: it checks its arguments, documents, and calls the op.

Given a Tensor among its operands a function records and returns a Tensor; given plain arrays it
computes and returns an array.

Each family lists its public functions in its own `__all__`.
"""

from tinygrad_cnn.functional import (
    activation,
    arithmetic,
    arrange,
    attention,
    building,
    classification,
    conv,
    convolve,
    elementwise,
    embeddings,
    indexing,
    joining,
    linalg,
    linear_algebra,
    logic,
    loss,
    normalization,
    padding,
    pairs,
    pool,
    predicates,
    products,
    random,
    rectifier,
    recurrent,
    reduce,
    resample,
    rounding,
    scan,
    scatter,
    searching,
    shape,
    sorting,
    statistics,
    trigonometry,
)
from tinygrad_cnn.functional.activation import *
from tinygrad_cnn.functional.arithmetic import *
from tinygrad_cnn.functional.arrange import *
from tinygrad_cnn.functional.attention import *
from tinygrad_cnn.functional.building import *
from tinygrad_cnn.functional.classification import *
from tinygrad_cnn.functional.conv import *
from tinygrad_cnn.functional.convolve import *
from tinygrad_cnn.functional.elementwise import *
from tinygrad_cnn.functional.embeddings import *
from tinygrad_cnn.functional.indexing import *
from tinygrad_cnn.functional.joining import *
from tinygrad_cnn.functional.linalg import *
from tinygrad_cnn.functional.linear_algebra import *
from tinygrad_cnn.functional.logic import *
from tinygrad_cnn.functional.loss import *
from tinygrad_cnn.functional.normalization import *
from tinygrad_cnn.functional.padding import *
from tinygrad_cnn.functional.pairs import *
from tinygrad_cnn.functional.pool import *
from tinygrad_cnn.functional.predicates import *
from tinygrad_cnn.functional.products import *
from tinygrad_cnn.functional.random import *
from tinygrad_cnn.functional.rectifier import *
from tinygrad_cnn.functional.recurrent import *
from tinygrad_cnn.functional.reduce import *
from tinygrad_cnn.functional.resample import *
from tinygrad_cnn.functional.rounding import *
from tinygrad_cnn.functional.scan import *
from tinygrad_cnn.functional.scatter import *
from tinygrad_cnn.functional.searching import *
from tinygrad_cnn.functional.shape import *
from tinygrad_cnn.functional.sorting import *
from tinygrad_cnn.functional.statistics import *
from tinygrad_cnn.functional.trigonometry import *

__all__: list[str] = []
__all__ += activation.__all__
__all__ += arithmetic.__all__
__all__ += arrange.__all__
__all__ += attention.__all__
__all__ += building.__all__
__all__ += classification.__all__
__all__ += conv.__all__
__all__ += convolve.__all__
__all__ += elementwise.__all__
__all__ += embeddings.__all__
__all__ += indexing.__all__
__all__ += joining.__all__
__all__ += linalg.__all__
__all__ += linear_algebra.__all__
__all__ += logic.__all__
__all__ += loss.__all__
__all__ += normalization.__all__
__all__ += padding.__all__
__all__ += pairs.__all__
__all__ += pool.__all__
__all__ += predicates.__all__
__all__ += products.__all__
__all__ += random.__all__
__all__ += rectifier.__all__
__all__ += recurrent.__all__
__all__ += reduce.__all__
__all__ += resample.__all__
__all__ += rounding.__all__
__all__ += scan.__all__
__all__ += scatter.__all__
__all__ += searching.__all__
__all__ += shape.__all__
__all__ += sorting.__all__
__all__ += statistics.__all__
__all__ += trigonometry.__all__
