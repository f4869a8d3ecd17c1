"""Losses of boxes, and the focal loss."""

from __future__ import annotations

from typing import Any

from tinygrad_cnn import torch
from tinygrad_cnn.torchvision.ops import rectangles

T: Any = torch


def _reduced(loss: Any, reduction: str) -> Any:
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"Invalid Value for arg 'reduction': '{reduction}'; 'none', 'mean', 'sum' fit")
    if reduction == "mean":
        return loss.mean() if loss.numel() else 0.0 * loss.sum()
    return loss.sum() if reduction == "sum" else loss


def sigmoid_focal_loss(
    inputs: Any, targets: Any, alpha: float = 0.25, gamma: float = 2, reduction: str = "none"
) -> Any:
    """Cross-entropy of sigmoids, each times (1 - p)^gamma of its right answer (arXiv:1708.02002).

    >>> sigmoid_focal_loss(T.zeros(1), T.ones(1), alpha=-1, gamma=0)
    tensor([0.6931])
    """
    p = inputs.sigmoid()
    loss = T.nn.functional.binary_cross_entropy_with_logits(inputs, targets, reduction="none")
    loss = loss * (1 - (p * targets + (1 - p) * (1 - targets))) ** gamma
    if alpha >= 0:
        loss = (alpha * targets + (1 - alpha) * (1 - targets)) * loss
    return _reduced(loss, reduction)


def _of_pairs(overlap: Any, doc: str) -> Any:
    def loss(boxes1: Any, boxes2: Any, reduction: str = "none", eps: float = 1e-7) -> Any:
        rows = [overlap(a[None], b[None])[0, 0] for a, b in zip(boxes1, boxes2, strict=True)]
        return _reduced(1 - T.stack(rows) if rows else boxes1.sum(-1), reduction)

    loss.__doc__ = doc
    return loss


generalized_box_iou_loss = _of_pairs(
    rectangles.generalized_box_iou, "1 less `generalized_box_iou` of each pair."
)
distance_box_iou_loss = _of_pairs(rectangles.distance_box_iou, "1 less `distance_box_iou` of each pair.")
complete_box_iou_loss = _of_pairs(rectangles.complete_box_iou, "1 less `complete_box_iou` of each pair.")
