"""Pictures of networks: the computation graph, training curves, the confusion matrix.

    viz.render(loss, "network.png")     draw the graph that ends in a tensor
    viz.render(loss, "network.html")    a page with zoom, search and details of each box
    viz.graph(loss)                     the same for a notebook; print() draws it as text
    with viz.record() as recorder:      note values, gradients and times, to draw them too
    viz.diff(before, after)             what has changed between two networks
    watch = viz.watch(model)            what each layer does from step to step of a training
    from viz.plots import figure, finish, look    for plots of one's own, in the same look

From the command line: `python -m viz train.py:loss -o network.png`.

Nothing that computes imports this package.
"""

from viz.animation import animate
from viz.compare.difference import Difference, diff
from viz.graphs import graph, render
from viz.output.engines import DrawingError, engine
from viz.picture import Picture
from viz.plots import (
    confusion,
    curves,
    feature_maps,
    field,
    filters,
    grad_cam,
    histograms,
    saliency,
    sheet,
    surface,
)  # fmt: skip
from viz.recording.recorder import Recorder, record
from viz.training import Watch, watch

__all__ = [
    "Difference", "DrawingError", "Picture", "Recorder", "Watch", "animate", "confusion", "curves", "diff",
    "engine", "feature_maps", "field", "filters", "grad_cam", "graph", "histograms", "record", "render",
    "saliency", "sheet", "surface", "watch",
]  # fmt: skip
