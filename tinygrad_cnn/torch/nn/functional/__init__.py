"""`torch.nn.functional`: PyTorch's names and argument order for the native functions."""

from __future__ import annotations

from tinygrad_cnn.torch.nn.functional.activations import celu as celu
from tinygrad_cnn.torch.nn.functional.activations import celu_ as celu_
from tinygrad_cnn.torch.nn.functional.activations import elu as elu
from tinygrad_cnn.torch.nn.functional.activations import elu_ as elu_
from tinygrad_cnn.torch.nn.functional.activations import gelu as gelu
from tinygrad_cnn.torch.nn.functional.activations import glu as glu
from tinygrad_cnn.torch.nn.functional.activations import gumbel_softmax as gumbel_softmax
from tinygrad_cnn.torch.nn.functional.activations import hardshrink as hardshrink
from tinygrad_cnn.torch.nn.functional.activations import hardsigmoid as hardsigmoid
from tinygrad_cnn.torch.nn.functional.activations import hardswish as hardswish
from tinygrad_cnn.torch.nn.functional.activations import hardtanh as hardtanh
from tinygrad_cnn.torch.nn.functional.activations import hardtanh_ as hardtanh_
from tinygrad_cnn.torch.nn.functional.activations import leaky_relu as leaky_relu
from tinygrad_cnn.torch.nn.functional.activations import leaky_relu_ as leaky_relu_
from tinygrad_cnn.torch.nn.functional.activations import log_softmax as log_softmax
from tinygrad_cnn.torch.nn.functional.activations import logsigmoid as logsigmoid
from tinygrad_cnn.torch.nn.functional.activations import mish as mish
from tinygrad_cnn.torch.nn.functional.activations import prelu as prelu
from tinygrad_cnn.torch.nn.functional.activations import relu as relu
from tinygrad_cnn.torch.nn.functional.activations import relu6 as relu6
from tinygrad_cnn.torch.nn.functional.activations import relu_ as relu_
from tinygrad_cnn.torch.nn.functional.activations import rrelu as rrelu
from tinygrad_cnn.torch.nn.functional.activations import rrelu_ as rrelu_
from tinygrad_cnn.torch.nn.functional.activations import selu as selu
from tinygrad_cnn.torch.nn.functional.activations import selu_ as selu_
from tinygrad_cnn.torch.nn.functional.activations import sigmoid as sigmoid
from tinygrad_cnn.torch.nn.functional.activations import silu as silu
from tinygrad_cnn.torch.nn.functional.activations import softmax as softmax
from tinygrad_cnn.torch.nn.functional.activations import softmin as softmin
from tinygrad_cnn.torch.nn.functional.activations import softplus as softplus
from tinygrad_cnn.torch.nn.functional.activations import softshrink as softshrink
from tinygrad_cnn.torch.nn.functional.activations import softsign as softsign
from tinygrad_cnn.torch.nn.functional.activations import tanh as tanh
from tinygrad_cnn.torch.nn.functional.activations import tanhshrink as tanhshrink
from tinygrad_cnn.torch.nn.functional.activations import threshold as threshold
from tinygrad_cnn.torch.nn.functional.activations import threshold_ as threshold_
from tinygrad_cnn.torch.nn.functional.convolutions import conv1d as conv1d
from tinygrad_cnn.torch.nn.functional.convolutions import conv2d as conv2d
from tinygrad_cnn.torch.nn.functional.convolutions import conv3d as conv3d
from tinygrad_cnn.torch.nn.functional.convolutions import conv_tbc as conv_tbc
from tinygrad_cnn.torch.nn.functional.convolutions import conv_transpose1d as conv_transpose1d
from tinygrad_cnn.torch.nn.functional.convolutions import conv_transpose2d as conv_transpose2d
from tinygrad_cnn.torch.nn.functional.convolutions import conv_transpose3d as conv_transpose3d
from tinygrad_cnn.torch.nn.functional.convolutions import fold as fold
from tinygrad_cnn.torch.nn.functional.convolutions import unfold as unfold
from tinygrad_cnn.torch.nn.functional.dropouts import alpha_dropout as alpha_dropout
from tinygrad_cnn.torch.nn.functional.dropouts import dropout as dropout
from tinygrad_cnn.torch.nn.functional.dropouts import dropout1d as dropout1d
from tinygrad_cnn.torch.nn.functional.dropouts import dropout2d as dropout2d
from tinygrad_cnn.torch.nn.functional.dropouts import dropout3d as dropout3d
from tinygrad_cnn.torch.nn.functional.dropouts import feature_alpha_dropout as feature_alpha_dropout
from tinygrad_cnn.torch.nn.functional.dropouts import feature_dropout as feature_dropout
from tinygrad_cnn.torch.nn.functional.embeddings import embedding as embedding
from tinygrad_cnn.torch.nn.functional.embeddings import embedding_bag as embedding_bag
from tinygrad_cnn.torch.nn.functional.embeddings import one_hot as one_hot
from tinygrad_cnn.torch.nn.functional.normalizations import batch_norm as batch_norm
from tinygrad_cnn.torch.nn.functional.normalizations import group_norm as group_norm
from tinygrad_cnn.torch.nn.functional.normalizations import instance_norm as instance_norm
from tinygrad_cnn.torch.nn.functional.normalizations import layer_norm as layer_norm
from tinygrad_cnn.torch.nn.functional.normalizations import local_response_norm as local_response_norm
from tinygrad_cnn.torch.nn.functional.normalizations import normalize as normalize
from tinygrad_cnn.torch.nn.functional.normalizations import rms_norm as rms_norm
from tinygrad_cnn.torch.nn.functional.pooling import adaptive_avg_pool1d as adaptive_avg_pool1d
from tinygrad_cnn.torch.nn.functional.pooling import adaptive_avg_pool2d as adaptive_avg_pool2d
from tinygrad_cnn.torch.nn.functional.pooling import adaptive_avg_pool3d as adaptive_avg_pool3d
from tinygrad_cnn.torch.nn.functional.pooling import adaptive_max_pool1d as adaptive_max_pool1d
from tinygrad_cnn.torch.nn.functional.pooling import (
    adaptive_max_pool1d_with_indices as adaptive_max_pool1d_with_indices,
)
from tinygrad_cnn.torch.nn.functional.pooling import adaptive_max_pool2d as adaptive_max_pool2d
from tinygrad_cnn.torch.nn.functional.pooling import (
    adaptive_max_pool2d_with_indices as adaptive_max_pool2d_with_indices,
)
from tinygrad_cnn.torch.nn.functional.pooling import adaptive_max_pool3d as adaptive_max_pool3d
from tinygrad_cnn.torch.nn.functional.pooling import (
    adaptive_max_pool3d_with_indices as adaptive_max_pool3d_with_indices,
)
from tinygrad_cnn.torch.nn.functional.pooling import avg_pool1d as avg_pool1d
from tinygrad_cnn.torch.nn.functional.pooling import avg_pool2d as avg_pool2d
from tinygrad_cnn.torch.nn.functional.pooling import avg_pool3d as avg_pool3d
from tinygrad_cnn.torch.nn.functional.pooling import fractional_max_pool2d as fractional_max_pool2d
from tinygrad_cnn.torch.nn.functional.pooling import (
    fractional_max_pool2d_with_indices as fractional_max_pool2d_with_indices,
)
from tinygrad_cnn.torch.nn.functional.pooling import fractional_max_pool3d as fractional_max_pool3d
from tinygrad_cnn.torch.nn.functional.pooling import (
    fractional_max_pool3d_with_indices as fractional_max_pool3d_with_indices,
)
from tinygrad_cnn.torch.nn.functional.pooling import lp_pool1d as lp_pool1d
from tinygrad_cnn.torch.nn.functional.pooling import lp_pool2d as lp_pool2d
from tinygrad_cnn.torch.nn.functional.pooling import lp_pool3d as lp_pool3d
from tinygrad_cnn.torch.nn.functional.pooling import max_pool1d as max_pool1d
from tinygrad_cnn.torch.nn.functional.pooling import max_pool1d_with_indices as max_pool1d_with_indices
from tinygrad_cnn.torch.nn.functional.pooling import max_pool2d as max_pool2d
from tinygrad_cnn.torch.nn.functional.pooling import max_pool2d_with_indices as max_pool2d_with_indices
from tinygrad_cnn.torch.nn.functional.pooling import max_pool3d as max_pool3d
from tinygrad_cnn.torch.nn.functional.pooling import max_pool3d_with_indices as max_pool3d_with_indices
from tinygrad_cnn.torch.nn.functional.pooling import max_unpool1d as max_unpool1d
from tinygrad_cnn.torch.nn.functional.pooling import max_unpool2d as max_unpool2d
from tinygrad_cnn.torch.nn.functional.pooling import max_unpool3d as max_unpool3d
from tinygrad_cnn.torch.nn.functional.products import bilinear as bilinear
from tinygrad_cnn.torch.nn.functional.products import linear as linear
from tinygrad_cnn.torch.nn.functional.products import (
    multi_head_attention_forward as multi_head_attention_forward,
)
from tinygrad_cnn.torch.nn.functional.products import pdist as pdist
from tinygrad_cnn.torch.nn.functional.products import (
    scaled_dot_product_attention as scaled_dot_product_attention,
)
from tinygrad_cnn.torch.nn.functional.resampling import affine_grid as affine_grid
from tinygrad_cnn.torch.nn.functional.resampling import channel_shuffle as channel_shuffle
from tinygrad_cnn.torch.nn.functional.resampling import grid_sample as grid_sample
from tinygrad_cnn.torch.nn.functional.resampling import interpolate as interpolate
from tinygrad_cnn.torch.nn.functional.resampling import native_channel_shuffle as native_channel_shuffle
from tinygrad_cnn.torch.nn.functional.resampling import pad as pad
from tinygrad_cnn.torch.nn.functional.resampling import pixel_shuffle as pixel_shuffle
from tinygrad_cnn.torch.nn.functional.resampling import pixel_unshuffle as pixel_unshuffle
from tinygrad_cnn.torch.nn.functional.resampling import upsample as upsample
from tinygrad_cnn.torch.nn.functional.resampling import upsample_bilinear as upsample_bilinear
from tinygrad_cnn.torch.nn.functional.resampling import upsample_nearest as upsample_nearest
from tinygrad_cnn.torch.nn.losses import binary_cross_entropy as binary_cross_entropy
from tinygrad_cnn.torch.nn.losses import (
    binary_cross_entropy_with_logits as binary_cross_entropy_with_logits,
)
from tinygrad_cnn.torch.nn.losses import cosine_embedding_loss as cosine_embedding_loss
from tinygrad_cnn.torch.nn.losses import cosine_similarity as cosine_similarity
from tinygrad_cnn.torch.nn.losses import cross_entropy as cross_entropy
from tinygrad_cnn.torch.nn.losses import ctc_loss as ctc_loss
from tinygrad_cnn.torch.nn.losses import gaussian_nll_loss as gaussian_nll_loss
from tinygrad_cnn.torch.nn.losses import hinge_embedding_loss as hinge_embedding_loss
from tinygrad_cnn.torch.nn.losses import huber_loss as huber_loss
from tinygrad_cnn.torch.nn.losses import kl_div as kl_div
from tinygrad_cnn.torch.nn.losses import l1_loss as l1_loss
from tinygrad_cnn.torch.nn.losses import linear_cross_entropy as linear_cross_entropy
from tinygrad_cnn.torch.nn.losses import margin_ranking_loss as margin_ranking_loss
from tinygrad_cnn.torch.nn.losses import mse_loss as mse_loss
from tinygrad_cnn.torch.nn.losses import multi_margin_loss as multi_margin_loss
from tinygrad_cnn.torch.nn.losses import multilabel_margin_loss as multilabel_margin_loss
from tinygrad_cnn.torch.nn.losses import multilabel_soft_margin_loss as multilabel_soft_margin_loss
from tinygrad_cnn.torch.nn.losses import nll_loss as nll_loss
from tinygrad_cnn.torch.nn.losses import pairwise_distance as pairwise_distance
from tinygrad_cnn.torch.nn.losses import poisson_nll_loss as poisson_nll_loss
from tinygrad_cnn.torch.nn.losses import smooth_l1_loss as smooth_l1_loss
from tinygrad_cnn.torch.nn.losses import soft_margin_loss as soft_margin_loss
from tinygrad_cnn.torch.nn.losses import triplet_margin_loss as triplet_margin_loss
from tinygrad_cnn.torch.nn.losses import (
    triplet_margin_with_distance_loss as triplet_margin_with_distance_loss,
)
from tinygrad_cnn.torch.refusals import guard as _guard

__getattr__ = _guard("torch.nn.functional", globals())
