"""Networks from the literature, ready to build, with PyTorch's names of their weights."""

from tinygrad_cnn.nn.models.alexnet import alexnet_like as alexnet_like
from tinygrad_cnn.nn.models.alexnet import alexnet_like_plan as alexnet_like_plan
from tinygrad_cnn.nn.models.convnet import ConvNet as ConvNet
from tinygrad_cnn.nn.models.convnet import deep_convnet as deep_convnet
from tinygrad_cnn.nn.models.convnet import simple_convnet as simple_convnet
from tinygrad_cnn.nn.models.inception import Inception as Inception
from tinygrad_cnn.nn.models.lenet import digit_codes as digit_codes
from tinygrad_cnn.nn.models.lenet import lenet5 as lenet5
from tinygrad_cnn.nn.models.lenet import lenet5_loss as lenet5_loss
from tinygrad_cnn.nn.models.lenet import lenet5_table as lenet5_table
from tinygrad_cnn.nn.models.plan import build as build
from tinygrad_cnn.nn.models.plan import parameter_count as parameter_count
from tinygrad_cnn.nn.models.plan import state_shapes as state_shapes
from tinygrad_cnn.nn.models.resnet import BasicBlock as BasicBlock
from tinygrad_cnn.nn.models.resnet import Bottleneck as Bottleneck
from tinygrad_cnn.nn.models.resnet import ResNet as ResNet
from tinygrad_cnn.nn.models.resnet import resnet18 as resnet18
from tinygrad_cnn.nn.models.resnet import small_resnet as small_resnet
from tinygrad_cnn.nn.models.vgg import thin_vgg as thin_vgg
from tinygrad_cnn.nn.models.vgg import vgg as vgg
from tinygrad_cnn.nn.models.vgg import vgg16 as vgg16
from tinygrad_cnn.nn.models.vgg import vgg19 as vgg19
from tinygrad_cnn.nn.models.vgg import vgg_plan as vgg_plan
