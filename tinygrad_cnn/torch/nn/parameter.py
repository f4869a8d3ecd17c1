"""`torch.nn.parameter`."""

from tinygrad_cnn.torch.nn.lazy import UninitializedParameter as UninitializedParameter
from tinygrad_cnn.torch.nn.lazy import is_lazy as is_lazy
from tinygrad_cnn.torch.tensors import Buffer as Buffer
from tinygrad_cnn.torch.tensors import Parameter as Parameter

__all__ = ["Buffer", "Parameter", "UninitializedParameter", "is_lazy"]
