"""`torch.utils`."""

from tinygrad_cnn.torch.utils import checkpoint as checkpoint
from tinygrad_cnn.torch.utils import data as data

__all__ = ["checkpoint", "data"]
