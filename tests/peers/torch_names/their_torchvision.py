"""PyTorch's torchvision; the one on PyPI is built for CUDA, and has to work beside a PyTorch for CPUs too."""

import sys

import torch
from PIL import Image

try:
    import torchvision
except RuntimeError:
    # Its compiled operators cannot be loaded, and it describes two of them before it asks whether they are
    # there. Their signatures are enough for the import; those that tests call follow their definitions below.
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    _SIGNATURES = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        _SIGNATURES.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _SIGNATURES.define(
        "roi_pool(Tensor input, Tensor rois, float scale, int height, int width) -> (Tensor, Tensor)"
    )
    import torchvision


def _read_image(path):
    return torchvision.transforms.functional.pil_to_tensor(Image.open(path))


def _nms(dets, scores, iou_threshold):
    """Boxes by their scores, without those that overlap one before."""
    overlap, kept = torchvision.ops.box_iou(dets, dets), []
    for k in scores.argsort(descending=True).tolist():
        if all(overlap[k, j] <= iou_threshold for j in kept):
            kept.append(k)
    return torch.tensor(kept)


def _roi_pool(input, rois, scale, height, width):
    """The largest element in each bin of each box, whose corners are rounded; 0 for bins without any."""
    _, channels, rows, columns = input.shape
    found = torch.zeros(len(rois), channels, height, width)
    for n, (image, *corners) in enumerate(rois.tolist()):
        left, top, right, bottom = (round(corner * scale) for corner in corners)
        tall, wide = max(bottom - top + 1, 1), max(right - left + 1, 1)
        for i in range(height):
            for j in range(width):
                a, b = (
                    min(max(top + edge, 0), rows)
                    for edge in (i * tall // height, -(-(i + 1) * tall // height))
                )
                c, d = (
                    min(max(left + edge, 0), columns)
                    for edge in (j * wide // width, -(-(j + 1) * wide // width))
                )
                if a < b and c < d:
                    found[n, :, i, j] = input[int(image), :, a:b, c:d].amax((1, 2))
    return found, torch.zeros(0)


if not torchvision.extension._has_ops():
    torch.library.impl("torchvision::nms", "CPU", _nms)
    torch.library.impl("torchvision::roi_pool", "CPU", _roi_pool)
    torchvision.extension._has_ops = lambda: True
    torchvision.io.read_image = _read_image
