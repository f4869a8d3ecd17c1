"""Drawn faces of cats and dogs, for examples that want photographs in folders and have none.

    python examples/drawn_faces.py --out FOLDER

Cats have pointed ears and whiskers, dogs have hanging ears and a tongue; size, place, colours and file
sizes are drawn at random. The files lie in one folder per class, as photographs would.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]


def draw_faces(folder: Path, count: int, seed: int) -> None:
    """Write so many JPEG files of each class: folder/cat/0.jpg, folder/dog/0.jpg, ..."""
    rng = np.random.default_rng(seed)
    for name in ("cat", "dog"):
        Path(folder, name).mkdir(parents=True, exist_ok=True)
        for k in range(count):
            width, height = (int(side) for side in rng.integers(64, 128, 2))
            image = Image.fromarray(rng.integers(0, 120, (8, 8, 3)).astype(np.uint8)).resize(
                (width, height)
            )
            face(ImageDraw.Draw(image), name, (width, height), rng)
            image.save(Path(folder, name, f"{k}.jpg"), quality=90)


def face(pen: ImageDraw.ImageDraw, name: str, size: tuple[int, int], rng: np.random.Generator) -> None:
    """One face on an image of a size in pixels."""
    width, height = size
    radius = min(size) * rng.uniform(0.2, 0.3)
    x, y = width * rng.uniform(0.4, 0.6), height * rng.uniform(0.45, 0.6)
    fur, dark = colour(rng, 110, 250), colour(rng, 0, 60)

    def disc(right: float, down: float, wide: float, high: float, fill: Colour) -> None:
        box = (
            x + radius * (right - wide),
            y + radius * (down - high),
            x + radius * (right + wide),
            y + radius * (down + high),
        )
        pen.ellipse(box, fill=fill)

    for side in (-1, 1):
        if name == "cat":
            corners = ((0.25, -0.85), (0.95, -0.3), (0.9, -1.5))
            pen.polygon(
                [(x + side * radius * right, y + radius * down) for right, down in corners], fill=fur
            )
        else:
            disc(side * 1.0, 0.1, 0.3, 0.75, dark)
    disc(0, 0, 1, 0.9, fur)
    for side in (-1, 1):
        disc(side * 0.4, -0.2, 0.14, 0.14, dark)
        if name == "cat":
            for slope in (0.1, 0.3, 0.5):
                start, end = (
                    (x + side * radius * 0.25, y + radius * 0.3),
                    (x + side * radius * 1.3, y + radius * slope),
                )
                pen.line((start, end), fill=dark)
    disc(0, 0.25, 0.16, 0.12, dark)
    if name == "dog":
        disc(0, 0.7, 0.15, 0.3, (220, 90, 110))


def colour(rng: np.random.Generator, low: int, high: int) -> Colour:
    """Red, green and blue, each evenly from low to high."""
    red, green, blue = (int(part) for part in rng.integers(low, high, 3))
    return red, green, blue


def main() -> None:
    """Twenty of each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("runs", "drawn_faces"), help="folder to write")
    parser.add_argument("--count", type=int, default=20, help="files of each class")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="the same: it is quick already")
    chosen = parser.parse_args()
    draw_faces(chosen.out, chosen.count, chosen.seed)
    print(f"{chosen.count} cats and {chosen.count} dogs in {chosen.out}")


if __name__ == "__main__":
    main()
