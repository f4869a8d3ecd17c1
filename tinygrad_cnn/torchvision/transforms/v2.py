"""`torchvision.transforms.v2`: the transforms under their newer names; images and tensors, without boxes or masks."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn.torch.nn.modules import Module
from tinygrad_cnn.torch.refusals import guard as _guard
from tinygrad_cnn.torch.tensors import Tensor
from tinygrad_cnn.torchvision import transforms as _transforms
from tinygrad_cnn.torchvision.transforms import functional as functional

_NAMES = [name for name in _transforms.__all__ if name != "functional"]
globals().update({name: getattr(_transforms, name) for name in _NAMES})


class ToImage(Module):
    """An image as a tensor of bytes (C, H, W); a tensor as it is.

    >>> from tinygrad_cnn import torch
    >>> ToImage()(torch.zeros(1, 2, 2)).shape
    torch.Size([1, 2, 2])
    """

    def forward(self, inpt: Any) -> Any:
        """The tensor."""
        return inpt if isinstance(inpt, Tensor) else functional.pil_to_tensor(inpt)


class ToPureTensor(Module):
    """A tensor as it is."""

    def forward(self, inpt: Any) -> Any:
        """The tensor."""
        return inpt


class ToDtype(Module):
    """Another type; with `scale` bytes become numbers from 0 to 1.

    >>> from tinygrad_cnn import torch
    >>> ToDtype(torch.float32, scale=True)(torch.tensor([255], dtype=torch.uint8))
    tensor([1.])
    """

    def __init__(self, dtype: Any, scale: bool = False) -> None:
        super().__init__()
        self.dtype, self.scale = dtype, scale

    def forward(self, inpt: Any) -> Any:
        """The tensor in its type."""
        kind = self.dtype[Tensor] if isinstance(self.dtype, dict) else self.dtype
        if not isinstance(inpt, Tensor):
            return inpt
        return functional.convert_image_dtype(inpt, kind) if self.scale else inpt.to(kind)


class Identity(Module):
    """The image as it is."""

    def forward(self, *inputs: Any) -> Any:
        """Give back its argument."""
        return inputs[0] if len(inputs) == 1 else inputs


__all__ = ["Identity", "ToDtype", "ToImage", "ToPureTensor", "functional", *_NAMES]
__getattr__ = _guard("torchvision.transforms.v2", globals())
