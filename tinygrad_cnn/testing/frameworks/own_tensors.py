"""Functions of this package's Tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cnn import devices
from tinygrad_cnn.mode import enable_grad
from tinygrad_cnn.tensors.gradient import grad
from tinygrad_cnn.tensors.tensor_class import Tensor
from tinygrad_cnn.testing.frameworks.base import Array, Flat, Framework, NotSupportedError
from tinygrad_cnn.transforms import jvp


class OwnTensors(Framework):
    """Functions of Tensors; NumPy arrays among their inputs become Tensors.

    Where a Tensor lies on a device, the function is run there, and what it gives is fetched.

    >>> OwnTensors().holds(Tensor([1.0])), OwnTensors().holds([1.0])
    (True, False)
    """

    name, array_name, widest = "tinygrad_cnn", "Tensor", np.longdouble
    shows_results = True

    def widest_for(self, given: Sequence[Any]) -> Any:
        """float64 on a device, which has no longdouble."""
        on_device = any(isinstance(x, Tensor) and isinstance(x.array, devices.ON_DEVICES) for x in given)
        return np.float64 if on_device else self.widest

    def holds(self, x: Any) -> bool:
        """Tensors, and arrays and numbers of NumPy."""
        return isinstance(x, (Tensor, np.ndarray, np.generic))

    def gives(self, x: Any) -> bool:
        """Tensors alone."""
        return isinstance(x, Tensor)

    def wants_gradient(self, x: Any) -> bool | None:
        """A Tensor says so itself."""
        return x.requires_grad if isinstance(x, Tensor) else None

    def array(self, x: Any) -> Array:
        """The values, in the host's memory."""
        return np.asarray(devices.to_host(x.array if isinstance(x, Tensor) else x))

    def leaf(self, values: Array, like: Any, active: bool) -> Tensor:
        """A Tensor on that memory, not copied, for a copy would be contiguous; or one where `like` lies."""
        if isinstance(like, Tensor) and isinstance(like.array, devices.ON_DEVICES):
            values = devices.moved(values, devices.device_of(like.array))
        tensor = Tensor.detached(values)
        return tensor.requires_grad_() if active else tensor

    def run(self, f: Flat, leaves: list[Any]) -> list[Any]:
        """The results, recorded: as they are when they are differentiated."""
        with enable_grad():
            return f(leaves)

    def gradients(
        self, f: Flat, leaves: list[Any], active: Sequence[int], cotangents: Sequence[Sequence[Array]]
    ) -> list[list[Array | None]]:
        """By `grad`, over one graph."""
        return self._walks(f, leaves, active, cotangents, create_graph=False)[0]

    def _walks(
        self, f: Flat, leaves: list[Any], active: Sequence[int], cotangents: Any, create_graph: bool
    ) -> tuple[list[list[Array | None]], list[list[Tensor | None]]]:
        with enable_grad():
            results = f(leaves)
            wanted = [leaves[k] for k in active]
            tensors: list[list[Tensor | None]] = []
            for weights in cotangents:
                pairs = [(y, w) for y, w in zip(results, weights, strict=True) if y.requires_grad]
                if not pairs:
                    tensors.append([None] * len(wanted))
                    continue
                found = grad(
                    [y for y, _ in pairs], wanted,
                    [Tensor(devices.beside(np.asarray(w, y.dtype), y)) for y, w in pairs],
                    create_graph=create_graph, retain_graph=True, allow_unused=True,
                )  # fmt: skip
                tensors.append(list(found))
        # The arrays themselves: one that a later walk writes to again is seen to change.
        return [[None if g is None else self.array(g) for g in row] for row in tensors], tensors

    def second(
        self, f: Flat, leaves: list[Any], active: Sequence[int], cotangents: Sequence[Array],
        vectors: Sequence[Array],
    ) -> list[Array | None]:  # fmt: skip
        """By a recorded walk, differentiated again."""
        _, (gradients,) = self._walks(f, leaves, active, [cotangents], create_graph=True)
        weighed = [
            (g * devices.beside(np.asarray(v, g.dtype), g)).sum()
            for g, v in zip(gradients, vectors, strict=True)
            if g is not None and g.requires_grad
        ]
        if not weighed:
            return [None for _ in active]
        found = grad(sum(weighed[1:], weighed[0]), [leaves[k] for k in active], allow_unused=True)
        return [None if g is None else self.array(g) for g in found]

    def forward(
        self, f: Flat, leaves: list[Any], active: Sequence[int], tangents: Sequence[Array]
    ) -> list[Array]:
        """By `transforms.jvp`, for several results joined to one vector."""
        sizes: list[tuple[int, ...]] = []

        def joined(*moved: Tensor) -> Tensor:
            given = list(leaves)
            for k, x in zip(active, moved, strict=True):
                given[k] = x
            results = f(given)
            sizes[:] = [y.shape for y in results]
            return results[0] if len(results) == 1 else _concatenate([y.reshape(-1) for y in results])

        try:
            pairs = zip((leaves[k] for k in active), tangents, strict=True)
            vectors = [devices.beside(np.asarray(v, x.dtype), x) for x, v in pairs]
            _, derivative = jvp(joined, tuple(leaves[k] for k in active), tuple(vectors))
        except Exception as error:
            raise NotSupportedError(
                f"no forward mode, for a derivative cannot be recorded: {type(error).__name__}: {error}"
            ) from error
        if len(sizes) == 1:
            return [self.array(derivative)]
        cuts = np.cumsum([int(np.prod(shape)) for shape in sizes])[:-1]
        pieces = np.split(self.array(derivative), cuts)
        return [piece.reshape(shape) for piece, shape in zip(pieces, sizes, strict=True)]


def _concatenate(tensors: list[Tensor]) -> Tensor:
    return np.concatenate(tensors)  # type: ignore[return-value]
