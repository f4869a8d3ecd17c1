"""Regions of feature maps, brought to one size."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cnn import torch
from tinygrad_cnn.torch.tensors import Tensor

T: Any = torch


def _pair(size: Any) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else tuple(size)


def _rois(boxes: Any) -> Any:
    """Rows of image, left, top, right, bottom, as an array."""
    if isinstance(boxes, (list, tuple)):
        parts = [
            np.concatenate([np.full((len(b), 1), k, b._array.dtype), b._array], 1)
            for k, b in enumerate(boxes)
        ]
        return np.concatenate(parts)
    return boxes._array


def roi_align(
    input: Any,
    boxes: Any,
    output_size: Any,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> Any:
    """Means of bilinear samples in the cells of a grid over each box (arXiv:1703.06870).

    Args:
        input: (N, C, H, W).   boxes: (K, 5) with the image's number first, or a list of (L, 4), one an image.
        output_size: cells (h, w).   spatial_scale: from the boxes' units to the map's.
        sampling_ratio: samples along a cell's side; -1: as many as it has pixels.
        aligned: shift by half a pixel, which is exact.
    Returns:
        (K, C, h, w), differentiable by `input`.
    """
    h, w = _pair(output_size)
    found = []
    for row in _rois(boxes):
        start = row[1:3] * spatial_scale - (0.5 if aligned else 0.0)
        size = row[3:5] * spatial_scale - (0.5 if aligned else 0.0) - start
        if not aligned:
            size = np.maximum(size, 1.0)
        cell = size[1] / h, size[0] / w
        counts = [sampling_ratio if sampling_ratio > 0 else max(int(np.ceil(c)), 1) for c in cell]
        y = start[1] + (np.arange(h * counts[0]) + 0.5) * (cell[0] / counts[0])
        x = start[0] + (np.arange(w * counts[1]) + 0.5) * (cell[1] / counts[1])
        image = input[int(row[0])]
        rows = _weights(y, image.shape[1], input._array.dtype)
        columns = _weights(x, image.shape[2], input._array.dtype)
        fine = Tensor.detached(rows) @ image @ Tensor.detached(columns.T.copy())
        found.append(fine.reshape(-1, h, counts[0], w, counts[1]).mean((2, 4)))
    return T.stack(found) if found else input.new_zeros((0, input.shape[1], h, w))


def _weights(places: Any, size: int, kind: Any) -> Any:
    """A matrix that samples a line of `size` pixels between its pixels; 0 outside of it."""
    made = np.zeros((len(places), size), kind)
    for row, place in zip(made, places, strict=True):
        if -1.0 <= place <= size:
            place = min(max(place, 0.0), size - 1)
            low = int(place)
            row[low] += 1 - (place - low)
            row[min(low + 1, size - 1)] += place - low
    return made


def roi_pool(input: Any, boxes: Any, output_size: Any, spatial_scale: float = 1.0) -> Any:
    """Largest elements in the cells of a grid over each box, which is rounded to pixels (arXiv:1504.08083)."""
    h, w = _pair(output_size)
    found = []
    for row in _rois(boxes):
        left, top, right, bottom = (int(np.floor(v * spatial_scale + 0.5)) for v in row[1:5])
        image = input[int(row[0])]
        ys = _cells(top, max(bottom - top + 1, 1), h, image.shape[1])
        xs = _cells(left, max(right - left + 1, 1), w, image.shape[2])
        none = image.new_zeros(image.shape[0])
        cells = [image[:, a:b, c:d].amax((1, 2)) if b > a and d > c else none for a, b in ys for c, d in xs]
        found.append(T.stack(cells, 1).reshape(-1, h, w))
    return T.stack(found) if found else input.new_zeros((0, input.shape[1], h, w))


def _cells(start: int, length: int, count: int, size: int) -> list[tuple[int, int]]:
    bounds = [
        (int(np.floor(k * length / count)) + start, int(np.ceil((k + 1) * length / count)) + start)
        for k in range(count)
    ]
    return [(min(max(a, 0), size), min(max(b, 0), size)) for a, b in bounds]


class RoIAlign(torch.nn.Module):
    """`roi_align` with fixed options."""

    def __init__(
        self, output_size: Any, spatial_scale: float, sampling_ratio: int, aligned: bool = False
    ) -> None:
        super().__init__()
        self.output_size, self.spatial_scale = output_size, spatial_scale
        self.sampling_ratio, self.aligned = sampling_ratio, aligned

    def forward(self, input: Any, rois: Any) -> Any:
        """The regions."""
        return roi_align(
            input, rois, self.output_size, self.spatial_scale, self.sampling_ratio, self.aligned
        )


class RoIPool(torch.nn.Module):
    """`roi_pool` with fixed options."""

    def __init__(self, output_size: Any, spatial_scale: float) -> None:
        super().__init__()
        self.output_size, self.spatial_scale = output_size, spatial_scale

    def forward(self, input: Any, rois: Any) -> Any:
        """The regions."""
        return roi_pool(input, rois, self.output_size, self.spatial_scale)
