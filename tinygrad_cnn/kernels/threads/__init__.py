"""One pool of threads for all kernels, never two that wait for each other's core.

NumPy and compiled kernels release Python's lock while they work, so plain Python threads that wait
for a lock between tasks are enough. The BLAS behind NumPy has a pool of its own, whose threads spin
for milliseconds after each product and keep the core from others; who multiplies large matrices tells
it to use one thread (`BLAS.one_thread`), and shares their parts out here instead. Our own threads
watch for the next task for a fraction of a millisecond, and sleep until it comes after that. Nothing
is started before the first large task, and nothing in the environment is changed.

An exception may come at any moment: a signal's handler may raise between any two steps of the caller.
Three rules keep the next results right. What a task knows of its parts only ever goes forward (taken,
ended), and a thread that waits looks at that, not at the signal that woke it. An interrupted task lets
nobody begin another part, waits for the parts that run, and dismisses its threads; the next task has
new ones. And what a thread borrows (the crew, the number of BLAS threads) is found missing, and made
anew, if it was never given back.
"""

from tinygrad_cnn.kernels.threads.blas import BLAS as BLAS
from tinygrad_cnn.kernels.threads.crew import Part as Part
from tinygrad_cnn.kernels.threads.pool import default_threads as default_threads
from tinygrad_cnn.kernels.threads.pool import get_num_threads as get_num_threads
from tinygrad_cnn.kernels.threads.pool import set_num_threads as set_num_threads
from tinygrad_cnn.kernels.threads.pool import share as share
from tinygrad_cnn.kernels.threads.pool import share_prepared as share_prepared
from tinygrad_cnn.kernels.threads.signals import watch_with as watch_with
