"""The operations, one family per file: forward and derivative side by side, nothing else.

An op is a noun for what it computes; `functional` holds the function of the same word, which
checks its arguments, documents and calls the op.
"""

from tinygrad_cnn.ops.activation import LogSoftmax as LogSoftmax
from tinygrad_cnn.ops.activation import ReLU as ReLU
from tinygrad_cnn.ops.activation import Sigmoid as Sigmoid
from tinygrad_cnn.ops.activation import Softmax as Softmax
from tinygrad_cnn.ops.activation import Tanh as Tanh
from tinygrad_cnn.ops.arithmetic import Add as Add
from tinygrad_cnn.ops.arithmetic import Div as Div
from tinygrad_cnn.ops.arithmetic import Mul as Mul
from tinygrad_cnn.ops.arithmetic import Neg as Neg
from tinygrad_cnn.ops.arithmetic import Pow as Pow
from tinygrad_cnn.ops.arithmetic import Sub as Sub
from tinygrad_cnn.ops.conv import Conv as Conv
from tinygrad_cnn.ops.conv import ConvImage as ConvImage
from tinygrad_cnn.ops.conv import ConvKernel as ConvKernel
from tinygrad_cnn.ops.elementwise import Cast as Cast
from tinygrad_cnn.ops.elementwise import Exp as Exp
from tinygrad_cnn.ops.elementwise import Log as Log
from tinygrad_cnn.ops.index import Index as Index
from tinygrad_cnn.ops.index import IndexAdd as IndexAdd
from tinygrad_cnn.ops.linalg import Linear as Linear
from tinygrad_cnn.ops.linalg import MatMul as MatMul
from tinygrad_cnn.ops.loss import SoftmaxCrossEntropy as SoftmaxCrossEntropy
from tinygrad_cnn.ops.norm import BatchNorm as BatchNorm
from tinygrad_cnn.ops.norm import FixedNorm as FixedNorm
from tinygrad_cnn.ops.pool import AvgPool as AvgPool
from tinygrad_cnn.ops.pool import MaxPool as MaxPool
from tinygrad_cnn.ops.pool import Pick as Pick
from tinygrad_cnn.ops.pool import Place as Place
from tinygrad_cnn.ops.pool import Spread as Spread
from tinygrad_cnn.ops.random import Dropout as Dropout
from tinygrad_cnn.ops.reduce import Max as Max
from tinygrad_cnn.ops.reduce import Mean as Mean
from tinygrad_cnn.ops.reduce import Sum as Sum
from tinygrad_cnn.ops.shape import BroadcastTo as BroadcastTo
from tinygrad_cnn.ops.shape import Concatenate as Concatenate
from tinygrad_cnn.ops.shape import Pad as Pad
from tinygrad_cnn.ops.shape import Reshape as Reshape
from tinygrad_cnn.ops.shape import SumTo as SumTo
from tinygrad_cnn.ops.shape import Transpose as Transpose
