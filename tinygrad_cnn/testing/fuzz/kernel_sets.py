"""The compiled kernels against those of NumPy: results and gradients, in odd geometries and layouts.

Each op is compared by itself, in float32: differences are at most 2e-4 of the largest element, or of 1,
also with a large offset or an outlier, and what is not finite stands at the same places, but for the
gradient of the weights of convolutions (see docs/performance.md). All kernels are
compiled before the first program.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.errors import KernelError, MissingExtraError, ShapeError
from tinygrad_cnn.kernels.serving import kernels_in_use, use_kernels
from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.testing.fuzz.shrinking_search import SkippedError, Steps
from tinygrad_cnn.warm import compile_all

TOLERANCE = 2e-4
LAYOUTS = ("C", "F", "strided", "backwards", "offset", "read-only")
CALLS = (
    "conv2d", "conv1d", "conv_transpose2d", "max_pool2d", "avg_pool2d", "batch_norm", "layer_norm",
    "linear", "matmul", "softmax", "log_softmax", "cross_entropy", "relu", "sigmoid", "tanh", "gelu",
    "silu",
)  # fmt: skip


class KernelSets:
    """See the module."""

    name = "kernels"

    def prepare(self) -> None:
        """All compiled kernels, so that none is compiled on a program's time."""
        before = kernels_in_use()
        try:
            compile_all()
        except (KernelError, MissingExtraError) as error:
            raise SkippedError(str(error)) from error
        finally:
            use_kernels(before)

    def draw(self, rng: np.random.Generator) -> Steps:
        """One call with a geometry, a layout and a seed."""
        numbers = [int(n) for n in rng.integers(0, 1000, 12)]
        return [[str(rng.choice(CALLS)), str(rng.choice(LAYOUTS)), numbers]]

    def run(self, steps: Steps) -> None:
        """Both kernel sets on the same operands."""
        before = kernels_in_use()
        try:
            for call, layout, numbers in steps:
                use_kernels("reference")
                right = _call(call, layout, numbers)
                use_kernels("fast")
                got = _call(call, layout, numbers)
                for k, (a, b) in enumerate(zip(got, right, strict=True)):
                    assert a.shape == b.shape and a.dtype == b.dtype, f"{call}: {a.shape} and {b.shape}"
                    there = np.isfinite(b)
                    same = np.array_equal(there, np.isfinite(a))
                    if not same and k == 2 and call.startswith("conv"):
                        there, same = there & np.isfinite(a), True
                    assert same, f"{call}: part {k} is finite elsewhere"
                    room = TOLERANCE * max(1.0, float(np.abs(b[there]).max(initial=0)))
                    worst = float(np.abs(a[there] - b[there]).max(initial=0))
                    assert worst <= room, (
                        f"{call}: part {k} differs by {worst:.3g}, {room:.3g} is the bound"
                    )
        finally:
            use_kernels(before)


@np.errstate(all="ignore")
def _call(call: str, layout: str, numbers: list[int]) -> list[Any]:
    """A result and the gradients of its operands; nothing where the geometry does not fit."""
    rng = np.random.default_rng(numbers[0])
    try:
        operands, function = _drawn(call, numbers, rng)
        operands[0] = hostile(operands[0], numbers[0] % 6, rng)
        tensors = [Tensor.at(laid_out(x, layout), None).requires_grad_() for x in operands]
        y = function(*tensors)
    except ShapeError:
        return []
    slope = rng.uniform(-1, 1, y.shape).astype(np.float32)
    if numbers[0] % 6 == 5:  # an overflow behind this operation
        slope = np.where(rng.random(y.shape) < 0.02, np.float32(np.inf), slope)
    y.backward(laid_out(slope, layout))
    return [y.numpy().copy(), *(t.grad.numpy().copy() for t in tensors if t.grad is not None)]


def hostile(x: Any, kind: int, rng: np.random.Generator) -> Any:
    """The operand as it is, or with an offset, with outliers, or with values that are not finite.

    >>> hostile(np.zeros(2, np.float32), 1, np.random.default_rng(0))
    array([300., 300.], dtype=float32)
    """
    if kind == 1:
        return x + np.float32(300)
    value = {2: 1e4, 3: np.inf, 4: np.nan}.get(kind)
    if value is None:
        return x
    return np.where(rng.random(x.shape) < 0.02, np.float32(value), x)


def _drawn(call: str, numbers: list[int], rng: np.random.Generator) -> tuple[list[Any], Any]:
    """Operands, and a function of them."""

    def array(*shape: int) -> Any:
        return rng.normal(size=shape).astype(np.float32)

    def pick(k: int, most: int, least: int = 1) -> int:
        return least + numbers[k] % (most - least + 1)

    n, c, f, h, w = pick(1, 5), pick(2, 20), pick(3, 20), pick(4, 20), pick(5, 20)
    kernel, stride, padding, dilation = pick(6, 5), pick(7, 3), pick(8, 2, 0), pick(9, 2)
    groups = c if numbers[10] % 3 == 0 else 1
    options: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    if call == "conv2d":
        out = f * groups if groups > 1 else f
        return [array(n, c, h, w), array(out, c // groups, kernel, pick(11, 4)), array(out)], (
            lambda x, k, b: F.conv2d(x, k, b, **options)
        )
    if call == "conv1d":
        return [array(n, c, h), array(f, c, kernel)], lambda x, k: F.conv1d(
            x, k, stride=stride, padding=padding
        )
    if call == "conv_transpose2d":
        return [array(n, c, h, w), array(c, f, kernel, kernel)], (
            lambda x, k: F.conv_transpose2d(x, k, stride=stride, padding=min(padding, kernel - 1))
        )
    if call in ("max_pool2d", "avg_pool2d"):
        pool: Any = getattr(F, call)
        room = min(padding, kernel // 2)
        return [array(n, c, h, w)], lambda x: pool(x, kernel, stride, room)
    if call == "batch_norm":
        return [array(n + 1, c, h), array(c), array(c)], (
            lambda x, g, b: F.batch_norm(x, None, None, g, b, training=True)
        )
    if call == "layer_norm":
        return [array(n, h, w + 1), array(w + 1), array(w + 1)], lambda x, g, b: F.layer_norm(
            x, w + 1, g, b
        )
    if call == "linear":
        return [array(n, c), array(f, c), array(f)], F.linear
    if call == "matmul":
        return [array(n, h, c), array(n, c, f)], F.matmul
    if call == "cross_entropy":
        labels = rng.integers(0, c, (n, h))
        return [array(n, c, h)], lambda x: F.cross_entropy(x, labels)
    if call in ("softmax", "log_softmax"):
        along: Any = getattr(F, call)
        return [array(n, c, h)], lambda x: along(x, axis=numbers[11] % 3)
    return [array(n, c, h)], getattr(F, call)


def laid_out(x: Any, layout: str) -> Any:
    """The same values in other memory.

    >>> laid_out(np.arange(6.0).reshape(2, 3), "backwards").strides
    (-24, -8)
    """
    x = np.asarray(x)
    if not x.ndim:
        return x.copy()
    if layout == "F":
        return np.asfortranarray(x)
    if layout in ("strided", "backwards"):
        step = 2 if layout == "strided" else -1
        wide = np.zeros([n * abs(step) for n in x.shape], x.dtype)
        view = wide[(slice(None, None, step),) * x.ndim]
        view[...] = x
        return view
    if layout == "offset":
        flat = np.zeros(x.size + 1, x.dtype)[1:]
        flat[:] = x.reshape(-1)
        return flat.reshape(x.shape)
    made = np.ascontiguousarray(x).reshape(x.shape).copy()
    made.flags.writeable = layout != "read-only"
    return made
