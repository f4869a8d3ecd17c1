"""Functions of PyTorch's tensors: custom autograd Functions, modules, compositions."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from tinygrad_cnn.testing.frameworks.base import Array, Flat, Framework, NotSupportedError


class PyTorch(Framework):
    """Functions of PyTorch's tensors; NumPy arrays among their inputs become tensors.

    What a function draws at random it draws each time: the CPU's generator is put back after each call.
    """

    name, array_name = "torch", "tensor"

    def holds(self, x: Any) -> bool:
        """Tensors, and arrays and numbers of NumPy."""
        return isinstance(x, (torch.Tensor, np.ndarray, np.generic))

    def gives(self, x: Any) -> bool:
        """Tensors alone."""
        return isinstance(x, torch.Tensor)

    def wants_gradient(self, x: Any) -> bool | None:
        """A tensor says so itself."""
        return bool(x.requires_grad) if isinstance(x, torch.Tensor) else None

    def array(self, x: Any) -> Array:
        """The values, bfloat16 as float32."""
        if not isinstance(x, torch.Tensor):
            return np.asarray(x)
        plain = x.detach().cpu()
        return (plain.float() if plain.dtype is torch.bfloat16 else plain).numpy()

    def leaf(self, values: Array, like: Any, active: bool) -> Any:
        """A tensor on that memory where PyTorch allows its strides, on the device of the user's."""
        tensor = torch.from_numpy(_forwards(np.asarray(values)))
        if isinstance(like, torch.Tensor):
            tensor = tensor.to(like.device)
        return tensor.requires_grad_() if active else tensor

    def run(self, f: Flat, leaves: list[Any]) -> list[Any]:
        """The results, recorded."""
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            return f(leaves)

    def gradients(
        self, f: Flat, leaves: list[Any], active: Sequence[int], cotangents: Sequence[Sequence[Array]]
    ) -> list[list[Array | None]]:
        """By `torch.autograd.grad`, over one graph."""
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            results = f(leaves)
            rows = [self._walk(results, leaves, active, weights, False) for weights in cotangents]
        return [[None if g is None else self.array(g) for g in row] for row in rows]

    def _walk(
        self, results: list[Any], leaves: list[Any], active: Sequence[int], weights: Sequence[Array],
        create_graph: bool,
    ) -> list[Any]:  # fmt: skip
        pairs = [(y, self._like(w, y)) for y, w in zip(results, weights, strict=True) if y.requires_grad]
        if not pairs:
            return [None] * len(active)
        found = torch.autograd.grad(
            [y for y, _ in pairs], [leaves[k] for k in active], [w for _, w in pairs],
            retain_graph=True, create_graph=create_graph, allow_unused=True,
        )  # fmt: skip
        return list(found)

    def _like(self, values: Array, y: Any) -> Any:
        return torch.from_numpy(_forwards(np.asarray(values))).to(y)

    def second(
        self, f: Flat, leaves: list[Any], active: Sequence[int], cotangents: Sequence[Array],
        vectors: Sequence[Array],
    ) -> list[Array | None]:  # fmt: skip
        """By `create_graph=True`, differentiated again."""
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            gradients = self._walk(f(leaves), leaves, active, cotangents, True)
            weighed = [
                (g * self._like(v, g)).sum()
                for g, v in zip(gradients, vectors, strict=True)
                if g is not None and g.requires_grad
            ]
            if not weighed:
                return [None for _ in active]
            found = torch.autograd.grad(
                sum(weighed[1:], weighed[0]), [leaves[k] for k in active], allow_unused=True
            )
        return [None if g is None else self.array(g) for g in found]

    def forward(
        self, f: Flat, leaves: list[Any], active: Sequence[int], tangents: Sequence[Array]
    ) -> list[Array]:
        """By dual numbers; a custom Function needs a `jvp` for it."""
        try:
            with warnings.catch_warnings(), torch.autograd.forward_ad.dual_level():
                warnings.simplefilter("ignore", DeprecationWarning)  # of PyTorch's own making
                given = [x.detach() for x in leaves]
                for k, v in zip(active, tangents, strict=True):
                    given[k] = torch.autograd.forward_ad.make_dual(given[k], self._like(v, given[k]))
                unpacked = [torch.autograd.forward_ad.unpack_dual(y) for y in f(given)]
                return [
                    self.array(torch.zeros_like(y.primal) if y.tangent is None else y.tangent)
                    for y in unpacked
                ]
        except (RuntimeError, NotImplementedError) as error:
            raise NotSupportedError(f"no forward mode: {str(error).splitlines()[0]}") from error


def _forwards(values: Array) -> Array:
    """The values in memory that PyTorch can take as it lies: not backwards, and to be written to."""
    if any(step < 0 for step in values.strides) or not values.flags.writeable:
        return np.array(values, order="C")
    return values
