"""`torch.nn.utils.stateless`: the older place of `torch.func.functional_call`."""

from tinygrad_cnn.torch.func import functional_call as functional_call

__all__ = ["functional_call"]
