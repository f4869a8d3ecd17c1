"""`torchvision.transforms.functional`: one change of one image, of Pillow's or a tensor (..., C, H, W)."""

from __future__ import annotations

import enum
import importlib
import math
from typing import Any

import numpy as np

from tinygrad_cnn import functional as F
from tinygrad_cnn.torch import dtypes
from tinygrad_cnn.torch.nn import functional as nn_functional
from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torch.tensors import Tensor
from tinygrad_cnn.torchvision.datasets.vision import image_class
from tinygrad_cnn.torchvision.transforms.colours import turned


class InterpolationMode(enum.Enum):
    """The ways to make pixels between pixels."""

    NEAREST = "nearest"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"
    NEAREST_EXACT = "nearest-exact"


_PILLOW = {
    "nearest": 0,
    "nearest-exact": 0,
    "lanczos": 1,
    "bilinear": 2,
    "bicubic": 3,
    "box": 4,
    "hamming": 5,
}


def _filter(interpolation: Any) -> int:
    return interpolation if isinstance(interpolation, int) else _PILLOW[interpolation.value]


def to_tensor(pic: Any) -> Any:
    """An image (H, W, C) of bytes as a tensor (C, H, W) from 0 to 1."""
    if isinstance(pic, Tensor):
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
    if isinstance(pic, np.ndarray):
        array = pic[:, :, None] if pic.ndim == 2 else pic
    else:
        modes = {"I": np.int32, "I;16": np.int16, "F": np.float32}
        array = np.array(pic, modes.get(pic.mode, np.uint8))
        if pic.mode == "1":
            array = 255 * array
        array = array.reshape(pic.size[1], pic.size[0], -1)
    array = np.ascontiguousarray(array.transpose(2, 0, 1))
    return Tensor.detached(
        array.astype(dtypes.get_default_dtype().dtype) / 255 if array.dtype == np.uint8 else array
    )


def pil_to_tensor(pic: Any) -> Any:
    """An image (H, W, C) as a tensor (C, H, W) of its own type."""
    array = np.array(pic)
    return Tensor.detached(
        array[None] if array.ndim == 2 else np.ascontiguousarray(array.transpose(2, 0, 1))
    )


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A tensor (C, H, W) or an array (H, W, C) as an image."""
    if isinstance(pic, Tensor):
        array = pic._array if pic._array.ndim == 3 else pic._array[None]
        if array.dtype.kind == "f":
            array = (array * 255).astype(np.uint8)
        array = array.transpose(1, 2, 0)
    else:
        array = pic if pic.ndim == 3 else pic[:, :, None]
    return image_class().fromarray(
        array[:, :, 0] if array.shape[2] == 1 else array, **({"mode": mode} if mode else {})
    )


def normalize(tensor: Any, mean: Any, std: Any, inplace: bool = False) -> Any:
    """(x - mean) / std by channels."""
    kind = tensor._array.dtype
    if kind.kind != "f":
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    centre, spread = np.asarray(mean, kind).reshape(-1, 1, 1), np.asarray(std, kind).reshape(-1, 1, 1)
    if (spread == 0).any():
        raise ValueError(
            f"std evaluated to zero after conversion to {tensor.dtype}, leading to division by zero."
        )
    out = (tensor - Tensor.detached(centre)) / Tensor.detached(spread)
    if out._array.shape != tensor._array.shape:
        raise RuntimeError(
            f"output with shape {list(tensor.shape)} doesn't match the broadcast shape {list(out.shape)}: "
            f"{centre.size} means for images with {tensor.shape[-3]} channels"
        )
    return tensor.copy_(out) if inplace else out


def get_image_size(img: Any) -> list[int]:
    """Width and height."""
    return [img._array.shape[-1], img._array.shape[-2]] if isinstance(img, Tensor) else list(img.size)


get_size = get_image_size


def get_dimensions(img: Any) -> list[int]:
    """Channels, height and width."""
    if isinstance(img, Tensor):
        return list(img._array.shape[-3:])
    return [len(img.getbands()), img.height, img.width]


def resize(
    img: Any,
    size: Any,
    interpolation: Any = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """Another size: (H, W), or the length of the shorter side."""
    width, height = get_image_size(img)
    if isinstance(size, (list, tuple)) and len(size) == 1:
        size = size[0]
    if isinstance(size, int):
        short, long = sorted((width, height))
        longer = int(size * long / short)
        if max_size is not None and longer > max_size:
            size, longer = int(max_size * size / longer), max_size
        wanted = (longer, size) if height > width else (size, longer)
    else:
        wanted = (int(size[0]), int(size[1]))
    if isinstance(img, Tensor):
        single = img._array.ndim == 3
        x: Any = F.expand_dims(img, 0) if single else img
        kind = x._array.dtype
        out = nn_functional.interpolate(
            x if kind.kind == "f" else x.float(), wanted, mode=interpolation.value,
            align_corners=None if interpolation.value == "nearest" else False,
        )  # fmt: skip
        out = out if kind.kind == "f" else out.round().to(dtypes.of_numpy(kind))
        return F.squeeze(out, 0) if single else out
    return img.resize((wanted[1], wanted[0]), _filter(interpolation))


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """A part of an image; 0 outside."""
    if not isinstance(img, Tensor):
        return img.crop((left, top, left + width, top + height))
    w, h = get_image_size(img)
    if left < 0 or top < 0 or left + width > w or top + height > h:
        img = nn_functional.pad(
            img, [max(-left, 0), max(left + width - w, 0), max(-top, 0), max(top + height - h, 0)]
        )
        left, top = max(left, 0), max(top, 0)
    return img[..., top : top + height, left : left + width]


def center_crop(img: Any, output_size: Any) -> Any:
    """The middle of an image; 0 around it where it is smaller."""
    h, w = (output_size, output_size) if isinstance(output_size, int) else (output_size * 2)[:2]
    width, height = get_image_size(img)
    if w > width or h > height:
        left, top = max((w - width) // 2, 0), max((h - height) // 2, 0)
        img = pad(img, [left, top, max((w - width + 1) // 2, 0), max((h - height + 1) // 2, 0)])
        width, height = get_image_size(img)
    return crop(img, round((height - h) / 2.0), round((width - w) / 2.0), h, w)


def pad(img: Any, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> Any:
    """A border: one width, (left and right, top and bottom), or (left, top, right, bottom)."""
    given = [padding] if isinstance(padding, int) else list(padding)
    left, top, right, bottom = given * 4 if len(given) == 1 else given * 2 if len(given) == 2 else given
    if isinstance(img, Tensor):
        mode = {"edge": "replicate", "symmetric": "symmetric"}.get(padding_mode, padding_mode)
        return nn_functional.pad(img, [left, right, top, bottom], mode, fill)
    array = np.asarray(img)
    widths = [(top, bottom), (left, right)] + [(0, 0)] * (array.ndim - 2)
    if padding_mode == "constant" and isinstance(fill, (tuple, list)):
        layers = [np.pad(array[..., k], widths[:2], constant_values=fill[k]) for k in range(array.shape[2])]
        return image_class().fromarray(np.stack(layers, -1))
    options: dict[str, Any] = {"constant_values": fill} if padding_mode == "constant" else {}
    return image_class().fromarray(np.pad(array, widths, padding_mode, **options))  # type: ignore[call-overload]


def hflip(img: Any) -> Any:
    """Left and right exchanged."""
    return F.flip(img, -1) if isinstance(img, Tensor) else img.transpose(0)


def vflip(img: Any) -> Any:
    """Top and bottom exchanged."""
    return F.flip(img, -2) if isinstance(img, Tensor) else img.transpose(1)


def rotate(
    img: Any,
    angle: float,
    interpolation: Any = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Any = None,
    fill: Any = None,
) -> Any:
    """Turned counter-clockwise by degrees."""
    if isinstance(img, Tensor):
        return to_tensor(to_pil_image(img).rotate(angle, _filter(interpolation), expand, center))
    return img.rotate(angle, _filter(interpolation), expand, center, fillcolor=fill)


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """An image in grey."""
    grey = img.convert("L")
    return grey if num_output_channels == 1 else image_class().merge("RGB", [grey] * 3)


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """A tensor of colours in grey."""
    if not isinstance(img, Tensor):
        return to_grayscale(img, num_output_channels)
    r, g, b = img.unbind(-3)
    grey = (0.2989 * r + 0.587 * g + 0.114 * b).unsqueeze(-3)
    return grey if num_output_channels == 1 else F.concatenate([grey] * 3, axis=-3)


def _enhanced(img: Any, kind: str, factor: float) -> Any:
    from PIL import ImageEnhance

    if isinstance(img, Tensor):
        return to_tensor(getattr(ImageEnhance, kind)(to_pil_image(img)).enhance(factor))
    return getattr(ImageEnhance, kind)(img).enhance(factor)


def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """Brighter by a factor."""
    return _enhanced(img, "Brightness", brightness_factor)


def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """More contrast by a factor."""
    return _enhanced(img, "Contrast", contrast_factor)


def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """More colour by a factor."""
    return _enhanced(img, "Color", saturation_factor)


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """Colours turned by a share of the circle.

    Raises:
        ValueError: the share is not from -0.5 to 0.5.
    """
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"adjust_hue: hue_factor from -0.5 to 0.5 fits, got {hue_factor}")
    if isinstance(img, Tensor):
        if img._array.shape[-3] == 1:
            return img
        if img._array.dtype.kind == "f":
            return Tensor.detached(turned(img._array, hue_factor))
        return convert_image_dtype(adjust_hue(convert_image_dtype(img), hue_factor), img.dtype)
    if img.mode in ("L", "1", "I", "F"):
        return img
    hue, saturation, value = img.convert("HSV").split()
    moved = np.asarray(hue, np.uint8) + np.int32(hue_factor * 255).astype(np.uint8)
    return (
        image_class()
        .merge("HSV", (image_class().fromarray(moved.astype(np.uint8)), saturation, value))
        .convert(img.mode)
    )


def convert_image_dtype(image: Any, dtype: Any = dtypes.float32) -> Any:
    """Another type, scaled to its range."""
    old, new = image._array.dtype, dtypes.to_numpy(dtype)
    if old.kind == "f" and new.kind != "f":
        top = np.iinfo(new).max
        return Tensor.detached((image._array * (top + 1 - 1e-3)).astype(new))
    if old.kind != "f" and new.kind == "f":
        return image.to(dtype) / float(np.iinfo(old).max)
    return image.to(dtype)


def _on_images(change: Any) -> Any:
    """A change of Pillow's images, of tensors too."""

    def run(img: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(img, Tensor):
            return change(img, *args, **kwargs)
        out = change(to_pil_image(img), *args, **kwargs)
        return to_tensor(out) if img._array.dtype.kind == "f" else pil_to_tensor(out)

    run.__name__, run.__doc__ = change.__name__, change.__doc__
    return run


@_on_images
def affine(
    img: Any, angle: float, translate: Any, scale: float, shear: Any, interpolation: Any = InterpolationMode.NEAREST,
    fill: Any = None, center: Any = None,
) -> Any:  # fmt: skip
    """Turned clockwise by degrees, moved, scaled, slanted by degrees along x and y; around the middle."""
    slants = [shear, 0.0] if isinstance(shear, (int, float)) else [*shear, 0.0][:2]
    cx, cy = (img.size[0] * 0.5, img.size[1] * 0.5) if center is None else center
    turn, sx, sy = math.radians(angle), math.radians(slants[0]), math.radians(slants[1])
    a, c = math.cos(turn - sy) / math.cos(sy), math.sin(turn - sy) / math.cos(sy)
    b, d = -a * math.tan(sx) - math.sin(turn), -c * math.tan(sx) + math.cos(turn)
    A, B, D, E = d / scale, -b / scale, -c / scale, a / scale  # back from the result to the image
    x, y = -cx - translate[0], -cy - translate[1]
    matrix = (A, B, A * x + B * y + cx, D, E, D * x + E * y + cy)
    return img.transform(img.size, 0, matrix, _filter(interpolation), fillcolor=fill)


@_on_images
def adjust_sharpness(img: Any, sharpness_factor: float) -> Any:
    """Sharper by a factor."""
    return _enhanced(img, "Sharpness", sharpness_factor)


def _pillow(called: str) -> Any:
    image_class()
    return getattr(importlib.import_module("PIL.ImageOps"), called)


@_on_images
def invert(img: Any) -> Any:
    """Light and dark exchanged."""
    return _pillow("invert")(img)


@_on_images
def posterize(img: Any, bits: int) -> Any:
    """So many bits a colour."""
    return _pillow("posterize")(img, bits)


@_on_images
def solarize(img: Any, threshold: float) -> Any:
    """Invert what is brighter than a threshold."""
    return _pillow("solarize")(img, threshold)


@_on_images
def autocontrast(img: Any) -> Any:
    """From black to white."""
    return _pillow("autocontrast")(img)


@_on_images
def equalize(img: Any) -> Any:
    """As many pixels of each brightness."""
    return _pillow("equalize")(img)


def resized_crop(
    img: Any, top: int, left: int, height: int, width: int, size: Any, interpolation: Any = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:  # fmt: skip
    """A part of an image in another size."""
    return resize(crop(img, top, left, height, width), size, interpolation, antialias=antialias)


__getattr__ = _guard("torchvision.transforms.functional", globals())
