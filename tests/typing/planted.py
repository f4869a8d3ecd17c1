"""Errors that a type checker must find: one on each line that ends in `# error`.

Read by tests/typing/test_types.py; not run.
"""

import numpy as np

import tinygrad_cnn
from tinygrad_cnn import Tensor, grad, nn, no_grad, optim, tensor
from tinygrad_cnn import functional as F

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

# --------------------------------------------------------------------------- functions
F.rellu(x)  # error
F.relu(None)  # error
F.relu({"x": x})  # error
F.softmax(x, axis="last")  # error
F.relu(x).backwards()  # error
F.add(np.ones(2), x).tolist("all")  # error
F.relu(np.ones(2)).backward()  # error
F.max_pool2d(x, 2, return_indices=True).sum()  # error
F.svd(x).sum()  # error
F.conv2d(x, x, stride="2")  # error
F.mse_loss(x, x, reduce="mean")  # error
loss: int = F.cross_entropy(x, [1])  # error

# --------------------------------------------------------------------------- layers, optimizers
nn.Linear("3", 2)  # error
nn.Linear(3)  # error
nn.Conv2d(1, 2, 3, strides=2)  # error
nn.Conv2d(1, 2, 3, stride="2")  # error
nn.Conv2d(1, 2, None)  # error
nn.MaxPool2d({2})  # error
nn.ReflectionPad2d(0.5)  # error
nn.ReflectionPad2d("same")  # error
nn.MaxPool2d(2, padding="same")  # error
nn.ConvTranspose2d(1, 2, 3, padding="same")  # error
nn.Upsample(scale_factor="2")  # error
nn.Dropout("half")  # error
nn.Linear(3, 2)(x).backwards()  # error
print(nn.Linear(3, 2).wieght)  # error
optim.SGD(nn.Linear(3, 2).parameters(), lr="0.1")  # error
optim.Adam(nn.Linear(3, 2).parameters()).stop()  # error

# What is right beside them is not marked.
x.sum(axis=0)
no_grad()
y: Tensor = x + np.ones(2)
z: Tensor = F.add(np.ones(2), x)
F.relu([1.0, 2.0])
F.relu(3)
nn.Linear(3, 2)(x).backward()
nn.Conv2d(1, 2, (3, 3), padding="same")
nn.Conv2d(1, 2, [3, 3], padding=((1, 0), (0, 1)))
nn.AdaptiveAvgPool2d((None, 1))
nn.Upsample(scale_factor=(2, 1.5))
F.conv2d(x, x, padding="same")
F.max_pool2d(x, 2, padding=((1, 0), (0, 1)))
F.adaptive_avg_pool2d(x, (None, 1))
