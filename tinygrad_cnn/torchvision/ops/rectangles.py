"""Boxes (N, 4) as left, top, right, bottom: areas, overlaps, and which to keep."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cnn import torch
from tinygrad_cnn.torch.tensors import Tensor

T: Any = torch


def box_area(boxes: Any) -> Any:
    """Width times height of each.

    >>> box_area(T.tensor([[0.0, 0.0, 2.0, 3.0]]))
    tensor([6.])
    """
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def box_convert(boxes: Any, in_fmt: str, out_fmt: str) -> Any:
    """The same boxes in another form: 'xyxy' corners, 'xywh' corner and size, 'cxcywh' centre and size.

    Raises:
        ValueError: another form.

    >>> box_convert(T.tensor([[0.0, 0.0, 2.0, 4.0]]), "xyxy", "cxcywh")
    tensor([[1., 2., 2., 4.]])
    """
    forms = ("xyxy", "xywh", "cxcywh")
    if in_fmt not in forms or out_fmt not in forms:
        raise ValueError(f"box_convert: {in_fmt!r} to {out_fmt!r}; the forms are {', '.join(forms)}")
    if in_fmt == out_fmt:
        return boxes.clone()
    a, b, c, d = boxes.unbind(-1)
    if in_fmt == "xywh":
        c, d = a + c, b + d
    elif in_fmt == "cxcywh":
        a, b, c, d = a - 0.5 * c, b - 0.5 * d, a + 0.5 * c, b + 0.5 * d
    if out_fmt == "xywh":
        c, d = c - a, d - b
    elif out_fmt == "cxcywh":
        a, b, c, d = (a + c) / 2, (b + d) / 2, c - a, d - b
    return T.stack((a, b, c, d), dim=-1)


def _overlaps(a: Any, b: Any) -> tuple[Any, Any]:
    """Areas in common and areas together, (N, M)."""
    low, high = T.max(a[:, None, :2], b[:, :2]), T.min(a[:, None, 2:], b[:, 2:])
    size = (high - low).clamp(min=0)
    common = size[:, :, 0] * size[:, :, 1]
    return common, box_area(a)[:, None] + box_area(b) - common


def box_iou(boxes1: Any, boxes2: Any) -> Any:
    """Area in common over area together, of every pair (N, M).

    >>> box_iou(T.tensor([[0.0, 0.0, 2.0, 2.0]]), T.tensor([[1.0, 0.0, 3.0, 2.0]]))
    tensor([[0.3333]])
    """
    common, together = _overlaps(boxes1, boxes2)
    return common / together


def generalized_box_iou(boxes1: Any, boxes2: Any) -> Any:
    """`box_iou` less the empty part of the box around both (Rezatofighi et al. 2019, arXiv:1902.09630)."""
    common, together = _overlaps(boxes1, boxes2)
    width, height = _around(boxes1, boxes2)
    hull = width * height
    return common / together - (hull - together) / hull


def _around(a: Any, b: Any) -> tuple[Any, Any]:
    size = (T.max(a[:, None, 2:], b[:, 2:]) - T.min(a[:, None, :2], b[:, :2])).clamp(min=0)
    return size[:, :, 0], size[:, :, 1]


def distance_box_iou(boxes1: Any, boxes2: Any, eps: float = 1e-7) -> Any:
    """`box_iou` less the squared distance of centres over that of the outer corners (arXiv:1911.08287)."""
    width, height = _around(boxes1, boxes2)
    centre1, centre2 = (boxes1[:, :2] + boxes1[:, 2:]) / 2, (boxes2[:, :2] + boxes2[:, 2:]) / 2
    apart = ((centre1[:, None] - centre2[None]) ** 2).sum(-1)
    return box_iou(boxes1, boxes2) - apart / (width**2 + height**2 + eps)


def complete_box_iou(boxes1: Any, boxes2: Any, eps: float = 1e-7) -> Any:
    """`distance_box_iou` less a term for the difference of proportions (arXiv:1911.08287)."""
    angles = [T.atan((b[:, 2] - b[:, 0]) / (b[:, 3] - b[:, 1])) for b in (boxes1, boxes2)]
    v = (4 / math.pi**2) * (angles[0][:, None] - angles[1][None]) ** 2
    with T.no_grad():
        alpha = v / (1 - box_iou(boxes1, boxes2) + v + eps)
    return distance_box_iou(boxes1, boxes2, eps) - alpha * v


def nms(boxes: Any, scores: Any, iou_threshold: float) -> Any:
    """Indices of the boxes that stay: best scores first, each without a better one that overlaps it more.

    >>> nms(T.tensor([[0.0, 0, 2, 2], [0, 0, 2, 2.1], [5, 5, 6, 6]]), T.tensor([0.5, 0.9, 0.1]), 0.5)
    tensor([1, 2])
    """
    found, order = [], np.argsort(-scores._array, kind="stable")
    with T.no_grad():
        overlap = box_iou(boxes.detach(), boxes.detach())._array
    while order.size:
        best = order[0]
        found.append(best)
        order = order[1:][~(overlap[best, order[1:]] > iou_threshold)]
    return Tensor.detached(np.array(found, np.int64))


def batched_nms(boxes: Any, scores: Any, idxs: Any, iou_threshold: float) -> Any:
    """`nms` within each class of boxes."""
    if not boxes.numel():
        return T.empty(0, dtype=T.int64)
    apart = idxs.to(boxes.dtype) * (boxes.max() + 1)
    return nms(boxes + apart[:, None], scores, iou_threshold)


def clip_boxes_to_image(boxes: Any, size: tuple[int, int]) -> Any:
    """Boxes cut off at the borders of an image (height, width)."""
    high = T.tensor([size[1], size[0], size[1], size[0]], dtype=boxes.dtype)
    return T.minimum(boxes.clamp(min=0), high)


def remove_small_boxes(boxes: Any, min_size: float) -> Any:
    """Indices of boxes with both sides at least `min_size`."""
    return T.where((boxes[:, 2] - boxes[:, 0] >= min_size) & (boxes[:, 3] - boxes[:, 1] >= min_size))[0]


def masks_to_boxes(masks: Any) -> Any:
    """The box around each mask (N, H, W)."""
    found = np.zeros((len(masks), 4), np.float32)
    for row, mask in zip(found, masks._array, strict=True):
        y, x = np.nonzero(mask)
        row[:] = x.min(), y.min(), x.max(), y.max()
    return Tensor.detached(found)
