"""`torchvision.transforms`: functions of Pillow's images and of tensors."""

from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torchvision.transforms import functional as functional
from tinygrad_cnn.torchvision.transforms.automatic import AutoAugment as AutoAugment
from tinygrad_cnn.torchvision.transforms.automatic import AutoAugmentPolicy as AutoAugmentPolicy
from tinygrad_cnn.torchvision.transforms.automatic import RandAugment as RandAugment
from tinygrad_cnn.torchvision.transforms.automatic import TrivialAugmentWide as TrivialAugmentWide
from tinygrad_cnn.torchvision.transforms.changing import CenterCrop as CenterCrop
from tinygrad_cnn.torchvision.transforms.changing import Compose as Compose
from tinygrad_cnn.torchvision.transforms.changing import ConvertImageDtype as ConvertImageDtype
from tinygrad_cnn.torchvision.transforms.changing import FiveCrop as FiveCrop
from tinygrad_cnn.torchvision.transforms.changing import GaussianBlur as GaussianBlur
from tinygrad_cnn.torchvision.transforms.changing import Grayscale as Grayscale
from tinygrad_cnn.torchvision.transforms.changing import Lambda as Lambda
from tinygrad_cnn.torchvision.transforms.changing import Normalize as Normalize
from tinygrad_cnn.torchvision.transforms.changing import Pad as Pad
from tinygrad_cnn.torchvision.transforms.changing import PILToTensor as PILToTensor
from tinygrad_cnn.torchvision.transforms.changing import Resize as Resize
from tinygrad_cnn.torchvision.transforms.changing import ToPILImage as ToPILImage
from tinygrad_cnn.torchvision.transforms.changing import ToTensor as ToTensor
from tinygrad_cnn.torchvision.transforms.functional import InterpolationMode as InterpolationMode
from tinygrad_cnn.torchvision.transforms.random import ColorJitter as ColorJitter
from tinygrad_cnn.torchvision.transforms.random import RandomAffine as RandomAffine
from tinygrad_cnn.torchvision.transforms.random import RandomApply as RandomApply
from tinygrad_cnn.torchvision.transforms.random import RandomChoice as RandomChoice
from tinygrad_cnn.torchvision.transforms.random import RandomCrop as RandomCrop
from tinygrad_cnn.torchvision.transforms.random import RandomErasing as RandomErasing
from tinygrad_cnn.torchvision.transforms.random import RandomGrayscale as RandomGrayscale
from tinygrad_cnn.torchvision.transforms.random import RandomHorizontalFlip as RandomHorizontalFlip
from tinygrad_cnn.torchvision.transforms.random import RandomResizedCrop as RandomResizedCrop
from tinygrad_cnn.torchvision.transforms.random import RandomRotation as RandomRotation
from tinygrad_cnn.torchvision.transforms.random import RandomVerticalFlip as RandomVerticalFlip

__all__ = [
    "AutoAugment",
    "AutoAugmentPolicy",
    "CenterCrop",
    "ColorJitter",
    "Compose",
    "ConvertImageDtype",
    "FiveCrop",
    "GaussianBlur",
    "Grayscale",
    "InterpolationMode",
    "Lambda",
    "Normalize",
    "PILToTensor",
    "Pad",
    "RandAugment",
    "RandomAffine",
    "RandomApply",
    "RandomChoice",
    "RandomCrop",
    "RandomErasing",
    "RandomGrayscale",
    "RandomHorizontalFlip",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomVerticalFlip",
    "Resize",
    "ToPILImage",
    "ToTensor",
    "TrivialAugmentWide",
    "functional",
]  # fmt: skip
__getattr__ = _guard("torchvision.transforms", globals())
