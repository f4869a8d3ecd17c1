"""PyTorch's torchvision; the one on PyPI is built for CUDA, and has to work beside a PyTorch for CPUs too."""

import sys

import torch

try:
    import torchvision
except RuntimeError:
    # Its compiled operators cannot be loaded, and it describes two of them before it asks whether they are
    # there. Their signatures are enough for the import; who calls them is told that there are none.
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    _SIGNATURES = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        _SIGNATURES.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision

HAS_OPERATORS = torchvision.extension._has_ops()
