"""What type checkers see: each call of `assert_type` holds for mypy and for pyright.

Read by tests/typing/test_types.py, and a program that runs.
"""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import tinygrad_cnn
from tinygrad_cnn import Tensor, grad, nn, no_grad, optim, tensor
from tinygrad_cnn import functional as F

x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
y = tensor([[1.0, 0.0], [0.0, 1.0]])
assert_type(x, Tensor)
assert_type(y, Tensor)

# --------------------------------------------------------------------------- operators
assert_type(x + y, Tensor)
assert_type(x - 1, Tensor)
assert_type(2 * x, Tensor)
assert_type(1 / x, Tensor)
assert_type(x**2, Tensor)
assert_type(2**x, Tensor)
assert_type(x % 2, Tensor)
assert_type(x // 2, Tensor)
assert_type(x @ y, Tensor)
assert_type(-x, Tensor)
assert_type(+x, Tensor)
assert_type(abs(x), Tensor)
assert_type(x + np.ones(2), Tensor)
assert_type(x > 0, Tensor)
assert_type(x <= y, Tensor)
assert_type(x == y, Tensor)
assert_type(x != 0, Tensor)
assert_type((x > 0) & (y > 0), Tensor)
assert_type(~(x > 0), Tensor)

# --------------------------------------------------------------------------- methods, attributes
assert_type(x.exp().sum(), Tensor)
assert_type(x.mean(axis=0, keepdims=True), Tensor)
assert_type(x.reshape(4).tanh(), Tensor)
assert_type(x.T, Tensor)
assert_type(x[0], Tensor)
assert_type(x.astype("float64"), Tensor)
assert_type(x.detach(), Tensor)
assert_type(x.data, Tensor)
assert_type(x.numpy(), NDArray[Any])
assert_type(x.shape, tuple[int, ...])
assert_type(x.ndim, int)
assert_type(x.requires_grad, bool)
assert_type(x.grad, Tensor | None)
assert_type(x.name, str | None)
assert_type(float(x.sum()), float)
assert_type(len(x), int)
assert_type([row for row in x], list[Tensor])

# --------------------------------------------------------------------------- gradients
loss = (x * x).sum()
assert_type(grad(loss, x, retain_graph=True), Tensor)
assert_type(grad(loss, [x], retain_graph=True), tuple[Tensor, ...])
assert_type(grad(loss, x, retain_graph=True, allow_unused=True), Tensor | None)
assert_type(grad(loss, [x], retain_graph=True, allow_unused=True), tuple[Tensor | None, ...])
loss.backward()
with no_grad():
    x -= 0.1 * y
assert_type(x, Tensor)


@no_grad()
def halved(t: Tensor) -> Tensor:
    return t * 0.5


assert_type(halved(x), Tensor)
assert_type(tinygrad_cnn.is_grad_enabled(), bool)

# --------------------------------------------------------------------------- functions
array = np.ones((2, 2))
weight = nn.Parameter(array)
assert_type(F.relu(x), Tensor)
assert_type(F.relu(weight), Tensor)
assert_type(F.relu(array), NDArray[Any])
assert_type(F.relu([1.0, 2.0]), NDArray[Any])
assert_type(F.relu(1), NDArray[Any])
assert_type(F.add(x, y), Tensor)
assert_type(F.add(x, array), Tensor)
assert_type(F.add(array, x), Tensor)
assert_type(F.add(array, weight), Tensor)
assert_type(F.add(2.0, x), Tensor)
assert_type(F.add(array, 1), NDArray[Any])
assert_type(F.linear(array, weight), Tensor)
assert_type(F.matmul(array, array), NDArray[Any])
assert_type(F.sum(x, axis=0), Tensor)
assert_type(F.concatenate([x, y]), Tensor)
assert_type(F.stack((array, array)), NDArray[Any])
assert_type(F.split(x, 2), list[Tensor])
assert_type(F.topk(x, 1), tuple[Tensor, Tensor])
assert_type(F.qr(array), tuple[NDArray[Any], NDArray[Any]])
assert_type(F.where(array > 0, x, 0.0), Tensor)
assert_type(F.mse_loss(x, array), Tensor)
assert_type(F.mse_loss(array, array), NDArray[Any])
assert_type(F.cross_entropy(x, [0, 1]), Tensor)
assert_type(F.allclose(array, array), bool)
image = Tensor(np.ones((1, 1, 4, 4)))
assert_type(F.max_pool2d(image, 2), Tensor)
assert_type(F.max_pool2d(image, 2, return_indices=True), tuple[Tensor, Tensor])
assert_type(F.conv2d(np.ones((1, 1, 4, 4)), Tensor(np.ones((1, 1, 3, 3)))), Tensor)

# --------------------------------------------------------------------------- layers, losses, optimizers
model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Dropout(0.5))
assert_type(model(x), Tensor)
assert_type(model(array.astype("float32")), Tensor)
assert_type(nn.Linear(2, 3)(x), Tensor)
assert_type(nn.Linear(2, 3).weight, nn.Parameter)
assert_type(nn.Softmax(dim=1)(x), Tensor)
assert_type(nn.MSELoss()(x, y), Tensor)
assert_type(nn.CrossEntropyLoss()(x, [0, 1]), Tensor)
assert_type(nn.LeakyReLU(0.1).negative_slope, float)
assert_type(model.state_dict(), dict[str, NDArray[Any]])
assert_type(model[0], nn.Module)
optimizer = optim.SGD(model.parameters(), lr=0.1)
optimizer.zero_grad()
