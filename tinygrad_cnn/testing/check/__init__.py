"""Gradients against numerical derivatives: `gradcheck`, its comparisons and its report."""

from tinygrad_cnn.testing.check.findings import Finding
from tinygrad_cnn.testing.check.gradchecks import GradcheckResult, gradcheck
from tinygrad_cnn.testing.check.slopes import central_difference

__all__ = [
    "Finding",
    "GradcheckResult",
    "central_difference",
    "gradcheck",
]
