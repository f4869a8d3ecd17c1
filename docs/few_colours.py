"""Pictures of few colours: drawings need no more, and take a third of the bytes."""

from __future__ import annotations

from io import BytesIO

from PIL import Image


def few_colours(png: bytes) -> bytes:
    """A PNG of at most 64 colours.

    Args:
        png: of any colours.
    """
    buffer = BytesIO()
    image = Image.open(BytesIO(png)).convert("RGB").quantize(64, dither=Image.Dither.NONE)
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
