"""What distributions share."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.mode import no_grad
from tinygrad_cnn.torch.shapes import Size
from tinygrad_cnn.torch.tensors import Tensor


class Distribution:
    """Base of distributions: `sample`, `rsample`, `log_prob`, `entropy`.

    >>> Distribution(Size((2,))).batch_shape
    torch.Size([2])
    """

    def __init__(self, batch_shape: Any = (), event_shape: Any = (), validate_args: Any = None) -> None:
        self.batch_shape, self.event_shape = Size(batch_shape), Size(event_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """A draw that gradients flow through."""
        raise NotImplementedError(f"{type(self).__name__} has no draw that gradients flow through")

    def sample(self, sample_shape: Any = ()) -> Any:
        """A draw without gradients."""
        with no_grad():
            return self.rsample(sample_shape).detach()

    def _shape(self, sample_shape: Any) -> tuple[int, ...]:
        return (*tuple(sample_shape), *self.batch_shape, *self.event_shape)

    @property
    def stddev(self) -> Any:
        """The standard deviation."""
        return self.variance.sqrt()  # type: ignore[attr-defined]


def parameter(*values: Any) -> list[Any]:
    """Parameters as tensors of one shape.

    >>> parameter(0.0, Tensor([1.0, 2.0]))[0]
    tensor([0., 0.])
    """
    made: list[Any] = [
        v if isinstance(v, Tensor) else Tensor.detached(np.asarray(v, np.float32)) for v in values
    ]
    shape = np.broadcast_shapes(*(m._array.shape for m in made))
    return [m.expand(shape) if m._array.shape != shape else m for m in made]
