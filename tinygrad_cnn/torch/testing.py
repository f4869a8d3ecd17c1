"""`torch.testing`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn.torch.creating import array_of
from tinygrad_cnn.torch.refusals import guard as _guard

_TOLERANCE = {"float16": (1e-3, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7)}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_dtype: bool = True,
    msg: Any = None,
    **_: Any,
) -> None:
    """Raise AssertionError unless two tensors agree within tolerances.

    >>> assert_close([1.0], [1.0])
    """
    a, b = array_of(actual), array_of(expected)
    if a.shape != b.shape:
        raise AssertionError(
            msg or f"The values for attribute 'shape' do not match: {a.shape} != {b.shape}."
        )
    if check_dtype and a.dtype != b.dtype:
        raise AssertionError(
            msg or f"The values for attribute 'dtype' do not match: {a.dtype} != {b.dtype}."
        )
    usual = _TOLERANCE.get(a.dtype.name, (0.0, 0.0))
    rtol, atol = usual[0] if rtol is None else rtol, usual[1] if atol is None else atol
    if not np.allclose(a, b, rtol, atol, equal_nan):
        gap = np.abs(a.astype(float) - b.astype(float))
        raise AssertionError(
            msg or f"Tensor-likes are not close!\n\nGreatest absolute difference: {np.nanmax(gap)}"
        )


__getattr__ = _guard("torch.testing", globals())
