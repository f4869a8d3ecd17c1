"""The kernels for arrays that lie on a device, in whole-array operations that NumPy's protocols dispatch.

Most of the reference's kernels are such operations already, and serve as they are. Those that go block by
block through the caches of a processor, share work out to threads, or use what a device's arrays lack, are
written here once more. In place of some, `fused` lets the device's own kernels serve.
"""

from tinygrad_cnn.kernels.device import loss as _loss
from tinygrad_cnn.kernels.device import norm as _norm
from tinygrad_cnn.kernels.device import pool as _pool
from tinygrad_cnn.kernels.device.convolution import conv as conv
from tinygrad_cnn.kernels.device.convolution import conv_image as conv_image
from tinygrad_cnn.kernels.device.convolution import conv_kernel as conv_kernel
from tinygrad_cnn.kernels.device.convolution import fold as fold
from tinygrad_cnn.kernels.device.convolution import unfold as unfold
from tinygrad_cnn.kernels.device.fused import by_one_kernel as _by_one_kernel
from tinygrad_cnn.kernels.device.loss import log_softmax as log_softmax
from tinygrad_cnn.kernels.device.loss import one_hot as one_hot
from tinygrad_cnn.kernels.device.loss import softmax as softmax
from tinygrad_cnn.kernels.device.norm import channel_sum as channel_sum
from tinygrad_cnn.kernels.device.norm import fixed_norm as fixed_norm
from tinygrad_cnn.kernels.device.pointwise import choose as choose
from tinygrad_cnn.kernels.device.pointwise import dropout as dropout
from tinygrad_cnn.kernels.device.pointwise import gate as gate
from tinygrad_cnn.kernels.device.pool import pick as pick
from tinygrad_cnn.kernels.device.rows import add_along as add_along
from tinygrad_cnn.kernels.device.rows import add_rows as add_rows
from tinygrad_cnn.kernels.device.rows import column_sums as column_sums
from tinygrad_cnn.kernels.device.rows import linear as linear
from tinygrad_cnn.kernels.device.rows import matmul as matmul
from tinygrad_cnn.kernels.device.rows import resample as resample
from tinygrad_cnn.kernels.device.rows import row_sums as row_sums
from tinygrad_cnn.kernels.numpy import norm as _sample_norm
from tinygrad_cnn.kernels.numpy import update as _update
from tinygrad_cnn.kernels.numpy.activation import elu as elu
from tinygrad_cnn.kernels.numpy.activation import elu_slope as elu_slope
from tinygrad_cnn.kernels.numpy.activation import gelu as gelu
from tinygrad_cnn.kernels.numpy.activation import gelu_slope as gelu_slope
from tinygrad_cnn.kernels.numpy.activation import gelu_tanh as gelu_tanh
from tinygrad_cnn.kernels.numpy.activation import gelu_tanh_slope as gelu_tanh_slope
from tinygrad_cnn.kernels.numpy.activation import hardsigmoid as hardsigmoid
from tinygrad_cnn.kernels.numpy.activation import hardsigmoid_slope as hardsigmoid_slope
from tinygrad_cnn.kernels.numpy.activation import hardswish as hardswish
from tinygrad_cnn.kernels.numpy.activation import hardswish_slope as hardswish_slope
from tinygrad_cnn.kernels.numpy.activation import hardtanh as hardtanh
from tinygrad_cnn.kernels.numpy.activation import hardtanh_slope as hardtanh_slope
from tinygrad_cnn.kernels.numpy.activation import leaky_relu as leaky_relu
from tinygrad_cnn.kernels.numpy.activation import leaky_relu_slope as leaky_relu_slope
from tinygrad_cnn.kernels.numpy.activation import log_softmax_slope as log_softmax_slope
from tinygrad_cnn.kernels.numpy.activation import mish as mish
from tinygrad_cnn.kernels.numpy.activation import mish_slope as mish_slope
from tinygrad_cnn.kernels.numpy.activation import silu as silu
from tinygrad_cnn.kernels.numpy.activation import silu_slope as silu_slope
from tinygrad_cnn.kernels.numpy.activation import softmax_slope as softmax_slope
from tinygrad_cnn.kernels.numpy.activation import softplus as softplus
from tinygrad_cnn.kernels.numpy.activation import softplus_slope as softplus_slope
from tinygrad_cnn.kernels.numpy.activation import tanh as tanh
from tinygrad_cnn.kernels.numpy.activation import tanh_slope as tanh_slope
from tinygrad_cnn.kernels.numpy.alignments import path_sums as path_sums
from tinygrad_cnn.kernels.numpy.distances import pair_distances as pair_distances
from tinygrad_cnn.kernels.numpy.distances import weighted_differences as weighted_differences
from tinygrad_cnn.kernels.numpy.elementary import arccos as arccos
from tinygrad_cnn.kernels.numpy.elementary import arccosh as arccosh
from tinygrad_cnn.kernels.numpy.elementary import arcsin as arcsin
from tinygrad_cnn.kernels.numpy.elementary import arcsinh as arcsinh
from tinygrad_cnn.kernels.numpy.elementary import arctan as arctan
from tinygrad_cnn.kernels.numpy.elementary import arctanh as arctanh
from tinygrad_cnn.kernels.numpy.elementary import cos as cos
from tinygrad_cnn.kernels.numpy.elementary import cosh as cosh
from tinygrad_cnn.kernels.numpy.elementary import exp as exp
from tinygrad_cnn.kernels.numpy.elementary import exp2 as exp2
from tinygrad_cnn.kernels.numpy.elementary import expm1 as expm1
from tinygrad_cnn.kernels.numpy.elementary import log as log
from tinygrad_cnn.kernels.numpy.elementary import log1p as log1p
from tinygrad_cnn.kernels.numpy.elementary import log2 as log2
from tinygrad_cnn.kernels.numpy.elementary import log10 as log10
from tinygrad_cnn.kernels.numpy.elementary import sin as sin
from tinygrad_cnn.kernels.numpy.elementary import sinh as sinh
from tinygrad_cnn.kernels.numpy.elementary import tan as tan
from tinygrad_cnn.kernels.numpy.error_functions import erf as erf
from tinygrad_cnn.kernels.numpy.loss import huber as huber
from tinygrad_cnn.kernels.numpy.norm import group_norm as group_norm
from tinygrad_cnn.kernels.numpy.norm import group_norm_slope as group_norm_slope
from tinygrad_cnn.kernels.numpy.norm import rms_norm as rms_norm
from tinygrad_cnn.kernels.numpy.norm import rms_norm_slope as rms_norm_slope
from tinygrad_cnn.kernels.numpy.pairs import arctan2 as arctan2
from tinygrad_cnn.kernels.numpy.pairs import floor_divide as floor_divide
from tinygrad_cnn.kernels.numpy.pairs import fmod as fmod
from tinygrad_cnn.kernels.numpy.pairs import hypot as hypot
from tinygrad_cnn.kernels.numpy.pairs import logaddexp as logaddexp
from tinygrad_cnn.kernels.numpy.pairs import remainder as remainder
from tinygrad_cnn.kernels.numpy.pointwise import relu as relu
from tinygrad_cnn.kernels.numpy.pointwise import relu_slope as relu_slope
from tinygrad_cnn.kernels.numpy.pointwise import sigmoid as sigmoid
from tinygrad_cnn.kernels.numpy.pointwise import sigmoid_slope as sigmoid_slope
from tinygrad_cnn.kernels.numpy.pool import adaptive_max_pool as adaptive_max_pool
from tinygrad_cnn.kernels.numpy.ranks import extreme_places as extreme_places
from tinygrad_cnn.kernels.numpy.ranks import ranked_places as ranked_places
from tinygrad_cnn.kernels.numpy.ranks import top_places as top_places
from tinygrad_cnn.kernels.numpy.recurrent import gru as gru
from tinygrad_cnn.kernels.numpy.recurrent import gru_slope as gru_slope
from tinygrad_cnn.kernels.numpy.recurrent import lstm as lstm
from tinygrad_cnn.kernels.numpy.recurrent import lstm_slope as lstm_slope
from tinygrad_cnn.kernels.numpy.recurrent import rnn as rnn
from tinygrad_cnn.kernels.numpy.recurrent import rnn_slope as rnn_slope
from tinygrad_cnn.kernels.numpy.scans import recurrence as recurrence
from tinygrad_cnn.kernels.numpy.scans import row_extremes as row_extremes
from tinygrad_cnn.kernels.numpy.scans import running as running
from tinygrad_cnn.kernels.numpy.scans import running_extremes as running_extremes
from tinygrad_cnn.kernels.numpy.special import digamma as digamma
from tinygrad_cnn.kernels.numpy.special import erfinv as erfinv
from tinygrad_cnn.kernels.numpy.special import lgamma as lgamma
from tinygrad_cnn.kernels.numpy.special import trigamma as trigamma
from tinygrad_cnn.kernels.numpy.taps import tap_product as tap_product
from tinygrad_cnn.kernels.numpy.taps import tap_spread as tap_spread
from tinygrad_cnn.kernels.numpy.taps import tap_sum as tap_sum
from tinygrad_cnn.kernels.numpy.update import adaptive as adaptive

max_pool, max_pool_places = _by_one_kernel(_pool.max_pool), _by_one_kernel(_pool.max_pool_places)
place, spread = _by_one_kernel(_pool.place), _by_one_kernel(_pool.spread)
avg_pool = _by_one_kernel(_pool.avg_pool)
batch_norm, batch_norm_slope = _by_one_kernel(_norm.batch_norm), _by_one_kernel(_norm.batch_norm_slope)
layer_norm = _by_one_kernel(_sample_norm.layer_norm)
layer_norm_slope = _by_one_kernel(_sample_norm.layer_norm_slope)
cross_entropy = _by_one_kernel(_loss.cross_entropy)
cross_entropy_slope = _by_one_kernel(_loss.cross_entropy_slope)
sgd, adam = _by_one_kernel(_update.sgd), _by_one_kernel(_update.adam)
