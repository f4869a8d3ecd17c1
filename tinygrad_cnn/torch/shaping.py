"""Functions that rearrange elements; views where NumPy gives views."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch import views
from tinygrad_cnn.torch.registry import name
from tinygrad_cnn.torch.shapes import Size, sizes
from tinygrad_cnn.torch.tensors import Tensor
from tinygrad_cnn.torch.view_links import shown


def axis_of(function: str, dim: Any, n: int) -> int:
    """The number of a dimension, from 0, of n.

    Raises:
        IndexError: there is no such dimension.
    """
    dim = int(dim)
    if not -n <= dim < max(n, 1):
        raise IndexError(
            f"{function}: Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})"
        )
    return dim % n if n else 0


@name("reshape", rest="shape")
def reshape(input: Any, *shape: Any) -> Any:
    """The same elements in another shape; -1 stands for what is left."""
    return views.reshaped(input, sizes(shape))


@name("view", function=False, rest="size")
def view(input: Any, *shape: Any, dtype: Any = None) -> Any:
    """As `reshape`, without a copy; with a type, the same bytes read as that type."""
    kind = dtype if dtype is not None else shape[0] if len(shape) == 1 else None
    if kind is not None and not isinstance(kind, (int, np.integer, tuple, list, Tensor)):
        return Tensor.detached(input._array.view(kind.dtype))
    return views.viewed(input, sizes(shape))


@name(function=False)
def view_as(input: Any, other: Any) -> Any:
    """The shape of another tensor, as `view`."""
    return views.viewed(input, other._array.shape)


@name(function=False)
def reshape_as(input: Any, other: Any) -> Any:
    """The shape of another tensor."""
    return views.reshaped(input, other._array.shape)


@name()
def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Dimensions merged into one."""
    shape, n = input._array.shape, input._array.ndim
    if not n:
        return views.reshaped(input, (1,))
    a, b = axis_of("flatten", start_dim, n), axis_of("flatten", end_dim, n)
    if a > b:
        raise RuntimeError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    return views.reshaped(input, (*shape[:a], prod(shape[a : b + 1]), *shape[b + 1 :]))


@name()
def ravel(input: Any) -> Any:
    """All dimensions merged."""
    return flatten(input)


@name()
def unflatten(input: Any, dim: int, sizes: Any) -> Any:
    """One dimension parted into several."""
    shape = input._array.shape
    axis = axis_of("unflatten", dim, len(shape))
    wanted = [int(n) for n in sizes]
    if -1 in wanted:
        wanted[wanted.index(-1)] = shape[axis] // -prod(wanted)
    return views.reshaped(input, (*shape[:axis], *wanted, *shape[axis + 1 :]))


@name("transpose", "swapaxes", "swapdims", also={"axis0": "dim0", "axis1": "dim1"})
def transpose(input: Any, dim0: Any = None, dim1: Any = None, *axes: Any) -> Any:
    """Two dimensions exchanged."""
    if dim1 is None or axes:  # as the native library calls it: an order of all axes
        order = None if dim0 is None else dim0 if dim1 is None else (dim0, dim1, *axes)
        return F.transpose(input, order)
    n = input._array.ndim
    if n == 0:
        return input
    a, b = axis_of("transpose", dim0, n), axis_of("transpose", dim1, n)
    order = list(range(n))
    order[a], order[b] = b, a
    return views.permuted(input, tuple(order))


@name()
def t(input: Any) -> Any:
    """A matrix transposed."""
    if input._array.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input._array.ndim}D")
    return input if input._array.ndim < 2 else views.permuted(input, (1, 0))


@name(rest="dims")
def permute(input: Any, *dims: Any) -> Any:
    """Dimensions in another order."""
    n = input._array.ndim
    order = tuple(axis_of("permute", d, n) for d in sizes(dims))
    if sorted(order) != list(range(n)):
        raise RuntimeError(f"permute: dims {order} do not name each of {n} dimensions once")
    return views.permuted(input, order)


@name("movedim", "moveaxis")
def movedim(input: Any, source: Any, destination: Any) -> Any:
    """Some dimensions moved."""
    return shown(input, lambda x: F.moveaxis(x, source, destination))


@name()
def unsqueeze(input: Any, dim: int) -> Any:
    """A new dimension of size 1."""
    shape = input._array.shape
    axis = axis_of("unsqueeze", dim, len(shape) + 1)
    return views.reshaped(input, (*shape[:axis], 1, *shape[axis:]))


@name()
def squeeze(input: Any, dim: Any = None) -> Any:
    """Dimensions of size 1 taken away; others stay."""
    shape = input._array.shape
    n = len(shape)
    if dim is None:
        axes = set(range(n))
    else:
        axes = {axis_of("squeeze", d, n) for d in (dim if isinstance(dim, (tuple, list)) else (dim,))}
    wanted = tuple(s for i, s in enumerate(shape) if not (i in axes and s == 1))
    return views.reshaped(input, wanted) if wanted != shape else views.same(input)


@name("expand", function=False, rest="size")
def expand(input: Any, *shape: Any, implicit: bool = False) -> Any:
    """Dimensions of size 1 repeated without copying; -1 keeps a size."""
    wanted, have = sizes(shape), input._array.shape
    new = len(wanted) - len(have)
    if new < 0:
        raise RuntimeError(f"expand: the number of sizes {wanted} must not be less than of {tuple(have)}")
    full = tuple(have[i - new] if s == -1 and i >= new else s for i, s in enumerate(wanted))
    return views.same(input) if full == have else shown(input, lambda x: F.broadcast_to(x, full))


@name("expand_as", function=False)
def expand_as(input: Any, other: Any) -> Any:
    """Expanded to the shape of another tensor."""
    return expand(input, other._array.shape)


@name("broadcast_to", also={"size": "shape"})
def broadcast_to(input: Any, shape: Any) -> Any:
    """Expanded to a shape."""
    return expand(input, shape)


@name(method=False)
def broadcast_tensors(*tensors: Any) -> tuple[Any, ...]:
    """Tensors expanded to their common shape."""
    shape = np.broadcast_shapes(*(x._array.shape for x in tensors))
    return tuple(expand(x, shape) for x in tensors)


@name(method=False)
def broadcast_shapes(*shapes: Any) -> Size:
    """The common shape of several shapes."""
    return Size(np.broadcast_shapes(*(tuple(s) if isinstance(s, (tuple, list)) else (s,) for s in shapes)))


@name("repeat", function=False, rest="repeats")
def repeat(input: Any, *repeats: Any, axis: int | None = None) -> Any:
    """The whole tensor several times along each dimension."""
    if axis is not None:
        return F.repeat(input, repeats[0], axis)
    times = sizes(repeats)
    shape = input._array.shape
    if len(times) < len(shape):
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: "
            f"{len(times)} against {len(shape)}"
        )
    if len(times) > len(shape):
        input = F.reshape(input, (1,) * (len(times) - len(shape)) + shape)
    return F.tile(input, times)


@name("tile", rest="dims")
def tile(input: Any, *dims: Any) -> Any:
    """The whole tensor several times; missing repeats are 1."""
    times = sizes(dims)
    return repeat(input, (1,) * (input._array.ndim - len(times)) + times)


@name()
def repeat_interleave(
    input: Any, repeats: Any, dim: int | None = None, *, output_size: int | None = None
) -> Any:
    """Each element several times in a row."""
    return F.repeat(input, repeats._array if isinstance(repeats, Tensor) else repeats, dim)


@name(rest="dims")
def flip(input: Any, *dims: Any) -> Any:
    """Dimensions in reverse order."""
    return copied(F.flip(input, sizes(dims)), input)


@name()
def fliplr(input: Any) -> Any:
    """Columns in reverse order."""
    return flip(input, 1)


@name()
def flipud(input: Any) -> Any:
    """Rows in reverse order."""
    return flip(input, 0)


@name()
def roll(input: Any, shifts: Any, dims: Any = None) -> Any:
    """Elements moved on, round the end."""
    return F.roll(input, shifts, dims)


@name()
def rot90(input: Any, k: int = 1, dims: Any = (0, 1)) -> Any:
    """Turned by 90 degrees, k times."""
    (a, b), turned = dims, input
    for _ in range(k % 4):
        turned = F.flip(F.swapaxes(turned, a, b), a)
    return copied(turned, input)


@name(in_place=True)
def tril(input: Any, diagonal: int = 0) -> Any:
    """Lower triangle."""
    return F.tril(input, diagonal)


@name(in_place=True)
def triu(input: Any, diagonal: int = 0) -> Any:
    """Upper triangle."""
    return F.triu(input, diagonal)


@name()
def diagonal(input: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """A diagonal of two dimensions."""
    return shown(input, lambda x: F.diagonal(x, offset, dim1, dim2))


@name()
def diag(input: Any, diagonal: int = 0) -> Any:
    """The diagonal of a matrix, or the matrix of a diagonal."""
    if input._array.ndim == 2:
        return copied(F.diagonal(input, diagonal), input)
    return diag_embed(input, diagonal)


@name()
def diag_embed(input: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """Matrices with the last dimension on a diagonal."""
    n = input._array.shape[-1]
    size = n + abs(offset)
    rows = np.arange(n) + max(-offset, 0)
    eye = np.zeros((n, size, size), input._array.dtype)
    eye[np.arange(n), rows, np.arange(n) + max(offset, 0)] = 1
    out = F.einsum("...i,ijk->...jk", input, Tensor.detached(eye))
    return out if (dim1, dim2) == (-2, -1) else F.moveaxis(out, (-2, -1), (dim1, dim2))


@name("diagflat")
def diagflat(input: Any, offset: int = 0) -> Any:
    """The matrix whose diagonal is the flattened input."""
    return diag_embed(flatten(input), offset)


@name("unfold", function=False)
def unfold(input: Any, dimension: int, size: int, step: int) -> Any:
    """Windows of a dimension, as a new last dimension."""
    axis = axis_of("unfold", dimension, input._array.ndim)
    if size > input._array.shape[axis] or step < 1:
        raise RuntimeError(
            f"unfold: windows of {size} with steps of {step} do not fit into {input._array.shape[axis]} elements"
        )
    n = (input._array.shape[axis] - size) // step + 1
    places = np.arange(n)[:, None] * step + np.arange(size)
    windows = (slice(None),) * axis + (places,)
    return shown(input, lambda x: _windows(x, windows, axis, size, step))


def _windows(x: Any, key: Any, axis: int, size: int, step: int) -> Any:
    if views.is_recorded(x):
        return F.moveaxis(F.index(x, key), axis + 1, -1)
    array = x._array
    found = sliding_window_view(array, size, axis, writeable=array.flags.writeable)
    return Tensor.at(found[(slice(None),) * axis + (slice(None, None, step),)], None)


def copied(made: Any, x: Any) -> Any:
    """What was made of x, in memory of its own, where PyTorch's function gives no view.

    >>> x = Tensor([1.0, 2.0]); y = copied(F.flip(x, 0), x); x[0] = 5.0; y
    tensor([2., 1.])
    """
    shares = made._node is None and np.may_share_memory(made._array, x._array)
    return Tensor.detached(made._array.copy()) if shares else made


@name("meshgrid", method=False)
def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Any, ...]:
    """Coordinates of a grid."""
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    for x in given:
        if x._array.ndim > 1:
            raise RuntimeError(f"torch.meshgrid: tensors of 0 or 1 dimensions fit, got {x.shape}")
    shape = tuple(x._array.size for x in given)
    out = [
        F.broadcast_to(F.reshape(x, tuple(-1 if i == k else 1 for i in range(len(given)))), shape)
        for k, x in enumerate(given)
    ]
    return tuple(F.swapaxes(x, 0, 1) for x in out) if indexing == "xy" and len(out) > 1 else tuple(out)


def _at_least(tensors: Any, n: int) -> Any:
    """Tensors with dimensions of size 1 in front, so that there are `n`; given alone or in a list."""
    listed = len(tensors) == 1 and isinstance(tensors[0], (list, tuple))
    given = tensors[0] if listed else tensors
    out = tuple(
        x if x._array.ndim >= n else F.reshape(x, (1,) * (n - x._array.ndim) + x._array.shape)
        for x in given
    )
    return out[0] if len(out) == 1 and not listed else out


@name(method=False)
def atleast_1d(*tensors: Any) -> Any:
    """At least one dimension."""
    return _at_least(tensors, 1)


@name(method=False)
def atleast_2d(*tensors: Any) -> Any:
    """At least two dimensions."""
    return _at_least(tensors, 2)


@name(method=False)
def cartesian_prod(*tensors: Any) -> Any:
    """All combinations of elements."""
    if len(tensors) == 1:
        return tensors[0]
    return F.stack([flatten(x) for x in meshgrid(*tensors)], axis=1)


def _as_matrix(x: Any) -> Any:
    if x._array.ndim > 2:
        raise RuntimeError(f"block_diag: tensors of 2 or fewer dimensions fit, got {x._array.ndim}")
    return F.reshape(x, (1, x._array.size))


@name(method=False)
def block_diag(*tensors: Any) -> Any:
    """Matrices along the diagonal of one; a vector is a row, a number a matrix of one element."""
    tensors = tuple(x if x._array.ndim == 2 else _as_matrix(x) for x in tensors)
    width = sum(x._array.shape[1] for x in tensors)
    rows, start = [], 0
    for x in tensors:
        n = x._array.shape[1]
        rows.append(F.pad(x, ((0, 0), (start, width - start - n))))
        start += n
    return F.concatenate(rows, axis=0)
