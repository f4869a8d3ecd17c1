"""Views and what they are views of: what is written to one is seen in all, and gradients go the same way.

While nothing is recorded they share memory, and NumPy sees to it. A recorded write makes new numbers and a
new node instead. So a view knows its base, how the base is made from a new view (`put`), and how the view
is made from a new base (`make`); the base knows its views, weakly. A write goes up to the bases and from
there down to all other views.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from weakref import ref

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn import ops
from tinygrad_cnn.torch.tensors import Tensor

#: Views that a base may have noted before it forgets those that are gone.
FEW = 16


class Link(NamedTuple):
    """What a view knows.

    Attributes:
        base: the Tensor that it shows.   put: put(base, new view) gives the new base.
        make: make(base) gives the view anew, without a link.
    """

    base: Any
    put: Callable[[Any, Any], Any]
    make: Callable[[Any], Any]


class Views:
    """The views of a base, as weak references; what is gone is left out now and then."""

    __slots__ = ("limit", "seen")

    def __init__(self) -> None:
        self.seen: list[ref[Any]] = []
        self.limit = FEW

    def forget(self) -> None:
        """Leave out those that are gone."""
        self.seen = [seen for seen in self.seen if seen() is not None]
        self.limit = max(FEW, 2 * len(self.seen))

    def living(self, base: Any) -> list[Any]:
        """Those that are still there, and still views of `base`."""
        found = [view for seen in self.seen if (view := seen()) is not None]
        return [view for view in found if (link := link_of(view)) is not None and link.base is base]


def link_of(x: Any) -> Any:
    """What x knows as a view; None if it is none.

    >>> link_of(Tensor([1.0])) is None
    True
    """
    link = x.__dict__.get("_base")
    return None if link is None else Link._make(link)


def linked(view: Any, base: Any, put: Callable[[Any, Any], Any], make: Callable[[Any], Any]) -> Any:
    """The view, which knows its base from now on, as the base knows it.

    >>> base = Tensor([1.0]); link_of(linked(Tensor([1.0]), base, lambda b, new: new, lambda b: b)).base is base
    True
    """
    if type(view) is Tensor and isinstance(base, Tensor):
        view.__dict__["_base"] = base, put, make  # a plain tuple, as this runs for each view
        known = base.__dict__
        views = known.get("_views")
        if views is None:
            views = known["_views"] = Views()
        elif len(views.seen) >= views.limit:
            views.forget()
        views.seen.append(ref(view))
    return view


def shown(x: Any, make: Callable[[Any], Any]) -> Any:
    """The view make(x), for a `make` that takes elements of x to other places.

    >>> x = Tensor([[1.0, 2.0]]); link_of(shown(x, lambda base: base * 1)).base is x
    True
    """

    def put(base: Any, new: Any) -> Any:
        shape, n = base._array.shape, base._array.size
        places = make(Tensor.detached(np.arange(n).reshape(shape)))._array.ravel()
        # Where windows overlap, one of them counts: the last.
        places, behind = np.unique(places[::-1], return_index=True)
        values = F.index(F.reshape(new, (-1,)), new._array.size - 1 - behind)
        return F.reshape(put_at(F.reshape(base, (n,)), places, values), shape)

    return linked(make(x), x, put, make)


def put_at(x: Any, key: Any, value: Any) -> Any:
    """x with the elements at `key` replaced, as a recorded op.

    >>> put_at(Tensor([1.0, 2.0]), 1, Tensor([5.0]))
    tensor([1., 5.])
    """
    place = np.zeros(x._array.shape, bool)
    place[key] = True
    shape = x._array[key].shape
    value = F.astype(value, x._array.dtype) if value._array.dtype != x._array.dtype else value
    extra = value._array.ndim - len(shape)
    if extra > 0:
        value = F.reshape(value, value._array.shape[extra:])
    if value._array.shape != shape:
        value = F.broadcast_to(value, shape)
    if not place.any():
        return x + 0
    return F.where(place, ops.IndexAdd(key, x._array.shape)(value), x)


def refuse_leaf(x: Any) -> None:
    """Refuse a recorded write to a leaf that requires a gradient, or to a view of one.

    Raises:
        RuntimeError: it is.
    """
    what, link = "a leaf Variable", link_of(x)
    while True:
        if x.requires_grad and x.is_leaf:
            raise RuntimeError(f"{what} that requires grad is being used in an in-place operation.")
        if link is None:
            return
        what, x = "a view of a leaf Variable", link.base
        link = link_of(x)


def become(x: Any, new: Any) -> Any:
    """Let x be the result `new` from now on, and what it is a view of, and its other views. Returns x.

    >>> x = Tensor([1.0]); become(x, Tensor([2.0])) is x, x
    (True, tensor([2.]))
    """
    x._array, x._node = new._array, new._node
    _show(x, None)
    view, link = x, link_of(x)
    while link is not None:
        base = link.base
        value = link.put(base, Tensor.at(view._array, view._node))
        base._array, base._node = value._array, value._node
        _show(base, view)
        view, link = base, link_of(base)
    return x


def _show(base: Any, written: Any) -> None:
    """Make the views of a base anew, and theirs, but for the one that was written to."""
    bases = [base]
    for base in bases:  # which grows on the way: views of views may be many deep
        views = base.__dict__.get("_views")
        for view in () if views is None else views.living(base):
            if view is not written:
                value = link_of(view).make(base)
                view._array, view._node = value._array, value._node
                bases.append(view)


def rearrange(x: Any, function: Any, *args: Any) -> Any:
    """Let x be the view function(x, ...) of itself; what x is a view of keeps its shape. Returns x.

    >>> from tinygrad_cnn.torch.views import permuted
    >>> x = Tensor([[1.0, 2.0]]); rearrange(x, permuted, (1, 0)).size()
    torch.Size([2, 1])
    """
    before = Tensor.at(x._array, x._node)  # takes the place of x as a view and as a base
    new = function(before, *args)
    if new is before:
        return x
    link, views = link_of(x), x.__dict__.pop("_views", None)
    if link is not None:
        linked(before, *link)
    for view in () if views is None else views.living(x):
        linked(view, *link_of(view)._replace(base=before))
    x._array, x._node = new._array, new._node
    if link_of(new) is not None:
        linked(x, *link_of(new))
    if "_order" in new.__dict__:
        x.__dict__["_order"] = new.__dict__["_order"]
    return x
