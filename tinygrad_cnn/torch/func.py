"""`torch.func`: transformations of functions, and modules called with given parameters."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tinygrad_cnn.mode import enable_grad
from tinygrad_cnn.restoring import Restoring
from tinygrad_cnn.torch import splitting
from tinygrad_cnn.torch.autograd import functional
from tinygrad_cnn.torch.autograd.walks import grad as gradients
from tinygrad_cnn.torch.refusals import guard
from tinygrad_cnn.torch.tensors import Tensor

__all__ = ["functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "vjp", "vmap"]


def _leaves(tree: Any) -> list[Any]:
    if isinstance(tree, Tensor):
        return [tree]
    values = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, (list, tuple)) else ()
    return [leaf for value in values for leaf in _leaves(value)]


def _mapped(tree: Any, change: Callable[[Any], Any]) -> Any:
    """The same lists, tuples and dictionaries with other tensors."""
    if isinstance(tree, Tensor):
        return change(tree)
    if isinstance(tree, dict):
        return {key: _mapped(value, change) for key, value in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(_mapped(value, change) for value in tree))
    return type(tree)(_mapped(value, change) for value in tree) if isinstance(tree, (list, tuple)) else tree


def grad_and_value(func: Callable[..., Any], argnums: int = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that gives the gradient by one argument, and the value.

    Args:
        func: gives one number, or with `has_aux` that and something else.
        argnums: by which argument: a tensor, or lists, tuples and dictionaries of tensors.

    >>> from tinygrad_cnn import torch
    >>> grad_and_value(lambda w: (w ** 2).sum())(torch.tensor([1.0, 3.0]))
    (tensor([2., 6.]), tensor(10.))
    """
    if not isinstance(argnums, int):
        raise TypeError(f"torch.func.grad: argnums must be a number here, got {argnums!r}")

    def run(*args: Any, **kwargs: Any) -> Any:
        given = list(args)
        with enable_grad():
            chosen = _mapped(
                args[argnums], lambda x: (x * 1.0) if x.requires_grad else x.detach().requires_grad_()
            )
            given[argnums] = chosen
            result = func(*given, **kwargs)
            value, aux = result if has_aux else (result, None)
            outer = any(leaf.requires_grad for leaf in _leaves(args))
            slopes = gradients(value, _leaves(chosen), create_graph=outer, allow_unused=True)
        rest = iter(slopes)

        def slope(leaf: Any) -> Any:
            found = next(rest)
            return leaf.detach() * 0 if found is None else found

        found = _mapped(chosen, slope)
        value = value if outer else value.detach()
        return (found, (value, aux)) if has_aux else (found, value)

    return run


def grad(func: Callable[..., Any], argnums: int = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that gives the gradient by one argument; it can be differentiated again.

    >>> from tinygrad_cnn import torch
    >>> grad(grad(lambda x: x ** 3))(torch.tensor(2.0))
    tensor(12.)
    """

    def run(*args: Any, **kwargs: Any) -> Any:
        found, value = grad_and_value(func, argnums, has_aux)(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return run


def jacrev(func: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """The function that gives all partial derivatives by one argument.

    >>> from tinygrad_cnn import torch
    >>> jacrev(lambda x: x * x)(torch.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    return _by_argument(functional.jacobian, func, argnums)


def hessian(func: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """The function that gives all second derivatives by one argument.

    >>> from tinygrad_cnn import torch
    >>> hessian(lambda x: (x ** 3).sum())(torch.tensor([2.0]))
    tensor([[12.]])
    """
    return _by_argument(functional.hessian, func, argnums)


jacfwd = jacrev


def _by_argument(whole: Callable[..., Any], func: Callable[..., Any], argnums: int) -> Callable[..., Any]:
    def run(*args: Any) -> Any:
        def of_one(x: Any) -> Any:
            return func(*args[:argnums], x, *args[argnums + 1 :])

        x = args[argnums]
        return whole(of_one, x, create_graph=x.requires_grad)

    return run


def vjp(func: Callable[..., Any], *primals: Any) -> Any:
    """A function's result, and the function that multiplies a vector by its Jacobian.

    >>> from tinygrad_cnn import torch
    >>> vjp(torch.sin, torch.tensor([0.0]))[1](torch.ones(1))
    (tensor([1.]),)
    """
    with enable_grad():
        inputs = [x.detach().requires_grad_() for x in primals]
        output = func(*inputs)

    def pulled(v: Any) -> tuple[Any, ...]:
        slopes = gradients(output, inputs, v, retain_graph=True, allow_unused=True)
        return tuple(x.detach() * 0 if g is None else g for g, x in zip(slopes, inputs, strict=True))

    return output.detach(), pulled


def jvp(func: Callable[..., Any], primals: Any, tangents: Any) -> Any:
    """A function's result, and its Jacobian times vectors.

    >>> from tinygrad_cnn import torch
    >>> jvp(torch.sin, (torch.tensor([0.0]),), (torch.tensor([2.0]),))[1]
    tensor([2.])
    """
    return functional.jvp(func, tuple(primals), tuple(tangents))


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: Any = None,
) -> Callable[..., Any]:
    """The function called for each element along a dimension of its arguments, the results stacked.

    It is called once an element, so it saves writing, not time.

    Args:
        in_dims: the dimension of each argument, None for one that is the same for all.
        out_dims: where the results' new dimension goes.

    >>> from tinygrad_cnn import torch
    >>> vmap(torch.dot)(torch.ones(2, 3), torch.ones(2, 3))
    tensor([3., 3.])
    """

    def run(*args: Any, **kwargs: Any) -> Any:
        dims = in_dims if isinstance(in_dims, (tuple, list)) else [in_dims] * len(args)
        whole = [[arg, dim] for arg, dim in zip(args, dims, strict=True)]
        sizes = {size for arg, dim in whole for size in _sizes(arg, dim)}
        if len(sizes) != 1:
            raise ValueError(
                f"vmap: the arguments have {sorted(sizes)} elements along in_dims={in_dims}; one number fits"
            )
        results = []
        for k in range(sizes.pop()):
            part = [_picked(arg, dim, k) for arg, dim in whole]
            results.append(func(*part, **kwargs))
        first = results[0]
        if isinstance(first, (tuple, list)):
            places = out_dims if isinstance(out_dims, (tuple, list)) else [out_dims] * len(first)
            columns = zip(*results, strict=True)
            return tuple(splitting.stack(list(c), d) for c, d in zip(columns, places, strict=True))
        if isinstance(first, dict):
            return {key: splitting.stack([r[key] for r in results], out_dims) for key in first}
        return splitting.stack(results, out_dims)

    return run


def _sizes(arg: Any, dim: Any) -> set[int]:
    """Sizes of the tensors in an argument along the dimension of each."""
    if dim is None:
        return set()
    if isinstance(dim, (tuple, list)):
        return {size for a, d in zip(arg, dim, strict=True) for size in _sizes(a, d)}
    return {leaf.shape[dim] for leaf in _leaves(arg)}


def _picked(arg: Any, dim: Any, k: int) -> Any:
    if dim is None:
        return arg
    if isinstance(dim, (tuple, list)) and isinstance(arg, (tuple, list)):
        return type(arg)(_picked(a, d, k) for a, d in zip(arg, dim, strict=True))
    return _mapped(arg, lambda leaf: leaf.select(dim, k))


def functional_call(module: Any, parameters_and_buffers: Any, args: Any = None, kwargs: Any = None) -> Any:
    """The result of a module with other parameters and buffers; it is left as it was.

    Args:
        parameters_and_buffers: tensors by their path, or several such dictionaries.
        args: one argument, or a tuple of them.

    Raises:
        RuntimeError: the module has nothing at a path.

    >>> from tinygrad_cnn import torch
    >>> layer = torch.nn.Linear(1, 1)
    >>> functional_call(layer, {"weight": torch.ones(1, 1), "bias": torch.zeros(1)}, torch.tensor([3.0]))
    tensor([3.])
    """
    given = parameters_and_buffers
    values = given if isinstance(given, dict) else {k: v for part in given for k, v in part.items()}
    places: list[tuple[dict[str, Any], str, Any]] = []
    for path, value in values.items():
        head, _, name = path.rpartition(".")
        attributes = vars(module.get_submodule(head))
        if not isinstance(attributes.get(name), Tensor):
            raise RuntimeError(
                f"functional_call: {type(module).__name__} has no parameter or buffer {path!r}"
            )
        places.append((attributes, name, value))
    before = [(attributes, name, attributes[name]) for attributes, name, _ in places]

    def put(all_of: list[tuple[dict[str, Any], str, Any]]) -> None:
        for attributes, name, value in all_of:
            attributes[name] = value

    with Restoring(partial(put, places), partial(put, before)):
        inputs = args if isinstance(args, tuple) else () if args is None else (args,)
        return module(*inputs, **(kwargs or {}))


__getattr__ = guard("torch.func", globals())
