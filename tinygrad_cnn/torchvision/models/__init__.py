"""`torchvision.models`: networks with torchvision's keys, without fetched weights."""

from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torchvision.models.alexnets import AlexNet as AlexNet
from tinygrad_cnn.torchvision.models.alexnets import AlexNet_Weights as AlexNet_Weights
from tinygrad_cnn.torchvision.models.alexnets import alexnet as alexnet
from tinygrad_cnn.torchvision.models.convnext import WEIGHTS as _CONVNEXT
from tinygrad_cnn.torchvision.models.convnext import ConvNeXt as ConvNeXt
from tinygrad_cnn.torchvision.models.convnext import convnext_base as convnext_base
from tinygrad_cnn.torchvision.models.convnext import convnext_large as convnext_large
from tinygrad_cnn.torchvision.models.convnext import convnext_small as convnext_small
from tinygrad_cnn.torchvision.models.convnext import convnext_tiny as convnext_tiny
from tinygrad_cnn.torchvision.models.densenet import WEIGHTS as _DENSENET
from tinygrad_cnn.torchvision.models.densenet import DenseNet as DenseNet
from tinygrad_cnn.torchvision.models.densenet import densenet121 as densenet121
from tinygrad_cnn.torchvision.models.densenet import densenet161 as densenet161
from tinygrad_cnn.torchvision.models.densenet import densenet169 as densenet169
from tinygrad_cnn.torchvision.models.densenet import densenet201 as densenet201
from tinygrad_cnn.torchvision.models.efficientnet import WEIGHTS as _EFFICIENTNET
from tinygrad_cnn.torchvision.models.efficientnet import EfficientNet as EfficientNet
from tinygrad_cnn.torchvision.models.efficientnet import efficientnet_b0 as efficientnet_b0
from tinygrad_cnn.torchvision.models.efficientnet import efficientnet_b1 as efficientnet_b1
from tinygrad_cnn.torchvision.models.efficientnet import efficientnet_b2 as efficientnet_b2
from tinygrad_cnn.torchvision.models.efficientnet import efficientnet_b3 as efficientnet_b3
from tinygrad_cnn.torchvision.models.efficientnet import efficientnet_b4 as efficientnet_b4
from tinygrad_cnn.torchvision.models.efficientnet import efficientnet_b5 as efficientnet_b5
from tinygrad_cnn.torchvision.models.efficientnet import efficientnet_b6 as efficientnet_b6
from tinygrad_cnn.torchvision.models.efficientnet import efficientnet_b7 as efficientnet_b7
from tinygrad_cnn.torchvision.models.googlenets import GoogLeNet as GoogLeNet
from tinygrad_cnn.torchvision.models.googlenets import GoogLeNet_Weights as GoogLeNet_Weights
from tinygrad_cnn.torchvision.models.googlenets import GoogLeNetOutputs as GoogLeNetOutputs
from tinygrad_cnn.torchvision.models.googlenets import googlenet as googlenet
from tinygrad_cnn.torchvision.models.inception import Inception3 as Inception3
from tinygrad_cnn.torchvision.models.inception import Inception_V3_Weights as Inception_V3_Weights
from tinygrad_cnn.torchvision.models.inception import InceptionOutputs as InceptionOutputs
from tinygrad_cnn.torchvision.models.inception import inception_v3 as inception_v3
from tinygrad_cnn.torchvision.models.mobilenet import MobileNet_V2_Weights as MobileNet_V2_Weights
from tinygrad_cnn.torchvision.models.mobilenet import MobileNetV2 as MobileNetV2
from tinygrad_cnn.torchvision.models.mobilenet import mobilenet_v2 as mobilenet_v2
from tinygrad_cnn.torchvision.models.mobilenetv3 import (
    MobileNet_V3_Large_Weights as MobileNet_V3_Large_Weights,
)
from tinygrad_cnn.torchvision.models.mobilenetv3 import (
    MobileNet_V3_Small_Weights as MobileNet_V3_Small_Weights,
)
from tinygrad_cnn.torchvision.models.mobilenetv3 import MobileNetV3 as MobileNetV3
from tinygrad_cnn.torchvision.models.mobilenetv3 import mobilenet_v3_large as mobilenet_v3_large
from tinygrad_cnn.torchvision.models.mobilenetv3 import mobilenet_v3_small as mobilenet_v3_small
from tinygrad_cnn.torchvision.models.resnet import WEIGHTS as _RESNETS
from tinygrad_cnn.torchvision.models.resnet import ResNet as ResNet
from tinygrad_cnn.torchvision.models.resnet import resnet18 as resnet18
from tinygrad_cnn.torchvision.models.resnet import resnet34 as resnet34
from tinygrad_cnn.torchvision.models.resnet import resnet50 as resnet50
from tinygrad_cnn.torchvision.models.resnet import resnet101 as resnet101
from tinygrad_cnn.torchvision.models.resnet import resnet152 as resnet152
from tinygrad_cnn.torchvision.models.resnet import resnext50_32x4d as resnext50_32x4d
from tinygrad_cnn.torchvision.models.resnet import resnext101_32x8d as resnext101_32x8d
from tinygrad_cnn.torchvision.models.resnet import wide_resnet50_2 as wide_resnet50_2
from tinygrad_cnn.torchvision.models.resnet import wide_resnet101_2 as wide_resnet101_2
from tinygrad_cnn.torchvision.models.shufflenetv2 import WEIGHTS as _SHUFFLENETV2
from tinygrad_cnn.torchvision.models.shufflenetv2 import ShuffleNetV2 as ShuffleNetV2
from tinygrad_cnn.torchvision.models.shufflenetv2 import shufflenet_v2_x0_5 as shufflenet_v2_x0_5
from tinygrad_cnn.torchvision.models.shufflenetv2 import shufflenet_v2_x1_0 as shufflenet_v2_x1_0
from tinygrad_cnn.torchvision.models.shufflenetv2 import shufflenet_v2_x1_5 as shufflenet_v2_x1_5
from tinygrad_cnn.torchvision.models.shufflenetv2 import shufflenet_v2_x2_0 as shufflenet_v2_x2_0
from tinygrad_cnn.torchvision.models.squeezenet import SqueezeNet as SqueezeNet
from tinygrad_cnn.torchvision.models.squeezenet import SqueezeNet1_0_Weights as SqueezeNet1_0_Weights
from tinygrad_cnn.torchvision.models.squeezenet import SqueezeNet1_1_Weights as SqueezeNet1_1_Weights
from tinygrad_cnn.torchvision.models.squeezenet import squeezenet1_0 as squeezenet1_0
from tinygrad_cnn.torchvision.models.squeezenet import squeezenet1_1 as squeezenet1_1
from tinygrad_cnn.torchvision.models.vgg import VGG as VGG
from tinygrad_cnn.torchvision.models.vgg import WEIGHTS as _VGGS
from tinygrad_cnn.torchvision.models.vgg import vgg11 as vgg11
from tinygrad_cnn.torchvision.models.vgg import vgg11_bn as vgg11_bn
from tinygrad_cnn.torchvision.models.vgg import vgg13 as vgg13
from tinygrad_cnn.torchvision.models.vgg import vgg13_bn as vgg13_bn
from tinygrad_cnn.torchvision.models.vgg import vgg16 as vgg16
from tinygrad_cnn.torchvision.models.vgg import vgg16_bn as vgg16_bn
from tinygrad_cnn.torchvision.models.vgg import vgg19 as vgg19
from tinygrad_cnn.torchvision.models.vgg import vgg19_bn as vgg19_bn
from tinygrad_cnn.torchvision.models.vision_transformer import WEIGHTS as _VISION_TRANSFORMER
from tinygrad_cnn.torchvision.models.vision_transformer import VisionTransformer as VisionTransformer
from tinygrad_cnn.torchvision.models.vision_transformer import vit_b_16 as vit_b_16
from tinygrad_cnn.torchvision.models.vision_transformer import vit_b_32 as vit_b_32
from tinygrad_cnn.torchvision.models.vision_transformer import vit_l_16 as vit_l_16
from tinygrad_cnn.torchvision.models.vision_transformer import vit_l_32 as vit_l_32

_TABLES = (_RESNETS, _VGGS, _CONVNEXT, _DENSENET, _EFFICIENTNET, _SHUFFLENETV2, _VISION_TRANSFORMER)
_WEIGHTS = {found.__name__: found for table in _TABLES for found in table.values()}
globals().update(_WEIGHTS)

__getattr__ = _guard("torchvision.models", globals())
