"""Every operation as a function: it checks its arguments, documents, and calls the op.

Given a Tensor among its operands a function records and returns a Tensor; given plain arrays it
computes and returns an array.
"""

from tinygrad_cnn.functional.activation import log_softmax as log_softmax
from tinygrad_cnn.functional.activation import relu as relu
from tinygrad_cnn.functional.activation import sigmoid as sigmoid
from tinygrad_cnn.functional.activation import softmax as softmax
from tinygrad_cnn.functional.activation import tanh as tanh
from tinygrad_cnn.functional.arithmetic import add as add
from tinygrad_cnn.functional.arithmetic import div as div
from tinygrad_cnn.functional.arithmetic import mul as mul
from tinygrad_cnn.functional.arithmetic import neg as neg
from tinygrad_cnn.functional.arithmetic import pow as pow
from tinygrad_cnn.functional.arithmetic import sub as sub
from tinygrad_cnn.functional.conv import conv2d as conv2d
from tinygrad_cnn.functional.elementwise import astype as astype
from tinygrad_cnn.functional.elementwise import exp as exp
from tinygrad_cnn.functional.elementwise import log as log
from tinygrad_cnn.functional.linalg import linear as linear
from tinygrad_cnn.functional.linalg import matmul as matmul
from tinygrad_cnn.functional.loss import cross_entropy as cross_entropy
from tinygrad_cnn.functional.norm import batch_norm as batch_norm
from tinygrad_cnn.functional.pool import avg_pool2d as avg_pool2d
from tinygrad_cnn.functional.pool import max_pool2d as max_pool2d
from tinygrad_cnn.functional.random import dropout as dropout
from tinygrad_cnn.functional.reduce import max as max
from tinygrad_cnn.functional.reduce import mean as mean
from tinygrad_cnn.functional.reduce import sum as sum
from tinygrad_cnn.functional.shape import broadcast_to as broadcast_to
from tinygrad_cnn.functional.shape import concatenate as concatenate
from tinygrad_cnn.functional.shape import flatten as flatten
from tinygrad_cnn.functional.shape import index as index
from tinygrad_cnn.functional.shape import pad as pad
from tinygrad_cnn.functional.shape import reshape as reshape
from tinygrad_cnn.functional.shape import swapaxes as swapaxes
from tinygrad_cnn.functional.shape import transpose as transpose
