"""Programs of many kinds, each as the thing that is drawn: what the gallery shows and tests compare.

Every function returns what `viz.graph` takes, and the options that differ from the usual ones. Its
docstring is the title. Nothing is trained and nothing is random but for a fixed seed.
"""

from __future__ import annotations

# In the order of the page: each puts its programs into the collection.
from drawn_programs import modules_used_again as modules_used_again  # isort: skip
from drawn_programs import recurrence as recurrence  # isort: skip
from drawn_programs import attention as attention  # isort: skip
from drawn_programs import images as images  # isort: skip
from drawn_programs import probabilities as probabilities  # isort: skip
from drawn_programs import training as training  # isort: skip
from drawn_programs.collection import PROGRAMS as PROGRAMS
from drawn_programs.collection import draw as draw
