"""`torchvision.ops`: boxes, their losses, and layers that its models share."""

from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torchvision.ops import misc as misc
from tinygrad_cnn.torchvision.ops import rectangles as boxes
from tinygrad_cnn.torchvision.ops.drops import DropBlock2d as DropBlock2d
from tinygrad_cnn.torchvision.ops.drops import StochasticDepth as StochasticDepth
from tinygrad_cnn.torchvision.ops.drops import drop_block2d as drop_block2d
from tinygrad_cnn.torchvision.ops.drops import stochastic_depth as stochastic_depth
from tinygrad_cnn.torchvision.ops.losses import complete_box_iou_loss as complete_box_iou_loss
from tinygrad_cnn.torchvision.ops.losses import distance_box_iou_loss as distance_box_iou_loss
from tinygrad_cnn.torchvision.ops.losses import generalized_box_iou_loss as generalized_box_iou_loss
from tinygrad_cnn.torchvision.ops.losses import sigmoid_focal_loss as sigmoid_focal_loss
from tinygrad_cnn.torchvision.ops.misc import MLP as MLP
from tinygrad_cnn.torchvision.ops.misc import Conv2dNormActivation as Conv2dNormActivation
from tinygrad_cnn.torchvision.ops.misc import Conv3dNormActivation as Conv3dNormActivation
from tinygrad_cnn.torchvision.ops.misc import FrozenBatchNorm2d as FrozenBatchNorm2d
from tinygrad_cnn.torchvision.ops.misc import Permute as Permute
from tinygrad_cnn.torchvision.ops.misc import SqueezeExcitation as SqueezeExcitation
from tinygrad_cnn.torchvision.ops.rectangles import batched_nms as batched_nms
from tinygrad_cnn.torchvision.ops.rectangles import box_area as box_area
from tinygrad_cnn.torchvision.ops.rectangles import box_convert as box_convert
from tinygrad_cnn.torchvision.ops.rectangles import box_iou as box_iou
from tinygrad_cnn.torchvision.ops.rectangles import clip_boxes_to_image as clip_boxes_to_image
from tinygrad_cnn.torchvision.ops.rectangles import complete_box_iou as complete_box_iou
from tinygrad_cnn.torchvision.ops.rectangles import distance_box_iou as distance_box_iou
from tinygrad_cnn.torchvision.ops.rectangles import generalized_box_iou as generalized_box_iou
from tinygrad_cnn.torchvision.ops.rectangles import masks_to_boxes as masks_to_boxes
from tinygrad_cnn.torchvision.ops.rectangles import nms as nms
from tinygrad_cnn.torchvision.ops.rectangles import remove_small_boxes as remove_small_boxes
from tinygrad_cnn.torchvision.ops.regions import RoIAlign as RoIAlign
from tinygrad_cnn.torchvision.ops.regions import RoIPool as RoIPool
from tinygrad_cnn.torchvision.ops.regions import roi_align as roi_align
from tinygrad_cnn.torchvision.ops.regions import roi_pool as roi_pool

__all__ = [
    "MLP",
    "Conv2dNormActivation",
    "Conv3dNormActivation",
    "DropBlock2d",
    "FrozenBatchNorm2d",
    "Permute",
    "RoIAlign",
    "RoIPool",
    "SqueezeExcitation",
    "StochasticDepth",
    "batched_nms",
    "box_area",
    "box_convert",
    "box_iou",
    "boxes",
    "clip_boxes_to_image",
    "complete_box_iou",
    "complete_box_iou_loss",
    "distance_box_iou",
    "distance_box_iou_loss",
    "drop_block2d",
    "generalized_box_iou",
    "generalized_box_iou_loss",
    "masks_to_boxes",
    "nms",
    "remove_small_boxes",
    "roi_align",
    "roi_pool",
    "sigmoid_focal_loss",
    "stochastic_depth",
]  # fmt: skip
__getattr__ = _guard("torchvision.ops", globals())
