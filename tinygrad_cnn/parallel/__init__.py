"""Data-parallel training: one program on several processes, by `mpiexec -n 4 python train.py`.

MPI carries the messages (extra `mpi`). Without `mpiexec` the world has one process.
"""

from tinygrad_cnn.parallel.average import GradientAverage, average_gradients
from tinygrad_cnn.parallel.last_words import end_all_before_world as _end_all_before_world
from tinygrad_cnn.parallel.sync_batch_norm import SyncBatchNorm1d, SyncBatchNorm2d, SyncBatchNorm3d
from tinygrad_cnn.parallel.sync_batch_norm import convert_sync_batchnorm as convert_sync_batchnorm
from tinygrad_cnn.parallel.worlds import World, world

_end_all_before_world()

__all__ = [
    "GradientAverage",
    "SyncBatchNorm1d",
    "SyncBatchNorm2d",
    "SyncBatchNorm3d",
    "World",
    "average_gradients",
    "convert_sync_batchnorm",
    "world",
]
