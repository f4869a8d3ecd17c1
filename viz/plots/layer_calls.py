"""Run a model once, look inside, and leave no trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinygrad_cnn import Tensor, nn, rng
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.nn.module import unchanged_buffers
from tinygrad_cnn.restoring import Restoring
from viz.recording.summary import values_of


def undisturbed(model: nn.Module, *, training: bool | None = None) -> Restoring[None]:
    """Whatever runs inside, the model's modes and buffers and all generators are put back after.

    Gradients are not looked after: inside, take them by `grad`, which writes none.

    Args:
        model: what will run.   training: the mode to run it in; None leaves each module's own.

    >>> model = nn.Sequential(nn.Dropout())
    >>> with undisturbed(model, training=False):
    ...     model.training
    False
    >>> model.training
    True
    """
    modules = list(model.modules())
    modes = [vars(module).get("training") for module in modules]
    buffers = unchanged_buffers(model)
    generators = rng.undisturbed(model)

    def begin() -> None:
        generators.__enter__()
        buffers.__enter__()
        if training is not None:
            model.train(training)

    def end() -> None:
        generators.leave()
        for module, mode in zip(modules, modes, strict=True):
            if mode is None:
                vars(module).pop("training", None)
            else:
                module.training = mode
        buffers.leave()

    return Restoring(begin, end)


def noting(modules: Mapping[str, nn.Module]) -> Restoring[list[tuple[str, Any]]]:
    """Note the result of each call of these modules, in the order in which calls end.

    Args:
        modules: by the name to note them under.
    Returns:
        A list that fills while the block runs: (name, result).

    >>> layer = nn.ReLU()
    >>> with noting({"relu": layer}) as calls:
    ...     _ = layer(Tensor([-1.0, 2.0]))
    >>> calls
    [('relu', Tensor([0., 2.]))]
    """
    calls: list[tuple[str, Any]] = []
    before = {name: vars(module).get("forward") for name, module in modules.items()}

    def begin() -> list[tuple[str, Any]]:
        for name, module in modules.items():
            # On the object itself: found before the class's, and gone again when deleted.
            vars(module)["forward"] = _noted(name, module.forward, calls)
        return calls

    def end() -> None:
        for name, module in modules.items():
            if before[name] is None:
                vars(module).pop("forward", None)
            else:
                vars(module)["forward"] = before[name]

    return Restoring(begin, end)


def _noted(name: str, forward: Any, calls: list[tuple[str, Any]]) -> Any:
    def noted(*operands: Any, **options: Any) -> Any:
        result = forward(*operands, **options)
        calls.append((name, result))
        return result

    return noted


def check_model(function: str, model: Any) -> None:
    """Refuse what is not a Module.

    >>> check_model("viz.saliency", nn.ReLU())
    """
    if not isinstance(model, nn.Module):
        raise DTypeError(f"{function}: model is a {type(model).__name__}; a Module fits")


def one_image(function: str, image: Any) -> Tensor:
    """An image as a batch of one, a leaf that wants a gradient; the caller's array is copied.

    Args:
        image: (C, H, W) or (1, C, H, W), of a float type; an array or a Tensor.
    Raises:
        ShapeError: another shape, or no pixel.   DTypeError: not floats.

    >>> one_image("viz.saliency", np.zeros((3, 8, 8))).shape
    (1, 3, 8, 8)
    """
    values = values_of(image)
    batch = values[None] if values.ndim == 3 else values
    if batch.ndim != 4 or batch.shape[0] != 1 or not batch.size:
        raise ShapeError(
            f"{function}: image has shape {values.shape}; one image, (C, H, W) or (1, C, H, W), fits"
        )
    if batch.dtype.kind != "f":
        raise DTypeError(f"{function}: image has dtype {batch.dtype}; floats fit, such as image / 255")
    return Tensor(batch, requires_grad=True, name="image")


def picture(image: Tensor) -> tuple[Any, dict[str, Any]]:
    """A batch of one as pixels and the options of `imshow`: in colour, or the channels' mean in grey.

    >>> picture(Tensor(np.zeros((1, 1, 8, 6))))[0].shape
    (8, 6)
    """
    pixels = np.asarray(values_of(image)[0], dtype=np.float64)
    if len(pixels) == 3 and np.min(pixels) >= 0 and np.max(pixels) <= 1:
        return np.moveaxis(pixels, 0, -1), {}
    return pixels.mean(axis=0), {"cmap": "gray"}


def choose(
    function: str, model: nn.Module, layers: Sequence[str | nn.Module] | None, usual: Any
) -> dict[str, nn.Module]:
    """Modules of a model by path.

    Args:
        layers: paths or the modules themselves; None: all of which `usual(module)` is true.
    Raises:
        ArgumentError: a layer is not part of the model, or there is none.

    >>> list(choose("viz.feature_maps", nn.Sequential(nn.ReLU(), nn.Flatten()), ["1"], bool))
    ['1']
    """
    known = dict(model.named_modules())
    if layers is None:
        found = {path: module for path, module in known.items() if usual(module)}
    else:
        if isinstance(layers, (str, nn.Module)):
            layers = [layers]
        paths = {id(module): path for path, module in known.items()}
        names = [layer if isinstance(layer, str) else paths.get(id(layer)) for layer in layers]
        for layer, name in zip(layers, names, strict=True):
            if name not in known:
                what = repr(layer) if isinstance(layer, str) else f"this {type(layer).__name__}"
                there = ", ".join(path for path in list(known)[:12] if path) or "none but itself"
                raise ArgumentError(f"{function}: {what} is not part of the model; its parts: {there}")
        found = {name: known[name] for name in names if name is not None}
    if not found:
        raise ArgumentError(f"{function}: no layer to show; name some by layers=['0', 'features.3']")
    return found


def computes(module: nn.Module) -> bool:
    """Whether a layer is worth a row: it is made of no others, and does not just pass values on.

    >>> [computes(module) for module in (nn.ReLU(), nn.Flatten(), nn.Sequential(nn.ReLU()))]
    [True, False, False]
    """
    return not list(module.children()) and not isinstance(module, (nn.Flatten, nn.Dropout))


def named(calls: Sequence[tuple[str, Any]], modules: Mapping[str, nn.Module]) -> list[tuple[str, Any]]:
    """A title and the result of each call: 'features.0 · Conv2d', and '… (2)' for a second call.

    >>> layer = nn.ReLU()
    >>> named([("0", 1), ("0", 2)], {"0": layer})
    [('0 · ReLU', 1), ('0 · ReLU (2)', 2)]
    """
    times: dict[str, int] = {}
    titled = []
    for path, result in calls:
        times[path] = times.get(path, 0) + 1
        kind = type(modules[path]).__name__
        title = f"{path} · {kind}" if path else kind
        titled.append((title if times[path] == 1 else f"{title} ({times[path]})", result))
    return titled
