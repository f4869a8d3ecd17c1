"""Mutation score: alter the derivative of each op, one way at a time, and see who notices.

A mutant is an op whose `backward` is wrong on purpose. A test suite that is worth something kills
every mutant; one that survives shows a gap, or an alteration that changes nothing (a second
derivative that is 0 anyway). From the command line, on the ops of this package or on one's own:

    python -m tinygrad_cnn.testing.mutation                       # every op that has a case
    python -m tinygrad_cnn.testing.mutation Conv Linear           # some of them
    python -m tinygrad_cnn.testing.mutation my_package.my_cases   # a module with a table CASES
    python -m tinygrad_cnn.testing.mutation my_ops:Swish --tests tests/test_swish.py

The first three are judged by `PROPERTIES` on drawn problems; the last by one's own tests.
"""

from tinygrad_cnn.testing.mutation.altered_derivatives import KINDS, Mutant, altered, mutants
from tinygrad_cnn.testing.mutation.judged_by_properties import survivors
from tinygrad_cnn.testing.mutation.judged_by_tests import Score, score

__all__ = ["KINDS", "Mutant", "Score", "altered", "mutants", "score", "survivors"]
