"""`torchvision.models`: networks with torchvision's keys, without fetched weights."""

from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torchvision.models.alexnets import AlexNet as AlexNet
from tinygrad_cnn.torchvision.models.alexnets import alexnet as alexnet
from tinygrad_cnn.torchvision.models.mobilenet import MobileNetV2 as MobileNetV2
from tinygrad_cnn.torchvision.models.mobilenet import mobilenet_v2 as mobilenet_v2
from tinygrad_cnn.torchvision.models.resnet import ResNet as ResNet
from tinygrad_cnn.torchvision.models.resnet import resnet18 as resnet18
from tinygrad_cnn.torchvision.models.resnet import resnet34 as resnet34
from tinygrad_cnn.torchvision.models.resnet import resnet50 as resnet50
from tinygrad_cnn.torchvision.models.resnet import resnet101 as resnet101
from tinygrad_cnn.torchvision.models.resnet import resnet152 as resnet152
from tinygrad_cnn.torchvision.models.squeezenet import SqueezeNet as SqueezeNet
from tinygrad_cnn.torchvision.models.squeezenet import squeezenet1_0 as squeezenet1_0
from tinygrad_cnn.torchvision.models.squeezenet import squeezenet1_1 as squeezenet1_1
from tinygrad_cnn.torchvision.models.vgg import VGG as VGG
from tinygrad_cnn.torchvision.models.vgg import vgg11 as vgg11
from tinygrad_cnn.torchvision.models.vgg import vgg11_bn as vgg11_bn
from tinygrad_cnn.torchvision.models.vgg import vgg13 as vgg13
from tinygrad_cnn.torchvision.models.vgg import vgg13_bn as vgg13_bn
from tinygrad_cnn.torchvision.models.vgg import vgg16 as vgg16
from tinygrad_cnn.torchvision.models.vgg import vgg16_bn as vgg16_bn
from tinygrad_cnn.torchvision.models.vgg import vgg19 as vgg19
from tinygrad_cnn.torchvision.models.vgg import vgg19_bn as vgg19_bn

__getattr__ = _guard("torchvision.models", globals())
