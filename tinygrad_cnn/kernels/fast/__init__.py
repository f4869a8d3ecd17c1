"""Compiled kernels for contiguous float32 arrays; anything else falls to the reference.

The names that are here take the place of those of the reference, with the same arguments.
"""

from tinygrad_cnn.kernels.fast.convolution import conv as conv
from tinygrad_cnn.kernels.fast.convolution import conv_image as conv_image
from tinygrad_cnn.kernels.fast.convolution import conv_kernel as conv_kernel
from tinygrad_cnn.kernels.fast.linear import linear as linear
from tinygrad_cnn.kernels.fast.linear import matmul as matmul
from tinygrad_cnn.kernels.fast.loss import cross_entropy as cross_entropy
from tinygrad_cnn.kernels.fast.loss import cross_entropy_slope as cross_entropy_slope
from tinygrad_cnn.kernels.fast.norm import batch_norm as batch_norm
from tinygrad_cnn.kernels.fast.norm import batch_norm_slope as batch_norm_slope
from tinygrad_cnn.kernels.fast.norm import channel_sum as channel_sum
from tinygrad_cnn.kernels.fast.norm import fixed_norm as fixed_norm
from tinygrad_cnn.kernels.fast.pointwise import dropout as dropout
from tinygrad_cnn.kernels.fast.pointwise import relu as relu
from tinygrad_cnn.kernels.fast.pointwise import relu_slope as relu_slope
from tinygrad_cnn.kernels.fast.pointwise import sigmoid as sigmoid
from tinygrad_cnn.kernels.fast.pointwise import sigmoid_slope as sigmoid_slope
from tinygrad_cnn.kernels.fast.pool import avg_pool as avg_pool
from tinygrad_cnn.kernels.fast.pool import max_pool as max_pool
from tinygrad_cnn.kernels.fast.pool import max_pool_places as max_pool_places
from tinygrad_cnn.kernels.fast.pool import place as place
from tinygrad_cnn.kernels.fast.pool import spread as spread
from tinygrad_cnn.kernels.fast.update import adam as adam
from tinygrad_cnn.kernels.fast.update import sgd as sgd
from tinygrad_cnn.kernels.fast.watching import watch as watch
