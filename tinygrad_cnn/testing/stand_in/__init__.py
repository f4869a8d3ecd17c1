"""A device that stands in for a GPU: arrays that refuse what CuPy's refuse, and count transfers.

With it a program can be seen to hold on a device without one at hand:

>>> from tinygrad_cnn import Tensor
>>> with stand_in_device() as device:
...     x = Tensor([1.0, 2.0], requires_grad=True)
...     y = (x.to(device) * 2).sum()
...     y.backward()
...     y.device, x.grad
('stand-in:0', Tensor([2., 2.]))
"""

from tinygrad_cnn.testing.stand_in import operators as operators
from tinygrad_cnn.testing.stand_in.array import StandInArray as StandInArray
from tinygrad_cnn.testing.stand_in.backend import STAND_IN as STAND_IN
from tinygrad_cnn.testing.stand_in.backend import stand_in_device as stand_in_device
from tinygrad_cnn.testing.stand_in.backend import transfers as transfers
