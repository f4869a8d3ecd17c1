"""`torch.utils.model_zoo`: the older name of `torch.hub`'s reader."""

from tinygrad_cnn.torch.hub import load_state_dict_from_url as load_state_dict_from_url
from tinygrad_cnn.torch.hub import load_state_dict_from_url as load_url

__all__ = ["load_state_dict_from_url", "load_url"]
