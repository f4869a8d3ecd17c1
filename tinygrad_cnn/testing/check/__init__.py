"""Gradients against numerical derivatives: `gradcheck`, its comparisons and its report."""

from tinygrad_cnn.testing.check.findings import Finding
from tinygrad_cnn.testing.check.gradchecks import GradcheckResult, gradcheck
from tinygrad_cnn.testing.check.slopes import central_difference, complex_step

__all__ = [
    "Finding",
    "GradcheckResult",
    "central_difference",
    "complex_step",
    "gradcheck",
]
