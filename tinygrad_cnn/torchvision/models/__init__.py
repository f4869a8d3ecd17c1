"""`torchvision.models`: networks with torchvision's keys, without fetched weights."""

from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torchvision.models.alexnets import AlexNet as AlexNet
from tinygrad_cnn.torchvision.models.alexnets import AlexNet_Weights as AlexNet_Weights
from tinygrad_cnn.torchvision.models.alexnets import alexnet as alexnet
from tinygrad_cnn.torchvision.models.mobilenet import MobileNet_V2_Weights as MobileNet_V2_Weights
from tinygrad_cnn.torchvision.models.mobilenet import MobileNetV2 as MobileNetV2
from tinygrad_cnn.torchvision.models.mobilenet import mobilenet_v2 as mobilenet_v2
from tinygrad_cnn.torchvision.models.resnet import WEIGHTS as _RESNETS
from tinygrad_cnn.torchvision.models.resnet import ResNet as ResNet
from tinygrad_cnn.torchvision.models.resnet import resnet18 as resnet18
from tinygrad_cnn.torchvision.models.resnet import resnet34 as resnet34
from tinygrad_cnn.torchvision.models.resnet import resnet50 as resnet50
from tinygrad_cnn.torchvision.models.resnet import resnet101 as resnet101
from tinygrad_cnn.torchvision.models.resnet import resnet152 as resnet152
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

_WEIGHTS = {found.__name__: found for found in (*_RESNETS.values(), *_VGGS.values())}
globals().update(_WEIGHTS)

__getattr__ = _guard("torchvision.models", globals())
