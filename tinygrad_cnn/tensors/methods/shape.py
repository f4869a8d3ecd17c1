"""Methods of a Tensor that rearrange its elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinygrad_cnn import functional, ops
from tinygrad_cnn.functional.arguments import Axis, torch_names
from tinygrad_cnn.tensors.methods.base import Methods

if TYPE_CHECKING:
    from tinygrad_cnn.tensors.tensor_class import Tensor

F: Any = functional  # whose types speak of whole Tensors; the classes here are parts of one


class ShapeMethods(Methods):
    """Functions that rearrange as methods."""

    __slots__ = ()

    def reshape(self, *shape: Any) -> Tensor:
        """Another shape, given as numbers or as one tuple; see `functional.reshape`.

        >>> Tensor([1.0, 2.0]).reshape(2, -1).shape
        (2, 1)
        """
        return F.reshape(self, _unpacked(shape))

    @torch_names
    def flatten(self, start_axis: int = 0, end_axis: int = -1) -> Tensor:
        """Axes merged; see `functional.flatten`.

        >>> Tensor([[1.0, 2.0]]).flatten()
        Tensor([1., 2.])
        """
        return F.flatten(self, start_axis, end_axis)

    def transpose(self, *axes: Any) -> Tensor:
        """Axes in another order, reversed without arguments; see `functional.transpose`.

        >>> Tensor([[1.0, 2.0]]).transpose(1, 0).shape
        (2, 1)
        """
        return F.transpose(self, _unpacked(axes) if axes and axes != (None,) else None)

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        """Two axes exchanged; see `functional.swapaxes`.

        >>> Tensor([[1.0, 2.0]]).swapaxes(0, 1).shape
        (2, 1)
        """
        return F.swapaxes(self, axis1, axis2)

    def permute(self, *axes: Any) -> Tensor:
        """Axes in another order; see `functional.permute`.

        >>> Tensor([[1.0, 2.0]]).permute(1, 0).shape
        (2, 1)
        """
        return F.permute(self, _unpacked(axes))

    def moveaxis(self, source: Any, destination: Any) -> Tensor:
        """Some axes moved; see `functional.moveaxis`.

        >>> Tensor([[1.0, 2.0]]).moveaxis(0, 1).shape
        (2, 1)
        """
        return F.moveaxis(self, source, destination)

    @torch_names
    def expand_dims(self, axis: Any) -> Tensor:
        """New axes of length 1; see `functional.expand_dims`.

        >>> Tensor([1.0, 2.0]).expand_dims(0).shape
        (1, 2)
        """
        return F.expand_dims(self, axis)

    @torch_names
    def squeeze(self, axis: Axis = None) -> Tensor:
        """Axes of length 1 taken away; see `functional.squeeze`.

        >>> Tensor([[1.0, 2.0]]).squeeze()
        Tensor([1., 2.])
        """
        return F.squeeze(self, axis)

    def ravel(self) -> Tensor:
        """All axes merged, NumPy's name of `flatten`; see `functional.flatten`.

        >>> Tensor([[1.0, 2.0]]).ravel()
        Tensor([1., 2.])
        """
        return F.flatten(self)

    @torch_names
    def repeat(self, repeats: Any, axis: int | None = None) -> Tensor:
        """Each element several times in a row; see `functional.repeat`.

        >>> Tensor([1.0, 2.0]).repeat(2)
        Tensor([1., 1., 2., 2.])
        """
        return F.repeat(self, repeats, axis)

    def tile(self, reps: Any) -> Tensor:
        """The whole several times; see `functional.tile`.

        >>> Tensor([1.0, 2.0]).tile(2)
        Tensor([1., 2., 1., 2.])
        """
        return F.tile(self, reps)

    @torch_names
    def flip(self, axis: Axis = None) -> Tensor:
        """The elements in reverse order; see `functional.flip`.

        >>> Tensor([1.0, 2.0]).flip()
        Tensor([2., 1.])
        """
        return F.flip(self, axis)

    @torch_names
    def roll(self, shift: Any, axis: Axis = None) -> Tensor:
        """The elements moved on, round the end; see `functional.roll`.

        >>> Tensor([1.0, 2.0, 3.0]).roll(1)
        Tensor([3., 1., 2.])
        """
        return F.roll(self, shift, axis)

    @torch_names
    def split(self, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
        """Cut along an axis; see `functional.split`.

        >>> Tensor([1.0, 2.0]).split(2)
        [Tensor([1.]), Tensor([2.])]
        """
        return F.split(self, indices_or_sections, axis)

    def copy(self) -> Tensor:
        """The same values in memory of their own, recorded, as of a NumPy array.

        >>> Tensor([1.0, 2.0]).copy()
        Tensor([1., 2.])
        """
        return ops.Cast(self.array.dtype)(self)

    def take(self, indices: Any, axis: int | None = None) -> Tensor:
        """The elements at places along an axis, or of all in a row; see `functional.take`.

        >>> Tensor([1.0, 2.0]).take([1, 1])
        Tensor([2., 2.])
        """
        return F.take(self, indices, axis)

    def nonzero(self) -> tuple[Tensor, ...]:
        """Where the elements are that are not 0; see `functional.nonzero`.

        >>> Tensor([0.0, 5.0]).nonzero()
        (Tensor([1]),)
        """
        return F.nonzero(self)

    @property
    def itemsize(self) -> int:
        """Bytes of one element.

        >>> Tensor([1.0, 2.0]).itemsize
        4
        """
        return self.array.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements.

        >>> Tensor([1.0, 2.0]).nbytes
        8
        """
        return self.array.nbytes

    def tril(self, k: int = 0) -> Tensor:
        """Lower triangle; see `functional.tril`.

        >>> Tensor([[1.0, 2.0]]).tril()
        Tensor([[1., 0.]])
        """
        return F.tril(self, k)

    def triu(self, k: int = 0) -> Tensor:
        """Upper triangle; see `functional.triu`.

        >>> Tensor([[1.0, 2.0]]).triu(1)
        Tensor([[0., 2.]])
        """
        return F.triu(self, k)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        """A diagonal of two axes; see `functional.diagonal`.

        >>> Tensor([[1.0, 2.0]]).diagonal(1)
        Tensor([2.])
        """
        return F.diagonal(self, offset, axis1, axis2)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
        """Sum of a diagonal of two axes; see `functional.trace`.

        >>> Tensor([[1.0, 2.0]]).trace()
        Tensor(1.)
        """
        return F.trace(self, offset, axis1, axis2)


def _unpacked(values: tuple[Any, ...]) -> Any:
    """(a, b) from `f(a, b)` as from `f((a, b))`."""
    return values[0] if len(values) == 1 and not hasattr(values[0], "__index__") else values
