"""PyTorch's own files, `.pt` and `.pth`: `torch.save`, `torch.load`.

The reader knows tensors, arrays and plain containers. It interprets the pickle inside by itself and
runs no code that a file names.
"""

from tinygrad_cnn.torch.files.loading import load as load
from tinygrad_cnn.torch.files.loading import safe_globals as safe_globals
from tinygrad_cnn.torch.files.saving import save as save

__all__ = ["load", "safe_globals", "save"]
