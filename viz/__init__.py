"""Pictures of networks: the computation graph, training curves, the confusion matrix.

    viz.render(loss, "network.png")     draw the graph that ends in a tensor
    viz.render(loss, "network.html")    a page with zoom, search and details of each box
    viz.graph(loss)                     the same for a notebook; print() draws it as text
    with viz.record() as recorder:      note values, gradients and times, to draw them too
    viz.diff(before, after)             what has changed between two networks
    from viz.plot import figure, finish, look    for plots of one's own, in the same look

From the command line: `python -m viz train.py:loss -o network.png`.

Nothing that computes imports this package.
"""

from viz import plot as plot
from viz.animation import animate as animate
from viz.confusion import confusion as confusion
from viz.curves import curves as curves
from viz.diff import Difference as Difference
from viz.diff import diff as diff
from viz.feature_maps import feature_maps as feature_maps
from viz.field import field as field
from viz.filters import filters as filters
from viz.histograms import histograms as histograms
from viz.picture import Picture as Picture
from viz.picture import graph as graph
from viz.picture import render as render
from viz.record import Recorder as Recorder
from viz.record import record as record
from viz.render import DrawingError as DrawingError
from viz.render import engine as engine
from viz.saliency import grad_cam as grad_cam
from viz.saliency import saliency as saliency
from viz.sheet import sheet as sheet
from viz.surface import surface as surface
