"""Datasets, loaders, and readers of files of examples, all in NumPy arrays."""

import typing as _typing

from tinygrad_cnn.data.augment import (
    CenterCrop,
    Compose,
    HorizontalFlip,
    Normalize,
    RandomCrop,
    Rescale,
)
from tinygrad_cnn.data.cifar_files import cifar10, cifar100, svhn
from tinygrad_cnn.data.collating import default_collate
from tinygrad_cnn.data.dataset import ArrayDataset, Dataset
from tinygrad_cnn.data.folder import ImageFolder
from tinygrad_cnn.data.geometric import Geometric, Rotation, Shear, Shift, Zoom
from tinygrad_cnn.data.idx import read_idx, write_idx
from tinygrad_cnn.data.image import load_image
from tinygrad_cnn.data.iterable import IterableDataset
from tinygrad_cnn.data.loader import DataLoader
from tinygrad_cnn.data.mnist_files import fashion_mnist, mnist
from tinygrad_cnn.data.processes import get_worker_info
from tinygrad_cnn.data.samplers import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from tinygrad_cnn.data.sklearn_digits import digits
from tinygrad_cnn.data.stream import Augmented, StreamedDataset
from tinygrad_cnn.data.subsets import ConcatDataset, Subset, random_split, split
from tinygrad_cnn.data.transform import Transform
from tinygrad_cnn.other_names import guard as _guard

__all__ = [
    "ArrayDataset", "Augmented", "BatchSampler", "CenterCrop", "Compose", "ConcatDataset", "DataLoader",
    "Dataset", "Geometric", "HorizontalFlip", "ImageFolder", "IterableDataset", "Normalize", "RandomCrop",
    "RandomSampler", "Rescale", "Rotation", "Sampler", "SequentialSampler", "Shear", "Shift",
    "StreamedDataset", "Subset", "SubsetRandomSampler", "Transform", "WeightedRandomSampler", "Zoom",
    "cifar10", "cifar100", "default_collate", "digits", "fashion_mnist", "get_worker_info", "load_image",
    "mnist", "random_split", "read_idx", "split", "svhn", "write_idx",
]  # fmt: skip

if not _typing.TYPE_CHECKING:  # a checker knows the names as they are
    __getattr__ = _guard(globals())
