"""`torch.autograd.gradcheck`: derivatives compared with finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cnn.mode import enable_grad, no_grad
from tinygrad_cnn.torch.autograd.walks import grad
from tinygrad_cnn.torch.tensors import Tensor


def _outputs(func: Callable[..., Any], inputs: tuple[Any, ...]) -> list[Any]:
    out = func(*inputs)
    return [
        o
        for o in (out if isinstance(out, (tuple, list)) else (out,))
        if isinstance(o, Tensor) and o._array.dtype.kind == "f"
    ]


def gradcheck(
    func: Callable[..., Any], inputs: Any, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
    raise_exception: bool = True, nondet_tol: float = 0.0, check_undefined_grad: bool = True,
    check_batched_grad: bool = False, check_grad_dtypes: bool = False, fast_mode: bool = False, **more: Any,
) -> bool:  # fmt: skip
    """Whether the derivatives of a function agree with central differences, entry by entry.

    Raises:
        RuntimeError: they do not, and `raise_exception` is set.   ValueError: no input requires grad.

    >>> from tinygrad_cnn import torch
    >>> gradcheck(torch.sin, torch.ones(2, dtype=torch.float64, requires_grad=True))
    True
    """
    given = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    wanted = [x for x in given if isinstance(x, Tensor) and x.requires_grad]
    if not wanted:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them do"
        )
    for number, out in enumerate(_outputs(func, given)):
        for k, x in enumerate(wanted):
            exact, approximate = _exact(func, given, number, x), _differences(func, given, number, x, eps)
            if not np.allclose(exact, approximate, rtol, atol):
                worst = np.unravel_index(np.argmax(np.abs(exact - approximate)), exact.shape)
                if not raise_exception:
                    return False
                raise RuntimeError(
                    f"Jacobian mismatch for output {number} with respect to input {k},\nnumerical:{approximate}\n"
                    f"analytical:{exact}\nthe largest difference is at {tuple(int(i) for i in worst)}"
                )
        del out
    return True


def gradgradcheck(func: Callable[..., Any], inputs: Any, grad_outputs: Any = None, **options: Any) -> bool:
    """Whether the second derivatives of a function agree with differences of the first.

    >>> from tinygrad_cnn import torch
    >>> gradgradcheck(torch.sin, torch.ones(2, dtype=torch.float64, requires_grad=True))
    True
    """
    given = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)

    def slopes(*xs: Any) -> Any:
        with enable_grad():
            outs = _outputs(func, xs)
        weights = [
            Tensor.detached(np.linspace(0.5, 1.5, o._array.size).reshape(o._array.shape)) for o in outs
        ]
        wanted = [x for x in xs if isinstance(x, Tensor) and x.requires_grad]
        found = grad(outs, wanted, weights, create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None and g.requires_grad)

    return gradcheck(
        slopes, given, **{k: v for k, v in options.items() if k != "gen_non_contig_grad_outputs"}
    )


def _exact(func: Any, given: Any, number: int, x: Any) -> Any:
    out = _outputs(func, given)[number]
    rows = []
    for i in range(out._array.size):
        weight = np.zeros(out._array.size, out._array.dtype)
        weight[i] = 1
        (g,) = grad(
            out, x, Tensor.detached(weight.reshape(out._array.shape)), retain_graph=True, allow_unused=True
        )
        rows.append(np.zeros(x._array.size) if g is None else g._array.reshape(-1).copy())
    return np.array(rows).reshape(out._array.size, x._array.size)


def _differences(func: Any, given: Any, number: int, x: Any, eps: float) -> Any:
    columns = []
    flat = x._array.reshape(-1)
    with no_grad():
        for i in range(flat.size):
            before = flat[i]
            flat[i] = before + eps
            high = _outputs(func, given)[number]._array.copy()
            flat[i] = before - eps
            low = _outputs(func, given)[number]._array.copy()
            flat[i] = before
            columns.append(((high - low) / (2 * eps)).reshape(-1))
    return np.array(columns).T.reshape(-1, flat.size)
