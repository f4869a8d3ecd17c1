"""Functions of each element by itself, as methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinygrad_cnn import functional
from tinygrad_cnn.tensors.methods.base import Methods

if TYPE_CHECKING:
    from tinygrad_cnn.tensors.tensor_class import Tensor

F: Any = functional  # whose types speak of whole Tensors; the classes here are parts of one


class ElementwiseMethods(Methods):
    """`x.exp()` for `functional.exp(x)`, and so on."""

    __slots__ = ()

    def astype(self, dtype: Any) -> Tensor:
        """Another element type; see `functional.astype`.

        >>> Tensor([1.5]).astype("float64").dtype
        dtype('float64')
        """
        return F.astype(self, dtype)

    def exp(self) -> Tensor:
        """e^x; see `functional.exp`.

        >>> Tensor([0.0]).exp()
        Tensor([1.])
        """
        return F.exp(self)

    def log(self) -> Tensor:
        """ln x; see `functional.log`.

        >>> Tensor([1.0]).log()
        Tensor([0.])
        """
        return F.log(self)

    def sqrt(self) -> Tensor:
        """Square root; see `functional.sqrt`.

        >>> Tensor([4.0]).sqrt()
        Tensor([2.])
        """
        return F.sqrt(self)

    def square(self) -> Tensor:
        """x²; see `functional.square`.

        >>> Tensor([3.0]).square()
        Tensor([9.])
        """
        return F.square(self)

    def abs(self) -> Tensor:
        """|x|; see `functional.abs`.

        >>> Tensor([-3.0]).abs()
        Tensor([3.])
        """
        return F.abs(self)

    def sign(self) -> Tensor:
        """-1, 0 or 1; see `functional.sign`.

        >>> Tensor([-3.0]).sign()
        Tensor([-1.])
        """
        return F.sign(self)

    def floor(self) -> Tensor:
        """Whole numbers not above x; see `functional.floor`.

        >>> Tensor([1.5]).floor()
        Tensor([1.])
        """
        return F.floor(self)

    def ceil(self) -> Tensor:
        """Whole numbers not below x; see `functional.ceil`.

        >>> Tensor([1.5]).ceil()
        Tensor([2.])
        """
        return F.ceil(self)

    def round(self, decimals: int = 0) -> Tensor:
        """Nearest numbers with so many decimals; see `functional.round`.

        >>> Tensor([1.26]).round(1)
        Tensor([1.3])
        """
        return F.round(self, decimals)

    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        """x kept between two bounds; see `functional.clip`.

        >>> Tensor([-1.0, 2.0]).clip(0, 1)
        Tensor([0., 1.])
        """
        return F.clip(self, min, max)

    def sin(self) -> Tensor:
        """Sine; see `functional.sin`.

        >>> Tensor([0.0]).sin()
        Tensor([0.])
        """
        return F.sin(self)

    def cos(self) -> Tensor:
        """Cosine; see `functional.cos`.

        >>> Tensor([0.0]).cos()
        Tensor([1.])
        """
        return F.cos(self)

    def tanh(self) -> Tensor:
        """Hyperbolic tangent; see `functional.tanh`.

        >>> Tensor([0.0]).tanh()
        Tensor([0.])
        """
        return F.tanh(self)

    def sigmoid(self) -> Tensor:
        """1 / (1 + e^-x); see `functional.sigmoid`.

        >>> Tensor([0.0]).sigmoid()
        Tensor([0.5])
        """
        return F.sigmoid(self)

    def relu(self) -> Tensor:
        """max(x, 0); see `functional.relu`.

        >>> Tensor([-1.0, 2.0]).relu()
        Tensor([0., 2.])
        """
        return F.relu(self)
