"""`torchvision.datasets`."""

from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torchvision.datasets.cifar import CIFAR10 as CIFAR10
from tinygrad_cnn.torchvision.datasets.cifar import CIFAR100 as CIFAR100
from tinygrad_cnn.torchvision.datasets.fake import FakeData as FakeData
from tinygrad_cnn.torchvision.datasets.folders import DatasetFolder as DatasetFolder
from tinygrad_cnn.torchvision.datasets.folders import ImageFolder as ImageFolder
from tinygrad_cnn.torchvision.datasets.handwriting import EMNIST as EMNIST
from tinygrad_cnn.torchvision.datasets.handwriting import KMNIST as KMNIST
from tinygrad_cnn.torchvision.datasets.handwriting import MNIST as MNIST
from tinygrad_cnn.torchvision.datasets.handwriting import FashionMNIST as FashionMNIST
from tinygrad_cnn.torchvision.datasets.vision import VisionDataset as VisionDataset

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "EMNIST",
    "KMNIST",
    "MNIST",
    "DatasetFolder",
    "FakeData",
    "FashionMNIST",
    "ImageFolder",
    "VisionDataset",
]
__getattr__ = _guard("torchvision.datasets", globals())
