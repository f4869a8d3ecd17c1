"""How many multiply-adds an op takes, by a table.

One multiply-add is one product and one sum: what a matrix product or a convolution is made of. Ops
that work element by element, pool or normalise count 0, as is usual in papers on networks.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from tinygrad_cnn.graph import Node


def multiply_adds(node: Node) -> int:
    """The multiply-adds of one op, for the batch that it was given; 0 for ops outside the table.

    Source: V. Sze, Y.-H. Chen, T.-J. Yang, J. S. Emer 2017, "Efficient processing of deep neural
        networks: a tutorial and survey", arXiv:1703.09039, section III.

    >>> from tinygrad_cnn import Tensor, functional as F
    >>> y = F.linear(Tensor(np.ones((2, 5)), requires_grad=True), np.ones((3, 5)))
    >>> multiply_adds(y.node)
    30
    """
    counted = _TABLE.get(node.op.name) if node.op is not None else None
    return counted(node) if counted is not None else 0


def _conv(node: Node) -> int:
    """Each element of the result is a sum over the taps of one kernel."""
    return prod(node.shape) * prod(node.parents[1].shape[1:])


def _conv_image(node: Node) -> int:
    """Each element of the first operand is spread over the taps of one kernel."""
    return prod(node.parents[0].shape) * prod(node.parents[1].shape[1:])


def _conv_kernel(node: Node) -> int:
    """Each element of the second operand meets each tap of the resulting kernel once."""
    return prod(node.parents[1].shape) * prod(node.shape[1:])


def _product(node: Node) -> int:
    """Each element of the result is a sum over the last axis of the first operand."""
    return prod(node.shape) * prod(node.parents[0].shape[-1:])


def _einsum(node: Node) -> int:
    """One multiply-add per combination of all labels and further operand, as the plain sum does it."""
    assert node.op is not None
    labels = str(node.op.options()["subscripts"]).split("->")[0].split(",")
    sizes = {
        label: size
        for word, parent in zip(labels, node.parents, strict=True)
        for label, size in zip(word, parent.shape, strict=True)
    }
    return prod(sizes.values()) * (len(labels) - 1)


_TABLE: dict[str, Callable[[Node], int]] = {
    "Conv": _conv,
    "ConvImage": _conv_image,
    "ConvTranspose": _conv_image,
    "ConvKernel": _conv_kernel,
    "Linear": _product,
    "MatMul": _product,
    "Einsum": _einsum,
}
