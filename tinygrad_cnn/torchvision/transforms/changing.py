"""Transforms without chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_cnn.torch.generators import default_generator
from tinygrad_cnn.torch.nn import functional
from tinygrad_cnn.torch.nn.modules import Module
from tinygrad_cnn.torch.tensors import Tensor
from tinygrad_cnn.torchvision.transforms import functional as F
from tinygrad_cnn.torchvision.transforms.functional import InterpolationMode


class Compose:
    """Transforms one after the other."""

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        lines = "".join(f"\n    {t}" for t in self.transforms)
        return f"{type(self).__name__}({lines}\n)"


class ToTensor:
    """An image of bytes as a tensor (C, H, W) from 0 to 1."""

    def __call__(self, pic: Any) -> Any:
        return F.to_tensor(pic)

    def __repr__(self) -> str:
        return "ToTensor()"


class PILToTensor:
    """An image as a tensor (C, H, W) of its type."""

    def __call__(self, pic: Any) -> Any:
        return F.pil_to_tensor(pic)


class ToPILImage:
    """A tensor or an array as an image."""

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Any) -> Any:
        return F.to_pil_image(pic, self.mode)


class Lambda:
    """A function of the program."""

    def __init__(self, lambd: Callable[[Any], Any]) -> None:
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        return self.lambd(img)


class Normalize(Module):
    """(x - mean) / std by channels."""

    def __init__(self, mean: Any, std: Any, inplace: bool = False) -> None:
        super().__init__()
        self.mean, self.std, self.inplace = mean, std, inplace

    def forward(self, tensor: Any) -> Any:
        """The normalised tensor."""
        return F.normalize(tensor, self.mean, self.std, self.inplace)

    def __repr__(self) -> str:
        return f"Normalize(mean={self.mean}, std={self.std})"


class Resize(Module):
    """Another size."""

    def __init__(
        self,
        size: Any,
        interpolation: Any = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size_, self.interpolation, self.max_size = size, interpolation, max_size

    def forward(self, img: Any) -> Any:
        """The resized image."""
        return F.resize(img, self.size_, self.interpolation, self.max_size)


Scale = Resize


class CenterCrop(Module):
    """The middle."""

    def __init__(self, size: Any) -> None:
        super().__init__()
        self.output_size = size

    def forward(self, img: Any) -> Any:
        """The middle of the image."""
        return F.center_crop(img, self.output_size)


class Pad(Module):
    """A border."""

    def __init__(self, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        self.padding, self.fill, self.padding_mode = padding, fill, padding_mode

    def forward(self, img: Any) -> Any:
        """The image with its border."""
        return F.pad(img, self.padding, self.fill, self.padding_mode)


class Grayscale(Module):
    """An image in grey."""

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img: Any) -> Any:
        """The image in grey."""
        return F.rgb_to_grayscale(img, self.num_output_channels)


class FiveCrop(Module):
    """The four corners and the middle."""

    def __init__(self, size: Any) -> None:
        super().__init__()
        self.crop_size = (size, size) if isinstance(size, int) else tuple(size)

    def forward(self, img: Any) -> Any:
        """Five images."""
        (h, w), (width, height) = self.crop_size, F.get_image_size(img)
        corners = [(0, 0), (0, width - w), (height - h, 0), (height - h, width - w)]
        return (*(F.crop(img, top, left, h, w) for top, left in corners), F.center_crop(img, (h, w)))


class ConvertImageDtype(Module):
    """Another type, scaled to its range."""

    def __init__(self, dtype: Any) -> None:
        super().__init__()
        self.kind = dtype

    def forward(self, image: Any) -> Any:
        """The converted tensor."""
        return F.convert_image_dtype(image, self.kind)


class GaussianBlur(Module):
    """Blurred by a normal bell."""

    def __init__(self, kernel_size: Any, sigma: Any = (0.1, 2.0)) -> None:
        super().__init__()
        self.kernel_size = (
            (kernel_size, kernel_size) if isinstance(kernel_size, int) else tuple(kernel_size)
        )
        self.sigma = sigma

    def forward(self, img: Any) -> Any:
        """The blurred image."""
        low, high = (self.sigma, self.sigma) if isinstance(self.sigma, (int, float)) else self.sigma
        sigma = low + float(default_generator.uniform(1)[0]) * (high - low)
        x = img if isinstance(img, Tensor) else F.to_tensor(img)
        bells = [np.exp(-0.5 * ((np.arange(k) - (k - 1) / 2) / sigma) ** 2) for k in self.kernel_size]
        kernel = np.outer(bells[1] / bells[1].sum(), bells[0] / bells[0].sum()).astype(x._array.dtype)
        C, (kx, ky) = x._array.shape[-3], self.kernel_size
        weight = Tensor.detached(np.broadcast_to(kernel, (C, 1, ky, kx)).copy())
        padded = functional.pad(x.unsqueeze(0), [kx // 2, kx // 2, ky // 2, ky // 2], "reflect")
        out = functional.conv2d(padded, weight, groups=C).squeeze(0)
        return out if isinstance(img, Tensor) else F.to_pil_image(out)
