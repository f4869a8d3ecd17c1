"""The specification of every kernel, in plain NumPy: readable, any float dtype, always there."""

from tinygrad_cnn.kernels.reference.product import linear as linear
from tinygrad_cnn.kernels.reference.product import matmul as matmul
from tinygrad_cnn.kernels.reference.window import avg_pool as avg_pool
from tinygrad_cnn.kernels.reference.window import conv as conv
from tinygrad_cnn.kernels.reference.window import conv_image as conv_image
from tinygrad_cnn.kernels.reference.window import conv_kernel as conv_kernel
from tinygrad_cnn.kernels.reference.window import fold as fold
from tinygrad_cnn.kernels.reference.window import max_pool as max_pool
from tinygrad_cnn.kernels.reference.window import max_pool_places as max_pool_places
from tinygrad_cnn.kernels.reference.window import pick as pick
from tinygrad_cnn.kernels.reference.window import place as place
from tinygrad_cnn.kernels.reference.window import spread as spread
from tinygrad_cnn.kernels.reference.window import unfold as unfold
