"""Ten errors that a type checker must find: one on each line that ends in `# error`.

Read by tests/typing/test_types.py; not run.
"""

import numpy as np

import tinygrad_cnn
from tinygrad_cnn import Tensor, grad, no_grad, tensor

x = Tensor([1.0, 2.0], requires_grad=True)
x.requires_gard = True  # error
x.summ()  # error
x.sum(axes=0)  # error
tinygrad_cnn.no_gard()  # error
Tensor([1.0], requires_grad="yes")  # error
tensor([1.0], True)  # error
x.grad.sum()  # error
(x + 1).strip()  # error
grad(x.sum(), x).backwards()  # error
count: int = x.mean()  # error

# What is right beside them is not marked.
x.sum(axis=0)
no_grad()
y: Tensor = x + np.ones(2)
