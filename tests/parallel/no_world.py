"""`mpiexec -n 2 python no_world.py`: rank 1 fails before `world()`, in which rank 0 waits for it."""

import os

from tinygrad_cnn import parallel

if __name__ == "__main__":
    if os.environ["PMI_RANK"] == "1":
        raise ValueError("planted before the world")
    parallel.world()
