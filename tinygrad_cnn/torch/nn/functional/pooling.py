"""Pools, adaptive pools, and what puts elements back."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch.generators import of as _of
from tinygrad_cnn.torch.nn.functional.convolutions import plain as _plain


def _pool(native: Any, axes: int) -> Any:
    def function(input: Any, *args: Any, **kwargs: Any) -> Any:
        single = input._array.ndim == axes + 1
        x = F.expand_dims(input, 0) if single else input
        out = native(x, *(_plain(a) for a in args), **{k: _plain(v) for k, v in kwargs.items()})
        if not single:
            return out
        return tuple(F.squeeze(o, 0) for o in out) if isinstance(out, tuple) else F.squeeze(out, 0)

    function.__name__, function.__doc__ = native.__name__, f"See `functional.{native.__name__}`."
    return function


max_pool1d, max_pool2d, max_pool3d = _pool(F.max_pool1d, 1), _pool(F.max_pool2d, 2), _pool(F.max_pool3d, 3)
avg_pool1d, avg_pool2d, avg_pool3d = _pool(F.avg_pool1d, 1), _pool(F.avg_pool2d, 2), _pool(F.avg_pool3d, 3)
lp_pool1d, lp_pool2d, lp_pool3d = _pool(F.lp_pool1d, 1), _pool(F.lp_pool2d, 2), _pool(F.lp_pool3d, 3)


def _unpool(native: Any, axes: int) -> Any:
    def function(input: Any, indices: Any, *args: Any, **kwargs: Any) -> Any:
        single = input._array.ndim == axes + 1
        x, where = (F.expand_dims(input, 0), F.expand_dims(indices, 0)) if single else (input, indices)
        out = native(x, where, *args, **kwargs)
        return F.squeeze(out, 0) if single else out

    function.__name__, function.__doc__ = native.__name__, f"See `functional.{native.__name__}`."
    return function


max_unpool1d, max_unpool2d, max_unpool3d = (
    _unpool(F.max_unpool1d, 1), _unpool(F.max_unpool2d, 2), _unpool(F.max_unpool3d, 3),
)  # fmt: skip


def _with_indices(pool: Any) -> Any:
    def function(*args: Any, **kwargs: Any) -> Any:
        return pool(*args, **{**kwargs, "return_indices": True})

    return function


max_pool1d_with_indices, max_pool2d_with_indices, max_pool3d_with_indices = (
    _with_indices(max_pool1d), _with_indices(max_pool2d), _with_indices(max_pool3d),
)  # fmt: skip


def _adaptive(native: Any, axes: int) -> Any:
    pooled = _pool(native, axes)

    def function(input: Any, output_size: Any, *args: Any, **kwargs: Any) -> Any:
        wanted = (output_size,) * axes if isinstance(output_size, int) else tuple(output_size)
        shape = input._array.shape[-axes:]
        sizes = tuple(s if n is None else int(n) for n, s in zip(wanted, shape, strict=True))
        return pooled(input, sizes, *args, **kwargs)

    function.__name__, function.__doc__ = native.__name__, f"See `functional.{native.__name__}`."
    return function


adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = (
    _adaptive(F.adaptive_avg_pool1d, 1), _adaptive(F.adaptive_avg_pool2d, 2), _adaptive(F.adaptive_avg_pool3d, 3),
)  # fmt: skip
adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = (
    _adaptive(F.adaptive_max_pool1d, 1), _adaptive(F.adaptive_max_pool2d, 2), _adaptive(F.adaptive_max_pool3d, 3),
)  # fmt: skip
adaptive_max_pool1d_with_indices = _with_indices(adaptive_max_pool1d)
adaptive_max_pool2d_with_indices = _with_indices(adaptive_max_pool2d)
adaptive_max_pool3d_with_indices = _with_indices(adaptive_max_pool3d)


def _fractional(native: Any, axes: int) -> Any:
    def function(
        input: Any, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
        return_indices: bool = False, _random_samples: Any = None,
    ) -> Any:  # fmt: skip
        single = input._array.ndim == axes + 1
        x = F.expand_dims(input, 0) if single else input
        samples, shape = _random_samples, (*x._array.shape[:2], axes)
        if samples is None:
            count = shape[0] * shape[1] * axes
            samples = _of(None).uniform(count, x._array.dtype).reshape(shape)
        size, ratio = _plain(output_size), output_ratio if output_size is None else None  # the size counts
        out = native(x, _plain(kernel_size), size, ratio, return_indices, random_samples=samples)
        if not single:
            return out
        return tuple(F.squeeze(o, 0) for o in out) if isinstance(out, tuple) else F.squeeze(out, 0)

    function.__name__, function.__doc__ = native.__name__, f"See `functional.{native.__name__}`."
    return function


fractional_max_pool2d = _fractional(F.fractional_max_pool2d, 2)
fractional_max_pool3d = _fractional(F.fractional_max_pool3d, 3)
fractional_max_pool2d_with_indices = _with_indices(fractional_max_pool2d)
fractional_max_pool3d_with_indices = _with_indices(fractional_max_pool3d)
