"""Datasets, loaders, and readers of files of examples, all in NumPy arrays."""

from tinygrad_cnn.data.dataset import ArrayDataset as ArrayDataset
from tinygrad_cnn.data.dataset import Dataset as Dataset
from tinygrad_cnn.data.dataset import split as split
from tinygrad_cnn.data.digits import digits as digits
from tinygrad_cnn.data.idx import read_idx as read_idx
from tinygrad_cnn.data.idx import write_idx as write_idx
from tinygrad_cnn.data.loader import DataLoader as DataLoader
from tinygrad_cnn.data.mnist import fashion_mnist as fashion_mnist
from tinygrad_cnn.data.mnist import mnist as mnist
