"""Heavy array work behind the ops: functions on arrays, the same names whichever module serves.

`numpy` is plain NumPy, any float dtype, and the specification of each name. `compiled` overrides the
names that it can serve, where Numba is installed; which of the two serves is decided in `serving` and
nowhere else. Ops call `kernels.conv(...)`; they know names only.
"""

import sys

from tinygrad_cnn.kernels import numpy as numpy
from tinygrad_cnn.kernels import serving as serving
from tinygrad_cnn.kernels.numpy import adam as adam
from tinygrad_cnn.kernels.numpy import adaptive as adaptive
from tinygrad_cnn.kernels.numpy import adaptive_max_pool as adaptive_max_pool
from tinygrad_cnn.kernels.numpy import add_along as add_along
from tinygrad_cnn.kernels.numpy import add_rows as add_rows
from tinygrad_cnn.kernels.numpy import arccos as arccos
from tinygrad_cnn.kernels.numpy import arccosh as arccosh
from tinygrad_cnn.kernels.numpy import arcsin as arcsin
from tinygrad_cnn.kernels.numpy import arcsinh as arcsinh
from tinygrad_cnn.kernels.numpy import arctan as arctan
from tinygrad_cnn.kernels.numpy import arctanh as arctanh
from tinygrad_cnn.kernels.numpy import avg_pool as avg_pool
from tinygrad_cnn.kernels.numpy import batch_norm as batch_norm
from tinygrad_cnn.kernels.numpy import batch_norm_slope as batch_norm_slope
from tinygrad_cnn.kernels.numpy import channel_sum as channel_sum
from tinygrad_cnn.kernels.numpy import choose as choose
from tinygrad_cnn.kernels.numpy import column_sums as column_sums
from tinygrad_cnn.kernels.numpy import conv as conv
from tinygrad_cnn.kernels.numpy import conv_image as conv_image
from tinygrad_cnn.kernels.numpy import conv_kernel as conv_kernel
from tinygrad_cnn.kernels.numpy import cos as cos
from tinygrad_cnn.kernels.numpy import cosh as cosh
from tinygrad_cnn.kernels.numpy import cross_entropy as cross_entropy
from tinygrad_cnn.kernels.numpy import cross_entropy_slope as cross_entropy_slope
from tinygrad_cnn.kernels.numpy import dropout as dropout
from tinygrad_cnn.kernels.numpy import elu as elu
from tinygrad_cnn.kernels.numpy import elu_slope as elu_slope
from tinygrad_cnn.kernels.numpy import erf as erf
from tinygrad_cnn.kernels.numpy import exp as exp
from tinygrad_cnn.kernels.numpy import exp2 as exp2
from tinygrad_cnn.kernels.numpy import expm1 as expm1
from tinygrad_cnn.kernels.numpy import fixed_norm as fixed_norm
from tinygrad_cnn.kernels.numpy import fold as fold
from tinygrad_cnn.kernels.numpy import gate as gate
from tinygrad_cnn.kernels.numpy import gelu as gelu
from tinygrad_cnn.kernels.numpy import gelu_slope as gelu_slope
from tinygrad_cnn.kernels.numpy import gelu_tanh as gelu_tanh
from tinygrad_cnn.kernels.numpy import gelu_tanh_slope as gelu_tanh_slope
from tinygrad_cnn.kernels.numpy import group_norm as group_norm
from tinygrad_cnn.kernels.numpy import group_norm_slope as group_norm_slope
from tinygrad_cnn.kernels.numpy import gru as gru
from tinygrad_cnn.kernels.numpy import gru_slope as gru_slope
from tinygrad_cnn.kernels.numpy import hardsigmoid as hardsigmoid
from tinygrad_cnn.kernels.numpy import hardsigmoid_slope as hardsigmoid_slope
from tinygrad_cnn.kernels.numpy import hardswish as hardswish
from tinygrad_cnn.kernels.numpy import hardswish_slope as hardswish_slope
from tinygrad_cnn.kernels.numpy import hardtanh as hardtanh
from tinygrad_cnn.kernels.numpy import hardtanh_slope as hardtanh_slope
from tinygrad_cnn.kernels.numpy import huber as huber
from tinygrad_cnn.kernels.numpy import layer_norm as layer_norm
from tinygrad_cnn.kernels.numpy import layer_norm_slope as layer_norm_slope
from tinygrad_cnn.kernels.numpy import leaky_relu as leaky_relu
from tinygrad_cnn.kernels.numpy import leaky_relu_slope as leaky_relu_slope
from tinygrad_cnn.kernels.numpy import linear as linear
from tinygrad_cnn.kernels.numpy import log as log
from tinygrad_cnn.kernels.numpy import log1p as log1p
from tinygrad_cnn.kernels.numpy import log2 as log2
from tinygrad_cnn.kernels.numpy import log10 as log10
from tinygrad_cnn.kernels.numpy import log_softmax as log_softmax
from tinygrad_cnn.kernels.numpy import log_softmax_slope as log_softmax_slope
from tinygrad_cnn.kernels.numpy import lstm as lstm
from tinygrad_cnn.kernels.numpy import lstm_slope as lstm_slope
from tinygrad_cnn.kernels.numpy import matmul as matmul
from tinygrad_cnn.kernels.numpy import max_pool as max_pool
from tinygrad_cnn.kernels.numpy import max_pool_places as max_pool_places
from tinygrad_cnn.kernels.numpy import mish as mish
from tinygrad_cnn.kernels.numpy import mish_slope as mish_slope
from tinygrad_cnn.kernels.numpy import one_hot as one_hot
from tinygrad_cnn.kernels.numpy import pick as pick
from tinygrad_cnn.kernels.numpy import place as place
from tinygrad_cnn.kernels.numpy import recurrence as recurrence
from tinygrad_cnn.kernels.numpy import relu as relu
from tinygrad_cnn.kernels.numpy import relu_slope as relu_slope
from tinygrad_cnn.kernels.numpy import resample as resample
from tinygrad_cnn.kernels.numpy import rms_norm as rms_norm
from tinygrad_cnn.kernels.numpy import rms_norm_slope as rms_norm_slope
from tinygrad_cnn.kernels.numpy import rnn as rnn
from tinygrad_cnn.kernels.numpy import rnn_slope as rnn_slope
from tinygrad_cnn.kernels.numpy import row_extremes as row_extremes
from tinygrad_cnn.kernels.numpy import row_sums as row_sums
from tinygrad_cnn.kernels.numpy import running as running
from tinygrad_cnn.kernels.numpy import sgd as sgd
from tinygrad_cnn.kernels.numpy import sigmoid as sigmoid
from tinygrad_cnn.kernels.numpy import sigmoid_slope as sigmoid_slope
from tinygrad_cnn.kernels.numpy import silu as silu
from tinygrad_cnn.kernels.numpy import silu_slope as silu_slope
from tinygrad_cnn.kernels.numpy import sin as sin
from tinygrad_cnn.kernels.numpy import sinh as sinh
from tinygrad_cnn.kernels.numpy import softmax as softmax
from tinygrad_cnn.kernels.numpy import softmax_slope as softmax_slope
from tinygrad_cnn.kernels.numpy import softplus as softplus
from tinygrad_cnn.kernels.numpy import softplus_slope as softplus_slope
from tinygrad_cnn.kernels.numpy import spread as spread
from tinygrad_cnn.kernels.numpy import tan as tan
from tinygrad_cnn.kernels.numpy import tanh as tanh
from tinygrad_cnn.kernels.numpy import tanh_slope as tanh_slope
from tinygrad_cnn.kernels.numpy import top_places as top_places
from tinygrad_cnn.kernels.numpy import unfold as unfold

serving.install(sys.modules[__name__], tuple(n for n, f in vars(numpy).items() if callable(f)))
