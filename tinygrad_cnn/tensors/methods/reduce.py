"""Methods of a Tensor that compute along axes: reductions, scans, order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinygrad_cnn import functional
from tinygrad_cnn.functional.arguments import Axis, torch_names
from tinygrad_cnn.tensors.methods.base import Methods

if TYPE_CHECKING:
    from tinygrad_cnn.tensors.tensor_class import Tensor

F: Any = functional  # whose types speak of whole Tensors; the classes here are parts of one


class ReduceMethods(Methods):
    """Functions along axes as methods."""

    __slots__ = ()

    # ------------------------------------------------------------------ reductions
    @torch_names
    def sum(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Sum along axes; see `functional.sum`.

        >>> Tensor([[1.0, 2.0]]).sum(axis=1)
        Tensor([3.])
        """
        return F.sum(self, axis, keepdims)

    @torch_names
    def mean(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Mean along axes; see `functional.mean`.

        >>> Tensor([[1.0, 2.0]]).mean()
        Tensor(1.5)
        """
        return F.mean(self, axis, keepdims)

    @torch_names
    def max(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Largest element along axes; see `functional.max`.

        >>> Tensor([[1.0, 2.0]]).max()
        Tensor(2.)
        """
        return F.max(self, axis, keepdims)

    @torch_names
    def min(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Smallest element along axes; see `functional.min`.

        >>> Tensor([[1.0, 2.0]]).min()
        Tensor(1.)
        """
        return F.min(self, axis, keepdims)

    @torch_names
    def prod(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Product along axes; see `functional.prod`.

        >>> Tensor([[2.0, 3.0]]).prod(axis=1)
        Tensor([6.])
        """
        return F.prod(self, axis, keepdims)

    @torch_names
    def var(self, axis: Axis = None, keepdims: bool = False, *, ddof: float = 0) -> Tensor:
        """Variance along axes; see `functional.var`.

        >>> Tensor([1.0, 3.0]).var()
        Tensor(1.)
        """
        return F.var(self, axis, keepdims, ddof=ddof)

    @torch_names
    def std(self, axis: Axis = None, keepdims: bool = False, *, ddof: float = 0) -> Tensor:
        """Standard deviation along axes; see `functional.std`.

        >>> Tensor([1.0, 3.0]).std()
        Tensor(1.)
        """
        return F.std(self, axis, keepdims, ddof=ddof)

    @torch_names
    def logsumexp(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """ln(sum(e^x)) along axes, without overflow; see `functional.logsumexp`.

        >>> Tensor([0.0]).logsumexp()
        Tensor(0.)
        """
        return F.logsumexp(self, axis, keepdims)

    @torch_names
    def norm(self, ord: float = 2, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Vector norm along axes; see `functional.norm`.

        >>> Tensor([3.0, 4.0]).norm()
        Tensor(5.)
        """
        return F.norm(self, ord, axis, keepdims)

    @torch_names
    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Tensor:
        """Place of the first largest element; no gradient; see `functional.argmax`.

        >>> Tensor([[1.0, 2.0]]).argmax(axis=1)
        Tensor([1])
        """
        return F.argmax(self, axis, keepdims)

    @torch_names
    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Tensor:
        """Place of the first smallest element; no gradient; see `functional.argmin`.

        >>> Tensor([[1.0, 2.0]]).argmin(axis=1)
        Tensor([0])
        """
        return F.argmin(self, axis, keepdims)

    @torch_names
    def all(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Whether all elements are true; no gradient; see `functional.all`.

        >>> bool((Tensor([1.0, 2.0]) > 0).all())
        True
        """
        return F.all(self, axis, keepdims)

    @torch_names
    def any(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Whether an element is true; no gradient; see `functional.any`.

        >>> bool((Tensor([1.0, 2.0]) > 2).any())
        False
        """
        return F.any(self, axis, keepdims)

    # ------------------------------------------------------------------ scans and order
    @torch_names
    def cumsum(self, axis: int | None = None) -> Tensor:
        """Sum up to each place; see `functional.cumsum`.

        >>> Tensor([1.0, 2.0]).cumsum()
        Tensor([1., 3.])
        """
        return F.cumsum(self, axis)

    @torch_names
    def cumprod(self, axis: int | None = None) -> Tensor:
        """Product up to each place; see `functional.cumprod`.

        >>> Tensor([2.0, 3.0]).cumprod()
        Tensor([2., 6.])
        """
        return F.cumprod(self, axis)

    @torch_names
    def sort(self, axis: int | None = -1, descending: bool = False) -> Tensor:
        """The elements in order, as a new tensor; see `functional.sort`.

        >>> Tensor([2.0, 1.0]).sort()
        Tensor([1., 2.])
        """
        return F.sort(self, axis, descending)

    @torch_names
    def argsort(self, axis: int | None = -1, descending: bool = False) -> Tensor:
        """The places that sort; no gradient; see `functional.argsort`.

        >>> Tensor([2.0, 1.0]).argsort()
        Tensor([1, 0])
        """
        return F.argsort(self, axis, descending)

    @torch_names
    def topk(self, k: int, axis: int = -1, largest: bool = True) -> tuple[Tensor, Tensor]:
        """The k largest elements, and their places; see `functional.topk`.

        >>> Tensor([2.0, 1.0, 3.0]).topk(2)
        (Tensor([3., 2.]), Tensor([2, 0]))
        """
        return F.topk(self, k, axis, largest)

    def dot(self, other: Any) -> Tensor:
        """Inner product, or product of matrices; see `functional.dot`.

        >>> Tensor([1.0, 2.0]).dot([3.0, 4.0])
        Tensor(11.)
        """
        return F.dot(self, other)
