"""The pixels that a network's answer hangs on: saliency and Grad-CAM."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_cnn import Tensor, enable_grad, grad, nn
from tinygrad_cnn.errors import ArgumentError, GraphError, ShapeError
from viz.plots.figures import figure, finish, look
from viz.plots.layer_calls import check_model, choose, noting, one_image, picture, undisturbed
from viz.recording.module_run import beside
from viz.recording.summary import values_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def saliency(
    model: nn.Module, image: Any, label: int | None = None, path: str | Path | None = None
) -> Figure:
    """Draw how strongly each pixel moves the score of a class, beside the image.

        map[i,j] = max over c of |d score[label] / d image[c,i,j]|

    The model runs once as after `eval()`; its modes, gradients, buffers and generators stay as they
    were.

    Args:
        model: a Module that takes a batch of images and gives scores (N, classes).
        image: (C, H, W) or (1, C, H, W), of a float type.
        label: the class; None takes the one with the highest score.
        path: where to save it, .png, .svg or .pdf; None saves nothing.
    Returns:
        The Matplotlib Figure; `figure.axes[1].images[0].get_array()` is the map.
    Raises:
        ShapeError: the image is not one image, or the model gives no scores.
        ArgumentError: no such class.   DTypeError: not a Module, or not floats.
        MissingExtraError: Matplotlib is not installed.
    Source: Simonyan et al. 2014, arXiv:1312.6034.

    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10, rng=0))
    >>> drawn = saliency(model, np.ones((1, 8, 8), "float32"), label=3)
    >>> drawn.axes[1].images[0].get_array().shape
    (8, 8)
    """
    check_model("viz.saliency", model)
    x = beside(model, one_image("viz.saliency", image))
    with undisturbed(model, training=False), enable_grad():
        scores = model(x)
        label = _class("viz.saliency", scores, label)
        slopes = grad(scores[0, label], x)
    strength = np.abs(values_of(slopes)[0]).max(axis=0)
    with look():
        drawn, panels = _beside("viz.saliency", x, f"Saliency · {_said(scores, label)}")
        panels[1].imshow(strength, cmap="inferno", vmin=0.0, interpolation="nearest")
        return finish("viz.saliency", drawn, path)


def grad_cam(
    model: nn.Module, image: Any, layer: str | nn.Module, label: int | None = None,
    path: str | Path | None = None,
) -> Figure:  # fmt: skip
    """Draw where a layer's maps speak for a class, laid over the image.

        weight[k] = mean over i,j of d score[label] / d map[k,i,j]
        cam[i,j] = relu(sum over k of weight[k] * map[k,i,j])

    The model runs once as after `eval()`; its modes, gradients, buffers and generators stay as they
    were.

    Args:
        model, image, label, path: as for `saliency`.
        layer: path or module whose result is maps (1, K, h, w); the last convolution is usual.
    Returns:
        The Matplotlib Figure; `figure.axes[1].images[1].get_array()` is the (h, w) cam.
    Raises:
        ArgumentError: no such layer or class, or the layer did not run.
        ShapeError: the layer gives no maps, the image is not one image, or there are no scores.
        GraphError: the score does not depend on the layer.
        DTypeError: not a Module, or not floats.   MissingExtraError: Matplotlib is not installed.
    Source: Selvaraju et al. 2017, arXiv:1610.02391.

    >>> model = nn.Sequential(nn.Conv2d(1, 4, 3, rng=0), nn.Flatten(), nn.Linear(144, 10, rng=0))
    >>> drawn = grad_cam(model, np.ones((1, 8, 8), "float32"), "0")
    >>> drawn.axes[1].images[1].get_array().shape
    (6, 6)
    """
    check_model("viz.grad_cam", model)
    x = beside(model, one_image("viz.grad_cam", image))
    chosen = choose("viz.grad_cam", model, [layer], None)
    name = next(iter(chosen)) or type(model).__name__
    with undisturbed(model, training=False), noting(chosen) as calls, enable_grad():
        scores = model(x)
        label = _class("viz.grad_cam", scores, label)
        maps = _maps(name, calls)
        slopes = grad(scores[0, label], maps, allow_unused=True)
    if slopes is None:
        raise GraphError(f"viz.grad_cam: the score of class {label} does not depend on {name!r}")
    weights = values_of(slopes)[0].mean(axis=(1, 2))
    cam = np.maximum(np.tensordot(weights, values_of(maps)[0], axes=1), 0)
    with look():
        drawn, panels = _beside("viz.grad_cam", x, f"Grad-CAM at {name} · {_said(scores, label)}")
        height, width = x.shape[2:]
        pixels, _ = picture(x)
        panels[1].imshow(pixels if pixels.ndim == 2 else pixels.mean(axis=2), cmap="gray")
        top = float(cam.max()) or 1.0
        panels[1].imshow(  # clear where nothing speaks for the class
            cam, cmap="turbo", vmin=0.0, vmax=top, alpha=0.75 * np.sqrt(cam / top),
            interpolation="bilinear", extent=(-0.5, width - 0.5, height - 0.5, -0.5),
        )  # fmt: skip
        if not cam.any():
            panels[1].set_xlabel("nothing here speaks for this class")
        return finish("viz.grad_cam", drawn, path)


def _maps(name: str, calls: list[tuple[str, Any]]) -> Tensor:
    """The layer's last result, which is what the rest of the model saw of it."""
    if not calls:
        raise ArgumentError(f"viz.grad_cam: layer {name!r} did not run; a layer of the forward pass fits")
    maps = calls[-1][1]
    if not isinstance(maps, Tensor) or maps.ndim != 4 or not maps.size:
        got = f"shape {maps.shape}" if isinstance(maps, Tensor) else f"a {type(maps).__name__}"
        raise ShapeError(f"viz.grad_cam: layer {name!r} gives {got}; maps (1, K, h, w) fit")
    return maps


def _class(function: str, scores: Any, label: int | None) -> int:
    """The class to explain, once the scores are known to be scores."""
    if not isinstance(scores, Tensor) or scores.ndim != 2 or scores.shape[0] != 1 or not scores.size:
        got = f"shape {scores.shape}" if isinstance(scores, Tensor) else f"a {type(scores).__name__}"
        raise ShapeError(f"{function}: the model gives {got} for one image; scores (1, classes) fit")
    if label is None:
        return int(np.argmax(values_of(scores)[0]))
    if isinstance(label, bool) or not isinstance(label, (int, np.integer)) or not 0 <= label < scores.size:
        file = "; a file is given by path=" if isinstance(label, (str, Path)) else ""
        raise ArgumentError(
            f"{function}: label is {label!r}; a class from 0 to {scores.size - 1} fits{file}"
        )
    return int(label)


def _said(scores: Tensor, label: int) -> str:
    return f"class {label}, score {values_of(scores)[0, label]:.3g}"


def _beside(function: str, image: Tensor, title: str) -> tuple[Any, Any]:
    """A Figure with the image on the left and an empty panel on the right."""
    drawn = figure(function, (6.4, 3.5))
    panels = drawn.subplots(1, 2)
    pixels, options = picture(image)
    panels[0].imshow(pixels, **options)
    panels[0].set_title("Image", loc="left")
    panels[1].set_title(title, loc="left")
    for axes in panels:
        axes.set_xticks([])
        axes.set_yticks([])
        for edge in axes.spines.values():
            edge.set_visible(False)
    return drawn, panels
