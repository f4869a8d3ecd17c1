"""Random programs against what they must agree with, for as long as one likes.

    python -m tinygrad_cnn.testing.fuzz --seconds 60

A fuzzer draws a program as a list of plain steps and runs it; a program that fails is made shorter, and
printed with the command that runs it again:

- `torch`: compositions of functions, layers and losses: values, first and second gradients as PyTorch's;
- `kernels`: the compiled kernels against those of NumPy, in odd geometries and layouts;
- `writes`: programs with writes through aliases: a gradient is right, or the walk refuses it;
- `optimizers`: runs with restarts from saved states and changes of groups, against the run without them;
- `interrupts`: an exception raised at random moments of a training step; the next one has the same bits.
"""

from tinygrad_cnn.testing.fuzz.shrinking_search import Failure, Fuzzer, Steps, search, shortened

__all__ = ["Failure", "Fuzzer", "Steps", "search", "shortened"]
