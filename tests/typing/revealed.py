"""What type checkers see: each call of `assert_type` holds for mypy and for pyright.

Read by tests/typing/test_types.py, and a program that runs.
"""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import tinygrad_cnn
from tinygrad_cnn import Tensor, grad, no_grad, tensor

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
