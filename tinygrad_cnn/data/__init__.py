"""Datasets, loaders, and readers of files of examples, all in NumPy arrays."""

from tinygrad_cnn.data.augment import (
    CenterCrop,
    Compose,
    HorizontalFlip,
    Normalize,
    RandomCrop,
    Rescale,
)
from tinygrad_cnn.data.dataset import ArrayDataset, Dataset, split
from tinygrad_cnn.data.folder import ImageFolder
from tinygrad_cnn.data.geometric import Geometric, Rotation, Shear, Shift, Zoom
from tinygrad_cnn.data.idx import read_idx, write_idx
from tinygrad_cnn.data.image import load_image
from tinygrad_cnn.data.loader import DataLoader
from tinygrad_cnn.data.mnist_files import fashion_mnist, mnist
from tinygrad_cnn.data.sklearn_digits import digits
from tinygrad_cnn.data.stream import Augmented, StreamedDataset
from tinygrad_cnn.data.transform import Transform

__all__ = [
    "ArrayDataset", "Augmented", "CenterCrop", "Compose", "DataLoader", "Dataset", "Geometric",
    "HorizontalFlip", "ImageFolder", "Normalize", "RandomCrop", "Rescale", "Rotation", "Shear", "Shift",
    "StreamedDataset", "Transform", "Zoom", "digits", "fashion_mnist", "load_image", "mnist", "read_idx",
    "split", "write_idx",
]  # fmt: skip
