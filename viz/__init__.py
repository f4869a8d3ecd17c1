"""Pictures of networks: the computation graph, training curves, the confusion matrix.

    viz.render(loss, "network.png")     draw the graph that ends in a tensor
    viz.graph(loss)                     the same for a notebook, or as DOT text

Nothing that computes imports this package.
"""

from viz.confusion import confusion as confusion
from viz.curves import curves as curves
from viz.render import DrawingError as DrawingError
from viz.render import Picture as Picture
from viz.render import engine as engine
from viz.render import graph as graph
from viz.render import render as render
