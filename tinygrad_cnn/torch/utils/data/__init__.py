"""`torch.utils.data`: datasets, samplers and loaders as PyTorch has them."""

from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torch.utils.data.collating import default_collate as default_collate
from tinygrad_cnn.torch.utils.data.collating import default_convert as default_convert
from tinygrad_cnn.torch.utils.data.datasets import ChainDataset as ChainDataset
from tinygrad_cnn.torch.utils.data.datasets import ConcatDataset as ConcatDataset
from tinygrad_cnn.torch.utils.data.datasets import Dataset as Dataset
from tinygrad_cnn.torch.utils.data.datasets import IterableDataset as IterableDataset
from tinygrad_cnn.torch.utils.data.datasets import StackDataset as StackDataset
from tinygrad_cnn.torch.utils.data.datasets import Subset as Subset
from tinygrad_cnn.torch.utils.data.datasets import TensorDataset as TensorDataset
from tinygrad_cnn.torch.utils.data.datasets import random_split as random_split
from tinygrad_cnn.torch.utils.data.loaders import DataLoader as DataLoader
from tinygrad_cnn.torch.utils.data.loaders import get_worker_info as get_worker_info
from tinygrad_cnn.torch.utils.data.samplers import BatchSampler as BatchSampler
from tinygrad_cnn.torch.utils.data.samplers import DistributedSampler as DistributedSampler
from tinygrad_cnn.torch.utils.data.samplers import RandomSampler as RandomSampler
from tinygrad_cnn.torch.utils.data.samplers import Sampler as Sampler
from tinygrad_cnn.torch.utils.data.samplers import SequentialSampler as SequentialSampler
from tinygrad_cnn.torch.utils.data.samplers import SubsetRandomSampler as SubsetRandomSampler
from tinygrad_cnn.torch.utils.data.samplers import WeightedRandomSampler as WeightedRandomSampler

__all__ = [
    "BatchSampler", "ChainDataset", "ConcatDataset", "DataLoader", "Dataset", "DistributedSampler", "IterableDataset", "RandomSampler",
    "Sampler", "SequentialSampler", "StackDataset", "Subset", "SubsetRandomSampler", "TensorDataset", "WeightedRandomSampler",
    "default_collate", "default_convert", "get_worker_info", "random_split",
]  # fmt: skip
__getattr__ = _guard("torch.utils.data", globals())
