"""`torch.utils`."""

from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torch.utils import checkpoint as checkpoint
from tinygrad_cnn.torch.utils import data as data
from tinygrad_cnn.torch.utils import model_zoo as model_zoo

__all__ = ["checkpoint", "data", "model_zoo"]

__getattr__ = _guard("torch.utils", globals())
