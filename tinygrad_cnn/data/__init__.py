"""Datasets, loaders, and readers of files of examples, all in NumPy arrays."""

from tinygrad_cnn.data.augment import CenterCrop as CenterCrop
from tinygrad_cnn.data.augment import Compose as Compose
from tinygrad_cnn.data.augment import HorizontalFlip as HorizontalFlip
from tinygrad_cnn.data.augment import Normalize as Normalize
from tinygrad_cnn.data.augment import RandomCrop as RandomCrop
from tinygrad_cnn.data.augment import Rescale as Rescale
from tinygrad_cnn.data.dataset import ArrayDataset as ArrayDataset
from tinygrad_cnn.data.dataset import Dataset as Dataset
from tinygrad_cnn.data.dataset import split as split
from tinygrad_cnn.data.digits import digits as digits
from tinygrad_cnn.data.folder import ImageFolder as ImageFolder
from tinygrad_cnn.data.geometric import Geometric as Geometric
from tinygrad_cnn.data.geometric import Rotation as Rotation
from tinygrad_cnn.data.geometric import Shear as Shear
from tinygrad_cnn.data.geometric import Shift as Shift
from tinygrad_cnn.data.geometric import Zoom as Zoom
from tinygrad_cnn.data.idx import read_idx as read_idx
from tinygrad_cnn.data.idx import write_idx as write_idx
from tinygrad_cnn.data.image import load_image as load_image
from tinygrad_cnn.data.loader import DataLoader as DataLoader
from tinygrad_cnn.data.mnist import fashion_mnist as fashion_mnist
from tinygrad_cnn.data.mnist import mnist as mnist
from tinygrad_cnn.data.stream import Augmented as Augmented
from tinygrad_cnn.data.stream import StreamedDataset as StreamedDataset
from tinygrad_cnn.data.transform import Transform as Transform
