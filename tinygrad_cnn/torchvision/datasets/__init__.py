"""`torchvision.datasets`."""

from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torchvision.datasets.celeba import CelebA as CelebA
from tinygrad_cnn.torchvision.datasets.cifar import CIFAR10 as CIFAR10
from tinygrad_cnn.torchvision.datasets.cifar import CIFAR100 as CIFAR100
from tinygrad_cnn.torchvision.datasets.fake import FakeData as FakeData
from tinygrad_cnn.torchvision.datasets.folders import IMG_EXTENSIONS as IMG_EXTENSIONS
from tinygrad_cnn.torchvision.datasets.folders import DatasetFolder as DatasetFolder
from tinygrad_cnn.torchvision.datasets.folders import ImageFolder as ImageFolder
from tinygrad_cnn.torchvision.datasets.folders import default_loader as default_loader
from tinygrad_cnn.torchvision.datasets.handwriting import EMNIST as EMNIST
from tinygrad_cnn.torchvision.datasets.handwriting import KMNIST as KMNIST
from tinygrad_cnn.torchvision.datasets.handwriting import MNIST as MNIST
from tinygrad_cnn.torchvision.datasets.handwriting import QMNIST as QMNIST
from tinygrad_cnn.torchvision.datasets.handwriting import FashionMNIST as FashionMNIST
from tinygrad_cnn.torchvision.datasets.imagenet import ImageNet as ImageNet
from tinygrad_cnn.torchvision.datasets.inaturalist import INaturalist as INaturalist
from tinygrad_cnn.torchvision.datasets.places365 import Places365 as Places365
from tinygrad_cnn.torchvision.datasets.svhn import SVHN as SVHN
from tinygrad_cnn.torchvision.datasets.vision import VisionDataset as VisionDataset

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "EMNIST",
    "IMG_EXTENSIONS",
    "KMNIST",
    "MNIST",
    "QMNIST",
    "SVHN",
    "CelebA",
    "DatasetFolder",
    "FakeData",
    "FashionMNIST",
    "INaturalist",
    "ImageFolder",
    "ImageNet",
    "Places365",
    "VisionDataset",
    "default_loader",
]
__getattr__ = _guard("torchvision.datasets", globals())
