"""Views, and writing to tensors in place so that the graph knows of it.

Outside recording a write goes into the memory that views share. Inside, the tensor takes the place of the
result, and what it is a view of is put together anew from it, so the base sees the write too.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import ops
from tinygrad_cnn.graph import MODE
from tinygrad_cnn.tensors import Tensor as NativeTensor
from tinygrad_cnn.torch.tensors import Tensor
from tinygrad_cnn.torch.view_links import become, linked, put_at, refuse_leaf


def reshaped(x: Any, shape: tuple[int, ...], is_view: bool = False) -> Any:
    """The elements in another shape: a view where they lie in order, or where PyTorch says it is one.

    >>> reshaped(Tensor([1.0, 2.0]), (2, 1)).size()
    torch.Size([2, 1])
    """
    old = x._array.shape
    fits = (
        -1 not in shape and prod(shape) == x._array.size
    )  # else the general way, which works sizes out and refuses
    made = ops.Reshape(shape)(x) if fits else F.reshape(x, shape)
    if not (is_view or x._array.flags.c_contiguous or np.may_share_memory(made._array, x._array)):
        return made  # a copy
    return linked(made, x, lambda base, new: F.reshape(new, old), ops.Reshape(made._array.shape))


def permuted(x: Any, order: tuple[int, ...]) -> Any:
    """The dimensions in another order, which names each of them once.

    >>> permuted(Tensor([[1.0, 2.0]]), (1, 0)).size()
    torch.Size([2, 1])
    """
    turn = ops.Transpose(order)
    made = linked(turn(x), x, lambda base, new: F.transpose(new, np.argsort(order).tolist()), turn)
    if made._node is None:
        before = x.__dict__.get("_order")
        made.__dict__["_order"] = order if before is None else tuple(before[d] for d in order)
    return made


def viewed(x: Any, shape: tuple[int, ...]) -> Any:
    """The elements in another shape, where PyTorch needs no copy for it.

    Raises:
        RuntimeError: dimensions that do not follow each other in memory would be merged.

    >>> viewed(Tensor([[1.0, 2.0]]), (2,)).size()
    torch.Size([2])
    """
    if 0 in x._array.strides and "_base" in x.__dict__:  # a gradient may repeat where PyTorch's does not
        _refuse_merged_copies(x._array, shape)
    order = _permutation(x)
    if order is not None and -1 in shape and 0 not in shape:
        rest = x._array.size // abs(prod(shape))
        shape = tuple(rest if size == -1 else size for size in shape)
    if order is not None and prod(shape) == x._array.size and not _splits(x._array.shape, order, shape):
        raise RuntimeError(
            f"view: shape {list(shape)} would merge dimensions of a tensor of shape {list(x._array.shape)} that do "
            "not follow each other in memory, where a permutation put them; reshape copies, or call contiguous first"
        )
    return reshaped(x, shape, is_view=True)


def _refuse_merged_copies(array: Any, shape: tuple[int, ...]) -> None:
    """Refuse a shape that would merge a dimension that `expand` repeats with one that it does not."""
    try:
        made = array.reshape(shape)
    except ValueError:
        return  # another number of elements, which `reshaped` refuses
    if made.size and not np.may_share_memory(made, array):
        raise RuntimeError(
            f"view: shape {list(shape)} would merge dimensions of an expanded tensor of shape {list(array.shape)}, "
            "whose elements lie in memory once; reshape copies, or call contiguous first"
        )


def _permutation(x: Any) -> tuple[int, ...] | None:
    """How dimensions lie in memory, from the outermost, where permutations alone decided it."""
    if x._node is not None and x._node.op is not None:
        loose = x._node.op.pointwise and 1 in x._array.shape  # PyTorch may put a dimension of 1 anywhere
        return None if loose else memory_order(x)
    order = x.__dict__.get("_order")
    return None if order is None or x._array.flags.c_contiguous else tuple(np.argsort(order).tolist())


def _splits(old: tuple[int, ...], order: tuple[int, ...], new: tuple[int, ...]) -> bool:
    """Whether a new shape only splits runs of dimensions that follow each other in memory."""
    kept = [d for d in range(len(old)) if old[d] != 1]
    laid = [d for d in order if old[d] != 1]
    runs: list[int] = []
    for k, d in enumerate(kept):
        if k and laid.index(d) == laid.index(kept[k - 1]) + 1:
            runs[-1] *= old[d]
        else:
            runs.append(old[d])
    sizes = [size for size in new if size != 1]
    for run in runs:
        while run > 1 and sizes and run % sizes[0] == 0:
            run //= sizes.pop(0)
        if run > 1:
            return False
    return True


def same(x: Any) -> Any:
    """The tensor as another object.

    >>> x = Tensor([1.0]); same(x) is x
    False
    """
    return reshaped(x, x._array.shape)


def indexed(x: Any, key: Any) -> Any:
    """x[key] with PyTorch's keys; the method `__getitem__`.

    >>> indexed(Tensor([1.0, 2.0]), 1)
    tensor(2.)
    """
    if type(key) is not int:
        key = plain_key(key)
    if type(key) is int and not x._array.ndim:
        raise IndexError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python to convert a 0-dim tensor to a number"
        )
    if type(key) is int and x._node is None and 0 <= key < len(x._array) and not MODE.get().observers:
        # As loops over samples do: nothing is recorded, and nobody is told of it.
        found = Tensor.at(x._array[key, ...], None)
    else:
        found = F.index(x, key)
    if type(key) is int or _is_basic(key):
        return _linked_part(found, x, key)
    return found  # what an array chooses is a copy


def _is_basic(key: Any) -> bool:
    """Whether x[key] is a view: the key holds whole numbers, slices, None and Ellipsis only."""
    if type(key) is tuple:
        return all(map(_is_basic, key))
    return (
        key is None
        or key is Ellipsis
        or (isinstance(key, (slice, int, np.integer)) and type(key) is not bool)
    )


def _linked_part(part: Any, x: Any, key: Any) -> Any:
    if part._node is None and not part._array.ndim:
        key = key if type(key) is tuple else (key,)
        if Ellipsis not in key:  # without it NumPy gives a number, no view
            part = Tensor.at(x._array[(*key, ...)], None)
    return linked(part, x, lambda base, new: put_at(base, key, new), lambda base: F.index(base, key))


def memory_order(x: Any) -> tuple[int, ...] | None:
    """The dimensions from the outermost in memory to the innermost, where PyTorch would have them in another order.

    Kernels of here lay out their results as suits them. PyTorch's results lie row by row, but for those of
    permutations and of arithmetic on them, so a recorded result is judged by the ops that made it.

    >>> memory_order(Tensor([[1.0, 2.0]])), memory_order(permuted(Tensor([[1.0, 2.0], [3.0, 4.0]]), (1, 0)))
    (None, (1, 0))
    """
    node, usual = x._node, tuple(range(x._array.ndim))
    if node is None or node.op is None:
        strides = [-stride for stride in x._array.strides]
        found = usual if x._array.flags.c_contiguous else tuple(sorted(usual, key=strides.__getitem__))
    else:
        found = _laid(node)
    return None if found == usual else found


def is_contiguous(x: Any) -> bool:
    """Whether PyTorch would have the elements row by row, each once.

    >>> is_contiguous(Tensor([[1.0], [2.0]])), is_contiguous(permuted(Tensor([[1.0, 2.0], [3.0, 4.0]]), (1, 0)))
    (True, False)
    """
    expanded = 0 in x._array.strides and not x._array.flags.c_contiguous
    return not expanded and memory_order(x) is None


def _laid(node: Any) -> tuple[int, ...]:
    """The dimensions of a recorded result from the outermost in memory, after permutations of permutations."""
    axes: list[tuple[int, ...]] = []
    shape = node.shape
    while node is not None and node.op is not None:
        if type(node.op) is ops.Transpose:
            axes.append(node.op.axes)
            node = node.parents[0]
            shape = node.shape
        elif node.op.pointwise:
            node = next((parent for parent in node.parents if parent.shape == shape), None)
        else:
            break
    order = tuple(range(len(shape)))
    for turned in reversed(axes):
        order = tuple(turned.index(d) for d in order)
    return order


def cut(x: Any, key: tuple[slice, ...]) -> Any:
    """x[key] for a key of slices.

    >>> cut(Tensor([1.0, 2.0]), (slice(1),))
    tensor([1.])
    """
    return _linked_part(ops.Index(key)(x), x, key)


def plain_key(key: Any) -> Any:
    """A key with arrays in the place of tensors; a bool tensor of 0 dimensions as a bool."""
    if isinstance(key, tuple):
        return tuple(plain_key(k) for k in key)
    if isinstance(key, NativeTensor):
        array = key._array
        if array.dtype == np.uint8:
            return array.astype(bool)
        if array.dtype.kind == "f":
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        return array.item() if array.ndim == 0 and array.dtype.kind == "i" else array
    if isinstance(key, list):
        if any(isinstance(k, (slice, NativeTensor, type(None), type(Ellipsis))) for k in key):
            return tuple(plain_key(k) for k in key)
        return np.asarray(key) if key else np.zeros(0, np.int64)
    if isinstance(key, range):
        return np.asarray(key)
    return key


def setitem(x: Any, key: Any, value: Any) -> None:
    """x[key] = value, recorded where a gradient flows; the method `__setitem__`."""
    key = plain_key(key)
    if _recorded(x, value):
        new = (
            value if isinstance(value, NativeTensor) else Tensor.detached(np.asarray(value, x._array.dtype))
        )
        become(x, put_at(x, key, new))
        return
    array = value._array if isinstance(value, NativeTensor) else value
    target = x._writable()
    if isinstance(array, np.ndarray) and array.ndim > target[key].ndim:
        array = array.reshape(array.shape[array.ndim - target[key].ndim :])
    target[key] = array


def is_recorded(x: Any) -> bool:
    """Whether what is made of x is recorded.

    >>> is_recorded(Tensor([1.0])), is_recorded(Tensor([1.0]).requires_grad_())
    (False, True)
    """
    return bool(x.requires_grad and MODE.get().recording)


def _recorded(x: Any, *others: Any) -> bool:
    """Whether a write to x must be recorded."""
    if not MODE.get().recording:
        return False
    if x.requires_grad or any(isinstance(o, NativeTensor) and o.requires_grad for o in others):
        refuse_leaf(x)
        return True
    return False


def write(x: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
    """x becomes function(x, ...), recorded where a gradient flows. Returns x.

    Raises:
        RuntimeError: x is a leaf that requires grad, or the result has another shape or kind.

    >>> x = Tensor([1.0]); write(x, lambda a, b: a + b, 1.0)
    tensor([2.])
    """
    recorded = _recorded(x, *args, *kwargs.values())
    new = function(Tensor.at(x._array, x._node), *args, **kwargs)
    array = new._array
    if array.shape != x._array.shape:
        raise RuntimeError(
            f"output with shape {list(x._array.shape)} doesn't match the broadcast shape {list(array.shape)}"
        )
    if array.dtype != x._array.dtype:
        if array.dtype.kind == "f" and x._array.dtype.kind != "f":
            raise RuntimeError(
                f"result type {new.dtype!r} can't be cast to the desired output type {x.dtype!r}"
            )
        new = F.astype(new, x._array.dtype)
        array = new._array
    if recorded:
        return become(x, new)
    x._writable()[...] = array
    return x


def fill(x: Any, values: Any) -> Any:
    """Write values into x outside the graph, or let it become them where a gradient flows. Returns x."""
    if _recorded(x):
        new = Tensor.detached(np.broadcast_to(np.asarray(values, x._array.dtype), x._array.shape))
        return become(x, F.where(np.zeros((), bool), x, new))
    x._writable()[...] = values
    return x
