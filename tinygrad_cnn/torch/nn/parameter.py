"""`torch.nn.parameter`."""

from tinygrad_cnn.torch.tensors import Buffer as Buffer
from tinygrad_cnn.torch.tensors import Parameter as Parameter

__all__ = ["Buffer", "Parameter"]
