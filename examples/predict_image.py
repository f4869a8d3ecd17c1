"""Say what is in a picture: label and probabilities of image files, by a model that was saved.

    python examples/predict_image.py cat.jpg --model runs/cats_and_dogs/best.safetensors

The model file is one of `save_model` or of a checkpoint: it holds the structure, so nothing else is
needed. Size, channels and names of the classes are read from its notes, where it has them; see
`save_model(path, model, size=(64, 64), classes=["cat", "dog"])`. Photographs of any size fit, in
grey, RGB, palette or CMYK colours, transparent or turned on their side: they are made upright,
resized, and divided by 255.

Ends with status 0; 1 if an image could not be read; 2 if the model or the command line does not fit.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_cnn import Tensor, nn, no_grad
from tinygrad_cnn import functional as F
from tinygrad_cnn.data import Normalize, load_image
from tinygrad_cnn.errors import ArgumentError, ShapeError, TinygradCnnError
from tinygrad_cnn.train import load_model, load_notes


def settings(notes: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Find how images must come: by the command line, else by the notes in the model file."""
    size = options.size or notes.get("size")
    if size is None:
        raise ArgumentError(f"{options.model}: does not say how large its images are; give --size H,W")
    return {
        "size": tuple(size) if isinstance(size, (list, tuple)) else size,
        "channels": options.channels or notes.get("channels", 3),
        "classes": options.classes or notes.get("classes"),
        "mean": notes.get("mean", 0.0),
        "std": notes.get("std", 1.0),
    }


@no_grad()
def probabilities(model: nn.Module, image: np.ndarray) -> np.ndarray:
    """The probability of each class, (K,), for one image (C, H, W)."""
    outputs = model(Tensor(image[None]))
    scores = outputs[0] if isinstance(outputs, tuple) else outputs
    if scores.ndim != 2:
        raise ShapeError(f"the model gives {scores.shape}, scores (1, classes) fit")
    if scores.shape[1] == 1:  # one score: that of the second of two classes
        second = F.sigmoid(scores).numpy()[0, 0]
        return np.array([1 - second, second])
    return F.softmax(scores, axis=1).numpy()[0]


def shown(found: np.ndarray, classes: Any, top: int) -> list[str]:
    """The classes by falling probability, as 'cat 97.31 %'."""
    names = [str(k) for k in range(len(found))] if classes is None else list(classes)
    if len(names) != len(found):
        raise ShapeError(f"{len(names)} names of classes, {names}, for {len(found)} outputs of the model")
    order = np.argsort(-found, kind="stable")[:top]
    return [f"{names[k]} {found[k]:.2%}" for k in order]


def pair(text: str) -> tuple[int, int]:
    """(H, W) of '64' or '48,64'."""
    sides = [int(side) for side in text.split(",")]
    if len(sides) not in (1, 2) or min(sides) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size; 64 or 48,64 (height, width) fits")
    return sides[0], sides[-1]


def main() -> int:
    """Read the options, the model and the images; print a line for each image."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog="Status 1: an image could not be read."
    )
    parser.add_argument("images", metavar="IMAGE", nargs="+", type=Path)
    parser.add_argument("--model", metavar="FILE", type=Path, required=True, help="of save_model")
    parser.add_argument("--size", metavar="H,W", type=pair, help="of the images that the model learnt from")
    parser.add_argument("--channels", type=int, choices=(1, 3, 4), help="1 for grey; else the file's, or 3")
    parser.add_argument("--classes", metavar="A,B", type=lambda text: text.split(","), help="their names")
    parser.add_argument("--top", type=int, default=5, help="how many classes to show")
    options = parser.parse_args()
    try:
        model = load_model(options.model).eval()
        asked = settings(load_notes(options.model), options)
    except (TinygradCnnError, OSError) as error:
        print(f"predict_image: {error}", file=sys.stderr)
        return 2
    status = 0
    for path in options.images:
        try:
            image = load_image(path, asked["size"], asked["channels"])
        except (TinygradCnnError, OSError) as error:
            print(f"predict_image: {error}", file=sys.stderr)
            status = 1
            continue
        try:
            found = probabilities(model, Normalize(asked["mean"], asked["std"])(image))
            lines = shown(found, asked["classes"], options.top)
        except TinygradCnnError as error:
            print(
                f"predict_image: {options.model} does not take images of (C, H, W) {image.shape}: {error}",
                file=sys.stderr,
            )
            return 2
        print(f"{path}: {lines[0]}" + (f"   ({', '.join(lines[1:])})" if lines[1:] else ""))
    return status


if __name__ == "__main__":
    sys.exit(main())
