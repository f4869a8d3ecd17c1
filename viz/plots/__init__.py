"""Plots of training, of models and of functions, drawn by Matplotlib in one look.

with look():
    drawn = figure("losses", (6.0, 4.0))    # a Matplotlib Figure, unknown to pyplot
    axes = drawn.subplots()
    axes.plot([3.0, 1.0, 0.5])
    finish("losses", drawn, "losses.png")   # the same bytes each time; tells of missing fonts
"""

from viz.plots.before_after import sheet
from viz.plots.confusion_matrix import confusion
from viz.plots.contours import surface
from viz.plots.conv_kernels import filters
from viz.plots.figures import figure, finish, look, save
from viz.plots.gradient_arrows import field
from viz.plots.layer_maps import feature_maps
from viz.plots.pixel_importance import grad_cam, saliency
from viz.plots.training_curves import curves
from viz.plots.value_spreads import histograms

__all__ = [
    "confusion", "curves", "feature_maps", "field", "figure", "filters", "finish", "grad_cam",
    "histograms", "look", "saliency", "save", "sheet", "surface",
]  # fmt: skip
