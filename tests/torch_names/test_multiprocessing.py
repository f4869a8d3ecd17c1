"""`torch.multiprocessing`: processes that share a tensor, and the error of one of them."""

import subprocess
import sys

import pytest

from tinygrad_cnn import torch

PROGRAM = """
from tinygrad_cnn import torch
import tinygrad_cnn.torch.multiprocessing as mp

def work(rank, total, fails):
    if fails and rank == 1:
        raise ValueError("one failed")
    with torch.no_grad():
        total[rank] += rank + 1

if __name__ == "__main__":
    total = torch.zeros(3).share_memory_()
    mp.spawn(work, args=(total, False), nprocs=3)
    print(total.tolist(), total.is_shared())
    mp.spawn(work, args=(total, True), nprocs=2)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="memory is shared by a fork")
def test_processes_write_to_a_shared_tensor_and_one_that_fails_is_told():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=300)
    assert done.stdout == "[1.0, 2.0, 3.0] True\n"
    assert "ValueError: one failed" in done.stderr
    assert done.stderr.rstrip().endswith("ProcessException: process 1 ended with status 1")


def test_a_tensor_is_shared_when_it_is_asked_for():
    assert not torch.zeros(2).is_shared() and torch.zeros(2).share_memory_().is_shared()
