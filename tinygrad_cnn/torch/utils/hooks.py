"""`torch.utils.hooks`: the handle of a registered hook."""

from tinygrad_cnn.torch.methods import Removable as RemovableHandle

__all__ = ["RemovableHandle"]
