"""torchvision's names for what PyTorch programs use of it: datasets, transforms, models, utils.

Files lie where torchvision puts them; nothing is downloaded unless `download=True` and the extra `download`
is there. `models` have torchvision's keys, so their weights load; weights themselves are not fetched.
"""

from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torchvision import datasets as datasets
from tinygrad_cnn.torchvision import io as io
from tinygrad_cnn.torchvision import models as models
from tinygrad_cnn.torchvision import ops as ops
from tinygrad_cnn.torchvision import transforms as transforms
from tinygrad_cnn.torchvision import utils as utils

__version__ = "0.28.0+tinygrad_cnn"
__all__ = ["datasets", "io", "models", "ops", "transforms", "utils"]

__getattr__ = _guard("torchvision", globals())
